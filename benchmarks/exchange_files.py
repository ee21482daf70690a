"""Exchange files of any length, with test identity numbers."""

import csv
import random
from datetime import date, timedelta
from pathlib import Path

from registry.entry.infusions.columns import COLUMNS
from registry.national_lists.rows import PRODUCTS

CENTRES = ("UME", "UPP", "STO", "LIN", "GOT", "LUN")


def write_file(path: Path, rows: int) -> None:
    """Write a file of so many infusions: a tenth have pseudonyms, a twentieth are a person's second."""
    chance = random.Random(rows)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        row: dict = {}
        for number in range(rows):
            again = bool(row) and number % 20 == 0
            given_on = date(2022, 6, 1) + timedelta(days=chance.randrange(900))
            row = {
                "centre": row["centre"] if again else chance.choice(CENTRES),
                "patient_id": row["patient_id"] if again else _identifier(number),
                "category": "SOC",
                "kind": "reinfusion" if again else "first",
                "product": chance.choice(PRODUCTS[:-1])[0],
                "indication": "C83.3",
                "infused_on": (given_on + timedelta(days=400 * again)).isoformat(),
                "sequence": 2 if again else 1,
                "age_at_infusion": 50 if number % 10 == 1 or (again and row["age_at_infusion"]) else "",
                "batch": f"B{number}",
            }
            if again:
                row["infused_on"] = (date(2025, 1, 1) + timedelta(days=chance.randrange(200))).isoformat()
            writer.writerow(row)


def _identifier(number: int) -> str:
    return f"local:bench-{number}" if number % 10 == 1 else test_number(number)


def test_number(number: int) -> str:
    """The test identity number with this place in a row of a million: the later half are coordination numbers."""
    later, day = divmod(number // 20, 25_000)
    born = date(1935, 1, 1) + timedelta(days=day)
    digits = f"{born:%y%m}{born.day + 60 * later:02}{980 + number % 20}"
    doubled = (int(digit) * (2 - index % 2) for index, digit in enumerate(digits))
    check = -sum(value // 10 + value % 10 for value in doubled) % 10
    return f"{born:%Y%m}{born.day + 60 * later:02}-{digits[-3:]}{check}"
