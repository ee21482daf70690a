"""Proving that history and access log are as they were written, by their chains of hashes (models/chain.py).

PostgreSQL recomputes everything and gives the first fault of each kind, so the memory here does not grow.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from registry.models import ChainLink, Erasure, HistoryHeads, Snapshot
from registry.models.chain import CONTENT, REWRITES, chained_models
from registry.models.isolation import one_view

LOG_YEARS = 5  # the shortest that ACCESS_LOG_YEARS may be, which may have been changed since

LINKS = f"""
SELECT count(*), count(*) FILTER (WHERE kind = 'removed'), max(number) FROM {ChainLink._meta.db_table}
WHERE chain = %s
"""
HEADS = f"""
SELECT DISTINCT ON (chain) chain, number, encode(hash, 'hex') FROM {ChainLink._meta.db_table}
WHERE number IS NOT NULL ORDER BY chain, number DESC
"""
UNSEALED = f"SELECT chain, id FROM {ChainLink._meta.db_table} WHERE number IS NULL ORDER BY id LIMIT 1"
BEFORE = "coalesce(lag(link.hash) OVER following, '')"
# Of links with a number, the first that does not follow from the one before.
BROKEN_LINK = f"""
SELECT number, place FROM (
    SELECT link.number, link.hash, row_number() OVER following AS place,
           {CONTENT.format(before=BEFORE, link="link", number="link.number")} AS expected
    FROM {ChainLink._meta.db_table} AS link WHERE chain = %s AND number IS NOT NULL
    WINDOW following AS (ORDER BY link.number)
) AS checked
WHERE number <> place OR hash IS DISTINCT FROM expected ORDER BY number LIMIT 1
"""
# What the chain says of each row: the last link that names it, and how often it was added.
STATED = f"""
SELECT DISTINCT ON (id) id, hash, kind, width,
       count(*) FILTER (WHERE kind = 'added') OVER (PARTITION BY id) AS added
FROM (
    SELECT unnest(ids) AS id, unnest(hashes) AS hash, kind, width, number FROM {ChainLink._meta.db_table}
    WHERE chain = %(chain)s
) AS named
ORDER BY id, number DESC
"""
BROKEN_ROW = """
SELECT id, fault FROM (
    SELECT coalesce(stated.id, line.{key}) AS id, CASE
        WHEN stated.id IS NULL THEN 'inserted'
        WHEN stated.added <> 1 THEN 'linked_twice'
        WHEN stated.kind = 'removed' AND line.{key} IS NOT NULL THEN 'back'
        WHEN stated.kind = 'removed' THEN ''
        WHEN line.{key} IS NULL THEN 'missing'
        WHEN stated.hash IS DISTINCT FROM {hash} THEN 'altered'
        ELSE '' END AS fault
    FROM ({stated}) AS stated FULL JOIN {table} AS line ON line.{key} = stated.id
) AS compared
WHERE fault <> '' ORDER BY id LIMIT 1
"""
FAULTS = {
    "inserted": "was inserted past the chain",
    "linked_twice": "was not added once",
    "back": "was removed and is there again",
    "missing": "is missing",
    "altered": "was altered",
}
COLUMNS = """
SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
WIDTHS = f"SELECT DISTINCT width FROM {ChainLink._meta.db_table} WHERE chain = %s AND width IS NOT NULL"
# A row of a history goes in an erasure, whose own row is added in the same transaction; a line of the access log
# when its time is up.
UNLAWFUL = {
    "history": f"""NOT EXISTS (
        SELECT FROM {ChainLink._meta.db_table} AS other
        WHERE other.chain = '{Erasure._meta.db_table}' AND other.kind = 'added' AND other.made_at = link.made_at
    )""",
    "registry_accesslog": f"link.latest_at > link.made_at - interval '{LOG_YEARS} years' + interval '1 day'",
    Erasure._meta.db_table: "true",
}
UNLAWFUL_STONE = f"""
SELECT link.number, link.acted_by FROM {ChainLink._meta.db_table} AS link
WHERE chain = %s AND kind = 'removed' AND ({{unlawful}}) ORDER BY number LIMIT 1
"""
UNKNOWN_REWRITE = f"""
SELECT number, acted_by FROM {ChainLink._meta.db_table}
WHERE chain = %s AND kind = 'rewritten' AND acted_by <> ALL(%s) ORDER BY number LIMIT 1
"""
LOST_HEAD = f"""
SELECT snapshot_id, head.key, (head.value ->> 0)::bigint
FROM {HistoryHeads._meta.db_table} AS kept CROSS JOIN jsonb_each(kept.heads::jsonb) AS head
WHERE NOT EXISTS (
    SELECT FROM {ChainLink._meta.db_table} AS link
    WHERE link.chain = head.key AND link.number = (head.value ->> 0)::bigint
      AND encode(link.hash, 'hex') = head.value ->> 1
)
ORDER BY snapshot_id, head.key LIMIT 1
"""
SEAL_OWN = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED"


