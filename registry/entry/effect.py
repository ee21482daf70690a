"""What a change to whole persons does to the published numbers, told before it is done.

Every measure of a cell is a sum over its persons (COUNTING.md, "Measures of a cell"), so the effect is
what these persons add afterwards less what they add now; nobody else has to be counted.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from registry.choices import Kind, Status
from registry.models import Infusion

MEASURES = ("patients", "infusions", "reinfusions", "further_doses")
NATION = ("", "")


@dataclass(frozen=True)
class Row:
    """One cell: centre and category by code, both empty for the nation; by measure, what it moves by."""

    centre: str
    category: str
    moves: dict[str, int]


@dataclass(frozen=True)
class Place:
    """What counting asks of a submitted infusion."""

    person: int
    centre: str
    category: str
    kind: str
    order: tuple

    def of(self, person: int) -> "Place":
        """The same as another person's."""
        return replace(self, person=person)

    def at(self, centre: str) -> "Place":
        """The same at another centre."""
        return replace(self, centre=centre)


def places_of(infusions: Iterable[Infusion]) -> list[Place]:
    """Of these, those that count; their centre should be selected already."""
    return [
        Place(one.patient_id, one.centre.code, one.category, one.kind, (one.infused_on, one.sequence))
        for one in infusions
        if one.status == Status.SUBMITTED
    ]


def compare(before: Sequence[Place], after: Sequence[Place]) -> list[Row]:
    """The cells whose numbers move, the nation first."""
    then, now = _count(before), _count(after)
    rows = []
    for cell in sorted({cell for cell, _measure in (*then, *now)}):
        moves = {measure: now[cell, measure] - then[cell, measure] for measure in MEASURES}
        if any(moves.values()):
            rows.append(Row(*cell, moves))
    return rows


def _count(places: Sequence[Place]) -> Counter[tuple[tuple[str, str], str]]:
    """By cell and measure: centre × category, the centre as a whole, and the nation."""
    counted: Counter[tuple[tuple[str, str], str]] = Counter()
    for _person, theirs in groupby(sorted(places, key=lambda one: one.person), key=lambda one: one.person):
        entered = set()
        for place in sorted(theirs, key=lambda one: one.order):
            for cell in (NATION, (place.centre, ""), (place.centre, place.category)):
                counted[cell, "infusions"] += 1
                if cell not in entered:
                    entered.add(cell)
                    counted[cell, "patients"] += 1
                else:
                    further = place.kind == Kind.FURTHER_DOSE
                    counted[cell, "further_doses" if further else "reinfusions"] += 1
    return counted
