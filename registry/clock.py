"""Today, wherever the server stands."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")  # an infusion has a calendar date there (COUNTING.md)


def today() -> date:
    """Today in Europe/Stockholm."""
    return datetime.now(STOCKHOLM).date()
