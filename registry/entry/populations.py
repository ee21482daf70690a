"""Populations from a file, all or nothing: `area`, `year`, `persons`, `source`, a row each."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction

from registry.areas import AREAS, SUMS
from registry.entry.publish_request import announce_change
from registry.errors import FileUnusable
from registry.free_text import refuse_identity_number
from registry.models import Population

COLUMNS = ("area", "year", "persons", "source")
KNOWN = dict(AREAS)


class Loaded(NamedTuple):
    """How many rows are new, were another number or source, and were there already."""

    new: int
    changed: int
    there: int


def load_populations(path: Path) -> Loaded:
    """Store a file's populations. Raises FileUnusable with a sentence for each line that is wrong."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            head, _newline, rest = file.read().partition("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise FileUnusable(f"The file cannot be read as text in UTF-8: {error}") from None
    lines = csv.reader([head, *rest.splitlines()], delimiter=";" if ";" in head else ",")
    names = tuple(name.strip() for name in next(lines, []))
    if set(names) != set(COLUMNS) or len(names) != len(COLUMNS):
        raise FileUnusable(f"The first line has to name the columns {', '.join(COLUMNS)}.")
    rows, problems = [], []
    for number, cells in enumerate(lines, 2):
        if not any(cell.strip() for cell in cells):
            continue
        try:
            rows.append(_read(dict(zip(names, cells, strict=True))))
        except ValidationError as wrong:
            problems += [f"line {number}, {sentence}" for sentence in wrong.messages]
        except ValueError:
            problems.append(f"line {number}: it has {len(cells)} columns, not {len(names)}.")
    if problems:
        raise FileUnusable("\n".join(problems))
    return store_populations(rows)


def _read(cells: Mapping[str, str]) -> Population:
    """A row as it would be stored. Raises ValidationError with a sentence for each cell that is wrong."""
    texts = {name: cell.strip() for name, cell in cells.items()}
    texts |= {name: "".join(texts[name].split()) for name in ("year", "persons")}  # 10 551 707
    row = Population(**texts)
    wrong: dict[str, list[str]] = {}
    try:
        row.clean_fields()
    except ValidationError as error:
        wrong = error.message_dict
    try:
        refuse_identity_number(row.source)
    except ValidationError as error:
        wrong["source"] = error.messages
    if wrong:
        raise ValidationError([f"{name}: {sentence}" for name, listed in wrong.items() for sentence in listed])
    return row


@transaction.atomic
def store_populations(rows: Iterable[Population]) -> Loaded:
    """Store rows, in place of others of their area and year. Raises FileUnusable where parts do not add up."""
    new = changed = there = 0
    for row in rows:
        kept = Population.objects.filter(area=row.area, year=row.year).first()
        if kept is None:
            row.save()
            new += 1
        elif (kept.persons, kept.source) != (row.persons, row.source):
            kept.persons, kept.source = row.persons, row.source
            kept.save()
            changed += 1
        else:
            there += 1
    if wrong := list_wrong_sums():
        raise FileUnusable("\n".join(wrong))
    if new or changed:
        announce_change()
    return Loaded(new, changed, there)


def list_wrong_sums() -> list[str]:
    """A sentence for each area and year whose parts are all known and add up to another number."""
    by_year: dict[int, dict[str, int]] = {}
    for row in Population.objects.all():
        by_year.setdefault(row.year, {})[row.area] = row.persons
    return [
        f"{year}: the parts of {KNOWN[whole]} ({whole}) add up to {summed}, not {known[whole]}."
        for year, known in by_year.items()
        for whole, parts in SUMS.items()
        if {whole, *parts} <= known.keys() and (summed := sum(known[part] for part in parts)) != known[whole]
    ]
