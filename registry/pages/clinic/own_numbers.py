"""The centres' own numbers on the start page: as registered, as published, and by year beside the nation's.

What is published is read as the public page reads it, and shows no more than that. It is read once a snapshot.
"""

from collections.abc import Iterator
from typing import Any

from django.core.cache import caches
from django.utils.translation import get_language

from registry.choices import Category
from registry.entry.live_counts import count_entered
from registry.errors import FactsNotKept, NotPublished
from registry.models import Centre, Coverage, User
from registry.pages.public.selection import View
from registry.pages.public.time_panel import describe_nation_years, describe_years
from registry.published.queries import read_map_and_series, read_policy

NOTHING: dict[str, Any] = {"centres": {}, "nation": "", "years": {}}


def describe_own(user: User, centres: list[Centre], snapshot: dict | None) -> dict[str, Any]:
    """For the template: each centre's numbers by category with its chart, and the nation's chart."""
    if not centres:
        return {"centres": [], "nation": ""}
    published = _read_published(snapshot) if snapshot else NOTHING
    drawn = [published["nation"], *(published["years"].get(centre.code, "") for centre in centres)]
    return {
        "centres": list(_compare(user, centres, published)),
        "nation": published["nation"],
        "faint": any("unfinished" in drawing for drawing in drawn),
    }


def _read_published(snapshot: dict) -> dict[str, Any]:
    """What the page needs of a snapshot: the map's numbers by centre, the years drawn; kept in the process."""
    language = get_language() or "sv"
    key = f"own-numbers-{snapshot['number']}-{snapshot['hash']}-{read_policy()}-{language}"
    kept: dict[str, Any] | None = caches["responses"].get(key)
    if kept is not None:
        return kept
    try:
        read = read_map_and_series(language=language, number=snapshot["number"])
    except (NotPublished, FactsNotKept):  # another has become current meanwhile
        return NOTHING
    document, series, view = read["map"], read["series"], View(language)
    found = {
        "centres": {centre["code"]: centre for centre in document["centres"]},
        "nation": describe_nation_years(series, document, view) if series["years"] else "",
        "years": {
            code: describe_years(series, document, code, view)
            for code, numbers in series["centres"].items()
            if any(numbers["patients"])
        },
    }
    caches["responses"].set(key, found)
    return found


def _compare(user: User, centres: list[Centre], published: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each centre's numbers by category, as registered and as published."""
    entered = count_entered(user)
    stated = Coverage.objects.filter(centre__in=centres).reverse()  # so that the latest statement wins
    complete = {row.centre_id: row.complete_through for row in stated}
    for centre in centres:
        counted, shown = entered.get(centre.pk, {}), published["centres"].get(centre.code, {})
        by_category = {row["category"]: row for row in shown.get("categories", [])}
        names = [name for name in (*Category.values, "all") if name in counted or name in by_category]
        yield {
            "centre": centre,
            "complete_through": complete.get(centre.pk),
            "years": published["years"].get(centre.code, ""),
            "rows": [
                {
                    "category": "" if name == "all" else name,
                    "entered": counted.get(name),
                    "published": shown if name == "all" else by_category.get(name),
                }
                for name in names
            ],
        }
