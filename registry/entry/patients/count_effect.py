"""What a change to whole persons does to the published numbers, told before it is done.

The effect is told of the measures of a cell that are sums over its persons (COUNTING.md, "Measures of a
cell"): what these persons add afterwards less what they add now; nobody else has to be counted. The earliest
date and the number of products of a cell depend on everyone else in it: what these persons bring to them is
compared (print_effect), and shown as their infusions.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from django.utils.translation import gettext_noop

from registry.choices import Kind, Status
from registry.errors import RegistryError
from registry.models import Infusion
from registry.order import Order, Step
from registry.rules import CHILD_BELOW

MEASURES = ("patients", "infusions", "reinfusions", "further_doses", "children")
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
    age: int

    def at(self, centre: str) -> "Place":
        """The same at another centre."""
        return replace(self, centre=centre, step=self.step._replace(centre=centre))


def places_of(infusions: Iterable[Infusion]) -> list[Place]:
    """Of these, those that count; their centre and product should be selected already."""
    return [
        Place(one.patient_id, one.centre.code, one.category, one.step, one.age_at_infusion)
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
    """What the persons bring to each cell and the effect, as a page carries them, to be compared with what they
    are when the page comes back: a cell that the effect leaves as it is was shown too.
    """
    cells = defaultdict(list)
    for place in places:
        cells[place.centre, place.category].append(place)
    stand = [
        (cell, len(theirs), sorted({place.step.product for place in theirs}), _entries(theirs))
        for cell, theirs in sorted(cells.items())
    ]
    moves = [(row.centre, row.category, [row.moves[measure] for measure in MEASURES]) for row in rows]
    return hashlib.sha256(repr((stand, moves)).encode()).hexdigest()


def _entries(places: Sequence[Place]) -> list[str]:
    """Where each person enters the cell of these, as it is printed."""
    first = [_put_in_order(theirs)[0].step for theirs in _by_person(places)]
    return sorted(f"{step.infused_on} {step.date_precision}" for step in first)


def _by_person(places: Iterable[Place]) -> list[list[Place]]:
    def person(place: Place) -> int:
        return place.person

    return [list(theirs) for _person, theirs in groupby(sorted(places, key=person), key=person)]


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
    for theirs in _by_person(places):
        entered = set()
        for place in _put_in_order(theirs):
            for cell in (NATION, (place.centre, ""), (place.centre, place.category)):
                counted[cell, "infusions"] += 1
                if cell not in entered:
                    entered.add(cell)
                    counted[cell, "patients"] += 1
                    counted[cell, "children"] += place.age < CHILD_BELOW
                else:
                    further = place.step.kind == Kind.FURTHER_DOSE
                    counted[cell, "further_doses" if further else "reinfusions"] += 1
    return counted


class EffectChanged(RegistryError):
    sentence = gettext_noop("The records have changed meanwhile, and with them the effect: look at it again.")
    code = "effect_changed"


def refuse_other_effect(seen: str | None, places: Sequence[Place], rows: Sequence[Row]) -> None:
    """Raise EffectChanged where the persons' cells, or the effect on the numbers, are not what the actor has seen.

    seen: as print_effect wrote it on the page; None where nothing was shown.
    """
    if seen is not None and seen != print_effect(places, rows):
        raise EffectChanged