@dataclass(frozen=True)
class Chain:
    """A table's chain: how many rows and links there are, how many of these are stones, and its head."""

    table: str
    rows: int
    links: int
    stones: int
    head: str


@dataclass(frozen=True)
class HistoryProof:
    """All chains, and what does not agree with them, in words."""

    chains: tuple[Chain, ...]
    findings: tuple[str, ...]


def read_heads() -> dict[str, list]:
    """The number and the hash of the last link of each chain, by table."""
    return {chain: [number, digest] for chain, number, digest in _read(HEADS)}


def hash_heads(heads: dict[str, list]) -> str:
    """One hash of all heads. It is published, so it says nothing of how much there is to prove."""
    canonical = json.dumps(heads, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def prove_history(*, published: dict[int, str] | None = None) -> HistoryProof:
    """Recompute all chains in one view of the database.

    published: by snapshot, a head that was printed; what was there then has to be there still.
    """
    with one_view():
        with connection.cursor() as cursor:
            cursor.execute(SEAL_OWN)  # what the caller's own transaction has written, if there is one
        heads = read_heads()
        known = {model._meta.db_table: model for model in chained_models()}
        chains, findings = [], [f"{chain}: link {key} has no number" for chain, key in _read(UNSEALED)]
        for table in sorted(known.keys() | heads.keys()):
            model = known.get(table)
            if model is None:
                findings.append(f"{table}: there is a chain, and no such table")
                continue
            chains.append(_measure(table, heads.get(table)))
            findings += _check(table, str(model._meta.pk.column))
        findings += _check_snapshots(published or {})
    return HistoryProof(tuple(chains), tuple(findings))


def _measure(table: str, head: list | None) -> Chain:
    [[rows]] = _read(f"SELECT count(*) FROM {table}")
    [[links, stones, _last]] = _read(LINKS, table)
    return Chain(table, rows, links, stones, f"{head[0]}:{head[1]}" if head else "")


def _check(table: str, key: str) -> Iterator[str]:
    """What is wrong with a chain: the first of each kind."""
    for number, place in _read(BROKEN_LINK, table):
        what = "is missing" if number != place else "does not follow from the one before"
        yield f"{table}: link {place} {what}"
    columns = [name for (name,) in _read(COLUMNS, table)]
    widths = sorted(width for (width,) in _read(WIDTHS, table))
    if widths and widths[-1] > len(columns):
        yield f"{table}: a column is missing that was hashed"
        return
    statement = BROKEN_ROW.format(key=key, table=table, stated=STATED, hash=_hash_by_width(columns, widths))
    for row, fault in _read(statement, {"chain": table}):
        yield f"{table}: row {row} {FAULTS[fault]}"
    for number, actor in _read(UNLAWFUL_STONE.format(unlawful=UNLAWFUL.get(table, UNLAWFUL["history"])), table):
        yield f"{table}: link {number} removes rows without a ground, by {actor}"
    for number, actor in _read(UNKNOWN_REWRITE, table, [name for of, name in REWRITES if of == table]):
        yield f"{table}: link {number} rewrites rows by {actor}, which is no migration of this version"


def _hash_by_width(columns: list[str], widths: list[int]) -> str:
    """SQL: the hash of a row, of as many columns as there were when it was linked."""
    cases = []
    for width in widths:
        hashed = ", ".join(f'line."{name}"' for name in columns[:width])
        cases.append(f"WHEN {width} THEN sha256(record_send(ROW({hashed})))")
    return f"CASE stated.width {' '.join(cases)} END" if cases else "''"


def _check_snapshots(published: dict[int, str]) -> Iterator[str]:
    """What snapshots say of the chains as they were then."""
    stored = Snapshot.objects.exclude(history_head="").order_by("number")
    printed = dict(stored.values_list("number", "history_head"))
    for number, head in published.items():
        if printed.get(number) != head:
            yield f"snapshot {number}: its head is {printed.get(number, 'missing')}, and {head} was printed"
    kept = HistoryHeads.objects.values_list("snapshot_id", "heads").iterator()
    hashed = {number: hash_heads(heads) for number, heads in kept}
    for number, head in printed.items():
        if hashed.get(number) != head:
            yield f"snapshot {number}: its heads are not those that were hashed"
    for number, table, link in _read(LOST_HEAD):
        yield f"{table}: link {link} is not the one that snapshot {number} has printed"


def _read(statement: str, *values) -> list[tuple]:
    named = values[0] if values and isinstance(values[0], dict) else list(values)
    with connection.cursor() as cursor:
        cursor.execute(statement, named)
        return cursor.fetchall()
