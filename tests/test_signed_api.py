"""The interface for signed-in callers: infusions, their history, who calls (INTERFACE.md, "Signed in")."""

import json
from datetime import timedelta
from uuid import uuid4

import jsonschema
import pytest
from django.test import Client
from django.utils import timezone

from api import schema, signed_in_schema
from registry.choices import Scope
from registry.entry.idempotency import prune_idempotency_keys
from registry.entry.patients import erase_patient
from registry.entry.record import withdraw_infusion
from registry.entry.tokens import create_token
from registry.models import AccessLog, IdempotencyKey, Infusion, Patient, User
from registry.models.infusion import Infusion as InfusionModel
from tests import factories

NUMBER = factories.number()
NEW = {
    "centre": "UPP", "patient_id": NUMBER, "category": "SOC", "product": "Kymriah", "indication": "C91.0",
    "infused_on": "2020-05-05", "batch": "B-7",
}  # fmt: skip
MADE_UP = "00000000-0000-4000-8000-000000000000"


class Program:
    """A program that calls in someone's name."""

    def __init__(self, owner: User, scope: Scope = Scope.WRITE):
        self.owner = owner
        self.token = create_token(owner=owner, name="program", scope=scope, days=30, by=owner)[1]

    def call(self, method: str, address: str, body: object = None, **headers):
        """The answer; body is sent as JSON, or as it is if it is bytes."""
        return Client(raise_request_exception=True).generic(
            method,
            f"/api/v1/{address}",
            b"" if body is None else body if isinstance(body, bytes) else json.dumps(body),
            content_type="application/json",
            headers={"authorization": f"Token {self.token}"} | headers,
        )

    def get(self, address: str, **headers):
        return self.call("GET", address, **headers)

    def enter(self, **fields):
        """Enter NEW with these fields."""
        return self.call("POST", "infusions", NEW | fields)


@pytest.fixture
def uppsala(lists) -> Program:
    return Program(factories.user("upp", lists.centres["UPP"]))


@pytest.fixture
def stockholm(lists) -> Program:
    return Program(factories.user("sto", lists.centres["STO"]))


@pytest.fixture
def entered(uppsala) -> dict:
    """An infusion at Uppsala, as it was answered."""
    answer = uppsala.enter()
    assert answer.status_code == 201, answer.content
    return answer.json()


def refused(answer, status: int, code: str) -> dict:
    """The problem of a refusal, in its form."""
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json"), answer.content
    problem = answer.json()
    jsonschema.validate(problem, schema.PROBLEM)
    assert (problem["status"], problem["code"]) == (status, code), problem
    assert answer["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in answer
    return problem


def errors_of(problem: dict) -> set[tuple[str, str]]:
    return {(error["field"], error["code"]) for error in problem["errors"]}


def check(document: dict, shape: dict) -> None:
    jsonschema.validate(document, shape, format_checker=jsonschema.FormatChecker())


# Entering and reading


def test_an_entered_infusion_is_read_back_without_its_identifier(uppsala):
    answer = uppsala.enter()
    assert answer.status_code == 201
    document = answer.json()
    check(document, signed_in_schema.STORED)
    stored = Infusion.objects.get()
    assert {name: document[name] for name in document if name not in {"created_at", "version"}} == {
        "id": str(stored.pk), "centre": "UPP", "patient": stored.patient.registry_number, "category": "SOC",
        "kind": "first", "product": "Kymriah", "indication": "C91.0", "trial": None, "manufacturing_site": None,
        "infused_on": "2020-05-05", "date_precision": "day", "sequence": 1, "age_at_infusion": 50,
        "batch": "B-7", "status": "submitted", "modality": "CAR-T", "sex": "female", "warnings": [],
    }  # fmt: skip
    assert answer["Location"] == f"/api/v1/infusions/{stored.pk}"
    read = uppsala.get(f"infusions/{stored.pk}")
    assert read["ETag"] == answer["ETag"] == f'"{document["version"]}"'
    del document["warnings"]
    assert read.json() == document
    assert NUMBER[-4:] not in answer.content.decode() + read.content.decode()


def test_the_person_is_named_by_registry_number_too(uppsala, entered):
    answer = uppsala.enter(
        patient_id=None, patient=entered["patient"], infused_on="2021-06", kind="reinfusion", age_at_infusion=51
    )
    assert answer.status_code == 201, answer.content
    assert (answer.json()["patient"], answer.json()["infused_on"]) == (entered["patient"], "2021-06")
    assert Patient.objects.count() == 1


def test_what_is_improbable_is_stored_and_said(uppsala):
    document = uppsala.enter(product="Breyanzi").json()
    assert [(one["field"], one["code"]) for one in document["warnings"]] == [
        ("product", "product_before_authorisation")
    ]


def test_each_reading_and_writing_is_logged(uppsala, entered):
    uppsala.get("infusions")
    uppsala.get(f"infusions/{entered['id']}/history")
    found = AccessLog.objects.order_by("id").values_list("actor", "unit", "action", "patient", "detail")
    row = ("upp", "UPP")
    assert list(found) == [
        (*row, "record", entered["patient"], ""),
        (*row, "read", entered["patient"], "API"),
        (*row, "read", entered["patient"], "API: history"),
    ]
