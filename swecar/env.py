"""Reading environment variables. A missing or wrong one stops the start with a sentence."""

import base64
import binascii
import re
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from swecar.variables import EnvironmentProblem, read_variable

SMALLEST_KEY = 32  # bytes; HMAC-SHA-256 gains nothing from more and loses from fewer (RFC 2104)


def text(name: str, *, default: str | None = None, hint: str = "") -> str:
    """The variable; it must be set if there is no default."""
    value = read_variable(name, default or "")
    if not value and default is None:
        raise EnvironmentProblem(f"{name} is not set. {hint}".strip())
    return value


def flag(name: str) -> bool:
    """True for `1` or `true`; False for `0`, `false` or unset."""
    value = read_variable(name, "").lower()
    if value not in {"", "0", "1", "false", "true"}:
        raise EnvironmentProblem(f"{name} is {value!r}. Write 1 or 0.")
    return value in {"1", "true"}


def whole_number(name: str, *, default: int, least: int = 1) -> int:
    """A whole number of at least `least`."""
    value = read_variable(name, str(default))
    if not (value.isascii() and value.isdecimal()) or int(value) < least:
        raise EnvironmentProblem(f"{name} is {value!r}. Write a whole number from {least}.")
    return int(value)


def choice(name: str, *, of: tuple[str, ...]) -> str:
    """One of the words; the first if unset."""
    value = read_variable(name) or of[0]
    if value not in of:
        raise EnvironmentProblem(f"{name} is {value!r}. Write {' or '.join(of)}.")
    return value


def words(name: str, *, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in read_variable(name, default).split(",") if word.strip()]


def database(name: str) -> dict[str, Any]:
    """Django's settings for a URL `postgresql://user:password@host:port/name?option=value`."""
    hint = (
        "Write postgresql://user:password@host:port/name, or put `manage.py serve_embedded --` before the command."
    )
    url = text(name, hint=hint)
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        # The URL must not reach a log, since it holds a password.
        raise EnvironmentProblem(f"{name}: the host or the port cannot be read. {hint}") from None
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise EnvironmentProblem(f"{name} is not the URL of a PostgreSQL database.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(port or ""),
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def identity_keys(name: str) -> dict[str, bytes]:
    """The keys of `id:base64,id:base64` in the order written; the first is the current one."""
    hint = "Write id:key; `openssl rand -base64 32` makes a key."
    keys: dict[str, bytes] = {}
    for entry in text(name, hint=hint).split(","):
        key_id, _, encoded = entry.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if not key_id or key_id in keys or len(key) < SMALLEST_KEY:
            # The key must not reach a log, so the entry is named by its number.
            raise EnvironmentProblem(f"{name}: entry {len(keys) + 1} is not usable. {hint}")
        keys[key_id] = key
    return keys


def disclosure(name: str) -> str:
    """The disclosure policy: `exact`, or `threshold:N` to withhold numbers of fewer than N persons."""
    value = read_variable(name, "exact")
    if value != "exact" and not re.fullmatch(r"threshold:([2-9]|[1-9][0-9]{1,2})", value, re.ASCII):
        raise EnvironmentProblem(
            f"{name} is {value!r}: write `exact`, or `threshold:5` for another number of 2 to 999 persons. "
            "Nothing starts, so that nothing is published against the policy."
        )
    return value
