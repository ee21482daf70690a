"""The keeper digests for the clinic and the worker, which then have no key; without it, a 503 and no worse."""

import json
import os
import re
import signal
import socket
import struct
import time
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from django.test import Client

from registry import identity_keeper
from registry.access import Operator
from registry.entry.importing.job import receive_file, run_import
from registry.entry.importing.pipeline import import_infusions
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.lookup import PatientRefused
from registry.entry.patients.rekeying import Left, count_left, rekey
from registry.identity import read_identifier
from registry.identity_keeper import KeeperAway, KeeperSpent
from registry.identity_keys import carry, key_ids
from registry.keyed_digests import SealedIdentifier, chain_of, digest_ahead, seal_mark
from registry.models import ImportRow, Infusion, Patient
from swecar.counts import read_counts
from swecar.keeper.limit import DAY, FEW, HOUR, Limit
from swecar.keeper.messages import NotProved, ask, prove, read_address
from tests import factories
from tests.calling import Program
from tests.desk import address, sign_in, text
from tests.keepers import SECRET, keeper
from tests.test_identity import KEYS, WOMAN, put_in_front
from tests.test_import import as_csv
from tests.test_import_jobs import read_by_a_worker
from tests.test_lookups import FORM, row
from tests.watching import TOKEN

BY = Operator()
AGAIN = {"infused_on": "2021-05-05", "kind": "reinfusion"}
NUMBERS = [factories.nth_number(place) for place in range(40)]


def values(count: int, start: int = 0) -> set[bytes]:
    return {b"%d" % number for number in range(start, start + count)}


# The limit.


def test_what_was_asked_within_the_hour_is_free_and_what_is_new_is_counted():
    limit = Limit(100)
    assert limit.take(values(10), 0) == 0
    assert limit.take(values(10), 1) == 0
    assert limit.left(1) == 90
    for start in range(10, 100, 10):
        assert limit.take(values(10, start), 2) == 0
    assert limit.take(values(10, 100), 3) == HOUR - 3 + 1  # the first ten leave then
    assert limit.left(3) == 0
    assert limit.take(values(100), 3) == 0
    assert limit.take(values(10, 100), HOUR) == 0
    assert limit.take(values(1, 200), HOUR) > 0


def test_a_file_leaves_half_of_the_hour_to_entries():
    limit = Limit(100)
    assert limit.take(values(51), 0) == HOUR
    assert limit.take(values(50), 0) == 0
    assert limit.take(values(FEW + 1, 50), 0) > 0
    assert limit.take(values(FEW, 50), 0) == 0
    assert limit.left(0) == 40


def test_an_operator_allows_more_for_a_day_and_no_longer():
    limit = Limit(100)
    limit.allow(1_000, 0)
    assert limit.take(values(900), 0) == 0
    assert limit.left(0) == 50 + 150
    assert limit.take(values(900), 1) == 0
    assert limit.take(values(200, 900), 1) == HOUR
    assert limit.take(values(60, 5_000), DAY) == HOUR


def test_a_large_run_leaves_the_hour_as_quickly_as_it_came():
    limit = Limit(100)
    limit.allow(300_000, 0)
    for start in range(0, 300_000, 2_000):
        assert limit.take(values(2_000, start), 0) == 0
    begun = time.process_time()
    assert limit.left(HOUR) == 100 + 50
    assert time.process_time() - begun < 2


# What it digests is what a process with the keys would.


@pytest.mark.parametrize("tcp", [False, True])
def test_its_digests_are_those_of_the_keys(settings, tmp_path, tcp):
    put_in_front(settings, "2025", "2024")
    people = [read_identifier(number, centre="UPP") for number in (*NUMBERS, "local:17")]
    expected = [(one.digests(), one.birth_digest()) for one in people]
    sealed = SealedIdentifier(type=people[0].type, chain=expected[0][0][0][1], born=carry(b"x")[0])
    continued, mark = (sealed.digests(), sealed.birth_digest()), seal_mark("a text")
    with keeper(tmp_path, settings, tcp=tcp) as kept:
        digest_ahead(people)
        assert [(one.digests(), one.birth_digest()) for one in people] == expected
        assert (sealed.digests(), sealed.birth_digest()) == continued
        assert seal_mark("a text") == mark
        assert key_ids() == ["2024", "2025"]
        assert kept.log.read_text().count('"digested"') < 10, "many are asked for together"


