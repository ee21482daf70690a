"""The temporary tables of an import, and the statements that fill, ask and store them. They last for the two
transactions of an import: its persons are looked up in the first (lookups.py).

A row of the file is staged without its identifier: `chain` holds its digests end to end, the oldest
key's first, and `person` is the oldest, by which rows of one person are told in the file itself.
`birth_digest` is that of the date of birth, under the current key.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from registry.access import NATIONWIDE, Actor, Permission, centres_where
from registry.choices import AccessAction, IdentifierType, Kind, Sex, Status
from registry.entry.importing.course import CourseRow
from registry.entry.importing.staging_sql import (
    COURSES,
    FILL_SEX,
    FORGET_UNKNOWN,
    LISTS_CHANGED,
    PERSONS,
    STAGE_KEPT_PROBLEMS,
    STAGE_KEPT_ROWS,
    STAGE_KEPT_UNREAD,
    STORE_IDENTIFIERS,
    STORE_INFUSIONS,
    STORE_PATIENTS,
    TABLES,
)
from registry.entry.infusions.visible_course import SAYS_SEX
from registry.errors import Problem
from registry.identity import DIGEST_BYTES, oldest_first
from registry.infusion_input import Identified, InfusionInput
from registry.models.patient_identifier import GIVES_BIRTH_DATE
from registry.order import Plan

FETCHED_AT_ONCE = 5_000
PLAN = CourseRow._fields.index("plan")
DETAILS = PLAN + 3  # from here on, columns that only tell whether rows are alike


# By table, as the columns stand above: binary copying asks for them.
TYPES = {
    "import_row": (
        "int4", "bytea", "bytea", "bytea", "text", "int4", "text", "int8", "text", "text", "int8", "int8",
        "int8", "int8", "date", "text", "int2", "int2", "text",
    ),
    "import_unread": ("int4", "bytea"),
    "import_problem": ("int4", "text", "text", "text", "bool"),
    "import_verdict": ("int4", "text"),
    "registry_importrow (job_id, line, cells, staged, chain, birth_digest)": (
        "uuid", "int4", "jsonb", "jsonb", "bytea", "bytea",
    ),
    "registry_importproblem (job_id, line, field, code, sentence, warning)": (
        "uuid", "int4", "text", "text", "text", "bool",
    ),
}  # fmt: skip
KEPT_ROWS, KEPT_PROBLEMS = list(TYPES)[-2:]

# Of import_row, what a draft gives besides its digests.
KEPT = (
    "identifier_type", "birth_year", "sex", "centre_id", "category", "kind", "product_id", "indication_id",
    "trial_id", "manufacturing_site_id", "infused_on", "date_precision", "sequence", "age_at_infusion", "batch",
)  # fmt: skip

# Sorting fifty thousand rows is to need no file of its own.
MEMORY = "SET LOCAL work_mem = '64MB'"


def create_tables() -> None:
    """Empty tables of this session's, until `drop_tables`."""
    drop_tables()
    _run(TABLES)


def drop_tables() -> None:
    """Leave nothing of an import in the session."""
    _run("DROP TABLE IF EXISTS import_row, import_unread, import_problem, import_verdict, import_person")


def use_memory() -> None:
    """For the rest of the transaction."""
    _run(MEMORY)


def stage_rows(rows: Iterable[tuple[int, InfusionInput]]) -> None:
    """Copy read rows into the staging table: (line, draft)."""
    _copy("import_row", (_staged(line, draft) for line, draft in rows))


def stage_unread(rows: Iterable[tuple[int, Identified]]) -> None:
    """Keep whom a row names that cannot be read: (line, identifier)."""
    _copy("import_unread", ((line, chain_of(identifier)) for line, identifier in rows))


def stage_problems(problems: Iterable[tuple]) -> None:
    """Keep problems until they are reported: (line, Problem)."""
    _copy(
        "import_problem",
        ((line, p.field, p.code, str(p.sentence), p.warning) for line, p in problems),
    )


def stage_verdicts(verdicts: Iterable[tuple[int, str]]) -> None:
    """Keep which rows are new, and what they are: (line, kind)."""
    _copy("import_verdict", verdicts)


def find_persons(by: Actor) -> None:
    """Tell known persons from new ones, and give each new one its number."""
    keys = [key_id for key_id, _key in oldest_first()]
    _run(PERSONS, {"keys": keys, "own": _own_centres(by), "submitted": Status.SUBMITTED})


