"""Form fields with a list to choose from, which refuse anything else without repeating it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

NOT_LISTED: dict[str, Any] = {"invalid_choice": gettext_lazy("Choose one from the list.")}


class ChoiceField(forms.ChoiceField):
    default_error_messages = NOT_LISTED


class TypedChoiceField(forms.TypedChoiceField):
    default_error_messages = NOT_LISTED


class MultipleChoiceField(forms.MultipleChoiceField):
    default_error_messages = NOT_LISTED
