"""The words of trials, of the hospital exemption and of manufacture, in the current language."""

from collections.abc import Mapping
from datetime import date

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from registry.choices import ManufacturedClass, Sponsor
from registry.wording import say_date, say_day, say_number

UNKNOWN = "unknown"
NOT_TOLD = "–"


def name_class(code: str) -> str:
    """A class of medicine: trials and manufacture have the same words."""
    return _("Class not stated") if code == UNKNOWN else str(ManufacturedClass(code).label)


def name_phase(code: str) -> str:
    return _("Phase not stated") if code == UNKNOWN else _("Phase %(phase)s") % {"phase": code}


def name_sponsor(code: str) -> str:
    return _("Sponsor not stated") if code == UNKNOWN else str(Sponsor(code).label)


def say_not_stated() -> str:
    """In place of a number that nobody has stated: it is not zero."""
    return _("not stated")


def say_about(number: int | None, about: bool) -> str:
    """As "about 50"; of none that it is not stated."""
    if number is None:
        return say_not_stated()
    return _("about %(number)s") % {"number": say_number(number)} if about else say_number(number)


def say_rate(cell: Mapping) -> str:
    """A rate with two decimals; "–" where there is no population."""
    return NOT_TOLD if cell["per_100_000"] is None else number_format(cell["per_100_000"], 2, use_l10n=True)


def say_population(cell: Mapping) -> str:
    """As "10,587,710 (2024)"; "–" where there is none."""
    if cell["population"] is None:
        return NOT_TOLD
    return f"{say_number(cell['population'])} ({cell['population_year']})"


def say_years(row: Mapping) -> str:
    """As "2024", "2016–2025", or "2025, through 31 May" of a year that runs."""
    first, last = row["first_year"], row["year"]
    years = f"{last}" if first == last else f"{first}–{last}"
    if not row["is_running"]:
        return years
    return _("%(year)s, through %(day)s") % {"year": years, "day": say_day(date.fromisoformat(row["through"]))}


def say_stated(row: Mapping, day: str) -> str:
    """Who has stated something, through which day, and from what."""
    return _("%(who)s, as of %(date)s (%(source)s)") % {
        "who": row["stated_by"],
        "date": say_date(day),
        "source": row["source"],
    }
