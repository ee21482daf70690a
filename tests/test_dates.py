"""Dates and their precision."""

from contextlib import suppress
from datetime import date

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from registry.choices import DatePrecision
from registry.dates import age_on, last_day, read_date, understand_date, write_date


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


# What people type in a form, which means more than a program may write.

UNDERSTOOD = {
    "2026-11-20": [
        "2026-11-20",
        "20261120",
        "261120",
        "26-11-20",
        "2026/11/20",
        "2026.11.20",
        "2026 11 20",
        "20/11/2026",
        "20.11.2026",
        "20-11-2026",
        "20 11 2026",
        "20/11 2026",
        "20. 11. 2026",
        " 2026-11-20 ",
        "2026 - 11 - 20",
        "20 nov 2026",
        "20 nov. 2026",
        "20 november 2026",
        "20 NOVEMBER 2026",
        "20nov2026",
        "20-nov-2026",
        "20:e november 2026",
        "den 20 november 2026",
        "20th November 2026",
        "20th of November 2026",
        "Nov 20, 2026",
        "November 20 2026",
        "2026 nov 20",
        "2026-nov-20",
        "２０２６-１１-２０",
        "２０２６１１２０",
        "2026－11－20",
        "2026\u201111\u201120",
        "2026\u201011\u201020",
        "2026–11–20",
        "2026—11—20",
        "2026−11−20",
        "20\u00a0nov\u00a02026",
        "20\u202fnov\u202f2026",
        "2026\u00ad-11-20",
        "\ufeff2026-11-20",
        "2026-11-20\u200b",
        "2026\u02d711\u02d720",
        "2026\u00b711\u00b720",
        "20\u204411\u20442026",
        "20\u221511\u22152026",
        "2026-11-20,",
        "٢٠٢٦-١١-٢٠",
        "20/11-26",
        "20/11\u201326",
        "20/11 -26",
        "20 nov. 2026,",
        "\t2026-11-20\n",
    ],
    "2026-11-12": ["12/11/2026", "12.11.2026", "12 11 2026", "12-11-2026", "12 nov 2026", "261112"],
    "2026-01-05": [
        "2026-1-5",
        "5/1/2026",
        "05/01/2026",
        "5 jan 2026",
        "260105",
        "5.1.2026",
        "5:e januari 2026",
        "5/1-26",
    ],
    "2020-11-26": ["201126", "20201126", "20-11-26", "26/11-20"],
    "2026-02-05": ["5 febr. 2026", "5 feb 2026", "5/2-26"],
    "2020-11-10": ["201110"],  # and not October 2011: six digits are a day where they can be
    "2024-02-29": ["240229", "29/2/2024", "29 feb 2024", "29 februari 2024"],
    "1999-12-31": ["991231", "19991231", "31 dec 1999"],
    "1990-01-01": ["900101"],
    "2089-12-31": ["891231"],
    "2026-11": [
        "2026-11",
        "202611",
        "2026/11",
        "2026.11",
        "2026 11",
        "11/2026",
        "11-2026",
        "11.2026",
        "nov 2026",
        "november 2026",
        "Nov. 2026",
        "2026 november",
        "2026-nov",
        "２０２６-１１",
        "2026,11",
    ],
    "2013-12": ["201312", "12/2013", "2013-12"],
    "2026-01": ["2026-1", "202601", "1/2026", "januari 2026", "January 2026"],
    "2026": ["2026", " 2026 ", "２０２６"],
}
MONTHS = {
    1: "jan januari january", 2: "feb febr februari february", 3: "mar mars march", 4: "apr april", 5: "maj may",
    6: "jun juni june", 7: "jul juli july", 8: "aug augusti august", 9: "sep sept september",
    10: "okt oct oktober october", 11: "nov november", 12: "dec december",
}  # fmt: skip


@pytest.mark.parametrize(
    ("written", "typed"), [(written, typed) for written, each in UNDERSTOOD.items() for typed in each]
)
def test_a_date_is_understood_as_people_type_it_and_written_in_one_way(written, typed):
    understood = understand_date(typed)
    assert write_date(*understood) == written
    assert understand_date(written) == understood == read_date(written)


def test_every_month_is_known_by_its_names_in_both_languages():
    for month, names in MONTHS.items():
        for name in names.split():
            for typed in (f"3 {name} 2024", f"3 {name.upper()} 2024", f"{name.title()} 3, 2024"):
                assert understand_date(typed) == (date(2024, month, 3), DatePrecision.DAY)
            assert understand_date(f"{name} 2024") == (date(2024, month, 1), DatePrecision.MONTH)


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "-", "2026-", "2026-11-", "-2026", "20", "2", "20261", "2026112", "202611201", "20/11/26",
        "20.11.26", "20 nov 26", "20 nov", "11-20", "20/11", "nov", "20 foo 2026", "20 nov dec 2026",
        "2026-11-20T00:00", "2026-11-20 12:00", "20 11 20 26", "2026--11--20", "20//11//2026", "19700101-9801",
        "x2026", "2026x", "2026-11-20-1", "20.11-26", "20-11/26", "20/11.26", "20 11-26", "20/11-2", "31/02",
        "2026-W47", "2026W47", "2026-11-XX", "i dag", "today", "20 nov -26", "20nov26", "11/26", "26-11",
        "1/2/3/2026", "2026²", "13 nov 2026 nov", "20,11,2026 ,",
        "12345678901234567890", "1.5", "0x7ea", "2026 2026", "ii 2026", "9" * 5_000, "nov" * 2_000,
        "n" * 39 + "!", "nov 1 " * 6 + "!",
    ],
)  # fmt: skip
def test_what_means_no_date_is_refused_with_the_ways_to_write_one(typed):
    with pytest.raises(ValueError, match=r"2026-11-20, 20261120, 261120, 20/11/2026 (or|eller) 20 nov 2026"):
        understand_date(typed)


@pytest.mark.parametrize(
    "typed",
    ["2026-02-29", "20260229", "260229", "29/2/2026", "29 feb 2026", "31/4/2026", "2026-13", "13/2026",
     "32/1/2026", "2026-00-10", "0/1/2026", "0000", "20260000", "11/20/2026", "20/13/2026", "0 nov 2026",
     "2026-11-31", "209913"],
)  # fmt: skip
def test_a_day_that_is_not_in_the_calendar_is_called_so(typed):
    with override("en"), pytest.raises(ValueError, match=r"^There is no such day in the calendar\.$"):
        understand_date(typed)


@given(day=st.dates(date(1990, 1, 1), date(2089, 12, 31)))
def test_whatever_order_and_marks_a_day_is_typed_with_it_is_that_day(day):
    year, month, number = f"{day.year}", day.month, day.day
    for typed in (
        f"{day:%Y%m%d}", f"{day:%y%m%d}", f"{number}/{month}/{year}", f"{number:02}.{month:02}.{year}",
        f"{number} {MONTHS[month].split()[-1]} {year}", f"{MONTHS[month].split()[0]} {number}, {year}",
    ):  # fmt: skip
        assert understand_date(typed) == (day, DatePrecision.DAY)
    assert understand_date(f"{month}/{year}") == (day.replace(day=1), DatePrecision.MONTH)


@given(st.text(max_size=12) | st.text("0123456789-/. novemberjanuari:,", max_size=14))
def test_any_text_is_a_date_or_refused_and_never_a_fault(typed):
    with suppress(ValueError):
        day, precision = understand_date(typed)
        assert read_date(write_date(day, precision)) == (day, precision)
