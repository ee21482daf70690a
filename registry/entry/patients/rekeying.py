"""Carrying all that is stored under older identity keys on to the newest, a few rows at a time.

Each batch is a transaction of its own that takes only rows that nobody else has locked, so that it never waits
while it holds any, and it may be killed at any moment: a row stands under the one key or the other, a look-up
finds both, and the next run goes on with what is left. Persons come first: what waits (referrals, rows of files)
is found by its older digests as long as a person may be stored under one.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from django.db import connection
from django.utils.translation import gettext_noop

from registry.access import Operator, acting_as, reading_as
from registry.entry.locks import lock_entry
from registry.entry.patients.key_in_use import require_newest_key
from registry.identity_keys import DIGEST_BYTES, carry_all, key_ids
from registry.keyed_digests import NO_DIGEST

BATCH = 500
PAUSE = 0.05  # seconds, while others hold what is left
REKEYED = gettext_noop("the key of the digests was replaced")

# A chain that does not end under the newest key, or holds any other digest.
IS_OLD = "chain IS NOT NULL AND (length(chain) <> %(length)s OR substr(chain, 1, length(%(none)s)) <> %(none)s)"
COUNT = f"""
SELECT (SELECT count(*) FROM registry_patientidentifier WHERE key_id <> %(newest)s),
       (SELECT count(*) FROM registry_refusal WHERE key_id <> %(newest)s),
       (SELECT count(*) FROM registry_referral WHERE {IS_OLD}),
       (SELECT count(*) FROM registry_importrow WHERE {IS_OLD})
"""
TAKE_IDENTIFIERS = """
SELECT id, patient_id, key_id, digest, birth_digest FROM registry_patientidentifier
WHERE key_id = ANY(%(older)s) AND id <> ALL(%(twice)s) ORDER BY id LIMIT %(batch)s
"""
UNDER_NEWEST = """
SELECT digest, patient_id FROM registry_patientidentifier WHERE key_id = %(newest)s AND digest = ANY(%(digests)s)
"""
DROP_IDENTIFIERS = "DELETE FROM registry_patientidentifier WHERE id = ANY(%(repeated)s)"
STORE_IDENTIFIERS = """
UPDATE registry_patientidentifier AS stored SET key_id = %(newest)s, digest = carried.digest, birth_digest = born
FROM unnest(%(ids)s::bigint[], %(digests)s::bytea[], %(births)s::bytea[]) AS carried (id, digest, born)
WHERE stored.id = carried.id
"""
TAKE_REFUSALS = """
SELECT id, key_id, token FROM registry_refusal
WHERE key_id = ANY(%(older)s) ORDER BY id LIMIT %(batch)s
"""
# A person whose refusal was stored under both keys is refused once.
STORE_REFUSALS = """
WITH carried AS (
    DELETE FROM registry_refusal WHERE id = ANY(%(ids)s)
)
INSERT INTO registry_refusal (key_id, token, created_at)
SELECT %(newest)s, carried.token, stored.created_at
FROM unnest(%(ids)s::bigint[], %(tokens)s::bytea[]) AS carried (id, token)
JOIN registry_refusal AS stored USING (id)
ON CONFLICT (token, key_id) DO NOTHING
"""
TAKE_WAITING = f"""
SELECT id, chain, birth_digest FROM {{table}}
WHERE {IS_OLD} AND length(chain) <= %(length)s ORDER BY id LIMIT %(batch)s
"""
STORE_WAITING = """
UPDATE {table} AS stored SET chain = carried.chain, birth_digest = carried.born
FROM unnest(%(ids)s::{key}[], %(chains)s::bytea[], %(births)s::bytea[]) AS carried (id, chain, born)
WHERE stored.id = carried.id
"""
FREE = " FOR UPDATE SKIP LOCKED"
FINISH = "UPDATE registry_identitykeyinuse SET alone = true WHERE newest = %(newest)s"
TWICE = """
SELECT DISTINCT registry_number FROM registry_patient AS patient
JOIN registry_patientidentifier AS number ON number.patient_id = patient.id
WHERE number.id = ANY(%(twice)s) ORDER BY 1
"""


class Left(NamedTuple):
    """How many rows stand under an older key, or hold a digest under one."""

    identifiers: int
    refusals: int
    referrals: int
    rows_of_files: int


def count_left() -> Left:
    """What `rekey` has still to do, and what is under keys that this process does not have."""
    with reading_as(Operator()):  # or a role with policies would see none left
        return Left(*_fetch(COUNT)[0])


def rekey(*, batch: int = BATCH, after_batch: Callable[[str, int], None] = lambda kind, rows: None) -> list[int]:
    """Carry everything on to the newest key, while others read and write, `batch` rows at a time.

    after_batch is called with what was carried on and the number of rows. Returns the registry numbers of persons
    of whom two have one number: they are to be merged, and the run to be repeated. Raises IdentityKeyUnknown,
    Busy.
    """
    with acting_as(Operator()):
        require_newest_key()
    twice: list[int] = []
    for step in _steps(twice):
        while rows := _carry_or_wait(step, batch, twice):
            after_batch(step.kind, rows)
        if twice:
            with reading_as(Operator()):
                return [number for (number,) in _fetch(TWICE, twice=twice)]
    _finish()
    return []


class Step(NamedTuple):
    """What is carried on together: how a batch of rows is found, and carried on."""

    kind: str
    take: str
    carry: Callable[[list[tuple]], None]


def _steps(twice: list[int]) -> Iterator[Step]:
    yield Step("identifiers", TAKE_IDENTIFIERS, partial(_carry_identifiers, twice=twice))
    yield Step("refusals", TAKE_REFUSALS, _carry_refusals)
    for kind, table, key in (
        ("referrals", "registry_referral", "uuid"),
        ("rows_of_files", "registry_importrow", "bigint"),
    ):
        yield Step(kind, TAKE_WAITING.format(table=table), partial(_carry_waiting, table=table, key=key))


def _carry_or_wait(step: Step, batch: int, twice: list[int]) -> int:
    """Carry a batch on, if need be after waiting for rows that others have locked; 0 where none is left."""
    while True:
        with acting_as(Operator(), reason=REKEYED):
            if rows := _fetch(step.take + FREE, batch=batch, twice=twice):
                step.carry(rows)
                return len(rows)
            if not _fetch(step.take, batch=batch, twice=twice):
                return 0
        time.sleep(PAUSE)


def _finish() -> None:
    """From now on nothing is stored under an older key; unless something was while this run was at work."""
    with acting_as(Operator()):
        lock_entry(alone=True)
        if not any(count_left()):
            _run(FINISH)


def _carry_identifiers(rows: list[tuple], *, twice: list[int]) -> None:
    """Carry persons' numbers on; one that another person has under the newest key goes to `twice`."""
    digests = _carry_on((digest, key_id) for _id, _patient, key_id, digest, _born in rows)
    births = _carry_on((born, key_id) for _id, _patient, key_id, _digest, born in rows)
    owners = {bytes(digest): patient for digest, patient in _fetch(UNDER_NEWEST, digests=digests)}
    moved, repeated = [], []
    for (key, patient, *_old), digest, birth in zip(rows, digests, births, strict=True):
        owner = owners.setdefault(digest, None)
        if owner is None:
            owners[digest] = patient
            moved.append((key, digest, birth))
        elif owner == patient:
            repeated.append(key)
        else:
            twice.append(key)
    _run(DROP_IDENTIFIERS, repeated=repeated)
    _run(STORE_IDENTIFIERS, **_columns(moved, "ids", "digests", "births"))


