"""History and access log cannot be rewritten: past all triggers, verify_history still names what was done."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module

import pgtrigger
import pytest
from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from registry.access import Operator, acting_as
from registry.choices import Outcome, Task
from registry.entry.access_log import prune_access_log
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.merge import merge_patients
from registry.errors import HistoryAltered
from registry.models import AccessLog, Centre, ChainLink, Erasure, HistoryHeads, Infusion, Run, Snapshot
from registry.models.chain import CONTENT, chained_models, link_all
from registry.publishing import runs
from registry.publishing.history_proof import hash_heads, prove_history, read_heads
from registry.publishing.publish import publish
from registry.publishing.verification import verify
from tests import factories
from tests.chain_oracle import columns_of, faults_of
from tests.desk import COORDINATION, MAN, WOMAN

begun = import_module("registry.migrations.0044_begin_chains")
BY = Operator()
INFUSIONS, LOG = "registry_infusionhistory", "registry_accesslog"
WORDS = {
    "inserted": "row {} was inserted past the chain",
    "missing": "row {} is missing",
    "altered": "row {} was altered",
    "unlinked": "row {} was not added once",
    "back": "row {} was removed and is there again",
    "link": "link {} does not follow from the one before",
}


def run(statement: str, *values) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []


@contextmanager
def past_triggers() -> Iterator[None]:
    """As a superuser may who means to leave no trace."""
    run("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    run("SET session_replication_role = replica")
    try:
        yield
    finally:
        run("SET session_replication_role = DEFAULT")


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def key_of(table: str) -> str:
    return next(model for model in chained_models() if model._meta.db_table == table)._meta.pk.column


def keys(table: str) -> list[int]:
    return [key for (key,) in run(f"SELECT {key_of(table)} FROM {table} ORDER BY 1")]


@pytest.fixture
def written(lists) -> None:
    """A registry with a correction, a merge, an erasure and entries after it."""
    rows = factories.record_several(lists)
    correct_infusion(infusion_id=rows[0].pk, changes={"batch": "L7"}, by=BY, reason="typing error")
    withdraw_infusion(infusion_id=rows[1].pk, by=BY, reason="never given")
    one = factories.record(lists, WOMAN, infused_on="2021-05-05")
    other = factories.record(lists, COORDINATION, infused_on="2022-05-05")
    merge_patients(keep=one.patient, absorb=other.patient, by=BY, reason="one person")
    erased = factories.record(lists, MAN).patient
    erase_patient(patient=erased, by=BY, reason="asked for it")
    factories.record(lists, factories.nth_number(70))
    run("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def test_every_history_and_the_access_log_is_chained(db):
    histories = {model for model in apps.get_models() if hasattr(model, "pgh_tracked_model")}
    assert len(histories) > 10
    assert set(chained_models()) == histories | {AccessLog, Erasure}
    for model in chained_models():
        triggers = {name for (name,) in run("SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass",
                                            model._meta.db_table)}  # fmt: skip
        for name in ("linked", "leaves_a_stone", "never_emptied"):
            assert any(found.startswith(f"pgtrigger_{name}_") for found in triggers), (model, name)


def test_what_nobody_has_touched_agrees(written, manage):
    code, out, _err = manage("verify_history")
    assert code == 0
    for model in chained_models():
        table = model._meta.db_table
        assert faults_of(table, model._meta.pk.column) == []
        [line] = [line for line in out.splitlines() if line.startswith(f"{table} ")]
        assert line.split()[1] == str(model._base_manager.count())
    head = read_heads()[INFUSIONS]
    assert f"{head[0]}:{head[1]}" in out
    assert "History and access log are as they were written." in out


@pytest.mark.parametrize(
    "how", ["UPDATE {table} SET {key} = {key}", "DELETE FROM {table}", "TRUNCATE {table} CASCADE"]
)
def test_nobody_changes_what_is_chained(written, how):
    tried = 0
    for model in (*chained_models(), ChainLink):
        table, key = model._meta.db_table, model._meta.pk.column
        if how.startswith("TRUNCATE") or model._base_manager.exists():
            with pytest.raises(DatabaseError), transaction.atomic():
                run(how.format(table=table, key=key))
            tried += 1
    assert tried > 8


OTHER = {"bool": "NOT {}", "date": "{} + 1", "int2": "{} + 1", "int4": "{} + 1", "int8": "{} + 1",
         "timestamptz": "{} + interval '1 microsecond'", "uuid": "gen_random_uuid()", "float8": "{} + 1e-9",
         "jsonb": """{} || '{{"a": 1}}'""", "_varchar": "array_append({}, 'x')"}  # fmt: skip


def test_each_column_of_each_table_is_hashed(written):
    tried = 0
    for model in chained_models():
        table, key = model._meta.db_table, model._meta.pk.column
        there = keys(table)
        if not there:
            continue
        for name, _oid in columns_of(table):
            if name == key:
                continue
            [[kind]] = run(f'SELECT pg_typeof("{name}") FROM {table} LIMIT 1')
            [[short]] = run("SELECT typname FROM pg_type WHERE oid = %s::regtype", kind)
            other = OTHER.get(short, "CASE {} WHEN 'x' THEN 'y' ELSE 'x' END").format(f'"{name}"')
            with taken_back(), past_triggers():
                for check, *_rest in run("SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = "
                                         "%s::regclass", table):  # fmt: skip
                    run(f'ALTER TABLE {table} DROP CONSTRAINT "{check}"')
                changed = run(f'UPDATE {table} SET "{name}" = {other} WHERE {key} = {there[-1]} '
                              f'RETURNING "{name}"')  # fmt: skip
                expected = () if changed == [(None,)] else (f"{table}: row {there[-1]} was altered",)
                assert prove_history().findings == expected, name
                tried += bool(expected)
    assert tried > 100


def alter(table, where, _other):
    name = "actor" if table == LOG else "acted_by"
    run(f"UPDATE {table} SET {name} = 'someone' WHERE {key_of(table)} = {where}")


def remove(table, where, _other):
    run(f"DELETE FROM {table} WHERE {key_of(table)} = {where}")


def insert(table, where, _other):
    names = ", ".join(f'"{name}"' for name, _kind in columns_of(table) if name != key_of(table))
    run(f"INSERT INTO {table} ({names}) SELECT {names} FROM {table} WHERE {key_of(table)} = {where}")


def swap(table, where, other):
    key = key_of(table)
    run(f"UPDATE {table} SET {key} = CASE {key} WHEN {where} THEN -{other} ELSE -{where} END "
        f"WHERE {key} IN ({where}, {other})")  # fmt: skip
    run(f"UPDATE {table} SET {key} = -{key} WHERE {key} < 0")


def alter_link(table, where, _other):
    run(f"UPDATE registry_chainlink SET made_at = made_at - interval '1 day' "
        f"WHERE chain = '{table}' AND number = 1 + {where} % (SELECT max(number) FROM registry_chainlink "
        f"WHERE chain = '{table}')")  # fmt: skip


def remove_link(table, where, _other):
    run(f"DELETE FROM registry_chainlink WHERE chain = '{table}' AND number = 1 + {where} % "
        f"(SELECT max(number) FROM registry_chainlink WHERE chain = '{table}')")  # fmt: skip


def nothing(table, where, _other):
    pass


DONE = (alter, remove, insert, swap, alter_link, remove_link, nothing)


def test_whatever_is_done_is_named_as_the_oracle_names_it(written):
    """Anything done to any rows or links of any chain; the first is named, and nothing else."""
    tables = [model._meta.db_table for model in chained_models() if len(keys(model._meta.db_table)) > 1]
    assert {INFUSIONS, LOG} <= set(tables)
    tried = set()

    @given(st.lists(st.tuples(st.sampled_from(DONE), st.sampled_from(tables), st.integers(0, 999),
                              st.integers(0, 999)), min_size=1, max_size=3))  # fmt: skip
    def check(acts):
        with taken_back():
            with past_triggers():
                for act, table, one, other in acts:
                    there = keys(table)
                    if len(there) > 1:
                        first, second = there[one % len(there)], there[other % len(there)]
                        act(table, first, second)
            findings = prove_history().findings
            faults = {table: faults_of(table, key_of(table)) for table in tables}
        expected = set()
        for table, found in faults.items():
            for kinds in (("link",), tuple(WORDS)[:-1]):
                first = next((fault for fault in found if fault[0] in kinds), None)
                if first:
                    tried.add(first[0])
                    expected.add(f"{table}: {WORDS[first[0]].format(first[1])}")
        said = {line.replace("is missing", "does not follow from the one before") if ": link " in line else line
                for line in findings if "without a ground" not in line}  # fmt: skip
        assert said == expected

    check()
    assert {"link", "inserted", "missing", "altered"} <= tried


def test_a_removed_row_that_is_put_back_is_named(written):
    [stone] = ChainLink.objects.filter(chain=INFUSIONS, kind="removed")
    with past_triggers():
        run(f"UPDATE {INFUSIONS} SET pgh_id = {stone.ids[0]} WHERE pgh_id = {keys(INFUSIONS)[-1]}")
    assert f"{INFUSIONS}: row {stone.ids[0]} was removed and is there again" in prove_history().findings


# What is removed lawfully leaves a stone, and nothing else does.


def test_an_erasure_leaves_stones_that_name_who_and_when(lists):
    first = factories.record(lists, WOMAN)
    factories.record(lists, MAN)
    here = list(Infusion.pgh_event_model.objects.filter(pgh_obj_id=first.pk).values_list("pgh_id", flat=True))
    erase_patient(patient=first.patient, by=BY, reason="asked for it")
    proof = prove_history()
    assert proof.findings == ()
    stones = {link.chain: link for link in ChainLink.objects.filter(kind="removed")}
    assert stones.keys() == {f"registry_{name}history" for name in ("patient", "patientidentifier", "infusion")}
    assert set(here) < set(stones[INFUSIONS].ids)  # and the row that says that it was deleted
    assert (stones[INFUSIONS].acted_by, stones[INFUSIONS].hashes) == (BY.username, None)
    assert {chain.table: chain.stones for chain in proof.chains}[INFUSIONS] == 1


def test_history_that_goes_without_an_erasure_is_named(written):
    guard = "registry.CentreHistory:append_only"
    with pgtrigger.ignore(guard), acting_as(BY, reason="away with it"):
        run(f"DELETE FROM registry_centrehistory WHERE pgh_id = {keys('registry_centrehistory')[1]}")
    with past_triggers():  # all of a test is one transaction: the erasure of `written` is made another's
        run("UPDATE registry_chainlink SET made_at = made_at + interval '1 hour' WHERE chain = 'registry_erasure'")
    findings = prove_history().findings
    assert f"registry_centrehistory: link 2 removes rows without a ground, by {BY.username}" in findings


def test_the_nightly_pruning_leaves_a_stone_and_a_younger_line_is_missed(lists):
    old = timezone.now() - timedelta(days=366 * settings.ACCESS_LOG_YEARS)
    AccessLog.objects.bulk_create(AccessLog(at=old, actor="anna", action="read") for _line in range(3))
    young = AccessLog.objects.create(actor="berit", action="read")
    AccessLog.objects.create(actor="cecilia", action="read")
    assert prune_access_log() == 3
    assert prove_history().findings == ()
    with pgtrigger.ignore("registry.AccessLog:stays"):
        AccessLog.objects.filter(pk=young.pk).delete()
    run("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    [[number]] = run(f"SELECT max(number) FROM registry_chainlink WHERE chain = '{LOG}'")
    [[user]] = run("SELECT session_user")
    assert prove_history().findings == (f"{LOG}: link {number} removes rows without a ground, by {user}",)


def test_only_a_migration_of_this_version_rewrites(written, monkeypatch):
    with past_triggers():
        alter(INFUSIONS, keys(INFUSIONS)[2], None)
    run(link_all(INFUSIONS, key="pgh_id", rewritten_by="0099_something"))
    [[number]] = run(f"SELECT max(number) + 1 FROM registry_chainlink WHERE chain = '{INFUSIONS}'")
    unknown = f"{INFUSIONS}: link {number} rewrites rows by 0099_something, which is no migration of this version"
    assert prove_history().findings == (unknown,)
    known = frozenset({(INFUSIONS, "0099_something")})
    monkeypatch.setattr("registry.publishing.history_proof.REWRITES", known)
    assert prove_history().findings == ()


def test_a_column_that_is_added_later_alters_nothing(written):
    run("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    run(f"ALTER TABLE {INFUSIONS} ADD COLUMN later varchar(10) NOT NULL DEFAULT 'x'")
    assert prove_history().findings == ()
    withdraw_infusion(infusion_id=Infusion.objects.filter(status="submitted").first().pk, by=BY, reason="no")
    last = keys(INFUSIONS)[-1]
    assert prove_history().findings == ()
    with past_triggers():
        run(f"UPDATE {INFUSIONS} SET later = 'y' WHERE pgh_id = {last}")
    assert prove_history().findings == (f"{INFUSIONS}: row {last} was altered",)


@pytest.mark.parametrize("setting", ["TimeZone = 'Asia/Tokyo'", "DateStyle = 'German'", "extra_float_digits = -3",
                                     "client_encoding = 'LATIN1'", "bytea_output = 'escape'"])  # fmt: skip
def test_a_session_of_any_kind_writes_the_same(written, setting):
    run(f"SET LOCAL {setting}")
    Centre.objects.filter(code="UPP").update(name="Åsa Östs sjukhus", latitude=59.123456789)
    run("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    if "LATIN1" in setting:
        assert run("SHOW client_encoding") == [("LATIN1",)]
        run("SET LOCAL client_encoding = 'UTF8'")
    assert prove_history().findings == ()
    assert faults_of("registry_centrehistory", "pgh_id") == []


# A head that was printed.

RESEAL = f"""
DO $$
DECLARE link registry_chainlink; before bytea;
BEGIN
    FOR link IN SELECT * FROM registry_chainlink WHERE chain = '{INFUSIONS}' ORDER BY number LOOP
        UPDATE registry_chainlink SET hash = {CONTENT.format(before="COALESCE(before, '')", link="link",
                                                             number="link.number")}
        WHERE id = link.id RETURNING hash INTO before;
    END LOOP;
