"""An infusion that its centre has given to another is not stored again by the same file, form or program."""

import csv
import io
from datetime import date

import pytest

from registry.access import Operator
from registry.entry.importing.pipeline import import_infusions
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.patients.move import move_patient
from registry.errors import InfusionRefused
from registry.models import Infusion
from tests import factories
from tests.calling import Program, errors_of, refused
from tests.test_ages import correct_page

pytestmark = pytest.mark.django_db
BY = Operator()
NUMBERS = ("local:7", factories.number())
HOW = ("corrected", "corrected twice", "moved")
FIRST = {"kind": "first", "infused_on": "2020-05-05", "age_at_infusion": 50}
AGAIN = {"kind": "reinfusion", "infused_on": "2021-06", "date_precision": "month", "age_at_infusion": 51}


@pytest.fixture
def uppsala(lists):
    return factories.user("upp", lists.centres["UPP"])


def store_file(by, folder, *rows: dict) -> tuple[int, list[str]]:
    """How many rows of a file are stored, and the codes of what is refused."""
    text, found = io.StringIO(), []
    common = {"category": "SOC", "product": "Kymriah", "indication": "C91.0", "centre": "UPP"}
    written = [common | row for row in rows]
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in written for name in row)))
    writer.writeheader()
    writer.writerows(written)
    path = folder / "rows.csv"
    path.write_text(text.getvalue(), encoding="utf-8")

    def report(_line, problem) -> None:
        if not problem.warning:
            found.append(problem.code)

    try:
        summary = import_infusions(path=path, by=by, report=report)
    finally:
        factories.drop_import_tables()
    return summary.stored, found


def give_away(lists, how: str, infusion: Infusion) -> None:
    """What Uppsala has recorded was Stockholm's."""
    if how == "moved":
        centres = {"from_centre": lists.centres["UPP"], "to_centre": lists.centres["STO"]}
        move_patient(patient=infusion.patient, by=BY, reason="wrong", **centres)
        return
    changes = {"centre": lists.centres["STO"]}
    correct_infusion(infusion_id=infusion.pk, changes=changes, by=BY, reason="wrong")
    if how == "corrected twice":  # what Stockholm puts right afterwards is no help to whoever asks at Uppsala
        changes = {"product": lists.products["Yescarta"], "sequence": 2}
        correct_infusion(infusion_id=infusion.pk, changes=changes, by=BY, reason="wrong")


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("who", NUMBERS)
def test_the_file_of_before_stores_nothing_twice(lists, uppsala, tmp_path, who, how):
    rows = [FIRST | {"patient_id": who}, AGAIN | {"patient_id": who}]
    assert store_file(uppsala, tmp_path, *rows) == (2, [])
    give_away(lists, how, Infusion.objects.get(kind="reinfusion"))
    stored, found = store_file(uppsala, tmp_path, *rows)
    assert (stored, Infusion.objects.count()) == (0, 2)
    expected = "pseudonym_used" if (who, how) == ("local:7", "moved") else "known_elsewhere"
    assert expected in found


@pytest.mark.parametrize("how", HOW)
def test_neither_does_a_form_or_a_program(lists, uppsala, client, how):
    who = NUMBERS[1]
    factories.record(lists, who, infused_on="2020-05-05")
    given = factories.record(lists, who, infused_on="2021-06-06", kind="reinfusion", by=uppsala)
    give_away(lists, how, given)
    row = {"centre": "UPP", "patient_id": who, "category": "SOC", "product": "Kymriah", "indication": "C91.0",
           "infused_on": "2021-06-06", "kind": "reinfusion"}  # fmt: skip
    problem = refused(Program(uppsala).call("POST", "infusions", row), 409, "known_elsewhere")
    assert errors_of(problem) == {("kind", "known_elsewhere")}
    client.force_login(uppsala)
    shown = client.post("/en/clinic/infusions/new", row | {"do": "submit"})
    assert "the registry&#x27;s steward must settle the order" in shown.content.decode()
    assert Infusion.objects.count() == 2


def test_another_infusion_and_one_that_nobody_else_has_are_stored(lists, uppsala, tmp_path):
    who = NUMBERS[1]
    rows = [FIRST | {"patient_id": who}, AGAIN | {"patient_id": who}]
    store_file(uppsala, tmp_path, *rows)
    given = Infusion.objects.get(kind="reinfusion")
    give_away(lists, "corrected", given)
    others = [AGAIN | {"patient_id": who, **other} for other in ({"infused_on": "2021-07"}, {"sequence": 2})]
    assert store_file(uppsala, tmp_path, *others) == (2, [])
    withdraw_infusion(infusion_id=given.pk, by=BY, reason="never given")
    assert store_file(uppsala, tmp_path, rows[1]) == (1, [])


