"""The small cases of COUNTING.md, each through the public functions."""

from datetime import date

import pytest
from django.test import Client

from registry.access import Operator
from registry.choices import DatePrecision, Kind
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.infusions.row_reader import CodeLists, RowReader
from registry.entry.patients.merge import merge_patients
from registry.errors import InfusionRefused, KindUnclear
from registry.identity import read_identifier
from registry.measures import nothing_counted
from registry.models import Infusion, Patient, Revision
from registry.published.count_query import CountQuery
from registry.published.queries import read_counts, read_map
from registry.publishing.publish import publish
from tests import factories

MEASURES = ("patients", "infusions", "reinfusions", "further_doses", "first")
NUMBER = factories.number(date(1970, 1, 1), 981)


def row(patients: int, infusions: int, reinfusions: int, further_doses: int, first: str | None) -> dict:
    return dict(zip(MEASURES, (patients, infusions, reinfusions, further_doses, first), strict=True))


def counted(by: tuple[str, ...] = (), **question) -> dict:
    """Publish, then the measures by the values of the dimensions; () is the total."""
    publish()
    answer = read_counts(CountQuery(by=by, **question))
    found = {tuple(one[name] for name in by): one for one in answer["rows"]}
    return {key: {name: one[name] for name in MEASURES} for key, one in found.items()}


def nation() -> dict:
    """Publish, then the national line of the map, with its sum of parts."""
    publish()
    return read_map(language="en")["national"]


def stored() -> tuple:
    return Patient.objects.count(), Infusion.objects.count(), Revision.objects.get().number


def test_case_1_of_two_infusions_on_one_day_the_sequence_decides_which_is_the_entry(lists):
    later = factories.record(lists, NUMBER, sequence=2, kind="reinfusion")
    factories.record(lists, NUMBER, sequence=1, kind="first")
    correct_infusion(infusion_id=later.pk, changes={"kind": Kind.FURTHER_DOSE}, by=Operator(), reason="dose 2")
    # Were the second the entry, the first would be a reinfusion.
    assert counted() == {(): row(1, 2, 0, 1, "2020-05-05")}


def test_case_2_when_an_entry_is_withdrawn_the_next_infusion_becomes_it_everywhere_at_once(lists):
    entry = factories.record(lists, NUMBER, infused_on="2020-05-05", age_at_infusion=50)
    factories.record(lists, NUMBER, infused_on="2021-06-06", kind="further_dose")
    assert counted(("year",)) == {
        (2020,): row(1, 1, 0, 0, "2020-05-05"),
        (2021,): row(0, 1, 0, 1, None),
    }
    withdraw_infusion(infusion_id=entry.pk, by=Operator(), reason="another person's")
    assert counted(("year",)) == {(2021,): row(1, 1, 0, 0, "2021-06-06")}
    assert counted(("centre", "category")) == {("UPP", "SOC"): row(1, 1, 0, 0, "2021-06-06")}
    document = read_map(language="en")
    uppsala = next(centre for centre in document["centres"] if centre["code"] == "UPP")
    for cell in (document["national"], uppsala, uppsala["categories"][0]):
        assert {name: cell[name] for name in MEASURES} == row(1, 1, 0, 0, "2021-06-06")


def test_case_3_a_date_before_the_recorded_first_stores_nothing_until_the_clinic_says_which_is_first(lists):
    factories.record(lists, NUMBER, infused_on="2020-05-05")
    before = stored()
    for kind in (None, "first", "reinfusion"):
        with pytest.raises(KindUnclear) as asked:
            factories.record(lists, NUMBER, infused_on="2019-03-03", kind=kind)
        assert asked.value.code == "kind_unclear"
        assert "2020" not in str(asked.value)
        assert "UPP" not in str(asked.value)
    assert stored() == before
    factories.record(lists, NUMBER, infused_on="2019-03-03", kind="first", former_first_becomes=Kind.REINFUSION)
    assert counted() == {(): row(1, 2, 1, 0, "2019-03-03")}
    assert [one.kind for one in Infusion.objects.in_order()] == ["first", "reinfusion"]


