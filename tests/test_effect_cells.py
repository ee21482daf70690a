"""What a merge, a move or an erasure is said to do is what it does: every cell that moves, and no other."""

import random

import pytest

from registry.entry.patients.comparison import choose_traits
from registry.entry.patients.count_effect import TABLES, as_one, compare, places_of
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.merge import merge_patients
from registry.entry.patients.move import move_patient, move_places
from registry.errors import RegistryError
from registry.models import Infusion, Patient
from registry.published.count_query import DIMENSIONS, CountQuery
from registry.published.queries import read_counts
from registry.publishing.publish import publish
from tests import factories, oracle
from tests.desk import BY, address, number, sign_in, text
from tests.test_oracle_counts import random_rows

pytestmark = pytest.mark.django_db

SUMS = ("patients", "infusions", "reinfusions", "further_doses", "children")
ACTS = ("merge", "move", "erase")
SEEDS = range(24)


def counted() -> dict:
    """Every sum of every table, as the oracle counts what is stored."""
    rows = factories.read_rows()
    return {
        (by, values, name): row[name]
        for by in TABLES
        for values, row in oracle.count(rows, by).items()
        for name in SUMS
    }


def published() -> dict:
    """The same as the next snapshot has it."""
    publish()
    return {
        (by, tuple(row[name] for name in by), measure): row[measure]
        for by in TABLES
        for row in read_counts(CountQuery(by=by, measures=SUMS))["rows"]
        for measure in SUMS
    }


def said(rows) -> dict:
    return {(row.cell.by, row.cell.values, name): by for row in rows for name, by in row.moves.items() if by}


def store_random(lists, chance: random.Random) -> None:
    """A registry of persons of one year of birth, who come of age while they are treated."""
    rows = random_rows(chance)
    factories.store_rows(lists, [row | {"age": row["infused_on"].year - 2003} for row in rows])


def act(name: str, lists, chance: random.Random):
    """One act on persons chosen by chance: what is said of it before, and the act."""
    persons = chance.sample(list(Patient.objects.order_by("pk")), 2)
    one, other = persons
    course = places_of(Infusion.objects.filter(patient=one).with_codes())
    if name == "merge":
        both = places_of(Infusion.objects.filter(patient__in=persons).with_codes())
        effect = compare(both, as_one(both, one.pk, choose_traits(one, other)[0]))
        return effect, lambda: merge_patients(keep=one, absorb=other, by=BY, reason="one", explanation="so")
    if name == "move":
        codes = sorted(set(one.infusions.values_list("centre__code", flat=True)))
        origin, target = lists.centres[chance.choice(codes)], lists.centres[chance.choice(("UPP", "FAL", "STO"))]
        effect = compare(course, move_places(course, origin, target))
        between = {"from_centre": origin, "to_centre": target}
        return effect, lambda: move_patient(patient=one, **between, by=BY, reason="wrong centre")
    return compare(course, []), lambda: erase_patient(patient=one, by=BY, reason="asked for it")


@pytest.mark.parametrize("name", ACTS)
def test_the_cells_that_move_are_exactly_those_that_are_said(lists, name):
    done, cells = 0, set()
    for seed in SEEDS:
        chance = random.Random(f"{name} {seed}")
        with factories.rolled_back():
            store_random(lists, chance)
            if Patient.objects.count() < 2:
                continue
            before = counted()
            effect, do = act(name, lists, chance)
            try:
                do()
            except RegistryError:
                continue
            after = counted()
            assert said(effect) == oracle.moved(before, after), seed
            done += 1
            cells |= {row.cell.by for row in effect}
    assert done > len(SEEDS) / 3
    # A move leaves the nation as it is, unless two infusions of one day are put in order by centre.
    assert cells >= ({("centre",), ("centre", "category"), ("region",)} if name == "move" else set(TABLES))


@pytest.mark.parametrize("name", ACTS)
def test_the_oracle_of_the_cells_is_what_is_published(lists, name):
    """In a few registries with the real snapshots on both sides."""
    done = 0
    for seed in range(6):
        chance = random.Random(f"published {name} {seed}")
        with factories.rolled_back():
            store_random(lists, chance)
            if Patient.objects.count() < 2:
                continue
            before = published()
            effect, do = act(name, lists, chance)
            try:
                do()
            except RegistryError:
                continue
            assert said(effect) == oracle.moved(before, published()), seed
            done += 1
    assert done >= 2


def test_every_dimension_of_the_counts_is_told(lists):
    """Closed world: a new dimension of the counts is one of the effect."""
    assert {name for by in TABLES for name in by} == set(DIMENSIONS)
    assert {("centre", "category"), (), *((name,) for name in DIMENSIONS)} == set(TABLES)


@pytest.mark.parametrize("policy", ["exact", "threshold:5"])
def test_the_page_shows_the_cells_of_the_other_tables(lists, settings, policy):
    """As published now and as they become; under a threshold, what is withheld tells how far it moves."""
    settings.DISCLOSURE = policy
    trial = {"category": "ACT", "trial": factories.ACADEMIC}
    keep = factories.record(lists, factories.nth_number(0), **trial).patient
    coordination = factories.number(birth_number=982, coordination=True)
    absorb = factories.record(lists, coordination, infused_on="2021-05-05", centre="STO").patient
    for place in range(1, 4):
        factories.record(lists, factories.nth_number(place), **(trial if place == 1 else {}))
    publish()
    client = sign_in(factories.user("steward", national_role="steward"))
    page = client.get(
        address("merge", number=number(keep), other=number(absorb)), headers={"accept-language": "en"}
    )
    shown = {(row["table"], row["value"]): row["measures"][:3] for row in page.context["elsewhere"]}
    told = {
        cell: [(one.get("now"), one.get("then"), one["moves"]) for one in measures]
        for cell, measures in shown.items()
    }
    exact = {
        ("sex", "Female"): [(3, 2, -1), (3, 3, 0), (0, 1, 1)],
        ("year", "2021"): [(1, 0, -1), (1, 1, 0), (0, 1, 1)],
    }
    withheld = {cell: [(None, None, moves) for _now, _then, moves in rows] for cell, rows in exact.items()}
    assert {cell: told[cell] for cell in exact} == (exact if policy == "exact" else withheld)
    assert ("trial", factories.ACADEMIC) not in told  # nobody of it becomes somebody else
    assert "In the tables by one dimension" in text(page)
    done = client.post(page.request["PATH_INFO"], {"text": "One person.", "seen": page.context["seen"]})
    assert done.status_code == 302
