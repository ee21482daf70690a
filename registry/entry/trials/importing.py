"""Storing a file of trials, all or nothing; the same file again changes nothing."""

from collections.abc import Sequence
from typing import BinaryIO, NamedTuple

from django.db import transaction

from registry.access import Actor, Permission, acting_as, centres_where
from registry.entry.locks import lock_entry
from registry.entry.publish_request import announce_change
from registry.entry.trials.file_rows import read_lines
from registry.entry.trials.row_values import Lists, StatedRow, read_row
from registry.entry.trials.site_trials import Stored, place_site_trial
from registry.errors import NotPermitted, Problem, TrialsRefused
from registry.models import Trial
from registry.sentences import TRIALS


class OfLine(NamedTuple):
    """A problem with the number of its line."""

    line: int
    problem: Problem


class Imported(NamedTuple):
    """What a file would store or has stored; nothing where a row is refused."""

    rows: int
    new_trials: Sequence[Trial]
    new_site_trials: int
    new_statuses: int
    refused: Sequence[OfLine]
    warnings: Sequence[OfLine]

    @property
    def is_new(self) -> bool:
        """Whether anything would change."""
        return bool(self.new_trials or self.new_site_trials or self.new_statuses)


def import_trials(*, file: BinaryIO, size: int, by: Actor, dry_run: bool = False) -> Imported:
    """Store a file, or tell what it would store. Raises FileUnusable, NotPermitted."""
    if not centres_where(by, Permission.STATE_TRIALS):
        raise NotPermitted
    lines = read_lines(file, size=size)
    with acting_as(by, reason=TRIALS):
        lock_entry(alone=True)
        lists = Lists(by)
        read = [(line.number, *read_row(line, lists)) for line in lines]
        told = [OfLine(number, problem) for number, _row, problems in read for problem in problems]
        with transaction.atomic():
            stored, found = _place([row for _number, row, _problems in read if row])
            told += found
            refused = [one for one in told if not one.problem.warning]
            if refused or dry_run:
                transaction.set_rollback(True)
        if stored and not (refused or dry_run):
            announce_change()
    return Imported(
        rows=len(lines),
        new_trials=[one.site_trial.trial for one in stored if one.new_trial],
        new_site_trials=sum(one.new_site_trial for one in stored),
        new_statuses=sum(one.new_status for one in stored),
        refused=sorted(refused, key=lambda one: one.line),
        warnings=sorted((one for one in told if one.problem.warning), key=lambda one: one.line),
    )


def _place(rows: Sequence[StatedRow]) -> tuple[list[Stored], list[OfLine]]:
    """Store the rows in turn; what could not be, and what is doubted."""
    stored, told = [], []
    for row in rows:
        try:
            with transaction.atomic():
                placed = place_site_trial(row.centre, row.trial, row.status)
        except TrialsRefused as refused:
            told += [OfLine(row.line, problem) for problem in refused.problems]
        else:
            stored.append(placed)
            told += [OfLine(row.line, problem) for problem in placed.warnings]
    return stored, told
