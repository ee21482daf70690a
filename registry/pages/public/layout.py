"""What every public page shares: its languages, the addresses of the others, the snapshot's line."""

from collections.abc import Mapping

from django.conf import settings

from registry.pages.public.selection import HOMES
from registry.published.queries import read_batches
from registry.wording import say_batches, say_date, say_first, say_instant, say_number

LANGUAGES = {"sv": "Svenska", "en": "English"}
# The public pages by their names in templates; a Swedish address is Swedish.
PLACES = {
    "releases": {"sv": "/utgavor/", "en": "/en/releases/"},
    "counting": {"sv": "/sa-raknar-vi/", "en": "/en/how-we-count/"},
    "reconciliation": {"sv": "/avstamning/", "en": "/en/reconciliation/"},
    "freshness": {"sv": "/aktualitet/", "en": "/en/freshness/"},
    "sharing": {"sv": "/dela/", "en": "/en/share/"},
    "accessibility": {"sv": "/tillganglighet/", "en": "/en/accessibility/"},
    "privacy": {"sv": "/integritet/", "en": "/en/privacy/"},
    "embed": {"sv": "/inbaddad/", "en": "/en/embed/"},
}
STARTS = {"sv": "/clinic/", "en": "/en/clinic/"}  # where people sign in to


def frame(language: str, addresses: Mapping[str, str] = HOMES, *, host: str = "") -> dict:
    """What every page's frame needs: its language, and its addresses by language.

    host, as "https://registry.example", lets it tell search engines of the page's own address and the
    other language's.
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
