"""Recording, correcting and withdrawing one infusion, each in one transaction with its history."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from registry.access import Actor, Permission, acting_as, open_persons, require
from registry.ages import Age, contradicts
from registry.choices import AccessAction, Kind, Sex, Status
from registry.entry.infusions.ages import follow_date
from registry.entry.infusions.ages_by_number import ABOUT_AGE, BEFORE_BIRTH
from registry.entry.infusions.assess import DATE, assess, assess_change, refuse_impossible
from registry.entry.infusions.batch_checks import refuse_registered_number
from registry.entry.infusions.columns import CORRECTABLE, STORED
from registry.entry.infusions.doubts import (
    as_stated,
    ask_rows,
    fill_rows,
    follow_doubts,
    judge_courses,
    read_doubts,
)
from registry.entry.infusions.kept_lists import KeptLists, ask_version, lists_of
from registry.entry.infusions.lists import list_changed, read_lists_again
from registry.entry.infusions.visible_course import Course, read_course
from registry.entry.locks import lock_entry
from registry.entry.patients.locked import fill_sex, lock_and_ask, lock_known_patient
from registry.entry.publish_request import announce_change
from registry.entry.reasons import check_reason
from registry.errors import ChangedMeanwhile, NotFound
from registry.infusion_input import InfusionInput
from registry.infusion_rules import complete_input
from registry.models import Infusion, Patient
from registry.models.access_log import log_infusions
from registry.models.by_hand import store_later
from swecar.postgresql.together import Waiting


def record_infusion(
    *,
    stated: InfusionInput,
    by: Actor,
    patient: Patient | None = None,
    former_first_becomes: Kind | None = None,
    confirmed: Collection[str] = (),
    expect_new: bool = False,
    read_by: KeptLists | None = None,
) -> Infusion:
    """Store one submitted infusion with its history row, and mark the statistics as behind.

    patient: the person, if no identifier is stated; known at a centre of the actor's. former_first_becomes
    answers KindUnclear: this infusion is the first, and the recorded first becomes a further dose or a reinfusion.
    Infusions with warnings are stored, and a rule asks about them (questions.py); confirmed: codes of warnings
    that the actor has confirmed. expect_new: where the look-up has found nobody. read_by: the lists by which
    `stated` was read, unless they were read for it: it is refused where they have changed since.

    Raises InfusionRefused with every problem, KindUnclear when the date is before the patient's recorded first
    infusion, PatientRefused, NotPermitted, NotFound for a person unknown to the actor's centres.
    """
    require(by, Permission.WRITE_RECORDS, centre=stated.centre.pk)
    stated = replace(stated)  # so that the caller's is not changed
    complete_input(stated)
    refuse_registered_number(stated.batch, by)
    with acting_as(by):
        lock_entry()
        version = ask_version()
        patient, asked = _lock(stated, patient, by, expect_new=expect_new)
        lists = lists_of(version)
        if read_by and read_by is not lists:
            raise list_changed("")
        stated = replace(stated, **read_lists_again(vars(stated), lists))
        rows = fill_rows(asked, lists) if asked else []
        # Without the doubts about batches, of which a new infusion takes none away.
        course = read_course(patient, by, rows=rows, stated=stated.identifier)
        before = judge_courses(rows)
        found = assess(
            stated=stated, by=by, patient=patient, course=course, former_first_becomes=former_first_becomes
        )
        if found.question:
            raise found.question
        if found.former_first and former_first_becomes:
            found.former_first.kind = former_first_becomes
            found.former_first.save(update_fields=["kind"])
        infusion = store_infusion(stated=replace(stated, kind=found.kind), patient=patient, by=by)
        follow_doubts(
            [patient.pk],
            before=before,
            by=by,
            changed=[infusion],
            rows=[*rows, infusion],
            also=[*found.alone, *found.of_sex],
            confirmed=confirmed,
        )
        announce_change()
    return infusion


def _lock(
    stated: InfusionInput, patient: Patient | None, by: Actor, *, expect_new: bool
) -> tuple[Patient, Waiting | None]:
    """The person, locked, and their infusions as they were asked for; None of a new one."""
    if patient:
        locked = lock_known_patient(patient, by)
        return locked, ask_rows([locked.pk])
    return lock_and_ask(stated, ask=lambda key: ask_rows([key]), expect_new=expect_new)


def store_infusion(*, stated: InfusionInput, patient: Patient, by: Actor) -> Infusion:
    """Store an infusion that was judged under the lock as a submitted one of a locked person."""
    fill_sex(patient, stated, by=by)
    infusion = Infusion(
        patient=patient,
        status=Status.SUBMITTED,
        sex_stated=stated.sex or Sex.UNKNOWN,
        created_at=timezone.now(),
        **{column.name: getattr(stated, column.name) for column in STORED},
    )
    store_later(infusion)
    log_infusions(by=by, action=AccessAction.RECORD, infusions=[infusion])
    return infusion


def correct_infusion(
    *,
    infusion_id: UUID,
    changes: Mapping[str, Any],
    by: Actor,
    reason: str,
    version: int | None = None,
    permission: Permission = Permission.WRITE_RECORDS,
) -> Infusion:
    """Change fields of a submitted infusion; the person cannot be changed.

    permission: the one by which the actor may (correct_for_clinic tells the clinic too). version: the version that
    the actor has seen (InfusionQuerySet.with_version), None for any. changes has
    age_at_infusion only if it was stated for the new date; if a date is corrected without it, the age is derived
    or asked for (ages.follow_date). Raises NotFound (also for another centre's infusion), ChangedMeanwhile,
    InfusionRefused, KindUnclear, NotPermitted for a move to a centre where the actor may not write, ReasonMissing.
    """
    unknown = set(changes) - set(CORRECTABLE)
    if unknown:
        raise ValueError(f"not correctable: {sorted(unknown)}")
    refuse_registered_number(changes.get("batch", ""), by)
    with acting_as(by, reason=check_reason(reason)):
        infusion = _lock_infusion(infusion_id, by, version, permission)
        changes = {**changes, **read_lists_again(changes)}
        changed = {name for name in changes if getattr(infusion, name) != changes[name]}
        stored, before = as_stated(infusion), read_doubts([infusion.patient_id])
        for name in changed:
            setattr(infusion, name, changes[name])
        require(by, permission, centre=infusion.centre_id)
        course = read_course(infusion.patient, by, without=infusion, permission=permission)
        if changed & DATE and "age_at_infusion" not in changes:
            _take_age_along(infusion, stored, changed, course)
            changed.add("age_at_infusion")
        assess_change(
            stored=stored,
            stated=as_stated(infusion),
            changed=changed,
            by=by,
            patient=infusion.patient,
            course=course,
        )
        if changed:
            infusion.save(update_fields=changed)
            log_infusions(by=by, action=AccessAction.CORRECT, infusions=[infusion])
            announce_change()
        answered = _find_answered(infusion, changed, changes)
        if changed or answered:
            follow_doubts([infusion.patient_id], before=before, by=by, changed=[infusion], answered=answered)
    return infusion


def _find_answered(infusion: Infusion, changed: Collection[str], stated: Collection[str]) -> set[str]:
    """The codes of questions that a correction answers: also by stating the same age again, if it is possible."""
    answered = {BEFORE_BIRTH} if DATE.intersection(changed) else set()
    age = Age(infusion.infused_on, infusion.date_precision, infusion.age_at_infusion)
    if "age_at_infusion" in stated and not contradicts(age, (), infusion.patient.birth_year):
        answered |= ABOUT_AGE
    return answered


def _take_age_along(infusion: Infusion, stored: InfusionInput, changed: Collection[str], course: Course) -> None:
    """Set the age of an infusion with a new date, unless it was stated again."""
    stated = as_stated(infusion)
    refuse_impossible(stated, touched=changed)  # no age can be derived for an impossible date
    age = Age(stored.infused_on, stored.date_precision, infusion.age_at_infusion)
    infusion.age_at_infusion = follow_date(stated, age, infusion.patient, course)


def withdraw_infusion(*, infusion_id: UUID, by: Actor, reason: str, version: int | None = None) -> Infusion:
    """Take a submitted infusion out of all counts; the row stays, with its history.

    Where it was the person's first in a cell, the next infusion becomes the first (COUNTING.md, case 2).
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


def _lock_infusion(
    infusion_id: UUID, by: Actor, version: int | None, permission: Permission = Permission.WRITE_RECORDS
) -> Infusion:
    """The submitted infusion in the given version, with its person locked until the commit.

    Raises NotFound, ChangedMeanwhile.
    """
    lock_entry()
    visible = Infusion.objects.visible_to(by, permission).with_version()
    visible = visible.filter(pk=infusion_id, status=Status.SUBMITTED)
    infusion = visible.first()
    # While waiting for the lock, the infusion may have changed, or its person been merged.
    while infusion:
        Patient.objects.select_for_update().filter(pk=infusion.patient_id).first()
        before, infusion = infusion.patient_id, visible.first()
        if infusion and infusion.patient_id == before:
            open_persons([before])
            if version is not None and infusion.version != version:
                raise ChangedMeanwhile
            return infusion
    raise NotFound(_("There is no such registered infusion."))
