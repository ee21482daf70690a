"""Dates and their precision."""

from datetime import date

import pytest

from registry.choices import DatePrecision
from registry.dates import age_on, last_day, read_date


def test_age_is_in_whole_years_on_the_birthday_of_a_leap_day_too():
    assert age_on(date(2004, 2, 29), date(2022, 2, 28)) == 17
    assert age_on(date(2004, 2, 29), date(2022, 3, 1)) == 18


@pytest.mark.parametrize(
    ("text", "precision", "day", "found"),
    [
        ("2014", "", date(2014, 1, 1), "year"),
        ("2023-12", "", date(2023, 12, 1), "month"),
        ("2023-12-05", "", date(2023, 12, 5), "day"),
        ("2023-12-01", "month", date(2023, 12, 1), "month"),
        ("2023-01-01", "year", date(2023, 1, 1), "year"),
        ("2024-02-29", "day", date(2024, 2, 29), "day"),
    ],
)
def test_a_date_is_read_as_the_first_day_of_its_period(text, precision, day, found):
    assert read_date(text, precision) == (day, DatePrecision(found))


@pytest.mark.parametrize(
    ("text", "precision"),
    [
        ("2023-02-29", ""), ("2023-13", ""), ("2023-00", ""), ("0000", ""), ("23-12-05", ""),
        ("2023-1-5", ""), ("20231205", ""), ("2023/12/05", ""), ("2023-12-05T00:00", ""), ("", ""),
        ("２０２３", ""), ("2023-12-05\n", ""), ("2023-12", "day"), ("2023", "month"), ("2023", "day"),
        ("2023-12-05", "month"), ("2023-12-05", "year"), ("2023-12-01", "year"), ("2023-12", "year"),
    ],
)  # fmt: skip
def test_no_other_spelling_of_a_date_is_read(text, precision):
    with pytest.raises(ValueError, match=r"\.$"):
        read_date(text, precision)


def test_the_last_day_of_a_period_is_known():
    assert last_day(date(2024, 2, 1), "month") == date(2024, 2, 29)
    assert last_day(date(2023, 12, 1), "month") == date(2023, 12, 31)
    assert last_day(date(2023, 1, 1), "year") == date(2023, 12, 31)
    assert last_day(date(2023, 12, 5), "day") == date(2023, 12, 5)
