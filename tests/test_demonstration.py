"""The demonstration gives the published figure, and every check finds what is wrong."""

import json
import re
from collections import Counter
from copy import deepcopy
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

import registry
from registry import measures
from registry.access import Operator
from registry.choices import Outcome, Task
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.trials.rules import ONGOING, status_on
from registry.entry.trials.site_trials import as_stated
from registry.errors import FactsNotKept, ProofFailed
from registry.identity import read_identifier
from registry.models import (
    ExemptionYear,
    Infusion,
    ManufacturingStatement,
    Patient,
    Population,
    Publication,
    Revision,
    Run,
    SiteTrial,
    Snapshot,
    Trial,
    User,
)
from registry.published.count_query import CountQuery
from registry.published.current_snapshot import read_current
from registry.published.queries import read_counts, read_map, read_map_and_series
from registry.published.rates import round_rate
from registry.published.reconciliation import reconcile
from registry.published.statements import MEASURES
from registry.publishing import publish
from registry.publishing.code_lists import read_code_lists
from registry.publishing.old_facts import list_facts
from registry.publishing.runs import run_publication, run_sweep, run_verification
from tests import factories, oracle
from tests.by_hand import run_sql
from tests.test_snapshot_changes import at, leaves

FIGURE = Path(registry.__file__).parent / "published" / "data" / "swecarnet-2025-09-08.json"
# COUNTING.md, "Worked example": centre, category, first, patients, reinfusions, further doses, infusions
TABLE = [
    ("UME", "SOC", "2023-12", 9, 0, 0, 9),
    ("UPP", "ACT", "2014", 45, 0, 1, 46),
    ("UPP", "SOC", "2020-11", 38, 0, 0, 38),
    ("UPP", "ICT", "2023-06", 2, 0, 0, 2),
    ("STO", "ICT", "2019-08", 17, 0, 0, 17),
    ("STO", "SOC", "2019-11", 69, 5, 0, 74),
    ("LIN", "SOC", "2020-01", 18, 0, 0, 18),
    ("LIN", "ICT", "2023-04", 2, 0, 0, 2),
    ("GOT", "SOC", "2020-10", 26, 0, 0, 26),
    ("GOT", "ICT", "2022-10", 5, 1, 0, 6),
    ("GOT", "CUP", "2024-02", 1, 0, 0, 1),
    ("LUN", "SOC", "2020-01", 60, 0, 0, 60),
    ("LUN", "ICT", "2021-11", 5, 0, 0, 5),
]
COLUMNS = ("first", "patients", "reinfusions", "further_doses", "infusions")


# The records are stored once, so one worker runs all tests of this file.
pytestmark = pytest.mark.xdist_group("demonstration")


@pytest.fixture(scope="module")
def demonstration(django_db_setup, django_db_blocker):
    """The demonstration's records, in a transaction around all tests; the output of storing them."""
    out = StringIO()
    with django_db_blocker.unblock(), override_settings(DEMONSTRATION=True), factories.rolled_back():
        factories.store_single_rows()
        call_command("demo_data", stdout=out)
        factories.drop_import_tables()
        yield out.getvalue()


@pytest.fixture
def stored(demonstration, db) -> str:
    """The demonstration's records, not published; each test is rolled back."""
    return demonstration


@pytest.fixture
def published(stored) -> Snapshot:
    return publish.publish()


def read_facts(columns: str, *, snapshot: int = 1) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM facts.registry_fact_{snapshot} ORDER BY person, infused_on, sequence"
        )
        return cursor.fetchall()


def table(printed: str) -> list[list[str]]:
    """The printed lines, each as a list of words."""
    return [line.split() for line in printed.splitlines()]


def row(cell: dict) -> tuple:
    return tuple(cell[name] for name in COLUMNS)


# The numbers.


