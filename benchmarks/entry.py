"""An infusion entered through the API, beside REST framework storing a plain row of the same columns.

Both run under the same web server, and get one request after the other over one connection, in turns.
"""

import http.client
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus

from django.db import connection

from benchmarks.exchange_files import test_number
from benchmarks.plain_urls import MAKE_TABLE
from benchmarks.registries import fill
from benchmarks.results import Result, spread_of
from benchmarks.serving import serve
from registry.choices import Scope
from registry.entry.accounts.tokens import create_token
from registry.models import Centre, Membership, Patient, Product, User

ENTRIES = 150
TURNS = 5
OF_A_USER = 50  # fewer than a user may look up in an hour
USERS = 40


def measure(*, small: bool) -> Iterator[Result]:
    """New persons, and one more infusion of a person whom the centre knows; the best of the turns each."""
    fill(10_000)
    with connection.cursor() as cursor:
        cursor.execute(MAKE_TABLE)
    with serve("swecar.settings") as ours, serve("benchmarks.plain_settings") as other:
        entering = Entering(http.client.HTTPConnection("127.0.0.1", ours), make_tokens())
        plain = Entering(http.client.HTTPConnection("127.0.0.1", other), [])
        turns = 2 if small else TURNS
        for _warmth in range(20):
            entering.enter_new()
            plain.store_plain()
        pairs = [(entering.rate(entering.enter_new), plain.rate(plain.store_plain)) for _turn in range(turns)]
        new, theirs = zip(*pairs, strict=True)
        known = [entering.rate(entering.enter_again) for _turn in range(turns)]
        for name, rates in (("an entry of a new person", new), ("an entry of a known person", known)):
            best = max(rates), max(theirs)
            yield Result(name, "entries/s", best[0], "plain DRF", best[1], ">= 0.5", spread_of(rates))


def make_tokens(users: int = USERS) -> list[str]:
    """Those of so many reporters of one centre."""
    centre, tokens = Centre.objects.get(code="UPP"), []
    for place in range(users):
        user, _created = User.objects.get_or_create(username=f"bench-{place}", defaults={"password": "!"})
        Membership.objects.get_or_create(user=user, centre=centre, defaults={"role": "reporter"})
        tokens.append(create_token(owner=user, name="bench", scope=Scope.WRITE, days=1, by=user)[1])
    return tokens


@dataclass
class Entering:
    """A client with one connection, and the tokens of several users."""

    line: http.client.HTTPConnection
    tokens: list[str]
    number: int = 0
    again: int = 0

    def rate(self, enter: Callable[[], None]) -> float:
        """Entries a second."""
        self.line.close()  # the server has closed what was idle; a new one is opened
        begun = time.perf_counter()
        for _entry in range(ENTRIES):
            enter()
        return ENTRIES / (time.perf_counter() - begun)

    def enter_new(self) -> None:
        """Enter a new person's infusion."""
        self.number += 1
        self._enter(self.number, "2022-03-01", "first")

    def enter_again(self) -> None:
        """Enter another infusion of someone entered before."""
        self.again += 1
        self._enter(self.again, "2024-03-01", "reinfusion")

    def _enter(self, person: int, day: str, kind: str) -> None:
        body = {"centre": "UPP", "patient_id": test_number(person), "category": "SOC", "product": "Kymriah",
                "indication": "C83.3", "kind": kind, "infused_on": day, "batch": f"E{person}-{kind}"}  # fmt: skip
        token = self.tokens[person // OF_A_USER]
        headers = {"Authorization": f"Token {token}", "Idempotency-Key": f"{os.getpid()}-{person}-{kind}"}
        self._post("/api/v1/infusions", body, headers)

    def store_plain(self) -> None:
        """Store a plain row."""
        if not self.number:
            self.person = Patient.objects.values_list("pk", flat=True)[0]
            self.centre = Centre.objects.get(code="UPP").pk
            self.product = Product.objects.values_list("pk", flat=True)[0]
        self.number += 1
        day = f"{1000 + self.number:04}-03-01"  # another for each, or it would be the same infusion
        body = {"centre": self.centre, "patient": self.person, "category": "SOC", "kind": "reinfusion",
                "product": self.product, "infused_on": day, "date_precision": "day", "sequence": 1,
                "age_at_infusion": 50, "batch": f"P{self.number}", "status": "submitted"}  # fmt: skip
        self._post("/plain", body, {})

    def _post(self, path: str, body: dict, headers: dict[str, str]) -> None:
        self.line.request("POST", path, json.dumps(body), {"Content-Type": "application/json"} | headers)
        response = self.line.getresponse()
        content = response.read()
        if response.status != HTTPStatus.CREATED:
            raise AssertionError(f"{path} gave {response.status}: {content[:500]!r}")
