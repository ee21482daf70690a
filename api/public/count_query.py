"""The query of `counts`: read from the parameters of a request, checked, and its cost bounded."""

from collections.abc import Callable, Collection, Mapping

from api.errors import Refused
from api.parameters import Parameters, unknown_value
from registry.choices import Modality, Sex
from registry.published import count_limits
from registry.published.atmp_query import TrialQuery
from registry.published.count_limits import MONTH, MOST_DIMENSIONS, YEAR, find_unknown, is_too_costly, most_rows
from registry.published.count_query import ASKABLE, DIMENSIONS, CountQuery, read_measures


def read_count_query(parameters: Parameters) -> CountQuery:
    """The query of `counts`, in the one spelling that two ways of asking it share.

    Values of code lists are checked by check_codes, which needs the lists.
    """
    by = read_dimensions(parameters, DIMENSIONS, most=MOST_DIMENSIONS)
    measures, rates = read_measures(parameters.choose("measures", ASKABLE) or ())
    filters = read_filters(parameters, DIMENSIONS)
    since, until = parameters.day_that_has_come("from"), parameters.day("to")
    if since and until and since > until:
        raise Refused("period_empty", "from is later than to.", parameter="from")
    return CountQuery(
        by=by,
        measures=measures,
        filters=filters,
        as_of=parameters.day_that_has_come("as_of"),
        since=since,
        until=until,
        rates=rates,
    )


def read_dimensions(parameters: Parameters, dimensions: Collection[str], *, most: int) -> tuple[str, ...]:
    """The dimensions of `by`, at most so many."""
    by = parameters.choose("by", dimensions) or ()
    if len(by) > most:
        sentence = f"At most {most} dimensions at once; {len(by)} are asked for."
        raise Refused("too_many_dimensions", sentence, parameter="by")
    return by


def read_filters(parameters: Parameters, dimensions: Collection[str]) -> dict[str, tuple]:
    """The values that are wanted of each dimension that is named."""
    return {name: _filter(parameters, name) for name in dimensions if name in parameters.values}


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
    if not is_too_costly(query, extent):
        return
    raise Refused(
        "too_costly",
        f"By {', '.join(query.by)} there may be {most_rows(query, extent)} rows; the limits are "
        f"{count_limits.MOST_ROWS} rows, and {count_limits.MOST_COST} for rows times dimensions. "
        "Choose fewer dimensions, or fewer values by a filter.",
        parameter="by",
    )


def check_codes(query: CountQuery | TrialQuery, known: Callable[[str], Collection[str] | None]) -> None:
    """Refuse filter values that are in no code list; known(name) is a list's values, None if open."""
    if unknown := find_unknown(query, known):
        raise unknown_value(unknown.dimension, unknown.value, f"one or more of {', '.join(unknown.codes)}")
