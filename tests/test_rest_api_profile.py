"""docs/rest-api-profile.md against the description that is served: every row that says "met" is checked here."""

import re

import pytest

from api.public import description
from api.public.description_frame import list_operations
from registry.publishing.publish import publish
from swecar.local.folder import ROOT

DESCRIPTION = description.describe_api()
INFO = DESCRIPTION["info"]
OPERATIONS = list_operations(DESCRIPTION)
PARAMETERS = [one for operation in OPERATIONS for one in operation.get("parameters", ())]
QUERY = [one["name"] for one in PARAMETERS if one["in"] == "query"]
RESPONSES = [(code, one) for operation in OPERATIONS for code, one in operation["responses"].items()]
BODIES = [operation["requestBody"] for operation in OPERATIONS if "requestBody" in operation]
SCHEMAS = DESCRIPTION["components"]["schemas"]
SCHEMES = DESCRIPTION["components"]["securitySchemes"].values()
SEGMENTS = [part for path in DESCRIPTION["paths"] for part in path.split("/") if part and part[0] != "{"]
FIELDS = [name for schema in SCHEMAS.values() for name in schema["properties"]]
PROBLEM = SCHEMAS["Problem"]["properties"]
SERVER = DESCRIPTION["servers"][0]["url"]


def every_json_has_an_example() -> bool:
    contents = [one.get("content", {}).get("application/json") for _code, one in RESPONSES]
    contents += [body["content"].get("application/json") for body in BODIES]
    return len(contents) > 60 and all(one.get("examples") for one in contents if one is not None)


def problems() -> list[dict]:
    return [one["content"] for code, one in RESPONSES if code >= "400"]


def instants() -> list[dict]:
    named = [(name, one) for schema in SCHEMAS.values() for name, one in schema["properties"].items()]
    return [one for name, one in named if name.endswith("_at") or name == "at"]


