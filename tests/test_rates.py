"""Patients per 100,000 inhabitants: an oracle, a worked example, and nothing withheld told by a rate."""

import csv
import io
import random
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import pytest

from registry.errors import Withheld
from registry.models import Population
from registry.published.count_query import CountQuery
from registry.published.queries import read_counts
from registry.published.rates import round_rate
from registry.publishing.publish import publish
from tests import factories, oracle
from tests.test_populations import state

pytestmark = pytest.mark.django_db

# Once more by hand, from the ordinance: which counties, and which municipalities of Halland, are a region's.
PARTS = {
    "Norra": "22 23 24 25", "Mellansverige": "03 04 17 18 19 20 21", "Stockholm–Gotland": "01 09",
    "Västra": "14 1382 1383 1384", "Sydöstra": "05 06 08", "Södra": "07 10 12 1380 1315 1381",
}  # fmt: skip
AREAS = sorted({"00", "13", *" ".join(PARTS.values()).split()})


def rate(patients: int, persons: int) -> Decimal:
    return (Decimal(patients) * 100_000 / persons).quantize(Decimal("0.01"), ROUND_HALF_UP)


def inhabitants(stated: dict, level: str, area: str, through: str) -> tuple[int, int] | None:
    """The latest year, not after a day, of which all parts are stated; and their sum."""
    names = PARTS[area].split() if level == "region" else [area]
    years = [year for year in range(1990, 2100) if all((name, year) in stated for name in names)]
    years = [year for year in years if date(year, 12, 31).isoformat() <= through]
    return (sum(stated[name, years[-1]] for name in names), years[-1]) if years else None


def ask(client, address: str) -> dict:
    response = client.get(f"/api/v1/counts?{address}&lang=en")
    assert response.status_code == 200, response.content
    return response.json()


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize(
    "by", [("region",), ("county",), ("region", "year"), ("category", "county"), ("category",)]
)
def test_rates_are_those_of_the_oracle(lists, client, seed, by):
    chance = random.Random(f"{seed} {by}")
    stated = {
        (area, year): chance.randint(1, 3_000_000)
        for area in AREAS
        for year in chance.sample((2018, 2019, 2020, 2021, 2022), 3)
    }
    Population.objects.bulk_create(
        Population(area=area, year=year, persons=persons, source="SCB") for (area, year), persons in stated.items()
    )
    for person in range(12):
        factories.record(
            lists, factories.nth_number(person), centre=chance.choice(("UME", "UPP", "FAL", "STO")),
            infused_on=f"{chance.choice((2019, 2020, 2021, 2022))}-{chance.randint(1, 12):02}-03",
        )  # fmt: skip
    publish()
    rows = factories.read_rows()
    for as_of in (None, "2021-12-30", "2021-12-31"):
        last = as_of or oracle.data_through(rows)
        told = ask(client, f"by={','.join(by)}&measures=per_100_000" + (f"&as_of={as_of}" if as_of else ""))
        expected = oracle.count(rows, by, as_of=as_of and date.fromisoformat(as_of))
        assert len(told["rows"]) == len(expected)
        for row in told["rows"]:
            key = tuple(row[name] for name in by)
            level = next((name for name in ("county", "region") if name in by), "nation")
            through = min(last, f"{row['year']}-12-31") if "year" in by else last
            found = inhabitants(stated, level, row.get(level, "00"), through)
            persons, year = found or (None, None)
            assert row["patients"] == expected[key]["patients"]
            assert (row["population"], row["population_year"]) == (persons, year)
            wanted = rate(row["patients"], persons) if found else None
            assert row["per_100_000"] == (None if wanted is None else float(wanted))
        found = inhabitants(stated, "nation", "00", last)
        total = told["total"]
        assert (total["population"], total["population_year"]) == (found or (None, None))
        years = {row["population_year"] for row in (*told["rows"], total)} - {None}
        assert told["populations"] == [{"year": year, "source": "SCB"} for year in sorted(years)]


@pytest.mark.parametrize(
    ("patients", "persons", "expected"),
    [
        (43, 2_880_000, 1.49),  # ATMP.md: 43 trials, 2.88 million
        (1, 20_000_000, 0.01),  # 0.005: half up
        (3, 20_000_000, 0.02),  # 0.015, which as a binary fraction is less
        (201, 20_000_000, 1.01),  # 1.005
        (0, 1, 0.0),
        (7, 7, 100_000.0),
    ],
)
def test_a_rate_has_two_decimals_half_up(patients, persons, expected):
    assert round_rate(patients, persons) == expected


