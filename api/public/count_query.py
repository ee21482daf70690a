"""The query of `counts`: read from the parameters of a request, checked, and its cost bounded."""

import re
from collections.abc import Callable, Collection, Mapping
from math import prod

from api.errors import Refused
from api.parameters import Parameters, unknown_value
from registry.choices import Modality, Sex
from registry.measures import DEFAULT_MEASURES, MEASURES
from registry.published.count_query import DIMENSIONS, NONE, CountQuery

MOST_DIMENSIONS = 4


MOST_ROWS = 100_000


MOST_COST = 200_000  # rows by dimensions


MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])|unknown", re.ASCII)


YEAR = re.compile(r"(19|20|21)\d{2}", re.ASCII)


MAY_BE_MISSING = {"indication", "manufacturing_site", "trial"}


def read_count_query(parameters: Parameters) -> CountQuery:
    """The query of `counts`, in the one spelling that two ways of asking it share.

    Values of code lists are checked by check_codes, which needs the lists.
    """
    by = parameters.choose("by", DIMENSIONS) or ()
    if len(by) > MOST_DIMENSIONS:
        sentence = f"At most {MOST_DIMENSIONS} dimensions at once; {len(by)} are asked for."
        raise Refused("too_many_dimensions", sentence, parameter="by")
    measures = parameters.choose("measures", MEASURES)
    filters = {name: _filter(parameters, name) for name in DIMENSIONS if name in parameters.values}
    since, until = parameters.day_that_has_come("from"), parameters.day("to")
    if since and until and since > until:
        raise Refused("period_empty", "from is later than to.", parameter="from")
    return CountQuery(
        by=by,
        measures=tuple(name for name in MEASURES if name in measures) if measures else DEFAULT_MEASURES,
        filters=filters,
        as_of=parameters.day_that_has_come("as_of"),
        since=since,
        until=until,
    )


def _filter(parameters: Parameters, name: str) -> tuple:
    fixed: dict[str, Collection[str]] = {
        "age_group": ("child", "adult"),
        "modality": Modality.values,
        "sex": Sex.values,
    }
    if name in fixed:
        return tuple(sorted(parameters.choose(name, fixed[name]) or ()))
    values = tuple(sorted(parameters.words(name) or ()))
    for pattern, dimension, wanted in ((YEAR, "year", "a year"), (MONTH, "month", "YYYY-MM or unknown")):
        wrong = [value for value in values if name == dimension and not pattern.fullmatch(value)]
        if wrong:
            raise unknown_value(name, wrong[0], wanted)
    return tuple(int(value) for value in values) if name == "year" else values


def check(query: CountQuery, known: Callable[[str], Collection[str] | None], extent: Mapping[str, int]) -> None:
    """Refuse what cannot be counted, or costs too much (published.queries.Check)."""
    check_codes(query, known)
    check_cost(query, extent)


def check_cost(query: CountQuery, extent: Mapping[str, int]) -> None:
    """Refuse a query whose response may become too large, before anything is counted.

    extent tells how many values each dimension has, and how many "infusions" there are.
    """
    sizes = {name: len(query.filters.get(name, ())) or extent[name] for name in query.by}
    rows = min(prod(sizes.values()), extent["infusions"])
    if rows <= MOST_ROWS and rows * len(query.by) <= MOST_COST:
        return
    raise Refused(
        "too_costly",
        f"By {', '.join(query.by)} there may be {rows} rows; the limits are {MOST_ROWS} rows, and "
        f"{MOST_COST} for rows times dimensions. Choose fewer dimensions, or fewer values by a filter.",
        parameter="by",
    )


def check_codes(query: CountQuery, known: Callable[[str], Collection[str] | None]) -> None:
    """Refuse filter values that are in no code list; known(name) is a list's values, None if open."""
    for name, values in query.filters.items():
        codes = known(name)
        if codes is None:
            continue
        for value in values:
            if value not in codes and not (value == NONE and name in MAY_BE_MISSING):
                raise unknown_value(name, str(value), f"one or more of {', '.join(codes)}")
