"""`manage.py verify`: recount the current snapshot from the records."""

from django.core.management.base import BaseCommand, CommandError

from registry.errors import NotPublished
from registry.management.tables import lay_out
from registry.publishing.verification import verify

DIFFERENT = 3


class Command(BaseCommand):
    """Exit 0 if every number agrees, 3 with a table of differences."""

    help = "Recount the current snapshot from the records by independent SQL."

    def handle(self, **options):
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
