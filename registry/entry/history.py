"""Reading the history that the database writes: who changed what, when and why."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.utils import display_for_field
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from registry.sentences import say_own

OPERATIONS = {"insert": _("Added"), "update": _("Changed"), "delete": _("Deleted")}
NOTHING = "–"


@dataclass(frozen=True)
class FieldChange:
    """One field before and after, as displayed."""

    label: str
    before: object
    after: object


@dataclass(frozen=True)
class Change:
    """One row of history; `record` is the primary key of the row that changed."""

    record: object
    at: datetime
    actor: str
    reason: str
    operation: object
    subject: str
    fields: list[FieldChange]


def read_history(record: models.Model, related: Mapping[Any, str]) -> list[Change]:
    """Changes of a record and of the rows that belong to it, newest first.

    related: model -> its foreign key to the record. A row that has moved to or from the record is included
    with its whole history. Empty for a model without history.
    """
    changes: list[Change] = []
    if hasattr(record, "pgh_event_models"):
        changes += _read(type(record), pgh_obj_id=record.pk)
    for model, field in related.items():
        rows = model.pgh_event_model.objects.filter(**{field: record.pk})
        changes += _read(model, pgh_obj_id__in=rows.values("pgh_obj_id"))
    return sorted(changes, key=lambda change: change.at, reverse=True)


def read_histories(model: Any, keys: Iterable[object]) -> dict[object, list[Change]]:
    """The changes of several records of a model by key, each newest first, in a fixed number of queries."""
    changes: dict[object, list[Change]] = {}
    for change in _read(model, pgh_obj_id__in=list(keys)):
        changes.setdefault(change.record, []).insert(0, change)
    return changes


def _read(model: Any, **which) -> Iterator[Change]:
    rows = list(model.pgh_event_model.objects.filter(**which).order_by("pgh_id"))
    fields = _tracked_fields(model)
    names = _names(rows, fields)
    last: dict[object, models.Model] = {}
    for row in rows:
        yield Change(
            record=row.pgh_obj_id,
            at=row.pgh_created_at,
            actor=row.acted_by,
            reason=say_own(row.reason),
            operation=OPERATIONS[row.pgh_label],
            subject=str(capfirst(model._meta.verbose_name)),
            fields=list(_compare(last.get(row.pgh_obj_id), row, fields, names)),
        )
        last[row.pgh_obj_id] = row


def _tracked_fields(model: Any) -> list[models.Field]:
    recorded = {field.name for field in model.pgh_event_model._meta.fields}
    return [field for field in model._meta.fields if field.name in recorded and not field.primary_key]


def _names(rows: list, fields: list[Any]) -> dict[str, dict]:
    """The current names of the values of each foreign key: one query per field."""
    return {
        field.name: field.related_model._base_manager.in_bulk(
            {getattr(row, field.attname) for row in rows} - {None}
        )
        for field in fields
        if field.is_relation
    }


def _compare(before, after, fields: list[models.Field], names: dict[str, dict]) -> Iterator[FieldChange]:
    if after.pgh_label == "delete":
        before, after = after, None
    for field in fields:
        old, new = (_display(row, field, names) for row in (before, after))
        if old != new:
            yield FieldChange(str(capfirst(field.verbose_name)), old, new)


def _display(row, field: models.Field, names: dict[str, dict]) -> object:
    if row is None:
        return NOTHING
    value = getattr(row, field.attname)
    if field.is_relation:
        return NOTHING if value is None else names[field.name].get(value, value)
    if field.name in (words := getattr(field.model, "history_words", {})):
        return words[field.name](row) or NOTHING
    if isinstance(field, models.TextField):
        value = say_own(value)
    return display_for_field(value, field, NOTHING)
