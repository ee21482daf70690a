"""`manage.py demo_data`: the code lists and the demonstration's records; a second run changes nothing."""

import tempfile
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, no_translations

from registry.access import Operator, acting_as
from registry.demonstration.invented_records import write_records
from registry.demonstration.trials import store_trials
from registry.demonstration.users import keep_logins, store_users
from registry.entry.importing.pipeline import import_infusions
from registry.errors import Problem
from registry.national_lists.storing import store_code_lists

REASON = "demonstration"


class Command(BaseCommand):
    help = "Store the code lists, and (without --reference-only) the demonstration's users and records."

    def add_arguments(self, parser):
        parser.add_argument("--reference-only", action="store_true", help="code lists and trials alone")
        parser.add_argument("--logins", type=Path, help="write new passwords to this file, not to the output")

    @no_translations
    def handle(self, *, reference_only: bool, logins: Path | None, **options):
        with acting_as(Operator(), reason=REASON):
            store_code_lists()
            store_trials()
            created = {} if reference_only else store_users()
        self.stdout.write("Code lists stored.")
        if reference_only:
            return
        if logins:
            keep_logins(created, logins)
        else:
            for name, password in created.items():
                self.stdout.write(f"login {name}: {password}")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "demonstration.csv")
            write_records(path)
            summary = import_infusions(path=path, by=Operator(), report=self._report)
        if summary.refused:
            raise CommandError("The demonstration was refused.")
        self.stdout.write(f"Demonstration: {summary.stored} infusions stored, {summary.unchanged} there.")

    def _report(self, line: int, problem: Problem) -> None:
        if not problem.warning:
            self.stderr.write(f"line {line}, {problem.field}: {problem.code}: {problem.sentence}")