def test_the_trials_and_statements_are_the_reports(stored):
    day = date(2025, 9, 8)
    ongoing = [
        (row.centre.code, row.trial.atmp_class)
        for row in SiteTrial.objects.select_related("centre", "trial").prefetch_related("statuses")
        if status_on(map(as_stated, row.statuses.all()), day) in ONGOING
    ]
    assert Counter(ongoing) == {
        ("STO", "in_vivo_gtmp"): 8, ("STO", "ex_vivo_gtmp"): 13, ("STO", "sctmp"): 8, ("UPP", "unknown"): 14,
    }  # fmt: skip
    assert SiteTrial.objects.values("trial").distinct().count() == Trial.objects.count() == 43
    assert all("Demonstration" in name for name in Trial.objects.values_list("name", flat=True))
    persons = Population.objects.filter(year=2024, area__in=("01", "03")).values_list("persons", flat=True)
    assert round_rate(43, sum(persons)) == 1.49
    vecura = ManufacturingStatement.objects.get()
    assert [getattr(vecura, name) for name in MEASURES] == [192, 91, 54, 761, 909, 12, 11]
    assert {one.atmp_class: one.products for one in vecura.classes.all()} == {"in_vivo_gtmp": 9, "unknown": 45}
    assert {
        (row.centre.code, row.first_year, row.year, str(row.through), row.patients, row.about)
        for row in ExemptionYear.objects.all()
    } == {("UPP", 2016, 2025, "2025-05-31", 50, True), ("STO", 2011, 2025, "2025-05-31", 20, True)}


def test_trials_that_no_infusion_may_have_are_not_in_the_list_of_the_infusions(published):
    listed = [trial["identifier"] for trial in read_code_lists()["trials"]]
    assert listed == ["NCT99000001", "NCT99000002"]


def test_the_map_is_the_table_exactly(published):
    document = read_map(language="sv")
    found = [
        (centre["code"], cell["category"], *row(cell))
        for centre in document["centres"]
        for cell in centre["categories"]
    ]
    assert found == TABLE
    assert row(document["national"]) == ("2014", 297, 6, 1, 304)
    assert document["national"]["children"] == 13
    assert [centre["code"] for centre in document["centres"] if centre["status"] == "upcoming"] == ["ORE"]
    assert document["manufacturing"] == [{"site": "VECURA", "name": "Vecura", "centre": "STO", "manufactured": 46}]


def test_the_counts_are_the_table_exactly(published):
    answer = read_counts(CountQuery(by=("centre", "category")))
    assert sorted((cell["centre"], cell["category"], *row(cell)) for cell in answer["rows"]) == sorted(TABLE)
    assert row(answer["total"]) == ("2014", 297, 6, 1, 304)
    products = read_counts(CountQuery(by=("centre",), measures=("products",), filters={"category": ("SOC",)}))
    assert {cell["centre"]: cell["products"] for cell in products["rows"]}.items() >= {"UPP": 4, "STO": 5}.items()


