"""A database that has lost its latest snapshots gives none of their numbers again."""

from itertools import count

import pytest
from django.db import connection

from registry.models import Publication, Snapshot
from registry.publishing.epochs import next_number, read_lineage
from registry.publishing.publish import publish
from tests import factories


@pytest.mark.parametrize("last, made_in, expected", [
    (0, "", 1), (7, "", 8), (7, "here", 8), (7, "elsewhere", 1_000_000), (999_999, "elsewhere", 1_000_000),
    (1_000_000, "elsewhere", 2_000_000), (1_000_000, "here", 1_000_001), (2_345_678, "elsewhere", 3_000_000),
])  # fmt: skip
def test_numbers_go_on_or_begin_an_epoch(last, made_in, expected):
    assert next_number(last, made_in=made_in, lineage="here") == expected


def test_snapshots_of_a_restored_database_begin_an_epoch_once(lists):
    persons = count()
    for _snapshot in range(2):
        factories.record(lists, factories.nth_number(next(persons)))
        publish()
    assert Publication.objects.get().lineage == read_lineage()
    # As a dump restored beside the database, or a replica that took its place.
    Publication.objects.update(lineage="another/1/00000001")
    assert publish() is None  # what was published is what the records say
    for expected in (1_000_000, 1_000_001):
        factories.record(lists, factories.nth_number(next(persons)))
        assert publish().number == expected
    assert list(Snapshot.objects.order_by("number").values_list("number", flat=True)) == [
        1, 2, 1_000_000, 1_000_001,
    ]  # fmt: skip
    assert Publication.objects.get().snapshot_id == 1_000_001


def test_the_lineage_names_cluster_database_and_timeline(lists):
    with connection.cursor() as cursor:
        cursor.execute("SELECT system_identifier::text FROM pg_control_system()")
        [cluster] = cursor.fetchone()
        cursor.execute("SELECT oid::text FROM pg_database WHERE datname = current_database()")
        [database] = cursor.fetchone()
        cursor.execute("SELECT upper(lpad(to_hex(timeline_id), 8, '0')) FROM pg_control_checkpoint()")
        [timeline] = cursor.fetchone()
    assert read_lineage() == f"{cluster}/{database}/{timeline}"
