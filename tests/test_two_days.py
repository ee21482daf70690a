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
from registry.publishing.visible_changes import find_small, fit_blocks
from tests import attacker, factories
from tests.attacker_days import SMALL, World, find_told
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


def courses_of(rows: list[dict]) -> list[list[dict]]:
    """Each person's rows, without the person."""
    courses: dict = {}
    for row in rows:
        courses.setdefault(row["person"], []).append(
            {name: value for name, value in row.items() if name != "person"}
        )
    return list(courses.values())


def several_cells(chance: random.Random, people: int) -> list[dict]:
    """A small world, in which every fifth person comes again to another centre or category."""
    rows = []
    for person in range(people):
        cell = {
            "centre": chance.choices(SMALL["centre"], (6, 4, 1))[0],
            "category": chance.choice(("SOC", "SOC", "ACT")),
        }
        fields = {"person": person, "sex": chance.choice(("female", "male"))}
        year = chance.choice(SMALL["year"])
        rows.append(factories.plain_row(**fields, **cell, infused_on=date(year, chance.randint(1, 6), 1)))
        if not person % 5:
            other = chance.choice([code for code in SMALL["centre"] if code != cell["centre"]])
            later = date(chance.randint(year, 2022), 12, chance.randint(1, 28))
            rows.append(
                factories.plain_row(**fields, **cell | {"centre": other}, kind="reinfusion", infused_on=later)
            )
    return rows


def publish_days(lists, chance: random.Random, rows: list[dict], days: int) -> Iterator[attacker.Harvest]:
    """The answers of several days: each night someone comes, until a snapshot is public."""
    factories.store_rows(lists, rows)
    assert is_published()
    yield harvest_day()
    held = 0
    for _day in range(days - 1):
        likes = chance.sample(courses_of(rows), chance.choice((1, 2, 3)))
        # Whoever is in several cells cannot stand elsewhere, and is hidden by those who are in one.
        likes += [[row | {"kind": "first"}] for course in likes for row in course]
        for _night in range(NIGHTS):
            for course in chance.choices(likes, k=chance.choice((1, 2, 4))):
                person = next(persons)
                enter(lists, *({"person": person} | row for row in course))
            if is_published():
                yield harvest_day()
                break
            held += 1
    assert held
    latest = Snapshot.objects.first().number
    for earlier in range(1, latest):
        assert ask(f"snapshots/{latest}/changes?since={earlier}")["changes"] == []
        assert ask(f"map?snapshot={earlier}")["national"]["infusions"] is None


@pytest.mark.parametrize("seed", SEEDS)
def test_three_snapshots_together_tell_nothing_small(lists, seed):
    chance = random.Random(seed)
    rows = attacker.skewed_rows(chance, chance.choice((60, 120, 250)))
    harvests = list(publish_days(lists, chance, rows, 3))
    assert len(harvests) > 1
    assert list(find_told(World(), harvests, chance, 5)) == []


def test_one_snapshot_tells_of_no_few_persons_in_several_cells(lists):
    """Totals of a region, a category and both would tell how many are in two centres."""
    chance = random.Random(5)
    factories.store_rows(lists, several_cells(chance, chance.choice((60, 150))))
    assert is_published()
    assert list(find_told(World(SMALL, pairs=True), [harvest_day()], chance, 5)) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_persons_in_several_cells_are_not_told_either(lists, seed):
    chance = random.Random(seed)
    rows = several_cells(chance, chance.choice((60, 150)))
    harvests = list(publish_days(lists, chance, rows, 3))
    assert len(harvests) > 1
    assert list(find_told(World(SMALL, pairs=True), harvests, chance, 5)) == []


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


def block(weight: int, **cells: int) -> dict:
    return {"safe": True, "weight": weight, "atoms": [["entry", name, number] for name, number in cells.items()]}


class TestBlocks:
    """How the blocks of two snapshots are compared."""

    def test_blocks_that_overlap_are_joined_since_their_difference_would_tell(self):
        told = {"sex": [block(9, a=5, b=4), block(7, c=7)], "time": []}
        drawn = {"sex": [block(5, a=5), block(11, b=4, c=7)], "time": []}
        assert fit_blocks(drawn, [told], 5)["sex"] == [block(16, a=5, b=4, c=7)]

    def test_a_block_is_split_unless_no_finer_ones_are_wanted(self):
        told, drawn = {"sex": [block(12, a=6, b=6)]}, {"sex": [block(6, a=6), block(6, b=6)]}
        assert fit_blocks(drawn, [told], 5) == drawn
        assert fit_blocks(drawn, [told], 5, coarse=True)["sex"] == [block(12, a=6, b=6)]

    def test_an_older_snapshot_than_the_latest_counts_too(self):
        oldest, latest = {"sex": [block(9, a=5, b=4), block(7, c=7)]}, {"sex": [block(16, a=5, b=4, c=7)]}
        drawn = {"sex": [block(5, a=5), block(11, b=4, c=7)]}
        assert len(fit_blocks(drawn, [latest, oldest], 5)["sex"]) == 1

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ([block(9, a=9)], [block(10, a=10)]),  # one more
            ([block(9, a=9), block(9, b=9)], [block(8, a=8), block(10, b=10)]),  # a correction
            ([block(9, a=9)], [block(14, a=8, b=1, c=1, d=1, e=1, f=1, g=1)]),  # as many new cells as persons
            ([block(9, a=9)], [block(9, a=8, b=1)]),  # a cell comes, and the sum stays
            ([block(9, a=9)], [block(10, a=14)]),  # five more infusions of persons who cannot stand elsewhere
            ([block(9, a=9), block(9, b=9)], [block(20, a=10, b=10)]),  # two, in blocks that are joined
        ],
    )
    def test_too_small_a_change(self, before, after):
        assert find_small(after, before, 5) != []

    @pytest.mark.parametrize(
        ("before", "after"),
        [
            ([block(9, a=9)], [block(9, a=9)]),
            ([block(9, a=9)], [block(14, a=14)]),
            ([block(9, a=9)], [block(15, a=13, b=2)]),
            ([block(19, a=19)], [block(14, a=14)]),
            ([block(12, a=6, b=6)], [block(6, a=6), block(6, b=6)]),
            ([], [block(5, a=5)]),
        ],
    )
    def test_a_change_of_enough_persons(self, before, after):
        assert find_small(after, before, 5) == []
