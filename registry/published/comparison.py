"""Every number of two maps beside each other: of two days, of two releases; and of two centres of one map.

What is compared has passed the policy on small numbers: a difference is made of numbers that are told.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from registry.errors import NotFound
from registry.map_cells import cells_of_centre, numbers_by_key, read_number
from registry.measures import DERIVED, MEASURES, nothing_counted
from registry.models.release import Release
from registry.published.queries import read_map, read_maps
from registry.published.release_causes import CAUSES
from registry.published.releases import NO_RELEASE, describe_release, read_release

Place = tuple[str, str, str]  # centre, category, site; "" is the whole
Causes = Mapping[Place, Mapping[str, int]]


class Compared(NamedTuple):
    """A number of one place in both, None where there is none; withheld tells of either whether it is withheld."""

    place: Place
    measure: str
    values: tuple[Any, Any]
    withheld: tuple[bool, bool]

    @property
    def is_moved(self) -> bool:
        """Whether both are told, and differ."""
        return not any(self.withheld) and self.values[0] != self.values[1]

    @property
    def difference(self) -> int | None:
        """By how much the other is more; None of dates, and where one is withheld."""
        one, other = self.values
        return other - one if isinstance(one, int) and isinstance(other, int) else None


def compare_days(one: date | None, other: date | None, *, language: str, number: int) -> tuple[list[dict], list]:
    """The two documents of the current snapshot and all their numbers. Raises what read_maps raises."""
    documents = read_maps(one, other, language=language, number=number)
    return documents, list(_compare(*map(_list_places, documents)))


def compare_centres(one: str, other: str, *, language: str, number: int) -> tuple[dict, list[Compared]]:
    """The current map, and the numbers of two of its centres by category. Raises NotFound."""
    document = read_map(language=language, number=number)
    return document, list(_compare(_list_of_centre(document, one), _list_of_centre(document, other)))


def compare_releases(one: str, other: str, *, language: str) -> tuple[list[dict], list[Compared], Causes]:
    """Both releases, all their numbers, and what has come to each place from the earlier to the later.

    Of a place the steps between the two are added up. Raises NotFound, Withheld.
    """
    releases = [read_release(name) for name in (one, other)]
    compared = list(_compare(*(_list_places(release["documents"][language]) for release in releases)))
    return releases, compared, _add_up_causes(one, other)


def list_latest_releases(most: int) -> list[dict]:
    """The newest releases without their documents."""
    latest = Release.objects.select_related("snapshot").only(
        "name", "title_sv", "title_en", "note_sv", "note_en", "as_of", "released_at", "snapshot__hash"
    )
    return [describe_release(release) for release in latest[:most]]


def put_in_order(one: str, other: str) -> tuple[str, str]:
    """The names of two releases, the earlier first. Raises NotFound."""
    known = dict(Release.objects.filter(name__in=[one, other]).values_list("name", "id"))
    if not {one, other} <= known.keys():
        raise NotFound(NO_RELEASE)
    return (one, other) if known[one] <= known[other] else (other, one)


def _add_up_causes(earlier: str, later: str) -> dict[Place, Counter]:
    first, last = (Release.objects.values_list("id", flat=True).get(name=name) for name in (earlier, later))
    steps = Release.objects.filter(id__gt=first, id__lte=last).values_list("changes", flat=True)
    found: dict[Place, Counter] = {}
    for changes in steps.iterator(chunk_size=20):
        for row in changes["changes"]:
            place = (row["centre"] or "", row["category"] or "", row.get("site") or "")
            found.setdefault(place, Counter()).update({cause: row.get(cause, 0) for cause in CAUSES})
    return found


def _list_places(document: Mapping) -> dict[Place, Mapping]:
    """The numbers of each place of a map, the nation first."""
    cells: dict[Place, Mapping] = {(*key, ""): numbers for key, numbers in numbers_by_key(document).items()}
    return cells | {(site["centre"], "", site["site"]): site for site in document["manufacturing"]}


def _list_of_centre(document: Mapping, code: str) -> dict[Place, Mapping]:
    """The numbers of a centre as if they were the whole; what is made at its sites is one number."""
    centre = next((one for one in document["centres"] if one["code"] == code), None)
    if centre is None:
        raise NotFound
    cells: dict[Place, Mapping] = {("", cell.category or "", ""): cell.numbers for cell in cells_of_centre(centre)}
    made = [site["manufactured"] for site in document["manufacturing"] if site["centre"] == code]
    if made:
        hidden = None in made
        cells["", "", "site"] = {"manufactured": None if hidden else sum(made), "suppressed": hidden}
    return cells


def _compare(one: Mapping[Place, Mapping], other: Mapping[Place, Mapping]) -> Iterator[Compared]:
    """Each number that a place has in either; a place that one of them lacks has nothing counted in it."""
    order = list(dict.fromkeys([*other, *one]))
    centres = list(dict.fromkeys(place[0] for place in order))
    for place in sorted(order, key=lambda place: (centres.index(place[0]), bool(place[2]))):
        both = (one.get(place), other.get(place))
        names = [name for name in (*MEASURES, *DERIVED) if any(name in (cell or {}) for cell in both)]
        cells = [nothing_counted(tuple(names)) if cell is None else cell for cell in both]
        for name in names:
            values = [read_number(cell, name) for cell in cells]
            hidden = [
                value is None and bool(cell.get("suppressed")) for value, cell in zip(values, cells, strict=True)
            ]
            yield Compared(place, name, (values[0], values[1]), (hidden[0], hidden[1]))
