"""Made-up records that add up to the published figure (COUNTING.md, "Worked example").

They are an exchange file for the import that clinics use. The identity numbers have birth numbers 980 to 999,
which are reserved for tests.
"""

import csv
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from registry.demonstration.published_figure import CELLS, Cell
from registry.digits import luhn
from registry.entry.infusions.columns import COLUMNS
from registry.national_lists.rows import ACADEMIC_PRODUCT, PRODUCTS, TRIAL_PRODUCT

LATEST = date(2025, 9, 5)
AUTHORISED_ON = {name: day for name, _inn, _atc, _holder, _target, day, *_rest in PRODUCTS}
INDICATION_OF = {
    "Kymriah": "C83.3", "Yescarta": "C83.3", "Tecartus": "C83.1", "Abecma": "C90.0",
    "Breyanzi": "C82", "Carvykti": "C90.0", ACADEMIC_PRODUCT: "C83.3", TRIAL_PRODUCT: "C90.0",
}  # fmt: skip


def write_records(path: Path) -> None:
    """Write the records as an exchange file, the same every time."""
    chance = random.Random("swecar 2025-09-08")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        serial = 0
        for cell in CELLS:
            for row in _rows_of_cell(cell, chance, serial):
                writer.writerow(row)
            serial += cell.patients


def _rows_of_cell(cell: Cell, chance: random.Random, serial: int) -> Iterator[dict]:
    days = _days(cell, chance)
    repeats = ["reinfusion"] * cell.reinfusions + ["further_dose"] * cell.further_doses
    for order, day in enumerate(days):
        is_child = 0 < order <= cell.children
        given_on = date.fromisoformat((day + "-01-01")[:10])
        row = _common(cell, chance, given_on, is_child) | {
            "patient_id": _test_number(chance, serial + order, given_on, is_child),
            "kind": "first",
            "infused_on": day,
        }
        yield row
        if repeats and order >= len(days) // 3:
            kind = repeats.pop()
            gap = 14 if kind == "further_dose" else chance.randint(120, 400)
            again_on = min(given_on + timedelta(days=gap), LATEST)
            yield row | {"kind": kind, "infused_on": again_on.isoformat()}


def _days(cell: Cell, chance: random.Random) -> list[str]:
    """The first infusion as precise as printed, the others to the day, more of them each year."""
    year, month = (*map(int, cell.first.split("-")), 12)[:2]
    begin = date(year, month, 28)
    span = (LATEST - begin).days
    later = sorted(begin + timedelta(days=int(span * chance.random() ** 0.6)) for _ in range(1, cell.patients))
    return [cell.first, *(day.isoformat() for day in later)]


def _common(cell: Cell, chance: random.Random, given_on: date, is_child: bool) -> dict:
    in_use = [name for name in cell.products if AUTHORISED_ON.get(name, given_on) <= given_on]
    product = "Kymriah" if is_child and "Kymriah" in in_use else chance.choice(in_use)
    return {
        "centre": cell.centre,
        "category": cell.category,
        "product": product,
        "indication": "C91.0" if is_child else INDICATION_OF[product],
        "trial": cell.trial,
        "manufacturing_site": cell.site,
        "batch": f"D{chance.randint(10_000, 99_999)}",
    }


def _test_number(chance: random.Random, serial: int, given_on: date, is_child: bool) -> str:
    """A test identity number; the serial selects the birth number, so that no two are equal."""
    age = chance.randint(4, 15) if is_child else chance.randint(24, 78)
    born = date(given_on.year - age, 1, 1) + timedelta(days=chance.randint(0, 180))
    birth_number = 980 + serial % 20
    return f"{born:%Y%m%d}-{birth_number}{luhn(f'{born:%y%m%d}{birth_number}')}"
