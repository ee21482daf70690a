"""People and programs at the service's address: they enter, upload and read until they are stopped."""

import json
import re
import ssl
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import date, timedelta
from html import unescape
from http.client import HTTPException, HTTPSConnection
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

from benchmarks.hosts.network import ADDRESSES
from tests.factories import number

PATIENCE = 70  # seconds that a client waits for a response
NEW = "/en/clinic/infusions/new"
ROW = {
    "centre": "UPP", "category": "SOC", "product": "Kymriah", "indication": "C91.0", "infused_on": "2025-03-04",
    "kind": "first",
}  # fmt: skip
ROWS = 400  # of an uploaded file


def nth_person(place: int) -> str:
    """The coordination number of another person for each place; the demonstration has none."""
    return number(date(1970, 1, 1) + timedelta(days=place // 20), 980 + place % 20, coordination=True)


@dataclass
class Response:
    """What came back; status 0 where nothing did."""

    status: int
    body: bytes = b""
    headers: Any = field(default_factory=dict)
    seconds: float = 0.0


class Browser:
    """A client with cookies. Each request has a connection of its own."""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}
        self.trust = ssl.create_default_context()
        self.trust.check_hostname, self.trust.verify_mode = False, ssl.CERT_NONE

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Response:
        """One request through nginx."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()} | {"Host": "registry.test"}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        line = HTTPSConnection(ADDRESSES["front"], 443, context=self.trust, timeout=PATIENCE)
        begun = time.monotonic()
        try:
            line.request(method, path, body, sent)
            response = line.getresponse()
            content = response.read()
        except (OSError, HTTPException):
            return Response(0, seconds=time.monotonic() - begun)
        finally:
            line.close()
        for cookie in response.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: one.value for name, one in SimpleCookie(cookie).items()}
        return Response(response.status, content, response.headers, time.monotonic() - begun)

    def send_form(self, path: str, fields: dict[str, str]) -> Response:
        """A form of a page."""
        kind = {"Content_Type": "application/x-www-form-urlencoded", "Referer": f"https://registry.test{path}"}
        return self.ask("POST", path, urlencode(fields).encode(), **kind)

    def sign_in(self, name: str, password: str) -> None:
        """Once; the session is in the database."""
        path = "/en/accounts/login/"
        fields = hidden_fields(self.ask("GET", path).body) | {"login": name, "password": password}
        response = self.send_form(path, fields)
        if response.status != 302:
            raise AssertionError(f"Signing in gave {response.status}.")


def hidden_fields(page: bytes) -> dict[str, str]:
    """All hidden fields of a page, which has one form that is sent."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.decode())
    return {name: unescape(value) for name, value in found}


class Client(threading.Thread):
    """Does its work again and again; a fault of the check itself is kept."""

    pause = 0.0

    def __init__(self, browser: Browser) -> None:
        super().__init__(daemon=True)
        self.browser, self.is_told_to_stop, self.fault = browser, threading.Event(), ""
        self.slowest = 0.0
        self.failures: list[tuple[float, int]] = []  # when each began, and its status

    def run(self) -> None:
        """Until it is told to stop; what it has begun it ends."""
        try:
            while not self.is_told_to_stop.wait(self.pause):
                self.work()
        except Exception as fault:
            self.fault = f"{type(fault).__name__}: {fault}"

    def work(self) -> None:
        """One piece."""

    def insist(self, *request: Any, wanted: set[int], **headers: str) -> Response:
        """Send the same until it is accepted, as a person or a program does that got no answer."""
        while True:
            begun = time.monotonic()
            response = self.browser.ask(*request, **headers)
            self.slowest = max(self.slowest, response.seconds)
            if response.status in wanted:
                return response
            if response.status not in {0, 502, 503, 504}:
                raise AssertionError(f"{request[:2]} gave {response.status}: {response.body[:300]!r}")
            self.failures.append((begun, response.status))
            time.sleep(0.5)


class Writer(Client):
    """Enters infusions, by the API and by the page in turns, each of a new person with a batch of its own."""

    pause = 0.2

    def __init__(self, browser: Browser, *, first: int) -> None:
        super().__init__(browser)
        self.place = first
        self.begun: list[str] = []
        self.stored: list[str] = []

    def work(self) -> None:
        """One infusion."""
        self.place += 1
        batch = f"ENTERED-{self.place}"
        row = ROW | {"patient_id": nth_person(self.place), "batch": batch}
        self.begun.append(batch)
        if self.place % 2:
            self._by_api(row)
        else:
            self._by_page(row)
        self.stored.append(batch)

    def _by_api(self, row: dict[str, str]) -> None:
        headers = {
            "Content_Type": "application/json",
            "Idempotency_Key": str(uuid.uuid4()),
            "Referer": "https://registry.test/",
        }
        headers["X_CSRFToken"] = self.browser.cookies["csrftoken"]
        self.insist("POST", "/api/v1/infusions", json.dumps(row).encode(), wanted={201}, **headers)

    def _by_page(self, row: dict[str, str]) -> None:
        page = self.insist("GET", NEW, wanted={200})
        fields = hidden_fields(page.body) | row | {"do": "submit"}
        kind = {"Content_Type": "application/x-www-form-urlencoded", "Referer": f"https://registry.test{NEW}"}
        self.insist("POST", NEW, urlencode(fields).encode(), wanted={302}, **kind)


class Uploader(Client):
    """Uploads files and waits for what becomes of them; one whose worker died is uploaded again."""

    pause = 5.0  # a replica on the same two cores could not follow more, and takes minutes to be level again

    def __init__(self, browser: Browser, *, first: int) -> None:
        super().__init__(browser)
        self.place, self.files = first, 0
        self.stored: list[str] = []
        self.again = 0

    def work(self) -> None:
        """One file."""
        self.files += 1
        rows = []
        for _row in range(ROWS):
            self.place += 1
            rows.append(ROW | {"patient_id": nth_person(self.place), "batch": f"FILE-{self.place}"})
        lines = [";".join(rows[0]), *(";".join(row.values()) for row in rows)]
        while (job := self._upload("\n".join(lines).encode()))["state"] == "failed":
            self.again += 1
        if job["refused"] or job["stored"] + job["unchanged"] != ROWS:
            raise AssertionError(f"A file was not stored: { {**job, 'problems': job['problems'][:3]} }")
        self.stored += [row["batch"] for row in rows]

    def _upload(self, content: bytes) -> dict[str, Any]:
        edge = uuid.uuid4().hex
        parts = [
            b'name="centre"\r\n\r\nUPP',
            b'name="file"; filename="rows.csv"\r\nContent-Type: text/csv\r\n\r\n' + content,
        ]
        body = b"".join(
            b"--%s\r\nContent-Disposition: form-data; %s\r\n" % (edge.encode(), part) for part in parts
        )
        headers = {"Content_Type": f"multipart/form-data; boundary={edge}", "Referer": "https://registry.test/"}
        headers["X_CSRFToken"] = self.browser.cookies["csrftoken"]
        body += b"--%s--\r\n" % edge.encode()
        place = self.insist("POST", "/api/v1/imports", body, wanted={202}, **headers).headers["Location"]
        while True:
            job = json.loads(self.insist("GET", place, wanted={200}).body)
            if job["finished_at"]:
                return job
            time.sleep(0.5)


@dataclass
class Read:
    """What a reader got: when it asked, the status, how long it took, and which numbers."""

    begun: float
    status: int
    seconds: float
    snapshot: tuple[int, str] | None = None
    infusions: int = 0
    told: str = ""  # of a failure


class Reader(Client):
    """Reads the map or counts, half the time in a way that nginx has not kept."""

    pause = 0.1

    def __init__(self, path: str) -> None:
        super().__init__(Browser())
        self.path = path
        self.reads: list[Read] = []

    def work(self) -> None:
        """One read."""
        turn = len(self.reads)
        language = f"sv, en;q=0.{turn % 1000:03}" if turn % 2 else "sv"
        begun = time.monotonic()
        response = self.browser.ask("GET", self.path, Accept="application/json", Accept_Language=language)
        read = Read(begun, response.status, response.seconds)
        if response.status == 200:
            told = json.loads(response.body)
            read.snapshot = told["snapshot"]["number"], told["snapshot"]["hash"]
            parts = [told["national"]] if "national" in told else told["rows"]
            read.infusions = sum(part["infusions"] for part in parts)
        else:
            read.told = response.body[:300].decode(errors="replace")
        self.reads.append(read)
