"""Infusions through the API: listing, registering, correcting, withdrawing, with the exchange file's columns."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.cache import get_conditional_response
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from api.pagination import cut_page, read_page
from api.parameters import Parameters, unknown_value
from api.records.authentication import Caller
from api.records.base import (
    SignedInView,
    etag_of,
    read_body,
    read_centres,
    read_id,
    read_idempotency_key,
    read_if_match,
    read_reason,
    require_writer,
)
from api.records.infusion_body import (
    CONFIRMED,
    CORRECTED,
    WRITTEN_ONCE,
    find_named,
    read_correction,
    read_former_first,
    read_row,
    text_of,
)
from api.records.openapi import infusions as schema
from registry.access import Permission, acting_as, centres_where
from registry.choices import AccessAction, Category, Status
from registry.entry.idempotency import StoredResponse, respond_once
from registry.entry.infusions.columns import COLUMNS, RELATED
from registry.entry.infusions.kept_lists import last_lists, read_lists
from registry.entry.infusions.proposal import propose
from registry.entry.infusions.record import correct_infusion, record_infusion, withdraw_infusion
from registry.entry.infusions.row_reader import CodeLists
from registry.entry.infusions.terms import read_changes, terms_of
from registry.entry.infusions.visible_course import read_sex, sex_shown_to
from registry.entry.patients.search import read_registry_number
from registry.errors import ChangedMeanwhile, KnownElsewhere, NotFound, NotPermitted, RegistryError
from registry.models import Infusion, Patient, User
from registry.models.access_log import log_infusions
from swecar.counts import count


class NotSubmitted(RegistryError):
    sentence = "The infusion is withdrawn and can no longer be changed. If that was a mistake, register it again."
    code = "not_submitted"


class InfusionsView(SignedInView):
    """The infusions of the caller's centres."""

    settled_at = "api:referrals"
    allowed = ("centre", "category", "status", "patient", "from", "to", "cursor", "limit")

    @extend_schema(**schema.LIST)
    def get(self, request: Caller) -> Response:
        user: User = request.user
        with acting_as(user):
            page = read_page(_filter(_list_shown(user), user, self.parameters), request, self.parameters)
            log_infusions(by=user, action=AccessAction.READ, infusions=page["results"], detail="API")
        return Response(page | {"results": [terms_of(infusion) for infusion in page["results"]]})

    @extend_schema(**schema.CREATE)
    def post(self, request: Caller) -> Response:
        user: User = request.user
        require_writer(user)
        body, key = read_body(request, WRITTEN_ONCE), read_idempotency_key(request)
        lists = CodeLists(user, kept=last_lists())
        try:
            return self._enter(request, body, key, lists)
        except RegistryError:
            if lists.kept is read_lists():
                raise
            # One has changed since this process read them.
            return self._enter(request, body, key, CodeLists(user))

    def _enter(self, request: Caller, body: Mapping[str, Any], key: str, lists: CodeLists) -> Response:
        user: User = request.user
        patient = find_named(body, user, lists)  # first, so that a refused request counts as a look-up too
        if key:
            sent = json.dumps([request.path, body], sort_keys=True).encode()
            response = respond_once(
                key=key, request=sent, by=user, work=lambda: _record(body, user, lists, patient)
            )
        else:
            response = StoredResponse(*_record(body, user, lists, patient))
        if not response.repeated:
            count("entries", "api")
        if response.repeated:  # only if the caller may still see the row
            _read(response.body["id"], user)
        headers = {"Location": reverse("api:infusion", kwargs={"infusion_id": response.body["id"]})}
        headers["ETag"] = etag_of(response.body["version"])
        if response.repeated:
            headers["Idempotency-Replayed"] = "true"
        return Response(response.body, status=response.status, headers=headers)


class InfusionView(SignedInView):
    """One infusion of the caller's centres."""

    @extend_schema(**schema.READ)
    def get(self, request: Caller, infusion_id: str):
        infusion = _read(infusion_id, request.user)
        response = _show(infusion)
        if "HTTP_IF_NONE_MATCH" in request.META:
            return get_conditional_response(request._request, etag=response["ETag"], response=response)
        return response

    @extend_schema(**schema.CORRECT)
    def patch(self, request: Caller, infusion_id: str) -> Response:
        user: User = request.user
        infusion = _find_writable(infusion_id, request)
        body = read_body(request, (*CORRECTED, "reason"))
        reason = read_reason(body)
        del body["reason"]
        changes = read_correction(infusion, body, user)
        try:
            correct_infusion(
                infusion_id=infusion.pk, changes=changes, by=user, reason=reason, version=infusion.version
            )
        except NotFound:
            raise ChangedMeanwhile from None  # withdrawn before the lock was taken
        return _show(_find(infusion_id, user))

    @extend_schema(**schema.WITHDRAW)
    def delete(self, request: Caller, infusion_id: str) -> Response:
        infusion = _find_writable(infusion_id, request)
        reason = read_reason(read_body(request, ("reason",)))
        try:
            withdraw_infusion(infusion_id=infusion.pk, by=request.user, reason=reason, version=infusion.version)
        except NotFound:
            raise ChangedMeanwhile from None
        return Response(status=204)


