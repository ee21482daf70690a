"""The second wall: what the clinic's process reaches in PostgreSQL, whatever statement it runs."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from psycopg.errors import InsufficientPrivilege

from registry.access import UNKNOWN_KEY, Operator, acting_as, context_of
from registry.database_roles.grants import TABLES
from registry.database_roles.policies import POLICIES, WITHOUT
from registry.database_roles.roles import forget_keys, make_roles
from registry.entry.infusions.export import rows_to_export
from registry.models import AccessLog, Infusion, Patient
from registry.models.centre_rows import CentresQuerySet
from registry.models.patient import PatientQuerySet
from registry.models.question_queryset import QuestionQuerySet
from registry.signed_context import Context
from swecar.local.folder import ROOT
from swecar.postgresql.roles import CLINIC, WORKER
from tests import factories
from tests.database_page import PAGE, write_page
from tests.database_roles import acting_for
from tests.working import database_url

pytestmark = pytest.mark.django_db


@pytest.fixture
def hole(monkeypatch):
    """The fault that the first wall may have: everyone sees everything."""
    for rows in (CentresQuerySet, PatientQuerySet, QuestionQuerySet):
        monkeypatch.setattr(rows, "visible_to", lambda self, *arguments, **options: self.all())


def count_rows(opened, table: str) -> int:
    return opened.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def fill(lists) -> tuple:
    """Somebody of each side, a person known at one centre, at the other, and at both."""
    nurse, other = factories.user("nurse", lists.centres["UPP"]), factories.user("other", lists.centres["STO"])
    for number, centre in ((1, "UPP"), (2, "STO"), (3, "UPP")):
        factories.record(lists, factories.nth_number(number), centre=centre)
    factories.record(lists, factories.nth_number(3), centre="STO", infused_on="2022-05-05", kind="reinfusion")
    return nurse, other


def test_every_table_that_the_clinic_reads_has_policies_or_a_reason():
    read = {name for name, grant in TABLES.items() if grant.clinic and not grant.public}
    assert set(POLICIES) | set(WITHOUT) == read
    assert not set(POLICIES) & set(WITHOUT)
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relrowsecurity")
        assert {name for (name,) in cursor} == set(POLICIES)


@pytest.mark.django_db(transaction=True)
def test_with_nobody_acting_there_is_no_row(committed_lists):
    nurse, _other = fill(committed_lists)
    with acting_for(CLINIC), acting_as(nurse):
        assert Infusion.objects.count() == 2
    with acting_for(CLINIC):  # the same connection, as a pool gives it to another
        assert {model: model.objects.count() for model in (Infusion, Patient, AccessLog)} == {
            Infusion: 0, Patient: 0, AccessLog: 0,
        }  # fmt: skip
    with psycopg.connect(database_url(CLINIC), autocommit=True) as opened:
        for table in POLICIES:
            assert count_rows(opened, table) == 0, table
    with psycopg.connect(database_url(WORKER), autocommit=True) as opened:
        assert count_rows(opened, "registry_infusion") == 4


@pytest.mark.parametrize("table", sorted(POLICIES))
def test_one_sees_ones_own_rows_by_any_statement_and_the_steward_all(lists, table):
    """As whoever injects SQL into a request would."""
    nurse, other = fill(lists)
    steward = factories.user("steward", national_role="steward")
    found = {}
    for actor in (nurse, other, steward, Operator()):
        with acting_for(CLINIC), acting_as(actor), connection.cursor() as cursor:
            cursor.execute(f"SELECT to_jsonb(row)::text FROM {table} AS row")
            found[actor.username] = {text for (text,) in cursor}
    assert found["operator"] == found["steward"] >= found["nurse"] | found["other"]
    if table == "registry_infusion":
        assert [len(rows) for rows in found.values()] == [2, 2, 4, 4]
    if table == "registry_patient":
        assert [len(rows) for rows in found.values()] == [2, 2, 3, 3]
        shared = found["nurse"] & found["other"]
        assert len(shared) == 1
    for name in ("nurse", "other"):
        if table in {"registry_infusion", "registry_infusionhistory"}:
            own = {"nurse": "UPP", "other": "STO"}[name]
            assert {json.loads(text)["centre_id"] for text in found[name]} == {lists.centres[own].pk}


@pytest.mark.parametrize("statement", ["UPDATE registry_infusion SET batch = 'X'", "DELETE FROM registry_draft"])
def test_no_statement_changes_another_centres_row(lists, statement):
    nurse, _other = fill(lists)
    before = set(Infusion.objects.filter(centre__code="STO").values_list("pk", "batch"))
    with acting_for(CLINIC), acting_as(nurse), connection.cursor() as cursor:
        cursor.execute(statement)
    assert set(Infusion.objects.filter(centre__code="STO").values_list("pk", "batch")) == before


@contextmanager
def refused(actor) -> Iterator[None]:
    """What the block writes for the actor is refused by a policy."""
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        acting_for(CLINIC),
        acting_as(actor),
        transaction.atomic(),
    ):
        yield


def test_no_row_is_put_into_another_centre(lists):
    nurse, _other = fill(lists)
    with refused(nurse), connection.cursor() as cursor:
        cursor.execute("UPDATE registry_infusion SET centre_id = %s", [lists.centres["STO"].pk])


def wrong_contexts(signed: str) -> dict[str, str]:
    """What somebody might say who has seen a context of their own."""
    body = json.loads(signed[65:])
    others = json.dumps(body | {"actor": "other"})
    return {
        "another actor": f"{signed[:64]} {others}",
        "the nation": f"{signed[:64]} {json.dumps(body | {'nation': ['records']})}",
        "unsigned": f"{'0' * 64} {others}",
        "no signature": others,
        "nothing": " ",
        "an older transaction": signed,
    }


@pytest.mark.parametrize("kind", wrong_contexts(f"{'0' * 64} {{}}"))
@pytest.mark.django_db(transaction=True)
def test_nobody_is_acted_for_without_a_signature_for_this_transaction(committed_lists, kind):
    nurse, _other = fill(committed_lists)
    with acting_for(CLINIC), acting_as(nurse), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('swecar.context')")
        signed = cursor.fetchone()[0]
    said = wrong_contexts(signed)[kind]
    with psycopg.connect(database_url(CLINIC)) as opened:
        opened.execute("SELECT set_config('swecar.context', %s, true)", [said])
        with pytest.raises(InsufficientPrivilege, match="nobody has signed"):
            count_rows(opened, "registry_infusion")


@pytest.mark.django_db(transaction=True)
def test_the_history_names_nobody_for_whom_is_not_signed(committed_lists):
    with psycopg.connect(database_url(CLINIC), autocommit=True) as opened:
        opened.execute("SELECT set_config('swecar.actor', 'another', false)")
        opened.execute("UPDATE registry_centre SET name = name || '!' WHERE code = 'UPP'")
    history = committed_lists.centres["UPP"].__class__.pgh_event_model.objects.filter(code="UPP")
    assert history.order_by("-pgh_id").values_list("acted_by", flat=True)[0] == CLINIC


def test_a_line_of_the_access_log_names_who_acts(lists):
    nurse, _other = fill(lists)
    with refused(nurse):
        AccessLog.objects.create(actor="other", action="search")


def test_what_a_context_says_is_what_the_roles_give():
    assert context_of(Operator()) == Context("operator", None, (), ("records", "log"))


def test_an_export_reaches_no_further_through_a_hole(lists, hole):
    nurse, _other = fill(lists)
    own = {row[0] for row in Infusion.objects.filter(centre__code="UPP").values_list("pk")}
    with acting_for(CLINIC), acting_as(nurse):
        assert {row[0] for row in rows_to_export(by=nurse)} == {str(pk) for pk in own}


def test_a_number_is_drawn_that_nobody_has_whom_one_does_not_see(lists):
    nurse, _other = fill(lists)
    with connection.cursor() as cursor:  # chance gives the same number first, and then another
        cursor.execute("""
            CREATE SCHEMA chance; CREATE SEQUENCE chance.turn; GRANT ALL ON SCHEMA chance TO PUBLIC;
            GRANT ALL ON SEQUENCE chance.turn TO PUBLIC;
            CREATE FUNCTION chance.gen_random_uuid() RETURNS uuid LANGUAGE sql VOLATILE AS
                $$ SELECT md5(CASE WHEN nextval('chance.turn') % 3 = 2 THEN 'other' ELSE 'same' END)::uuid $$;
            ALTER FUNCTION new_registry_numbers(bigint) SET search_path = chance, pg_catalog, public;
        """)
        cursor.execute("SELECT new_registry_number()")
        [taken] = cursor.fetchone()
        Patient.objects.filter(infusions__centre__code="STO").exclude(infusions__centre__code="UPP").update(
            registry_number=taken
        )
        cursor.execute("SELECT setval('chance.turn', 3)")
        with acting_for(CLINIC), acting_as(nurse):
            cursor.execute("SELECT new_registry_number()")
            assert cursor.fetchone() != (taken,)


def test_the_documented_roles_grants_and_policies_are_the_databases(db):
    assert PAGE.read_text(encoding="utf-8") == write_page()


@pytest.mark.django_db(transaction=True)
def test_a_process_whose_key_the_database_does_not_know_says_so_and_is_not_ready(committed_lists, settings):
    assert Client().get("/health/ready").json()["status"] == "ready"
    settings.SECRET_KEY = "another, of more than fifty letters, which the database was never told of"
    assert Client().get("/health/ready").status_code == 503
    for role, process in ((CLINIC, "clinic"), (WORKER, "worker")):
        variables = os.environ | {
            "DATABASE_URL": database_url(role),
            "APP_ROLE": process,
            "SECRET_KEY": settings.SECRET_KEY,
        }
        ended = subprocess.run(
            [sys.executable, "-m", "swecar.start"], cwd=ROOT, env=variables, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert (ended.returncode, ended.stderr.strip().splitlines()[-1]) == (1, UNKNOWN_KEY), process
    list(make_roles({}))
    try:
        assert Client().get("/health/ready").status_code == 200
    finally:
        settings.SECRET_KEY = os.environ["SECRET_KEY"]
        assert list(forget_keys()) == ["1 keys of former SECRET_KEYs are gone"]


def test_no_process_leaves_out_what_writes_the_history(lists):
    """The library's setting, which any statement may set."""
    nurse, _other = fill(lists)
    history = Infusion.pgh_event_model.objects
    before = history.count()
    with acting_for(CLINIC), acting_as(nurse), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('pgtrigger.ignore', array_agg(tgname)::text, true) FROM pg_trigger")
        cursor.execute("UPDATE registry_infusion SET batch = 'X'")
        assert cursor.rowcount == 2
        cursor.execute("SELECT set_config('pgtrigger.ignore', '', true)")
    assert history.count() == before + 2
