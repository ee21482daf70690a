"""Rows of an upload, stored without identity numbers until a worker imports them."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_noop

from registry.choices import Sex
from registry.entry.importing.pipeline import batches
from registry.entry.importing.staging import row_to_stage, run
from registry.entry.importing.staging_sql import KEPT, PERSON, PROBLEM, declare
from registry.entry.infusions.columns import STORED, Chosen, Column, Listed
from registry.errors import RegistryError
from registry.identity_keys import DIGEST_BYTES
from registry.infusion_input import InfusionInput
from registry.keyed_digests import NO_DIGEST, SealedIdentifier
from registry.models import ImportRow

ROW = {
    "job_id": "uuid", "line": "int4", "cells": "jsonb", "staged": "jsonb",
    "chain": "bytea", "birth_digest": "bytea",
}  # fmt: skip

# Rows as lines of JSON arrays, each parsed once, and how a value of a type is read from one.
LINES = "FROM (SELECT line::jsonb AS row FROM string_to_table(%(lines)s, E'\\n') AS line OFFSET 0) AS lines"
READ = {"bytea": "decode(row ->> {}, 'hex')", "jsonb": "nullif(row -> {}, 'null')"}
AS_TEXT = "(row ->> {})::{}"

# The stored rows and problems of an upload (models.ImportRow, models.ImportProblem), staged as if just read.
STAGE_KEPT_ROWS = f"""
INSERT INTO import_row (line, chain, person, birth_digest, {", ".join(KEPT)})
SELECT waiting.line, waiting.chain, {PERSON}, waiting.birth_digest,
       {", ".join(f"read.{name}" for name in KEPT)}
FROM registry_importrow AS waiting, jsonb_to_record(waiting.staged) AS read ({declare(KEPT)})
WHERE waiting.job_id = %(job)s AND waiting.staged IS NOT NULL
ORDER BY waiting.line
"""


STAGE_KEPT_UNREAD = """
INSERT INTO import_unread (line, chain)
SELECT line, chain FROM registry_importrow WHERE job_id = %(job)s AND staged IS NULL AND chain IS NOT NULL
"""


STAGE_KEPT_PROBLEMS = """
INSERT INTO import_problem (line, field, code, sentence, warning)
SELECT line, field, code, sentence, warning FROM registry_importproblem WHERE job_id = %(job)s
"""


FORGET_UNKNOWN = f"""
UPDATE registry_importrow AS waiting SET chain = NULL, birth_digest = NULL
WHERE job_id = %(job)s AND chain IS NOT NULL AND NOT EXISTS (
    SELECT FROM generate_series(1, length(waiting.chain), {DIGEST_BYTES}) AS step
    JOIN registry_patientidentifier AS stored ON stored.digest = substr(waiting.chain, step, {DIGEST_BYTES}))
"""


class RowNotReadable(RegistryError):
    sentence = gettext_noop("A list of the registry has changed since the file was read: upload it again.")
    code = "list_changed"


def keep_stated(stated: InfusionInput, *, newest_alone: bool = False) -> tuple[dict, bytes, bytes | None]:
    """What is stored of an infusion: its values as JSON, chain of digests, and digest of the date of birth.

    newest_alone: as of chain_of.
    """
    _line, chain, _person, birth_digest, *values = row_to_stage(0, stated)
    if newest_alone:
        chain = NO_DIGEST * (len(chain) // DIGEST_BYTES - 1) + chain[-DIGEST_BYTES:]
    staged = dict(zip(KEPT, values, strict=True))
    return staged | {"infused_on": stated.infused_on.isoformat()}, chain, birth_digest


def keep_rows(rows: Iterable[tuple]) -> None:
    """Store rows of an upload, with the columns of ROW."""
    _put("registry_importrow", ROW, rows)


def keep_problems(problems: Iterable[tuple]) -> None:
    """Store problems of an upload: (job, line, field, code, sentence, warning)."""
    _put("registry_importproblem", {"job_id": "uuid"} | PROBLEM, problems)


def _put(table: str, columns: dict[str, str], rows: Iterable[tuple]) -> None:
    """As lines of JSON: there is no COPY into a table with policies, and psycopg takes long to write arrays."""
    values = ", ".join(READ.get(type_, AS_TEXT).format(at, type_) for at, type_ in enumerate(columns.values()))
    for some in batches(iter(rows)):
        lines = "\n".join(json.dumps(row, default=_write) for row in some)
        run(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} {LINES}", {"lines": lines})


def _write(value: bytes | UUID) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def forget_unknown(job: UUID) -> None:
    """Delete the digests of persons who are not in the registry from an upload."""
    run(FORGET_UNKNOWN, {"job": job})


def stage_kept(job: UUID) -> None:
    """Stage the stored rows and problems of an upload; a row that could not be read has problems only."""
    run(STAGE_KEPT_ROWS, {"job": job})
    run(STAGE_KEPT_UNREAD, {"job": job})
    run(STAGE_KEPT_PROBLEMS, {"job": job})


def read_kept(row: ImportRow) -> tuple[InfusionInput, SealedIdentifier]:
    """The infusion that `keep_stated` stored. Raises RowNotReadable."""
    staged = row.staged
    if staged is None or row.chain is None:
        raise RowNotReadable
    values = {column.name: _read(column, staged[column.key]) for column in STORED if column.key in staged}
    identifier = SealedIdentifier.of_row(
        staged["identifier_type"],
        chain=row.chain,
        birth_year=staged["birth_year"],
        birth_digest=row.birth_digest,
        centre=values["centre"].code,
    )
    sex = None if staged["sex"] == Sex.UNKNOWN else Sex(staged["sex"])
    return InfusionInput(**values, identifier=identifier, sex=sex), identifier


def _read(column: Column, value: Any) -> Any:
    if isinstance(column.holds, Listed) and value is not None:
        found = column.holds.model._default_manager.filter(pk=value).first()
        if found is None:
            raise RowNotReadable
        return found
    if isinstance(column.holds, Chosen):
        return column.holds.choices(value) if value else None
    return date.fromisoformat(value) if column.name == "infused_on" else value
