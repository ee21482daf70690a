"""Questions through the API, between a clinic and the registry's steward: asking, reading, answering, closing."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from api.pagination import BY_INSTANT, read_page
from api.parameters import Parameters, unknown_value
from api.records.authentication import Caller
from api.records.base import BodyInvalid, SignedInView, read_body, read_centres, read_id, require_writer
from api.records.openapi import questions as schema
from registry.access import Permission, centres_where
from registry.choices import Side
from registry.entry.questions import questions as entry
from registry.entry.questions.question_list import log_questions_shown, read_all, read_messages
from registry.errors import NotFound, NotPermitted, Problem
from registry.models import Centre, Question, User
from registry.models.question_queryset import QuestionQuerySet

TEXT = "text"
FIELDS = ("infusion", "centre", TEXT)
OPEN, CLOSED = "open", "closed"


class QuestionsView(SignedInView):
    """Questions between the caller's centres and the registry's steward."""

    words = TEXT
    allowed = ("centre", "state", "waits_for", "infusion", "cursor", "limit")

    @extend_schema(**schema.QUESTIONS)
    def get(self, request: Caller) -> Response:
        user: User = request.user
        if not centres_where(user, Permission.READ_RECORDS):
            raise NotPermitted
        found = _filter(read_all(by=user), user, self.parameters)
        page = read_page(found, request, self.parameters, order=BY_INSTANT)
        log_questions_shown(by=user, questions=page["results"])
        return Response(page | {"results": [describe(question) for question in page["results"]]})

    @extend_schema(**schema.ASK)
    def post(self, request: Caller) -> Response:
        user: User = request.user
        require_writer(user)
        body = read_body(request, FIELDS)
        text, infusion = str(body.get(TEXT) or ""), body.get("infusion")
        if infusion and body.get("centre"):
            raise _invalid("centre", "about_both", "The infusion says the centre: leave this field out.")
        if infusion:
            try:
                asked = entry.ask(infusion_id=read_id(str(infusion)), text=text, by=user, side=Side.CLINIC)
            except NotFound:
                sentence = "Your centres have no infusion with this id."
                raise _invalid("infusion", "unknown_infusion", sentence) from None
        else:
            asked = entry.ask_steward(centre=_find_centre(body.get("centre"), user), text=text, by=user)
        address = reverse("api:question", kwargs={"question_id": asked.pk})
        return Response(_show(asked.pk, user), status=HTTPStatus.CREATED, headers={"Location": address})


class QuestionView(SignedInView):
    """One question."""

    @extend_schema(**schema.QUESTION)
    def get(self, request: Caller, question_id: str) -> Response:
        return Response(_show(_read_key(question_id), request.user))


class MessagesView(SignedInView):
    """The texts of one question."""

    words = TEXT

    @extend_schema(**schema.WRITE)
    def post(self, request: Caller, question_id: str) -> Response:
        key, user = _read_key(question_id), request.user
        text = str(read_body(request, (TEXT,)).get(TEXT) or "")
        entry.write(question_id=key, text=text, by=user)
        return Response(_show(key, user), status=HTTPStatus.CREATED)


class CloseView(SignedInView):
    """Closing a question."""

    @extend_schema(**schema.CLOSE)
    def post(self, request: Caller, question_id: str) -> Response:
        key, user = _read_key(question_id), request.user
        entry.close(question_id=key, by=user)
        return Response(_show(key, user))


def describe(question: Question) -> dict[str, Any]:
    """A question as JSON, with all its texts."""
    written = read_messages(question)
    return {
        "id": question.pk,
        "centre": question.asked_at_centre.code,
        "infusion": str(question.infusion_id) if question.infusion_id else None,
        "referral": str(question.referral_id) if question.referral_id else None,
        "asks": question.asks,
        "rule": question.rule or None,
        "waits_for": None if question.closed_at else question.waits_for,
        "asked_at": question.asked_at.isoformat(),
        "closed_at": question.closed_at.isoformat() if question.closed_at else None,
        "closed_by": question.closed_by or None,
        "messages": [
            {"side": text.side, "by": text.by or None, "at": text.at.isoformat(), "text": text.text}
            for text in written
        ],
    }


def _show(key: int, user: User) -> dict[str, Any]:
    question = entry.find_question(question_id=key, by=user)
    log_questions_shown(by=user, questions=[question])
    return describe(question)


def _read_key(text: str) -> int:
    """The number of a question. Raises NotFound if it is not a number."""
    if not (text.isascii() and text.isdecimal() and len(text) < len(str(2**63))):
        raise NotFound
    return int(text)


def _filter(found: QuestionQuerySet, user: User, parameters: Parameters) -> QuestionQuerySet:
    if centres := read_centres(user, parameters):
        found = found.at(centres)
    if states := parameters.choose("state", [OPEN, CLOSED]):
        found = found if len(states) > 1 else found.filter(closed_at__isnull=states[0] == OPEN)
    if sides := parameters.choose("waits_for", Side.values):
        found = found.unclosed().filter(waits_for__in=sides)
    if (infusion := parameters.values.get("infusion")) is not None:
        try:
            found = found.filter(infusion=UUID(infusion))
        except ValueError:
            raise unknown_value("infusion", "…", "the id of an infusion") from None
    return found


def _find_centre(code: object, user: User) -> Centre:
    """The centre that asks; by default the caller's only centre. Raises BodyInvalid."""
    writable = Centre.objects.visible_to(user, Permission.WRITE_RECORDS).order_by("code")
    centres = {centre.code: centre for centre in writable}
    if code:
        if found := centres.get(str(code).strip().upper()):
            return found
        raise _invalid("centre", "unknown_centre", "The value is not in the registry's list.")
    if len(centres) > 1:
        raise _invalid("centre", "missing", "Write for which of your centres, or the infusion that it is about.")
    return next(iter(centres.values()))


def _invalid(field: str, code: str, sentence: str) -> BodyInvalid:
    return BodyInvalid([Problem(field, code, sentence)])
