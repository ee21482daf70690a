"""Importing an exchange file: all or nothing, in constant memory.

Rows are read one at a time, checked, and copied into temporary tables, with digests in place of identity
numbers. Each person's rows, in order and together with the person's stored infusions, then go through the same
`kinds.classify` as a single entry. Only then are persons and infusions stored, with one statement per table.
"""

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import TypeVar

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from registry.access import Actor, acting_as, seeing_no_more
from registry.choices import Kind
from registry.entry.exchange.file_reader import Line, measure_file, read_lines
from registry.entry.importing import staging
from registry.entry.importing.course import CourseRow, judge_alone, judge_course
from registry.entry.importing.find_persons import look_up_staged
from registry.entry.importing.questions import find_doubtful_persons
from registry.entry.importing.sent_rows import count_sent_rows, name_sent_rows
from registry.entry.importing.staged_ages import refuse_contradictions
from registry.entry.importing.staged_batches import doubt_shared_batches, refuse_registered_numbers
from registry.entry.importing.staged_moves import refuse_moved_away
from registry.entry.infusions.doubts import follow_file, read_doubts
from registry.entry.infusions.row_reader import CodeLists, RowReader, read_person
from registry.entry.locks import lock_entry
from registry.entry.patients.lookup import (
    PatientRefused,
    PseudonymUsed,
    pseudonym_used,
    read_refusals,
)
from registry.entry.publish_request import announce_change
from registry.errors import NotFound, Problem
from registry.infusion_input import InfusionInput
from registry.keyed_digests import Identifier, digest_ahead, refusal_tokens
from registry.models.isolation import require_own_session
from registry.sentences import IMPORT

BATCH = 5_000

T = TypeVar("T")
Report = Callable[[int, Problem], None]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class ImportSummary:
    """How many rows were read, stored (or would be), already there and refused, and the number of warnings."""

    read: int
    stored: int
    unchanged: int
    refused: int
    warnings: int

    @property
    def sent(self) -> int:
        """Rows that were sent to the registry's steward before: the rest of those read."""
        return self.read - self.stored - self.unchanged - self.refused


def import_infusions(
    *,
    path: Path,
    by: Actor,
    centre: str | None = None,
    dry_run: bool = False,
    report: Report = lambda line, problem: None,
    progress: Progress = lambda stage, done, total: None,
) -> ImportSummary:
    """Store an exchange file, or nothing of it if a row is refused.

    centre: the code of the only centre allowed, and the default of its column. report is called with every
    problem in the order of the file; progress with (stage, done, total).
    Raises FileUnusable, NotFound for a centre where the actor may not write, TooManyLookups.
    """
    lists = CodeLists(by, centre=centre)
    if not lists.centres:
        raise NotFound(_("There is no such centre, or you may not register for it."))
    with empty_tables():
        with acting_as(by):
            read = _stage(path, lists, progress)
            too_many = look_up_staged(by)
        if too_many:
            raise too_many
        refuse_registered_numbers(by)
        with acting_as(by, reason=IMPORT):
            return judge_and_store(by=by, read=read, dry_run=dry_run, report=report, progress=progress)


@contextmanager
def empty_tables() -> Iterator[None]:
    """Staging tables for the duration of an import; they outlive its transactions."""
    require_own_session()
    with pause_collector():
        staging.create_tables()
        try:
            yield
        finally:
            with suppress(DatabaseError):  # connection lost: the tables went with the session
                staging.drop_tables()


def judge_and_store(*, by: Actor, read: int, dry_run: bool, report: Report, progress: Progress) -> ImportSummary:
    """Judge the staged rows, whose persons have been looked up, and store all or nothing."""
    with transaction.atomic():
        return _judge_and_store(by, read, dry_run, report, progress)


