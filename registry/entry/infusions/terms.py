"""An infusion and its history in the columns of the exchange file, for the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from registry.access import open_persons
from registry.choices import Status
from registry.entry.infusions.columns import LISTED, RELATED, values_of
from registry.entry.patients.erasure import registry_numbers_of
from registry.models import Infusion
from registry.sentences import say_own

RECORDED, CHANGED, WITHDRAWN, DELETED = "recorded", "changed", "withdrawn", "deleted"


@dataclass(frozen=True)
class Change:
    """One row of an infusion's history; fields: name -> (before, after)."""

    version: int
    at: datetime
    by: str
    reason: str
    action: str
    fields: Mapping[str, tuple[object, object]]


def terms_of(infusion: Any) -> dict[str, Any]:
    """The infusion by the exchange file's columns, with numbers as numbers and None for empty.

    infusion: with RELATED selected, annotated with its version and the sex shown to the reader.
    """
    related = {name: getattr(infusion, name) for name in RELATED}
    return {
        "id": str(infusion.pk),
        **_terms(infusion, related),
        "modality": infusion.product.modality,
        "sex": infusion.sex_shown,
        "created_at": infusion.created_at.isoformat(),
        "version": infusion.version,
    }


def read_changes(infusion: Infusion) -> list[Change]:
    """The history of an infusion, oldest first, with the current names of codes."""
    rows = list(Infusion.pgh_event_model.objects.filter(pgh_obj_id=infusion.pk).order_by("pgh_id"))  # type: ignore[attr-defined]
    open_persons({row.patient_id for row in rows})  # whoever it was recorded for
    names, numbers = _names(rows), registry_numbers_of(row.patient_id for row in rows)
    changes: list[Change] = []
    before: dict[str, Any] = {}
    for version, row in enumerate(rows, start=1):  # as InfusionQuerySet.with_version counts
        after = _terms(row, {name: found.get(getattr(row, f"{name}_id")) for name, found in names.items()})
        after["patient"] = numbers[row.patient_id]  # also of a person since merged into another
        fields = {name: (before.get(name), after[name]) for name in after if before.get(name) != after[name]}
        reason = say_own(row.reason)
        changes.append(Change(version, row.pgh_created_at, row.acted_by, reason, _action(row, fields), fields))
        before = after
    return changes


def _terms(row: Any, related: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a stored or historical row, the person after the centre."""
    person = related.get("patient")
    values = values_of(row, related)
    return {
        "centre": values["centre"],
        "patient": person.registry_number if person else None,
        **values,
        "status": row.status,
    }


def _names(rows: list[Any]) -> dict[str, Mapping[Any, Any]]:
    """The current names of the rows of each list: one query per list."""
    return {
        name: listed.model._base_manager.in_bulk({getattr(row, f"{name}_id") for row in rows} - {None})
        for name, listed in LISTED.items()
    }


def _action(row: Any, fields: Mapping[str, tuple[object, object]]) -> str:
    if row.pgh_label == "update":
        return WITHDRAWN if fields.get("status", (None, None))[1] == Status.WITHDRAWN else CHANGED
    return RECORDED if row.pgh_label == "insert" else DELETED
