"""The code lists in memory are read again after every change of one, and only then."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from api.records import infusions
from registry.access import Operator
from registry.entry.infusions.code_lists import CodeLists
from registry.entry.infusions.kept_lists import LISTS, read_lists
from registry.entry.infusions.proposal import propose
from registry.models import AccessLog, Centre, Indication, Infusion, ManufacturingSite, Product, Trial
from tests import factories
from tests.calling import Program

NEW = {"identifier": "NCT99000007", "name": "New", "sponsor": "industry", "phase": "II"}
# By list, a change of a row and what is seen of it.
CHANGES = [
    (Centre, {"city_en": "Upsala"}),
    (Product, {"inn": "made up"}),
    (Indication, {"name_en": "Leukaemia"}),
    (Trial, {"name": "Renamed"}),
    (ManufacturingSite, {"name": "Renamed"}),
]


def trials() -> set[str]:
    return {trial.identifier for trial in read_lists().rows[Trial]}


def test_they_are_read_once_while_nothing_changes(lists):
    assert read_lists() is read_lists()
    with CaptureQueriesContext(connection) as asked:
        CodeLists(Operator())
    assert len(asked) == 1


@pytest.mark.parametrize(("model", "change"), CHANGES)
def test_a_change_is_seen_and_what_was_given_before_stays(lists, model, change):
    before = read_lists()
    row = model.objects.last()
    model.objects.filter(pk=row.pk).update(**change)
    [(name, value)] = change.items()
    assert getattr(read_lists().by_key[model][row.pk], name) == value
    assert getattr(before.by_key[model][row.pk], name) != value
    for other in LISTS:
        assert {each.pk for each in read_lists().rows[other]} == set(other.objects.values_list("pk", flat=True))


def test_a_new_row_and_a_deleted_one_are_seen(lists):
    assert NEW["identifier"] not in trials()
    trial = Trial.objects.create(**NEW)
    assert NEW["identifier"] in trials()
    trial.delete()
    assert NEW["identifier"] not in trials()


def test_what_was_rolled_back_is_forgotten(lists):
    with transaction.atomic():
        Trial.objects.create(**NEW)
        assert NEW["identifier"] in trials()
        transaction.set_rollback(True)
    assert NEW["identifier"] not in trials()
    other = NEW | {"identifier": "NCT99000008"}
    Trial.objects.create(**other)
    assert NEW["identifier"] not in trials() and other["identifier"] in trials()


@pytest.mark.parametrize(("written", "status"), [("Renamed", 201), ("Kymriah", 400)])
def test_a_program_enters_by_the_lists_as_they_are_and_is_logged_once(lists, unsent, written, status):
    """Though the process has read them before."""
    program = Program(factories.user("upp", lists.centres["UPP"]))
    read_lists()
    Product.objects.filter(name="Kymriah").update(name="Renamed")
    answer = program.enter(product=written)
    assert (answer.status_code, Infusion.objects.count()) == (status, 1 if status == 201 else 0)
    assert list(AccessLog.objects.filter(action="search").values_list("actor", flat=True)) == ["upp"]


def test_a_list_that_changes_after_the_look_up_is_read_again(lists, unsent, monkeypatch):
    program = Program(factories.user("upp", lists.centres["UPP"]))
    changes = iter([lambda: Product.objects.filter(name="Kymriah").update(name="Renamed")])

    def change_and_propose(**asked):
        next(changes, lambda: None)()
        return propose(**asked)

    monkeypatch.setattr(infusions, "propose", change_and_propose)
    read_lists()
    refused = program.enter(product="Kymriah")
    assert refused.status_code == 400 and not Infusion.objects.exists()
    assert [one["field"] for one in refused.json()["errors"]] == ["product"]