def test_case_4_a_persons_first_infusion_cannot_be_a_further_dose(lists):
    before = stored()
    with pytest.raises(InfusionRefused) as refused:
        factories.record(lists, NUMBER, kind="further_dose")
    assert [problem.code for problem in refused.value.problems] == ["further_dose_without_earlier"]
    assert stored() == before


def test_case_5_a_reinfusion_at_another_centre_is_an_entry_there_and_an_ri_nationally(lists):
    factories.record(lists, NUMBER, centre="UPP", infused_on="2020-05-05")
    factories.record(lists, NUMBER, centre="STO", infused_on="2021-06-06", kind="reinfusion")
    assert counted(("centre",)) == {
        ("UPP",): row(1, 1, 0, 0, "2020-05-05"),
        ("STO",): row(1, 1, 0, 0, "2021-06-06"),
    }
    found = nation()
    assert {name: found[name] for name in MEASURES} == row(1, 2, 1, 0, "2020-05-05")
    assert found["patients_summed"] == 2


def test_case_6_merging_a_person_recorded_twice_lowers_patients_and_raises_reinfusions_by_one(lists):
    under_coordination = factories.number(date(1970, 1, 1), 983, coordination=True)
    keep = factories.record(lists, NUMBER, centre="STO", infused_on="2021-06-06").patient
    absorb = factories.record(lists, under_coordination, centre="UPP", infused_on="2020-05-05").patient
    before = nation()
    effect = merge_patients(keep=keep, absorb=absorb, by=Operator(), reason="one person")
    foretold = {row.cell.by: row.moves for row in effect}[()]
    after = nation()
    moved = {name: after[name] - before[name] for name in MEASURES[:4]}
    assert moved == {"patients": -1, "infusions": 0, "reinfusions": 1, "further_doses": 0}
    assert moved | {"children": 0} == foretold
    for number in (NUMBER, under_coordination):
        assert factories.find_person(read_identifier(number, centre="UPP")) == keep
    assert Infusion.objects.get(kind=Kind.FIRST).infused_on == date(2020, 5, 5)


def test_case_7_before_a_centres_first_infusion_the_centre_is_there_with_zeros(lists):
    factories.record(lists, NUMBER, centre="STO", infused_on="2021-06-06")
    publish()
    document = read_map(language="en", as_of=date(2021, 6, 5))
    assert [centre["code"] for centre in document["centres"]] == [code for code, *_ in factories.CENTRES]
    for centre in document["centres"]:
        assert {name: centre[name] for name in MEASURES} == nothing_counted()
        assert centre["first"] is None
        assert centre["categories"] == []
    on_the_day = read_map(language="en", as_of=date(2021, 6, 6))
    stockholm = next(centre for centre in on_the_day["centres"] if centre["code"] == "STO")
    assert {name: stockholm[name] for name in MEASURES} == row(1, 1, 0, 0, "2021-06-06")


def test_case_8_a_person_can_be_a_child_in_one_cell_and_an_adult_in_another(lists):
    born_in_2004 = factories.number(date(2004, 6, 1), 983)
    factories.record(lists, born_in_2004, centre="UPP", infused_on="2022-05-31")
    factories.record(lists, born_in_2004, centre="STO", infused_on="2022-06-01", kind="reinfusion")
    assert set(counted(("centre", "age_group"))) == {("UPP", "child"), ("STO", "adult")}
    assert counted(("age_group",)) == {("child",): row(1, 2, 1, 0, "2022-05-31")}
    assert nation()["children"] == 1


def test_case_9_an_infusion_at_an_upcoming_centre_is_refused_with_an_explanation(lists):
    before = stored()
    with pytest.raises(InfusionRefused) as refused:
        factories.record(lists, NUMBER, centre="ORE")
    [problem] = refused.value.problems
    assert (problem.field, problem.code) == ("centre", "centre_upcoming")
    assert "ORE" in problem.sentence
    assert stored() == before


