"""Who calls the signed-in API, as OpenAPI."""

from api.openapi import INSTANT, TEXT, listing, record
from api.records.openapi.parts import described
from registry.choices import CentreRole, NationalRole, Scope

ROLE_HERE = record(
    code=TEXT, name=TEXT, role={"type": "string", "enum": CentreRole.values}, permissions=listing(TEXT)
)
TOKEN = record(name=TEXT, scope={"type": "string", "enum": Scope.values}, expires_at=INSTANT)
CALLER = record(
    username=TEXT,
    name=TEXT,
    national_role={"type": ["string", "null"], "enum": [*NationalRole.values, None]},
    permissions=listing(TEXT),
    centres=listing(ROLE_HERE),
    token={"oneOf": [TOKEN, {"type": "null"}]},
)
ME = described("me", 200, CALLER)
