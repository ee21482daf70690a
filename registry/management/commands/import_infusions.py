"""`manage.py import_infusions FILE`: the exchange file, all or nothing."""

import sys
from pathlib import Path

from django.core.management.base import CommandError, no_translations

from registry.access import Operator
from registry.entry.exchange.file_reader import THE_FILE
from registry.entry.importing.pipeline import ImportSummary, import_infusions
from registry.errors import Busy, FileUnusable, NotFound, Problem, TooManyLookups
from registry.management.progress import ProgressBar
from registry.management.record_command import RecordCommand
from registry.models import User
from swecar.postgresql.roles import WORKER

REFUSED, UNUSABLE = 1, 2
TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h


class Command(RecordCommand):
    """Exit 0 stored, 1 rows refused, 2 unusable file, 75 try again later (lock contention, look-ups)."""

    works_as = (WORKER,)
    help = "Store the infusions of a CSV or XLSX exchange file, or nothing if a row is refused."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--centre", help="code of the only centre allowed, also used where the column is empty"
        )
        parser.add_argument("--dry-run", action="store_true", help="check and report, store nothing")
        parser.add_argument("--by", metavar="USER", help="act as this user, with their centres")

    @no_translations
    def handle(self, *, file: Path, centre: str | None, dry_run: bool, by: str | None, **options):
        """Import, and report each problem on its own line."""
        users = User.objects.defer("password")  # which a worker may not read
        actor = users.filter(username=by).first() if by is not None else Operator()
        if actor is None:
            raise CommandError("There is no such user.", returncode=UNUSABLE)
        bar = ProgressBar(quiet=options["verbosity"] == 0)
        try:
            summary = import_infusions(
                path=file,
                by=actor,
                centre=centre and centre.upper(),
                dry_run=dry_run,
                report=self._report,
                progress=bar,
            )
        except (FileUnusable, NotFound, Busy, TooManyLookups) as error:
            returncode = TRY_AGAIN if isinstance(error, Busy | TooManyLookups) else UNUSABLE
            raise CommandError(f"{error.code}: {error}", returncode=returncode) from None
        finally:
            bar.close()
        self.stdout.write(_say(summary, dry_run))
        if summary.refused:
            sys.exit(REFUSED)

    def _report(self, line: int, problem: Problem) -> None:
        mark = "warning: " if problem.warning else ""
        place = "file" if line == THE_FILE else f"line {line}, {problem.field}"
        self.stdout.write(f"{place}: {mark}{problem.code}: {problem.sentence}")


def _say(summary: ImportSummary, dry_run: bool) -> str:
    if summary.refused:
        return f"Nothing stored: {summary.refused} of {summary.read} rows refused."
    unchanged = f", {summary.unchanged} there already and unchanged" if summary.unchanged else ""
    if summary.sent:
        unchanged += f", {summary.sent} sent to the registry's steward"
    if dry_run:
        return f"Dry run, nothing stored: {summary.stored} rows would be stored{unchanged}."
    if not summary.stored and summary.sent:
        return f"Nothing changed: {summary.stored} rows stored{unchanged}."
    if not summary.stored:
        return f"Nothing changed: all {summary.read} rows are stored already."
    return f"{summary.stored} rows stored{unchanged}, {summary.warnings} warnings."
