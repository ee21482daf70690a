"""The second count names each number that is wrong and no other, and each person whom the facts hold otherwise."""

from copy import deepcopy
from datetime import date

import pytest
from django.db import connection

from registry.errors import Difference
from registry.models import Publication
from registry.published.facts import name_table
from registry.publishing.facts_check import compare_facts
from registry.publishing.publish import publish
from registry.publishing.recount import compare_with_records
from registry.publishing.verification import verify
from tests import factories
from tests.by_hand import run_sql
from tests.test_oracle_counts import corpus  # noqa: F401 (fixture: 12 registries with all that makes counting hard)

SUMMED = ("infusions", "patients", "reinfusions", "further_doses")


@pytest.fixture
def snapshot(corpus):  # noqa: F811
    return Publication.objects.get().snapshot


def uppsala(document: dict) -> dict:
    return next(centre for centre in document["centres"] if centre["code"] == "UPP")


def found(document: dict) -> set[tuple[str, str]]:
    return {(one.cell, one.measure) for one in compare_with_records(document)}


def test_what_is_published_is_what_the_records_give(snapshot):
    assert compare_with_records(snapshot.map_document) == []
    assert compare_facts(snapshot.number) == []


@pytest.mark.parametrize("measure", [*SUMMED, "first"])
def test_a_wrong_number_is_named_by_its_cell(snapshot, measure):
    places = {
        "nation": lambda document: document["national"],
        "UPP": uppsala,
        "UPP × SOC": lambda document: next(
            one for one in uppsala(document)["categories"] if one["category"] == "SOC"
        ),
    }
    for name, find in places.items():
        document = deepcopy(snapshot.map_document)
        cell = find(document)
        right = cell[measure]
        cell[measure] = "1999-09-09" if measure == "first" else right + 1
        expected = {(name, measure)} | ({(name, "identity")} if measure in SUMMED else set())
        assert found(document) == expected
        [told] = [one for one in compare_with_records(document) if one.measure == measure]
        assert (told.published, told.recounted) == (cell[measure], right)


@pytest.mark.parametrize("measure", ["children", "patients_summed"])
def test_a_wrong_number_of_the_nation_is_named(snapshot, measure):
    document = deepcopy(snapshot.map_document)
    document["national"][measure] += 1
    assert found(document) == {("nation", measure)}


def test_a_wrong_number_of_a_site_is_named(snapshot):
    for place, site in enumerate(snapshot.map_document["manufacturing"]):
        document = deepcopy(snapshot.map_document)
        document["manufacturing"][place]["manufactured"] += 1
        assert found(document) == {(site["site"], "manufactured")}


def test_a_cell_that_is_missing_is_named_and_one_that_is_too_many(snapshot):
    document = deepcopy(snapshot.map_document)
    gone = uppsala(document)["categories"].pop()
    name = f"UPP × {gone['category']}"
    numbers = {measure for measure in (*SUMMED, "first") if gone[measure]}
    assert {one for one in found(document) if one != (name, "children")} == {(name, one) for one in numbers}
    upcoming = next(centre for centre in document["centres"] if centre["code"] == "ORE")
    upcoming["categories"].append(gone)
    assert {("ORE × " + gone["category"], one) for one in numbers} < found(document)


COLUMNS = {
    "centre": "'XXX'", "region": "'X'", "county": "'X'", "category": "'XXX'", "kind": "'other'", "product": "'X'",
    "modality": "'X'", "indication": "'X'", "manufacturing_site": "'X'", "trial": "'X'", "sex": "'other'",
    "infused_on": "infused_on - 1", "date_precision": "'other'", "age": "age + 1", "is_only": "NOT is_only",
    "counts_from": "counts_from + 1", "sequence": "sequence + 1", "place": "place + 100",
}  # fmt: skip


@pytest.mark.parametrize("column", COLUMNS)
def test_a_fact_that_the_records_do_not_hold_so_is_found(snapshot, column):
    table = name_table(snapshot.number)
    run_sql(f"""
        UPDATE {table} SET {column} = {COLUMNS[column]}
        WHERE ctid IN (SELECT max(ctid) FROM {table} GROUP BY person ORDER BY person LIMIT 2)
    """)
    assert compare_facts(snapshot.number) == [
        Difference("facts", "persons that the records do not hold so", 2, 0),
        Difference("facts", "persons of the records that are missing", 0, 2),
    ]


