"""Changing a row of a list on which infusions rest: which they are, and that they were seen (models/ground.py)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import PROTECT, Count, Model

from registry.entry.locks import lock_entry
from registry.models import Infusion
from registry.models.ground import SETTLES


@dataclass(frozen=True)
class Resting:
    """Infusions that rest on a row of a list: by their centre's code, how many."""

    centres: Mapping[str, int]

    @property
    def number(self) -> int:
        """How many there are."""
        return sum(self.centres.values())

    def __str__(self) -> str:
        return ", ".join(f"{code} {number}" for code, number in self.centres.items())


def find_changed(row: Model, values: Mapping[str, Any]) -> list[str]:
    """Of the fields that infusions rest on, those whose value is another than the stored one.

    No entry is under way from here to the commit, so that what is found holds.
    """
    lock_entry(alone=True)
    stored = type(row)._base_manager.get(pk=row.pk)
    return [name for name in row.ground.settled if name in values and getattr(stored, name) != values[name]]  # type: ignore[attr-defined]  # the lists have it


def find_resting(row: Model) -> Resting:
    """All infusions that rest on a row."""
    return _count(Infusion.objects.filter(**{row.ground.column: row.pk}))  # type: ignore[attr-defined]


def find_untrue(row: Model, name: str, value: Any) -> Resting:
    """Those that a new value of a field would make untrue."""
    ground = row.ground  # type: ignore[attr-defined]
    rows = ground.forbidden.get(name)
    if rows is None:
        return Resting({})
    stored = getattr(type(row)._base_manager.get(pk=row.pk), name)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT infusion.id FROM registry_infusion AS infusion,"
            f" (SELECT %s::text AS {name}) AS old, (SELECT %s::text AS {name}) AS new"
            f" WHERE infusion.{ground.column} = %s AND ({rows})",
            [stored, value, row.pk],
        )
        keys = [key for (key,) in cursor.fetchall()]
    return _count(Infusion.objects.filter(pk__in=keys))


def find_users(row: Model) -> list[tuple[type[Model], int]]:
    """What refers to a row of a list, so that it must stay: by model, how many; without the infusions."""
    relations = [one for one in row._meta.related_objects if one.on_delete is PROTECT]
    models = [(one.related_model, one.field.name) for one in relations if one.related_model is not Infusion]
    found = [(model, model._base_manager.filter(**{name: row}).count()) for model, name in models]
    return [(model, number) for model, number in found if number]


def is_used(row: Model) -> bool:
    """Whether something refers to a row of a list, so that it must stay."""
    return bool(find_resting(row).number or find_users(row))


@contextmanager
def settling(row: Model) -> Iterator[None]:
    """A change that whoever makes it has settled, after having seen the infusions that rest on the row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [SETTLES, f"{row._meta.db_table}:{row.pk}"])
        yield
        cursor.execute("SELECT set_config(%s, '', true)", [SETTLES])


def _count(infusions) -> Resting:
    by_centre = infusions.order_by("centre__position").values_list("centre__code")
    return Resting(dict(by_centre.annotate(number=Count("pk"))))
