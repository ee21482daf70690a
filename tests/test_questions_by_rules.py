"""A rule asks about whatever has become doubtful, whichever act has made it so; once, and until it is settled.

Aucatzyl has two planned doses at most 20 days apart, Yescarta one (DOMAIN.md).
"""

from datetime import date
from itertools import cycle

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry.access import Operator
from registry.choices import Kind, Side
from registry.entry.importing.pipeline import import_infusions
from registry.entry.infusions.kept_lists import read_lists
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.patients.merge import merge_patients
from registry.entry.patients.move import move_patient
from registry.entry.questions.questions import answer, close
from registry.entry.questions.unsettled import find_unsettled_courses
from registry.models import ImportJob, Infusion, Question
from tests import factories
from tests.calling import Program
from tests.desk import address, sign_in, text
from tests.test_import_jobs import run
from tests.test_kind_against_course import lists  # noqa: F401  (with Aucatzyl)

ONE, OTHER, THIRD = (factories.nth_number(place) for place in range(3))
FIRST = {"product": "Aucatzyl", "infused_on": "2025-09-02", "kind": "first"}
SECOND = {"product": "Aucatzyl", "infused_on": "2025-09-10", "kind": "further_dose"}
COLUMNS = (
    "centre", "patient_id", "category", "trial", "product", "infused_on", "kind", "batch", "manufacturing_site"
)  # fmt: skip


