"""What the work for a clinic's question tells of another centre's rows: statements are counted, not the time.

The answers are compared in test_known_elsewhere.py; here the same nurse asks, and each statement counts.
"""

import re
from collections import Counter
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registry.entry.infusions.kept_lists import read_lists
from tests import factories
from tests.calling import Program
from tests.desk import address, sign_in
from tests.test_import import as_csv
from tests.test_known_elsewhere import PERSONAL, RESERVE, Nurse, plant
from tests.test_lookups import FORM, row, worked

pytestmark = pytest.mark.usefixtures("unsent")

ROW = {
    "centre": "STO", "category": "SOC", "kind": "first", "product": "Kymriah", "infused_on": "2020-05-04",
    "status": "submitted", "sequence": 1, "age": 50, "batch": "", "sex": "unknown",
}  # fmt: skip
LATER = ROW | {"kind": "reinfusion", "product": "Yescarta", "infused_on": "2021-05-05", "age": 51, "batch": "B1"}
WITHDRAWN = {"status": "withdrawn", "centre": "UME"}
# What other centres may have of a person, and the sex that they have stated.
ELSEWHERE = (
    ([ROW], "unknown"),
    ([ROW, *(LATER | {"infused_on": f"202{year}-06", "centre": "UME"} for year in range(1, 5))], "female"),
    ([LATER | {"category": "ACT", "kind": "further_dose"}, ROW | WITHDRAWN, LATER | WITHDRAWN], "male"),
)
OWN = LATER | {"centre": "UPP", "infused_on": "2022-02-02", "age": 52}
TYPED = {
    "centre": "UPP", "category": "SOC", "product": "Yescarta", "infused_on": "2021-05-05", "indication": "C91.0",
    "sequence": "1", "age_at_infusion": "51", "sex": "female", "batch": "B1", "former_first_becomes": "",
    "confirmed": "",
}  # fmt: skip
WAYS = (
    "check", "submit", "post", "patch", "withdraw", "dry run", "import", "search", "draft", "refer", "send",
    "correct",
)  # fmt: skip


def count(work) -> tuple[object, Counter]:
    """What comes of it, and how often each statement was made."""
    connection.queries_log.clear()  # it holds the last some thousand alone
    with CaptureQueriesContext(connection) as asked:
        answer = work()
    return answer, Counter(_shape(one["sql"]) for one in asked.captured_queries)


def _shape(statement: str) -> str:
    """A statement without its values, whose types follow from them."""
    bare = re.sub(r"_django_curs_\w+|s\d+_x\d+|'(?:[^']|'')*'|-?\b\d+\b", "?", statement)
    return re.sub(r"(::\w+(\[\])?)+|(?<= ) +", "", bare)  # a negative value has a blank before it


@pytest.mark.parametrize(
    ("number", "own", "kind"), [(PERSONAL, [], ""), (RESERVE, [], "reinfusion"), (RESERVE, [OWN], "reinfusion")]
)
def test_neither_work_nor_answer_depends_on_what_others_have_recorded(lists, tmp_path, number, own, kind):
    told = []
    address("start")  # loads the pages, and with them what is noted of a sign-in
    for rows, sex in ELSEWHERE:
        with factories.rolled_back():
            plant(lists, number, own + rows, sex)
            nurse = Nurse(lists, number, tmp_path)
            nurse.ask("questions", TYPED, 0)  # what is read once and kept,
            read_lists()  # as the code lists are
            told.append({})
            for way in WAYS:
                with factories.rolled_back():
                    told[-1][way] = count(partial(nurse.ask, way, TYPED | {"kind": kind}, 0))
    for way in WAYS:
        [(answer, work), *others] = [one[way] for one in told]
        assert [(way, other - work, work - other) for _told, other in others] == [(way, Counter(), Counter())] * 2
        assert all(other == answer for other, _work in others), way
        assert work.total() > 5 or (way in {"patch", "withdraw", "correct"} and not own)


# What every person costs the nurse who has no look-up left: one who is nobody, one whom another centre knows,
# and one who asked not to be registered.
NOBODY, KNOWN, REFUSED = map(factories.nth_number, (1, 2, 3))
EXHAUSTED = {
    "form": lambda nurse, number: sign_in(nurse).post(address("record"), FORM | {"patient_id": number}),
    "leaving the field": lambda nurse, number: sign_in(nurse).post(
        address("record-person"), FORM | {"patient_id": number}
    ),
    "search": lambda nurse, number: sign_in(nurse).post(address("infusions"), {"who": number}),
    "program": lambda nurse, number: Program(nurse).enter(patient_id=number),
    "referral": lambda nurse, number: Program(nurse).call(
        "POST", "referrals", FORM | {"patient_id": number, "kind": "first"}
    ),
    "batch": lambda nurse, number: Program(nurse).enter(patient_id=PERSONAL, batch=f"lot: {number}"),
}


def test_beyond_the_budget_nobody_is_more_work_than_anybody(lists, settings, unsent):
    settings.LOOKUPS_PER_HOUR, settings.LOOKUPS_PER_HOUR_IMPORT = 1, 1
    factories.record(lists, KNOWN, centre="STO")
    factories.record(lists, KNOWN, centre="UME", infused_on="2021-01-01", kind="reinfusion")
    factories.refuse_registration(REFUSED)
    nurse = factories.user("nurse", lists.centres["UPP"])
    assert Program(nurse).enter(patient_id=PERSONAL, kind="further_dose").status_code == 400
    worked(Program(nurse), as_csv([row(PERSONAL), row(factories.nth_number(9))]), dry_run="true")
    for way, ask in EXHAUSTED.items():
        [(answer, work), *others] = [
            count(lambda ask=ask, number=number: ask(nurse, number)) for number in (NOBODY, KNOWN, REFUSED)
        ]
        assert answer.status_code == 429, (way, answer.content)
        assert [(other - work, work - other) for _other, other in others] == [(Counter(), Counter())] * 2, way
        assert {other.status_code for other, _work in others} == {429}
    spent = row(factories.nth_number(9))
    jobs = [
        count(lambda number=number: worked(Program(nurse), as_csv([row(number), spent])))
        for number in (NOBODY, KNOWN, REFUSED)
    ]
    assert [job["state"] for job, _work in jobs] == ["refused"] * 3
    assert jobs[0][1] == jobs[1][1] == jobs[2][1]
