"""Referrals to the registry's steward through the API: infusions refused as known_elsewhere."""

from http import HTTPStatus
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from api.records.authentication import Caller
from api.records.base import SignedInView, read_body, read_id, require_writer
from api.records.infusion_body import find_named, read_row
from api.records.openapi import referrals as schema
from registry.access import Permission, centres_where
from registry.choices import ReferralState
from registry.entry.infusions.columns import COLUMNS
from registry.entry.infusions.row_reader import CodeLists
from registry.entry.questions.referrals import find_referral, send_referral, take_back
from registry.errors import NotPermitted
from registry.models import Referral

MESSAGE = "message"
FIELDS = (*COLUMNS, "patient", MESSAGE)


class ReferralsView(SignedInView):
    """Referrals to the registry's steward."""

    words = MESSAGE

    @extend_schema(**schema.REFER)
    def post(self, request: Caller) -> Response:
        require_writer(request.user)
        body, lists = read_body(request, FIELDS), CodeLists(request.user)
        patient = find_named(body, request.user, lists)
        row = {name: str(body[name]) for name in COLUMNS if body.get(name) is not None}
        stated = read_row(row, lists, person_known=bool(body.get("patient")))
        message = str(body.get(MESSAGE) or "")
        referral = send_referral(stated=stated, by=request.user, patient=patient, message=message)
        address = reverse("api:referral", kwargs={"referral_id": referral.pk})
        return Response(describe(referral), status=HTTPStatus.CREATED, headers={"Location": address})


class ReferralView(SignedInView):
    """One referral."""

    @extend_schema(**schema.REFERRAL_STATE)
    def get(self, request: Caller, referral_id: str) -> Response:
        return Response(describe(find_referral(referral_id=read_id(referral_id), by=request.user)))

    @extend_schema(**schema.TAKE_BACK)
    def delete(self, request: Caller, referral_id: str) -> Response:
        key, user = read_id(referral_id), request.user
        if find_referral(referral_id=key, by=user).centre_id not in centres_where(user, Permission.WRITE_RECORDS):
            raise NotPermitted
        take_back(referral_id=key, by=user)
        return Response(status=HTTPStatus.NO_CONTENT)


def describe(referral: Referral) -> dict[str, Any]:
    """A referral as JSON, without its content."""
    return {
        "id": str(referral.pk),
        "centre": referral.centre.code,
        "state": referral.state,
        "sent_at": referral.sent_at.isoformat(),
        "settled_at": referral.settled_at.isoformat() if referral.settled_at else None,
        "kept_until": referral.kept_until.isoformat() if referral.state == ReferralState.OPEN else None,
        "infusion": str(referral.infusion_id) if referral.infusion_id else None,
        "question": referral.question.pk,
    }