def test_a_registry_goes_on_with_a_keeper_as_without(lists, settings, tmp_path):
    put_in_front(settings, "2024")
    known = factories.record(lists, WOMAN).patient
    erase_patient(patient=factories.record(lists, NUMBERS[0]).patient, by=BY, reason="asked for it")
    settings.IDENTITY_KEYS = {"2025": KEYS["2025"], **settings.IDENTITY_KEYS}
    with keeper(tmp_path, settings):
        assert factories.record(lists, WOMAN, **AGAIN).patient == known
        with pytest.raises(PatientRefused):
            factories.record(lists, NUMBERS[0])
        path = tmp_path / "file.csv"
        path.write_bytes(as_csv([row(number) for number in NUMBERS[1:]]))
        assert import_infusions(path=path, by=BY).stored == len(NUMBERS) - 1
        assert count_left() == Left(1, 1, 0, 0)
        assert rekey() == []
        assert count_left() == Left(0, 0, 0, 0)
        with pytest.raises(PatientRefused):
            factories.record(lists, NUMBERS[0])
        assert factories.record(lists, WOMAN, infused_on="2022-05-05", kind="reinfusion").patient == known


# Away or spent.


def test_away_it_is_a_503_with_what_was_typed_and_back_it_is_stored(lists, settings, tmp_path):
    nurse = factories.user("nurse", lists.centres["UPP"])
    program, page = Program(nurse), sign_in(nurse)
    with keeper(tmp_path, settings) as kept:
        kept.stop()
        refused = program.enter(patient_id=WOMAN)
        assert (refused.status_code, refused.json()["code"]) == (503, "identity_keeper_away")
        assert refused["Retry-After"] == "60"
        sent = page.post(address("record"), FORM | {"patient_id": WOMAN})
        assert (sent.status_code, sent["Retry-After"], sent["Cache-Control"]) == (
            503, "60", "max-age=0, no-cache, no-store, must-revalidate, private",
        )  # fmt: skip
        assert f'name="patient_id" value="{WOMAN}"' in text(sent)
        ready, deep = (Client().get(f"/health/{which}", headers=TOKEN) for which in ("ready", "deep"))
        assert (ready.status_code, ready.json()["keeper"]) == (200, False)
        assert (deep.status_code, deep.json()["keeper"]) == (503, False)
        assert not Infusion.objects.exists()
        kept.start({"2024": KEYS["2024"]})
        assert Client().get("/health/ready", headers=TOKEN).json()["keeper"] is True
        assert program.enter(patient_id=WOMAN).status_code == 201
    assert Patient.objects.count() == 1


def test_a_file_that_a_worker_meets_waits_for_the_keeper(lists, settings, tmp_path, monkeypatch):
    nurse = factories.user("nurse", lists.centres["UPP"])
    read_by_a_worker(monkeypatch)
    with keeper(tmp_path, settings) as kept:
        job = receive_file(file=BytesIO(as_csv([row(WOMAN)])), by=nurse)
        kept.stop()
        run_import(job.pk, language="en")
        job.refresh_from_db()
        assert (job.state, ImportRow.objects.count()) == ("queued", 0)
        kept.start({"2024": KEYS["2024"]})
        with suppress(KeeperAway):
            key_ids()
        run_import(job.pk, language="en")
        job.refresh_from_db()
    assert job.state == "checked"


def test_spent_it_says_when_there_is_room_and_an_operator_makes_some(lists, settings, tmp_path):
    program = Program(factories.user("nurse", lists.centres["UPP"]))
    with keeper(tmp_path, settings, per_hour=20) as kept:
        asked = [program.enter(patient_id=number) for number in NUMBERS[:21]]
        entered = [one.status_code for one in asked].index(503)
        assert {one.status_code for one in asked[:entered]} == {201} and 10 <= entered < 20
        assert program.enter(patient_id=NUMBERS[0], **AGAIN).status_code == 201, "asked for a moment ago"
        assert asked[-1].json()["code"] == "identity_keeper_limit"
        assert 3_500 < int(asked[-1]["Retry-After"]) <= 3_601
        done = kept.run("allow", "100")
        assert (done.returncode, done.stdout) == (0, "100 values more are allowed for a day.\n")
        assert program.enter(patient_id=NUMBERS[entered]).status_code == 201
        path = tmp_path / "file.csv"
        path.write_bytes(as_csv([row(number) for number in NUMBERS[entered + 1 :]]))
        assert import_infusions(path=path, by=BY).stored == 39 - entered
        path.write_bytes(as_csv([row(factories.nth_number(place)) for place in range(50, 200)]))
        with pytest.raises(KeeperSpent):
            import_infusions(path=path, by=BY)
        assert kept.run("allow", "-1").returncode != 0
    assert (read_counts() or {})["refusals", "keeper", "identity_keeper_limit"] >= 2


