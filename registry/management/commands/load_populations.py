"""`manage.py load_populations FILE`: the populations of a year, all or nothing."""

from pathlib import Path

from django.core.management.base import CommandError, no_translations

from registry.access import Operator, acting_as
from registry.entry.populations import load_populations
from registry.errors import FileUnusable
from registry.management.record_command import UNUSABLE, RecordCommand
from registry.sentences import POPULATIONS
from swecar.postgresql.roles import CLINIC


class Command(RecordCommand):
    """Exit 0 stored, 2 unusable file."""

    works_as = (CLINIC,)
    help = (
        "Store populations from a CSV file with the columns area, year, persons and source: Statistics Sweden's "
        "codes (00 the country, 01 … 25 the counties, 1315 and 1380 … 1384 Halland's municipalities)."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)

    @no_translations
    def handle(self, *, file: Path, **options):
        """Store the file, or say what is wrong with each line."""
        try:
            with acting_as(Operator(), reason=POPULATIONS):
                loaded = load_populations(file)
        except FileUnusable as error:
            raise CommandError(f"{error.code}: {error}", returncode=UNUSABLE) from None
        self.stdout.write(
            f"populations: {loaded.new} stored, {loaded.changed} changed, {loaded.there} already there"
        )
