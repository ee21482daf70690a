"""`manage.py verify`: recount the current snapshot from the records."""

from django.core.management.base import CommandError

from registry.entry.patients.key_in_use import find_fault_of_keys
from registry.errors import NotPublished
from registry.management.record_command import RecordCommand
from registry.management.tables import lay_out
from registry.publishing.verification import verify
from swecar.postgresql.roles import WORKER

DIFFERENT = 3


class Command(RecordCommand):
    """Exit 0 if every number agrees, 3 with a table of differences."""

    works_as = (WORKER,)
    help = "Recount the current snapshot from the records by independent SQL, and check the identity keys."

    def handle(self, **options):
        if fault := find_fault_of_keys():
            raise CommandError(fault, returncode=DIFFERENT)
        try:
            result = verify()
        except NotPublished as error:
            raise CommandError(str(error), returncode=DIFFERENT) from None
        if result.differences:
            rows = ((found.cell, found.measure, found.published, found.recounted) for found in result.differences)
            self.stdout.write(lay_out(("cell", "measure", "published", "recounted"), rows))
            behind = " The records have changed since: publish first." if result.behind else ""
            raise CommandError(
                f"Snapshot {result.number} differs in {len(result.differences)} numbers.{behind}",
                returncode=DIFFERENT,
            )
        self.stdout.write(f"Snapshot {result.number} agrees with the records in every number.")
