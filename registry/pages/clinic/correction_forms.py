"""The forms of a correction: the fields as they are stored, and the reason that stands in the history."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registry.dates import understand_date
from registry.entry.infusions.ages import AGE_UNSTATED
from registry.entry.infusions.columns import CORRECTABLE, row_of
from registry.errors import Problem
from registry.identity import holds_identity_number
from registry.infusion_input import InfusionInput
from registry.models import Infusion
from registry.pages.clinic.infusion_forms import ANSWER, InfusionForm


class CorrectionForm(InfusionForm):
    """The fields that may be corrected, as they are stored now."""

    def __init__(self, *args, infusion: Infusion, **kwargs):
        self.stored = row_of(infusion)
        super().__init__(*args, patient=infusion.patient, initial=self.stored, **kwargs)
        del self.fields[ANSWER]
        self.fields["kind"].needed = True  # type: ignore[attr-defined]

    def read_changes(self) -> dict[str, Any] | None:
        """What is stated now, by correctable field; None where something cannot be read."""
        stated = self.read()
        if not self.data.get("kind"):
            self.refuse([Problem("kind", "missing", gettext("This field is required."))])
        if stated is None or stated.kind is None:
            return None
        changes = {name: getattr(stated, name) for name in CORRECTABLE}
        if str(stated.age_at_infusion) == self.initial["age_at_infusion"] and not self._restates_age(stated):
            del changes["age_at_infusion"]  # it was stated for another date
        return changes

    @property
    def age_for(self) -> str:
        """The date for which the age in the form is stated."""
        return self.data.get("age_for") or self.initial["infused_on"]

    def refuse(self, problems: Iterable[Problem]) -> None:
        """As on the page of a new infusion; an age that has to be stated again is asked for empty."""
        problems = list(problems)
        if any(problem.code == AGE_UNSTATED for problem in problems):
            self.data |= {"age_at_infusion": "", "age_for": self.data.get("infused_on", "")}
        super().refuse(problems)

    def _restates_age(self, stated: InfusionInput) -> bool:
        try:
            return understand_date(self.age_for) == (stated.infused_on, stated.date_precision)
        except ValueError:
            return False


class ReasonForm(forms.Form):
    """Why something is changed: from a short list, and in words. It stands in the history."""

    why = forms.ChoiceField(
        label=_("Reason"),
        choices=[
            ("", ""),
            ("typing_error", _("Typing error")),
            ("better_source", _("Better information in the medical record")),
            ("wrong_person", _("Registered for the wrong person")),
            ("recorded_twice", _("Registered twice")),
            ("never_given", _("The infusion was never given")),
            ("other", _("Other, as written below")),
        ],
    )
    words = forms.CharField(
        label=_("In words"),
        required=False,
        max_length=400,
        help_text=_("Shown in the history. Write no names and no identity numbers."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean_words(self) -> str:
        """The words, without an identity number and where they are needed."""
        words = self.cleaned_data["words"].strip()
        if holds_identity_number(words):
            raise forms.ValidationError(gettext("This looks like an identity number."), code="identifier_in_text")
        if self.cleaned_data.get("why") == "other" and not words:
            raise forms.ValidationError(gettext("Say why: the reason is shown in the history."), code="missing")
        return words

    @property
    def reason(self) -> str:
        """As history keeps it."""
        chosen = self.cleaned_data["why"]
        listed = "" if chosen == "other" else str(dict(self.fields["why"].choices)[chosen])  # type: ignore[attr-defined]
        return ": ".join(part for part in (listed, self.cleaned_data["words"]) if part)
