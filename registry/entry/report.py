"""The report of an import: the lines with a problem, each with its problems and its cells."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Min

from registry.models import ImportJob, ImportProblem

ORDERS = {"line": ("line",), "-line": ("-line",), "column": ("column", "line")}


@dataclass(frozen=True)
class ReportLine:
    """One line of the file with what is wrong with it; cells is empty once they are deleted."""

    number: int
    problems: Sequence[ImportProblem]
    cells: dict[str, str]

    def show(self, columns: Sequence[str]) -> list[tuple[str, str, bool]]:
        """(column, cell, whether something is wrong there) for each of these columns."""
        wrong = {problem.field for problem in self.problems}
        return [(name, self.cells.get(name, ""), name in wrong) for name in columns]


class Report(Sequence):
    """The lines of a report in order; only those that are asked for are read."""

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
        cells = dict(self.job.rows.filter(line__in=numbers).values_list("line", "cells"))
        problems = defaultdict(list)
        for problem in self.job.problems.filter(line__in=numbers):
            problems[problem.line].append(problem)
        return [ReportLine(number, problems[number], cells.get(number, {})) for number in numbers]


def read_report(job: ImportJob, *, order: str = "line") -> Report:
    """The lines of a job that have a problem, in one of ORDERS."""
    return Report(job, order)