def test_a_key_that_comes_while_it_is_asked_is_no_fault(lists, settings, tmp_path):
    put_in_front(settings, "2024")
    with keeper(tmp_path, settings) as kept:
        known = factories.record(lists, WOMAN).patient
        kept.stop()
        kept.start({"2025": KEYS["2025"], "2024": KEYS["2024"]})
        with pytest.raises(KeeperAway):
            factories.record(lists, WOMAN, **AGAIN)
        assert factories.record(lists, WOMAN, **AGAIN).patient == known


def test_a_keeper_that_hangs_is_not_waited_for(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(identity_keeper, "PATIENCE", 0.2)
    with keeper(tmp_path, settings) as kept:
        assert key_ids()
        os.killpg(kept.process.pid, signal.SIGSTOP)
        begun = time.monotonic()
        with pytest.raises(KeeperAway):
            carry(b"person:1")
        assert time.monotonic() - begun < 5


# Strangers, and what is kept of what was asked.


def test_who_does_not_know_the_secret_is_told_nothing(settings, tmp_path):
    with keeper(tmp_path, settings) as kept:
        where = read_address(kept.url)
        asked = {"values": [[b"person:1".hex(), 0]]}
        assert len(ask(where, SECRET, asked, seconds=5)["steps"]) == 1
        with pytest.raises((OSError, NotProved)):
            ask(where, SECRET + "x", asked, seconds=5)
        for sent in (b"", b"GET / HTTP/1.0\r\n\r\n", struct.pack("!I", 2**31) + bytes(32), bytes(4_000)):
            assert told(where, lambda _nonce, sent=sent: sent) == b""
        # One question is answered once: its proof is of the nonce that it was asked after.
        text_ = json.dumps(asked).encode()
        seen = []

        def honest(nonce):
            seen.append(struct.pack("!I", len(text_)) + prove(SECRET, text_, after=nonce) + text_)
            return seen[0]

        assert told(where, honest)
        assert told(where, honest) == b""
        odd = 1, [["zz", 0]], [["00", -1]], [["00" * 201, 0]], [["00", 0]] * 2_001, [[None, None]]
        for content in ({}, *({"values": values_} for values_ in odd)):
            with pytest.raises((OSError, NotProved)):
                ask(where, SECRET, content, seconds=5)
        assert kept.run("check").returncode == 0
    assert kept.run("check").returncode != 0


def told(where, write) -> bytes:
    """What a stranger is told who has had the nonce."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(10)
        connection.connect(where.path)
        sent = write(connection.recv(32))
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        try:
            return connection.recv(1_000)
        except ConnectionResetError:
            return b""


def test_its_log_and_its_files_hold_neither_numbers_nor_keys(settings, tmp_path):
    put_in_front(settings, "2024")
    with keeper(tmp_path, settings) as kept:
        woman = read_identifier(WOMAN, centre="")
        digest = chain_of(woman.digests())
        with pytest.raises((OSError, NotProved)):
            ask(read_address(kept.url), SECRET, {"values": [[WOMAN.encode().hex(), "x"]]}, seconds=5)
        log = kept.log.read_text()
        lines = [json.loads(line) for line in log.splitlines()]
        assert {"ready", "digested", "turned away"} <= {line["keeper"] for line in lines}
        for secret in (WOMAN, WOMAN.replace("-", ""), WOMAN[2:8], digest.hex(), KEYS["2024"].hex(), SECRET):
            assert secret not in log
        status = (tmp_path / "keeper.sock").stat().st_mode
        assert status & 0o007 == 0, "only its user and group may ask"
        limits = Path(f"/proc/{kept.process.pid}/limits").read_text()
        assert re.search(r"Max core file size +0 +0 ", limits)
