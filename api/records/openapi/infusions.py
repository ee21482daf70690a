"""Infusions of the signed-in API, as OpenAPI."""

from typing import Any

from api.openapi import (
    CATEGORY_CODE,
    FIELD_ERROR,
    INSTANT,
    PAGE,
    TEXT,
    TEXT_OR_NULL,
    WHOLE,
    listing,
    named,
    page_parameters,
    parameter,
    record,
)
from api.records.openapi.parts import JSON_BODY, UUID, described, given, header, key, sent
from registry.choices import DatePrecision, Kind, Sex, Status
from registry.entry.infusions import columns

WRITTEN_DATE = {
    "type": "string",
    "pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$",
    "description": "In its own precision: 2014, 2023-12 or 2023-12-05.",
}
REGISTRY_NUMBER = {"type": "integer", "description": "The registry number of the person."}
KIND = {"type": "string", "enum": Kind.values}
PRECISION = {"type": "string", "enum": DatePrecision.values}
WRITTEN_NUMBER = {"type": ["integer", "string", "null"]}
WHOLE_OR_NULL = {"type": ["integer", "null"], "minimum": 0}


def _or_null(column: columns.Column, number: dict[str, Any]) -> dict[str, Any]:
    """A column that may be empty, as far as its table says what it is."""
    return number if isinstance(column.holds, columns.Number) else TEXT_OR_NULL


