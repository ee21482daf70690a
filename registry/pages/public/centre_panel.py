"""The chosen centre's own part of the page."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from registry.pages.public.selection import View
from registry.pages.public.time_panel import describe_years, say_how_complete
from registry.wording import (
    CentreText,
    is_awaited,
    say_first_of,
    say_infusions,
    say_patients,
    say_repeats,
)


def describe_choice(document: dict, series: dict | None, view: View, texts: Iterable[CentreText]) -> dict | None:
    """What the template says of the chosen centre, by the texts of all; None where none is chosen."""
    centre = next((one for one in document["centres"] if one["code"] == view.centre), None)
    if centre is None:
        return None
    text = next(one for one in texts if one.code == view.centre)
    awaited = is_awaited(centre)
    by_year = series is not None and centre["code"] in series["centres"]
    cells = "category,year" if by_year else "category"
    drawn = by_year and centre["infusions"]
    return {
        "text": text,
        "region": centre["region"],
        "awaited": awaited,
        "complete": say_how_complete(centre),
        "sentence": _say_sentence(centre) if centre["infusions"] != 0 else "",
        "share": _say_share(centre, document["national"]) if centre["infusions"] else "",
        "drawing": describe_years(series, document, centre["code"], view) if series and drawn else "",
        "counts": f"/api/v1/counts?by={cells}&centre={centre['code']}&lang={view.language}",
        "close": view.address("map", centre=None),
    }


def _say_sentence(centre: dict) -> str:
    """One sentence with the centre's numbers."""
    parts = [say_patients(centre["patients"]), *say_repeats(centre)]
    return _("Since %(date)s: %(infusions)s, which are %(parts)s.") % {
        "date": say_first_of(centre),
        "infusions": say_infusions(centre["infusions"]),
        "parts": ", ".join(parts),
    }


def _say_share(centre: dict, national: dict) -> str:
    """How much of the nation's infusions that is, where that is known."""
    if not national["infusions"]:
        return ""
    share = round(100 * centre["infusions"] / national["infusions"])
    return _("%(share)s %% of the country’s infusions.") % {"share": share}
