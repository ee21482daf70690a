"""Changing a row of a code list: the affected infusions, and confirmation (models/list_guard.py)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import PROTECT, Count, Model

from registry.entry.locks import lock_entry
from registry.models import Infusion
from registry.models.list_guard import SETTLES


@dataclass(frozen=True)
class InfusionCount:
    """A number of infusions by centre code."""

    centres: Mapping[str, int]

    @property
    def number(self) -> int:
        return sum(self.centres.values())

    def __str__(self) -> str:
        return ", ".join(f"{code} {number}" for code, number in self.centres.items())


def find_changed(row: Model, values: Mapping[str, Any]) -> list[str]:
    """The guarded fields whose value differs from the stored value.

    Takes the entry lock until the commit, so that no infusion is stored meanwhile.
    """
    lock_entry(alone=True)
    stored = type(row)._base_manager.get(pk=row.pk)
    return [name for name in row.guard.guarded if name in values and getattr(stored, name) != values[name]]  # type: ignore[attr-defined]


def count_infusions(row: Model) -> InfusionCount:
    return _count(Infusion.objects.filter(**{row.guard.column: row.pk}))  # type: ignore[attr-defined]


def count_contradicted(row: Model, name: str, value: Any) -> InfusionCount:
    """The infusions that a new value of a field would contradict."""
    guard = row.guard  # type: ignore[attr-defined]
    rows = guard.forbidden.get(name)
    if rows is None:
        return InfusionCount({})
    stored = getattr(type(row)._base_manager.get(pk=row.pk), name)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT infusion.id FROM registry_infusion AS infusion,"
            f" (SELECT %s::text AS {name}) AS old, (SELECT %s::text AS {name}) AS new"
            f" WHERE infusion.{guard.column} = %s AND ({rows})",
            [stored, value, row.pk],
        )
        keys = [key for (key,) in cursor.fetchall()]
    return _count(Infusion.objects.filter(pk__in=keys))


def count_references(row: Model) -> list[tuple[type[Model], int]]:
    """How many rows of each other model refer to a row, so that it cannot be deleted."""
    models = [
        (relation.related_model, relation.field.name)
        for relation in row._meta.related_objects
        if relation.on_delete is PROTECT and relation.related_model is not Infusion
    ]
    found = [(model, model._base_manager.filter(**{name: row}).count()) for model, name in models]
    return [(model, number) for model, number in found if number]


def is_used(row: Model) -> bool:
    """Whether any row refers to it, so that it cannot be deleted."""
    return bool(count_infusions(row).number or count_references(row))


@contextmanager
def settling(row: Model) -> Iterator[None]:
    """Let the triggers accept a change of a row whose infusions the administrator has seen."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [SETTLES, f"{row._meta.db_table}:{row.pk}"])
        yield
        cursor.execute("SELECT set_config(%s, '', true)", [SETTLES])


def _count(infusions) -> InfusionCount:
    by_centre = infusions.order_by("centre").values_list("centre__code")
    return InfusionCount(dict(by_centre.annotate(number=Count("pk"))))
