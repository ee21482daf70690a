"""Correcting fields of several infusions at once: all or none, each judged as if it were corrected alone."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from registry.access import Actor, Permission, acting_as, centres_where, open_persons, reading_as
from registry.choices import AccessAction, Status
from registry.entry.infusions.assess import assess_change
from registry.entry.infusions.columns import RELATED
from registry.entry.infusions.doubts import as_stated, follow_doubts, judge_courses, read_doubts
from registry.entry.infusions.kept_lists import read_lists
from registry.entry.infusions.lists import read_lists_again
from registry.entry.infusions.visible_course import Course
from registry.entry.locks import lock_entry
from registry.entry.patients.count_effect import EffectChanged, Row, compare, places_of
from registry.entry.publish_request import announce_change
from registry.entry.reasons import check_reason
from registry.errors import ChangedMeanwhile, InfusionRefused, NotFound, Problem, RegistryError
from registry.models import Infusion, Patient
from registry.models.access_log import log_infusions
from registry.models.infusion import order_course
from registry.models.keys import unnest

MOST_ROWS = 100
# Fields that may well be the same for many persons, and the dimensions of the counts that they give. Never the
# person; and of one infusion alone are its batch, which is made for one person, its day, age, kind and sequence.
FIELDS: dict[str, tuple[str, ...]] = {
    "category": (),  # the map has it
    "trial": ("trial",),
    "product": ("product", "modality"),
    "indication": ("indication",),
    "manufacturing_site": ("manufacturing_site",),
}
Versions = Mapping[UUID, int | None]  # by infusion; None: as it is now
Changes = Mapping[UUID, Mapping[str, Any]]  # the new values by infusion


class TooManyRows(RegistryError):
    sentence = "Too many infusions to correct at once."
    code = "too_many_rows"

    def __init__(self, number: int):
        sentence = _(
            "At most %(most)s infusions can be corrected at once, and these are %(number)s: filter the list."
        )
        super().__init__(sentence % {"most": MOST_ROWS, "number": number})


@dataclass(frozen=True)
class Corrected:
    """One of the infusions as it would be."""

    infusion: Infusion
    version: int  # the stored one's
    before: Mapping[str, Any]  # the values that change, by field
    doubts: Sequence[Problem]  # that a rule would ask about


@dataclass(frozen=True)
class Correction:
    """What a correction of several infusions would do. effect: on the published numbers of their centres, since a
    nation's tables depend on rows that the actor may not see; the nation's totals stay as they are.
    """

    rows: Sequence[Corrected]
    effect: Sequence[Row]
    seen: str  # a fingerprint of all of it, sent with the page and compared when its form is submitted

    @property
    def changed(self) -> list[Infusion]:
        """The infusions with another value than before."""
        return [row.infusion for row in self.rows if row.before]


def preview_correction(*, rows: Versions, changes: Mapping[str, Any], by: Actor) -> Correction:
    """What `correct_several` would do; nothing is stored. Raises what it raises."""
    _check(rows, changes)
    with reading_as(by):
        return _judge(_read_chosen(rows, by), dict.fromkeys(rows, changes), by)


def correct_several(
    *, rows: Versions, changes: Mapping[str, Any], by: Actor, reason: str, seen: str
) -> Sequence[Infusion]:
    """Change the same fields of several submitted infusions, or of none; returns those that changed.

    rows: with the versions that the actor has seen. seen: the fingerprint of the preview. Raises NotFound (also
    for another centre's infusion), InfusionRefused with the problems of every infusion, also of one that has
    changed since, EffectChanged, TooManyRows, ReasonMissing.
    """
    _check(rows, changes)
    with acting_as(by, reason=check_reason(reason)):
        return _correct(rows, dict.fromkeys(rows, changes), by, seen=seen)


def correct_each(*, rows: Versions, changes: Changes, by: Actor, reason: str) -> Sequence[Infusion]:
    """Change several submitted infusions, each to values of its own, or none of them; by infusion.

    Nothing has been previewed: for an undoing. Raises NotFound, InfusionRefused as correct_several does.
    """
    with acting_as(by, reason=reason):
        return _correct(rows, changes, by, seen=None)


def _correct(rows: Versions, changes: Changes, by: Actor, *, seen: str | None) -> Sequence[Infusion]:
    """Judge and store the corrections; the caller's transaction is the actor's."""
    lock_entry()
    _lock_persons(rows, by)
    lists = read_lists()
    changes = {key: {**one, **read_lists_again(one, lists)} for key, one in changes.items()}
    chosen = _read_chosen(rows, by)
    before = read_doubts(_persons_of(chosen))
    found = _judge(chosen, changes, by)
    if seen not in {None, found.seen}:
        raise EffectChanged
    if changed := found.changed:
        for keys, values in _group({infusion.pk: changes[infusion.pk] for infusion in changed}):
            Infusion.objects.filter(pk__in=keys).update(**values)
        log_infusions(by=by, action=AccessAction.CORRECT, infusions=changed)
        follow_doubts(_persons_of(changed), before=before, by=by, changed=changed)
        announce_change()
    return changed


def _group(changes: Changes) -> Iterator[tuple[list[UUID], Mapping[str, Any]]]:
    """The infusions that become alike, with what they become: a statement for each."""
    alike = defaultdict[tuple, list[UUID]](list)
    for key, values in changes.items():
        alike[_identify(values)].append(key)
    for keys in alike.values():
        yield keys, changes[keys[0]]


def _identify(values: Mapping[str, Any]) -> tuple:
    return tuple(sorted((name, str(getattr(value, "pk", value))) for name, value in values.items()))


def _check(rows: Versions, changes: Mapping[str, Any]) -> None:
    if unknown := set(changes) - set(FIELDS):
        raise ValueError(f"not to be corrected for several infusions: {sorted(unknown)}")
    if len(rows) > MOST_ROWS:
        raise TooManyRows(len(rows))


def _lock_persons(rows: Versions, by: Actor) -> None:
    """Lock the persons until the commit, in the order of their keys, so that two corrections cannot block each
    other. One who is merged meanwhile changes the infusion's version.
    """
    visible = Infusion.objects.visible_to(by, Permission.WRITE_RECORDS).filter(pk__in=list(rows))
    persons = sorted(set(visible.values_list("patient_id", flat=True)))
    open_persons(persons)
    list(Patient.objects.select_for_update().filter(pk__in=persons).order_by("pk").values_list("pk"))


def _read_chosen(rows: Versions, by: Actor) -> list[Any]:
    """The infusions with their versions. Raises NotFound, and InfusionRefused with those that have changed."""
    visible = Infusion.objects.visible_to(by, Permission.WRITE_RECORDS).filter(pk__in=list(rows))
    chosen = list(visible.with_version().select_related("patient").order_by("-infused_on", "-sequence", "pk"))
    if len(chosen) < len(rows):
        raise NotFound
    changed = [one for one in chosen if one.status != Status.SUBMITTED or rows[one.pk] not in {None, one.version}]
    if changed:
        raise InfusionRefused([_name(one, _say_changed(one)) for one in changed])
    return chosen


def _say_changed(infusion: Infusion) -> Problem:
    if infusion.status != Status.SUBMITTED:
        return Problem("", ChangedMeanwhile.code, _("It is withdrawn."))
    return Problem("", ChangedMeanwhile.code, _("It has been changed since you chose it."))


def _name(infusion: Infusion, problem: Problem) -> Problem:
    """The problem, saying which infusion it is about."""
    which = _("Person %(number)s, %(day)s") % {
        "number": infusion.patient.registry_number,
        "day": infusion.written_on,
    }
    return Problem("", problem.code, f"{which}: {problem.sentence}", problem.warning)


def _persons_of(infusions: Sequence[Infusion]) -> list[int]:
    return sorted({infusion.patient_id for infusion in infusions})


def _judge(chosen: Sequence[Any], changes: Changes, by: Actor) -> Correction:
    """The chosen infusions as they would be, among their persons' others. Raises InfusionRefused."""
    versions, writable = {one.pk: one.version for one in chosen}, centres_where(by, Permission.WRITE_RECORDS)
    open_persons(_persons_of(chosen))
    theirs = Infusion.objects.counted().filter(patient__in=unnest(_persons_of(chosen)))
    rows = list(theirs.select_related(*RELATED).order_by("patient"))
    own = [row for row in rows if row.centre_id in writable]
    by_key = {row.pk: row for row in own}
    mine = [by_key[one.pk] for one in chosen]
    stored = {row.pk: as_stated(row) for row in mine}
    doubted, counted = judge_courses(rows), places_of(own)
    before = {row.pk: _change(row, changes[row.pk]) for row in mine}
    problems = [
        _name(row, problem)
        for row in mine
        for problem in _refusals(row, stored[row.pk], before[row.pk], rows, own, by)
    ]
    if problems:
        raise InfusionRefused(problems)
    doubts = judge_courses(rows)
    effect = compare(counted, places_of(own), tables=_tables(set().union(*changes.values())))
    corrected = [Corrected(row, versions[row.pk], before[row.pk], _new(row, doubted, doubts)) for row in mine]
    return Correction(corrected, effect, _print(corrected, changes, effect))


def _change(row: Infusion, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Set the values; returns the former ones of those that differ."""
    before = {name: getattr(row, name) for name in changes if getattr(row, name) != changes[name]}
    for name in before:
        setattr(row, name, changes[name])
    return before


def _refusals(
    row: Infusion, stored: Any, changed: Mapping, rows: Sequence[Infusion], own: Sequence[Infusion], by: Actor
) -> Sequence[Problem]:
    """The problems with which the correction of one of the infusions would be refused."""
    of_person = [other for other in own if other.patient_id == row.patient_id]
    elsewhere = len(of_person) < sum(other.patient_id == row.patient_id for other in rows)
    course = Course(order_course(other for other in of_person if other is not row), elsewhere)
    try:
        assess_change(
            stored=stored, stated=as_stated(row), changed=list(changed), by=by, patient=row.patient, course=course
        )
    except InfusionRefused as refused:
        return refused.problems
    return ()


def _new(row: Infusion, before: Mapping, after: Mapping) -> list[Problem]:
    known = before.get(row.pk, {})
    return [doubt for code, doubt in after.get(row.pk, {}).items() if code not in known]


def _tables(changes: Collection[str]) -> tuple[tuple[str, ...], ...]:
    """The tables that the changes may move, each by centre."""
    dimensions = [name for field in FIELDS if field in changes for name in FIELDS[field]]
    return (("centre",), ("centre", "category"), *(("centre", name) for name in dimensions))


def _print(rows: Sequence[Corrected], changes: Changes, effect: Sequence[Row]) -> str:
    chosen = sorted((str(row.infusion.pk), row.version, _identify(changes[row.infusion.pk])) for row in rows)
    moves = [(row.cell.by, row.cell.values, sorted(row.moves.items())) for row in effect]
    return hashlib.sha256(repr((chosen, moves)).encode()).hexdigest()
