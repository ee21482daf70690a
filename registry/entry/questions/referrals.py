"""Referrals: infusions sent to the registry's steward because records that the clinic may not see refuse them.

A referral is stored as typed, the identifier only as digests. The sender sees the text and the outcome, and
nothing of the person's other infusions.
"""

from dataclasses import replace
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from registry.access import NATIONWIDE, Actor, Permission, acting_as, centres_where, require
from registry.choices import ReferralState, Side
from registry.entry.importing.course import KIND_STAYS
from registry.entry.importing.sent_rows import DECLINED, SENT, seal_place
from registry.entry.infusions.batch_checks import refuse_registered_number
from registry.entry.infusions.columns import row_of_stated
from registry.entry.infusions.proposal import propose
from registry.entry.patients.key_in_use import is_newest_alone
from registry.entry.patients.locked import lock_if_there
from registry.entry.patients.lookup import find_patient, person_with
from registry.entry.questions.questions import ask_about_referral, check_text, close_it, refuse_full, write_in
from registry.errors import KnownElsewhere, NotFound, RegistryError
from registry.infusion_input import InfusionInput
from registry.infusion_rules import complete_input
from registry.keyed_digests import SealedIdentifier, chain_of, chains_of
from registry.models import Patient, Question, Referral, User
from registry.sentences import WHICH_IS_FIRST

REFERABLE = frozenset({KnownElsewhere.code})
# How a refusal that needs the steward is taken further: by a referral of the row, or a question.
ROWS, QUESTIONS = "referrals", "questions"
SEND_TO = {KnownElsewhere.code: ROWS, KIND_STAYS: QUESTIONS, SENT: QUESTIONS, DECLINED: QUESTIONS}


class NothingToRefer(RegistryError):
    sentence = gettext_noop("This infusion does not need the registry's steward: register it as usual.")
    code = "nothing_to_refer"


class ReferralSettled(RegistryError):
    sentence = gettext_noop("This has been settled, taken back or erased meanwhile: nothing was changed.")
    code = "referral_settled"


def send_referral(
    *, stated: InfusionInput, by: User, patient: Patient | None = None, message: str = ""
) -> Referral:
    """Send an infusion that is refused with a code of REFERABLE to the steward. While the referral is open,
    sending it again only adds its message to the thread.

    patient: the person, named by registry number or found by the stated identifier. Raises
    NothingToRefer, InfusionRefused with other problems, NotPermitted, TextTooLong, IdentifierInText,
    QuestionFull.
    """
    require(by, Permission.WRITE_RECORDS, centre=stated.centre.pk)
    stated = replace(stated)
    complete_input(stated)
    question = propose(stated=stated, by=by, patient=patient).question
    if question is None or question.code not in REFERABLE:
        raise NothingToRefer
    refuse_registered_number(stated.batch, by)
    words = check_text(message.strip() or WHICH_IS_FIRST)
    identifier = stated.identifier
    digests = identifier.digests() if identifier else []
    sent = {"centre": stated.centre, "fields": row_of_stated(stated), "code": question.code}
    same = sent | ({"chain__in": chains_of(digests)} if digests else {"patient": patient})
    with acting_as(by):
        User.objects.select_for_update(no_key=True).get(pk=by.pk)  # the button was pressed twice
        if again := Referral.objects.filter(state=ReferralState.OPEN, **same).select_for_update().first():
            if message.strip():
                _add_message(again, words, by)
            return again
        referral = Referral.objects.create(
            **sent,
            patient=None if digests else patient,
            chain=chain_of(digests, newest_alone=is_newest_alone()) if digests else None,
            identifier_type=identifier.type if identifier else "",
            birth_year=identifier.birth_year if identifier else None,
            birth_digest=identifier.birth_digest() if identifier else None,
            place=seal_place(stated),
            sent_by=by.username,
        )
        ask_about_referral(referral=referral, text=words, by=by)
    return referral


def _add_message(referral: Referral, words: str, by: User) -> None:
    """Add the message of a row that is sent again to its thread, unless it is there already."""
    question = lock_question(referral)
    if words in {question.text, *question.messages.values_list("text", flat=True)}:
        return
    refuse_full(question)
    if question.closed_at:
        question.closed_by, question.closed_at = "", None
        question.save(update_fields=["closed_by", "closed_at"])
    write_in(question, text=words, by=by, side=Side.CLINIC)


def read_referrals(*, by: Actor) -> QuerySet[Referral]:
    """The referrals of the actor's centres, open ones first; the steward sees all centres'."""
    found = _visible(by).select_related("centre", "infusion__patient", "question")
    return found.order_by("settled_at", "-sent_at")


