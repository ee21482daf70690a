"""Keys as one parameter of a statement."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models.expressions import RawSQL


def unnest(keys: Iterable[int]) -> RawSQL:
    """Keys to be found in. None is a list too, so that a statement is made for nobody as for many: how many are
    made tells nothing of what other centres have recorded.
    """
    return RawSQL("SELECT unnest(%s::bigint[])", [list(keys)])


def unnest_uuids(keys: Iterable[UUID]) -> RawSQL:
    """The same of keys that are UUIDs."""
    return RawSQL("SELECT unnest(%s::uuid[])", [list(keys)])
