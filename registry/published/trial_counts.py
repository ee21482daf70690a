"""Counting trials, of the document that a snapshot holds (publishing/atmp.py).

Few rows and no person: each query is counted anew in Python. publishing/trial_recount.py counts the same from the
tables, by SQL of its own.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from registry.choices import TrialStatus
from registry.published.atmp_query import FIRST_OF, OF_SITE, ONGOING, TrialQuery

LATER: dict[str, int] = {status: place for place, status in enumerate(TrialStatus.values)}
FIRST: dict[str, int] = {status: place for place, status in enumerate(FIRST_OF)}
Cell = tuple[str, ...]


class Span(NamedTuple):
    """A status from a day on (ISO 8601)."""

    since: str
    status: str


@dataclass(frozen=True)
class Site:
    """A trial at a hospital: the values of its dimensions, and its statuses in order."""

    trial: str
    values: Mapping[str, str]
    spans: Sequence[Span]

    def status_on(self, day: str) -> str | None:
        """Its status on a day; None before its first."""
        begun = [span.status for span in self.spans if span.since <= day]
        return begun[-1] if begun else None

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
    """Statuses by the day they begin on; of two on one day the later in the list of statuses is the last."""
    return sorted(statuses, key=lambda row: (first_day(row["since"]), LATER[row["status"]]))


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
        for slice_, numbers in _slice(inside, query, day)
    ]
    total_filters = {name: values for name, values in query.filters.items() if name != "year"}
    years = query.filters.get("year")
    whole = TrialQuery(measures=query.measures, filters=total_filters)
    return {
        "rows": rows,
        "total": _measure(_Cell(chosen), whole, _last_day(years, day), years),
    }


def _last_day(years: Sequence[str | int] | None, day: str) -> str:
    """The day as of which chosen years are told together: the end of the last of them."""
    return min(day, f"{max(map(int, years))}-12-31") if years else day


def _is_chosen(site: Site, filters: Mapping[str, Sequence]) -> bool:
    return all(site.values[name] in values for name, values in filters.items() if name in site.values)


class _Cell:
    """The hospitals' trials of a cell, by trial."""

    def __init__(self, sites: Sequence[Site]):
        self.trials: dict[str, list[Site]] = defaultdict(list)
        for site in sites:
            self.trials[site.trial].append(site)

    def statuses_on(self, day: str) -> Iterator[tuple[str | None, list[str]]]:
        """Of each trial its status, and those of its hospitals that have one."""
        for sites in self.trials.values():
            known = [status for site in sites if (status := site.status_on(day))]
            yield min(known, key=FIRST.__getitem__, default=None), known

    def opened(self) -> Iterator[tuple[str, list[Site]]]:
        """The first day on which a trial recruits, of those that ever do."""
        for sites in self.trials.values():
            days = [day for site in sites if (day := site.opened_on())]
            if days:
                yield min(days), sites


def _slice(sites: Sequence[Site], query: TrialQuery, day: str) -> Iterator[tuple[dict, dict]]:
    """The numbers of a cell by status and year, as far as they are asked for."""
    cell = _Cell(sites)
    for year in _list_years(sites, query, day):
        until = day if year is None else min(day, f"{year}-12-31")
        years = query.filters.get("year") if year is None else [year]
        by_year = {} if year is None else {"year": year}
        if "status" not in query.by:
            yield by_year, _measure(cell, query, until if year else _last_day(years, day), years)
            continue
        wanted = query.filters.get("status") or FIRST_OF
        for status in (one for one in FIRST_OF if one in wanted):
            one = TrialQuery(measures=query.measures, filters={"status": (status,)})
            numbers = _measure(cell, one, until if year else _last_day(years, day), years)
            if any(numbers.values()):
                yield by_year | {"status": str(status)}, numbers


def _list_years(sites: Sequence[Site], query: TrialQuery, day: str) -> list[int] | list[None]:
    """The years of a cell, from its first status to the day, of those that are wanted."""
    if "year" not in query.by:
        return [None]
    begun = [int(site.spans[0].since[:4]) for site in sites if site.spans]
    years = range(min(begun), int(day[:4]) + 1) if begun else range(0)
    wanted = query.filters.get("year")
    return [year for year in years if not wanted or year in wanted]


def _measure(cell: _Cell, query: TrialQuery, day: str, years: Sequence[str | int] | None) -> dict[str, int]:
    """The numbers of a cell as of a day; years are those in which trials are counted as opened."""
    wanted = query.filters.get("status")
    counted = set(wanted or ONGOING)
    found = list(cell.statuses_on(day))
    status_of = dict(zip(cell.trials, (status for status, _known in found), strict=True))
    begun = [
        opened
        for opened, sites in cell.opened()
        if opened <= day and (not wanted or status_of[sites[0].trial] in counted)
    ]
    numbers = {
        "trials": sum(status in counted for status, _known in found),
        "site_trials": sum(status in counted for _status, known in found for status in known),
        "ever": len(begun),
        "opened": sum(not years or int(opened[:4]) in years for opened in begun),
    }
    return {name: numbers[name] for name in query.measures}


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
