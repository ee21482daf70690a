"""An upgrade without a pause: the release before serves on the new tables and beside this one, losing nothing."""

import json
import os
import re
import subprocess
import sys
import tarfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from io import BytesIO
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from swecar.local.folder import ROOT
from swecar.local.ports import find_free_port
from swecar.postgresql.roles import OF_PROCESS
from tests import factories
from tests.database_roles import PASSWORDS
from tests.working import broker, kill, wait_for

LAST_RELEASE = (ROOT / "tests" / "last_release").read_text().split()[1]  # the commit behind the tag that it names
SECONDS = 3  # for which entries and readers go on at each stage


@pytest.fixture
def before(tmp_path) -> Path:
    """The code of the release before."""
    archive = subprocess.run(["git", "archive", LAST_RELEASE], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        pytest.skip(f"the release before, {LAST_RELEASE}, is not in this clone")
    with tarfile.open(fileobj=BytesIO(archive.stdout)) as files:
        files.extractall(tmp_path / "before", filter="data")
    return tmp_path / "before"


class Service:
    """A database and a broker, and processes of either release on them."""

    def __init__(self, name: str, redis: str, stack: ExitStack, logs: Path) -> None:
        self.stack, self.name, self.logs = stack, name, logs
        parts = connection.settings_dict
        self.server = f"{parts['HOST']}:{parts['PORT']}"
        self.owner = f"postgresql://{parts['USER']}:{parts['PASSWORD']}@{self.server}/{name}"
        self.variables = {"REDIS_URL": redis, "DEMONSTRATION": "1", "LOOKUPS_PER_HOUR": "100000"}

    def environment(self, role: str = "") -> dict[str, str]:
        login = OF_PROCESS.get(role)
        url = f"postgresql://{login}:{PASSWORDS[login]}@{self.server}/{self.name}" if login else self.owner
        return os.environ | self.variables | {"DATABASE_URL": url} | ({"APP_ROLE": role} if role else {})

    def manage(self, code: Path, *words: str, role: str = "") -> str:
        """A command of a release."""
        told = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=code, env=self.environment(role), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert told.returncode == 0, (words, told.stderr[-2000:])
        return told.stdout

    def start(self, code: Path, role: str) -> int:
        """A process of a release; its port, once it serves."""
        port, log = find_free_port(), self.logs / f"{role}-{code.name}.log"
        with log.open("a") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "swecar.start"], cwd=code, start_new_session=True,
                env=self.environment(role) | {"PORT": str(port)}, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.stack.callback(kill, process)
        if role in {"clinic", "public"}:
            wait_for(
                lambda: ask(port, "GET", "/api/v1/map")[0] == 200, f"{role} of {code}: {log.read_text()[-500:]}"
            )
        return port


@pytest.fixture
def service(django_db_setup, django_db_blocker, tmp_path) -> Iterator[Service]:
    """Without a table, until a release makes its own."""
    del django_db_setup, django_db_blocker
    name = f"{connection.settings_dict['NAME']}_upgrade"
    with ExitStack() as stack:
        admin = stack.enter_context(psycopg.connect(os.environ["DATABASE_URL"], autocommit=True))
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        admin.execute(drop)
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        stack.callback(admin.execute, drop)
        _process, redis = stack.enter_context(broker())
        yield Service(name, redis, stack, tmp_path)


def ask(port: int, method: str, path: str, body: object = None, **headers: str) -> tuple[int, object]:
    """Status and document; 0 where nobody answers."""
    try:
        with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as line:
            sent = body if isinstance(body, bytes) else json.dumps(body) if body is not None else None
            line.request(method, path, sent, {"Content-Type": "application/json", **headers})
            response = line.getresponse()
            return response.status, json.loads(response.read() or b"null")
    except OSError:
        return 0, None


