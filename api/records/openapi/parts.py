"""What descriptions of the signed-in API are made of."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter

from api.openapi import PROBLEM, parameter

UUID = {"type": "string", "format": "uuid"}
UUID_OR_NULL = {"type": ["string", "null"], "format": "uuid"}
INSTANT_OR_NULL = {"type": ["string", "null"], "format": "date-time"}
JSON_BODY = "application/json"


def sent(value: dict) -> OpenApiExample:
    return OpenApiExample("Request", value=value, request_only=True)


def given(value: dict, status: int) -> OpenApiExample:
    return OpenApiExample("Response", value=value, response_only=True, status_codes=[str(status)])


def header(name: str, meaning: str, **more) -> OpenApiParameter:
    return parameter(name, meaning, location=OpenApiParameter.HEADER, **more)


def key(name: str) -> OpenApiParameter:
    return parameter(name, "A UUID.", type=UUID, location=OpenApiParameter.PATH)


def described(
    operation: str,
    status: int,
    shape: dict | None,
    *parameters: OpenApiParameter,
    description: str,
    refuses: tuple[int, ...] = (),
    request: dict | None = None,
    examples: tuple[OpenApiExample, ...] = (),
) -> dict[str, Any]:
    """Arguments of extend_schema for one address and method."""
    response: dict = {(status, "application/json"): shape} if shape else {status: None}
    refused = {(code, "application/problem+json"): PROBLEM for code in sorted({400, 401, 503, *refuses})}
    return {
        "operation_id": operation,
        "description": description,
        "parameters": list(parameters),
        "request": request,
        "responses": response | refused,
        "examples": list(examples),
        "tags": ["signed in"],
    }
