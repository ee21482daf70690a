"""The code lists in memory are read again after every change of one, and only then."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from registry.access import Operator
from registry.entry.infusions.code_lists import CodeLists
from registry.entry.infusions.kept_lists import LISTS, read_lists
from registry.models import Centre, Indication, ManufacturingSite, Product, Trial

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
