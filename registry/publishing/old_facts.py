"""Dropping the facts of old snapshots."""

from django.db import connection

from registry.published.facts import FACTS, name_table


def list_facts() -> list[int]:
    """The numbers of the snapshots that have a table of facts."""
    return sorted(
        int(name.removeprefix(FACTS))
        for name in connection.introspection.table_names()
        if name.startswith(FACTS) and name.removeprefix(FACTS).isdecimal()
    )


def prune_facts() -> int:
    """Drop the facts of the snapshots before the current one; return how many tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT snapshot_id FROM registry_publication")
        current = cursor.fetchone()[0] or 0
        old = [number for number in list_facts() if number < current]
        for number in old:
            cursor.execute(f"DROP TABLE IF EXISTS {name_table(number)}")
    return len(old)
