"""Referrals of the signed-in API, as OpenAPI."""

from api.openapi import INSTANT, TEXT, TEXT_OR_NULL, named, record
from api.records.openapi.infusions import NEW, SENT_EXAMPLE
from api.records.openapi.parts import JSON_BODY, UUID, described, given, header, key, sent
from registry.choices import ReferralState

SENT_REFERRAL = named(
    "Referral",
    record(
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
        infusion={
            "type": ["string", "null"],
            "format": "uuid",
            "description": "The stored one, once it is released.",
        },
        question={"type": "integer", "description": "Its thread, at `questions`."},
    ),
)
REFERRED = NEW | {
    "title": "NewReferral",
    "properties": {
        **{
            name: value
            for name, value in NEW["properties"].items()
            if name not in {"former_first_becomes", "confirmed"}
        },
        "message": TEXT_OR_NULL
        | {"description": "To the registry's steward, without names and identity numbers."},
    },
}
REFERRAL_EXAMPLE = {
    "id": "0d7f4f6e-5d0c-4a54-8b42-0d2f3c1c6c55", "centre": "UPP", "state": "open",
    "sent_at": "2025-03-12T09:14:03.120000+00:00", "settled_at": None, "kept_until": "2025-06-10",
    "infusion": None, "question": 71,
}  # fmt: skip
REFER = described(
    "referrals-send",
    201,
    SENT_REFERRAL,
    header("Location", "Address of the referral.", response=[201]),
    refuses=(403, 409, 413, 415, 422, 429, 503),
    request={JSON_BODY: REFERRED},
    examples=(sent(SENT_EXAMPLE | {"message": "Our journal says 2020."}), given(REFERRAL_EXAMPLE, 201)),
    description="Send an infusion to the registry's steward; the same one sent again is the same referral.",
)
REFERRAL_STATE = described(
    "referral",
    200,
    SENT_REFERRAL,
    key("referral_id"),
    refuses=(404,),
    examples=(given(REFERRAL_EXAMPLE, 200),),
    description="The referral's state, and the infusion once it is released.",
)
TAKE_BACK = described(
    "referral-take-back",
    204,
    None,
    key("referral_id"),
    refuses=(403, 404, 409, 415, 503),
    description="Take an open referral back: what was sent is erased.",
)
