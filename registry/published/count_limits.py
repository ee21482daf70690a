"""What a query of counts may ask for, of the API and of the page: how much, and which values filters know."""

import re
from collections.abc import Callable, Collection, Mapping
from math import prod
from typing import NamedTuple

from registry.published.atmp_query import TrialQuery
from registry.published.count_query import NONE, CountQuery

MOST_DIMENSIONS = 4
MOST_ROWS = 100_000
MOST_COST = 200_000  # rows by dimensions
LONGEST_QUERY = 2_000  # characters of an address's query
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])|unknown", re.ASCII)
YEAR = re.compile(r"(19|20|21)\d{2}", re.ASCII)
MAY_BE_MISSING = {"indication", "manufacturing_site", "trial"}


class Unknown(NamedTuple):
    """A filter's value that is in no code list, and the codes that are."""

    dimension: str
    value: str
    codes: Collection[str]


def find_unknown(query: CountQuery | TrialQuery, known: Callable[[str], Collection[str] | None]) -> Unknown | None:
    """The first filter value that is in no code list; known(name) is a list's values, None if open."""
    for name, values in query.filters.items():
        codes = known(name)
        if codes is None:
            continue
        for value in values:
            if value not in codes and not (value == NONE and name in MAY_BE_MISSING):
                return Unknown(name, str(value), codes)
    return None


def most_rows(query: CountQuery, extent: Mapping[str, int]) -> int:
    """How many rows the response may have.

    extent tells how many values each dimension has, and how many "infusions" there are.
    """
    sizes = {name: len(query.filters.get(name, ())) or extent[name] for name in query.by}
    return min(prod(sizes.values()), extent["infusions"])


def is_too_costly(query: CountQuery, extent: Mapping[str, int]) -> bool:
    """Whether the response may become too large, by the same extent."""
    rows = most_rows(query, extent)
    return rows > MOST_ROWS or rows * len(query.by) > MOST_COST
