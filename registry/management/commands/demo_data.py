"""`manage.py demo_data`: the code lists and the demonstration's records; a second run changes nothing."""

import tempfile
from pathlib import Path

from django.core.management.base import CommandError, no_translations

from registry.access import Operator, acting_as
from registry.demonstration.attestations import store_attestations
from registry.demonstration.invented_records import write_records
from registry.demonstration.permission import require_demonstration
from registry.demonstration.stated import store_statements
from registry.demonstration.threads import store_threads
from registry.demonstration.trials import store_site_trials, store_trials
from registry.demonstration.users import keep_logins, store_users
from registry.entry.importing.pipeline import import_infusions
from registry.errors import Problem
from registry.management.record_command import RecordCommand
from registry.national_lists.storing import store_code_lists
from registry.purpose import claim_purpose
from registry.sentences import DEMONSTRATION


class Command(RecordCommand):
    works_as = ()
    help = "Where DEMONSTRATION=1: store the code lists, and the demonstration's trials, users and records."

    def add_arguments(self, parser):
        parser.add_argument("--reference-only", action="store_true", help="no users and no records")
        parser.add_argument("--logins", type=Path, help="write new passwords to this file, not to the output")

    @no_translations
    def handle(self, *, reference_only: bool, logins: Path | None, **options):
        require_demonstration("demo_data")
        created = self._store_lists(with_users=not reference_only)
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
        store_attestations()
        store_site_trials()
        store_statements()
        store_threads()
        self.stdout.write(f"Demonstration: {summary.stored} infusions stored, {summary.unchanged} there.")

    def _store_lists(self, *, with_users: bool) -> dict[str, str]:
        """The code lists, the trials and the users, with the passwords of new ones."""
        with acting_as(Operator(), reason=DEMONSTRATION):
            if with_users:
                claim_purpose()
            store_code_lists()
            store_trials()
            return store_users() if with_users else {}

    def _report(self, line: int, problem: Problem) -> None:
        if not problem.warning:
            self.stderr.write(f"line {line}, {problem.field}: {problem.code}: {problem.sentence}")
