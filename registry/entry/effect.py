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
from registry.order import Order, Step

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
    step: Step

    def at(self, centre: str) -> "Place":
        """The same at another centre."""
        return replace(self, centre=centre, step=self.step._replace(centre=centre))


def places_of(infusions: Iterable[Infusion]) -> list[Place]:
    """Of these, those that count; their centre and product should be selected already."""
    return [
        Place(one.patient_id, one.centre.code, one.category, one.step)
        for one in infusions
        if one.status == Status.SUBMITTED
    ]


def as_one(places: Iterable[Place], person: int) -> list[Place]:
    """The same as one person's: a first that is not the earliest was a reinfusion."""
    course = _put_in_order(replace(place, person=person) for place in places)
    return course[:1] + [_not_first(place) for place in course[1:]]


def compare(before: Sequence[Place], after: Sequence[Place]) -> list[Row]:
    """The cells whose numbers move, the nation first."""
    then, now = _count(before), _count(after)
    rows = []
    for cell in sorted({cell for cell, _measure in (*then, *now)}):
        moves = {measure: now[cell, measure] - then[cell, measure] for measure in MEASURES}
        if any(moves.values()):
            rows.append(Row(*cell, moves))
    return rows


def print_effect(places: Iterable[Place], rows: Iterable[Row]) -> str:
    """Where the persons stand and the effect, as a page carries them, to be compared with what they are when
    the page comes back: a cell that the effect leaves as it is was shown too.
    """
    cells = Counter((place.centre, place.category) for place in places)
    stand = ",".join(f"{centre} {category} {number}" for (centre, category), number in sorted(cells.items()))
    moves = ";".join(
        f"{row.centre} {row.category} " + ",".join(str(row.moves[measure]) for measure in MEASURES) for row in rows
    )
    return f"{stand};{moves}"


def _not_first(place: Place) -> Place:
    return (
        replace(place, step=place.step._replace(kind=Kind.REINFUSION)) if place.step.kind == Kind.FIRST else place
    )


def _put_in_order(places: Iterable[Place]) -> list[Place]:
    """One person's places, the earliest first."""
    course = list(places)
    order = Order(place.step for place in course)
    return sorted(course, key=lambda place: order.place(place.step))


def _count(places: Sequence[Place]) -> Counter[tuple[tuple[str, str], str]]:
    """By cell and measure: centre × category, the centre as a whole, and the nation."""
    counted: Counter[tuple[tuple[str, str], str]] = Counter()
    for _person, theirs in groupby(sorted(places, key=lambda one: one.person), key=lambda one: one.person):
        entered = set()
        for place in _put_in_order(theirs):
            for cell in (NATION, (place.centre, ""), (place.centre, place.category)):
                counted[cell, "infusions"] += 1
                if cell not in entered:
                    entered.add(cell)
                    counted[cell, "patients"] += 1
                else:
                    further = place.step.kind == Kind.FURTHER_DOSE
                    counted[cell, "further_doses" if further else "reinfusions"] += 1
    return counted
