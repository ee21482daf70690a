"""Numbers as the Tax Agency's lists of test numbers have them, as many as there: all are read but those of no day.

The list of coordination numbers (2,264 of 1914 to 2023, github.com/personnummer/meta) is kept whole in
tests/data/coordination-numbers.txt. Of that of personal identity numbers (41,129 of 1890 to 2019, allPins.json at
be87548) tests/data/personal-numbers.txt has two parts, the 1st to 800th and the 30,801st to 31,600th. As many as
it has are made alike by the calendar and a check digit of the tests' own.
"""

import calendar
import random
import re
from datetime import date
from pathlib import Path

import pytest

from registry.choices import IdentifierType, Sex
from registry.identity import IdentifierUnusable, read_identifier
from tests import factories

PERSONAL, COORDINATION = 41_129, 2_264
RANDOM = random.Random(2264)
DATA = Path(__file__).parent / "data"
LISTED = (DATA / "coordination-numbers.txt").read_text().split()
LISTED_PERSONAL = (DATA / "personal-numbers.txt").read_text().split()


def made(year: int, month: int, day: int, birth_number: int) -> str:
    short = f"{year % 100:02}{month:02}{day:02}{birth_number}"
    return f"{year // 100}{short}{factories.check_digit(short)}"


def is_possible(year: int, month: int, day: int) -> bool:
    """Whether a person may have been born then; 0 is a month or a day that is not known."""
    longest = 31 if month == 0 else calendar.monthrange(year, month)[1]
    return day <= longest


def day_of(number: str) -> tuple[int, int, int]:
    """Year, month and day of a coordination number of twelve digits."""
    return int(number[:4]), int(number[4:6]), int(number[6:8]) - 60


LISTED_POSSIBLE = [number for number in LISTED if is_possible(*day_of(number))]
LISTED_IMPOSSIBLE = [number for number in LISTED if not is_possible(*day_of(number))]


def test_the_list_is_whole():
    assert (len(LISTED), len(set(LISTED))) == (COORDINATION, COORDINATION)
    assert (len(LISTED_POSSIBLE), len(LISTED_IMPOSSIBLE)) == (2_240, 24)
    for number in LISTED:
        assert re.fullmatch(r"\d{8}23[89]\d", number)
        assert factories.check_digit(number[2:-1]) == int(number[-1])


def test_every_listed_coordination_number_of_a_possible_day_is_read():
    unknown = 0
    for number in LISTED_POSSIBLE:
        year, month, day = day_of(number)
        identifier = read_identifier(number, centre="UPP", county="03")
        assert (identifier.type, identifier.birth_year) == (IdentifierType.COORDINATION, year)
        assert identifier.sex == (Sex.FEMALE if number[8:11] == "238" else Sex.MALE)
        if identifier.born_on is None:
            assert 0 in (month, day)
            unknown += 1
        else:
            assert identifier.born_on == date(year, month, day)
    assert unknown == sum(0 in day_of(number)[1:] for number in LISTED) == 170


def test_every_listed_coordination_number_of_an_impossible_day_is_refused_without_its_digits():
    for number in LISTED_IMPOSSIBLE:
        with pytest.raises(IdentifierUnusable) as refused:
            read_identifier(number, centre="UPP", county="03")
        assert not re.search(r"\d", str(refused.value))


def test_every_listed_personal_number_is_read():
    births = {"238", "239", "980", "981", "935", "933", "936"}
    assert (len(LISTED_PERSONAL), len(set(LISTED_PERSONAL))) == (1_600, 1_600)
    for number in LISTED_PERSONAL:
        identifier = read_identifier(number, centre="UPP", county="03")
        assert (identifier.type, identifier.birth_year) == (IdentifierType.PERSONAL, int(number[:4]))
        assert identifier.born_on == date(int(number[:4]), int(number[4:6]), int(number[6:8]))
        assert identifier.sex == (Sex.MALE if int(number[10]) % 2 else Sex.FEMALE)
        assert number[8:11] in births
        sign = "+" if number < "1926" else "-"
        short = read_identifier(f"{number[2:8]}{sign}{number[8:]}", centre="UPP", county="03")
        assert short.digests() == identifier.digests()


def test_every_personal_number_is_read_whatever_its_year():
    days = [
        (year, month, day)
        for year in range(1890, 2020)
        for month in range(1, 13)
        for day in range(1, calendar.monthrange(year, month)[1] + 1)
    ]
    read = 0
    for year, month, day in RANDOM.sample(days, PERSONAL):
        birth_number = RANDOM.randint(980, 999)
        identifier = read_identifier(made(year, month, day, birth_number), centre="UPP", county="03")
        assert (identifier.type, identifier.birth_year) == (IdentifierType.PERSONAL, year)
        assert identifier.born_on and (identifier.born_on.month, identifier.born_on.day) == (month, day)
        assert identifier.sex == (Sex.MALE if birth_number % 2 else Sex.FEMALE)
        read += 1
    assert read == PERSONAL


def test_of_the_coordination_numbers_those_of_an_impossible_day_alone_are_refused():
    everything = [(year, month, day) for year in range(1914, 2015) for month in range(13) for day in range(32)]
    read, refused, unknown = [], [], 0
    for born in RANDOM.sample(everything, COORDINATION):
        year, month, day = born
        number = made(year, month, day + 60, RANDOM.randint(980, 999))
        try:
            identifier = read_identifier(number, centre="UPP", county="03")
        except IdentifierUnusable:
            refused.append(born)
            continue
        read.append(born)
        assert (identifier.type, identifier.birth_year) == (IdentifierType.COORDINATION, year)
        assert (identifier.born_on is None) == (month == 0 or day == 0)
        unknown += identifier.born_on is None
    assert refused == [born for born in [*read, *refused] if not is_possible(*born)]
    assert (len(read) + len(refused), len(refused) > 20, unknown > 200) == (COORDINATION, True, True)


def test_a_wrong_check_digit_is_refused_in_each_of_them():
    for year, month, day in [(1970, 0, 60), (1970, 11, 60), (1970, 0, 75), (1970, 11, 71), (1970, 11, 11)]:
        number = made(year, month, day, 984)
        for digit in set("0123456789") - {number[-1]}:
            try:
                read_identifier(number[:-1] + digit, centre="UPP", county="03")
            except IdentifierUnusable:
                continue
            raise AssertionError("a wrong check digit was read")
