"""`manage.py reconcile FILE.json`: compare a published figure with the registry."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from registry.errors import DateInFuture, NotPublished
from registry.management.tables import lay_out
from registry.published.current_snapshot import retry_if_replaced
from registry.published.reconciliation import FigureUnusable, reconcile

DIFFERENT = 4


class Command(BaseCommand):
    """Exit 0 if every number agrees, 4 with a table of differences."""

    help = "Compare a published figure with the registry as of the figure's data cut, cell by cell."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options):
        """Print what is explained, and a table of what differs."""
        try:
            figure = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as fault:
            raise CommandError(f"The file cannot be read as JSON: {fault}", returncode=2) from None
        try:
            result = retry_if_replaced(lambda: reconcile(figure))
        except (DateInFuture, FigureUnusable, NotPublished) as error:
            raise CommandError(f"{error.code}: {error}", returncode=2) from None
        for sentence in result.explained:
            self.stdout.write(sentence)
        differences = result.differences
        if differences:
            rows = ((found.cell, found.measure, found.figure, found.registry) for found in differences)
            self.stdout.write(lay_out(("cell", "measure", "figure", "registry"), rows))
            raise CommandError(
                f"{len(differences)} of {len(result.compared)} numbers differ as of {result.as_of}.",
                returncode=DIFFERENT,
            )
        self.stdout.write(f"All {len(result.compared)} numbers agree as of {result.as_of}.")
