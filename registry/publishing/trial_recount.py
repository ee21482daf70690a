"""The proof of what is published of trials and of statements (ATMP.md, "What is proven at a build").

The numbers of trials are counted a second time, from the tables, by SQL that shares nothing with
published/trial_counts.py: that walks the hospitals of each cell; this sets the status of every hospital on each
day beside its cells, and aggregates twice, to a trial and to a cell.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import combinations

from django.db import connection

from registry.errors import Difference
from registry.published.atmp_query import DIMENSIONS, MOST_DIMENSIONS, OF_TRIAL, TrialQuery
from registry.published.trial_counts import Site, count_trials, list_sites

# `rank` is the place in the order in which a trial has the status of its hospitals; {years} are told at their end.
RECOUNT = """
WITH asked AS (
    SELECT year, coalesce(least(make_date(year, 12, 31), %(day)s::date), %(day)s::date) AS day
    FROM ({years}) AS one
), place AS (
    SELECT site.id, site.trial_id, centre.code AS centre, centre.county_code AS county, centre.region,
           trial.atmp_class AS class, coalesce(area.key, 'unknown') AS area, trial.phase, trial.sponsor
    FROM registry_sitetrial AS site
    JOIN registry_centre AS centre ON centre.id = site.centre_id
    JOIN registry_trial AS trial ON trial.id = site.trial_id
    LEFT JOIN registry_trialarea AS area ON area.id = trial.area_id
), begun AS (
    SELECT site_trial_id, min(since) AS opened
    FROM registry_sitetrialstatus WHERE status = 'recruiting' GROUP BY site_trial_id
), standing AS (
    SELECT DISTINCT ON (asked.year, place.id) asked.year, place.*,
           CASE WHEN begun.opened <= asked.day THEN begun.opened END AS opened,
           array_position(ARRAY['recruiting', 'follow_up', 'planned', 'closed', 'withdrawn'],
                          known.status::text) AS rank
    FROM asked CROSS JOIN place
    JOIN registry_sitetrialstatus AS known ON known.site_trial_id = place.id AND known.since <= asked.day
    LEFT JOIN begun ON begun.site_trial_id = place.id
    ORDER BY asked.year, place.id, known.since DESC,
             array_position(ARRAY['planned', 'recruiting', 'follow_up', 'closed', 'withdrawn'],
                            known.status::text) DESC
), by_trial AS (
    SELECT year, {names}, GROUPING({names}) AS without, trial_id, min(rank) AS rank, min(opened) AS opened,
           array_agg(rank) AS ranks
    FROM standing GROUP BY year, trial_id, GROUPING SETS ({sets})
), counted AS (
    SELECT year, {names}, without, rank, 1 AS trials, 0 AS site_trials, (opened IS NOT NULL)::integer AS ever,
           (opened IS NOT NULL AND (year IS NULL OR extract(year FROM opened) = year))::integer AS opened
    FROM by_trial
    UNION ALL
    SELECT year, {names}, without, own.rank, 0, 1, 0, 0 FROM by_trial CROSS JOIN unnest(ranks) AS own(rank)
)
SELECT year, {names}, without,
       (ARRAY['recruiting', 'follow_up', 'planned', 'closed', 'withdrawn'])[CASE WHEN asks_status THEN rank END],
       coalesce(sum(trials) FILTER (WHERE rank <= 2 OR asks_status), 0),
       coalesce(sum(site_trials) FILTER (WHERE rank <= 2 OR asks_status), 0), sum(ever), sum(opened)
