"""A backup is restored whole, proves itself, forgets whom it must, and tells in a sentence why it cannot be."""

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import psycopg
import pyrage
import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st
from psycopg import sql

from registry.access import Operator
from registry.backups.making import DUMP, MADE, MANIFEST, STATE
from registry.backups.rotation import Kept, choose_kept, delete_old
from registry.backups.sealed_files import (
    make_identity,
    open_document,
    read_identities,
    read_recipients,
    seal_stream,
)  # fmt: skip
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.merge import merge_patients
from registry.publishing.publish import publish
from swecar.local.folder import ROOT
from tests import factories
from tests.rekeying import write_keys
from tests.test_identity import KEYS
from tests.working import database_url

BY = Operator()
SECRET = "a-made-up-key-of-more-than-fifty-characters-for-a-drill-only"


@pytest.fixture
def key(tmp_path) -> Path:
    """A private key, with its public one beside it."""
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "key").write_text(f"# made for a test\n{identity}\n")
    (tmp_path / "key.pub").write_text(str(identity.to_public()))
    return tmp_path / "key"


def environment(url: str = "", **variables: str) -> dict[str, str]:
    """An operator's, as the owner of the tables."""
    settings = {"DATABASE_URL": url or database_url(), "IDENTITY_KEYS": write_keys({"2024": KEYS["2024"]})}
    return os.environ | settings | variables


def manage(*words: object, url: str = "", **variables: str) -> subprocess.CompletedProcess:
    """A command as an operator runs it."""
    return subprocess.run(
        [sys.executable, "manage.py", *map(str, words)],
        cwd=ROOT, env=environment(url, **variables), capture_output=True, text=True, check=False,
    )  # fmt: skip