class HistoryView(SignedInView):
    """The history of one infusion."""

    allowed = ("limit", "cursor")

    @extend_schema(**schema.HISTORY)
    def get(self, request: Caller, infusion_id: str) -> Response:
        """The changes, the oldest first, by cursor."""
        changes = read_changes(_read(infusion_id, request.user, detail="API: history"))
        page = cut_page(changes, request, self.parameters)
        results = [
            {
                "version": change.version,
                "at": change.at.isoformat(),
                "by": change.by,
                "action": change.action,
                "reason": change.reason,
                "changes": [
                    {"field": name, "before": before, "after": after}
                    for name, (before, after) in change.fields.items()
                ],
            }
            for change in page["results"]
        ]
        return Response(page | {"results": results})


def _list_shown(user: User) -> QuerySet:
    """The infusions that a user may see, with all that the response includes."""
    shown = sex_shown_to(user, patient="patient")
    return Infusion.objects.visible_to(user).with_version().annotate(sex_shown=shown).select_related(*RELATED)


def _find(infusion_id: str, user: User) -> Any:
    """An infusion with its version, not logged: for callers that do not show it, or have logged it already.

    Raises NotFound, also for another centre's infusion and an invalid id.
    """
    infusion = _list_shown(user).filter(pk=read_id(infusion_id)).first()
    if infusion is None:
        raise NotFound
    return infusion


def _read(infusion_id: str, user: User, *, detail: str = "API") -> Any:
    """An infusion to show; reading it is logged. Raises NotFound."""
    with acting_as(user):
        infusion = _find(infusion_id, user)
        log_infusions(by=user, action=AccessAction.READ, infusions=[infusion], detail=detail)
    return infusion


def _find_writable(infusion_id: str, request: Caller) -> Any:
    """A submitted infusion that the caller may change and whose version matches If-Match.

    Raises NotFound, NotPermitted for a caller who may only read it, ChangedMeanwhile, NotSubmitted.
    """
    infusion = _find(infusion_id, request.user)
    if infusion.centre_id not in centres_where(request.user, Permission.WRITE_RECORDS):
        raise NotPermitted
    read_if_match(request, infusion.version)
    if infusion.status != Status.SUBMITTED:
        raise NotSubmitted
    return infusion


def _show(infusion: Any) -> Response:
    return Response(terms_of(infusion), headers={"ETag": etag_of(infusion.version)})


def _filter(rows: QuerySet, user: User, parameters: Parameters) -> QuerySet:
    """Apply the query parameters."""
    if centres := read_centres(user, parameters):
        rows = rows.filter(centre__in=centres)
    if categories := parameters.choose("category", Category.values):
        rows = rows.filter(category__in=categories)
    if statuses := parameters.choose("status", [Status.SUBMITTED.value, Status.WITHDRAWN.value]):
        rows = rows.filter(status__in=statuses)
    if (patient := parameters.values.get("patient")) is not None:
        number = read_registry_number(patient)
        if number is None:
            raise unknown_value("patient", "…", "a registry number")
        rows = rows.filter(patient__registry_number=number)
    for name, lookup in (("from", "gte"), ("to", "lte")):
        day: date | None = parameters.day(name)
        if day:
            rows = rows.filter(**{f"infused_on__{lookup}": day})
    return rows


def _record(
    body: Mapping[str, Any], user: User, lists: CodeLists, patient: Patient | None
) -> tuple[int, dict[str, Any]]:
    """Store a new infusion; the response's status and body. Raises InfusionRefused and its children."""
    former_first_becomes, confirmed = read_former_first(body), text_of(body, CONFIRMED)
    row, by_number = {name: text_of(body, name) for name in COLUMNS}, bool(text_of(body, "patient"))
    stated = read_row(row, lists, person_known=by_number)
    found = propose(
        stated=stated, by=user, patient=patient, former_first_becomes=former_first_becomes, lists=lists.kept
    )
    if found.question and found.question.code == KnownElsewhere.code:
        raise KnownElsewhere  # before the person's lock, since waiting for another centre would reveal it
    infusion = record_infusion(
        stated=stated,
        by=user,
        patient=patient if by_number else None,
        former_first_becomes=former_first_becomes,
        confirmed=[code.strip() for code in confirmed.split(",")],
        expect_new=patient is None,
        read_by=lists.kept,
    )
    stored: Any = infusion
    stored.version = 1
    stored.sex_shown = read_sex(infusion.patient, user, stated=stated.identifier)
    warnings = [
        {"field": problem.field, "code": problem.code, "detail": str(problem.sentence)}
        for problem in found.warnings
    ]
    return 201, terms_of(stored) | {"warnings": warnings}
