"""The chains of many writers at once, of an import, and of a database that was dumped and restored."""

import os
import subprocess
import sys
import threading

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from psycopg import sql

from registry.access import Operator
from registry.entry.importing.pipeline import import_infusions
from registry.entry.patients.erasure import erase_patient
from registry.models import AccessLog, ChainLink
from registry.models.isolation import one_view
from registry.publishing.history_proof import prove_history
from registry.publishing.publish import publish
from swecar.local.folder import ROOT
from swecar.local.programs import find_postgres
from tests import factories
from tests.chain_oracle import faults_of
from tests.desk import MAN, WOMAN
from tests.test_import import as_csv
from tests.test_lookups import row

BY = Operator()
WRITERS, TURNS = 8, 12


def write(lists, place: int, faults: list) -> None:
    """Lines of the access log, entries, and transactions that are taken back."""
    try:
        for turn in range(TURNS):
            AccessLog.objects.create(actor=f"writer {place}", action="read")
            if turn % 4 == place % 4:
                factories.record(lists, factories.nth_number(100 + place * TURNS + turn))
            with transaction.atomic():
                AccessLog.objects.create(actor=f"writer {place}", action="search")
                transaction.set_rollback(turn % 3 == 0)
    except Exception as fault:
        faults.append(fault)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_many_writers_make_one_chain_without_gaps(committed_lists):
    faults: list = []
    writers = [threading.Thread(target=write, args=(committed_lists, place, faults)) for place in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert faults == []
    assert AccessLog.objects.filter(actor__startswith="writer").count() == WRITERS * TURNS * 5 // 3
    assert prove_history().findings == ()
    for table, key in (("registry_accesslog", "id"), ("registry_infusionhistory", "pgh_id")):
        numbers = ChainLink.objects.filter(chain=table).order_by("number").values_list("number", flat=True)
        assert list(numbers) == list(range(1, len(numbers) + 1))
        assert len(numbers) >= WRITERS * TURNS // 4
        assert faults_of(table, key) == []


@pytest.mark.django_db(transaction=True)
def test_an_import_makes_a_link_for_a_statement(committed_lists, tmp_path):
    path = tmp_path / "file.csv"
    path.write_bytes(as_csv([row(factories.nth_number(place)) for place in range(30)]))
    import_infusions(path=path, by=BY)
    for table in ("patienthistory", "patientidentifierhistory", "infusionhistory"):
        [link] = ChainLink.objects.filter(chain=f"registry_{table}")
        assert len(link.ids) == len(link.hashes) == 30
    assert prove_history().findings == ()


@pytest.mark.django_db(transaction=True)
def test_an_old_view_of_the_database_numbers_nothing(db):
    with pytest.raises(DatabaseError, match="READ COMMITTED"), one_view():
        AccessLog.objects.create(actor="someone", action="read")
    AccessLog.objects.create(actor="someone", action="read")
    assert prove_history().findings == ()


@pytest.fixture
def restored(committed_lists):
    """The URL of a database restored from a dump of one with an erasure and a snapshot."""
    factories.record_several(committed_lists)
    erase_patient(patient=factories.record(committed_lists, WOMAN).patient, by=BY, reason="asked for it")
    publish()
    factories.record(committed_lists, MAN)
    base, name = os.environ["DATABASE_URL"].rsplit("/", 1)[0], f"{connection.settings_dict['NAME']}_restored"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        here, there = f"{base}/{connection.settings_dict['NAME']}", f"{base}/{name}"
        dump = subprocess.run([find_postgres().with_name("pg_dump"), "--format=custom", here],
                              check=True, capture_output=True)  # fmt: skip
        subprocess.run([find_postgres().with_name("pg_restore"), "--dbname", there, "--exit-on-error"],
                       input=dump.stdout, check=True)  # fmt: skip
        yield there
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.mark.django_db(transaction=True)
def test_a_restored_dump_agrees(restored):
    def verify_history() -> subprocess.CompletedProcess:
        environment = {**os.environ, "DATABASE_URL": restored, "TZ": "Asia/Tokyo"}
        words = [sys.executable, "manage.py", "verify_history"]
        return subprocess.run(words, env=environment, cwd=ROOT, capture_output=True, text=True, check=False)

    told = verify_history()
    assert told.returncode == 0, told.stderr
    with psycopg.connect(restored, autocommit=True) as altered:
        altered.execute("SET session_replication_role = replica")
        latest = "(SELECT max(pgh_id) FROM registry_infusionhistory)"
        [gone] = altered.execute(f"DELETE FROM registry_infusionhistory WHERE pgh_id = {latest} RETURNING pgh_id")
    told = verify_history()
    assert (told.returncode, f"registry_infusionhistory: row {gone[0]} is missing" in told.stderr) == (1, True)
