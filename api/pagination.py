"""Cursor pagination, latest first: new rows do not shift the pages."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from api.errors import Refused
from api.parameters import Parameters

MOST = 200
USUAL = 100
NEXT, PREVIOUS = "n", "p"


@dataclass(frozen=True)
class Order:
    """The fields that order a list, and their encoding in a cursor."""

    fields: tuple[str, ...]
    pattern: str
    readers: tuple[Callable[[str], Any], ...]

    def write(self, direction: str, row: Any) -> str:
        """A cursor after or before a row."""
        values = [getattr(row, field) for field in self.fields]
        text = direction + "".join(value.hex if isinstance(value, UUID) else str(value) for value in values)
        return urlsafe_b64encode(text.encode()).decode()

    def read(self, text: str) -> tuple[str, tuple]:
        """Decode a cursor: the direction and the row's values. Raises Refused."""
        try:
            written = urlsafe_b64decode(text).decode("ascii")
            match = re.fullmatch(rf"([{NEXT}{PREVIOUS}]){self.pattern}", written, re.ASCII)
            if match is None:
                raise ValueError
            direction, *values = match.groups()
            return direction, tuple(read(value) for read, value in zip(self.readers, values, strict=True))
        except ValueError:
            sentence = "cursor: follow next and previous as they were given."
            raise Refused("cursor_invalid", sentence, parameter="cursor") from None

    def beyond(self, direction: str, values: tuple) -> Q:
        """A condition for the rows on that side of a row with these values."""
        side, found, same = "gt" if direction == PREVIOUS else "lt", Q(), Q()
        for field, value in zip(self.fields, values, strict=True):
            found |= same & Q(**{f"{field}__{side}": value})
            same &= Q(**{field: value})
        return found


BY_DAY = Order(("infused_on", "id"), r"(\d{4}-\d{2}-\d{2})([0-9a-f]{32})", (date.fromisoformat, UUID))
BY_INSTANT = Order(
    ("asked_at", "id"),
    r"(\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(?:\.\d{6})?\+00:00)(\d{1,18})",
    (datetime.fromisoformat, int),
)
BY_NUMBER = Order(("number",), r"(\d{1,9})", (int,))
BY_VERSION = Order(("version",), r"(\d{1,9})", (int,))
BY_ID = Order(("id",), r"(\d{1,18})", (int,))


def name_page(request: HttpRequest) -> str:
    """What the addresses of a page depend on, for the key of a cached response."""
    return request.build_absolute_uri()


def read_page(
    rows: QuerySet, request: HttpRequest, parameters: Parameters, *, order: Order = BY_DAY
) -> dict[str, Any]:
    """A page: results (rows), next and previous (URLs, or None)."""
    limit = _read_limit(parameters)
    text, direction = parameters.values.get("cursor"), ""
    if text is not None:
        direction, values = order.read(text)
        rows = rows.filter(order.beyond(direction, values))
    sign = "" if direction == PREVIOUS else "-"
    found = list(rows.order_by(*(f"{sign}{field}" for field in order.fields))[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    if direction == PREVIOUS:
        found.reverse()
    has_next, has_previous = (True, more) if direction == PREVIOUS else (more, text is not None)

    return _as_page(found, request, parameters, order, has_next=has_next, has_previous=has_previous)


def cut_page(rows: Sequence, request: HttpRequest, parameters: Parameters) -> dict[str, Any]:
    """A page of versions that are read already, the first first; they are counted from 1."""
    limit = _read_limit(parameters)
    text = parameters.values.get("cursor")
    direction, [value] = BY_VERSION.read(text) if text is not None else (NEXT, [0])
    if direction == NEXT:
        beyond = [row for row in rows if row.version > value]
        found, has_next, has_previous = beyond[:limit], len(beyond) > limit, text is not None
    else:
        beyond = [row for row in rows if row.version < value]
        found, has_next, has_previous = beyond[-limit:], True, len(beyond) > limit
    return _as_page(found, request, parameters, BY_VERSION, has_next=has_next, has_previous=has_previous)


def _read_limit(parameters: Parameters) -> int:
    limit = parameters.number("limit")
    if limit is None:
        return USUAL
    if not 1 <= limit <= MOST:
        raise Refused("unknown_value", f"limit: write a number from 1 to {MOST}.", parameter="limit")
    return limit


def _as_page(
    found: Sequence,
    request: HttpRequest,
    parameters: Parameters,
    order: Order,
    *,
    has_next: bool,
    has_previous: bool,
) -> dict[str, Any]:
    """The rows, and the addresses of the pages on either side."""

    def address(direction: str, row: Any) -> str:
        cursor = order.write(direction, row)
        return request.build_absolute_uri(f"{request.path}?{urlencode(parameters.values | {'cursor': cursor})}")

    return {
        "results": found,
        "next": address(NEXT, found[-1]) if has_next and found else None,
        "previous": address(PREVIOUS, found[0]) if has_previous and found else None,
    }
