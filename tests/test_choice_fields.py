"""What is not in a list is refused in our words, and not repeated: it may be an identity number."""

import importlib
import pkgutil

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import override

import registry.pages

TYPED = "19121212-9802"
OURS = "Choose one "


def fields_to_choose():
    for module in pkgutil.walk_packages(registry.pages.__path__, "registry.pages."):
        importlib.import_module(module.name)
    waiting = [forms.Form]
    while waiting:
        form = waiting.pop()
        waiting += form.__subclasses__()
        if form.__module__.startswith("registry."):
            yield from (
                (f"{form.__name__}.{name}", field)
                for name, field in form.base_fields.items()
                if isinstance(field, forms.ChoiceField)
            )


FIELDS = dict(fields_to_choose())


def test_there_are_such_fields():
    assert len(FIELDS) > 10


@pytest.mark.parametrize("name", FIELDS)
def test_what_is_not_listed_is_refused_in_our_words(name):
    field = FIELDS[name]
    typed = [TYPED] if isinstance(field, forms.MultipleChoiceField) else TYPED
    with pytest.raises(ValidationError) as refused:
        field.clean(typed)
    with override("en"):
        [sentence] = refused.value.messages
    assert sentence.startswith(OURS)
    assert TYPED not in sentence
