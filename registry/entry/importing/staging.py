"""The temporary tables of an import, and the statements that fill, query and store them. They last for both
transactions of an import; its persons are looked up in the first (find_persons.py).

A row of the file is staged without its identifier: `chain` is its concatenated digests, oldest key first, and
`person` is the newest digest, which identifies rows of the same person in the file. `birth_digest` is the digest
of the date of birth under the newest key.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from operator import attrgetter

from django.db import connection, transaction
from django.utils.translation import gettext as _

from registry.access import NATIONWIDE, Actor, Permission, centres_where, seeing_no_more
from registry.choices import GIVES_BIRTH_AND_SEX, AccessAction, IdentifierType, Kind, Sex, Status
from registry.course_order import Plan
from registry.entry.exchange.file_row import CELL_UNREADABLE
from registry.entry.importing.course import CourseRow
from registry.entry.importing.staging_sql import (
    COURSES,
    FILL_SEX,
    LISTS_CHANGED,
    PERSONS,
    STAGED,
    STORE_IDENTIFIERS,
    STORE_INFUSIONS,
    STORE_PATIENTS,
    TABLES,
    WORDS,
)
from registry.entry.infusions.columns import LISTED
from registry.entry.patients.key_in_use import require_newest_key
from registry.errors import Problem
from registry.identity_keys import DIGEST_BYTES, key_ids
from registry.infusion_input import Identified, InfusionInput
from registry.keyed_digests import NO_DIGEST, Identifier, Step, chain_of, split_chain
from registry.models.access_log import roles_of

FETCHED_AT_ONCE = 5_000
# The stated columns in the order of staging_sql.KEPT; one attrgetter for all, for speed.
STATED = attrgetter(*(column.name for column in WORDS))
CHOSEN = attrgetter(*LISTED)
ADD_PROBLEM = """
INSERT INTO import_problem (line, field, code, sentence, warning)
SELECT line, %(field)s, %(code)s, %(sentence)s, %(warning)s
"""
# Enough to sort fifty thousand rows without a temporary file. PostgreSQL takes what it has not counted in these
# tables for much more than there is, and would compile statements for longer than they run.
PLANNING = "SET LOCAL work_mem = '64MB'; SET LOCAL jit = off"


def create_tables() -> None:
    """Create empty temporary tables in this session."""
    with transaction.atomic(), seeing_no_more():  # they are the importer's, of whose role the worker is a member
        drop_tables()
        run(TABLES)


def drop_tables() -> None:
    """Drop the temporary tables."""
    run("DROP TABLE IF EXISTS import_row, import_unread, import_problem, import_verdict, import_person")


def tell_planner() -> None:
    """Set for the rest of the transaction how its statements are planned."""
    run(PLANNING)


def stage_rows(rows: Iterable[tuple[int, InfusionInput]]) -> None:
    """Stage rows: (line, stated infusion)."""
    _stage("import_row", (row_to_stage(line, stated) for line, stated in rows))


def stage_unread(rows: Iterable[tuple[int, Identified]]) -> None:
    """Stage the persons of rows that cannot be read: (line, identifier)."""
    _stage("import_unread", ((line, chain_of(identifier.digests())) for line, identifier in rows))


def stage_problems(problems: Iterable[tuple[int, Problem]]) -> None:
    """Stage problems: (line, Problem)."""
    _stage("import_problem", ((line, *problem_row(problem)) for line, problem in problems))


def problem_row(problem: Problem) -> tuple[str, str, str, bool]:
    """A problem's columns in a table: field, code, sentence, warning."""
    return problem.field, problem.code, str(problem.sentence), problem.warning


def stage_verdicts(verdicts: Iterable[tuple[int, str]]) -> None:
    """Stage the kinds of new rows: (line, kind)."""
    _stage("import_verdict", verdicts)


def find_persons(by: Actor) -> None:
    """Match the persons with stored patients, and give each new person a number. Raises IdentityKeyUnknown."""
    require_newest_key()
    values = {"keys": key_ids(), "own": _own_centres(by), "submitted": Status.SUBMITTED}
    run(PERSONS, values | {"say_sex": list(GIVES_BIRTH_AND_SEX)})


def read_chains() -> Iterator[tuple[int, list[Step]]]:
    """(line, the digests of the chain) of every row of the file."""
    keys = key_ids()
    with connection.chunked_cursor() as cursor:
        cursor.execute(
            "SELECT line, chain FROM import_row UNION ALL SELECT line, chain FROM import_unread ORDER BY line"
        )
        while rows := cursor.fetchmany(FETCHED_AT_ONCE):
            for line, chain in rows:
                steps = zip(keys, split_chain(chain), strict=True)
                yield line, [step for step in steps if step[1] != NO_DIGEST]


def read_courses(by: Actor) -> Iterator[CourseRow]:
    """Rows of the file and the stored infusions of their persons at centres where the actor may write, grouped by
    person.

    A new person's only row is left out, since `judge_alone` handles it.
    """
    statuses = [Status.SUBMITTED.value, Status.WITHDRAWN.value]
    with connection.chunked_cursor() as cursor:
        cursor.execute(COURSES, {"statuses": statuses, "own": _own_centres(by)})
        while rows := cursor.fetchmany(FETCHED_AT_ONCE):
            for (
                patient, elsewhere, infused_on, precision, sequence, line, status, kind, product, sex,
                doses, longest, indication, *details,
            ) in rows:  # fmt: skip
                yield CourseRow(
                    patient, elsewhere, infused_on, precision, sequence, line, status, kind, product, sex,
                    Plan(doses, longest), indication, tuple(details),
                )  # fmt: skip


