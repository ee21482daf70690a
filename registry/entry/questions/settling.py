"""Settling a person's course, by the registry's steward: the kind of each infusion, which row is a duplicate of
another; and releasing a referral.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.utils.translation import gettext as _

from registry.access import Actor, Permission, acting_as, require
from registry.choices import AccessAction, Kind, ReferralState, Sex, Side, Status
from registry.course_kinds import refuse_taken_place
from registry.course_order import put_in_order
from registry.entry.infusions.ages import refuse_age
from registry.entry.infusions.doubts import follow_doubts, read_doubts
from registry.entry.infusions.record import store_infusion
from registry.entry.infusions.row_reader import CodeLists, RowReader
from registry.entry.infusions.visible_course import Course
from registry.entry.patients.count_effect import EffectChanged, Place, Row, compare, places_of, read_codes
from registry.entry.patients.locked import lock_patient, lock_stored_patient
from registry.entry.publish_request import announce_change
from registry.entry.questions.questions import ask, write_in
from registry.entry.questions.referrals import end_referral, identifier_of, lock_open, lock_question
from registry.entry.questions.unsettled import UnsettledCourse, find_unsettled_courses
from registry.entry.reasons import check_reason
from registry.errors import InfusionRefused, NotFound, RegistryError
from registry.infusion_input import InfusionInput
from registry.models import Infusion, Patient, Referral
from registry.models.access_log import log_infusions, log_persons
from registry.sentences import (
    NOW_FIRST,
    NOW_FURTHER_DOSE,
    NOW_REINFUSION,
    REFERRAL_RELEASED,
    REGISTERED_TWICE,
    RELEASED,
)

MOST_SHOWN = 50  # courses at the desk; who settles one sees the next
SENT = "sent"  # stands for the referral's row among the ids of stored rows
DOUBLE = "withdraw"  # for a row that is the same infusion recorded twice
IS_NOW = {Kind.FIRST: NOW_FIRST, Kind.FURTHER_DOSE: NOW_FURTHER_DOSE, Kind.REINFUSION: NOW_REINFUSION}


class OrderImpossible(RegistryError):
    sentence = "The infusions cannot be in this order."
    code = "order_impossible"


@dataclass(frozen=True)
class Settlement:
    """The steward's decision on each submitted infusion of a person, by id as text, and on a referral's row
    (SENT): its kind, or DOUBLE.
    """

    rows: Sequence[Infusion]
    answers: Mapping[str, str]
    sent: InfusionInput | None = None

    def check(self) -> None:
        """Raise OrderImpossible, with a sentence, for what cannot be a course."""
        if set(self.answers) != self.names or not set(self.answers.values()) <= {*Kind.values, DOUBLE}:
            raise OrderImpossible(_("Say what every infusion is."))
        if self.answers.get(SENT) == DOUBLE:
            raise OrderImpossible(_("What was sent cannot be withdrawn: decline it instead."))
        self._refuse_taken_place()
        course = put_in_order(place.step for place in self.after())
        firsts = [step for step in course if step.kind == Kind.FIRST]
        if len(firsts) > 1:
            raise OrderImpossible(_("Only one infusion can be the first."))
        if firsts and course[0] != firsts[0]:
            raise OrderImpossible(_("The first has to be the earliest by its date: correct a date, or the kinds."))
        if course and course[0].kind == Kind.FURTHER_DOSE:
            raise OrderImpossible(_("The earliest infusion cannot be a further dose."))

    def _refuse_taken_place(self) -> None:
        """Raise OrderImpossible where the centre has an infusion in the slot of the one that it sent."""
        if self.sent is None:
            return
        counted = [row for row in self.rows if row.centre_id == self.sent.centre.pk]
        counted = [row for row in counted if self.answers[str(row.pk)] != DOUBLE]
        if any(row.step.slot == self.sent.step.slot for row in counted):
            sentence = _(
                "%(centre)s has itself registered an infusion with this date and sequence meanwhile: decline "
                "what was sent, or say that the registered one is a duplicate."
            )
            raise OrderImpossible(sentence % {"centre": self.sent.centre.code})

    def after(self) -> list[Place]:
        """The places that count once it is settled."""
        counted = [row for row in self.rows if self.answers[str(row.pk)] != DOUBLE]
        places = [
            self._as(place, self.answers[str(row.pk)])
            for row, place in zip(counted, places_of(counted), strict=True)
        ]
        if self.sent:
            person = self.rows[0].patient_id if self.rows else 0
            codes = read_codes(self.sent, Sex.UNKNOWN)
            place = Place(person, self.sent.step, self.sent.age_at_infusion or 0, codes)
            places.append(self._as(place, self.answers[SENT]))
        return [place.of_sex(self._sex) for place in places]

    def effect(self) -> list[Row]:
        """The cells whose numbers change."""
        return compare(places_of(self.rows), self.after())

    def fingerprint(self) -> str:
        """A digest of the stored rows and the decisions, sent with the page and compared when it is submitted."""
        ids = [str(row.pk) for row in self.rows]
        shown = sorted(zip(ids, map(repr, places_of(self.rows)), map(self.answers.get, ids), strict=True))
        sent = (self.sent.step, self.sent.age_at_infusion, read_codes(self.sent, self._sex)) if self.sent else ()
        return hashlib.sha256(repr((shown, sent, self.answers.get(SENT))).encode()).hexdigest()

    @property
    def _sex(self) -> str:
        """The person's sex once it is settled (fill_sex)."""
        known = self.rows[0].patient.sex if self.rows else Sex.UNKNOWN
        return (self.sent.sex or known) if self.sent and known == Sex.UNKNOWN else known

    @property
    def names(self) -> set[str]:
        """The ids that need a decision."""
        return {str(row.pk) for row in self.rows} | ({SENT} if self.sent else set())

    @staticmethod
    def _as(place: Place, kind: str) -> Place:
        return replace(place, step=place.step._replace(kind=Kind(kind)))