CHECKS = {
    "DOK.01": lambda: DESCRIPTION["externalDocs"]["description"] and DESCRIPTION["externalDocs"]["url"],
    "DOK.03": lambda: (
        {"title", "version", "description", "contact", "license", "termsOfService"} <= INFO.keys()
        and INFO["contact"].keys() == {"name", "email", "url"}
        and {"name", "url"} <= INFO["license"].keys()
    ),
    "DOK.06": lambda: " och " in INFO["description"] and " and " in INFO["description"],
    "DOK.07": lambda: len(INFO["description"]) > 300,
    "DOK.08": lambda: all(INFO["x-sla"][name] for name in ("availability", "responseTime", "support")),
    "DOK.09": lambda: INFO["x-limitations"] and "limit" in INFO["description"].lower(),
    "DOK.11": INFO["description"].strip,
    "DOK.15": every_json_has_an_example,
    "DOK.17": lambda: DESCRIPTION["openapi"].startswith("3.1"),
    "DOK.18": lambda: isinstance(DESCRIPTION, dict),
    "DOK.19": lambda: all(operation["description"].strip() for operation in OPERATIONS),
    "DOK.20": lambda: all(one["description"].strip() for _code, one in RESPONSES),
    "DOT.01": lambda: instants() and all(one.get("format") == "date-time" for one in instants()),
    "DOT.04": lambda: all(one.get("format") == "date-time" for one in instants()),
    "RES.02": lambda: (
        not {"pnr", "personnummer", "personnr", "ssn", "patient_id"} & {p["name"] for p in PARAMETERS}
    ),
    "RES.06": lambda: all(re.fullmatch("[a-z0-9-]+", part) for part in SEGMENTS),
    "UFN.02": lambda: re.fullmatch(r"https://[^:/]+", SERVER),
    "UFN.05": lambda: max(map(len, DESCRIPTION["paths"])) + len(SERVER) < 2048,
    "UFN.07": lambda: all(re.fullmatch("[a-z0-9.~-]+", part) for part in SEGMENTS),
    "UFN.08": lambda: not any(re.search(r"[,._~]|--|^-|-$", part) for part in SEGMENTS),
    "UFN.09": lambda: (
        not any("_" in path or " " in path for path in [*DESCRIPTION["paths"], SERVER])
        and not any("_" in one["name"] for one in PARAMETERS if one["in"] == "path")
    ),
    "AME.02": lambda: all(
        next(iter(body["content"])) in {"application/json", "multipart/form-data"} for body in BODIES
    ),
    "AME.04": lambda: all(re.fullmatch("[a-z0-9_]+", name) for name in FIELDS),
    "AME.05": lambda: not any(re.search("[A-Z]", name) for name in FIELDS),
    "AME.07": lambda: all(re.fullmatch("[A-Za-z0-9_]+", name) for name in FIELDS),
    "ARQ.01": lambda: all("charset" not in kind for body in BODIES for kind in body["content"]),
    "ARQ.02": lambda: any(one.get("scheme") == "bearer" for one in SCHEMES),
    "ARQ.03": lambda: {"If-Match", "Idempotency-Key"} <= {p["name"] for p in PARAMETERS if p["in"] == "header"},
    "ARQ.05": lambda: all(p["schema"]["type"] == "string" for p in PARAMETERS if p["in"] == "header"),
    "FEL.01": lambda: {"type", "title", "status", "detail", "instance"} <= PROBLEM.keys(),
    "FEL.02": lambda: (
        len(problems()) > 60 and all(one.keys() == {"application/problem+json"} for one in problems())
    ),
    "VER.06": lambda: "get" in DESCRIPTION["paths"]["/api-info"],
    "FNS.01": lambda: all(re.fullmatch("[a-z0-9_]+", name) for name in QUERY),
    "FNS.03": lambda: all(name[0].isalpha() for name in QUERY),
    "FNS.06": lambda: all(re.fullmatch("[A-Za-z0-9._~-]+", name) for name in QUERY),
    "SAK.01": lambda: SERVER.startswith("https://"),
    "SAK.09": lambda: not any(one.get("scheme") in {"basic", "digest"} for one in SCHEMES),
    "SAK.10": lambda: all(one["scheme"] == "bearer" for one in SCHEMES if "scheme" in one),
    "SAK.15": lambda: not any(one.get("in") == "query" for one in SCHEMES),
    "SAK.16": lambda: all(one.get("in", "header") == "header" for one in SCHEMES),
    "FOR.02": lambda: not any("requestBody" in path.get("get", {}) for path in DESCRIPTION["paths"].values()),
}
PAGE = (ROOT / "docs" / "rest-api-profile.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| ([A-Z]{3}\.\d\d) \|.*\| ([^|]+) \|$", PAGE, re.MULTILINE))


def test_every_rule_that_the_page_says_is_met_is_checked():
    assert len(ROWS) == 49
    assert {rule for rule, told in ROWS.items() if told.startswith("met")} == CHECKS.keys()
    others = [told for told in ROWS.values() if not told.startswith("met")]
    assert all(re.match(r"(not met|does not apply)\b.*: .{20,}", told) for told in others)


@pytest.mark.parametrize("rule", CHECKS)
def test_the_description_meets(rule):
    assert CHECKS[rule]()


def test_the_information_is_served_at_the_root_and_beside_the_others(client, lists):
    publish()
    told = client.get("/api-info")
    assert told.json() == client.get("/api/v1/api-info").json()
    assert told.json().keys() == {"apiName", "apiVersion", "apiReleased", "apiStatus", "apiDocumentation"}
    assert told.json()["apiVersion"] == INFO["version"]
    assert client.get(INFO["termsOfService"].removeprefix(SERVER)).status_code == 200
    assert client.get(told.json()["apiDocumentation"].removeprefix("http://testserver")).status_code == 200


def test_a_host_describes_itself(client, db):
    served = client.get("/api/v1/schema", headers={"Host": "127.0.0.1"}).json()
    assert served["servers"][0]["url"] == "http://127.0.0.1"
    assert "registry.example" not in str([served["info"]["termsOfService"], served["externalDocs"]["url"]])
