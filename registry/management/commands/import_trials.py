"""`manage.py import_trials FILE`: trials at hospitals with their statuses, all or nothing."""

import sys
from pathlib import Path

from django.core.management.base import CommandError, no_translations

from registry.access import Operator
from registry.entry.exchange.file_reader import measure_file
from registry.entry.trials.importing import OfLine, import_trials
from registry.errors import Busy, FileUnusable
from registry.management.record_command import UNUSABLE, RecordCommand
from swecar.postgresql.roles import CLINIC

REFUSED, TRY_AGAIN = 1, 75


class Command(RecordCommand):
    """Exit 0 stored, 1 rows refused, 2 unusable file, 75 try again later."""

    works_as = (CLINIC,)
    help = (
        "Store the trials of a CSV or XLSX file, or nothing if a row is refused: identifier, name, phase, "
        "sponsor, sponsor_name, class, area, centre, status, since, date_precision; a row for each "
        "hospital and status."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="check and report, store nothing")

    @no_translations
    def handle(self, *, file: Path, dry_run: bool, **options):
        """Import, and report each problem on its own line."""
        try:
            size = measure_file(file)
            with file.open("rb") as content:
                told = import_trials(file=content, size=size, by=Operator(), dry_run=dry_run)
        except OSError as error:
            raise CommandError(f"file_unusable: {error.strerror}", returncode=UNUSABLE) from None
        except (FileUnusable, Busy) as error:
            returncode = TRY_AGAIN if isinstance(error, Busy) else UNUSABLE
            raise CommandError(f"{error.code}: {error}", returncode=returncode) from None
        for mark, listed in (("", told.refused), ("warning: ", told.warnings)):
            for one in listed:
                self.stdout.write(_say(one, mark))
        if told.refused:
            lines = len({one.line for one in told.refused})
            self.stdout.write(f"Nothing stored: {lines} of {told.rows} rows refused.")
            sys.exit(REFUSED)
        new = f"{len(told.new_trials)} trials, {told.new_site_trials} at hospitals, {told.new_statuses} statuses"
        self.stdout.write(f"Dry run, nothing stored. New: {new}." if dry_run else f"New: {new}.")


def _say(one: OfLine, mark: str) -> str:
    return f"line {one.line}, {one.problem.field}: {mark}{one.problem.code}: {one.problem.sentence}"
