"""deploy/partitions.sql gives the access log and a history a partition a year, and nothing else changes."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, transaction

from registry.access import Operator
from registry.entry.access_log import prune_access_log
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.models import AccessLog, Infusion
from registry.publishing.history_proof import prove_history
from swecar.local.folder import ROOT
from tests import factories

BY = Operator()
YEARS = (2015, 2019, 2024, 2026)
HISTORY = Infusion.pgh_event_model


def partition(table: str, moment: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute((ROOT / "deploy" / "partitions.sql").read_text(encoding="utf-8"))
        cursor.execute("SELECT pg_temp.partition_by_year(%s, %s, 2030)", [table, moment])


def read(statement: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def shape(table: str) -> set[str]:
    """What guards the table, and finds in it: triggers, checks, references, indexes but for the key."""
    return {
        definition.replace(" ONLY ", " ")
        for (definition,) in read(f"""
            SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = '{table}'::regclass AND NOT tgisinternal
            UNION SELECT pg_get_constraintdef(oid) FROM pg_constraint
            WHERE conrelid = '{table}'::regclass AND contype NOT IN ('p', 'n')
            UNION SELECT pg_get_indexdef(indexrelid) FROM pg_index
            WHERE indrelid = '{table}'::regclass AND NOT indisprimary
        """)
    }


def refused(statement: str) -> bool:
    try:
        with transaction.atomic():
            read(f"{statement} RETURNING 1")
    except DatabaseError:
        return True
    return False


@pytest.mark.django_db
def test_the_access_log_goes_on_and_a_year_can_be_dropped(lists):
    factories.record_several(lists)
    for year in (*YEARS, 2041):
        for turn in range(2):
            at = datetime(year, 1 + 11 * turn, 1 + 30 * turn, 12, tzinfo=ZoneInfo("Europe/Stockholm"))
            AccessLog.objects.create(at=at, actor=f"someone {year}", action="read", unit="UPP")
    table = "registry_accesslog"
    lines, guards = read(f"SELECT * FROM {table} ORDER BY id"), shape(table)

    partition(table, "at")
    assert read(f"SELECT * FROM {table} ORDER BY id") == lines
    assert shape(table) == guards
    for year in YEARS:
        found = read(f"SELECT DISTINCT actor FROM {table}_{year} WHERE actor LIKE 'someone%'")
        assert found == [(f"someone {year}",)]
    assert len(read(f"SELECT FROM {table}_rest")) == 2
    factories.record(lists, factories.nth_number(60))
    assert len(read(f"SELECT DISTINCT id FROM {table}")) > len(lines)
    assert refused(f"UPDATE {table} SET actor = 'x'")
    assert refused(f"DELETE FROM {table}")
    assert refused(f"DELETE FROM {table}_2024")

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_temp.drop_year('{table}', 'at', 2019)")
    assert prune_access_log() == 2  # of 2015, as before
    assert AccessLog.objects.filter(actor__startswith="someone").count() == 6
    assert prove_history().findings == ()


@pytest.mark.django_db
def test_a_year_does_not_go_unseen(lists):
    table, at = "registry_accesslog", datetime(2024, 5, 5, tzinfo=ZoneInfo("Europe/Stockholm"))
    lost = AccessLog.objects.create(at=at, actor="someone", action="read", unit="UPP")
    AccessLog.objects.create(actor="someone", action="read", unit="UPP")
    partition(table, "at")
    assert prove_history().findings == ()
    for part in (table, f"{table}_2024"):
        with (
            pytest.raises(DatabaseError, match="not emptied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"TRUNCATE {part}")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_temp.drop_year('{table}', 'at', 2024)")
        [unlawful] = prove_history().findings  # younger than five years
        assert "removes rows without a ground" in unlawful
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {table}_2024")
    assert prove_history().findings == (f"{table}: row {lost.pk} is missing",)


@pytest.mark.django_db
def test_a_history_goes_on(lists):
    rows = factories.record_several(lists)
    correct_infusion(infusion_id=rows[0].pk, changes={"batch": "B7"}, by=BY, reason="typing error")
    table = HISTORY._meta.db_table
    before, guards = read(f"SELECT * FROM {table} ORDER BY pgh_id"), shape(table)

    partition(table, "pgh_created_at")
    assert read(f"SELECT * FROM {table} ORDER BY pgh_id") == before
    assert shape(table) == guards
    assert refused(f"UPDATE {table} SET reason = ''")
    correct_infusion(infusion_id=rows[0].pk, changes={"batch": "B8"}, by=BY, reason="again")
    withdraw_infusion(infusion_id=rows[2].pk, by=BY, reason="never given")
    kept = HISTORY.objects.filter(pgh_obj_id=rows[0].pk).order_by("pgh_id")
    assert [row.batch for row in kept] == ["", "B7", "B8"]
    assert Infusion.objects.with_version().get(pk=rows[0].pk).version == 3


@pytest.mark.django_db
def test_a_table_that_others_refer_to_is_refused_whole(lists):
    user = factories.user("nurse", lists.centres["UPP"])
    with pytest.raises(DatabaseError, match="other objects depend on it"), transaction.atomic():
        partition("registry_user", "date_joined")
    user.refresh_from_db()
