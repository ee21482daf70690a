"""What a list or another person's row makes improbable: stored, said in form, API and file, and asked about."""

import re

import pytest
from django.db import connection
from django.db.models import Value

from registry.access import Operator
from registry.choices import Category
from registry.entry.importing.pipeline import import_infusions
from registry.entry.infusions.proposal import propose
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.models import Centre, ImportJob, Infusion, Question
from registry.models.batch import AS_COMPARED, batch_as_compared
from tests import factories
from tests.calling import Program
from tests.test_import_jobs import run

ONE, OTHER, THIRD = (factories.nth_number(place) for place in range(3))
HEADER = "centre,patient_id,category,trial,product,infused_on,batch"


def asked() -> list[str]:
    return sorted(Question.objects.values_list("rule", flat=True))


def warned(tmp_path, lines: list[str], *, by=None, dry_run=True) -> list[tuple[int, str]]:
    """(line, code) of each warning of a file."""
    path, found = tmp_path / "rows.csv", []
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    import_infusions(
        path=path, by=by or Operator(), dry_run=dry_run, report=lambda line, one: found.append((line, one))
    )
    factories.drop_import_tables()
    assert all(problem.warning for _line, problem in found), found
    return [(line, problem.code) for line, problem in found]


# Compassionate use with a trial


@pytest.mark.parametrize(
    ("category", "trial", "doubted"),
    [
        ("CUP", factories.INDUSTRY, ["cup_in_industry_trial"]),
        ("CUP", factories.ACADEMIC, []),
        ("CUP", None, []),
        ("ICT", factories.INDUSTRY, []),
        ("ACT", factories.ACADEMIC, []),
    ],
)
def test_compassionate_use_in_a_trial_of_the_industry_is_doubted(lists, tmp_path, category, trial, doubted):
    stated = factories.stated(lists, ONE, category=category, trial=trial)
    assert [problem.code for problem in propose(stated=stated, by=Operator()).warnings] == doubted
    line = f"UPP,{ONE},{category},{trial or ''},Kymriah,2020-05-05,"
    assert warned(tmp_path, [line]) == [(2, code) for code in doubted]
    factories.record(lists, ONE, category=category, trial=trial)
    assert asked() == doubted


@pytest.mark.usefixtures("neighbours")
def test_a_correction_to_it_is_asked_about_and_another_correction_of_it_is_not(lists):
    row = factories.record(lists, ONE, category="ICT", trial=factories.INDUSTRY)
    correct_infusion(infusion_id=row.pk, changes={"category": Category.CUP}, by=Operator(), reason="it was")
    assert asked() == ["cup_in_industry_trial"]
    Question.objects.all().delete()
    correct_infusion(infusion_id=row.pk, changes={"batch": "B-1"}, by=Operator(), reason="typo")
    assert asked() == []


# An investigational product as standard of care


@pytest.mark.parametrize(
    ("category", "trial", "product", "doubted"),
    [
        ("SOC", None, "Akademisk CD19 CAR-T", ["investigational_in_care"]),
        ("SOC", None, "Prövningsläkemedel TCR-T", ["investigational_in_care"]),
        ("SOC", None, "Kymriah", []),
        ("ACT", factories.ACADEMIC, "Akademisk CD19 CAR-T", []),
        ("ICT", factories.INDUSTRY, "Prövningsläkemedel TCR-T", []),
        ("CUP", None, "Akademisk CD19 CAR-T", []),
    ],
)
def test_an_investigational_product_as_standard_of_care_is_doubted(
    lists, tmp_path, category, trial, product, doubted
):
    stated = factories.stated(lists, ONE, category=category, trial=trial, product=product)
    assert [problem.code for problem in propose(stated=stated, by=Operator()).warnings] == doubted
    line = f"UPP,{ONE},{category},{trial or ''},{product},2020-05-05,"
    assert warned(tmp_path, [line]) == [(2, code) for code in doubted]
    factories.record(lists, ONE, category=category, trial=trial, product=product)
    assert asked() == doubted


# One batch in two persons


@pytest.mark.parametrize("written", ["AB-1 234", "ab-1234", " aB-1\u00a0234 "])
def test_a_batch_of_another_person_is_doubted_in_any_spelling(lists, tmp_path, written):
    factories.record(lists, ONE, batch="AB-1234")
    factories.record(lists, THIRD, batch="AB-1235")
    stated = factories.stated(lists, OTHER, batch=written, infused_on="2021-05-05")
    assert [one.code for one in propose(stated=stated, by=Operator()).warnings] == ["batch_of_another_person"]
    line = f"UPP,{OTHER},SOC,,Kymriah,2021-05-05,{written}"
    assert warned(tmp_path, [line]) == [(2, "batch_of_another_person")]
    row = factories.record(lists, OTHER, batch=written, infused_on="2021-05-05")
    assert [(one.rule, one.infusion) for one in Question.objects.all()] == [("batch_of_another_person", row)]


