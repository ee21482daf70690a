"""What is stated of the exemption and of manufacture: later statements, running years, small numbers, falls."""

from datetime import date
from itertools import pairwise

import pytest

from registry.models import ExemptionYear, ManufacturingSite, ManufacturingStatement, StatementClass
from registry.published.atmp import read_exemption, read_manufacturing
from registry.published.statements import list_exemption
from registry.publishing import trial_recount
from registry.publishing.publish import publish
from tests import factories

pytestmark = pytest.mark.django_db

STATED = {"stated_by": "The hospital", "source": "Report 2025"}


def year(lists, year: int, patients: int | None, centre: str = "UPP", **fields) -> None:
    values = {"product": "Skin", "through": date(year, 12, 31), "deliveries": patients}
    ExemptionYear.objects.create(
        centre=lists.centres[centre], year=year, patients=patients, **STATED | values | fields
    )


def statement(as_of: date, site: str = "VECURA", **numbers) -> ManufacturingStatement:
    about = ManufacturingSite.objects.get(code=site)
    return ManufacturingStatement.objects.create(site=about, as_of=as_of, **STATED | numbers)


def told(as_of: date | None = None) -> list[tuple]:
    return [
        (row["centre"], row["first_year"], row["year"], row["patients"])
        for row in read_exemption(as_of=as_of)["rows"]
    ]


def test_of_two_statements_of_a_year_the_later_holds_and_both_stay(lists):
    """Small case 10."""
    year(lists, 2023, 7)
    year(lists, 2024, 9)
    year(lists, 2023, 8)
    year(lists, 2023, 3, "STO")
    publish()
    assert told() == [("STO", 2023, 2023, 3), ("UPP", 2023, 2023, 8), ("UPP", 2024, 2024, 9)]
    assert told(date(2024, 6, 1)) == [("STO", 2023, 2023, 3), ("UPP", 2023, 2023, 8)]
    assert ExemptionYear.objects.filter(year=2023, centre__code="UPP").count() == 2
    assert read_exemption()["basis"] == "stated"


def test_a_statement_without_numbers_takes_back(lists):
    year(lists, 2023, 7)
    year(lists, 2023, None)
    statement(date(2024, 5, 31), batches=9)
    statement(date(2025, 5, 31), batches=10)
    statement(date(2025, 5, 31))
    publish()
    assert told() == []
    (row,) = read_manufacturing()["rows"]
    assert (row["as_of"], row["batches"]) == ("2024-05-31", 9)


def test_a_running_year_is_marked(lists):
    """Small case 7."""
    year(lists, 2024, 7)
    year(lists, 2025, 2, through=date(2025, 5, 31))
    publish()
    assert [row["is_running"] for row in read_exemption()["rows"]] == [False, True]
    assert told(date(2025, 5, 30)) == [("UPP", 2024, 2024, 7)]


def test_a_span_of_years_is_told_beside_single_ones(lists):
    year(lists, 2025, 50, first_year=2016, about=True, through=date(2025, 5, 31))
    year(lists, 2025, 4)
    publish()
    assert told() == [("UPP", 2016, 2025, 50), ("UPP", 2025, 2025, 4)]


def test_manufacture_is_the_latest_statement_beside_what_is_counted(lists):
    factories.record(lists, manufacturing_site="VECURA")
    statement(date(2024, 5, 31), batches=150, patients=700)
    statement(date(2025, 5, 31), batches=192, patients=690, patients_with_imports=909, imports=12)
    publish()
    told = read_manufacturing()
    (row,) = told["rows"]
    assert (row["batches"], row["dose_preparations"], row["manufactured"]) == (192, None, 1)
    assert told["falls"] == [
        {"site": "VECURA", "measure": "patients", "from": 700, "to": 690, "as_of": "2025-05-31"}
    ]
    (row,) = read_manufacturing(as_of=date(2025, 5, 30))["rows"]
    assert (row["batches"], read_manufacturing(as_of=date(2025, 5, 30))["falls"]) == (150, [])


def test_a_site_without_a_statement_is_not_stated(lists):
    publish()
    assert read_manufacturing()["rows"] == []


def test_classes_that_do_not_add_up_are_found_by_the_proof(lists):
    about = statement(date(2025, 5, 31), products=54)
    for name, products in (("in_vivo_gtmp", 9), ("unknown", 45)):
        StatementClass.objects.create(statement=about, atmp_class=name, products=products)
    snapshot = publish()
    assert not trial_recount.prove_atmp(snapshot.atmp, snapshot.code_lists, date(2025, 6, 1))
    snapshot.atmp["manufacturing"][0]["classes"].pop()
    (found,) = trial_recount.prove_atmp(snapshot.atmp, snapshot.code_lists, date(2025, 6, 1))
    assert (found.measure, found.published, found.recounted) == ("products", 54, 9)


def test_counts_are_withheld_under_a_threshold_and_statements_too(lists, settings):
    factories.record(lists, manufacturing_site="VECURA")
    year(lists, 2023, 3)
    statement(date(2025, 5, 31), batches=192)
    publish()
    settings.DISCLOSURE = "threshold:5"
    assert [row["manufactured"] for row in read_manufacturing()["rows"]] == [None]
    assert [(row["patients"], row["deliveries"]) for row in read_exemption()["rows"]] == [(None, None)]


def exemption(*numbers: tuple[int, int | None], centre: str = "UPP") -> list[dict]:
    return [
        {"centre": centre, "product": "Skin", "first_year": year, "year": year, "through": f"{year}-12-31",
         "patients": patients, "deliveries": patients, "about": False, "source": "R"}
        for year, patients in numbers
    ]  # fmt: skip


@pytest.mark.parametrize(("stated", "shown"), [
    ([(2020, 7), (2021, 6)], [(2020, 2020, 7), (2021, 2021, 6)]),
    ([(2020, 2), (2021, 2), (2022, 2), (2023, 9)], [(2020, 2022, 6), (2023, 2023, 9)]),
    ([(2020, 7), (2021, 2)], [(2020, 2020, 7), (2021, 2021, None)]),
    ([(2020, 0), (2021, 0)], [(2020, 2021, None)]),
])  # fmt: skip
def test_under_a_threshold_years_go_together(stated, shown):
    rows = list_exemption(exemption(*stated), "2025-12-31", 5)
    assert [(row["first_year"], row["year"], row["patients"]) for row in rows] == shown


def test_hospitals_are_not_put_together():
    rows = exemption((2020, 3)) + exemption((2021, 3), centre="STO")
    assert [row["patients"] for row in list_exemption(rows, "2025-12-31", 5)] == [None, None]


def test_no_day_that_is_asked_for_tells_a_year_of_fewer():
    """Each day's answer, taken together, tells no sum of fewer than five but those of whole groups."""
    stated = exemption((2018, 3), (2019, 1), (2020, 4), (2021, 9), (2022, 1), (2023, 2), (2024, 3))
    prefixes = set()
    for until in range(2018, 2025):
        rows = list_exemption(stated, f"{until}-12-31", 5)
        prefixes.add(sum(row["patients"] or 0 for row in rows))
    told = sorted(prefixes)
    assert all(after - before >= 5 for before, after in pairwise(told))