def read_rows(patient: Patient | None, *, by: Actor) -> list[Infusion]:
    """A person's submitted infusions nationwide, in order; reading them is logged."""
    require(by, Permission.SETTLE_ORDER)
    with acting_as(by):
        rows = _rows_of(patient) if patient else []
        log_infusions(by=by, action=AccessAction.READ, infusions=rows)
    return rows


def read_unsettled(*, by: Actor) -> list[UnsettledCourse]:
    """The courses to settle, at most MOST_SHOWN; showing them is logged."""
    require(by, Permission.SETTLE_ORDER)
    with acting_as(by):
        found = find_unsettled_courses(most=MOST_SHOWN)
        log_persons(by=by, action=AccessAction.READ, numbers=[course.patient.registry_number for course in found])
    return found


def read_sent(referral: Referral, *, by: Actor) -> InfusionInput:
    """The infusion of an open referral. Raises InfusionRefused if it can no longer be read."""
    reader = RowReader(CodeLists(by, permission=Permission.SETTLE_ORDER))
    stated, problems = reader.read(referral.fields, person_known=True)
    refusals = [problem for problem in problems if not problem.warning]
    if stated is None or refusals:
        raise InfusionRefused(refusals)
    return stated


def settle_course(
    *, patient: Patient, answers: Mapping[str, str], by: Actor, reason: str, shown: str
) -> list[Infusion]:
    """Store the steward's decisions on a person's infusions; returns the infusions that change.

    shown: the settlement's fingerprint from the page. Each centre whose row changes gets a message about its own
    row only. Raises OrderImpossible, EffectChanged, NotFound, NotPermitted, ReasonMissing.
    """
    require(by, Permission.SETTLE_ORDER)
    with acting_as(by, reason=check_reason(reason)):
        patient = lock_stored_patient(patient)
        before = read_doubts([patient.pk])
        changed = _apply(Settlement(_rows_of(patient), answers), by=by, shown=shown)
        for infusion in changed:
            ask(infusion_id=infusion.pk, text=_say_settled(infusion), by=by)
        follow_doubts([patient.pk], before=before, by=by)
        announce_change()
    return changed