END $$
"""  # fmt: skip


def forge() -> None:
    """Alter a row and all that follows from it, so that the chain agrees with itself."""
    alter(INFUSIONS, keys(INFUSIONS)[0], None)
    run(f"""
        UPDATE registry_chainlink AS link SET hashes = (
            SELECT array_agg(sha256(record_send(line)) ORDER BY place)
            FROM unnest(link.ids) WITH ORDINALITY AS named (id, place)
            JOIN {INFUSIONS} AS line ON line.pgh_id = named.id
        ) WHERE chain = '{INFUSIONS}' AND {keys(INFUSIONS)[0]} = ANY (ids)
    """)
    run(RESEAL)


def cut_off() -> None:
    """Take away the last rows and links."""
    rows = run(f"SELECT ids FROM registry_chainlink WHERE chain = '{INFUSIONS}' ORDER BY number DESC LIMIT 1")[0][
        0
    ]
    run(f"DELETE FROM {INFUSIONS} WHERE pgh_id = ANY (%s)", rows)
    run(f"DELETE FROM registry_chainlink WHERE chain = '{INFUSIONS}' AND ids = %s::bigint[]", rows)


@pytest.mark.parametrize("act", [forge, cut_off])
def test_what_agrees_with_itself_differs_from_a_head_that_was_printed(written, manage, act):
    snapshot = publish()
    printed = f"{snapshot.number}:{snapshot.history_head}"
    assert manage("verify_history", "--head", printed)[0] == 0
    with past_triggers():
        act()
    [finding] = prove_history().findings
    assert f"is not the one that snapshot {snapshot.number} has printed" in finding
    with past_triggers():
        heads = read_heads()
        HistoryHeads.objects.update(heads=heads)
        Snapshot.objects.update(history_head=hash_heads(heads))
    assert prove_history().findings == ()
    code, _out, err = manage("verify_history", "--head", printed)
    assert code == 1
    assert f"and {snapshot.history_head} was printed" in err


def test_the_command_names_what_it_finds_and_refuses_a_head_that_is_none(written, manage):
    row = keys(INFUSIONS)[1]
    with past_triggers():
        alter(INFUSIONS, row, None)
    code, _out, err = manage("verify_history")
    assert (code, f"{INFUSIONS}: row {row} was altered" in err) == (1, True)
    assert "write SNAPSHOT:HEAD" in manage("verify_history", "--head", "12")[2]


def test_a_snapshot_prints_the_head_and_hashes_it(written, client):
    snapshot = publish()
    assert HistoryHeads.objects.get().heads == read_heads()
    assert snapshot.history_head == hash_heads(read_heads())
    told = client.get(f"/api/v1/snapshots/{snapshot.number}").json()
    assert told["history_head"] == snapshot.history_head
    Snapshot.objects.update(history_head="sha256:" + "0" * 64)
    assert verify().tampered


def test_a_head_that_moves_alone_makes_no_snapshot(written, client):
    snapshot = publish()
    before = client.get("/api/v1/map")["ETag"]
    AccessLog.objects.create(actor="anna", action="read")
    assert publish() is None
    assert client.get("/api/v1/map")["ETag"] == before
    assert Snapshot.objects.get().history_head == snapshot.history_head


# Each night.


def test_the_night_proves_it_and_tells_the_administrators(written, settings, mailoutbox):
    settings.ADMINS = [("Drift", "drift@region.example")]
    run_ = runs.run_history_proof()
    assert (run_.outcome, run_.rows) == (Outcome.DONE, sum(chain.rows for chain in prove_history().chains))
    row = keys(INFUSIONS)[1]
    with past_triggers():
        remove(INFUSIONS, row, None)
    with pytest.raises(HistoryAltered):
        runs.run_history_proof()
    last = Run.objects.filter(task=Task.VERIFY_HISTORY).first()
    assert (last.outcome, last.message) == (Outcome.ALTERED, f"{INFUSIONS}: row {row} is missing")
    assert "history or access log were altered" in mailoutbox[0].subject


def test_no_salt_outlives_its_row(written):
    """With the salt gone, the hash that stays of an erased row tells nothing; PostgreSQL keeps no sample of it."""
    salted = [model._meta.db_table for model in chained_models() if model is not Erasure]
    for table in salted:
        assert run(f"SELECT count(*) - count(salt) FROM {table}") == [(0,)]
        run(f"ANALYZE {table}")
    assert run("SELECT count(*) > 50 FROM pg_stats WHERE tablename = ANY (%s)", salted) == [(True,)]
    assert run("SELECT tablename FROM pg_stats WHERE attname = 'salt'") == []
    rows = Infusion.pgh_event_model.objects
    assert rows.values("salt").distinct().count() == rows.count() > 5


def test_a_registry_that_had_rows_before_gets_its_first_links(written):
    run("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
    with past_triggers():
        run("DELETE FROM registry_chainlink")
    before = {table: keys(table) for table in begun.CHAINS}
    assert {model._meta.db_table for model in chained_models()} >= begun.CHAINS.keys()
    for table, key in begun.CHAINS.items():
        run(link_all(table, key=key).replace("LIMIT 50000", "LIMIT 3"))
    assert prove_history().findings == ()
    for table, there in before.items():
        links = ChainLink.objects.filter(chain=table).order_by("number")
        assert [key for link in links for key in sorted(link.ids)] == there
        assert all(len(link.ids) <= 3 for link in links)