def test_case_10_a_product_without_a_name_on_the_market_is_a_product_of_its_own(lists):
    unnamed = "Akademisk CD19 CAR-T"
    factories.record(lists, NUMBER, category="ACT", product=unnamed)
    factories.record(lists, factories.number(birth_number=985), product="Kymriah")
    publish()
    answer = read_counts(CountQuery(by=("product",), measures=("patients", "products")))
    assert {one["product"]: one["patients"] for one in answer["rows"]} == {"Kymriah": 1, unnamed: 1}
    assert answer["total"]["products"] == 2
    reader = RowReader(CodeLists(Operator()))
    left_empty = {
        "centre": "UPP", "patient_id": NUMBER, "category": "SOC", "product": "", "infused_on": "2020-05-05"
    }  # fmt: skip
    _stated, problems = reader.read(left_empty)
    assert [(problem.field, problem.code) for problem in problems] == [("product", "missing")]


def test_case_11_a_reinfusion_known_to_the_year_of_the_first_counts_after_it(lists):
    factories.record(lists, NUMBER, infused_on="2023-06-12", kind="first")
    vague = factories.record(
        lists, NUMBER, infused_on="2023-01-01", date_precision=DatePrecision.YEAR, kind="reinfusion"
    )
    assert [one.kind for one in Infusion.objects.in_order()] == ["first", "reinfusion"]
    assert counted(as_of=date(2023, 3, 1)) == {}
    assert counted(as_of=date(2023, 6, 12)) == {(): row(1, 2, 1, 0, "2023-06-12")}
    # It stays a row of its year, without a month.
    assert counted(("month",)) == {
        ("2023-06",): row(1, 1, 0, 0, "2023-06-12"),
        ("unknown",): row(0, 1, 1, 0, None),
    }
    # A later known day of the year takes it along.
    factories.record(lists, NUMBER, infused_on="2023-09-01", kind="further_dose")
    assert counted(as_of=date(2023, 8, 31)) == {(): row(1, 1, 0, 0, "2023-06-12")}
    withdraw_infusion(infusion_id=vague.pk, by=Operator(), reason="entered twice")
    assert counted(as_of=date(2023, 9, 1)) == {(): row(1, 2, 0, 1, "2023-06-12")}


def test_the_first_of_a_cell_is_printed_as_its_period_though_it_counts_from_a_later_day(lists):
    """The reinfusions are known to their year and month, and count from the known day of the first."""
    other = factories.number(date(1970, 1, 1), 985)
    for patient, centre, day, vague, precision in (
        (NUMBER, "STO", "2023-06-12", "2023-01-01", DatePrecision.YEAR),
        (other, "UME", "2022-03-31", "2022-03-01", DatePrecision.MONTH),
    ):
        factories.record(lists, patient, centre="UPP", infused_on=day)
        factories.record(
            lists, patient, centre=centre, infused_on=vague, date_precision=precision, kind="reinfusion"
        )
    assert counted(("centre",)) == {
        ("UPP",): row(2, 2, 0, 0, "2022-03-31"),
        ("STO",): row(1, 1, 0, 0, "2023"),
        ("UME",): row(1, 1, 0, 0, "2022-03"),
    }
    assert counted(("centre",), as_of=date(2023, 6, 11)).keys() == {("UPP",), ("UME",)}


PATIENTS_BY = {  # of factories.record_several
    "centre": {"UPP": 1, "STO": 1},
    "category": {"SOC": 2, "CUP": 1},
    "product": {"Kymriah": 2},
    "modality": {"CAR-T": 2},
    "indication": {"C91.0": 2},
    "age_group": {"adult": 2},
    "sex": {"female": 1, "male": 1},
    "manufacturing_site": {None: 2},
    "region": {"Mellansverige": 1, "Stockholm–Gotland": 1},
    "trial": {None: 2},
    "year": {2020: 1, 2021: 0, 2022: 1},
    "month": {"2020-05": 1, "2021-06": 0, "2022-07": 1},
}


def test_every_dimension_can_be_asked_for_over_http(lists):
    factories.record_several(lists)
    publish()
    for name, expected in PATIENTS_BY.items():
        rows = Client().get("/api/v1/counts", {"by": name}).json().get("rows", [])
        assert {one[name]: one["patients"] for one in rows} == expected, name


def test_a_measure_asked_for_alone_is_the_one_among_all(lists):
    factories.record_several(lists)
    publish()
    expected = {"patients": 2, "infusions": 3, "reinfusions": 1, "further_doses": 0, "first": "2020-05-05"}
    for name, number in expected.items():
        assert read_counts(CountQuery(measures=(name,)))["total"][name] == number