def release_referral(
    *, referral_id: UUID, answers: Mapping[str, str], by: Actor, message: str, shown: str
) -> Infusion:
    """Store a referral's infusion at the centre that sent it, and settle the person's course.

    Raises NotFound, ReferralSettled, PatientRefused, OrderImpossible, EffectChanged, InfusionRefused,
    TextTooLong, IdentifierInText.
    """
    require(by, Permission.SETTLE_ORDER)
    visible = Referral.objects.visible_to(by, Permission.SETTLE_ORDER).select_related("centre")
    seen = visible.filter(pk=referral_id).first()
    if seen is None:
        raise NotFound
    with acting_as(by, reason=REFERRAL_RELEASED % {"sender": seen.sent_by}):
        patient = _lock_person(seen, by)
        referral = lock_open(referral_id, by, Permission.SETTLE_ORDER)
        stated = read_sent(referral, by=by)
        settlement, before = Settlement(_rows_of(patient), answers, stated), read_doubts([patient.pk])
        changed = _apply(settlement, by=by, shown=shown)
        infusion = _store(stated, Kind(answers[SENT]), patient, by)
        for other in changed:
            if other.centre_id != referral.centre_id:
                ask(infusion_id=other.pk, text=_say_settled(other), by=by)
        follow_doubts([patient.pk], before=before, by=by, changed=[infusion])
        end_referral(referral, state=ReferralState.RELEASED, by=by, patient=patient, infusion=infusion)
        words = message.strip() or RELEASED
        write_in(lock_question(referral), text=words, by=by, side=Side.STEWARD)
        announce_change()
    return infusion


def _rows_of(patient: Patient) -> list[Infusion]:
    rows = patient.infusions.counted().with_codes().in_order()
    return list(rows)


def _lock_person(referral: Referral, by: Actor) -> Patient:
    """The person of a referral, stored if new, locked until the commit. Raises PatientRefused, NotFound."""
    identifier = identifier_of(referral)
    if identifier is None:
        return lock_stored_patient(referral.patient)
    return lock_patient(replace(read_sent(referral, by=by), identifier=identifier))


def _apply(settlement: Settlement, *, by: Actor, shown: str) -> list[Infusion]:
    """Change the stored rows of a locked person; returns those that change."""
    if set(settlement.answers) != settlement.names:
        raise EffectChanged
    settlement.check()
    if settlement.fingerprint() != shown:
        raise EffectChanged
    changed = [row for row in settlement.rows if settlement.answers[str(row.pk)] != row.kind]
    # A constraint allows one first infusion at a time: the former first is changed before the new one.
    for row in sorted(changed, key=lambda row: settlement.answers[str(row.pk)] == Kind.FIRST):
        answer = settlement.answers[str(row.pk)]
        if answer == DOUBLE:
            row.status = Status.WITHDRAWN
        else:
            row.kind = Kind(answer)
        row.save(update_fields=["status", "kind"])
        action = AccessAction.WITHDRAW if answer == DOUBLE else AccessAction.CORRECT
        log_infusions(by=by, action=action, infusions=[row])
    return changed


def _store(stated: InfusionInput, kind: Kind, patient: Patient, by: Actor) -> Infusion:
    """Store the row of a referral."""
    stated = replace(stated, kind=kind)
    rows = _rows_of(patient)
    own = [row.step for row in rows if row.centre_id == stated.centre.pk]
    refuse_taken_place(stated.step, own)
    refuse_age(stated, patient, Course(rows))
    return store_infusion(stated=stated, patient=patient, by=by)


def _say_settled(infusion: Infusion) -> str:
    """The message to a centre about its own row."""
    return REGISTERED_TWICE if infusion.status == Status.WITHDRAWN else IS_NOW[Kind(infusion.kind)]
