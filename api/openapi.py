"""Shapes that both sides of the API describe themselves with (OpenAPI 3.1)."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter

from api.pagination import MOST, USUAL
from registry.choices import Category

WHOLE = {"type": "integer", "minimum": 0}


TEXT = {"type": "string"}


TEXT_OR_NULL = {"type": ["string", "null"]}


DAY = {"type": "string", "format": "date"}


DAY_OR_NULL = {"type": ["string", "null"], "format": "date"}


INSTANT = {"type": "string", "format": "date-time"}


FIRST = {
    "type": ["string", "null"],
    "pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$",
    "description": "In its own precision; null where nothing is counted.",
}


ADDRESS_OR_NULL = {"type": ["string", "null"], "format": "uri"}


# The part of a page of a list that leads to the others.
PAGE: dict[str, Any] = {"next": ADDRESS_OR_NULL, "previous": ADDRESS_OR_NULL}


def record(optional: dict | None = None, **properties: dict) -> dict:
    """An object with all these properties, and the optional ones where they apply."""
    return {
        "type": "object",
        "properties": properties | (optional or {}),
        "required": list(properties),
        "additionalProperties": False,
    }


def named(name: str, shape: dict) -> dict:
    """A shape under a name, by which the description lists it once and a generated client calls it."""
    return shape | {"title": name}


def listing(items: dict) -> dict:
    """An array."""
    return {"type": "array", "items": items}


CATEGORY_CODE = {"type": "string", "enum": Category.values}


FIELD_ERROR = named("FieldError", record(field=TEXT, code=TEXT, detail=TEXT))


PROBLEM = named(
    "Problem",
    record(
        {
            "detail": TEXT,
            "parameter": TEXT,
            "send_to": TEXT | {"description": "Where to go on: an address of this interface."},
            "errors": listing(FIELD_ERROR),
        },
        type=TEXT,
        title=TEXT,
        status={"type": "integer"},
        code=TEXT,
        instance=TEXT | {"description": "The resource that was asked."},
    ),
)


def parameter(name: str, meaning: str, **more) -> OpenApiParameter:
    return OpenApiParameter(name, more.pop("type", str), description=meaning, **more)


def page_parameters(rows: str) -> tuple[OpenApiParameter, OpenApiParameter]:
    """The parameters of a list by cursor."""
    return (
        parameter(
            "limit",
            f"{rows} of a page, 1 to {MOST}; else {USUAL}.",
            type={"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
        ),
        parameter("cursor", "Follow next and previous as they were given."),
    )
