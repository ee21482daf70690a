"""What a file says about itself."""

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import override

from registry.caveats import list_caveats, say_manufacturing
from registry.wording import LICENCE, MAP_ADDRESS, find_address


def tell_about_map(document: dict, language: str) -> dict[str, object]:
    """What a map document's file says of itself, with all caveats, and the address where its numbers stay."""
    snapshot = document["snapshot"]
    with override(language):
        notes = list_notes(document)
    return tell_about(snapshot, language, MAP_ADDRESS) | {"address": find_address(snapshot), "notes": notes}


def list_notes(document: dict) -> list[str]:
    """The caveats of a map document for programs, in the current language."""
    return [*list_caveats(document, as_data=True), *say_manufacturing(document)]


def tell_about(snapshot: dict, language: str, address: str) -> dict[str, object]:
    """Snapshot, day, source and licence of a file. address: its URL in the API, relative to the host."""
    with override(language):
        source = _("swecar, the national registry of CAR-T treatments in Sweden")
    return {
        "snapshot": snapshot["number"],
        "hash": snapshot["hash"],
        "built_at": snapshot["built_at"],
        "data_through": snapshot["data_through"],
        "as_of": snapshot["as_of"],
        "disclosure": snapshot["disclosure"],
        "source": source,
        "licence": LICENCE,
        "api": address,
        "address": f"{settings.SITE_URL}{address}",
    }
