"""Judging the rows of one person that a file brings, beside what the registry holds of the person."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from django.utils.translation import gettext as _

from registry.choices import DatePrecision, Kind, Sex, Status
from registry.errors import InfusionRefused, Problem
from registry.order import Order, Plan, Step
from registry.rules import classify, doubt_sex

KIND_STAYS = "kind_stays"
MOST_INFUSIONS = 100  # of one person; far above any course, and it bounds the work of a hostile file


class CourseRow(NamedTuple):
    """One infusion of a person: stored (line is None) or in the file (status is None)."""

    patient: int
    elsewhere: bool  # the person is in the registry at centres where whoever imports may not write
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
        """By which two rows are the same infusion of a person."""
        return self.infused_on, self.date_precision, self.sequence, self.product

    @property
    def step(self) -> Step:
        """The row in the person's course; one that leaves its kind open has none."""
        kind = Kind(self.kind) if self.kind else None
        return Step(
            self.infused_on, self.sequence, kind, self.product, self.date_precision,
            indication=self.indication, plan=self.plan,
        )  # fmt: skip


class Verdict(NamedTuple):
    """What is to become of one row of the file."""

    line: int
    kind: Kind | None  # None where the row is not new
    problems: Sequence[Problem]


def judge_course(rows: Sequence[CourseRow]) -> Iterator[Verdict]:
    """A verdict a row of the file; rows are one person's: those of the file, and of the stored ones those
    that whoever imports may judge by.
    """
    if len(rows) > MOST_INFUSIONS:
        problem = Problem("patient_id", "too_many_infusions", _("The person has too many infusions."))
        yield from (Verdict(row.line, None, [problem]) for row in rows if row.line)
        return
    submitted = {row.what: row for row in rows if row.status == Status.SUBMITTED}
    withdrawn = [row for row in rows if row.status == Status.WITHDRAWN]
    course = [row.step for row in submitted.values()]
    # The stored person's, as far as whoever imports may know it.
    known_sex: str = next((row.sex for row in rows if row.status), Sex.UNKNOWN)
    said: set[tuple] = set()  # by earlier lines of the file, whether stored already or new
    for row in _put_in_order(rows):
        if row.line is None:
            continue
        if row.what in said:
            sentence = _("This infusion is in the file twice.")
            yield Verdict(row.line, None, [Problem("patient_id", "duplicate", sentence)])
            continue
        said.add(row.what)
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
            known_sex = row.sex  # storing fills it in likewise (staging.py)
        try:
            kind, found = classify(step=row.step, others=course, elsewhere=row.elsewhere)
        except InfusionRefused as refused:
            kind, found = row.step.kind or Kind.REINFUSION, list(refused.problems)
        # A refused row keeps its place, so that the next row is not blamed for its fault.
        course.append(row.step._replace(kind=kind))
        yield Verdict(row.line, kind, [*doubts, *found])


def judge_alone(stated: Kind | None) -> Verdict:
    """The verdict on a person's only infusion, which depends on nothing but its stated kind."""
    only = CourseRow(0, False, date.min, DatePrecision.DAY, 1, 1, None, stated, "", Sex.UNKNOWN, Plan(), "", ())
    [verdict] = judge_course([only])
    return verdict


def _compare(row: CourseRow, stored: CourseRow) -> list[Problem]:
    """What is to be said of a row of the file that is stored already."""
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
    """Whether a row of the file says in every detail what is stored; kind may be left open."""
    same = (row.what, row.details) == (stored.what, stored.details)
    return same and row.kind in {None, stored.kind}


def _is_settled_as(row: CourseRow, stored: CourseRow) -> bool:
    """Whether nothing but the kind differs, and no clinic can make it agree: others know the person too."""
    if not row.elsewhere or not row.kind or Kind.FIRST not in {row.kind, stored.kind}:
        return False
    return (row.what, row.details) == (stored.what, stored.details)


def _put_in_order(rows: Sequence[CourseRow]) -> list[CourseRow]:
    """The rows as they are judged: in the order of the course that is to be, a stored row before its like."""
    if len(rows) == 1:
        return list(rows)
    order = Order(row.step for row in rows if row.status != Status.WITHDRAWN)
    return sorted(rows, key=lambda row: (order.place(row.step), row.line or 0))
