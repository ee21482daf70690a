"""Everything that the public interface answers about numbers, harvested for the attacker."""

import json
from datetime import date
from itertools import pairwise

from django.core.cache import caches
from django.test import Client
from hypothesis import settings as hypothesis_settings

from registry.published.count_query import DIMENSIONS
from registry.published.disclosure_blocks import TABLES
from registry.published.queries import read_map_and_series
from tests import attacker
from tests.attacker import Harvest

THOROUGH = hypothesis_settings.default.max_examples > 100
MOST_DIMENSIONS = 4 if THOROUGH else 3  # of a question; no table has more
MEASURES = "patients,infusions,reinfusions,further_doses,first,children,products"
YEARS = attacker.VALUES["year"]
DAYS = [date(year, 12, 31) for year in YEARS] + [date(2021, 6, 30), date(2022, 3, 1)]


def forget() -> None:
    for cache in caches.all(initialized_only=False):
        cache.clear()


def ask(path: str, status: int = 200) -> dict:
    answer = Client().get(f"/api/v1/{path}", headers={"Accept-Language": "en"})
    assert answer.status_code == status, (path, answer.content[:300])
    return json.loads(answer.content)


def counts(**question) -> dict | None:
    """An answer of counts; None where the policy has none."""
    answer = Client().get("/api/v1/counts", question)
    body = json.loads(answer.content)
    if answer.status_code == 403:
        assert body["code"] == "withheld_by_policy"
        return None
    assert answer.status_code == 200, body
    return body


def harvest_all() -> Harvest:
    """Everything that the interface offers."""
    harvest = harvest_tables()
    harvest_filters(harvest)
    harvest_days(harvest)
    harvest.read_map(ask("map"))
    series = read_map_and_series(language="en")["series"]
    for place, year in enumerate(series["years"]):
        cell = {name: series["nation"][name][place] for name in ("patients", "infusions")}
        harvest.read_cell(f"series {year}", cell, attacker.narrow(attacker.EVERYWHERE, year={year}))
    assert (series["categories"], series["centres"]) == ({}, {})
    return harvest


def harvest_tables() -> Harvest:
    """Every question by up to so many dimensions."""
    harvest = Harvest([], [], [])
    for by in attacker.subsets(DIMENSIONS, MOST_DIMENSIONS):
        answer = counts(**by_of(by), measures=MEASURES)
        if answer is not None:
            harvest.read_counts(answer)
    return harvest


def harvest_filters(harvest: Harvest) -> None:
    """Each value of each dimension, and two together, in each table that has it."""
    for names in TABLES.values():
        for name in names:
            values = [str(value) for value in attacker.VALUES.get(name, ())]
            chosen = [*values, *(f"{one},{other}" for one, other in pairwise(values))]
            for value in chosen:
                for by in attacker.subsets(names, 2):
                    harvest.read_counts(counts(**by_of(by), **{name: value}, measures=MEASURES))


def harvest_days(harvest: Harvest) -> None:
    """Questions and maps up to a day, and of a year."""
    for day in DAYS:
        for by in ((), ("year",), ("centre",), ("sex",), ("centre", "year")):
            answer = counts(**by_of(by), as_of=str(day))
            if answer is not None:
                harvest.read_counts(answer, until=day.year)
            answer = counts(**by_of(by), **{"from": f"{day.year}-01-01", "to": str(day)})
            if answer is not None:
                harvest.read_counts(answer, since=day.year, until=day.year)
        document = ask(f"map?as_of={day}")
        if (day.month, day.day) == (12, 31):
            harvest.read_map(document, until=day.year)
        else:
            assert not any(one["infusions"] for one in (document["national"], *document["centres"]))


def by_of(by: tuple[str, ...]) -> dict[str, str]:
    return {"by": ",".join(by)} if by else {}


def harvest_day() -> Harvest:
    """What one snapshot tells by every query that is not refused."""
    harvest = Harvest([], [], [])
    for names in TABLES.values():
        for by in attacker.subsets(names, len(names)):
            answer = counts(**by_of(by), measures=MEASURES)
            if answer is not None:
                harvest.read_counts(answer)
    harvest_filters(harvest)
    harvest_days(harvest)
    harvest.read_map(ask("map"))
    return harvest