def as_csv(*rows: dict) -> bytes:
    lines = [",".join(COLUMNS)]
    defaults = {"centre": "UPP", "patient_id": ONE, "category": "SOC"}
    lines += [",".join((defaults | row).get(column, "") for column in COLUMNS) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def load(tmp_path, *rows: dict, by=None, dry_run=False):
    path = tmp_path / "rows.csv"
    path.write_bytes(as_csv(*rows))
    summary = import_infusions(path=path, by=by or Operator(), dry_run=dry_run)
    factories.drop_import_tables()
    assert summary.refused == 0
    return summary


def asked() -> list[tuple[str, str, str]]:
    """(centre, date, rule) of every open question."""
    found = Question.objects.unclosed().values_list("infusion__centre__code", "infusion__infused_on", "rule")
    return sorted((centre, str(day), rule) for centre, day, rule in found)


# A file


ROWS = [
    # rows of a file, and what is asked about
    ([FIRST, SECOND], []),
    ([FIRST, SECOND | {"infused_on": "2025-10-10"}], [("UPP", "2025-10-10", "further_dose_late")]),
    ([FIRST, SECOND | {"product": "Yescarta"}], [("UPP", "2025-09-10", "further_dose_of_other_course")]),
    ([FIRST, SECOND | {"kind": "reinfusion"}], [("UPP", "2025-09-10", "reinfusion_as_planned")]),
    ([FIRST, SECOND, SECOND | {"infused_on": "2025-09-20"}], [("UPP", "2025-09-20", "further_dose_not_planned")]),
    ([FIRST | {"category": "CUP", "trial": factories.INDUSTRY}], [("UPP", "2025-09-02", "cup_in_industry_trial")]),
    ([FIRST | {"category": "CUP", "trial": factories.ACADEMIC}], []),
    (
        [FIRST | {"batch": "AB 12"}, FIRST | {"patient_id": OTHER, "batch": "ab12", "infused_on": "2025-09-03"}],
        [("UPP", "2025-09-02", "batch_of_another_person"), ("UPP", "2025-09-03", "batch_of_another_person")],
    ),
    ([FIRST | {"infused_on": "2017-05-02", "product": "Yescarta"}], []),  # in the report: before its authorisation
]


@pytest.mark.parametrize(("rows", "expected"), ROWS)
def test_the_doubts_of_a_file_become_questions_to_the_clinic(lists, tmp_path, rows, expected):  # noqa: F811
    load(tmp_path, *rows, dry_run=True)
    assert asked() == []
    load(tmp_path, *rows)
    assert asked() == expected
    assert set(Question.objects.values_list("asked_by", "waits_for")) <= {("", "clinic")}
    load(tmp_path, *rows)  # changes nothing, and asks nothing
    assert asked() == expected and Question.objects.count() == len(expected)


def test_those_of_an_upload_do_too(lists):  # noqa: F811
    program = Program(factories.user("upp", lists.centres["UPP"]))
    program.upload(as_csv(FIRST, SECOND | {"kind": "reinfusion"}), dry_run="false")
    assert run(ImportJob.objects.get()).state == "stored"
    assert asked() == [("UPP", "2025-09-10", "reinfusion_as_planned")]


def test_a_file_makes_a_stored_row_doubtful(lists, tmp_path):  # noqa: F811
    """A dose of another product in between, and a first dose that was missing."""
    factories.record(lists, ONE, **FIRST)
    factories.record(lists, ONE, **SECOND | {"infused_on": "2025-09-12"})
    factories.record(lists, OTHER, **FIRST | {"kind": "reinfusion", "infused_on": "2025-09-12"})
    Question.objects.all().delete()
    load(
        tmp_path,
        FIRST | {"product": "Yescarta", "infused_on": "2025-09-08", "kind": "reinfusion"},
        FIRST | {"patient_id": OTHER},
    )
    assert asked() == [
        ("UPP", "2025-09-12", "further_dose_of_other_course"),
        ("UPP", "2025-09-12", "reinfusion_as_planned"),
    ]


def test_a_file_settles_what_was_asked(lists, tmp_path):  # noqa: F811
    row = factories.record(lists, ONE, **FIRST | {"kind": "reinfusion", "infused_on": "2026-05-05"})
    assert asked() == [("UPP", "2026-05-05", "no_earlier_infusion")]
    load(tmp_path, FIRST)
    assert asked() == []
    [question] = row.questions.all()
    assert question.closed_at and not question.closed_by and not question.answered_at


def test_a_file_does_not_ask_again_what_was_answered_of_an_earlier_row(lists, tmp_path):  # noqa: F811
    late = SECOND | {"infused_on": "2025-12-01"}
    load(tmp_path, FIRST, late, FIRST | {"patient_id": OTHER})
    [question] = Question.objects.all()
    answer(question_id=question.pk, text="It was.", by=factories.user("nurse", lists.centres["UPP"]))
    close(question_id=question.pk, by=factories.user("desk", national_role="steward"))
    new = {"product": "Aucatzyl", "infused_on": "2026-03-02", "kind": "reinfusion"}
    load(tmp_path, FIRST, late, new, new | {"patient_id": OTHER})
    assert asked() == [] and Question.objects.count() == 1
    load(tmp_path, late | {"patient_id": OTHER, "infused_on": "2025-11-03"})
    assert asked() == [("UPP", "2025-11-03", "further_dose_late")]


def test_a_file_asks_about_its_own_row_of_a_shared_batch(lists, tmp_path):  # noqa: F811
    for number, batch in ((ONE, "B-1"), (OTHER, "B-2")):
        factories.record(lists, number, **FIRST | {"batch": batch})
    load(tmp_path, FIRST | {"patient_id": THIRD, "batch": "b-1", "infused_on": "2025-09-04"})
    assert asked() == [("UPP", "2025-09-04", "batch_of_another_person")]


def test_a_question_that_another_centres_entry_settles_names_nobody(lists):  # noqa: F811
    """Who registered the person elsewhere would tell where that is: by page, by program, of either centre."""
    for centre in ("UPP", "UME"):
        with factories.rolled_back():
            factories.record(lists, ONE, **FIRST | {"centre": "STO", "kind": "reinfusion"})
            stranger = factories.user(f"nurse-of-{centre}", lists.centres[centre])
            nurse = factories.user("nurse", lists.centres["STO"])
            factories.record(lists, ONE, by=stranger, **FIRST | {"centre": centre, "kind": "reinfusion"})
            page = sign_in(nurse).get(address("questions"), {"state": "closed"})
            [question] = Program(nurse).get("questions?state=closed").json()["results"]
            assert (question["rule"], question["closed_by"]) == ("no_earlier_infusion", None)
            assert "The rule no longer asks" in text(page) and stranger.username not in text(page)


def test_a_file_asks_a_clinic_about_nothing_that_another_centre_recorded(lists, tmp_path):  # noqa: F811
    """An operator's file of two centres: the report tells, the questions of each clinic are by its own rows."""
    late = SECOND | {"centre": "STO", "infused_on": "2025-12-01"}
    load(tmp_path, FIRST, late, FIRST | {"patient_id": OTHER, "batch": "B-1"},
         FIRST | {"patient_id": THIRD, "centre": "STO", "batch": "B-1"})  # fmt: skip
    assert Infusion.objects.count() == 4 and asked() == []


def test_the_questions_of_a_file_cost_the_same_for_many_persons(lists, tmp_path):  # noqa: F811
    def count(places) -> int:
        rows = [
            row | {"patient_id": factories.nth_number(place), "manufacturing_site": site}
            for place, site in zip(places, cycle(("VECURA", "GMPUPP")), strict=False)
            for row in (FIRST, SECOND | {"kind": "reinfusion"})
        ]
        with CaptureQueriesContext(connection) as queries:
            load(tmp_path, *rows)
        return len(queries)

    read_lists()
    count([50])  # the first person says which identity key is in use
    few, many = count(range(2)), count(range(10, 40))
    assert few == many
    assert Question.objects.filter(rule="reinfusion_as_planned").count() == 33


# Single acts


def test_another_entry_makes_a_stored_row_doubtful_and_its_withdrawal_settles_it(lists):  # noqa: F811
    factories.record(lists, ONE, **FIRST)
    factories.record(lists, ONE, **SECOND | {"infused_on": "2025-09-12"})
    between = factories.record(lists, ONE, **SECOND | {"infused_on": "2025-09-08"})
    assert asked() == [("UPP", "2025-09-12", "further_dose_not_planned")]
    withdraw_infusion(infusion_id=between.pk, by=Operator(), reason="never given")
    assert asked() == []


def test_a_correction_settles_what_was_asked_about_the_row(lists):  # noqa: F811
    factories.record(lists, ONE, **FIRST)
    row = factories.record(lists, ONE, **SECOND | {"infused_on": "2025-12-01"})
    assert asked() == [("UPP", "2025-12-01", "further_dose_late")]
    correct_infusion(infusion_id=row.pk, changes={"kind": Kind.REINFUSION}, by=Operator(), reason="typo")
    assert asked() == []
    cup = factories.record(lists, OTHER, **FIRST | {"category": "CUP", "trial": factories.INDUSTRY})
    changes = {"category": "ICT", "age_at_infusion": 55}
    correct_infusion(infusion_id=cup.pk, changes=changes, by=Operator(), reason="typo")
    assert asked() == []


def test_a_batch_that_is_corrected_settles_both_persons_questions(lists):  # noqa: F811
    one = factories.record(lists, ONE, **FIRST | {"batch": "B-1"})
    two = factories.record(lists, OTHER, **FIRST | {"batch": "b 1", "infused_on": "2025-09-03"})
    three = factories.record(lists, THIRD, **FIRST | {"batch": "b-1", "infused_on": "2025-09-04"})
    assert [rule for *_, rule in asked()] == ["batch_of_another_person"]
    correct_infusion(infusion_id=two.pk, changes={"batch": "B-1"}, by=Operator(), reason="typo")
    assert len(asked()) == 2
    correct_infusion(infusion_id=two.pk, changes={"batch": "B-2"}, by=Operator(), reason="typo")
    assert asked() == [("UPP", "2025-09-04", "batch_of_another_person")]
    correct_infusion(infusion_id=one.pk, changes={"batch": "B-3"}, by=Operator(), reason="typo")
    assert asked() == [] and three.batch == "b-1"


def test_an_answered_question_does_not_come_back_unless_something_new_happened(lists):  # noqa: F811
    factories.record(lists, ONE, **FIRST)
    row = factories.record(lists, ONE, **SECOND | {"infused_on": "2025-12-01"})
    [question] = Question.objects.all()
    nurse, steward = factories.user("nurse", lists.centres["UPP"]), factories.user("desk", national_role="steward")
    answer(question_id=question.pk, text="It was late.", by=nurse)
    close(question_id=question.pk, by=steward)
    for changes in (
        {"infused_on": date(2025, 12, 2), "age_at_infusion": 55},
        {"sequence": 2},
        {"indication": lists.indications["C91.0"]},
        {"batch": "B"},
    ):
        correct_infusion(infusion_id=row.pk, changes=changes, by=Operator(), reason="typo")
    assert Question.objects.count() == 1
    for day in (date(2025, 9, 10), date(2026, 1, 7)):  # right for a while, and late again
        correct_infusion(
            infusion_id=row.pk, changes={"infused_on": day, "age_at_infusion": 55}, by=Operator(), reason="typo"
        )
    assert asked() == [("UPP", "2026-01-07", "further_dose_late")]


def test_an_answer_that_waits_for_the_steward_stays_with_the_steward(lists):  # noqa: F811
    factories.record(lists, ONE, **FIRST)
    row = factories.record(lists, ONE, **SECOND | {"infused_on": "2025-12-01"})
    [question] = Question.objects.all()
    answer(question_id=question.pk, text="It was a slip.", by=factories.user("nurse", lists.centres["UPP"]))
    correct_infusion(infusion_id=row.pk, changes={"kind": Kind.REINFUSION}, by=Operator(), reason="typo")
    assert Question.objects.unclosed().get(waits_for=Side.STEWARD) == question


def test_a_withdrawn_row_is_asked_about_no_longer(lists):  # noqa: F811
    row = factories.record(lists, ONE, **FIRST | {"category": "CUP", "trial": factories.INDUSTRY})
    withdraw_infusion(infusion_id=row.pk, by=Operator(), reason="never given")
    assert asked() == []


def test_a_merge_and_a_move_settle_what_they_explain(lists):  # noqa: F811
    first = factories.record(lists, ONE, **FIRST)
    late = factories.record(lists, OTHER, **FIRST | {"kind": "reinfusion", "infused_on": "2026-05-05"})
    there = factories.record(lists, THIRD, centre="STO", **FIRST)
    nurse = factories.user("nurse", lists.centres["UPP"])
    factories.record(lists, THIRD, by=nurse, **SECOND | {"infused_on": "2025-12-01"})
    assert asked() == [("UPP", "2026-05-05", "no_earlier_infusion")]
    merge_patients(keep=first.patient, absorb=late.patient, by=Operator(), reason="one person")
    assert asked() == []
    sites = {"from_centre": lists.centres["STO"], "to_centre": lists.centres["UPP"]}
    move_patient(patient=there.patient, by=Operator(), reason="wrong centre", **sites)
    assert asked() == [("UPP", "2025-12-01", "further_dose_late")]


# A course over several centres


def test_a_dose_left_first_of_a_course_over_centres_is_the_stewards(lists):  # noqa: F811
    first = factories.record(lists, ONE, centre="STO", **FIRST)
    upp, fal = (factories.user(code.lower(), lists.centres[code]) for code in ("UPP", "FAL"))
    factories.record(lists, ONE, by=upp, **SECOND)
    last = factories.record(
        lists, ONE, by=fal, centre="FAL", **FIRST | {"kind": "reinfusion", "infused_on": "2026-02-03"}
    )
    assert find_unsettled_courses() == []
    withdraw_infusion(infusion_id=first.pk, by=Operator(), reason="never given")
    # UPP and FAL both know that there is more of the person elsewhere, as before: they are told nothing.
    assert asked() == []
    [course] = find_unsettled_courses()
    assert course.dose_is_first and not course.first_is_late and course.recorded_twice == []
    # Once the person is the clinic's alone, it is asked.
    withdraw_infusion(infusion_id=last.pk, by=Operator(), reason="never given")
    assert asked() == [("UPP", "2025-09-10", "further_dose_alone")]
    assert find_unsettled_courses() == []
