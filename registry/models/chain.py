"""The chain that proves the history and the access log: a link for each statement, chained by hash per table.

A link says which rows a statement added, with the hash of each, or which were removed lawfully (a "stone"). At the
commit each link gets its number in the table's chain, and a hash over itself and the hash before it. Why it is
built so, and what a migration that alters a chained table has to do: docs/decisions/0038-a-chain-of-hashes.md.
"""

from collections.abc import Iterator

import pgtrigger
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID, TransactionNow
from django.db import models
from django.db.models import Q

from registry.choices import LinkKind
from registry.models.document_field import DocumentField
from registry.models.snapshot import Snapshot

SEALING_LOCK = 7206  # taken at the commit, so that links are numbered one transaction after the other

# What is hashed is what PostgreSQL sends of a row in binary: the same in every time zone, DateStyle and locale,
# and in every version. Letters are sent in the client's encoding, which is therefore made UTF-8 meanwhile.
ENCODING = ("encoding", "TEXT := pg_client_encoding()")
IN_UTF8 = """
IF encoding <> 'UTF8' THEN PERFORM set_config('client_encoding', 'UTF8', true); END IF;
{statements}
IF encoding <> 'UTF8' THEN PERFORM set_config('client_encoding', encoding, true); END IF;
RETURN NULL;
"""
# How many columns a row had when it was linked: a later one is added behind them, and does not alter its hash.
WIDTH = """(SELECT count(*) FROM pg_attribute WHERE attrelid = {table} AND attnum > 0 AND NOT attisdropped)"""
ADD = """
INSERT INTO registry_chainlink (chain, kind, width, ids, hashes)
SELECT '{chain}', 'added', {width}, array_agg(line.{key}), array_agg(sha256(record_send(line)))
FROM new_values AS line HAVING count(*) > 0;
"""
REMOVE = """
INSERT INTO registry_chainlink (chain, kind, ids, acted_by, latest_at)
SELECT '{chain}', 'removed', array_agg(line.{key}),
       acting(), max(line.{moment})
FROM old_values AS line HAVING count(*) > 0;
"""
# A link without its own number, key and hash. The types are written out, since they are part of what is hashed.
CONTENT = """sha256(record_send(ROW(
    {before}::bytea, {link}.chain::text, {number}::bigint, {link}.kind::text, {link}.width::integer, {link}.ids,
    {link}.hashes, {link}.made_at, {link}.latest_at, convert_to({link}.acted_by, 'UTF8')
)))"""
# The last link of a transaction gives all of them their numbers. Another transaction's have them already, or are
# not to be seen; but a transaction that sees an old state would number from an old link.
SEAL = f"""
IF NEW.id < (SELECT max(id) FROM registry_chainlink WHERE number IS NULL) THEN RETURN NULL; END IF;
IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'what writes history or access log has to be READ COMMITTED'
    USING ERRCODE = 'serialization_failure';
END IF;
PERFORM pg_advisory_xact_lock({SEALING_LOCK});
FOR link IN SELECT * FROM registry_chainlink WHERE number IS NULL ORDER BY id LOOP
    SELECT number, hash INTO last_number, last_hash FROM registry_chainlink
    WHERE chain = link.chain AND number IS NOT NULL ORDER BY number DESC LIMIT 1;
    last_number := COALESCE(last_number, 0) + 1;
    UPDATE registry_chainlink SET number = last_number,
        hash = {CONTENT.format(before="COALESCE(last_hash, '')", link="link", number="last_number")}
    WHERE id = link.id;
END LOOP;
RETURN NULL;
"""
# Migrations that have rewritten rows of a chained table, as (table, migration). No other link may rewrite.
REWRITES: frozenset[tuple[str, str]] = frozenset()
# For a migration: links to all rows of a table, a few at a time.
LINK_ALL = """
DO $$
DECLARE
    past bigint := -1;
    last bigint;
BEGIN
    LOOP
        SELECT max(part.key) INTO last FROM (
            SELECT line.{key} AS key FROM {chain} AS line WHERE line.{key} > past ORDER BY 1 LIMIT 50000
        ) AS part;
        EXIT WHEN last IS NULL;
        INSERT INTO registry_chainlink (chain, kind, acted_by, width, ids, hashes)
        SELECT '{chain}', '{kind}', '{by}', {width}, array_agg(line.{key}), array_agg(sha256(record_send(line)))
        FROM {chain} AS line WHERE line.{key} > past AND line.{key} <= last;
        past := last;
    END LOOP;
END $$
"""


def never_emptied() -> pgtrigger.Trigger:
    """TRUNCATE is refused."""
    return pgtrigger.Trigger(
        name="never_emptied",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Truncate,
        func="RAISE EXCEPTION 'history and access log are not emptied' USING ERRCODE = 'raise_exception';",
    )