# A correction onto the place of what was given away stores it a second time just as well.


ONTO = {  # what an own infusion is recorded as, so that one field brings it to the place of the moved one
    "infused_on": {"infused_on": "2022-02-02"},
    "sequence": {"infused_on": "2021-06-06", "sequence": 2},
    "product": {"infused_on": "2021-06-06", "product": "Yescarta"},
    "date_precision": {"infused_on": "2021-06-01"},
}


@pytest.fixture
def given_and_own(lists, uppsala):
    """How Uppsala's own infusion lies beside the one that it gives away: first, given, own."""

    def store(how: str, field: str) -> Infusion:
        who, vague = NUMBERS[1], field == "date_precision"
        factories.record(lists, who, infused_on="2020-05-05", by=uppsala)
        place = (
            {"infused_on": date(2021, 6, 1), "date_precision": "month"} if vague else {"infused_on": "2021-06-06"}
        )
        common = {"kind": "reinfusion", "by": uppsala}
        given = factories.record(lists, who, age_at_infusion=51, **place, **common)
        give_away(lists, how, given)
        return factories.record(lists, who, **ONTO[field], **common)

    return store


def to_given(field: str) -> dict:
    """The correction, as a program sends it."""
    if field == "date_precision":
        return {"infused_on": "2021-06", "date_precision": "month", "age_at_infusion": 51}
    if field == "infused_on":
        return {"infused_on": "2021-06-06", "age_at_infusion": 51}
    return {"sequence": 1} if field == "sequence" else {"product": "Kymriah"}


@pytest.mark.parametrize("field", ONTO)
@pytest.mark.parametrize("how", HOW)
def test_a_program_does_not_correct_an_infusion_onto_it(lists, uppsala, given_and_own, how, field):
    own, program = given_and_own(how, field), Program(uppsala)
    before = list(Infusion.objects.order_by("pk").values())
    seen = program.get(f"infusions/{own.pk}")["ETag"]
    body = to_given(field) | {"reason": "journal"}
    problem = refused(program.call("PATCH", f"infusions/{own.pk}", body, If_Match=seen), 409, "known_elsewhere")
    assert errors_of(problem) == {("kind", "known_elsewhere")}
    assert "STO" not in str(problem)
    assert list(Infusion.objects.order_by("pk").values()) == before
    other = {"batch": "B17", "reason": "journal"}
    assert program.call("PATCH", f"infusions/{own.pk}", other, If_Match=seen).status_code == 200


@pytest.mark.parametrize("field", ONTO)
@pytest.mark.parametrize("how", HOW)
def test_neither_does_the_page_which_leads_to_the_steward(lists, uppsala, given_and_own, how, field):
    own = given_and_own(how, field)
    before = list(Infusion.objects.order_by("pk").values())
    typed = {name: value for name, value in to_given(field).items() if name != "date_precision"}
    answer, _sent, _client = correct_page(uppsala, own, **typed)
    assert [error.code for error in answer.context["form"].errors.as_data()["kind"]] == ["known_elsewhere"]
    assert answer.context["referable"]
    assert list(Infusion.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("how", HOW[::2])
@pytest.mark.parametrize("field", ONTO)
def test_nor_whoever_sees_the_whole_country(lists, given_and_own, how, field):
    """Who sees both rows is told which it is: there already, or another infusion of that day."""
    own = given_and_own(how, field)
    changes = {"infused_on": {"infused_on": date(2021, 6, 6), "age_at_infusion": 51}, "sequence": {"sequence": 1}}
    vague = {"infused_on": date(2021, 6, 1), "date_precision": "month", "age_at_infusion": 51}
    one = (changes | {"date_precision": vague, "product": {"product": lists.products["Kymriah"]}})[field]
    before = list(Infusion.objects.order_by("pk").values())
    with pytest.raises(InfusionRefused) as told:
        correct_infusion(infusion_id=own.pk, changes=one, by=BY, reason="journal")
    assert told.value.code == "duplicate"
    assert list(Infusion.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("how", HOW)
def test_a_correction_to_another_place_or_of_nobody_elses_is_stored(lists, uppsala, given_and_own, how):
    own = given_and_own(how, "infused_on")
    correct_infusion(
        infusion_id=own.pk, changes={"infused_on": date(2021, 7, 7), "age_at_infusion": 51}, by=uppsala, reason="x"
    )
    for other in Infusion.objects.filter(centre__code="STO"):
        withdraw_infusion(infusion_id=other.pk, by=BY, reason="never given")
    correct_infusion(
        infusion_id=own.pk, changes={"infused_on": date(2021, 6, 6), "age_at_infusion": 51}, by=uppsala, reason="x"
    )
