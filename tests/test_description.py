"""The description of the interface: it is the file in docs/, and its answers are real."""

import json

import jsonschema
import pytest
from openapi_spec_validator import validate

from api.management.commands import describe_api
from api.public import description, examples, service
from tests.test_public_api import ask, demonstration  # noqa: F401  fixtures

PUBLIC = [
    operation["get"]["operationId"]
    for operation in description.describe_api()["paths"].values()
    if "public" in operation.get("get", {}).get("tags", ())
]
SNAPSHOT = {"hash", "built_at", "timestamp", "date", "lastUpdated", "released_at", "finished_at"}


def test_the_file_is_what_the_service_says():
    assert json.loads(describe_api.PATH.read_text(encoding="utf-8")) == description.describe_api(), (
        "manage.py describe_api"
    )


def test_it_is_valid_openapi():
    validate(description.describe_api())


def test_every_public_operation_has_an_example_but_those_of_a_release():
    assert set(PUBLIC) - examples.read().keys() == {"release", "release_changes"}


@pytest.mark.parametrize("operation", examples.REQUESTS)
def test_examples_are_real_answers(ask, operation, monkeypatch):  # noqa: F811
    """The demonstration's, but for what is another with each snapshot; manage.py describe_api --examples."""
    monkeypatch.setattr(service.settings, "RATE_LIMIT", 6000)
    kept = examples.read()[operation]
    assert kept["request"] == examples.REQUESTS[operation]
    now = examples.collect(lambda path: ask(path, Host="127.0.0.1").json())[operation]["response"]
    if operation in {"releases", "status"}:  # the demonstration's releases and runs are made by its start
        assert kept["response"].keys() == now.keys()
    else:
        assert _without_moment(kept["response"]) == _without_moment(now)


def _without_moment(value):
    if isinstance(value, dict):
        return {
            name: _without_moment(one)
            for name, one in value.items()
            if name not in {*SNAPSHOT, "history_head", "dcterms:modified", "dcterms:issued"}
        }
    return [_without_moment(one) for one in value] if isinstance(value, list) else value


def validate_by(schema: dict, value) -> None:
    """Validate by a schema of the description, whose references lead into it."""
    whole = schema | {"components": description.describe_api()["components"]}
    jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker()).validate(value)


def examples_of(part: str) -> list[tuple[str, dict, object]]:
    """Operation, schema and value of each example of bodies that are sent, or given."""
    found = []
    for path in description.describe_api()["paths"].values():
        for operation in path.values():
            bodies = [operation.get("requestBody", {})] if part == "sent" else operation["responses"].values()
            for content in (one for body in bodies for one in body.get("content", {}).values()):
                found += [
                    (operation["operationId"], content["schema"], example["value"])
                    for example in content.get("examples", {}).values()
                ]
    return found


@pytest.mark.parametrize("part", ["sent", "given"])
def test_every_example_is_of_the_described_shape(part):
    found = examples_of(part)
    assert len(found) >= 5
    for operation, schema, value in found:
        if operation != "imports-upload" or part == "given":  # a form with a file is no JSON
            validate_by(schema, value)


@pytest.mark.parametrize("operation", examples.REQUESTS)
def test_examples_are_of_the_described_shape(operation):
    gets = [path["get"] for path in description.describe_api()["paths"].values() if "get" in path]
    (described,) = (get for get in gets if get["operationId"] == operation)
    (content, *_others) = described["responses"]["200"]["content"].values()
    (example,) = content["examples"].values()
    validate_by(content["schema"], example["value"])


def test_filters_name_the_codes_that_there_are(ask):  # noqa: F811
    described = ask("schema").json()
    filters = {one["name"]: one["schema"] for one in described["paths"]["/api/v1/counts"]["get"]["parameters"]}
    assert filters["centre"]["items"]["enum"][0] == "UME"
    assert "none" in filters["indication"]["items"]["enum"]
    assert "none" not in filters["product"]["items"]["enum"]
