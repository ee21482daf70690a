"""An infusion as it is typed into the form: whose it is, what it would be, and what is wrong with it."""

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
from registry.pages.clinic.consequence import say_consequence, say_proposed
from registry.pages.clinic.infusion_forms import ANSWER, InfusionForm

# As long as the kind is open, to state it may be enough: the steward is needed for the first alone.
KIND_FIRST = gettext_lazy(
    "Say what this infusion is, a further dose or a reinfusion. If it was the first, the registry's steward "
    "must settle the order."
)


class Judged(NamedTuple):
    """An infusion as typed, whose and what it would be; None where something cannot be read or is refused."""

    known: Known | None = None
    stated: InfusionInput | None = None
    proposal: Proposal | None = None
    too_many: TooManyLookups | None = None  # nothing is told of the person
    patient: Patient | None = None  # whose it is, for what is stored; the clinic may not know them
    note: str = ""  # of the kind that the page has chosen

    @property
    def confirmation(self) -> str:
        """What the page sends back to confirm these warnings and no others."""
        return ",".join(warning.code for warning in self.proposal.warnings) if self.proposal else ""

    @property
    def consequence(self) -> str:
        """What the infusion counts as, in a sentence."""
        return say_consequence(self.proposal, self.stated) if self.proposal and self.stated else ""


def look_up(request: SignedInRequest, form: InfusionForm) -> tuple[Patient | None, Known | None]:
    """Whom the form names, and what the clinic may know of them; once a request, and logged.

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
    """The infusion as typed and what it would be, final: to be stored; what is wrong then stands in the form.

    Of whoever may not be registered, or not be asked for now, nothing else is said.
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
        form.data["kind_proposed"] = ""  # said once, it is the clinic's, also if it comes to the same
        return Judged(known, stated, proposal, patient=patient)
    if not (stated and stated.kind):
        form.propose_kind(proposal.kind if proposal else None)
    note = say_proposed(proposal.kind) if proposal and not proposal.question else ""
    return Judged(known, stated, proposal, patient=patient, note=note)


def _propose(
    request: SignedInRequest, form: InfusionForm, stated: InfusionInput, patient: Patient | None, *, final: bool
) -> tuple[InfusionInput, Proposal]:
    """The infusion with what the clinic has stated of its kind, and what it would be.

    A kind that the page has chosen is stated by sending the form, if the page would choose it still.
    """

    def ask(draft: InfusionInput) -> Proposal:
        return propose(draft=draft, by=request.user, patient=patient, former_first_becomes=form.answer)

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
