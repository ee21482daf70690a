"""Today, wherever the server stands."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from registry.errors import DateInFuture

STOCKHOLM = ZoneInfo("Europe/Stockholm")  # an infusion has a calendar date there (COUNTING.md)


def today() -> date:
    """Today in Europe/Stockholm."""
    return datetime.now(STOCKHOLM).date()


def require_come(day: date | None) -> None:
    """Raise DateInFuture for a day after today: nothing is known of it, and what is shown of a day stays."""
    if day and day > today():
        raise DateInFuture
