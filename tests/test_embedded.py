"""The launcher of the embedded servers, with real servers on the test's own folder."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from swecar.local.embedded import running_servers
from swecar.local.folder import ROOT, AlreadyRunning, owned
from swecar.local.left_overs import read_identity
from swecar.local.private_files import read_variables
from tests.launching import LIMIT, environment, left_of, recorded, serve

ONCE = Retry(NoBackoff(), 0)
ELSEWHERE = {"DATABASE_URL": "postgresql://elsewhere/swecar", "REDIS_URL": "redis://elsewhere/0"}
TELL_ADDRESSES = "import os; print(os.environ['DATABASE_URL'], os.environ['REDIS_URL'])"
TELL_AND_WAIT = (
    "import signal, sys, time\n"
    "signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\n"
    "print('up', flush=True)\n"
    "time.sleep(60)"
)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A folder with the data of an earlier start, which also tests the first start."""
    var = tmp_path_factory.mktemp("launcher") / "var"
    outcome = serve(var, sys.executable, "-c", TELL_ADDRESSES)
    assert outcome.returncode == 0, outcome.stderr
    return var


def start_launcher(var):
    """A launcher whose command reports that it is up, waits, and exits with 5 on SIGTERM."""
    launcher = subprocess.Popen(
        [sys.executable, "manage.py", "serve_embedded", "--", sys.executable, "-c", TELL_AND_WAIT],
        cwd=ROOT,
        env=environment(var),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert launcher.stdout.readline() == "up\n"
    return launcher


def test_the_exit_code_of_the_command_is_returned(data):
    assert serve(data, sys.executable, "-c", "raise SystemExit(7)").returncode == 7
    assert left_of(set(), data) == []


def test_command_that_is_killed_or_missing_ends_as_in_a_shell(tmp_path):
    assert serve(tmp_path, "sh", "-c", "kill -KILL $$", **ELSEWHERE).returncode == 128 + signal.SIGKILL
    missing = serve(tmp_path, "no-such-command", **ELSEWHERE)
    assert (missing.returncode, missing.stderr) == (
        127,
        "no-such-command cannot be run: No such file or directory.\n",
    )


def test_without_a_command_it_prints_its_usage(tmp_path):
    outcome = serve(tmp_path / "var")
    assert (outcome.returncode, outcome.stdout) == (2, "")
    assert outcome.stderr.startswith("Usage: manage.py serve_embedded -- COMMAND")


def test_urls_that_are_set_win_and_nothing_is_started(tmp_path):
    outcome = serve(tmp_path / "var", sys.executable, "-c", TELL_ADDRESSES, **ELSEWHERE)
    assert outcome.stdout.split() == list(ELSEWHERE.values())
    assert not (tmp_path / "var").exists()


def test_a_single_url_that_is_set_wins(data):
    outcome = serve(data, sys.executable, "-c", TELL_ADDRESSES, REDIS_URL="redis://elsewhere/0")
    database, broker = outcome.stdout.split()
    assert urlsplit(database).hostname == "127.0.0.1"
    assert broker == "redis://elsewhere/0"


def test_the_database_is_utf8_without_sockets_and_private(data):
    with running_servers(data, fast=True) as variables:
        with psycopg.connect(variables["DATABASE_URL"]) as connection:
            settings = dict(connection.execute("SELECT name, setting FROM pg_settings").fetchall())
            collation = connection.execute(
                "SELECT datcollate FROM pg_database WHERE datname = current_database()"
            ).fetchone()
        assert redis.Redis.from_url(variables["REDIS_URL"]).config_get("save") == {"save": ""}
        secret = {urlsplit(variables[name]).password for name in ("DATABASE_URL", "REDIS_URL")}
        commands = [Path(f"/proc/{pid}/cmdline").read_text() for pid in recorded(data).values()]
        assert not any(password in command for password in secret for command in commands)
        assert read_variables(data / "demo.env") == variables
        assert {(data / name).stat().st_mode & 0o777 for name in ("demo.env", "secrets.json")} == {0o600}
        assert (data / "logs").stat().st_mode & 0o777 == 0o700
    assert not (data / "demo.env").exists()
    assert collation == ("C.UTF-8",)
    assert settings["server_encoding"] == "UTF8"
    assert settings["listen_addresses"] == "127.0.0.1"
    assert settings["unix_socket_directories"] == ""
    assert settings["fsync"] == "off"


def test_wrong_password_is_refused(data):
    with running_servers(data, fast=True) as variables:
        for address in (variables["DATABASE_URL"], variables["REDIS_URL"]):
            assert len(urlsplit(address).password) > 40
        database, broker = urlsplit(variables["DATABASE_URL"]), urlsplit(variables["REDIS_URL"])
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(f"postgresql://swecar:guess@127.0.0.1:{database.port}/swecar")
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(f"postgresql://swecar@127.0.0.1:{database.port}/swecar")
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=broker.port, retry=ONCE).ping()
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=broker.port, password="guess", retry=ONCE).ping()


