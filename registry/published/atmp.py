"""Reading what is published of trials, of the hospital exemption and of manufacture (ATMP.md).

Trials are counted; exemption and manufacture are stated. Every answer says which (`basis`), and none adds the two.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, NamedTuple

from django.utils import timezone

from registry.dates import require_come
from registry.models.isolation import one_view
from registry.models.snapshot import Snapshot
from registry.published.atmp_query import DIMENSIONS, VALUES, TrialQuery
from registry.published.current_snapshot import describe_snapshot
from registry.published.disclosure import publishable, read_threshold, without_numbers
from registry.published.map_document import build_map
from registry.published.queries import find_snapshot, list_known_codes
from registry.published.rates import add_rates
from registry.published.statements import list_exemption, list_falls, list_manufacturing
from registry.published.trial_counts import (
    Site,
    count_trials,
    first_day,
    last_day,
    list_silent,
    list_sites,
    needs_zeros,
    order_statuses,
)

COUNTED, STATED = "counted", "stated"
# Of a snapshot from before there was any.
NOTHING: dict[str, list] = {"areas": [], "trials": [], "answered": [], "exemption": [], "manufacturing": []}

Known = Callable[[str], Collection[str] | None]
Check = Callable[[TrialQuery, Known], None]


class _Read(NamedTuple):
    """A snapshot, its document, and the day that is asked for: of none the day on which it was built."""

    snapshot: Snapshot
    document: dict[str, list]
    day: str


@one_view()
def read_trials(*, as_of: date | None = None, number: int | None = None) -> dict[str, Any]:
    """Every trial at a hospital, with its statuses there until a day. Raises NotPublished, DateInFuture."""
    snapshot, document, day = _read(as_of, number)
    head = _head(snapshot, as_of, COUNTED)
    shown = [_as_on(trial, day) for trial in document["trials"]]
    silent = _list_silent(snapshot, document, day)
    body = {"trials": shown, "areas": document["areas"], "not_stated": silent}
    return publishable(head | body, without_numbers)


def _as_on(trial: dict, day: str) -> dict:
    """A trial with the statuses that have begun at its hospitals, of which the last is the status there."""
    sites = []
    for site in trial["sites"]:
        begun = [row for row in order_statuses(site["statuses"]) if first_day(row["since"]) <= day]
        now = begun[-1] if begun else dict.fromkeys(("status", "since"))
        sites.append(site | {"status": now["status"], "since": now["since"], "statuses": begun})
    return trial | {"sites": sites}


@one_view()
def read_trial_counts(
    query: TrialQuery, *, number: int | None = None, check: Check | None = None
) -> dict[str, Any]:
    """Rows and total of a query on the current snapshot, which number may name.

    check(query, known) may refuse it: known(dimension) tells the values that there are, None where it is open.
    Raises NotPublished, DateInFuture, NotFound.
    """
    read = _read(query.as_of, number)
    if check:
        check(query, partial(list_values, read.snapshot))
    return _count(query, read)


@one_view()
def read_all(queries: Mapping[str, TrialQuery], *, as_of: date | None, number: int | None) -> dict[str, Any]:
    """Several counts, what is stated, and the code lists, of one snapshot and day. Raises as the others."""
    read = _read(as_of, number)
    return {
        "counts": {name: _count(query, read) for name, query in queries.items()},
        "exemption": _tell_exemption(as_of, read),
        "manufacturing": _tell_manufacturing(as_of, read),
        "lists": publishable(read.snapshot.code_lists, without_numbers),
    }


def _count(query: TrialQuery, read: _Read) -> dict[str, Any]:
    snapshot, document, day = read
    lists = snapshot.code_lists
    counts = count_trials(_list_sites(snapshot, document), query, day)
    silent = _list_silent(snapshot, document, day)
    if needs_zeros(query):
        counts["rows"] += _list_others(counts["rows"], query, lists["centres"], silent)
    counts["rows"].sort(key=_own_order(query.by, snapshot))
    told = _head(snapshot, query.as_of, COUNTED) | {
        "by": list(query.by),
        "filters": {name: list(values) for name, values in query.filters.items()},
        **counts,
        "not_stated": silent,
        **({"areas": document["areas"]} if "area" in query.by else {}),
    }
    if query.rates:
        last = last_day(query.filters.get("year", ()), day)
        told = add_rates(told, query, lists.get("populations", ()), last, of="trials")
    return publishable(told, without_numbers)


def read_values(number: int) -> dict[str, Collection[str]]:
    """The values of each dimension that has a list, of a snapshot. Raises NotFound."""
    snapshot = find_snapshot(number)
    found = {name: values for name in DIMENSIONS if (values := list_values(snapshot, name)) is not None}
    return publishable(found, without_numbers)


def list_values(snapshot: Snapshot, dimension: str) -> Collection[str] | None:
    """The values of a dimension; None where it has no list."""
    if dimension in VALUES:
        return VALUES[dimension]
    if dimension == "area":
        return [*(area["code"] for area in (snapshot.atmp or NOTHING)["areas"]), "unknown"]
    return list_known_codes(snapshot.code_lists, dimension)


def _own_order(by: Sequence[str], snapshot: Snapshot) -> Callable[[dict], list[int]]:
    """The order of rows: by that of each dimension's list, or of its values where it has none."""
    places = {
        name: {value: place for place, value in enumerate(values)}
        for name in by
        if (values := list_values(snapshot, name)) is not None
    }
    return lambda row: [
        places[name].get(row[name], len(places[name])) if name in places else row[name] for name in by
    ]


