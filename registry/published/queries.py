"""Reading what is published. Nothing here, and nothing that the public reaches, reads a record."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date
from functools import partial

from django.conf import settings
from django.db import DatabaseError

from registry.choices import Modality, Sex
from registry.completeness import is_waited_for
from registry.dates import require_come
from registry.errors import NotFound, NotPublished, Withheld
from registry.infusion_rules import FIRST_TREATMENT
from registry.measures import nothing_counted
from registry.models.isolation import one_view
from registry.models.publication import Publication
from registry.models.revision import Revision
from registry.models.run import Run
from registry.models.snapshot import Snapshot
from registry.published.count_query import CountQuery
from registry.published.counting import count_together
from registry.published.current_snapshot import describe_snapshot, print_instant, read_current, unsure_since
from registry.published.disclosure import (
    EXACT,
    Blocks,
    askable,
    choose_tables,
    hide,
    publishable,
    read_threshold,
    withhold_counts,
    withhold_day,
    withhold_map,
    withhold_older,
    without_numbers,
)
from registry.published.disclosure_blocks import TABLES
from registry.published.map_document import assemble_map, build_map, map_queries
from registry.published.rates import add_rates
from registry.published.replica import read_lag
from registry.published.time_series import assemble_series, series_queries, withhold_series
from swecar.postgresql.outages import outage_of

CODES = {
    "centre": ("centres", "code"),
    "region": ("centres", "region"),
    "county": ("centres", "county_code"),
    "category": ("categories", "code"),
    "product": ("products", "name"),
    "indication": ("indications", "code"),
    "manufacturing_site": ("manufacturing_sites", "code"),
    "trial": ("trials", "identifier"),
}

Check = Callable[[CountQuery, Callable[[str], Collection[str] | None], Mapping[str, int]], None]


@one_view()
def read_map(*, language: str, as_of: date | None = None, number: int | None = None) -> dict:
    """The map document of the current or of a numbered snapshot, in a language.

    as_of counts the current snapshot's facts up to that day; older facts are not kept. Raises
    NotPublished, NotFound, FactsNotKept, DateInFuture.
    """
    return read_maps(as_of, language=language, number=number)[0]


@one_view()
def read_maps(*days: date | None, language: str, number: int | None = None) -> list[dict]:
    """The same of several days, of one snapshot."""
    for day in days:
        require_come(day)
    snapshot = find_snapshot(number)
    lists = snapshot.code_lists
    documents = [build_map(snapshot.number, lists, day) if day else snapshot.map_document for day in days]
    return [describe_map(snapshot, document, language, day) for day, document in zip(days, documents, strict=True)]


@one_view()
def read_map_and_series(*, language: str, as_of: date | None = None, number: int | None = None) -> dict:
    """The map document of the current snapshot as "map", and as "series" its numbers over time.

    Raises NotPublished, DateInFuture, FactsNotKept where another than number is current by now.
    """
    require_come(as_of)
    snapshot = find_snapshot(number)
    of_map = () if as_of is None else map_queries(as_of)
    counted = count_together(snapshot.number, *of_map, *series_queries(as_of))
    lists = snapshot.code_lists
    document = assemble_map(counted[: len(of_map)], lists) if of_map else snapshot.map_document
    return {
        "map": describe_map(snapshot, document, language, as_of),
        "series": publishable(
            assemble_series(counted[len(of_map) :], lists),
            lambda series, threshold: withhold_series(series, _blocks(snapshot, threshold), as_of),
        ),
    }


@one_view()
def read_map_and_rows(query: CountQuery, *, language: str, number: int | None = None) -> tuple[dict, list[dict]]:
    """The map document as of a query's day, and the query's rows, all of one snapshot.

    For those who compare, not for the public: whatever the policy, these are the numbers as they are.
    Raises NotPublished, DateInFuture, FactsNotKept where another than number is current by now.
    """
    require_come(query.as_of)
    snapshot = find_snapshot(number)
    *counted, rows = count_together(snapshot.number, *map_queries(query.as_of), query)
    return _in_language(assemble_map(counted, snapshot.code_lists), language), rows


@one_view()
def read_freshness(*, language: str, number: int | None = None) -> dict:
    """The current snapshot's map document as "map", and as "latest" the month of each centre's last infusion.

    The year, where no more is known of it. Raises NotPublished, FactsNotKept where another than number is
    current by now.
    """
    snapshot = find_snapshot(number)
    query = CountQuery(by=("centre", "year", "month"), measures=("infusions",))
    latest: dict[str, str] = {}
    for row in count_together(snapshot.number, query)[0]:
        known = str(row["year"]) if row["month"] == "unknown" else row["month"]
        latest[row["centre"]] = max(known, latest.get(row["centre"], ""))
    return {
        "map": describe_map(snapshot, snapshot.map_document, language, None),
        "latest": publishable(latest, lambda _latest, _threshold: {}),
    }


def describe_map(snapshot: Snapshot, document: dict, language: str, as_of: date | None) -> dict:
    head = {"snapshot": describe_snapshot(snapshot).describe(as_of)}

    def withhold(whole: dict, threshold: int) -> dict:
        blocks = _blocks(snapshot, threshold)
        if read_current().number != snapshot.number:
            return withhold_older(whole)
        if as_of is None or str(as_of) >= str(snapshot.data_through):
            return withhold_map(whole, blocks)
        latest = withhold_map(_in_language(snapshot.map_document, language), blocks)
        return withhold_day(whole, latest, _withhold_national(whole["national"], blocks, as_of))

    return publishable(_in_language(head | document, language), withhold)


def _blocks(snapshot: Snapshot, threshold: int) -> Blocks:
    """What may be told of a snapshot's numbers: nothing, until one is built under the policy of now."""
    return Blocks(snapshot.blocks if snapshot.disclosure == settings.DISCLOSURE else None, threshold)


