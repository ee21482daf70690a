"""Two registries that differ in another centre's rows alone, asked over the wire: the answers are one.

The clinic has the number of somebody, a browser, a key and files. Compared is all that comes back: status, every
header, every byte, but for what is drawn anew for each request.
"""

import json
import re
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import transaction
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from registry.entry.importing import job as import_job
from registry.entry.importing import running
from registry.entry.importing.job import run_import
from registry.models import Infusion, Patient
from tests import factories
from tests.calling import Program
from tests.desk import address, sign_in
from tests.test_import import ROW as COLUMNS
from tests.test_import import as_csv
from tests.test_known_elsewhere import BY_CHANCE, PARTS, RESERVE, only_in, plant
from tests.test_same_work import ELSEWHERE, TYPED

CSRF = "c" * 32
BY_REQUEST = {"Date", "X-Request-ID", "Content-Security-Policy", "Set-Cookie", "Expires"}
# Said by each registry of itself: days that other centres have recorded, and what nobody has.
DAYS = {"nobody's": "2018-09-09", "the first": "2020-05-04", "a later one": "2021-05-05"}
# Rows enough for the worker to read them, though most are empty.
LARGE = b"\n" * 1_600


class Wire:
    """A clinic's browser and program, and what they are told."""

    def __init__(self, server: str, lists):
        nurse = factories.user("nurse", lists.centres["UPP"])
        session = sign_in(nurse).cookies["sessionid"].value
        self.server = urlsplit(server)
        self.cookie = {"Cookie": f"sessionid={session}; csrftoken={CSRF}"}
        self.token = {"Authorization": Program(nurse).headers["authorization"]}
        self.told: dict[str, tuple] = {}

    def send(self, name: str, method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
        """Ask, and keep the answer under a name."""
        connection = HTTPConnection(self.server.hostname, self.server.port, timeout=60)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        told = {key: self._plain(value) for key, value in answer.getheaders() if key not in BY_REQUEST}
        if "N" in told.get("Location", ""):  # its length is that of numbers by chance
            told.pop("Content-Length", None)
        self.told[name] = answer.status, told, sorted(PARTS.split(self._plain(content.decode())))
        return content

    def page(self, name: str, path: str, fields: dict | None = None) -> bytes:
        """By browser; with fields a form is sent."""
        if fields is None:
            return self.send(name, "GET", path, **self.cookie)
        form = urlencode(fields | {"csrfmiddlewaretoken": CSRF}).encode()
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.send(name, "POST", path, form, **kind, **self.cookie)

    def call(self, name: str, method: str, path: str, body: dict | None = None, **headers: str) -> bytes:
        """By program."""
        sent = b"" if body is None else json.dumps(body).encode()
        kind = {"Content-Type": "application/json"}
        return self.send(name, method, f"/api/v1/{path}", sent, **kind, **self.token, **headers)

    def bring(self, name: str, content: bytes, dry_run: bool) -> None:
        """A file by program, and its report by program, page and file."""
        form = {"file": SimpleUploadedFile("file.csv", content), "dry_run": str(dry_run).lower()}
        body = encode_multipart(BOUNDARY, form)
        kind = {"Content-Type": MULTIPART_CONTENT}
        job = json.loads(self.send(name, "POST", "/api/v1/imports", body, **kind, **self.token))["id"]
        run_import(UUID(job), language="en")
        self.call(f"{name}, told", "GET", f"imports/{job}")
        for shown in ("import", "import-report"):
            self.page(f"{name}, {shown}", address(shown, job_id=job))

    def _plain(self, text: str) -> str:
        for pattern, instead in BY_CHANCE:
            text = pattern.sub(instead, text)
        text = re.sub(r"MINUTE:\d\d", "MINUTE", text)
        for number in Patient.objects.values_list("registry_number", flat=True):
            text = re.sub(rf"\b{number}\b", "N", text)
        return text


def ask_without_storing(wire: Wire) -> None:
    """Every question that stores nothing, about each of the days."""
    for name, day in DAYS.items():
        for kind in ("", "first"):
            typed = TYPED | {"patient_id": RESERVE, "infused_on": day, "kind": kind}
            said = f"{name}, {kind or 'open'}"
            wire.page(f"{said}, leaving the field", address("record-person"), typed)
            wire.page(f"{said}, checked", address("record"), typed | {"do": "check"})
            wire.page(f"{said}, sent", address("record"), typed)
            wire.call(f"{said}, by program", "POST", "infusions", filled(typed))
    wire.page("searched", address("infusions"), {"who": RESERVE})
    wire.call("listed", "GET", "infusions")


def filled(typed: dict) -> dict:
    return {name: text for name, text in typed.items() if text}


def attack(wire: Wire) -> None:
    """Ask what may be asked, from outside to inside: before a row of one's own, and after."""
    ask_without_storing(wire)
    rows = [{"infused_on": day, "kind": kind} for day in DAYS.values() for kind in ("first", "reinfusion")]
    for name, dry_run, more in (("checked", True, b""), ("stored", False, LARGE)):
        content = as_csv([COLUMNS | filled(TYPED) | {"patient_id": RESERVE} | row for row in rows]) + more
        wire.bring(f"a file that is {name}", content, dry_run)
    again = TYPED | {"patient_id": RESERVE, "kind": "reinfusion", "confirmed": "date_on_weekend"}
    own = json.loads(wire.call("entered", "POST", "infusions", filled(again)))
    for name, day in DAYS.items():
        etag = {"If-Match": f'"{own["version"]}"'}
        body = {"infused_on": day, "kind": "first", "reason": "misread"}
        wire.call(f"corrected to {name}", "PATCH", f"infusions/{own['id']}", body, **etag)
    [number] = Patient.objects.values_list("registry_number", flat=True)
    wire.page("the person", address("person", number=number))
    wire.page("a new one of the person", address("record-for", number=number))
    for name, day in DAYS.items():
        typed = TYPED | {"infused_on": day, "do": "check", "kind": ""}
        wire.page(f"{name} of the person, checked", address("record-for", number=number), typed)
    content = as_csv([COLUMNS | filled(TYPED) | {"patient_id": RESERVE, "kind": "reinfusion"}])
    wire.bring("a file of the person", content, True)
    theirs = Infusion.objects.exclude(centre__code="UPP").values_list("pk", flat=True)[0]
    for name, key in (("another centre's", theirs), ("a made-up", UUID(int=4))):
        wire.call(f"{name} row", "GET", f"infusions/{key}")
        wire.page(f"{name} row, page", address("correct", infusion_id=key))


@pytest.mark.django_db(transaction=True)
def test_two_registries_that_differ_in_anothers_rows_are_one_to_a_clinic(live_server, monkeypatch):
    monkeypatch.setattr(import_job, "send", lambda *message: None)
    monkeypatch.setattr(running, "PROGRESS_EVERY", 60)  # how far a file is when that is told, is by chance
    told, beside = [], {}
    for rows, sex in ELSEWHERE[1:]:
        call_command("flush", interactive=False)
        lists = factories.store_lists()
        person = plant(lists, RESERVE, rows, sex)
        wire = Wire(live_server.url, lists)
        if not told:
            with transaction.atomic():  # another centre writes of the person: nobody waits for that
                Patient.objects.select_for_update().get(pk=person.pk)
                ask_without_storing(wire)
            beside, wire.told = wire.told, {}
        attack(wire)
        told.append(wire.told)
    first, *others = told
    for other in others:
        assert other.keys() == first.keys()
        assert differing(other, first) == {}
    assert differing(beside, {name: first[name] for name in beside}) == {}
    assert len(first) > 50 and len(beside) > 20
    assert {first[name][0] for name in first if name.endswith("by program")} == {409}
    assert [first[f"{which} row"][0] for which in ("another centre's", "a made-up")] == [404, 404]
    assert first["another centre's row"] == first["a made-up row"]


def differing(one: dict, other: dict) -> dict:
    """What is told otherwise, by its question: status, headers, the parts of the text."""
    return {
        name: [only_in(*pair) for pair in zip(one[name], other[name], strict=True) if pair[0] != pair[1]]
        for name in other
        if one[name] != other[name]
    }
