"""People and programs at work: what each was told is kept in a ledger, against which the end is compared."""

import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from typing import Any

from benchmarks.hosts.clients import ROW, nth_person

PATIENCE = 15  # seconds that a client waits for a response
AGAIN = 0.3  # seconds after which it sends the same once more
ROWS = 40  # of an uploaded file
JSON = {"Content-Type": "application/json"}
PASSING = {0, 503}  # what is sent again: nobody there, or an outage that says so


@dataclass
class Answer:
    """What came back; status 0 where nothing, or not all of it, did."""

    status: int
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Ledger:
    """What was acknowledged, and how often each kind of answer came."""

    entries: dict[str, str] = field(default_factory=dict)  # batch by key
    corrections: dict[str, str] = field(default_factory=dict)  # the last batch by key
    withdrawn: set[str] = field(default_factory=set)
    rows: list[str] = field(default_factory=list)  # batches of files that were stored
    sent: set[str] = field(default_factory=set)  # batches, acknowledged or not
    statuses: Counter[tuple[str, int, str]] = field(default_factory=Counter)
    half: list[str] = field(default_factory=list)  # answers of 200 that were no whole document
    wrong: list[str] = field(default_factory=list)  # answers that no fault explains
    last_entry: float = 0.0  # when the last one that was acknowledged began


class Client(threading.Thread):
    """Does its work again and again until it is told to stop."""

    kind = ""

    def __init__(self, port: int, ledger: Ledger, token: str = "", *, place: int = 0, seed: int = 0) -> None:
        super().__init__(daemon=True)
        self.port, self.ledger, self.token, self.place = port, ledger, token, place
        self.dice = random.Random(seed)
        self.told_to_stop = threading.Event()
        self.last = ""  # what was not accepted last

    def run(self) -> None:
        """What it has begun it ends."""
        while not self.told_to_stop.wait(self.dice.uniform(0.05, 0.2)):
            try:
                self.work()
            except Exception as wrong:  # of the answer or of this check: either is a fault
                self.ledger.wrong.append(f"{self.kind}: {type(wrong).__name__}: {wrong}")
                print(self.ledger.wrong[-1], flush=True)

    def work(self) -> None:
        """One piece."""
        raise NotImplementedError

    def ask(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """One request, on a connection of its own."""
        sent = {"Host": "localhost", **(headers or {})}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        answer, code = Answer(0), ""
        try:
            with closing(HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)) as line:
                line.request(method, path, content, sent)
                response = line.getresponse()
                answer = Answer(response.status, response.read(), response.headers)
                answer.document = json.loads(answer.document) if answer.document else None
                if answer.status >= 400 and isinstance(answer.document, dict):
                    code = str(answer.document.get("code", ""))
        except (OSError, HTTPException):
            answer = Answer(0)  # cut off on the way: not even a status is believed
        except ValueError:
            if answer.status == 200:
                self.ledger.half.append(f"{method} {path}: {answer.document[:200]!r}")
        self.ledger.statuses[self.kind, answer.status, code] += 1
        return answer

    def insist(self, method: str, path: str, body: object, headers: Mapping[str, str], wanted: set[int]) -> Answer:
        """Send the same until it is accepted, as whoever got no answer does."""
        while True:
            answer = self.ask(method, path, body, headers)
            if answer.status in wanted:
                return answer
            if answer.status not in PASSING:
                raise AssertionError(f"{method} {path} gave {answer.status}: {str(answer.document)[:300]}")
            self.last = f"{method} {path} gave {answer.status}: {str(answer.document)[:300]}"
            time.sleep(AGAIN)