def test_every_month_since_2014_agrees_with_the_oracle(published):
    """The map and the time series of the page, up to the last day of each month."""
    columns = ("status", "infused_on", "sequence", "kind", "category", "date_precision")
    rows = [
        {name: getattr(infusion, name) for name in columns}
        | {
            "person": infusion.patient_id,
            "centre": infusion.centre.code,
            "product": infusion.product.name,
            "age": infusion.age_at_infusion,
            "manufacturing_site": infusion.manufacturing_site and infusion.manufacturing_site.code,
        }
        for infusion in Infusion.objects.select_related("centre", "product", "manufacturing_site")
    ]
    months = [date(2014 + month // 12, month % 12 + 1, 1) - timedelta(days=1) for month in range(1, 142)]
    assert (months[0], months[-1]) == (date(2014, 1, 31), date(2025, 9, 30))
    for as_of in months:
        read = read_map_and_series(language="en", as_of=as_of)
        document, series = read["map"], read["series"]
        cells = {
            (centre["code"], cell["category"]): row(cell)
            for centre in document["centres"]
            for cell in centre["categories"]
        }
        expected = oracle.count(rows, ("centre", "category"), as_of=as_of)
        assert cells == {cell: row(numbers) for cell, numbers in expected.items()}
        centres = oracle.count(rows, ("centre",), as_of=as_of)
        nothing = (None, 0, 0, 0, 0)
        assert {centre["code"]: row(centre) for centre in document["centres"]} == {
            centre["code"]: row(centres[(centre["code"],)]) if (centre["code"],) in centres else nothing
            for centre in document["centres"]
        }
        total = oracle.total(rows, as_of=as_of)
        assert (*row(document["national"]), document["national"]["children"]) == (*row(total), total["children"])
        assert document["manufacturing"][0]["manufactured"] == oracle.manufactured(rows, "VECURA", as_of)
        for name, by, columns in (
            ("categories", "category", series["categories"]),
            ("centres", "centre", series["centres"]),
        ):
            found = {
                (code, year): (column["patients"][place], column["infusions"][place])
                for code, column in columns.items()
                for place, year in enumerate(series["years"])
                if column["infusions"][place]
            }
            counted = oracle.count(rows, (by, "year"), as_of=as_of)
            assert found == {cell: (one["patients"], one["infusions"]) for cell, one in counted.items()}, name
        assert sum(series["nation"]["patients"]) == total["patients"]


def test_no_infusion_of_the_demonstration_is_later_than_its_source(published):
    assert published.data_through <= date(2025, 9, 8)
    assert not Infusion.objects.filter(centre__code="ORE").exists()


def test_a_second_run_changes_nothing(stored, manage):
    def everything():
        return (
            Revision.objects.get().number,
            sorted(Infusion.objects.values_list()),
            sorted(Patient.objects.values_list()),
            sorted(User.objects.values_list("username", "password")),
        )

    before = everything()
    code, out, _err = manage("demo_data")
    assert code == 0
    assert "Demonstration: 0 infusions stored, 304 there." in out
    assert "304 infusions stored" in stored
    assert "login" not in out
    assert everything() == before


def test_a_code_list_that_an_administrator_has_changed_stays_so(stored, manage):
    run_sql("UPDATE registry_centre SET name = 'Renamed' WHERE code = 'UPP'")
    manage("demo_data")
    assert Infusion.objects.filter(centre__name="Renamed").count() == 86


def test_the_file_has_only_test_numbers_and_no_warning(stored, tmp_path, manage, monkeypatch):
    kept = tmp_path / "demonstration.csv"
    monkeypatch.setattr("registry.management.commands.demo_data.Path", lambda *parts: kept)
    assert manage("demo_data")[0] == 0
    code, out, _err = manage("import_infusions", kept)
    assert (code, out) == (0, "Nothing changed: all 304 rows are stored already.\n")
    numbers = [line.split(",")[1] for line in kept.read_text().splitlines()[1:]]
    assert len(set(numbers)) == 297
    for number in set(numbers):
        assert 980 <= int(number[9:12]) <= 999, "a number that a person may have"
        assert read_identifier(number, centre="UPP").born_on


# Verify.


def test_verify_agrees_with_what_was_published(published, manage):
    code, out, err = manage("verify")
    assert (code, out, err) == (0, "Snapshot 1 agrees with the records in every number.\n", "")


def test_verify_says_that_the_records_have_changed_since(published, manage):
    withdraw_infusion(infusion_id=Infusion.objects.first().pk, by=Operator(), reason="a mistake")
    code, out, err = manage("verify")
    assert code == 3
    assert ["nation", "infusions", "304", "303"] in table(out)
    assert "publish first" in err


@pytest.mark.parametrize(
    ("found", "put"),
    [
        ('"patients": 45', '"patients": 46'),
        ('"patients": 297', '"patients": 298'),
        ('"children": 13', '"children": 12'),
        ('"first": "2023-12"', '"first": "2023-11"'),
        ('"manufactured": 46', '"manufactured": 45'),
        ("Akademiska sjukhuset", "Another hospital"),
        ('"status": "upcoming"', '"status": "closed"'),
    ],
)
def test_verify_detects_a_tampered_document(published, manage, found, put):
    run_sql("UPDATE registry_snapshot SET map_document = replace(map_document, %s, %s)", found, put)
    assert Snapshot.objects.get().map_document != published.map_document
    code, out, _err = manage("verify")
    assert code == 3
    assert "hash" in out


@pytest.mark.parametrize(
    "change",
    [
        "built_at = built_at + interval '1 second'",
        "data_through = data_through - 1",
        "data_through_precision = 'month'",
        "disclosure = 'threshold:5'",
        "facts = facts + 1",
        "code_lists = replace(code_lists, 'Kymriah', 'Kymria')",
        "hash = 'sha256:' || repeat('0', 64)",
    ],
)
def test_verify_detects_every_other_tampered_part_of_a_snapshot(published, manage, change):
    run_sql(f"UPDATE registry_snapshot SET {change}")
    assert manage("verify")[0] == 3


# How each column of the facts is changed: in a single fact, or for a person with two.
ONE = """(person, sequence) = (
    SELECT person, sequence FROM facts.registry_fact_1
    WHERE centre = 'UPP' AND category = 'SOC' AND date_precision = 'day' ORDER BY person LIMIT 1)"""
LATER = "SELECT person, max(infused_on) AS infused_on FROM facts.registry_fact_1 WHERE NOT is_only GROUP BY person"
SECOND = f"(person, infused_on) = (SELECT person, infused_on FROM ({LATER}) AS later ORDER BY person LIMIT 1)"
TAMPERED = {
    "person": [("person = 1", SECOND)],
    "sequence": [("sequence = sequence + 1", ONE)],
    "counts_from": [("counts_from = counts_from - 1", ONE)],
    "place": [("place = place + 1", ONE)],
    "is_only": [("is_only = NOT is_only", ONE)],
    "centre": [("centre = 'LUN'", ONE)],
    "region": [("region = 'Norra'", ONE)],
    "county": [("county = '25'", ONE)],
    "category": [("category = 'CUP'", ONE)],
    "kind": [("kind = 'further_dose'", ONE)],
    "product": [("product = 'Carvykti'", ONE)],
    "modality": [("modality = 'TCR-T'", ONE)],
    "indication": [("indication = NULL", ONE)],
    "manufacturing_site": [("manufacturing_site = 'VECURA'", ONE)],
    "trial": [("trial = 'NCT99000001'", ONE)],
    "sex": [("sex = 'unknown'", ONE)],
    "infused_on": [("infused_on = infused_on - 1", ONE)],
    "date_precision": [("date_precision = 'year'", ONE)],
    "age": [("age = age + 1", ONE)],
}


def test_every_column_of_the_facts_is_tampered_with_here(published):
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM facts.registry_fact_1 LIMIT 0")
        assert {column.name for column in cursor.description} == TAMPERED.keys()


@pytest.mark.parametrize("column", TAMPERED)
def test_verify_detects_every_tampered_column_of_the_facts(published, manage, column):
    for change, which in TAMPERED[column]:
        run_sql(f"UPDATE facts.registry_fact_1 SET {change} WHERE {which}")
    code, out, _err = manage("verify")
    assert code == 3
    assert [line[:2] for line in table(out)] == [["cell", "measure"], ["facts", "persons"], ["facts", "persons"]]


def test_verify_detects_missing_facts(published, manage):
    run_sql(f"DELETE FROM facts.registry_fact_1 WHERE {ONE}")
    assert manage("verify")[0] == 3


def test_verify_detects_swapped_facts_of_two_persons(published, manage):
    """Every value still occurs as often as before."""
    run_sql(f"CREATE TEMPORARY TABLE pair AS {LATER} ORDER BY person LIMIT 2")
    run_sql(
        "UPDATE facts.registry_fact_1 AS fact SET person = (SELECT person FROM pair WHERE person <> fact.person) "
        "WHERE (person, infused_on) IN (SELECT person, infused_on FROM pair)"
    )
    run_sql("DROP TABLE pair")
    assert manage("verify")[0] == 3


# Reconcile.


def figure(tmp_path, change) -> Path:
    """The published figure with a change."""
    document = json.loads(FIGURE.read_text(encoding="utf-8"))
    change(document)
    path = tmp_path / "figure.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_the_published_figure_agrees_and_uppsalas_extra_infusion_is_explained(published, manage):
    code, out, err = manage("reconcile", FIGURE)
    assert (code, err) == (0, "")
    explanation, others, agreement = out.splitlines()
    assert others.startswith(
        "Not compared, since the registry counts nothing of the kind: elsewhere_in_the_report.soc_"
    )
    assert "elsewhere_in_the_report.vecura.batches (192)" in others
    assert explanation == (
        "Uppsala: 86 infusions are printed for 85 patients and 0 RI; 1 extra infusion explained by a "
        "further dose (1 in ACT)."
    )
    assert agreement.startswith("All ")
    assert agreement.endswith(" numbers agree as of 2025-09-08.")


def test_the_reports_trials_and_manufacture_agree_but_for_its_rate(published, manage):
    """ATMP.md, "Worked example": the first row of its table is the one difference, and the exit is 4."""
    code, out, err = manage("reconcile", FIGURE.with_name("atmp-report-2025.json"))
    assert (code, "1 of 20 numbers differ as of 2025-09-08." in err) == (4, True)
    assert [line for line in out.splitlines() if line.startswith("different")] == [
        "different: Ongoing trials per 100,000, Stockholm and Uppsala: 1.0; the registry has 1.49. "
        "43/28.8 = 1.49. Inference: Stockholm alone has 8 + 13 + 8 = 29, and 29/28.8 = 1.01, which is rounded to "
        "what is printed."
    ]
    assert "equal: Vecura, products made for an infusion: 46; the registry has 46." in out
    assert "not compared" not in out


def test_the_first_national_list_contradicts_itself(published, manage):
    code, out, _err = manage("reconcile", FIGURE.with_name("atmp-sweden-list.json"))
    assert code == 4
    assert "Impossible: 9 open of 7 ever. Exchanged with Gothenburg it would fit: 9 of 9, and 5 of 7 there." in out
    assert "25 + 14 + 9 + 7 + 2 + 1 = 58." in out


def test_an_extra_infusion_without_a_further_dose_is_not_explained(published, manage, tmp_path):
    path = figure(tmp_path, lambda document: document["centres"][0].update(infusions=11))
    code, out, _err = manage("reconcile", path)
    assert code == 4
    assert "Umeå: 11 infusions are printed for 9 patients and 0 RI; 2 extra infusions not explained." in out


def change_category(document, **fields):
    document["centres"][1]["categories"][0].update(fields)


DIFFERENT = {
    "UPP × ACT  patients": lambda d: change_category(d, patients=44),
    "UPP × ACT  first": lambda d: change_category(d, first="2015"),
    "UPP × ACT  reinfusions": lambda d: change_category(d, reinfusions=1),
    "UPP  infusions": lambda d: d["centres"][1].update(infusions=85),
    "nation  patients": lambda d: d["national"].update(patients=298),
    "nation  children": lambda d: d["national"].update(children=12),
    "Vecura  manufactured": lambda d: d["centres"][2]["gmp_manufacture"].update(manufactured_infusions=45),
    "Vecura  products": lambda d: d["centres"][2]["gmp_manufacture"].update(products=99),
    "STO × SOC  products": lambda d: d["elsewhere_in_the_report"]["soc_products"].update(STO=6),
    "GOT × CUP  patients": lambda d: d["centres"][5]["categories"].pop(),
    "UME  infusions": lambda d: d["centres"].pop(0),
}


@pytest.mark.parametrize("line", DIFFERENT)
def test_a_number_that_differs_is_in_the_table(published, manage, tmp_path, line):
    code, out, err = manage("reconcile", figure(tmp_path, DIFFERENT[line]))
    assert code == 4
    assert " numbers differ as of 2025-09-08." in err
    rows = [" ".join(row) for row in table(out)]
    differing = rows[rows.index("cell measure figure registry") + 1 :]
    assert any(row.startswith(" ".join(line.split()) + " ") for row in differing)


def test_a_figure_is_compared_as_of_its_own_day(published, manage, tmp_path):
    earlier = figure(tmp_path, lambda document: document.update(data_cut="2020-12-31"))
    code, _out, err = manage("reconcile", earlier)
    assert code == 4
    assert "as of 2020-12-31" in err


def test_each_number_of_a_file_is_compared_or_named(published, manage):
    """With a hundred more each number differs, or stands among those that are not compared."""
    document, silent = json.loads(FIGURE.read_text(encoding="utf-8")), []
    document["centres"][1] |= {"patients": 85, "surprise": 5}
    document["national"]["patients_summed"] = 297
    paths = list(leaves(document))
    assert len(paths) > 50
    others = reconcile(document).others
    for path in paths:
        changed = deepcopy(document)
        at(changed, path)[path[-1]] += 100
        result = reconcile(changed)
        is_named = result.others != others
        if not is_named and [one.printed.value for one in result.differences] != [at(changed, path)[path[-1]]]:
            silent.append(path)
    assert not silent
    assert set(others) > {
        "centres[UPP].surprise",
        "elsewhere_in_the_report.soc_patients_in_text.STO",
    }


def change_centre(document, code, **fields):
    next(centre for centre in document["centres"] if centre["code"] == code).update(fields)


REASONS = {
    "UPP, infusions: further doses are left out": lambda d: change_centre(d, "UPP", infusions=85),
    "STO, infusions: reinfusions are left out": lambda d: change_centre(d, "STO", infusions=86),
    "STO × SOC, patients: reinfusions are counted as patients":
        lambda d: d["centres"][2]["categories"][1].update(patients=74),
    "UPP × ACT, patients: further doses are counted as patients": lambda d: change_category(d, patients=46),
    "nation, infusions: rounded to 10": lambda d: d["national"].update(infusions=300),
    "XXX, infusions: the registry has no XXX":
        lambda d: d["centres"].append({"code": "XXX", "infusions": 7, "categories": []}),
    "UPP, patients: unknown": lambda d: change_centre(d, "UPP", patients=99),
    "Vecura, manufactured: unknown":
        lambda d: d["centres"][2]["gmp_manufacture"].update(manufactured_infusions=13),
}  # fmt: skip


@pytest.mark.parametrize("line", REASONS)
def test_a_difference_is_explained_where_it_can_be(published, manage, tmp_path, line):
    code, out, _err = manage("reconcile", figure(tmp_path, REASONS[line]))
    assert (code, line in out.splitlines()) == (4, True), out


FORMS = {
    "national.patients: '297', where a whole number belongs.": lambda d: d["national"].update(patients="297"),
    "national.children: 13.5, where a whole number belongs.": lambda d: d["national"].update(children=13.5),
    "centres[UPP].infusions: nothing, where a whole number belongs.":
        lambda d: change_centre(d, "UPP", infusions=None),
    "centres[UPP].infusions: True, where a whole number belongs.":
        lambda d: change_centre(d, "UPP", infusions=True),
    "centres[UPP].categories[ACT].first: 2014, where a month as 2014 or 2023-12 belongs.":
        lambda d: change_category(d, first=2014),
    "centres[UPP].categories[0].category: nothing, where a code belongs.":
        lambda d: d["centres"][1]["categories"][0].pop("category"),
    "centres[UPP].categories[ACT] is there twice.":
        lambda d: d["centres"][1]["categories"].append(d["centres"][1]["categories"][0]),
    "centres[UME] is there twice.": lambda d: d["centres"].append(d["centres"][0]),
    "centres[2].code: nothing, where a code belongs.": lambda d: d["centres"][2].pop("code"),
    "centres: an object, where a list belongs.": lambda d: d.update(centres={}),
    "national: nothing, where an object with names and values belongs.": lambda d: d.pop("national"),
    "data_cut: '8/9/2025', where the day of the figure belongs, as 2025-09-08.":
        lambda d: d.update(data_cut="8/9/2025"),
}  # fmt: skip


@pytest.mark.parametrize("sentence", FORMS)
def test_what_is_wrong_in_form_is_named_with_its_place(published, manage, tmp_path, sentence):
    code, _out, err = manage("reconcile", figure(tmp_path, FORMS[sentence]))
    assert (code, sentence in err.splitlines()) == (2, True), err


@pytest.mark.parametrize(
    "text",
    [
        "", "no JSON", "[]", "1", "null", '"a text"', "{}", '{"data_cut": "2025-09-08"}', '{"data_cut": 1}',
        '{"data_cut": "soon", "national": {}, "centres": []}',
        '{"data_cut": "2025-09-08", "national": [], "centres": []}',
        '{"data_cut": "2025-09-08", "national": {}, "centres": [{}]}',
        '{"data_cut": "2025-09-08", "national": {}, "centres": [1]}',
        '{"data_cut": "2025-09-08", "national": {}, "centres": 1}',
        '{"data_cut": "2025-09-08", "national": {}, "centres": [], "elsewhere_in_the_report": []}',
        '{"data_cut": "2025-09-08", "national": {}, "centres": [{"code": ["UPP"], "status": "active", '
        '"infusions": 1, "categories": []}]}',
    ],
)  # fmt: skip
def test_nonsense_is_exit_2(published, manage, tmp_path, text):
    path = tmp_path / "figure.json"
    path.write_text(text)
    code, _out, err = manage("reconcile", path)
    assert code == 2
    assert err


def test_a_figure_that_is_missing_or_not_text_is_exit_2(published, manage, tmp_path):
    assert manage("reconcile", tmp_path / "missing.json")[0] == 2
    assert manage("reconcile", tmp_path)[0] == 2
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    assert manage("reconcile", tmp_path / "bytes.json")[0] == 2


def test_without_a_snapshot_there_is_nothing_to_reconcile(stored, manage):
    assert manage("reconcile", FIGURE)[0] == 2


# A recount that does not agree.


@pytest.fixture
def broken(published, monkeypatch):
    """A published snapshot, a later change, and a measure that is counted wrongly from then on."""
    withdraw_infusion(infusion_id=Infusion.objects.first().pk, by=Operator(), reason="a mistake")
    wrong = measures.Measure(**vars(measures.MEASURES["patients"]) | {"sql": "sum(n)"})
    monkeypatch.setitem(measures.MEASURES, "patients", wrong)
    return published


def test_a_recount_that_does_not_agree_leaves_the_old_snapshot(broken, manage):
    before = read_map(language="sv")
    facts = read_facts("*")
    code, out, err = manage("publish")
    assert (code, out) == (3, "")
    assert "The recount did not agree, nothing was published:" in err
    assert re.search(r"^nation, patients: 303 published, 29[67] recounted$", err, re.MULTILINE)
    assert read_map(language="sv") == before
    assert read_current().number == 1
    assert list(Snapshot.objects.all()) == [broken]
    assert read_facts("*") == facts


def test_a_failed_recount_is_in_the_ledger_the_log_and_the_administrators_mail(
    broken, settings, mailoutbox, caplog
):
    settings.ADMINS = [("", "admin@registry.example")]
    with pytest.raises(ProofFailed):
        run_publication()
    run = Run.objects.get()
    assert (run.task, run.outcome, run.snapshot) == (Task.PUBLISH, Outcome.PROOF_FAILED, None)
    assert run.finished_at >= run.started_at
    assert "nation, patients: " in run.message
    [mail] = mailoutbox
    assert mail.to == ["admin@registry.example"]
    assert "nation, patients: " in mail.body
    assert "registry.publish_snapshot: the numbers differ" in mail.subject
    assert any("nation, patients: " in message for message in caplog.messages)


def test_the_sweep_does_not_retry_a_failed_recount_until_the_records_change(broken, monkeypatch):
    with pytest.raises(ProofFailed):
        run_sweep()
    for _minute in range(3):
        assert run_sweep() is None
    assert Run.objects.count() == 1
    infusion = Infusion.objects.counted().first()
    correct_infusion(infusion_id=infusion.pk, changes={"batch": "B"}, by=Operator(), reason="typo")
    with pytest.raises(ProofFailed):
        run_sweep()
    assert Run.objects.count() == 2
    monkeypatch.undo()
    correct_infusion(infusion_id=infusion.pk, changes={"batch": "C"}, by=Operator(), reason="typo")
    assert run_sweep().outcome == Outcome.PUBLISHED
    assert Publication.objects.get().snapshot_id == 2


def test_a_queued_run_retries_a_failed_recount_at_once(broken, monkeypatch, manage):
    assert manage("publish")[0] == 3
    monkeypatch.setitem(
        measures.MEASURES, "patients",
        measures.Measure(**vars(measures.MEASURES["patients"]) | {"sql": "sum(n) FILTER (WHERE is_entry)"}),
    )  # fmt: skip
    assert manage("publish")[0] == 0
    assert read_current().number == 2


def test_the_nightly_check_reports_a_difference_like_a_failed_recount(published, settings, mailoutbox):
    settings.ADMINS = [("", "admin@registry.example")]
    assert run_verification().outcome == Outcome.DONE
    run_sql(f"UPDATE facts.registry_fact_1 SET age = age + 1 WHERE {ONE}")
    with pytest.raises(ProofFailed):
        run_verification()
    assert Run.objects.first().outcome == Outcome.PROOF_FAILED
    assert len(mailoutbox) == 1


def test_the_nightly_check_reports_a_tampered_document_even_if_the_records_have_changed(published):
    withdraw_infusion(infusion_id=Infusion.objects.first().pk, by=Operator(), reason="a mistake")
    assert run_verification().outcome == Outcome.DONE
    run_sql("UPDATE registry_snapshot SET map_document = replace(map_document, 'Akademiska', 'Another')")
    with pytest.raises(ProofFailed, match="hash"):
        run_verification()


# Older snapshots.


def test_an_older_snapshot_has_its_document_but_no_counts_up_to_a_day(published):
    before = read_map(language="sv")
    withdraw_infusion(infusion_id=Infusion.objects.first().pk, by=Operator(), reason="a mistake")
    run_publication()
    assert read_map(language="sv", number=1) == before
    assert read_map(language="sv")["national"]["infusions"] == 303
    assert read_map(language="sv", number=2, as_of=date(2020, 1, 1))["snapshot"]["as_of"] == "2020-01-01"
    with pytest.raises(FactsNotKept):
        read_map(language="sv", number=1, as_of=date(2020, 1, 1))
    assert list_facts() == [2]


def test_person_keys_differ_in_every_snapshot(published):
    before = read_facts("person")
    call_command("demo_data", reference_only=True, verbosity=0)
    run_sql("UPDATE registry_revision SET number = number + 1")
    assert publish.publish().number == 2
    assert set(read_facts("person", snapshot=2)).isdisjoint(before)
