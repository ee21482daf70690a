"""Reading an infusion's code list rows again under the lock that excludes changes of the lists."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from registry.entry.infusions.columns import LISTED
from registry.errors import InfusionRefused, Problem


def read_lists_again(values: Mapping[str, Any]) -> dict[str, Any]:
    """The code list rows among an infusion's values, as they are now; the caller holds the entry lock.

    Raises InfusionRefused for a deleted row, and for a centre whose code or county, which decide how an identifier
    is read, has changed.
    """
    return {name: _read_again(name, values[name]) for name in LISTED if values.get(name)}


def _read_again(name: str, row: Any) -> Model:
    found: Any = LISTED[name].model._base_manager.filter(pk=row.pk).first()
    if found is None or (name == "centre" and (found.code, found.county_code) != (row.code, row.county_code)):
        sentence = _("A list of the registry has changed meanwhile: choose again.")
        raise InfusionRefused([Problem(name, "list_changed", sentence)])
    return found
