"""Reading an infusion's code list rows again under the lock that excludes changes of the lists."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from registry.entry.infusions.columns import LISTED
from registry.entry.infusions.kept_lists import KeptLists, read_lists
from registry.errors import InfusionRefused, Problem


def read_lists_again(values: Mapping[str, Any], lists: KeptLists | None = None) -> dict[str, Any]:
    """The code list rows among an infusion's values, as they are now; the caller holds the entry lock.

    lists: as read under that lock. Raises InfusionRefused for a deleted row, and for a centre whose code or
    county, which decide how an identifier is read, has changed.
    """
    lists = lists or read_lists()
    return {name: _find(name, values[name], lists) for name in LISTED if values.get(name)}


def _find(name: str, row: Any, lists: KeptLists) -> Model:
    found = lists.by_key[LISTED[name].model].get(row.pk)
    if found is None or (name == "centre" and (found.code, found.county_code) != (row.code, row.county_code)):
        raise list_changed(name)
    return found


def list_changed(name: str) -> InfusionRefused:
    """The refusal of what was chosen from a list that has changed since; name: of the field, if it is one."""
    sentence = _("A list of the registry has changed meanwhile: choose again.")
    return InfusionRefused([Problem(name, "list_changed", sentence)])
