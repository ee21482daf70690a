"""What a backup has to have restored, and which persons were erased until it was made."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg import sql

from registry.access import Operator, Permission, acting_as
from registry.backups.postgres_tools import WITHOUT_ROWS
from registry.choices import AccessAction
from registry.entry.patients.erasure import erase_patient
from registry.entry.patients.lookup import find_visible_patient
from registry.errors import NotFound
from registry.models import AccessLog, Refusal
from registry.publishing.history_proof import read_heads

OURS = ("public", "facts")
TABLES = """
SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
WHERE nspname = ANY(%s) AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1, 2
"""
AGAIN = "erased again after a restore; first erased on {day}"


def read_state() -> dict[str, Any]:
    """In the view of this transaction."""
    return {"counts": count_rows(), "heads": read_heads(), **read_erasures()}


def count_rows() -> dict[str, int]:
    """The rows of each table whose rows a backup has."""
    counts = {}
    with connection.cursor() as cursor:
        cursor.execute(TABLES, [list(OURS)])
        for schema, table in cursor.fetchall():
            if table not in WITHOUT_ROWS:
                name = sql.Identifier(schema, table).as_string(cursor.connection)
                cursor.execute(f"SELECT count(*) FROM {name}")
                counts[f"{schema}.{table}"] = cursor.fetchone()[0]
    return counts


def has_tables() -> bool:
    """Whether this database holds anything at all."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES, [list(OURS)])
        return bool(cursor.fetchall())


def read_erasures() -> dict[str, list]:
    """Who was erased, by registry number and moment, and the tokens of all who refuse to be registered."""
    erased = AccessLog.objects.filter(action=AccessAction.ERASE).exclude(patient=None).order_by("at")
    return {
        "erasures": [[number, at.isoformat()] for number, at in erased.values_list("patient", "at")],
        "refusals": [
            [key_id, bytes(token).hex()] for key_id, token in Refusal.objects.values_list("key_id", "token")
        ],
    }


def erase_again(states: Iterable[dict[str, Any]]) -> tuple[int, int]:
    """Erase who was erased by any of these states, and let nobody register who refused; how many of each.

    Each person in a transaction of their own, so that a run that was ended goes on where it stopped.
    """
    by, persons, refusals = Operator(), 0, 0
    for state in states:
        for number, at in state["erasures"]:
            try:
                found = find_visible_patient(number=number, by=by, permission=Permission.ERASE_PATIENTS)
            except NotFound:
                continue  # not in this database, or not any more
            reason = AGAIN.format(day=datetime.fromisoformat(at).date())
            erase_patient(patient=found, by=by, reason=reason, refuses=False)
            persons += 1
        with acting_as(by):
            for key_id, token in state["refusals"]:
                refusals += Refusal.objects.get_or_create(key_id=key_id, token=bytes.fromhex(token))[1]
    return persons, refusals
