"""The forms that a setting's text can have. Each takes the text and returns the value, or raises WrongForm."""

import base64
import binascii
import re
from collections.abc import Callable
from datetime import date
from email.utils import parseaddr
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from swecar.keeper.messages import Address, read_address

SMALLEST_KEY = 32  # bytes; HMAC-SHA-256 gains nothing from more and loses from fewer (RFC 2104)
SHORTEST_SECRET, FEWEST_LETTERS = 50, 5  # as Django's own check asks of SECRET_KEY (security.W009)
LARGEST = 10**9
HOST = re.compile(r"(?!-)[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]+\]", re.ASCII)


class WrongForm(Exception):
    """The text has not the form; this one's text says what to write, and nothing of what was written."""


def text(value: str) -> str:
    """One line of text."""
    if not value.isprintable():
        raise WrongForm("Write one line of text.")
    return value


def flag(value: str) -> bool:
    """True for `1` or `true`, False for `0` or `false`."""
    if value.lower() not in {"0", "1", "false", "true"}:
        raise WrongForm("Write 1 or 0.")
    return value.lower() in {"1", "true"}


def number(least: int, most: int = LARGEST) -> Callable[[str], int]:
    """A whole number of at least `least` and at most `most`."""
    upper = f" to {most}" if most < LARGEST else ""

    def read(value: str) -> int:
        if not (value.isascii() and value.isdecimal()) or not least <= int(value) <= most:
            raise WrongForm(f"Write a whole number from {least}{upper}.")
        return int(value)

    return read


def one_of(*words: str) -> Callable[[str], str]:
    """One of the words."""

    def read(value: str) -> str:
        if value not in words:
            raise WrongForm(f"Write {' or '.join(words)}.")
        return value

    return read


def day_of_year(value: str) -> str:
    """A day of any year, `MM-DD`."""
    try:
        day = date.fromisoformat(f"2025-{value}")  # a year without a 29 February
    except ValueError:
        day = None
    if day is None or f"{day:%m-%d}" != value:
        raise WrongForm("Write days as MM-DD, for example 03-01,09-01; not 02-29, which most years lack.")
    return value


def list_of(form: Callable[[str], str]) -> Callable[[str], list[str]]:
    """Texts of a form, separated by commas."""

    def read(value: str) -> list[str]:
        words = [word.strip() for word in value.split(",") if word.strip()]
        for place, word in enumerate(words, 1):
            try:
                form(word)
            except WrongForm as wrong:
                raise WrongForm(f"Entry {place} is not usable. {wrong}") from None
        return words

    return read


def host(value: str) -> str:
    """The name or the address of a machine."""
    if not HOST.fullmatch(value):
        raise WrongForm("Write the name of a host alone, without https:// before it and without a port after it.")
    return value


def site_hosts(value: str) -> list[str]:
    """The host names of the site, at least one; `.region.se` is all names under it, `*` all names."""
    names = list_of(lambda name: name if name == "*" else host(name.removeprefix(".")))(value)
    if not names:
        raise WrongForm("Write the site's host names, separated by commas.")
    return names


def address(value: str) -> str:
    """An e-mail address."""
    try:
        validate_email(value)
    except ValidationError:
        raise WrongForm("Write an e-mail address: name@host.") from None
    return value


def sender(value: str) -> str:
    """An e-mail address, with or without a name: `swecar <registret@region.se>`."""
    address(parseaddr(value)[1] if value.isprintable() and value.endswith(">") else value)
    return value


def https_url(value: str) -> str:
    """The address of a service, by HTTPS."""
    try:
        parts = urlsplit(value)
        fits = parts.scheme == "https" and HOST.fullmatch(parts.hostname or "") and parts.port != 0
    except ValueError:
        fits = False
    if not fits or not value.isprintable() or parts.username is not None or parts.query or parts.fragment:
        raise WrongForm("Write an address: https://host/path.")
    return value


def web_url(value: str) -> str:
    """The address of a service, by HTTP inside one's own network or by HTTPS."""
    if value.startswith("http://"):
        return "http" + https_url(value.replace("http", "https", 1)).removeprefix("https")
    return https_url(value)


def sentry_dsn(value: str) -> str:
    """What Sentry calls a DSN: an address with a key before the host and a project's number at its end."""
    if not re.fullmatch(
        r"https?://[0-9A-Za-z]{8,}@[A-Za-z0-9.-]+(:[0-9]{1,5})?/([A-Za-z0-9_-]+/)*[0-9]+", value, re.ASCII
    ):
        raise WrongForm("Write the DSN that Sentry gives: https://key@host/number.")
    return value


def secret_key(value: str) -> str:
    """Random characters, so many that nobody guesses them."""
    if len(value) < SHORTEST_SECRET or len(set(value)) < FEWEST_LETTERS or value.startswith("django-insecure-"):
        raise WrongForm(
            f"It is too short or too simple. Write {SHORTEST_SECRET} or more random characters; "
            "`openssl rand -hex 32` makes them."
        )
    return value


def identity_keys(value: str) -> dict[str, bytes]:
    """The keys of `id:base64,id:base64` in the order written; the first is the current one."""
    keys: dict[str, bytes] = {}
    for entry in value.split(","):
        key_id, _, encoded = entry.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if not key_id or key_id in keys or len(key) < SMALLEST_KEY:
            raise WrongForm(
                f"Entry {len(keys) + 1} is not usable. Write id:key; `openssl rand -base64 32` makes a key."
            )
        keys[key_id] = key
    return keys


def keeper_url(value: str) -> Address:
    """Where the keeper of the identity keys listens."""
    try:
        return read_address(value)
    except ValueError:
        raise WrongForm("Write unix:///path/of/a/socket, or tcp://host:port.") from None


def disclosure(value: str) -> str:
    """The disclosure policy: `exact`, or `threshold:N` to withhold numbers of fewer than N persons."""
    if value != "exact" and not re.fullmatch(r"threshold:([2-9]|[1-9][0-9]{1,2})", value, re.ASCII):
        raise WrongForm(
            "Write `exact`, or `threshold:5` for another number of 2 to 999 persons. "
            "Nothing starts, so that nothing is published against the policy."
        )
    return value
