"""What the addresses for signed-in callers promise, as OpenAPI: bodies, answers and examples."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from api.openapi import CATEGORY_CODE, INSTANT, PROBLEM, TEXT, TEXT_OR_NULL, WHOLE, listing, record
from registry.choices import (
    CentreRole,
    DatePrecision,
    ImportState,
    Kind,
    NationalRole,
    ReferralState,
    Scope,
    Sex,
    Side,
    Status,
)

UUID = {"type": "string", "format": "uuid"}
ADDRESS_OR_NULL = {"type": ["string", "null"], "format": "uri"}
WRITTEN_DATE = {
    "type": "string",
    "pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$",
    "description": "In its own precision: 2014, 2023-12 or 2023-12-05.",
}
REGISTRY_NUMBER = {"type": "integer", "description": "The registry number of the person."}
KIND = {"type": "string", "enum": Kind.values}
PRECISION = {"type": "string", "enum": DatePrecision.values}
FIELDS: dict[str, Any] = {
    "id": UUID,
    "centre": TEXT,
    "patient": REGISTRY_NUMBER,
    "category": CATEGORY_CODE,
    "kind": KIND,
    "product": TEXT,
    "indication": TEXT_OR_NULL,
    "trial": TEXT_OR_NULL,
    "manufacturing_site": TEXT_OR_NULL,
    "infused_on": WRITTEN_DATE,
    "date_precision": PRECISION,
    "sequence": WHOLE,
    "age_at_infusion": WHOLE,
    "batch": TEXT_OR_NULL,
    "status": {"type": "string", "enum": Status.values},
    "modality": TEXT,
    "sex": {"type": "string", "enum": Sex.values},
    "created_at": INSTANT,
    "version": {"type": "integer", "description": 'Moves with every change; the ETag is "version", in quotes.'},
}
INFUSION = record(**FIELDS)
WARNINGS = listing(record(field=TEXT, code=TEXT, detail=TEXT))
STORED = record(**FIELDS, warnings=WARNINGS)
WRITTEN_NUMBER = {"type": ["integer", "string", "null"]}
CORRECTABLE: dict[str, Any] = {
    "centre": TEXT_OR_NULL,
    "category": TEXT_OR_NULL,
    "kind": TEXT_OR_NULL | {"description": "first, further_dose or reinfusion."},
    "product": TEXT_OR_NULL | {"description": "Brand or INN, in any case of letters."},
    "modality": TEXT_OR_NULL | {"description": "The product has it; written, it must agree."},
    "indication": TEXT_OR_NULL | {"description": "ICD-10 code, or the key of the list."},
    "trial": TEXT_OR_NULL | {"description": "EU CT, EudraCT or NCT number: needed for ACT and ICT."},
    "manufacturing_site": TEXT_OR_NULL,
    "infused_on": WRITTEN_DATE | {"type": ["string", "null"]},
    "date_precision": TEXT_OR_NULL,
    "sequence": WRITTEN_NUMBER,
    "age_at_infusion": WRITTEN_NUMBER,
    "batch": TEXT_OR_NULL,
}
REASON = {"type": "string", "description": "Stands in the history; without names and identity numbers."}
NEW: dict[str, Any] = {
    "type": "object",
    "properties": {
        "patient_id": TEXT_OR_NULL | {"description": "An identifier: digested, never stored or given back."},
        "patient": WRITTEN_NUMBER | {"description": "Or the registry number of someone whom the centre knows."},
        "sex": TEXT_OR_NULL,
        **CORRECTABLE,
        "former_first_becomes": TEXT_OR_NULL
        | {"description": "Answers kind_unclear with kind first: further_dose or reinfusion."},
        "confirmed": TEXT_OR_NULL
        | {"description": "Codes of warnings that a person has seen and confirmed, with commas between."},
    },
    "required": ["centre", "category", "product", "infused_on"],
    "additionalProperties": False,
}
CHANGES = {
    "type": "object",
    "properties": {**CORRECTABLE, "reason": REASON},
    "required": ["reason"],
    "additionalProperties": False,
}
VALUE = {"type": ["string", "integer", "null"]}
PAGE: dict[str, Any] = {"next": ADDRESS_OR_NULL, "previous": ADDRESS_OR_NULL}
HISTORY_ROW = record(
    version={"type": "integer"},
    at=INSTANT,
    by=TEXT,
    action={"type": "string", "enum": ["recorded", "changed", "withdrawn", "deleted"]},
    reason=TEXT,
    changes=listing(record(field=TEXT, before=VALUE, after=VALUE)),
)
LINE = {"type": ["integer", "null"], "description": "Null of what is said of the file as a whole."}
JOB = record(
    id=UUID,
    centre=TEXT_OR_NULL,
    dry_run={"type": "boolean"},
    state={"type": "string", "enum": ImportState.values},
    stage=TEXT,
    done=WHOLE,
    total=WHOLE,
    uploaded_at=INSTANT,
    finished_at={"type": ["string", "null"], "format": "date-time"},
    read=WHOLE,
    stored=WHOLE | {"description": "Or would be, in a dry run."},
    unchanged=WHOLE,
    sent=WHOLE | {"description": "Sent to the registry's steward before, and not stored."},
    refused=WHOLE,
    warnings=WHOLE,
    message=TEXT,
    problems=listing(
        record(
            line=LINE,
            field=TEXT,
            code=TEXT,
            detail=TEXT,
            warning={"type": "boolean"},
            send_to=TEXT_OR_NULL | {"description": "Where the row can be sent, if the steward has to settle it."},
        )
    ),
)
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

SENT_EXAMPLE = {
    "centre": "UPP", "patient_id": "19700101-9808", "category": "SOC", "kind": "first", "product": "Yescarta",
    "indication": "C83.3", "infused_on": "2025-03-11",
}  # fmt: skip
EXAMPLE = {
    "id": "6f1c1d0e-7a53-4c39-9a0d-2f6f3a1f7a10", "centre": "UPP", "patient": 4232, "category": "SOC",
    "kind": "first", "product": "Yescarta", "indication": "C83.3", "trial": None, "manufacturing_site": None,
    "infused_on": "2025-03-11", "date_precision": "day", "sequence": 1, "age_at_infusion": 55, "batch": None,
    "status": "submitted", "modality": "CAR-T", "sex": "female", "created_at": "2025-03-12T09:14:03.120000+00:00",
    "version": 812,
}  # fmt: skip


def _sent(value: dict) -> OpenApiExample:
    return OpenApiExample("Request", value=value, request_only=True)


def _given(value: dict, status: int) -> OpenApiExample:
    return OpenApiExample("Answer", value=value, response_only=True, status_codes=[str(status)])


def _parameter(name: str, meaning: str, **more) -> OpenApiParameter:
    return OpenApiParameter(name, more.pop("type", str), description=meaning, **more)


def _header(name: str, meaning: str, **more) -> OpenApiParameter:
    return _parameter(name, meaning, location=OpenApiParameter.HEADER, **more)


def _key(name: str) -> OpenApiParameter:
    return _parameter(name, "A UUID.", type=UUID, location=OpenApiParameter.PATH)


def _described(
    operation: str,
    status: int,
    shape: dict | None,
    *parameters: OpenApiParameter,
    refuses: tuple[int, ...] = (),
    request: dict | None = None,
    examples: tuple[OpenApiExample, ...] = (),
) -> dict[str, Any]:
    """Arguments of extend_schema for one address and method."""
    answer: dict = {(status, "application/json"): shape} if shape else {status: None}
    refused = {(code, "application/problem+json"): PROBLEM for code in sorted({400, 401, *refuses})}
    return {
        "operation_id": operation,
        "parameters": list(parameters),
        "request": request,
        "responses": answer | refused,
        "examples": list(examples),
        "tags": ["signed in"],
    }


IF_MATCH = _header("If-Match", "The ETag of the infusion that you have seen.", required=True)
ETAG = _header("ETag", "Of this version.", response=[200, 201])
INFUSION_ID = _key("infusion_id")
JSON_BODY = "application/json"

LIST = _described(
    "infusions",
    200,
    record(results=listing(INFUSION), **PAGE),
    _parameter("centre", "Codes of your centres.", many=True, explode=False),
    _parameter("category", "Codes.", many=True, explode=False),
    _parameter("status", "submitted, withdrawn.", many=True, explode=False),
    _parameter("patient", "A registry number.", type=int),
    _parameter("from", "Infused on this day or later.", type={"type": "string", "format": "date"}),
    _parameter("to", "Infused on this day or earlier.", type={"type": "string", "format": "date"}),
    _parameter("limit", "Rows of a page, 1 to 200; else 100.", type=int),
    _parameter("cursor", "Follow next and previous as they were given."),
    examples=(_given({"results": [EXAMPLE], "next": None, "previous": None}, 200),),
)
CREATE = _described(
    "infusions-record",
    201,
    STORED,
    _header("Idempotency-Key", "The same key and body is carried out once, and answered alike for a day."),
    ETAG,
    _header("Location", "Address of the infusion.", response=[201]),
    refuses=(403, 409, 413, 415, 422, 429, 503),
    request={JSON_BODY: NEW},
    examples=(_sent(SENT_EXAMPLE), _given(EXAMPLE | {"warnings": []}, 201)),
)
SENT_REFERRAL = record(
    id=UUID,
    centre=TEXT,
    state={"type": "string", "enum": ReferralState.values},
    sent_at=INSTANT,
    settled_at={"type": ["string", "null"], "format": "date-time"},
    kept_until={
        "type": ["string", "null"],
        "format": "date",
        "description": "The last day on which what was sent is kept, if nobody settles it before.",
    },
    infusion={"type": ["string", "null"], "format": "uuid", "description": "The stored one, once it is released."},
    question={"type": "integer", "description": "Its thread, at `questions`."},
)
REFERRED = NEW | {
    "properties": {
        **{
            name: value
            for name, value in NEW["properties"].items()
            if name not in {"former_first_becomes", "confirmed"}
        },
        "message": TEXT_OR_NULL
        | {"description": "To the registry's steward, without names and identity numbers."},
    }
}
REFERRAL_EXAMPLE = {
    "id": "0d7f4f6e-5d0c-4a54-8b42-0d2f3c1c6c55", "centre": "UPP", "state": "open",
    "sent_at": "2025-03-12T09:14:03.120000+00:00", "settled_at": None, "kept_until": "2025-06-10",
    "infusion": None, "question": 71,
}  # fmt: skip
REFER = _described(
    "referrals-send",
    201,
    SENT_REFERRAL,
    _header("Location", "Address of the referral.", response=[201]),
    refuses=(403, 409, 413, 415, 422, 429, 503),
    request={JSON_BODY: REFERRED},
    examples=(_sent(SENT_EXAMPLE | {"message": "Our journal says 2020."}), _given(REFERRAL_EXAMPLE, 201)),
)
REFERRAL_STATE = _described(
    "referral",
    200,
    SENT_REFERRAL,
    _key("referral_id"),
    refuses=(404,),
    examples=(_given(REFERRAL_EXAMPLE, 200),),
)
TAKE_BACK = _described("referral-take-back", 204, None, _key("referral_id"), refuses=(403, 404, 409, 415, 503))
SIDE = {"type": "string", "enum": Side.values}
UUID_OR_NULL = {"type": ["string", "null"], "format": "uuid"}
INSTANT_OR_NULL = {"type": ["string", "null"], "format": "date-time"}
THREAD = record(
    id={"type": "integer"},
    centre=TEXT,
    infusion=UUID_OR_NULL | {"description": "The row that it is about, if it is about one."},
    referral=UUID_OR_NULL | {"description": "What was sent to the steward, if it is about that."},
    asks=SIDE,
    rule=TEXT_OR_NULL | {"description": "Code of the warning, where a rule asks."},
    waits_for={"type": ["string", "null"], "enum": [*Side.values, None], "description": "Null once it is closed."},
    asked_at=INSTANT,
    closed_at=INSTANT_OR_NULL,
    closed_by=TEXT_OR_NULL,
    messages=listing(record(side=SIDE, by=TEXT_OR_NULL, at=INSTANT, text=TEXT)),
)
THREAD_EXAMPLE = {
    "id": 71, "centre": "UPP", "infusion": EXAMPLE["id"], "referral": None, "asks": "clinic", "rule": None,
    "waits_for": "clinic", "asked_at": "2025-03-12T09:14:03.120000+00:00", "closed_at": None, "closed_by": None,
    "messages": [
        {"side": "clinic", "by": "upp", "at": "2025-03-12T09:14:03.120000+00:00", "text": "Which was the first?"},
        {"side": "steward", "by": "steward", "at": "2025-03-13T08:02:51.004000+00:00", "text": "Yours."},
    ],
}  # fmt: skip
QUESTION_ID = _parameter(
    "question_id",
    "Its number.",
    type={"type": "integer", "minimum": 1, "maximum": 2**31},
    location=OpenApiParameter.PATH,
)
WORDS = {"type": "string", "description": "At most 1,000 characters, without names and identity numbers."}
QUESTIONS = _described(
    "questions",
    200,
    record(results=listing(THREAD), **PAGE),
    _parameter("centre", "Codes of your centres.", many=True, explode=False),
    _parameter("state", "open, closed.", many=True, explode=False),
    _parameter("waits_for", "clinic, steward.", many=True, explode=False),
    _parameter("infusion", "The id of a row.", type=UUID),
    _parameter("limit", "Questions of a page, 1 to 200; else 100.", type=int),
    _parameter("cursor", "Follow next and previous as they were given."),
    refuses=(403,),
    examples=(_given({"results": [THREAD_EXAMPLE], "next": None, "previous": None}, 200),),
)
ASK = _described(
    "questions-ask",
    201,
    THREAD,
    _header("Location", "Address of the question.", response=[201]),
    refuses=(403, 413, 415, 503),
    request={
        JSON_BODY: {
            "type": "object",
            "properties": {
                "infusion": TEXT_OR_NULL | {"description": "The row that it is about."},
                "centre": TEXT_OR_NULL | {"description": "Without a row: for which of several centres."},
                "text": WORDS,
            },
            "required": ["text"],
            "additionalProperties": False,
        }
    },
    examples=(_sent({"infusion": EXAMPLE["id"], "text": "Which was the first?"}), _given(THREAD_EXAMPLE, 201)),
)
QUESTION = _described(
    "question", 200, THREAD, QUESTION_ID, refuses=(404,), examples=(_given(THREAD_EXAMPLE, 200),)
)
WRITE = _described(
    "question-write",
    201,
    THREAD,
    QUESTION_ID,
    refuses=(403, 404, 409, 413, 415, 503),
    request={JSON_BODY: record(text=WORDS)},
    examples=(_sent({"text": "Yours."}), _given(THREAD_EXAMPLE, 201)),
)
CLOSE = _described("question-close", 200, THREAD, QUESTION_ID, refuses=(403, 404, 409, 503))
READ = _described("infusion", 200, INFUSION, INFUSION_ID, ETAG, refuses=(404,), examples=(_given(EXAMPLE, 200),))
WRITING = (403, 404, 409, 412, 413, 415, 428, 503)
CORRECT = _described(
    "infusion-correct",
    200,
    INFUSION,
    INFUSION_ID,
    IF_MATCH,
    ETAG,
    refuses=WRITING,
    request={JSON_BODY: CHANGES},
    examples=(
        _sent({"product": "Breyanzi", "reason": "Typing error"}),
        _given(EXAMPLE | {"product": "Breyanzi", "version": 840}, 200),
    ),
)
WITHDRAW = _described(
    "infusion-withdraw",
    204,
    None,
    INFUSION_ID,
    IF_MATCH,
    refuses=WRITING,
    request={JSON_BODY: record(reason=REASON)},
    examples=(_sent({"reason": "Recorded twice"}),),
)
HISTORY = _described(
    "infusion-history",
    200,
    record(results=listing(HISTORY_ROW), **PAGE),
    INFUSION_ID,
    refuses=(404,),
    examples=(
        _given(
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
    ),
)  # fmt: skip
UPLOAD = _described(
    "imports-upload",
    202,
    JOB,
    _header("Location", "Address of the job.", response=[202]),
    refuses=(403, 413, 415),
    request={
        "multipart/form-data": {
            "type": "object",
            "properties": {
                "file": {"type": "string", "format": "binary", "description": "CSV or XLSX."},
                "centre": {"type": "string", "description": "The only centre allowed, and the column's default."},
                "dry_run": {"type": "boolean", "description": "Check only."},
            },
            "required": ["file"],
        }
    },
)
JOB_STATE = _described("import", 200, JOB, _key("job_id"), refuses=(404,))
ME = _described("me", 200, CALLER)
