"""What the status of a trial means: which are ongoing, which of several holds (ATMP.md, "The words")."""

from datetime import date
from typing import TypeVar

from registry.choices import TrialStatus

ONGOING = (TrialStatus.RECRUITING, TrialStatus.FOLLOW_UP)
# The status of a trial is the first of these that one of its hospitals has.
FIRST_OF = (
    TrialStatus.RECRUITING, TrialStatus.FOLLOW_UP, TrialStatus.PLANNED, TrialStatus.CLOSED, TrialStatus.WITHDRAWN,
)  # fmt: skip
LATER: dict[str, int] = {status: place for place, status in enumerate(TrialStatus.values)}

Day = TypeVar("Day", date, str)  # a string as ISO 8601


def order_of(since: Day, status: str) -> tuple[Day, int]:
    """By what a hospital's statuses are sorted, so that the last that has begun holds.

    Of two that begin on one day the later in the list of statuses (small case 4).
    """
    return since, LATER[status]
