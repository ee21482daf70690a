"""A figure that was right when it was made: what has happened since is told for each number that it differs in."""

import json

import pytest
from django.utils import timezone

from registry.access import Operator
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.patients.merge import merge_patients
from registry.identity import read_identifier
from registry.models import Infusion
from registry.published.queries import read_map
from registry.publishing import since_a_figure
from registry.publishing.publish import publish
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)
MEASURES = ("patients", "infusions", "reinfusions", "further_doses", "first")


@pytest.fixture
def figure(committed_lists, tmp_path, monkeypatch):
    """The file of today's figure, made while there were twelve persons at three centres."""
    for place in range(12):
        centre, day = ("UPP", "STO", "UME")[place % 3], f"2020-05-{place + 1:02}"
        factories.record(committed_lists, factories.nth_number(place), centre=centre, infused_on=day)
    factories.record(committed_lists, factories.nth_number(0), kind="reinfusion", infused_on="2021-06-06")
    publish()
    shown = read_map(language="sv")
    made = {
        "data_cut": timezone.localdate().isoformat(),
        "national": {name: shown["national"][name] for name in MEASURES[:4]},
        "centres": [
            {"code": centre["code"], "infusions": centre["infusions"], "patients": centre["patients"]}
            | {
                "categories": [
                    {name: row[name] for name in ("category", *MEASURES)} for row in centre["categories"]
                ]
            }
            for centre in shown["centres"]
        ],
    }
    path = tmp_path / "figure.json"
    path.write_text(json.dumps(made))
    moment = timezone.now()
    monkeypatch.setattr(since_a_figure, "end_of", lambda _day: moment)
    return path


def infusion_of(place: int) -> Infusion:
    """The first of a person."""
    person = factories.find_person(read_identifier(factories.nth_number(place), centre=""))
    return Infusion.objects.filter(patient=person).earliest("infused_on")


def why(manage, path) -> dict[str, str]:
    """By number that differs, after a new publication."""
    publish()
    code, out, _err = manage("reconcile", path)
    assert code == 4, out
    _table, _why, told = out.partition("Why:\n")
    return dict(line.split(": ") for line in told.splitlines())


def test_while_nothing_has_happened_it_agrees(figure, manage):
    assert manage("reconcile", figure)[0] == 0


def test_what_was_entered_later_is_told(figure, manage, committed_lists):
    for place in (20, 21):
        factories.record(committed_lists, factories.nth_number(place), centre="STO")
    told = why(manage, figure)
    assert set(told) == {
        f"{cell}, {name}" for cell in ("nation", "STO", "STO × SOC") for name in ("patients", "infusions")
    }
    assert set(told.values()) == {"2 entered later"}


def test_who_entered_a_cell_by_a_reinfusion_is_a_patient_of_it(figure, manage, committed_lists):
    """Each number by the rules of a cell: the first infusion there counts as a patient, whatever its kind."""
    person = factories.nth_number(1)
    for day in ("2022-02-02", "2023-03-03"):
        factories.record(committed_lists, person, centre="STO", category="CUP", kind="reinfusion", infused_on=day)
    made = json.loads(figure.read_text())
    [stockholm] = [centre for centre in made["centres"] if centre["code"] == "STO"]
    stockholm["categories"].append({"category": "CUP", "reinfusions": 0, "patients": 0})
    figure.write_text(json.dumps(made))
    told = why(manage, figure)
    assert (told["STO × CUP, reinfusions"], told["STO × CUP, patients"]) == ("2 entered later", "2 entered later")


def test_what_was_withdrawn_since_is_told(figure, manage):
    withdraw_infusion(infusion_id=infusion_of(2).pk, by=Operator(), reason="entered twice")
    assert set(why(manage, figure).values()) == {"1 withdrawn since"}


def test_what_was_corrected_since_is_told_of_both_cells(figure, manage):
    row = infusion_of(1)
    correct_infusion(infusion_id=row.pk, changes={"category": "CUP"}, by=Operator(), reason="was CUP")
    told = why(manage, figure)
    assert told["STO × SOC, infusions"] == "1 corrected since"
    assert not [number for number in told if number.startswith("nation")]


def test_who_was_merged_since_is_told(figure, manage):
    one, other = infusion_of(3).patient, infusion_of(4).patient
    merge_patients(keep=one, absorb=other, by=Operator(), reason="one person", explanation="both papers lay there")
    told = why(manage, figure)
    assert told["nation, patients"] == "1 merged since"


def test_what_the_records_never_said_is_unknown(figure, manage, committed_lists):
    made = json.loads(figure.read_text())
    made["national"]["patients"] += 3
    figure.write_text(json.dumps(made))
    factories.record(committed_lists, factories.nth_number(20), centre="STO")
    told = why(manage, figure)
    assert (told["nation, patients"], told["nation, infusions"]) == ("unknown", "1 entered later")