FROM counted CROSS JOIN (VALUES (true), (false)) AS way(asks_status)
GROUP BY year, {names}, without, asks_status, CASE WHEN asks_status THEN rank END
"""
NO_YEAR = "SELECT NULL::integer AS year"
EACH_YEAR = """
SELECT generate_series(
    coalesce((SELECT extract(year FROM min(since))::integer FROM registry_sitetrialstatus), 9999),
    extract(year FROM %(day)s::date)::integer
) AS year
"""
CELLS = ("centre", "county", "region", "class", "area", "phase", "sponsor")
SINGLE: list[tuple[str, ...]] = [(), *((name,) for name in CELLS)]
MEASURES = ("trials", "site_trials", "ever", "opened")
Key = tuple[tuple[str, str | int], ...]  # (dimension, value), by name
Numbers = dict[Key, dict[str, int]]


def recount_trials(day: date) -> Numbers:
    """The numbers of the cells of every two dimensions, as of a day. A cell without a trial need not be there."""
    return _recount(day, [*SINGLE, *combinations(CELLS, 2)], NO_YEAR) | _recount(day, SINGLE, EACH_YEAR)


def _recount(day: date, sets: Sequence[tuple[str, ...]], years: str) -> Numbers:
    statement = RECOUNT.format(
        names=", ".join(CELLS), sets=", ".join(f"({', '.join(names)})" for names in sets), years=years
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, {"day": day})
        rows = cursor.fetchall()
    found: Numbers = {}
    for year, *values in rows:
        names, without, status, numbers = values[:7], values[7], values[8], values[9:]
        is_in = [not without >> (len(CELLS) - 1 - place) & 1 for place in range(len(CELLS))]
        cell = {name: value for name, value, kept in zip(CELLS, names, is_in, strict=True) if kept}
        cell |= {name: value for name, value in (("year", year), ("status", status)) if value is not None}
        found[tuple(sorted(cell.items()))] = dict(zip(MEASURES, map(int, numbers), strict=True))
    return found


def prove_atmp(document: Mapping, lists: Mapping, day: date) -> list[Difference]:
    """What of a snapshot's document differs from the tables, or contradicts itself, on a day."""
    sites = list_sites(document["trials"], lists["centres"])
    published = _count_all(sites, day.isoformat())
    return [
        *_compare_trials(published, recount_trials(day)),
        *_check_sums(published, sites, day.isoformat()),
        *_check_statements(document["manufacturing"]),
    ]


def _compare_trials(published: Numbers, recounted: Numbers) -> Iterator[Difference]:
    for key in sorted(published.keys() | {key for key in recounted if len(key) <= MOST_DIMENSIONS}, key=str):
        ours, theirs = published.get(key, {}), recounted.get(key, {})
        where = " × ".join(str(value) for _name, value in key) or "nation"
        for name in MEASURES:
            if ours.get(name, 0) != theirs.get(name, 0):
                yield Difference(f"trials {where}", name, ours.get(name), theirs.get(name))


def _count_all(sites: Sequence[Site], day: str) -> Numbers:
    """Every cell that can be asked for, by every choice of dimensions."""
    found: Numbers = {}
    for many in range(MOST_DIMENSIONS + 1):
        for by in combinations(DIMENSIONS, many):
            for row in count_trials(sites, TrialQuery(by=by, measures=MEASURES), day)["rows"]:
                key = tuple(sorted((name, row[name]) for name in by))
                found[key] = {name: row[name] for name in MEASURES}
    return found


def _check_sums(published: Numbers, sites: Sequence[Site], day: str) -> Iterator[Difference]:
    """That parts add up to the whole, as ATMP.md promises it."""

    def add_up(dimension: str, measure: str) -> int:
        return sum(
            numbers[measure] for key, numbers in published.items() if [name for name, _v in key] == [dimension]
        )

    whole = published.get((), dict.fromkeys(MEASURES, 0))
    with_status = len({site.trial for site in sites if site.status_on(day)})
    promised = [
        *((name, "trials", whole["trials"]) for name in OF_TRIAL),
        ("centre", "site_trials", whole["site_trials"]),
        ("status", "trials", with_status),
        ("year", "opened", whole["ever"]),
    ]
    for name, measure, told in promised:
        if (summed := add_up(name, measure)) != told:
            yield Difference(f"trials by {name}", measure, summed, told)
    if whole["site_trials"] < whole["trials"]:
        yield Difference("trials", "site_trials", whole["site_trials"], whole["trials"])


def _check_statements(statements: Iterable[Mapping]) -> Iterator[Difference]:
    """That a statement does not contradict itself; the entry has refused such."""
    for row in statements:
        where = f"{row['site']} {row['as_of']}"
        classes = [part["products"] for part in row["classes"]]
        if classes and sum(classes) != row["products"]:
            yield Difference(where, "products", row["products"], sum(classes))
        countries = row["receiving_countries"]
        if len(set(countries)) > (row["countries"] if row["countries"] is not None else len(set(countries))):
            yield Difference(where, "countries", row["countries"], len(set(countries)))
