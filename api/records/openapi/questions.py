"""Questions of the signed-in API, as OpenAPI."""

from drf_spectacular.utils import OpenApiParameter

from api.openapi import INSTANT, PAGE, TEXT, TEXT_OR_NULL, listing, named, page_parameters, parameter, record
from api.records.openapi.infusions import EXAMPLE
from api.records.openapi.parts import (
    INSTANT_OR_NULL,
    JSON_BODY,
    UUID,
    UUID_OR_NULL,
    described,
    given,
    header,
    sent,
)
from registry.choices import Side

SIDE = {"type": "string", "enum": Side.values}
THREAD = named(
    "Question",
    record(
        id={"type": "integer"},
        centre=TEXT,
        infusion=UUID_OR_NULL | {"description": "The row that it is about, if it is about one."},
        referral=UUID_OR_NULL | {"description": "What was sent to the steward, if it is about that."},
        asks=SIDE,
        rule=TEXT_OR_NULL | {"description": "Code of the warning, where a rule asks."},
        waits_for={
            "type": ["string", "null"],
            "enum": [*Side.values, None],
            "description": "Null once it is closed.",
        },
        asked_at=INSTANT,
        closed_at=INSTANT_OR_NULL,
        closed_by=TEXT_OR_NULL,
        messages=listing(named("Message", record(side=SIDE, by=TEXT_OR_NULL, at=INSTANT, text=TEXT))),
    ),
)
THREAD_EXAMPLE = {
    "id": 71, "centre": "UPP", "infusion": EXAMPLE["id"], "referral": None, "asks": "clinic", "rule": None,
    "waits_for": "clinic", "asked_at": "2025-03-12T09:14:03.120000+00:00", "closed_at": None, "closed_by": None,
    "messages": [
        {"side": "clinic", "by": "upp", "at": "2025-03-12T09:14:03.120000+00:00", "text": "Which was the first?"},
        {"side": "steward", "by": "steward", "at": "2025-03-13T08:02:51.004000+00:00", "text": "Yours."},
    ],
}  # fmt: skip
QUESTION_ID = parameter(
    "question_id",
    "Its number.",
    type={"type": "integer", "minimum": 1, "maximum": 2**31},
    location=OpenApiParameter.PATH,
)
WORDS = {"type": "string", "description": "At most 1,000 characters, without names and identity numbers."}
QUESTIONS = described(
    "questions",
    200,
    named("QuestionPage", record(results=listing(THREAD), **PAGE)),
    parameter("centre", "Codes of your centres.", many=True, explode=False),
    parameter("state", "open, closed.", many=True, explode=False),
    parameter("waits_for", "clinic, steward.", many=True, explode=False),
    parameter("infusion", "The id of a row.", type=UUID),
    *page_parameters("Questions"),
    refuses=(403,),
    examples=(given({"results": [THREAD_EXAMPLE], "next": None, "previous": None}, 200),),
    description="Questions of the caller's centres: the latest first, closed ones too, by cursor.",
)
ASK = described(
    "questions-ask",
    201,
    THREAD,
    header("Location", "Address of the question.", response=[201]),
    refuses=(403, 413, 415, 503),
    request={
        JSON_BODY: {
            "title": "NewQuestion",
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
    examples=(sent({"infusion": EXAMPLE["id"], "text": "Which was the first?"}), given(THREAD_EXAMPLE, 201)),
    description="Ask the registry's steward about one of the caller's rows, or about none on behalf of a centre.",
)
QUESTION = described(
    "question",
    200,
    THREAD,
    QUESTION_ID,
    refuses=(404,),
    examples=(given(THREAD_EXAMPLE, 200),),
    description="All that was written in a question, the oldest first.",
)
WRITE = described(
    "question-write",
    201,
    THREAD,
    QUESTION_ID,
    refuses=(403, 404, 409, 413, 415, 503),
    request={JSON_BODY: named("NewMessage", record(text=WORDS))},
    examples=(sent({"text": "Yours."}), given(THREAD_EXAMPLE, 201)),
    description="Answer the question, or write more in it, for the caller's side.",
)
CLOSED_EXAMPLE = THREAD_EXAMPLE | {
    "waits_for": None,
    "closed_at": "2025-03-13T09:00:00.120000+00:00",
    "closed_by": "upp",
}
CLOSE = described(
    "question-close",
    200,
    THREAD,
    QUESTION_ID,
    refuses=(403, 404, 409, 503),
    examples=(given(CLOSED_EXAMPLE, 200),),
    description="Close the question, as the side that asked.",
)
