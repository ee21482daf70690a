"""What has happened to the records since a figure was made, where the figure is what they were on its day."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from registry.choices import Status
from registry.course_order import Order, Step
from registry.entry.patients.count_effect import MEASURES, ON_THE_MAP, Cell, Place, Share, count_places

COLUMNS = """
patient_id, centre.code, category, infused_on, sequence, kind, product.name, date_precision, age_at_infusion,
infusion.status"""
OF_LISTS = """
JOIN registry_centre AS centre ON centre.id = centre_id
JOIN registry_product AS product ON product.id = product_id"""
THEN = f"""
SELECT DISTINCT ON (pgh_obj_id) pgh_obj_id, {COLUMNS} FROM registry_infusionhistory AS infusion {OF_LISTS}
WHERE pgh_created_at < %s
ORDER BY pgh_obj_id, pgh_id DESC
"""
NOW = f"SELECT infusion.id, {COLUMNS} FROM registry_infusion AS infusion {OF_LISTS}"
# What of an infusion a number depends on, but for where and whose it is; of all others it is the kind.
DEPENDS_ON: Mapping[str, Callable[[Place], object]] = {
    "first": lambda place: place.step.slot,
    "products": lambda place: place.step.product,
    "children": lambda place: place.age,
}


@dataclass(frozen=True)
class State:
    """The submitted infusions at a time, by key; those of them that count by a day, and what they add up to."""

    submitted: Mapping[str, Place]
    counted: Mapping[str, Place]
    cells: Mapping[Cell, Share]

    def read(self, cell: Cell, measure: str) -> object:
        """A number of the map; None for one that is not counted here, and for the first of none."""
        share = self.cells.get(cell, Share())
        if measure == "first":
            return min(
                share.entries, default=None
            )  # each begins with its year: a vague one is the first of its period
        if measure == "products":
            return len(share.products)
        return share.numbers[measure] if measure in MEASURES else None

    def within(self, cell: Cell) -> dict[str, Place]:
        """Those that count in a cell."""
        wanted = dict(zip(cell.by, cell.values, strict=True))
        return {key: place for key, place in self.counted.items() if wanted.items() <= place.codes.items()}


@dataclass(frozen=True)
class Since:
    """The records at the end of a day, and now."""

    then: State
    now: State

    def explain(self, centre: str, category: str, measure: str, printed: object, registry: object) -> str:
        """What has been done since to a cell whose number was the printed one; "" where it was another."""
        values = tuple(filter(None, (centre, category)))
        cell = Cell(ON_THE_MAP[len(values)], values)
        if (self.then.read(cell, measure), self.now.read(cell, measure)) != (printed, registry):
            return ""
        then, now = self.then.within(cell), self.now.within(cell)
        both = [(then[key], now[key]) for key in then.keys() & now.keys()]
        merged = {(old.person, new.person) for old, new in both if old.person != new.person}
        kept = {person for _absorbed, person in merged}  # whose other infusion is the first by that alone
        done = Counter({"merged since": len(merged)})
        for key in then.keys() - now.keys():
            done["corrected since" if key in self.now.submitted else "withdrawn since"] += 1
        for key in now.keys() - then.keys():
            done["corrected since" if key in self.then.submitted else "entered later"] += 1
        of = DEPENDS_ON.get(measure, lambda place: place.step.kind)
        done["corrected since"] += sum(of(old) != of(new) and new.person not in kept for old, new in both)
        return ", ".join(f"{times} {what}" for what, times in sorted(done.items()) if times)


def end_of(day: date) -> datetime:
    """In Stockholm."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time()))


def read_since(as_of: date) -> Since | None:
    """The records then and now; None for a role of the database that sees none."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege('registry_infusionhistory', 'SELECT') "
            "AND has_table_privilege('registry_infusion', 'SELECT')"
        )
        if cursor.fetchone() != (True,):
            return None
        cursor.execute(THEN, [end_of(as_of)])
        then = _make_state(cursor.fetchall(), as_of)
        cursor.execute(NOW)
        return Since(then, _make_state(cursor.fetchall(), as_of))


def _make_state(rows: list[tuple], as_of: date) -> State:
    submitted = {str(key): _make_place(*row) for key, *row, status in rows if status == Status.SUBMITTED}
    courses: dict[int, list[Step]] = defaultdict(list)
    for place in submitted.values():
        courses[place.person].append(place.step)
    orders = {person: Order(course) for person, course in courses.items()}
    counted = {
        key: place
        for key, place in submitted.items()
        if orders[place.person].place(place.step).counts_from <= as_of
    }
    return State(submitted, counted, count_places(list(counted.values()), ON_THE_MAP))


def _make_place(person: int, centre: str, category: str, *rest: Any) -> Place:
    infused_on, sequence, kind, product, precision, age = rest
    step = Step(infused_on, sequence, kind, product, precision, centre)
    return Place(person, step, age, {"centre": centre, "category": category})
