"""Every act judges by the lists as they are when it is stored: a change that comes in between is seen.

With real threads: someone has read the lists, an administrator changes one, and only then does the first store.
"""

import pytest

from registry.access import Operator
from registry.entry.infusions.record import correct_infusion, record_infusion
from registry.entry.list_changes import settling
from registry.entry.patients.move import MoveImpossible, move_patient
from registry.models import Centre, Indication, Infusion, ManufacturingSite, Product, Question, Trial
from tests import factories
from tests.test_races import before_commit, code_of

ONE, OTHER = factories.nth_number(0), factories.nth_number(1)
NEW_TRIAL = "NCT99000003"


@pytest.fixture
def lists(committed_lists):
    """A trial, a centre and a product that no infusion refers to, so that they may change."""
    committed_lists.trials[NEW_TRIAL] = Trial.objects.create(
        identifier=NEW_TRIAL, name="New", sponsor="industry", phase="II"
    )
    return committed_lists


def refused(outcome) -> str:
    return outcome.code if isinstance(outcome, MoveImpossible) else code_of(outcome)


# A change of a list between reading and storing, what is entered, and the outcome.
CHANGES = [
    (lambda: Trial.objects.filter(identifier=NEW_TRIAL).update(sponsor="academic"), "trial_sponsor_wrong"),
    (lambda: Centre.objects.filter(code="FAL").update(status="upcoming"), "centre_upcoming"),
    (lambda: Centre.objects.filter(code="FAL").update(code="FALU"), "list_changed"),
    (lambda: Centre.objects.filter(code="FAL").update(county_code="25"), "list_changed"),
    (lambda: Centre.objects.filter(code="FAL").update(region="Norra"), "stored"),
    (lambda: Product.objects.get(name="Yescarta").delete(), "list_changed"),
    (lambda: Indication.objects.get(key="dlbcl").delete(), "list_changed"),
    (lambda: ManufacturingSite.objects.get(code="GMPUPP").delete(), "list_changed"),
    (lambda: Trial.objects.get(identifier=NEW_TRIAL).delete(), "list_changed"),
]
STATED = {
    "centre": "FAL", "category": "ICT", "trial": NEW_TRIAL, "product": "Yescarta", "indication": "C83.3",
    "manufacturing_site": "GMPUPP", "infused_on": "2021-05-05",
}  # fmt: skip


@pytest.mark.parametrize(("change", "becomes"), CHANGES)
def test_a_single_entry_is_checked_against_the_current_lists(lists, change, becomes):
    stated = factories.stated(lists, ONE, **STATED)
    with before_commit(lambda: record_infusion(stated=stated, by=Operator())) as entry:
        change()
    assert refused(entry.result()) == becomes
    assert Infusion.objects.count() == (becomes == "stored")


@pytest.mark.parametrize(("change", "becomes"), CHANGES)
def test_a_correction_is_checked_against_the_current_lists(lists, change, becomes):
    row = factories.record(lists, ONE)
    stated = factories.stated(lists, ONE, **STATED)
    names = ("centre", "category", "trial", "product", "indication", "manufacturing_site")
    changes = {name: getattr(stated, name) for name in names}
    with before_commit(
        lambda: correct_infusion(infusion_id=row.pk, changes=changes, by=Operator(), reason="typing error")
    ) as entry:
        change()
    assert refused(entry.result()) == becomes
    assert Infusion.objects.get().category == ("ICT" if becomes == "stored" else "SOC")


def test_a_person_is_not_moved_to_a_centre_that_has_not_begun(lists):
    row = factories.record(lists, ONE)
    upp, fal = lists.centres["UPP"], lists.centres["FAL"]
    with before_commit(
        lambda: move_patient(patient=row.patient, from_centre=upp, to_centre=fal, by=Operator(), reason="wrong")
    ) as move:
        Centre.objects.filter(code="FAL").update(status="upcoming")
    assert refused(move.result()) == "move_impossible"
    assert Infusion.objects.get().centre == upp


def test_a_further_dose_is_checked_against_the_current_plan(lists):
    """The product loses its second dose between reading and storing one of two further doses."""
    further = {"kind": "further_dose", "infused_on": "2021-05-12"}
    for number in (ONE, OTHER):
        factories.record(lists, number, infused_on="2021-05-05")
    stated = factories.stated(lists, ONE, **further)
    factories.record(lists, OTHER, **further)
    assert not Question.objects.exists()
    product = lists.products["Kymriah"]
    with before_commit(lambda: record_infusion(stated=stated, by=Operator())) as entry, settling(product):
        Product.objects.filter(pk=product.pk).update(
            planned_doses=1, dose_interval_days=None, longest_dose_interval_days=None
        )
    row = entry.result()
    assert list(Question.objects.values_list("rule", "infusion")) == [("further_dose_not_planned", row.pk)]


@pytest.mark.parametrize("model", [Product, Centre], ids=lambda model: model.__name__)
def test_deleting_a_row_waits_for_the_entry_that_refers_to_it(lists, model):
    """The entry comes first, and the deletion finds the row in use."""
    stated = factories.stated(lists, ONE, **STATED)
    name = {Product: {"name": "Yescarta"}, Centre: {"code": "FAL"}}[model]
    with before_commit(lambda: model.objects.filter(**name).delete()) as deletion:
        record_infusion(stated=stated, by=Operator())
    assert isinstance(deletion.result(), Exception)
    assert model.objects.filter(**name).exists() and Infusion.objects.count() == 1