class Traffic:
    """Entries and readers, one after the other, at every web server there is; what became of them."""

    def __init__(self, token: str) -> None:
        self.token, self.clinics, self.publics = token, [], []
        self.written: list[str] = []
        self.files: list[str] = []
        self.found: Counter[tuple[str, int]] = Counter()
        self.numbers = iter(range(500, 5000))
        self.ended = threading.Event()

    @staticmethod
    def row(turn: int) -> dict[str, str]:
        """Of a person whom the demonstration cannot have: nobody there is as old."""
        return {
            "centre": "UPP", "patient_id": factories.nth_number(turn, born=1929), "category": "SOC",
            "product": "Yescarta", "indication": "C83.3", "infused_on": "2025-03-11",
        }  # fmt: skip

    def enter(self) -> None:
        for turn in iter(lambda: next(self.numbers), None):
            if self.ended.wait(0.05):
                return
            status, document = ask(
                self.clinics[turn % len(self.clinics)], "POST", "/api/v1/infusions", self.row(turn),
                Authorization=f"Bearer {self.token}",
            )  # fmt: skip
            self.found["enter", status if status == 201 else (status, document.get("code"))] += 1
            if status == 201:
                self.written.append(document["id"])

    def upload(self) -> None:
        """Files of two rows, each followed until it is stored."""
        while not self.ended.wait(0.2):
            clinic = self.clinics[-1 if next(self.numbers) % 2 else 0]
            rows = [self.row(next(self.numbers)) for _row in range(2)]
            text = "\n".join([";".join(rows[0]), *(";".join(row.values()) for row in rows)])
            body = (
                '--edge\r\nContent-Disposition: form-data; name="file"; filename="rows.csv"\r\n'
                f"Content-Type: text/csv\r\n\r\n{text}\r\n--edge--\r\n"
            )
            status, job = ask(
                clinic, "POST", "/api/v1/imports", body.encode(), Authorization=f"Bearer {self.token}",
                **{"Content-Type": "multipart/form-data; boundary=edge"},
            )  # fmt: skip
            self.found["upload", status] += 1
            if status == 202:
                self.files.append(job["id"])

    def read(self) -> None:
        turn = 0
        while not self.ended.wait(0.02):
            turn += 1
            path = ("/api/v1/map", "/api/v1/counts?by=centre")[turn % 2]
            self.found["read", ask(self.publics[turn % len(self.publics)], "GET", path)[0]] += 1

    @contextmanager
    def going_on(self) -> Iterator[None]:
        threads = [threading.Thread(target=work) for work in (self.enter, self.upload, self.read)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.ended.set()
            for thread in threads:
                thread.join()


def states_of(service: Service, files: list[str]) -> Counter[str]:
    """How many uploaded files are in each state."""
    with psycopg.connect(service.owner) as database:
        found = database.execute("SELECT state FROM registry_importjob WHERE id::text = ANY(%s)", [files])
        return Counter(state for (state,) in found)


def make_token(service: Service, code: Path) -> str:
    """A token to write with, of a reporter at Uppsala among the demonstration's users."""
    with psycopg.connect(service.owner) as database:
        [(name,)] = database.execute(
            "SELECT username FROM registry_user JOIN registry_membership ON user_id = registry_user.id "
            "JOIN registry_centre ON centre_id = registry_centre.id WHERE code = 'UPP' ORDER BY username LIMIT 1"
        ).fetchall()
    told = service.manage(code, "create_token", name, "--scope", "write", role="clinic")
    [token] = re.findall(r"^\S{30,}$", told, re.MULTILINE)
    return token


def test_the_release_before_serves_on_the_new_tables_and_beside_this_one(before, service):
    service.manage(before, "migrate", "--noinput")
    service.manage(before, "demo_data")
    service.manage(before, "publish")
    traffic = Traffic(make_token(service, before))
    service.start(before, "worker")
    traffic.clinics.append(service.start(before, "clinic"))
    traffic.publics.append(service.start(before, "public"))
    with traffic.going_on():
        time.sleep(SECONDS)
        service.manage(ROOT, "migrate", "--noinput")
        time.sleep(SECONDS)  # the release before on the new tables
        service.start(ROOT, "worker")
        traffic.clinics.append(service.start(ROOT, "clinic"))
        traffic.publics.append(service.start(ROOT, "public"))
        time.sleep(SECONDS)  # both
    assert set(traffic.found) == {("enter", 201), ("upload", 202), ("read", 200)}, traffic.found
    assert len(traffic.written) > 10
    with psycopg.connect(service.owner) as database:
        stored = {str(key) for (key,) in database.execute("SELECT id FROM registry_infusion")}
    assert set(traffic.written) <= stored
    in_work = {"queued", "running"}
    wait_for(lambda: not states_of(service, traffic.files).keys() & in_work, "files that are done with")
    with psycopg.connect(service.owner) as database:
        told = database.execute("SELECT line, field, code, sentence FROM registry_importproblem").fetchall()
    assert states_of(service, traffic.files).keys() <= {"checked", "stored"}, told
    service.manage(ROOT, "publish", role="worker")
    service.manage(ROOT, "verify", role="worker")
    service.manage(ROOT, "verify_history", role="worker")