def _withhold_national(national: dict, blocks: Blocks, as_of: date) -> dict:
    """The country's numbers up to a day before the latest."""
    try:
        tables, where = choose_tables(CountQuery(as_of=as_of), date.max)
    except Withheld:
        return hide(national)
    return blocks.withhold(national, tables, where)


def read_counts(query: CountQuery, *, number: int | None = None, check: Check | None = None) -> dict:
    """Rows and total of a query on the current snapshot, which number may name.

    check(query, known, extent) may refuse it before it is counted: known(dimension) tells the codes
    that there are, extent how many values each dimension has and how many "infusions" there are. Raises
    NotPublished, Withheld, DateInFuture, FactsNotKept where another is current by now.
    """
    return read_counts_and_lists(query, number=number, check=check)[0]


@one_view()
def read_counts_and_lists(
    query: CountQuery, *, number: int | None = None, check: Check | None = None
) -> tuple[dict, dict[str, list[dict]]]:
    """The same, and all code lists of the snapshot."""
    require_come(query.as_of)
    snapshot = find_snapshot(number)
    if check:
        check(query, partial(list_known_codes, snapshot.code_lists), _extent(snapshot))
    countable = askable(query, snapshot.data_through)
    rows, total = count_together(snapshot.number, countable, replace(countable, by=()))
    summed = sum(row["patients"] for row in rows) if "patients" in countable.measures else None
    counts = {
        "snapshot": describe_snapshot(snapshot).describe(query.as_of),
        "by": list(query.by),
        "filters": {name: list(values) for name, values in query.filters.items()},
        "rows": sorted(rows, key=_own_order(query.by, snapshot.code_lists)),
        "total": (total[0] if total else nothing_counted(countable.measures))
        | ({} if summed is None else {"patients_summed": summed}),
    } | _describe_coverage(query, snapshot.code_lists)
    told = publishable(
        counts,
        lambda whole, threshold: withhold_counts(
            whole, _blocks(snapshot, threshold), query, snapshot.data_through
        ),
    )
    if query.rates:
        last = query.last_day(snapshot.data_through)
        told = add_rates(told, query, snapshot.code_lists.get("populations", ()), last)
    return told, publishable(snapshot.code_lists, without_numbers)


def _describe_coverage(query: CountQuery, lists: Mapping[str, list[dict]]) -> dict:
    """In a table by year or month, through which day each active centre that it counts is complete."""
    if not {"year", "month"} & set(query.by):
        return {}
    counted = [
        centre
        for centre in lists["centres"]
        if is_waited_for(centre)
        and centre["code"] in query.filters.get("centre", [centre["code"]])
        and centre["region"] in query.filters.get("region", [centre["region"]])
        and centre["county_code"] in query.filters.get("county", [centre["county_code"]])
    ]
    return {
        "coverage": [
            {
                "centre": centre["code"],
                "region": centre["region"],
                **({"county": centre["county_code"]} if "county" in query.by else {}),
                "complete_through": centre.get("complete_through"),  # lists of older snapshots have none
            }
            for centre in counted
        ]
    }


def read_code_list(name: str, *, number: int | None = None) -> dict:
    """One code list of the current or a numbered snapshot, texts in both languages.

    Raises NotPublished, NotFound.
    """
    snapshot = find_snapshot(number)
    head = {"snapshot": describe_snapshot(snapshot).describe()}
    return publishable(head | {name: snapshot.code_lists[name]}, without_numbers)


