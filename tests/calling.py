"""What the tests of the signed-in interface share: a program that calls, and the form of a refusal."""

import json
from functools import cache

import jsonschema
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from api.openapi import PROBLEM
from registry.choices import Scope
from registry.entry.accounts.tokens import create_token
from registry.models import User
from tests import factories

NUMBER = factories.number()
NEW = {
    "centre": "UPP", "patient_id": NUMBER, "category": "SOC", "product": "Kymriah", "indication": "C91.0",
    "infused_on": "2020-05-05", "batch": "B-7",
}  # fmt: skip
MADE_UP = "00000000-0000-4000-8000-000000000000"


@cache
def validator(shape: str) -> jsonschema.Draft202012Validator:
    """What holds documents against a shape, which is itself examined once."""
    schema = json.loads(shape)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


IS_PROBLEM = validator(json.dumps(PROBLEM))


class Program:
    """A program that calls in someone's name."""

    def __init__(self, owner: User, scope: Scope = Scope.WRITE):
        self.owner = owner
        self.token, text = create_token(owner=owner, name="program", scope=scope, days=30, by=owner)
        self.headers = {"authorization": f"Token {text}"}

    def call(self, method: str, address: str, body: object = None, **headers):
        """The answer; body is sent as JSON, or as it stands if it is bytes."""
        return Client().generic(
            method,
            f"/api/v1/{address}",
            b"" if body is None else body if isinstance(body, bytes) else json.dumps(body),
            content_type="application/json",
            headers=self.headers | {name.replace("_", "-"): value for name, value in headers.items()},
        )

    def get(self, address: str, **headers):
        return self.call("GET", address, **headers)

    def enter(self, headers=None, **fields):
        """Enter NEW with these fields."""
        return self.call("POST", "infusions", NEW | fields, **(headers or {}))

    def upload(self, content: bytes, name: str = "file.csv", **fields):
        """Send a file."""
        form = {"file": SimpleUploadedFile(name, content)} | fields
        return Client().post("/api/v1/imports", form, headers=self.headers)


def refused(answer, status: int, code: str) -> dict:
    """The problem of a refusal, in its form."""
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json"), answer.content
    problem = answer.json()
    IS_PROBLEM.validate(problem)
    assert (problem["status"], problem["code"]) == (status, code), problem
    assert answer["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in answer
    return problem


def errors_of(problem: dict) -> set[tuple[str, str]]:
    return {(error["field"], error["code"]) for error in problem["errors"]}


def check(document: dict, shape: dict) -> None:
    validator(json.dumps(shape)).validate(document)
