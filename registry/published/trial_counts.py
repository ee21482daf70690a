"""Counting trials, of the document that a snapshot holds (publishing/atmp.py).

Few rows and no person: each query is counted anew in Python. publishing/trial_recount.py counts the same from the
tables, by SQL of its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from registry.choices import TrialStatus
from registry.published.atmp_query import MEASURES, OF_SITE, TrialQuery
from registry.trial_rules import FIRST_OF, ONGOING, order_of

ORDER = tuple(map(str, FIRST_OF))
FIRST: dict[str, int] = {status: place for place, status in enumerate(ORDER)}
Cell = tuple[str, ...]


class Span(NamedTuple):
    """A status from a day on (ISO 8601)."""

    since: str
    status: str


@dataclass
class Site:
    """A trial at a hospital: the values of its dimensions, and its statuses in order."""

    trial: str
    values: Mapping[str, str]
    spans: Sequence[Span]
    known: dict[str, str | None] = field(default_factory=dict)  # the statuses that were asked for, by day

    def status_on(self, day: str) -> str | None:
        """Its status on a day; None before its first."""
        if day not in self.known:
            begun = [span.status for span in self.spans if span.since <= day]
            self.known[day] = begun[-1] if begun else None
        return self.known[day]

    @cached_property
    def opened_on(self) -> str | None:
        """The first day on which it recruits."""
        return next((span.since for span in self.spans if span.status == TrialStatus.RECRUITING), None)


def list_sites(trials: Iterable[Mapping], centres: Iterable[Mapping]) -> list[Site]:
    """Each trial of a snapshot at each hospital."""
    places = {
        centre["code"]: {"centre": centre["code"], "county": centre["county_code"], "region": centre["region"]}
        for centre in centres
    }
    return [
        Site(
            trial["identifier"],
            places[site["centre"]] | {name: trial[name] for name in ("class", "area", "phase", "sponsor")},
            [Span(first_day(row["since"]), row["status"]) for row in order_statuses(site["statuses"])],
        )
        for trial in trials
        for site in trial["sites"]
    ]


def order_statuses(statuses: Iterable[Mapping]) -> list[Mapping]:
    """Statuses in the order in which they hold."""
    return sorted(statuses, key=lambda row: order_of(first_day(row["since"]), row["status"]))


def first_day(written: str) -> str:
    """The first day of a date's period (ISO 8601)."""
    return (written + "-01-01")[:10]


def count_trials(sites: Sequence[Site], query: TrialQuery, day: str) -> dict[str, Any]:
    """The rows and the total of a query, as of a day (ISO 8601).

    A row is a cell that has a trial, whatever its status; by centre alone the caller adds those without one. A
    cell keeps its hospitals, and `status` and `year` slice what is in it.
    """
    chosen = [site for site in sites if _is_chosen(site, query.filters)]
    cells: dict[Cell, list[Site]] = defaultdict(list)
    names = [name for name in query.by if name not in ("status", "year")]
    for site in chosen:
        cells[tuple(site.values[name] for name in names)].append(site)
    rows = [
        {name: (dict(zip(names, cell, strict=True)) | slice_)[name] for name in query.by} | numbers
        for cell, inside in cells.items()
        for slice_, numbers in _slice(_by_trial(inside), query, day)
    ]
    years = query.filters.get("year", ())
    whole = _count_by_status(_by_trial(chosen), last_day(years, day), years)
    return {"rows": rows, "total": _add_up(whole, query)}


def _is_chosen(site: Site, filters: Mapping[str, Sequence]) -> bool:
    return all(site.values[name] in values for name, values in filters.items() if name in site.values)


def _by_trial(sites: Iterable[Site]) -> list[list[Site]]:
    """The hospitals of each trial of a cell."""
    found: dict[str, list[Site]] = defaultdict(list)
    for site in sites:
        found[site.trial].append(site)
    return list(found.values())


def last_day(years: Sequence[str | int], day: str) -> str:
    """The day as of which some years are told together: the end of the last of them."""
    return min(day, f"{max(map(int, years))}-12-31") if years else day


def _slice(trials: Sequence[Sequence[Site]], query: TrialQuery, day: str) -> Iterator[tuple[dict, dict[str, int]]]:
    """The numbers of a cell by status and year, as far as they are asked for."""
    filtered = query.filters.get("year", ())
    slices: list[tuple[dict, Sequence[str | int]]] = [({}, filtered)]
    if "year" in query.by:
        slices = [
            ({"year": year}, [year]) for year in _list_years(trials, day) if not filtered or year in filtered
        ]
    for by_year, years in slices:
        counted = _count_by_status(trials, last_day(years, day), years)
        if "status" not in query.by:
            yield by_year, _add_up(counted, query)
            continue
        for status, numbers in counted.items():
            if any(numbers.values()) and status in query.filters.get("status", FIRST_OF):
                yield by_year | {"status": status}, {name: numbers[name] for name in query.measures}


def _list_years(trials: Iterable[Iterable[Site]], day: str) -> range:
    """The years of a cell, from its first status to the day."""
    begun = [int(site.spans[0].since[:4]) for sites in trials for site in sites if site.spans]
    return range(min(begun), int(day[:4]) + 1) if begun else range(0)


def _count_by_status(
    trials: Iterable[Iterable[Site]], day: str, years: Sequence[str | int]
) -> dict[str, dict[str, int]]:
    """The measures of a cell as of a day, by status: of the trial in the cell, but for `site_trials`.

    years: those in which trials are counted as opened; none means all.
    """
    counted: dict[str, dict[str, int]] = {status: dict.fromkeys(MEASURES, 0) for status in ORDER}
    for sites in trials:
        known = [status for site in sites if (status := site.status_on(day))]
        if not known:
            continue
        numbers = counted[min(known, key=FIRST.__getitem__)]
        numbers["trials"] += 1
        for status in known:
            counted[status]["site_trials"] += 1
        opened = min((site.opened_on for site in sites if site.opened_on), default="9999")
        if opened <= day:
            numbers["ever"] += 1
            numbers["opened"] += int(not years or int(opened[:4]) in years)
    return counted


def _add_up(counted: Mapping[str, Mapping[str, int]], query: TrialQuery) -> dict[str, int]:
    """A cell's numbers: of the chosen statuses, or of ongoing trials and of all that have opened."""
    chosen = query.filters.get("status")
    of = {"trials": chosen or ONGOING, "site_trials": chosen or ONGOING}
    return {
        name: sum(counted[str(status)][name] for status in of.get(name, chosen or FIRST_OF))
        for name in query.measures
    }


def list_silent(
    trials: Iterable[Mapping], answered: Iterable[Mapping], centres: Iterable[Mapping], day: str
) -> list[str]:
    """The centres that have no trial and never answered until a day: theirs are not stated, and not zero."""
    known = {site["centre"] for trial in trials for site in trial["sites"]}
    known |= {one["centre"] for one in answered if one["on"] <= day}
    return [centre["code"] for centre in centres if centre["code"] not in known]


def needs_zeros(query: TrialQuery) -> bool:
    """Whether a query tells of every hospital by itself."""
    return query.by == ("centre",) and not set(query.filters) - set(OF_SITE)
