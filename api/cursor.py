"""Pages of infusions by cursor, the latest first: what is stored meanwhile shifts nothing."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet
from rest_framework.request import Request

from api.errors import Refused
from api.questions import Parameters

MOST = 200
USUAL = 100
NEXT, PREVIOUS = "n", "p"
CURSOR = re.compile(rf"([{NEXT}{PREVIOUS}])(\d{{4}}-\d{{2}}-\d{{2}})([0-9a-f]{{32}})", re.ASCII)


@dataclass(frozen=True)
class Cursor:
    """After which row a page begins, or before which it ends."""

    direction: str
    infused_on: date
    key: UUID

    def write(self) -> str:
        """As it stands in an address."""
        return urlsafe_b64encode(f"{self.direction}{self.infused_on}{self.key.hex}".encode()).decode()


def read_cursor(text: str) -> Cursor:
    """Raises Refused."""
    try:
        match = CURSOR.fullmatch(urlsafe_b64decode(text).decode("ascii"))
        if match is None:
            raise ValueError
        return Cursor(match[1], date.fromisoformat(match[2]), UUID(match[3]))
    except ValueError:
        sentence = "cursor: follow next and previous as they were given."
        raise Refused("cursor_invalid", sentence, parameter="cursor") from None


def read_page(rows: QuerySet, request: Request, parameters: Parameters) -> dict[str, Any]:
    """results (as rows), next and previous (addresses, or None) of a page."""
    limit = parameters.number("limit")
    if limit is None:
        limit = USUAL
    if not 1 <= limit <= MOST:
        raise Refused("unknown_value", f"limit: write a number from 1 to {MOST}.", parameter="limit")
    text = parameters.values.get("cursor")
    cursor = None if text is None else read_cursor(text)
    backwards = cursor is not None and cursor.direction == PREVIOUS
    if cursor:
        rows = rows.filter(_beyond(cursor))
    found = list(rows.order_by(*(("infused_on", "id") if backwards else ("-infused_on", "-id")))[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
    has_next, has_previous = (True, more) if backwards else (more, cursor is not None)
    return {
        "results": found,
        "next": _address(request, parameters, NEXT, found[-1]) if has_next and found else None,
        "previous": _address(request, parameters, PREVIOUS, found[0]) if has_previous and found else None,
    }


def _beyond(cursor: Cursor) -> Q:
    side = "gt" if cursor.direction == PREVIOUS else "lt"
    later = {f"infused_on__{side}": cursor.infused_on}
    same_day = {"infused_on": cursor.infused_on, f"id__{side}": cursor.key}
    return Q(**later) | Q(**same_day)


def _address(request: Request, parameters: Parameters, direction: str, row: Any) -> str:
    cursor = Cursor(direction, row.infused_on, row.pk).write()
    return request.build_absolute_uri(f"{request.path}?{urlencode(parameters.values | {'cursor': cursor})}")
