"""The form of an infusion, with the exchange file's columns, read by the same reader as a file's row."""

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
# Keys that templates read from `data` besides the fields. They are always set, since Django's debug log of a
# missing template variable would hold the whole mapping, and the identity number with it.
OF_THE_PAGE = ("age_offered", "kind_proposed", "confirmed", "message")
ABOUT_THE_PERSON = {PatientRefused.code, TooManyLookups.code}


class InfusionForm(forms.Form):
    """One infusion as typed. No field validates by itself: the reader's problems are shown beside the fields, so
    that a page refuses the same as a file, in the same words.
    """

    former_first_becomes = forms.CharField(
        label=_("What does the infusion now recorded as the first become?"),
        required=False,
        widget=forms.RadioSelect(choices=[choice for choice in Kind.choices if choice[0] != Kind.FIRST]),
    )
    field_order = ORDER

    data: dict[str, str]  # what was typed, and what the page proposes
    stored: Mapping[str, str] | None = None  # the stored row that is corrected

    def __init__(self, *args, lists: CodeLists, patient: Patient | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        typed = self.data.dict() if self.is_bound else {}  # type: ignore[attr-defined]  # a QueryDict, once
        self.data = dict.fromkeys(OF_THE_PAGE, "") | typed
        self.lists, self.patient = lists, patient
        self.fields["centre"].widget = forms.Select(choices=centres_of(lists))
        self.fields["product"].widget = choose_product(lists)
        self.fields["trial"].widget = choose_trial(lists, self["trial"].value() or "")
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
        """The fields as typed, by name."""
        return {name: self[name].data or "" for name in self.fields}

    def stated(self) -> dict[str, str]:
        """The fields as typed, without the page's proposals."""
        stated = self.typed()
        stated["kind"] = "" if self.kind_is_open else stated["kind"]
        stated["age_at_infusion"] = "" if self.age_is_open else stated["age_at_infusion"]
        return stated

    def read(self) -> InfusionInput | None:
        """The infusion as typed; None if a field cannot be read, with the problem beside it."""
        stated, problems = RowReader(self.lists).read(
            self.typed(), person_known=self.patient is not None, stored=self.stored
        )
        refusals = [self._say_date(problem) for problem in problems if not problem.warning]
        self.refuse(refusals)
        return None if refusals else stated

    def _say_date(self, problem: Problem) -> Problem:
        """The problem of an unreadable date, naming the formats that the page accepts (more than a file does)."""
        if problem.code == "date_invalid":
            try:
                understand_date(self.typed()["infused_on"])
            except ValueError as error:
                return replace(problem, sentence=str(error))
        return problem

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Add each problem to its field, or to the top where the page has no such field."""
        self.is_valid()
        for problem in problems:
            field, sentence = problem.field if problem.field in self.fields else None, problem.sentence
            if problem.code == DUPLICATE:  # no single field is wrong, least of all the identity number
                hint = gettext("If it was the second one that day, write sequence 2.")
                field, sentence = None, f"{sentence} {hint}"
            self.add_error(field, forms.ValidationError(sentence, code=problem.code))

    def forgive(self, field: str, code: str) -> None:
        """Remove an error that is no error while the form is being typed."""
        if self.has_error(field, code):
            del self.errors[field]

    def refuse_error(self, error: RegistryError) -> None:
        """Add a refusal's problems, or its sentence, to the form."""
        if isinstance(error, InfusionRefused):
            self.refuse(error.problems)
        else:
            self.is_valid()
            self.add_error(None, forms.ValidationError(str(error), code=error.code))

    def ask(self, question: Problem, *, which_is_first: bool) -> None:
        """Add a question to the field that answers it, so that the form is refused until then."""
        unanswered = which_is_first and self.answer is None
        self.refuse([replace(question, field=ANSWER) if unanswered else question])

    def offer_ages(self, ages: Sequence[int]) -> None:
        """Fill in a certain age, or offer a choice between two; an age that the clinic typed is kept."""
        possible = list(map(str, ages))
        if self.age_is_open:
            self.data["age_at_infusion"] = self.data["age_offered"] = possible[0] if len(possible) == 1 else ""
        if len(possible) == 1:
            self.fields["age_at_infusion"].help_text = _("From the year of birth and the date: is it right?")
        elif possible:
            self.fields["age_at_infusion"].widget = forms.RadioSelect(choices=[(age, age) for age in possible])
            self.fields["age_at_infusion"].help_text = _("According to the year of birth it is one of these.")

    @property
    def age_is_open(self) -> bool:
        """Whether the clinic has not stated the age: it is empty, or filled in by the page."""
        return self.data.get("age_at_infusion", "") in {"", self.data.get("age_offered", "")}

    @property
    def day(self) -> tuple[date, DatePrecision] | None:
        """The date of infusion as typed, if it can be read."""
        try:
            return understand_date(self["infused_on"].data or "")
        except ValueError:
            return None

    def propose_kind(self, kind: Kind | None) -> None:
        """Preselect a kind where the clinic has not chosen; None for no proposal."""
        self.data["kind"] = self.data["kind_proposed"] = kind.value if kind else ""

    @property
    def kind_is_open(self) -> bool:
        """Whether the clinic has not stated the kind: it is empty, or preselected by the page."""
        return self.data.get("kind", "") in {"", self.data.get("kind_proposed", "")}

    def say(self, name: str, value: str) -> str:
        """A field's value as displayed."""
        widget = self.fields[name].widget
        if isinstance(widget, ListSelect):
            return widget.say(value) or "–"
        choices = getattr(widget, "choices", [])
        return str(dict(choices).get(value, value)) or "–"

    @property
    def chosen_centre(self) -> Centre | None:
        """The chosen or only centre; None for another centre's code."""
        default = self.initial["centre"] if self.centre_is_given else ""
        return self.lists.centres.get((self.data.get("centre") or default).lower())

    @property
    def identifier(self) -> Identifier | None:
        """The identifier as typed, if it can be read."""
        typed, centre = self.data.get("patient_id", ""), self.chosen_centre
        try:
            return read_identifier_at(centre, typed) if typed else None
        except IdentifierUnusable:
            return None

    @property
    def answer(self) -> Kind | None:
        """What the former first infusion becomes, if that was answered."""
        typed = self.data.get(ANSWER, "")
        return Kind(typed) if typed in Kind.values else None

    def answer_for(self, patient: Patient | None) -> None:
        """Drop an answer that was given for another person."""
        asked, named = self.data.get("asked_for", ""), str(patient.registry_number) if patient else ""
        if asked and asked != named:
            self.data[ANSWER] = ""

    @property
    def identifier_error(self) -> str:
        """The error of the identifier as typed."""
        errors = self.errors.get("patient_id")
        return " ".join(map(str, errors)) if errors and self.data.get("patient_id") else ""

    @property
    def date_error(self) -> str:
        """The error of a date that can be read but that no infusion can have."""
        errors = self.errors.as_data().get("infused_on", []) if self.day else []
        return " ".join(str(error.message) for error in errors)

    @property
    def person_error(self) -> str:
        """Why the person of a valid identifier may not be registered or looked up."""
        errors = self.errors.as_data().get(NON_FIELD_ERRORS, [])
        return " ".join(str(error.message) for error in errors if error.code in ABOUT_THE_PERSON)

    @property
    def has_more(self) -> bool:
        """Whether a rarely used field is filled in, has an error or is needed."""
        if self.has_error(NON_FIELD_ERRORS, DUPLICATE):
            return True
        names = ("sequence", "manufacturing_site", "batch", *(() if self.patient else ("sex", "age_at_infusion")))
        rare = [name for name in names if name in self.fields]
        return any(self[name].value() or self[name].errors for name in rare)


# As if the fields were declared in the form, and so in its subclasses.
InfusionForm.base_fields.update(fields_of_columns())