def test_no_batch_and_the_persons_own_are_not(lists, tmp_path):
    for person in (ONE, OTHER):
        factories.record(lists, person, batch="")
    factories.record(lists, THIRD, batch="B-7")
    factories.record(lists, THIRD, batch="B-7", infused_on="2020-05-12", kind="further_dose")
    gone = factories.record(lists, ONE, batch="B-8", infused_on="2021-03-05", kind="reinfusion")
    withdraw_infusion(infusion_id=gone.pk, by=Operator(), reason="never given")
    factories.record(lists, OTHER, batch="B-8", infused_on="2021-03-05", kind="reinfusion")
    assert "batch_of_another_person" not in asked()
    lines = [
        f"UPP,{factories.nth_number(5)},SOC,,Kymriah,2021-05-05,",
        f"UPP,{factories.nth_number(6)},SOC,,Kymriah,2021-05-05, ",
    ]
    assert warned(tmp_path, lines) == []


def test_a_corrected_batch_is_judged_and_another_field_is_not(lists):
    factories.record(lists, ONE, batch="B-7")
    row = factories.record(lists, OTHER, batch="B-8")
    correct_infusion(
        infusion_id=row.pk, changes={"batch": "b 7", "age_at_infusion": 50}, by=Operator(), reason="x"
    )
    assert asked() == []  # "b 7" is not "B-7": a hyphen is a part of the number
    correct_infusion(infusion_id=row.pk, changes={"batch": "b-7"}, by=Operator(), reason="x")
    assert asked() == ["batch_of_another_person"]
    Question.objects.all().delete()
    indication = lists.indications["C83.3"]
    correct_infusion(infusion_id=row.pk, changes={"indication": indication}, by=Operator(), reason="x")
    assert asked() == []


def test_a_clinic_is_told_of_no_other_centres_batch(lists, tmp_path):
    factories.record(lists, ONE, centre="STO", batch="B-7")
    factories.record(lists, THIRD, centre="UPP", batch="B-8")
    nurse = factories.user("nurse", lists.centres["UPP"])
    for batch, doubted in (("B-7", []), ("B-8", ["batch_of_another_person"])):
        stated = factories.stated(lists, OTHER, batch=batch, infused_on="2021-05-05")
        assert [one.code for one in propose(stated=stated, by=nurse).warnings] == doubted
        line = f"UPP,{OTHER},SOC,,Kymriah,2021-05-05,{batch}"
        assert warned(tmp_path, [line], by=nurse) == [(2, code) for code in doubted]
    factories.record(lists, OTHER, by=nurse, batch="B-7", infused_on="2021-05-05")
    assert asked() == []


@pytest.mark.usefixtures("neighbours")
def test_rows_of_one_file_are_held_against_each_other(lists, tmp_path):
    factories.record(lists, THIRD, batch="C-1")
    lines = [
        f"UPP,{ONE},SOC,,Kymriah,2020-05-05,b-7",
        f"UPP,{OTHER},SOC,,Kymriah,2020-05-06,B-7 ",
        f"UPP,{OTHER},SOC,,Kymriah,2020-05-07,B-9",
        f"UPP,{factories.nth_number(4)},SOC,,Kymriah,2020-05-06,c-1",
        f"UPP,{THIRD},SOC,,Kymriah,2020-05-07,C-1",
    ]
    kinds = [
        f"{line},{kind}" for line, kind in zip(lines, ["", "", "reinfusion", "", "further_dose"], strict=True)
    ]
    path, found = tmp_path / "rows.csv", []
    path.write_text("\n".join([f"{HEADER},kind", *kinds]) + "\n")
    import_infusions(path=path, by=Operator(), report=lambda line, one: found.append((line, one.code)))
    factories.drop_import_tables()
    # Line 6 shares its batch with line 5, another person: both are doubted.
    batches = [line for line, code in found if code == "batch_of_another_person"]
    assert batches == [2, 3, 5, 6]
    assert Infusion.objects.count() == 9


@pytest.mark.usefixtures("neighbours")
def test_a_kept_upload_is_told_likewise_by_the_api(lists):
    factories.record(lists, ONE, batch="B-7")
    program = Program(factories.user("upp", lists.centres["UPP"]))
    content = f"{HEADER}\nUPP,{OTHER},SOC,,Kymriah,2021-05-05,b-7\n".encode()
    job = program.upload(content).json()
    run(ImportJob.objects.get())
    told = program.get(f"imports/{job['id']}").json()
    assert [problem["code"] for problem in told["problems"]] == ["batch_of_another_person"], told


def test_the_api_says_so(lists):
    factories.record(lists, ONE, batch="B-7")
    program = Program(factories.user("upp", lists.centres["UPP"]))
    answer = program.enter(patient_id=OTHER, batch="b-7")
    assert [one["code"] for one in answer.json()["warnings"]] == ["batch_of_another_person"], answer.content


SPELLINGS = ("", " ", "b1", "B 1", "B\u00a01", "\u2007b\u202f1\t", "å 1", "b-1", "x\ny")


def test_a_batch_is_compared_alike_by_either_way_of_writing_it_in_sql(lists):
    for batch in SPELLINGS:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {AS_COMPARED.format(batch='%s::text')}", [batch])
            [written] = cursor.fetchone()
        one = Centre.objects.annotate(compared=batch_as_compared(Value(batch)))[0]
        assert one.compared == written == re.sub(r"\s", "", batch).upper()
