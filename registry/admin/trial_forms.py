"""Forms of trials at hospitals, and of what hospitals and sites state of themselves."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet

from registry.admin.forms import RULES, RecordForm, RulesForm
from registry.admin.list_form import ListForm
from registry.entry.locks import lock_entry
from registry.entry.trials.joining import find_trials
from registry.entry.trials.rules import SiteStatus, check_course, check_since, read_identifiers
from registry.entry.trials.statements import check_exemption, check_manufacturing
from registry.errors import Problem
from registry.free_text import refuse_identity_number

OTHERS = "other_identifiers"


class NumbersField(forms.CharField):
    """Numbers of a trial with commas between."""

    def __init__(self, *, base_field: object = None, **options):
        super().__init__(**options | {"max_length": None})

    def prepare_value(self, value):
        """The numbers as they are typed."""
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value) -> list[str]:  # type: ignore[override]
        """The numbers, as registers write them."""
        text = super().to_python(value) or ""
        refuse_identity_number(text)
        if not text:
            return []
        numbers, wrong = read_identifiers(text)
        if wrong:
            raise ValidationError(RULES["trial_other_identifiers_are_of_a_form"][1], code=wrong[0].code)
        return numbers

    def run_validators(self, value) -> None:
        """Validate the text; of a list Django's validators know nothing."""
        super().run_validators(", ".join(value))

    def has_changed(self, initial, data) -> bool:
        """Whether other numbers are typed."""
        return list(initial or []) != read_identifiers(data or "")[0]


class TrialForm(ListForm):
    """A trial, whose numbers are its own."""

    def clean(self) -> dict[str, Any]:
        """Refuse a number that is another trial's, or stands twice; nobody takes it until the commit."""
        lock_entry(alone=True)
        cleaned = super().clean()
        own, others = cleaned.get("identifier"), cleaned.get(OTHERS) or []
        found = [trial for trial in find_trials([own or "", *others]) if trial.pk != self.instance.pk]
        if own in others or any(trial.identifier != own for trial in found):
            self.add_error(OTHERS, ValidationError(RULES["trial_identifiers_are_its_own"][1], code="taken"))
        return cleaned


def show_problems(form: forms.BaseForm, problems: Iterable[Problem], names: dict[str, str] | None = None) -> None:
    """Show each problem beside the form's field of its name; names: the fields of others."""
    for problem in problems:
        name = (names or {}).get(problem.field, problem.field)
        beside = name if name in form.fields else None
        form.add_error(beside, ValidationError(problem.sentence, code=problem.code))


class StatusFormSet(BaseInlineFormSet):
    """The statuses of a trial at a hospital, judged together."""

    def clean(self) -> None:
        """Refuse statuses that cannot be beside each other."""
        super().clean()
        if any(self.errors):
            return
        kept = [form.cleaned_data for form in self.forms if form.cleaned_data and form not in self.deleted_forms]
        course = [
            SiteStatus(one["status"], one["since"], one["date_precision"], one["explanation"]) for one in kept
        ]
        if wrong := list(check_course(course)):
            raise ValidationError([ValidationError(one.sentence, code=one.code) for one in wrong])


class StatusForm(RulesForm):
    """A status from a day on."""

    def clean(self) -> dict[str, Any]:
        """Refuse an impossible day."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("since") and cleaned.get("date_precision"):
            show_problems(self, check_since(cleaned["since"], cleaned["date_precision"]))
        return cleaned


class SiteTrialForm(RecordForm):
    """A trial at a hospital."""


class ExemptionForm(RulesForm):
    """A year of the hospital exemption."""

    def _post_clean(self) -> None:
        """Judge what is stated, once the row is made."""
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            show_problems(self, check_exemption(self.instance))


class ManufacturingForm(RulesForm):
    """What a site has made."""

    def _post_clean(self) -> None:
        """Judge what is stated, once the row is made; the classes and countries judge themselves."""
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            show_problems(self, check_manufacturing(self.instance, {}, ()))


class PartsFormSet(BaseInlineFormSet):
    """The classes or the countries of a statement."""

    part = "atmp_class"

    def clean(self) -> None:
        """Refuse parts that do not fit the statement."""
        super().clean()
        kept = [form.cleaned_data for form in self.forms if form.is_valid() and form.cleaned_data]
        classes = {one["atmp_class"]: one["products"] for one in kept if "products" in one}
        countries = [one["country"] for one in kept if "country" in one]
        wrong = check_manufacturing(self.instance, classes, countries) if self.instance.as_of else ()
        own = [one for one in wrong if one.field in {"products", "countries", "receiving_countries"}]
        if own:
            raise ValidationError([ValidationError(one.sentence, code=one.code) for one in own])