def _judge_and_store(by: Actor, read: int, dry_run: bool, report: Report, progress: Progress) -> ImportSummary:
    progress("checking", 0, read)
    staging.tell_planner()
    lock_entry(alone=True)
    staging.refuse_changed_lists()
    _refuse_blocked()
    staging.find_persons(by)
    with seeing_no_more():
        _judge(by, progress, read)
        refuse_contradictions(by)
        refuse_moved_away(by)
        name_sent_rows()
        doubt_shared_batches(by)
        staging.refuse_retired(pseudonym_used())
        staging.keep_only(PseudonymUsed.code)
        staging.keep_only(PatientRefused.code)
        (stored, refused, warnings), sent = staging.count_rows(), count_sent_rows()
        for line, *problem in staging.read_problems():
            report(line, Problem(*problem))
    if refused or dry_run:
        transaction.set_rollback(True)
    elif stored:
        progress("storing", 0, stored)
        doubtful = find_doubtful_persons()
        before = read_doubts(doubtful)
        staging.store(by)
        follow_file(doubtful, before=before, by=by)
        announce_change()
        progress("storing", stored, stored)
    return ImportSummary(read, stored, read - stored - refused - sent, refused, warnings)


@contextmanager
def pause_collector() -> Iterator[None]:
    """Pause the garbage collector: rows form no reference cycles, and it takes a tenth of an import's time."""
    searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searched:
            gc.enable()


def _stage(path: Path, lists: CodeLists, progress: Progress) -> int:
    """Read, check and stage every row; returns how many there are."""
    reader, size, count = RowReader(lists), measure_file(path), 0
    for lines in batches(read_lines(path, centre_given=bool(lists.default_centre))):
        rows: list[tuple[int, InfusionInput]] = []
        unread: list[tuple[int, Identifier]] = []
        problems: list[tuple[int, Problem]] = []
        for line in lines:
            stated, found = read_line(reader, line)
            if found:
                problems += ((line.number, problem) for problem in found)
            if stated:
                rows.append((line.number, stated))
            elif line.fields and (identifier := read_person(line.fields, lists)):
                unread.append((line.number, identifier))
        digest_ahead(row.identifier for _line, row in rows)
        digest_ahead(identifier for _line, identifier in unread)
        staging.stage_rows(rows)
        staging.stage_unread(unread)
        staging.stage_problems(problems)
        count += sum(line.fields is not None for line in lines)
        progress("reading", lines[-1].bytes_read, size)
    return count


def read_line(reader: RowReader, line: Line) -> tuple[InfusionInput | None, list[Problem]]:
    """(stated infusion, or None if the line cannot be read; problems)."""
    if line.fields is None:
        return None, list(line.problems)
    stated, problems = reader.read_next(line.fields)
    if not line.problems:
        return stated, problems
    # A field that cannot be read is not also reported as missing.
    unreadable = {problem.field for problem in line.problems if not problem.warning}
    problems = [problem for problem in problems if problem.field not in unreadable]
    return None if unreadable.intersection(line.fields) else stated, [*problems, *line.problems]


def _refuse_blocked() -> None:
    """Refuse the rows of persons who refused registration; under the lock, so that no refusal is missed."""
    tokens = read_refusals()
    if not tokens:
        return
    problem = Problem("patient_id", PatientRefused.code, str(PatientRefused()))
    for rows in batches(staging.read_chains()):
        found = zip(rows, refusal_tokens(chain for _line, chain in rows), strict=True)
        staging.stage_problems((line, problem) for (line, _chain), theirs in found if theirs & tokens)


def _judge(by: Actor, progress: Progress, total: int) -> None:
    """Classify the rows of each person, and stage the verdicts and problems.

    The kind of a new person's only row, the most common case, depends only on its stated kind, so one verdict
    per kind applies to all of them.
    """
    done = 0
    for stated in (None, *Kind):
        verdict = judge_alone(stated)
        done += staging.judge_alone(stated, verdict.kind or Kind.FIRST, verdict.problems)
    progress("checking", done, total)
    for persons in batches(_persons(staging.read_courses(by))):
        verdicts = [verdict for rows in persons for verdict in judge_course(rows)]
        staging.stage_verdicts((v.line, v.kind.value) for v in verdicts if v.kind)
        staging.stage_problems((v.line, problem) for v in verdicts for problem in v.problems)
        done += len(verdicts)
        progress("checking", done, total)


def _persons(rows: Iterable[CourseRow]) -> Iterator[list[CourseRow]]:
    for _patient, course in groupby(rows, key=lambda row: row.patient):
        yield list(course)


def batches(items: Iterator[T]) -> Iterator[list[T]]:
    """Lists of up to BATCH items."""
    while batch := list(islice(items, BATCH)):
        yield batch