@pytest.fixture
def world(lists):
    """Uppsala 2, of whom one was in Stockholm too, Umeå 1; populations of 2020, and of Uppsala of 2021."""
    for person, centre, day in [(0, "UPP", "2020-01-05"), (1, "UPP", "2021-05-05"), (2, "UME", "2021-06-06")]:
        factories.record(lists, factories.nth_number(person), centre=centre, infused_on=day)
    factories.record(lists, factories.nth_number(0), centre="STO", infused_on="2022-02-02", kind="reinfusion")
    state(2020, a00=1_000_000, a01=600_000, a09=100_000, a03=300_000)
    state(2021, a03=320_000)
    publish()
    return lists


def test_a_rate_is_told_with_both_numbers_and_the_year(world, client):
    told = ask(client, "by=county&measures=patients,per_100_000")
    # By hand: 2 of 320,000 are 0.625, half up 0.63; 1 of 600,000 is 0.1666…; 3 of 1,000,000.
    assert told["rows"] == [
        {"county": "24", "patients": 1, "per_100_000": None, "population": None, "population_year": None},
        {"county": "03", "patients": 2, "per_100_000": 0.63, "population": 320_000, "population_year": 2021},
        {"county": "01", "patients": 1, "per_100_000": 0.17, "population": 600_000, "population_year": 2020},
    ]
    assert told["total"] == {
        "patients": 3, "patients_summed": 4, "per_100_000": 0.3, "population": 1_000_000, "population_year": 2020,
    }  # fmt: skip
    assert any("where the patients were treated, not where they live" in note for note in told["notes"])
    assert "Inhabitants on 31 December 2021: SCB 2021." in told["notes"]
    assert any("no population for that time or area" in note for note in told["notes"])


def test_a_filter_by_area_sets_the_total_against_these_areas(world, client):
    total = ask(client, "by=category&county=01,03&measures=per_100_000")["total"]
    assert (total["patients"], total["population"], total["population_year"]) == (2, 900_000, 2020)
    assert total["per_100_000"] == 0.22
    total = ask(client, "region=Stockholm%E2%80%93Gotland&measures=per_100_000")["total"]
    assert (total["population"], total["per_100_000"]) == (700_000, 0.14)
    told = ask(
        client, "by=region&county=03&measures=per_100_000"
    )  # of the region's inhabitants only a part is meant
    assert told["rows"][0]["per_100_000"] is None


def test_without_the_measure_nothing_is_added(world, client):
    told = ask(client, "by=region")
    assert "populations" not in told
    assert set(told["rows"][0]) == {"region", "patients", "infusions", "reinfusions", "further_doses", "first"}
    assert "notes" not in told or not any("100,000" in note for note in told["notes"])


def test_files_say_the_rate_its_numbers_and_what_it_means(world, client):
    address = "/api/v1/counts?by=county&measures=per_100_000"
    rows = list(csv.DictReader(io.StringIO(client.get(f"{address}&format=csv&lang=en").content.decode())))
    assert [(row["county"], row["per_100_000"], row["population"], row["population_year"]) for row in rows] == [
        ("24", "", "", ""), ("03", "0.63", "320000", "2021"), ("01", "0.17", "600000", "2020"),
    ]  # fmt: skip
    assert rows[0]["total_per_100_000"] == "0.3"
    assert "not where they live" in rows[0]["notes"]
    swedish = client.get(f"{address}&format=csv-excel&lang=sv").content.decode("utf-8-sig")
    assert "Uppsala;2;0,63;320000;2021" in swedish
    stat = client.get(f"{address}&format=json-stat&lang=en").json()
    assert "status" not in stat
    assert stat["role"]["geo"] == ["county"]
    assert stat["dimension"]["county"]["category"]["label"]["03"] == "Uppsala"
    assert client.get(f"{address}&format=xlsx").status_code == 200


def test_under_a_threshold_a_rate_is_withheld_with_its_number(lists, client, settings):
    settings.DISCLOSURE = "threshold:5"
    state(2018, **{f"a{area}": 1_000_000 for area in AREAS})
    for person in range(8):
        factories.record(lists, factories.nth_number(person), centre="UPP", infused_on="2020-05-05")
    for person in range(8, 14):
        factories.record(lists, factories.nth_number(person), centre="STO", infused_on="2020-05-05")
    factories.record(lists, factories.nth_number(14), centre="UME", infused_on="2020-05-05")
    publish()
    told = ask(client, "by=region&measures=per_100_000")
    cells = [*told["rows"], told["total"]]
    assert any(cell["patients"] is None for cell in cells)
    assert any(cell["patients"] is not None for cell in cells)
    for cell in cells:
        assert (cell["per_100_000"] is None) == (cell["patients"] is None)
    with pytest.raises(Withheld):
        read_counts(CountQuery(by=("county",), measures=("patients",), rates=True))