def manage_each(*commands: Iterable[object], url: str = "") -> Iterator[tuple[int, str]]:
    """Several, one after the other: the exit code of each, and what it says of errors."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.many_commands"],
        cwd=ROOT, env=environment(url), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        for words in commands:
            process.stdin.write(json.dumps([str(word) for word in words]) + "\n")
            process.stdin.flush()
            code, _output, errors = json.loads(process.stdout.readline())
            yield code, errors


def back_up(folder: Path, key: Path, *words: object, url: str = "") -> Path:
    """A backup, whose folder it is."""
    told = manage("backup", folder, "--to", key.with_suffix(".pub").read_text(), *words, url=url)
    assert told.returncode == 0, told.stderr
    return Path(told.stdout.strip())


@pytest.fixture
def empty():
    """Makes empty databases, and removes them at the end."""
    base, made = os.environ["DATABASE_URL"].rsplit("/", 1)[0], []
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:

        def make() -> str:
            made.append(f"{connection.settings_dict['NAME']}_{len(made)}")
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(made[-1])))
            return f"{base}/{made[-1]}"

        def drop(name: str) -> None:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

        make.drop = lambda url: drop(url.rpartition("/")[2])
        yield make
        for name in made:
            drop(name)


@pytest.fixture
def registry(committed_lists, settings):
    """Several persons at two centres, somebody with a second factor, a snapshot."""
    settings.IDENTITY_KEYS = {"2024": KEYS["2024"]}
    settings.SECRET_KEY = os.environ["SECRET_KEY"]
    factories.record_several(committed_lists)
    nurse = factories.user("nurse", committed_lists.centres["UPP"])
    TOTP.activate(nurse, generate_totp_secret())
    publish()
    return committed_lists


def read(url: str, statement: str) -> list[tuple]:
    with psycopg.connect(url, autocommit=True) as database:
        return database.execute(statement).fetchall()


PERSONS = "SELECT registry_number FROM registry_patient ORDER BY 1"
INFUSIONS = "SELECT * FROM registry_infusion ORDER BY id"
HISTORY = "SELECT * FROM registry_infusionhistory ORDER BY pgh_id"


@pytest.mark.django_db(transaction=True)
def test_destroyed_and_restored(registry, empty, key, tmp_path):
    merged = [
        factories.record(registry, factories.nth_number(number), infused_on=day, kind="first").patient
        for number, day in ((71, "2020-05-01"), (72, "2021-05-01"))
    ]
    erased = factories.record(registry, factories.nth_number(73)).patient
    numbers = {person.registry_number for person in (*merged, erased)}
    publish()
    before = {statement: read(database_url(), statement) for statement in (PERSONS, INFUSIONS, HISTORY)}
    backup = back_up(tmp_path / "backups", key)

    # What is lost in the disaster, except for those who were erased.
    merge_patients(keep=merged[0], absorb=merged[1], by=BY, reason="one person", explanation="seen")
    merged[0].refresh_from_db()
    for person in (merged[0], erased):
        erase_patient(patient=person, by=BY, reason="asked for it")
    factories.record(registry, factories.nth_number(74))
    publish()
    back_up(tmp_path / "backups", key, "--erasures-only")

    restored = empty()
    told = manage("restore", backup, "--identity", key, url=restored)
    assert told.returncode == 0, told.stdout + told.stderr
    for proof in ("identity keys: well", "SECRET_KEY: well", "second factors: well",
                  "sign-in with a second factor: well", "published numbers: well", "history and access log: well",
                  "erased again: 3 persons; who refuse: 3 more", "Restored and proven."):  # fmt: skip
        assert proof in told.stdout
    now = {statement: read(restored, statement) for statement in before}
    assert now[PERSONS] == [row for row in before[PERSONS] if row[0] not in numbers]
    assert set(now[INFUSIONS]) < set(before[INFUSIONS])
    assert len(now[INFUSIONS]) == len(before[INFUSIONS]) - 3
    assert set(now[HISTORY]) < set(before[HISTORY])
    assert read(restored, "SELECT count(*) FROM registry_user WHERE username LIKE 'restore-%'") == [(0,)]
    assert read(restored, "SELECT count(*) FROM django_session") == [(0,)]

    # It goes on: no snapshot's number is given twice, and it is backed up, destroyed and restored again.
    assert "Published snapshot 1000000" in manage("publish", url=restored).stdout
    second = back_up(tmp_path / "others", key, url=restored)
    empty.drop(restored)
    again = empty()
    assert manage("restore", second, "--identity", key, url=again).returncode == 0
    assert read(again, "SELECT max(number) FROM registry_snapshot") == [(1_000_000,)]
    assert manage("verify_history", url=again).returncode == 0


@pytest.mark.django_db(transaction=True)
def test_a_restore_that_cannot_be_leaves_the_database_empty_and_says_why(registry, empty, key, tmp_path):
    backup, url = back_up(tmp_path / "backups", key), empty()
    other = tmp_path / "other"
    assert manage("backup", "--make-identity", other).returncode == 0
    altered = shutil.copytree(backup, tmp_path / "altered")
    content = bytearray((altered / DUMP).read_bytes())
    content[len(content) // 2] ^= 1
    (altered / DUMP).write_bytes(content)
    lying = shutil.copytree(altered, tmp_path / "lying")
    manifest = json.loads((lying / MANIFEST).read_text())
    manifest["files"][DUMP] = describe(lying / DUMP)
    (lying / MANIFEST).write_text(json.dumps(manifest))
    unfinished = shutil.copytree(backup, tmp_path / "unfinished")
    (unfinished / MANIFEST).unlink()
    erasures = back_up(tmp_path / "erasures", key, "--erasures-only")
    made_up = shutil.copytree(backup, tmp_path / "made_up")
    of_demonstration = json.loads((backup / MANIFEST).read_text()) | {"purpose": "demonstration"}
    (made_up / MANIFEST).write_text(json.dumps(of_demonstration))
    newer = shutil.copytree(backup, tmp_path / "newer")
    (newer / MANIFEST).write_text(json.dumps(json.loads((backup / MANIFEST).read_text()) | {"format": 99}))
    refused = {
        (backup, other): "cannot be opened with this private key",
        (backup, tmp_path / "nothing"): "cannot be read",
        (backup, backup / MANIFEST): "holds no private key",
        (altered, key): "is not what was written",
        (lying, key): "cannot be opened",
        (unfinished, key): "is no backup",
        (tmp_path / "nothing", key): "is no backup",
        (newer, key): "Restore it with the version",
        (erasures, key): "without records",
        (made_up, key): "set DEMONSTRATION=1",
    }  # fmt: skip
    commands = [("restore", folder, "--identity", file) for folder, file in refused]
    for words, (code, errors) in zip(commands, manage_each(*commands, url=url), strict=True):
        assert (code, refused[words[1], words[3]] in errors) == (1, True), (words, errors)
        assert len(errors.strip().splitlines()) == 1
        assert read(url, "SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', 'facts')") == [(0,)]
    told = manage("restore", backup, "--identity", key)  # onto a registry that is there
    assert (told.returncode, "is not empty" in told.stderr) == (1, True)


@pytest.mark.django_db(transaction=True)
def test_the_wrong_keys_are_found_out(registry, empty, key, tmp_path):
    backup = back_up(tmp_path / "backups", key)
    for variables, proof in (
        ({"IDENTITY_KEYS": write_keys({"2024": b"?" * 32})}, "another identity key 2024"),
        ({"SECRET_KEY": SECRET}, "SECRET_KEY does not open 1 of them"),
    ):
        told = manage("restore", backup, "--identity", key, url=empty(), **variables)
        assert (told.returncode, proof in told.stderr) == (3, True), told.stderr
        assert "Restored, but not as it was" in told.stderr


@pytest.mark.django_db(transaction=True)
def test_a_database_that_was_restored_by_other_means_is_proven_too(registry, empty, key, tmp_path):
    erased = factories.record(registry, factories.nth_number(73)).patient
    backup = back_up(tmp_path / "backups", key)
    other = empty()
    assert manage("restore", backup, "--identity", key, url=other).returncode == 0
    erase_patient(patient=erased, by=BY, reason="asked for it")
    later = back_up(tmp_path / "backups", key, "--erasures-only")
    told = manage("restore", later, "--identity", key, "--loaded", url=other)
    assert (told.returncode, "erased again: 1 persons" in told.stdout) == (0, True), told.stderr
    assert (erased.registry_number,) not in read(other, PERSONS)


@pytest.mark.django_db(transaction=True)
def test_nobody_else_reads_it_and_it_is_there_whole_or_not_at_all(registry, key, tmp_path):
    folder = tmp_path / "backups"
    backup = back_up(folder, key)
    assert [path.name for path in folder.iterdir()] == [backup.name]
    assert {path.name for path in backup.iterdir()} == {DUMP, MANIFEST, STATE}
    assert stat.S_IMODE(backup.stat().st_mode) == 0o700
    for name in (DUMP, STATE):
        assert (backup / name).read_bytes().startswith(b"age-encryption.org/v1")
        assert stat.S_IMODE((backup / name).stat().st_mode) == 0o600
    assert set(json.loads((backup / MANIFEST).read_text())) == {
        "format",
        "made_at",
        "migration",
        "purpose",
        "snapshot",
        "files",
    }
    state = open_document(backup / STATE, read_identities(key))
    assert state["counts"]["public.registry_infusion"] == len(read(database_url(), INFUSIONS))
    # A key that is none, a folder that cannot be written, and a database that says no in the middle.
    refused = (
        ([folder, "--to", "age1nobody"], "no public key"),
        ([folder], "Nobody could open it"),
        ([key, "--to", key.with_suffix(".pub").read_text()], "cannot be written"),
        ([], "Name the folder"),
    )
    told = manage_each(*(["backup", *words] for words, _sentence in refused))
    for (_words, sentence), (code, errors) in zip(refused, told, strict=True):
        assert (code, sentence in errors) == (1, True), errors
    with psycopg.connect(database_url()) as busy:
        busy.execute("LOCK TABLE registry_trial IN ACCESS EXCLUSIVE MODE")
        told = manage(
            "backup", folder, "--to", key.with_suffix(".pub").read_text(), PGOPTIONS="-c lock_timeout=1s"
        )
        assert (told.returncode, "pg_dump failed" in told.stderr) == (1, True), told.stderr
    assert [path.name for path in folder.iterdir()] == [backup.name]


@pytest.mark.django_db(transaction=True)
def test_the_keys_are_apart(key, tmp_path):
    told = manage("backup_keys", tmp_path / "keys", "--to", key.with_suffix(".pub").read_text())
    assert told.returncode == 0, told.stderr
    path = Path(told.stdout.strip())
    opened = BytesIO()
    with path.open("rb") as sealed:
        pyrage.decrypt_io(sealed, opened, read_identities(key))
    lines = dict(line.split("=", 1) for line in opened.getvalue().decode().splitlines())
    assert lines == {"SECRET_KEY": os.environ["SECRET_KEY"], "IDENTITY_KEYS": write_keys({"2024": KEYS["2024"]})}
    without = manage("backup_keys", tmp_path / "more", "--to", key.with_suffix(".pub").read_text(),
                     IDENTITY_KEYS="", APP_ROLE="migrate")  # fmt: skip
    assert "IDENTITY_KEYS are not here" in without.stderr


def test_another_program_of_age_opens_it(tmp_path):
    age = shutil.which("age")
    if age is None:
        pytest.skip("age is missing")
    public = make_identity(tmp_path / "key")
    seal_stream(BytesIO("å ä ö".encode()), tmp_path / "sealed", read_recipients([public]))
    told = subprocess.run(
        [age, "-d", "-i", tmp_path / "key", tmp_path / "sealed"], capture_output=True, check=True
    )
    assert told.stdout.decode() == "å ä ö"


def describe(path: Path) -> dict:
    return {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


# Rotation.

DAYS = st.datetimes(datetime(2025, 12, 20), datetime(2026, 2, 10)).map(
    lambda moment: moment.replace(microsecond=0)
)


@given(moments=st.sets(DAYS, max_size=40), kept=st.builds(Kept, *[st.integers(0, 5)] * 3))
def test_the_latest_of_each_period_is_kept_and_nothing_older(moments, kept):
    chosen = choose_kept(moments, kept)
    assert chosen <= moments
    if not moments:
        return
    assert max(moments) in chosen
    days = sorted({moment.date() for moment in moments}, reverse=True)[: kept.days]
    for day in days:
        assert max(moment for moment in moments if moment.date() == day) in chosen
    months = {(moment.year, moment.month) for moment in moments}
    for month in sorted(months, reverse=True)[: kept.months]:
        assert max(moment for moment in moments if (moment.year, moment.month) == month) in chosen
    assert len(chosen) <= 1 + sum(kept)


def test_a_year_of_backups_every_night_leaves_those_of_the_last_days_weeks_and_months():
    nights = [datetime(2026, 1, 1, 2) + timedelta(days=day) for day in range(365)]
    chosen = sorted(choose_kept(nights, Kept(7, 5, 6)), reverse=True)
    assert [night.strftime("%m-%d") for night in chosen] == [
        "12-31", "12-30", "12-29", "12-28", "12-27", "12-26", "12-25", "12-20", "12-13", "12-06", "11-30", "10-31",
        "09-30", "08-31", "07-31",
    ]  # fmt: skip
    assert all(earlier > later for earlier, later in pairwise(chosen))


def test_only_backups_are_deleted_and_erasures_once_a_later_backup_has_them(tmp_path):
    def make(name: str) -> None:
        (tmp_path / name).mkdir()
        (tmp_path / name / MANIFEST).write_text("{}")

    moments = [datetime(2026, 3, day, hour) for day in (1, 2, 3) for hour in (1, 13)]
    for moment in moments:
        make(moment.strftime(MADE))
    for hour in (0, 14):
        make(datetime(2026, 3, 3, hour).strftime(MADE) + "-erasures")
    make("something else")
    (tmp_path / "2026-03-01T010001Z").mkdir()  # without a manifest
    deleted = {path.name for path in delete_old(tmp_path, Kept(2, 0, 0))}
    assert deleted == {
        *(moment.strftime(MADE) for moment in (*moments[:3], moments[4])), "2026-03-03T000000Z-erasures",
    }  # fmt: skip
    assert {path.name for path in tmp_path.iterdir()} == {
        moments[3].strftime(MADE), moments[5].strftime(MADE), "2026-03-03T140000Z-erasures", "something else",
        "2026-03-01T010001Z",
    }  # fmt: skip
