"""A list of keys as one parameter of a statement."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models.expressions import RawSQL


def unnest(keys: Iterable[int]) -> RawSQL:
    """A subquery of keys for `in`. An empty list still makes a statement, which Django would leave out.

    So the number of statements does not show whether other centres have recorded anything.
    """
    return RawSQL("SELECT unnest(%s::bigint[])", [list(keys)])


def unnest_uuids(keys: Iterable[UUID]) -> RawSQL:
    """The same for UUIDs."""
    return RawSQL("SELECT unnest(%s::uuid[])", [list(keys)])
