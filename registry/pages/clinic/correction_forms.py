"""The forms of a correction: the stored fields, and the reason for the history."""

from collections.abc import Collection, Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registry.choices import Category
from registry.dates import understand_date
from registry.entry.infusions.ages import AGE_UNSTATED
from registry.entry.infusions.assess import DATE
from registry.entry.infusions.columns import CORRECTABLE, NEEDED_COLUMNS, TABLE, row_of
from registry.entry.infusions.row_reader import CodeLists
from registry.entry.infusions.several import FIELDS
from registry.errors import Problem
from registry.free_text import refuse_identity_number
from registry.infusion_input import InfusionInput
from registry.models import Infusion
from registry.pages.clinic.choice_fields import ChoiceField
from registry.pages.clinic.infusion_forms import ANSWER, InfusionForm
from registry.pages.clinic.list_field import choose_product, choose_trial, indications_of, sites_of

NOTHING = "-"


class CorrectionForm(InfusionForm):
    """The fields that may be corrected, with their stored values."""

    def __init__(self, *args, infusion: Infusion, **kwargs):
        self.infusion, self.stored = infusion, row_of(infusion)
        super().__init__(*args, patient=infusion.patient, initial=self.stored, **kwargs)
        del self.fields[ANSWER]
        self.fields["kind"].needed = True  # type: ignore[attr-defined]

    def read_changes(self) -> dict[str, Any] | None:
        """The typed values by correctable field; None if a field cannot be read."""
        stated = self.read()
        if not self.data.get("kind"):
            self.refuse([Problem("kind", "missing", gettext("This field is required."))])
        if stated is None or stated.kind is None:
            return None
        changes = {name: getattr(stated, name) for name in CORRECTABLE}
        changed = {name for name in changes if changes[name] != getattr(self.infusion, name)}
        if "age_at_infusion" not in changed and not self._restates_age(stated, changed):
            del changes["age_at_infusion"]
        return changes

    @property
    def age_for(self) -> str:
        """The date that the age in the form belongs to."""
        return self.data.get("age_for") or self.initial["infused_on"]

    def refuse(self, problems: Iterable[Problem]) -> None:
        """As on the page of a new infusion; an age that must be stated again is cleared."""
        problems = list(problems)
        if any(problem.code == AGE_UNSTATED for problem in problems):
            self.data |= {"age_at_infusion": "", "age_for": self.data.get("infused_on", "")}
        super().refuse(problems)

    def _restates_age(self, stated: InfusionInput, changed: Collection[str]) -> bool:
        """Whether the stored age is stated for the corrected date, or sent by itself to confirm it."""
        if not DATE.intersection(changed):
            return not changed
        try:
            return understand_date(self.age_for) == (stated.infused_on, stated.date_precision)
        except ValueError:
            return False


class SeveralForm(forms.Form):
    """The fields that may be corrected for several infusions at once, each left as it is unless it is chosen."""

    def __init__(self, *args, lists: CodeLists, **kwargs):
        super().__init__(*args, **kwargs)
        self.lists = lists
        choices: dict[str, list] = {
            "category": [(one.value, f"{one.value} – {one.label}") for one in Category],
            "trial": list(choose_trial(lists).choices)[1:],
            "product": list(choose_product(lists).choices)[1:],
            "indication": indications_of(lists)[1:],
            "manufacturing_site": sites_of(lists)[1:],
        }
        labels = {column.name: _(column.label) for column in TABLE if column.name in FIELDS}
        for name in FIELDS:
            none = [] if name in NEEDED_COLUMNS else [(NOTHING, _("No value"))]
            self.fields[name] = ChoiceField(
                label=labels[name], required=False, choices=[("", _("Leave it as it is")), *none, *choices[name]]
            )

    def clean(self) -> None:
        """Check that something is chosen."""
        if not self.errors and not any(self.cleaned_data.values()):
            raise forms.ValidationError(gettext("Choose at least one field to correct."), code="missing")

    @property
    def changes(self) -> dict[str, Any]:
        """The chosen values by field, None for none."""
        return {name: self._read(name, chosen) for name, chosen in self.cleaned_data.items() if chosen}

    def _read(self, name: str, chosen: str) -> Any:
        if name == "category":
            return Category(chosen)
        return None if chosen == NOTHING else self.lists.of(name).find(chosen)


class ReasonForm(forms.Form):
    """The reason for a change, from a short list and in words, for the history."""

    why = ChoiceField(
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
        help_text=_("Shown in the history. Do not write names or identity numbers."),
        validators=[refuse_identity_number],
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def clean_words(self) -> str:
        """Check that the words are given where needed."""
        words = self.cleaned_data["words"].strip()
        if self.cleaned_data.get("why") == "other" and not words:
            raise forms.ValidationError(gettext("Say why: the reason is shown in the history."), code="missing")
        return words

    @property
    def reason(self) -> str:
        """The reason as stored in the history."""
        chosen = self.cleaned_data["why"]
        listed = "" if chosen == "other" else str(dict(self.fields["why"].choices)[chosen])  # type: ignore[attr-defined]
        return ": ".join(part for part in (listed, self.cleaned_data["words"]) if part)