def test_persons_that_are_missing_or_there_twice_are_found(snapshot):
    table = name_table(snapshot.number)
    run_sql(f"DELETE FROM {table} WHERE person IN (SELECT DISTINCT person FROM {table} ORDER BY person LIMIT 3)")
    assert compare_facts(snapshot.number) == [Difference("facts", "persons of the records that are missing", 0, 3)]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT attname FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum > 0")
        others = ", ".join(name for (name,) in cursor.fetchall() if name != "person")
    run_sql(f"""
        INSERT INTO {table} (person, {others}) SELECT person + 100000, {others} FROM {table}
        WHERE person IN (SELECT DISTINCT person FROM {table} ORDER BY person LIMIT 2)
    """)
    assert compare_facts(snapshot.number) == [
        Difference("facts", "persons that the records do not hold so", 2, 0),
        Difference("facts", "persons of the records that are missing", 0, 3),
    ]


def test_the_first_of_a_cell_is_counted_as_it_is_known(lists):
    """To its day, month or year; of persons with one infusion and of those with several."""
    first = {"UPP": "2019", "STO": "2019-03", "UME": "2018-05-05", "FAL": "2017", "LIN": "2016-11"}
    rows = [
        factories.plain_row(
            person=person, centre=centre, infused_on=date.fromisoformat(f"{day}-01-01"[:10]),
            date_precision={4: "year", 7: "month", 10: "day"}[len(day)],
        )
        for person, (centre, day) in enumerate(first.items())
    ]  # fmt: skip
    for person, centre in ((2, "UME"), (3, "FAL"), (4, "LIN"), (4, "LIN")):
        later = date(2021, 1, 1 + len(rows))
        rows.append(factories.plain_row(person=person, centre=centre, kind="reinfusion", infused_on=later))
    rows.append(factories.plain_row(person=9, centre="UPP", infused_on=date(2019, 1, 1)))  # after the year
    factories.store_rows(lists, rows)
    document = publish().map_document
    assert compare_with_records(document) == []
    assert {one["code"]: one["first"] for one in document["centres"] if one["first"]} == first
    assert document["national"]["first"] == "2016-11"
    for centre in document["centres"]:
        if centre["first"]:
            wrong = deepcopy(document)
            [cell] = [one for one in wrong["centres"] if one["code"] == centre["code"]]
            cell["first"] = f"{centre['first']}-"
            assert found(wrong) == {(centre["code"], "first")}


def test_a_vague_later_infusion_counts_after_the_known_days_of_its_period(lists):
    """Three persons have a dose of the period of their first infusion: were it before that, it would be none."""
    rows = []
    for person, (precision, begins) in enumerate(
        [("year", date(2021, 1, 1)), ("month", date(2021, 2, 1)), ("month", date(2021, 12, 1))]
    ):
        known = begins.replace(day=20)
        rows += [
            factories.plain_row(person=person, infused_on=begins.replace(day=10)),
            factories.plain_row(person=person, infused_on=known, kind="reinfusion", centre="STO"),
            factories.plain_row(person=person, infused_on=begins, date_precision=precision, kind="further_dose"),
        ]
    factories.store_rows(lists, rows)
    snapshot = publish()
    numbers = {name: snapshot.map_document["national"][name] for name in SUMMED}
    assert numbers == {"infusions": 9, "patients": 3, "reinfusions": 3, "further_doses": 3}
    assert compare_with_records(snapshot.map_document) == []
    assert compare_facts(snapshot.number) == []


def test_facts_that_lack_a_dimension_are_made_anew(lists):
    """As a worker of the release before makes them, while both run."""
    factories.record(lists)
    first = publish()
    assert publish() is None
    run_sql(f"ALTER TABLE {name_table(first.number)} DROP COLUMN county")
    again = publish()
    assert again.number > first.number
    assert publish() is None
    assert not verify().differences
