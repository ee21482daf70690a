"""The report of an import: each line with a problem, its problems and its cells."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Min

from registry.entry.exchange.header import column_name
from registry.entry.importing.referrals import can_be_sent
from registry.entry.infusions.columns import COLUMNS
from registry.models import ImportJob, ImportProblem, ImportRow

ORDERS = {"line": ("line",), "-line": ("-line",), "column": ("column", "line")}


@dataclass(frozen=True)
class ReportLine:
    """One line of the file and its problems; cells is empty once they are deleted."""

    number: int
    problems: Sequence[ImportProblem]
    cells: dict[str, str]
    can_be_sent: bool = False  # to the registry's steward
    referral: UUID | None = None  # as which it was sent

    def show(self, columns: Sequence[str]) -> list[tuple[str, str, bool]]:
        """(column heading, cell, whether it has a problem) for each of these columns."""
        wrong = {problem.field for problem in self.problems}
        return [(column_name(name), self.cells.get(name, ""), name in wrong) for name in columns]

    @property
    def named_problems(self) -> list[tuple[str, ImportProblem]]:
        """(column heading, problem); "" for problems of the file as a whole."""
        return [
            (column_name(problem.field) if problem.field in COLUMNS else "", problem) for problem in self.problems
        ]


class Report(Sequence):
    """The lines of a report in order, a lazy sequence for pagination."""

    def __init__(self, job: ImportJob, order: str):
        self.job = job
        of_line = job.problems.values("line").annotate(column=Min("field"))
        self.numbers = list(of_line.order_by(*ORDERS[order]).values_list("line", flat=True))

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, key):
        wanted = self.numbers[key]
        return self._read(wanted) if isinstance(key, slice) else self._read([wanted])[0]

    def _read(self, numbers: Sequence[int]) -> list[ReportLine]:
        rows = {row.line: row for row in self.job.rows.filter(line__in=numbers).defer("chain")}
        problems = defaultdict(list)
        for problem in self.job.problems.filter(line__in=numbers):
            problems[problem.line].append(problem)
        return [self._line(number, problems[number], rows.get(number)) for number in numbers]

    def _line(self, number: int, problems: Sequence[ImportProblem], row: ImportRow | None) -> ReportLine:
        if row is None:
            return ReportLine(number, problems, {})
        return ReportLine(number, problems, row.cells, can_be_sent(self.job, row), row.referral_id)


def read_report(job: ImportJob, *, order: str = "line") -> Report:
    """The lines of a job that have a problem; order: one of ORDERS."""
    return Report(job, order)
