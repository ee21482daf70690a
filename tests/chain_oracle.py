"""The chains recomputed by hashlib from what COPY gives of the tables, without the SQL under test."""

import hashlib
import struct
from collections import Counter
from collections.abc import Iterator

from django.db import connection

# Object ids of PostgreSQL's types, which are the same everywhere.
BYTEA, INT8, INT4, TEXT, TIME, INT8S, BYTEAS = 17, 20, 23, 25, 1184, 1016, 1001
LINK = "number, hash, chain, kind, width, ids, hashes, made_at, latest_at, acted_by"
LINK_TYPES = (BYTEA, TEXT, INT8, TEXT, INT4, INT8S, BYTEAS, TIME, TIME, BYTEA)


def read_rows(what: str) -> Iterator[list[bytes | None]]:
    """Each row of a table or query as the fields that PostgreSQL sends in binary."""
    with connection.cursor() as cursor, cursor.copy(f"COPY {what} TO STDOUT (FORMAT binary)") as copy:
        whole = b"".join(copy)
    place = 19
    while (count := struct.unpack_from(">h", whole, place)[0]) >= 0:
        place += 2
        row = []
        for _field in range(count):
            [length] = struct.unpack_from(">i", whole, place)
            place += 4
            row.append(None if length < 0 else whole[place : place + length])
            place += max(length, 0)
        yield row


def hash_record(types, fields) -> bytes:
    """The hash of a record in the form in which PostgreSQL sends it."""
    parts = [struct.pack(">i", len(fields))]
    for kind, value in zip(types, fields, strict=True):
        parts.append(struct.pack(">Ii", kind, -1 if value is None else len(value)) + (value or b""))
    return hashlib.sha256(b"".join(parts)).digest()


def elements(array: bytes | None) -> list[bytes]:
    """The elements of an array of one dimension."""
    if array is None or struct.unpack_from(">i", array)[0] == 0:
        return []
    [count], place, found = struct.unpack_from(">i", array, 12), 20, []
    for _element in range(count):
        [length] = struct.unpack_from(">i", array, place)
        found.append(array[place + 4 : place + 4 + length])
        place += 4 + length
    return found


def faults_of(table: str, key: str) -> list[tuple[str, int]]:
    """All that is wrong with a table's chain, as (what, number of the link or key of the row), in order."""
    faults, stated, added, last = [], {}, Counter(), b""
    query = f"(SELECT {LINK} FROM registry_chainlink WHERE chain = '{table}' ORDER BY number)"
    for place, row in enumerate(read_rows(query), start=1):
        number, digest, chain, kind, width, ids, hashes, made_at, latest_at, acted_by = row
        assert number is not None, "a link without a number"
        fields = (last, chain, number, kind, width, ids, hashes, made_at, latest_at, acted_by)
        if int.from_bytes(number) != place or hash_record(LINK_TYPES, fields) != digest:
            faults.append(("link", place))
            break
        last = digest
    for row in read_rows(query):
        keys, digests = (elements(row[column]) for column in (5, 6))
        for at, one in enumerate(keys):
            stated[int.from_bytes(one)] = digests[at] if digests else None
            added[int.from_bytes(one)] += row[3] == b"added"
    columns = columns_of(table)
    types, place = [kind for _name, kind in columns], [name for name, _kind in columns].index(key)
    there = {int.from_bytes(row[place]): hash_record(types, row) for row in read_rows(f'"{table}"')}
    for one in sorted(stated.keys() | there.keys()):
        if one not in stated:
            faults.append(("inserted", one))
        elif added[one] != 1:
            faults.append(("unlinked", one))
        elif stated[one] is None and one in there:
            faults.append(("back", one))
        elif stated[one] is not None and one not in there:
            faults.append(("missing", one))
        elif stated[one] != there.get(one):
            faults.append(("altered", one))
    return faults


def columns_of(table: str) -> list[tuple[str, int]]:
    """Names and types of a table's columns."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}" LIMIT 0')
        return [(column.name, column.type_code) for column in cursor.description]
