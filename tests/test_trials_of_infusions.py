"""An infusion's trial is named by any of its numbers; what is no trial of CAR-T is not offered."""

import pytest
from django.utils.translation import override

from registry.access import Operator
from registry.entry.infusions.code_lists import CodeLists
from registry.entry.infusions.row_reader import RowReader
from registry.models import Infusion, Trial
from registry.pages.clinic.list_field import choose_trial
from tests import factories

pytestmark = pytest.mark.django_db
ROW = {"patient_id": factories.number(), "centre": "UPP", "category": "ACT", "product": "Akademisk CD19 CAR-T",
       "indication": "C91.0", "infused_on": "2020-05-05", "kind": "first"}  # fmt: skip


def read(**fields):
    return RowReader(CodeLists(Operator())).read(ROW | fields)


@pytest.mark.parametrize("written", [factories.ACADEMIC, "2024-512345-10-00", "nct 9900 0077"])
def test_a_trial_is_named_by_any_of_its_numbers(lists, written):
    trial = lists.trials[factories.ACADEMIC]
    trial.other_identifiers = ["2024-512345-10-00", "NCT99000077"]
    trial.save()
    stated, problems = read(trial=written)
    assert (stated.trial, problems) == (trial, [])


def test_of_a_trial_of_unknown_sponsor_the_sentence_says_so(lists):
    Trial.objects.create(identifier="NCT99000077", name="X", sponsor="unknown", phase="unknown")
    with override("en"):
        _stated, problems = read(trial="NCT99000077")
    assert [one.code for one in problems] == ["trial_sponsor_wrong"]
    assert "The sponsor of NCT99000077 is unknown" in problems[0].sentence
    assert "NCT99000077" not in problems[0].sentence.partition("Write one of")[2]


def test_what_is_no_trial_of_car_t_is_not_offered_unless_it_is_chosen(lists):
    Trial.objects.filter(identifier=factories.ACADEMIC).update(is_car_t=False)
    lists_now = CodeLists(Operator())
    assert factories.ACADEMIC not in choose_trial(lists_now).fits
    assert factories.INDUSTRY in choose_trial(lists_now).fits
    assert factories.ACADEMIC in choose_trial(lists_now, factories.ACADEMIC).fits
    _stated, problems = read()
    assert factories.ACADEMIC not in problems[0].sentence


def test_the_form_of_a_stored_infusion_keeps_its_trial(lists, client, nurse):
    infusion = factories.record(lists, category="ACT", product="Akademisk CD19 CAR-T")
    Trial.objects.filter(identifier=factories.ACADEMIC).update(is_car_t=False)
    client.force_login(nurse)
    page = client.get(f"/en/clinic/infusions/{infusion.pk}/correct").content.decode()
    assert f'value="{factories.ACADEMIC}"' in page
    assert f'value="{factories.ACADEMIC}"' not in client.get("/en/clinic/infusions/new").content.decode()
    assert Infusion.objects.get().trial.identifier == factories.ACADEMIC
