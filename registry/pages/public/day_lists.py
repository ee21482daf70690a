"""The month and the year of a day, as lists to choose from: read in one way only, whatever the browser."""

from datetime import date

from django.utils.dates import MONTHS

from registry.infusion_rules import FIRST_TREATMENT

Choices = list[tuple[int, str, bool]]  # value, label, whether it is the one


def list_days(
    chosen: date | None, last: date, *, months: bool = True, earliest: date = FIRST_TREATMENT
) -> dict[str, Choices]:
    """The years from the first to that of the last day, and the months, with those of the chosen day.

    months: whether the ends of months can be shown, and not those of years alone.
    """
    latest = max(last, chosen or last).year
    years = range(latest, earliest.year - 1, -1)
    return {
        "years": [(year, str(year), chosen is not None and year == chosen.year) for year in years],
        "months": [
            (number, str(name), chosen is not None and number == chosen.month)
            for number, name in (MONTHS.items() if months else ())
        ],
    }
