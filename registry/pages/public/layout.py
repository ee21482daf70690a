"""What every public page shares: its languages, the addresses of the others, the snapshot's line."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from registry.pages.public.selection import HOMES
from registry.published.queries import read_batches
from registry.wording import say_batches, say_date, say_first, say_instant, say_number

LANGUAGES = {"sv": "Svenska", "en": "English"}
# The public pages by their names in templates; a Swedish address is Swedish.
PLACES = {
    "explore": {"sv": "/explore", "en": "/en/explore"},
    "compare": {"sv": "/jamfor", "en": "/en/compare"},
    "atmp": {"sv": "/atmp/", "en": "/en/atmp/"},
    "releases": {"sv": "/utgavor/", "en": "/en/releases/"},
    "counting": {"sv": "/sa-raknar-vi/", "en": "/en/how-we-count/"},
    "reconciliation": {"sv": "/avstamning/", "en": "/en/reconciliation/"},
    "freshness": {"sv": "/aktualitet/", "en": "/en/freshness/"},
    "sharing": {"sv": "/dela/", "en": "/en/share/"},
    "accessibility": {"sv": "/tillganglighet/", "en": "/en/accessibility/"},
    "privacy": {"sv": "/integritet/", "en": "/en/privacy/"},
    "embedding": {"sv": "/badda-in/", "en": "/en/embed-code/"},
    "embed": {"sv": "/inbaddad/", "en": "/en/embed/"},
}
CARDS = {"sv": "/bild", "en": "/en/picture"}  # of the map page, before .png or .svg
STARTS = {"sv": "/clinic/", "en": "/en/clinic/"}  # where people sign in to


@dataclass(frozen=True)
class Card:
    """What those who show a link to a page show of it: a title, and the address of a picture."""

    title: str
    address: str


def frame(
    language: str, addresses: Mapping[str, str] = HOMES, *, host: str = "", card: Card | None = None
) -> dict:
    """What every page's frame needs: its language, and its addresses by language.

    host, as "https://registry.example", lets it tell search engines of the page's own address and the
    other language's, and those who show links to it of its card: the map's, unless it has one of its own.
    """
    other = next(code for code in LANGUAGES if code != language)
    return {
        "language": language,
        "is_demonstration": settings.DEMONSTRATION,
        "home": HOMES[language],
        "sign_in": STARTS[language],
        "other": {"code": other, "address": addresses[other], "name": LANGUAGES[other]},
        "alternates": [(code, host + address) for code, address in addresses.items()] if host else [],
        "canonical": host and host + addresses[language],
        "card": card or Card(_("CAR-T treatments in Sweden"), f"{CARDS[language]}.png"),
        "site": settings.SITE_URL or host,
        "places": {name: places[language] for name, places in PLACES.items()},
        "batches": say_batches(read_batches()),
    }


def describe_snapshot(snapshot: dict) -> dict:
    """The snapshot part of a document as people read it."""
    return {
        "number": say_number(snapshot["number"]),
        "built_at": snapshot["built_at"],
        "built": say_instant(snapshot["built_at"]),
        "through": say_first(snapshot["data_through"]),
        "as_of": snapshot["as_of"] and say_date(snapshot["as_of"]),
    }