def read_code_lists(number: int) -> dict[str, list[dict]]:
    """All code lists of a snapshot. Raises NotFound."""
    lists: dict[str, list[dict]] = publishable(find_snapshot(number).code_lists, without_numbers)
    return lists


def list_known_codes(lists: Mapping[str, list[dict]], dimension: str) -> tuple[str, ...] | None:
    """The values that code lists give a dimension; None where it has no list."""
    listed = CODES.get(dimension)
    if listed is None:
        return None
    name, field = listed
    return tuple(dict.fromkeys(item[field] for item in lists[name]))


def _extent(snapshot: Snapshot) -> dict[str, int]:
    """How many values each dimension has at most, and how many "infusions" there are."""
    years = snapshot.data_through.year - FIRST_TREATMENT.year + 1 if snapshot.data_through else 1
    listed = {name: len(list_known_codes(snapshot.code_lists, name) or ()) + 1 for name in CODES}
    fixed = {"age_group": 2, "sex": len(Sex), "modality": len(Modality), "year": years, "month": 12 * years + 1}
    return listed | fixed | {"infusions": snapshot.facts}


def read_policy() -> str:
    """The policy by which numbers are published."""
    return settings.DISCLOSURE


def read_tables() -> list[list[str]] | None:
    """Which dimensions may be combined in a query; None where all may."""
    return None if settings.DISCLOSURE == EXACT else [list(dimensions) for dimensions in TABLES.values()]


def read_status() -> dict:
    """The current snapshot, whether the records have moved on, the replica's lag, the last run; never kept.

    Under a threshold nothing in it moves with the records, and "batches" tells by which rule the numbers do.
    While the database does not respond, what is known without it, and since when.
    """
    try:
        return _ask_status()
    except DatabaseError as error:
        if outage_of(error) is None:
            raise
        current = read_current()
        return publishable(
            {
                "snapshot": current.describe(),
                "stale": None,
                "lag_seconds": None,
                "last_run": None,
                "batches": read_batches(),
                "database_away_since": print_instant(unsure_since()),
            },
            without_numbers,
        )


def _ask_status() -> dict:
    heavy = ("snapshot__map_document", "snapshot__code_lists", "snapshot__blocks", "snapshot__atmp")
    publication = Publication.objects.select_related("snapshot").defer(*heavy).get()
    run = Run.objects.exclude(finished_at=None).first()
    snapshot = publication.snapshot
    return publishable(
        {
            "snapshot": describe_snapshot(snapshot).describe() if snapshot else None,
            "stale": Revision.objects.get().number != publication.revision,
            "lag_seconds": round(read_lag()),
            "last_run": run
            and {"task": run.task, "finished_at": print_instant(run.finished_at), "outcome": run.outcome},
            "batches": None,
            "database_away_since": None,
        },
        lambda whole, _threshold: (
            whole | {"stale": None, "lag_seconds": None, "last_run": None, "batches": read_batches()}
        ),
    )


def read_batches() -> dict | None:
    """By which rule new numbers are published under a threshold; None where every change is."""
    least = read_threshold()
    return None if least is None else {"least_persons": least, "publication_days": settings.PUBLICATION_DAYS}


def find_snapshot(number: int | None) -> Snapshot:
    if number is None:
        publication = Publication.objects.select_related("snapshot").get()
        if publication.snapshot is None:
            raise NotPublished
        return publication.snapshot
    found = Snapshot.objects.filter(pk=number).first()
    if found is None:
        raise NotFound("There is no snapshot with this number.")
    return found


def _own_order(by: tuple[str, ...], lists: dict[str, list[dict]]) -> Callable[[dict], tuple]:
    """A sorting key: each dimension in the order of its list, what has no value last."""
    listed = {name: [item[field] for item in lists[list_name]] for name, (list_name, field) in CODES.items()} | {
        "age_group": ["child", "adult"],
        "sex": Sex.values,
    }
    places = {
        name: {value: place for place, value in enumerate(dict.fromkeys(listed.get(name, ())))} for name in by
    }

    def key(row: dict) -> tuple:
        return tuple((row[name] is None, places[name].get(row[name], 0), str(row[name] or "")) for name in by)

    return key


def _in_language(value, language: str):
    """A document with each {"sv": …, "en": …} replaced by its text in the language."""
    if isinstance(value, dict):
        if value.keys() == {"sv", "en"}:
            return value[language]
        return {key: _in_language(item, language) for key, item in value.items()}
    if isinstance(value, list):
        return [_in_language(item, language) for item in value]
    return value