def _own_centres(by: Actor) -> list[int] | None:
    """Ids of the centres where the actor may write; None for all."""
    centres = centres_where(by, Permission.WRITE_RECORDS)
    return None if centres is NATIONWIDE else sorted(centres)


def judge_alone(stated: Kind | None, kind: Kind, problems: Iterable[Problem]) -> int:
    """Apply one verdict to the only rows of new persons with a stated kind; returns how many."""
    alone = (
        "FROM import_row JOIN import_person USING (person) WHERE is_alone AND kind IS NOT DISTINCT FROM %(stated)s"
    )
    values = {"stated": stated, "kind": kind.value}
    for problem in problems:
        run(
            f"{ADD_PROBLEM} {alone}",
            values | asdict(problem),
        )
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO import_verdict (line, kind) SELECT line, %(kind)s {alone}", values)
        return cursor.rowcount


def refuse_changed_lists() -> None:
    """Refuse rows that the current code lists no longer allow; under the entry lock."""
    sentence = _("A list of the registry has changed since the file was read: upload it again.")
    run(LISTS_CHANGED, {"code": "list_changed", "sentence": sentence})


def read_problems() -> Iterator[tuple]:
    """(line, field, code, sentence, warning) in the order of the file."""
    with connection.chunked_cursor() as cursor:
        # A stored upload that is checked again gives some warnings a second time. A workbook tells of its merged
        # cells after its rows: a cell that cannot be read is not also reported as missing.
        cursor.execute(
            """
            SELECT DISTINCT ON (line, warning, field, code) line, field, code, sentence, warning
            FROM (SELECT *, bool_or(code = %(unreadable)s) OVER (PARTITION BY line, field) AS is_unreadable
                  FROM import_problem) AS found
            WHERE code = %(unreadable)s OR NOT is_unreadable
            ORDER BY line, warning, field, code
            """,
            {"unreadable": CELL_UNREADABLE},
        )
        while rows := cursor.fetchmany(FETCHED_AT_ONCE):
            yield from rows


def refuse_retired(problem: Problem) -> None:
    """Refuse rows with a retired pseudonym: the centre no longer has an infusion of the person."""
    run(
        f"""
        {ADD_PROBLEM} FROM import_row JOIN import_person USING (person)
        WHERE identifier_type = '{IdentifierType.LOCAL}' AND NOT is_new AND NOT EXISTS (
            SELECT FROM registry_infusion AS stored
            WHERE stored.patient_id = import_person.patient_id AND stored.centre_id = import_row.centre_id)
        """,
        asdict(problem),
    )


def keep_only(code: str) -> None:
    """Drop other problems and the verdict of rows that have a problem with this code."""
    having = "line IN (SELECT line FROM import_problem WHERE code = %(code)s)"
    run(f"DELETE FROM import_verdict WHERE {having}", {"code": code})
    run(f"DELETE FROM import_problem WHERE code <> %(code)s AND {having}", {"code": code})


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
    """Store the staged rows as patients and infusions; constraints and history triggers apply to every row."""
    run(STORE_PATIENTS)
    values = {"submitted": Status.SUBMITTED, "own": _own_centres(by), "tells": list(GIVES_BIRTH_AND_SEX)}
    run(FILL_SEX, values)
    run(STORE_IDENTIFIERS, {"current_key": key_ids()[-1]})
    run(
        STORE_INFUSIONS,
        {
            "submitted": Status.SUBMITTED,
            "actor": by.username,
            **roles_of(by)._asdict(),
            "imported": AccessAction.IMPORT,
        },
    )


def read_centres() -> set[int]:
    """Ids of the centres of the staged rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT centre_id FROM import_row")
        return {centre for (centre,) in cursor.fetchall()}


def chains_are_whole() -> bool:
    """Whether every staged row was digested with all current keys."""
    length = DIGEST_BYTES * len(key_ids())
    with connection.cursor() as cursor:
        cursor.execute("SELECT NOT EXISTS (SELECT FROM import_row WHERE length(chain) <> %s)", [length])
        return cursor.fetchone()[0]


def row_to_stage(line: int, stated: InfusionInput) -> tuple:
    """A row with the columns of import_row."""
    identifier = stated.identifier
    if identifier is None:
        raise ValueError("a row of a file has an identifier")
    chain = identifier.chain() if isinstance(identifier, Identifier) else chain_of(identifier.digests())
    return (
        line, chain, chain[-DIGEST_BYTES:], identifier.birth_digest(),
        identifier.type, identifier.birth_year, stated.sex or Sex.UNKNOWN,
        *STATED(stated), *[row.pk if row else None for row in CHOSEN(stated)],
    )  # fmt: skip


def _stage(table: str, rows: Iterable[tuple]) -> None:
    copy_rows(table, STAGED[table], rows)


def copy_rows(table: str, columns: Mapping[str, str], rows: Iterable[tuple]) -> None:
    """Copy rows into a table; columns: their names and types, in the order of the rows' values."""
    statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(list(columns.values()))
        for row in rows:
            copy.write_row(row)


def run(sql: str, parameters: dict | None = None) -> None:
    """Run a statement without a result."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