# What a response always has of an infusion's columns.
SAID: dict[str, Any] = {
    "centre": TEXT,
    "category": CATEGORY_CODE,
    "kind": KIND,
    "product": TEXT,
    "infused_on": WRITTEN_DATE,
    "date_precision": PRECISION,
    "sequence": WHOLE,
    "age_at_infusion": WHOLE,
}
FIELDS: dict[str, Any] = {
    "id": UUID,
    "centre": TEXT,
    "patient": REGISTRY_NUMBER,
    **{column.name: SAID.get(column.name) or _or_null(column, WHOLE_OR_NULL) for column in columns.STORED},
    "status": {"type": "string", "enum": Status.values},
    "modality": TEXT,
    "sex": {"type": "string", "enum": Sex.values},
    "created_at": INSTANT,
    "version": {"type": "integer", "description": 'Moves with every change; the ETag is "version", in quotes.'},
}
INFUSION = named("Infusion", record(**FIELDS))
WARNINGS = listing(FIELD_ERROR)
STORED = named("StoredInfusion", record(**FIELDS, warnings=WARNINGS))
# What a request's columns are, where more is to be said.
WRITTEN: dict[str, Any] = {
    "kind": TEXT_OR_NULL | {"description": "first, further_dose or reinfusion."},
    "product": TEXT_OR_NULL | {"description": "Brand or INN, in any case of letters."},
    "modality": TEXT_OR_NULL | {"description": "The product has it; written, it must agree."},
    "indication": TEXT_OR_NULL | {"description": "ICD-10 code, or the key of the list."},
    "trial": TEXT_OR_NULL | {"description": "EU CT, EudraCT or NCT number: needed for ACT and ICT."},
    "infused_on": WRITTEN_DATE | {"type": ["string", "null"]},
}
CORRECTED = {
    column.name: WRITTEN.get(column.name) or _or_null(column, WRITTEN_NUMBER)
    for column in columns.TABLE
    if column.name not in columns.OF_THE_PERSON
}
REASON = {"type": "string", "description": "Stands in the history; without names and identity numbers."}
NEW: dict[str, Any] = named(
    "NewInfusion",
    {
        "type": "object",
        "properties": {
            "patient_id": TEXT_OR_NULL | {"description": "An identifier: digested, never stored or given back."},
            "patient": WRITTEN_NUMBER
            | {"description": "Or the registry number of someone whom the centre knows."},
            "sex": TEXT_OR_NULL,
            **CORRECTED,
            "former_first_becomes": TEXT_OR_NULL
            | {"description": "Resolves kind_unclear where kind is first: further_dose or reinfusion."},
            "confirmed": TEXT_OR_NULL
            | {"description": "Codes of warnings that a person has seen and confirmed, with commas between."},
        },
        "required": ["centre", "category", "product", "infused_on"],
        "additionalProperties": False,
    },
)
CHANGES = named(
    "InfusionCorrection",
    {
        "type": "object",
        "properties": {**CORRECTED, "reason": REASON},
        "required": ["reason"],
        "additionalProperties": False,
    },
)
VALUE = {"type": ["string", "integer", "null"]}
HISTORY_ROW = named(
    "HistoryEntry",
    record(
        version={"type": "integer"},
        at=INSTANT,
        by=TEXT,
        action={"type": "string", "enum": ["recorded", "changed", "withdrawn", "deleted"]},
        reason=TEXT,
        changes=listing(named("HistoryChange", record(field=TEXT, before=VALUE, after=VALUE))),
    ),
)
SENT_EXAMPLE = {
    "centre": "UPP", "patient_id": "19700101-9808", "category": "SOC", "kind": "first", "product": "Yescarta",
    "indication": "C83.3", "infused_on": "2025-03-11",
}  # fmt: skip
EXAMPLE = dict.fromkeys(FIELDS) | {
    "id": "6f1c1d0e-7a53-4c39-9a0d-2f6f3a1f7a10", "centre": "UPP", "patient": 4232, "category": "SOC",
    "kind": "first", "product": "Yescarta", "indication": "C83.3",
    "infused_on": "2025-03-11", "date_precision": "day", "sequence": 1, "age_at_infusion": 55,
    "status": "submitted", "modality": "CAR-T", "sex": "female", "created_at": "2025-03-12T09:14:03.120000+00:00",
    "version": 812,
}  # fmt: skip
IF_MATCH = header("If-Match", "The ETag of the infusion that you have seen.", required=True)
ETAG = header("ETag", "Of this version.", response=[200, 201])
INFUSION_ID = key("infusion_id")
LIST = described(
    "infusions",
    200,
    named("InfusionPage", record(results=listing(INFUSION), **PAGE)),
    parameter("centre", "Codes of your centres.", many=True, explode=False),
    parameter("category", "Codes.", many=True, explode=False),
    parameter("status", "submitted, withdrawn.", many=True, explode=False),
    parameter("patient", "A registry number.", type=int),
    parameter("from", "Infused on this day or later.", type={"type": "string", "format": "date"}),
    parameter("to", "Infused on this day or earlier.", type={"type": "string", "format": "date"}),
    *page_parameters("Rows"),
    examples=(given({"results": [EXAMPLE], "next": None, "previous": None}, 200),),
    description="The latest first, withdrawn ones too, by cursor.",
)
CREATE = described(
    "infusions-record",
    201,
    STORED,
    header("Idempotency-Key", "The same key and body is carried out once, and has the same response for a day."),
    ETAG,
    header("Location", "Address of the infusion.", response=[201]),
    refuses=(403, 409, 413, 415, 422, 429, 503),
    request={JSON_BODY: NEW},
    examples=(sent(SENT_EXAMPLE), given(EXAMPLE | {"warnings": []}, 201)),
    description="Register an infusion: the columns of the exchange file, by the rules of the form and of a file.",
)
READ = described(
    "infusion",
    200,
    INFUSION,
    INFUSION_ID,
    ETAG,
    refuses=(404,),
    examples=(given(EXAMPLE, 200),),
    description="The infusion as it stands now, with its ETag.",
)
WRITING = (403, 404, 409, 412, 413, 415, 428, 503)
CORRECT = described(
    "infusion-correct",
    200,
    INFUSION,
    INFUSION_ID,
    IF_MATCH,
    ETAG,
    refuses=WRITING,
    request={JSON_BODY: CHANGES},
    examples=(
        sent({"product": "Breyanzi", "reason": "Typing error"}),
        given(EXAMPLE | {"product": "Breyanzi", "version": 840}, 200),
    ),
    description="Correct the fields in the body, with a reason; the person cannot be changed.",
)
WITHDRAW = described(
    "infusion-withdraw",
    204,
    None,
    INFUSION_ID,
    IF_MATCH,
    refuses=WRITING,
    request={JSON_BODY: named("Withdrawal", record(reason=REASON))},
    examples=(sent({"reason": "Recorded twice"}),),
    description="Withdraw the infusion, with a reason: it leaves all counts, and stays with its history.",
)
HISTORY = described(
    "infusion-history",
    200,
    named("HistoryPage", record(results=listing(HISTORY_ROW), **PAGE)),
    INFUSION_ID,
    *page_parameters("Changes"),
    refuses=(404,),
    examples=(
        given(
            {
                "results": [
                    {
                        "version": 840, "at": "2025-03-14T08:00:00+00:00", "by": "upp", "action": "changed",
                        "reason": "Typing error",
                        "changes": [{"field": "product", "before": "Yescarta", "after": "Breyanzi"}],
                    }
                ],
                "next": None,
                "previous": None,
            },
            200,
        ),
    ),description="Who changed what, when and why, the oldest first.",)  # fmt: skip