class Writer(Client):
    """Enters infusions, and corrects or withdraws some of them."""

    kind = "entry"

    def work(self) -> None:
        """One infusion of a new person."""
        self.place += 1
        batch, begun = f"ENTERED-{self.place}", time.monotonic()
        self.ledger.sent.add(batch)
        row = ROW | {"patient_id": nth_person(self.place), "batch": batch}
        answer = self.insist("POST", "/api/v1/infusions", row, JSON | self._key(), {201})
        key = answer.document["id"]
        self.ledger.entries[key], self.ledger.last_entry = batch, begun
        turn = self.dice.random()
        if turn < 0.3:
            self._correct(key, answer.document["version"])
        elif turn < 0.4:
            self._withdraw(key, answer.document["version"])

    def _correct(self, key: str, version: int) -> None:
        batch = f"CORRECTED-{self.place}"
        headers = JSON | {"If-Match": f'"{version}"'}
        change = {"batch": batch, "reason": "Typing error"}
        # Carried out once, since the version moves: sent again after no answer, it is 412, and to be seen.
        answer = self.insist("PATCH", f"/api/v1/infusions/{key}", change, headers, {200, 412})
        if answer.status != 200 and self._read(key)["batch"] != batch:
            raise AssertionError(f"{key} was changed by somebody else")
        self.ledger.corrections[key] = batch

    def _withdraw(self, key: str, version: int) -> None:
        headers = JSON | {"If-Match": f'"{version}"'}
        why = {"reason": "Entered twice"}
        answer = self.insist("DELETE", f"/api/v1/infusions/{key}", why, headers, {204, 409, 412})
        if answer.status != 204 and self._read(key)["status"] != "withdrawn":
            raise AssertionError(f"{key} was changed by somebody else")
        self.ledger.withdrawn.add(key)

    def _read(self, key: str) -> dict[str, Any]:
        document: dict[str, Any] = self.insist("GET", f"/api/v1/infusions/{key}", None, {}, {200}).document
        return document

    def _key(self) -> dict[str, str]:
        return {"Idempotency-Key": str(uuid.UUID(int=self.dice.getrandbits(128), version=4))}


class Uploader(Client):
    """Uploads files and waits for what becomes of them; one whose worker died is uploaded again."""

    kind = "import"

    def work(self) -> None:
        """One file."""
        rows = []
        for _row in range(ROWS):
            self.place += 1
            rows.append(ROW | {"patient_id": nth_person(self.place), "batch": f"FILE-{self.place}"})
        batches = [row["batch"] for row in rows]
        self.ledger.sent.update(batches)
        content = "\n".join([";".join(rows[0]), *(";".join(row.values()) for row in rows)]).encode()
        while (job := self._upload(content))["state"] == "failed":
            pass
        if job["refused"] or job["stored"] + job["unchanged"] != ROWS:
            raise AssertionError(f"a file was not stored: { {**job, 'problems': job['problems'][:3]} }")
        self.ledger.rows += batches

    def _upload(self, content: bytes) -> dict[str, Any]:
        edge = uuid.UUID(int=self.dice.getrandbits(128)).hex.encode()
        parts = [b'name="centre"\r\n\r\nUPP',
                 b'name="file"; filename="rows.csv"\r\nContent-Type: text/csv\r\n\r\n' + content]  # fmt: skip
        body = b"".join(b"--%s\r\nContent-Disposition: form-data; %s\r\n" % (edge, part) for part in parts)
        headers = {"Content-Type": f"multipart/form-data; boundary={edge.decode()}"}
        answer = self.insist("POST", "/api/v1/imports", body + b"--%s--\r\n" % edge, headers, {202})
        while True:
            job: dict[str, Any] = self.insist("GET", answer.headers["Location"], None, {}, {200}).document
            if job["finished_at"] and job["state"] != "checked":
                return job
            time.sleep(AGAIN)


class Reader(Client):
    """Reads the map and counts, each time as a client that has not asked before."""

    kind = "reader"

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.seen: set[tuple[int, str, int]] = set()  # number, hash and infusions of snapshots
        self.newest = 0

    def work(self) -> None:
        """One read."""
        self.place += 1
        path = ("/api/v1/map", "/api/v1/counts?by=centre")[self.place % 2]
        language = {"Accept-Language": f"sv, en;q=0.{self.place % 1000:03}"}
        answer = self.ask("GET", path, None, {"Accept": "application/json"} | language)
        if answer.status != 200 or not isinstance(answer.document, dict):
            if answer.status not in PASSING:
                raise AssertionError(f"GET {path} gave {answer.status}: {str(answer.document)[:300]}")
            return
        told = answer.document
        parts = [told["national"]] if "national" in told else told["rows"]
        number = told["snapshot"]["number"]
        self.newest = max(self.newest, number)
        self.seen.add((number, told["snapshot"]["hash"], sum(part["infusions"] for part in parts)))