class HistoryHeads(models.Model):
    """The heads of all chains when a snapshot was made: by table, the number and the hash of its last link.

    They say how much had been written and are not published, but their hash is (Snapshot.history_head).
    """

    snapshot = models.OneToOneField(Snapshot, on_delete=models.CASCADE, primary_key=True)
    heads: "models.Field[dict, dict]" = DocumentField()

    def __str__(self) -> str:
        return f"{self.snapshot_id}"


HASHED = Q(hashes__isnull=False, width__isnull=False)


class ChainLink(models.Model):
    """A statement's rows in the chain of their table, or the stone over those that were removed from it.

    ids: the rows' keys. hashes: of their content, in the same order; none for a stone. width: how many columns
    were hashed. acted_by: who removed the rows, or which migration rewrote them. latest_at: when the latest of the
    removed rows was written.
    """

    chain = models.CharField(max_length=63)
    number = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=9, choices=LinkKind.choices)
    width = models.IntegerField(null=True)
    ids = ArrayField(models.BigIntegerField())
    hashes = ArrayField(models.BinaryField(), null=True)
    made_at = models.DateTimeField(db_default=TransactionNow())
    acted_by = models.TextField(blank=True, db_default="")
    latest_at = models.DateTimeField(null=True)
    hash = models.BinaryField(null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chain", "number"], name="chain_link_has_its_number"),
            models.CheckConstraint(
                name="chain_link_is_sealed_whole",
                condition=Q(number=None, hash=None) | Q(number__isnull=False, number__gte=1, hash__isnull=False),
            ),
            models.CheckConstraint(
                name="chain_link_removes_or_hashes",
                condition=Q(kind=LinkKind.ADDED, acted_by="", latest_at=None) & HASHED
                | Q(kind=LinkKind.REWRITTEN, latest_at=None) & ~Q(acted_by="") & HASHED
                | Q(kind=LinkKind.REMOVED, hashes=None, width=None) & ~Q(acted_by=""),
            ),
            models.CheckConstraint(name="chain_link_kind_is_known", condition=Q(kind__in=LinkKind.values)),
        ]
        indexes = [models.Index(fields=["id"], name="chain_link_unsealed", condition=Q(number=None))]
        triggers = [
            pgtrigger.Protect(name="stays", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="stays_as_sealed",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__number__isnull=False),
            ),
            pgtrigger.Trigger(
                name="sealed_at_commit",
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                timing=pgtrigger.Deferred,
                declare=[("link", "registry_chainlink"), ("last_number", "BIGINT"), ("last_hash", "BYTEA")],
                func=SEAL,
            ),
            never_emptied(),
        ]

    def __str__(self) -> str:
        return f"{self.chain} {self.number}"


def salt() -> models.UUIDField:
    """A random part of a row's hash: once the row is gone, its hash tells nothing of what it held."""
    return models.UUIDField(db_default=RandomUUID(), editable=False)


def chained(*, moment: str, key: str = "id") -> list[pgtrigger.Trigger]:
    """Triggers that link what is added to a table and what is removed from it, and forbid emptying it.

    moment: the column that says when a row was written.
    """
    names = {"chain": "{meta.db_table}", "key": key, "moment": moment, "width": WIDTH.format(table="TG_RELID")}
    return [
        pgtrigger.Trigger(
            name="linked",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Insert,
            referencing=pgtrigger.Referencing(new="new_values"),
            declare=[ENCODING],
            func=pgtrigger.Func(IN_UTF8.format(statements=ADD.format(**names))),
        ),
        pgtrigger.Trigger(
            name="leaves_a_stone",
            level=pgtrigger.Statement,
            when=pgtrigger.After,
            operation=pgtrigger.Delete,
            referencing=pgtrigger.Referencing(old="old_values"),
            func=pgtrigger.Func(REMOVE.format(**names) + "RETURN NULL;"),
        ),
        never_emptied(),
    ]


def link_all(chain: str, *, key: str, rewritten_by: str = "") -> str:
    """SQL for a migration that begins a table's chain.

    rewritten_by: the name of a migration that has changed the table's rows or columns; add it to REWRITES.
    """
    kind = LinkKind.REWRITTEN if rewritten_by else LinkKind.ADDED
    width = WIDTH.format(table=f"'{chain}'::regclass")
    return LINK_ALL.format(chain=chain, kind=kind.value, key=key, by=rewritten_by, width=width)


def chained_models() -> Iterator[type[models.Model]]:
    """The models whose tables are chained."""
    for model in apps.get_app_config("registry").get_models():
        if any(trigger.name == "linked" for trigger in getattr(model._meta, "triggers", ())):
            yield model
