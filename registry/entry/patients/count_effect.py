"""The effect of a change to whole persons on the published numbers, shown before it is made.

It covers every table of the map and each dimension of the counts (TABLES), and the measures of a cell that are
sums over its persons (COUNTING.md, "Measures of a cell"): what these persons add afterwards less what they add
now, so that nobody else has to be counted. The earliest date and the number of products of a cell depend on
everyone in it: these persons' part is compared (print_effect), and shown as their infusions.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from django.utils.translation import gettext_noop

from registry.choices import DatePrecision, Kind, Sex, Status
from registry.course_order import Order, Step
from registry.dates import write_date
from registry.errors import RegistryError
from registry.infusion_rules import CHILD_BELOW
from registry.models import Centre, Infusion
from registry.published.count_query import CELL_DIMENSIONS, DIMENSIONS

MEASURES = ("patients", "infusions", "reinfusions", "further_doses", "children")
ON_THE_MAP: tuple[tuple[str, ...], ...] = ((), ("centre",), ("centre", "category"))
TABLES = (*ON_THE_MAP, *((name,) for name in DIMENSIONS if name != "centre"))


@dataclass(frozen=True)
class Cell:
    """One cell of a table: its value in each dimension, None where it has none."""

    by: tuple[str, ...]
    values: tuple[Any, ...]

    def value(self, dimension: str) -> Any:
        """The cell's value in a dimension; empty where the table does not have it."""
        return dict(zip(self.by, self.values, strict=True)).get(dimension, "")


@dataclass(frozen=True)
class Row:
    """One cell, and its change by measure."""

    cell: Cell
    moves: dict[str, int]


@dataclass(frozen=True)
class Place:
    """What counting needs of a submitted infusion; codes: its values in the dimensions that make a cell."""

    person: int
    step: Step
    age: int
    codes: Mapping[str, str | None]

    def at(self, centre: Centre) -> "Place":
        """A copy at another centre."""
        codes = {**self.codes, "centre": centre.code, "region": centre.region, "county": centre.county_code}
        return replace(self, codes=codes, step=self.step._replace(centre=centre.code))

    def of_sex(self, sex: str) -> "Place":
        """A copy for a person of another sex."""
        return replace(self, codes={**self.codes, "sex": sex})

    def value(self, dimension: str, entry: "Place") -> Any:
        """Its value in a dimension, where `entry` is the person's first infusion in the cell."""
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
    """What these persons add to a cell."""

    numbers: Counter[str] = field(default_factory=Counter)
    products: set[str] = field(default_factory=set)
    entries: list[str] = field(default_factory=list)  # each as printed


def places_of(infusions: Iterable[Infusion]) -> list[Place]:
    """The places of the submitted infusions among these; related rows should be selected (with_codes)."""
    return [
        Place(
            infusion.patient_id,
            infusion.step,
            infusion.age_at_infusion,
            read_codes(infusion, infusion.patient.sex),
        )
        for infusion in infusions
        if infusion.status == Status.SUBMITTED
    ]


def read_codes(infusion: Any, sex: str) -> dict[str, str | None]:
    """The values of a stored or stated infusion in the dimensions that make a cell, by name."""
    codes = {
        "centre": infusion.centre.code,
        "region": infusion.centre.region,
        "county": infusion.centre.county_code,
        "category": str(infusion.category),
        "product": infusion.product.name,
        "modality": str(infusion.product.modality),
        "indication": infusion.indication.code if infusion.indication else None,
        "manufacturing_site": infusion.manufacturing_site.code if infusion.manufacturing_site else None,
        "trial": infusion.trial.identifier if infusion.trial else None,
        "sex": str(sex),
    }
    return {name: codes[name] for name in CELL_DIMENSIONS}


def as_one(places: Iterable[Place], person: int, sex: Sex) -> list[Place]:
    """The places as one person's course: a first infusion that is not the earliest becomes a reinfusion."""
    course = _put_in_order(replace(place, person=person).of_sex(sex) for place in places)
    return course[:1] + [_not_first(place) for place in course[1:]]


def compare(
    before: Sequence[Place], after: Sequence[Place], *, tables: Sequence[tuple[str, ...]] = TABLES
) -> list[Row]:
    """The cells whose numbers change, table by table, the nation first."""
    then, now = count_places(before, tables), count_places(after, tables)
    rows = []
    for cell in sorted(then.keys() | now.keys(), key=lambda cell: _place_of_cell(cell, tables)):
        old, new = (counted.get(cell, Share()).numbers for counted in (then, now))
        moves = {measure: new[measure] - old[measure] for measure in MEASURES}
        if any(moves.values()):
            rows.append(Row(cell, moves))
    return rows


def print_effect(places: Iterable[Place], rows: Iterable[Row]) -> str:
    """A fingerprint of the persons' part of each cell and of the effect, sent with the page and compared when its
    form is submitted. Cells without a change are included, since the page shows them too.
    """
    counted = sorted(count_places(list(places)).items(), key=lambda item: _place_of_cell(item[0]))
    stand = [
        (cell.by, cell.values, share.numbers["infusions"], sorted(share.products), sorted(share.entries))
        for cell, share in counted
    ]
    moves = [(row.cell.by, row.cell.values, [row.moves[measure] for measure in MEASURES]) for row in rows]
    return hashlib.sha256(repr((stand, moves)).encode()).hexdigest()


def _place_of_cell(cell: Cell, tables: Sequence[tuple[str, ...]] = TABLES) -> tuple:
    return tables.index(cell.by), [(value is None, str(value)) for value in cell.values]


def _by_person(places: Iterable[Place]) -> list[list[Place]]:
    def person(place: Place) -> int:
        return place.person

    return [list(theirs) for _person, theirs in groupby(sorted(places, key=person), key=person)]


def _not_first(place: Place) -> Place:
    return (
        replace(place, step=place.step._replace(kind=Kind.REINFUSION)) if place.step.kind == Kind.FIRST else place
    )


def _put_in_order(places: Iterable[Place]) -> list[Place]:
    """One person's places, earliest first."""
    course = list(places)
    order = Order(place.step for place in course)
    return sorted(course, key=lambda place: order.place(place.step))


def count_places(places: Sequence[Place], tables: Sequence[tuple[str, ...]] = TABLES) -> dict[Cell, Share]:
    """What these places add to each cell of each table."""
    counted: dict[Cell, Share] = {}
    for theirs in _by_person(places):
        course = _put_in_order(theirs)
        for by in tables:
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
    """Raise EffectChanged unless the persons' cells and the effect are still what the actor has seen.

    seen: the fingerprint by print_effect from the page; None where nothing was shown.
    """
    if seen is not None and seen != print_effect(places, rows):
        raise EffectChanged
