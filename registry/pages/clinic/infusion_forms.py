"""The form of one infusion: the columns of the exchange file, read by the same reader as a file's row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registry.choices import DatePrecision, Kind, Sex
from registry.dates import understand_date
from registry.entry.infusions.row_reader import CodeLists, RowReader, read_identifier_at
from registry.entry.patients.lookup import PatientRefused
from registry.errors import InfusionRefused, Problem, RegistryError, TooManyLookups
from registry.identity import IdentifierUnusable
from registry.infusion_input import InfusionInput
from registry.keyed_digests import Identifier
from registry.models import Centre, Patient
from registry.pages.clinic.infusion_fields import ANSWER, ORDER, fields_of_columns
from registry.pages.clinic.list_field import (
    ListSelect,
    centres_of,
    choose_product,
    choose_trial,
    indications_of,
    sites_of,
)

DUPLICATE = "duplicate"
# What templates ask of `data` besides the fields. What is missing there is logged with all the rest, the
# identity number among it, where templates are logged at their most talkative.
OF_THE_PAGE = ("age_offered", "kind_proposed", "confirmed", "message")
ABOUT_THE_PERSON = {PatientRefused.code, TooManyLookups.code}


class InfusionForm(forms.Form):
    """One infusion as typed. No field judges by itself: the reader's problems stand beside them, so
    that a page refuses what a file refuses, in the same words.
    """

    former_first_becomes = forms.CharField(
        label=_("What does the infusion now recorded as the first become?"),
        required=False,
        widget=forms.RadioSelect(choices=[choice for choice in Kind.choices if choice[0] != Kind.FIRST]),
    )
    field_order = ORDER

    data: dict[str, str]  # what was typed, and what the page proposes
    stored: Mapping[str, str] | None = None  # the row as it stands, where it is corrected

    def __init__(self, *args, lists: CodeLists, patient: Patient | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        typed = self.data.dict() if self.is_bound else {}  # type: ignore[attr-defined]  # a QueryDict, once
        self.data = dict.fromkeys(OF_THE_PAGE, "") | typed
        self.lists, self.patient = lists, patient
        self.fields["centre"].widget = forms.Select(choices=centres_of(lists))
        self.fields["product"].widget = choose_product(lists)
        self.fields["trial"].widget = choose_trial(lists)
        self.fields["indication"].widget = forms.Select(choices=indications_of(lists))
        self.fields["manufacturing_site"].widget = forms.Select(choices=sites_of(lists))
        self.fields["sex"].widget = forms.Select(choices=[("", ""), *Sex.choices])
        for listed in (self.fields["product"].widget, self.fields["trial"].widget):
            listed.category = self["category"].value() or ""
        for name in ("centre", "patient_id", "category", "product", "infused_on"):
            self.fields[name].needed = True  # type: ignore[attr-defined]  # field.html says so
        self.centre_is_given = len(lists.centres) == 1
        if self.centre_is_given:
            self.fields["centre"].widget = forms.HiddenInput()
            self.initial.setdefault("centre", next(iter(lists.centres.values())).code)
        if patient:
            del self.fields["patient_id"], self.fields["sex"]
            self.fields["age_at_infusion"].needed = True  # type: ignore[attr-defined]
            self.fields["age_at_infusion"].help_text = _("The number is not stored, so the age has to be stated.")

    def typed(self) -> dict[str, str]:
        """The fields as typed, by their names."""
        return {name: self[name].data or "" for name in self.fields}

    def stated(self) -> dict[str, str]:
        """The fields as typed, without what the page has proposed."""
        kept = self.typed()
        kept["kind"] = "" if self.kind_is_open else kept["kind"]
        kept["age_at_infusion"] = "" if self.age_is_open else kept["age_at_infusion"]
        return kept

    def read(self) -> InfusionInput | None:
        """The infusion as typed; None where something cannot be read, which then stands beside it."""
        draft, problems = RowReader(self.lists).read(
            self.typed(), person_known=self.patient is not None, stored=self.stored
        )
        refusals = [self._say_date(problem) for problem in problems if not problem.warning]
        self.refuse(refusals)
        return None if refusals else draft

    def _say_date(self, problem: Problem) -> Problem:
        """A date that cannot be read, with every way to write one: a form takes more than a file."""
        if problem.code == "date_invalid":
            try:
                understand_date(self.typed()["infused_on"])
            except ValueError as error:
                return replace(problem, sentence=str(error))
        return problem

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Put each problem beside its field, or at the top where the page has no such field."""
        self.is_valid()
        for problem in problems:
            field, sentence = problem.field if problem.field in self.fields else None, problem.sentence
            if problem.code == DUPLICATE:  # no field is wrong by itself, the identity number least of all
                hint = gettext("If it was the second one that day, write sequence 2.")
                field, sentence = None, f"{sentence} {hint}"
            self.add_error(field, forms.ValidationError(sentence, code=problem.code))

    def forgive(self, field: str, code: str) -> None:
        """Leave out what is not wrong as long as someone types."""
        if self.has_error(field, code):
            del self.errors[field]

    def refuse_error(self, error: RegistryError) -> None:
        """Say why the registry refused what was typed."""
        if isinstance(error, InfusionRefused):
            self.refuse(error.problems)
        else:
            self.is_valid()
            self.add_error(None, forms.ValidationError(str(error), code=error.code))

    def ask(self, question: Problem, *, which_is_first: bool) -> None:
        """Refuse until the question is answered, beside the field that answers it."""
        unanswered = which_is_first and self.answer is None
        self.refuse([replace(question, field=ANSWER) if unanswered else question])

    def offer_ages(self, ages: Sequence[int]) -> None:
        """Write the age where it is certain, and have it chosen where it is one of two; what the clinic has
        written itself stays.
        """
        possible = list(map(str, ages))
        if self.age_is_open:
            self.data["age_at_infusion"] = self.data["age_offered"] = possible[0] if len(possible) == 1 else ""
        if len(possible) == 1:
            self.fields["age_at_infusion"].help_text = _("From the year of birth and the date: is it right?")
        elif possible:
            self.fields["age_at_infusion"].widget = forms.RadioSelect(choices=[(age, age) for age in possible])
            self.fields["age_at_infusion"].help_text = _("By the year of birth it is one of these.")

    @property
    def age_is_open(self) -> bool:
        """Whether the clinic has said nothing of the age: what stands there was written by the page."""
        return self.data.get("age_at_infusion", "") in {"", self.data.get("age_offered", "")}

    @property
    def day(self) -> tuple[date, DatePrecision] | None:
        """The date of infusion as typed, if it is one."""
        try:
            return understand_date(self["infused_on"].data or "")
        except ValueError:
            return None

    def propose_kind(self, kind: Kind | None) -> None:
        """Choose a kind on the page where the clinic has not; none where there is nothing to go by."""
        self.data["kind"] = self.data["kind_proposed"] = kind.value if kind else ""

    @property
    def kind_is_open(self) -> bool:
        """Whether the clinic has said nothing of the kind: what is chosen was chosen by the page."""
        return self.data.get("kind", "") in {"", self.data.get("kind_proposed", "")}

    def say(self, name: str, value: str) -> str:
        """A field's value as people read it."""
        widget = self.fields[name].widget
        if isinstance(widget, ListSelect):
            return widget.say(value) or "–"
        choices = getattr(widget, "choices", [])
        return str(dict(choices).get(value, value)) or "–"

    @property
    def chosen_centre(self) -> Centre | None:
        """The centre as chosen, or the only one; None for another's."""
        default = self.initial["centre"] if self.centre_is_given else ""
        return self.lists.centres.get((self.data.get("centre") or default).lower())

    @property
    def identifier(self) -> Identifier | None:
        """The identifier as typed, if it is one."""
        typed, centre = self.data.get("patient_id", ""), self.chosen_centre
        try:
            return read_identifier_at(centre, typed) if typed else None
        except IdentifierUnusable:
            return None

    @property
    def answer(self) -> Kind | None:
        """What the former first becomes, if that was answered."""
        typed = self.data.get(ANSWER, "")
        return Kind(typed) if typed in Kind.values else None

    def answer_for(self, patient: Patient | None) -> None:
        """Forget an answer that was given for another person."""
        asked, named = self.data.get("asked_for", ""), str(patient.registry_number) if patient else ""
        if asked and asked != named:
            self.data[ANSWER] = ""

    @property
    def identifier_error(self) -> str:
        """What is wrong with the identifier as typed."""
        errors = self.errors.get("patient_id")
        return " ".join(map(str, errors)) if errors and self.data.get("patient_id") else ""

    @property
    def date_error(self) -> str:
        """Why no infusion can have this date, though it can be read."""
        errors = self.errors.as_data().get("infused_on", []) if self.day else []
        return " ".join(str(error.message) for error in errors)

    @property
    def person_error(self) -> str:
        """Why the person of a right identifier may not be registered, or not be asked for."""
        errors = self.errors.as_data().get(NON_FIELD_ERRORS, [])
        return " ".join(str(error.message) for error in errors if error.code in ABOUT_THE_PERSON)

    @property
    def has_more(self) -> bool:
        """Whether a rarely used field holds something, is wrong or is asked for."""
        if self.has_error(NON_FIELD_ERRORS, DUPLICATE):
            return True
        names = ("sequence", "manufacturing_site", "batch", *(() if self.patient else ("sex", "age_at_infusion")))
        rare = [name for name in names if name in self.fields]
        return any(self[name].value() or self[name].errors for name in rare)


# As if each were declared in the form, and in those that are made of it.
InfusionForm.base_fields.update(fields_of_columns())
