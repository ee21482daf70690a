"""What a file says about itself."""

from django.utils.translation import gettext as _
from django.utils.translation import override

from registry.wording import LICENCE


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
    }
