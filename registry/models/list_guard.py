"""Triggers that guard code lists: no change to a row of a list may silently alter the infusions that refer to it.

A change of a guarded field is refused until the administrator has seen the infusions and confirmed
(entry/list_changes.py). A change that would contradict infusions is refused until they are corrected.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pgtrigger

ENTRY_LOCK = 7201  # shared by single entries; exclusive for an import and for a change of a list
SETTLES = "swecar.settles"  # "table:id" of the row whose change is confirmed in this transaction

WAIT = f"PERFORM pg_advisory_xact_lock({ENTRY_LOCK}); RETURN NULL;"
KEEP = """
{forbidden}
IF current_setting('{settles}', true) IS DISTINCT FROM '{table}:' || OLD.id
   AND EXISTS (SELECT FROM registry_infusion AS infusion WHERE infusion.{column} = OLD.id) THEN
    RAISE EXCEPTION 'infusions rest on this row of {table}: settle the change'
    USING ERRCODE = 'check_violation', CONSTRAINT = '{table}_is_settled';
END IF;
RETURN NEW;
"""
FORBID = """
IF OLD.{name} IS DISTINCT FROM NEW.{name}
   AND EXISTS (SELECT FROM registry_infusion AS infusion WHERE infusion.{column} = OLD.id AND ({rows})) THEN
    RAISE EXCEPTION 'this would make infusions untrue'
    USING ERRCODE = 'check_violation', CONSTRAINT = '{table}_{name}_keeps_rows_true';
END IF;
"""


@dataclass(frozen=True)
class ListGuard:
    """A list's table, the infusions' column that refers to it, and its guarded and free fields.

    forbidden: by field, an SQL condition on `infusion`, `old` and `new` for infusions that the change would
    contradict.
    """

    table: str
    column: str
    guarded: Sequence[str]
    free: Sequence[str]
    forbidden: Mapping[str, str] = field(default_factory=dict)

    @property
    def triggers(self) -> list[pgtrigger.Trigger]:
        """A change or deletion waits for entries in progress, and is then checked against the stored infusions."""
        names = {"table": self.table, "column": self.column, "settles": SETTLES}
        forbidden = "".join(FORBID.format(name=name, rows=rows, **names) for name, rows in self.forbidden.items())
        return [
            pgtrigger.Trigger(
                name="waits_for_entries",
                level=pgtrigger.Statement,
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=WAIT,
            ),
            pgtrigger.Trigger(
                name="keeps_ground",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Update,
                condition=pgtrigger.AnyChange(*self.guarded),
                func=KEEP.format(forbidden=forbidden, **names),
            ),
        ]
