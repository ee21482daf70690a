"""What stands around the addresses in the description of the API: who answers for it, where it is, its schemas.

Hooks of drf-spectacular; what the REST API profile of Digg asks is listed in docs/rest-api-profile.md.
"""

from copy import deepcopy
from http import HTTPStatus
from typing import Any

from django.conf import settings

HOST = "https://registry.example"  # in the file; a server puts its own
OF_CODE = "_id"  # how names of parts end in our code
SCHEMA = "#/components/schemas/"
TAGS = {
    "public": "Published counts and code lists, without a key.",
    "signed in": "The infusions of your own centres; with a token.",
}
LICENCE = {"name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/"}
PURPOSE = """\
Counts of the national registry of CAR-T treatments in Sweden, from numbered snapshots of the clinics' records.
Public, without a key; clinics register infusions with a token.

Statistik ur det nationella registret över CAR-T-behandlingar i Sverige, från numrerade ögonblicksbilder av
klinikernas uppgifter. Öppet och utan nyckel; kliniker registrerar infusioner med en nyckel (token).

**Limits and known limitations.** So many responses per client and minute, and so many rows, as `config` tells; a
query that would give more is refused before it is counted. Only the current snapshot is counted by other
dimensions or days than the map's. Small numbers may be withheld. Texts are Swedish or English;
problems are English."""
LIMITATIONS = (
    "The limits of `config`; small numbers may be withheld; older snapshots have the map's numbers and no others."
)
SERVICE_LEVEL = {
    "availability": "No level is guaranteed. /health/ready and `status` tell how it is; snapshots stay for ever.",
    "responseTime": "An unchanged response is a 304; a drawing takes about a second.",
    "support": "By e-mail to the contact, on weekdays.",
}
STATUSES = {
    200: "What was asked for.",
    201: "Stored; Location has its URL.",
    202: "Taken; Location tells how far it has come.",
    204: "Done; there is nothing to say.",
    400: "An unknown parameter or value, or a body that cannot be stored; named in the problem.",
    401: "No token, or one that is not valid.",
    403: "Not permitted, or withheld by the policy on small numbers.",
    404: "There is no such thing, or it is not yours to see.",
    406: "None of the accepted media types is available.",
    409: "It contradicts what is stored; the code says how to go on.",
    412: "Someone else has changed it meanwhile.",
    413: "Too large.",
    415: "The body is in another format.",
    422: "The idempotency key belongs to another body.",
    428: "If-Match is missing.",
    429: "Too many requests; Retry-After says when to try again.",
    503: "Not at the moment, as during an outage; Retry-After says when to try again.",
}


def frame(result: dict, generator, request, public) -> dict:
    """The description with what stands around it, at the host HOST."""
    result["info"] |= {
        "description": PURPOSE,
        "contact": {"name": "swecar", "email": "swecar@registry.example", "url": f"{HOST}/"},
        "license": LICENCE,
        "termsOfService": f"{HOST}/en/share/",
        "x-sla": SERVICE_LEVEL,
        "x-limitations": LIMITATIONS,
    }
    result["externalDocs"] = {
        "description": "The API to read and to try (limits, SLA)",
        "url": f"{HOST}/api/v1/docs",
    }
    result["servers"] = [{"url": HOST, "description": "This service."}]
    result["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    _leave_sessions_out(result)
    for operation in list_operations(result):
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "path":
                parameter["name"] = parameter["name"].removesuffix(OF_CODE)
        for code, response in operation["responses"].items():
            response["description"] = STATUSES[HTTPStatus(int(code))]
    result["paths"] = {_name_parts(path): item for path, item in result["paths"].items()}
    return _name_schemas(result)


def at_host(description: dict, host: str) -> dict:
    """The description as this host's, with who answers for it."""
    here = deepcopy(description)
    here["info"]["contact"] |= {"name": settings.CONTROLLER, "email": settings.CONTACT}
    for part, name in ((here["info"]["contact"], "url"), (here["info"], "termsOfService")):
        part[name] = part[name].replace(HOST, host)
    for part in (here["externalDocs"], *here["servers"]):
        part["url"] = part["url"].replace(HOST, host)
    return here


def list_operations(description: dict) -> list[dict[str, Any]]:
    """Every method of every path."""
    return [operation for path in description["paths"].values() for operation in path.values()]


def _name_parts(path: str) -> str:
    """A path whose parts are named as URLs are, without an underscore."""
    return path.replace(f"{OF_CODE}}}", "}")


def _leave_sessions_out(result: dict) -> None:
    """A program has a token; the pages' session is theirs."""
    result["components"]["securitySchemes"].pop("session", None)
    for operation in list_operations(result):
        if "security" in operation:
            operation["security"] = [way for way in operation["security"] if "session" not in way]


def _name_schemas(result: dict) -> dict:
    """Every shape with a title (api.openapi.named) stands once, under its name."""
    found: dict[str, dict] = result["components"].setdefault("schemas", {})
    result["paths"] = _lift(result["paths"], found)
    result["components"]["schemas"] = dict(sorted(found.items()))
    return result


def _lift(value: Any, found: dict[str, dict]) -> Any:
    """The value with references in place of named shapes, which found gets."""
    if isinstance(value, list):
        return [_lift(one, found) for one in value]
    if not isinstance(value, dict):
        return value
    shape = {name: one if name in {"example", "examples"} else _lift(one, found) for name, one in value.items()}
    title = value.get("title")
    if not isinstance(title, str) or "type" not in value or value["type"] != "object":
        return shape
    if found.setdefault(title, shape) != shape:
        raise ValueError(f"Two shapes have the name {title}.")
    return {"$ref": f"{SCHEMA}{title}"}
