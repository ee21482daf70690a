"""`manage.py reconcile FILE.json`: compare a published figure with the registry."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import override

from registry.errors import DateInFuture, NotPublished
from registry.management.record_command import RecordCommand
from registry.management.tables import lay_out
from registry.published.atmp_file import is_atmp, read_atmp_file
from registry.published.atmp_reconciliation import reconcile_atmp
from registry.published.atmp_verdicts import Verdict
from registry.published.current_snapshot import retry_if_replaced
from registry.published.file_faults import FigureUnusable
from registry.published.reconciliation import Reconciliation, reconcile
from registry.publishing.since_a_figure import read_since
from swecar.postgresql.roles import ROLES

DIFFERENT = 4
UNKNOWN = "unknown"


class Command(RecordCommand):
    """Exit 0 if every number agrees, 4 with a table of differences."""

    works_as = ROLES
    help = "Compare a published figure with the registry as of the figure's data cut, number by number."

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options):
        """Print what is explained, a table of what differs with the reasons, and what is not compared."""
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as fault:
            raise CommandError(f"The file cannot be read as JSON: {fault}", returncode=2) from None
        if is_atmp(document):
            self._reconcile_atmp(document)
            return
        try:
            result = retry_if_replaced(lambda: reconcile(document))
        except (DateInFuture, FigureUnusable, NotPublished) as error:
            raise CommandError(f"{error.code}: {error}", returncode=2) from None
        for sentence in result.explained:
            self.stdout.write(sentence)
        if result.others:
            named = ", ".join(f"{path} ({value})" for path, value in result.others.items())
            self.stdout.write(f"Not compared, since the registry counts nothing of the kind: {named}.")
        if result.differences:
            self._show_differences(result)
            raise CommandError(
                f"{len(result.differences)} of {len(result.compared)} numbers differ as of {result.as_of}.",
                returncode=DIFFERENT,
            )
        self.stdout.write(f"All {len(result.compared)} numbers agree as of {result.as_of}.")

    def _reconcile_atmp(self, document: Mapping[str, Any]) -> None:
        """Print what is found of each number of trials, exemption and manufacture, with the arithmetic."""
        with override("en"):
            try:
                read = read_atmp_file(document)
                result = retry_if_replaced(lambda: reconcile_atmp(read, language="en"))
            except (DateInFuture, FigureUnusable, NotPublished) as error:
                raise CommandError(f"{error.code}: {error}", returncode=2) from None
            day = result.as_of or "the latest"
            self.stdout.write(f"{result.source}, as of {day}:")
            for row in result.rows:
                registry = f"the registry has {row.registry}" if row.registry else "the registry has none"
                said = f"{row.verdict}: {row.what}: {row.printed}; {registry}."
                self.stdout.write(f"{said} {row.why}".rstrip())
        different, compared = (
            result.count(Verdict.DIFFERENT),
            len(result.rows) - result.count(Verdict.NOT_COMPARED),
        )
        if different:
            raise CommandError(f"{different} of {compared} numbers differ as of {day}.", returncode=DIFFERENT)
        self.stdout.write(f"All {compared} numbers agree or are explained as of {day}.")

    def _show_differences(self, result: Reconciliation) -> None:
        differences, since = result.differences, read_since(result.as_of)
        rows = ((one.printed.cell, one.printed.measure, one.printed.value, one.registry) for one in differences)
        self.stdout.write(lay_out(("cell", "measure", "figure", "registry"), rows))
        self.stdout.write("Why:")
        for one in differences:
            printed = one.printed
            place = (printed.centre, printed.category, printed.measure)
            done = since.explain(*place, printed.value, one.registry) if since and not printed.site else ""
            self.stdout.write(f"{printed.cell}, {printed.measure}: {done or one.reason or UNKNOWN}")
        if since is None:
            self.stdout.write(
                "This role does not see what was entered, withdrawn or merged since: the worker does."
            )