def test_a_second_launcher_joins_the_running_servers(data):
    with running_servers(data, fast=True) as variables:
        joined = serve(data, sys.executable, "-c", TELL_ADDRESSES)
        assert joined.stdout.split() == [variables["DATABASE_URL"], variables["REDIS_URL"]]
        psycopg.connect(variables["DATABASE_URL"]).close()  # they outlive the launcher that joined


def test_one_launcher_at_a_time_holds_the_folder(tmp_path):
    with owned(tmp_path / "var"):
        with pytest.raises(AlreadyRunning, match="running already"), owned(tmp_path / "var"):
            pass
        with owned(tmp_path / "another"):
            pass


def test_a_signal_is_passed_on_and_the_servers_stop_after_the_command(data):
    launcher = start_launcher(data)
    pids = set(recorded(data).values())
    launcher.send_signal(signal.SIGTERM)
    assert launcher.wait(LIMIT) == 5
    assert left_of(pids, data) == []


def test_processes_of_a_killed_launcher_are_stopped_and_the_data_stays(data):
    launcher = start_launcher(data)
    before = recorded(data)
    with psycopg.connect(read_variables(data / "demo.env")["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    os.killpg(launcher.pid, signal.SIGKILL)  # kills its command too; the servers keep running
    launcher.wait(LIMIT)
    assert all(read_identity(pid) for pid in before.values())
    with running_servers(data, fast=True) as variables:
        assert not any(read_identity(pid) for pid in before.values())
        with psycopg.connect(variables["DATABASE_URL"]) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchall() == [(42,)]
            connection.execute("DROP TABLE kept")


def test_another_process_with_a_recorded_id_is_left_alone(data):
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (data / "run" / "worker.pid").write_text(f"{stranger.pid} 15 of-another-boot 12345")
        (data / "postgres" / "postmaster.pid").write_text(f"{stranger.pid}\n{data / 'postgres'}\n")
        with running_servers(data, fast=True):
            assert stranger.poll() is None
        stranger.kill()


def test_data_of_another_version_is_refused_in_a_sentence(data):
    version = data / "postgres" / "PG_VERSION"
    real = version.read_text()
    version.write_text("9\n")
    try:
        outcome = serve(data, "true")
    finally:
        version.write_text(real)
    assert outcome.returncode == 1
    assert "was made by PostgreSQL 9" in outcome.stderr


def test_lost_secrets_are_reported_in_a_sentence(data):
    secrets = data / "secrets.json"
    text = secrets.read_text()
    secrets.unlink()
    try:
        outcome = serve(data, "true")
    finally:
        secrets.write_text(text)
        secrets.chmod(0o600)
    assert outcome.returncode == 1
    assert f"{secrets} is gone" in outcome.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes to another user")
def test_root_without_user_namespaces_runs_them_as_the_unprivileged_user(tmp_path_factory):
    # pytest's folders are private; this one must be open to the other user.
    var = Path("/tmp", f"swecar-test-{os.getpid()}-{time.monotonic_ns()}")  # noqa: S108
    try:
        outcome = serve(var, sys.executable, "-c", TELL_ADDRESSES, PATH="/nowhere")
        assert outcome.returncode == 0 or "no other user can run it" in outcome.stderr
        assert (var / "postgres").stat().st_uid == 65534 or outcome.returncode
    finally:
        subprocess.run(["rm", "-rf", var], check=True)
