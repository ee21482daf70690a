"""Dropping the facts of old snapshots."""

from django.db import connection

from registry.published.facts import FACTS, SCHEMA, name_table


def list_facts() -> list[int]:
    """The numbers of the snapshots that have a table of facts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [SCHEMA])
        return sorted(int(name.removeprefix(FACTS)) for (name,) in cursor.fetchall())


def prune_facts() -> int:
    """Drop the facts of the snapshots before the current one; return how many tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT snapshot_id FROM registry_publication")
        current = cursor.fetchone()[0] or 0
        old = [number for number in list_facts() if number < current]
        for number in old:
            cursor.execute(f"DROP TABLE IF EXISTS {name_table(number)}")
    return len(old)