def read_open(*, by: Actor) -> QuerySet[Referral]:
    """Open referrals that wait for the actor as the registry's steward, oldest first."""
    waiting = Referral.objects.visible_to(by, Permission.SETTLE_ORDER).filter(state=ReferralState.OPEN)
    return waiting.select_related("centre").order_by("sent_at")


def read_waiting(*, by: Actor) -> QuerySet[Referral]:
    """The open referrals of the actor's centres, latest first."""
    waiting = Referral.objects.visible_to(by, Permission.WRITE_RECORDS).filter(state=ReferralState.OPEN)
    return waiting.select_related("centre").order_by("-sent_at")


def find_referral(*, referral_id: UUID, by: Actor) -> Referral:
    """A referral of the actor's centres; any referral for the steward. Raises NotFound."""
    found = _visible(by).select_related("centre", "infusion__patient", "infusion__centre", "patient")
    referral = found.filter(pk=referral_id).first()
    if referral is None:
        raise NotFound
    return referral


def find_person(referral: Referral, *, by: Actor) -> Patient | None:
    """The person of an open referral; None if not in the registry. A logged look-up.

    Raises NotPermitted: only the steward may know.
    """
    require(by, Permission.SETTLE_ORDER)
    identifier = identifier_of(referral)
    return find_patient(identifier=identifier, by=by) if identifier else referral.patient


def identifier_of(referral: Referral) -> SealedIdentifier | None:
    """The digests of an open referral's identifier; None where its person is named."""
    if referral.chain is None:
        return None
    return SealedIdentifier.of_row(
        referral.identifier_type,
        chain=referral.chain,
        birth_year=referral.birth_year,
        birth_digest=referral.birth_digest,
        centre=referral.centre.code,
    )


def take_back(*, referral_id: UUID, by: Actor) -> Referral:
    """Withdraw a referral, as the clinic. Raises NotFound, ReferralSettled."""
    with acting_as(by):
        referral, patient = lock_with_person(referral_id, by, Permission.WRITE_RECORDS)
        end_referral(referral, state=ReferralState.TAKEN_BACK, by=by, patient=patient)
        question = lock_question(referral)
        if not question.closed_at:
            close_it(question, by=by)
    return referral


def decline(*, referral_id: UUID, by: Actor, message: str) -> Referral:
    """Decline a referral, as the steward, with a message that says why.

    Raises NotFound, ReferralSettled, TextMissing, TextTooLong, IdentifierInText.
    """
    with acting_as(by):
        referral, patient = lock_with_person(referral_id, by, Permission.SETTLE_ORDER)
        end_referral(referral, state=ReferralState.DECLINED, by=by, patient=patient)
        write_in(lock_question(referral), text=message, by=by, side=Side.STEWARD)
    return referral


def lock_open(referral_id: UUID, by: Actor, permission: Permission) -> Referral:
    """An open referral, locked until the commit, after its person. Raises NotFound, ReferralSettled."""
    visible = Referral.objects.visible_to(by, permission).select_related("centre")
    referral = visible.select_for_update(of=("self",)).filter(pk=referral_id).first()
    if referral is None:
        raise NotFound
    if referral.state != ReferralState.OPEN:
        raise ReferralSettled
    return referral


def lock_question(referral: Referral) -> Question:
    """The thread of a referral, locked until the commit."""
    return (
        Question.objects.select_for_update(of=("self",)).select_related("referral__centre").get(referral=referral)
    )


def end_referral(
    referral: Referral, *, state: ReferralState, by: Actor | None, patient: Patient | None, **more: object
) -> None:
    """Settle a locked referral and erase its content. by: None where it has expired."""
    referral.state, referral.settled_at = state, timezone.now()
    referral.settled_by = by.username if by else ""
    referral.fields, referral.identifier_type = {}, ""
    referral.chain, referral.birth_digest, referral.birth_year = None, None, None
    referral.patient = patient
    for name, value in more.items():
        setattr(referral, name, value)
    referral.save()


def lock_with_person(referral_id: UUID, by: Actor, permission: Permission) -> tuple[Referral, Patient | None]:
    """An open referral and its person, both locked; the person first, as in an erasure."""
    seen = Referral.objects.visible_to(by, permission).select_related("centre").filter(pk=referral_id).first()
    if seen is None:
        raise NotFound
    identifier = identifier_of(seen)
    patient = person_with(identifier) if identifier else seen.patient
    locked = lock_if_there(patient) if patient else None
    return lock_open(referral_id, by, permission), locked


def _visible(by: Actor) -> QuerySet[Referral]:
    if centres_where(by, Permission.SETTLE_ORDER) is NATIONWIDE:
        return Referral.objects.all()
    return Referral.objects.visible_to(by, Permission.WRITE_RECORDS)