def read_chains() -> Iterator[tuple[int, list[tuple[str, bytes]]]]:
    """(line, the chain of digests) of every row of the file."""
    keys = [key_id for key_id, _key in oldest_first()]
    with connection.chunked_cursor() as cursor:
        cursor.execute("SELECT line, chain FROM import_row UNION ALL SELECT * FROM import_unread ORDER BY line")
        while rows := cursor.fetchmany(FETCHED_AT_ONCE):
            for line, chain in rows:
                yield line, list(zip(keys, _split(chain), strict=True))


def read_courses(by: Actor) -> Iterator[CourseRow]:
    """Rows of the file among what their persons have stored at centres where the actor may write, a person
    after the other.

    A new person's only row is left out: judge_alone has it.
    """
    statuses = [Status.SUBMITTED.value, Status.WITHDRAWN.value]
    with connection.chunked_cursor() as cursor:
        cursor.execute(COURSES, {"statuses": statuses, "own": _own_centres(by), "say_sex": list(SAYS_SEX)})
        while rows := cursor.fetchmany(FETCHED_AT_ONCE):
            for row in rows:
                doses, longest, indication = row[PLAN:DETAILS]
                yield CourseRow._make((*row[:PLAN], Plan(doses, longest), indication, row[DETAILS:]))


def _own_centres(by: Actor) -> list[int] | None:
    """Ids of the centres where the actor may write; None for all."""
    centres = centres_where(by, Permission.WRITE_RECORDS)
    return None if centres is NATIONWIDE else sorted(centres)


def judge_alone(stated: Kind | None, kind: Kind, problems: Iterable[Problem]) -> int:
    """Give one verdict to all new persons' only rows of a stated kind; returns how many they are."""
    alone = (
        "FROM import_row JOIN import_person USING (person) WHERE is_alone AND kind IS NOT DISTINCT FROM %(stated)s"
    )
    values = {"stated": stated, "kind": kind.value}
    for problem in problems:
        _run(
            f"INSERT INTO import_problem SELECT line, %(field)s, %(code)s, %(sentence)s, %(warning)s {alone}",
            values | asdict(problem),
        )
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO import_verdict SELECT line, %(kind)s {alone}", values)
        return cursor.rowcount


def refuse_changed_lists() -> None:
    """Refuse rows that today's lists no longer allow; under the lock of entries."""
    sentence = _("A list of the registry has changed since the file was read: upload it again.")
    _run(LISTS_CHANGED, {"code": "list_changed", "sentence": sentence})


def read_problems() -> Iterator[tuple]:
    """(line, field, code, sentence, warning) in the order of the file."""
    with connection.chunked_cursor() as cursor:
        # A kept upload that is checked again finds some of its warnings again.
        cursor.execute(
            """
            SELECT DISTINCT ON (line, warning, field, code) line, field, code, sentence, warning
            FROM import_problem ORDER BY line, warning, field, code
            """
        )
        while rows := cursor.fetchmany(FETCHED_AT_ONCE):
            yield from rows


def refuse_retired(problem: Problem) -> None:
    """Refuse rows by a centre's pseudonym for someone of whom the centre has no infusion any more."""
    _run(
        f"""
        INSERT INTO import_problem SELECT line, %(field)s, %(code)s, %(sentence)s, %(warning)s
        FROM import_row JOIN import_person USING (person)
        WHERE identifier_type = '{IdentifierType.LOCAL}' AND NOT is_new AND NOT EXISTS (
            SELECT FROM registry_infusion AS stored
            WHERE stored.patient_id = import_person.patient_id AND stored.centre_id = import_row.centre_id)
        """,
        asdict(problem),
    )


def keep_only(code: str) -> None:
    """Forget what else was found in a row that has a problem with this code, and what it would be."""
    having = "line IN (SELECT line FROM import_problem WHERE code = %(code)s)"
    _run(f"DELETE FROM import_verdict WHERE {having}", {"code": code})
    _run(f"DELETE FROM import_problem WHERE code <> %(code)s AND {having}", {"code": code})