def _list_others(rows: list[dict], query: TrialQuery, centres: list[dict], silent: list[str]) -> list[dict]:
    """A row for each hospital that has none: zero where it has answered, unknown where it has not."""
    told = {row["centre"] for row in rows}
    others = []
    for centre in centres:
        place = {"centre": centre["code"], "county": centre["county_code"], "region": centre["region"]}
        if centre["code"] not in told and all(place[name] in values for name, values in query.filters.items()):
            number = None if centre["code"] in silent else 0
            others.append({"centre": centre["code"]} | dict.fromkeys(query.measures, number))
    return others


@one_view()
def read_exemption(*, as_of: date | None = None, number: int | None = None) -> dict[str, Any]:
    """What hospitals state of treatments under the hospital exemption. Raises NotPublished, DateInFuture."""
    return _tell_exemption(as_of, _read(as_of, number))


def _tell_exemption(as_of: date | None, read: _Read) -> dict[str, Any]:
    snapshot, document, day = read
    rows = list_exemption(document["exemption"], day, read_threshold())
    return publishable(_head(snapshot, as_of, STATED) | {"rows": rows}, without_numbers)


@one_view()
def read_manufacturing(*, as_of: date | None = None, number: int | None = None) -> dict[str, Any]:
    """The latest statement of each site; beside it, and never added, what the registry counts as made there.

    Raises NotPublished, DateInFuture, FactsNotKept where another than number is current by now.
    """
    return _tell_manufacturing(as_of, _read(as_of, number))


def _tell_manufacturing(as_of: date | None, read: _Read) -> dict[str, Any]:
    snapshot, document, day = read
    rows = list_manufacturing(document["manufacturing"], day)
    falls = list_falls(document["manufacturing"], day)
    return _head(snapshot, as_of, STATED) | publishable(
        {"rows": _set_beside(rows, snapshot, as_of), "falls": falls},
        lambda whole, _threshold: whole | {"rows": _set_beside(rows, None, as_of)},
    )


def _set_beside(rows: list[dict], snapshot: Snapshot | None, as_of: date | None) -> list[dict]:
    """Statements with what is counted; where a policy on small numbers holds that is told by the map alone."""
    if snapshot is None:
        return [row | {"manufactured": None} for row in rows]
    shown = build_map(snapshot.number, snapshot.code_lists, as_of) if as_of else snapshot.map_document
    made = {site["site"]: site["manufactured"] for site in shown["manufacturing"]}
    return [row | {"manufactured": made.get(row["site"], 0)} for row in rows]


def _read(as_of: date | None, number: int | None) -> _Read:
    require_come(as_of)
    snapshot = find_snapshot(number)
    return _Read(snapshot, snapshot.atmp or NOTHING, str(as_of or timezone.localdate(snapshot.built_at)))


def _head(snapshot: Snapshot, as_of: date | None, basis: str) -> dict[str, Any]:
    return {"snapshot": describe_snapshot(snapshot).describe(as_of), "basis": basis}


def _list_sites(snapshot: Snapshot, document: dict[str, list]) -> list[Site]:
    return list_sites(document["trials"], snapshot.code_lists["centres"])


def _list_silent(snapshot: Snapshot, document: dict[str, list], day: str) -> list[str]:
    return list_silent(document["trials"], document["answered"], snapshot.code_lists["centres"], day)
