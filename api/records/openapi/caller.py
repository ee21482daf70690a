"""Who calls the signed-in API, as OpenAPI."""

from api.openapi import INSTANT, TEXT, listing, named, record
from api.records.openapi.parts import described, given
from registry.choices import CentreRole, NationalRole, Scope

ROLE_HERE = named(
    "CallerCentre",
    record(code=TEXT, name=TEXT, role={"type": "string", "enum": CentreRole.values}, permissions=listing(TEXT)),
)
TOKEN = named("CallerToken", record(name=TEXT, scope={"type": "string", "enum": Scope.values}, expires_at=INSTANT))
CALLER = named(
    "Caller",
    record(
        username=TEXT,
        name=TEXT,
        national_role={"type": ["string", "null"], "enum": [*NationalRole.values, None]},
        permissions=listing(TEXT),
        centres=listing(ROLE_HERE),
        token={"oneOf": [TOKEN, {"type": "null"}]},
    ),
)
CALLER_EXAMPLE = {
    "username": "upp", "name": "Ulla Persson", "national_role": None, "permissions": [],
    "centres": [
        {"code": "UPP", "name": "Akademiska sjukhuset", "role": "reporter", "permissions": ["records.read"]},
    ],
    "token": {"name": "journal", "scope": "write", "expires_at": "2026-03-01T00:00:00+00:00"},
}  # fmt: skip
ME = described(
    "me",
    200,
    CALLER,
    examples=(given(CALLER_EXAMPLE, 200),),
    description="Name, roles and permissions at each centre and nationwide, and the token if one is used.",
)
