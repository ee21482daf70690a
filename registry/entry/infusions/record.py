"""Recording, correcting and withdrawing one infusion, each in one transaction with its history."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from registry.access import Actor, Permission, acting_as, require
from registry.ages import Age
from registry.batch_numbers import read_batch
from registry.choices import AccessAction, Kind, Sex, Status
from registry.entry.infusions.ages import follow_date, refuse_age
from registry.entry.infusions.ages_by_number import CONTRADICTED, WITHOUT_NUMBER
from registry.entry.infusions.batches import refuse_number_of, refuse_registered_number
from registry.entry.infusions.columns import CORRECTABLE, STORED
from registry.entry.infusions.doubts import draft_of, follow_doubts, read_doubts
from registry.entry.infusions.lists import read_lists_again
from registry.entry.infusions.visible_course import Course, read_course
from registry.entry.locks import lock_entry
from registry.entry.patients.locked import fill_sex, lock_known_patient, lock_patient
from registry.entry.patients.moved_away import refuse_moved
from registry.entry.publish_request import announce_change
from registry.entry.reasons import check_reason
from registry.errors import ChangedMeanwhile, InfusionRefused, KnownElsewhere, NotFound, Problem
from registry.infusion_input import InfusionInput
from registry.models import Infusion, Patient
from registry.models.access_log import log_infusions
from registry.order import Step
from registry.rules import (
    check_age_by_birth_year,
    check_input,
    classify,
    complete_input,
    doubt_sex,
    refuse_taken_place,
)

DATE = {"infused_on", "date_precision"}
AGE = DATE | {"age_at_infusion"}
TOGETHER = AGE | {"centre"}  # by which the ages of one person are held against each other
ABOUT_AGE = {CONTRADICTED, WITHOUT_NUMBER}  # answered by an age that is stated anew
SAME_INFUSION = DATE | {"sequence", "product"}  # of one person
DECIDES_ORDER = {"kind", "infused_on", "date_precision", "sequence"}


def record_infusion(
    *,
    draft: InfusionInput,
    by: Actor,
    patient: Patient | None = None,
    reason: str = "",
    former_first_becomes: Kind | None = None,
    confirmed: Collection[str] = (),
) -> Infusion:
    """Store one submitted infusion with its history row, and mark the statistics as behind.

    patient: whose it is, where the draft has no identifier: someone whom the actor's centre knows.
    former_first_becomes answers KindUnclear: this infusion is the first, and the one recorded as
    such so far becomes a further dose or a reinfusion. What is improbable is stored, and a rule
    asks about it (questions.py); confirmed: codes that the actor has seen and confirmed.

    Raises InfusionRefused with every problem, KindUnclear when the date falls before the
    patient's recorded first infusion, PatientRefused, NotPermitted, NotFound for a person who is
    not known at a centre of the actor's.
    """
    require(by, Permission.WRITE_RECORDS, centre=draft.centre.pk)
    draft = replace(draft)  # the caller's stays as it was given
    complete_input(draft)
    refuse_registered_number(draft.batch, by)
    with acting_as(by, reason=check_reason(reason, needed=False)):
        lock_entry()
        draft = replace(draft, **read_lists_again(vars(draft)))
        warnings = refuse_impossible(draft, birth_year=patient.birth_year if patient else None)
        patient = lock_known_patient(patient, by) if patient else lock_patient(draft)
        course, before = read_course(patient, by), read_doubts([patient.pk])
        refuse_age(draft, patient, course)
        fill_sex(patient, draft, by=by)
        if former_first_becomes:
            _change_former_first(course, draft, former_first_becomes)
        kind, _doubts = classify(step=draft.step, others=course.steps, elsewhere=course.elsewhere)
        if course.elsewhere:
            refuse_moved(draft, patient, by)
        refuse_number_of(patient, draft.batch)
        infusion = Infusion.objects.create(
            patient=patient,
            status=Status.SUBMITTED,
            sex_stated=draft.sex or Sex.UNKNOWN,
            **{column.name: getattr(draft, column.name) for column in STORED} | {"kind": kind},
        )
        log_infusions(by=by, action=AccessAction.RECORD, infusions=[infusion])
        warnings += doubt_sex(draft.sex, course.sex)
        follow_doubts([patient.pk], before=before, by=by, stated=infusion, also=warnings, confirmed=confirmed)
        announce_change()
    return infusion


def correct_infusion(
    *, infusion_id: UUID, changes: Mapping[str, Any], by: Actor, reason: str, version: int | None = None
) -> Infusion:
    """Change fields of a submitted infusion; the person stays who it is.

    version: the one that the actor has seen (InfusionQuerySet.with_version), None for whichever.
    age_at_infusion stands in changes where somebody states it, for the date as it then is; a date that
    is corrected without it takes the age along, or asks for it (ages.follow_date).
    Raises NotFound alike for a missing and for another centre's infusion, ChangedMeanwhile,
    InfusionRefused, KindUnclear, NotPermitted for a move to a centre where the actor may not write,
    ReasonMissing.
    """
    unknown = set(changes) - set(CORRECTABLE)
    if unknown:
        raise ValueError(f"not correctable: {sorted(unknown)}")
    refuse_registered_number(changes.get("batch", ""), by)
    with acting_as(by, reason=check_reason(reason)):
        infusion = _lock_infusion(infusion_id, by, version)
        changes = {**changes, **read_lists_again(changes)}
        changed = {name for name in changes if getattr(infusion, name) != changes[name]}
        stored = Age(infusion.infused_on, infusion.date_precision, infusion.age_at_infusion)
        as_it_was, before = draft_of(infusion), read_doubts([infusion.patient_id])
        for name in changed:
            setattr(infusion, name, changes[name])
        require(by, Permission.WRITE_RECORDS, centre=infusion.centre_id)
        draft = draft_of(infusion)
        course = read_course(infusion.patient, by, without=infusion)
        if changed & DATE and "age_at_infusion" not in changes:
            refuse_impossible(draft, touched=changed)  # a date that cannot be has no age
            infusion.age_at_infusion = follow_date(draft, stored, infusion.patient, course)
            changed.add("age_at_infusion")
            draft = draft_of(infusion)
        birth_year = infusion.patient.birth_year if changed & AGE else None
        refuse_impossible(draft, birth_year=birth_year, touched=changed)
        if changed & TOGETHER:
            refuse_age(draft, infusion.patient, course)
        _refuse_change(as_it_was, draft, changed, course)
        if course.elsewhere and changed & SAME_INFUSION:
            refuse_moved(draft, infusion.patient, by)
        if "batch" in changed:
            refuse_number_of(infusion.patient, draft.batch)
        if changed:
            infusion.save(update_fields=changed)
            log_infusions(by=by, action=AccessAction.CORRECT, infusions=[infusion])
            answered = ABOUT_AGE if "age_at_infusion" in changes else ()
            follow_doubts([infusion.patient_id], before=before, by=by, stated=infusion, answered=answered)
            announce_change()
    return infusion


def withdraw_infusion(*, infusion_id: UUID, by: Actor, reason: str, version: int | None = None) -> Infusion:
    """Take a submitted infusion out of all counts; it stays, with its history.

    The person's next infusion becomes the entry wherever this one was (COUNTING.md, case 2).
    Raises NotFound, ChangedMeanwhile, ReasonMissing.
    """
    with acting_as(by, reason=check_reason(reason)):
        infusion = _lock_infusion(infusion_id, by, version)
        before = read_doubts([infusion.patient_id])
        infusion.status = Status.WITHDRAWN
        infusion.save(update_fields=["status"])
        log_infusions(by=by, action=AccessAction.WITHDRAW, infusions=[infusion])
        follow_doubts([infusion.patient_id], before=before, by=by)
        announce_change()
    return infusion


def _lock_infusion(infusion_id: UUID, by: Actor, version: int | None) -> Infusion:
    """The submitted infusion in the version asked for, its person locked until the commit.

    Raises NotFound, ChangedMeanwhile.
    """
    lock_entry()
    visible = Infusion.objects.visible_to(by, Permission.WRITE_RECORDS).with_version()
    visible = visible.filter(pk=infusion_id, status=Status.SUBMITTED)
    infusion = visible.first()
    # While we waited for the lock the infusion may have changed, or its person have been merged.
    while infusion:
        Patient.objects.select_for_update().filter(pk=infusion.patient_id).first()
        before, infusion = infusion.patient_id, visible.first()
        if infusion and infusion.patient_id == before:
            if version is not None and infusion.version != version:
                raise ChangedMeanwhile
            return infusion
    raise NotFound(_("There is no such registered infusion."))


def _refuse_change(stored: InfusionInput, draft: InfusionInput, changed: Collection[str], course: Course) -> None:
    """Raise what refuses a corrected infusion its place.

    What was left as it is, is not judged anew: a course that waits for the steward can be corrected, and so
    can the date of a further dose that a withdrawal has left alone.
    """
    if DECIDES_ORDER.intersection(changed):
        try:
            classify(step=draft.step, others=course.steps, elsewhere=course.elsewhere)
        except KnownElsewhere:
            raise
        except InfusionRefused as refused:
            if "kind" in changed or not _is_refused(stored.step, course, refused.code):
                raise
        return
    if "centre" in changed:
        refuse_taken_place(draft.step, course.steps)
    if "product" in changed:
        refuse_taken_place(draft.step, [step for step in course.steps if step.product == draft.step.product])


def _is_refused(step: Step, course: Course, code: str) -> bool:
    """Whether an infusion would be refused with this code if it were entered as it stands."""
    try:
        classify(step=step, others=course.steps, elsewhere=course.elsewhere)
    except InfusionRefused as refused:
        return refused.code == code
    return False


def _change_former_first(course: Course, draft: InfusionInput, becomes: Kind) -> None:
    """Make the recorded first what the clinic now says it is; where others know the person, nothing."""
    first = next((one for one in course.infusions if one.kind == Kind.FIRST), None)
    if first is None or course.elsewhere or becomes == Kind.FIRST or draft.kind != Kind.FIRST:
        return
    first.kind = becomes
    first.save(update_fields=["kind"])


def refuse_impossible(
    draft: InfusionInput, *, birth_year: int | None = None, touched: Collection[str] | None = None
) -> list[Problem]:
    """What is improbable in one infusion; raises InfusionRefused with all that is impossible.

    birth_year: the person's, where the draft has no identifier. touched: what a correction changes
    (rules.check_input).
    """
    problems = check_input(draft, touched=touched)
    if contradiction := check_age_by_birth_year(draft, birth_year):
        problems.append(contradiction)
    if touched is None or "batch" in touched:
        _batch, taken = read_batch(
            draft.batch, infused_on=draft.infused_on, precision=draft.date_precision, own=draft.identifier
        )
        problems += [taken] if taken else []
    refusals = [problem for problem in problems if not problem.warning]
    if refusals:
        raise InfusionRefused(refusals)
    return problems