def count_rows() -> tuple[int, int, int]:
    """(rows to store, rows refused, warnings)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT (SELECT count(*) FROM import_verdict WHERE line NOT IN
                       (SELECT line FROM import_problem WHERE NOT warning)),
                   (SELECT count(DISTINCT line) FROM import_problem WHERE NOT warning),
                   (SELECT count(DISTINCT (line, field, code)) FROM import_problem WHERE warning)
            """
        )
        return cursor.fetchone()


def store(by: Actor) -> None:
    """Turn what is staged into patients and infusions; constraints and history see every row."""
    roles = list(by.roles_at())
    _run(STORE_PATIENTS)
    values = {"submitted": Status.SUBMITTED, "own": _own_centres(by), "tells": list(GIVES_BIRTH_DATE)}
    _run(FILL_SEX, values)
    _run(STORE_IDENTIFIERS, {"current_key": oldest_first()[-1][0]})
    _run(
        STORE_INFUSIONS,
        {
            "submitted": Status.SUBMITTED,
            "actor": by.username,
            "own": [centre for _role, centre in roles if centre],
            "role": next((role for role, centre in roles if centre is None), ""),
            "imported": AccessAction.IMPORT,
        },
    )


def keep_draft(draft: InfusionInput) -> tuple[dict, bytes, bytes | None]:
    """What stage_kept will stage again of a draft: its values for JSON, its chain of digests, and the date of
    birth's.
    """
    _line, chain, _person, birth_digest, *values = _staged(0, draft)
    kept = dict(zip(KEPT, values, strict=True))
    return kept | {"infused_on": kept["infused_on"].isoformat()}, chain, birth_digest


def keep_rows(rows: Iterable[tuple]) -> None:
    """Keep rows of an upload: (job, line, cells, draft, chain, the date of birth's digest)."""
    _copy(KEPT_ROWS, rows)


def keep_problems(problems: Iterable[tuple]) -> None:
    """Keep problems of an upload: (job, line, field, code, sentence, warning)."""
    _copy(KEPT_PROBLEMS, problems)


def forget_unknown(job: UUID) -> None:
    """Keep of an upload no digest of anyone who is not in the registry."""
    _run(FORGET_UNKNOWN, {"job": job})


def stage_kept(job: UUID) -> None:
    """Stage what an upload has kept; its rows without a draft are problems alone."""
    _run(STAGE_KEPT_ROWS, {"job": job})
    _run(STAGE_KEPT_UNREAD, {"job": job})
    _run(STAGE_KEPT_PROBLEMS, {"job": job})


def read_centres() -> set[int]:
    """Ids of the centres that the staged rows name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT centre_id FROM import_row")
        return {centre for (centre,) in cursor.fetchall()}


def chains_are_whole() -> bool:
    """Whether every staged row was digested with the keys of today, all of them."""
    length = DIGEST_BYTES * len(oldest_first())
    with connection.cursor() as cursor:
        cursor.execute("SELECT NOT EXISTS (SELECT FROM import_row WHERE length(chain) <> %s)", [length])
        return cursor.fetchone()[0]


def _staged(line: int, draft: InfusionInput) -> tuple:
    identifier = draft.identifier
    if identifier is None:
        raise ValueError("a row of a file has an identifier")
    chain = chain_of(identifier)
    return (
        line,
        chain,
        chain[:DIGEST_BYTES],
        identifier.birth_digest(),
        identifier.type,
        identifier.birth_year,
        draft.sex or Sex.UNKNOWN,
        draft.centre.pk,
        draft.category,
        draft.kind,
        draft.product.pk,
        draft.indication.pk if draft.indication else None,
        draft.trial.pk if draft.trial else None,
        draft.manufacturing_site.pk if draft.manufacturing_site else None,
        draft.infused_on,
        draft.date_precision,
        draft.sequence,
        draft.age_at_infusion,
        draft.batch,
    )


def chain_of(identifier: Identified) -> bytes:
    """The digests of an identifier end to end, the oldest key's first."""
    return b"".join(digest for _key_id, digest in identifier.digests())


def _split(chain: bytes) -> Iterator[bytes]:
    """The digests of a chain, the oldest key's first."""
    return (bytes(chain[start : start + DIGEST_BYTES]) for start in range(0, len(chain), DIGEST_BYTES))


def _copy(table: str, rows: Iterable[tuple]) -> None:
    statement = f"COPY {table} FROM STDIN (FORMAT binary)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(TYPES[table])
        for row in rows:
            copy.write_row(row)


def _run(sql: str, parameters: dict | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
