"""Judging an infusion while it is typed: its person, what it would count as, and its problems."""

from dataclasses import replace
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry.access import acting_as
from registry.choices import AccessAction
from registry.entry.infusions.proposal import Known, Proposal, know_person, propose
from registry.entry.patients.lookup import PatientRefused, PseudonymUsed, find_patient_to_enter
from registry.entry.questions.referrals import REFERABLE
from registry.errors import InfusionRefused, Problem, TooManyLookups
from registry.infusion_input import InfusionInput
from registry.models import Patient
from registry.models.access_log import log_persons
from registry.pages.clinic.base import SignedInRequest
from registry.pages.clinic.counts_as import say_consequence, say_proposed
from registry.pages.clinic.infusion_forms import ANSWER, InfusionForm

# While the kind is not stated, stating it may be enough: the steward is needed only for a first infusion.
KIND_FIRST = gettext_lazy(
    "Say what this infusion is, a further dose or a reinfusion. If it was the first, the registry's steward "
    "must settle the order."
)


class Judged(NamedTuple):
    """The infusion as typed, its person and what it would be; None where it cannot be read or is refused."""

    known: Known | None = None
    stated: InfusionInput | None = None
    proposal: Proposal | None = None
    too_many: TooManyLookups | None = None  # then nothing is said of the person
    patient: Patient | None = None  # for storing; the clinic may not know the person
    note: str = ""  # about the proposed kind

    @property
    def confirmation(self) -> str:
        """A token with which the page confirms these warnings and no others."""
        return ",".join(warning.code for warning in self.proposal.warnings) if self.proposal else ""

    @property
    def consequence(self) -> str:
        """What the infusion counts as, in a sentence."""
        return say_consequence(self.proposal, self.stated) if self.proposal and self.stated else ""


def look_up(request: SignedInRequest, form: InfusionForm) -> tuple[Patient | None, Known | None]:
    """The person whom the form names, and what the clinic may know of them; once per request, and logged.

    Raises TooManyLookups, PatientRefused.
    """
    by, unit = request.user, form.chosen_centre.code if form.chosen_centre else ""
    if form.patient:
        with acting_as(by):
            log_persons(by=by, action=AccessAction.READ, numbers=[form.patient.registry_number], unit=unit)
        return form.patient, know_person(patient=form.patient, by=by)
    if form.identifier is None:
        return None, None
    patient = find_patient_to_enter(identifier=form.identifier, by=by, unit=unit)
    return patient, know_person(patient=patient, by=by)


def judge(request: SignedInRequest, form: InfusionForm, *, final: bool = False) -> Judged:
    """The infusion as typed, and what it would be; final: it is about to be stored. Problems are added to the
    form.

    Nothing else is said of a person who may not be registered, or not be looked up now.
    """
    try:
        patient, known = look_up(request, form)
    except (PatientRefused, PseudonymUsed, TooManyLookups) as refused:
        form.refuse_error(refused)
        if form.kind_is_open:
            form.propose_kind(None)
        return Judged(too_many=refused if isinstance(refused, TooManyLookups) else None)
    form.answer_for(patient)
    stated = form.read()
    try:
        judged = _propose(request, form, stated, patient, final=final) if stated else (None, None)
    except InfusionRefused as refused:
        form.refuse(refused.problems)
        judged = None, None
    stated, proposal = judged
    if proposal:
        form.fields[ANSWER].needed = proposal.before_first  # type: ignore[attr-defined]  # field.html says so
    if not form.kind_is_open:
        form.data["kind_proposed"] = ""  # once changed, the kind is the clinic's, even if it is the proposed kind
        return Judged(known, stated, proposal, patient=patient)
    if not (stated and stated.kind):
        form.propose_kind(proposal.kind if proposal else None)
    note = say_proposed(proposal.kind) if proposal and not proposal.question else ""
    return Judged(known, stated, proposal, patient=patient, note=note)


def _propose(
    request: SignedInRequest, form: InfusionForm, stated: InfusionInput, patient: Patient | None, *, final: bool
) -> tuple[InfusionInput, Proposal]:
    """The infusion with the kind that the clinic has stated, and what it would be.

    Sending the form states a proposed kind, if the page would still propose it.
    """

    def ask(stated: InfusionInput) -> Proposal:
        return propose(stated=stated, by=request.user, patient=patient, former_first_becomes=form.answer)

    if not form.kind_is_open:
        return stated, ask(stated)
    still_open = replace(stated, kind=None)
    proposal = ask(still_open)
    question = proposal.question
    if question and question.code in REFERABLE:
        return still_open, replace(proposal, question=replace(question, sentence=str(KIND_FIRST)))
    as_chosen = ask(replace(stated, kind=proposal.kind))
    if not final:
        return still_open, as_chosen
    if stated.kind == proposal.kind:
        return stated, as_chosen
    if stated.kind and not proposal.before_first:
        sentence = _("The kind that the page proposed no longer fits what is typed: look at it again.")
        question = Problem("kind", "kind_unclear", sentence)
    elif question and not proposal.before_first:
        question = replace(question, sentence=say_proposed(proposal.kind))
    return still_open, replace(as_chosen, question=question)
