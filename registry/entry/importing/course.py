"""Judging the rows of one person in a file, together with the person's stored infusions."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from django.utils.translation import gettext as _

from registry.choices import DatePrecision, Kind, Sex, Status
from registry.course_kinds import classify
from registry.course_order import Order, Plan, Step
from registry.errors import InfusionRefused, Problem
from registry.infusion_rules import doubt_sex

KIND_STAYS = "kind_stays"
MOST_INFUSIONS = 100  # per person: far above any real course, and a bound on the cost of a hostile file


class CourseRow(NamedTuple):
    """One infusion of a person: stored (line is None) or in the file (status is None)."""

    patient: int
    elsewhere: bool  # the person has infusions at centres where the actor may not write
    infused_on: date
    date_precision: DatePrecision
    sequence: int
    line: int | None
    status: str | None
    kind: str | None
    product: str
    sex: str
    plan: Plan
    indication: str
    details: tuple

    @property
    def what(self) -> tuple[date, DatePrecision, int, str]:
        """What makes two rows the same infusion of a person."""
        return self.infused_on, self.date_precision, self.sequence, self.product

    @property
    def step(self) -> Step:
        """The row as a step in the person's course; its kind is None if not stated."""
        kind = Kind(self.kind) if self.kind else None
        return Step(
            self.infused_on, self.sequence, kind, self.product, self.date_precision,
            indication=self.indication, plan=self.plan,
        )  # fmt: skip


class Verdict(NamedTuple):
    """The decision on one row of the file."""

    line: int
    kind: Kind | None  # None where the row is not new
    problems: Sequence[Problem]


def judge_course(rows: Sequence[CourseRow]) -> Iterator[Verdict]:
    """One verdict per row of the file.

    rows: one person's, from the file and from the stored infusions at centres where the actor may write.
    """
    if len(rows) > MOST_INFUSIONS:
        problem = Problem("patient_id", "too_many_infusions", _("The person has too many infusions."))
        yield from (Verdict(row.line, None, [problem]) for row in rows if row.line)
        return
    submitted = {row.what: row for row in rows if row.status == Status.SUBMITTED}
    withdrawn = [row for row in rows if row.status == Status.WITHDRAWN]
    course = [row.step for row in submitted.values()]
    # The stored person's sex, if the actor may know it.
    known_sex: str = next((row.sex for row in rows if row.status), Sex.UNKNOWN)
    seen: set[tuple] = set()  # on earlier lines of the file, already stored or new
    for row in _put_in_order(rows):
        if row.line is None:
            continue
        if row.what in seen:
            sentence = _("This infusion is in the file twice.")
            yield Verdict(row.line, None, [Problem("patient_id", "duplicate", sentence)])
            continue
        seen.add(row.what)
        if row.what in submitted:
            yield Verdict(row.line, None, _compare(row, submitted[row.what]))
            continue
        if any(_is_the_same(row, other) or _is_settled_as(row, other) for other in withdrawn):
            sentence = _(
                "This infusion was withdrawn in the registry, and a file does not store it again. If it was "
                "withdrawn by mistake, register it again in the form."
            )
            yield Verdict(row.line, None, [Problem("patient_id", "withdrawn_before", sentence, True)])
            continue
        doubts = doubt_sex(row.sex, known_sex)
        if known_sex == Sex.UNKNOWN:
            known_sex = row.sex  # storing fills it in the same way (staging.py)
        try:
            kind, found = classify(step=row.step, others=course, elsewhere=row.elsewhere)
        except InfusionRefused as refused:
            kind, found = row.step.kind or Kind.REINFUSION, list(refused.problems)
        # A refused row keeps its position, so that the next row is not blamed for its fault.
        course.append(row.step._replace(kind=kind))
        yield Verdict(row.line, kind, [*doubts, *found])


def judge_alone(stated: Kind | None) -> Verdict:
    """The verdict on a person's only infusion, which depends only on its stated kind."""
    only = CourseRow(0, False, date.min, DatePrecision.DAY, 1, 1, None, stated, "", Sex.UNKNOWN, Plan(), "", ())
    [verdict] = judge_course([only])
    return verdict


def _compare(row: CourseRow, stored: CourseRow) -> list[Problem]:
    """The problems of a row of the file that is already stored."""
    if _is_the_same(row, stored):
        return []
    if _is_settled_as(row, stored):
        sentence = _(
            "This infusion is stored already, and not as %(kind)s: which one was the first is for the registry's "
            "steward to settle."
        )
        return [Problem("kind", KIND_STAYS, sentence % {"kind": Kind(row.kind or "").label.lower()}, True)]
    sentence = _(
        "The same infusion (person, date, sequence, product) is stored with other details: "
        "correct it in the registry."
    )
    return [Problem("patient_id", "duplicate", sentence)]


def _is_the_same(row: CourseRow, stored: CourseRow) -> bool:
    """Whether a row of the file equals the stored infusion; its kind may be unstated."""
    same = (row.what, row.details) == (stored.what, stored.details)
    return same and row.kind in {None, stored.kind}


def _is_settled_as(row: CourseRow, stored: CourseRow) -> bool:
    """Whether only the kind differs, and the clinic cannot correct it since other centres know the person too."""
    if not row.elsewhere or not row.kind or Kind.FIRST not in {row.kind, stored.kind}:
        return False
    return (row.what, row.details) == (stored.what, stored.details)


def _put_in_order(rows: Sequence[CourseRow]) -> list[CourseRow]:
    """The rows in the order of the resulting course, a stored row before an equal row of the file."""
    if len(rows) == 1:
        return list(rows)
    order = Order(row.step for row in rows if row.status != Status.WITHDRAWN)
    return sorted(rows, key=lambda row: (order.place(row.step), row.line or 0))