def _carry_refusals(rows: list[tuple]) -> None:
    tokens = _carry_on((token, key_id) for _id, key_id, token in rows)
    _run(STORE_REFUSALS, ids=[key for key, *_rest in rows], tokens=tokens)


def _carry_waiting(rows: list[tuple], *, table: str, key: str) -> None:
    """Carry chains on, of which the newest digest alone is kept. key: the type of the primary key."""
    under = [key_ids()[len(chain) // DIGEST_BYTES - 1] for _id, chain, _born in rows]
    chains = [(chain[-DIGEST_BYTES:], key_id) for (_id, chain, _born), key_id in zip(rows, under, strict=True)]
    births = [(born, key_id) for (_id, _chain, born), key_id in zip(rows, under, strict=True)]
    moved = [
        (row, _nothing() + digest, birth)
        for (row, *_old), digest, birth in zip(rows, _carry_on(chains), _carry_on(births), strict=True)
    ]
    _run(STORE_WAITING.format(table=table, key=key), **_columns(moved, "ids", "chains", "births"))


def _carry_on(stored: Iterable[tuple[bytes | memoryview | None, str]]) -> list[bytes]:
    """Stored digests under the newest key; stored: each with the id of its key. None stays None."""
    after = {key_id: place + 1 for place, key_id in enumerate(key_ids())}
    values = [(bytes(value), after[key_id]) if value else None for value, key_id in stored]
    carried = iter(carry_all(value for value in values if value))
    return [([value[0], *next(carried)][-1] if value else None) for value in values]  # type: ignore[misc]


def _columns(rows: Sequence[tuple], *names: str) -> dict[str, list]:
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def _nothing() -> bytes:
    """What stands in a chain before its newest digest."""
    return NO_DIGEST * (len(key_ids()) - 1)


def _values(given: Mapping[str, Any]) -> dict[str, Any]:
    *older, newest = key_ids()
    length = DIGEST_BYTES * len(key_ids())
    return {"newest": newest, "older": older, "length": length, "none": _nothing()} | dict(given)


def _fetch(sql: str, **given: Any) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, _values(given))
        return cursor.fetchall()


def _run(sql: str, **given: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, _values(given))
