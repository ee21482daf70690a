"""Under `threshold:k` snapshots one after another tell nothing small, however many are kept (decision 0039)."""

import logging
import random
from collections.abc import Iterator
from datetime import date
from itertools import count

import pytest
from django.db import connection

from registry.models import Snapshot
from registry.publishing import batches
from registry.publishing.batches import HeldBack
from registry.publishing.publish import publish
from tests import attacker, factories
from tests.attacker_days import World, find_told
from tests.harvesting import THOROUGH, ask, forget, harvest_day

SEEDS = range(20) if THOROUGH else (0,)
NIGHTS = 60
persons = count(10_000)
CHILD = {
    "centre": "STO", "category": "SOC", "sex": "male", "age": 10, "product": "Prövningsläkemedel TCR-T",
    "manufacturing_site": "VECURA", "indication": "C91.0", "infused_on": date(2022, 12, 20),
}  # fmt: skip


@pytest.fixture(autouse=True)
def policy(settings, caplog):
    settings.DISCLOSURE = "threshold:5"
    caplog.set_level(logging.ERROR, logger="django.request")


def enter(lists, *rows: dict) -> None:
    """Register infusions, each of a new person unless it says whose."""
    factories.store_rows(lists, [factories.plain_row(**{"person": next(persons)} | row) for row in rows])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE registry_revision SET number = number + 1")


def is_published() -> bool:
    """Whether a night's build becomes public."""
    try:
        published = publish() is not None
    except HeldBack:
        published = False
    forget()
    return published


def profiles_of(rows: list[dict]) -> list[dict]:
    """Rows without their persons, of those who have one."""
    return [
        {name: value for name, value in row.items() if name != "person"} for row in rows if row["kind"] == "first"
    ]


def publish_days(lists, chance: random.Random, rows: list[dict], days: int) -> Iterator[attacker.Harvest]:
    """The answers of several days: each night someone comes, until a snapshot is public."""
    factories.store_rows(lists, rows)
    assert is_published()
    yield harvest_day()
    held = 0
    for _day in range(days - 1):
        likes = chance.sample(profiles_of(rows), chance.choice((1, 2, 3)))
        for _night in range(NIGHTS):
            enter(lists, *chance.choices(likes, k=chance.choice((1, 2, 4))))
            if is_published():
                yield harvest_day()
                break
            held += 1
    assert held


@pytest.mark.parametrize("seed", SEEDS)
def test_three_snapshots_together_tell_nothing_small(lists, seed):
    chance = random.Random(seed)
    rows = attacker.skewed_rows(chance, chance.choice((60, 120, 250)))
    harvests = list(publish_days(lists, chance, rows, 3))
    assert len(harvests) > 1
    assert list(find_told(World(), harvests, chance, 5)) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_without_batches_the_child_is_found(lists, monkeypatch, seed):
    """The attack bites: published at once, one more infusion moves one row in each table."""
    monkeypatch.setattr(batches, "read_told", list)
    monkeypatch.setattr(batches, "_read_exact", list)
    chance = random.Random(seed)
    factories.store_rows(lists, attacker.skewed_rows(chance, 250))
    assert is_published()
    first = harvest_day()
    enter(lists, CHILD)
    assert is_published()
    assert next(find_told(World(), [first, harvest_day()], chance, 5)).startswith("days 1 to 2")


def test_one_child_is_held_back(lists):
    factories.store_rows(lists, attacker.skewed_rows(random.Random(1), 250))
    assert is_published()
    before = ask("map")
    enter(lists, CHILD)
    assert not is_published()
    assert ask("map") == before
    assert Snapshot.objects.count() == 1
