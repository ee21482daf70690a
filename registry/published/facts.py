"""Reading the facts of a snapshot: where they are, and what it means when they are gone."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import ProgrammingError
from psycopg.errors import UndefinedColumn, UndefinedTable

from registry.errors import FactsNotKept

SCHEMA = "facts"  # of their own, since publishing makes and drops tables there and nowhere else
FACTS = "registry_fact_"


MEMORY = "SET LOCAL work_mem = '256MB'"  # a million rows do not fit the usual one; spilling doubles the time


def name_table(snapshot: int) -> str:
    """Where the facts of a snapshot are, by its number."""
    return f"{SCHEMA}.{FACTS}{snapshot:d}"


@contextmanager
def reading_facts() -> Iterator[None]:
    """Around a statement on a snapshot's facts; raises FactsNotKept where they have been dropped."""
    try:
        yield
    except ProgrammingError as error:
        # A column that is not there yet: the facts are from before an update, and made anew after it.
        if isinstance(error.__cause__, UndefinedTable | UndefinedColumn):
            raise FactsNotKept from error
        raise
