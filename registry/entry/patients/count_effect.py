"""What a change to whole persons does to the published numbers, told before it is done.

It is told of every table of the map and of each dimension of the counts (TABLES), and of the measures of a cell
that are sums over its persons (COUNTING.md, "Measures of a cell"): what these persons add afterwards less what
they add now; nobody else has to be counted. The earliest date and the number of products of a cell depend on
everyone else in it: what these persons bring to them is compared (print_effect), and shown as their infusions.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from django.utils.translation import gettext_noop

from registry.choices import DatePrecision, Kind, Sex, Status
from registry.dates import write_date
from registry.errors import RegistryError
from registry.models import Centre, Infusion
from registry.order import Order, Step
from registry.published.counting import CELL_DIMENSIONS, DIMENSIONS
from registry.rules import CHILD_BELOW

MEASURES = ("patients", "infusions", "reinfusions", "further_doses", "children")
ON_THE_MAP: tuple[tuple[str, ...], ...] = ((), ("centre",), ("centre", "category"))
TABLES = (*ON_THE_MAP, *((name,) for name in DIMENSIONS if name != "centre"))


@dataclass(frozen=True)
class Cell:
    """One cell of a table: its value in each dimension, None where it has none."""

    by: tuple[str, ...]
    values: tuple[Any, ...]

    def value(self, dimension: str) -> Any:
        """The cell's value in a dimension; empty where the table has not that dimension."""
        return dict(zip(self.by, self.values, strict=True)).get(dimension, "")


@dataclass(frozen=True)
class Row:
    """One cell, and by measure what it moves by."""

    cell: Cell
    moves: dict[str, int]


@dataclass(frozen=True)
class Place:
    """What counting asks of a submitted infusion; codes are its values in the dimensions that make a cell."""

    person: int
    step: Step
    age: int
    codes: Mapping[str, str | None]

    def at(self, centre: Centre) -> "Place":
        """The same at another centre."""
        codes = {**self.codes, "centre": centre.code, "region": centre.region}
        return replace(self, codes=codes, step=self.step._replace(centre=centre.code))

    def of_sex(self, sex: str) -> "Place":
        """The same of a person of another sex."""
        return replace(self, codes={**self.codes, "sex": sex})

    def value(self, dimension: str, entry: "Place") -> Any:
        """In a dimension, where the person enters the cell by entry."""
        if dimension == "age_group":
            return "child" if entry.age < CHILD_BELOW else "adult"
        if dimension == "year":
            return self.step.infused_on.year
        if dimension == "month":
            is_known = self.step.date_precision != DatePrecision.YEAR
            return f"{self.step.infused_on:%Y-%m}" if is_known else "unknown"
        return self.codes[dimension]


@dataclass
class Share:
    """What some persons bring to a cell."""

    numbers: Counter[str] = field(default_factory=Counter)
    products: set[str] = field(default_factory=set)
    entries: list[str] = field(default_factory=list)  # each as it is printed


def places_of(infusions: Iterable[Infusion]) -> list[Place]:
    """Of these, those that count; what they refer to should be selected already (with_codes)."""
    return [
        Place(one.patient_id, one.step, one.age_at_infusion, read_codes(one, one.patient.sex))
        for one in infusions
        if one.status == Status.SUBMITTED
    ]


def read_codes(one: Any, sex: str) -> dict[str, str | None]:
    """The values of an infusion, stored or stated, in the dimensions that make a cell, by name."""
    codes = {
        "centre": one.centre.code,
        "region": one.centre.region,
        "category": str(one.category),
        "product": one.product.name,
        "modality": str(one.product.modality),
        "indication": one.indication.code if one.indication else None,
        "manufacturing_site": one.manufacturing_site.code if one.manufacturing_site else None,
        "trial": one.trial.identifier if one.trial else None,
        "sex": str(sex),
    }
    return {name: codes[name] for name in CELL_DIMENSIONS}


def as_one(places: Iterable[Place], person: int, sex: Sex) -> list[Place]:
    """The same as one person's: a first that is not the earliest was a reinfusion."""
    course = _put_in_order(replace(place, person=person).of_sex(sex) for place in places)
    return course[:1] + [_not_first(place) for place in course[1:]]


def compare(before: Sequence[Place], after: Sequence[Place]) -> list[Row]:
    """The cells whose numbers move, the nation first, table by table."""
    then, now = _count(before), _count(after)
    rows = []
    for cell in sorted(then.keys() | now.keys(), key=_place_of_cell):
        old, new = (counted.get(cell, Share()).numbers for counted in (then, now))
        moves = {measure: new[measure] - old[measure] for measure in MEASURES}
        if any(moves.values()):
            rows.append(Row(cell, moves))
    return rows


def print_effect(places: Iterable[Place], rows: Iterable[Row]) -> str:
    """What the persons bring to each cell and the effect, as a page carries them, to be compared with what they
    are when the page comes back: a cell that the effect leaves as it is was shown too.
    """
    counted = sorted(_count(list(places)).items(), key=lambda item: _place_of_cell(item[0]))
    stand = [
        (cell.by, cell.values, share.numbers["infusions"], sorted(share.products), sorted(share.entries))
        for cell, share in counted
    ]
    moves = [(row.cell.by, row.cell.values, [row.moves[measure] for measure in MEASURES]) for row in rows]
    return hashlib.sha256(repr((stand, moves)).encode()).hexdigest()


def _place_of_cell(cell: Cell) -> tuple:
    return TABLES.index(cell.by), [(value is None, str(value)) for value in cell.values]


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


def _count(places: Sequence[Place]) -> dict[Cell, Share]:
    """What these add to each cell of each table."""
    counted: dict[Cell, Share] = {}
    for theirs in _by_person(places):
        course = _put_in_order(theirs)
        for by in TABLES:
            _add_course(counted, by, course)
    return counted


def _add_course(counted: dict[Cell, Share], by: tuple[str, ...], course: Sequence[Place]) -> None:
    """One person's course in one table: roles in the cells first, then the slices by age and time."""
    entries: dict[tuple, Place] = {}
    for place in course:
        made = tuple(place.codes[name] for name in by if name in CELL_DIMENSIONS)
        entry = entries.setdefault(made, place)
        cell = Cell(by, tuple(place.value(name, entry) for name in by))
        share = counted.setdefault(cell, Share())
        share.numbers["infusions"] += 1
        share.products.add(place.step.product)
        if place is entry:
            share.numbers["patients"] += 1
            share.numbers["children"] += place.age < CHILD_BELOW
            share.entries.append(write_date(place.step.infused_on, place.step.date_precision))
        else:
            further = place.step.kind == Kind.FURTHER_DOSE
            share.numbers["further_doses" if further else "reinfusions"] += 1


class EffectChanged(RegistryError):
    sentence = gettext_noop("The records have changed meanwhile, and with them the effect: look at it again.")
    code = "effect_changed"


def refuse_other_effect(seen: str | None, places: Sequence[Place], rows: Sequence[Row]) -> None:
    """Raise EffectChanged where the persons' cells, or the effect on the numbers, are not what the actor has seen.

    seen: as print_effect wrote it on the page; None where nothing was shown.
    """
    if seen is not None and seen != print_effect(places, rows):
        raise EffectChanged
