"""What others state of trials, exemption and manufacture beside the registry's, number by number (ATMP.md).

Of each printed number it is said whether it is equal, explained or different, by arithmetic on the numbers of the
file and of the registry, in words of the current language.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from registry.published.atmp_file import Report, TrialList
from registry.published.atmp_list_check import compare_list
from registry.published.atmp_report_check import compare_report
from registry.published.atmp_verdicts import Ours, Told, Verdict


@dataclass(frozen=True)
class Reconciled:
    """Every number of a file, as of its day or the latest."""

    source: str
    as_of: date | None
    rows: Sequence[Told]

    def count(self, verdict: Verdict) -> int:
        """How many numbers are found to be so."""
        return sum(row.verdict is verdict for row in self.rows)


def reconcile_atmp(read: Report | TrialList, *, language: str, number: int | None = None) -> Reconciled:
    """Compare a file with the current snapshot, which number may name, in a language that is active.

    Raises NotPublished, DateInFuture, FactsNotKept where another than number is current by now.
    """
    ours = Ours(read, language, number)
    rows = compare_report(read, ours) if isinstance(read, Report) else compare_list(read, ours)
    return Reconciled(read.source, read.as_of, list(rows))
