"""Reserve numbers: their issuers, formats and sources.

A regional number is unique only within its region, so its issuer is part of the identity.

Sources, read in November 2026:
HL7: HL7 Sweden, base profiles R4 (github.com/HL7Sweden/basprofiler-r4 at 2509c4e,
     input/fsh/invariants/PatientIdentifierConformancePatternSE.fsh). It has no check digits.
LRID: Inera, Personuppgiftstjänsten, "Lokala Reservidn", version 1.2 and later
     (inera.atlassian.net/wiki, page 3353227890): check digits, what the parts mean, examples.
NRID: Inera, "Nationellt Reservidformat" (specification 1.0 of the national reserve identity).
VGR: vgregion.se, "Hantering av reservidentiteter": numbers not in the region's format ("GRID") are old.
A region whose format is in none of them has no Format here: its numbers are accepted unchecked, with a prefix
and a warning.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from registry.digits import is_day, luhn

DAY = r"(?P<date>(?:1[89]|2[01])\d{6})"
LETTER = "[A-HJ-NPR-UX-Z]"  # in the national format: not I, O, Q, V, W
VALUE_OF = str.maketrans("KMX", "578")
CENTURY = 19
SERIES = 3  # the national format adds three to the century for each of its series
FULL_LENGTH = 12
UNKNOWN_CENTURY = "00"
UNPUBLISHED = re.compile(r"(?=(?:.*\d){4})[0-9A-Z]{10,12}", re.ASCII)
DATED = re.compile(r"(?:1[89]|20)\d{6}", re.ASCII)
FIRST_BATCH = "20140101"  # batch numbers contain dates too, from the first treatment in the country on
FAR_YEAR = "40"  # later two-digit years are 19xx
NO_DAY = range(32, 60)  # in place of the day in numbers without a date of birth


@dataclass(frozen=True)
class Format:
    """A format of an issuer. The group `date` (YYYYMMDD) or `short` (YYMMDD) is a valid date.

    check: verifies the check digit, None for a format without. confirmed: published and in use.
    """

    pattern: str
    source: str
    check: Callable[[str], bool] | None = None
    confirmed: bool = True


@dataclass(frozen=True)
class Issuer:
    """An issuer of numbers. county: Statistics Sweden's code; "" for the whole country."""

    key: str
    name: str
    county: str
    formats: tuple[Format, ...] = ()
    aliases: tuple[str, ...] = ()


def _last_ten(number: str) -> bool:
    """Luhn over the ten characters from the year on, K, M and X being 5, 7 and 8 (LRID)."""
    digits = number[-10:].translate(VALUE_OF)
    return luhn(digits[:-1]) == int(digits[-1])


def _stockholm(number: str) -> bool:
    """LRID sums positions 5 to 11, programs in use 3 to 11: either is accepted."""
    return int(number[-1]) in {luhn(number[4:-1]), luhn(number[2:-1])}


def _vastra_gotaland(number: str) -> bool:
    """The serial number is odd for M, even for K, and 80 to 89 for X (LRID)."""
    letter, serial = number[8], int(number[9:11])
    parity = {"M": serial % 2 == 1, "K": serial % 2 == 0, "X": serial // 10 == 8}  # noqa: PLR2004
    return parity[letter] and _last_ten(number)


def _national(number: str) -> bool:
    """Luhn over all eleven characters, doubling from the first; a letter is its ASCII value, 65 for A (NRID).

    All digits of a doubled letter are added, as in all examples of HL7 Sweden and Inera.
    """
    values = [int(char) if char.isdigit() else ord(char) for char in number[:-1]]
    doubled = (value * (1 if place % 2 else 2) for place, value in enumerate(values))
    total = sum(int(digit) for value in doubled for digit in str(value))
    return -total % 10 == int(number[-1]) and _national_date(number)


def _national_date(number: str) -> bool:
    """The century is 3, 6, 9 ... 78 too high; 00 with an invalid month and day means unknown (NRID)."""
    century, month, day = number[:2], number[4:6], number[6:8]
    if century == UNKNOWN_CENTURY:
        return month >= "20" and "40" <= day <= "59"
    place, series = (int(century) - CENTURY) % SERIES, int(century) // SERIES
    return place < 2 and series > 0 and is_day(f"{CENTURY + place}{number[2:8]}")  # noqa: PLR2004


NATIONAL = Issuer(
    "national", "Inera", "",
    (Format(rf"(?:00|2[2-9]|[3-8]\d|9[0-8])\d{{6}}{LETTER}{{2}}(?:\d|{LETTER})\d", "HL7, NRID", _national),),
    ("nationell", "nationellt", "nrid"),
)  # fmt: skip
WITHOUT_DAY = r"(?:1[7-9]|20)\d{2}(?:0[1-9]|1[0-2])(?:3[2-9]|[45]\d)\d{4}"
TWO_LETTERS = Format(DAY + r"[A-Z]{2}\d[A-Z]", "HL7")
ISSUERS = (
    NATIONAL,
    Issuer("carelink", "Inera (Carelink)", "", (Format(WITHOUT_DAY, "HL7, LRID", _last_ten),), ("inera", "clnk")),
    Issuer("stockholm", "Region Stockholm", "01", (Format(r"99\d{10}", "HL7, LRID", _stockholm),), ("sll",)),
    Issuer("uppsala", "Region Uppsala", "03"),
    Issuer(
        "sormland", "Region Sörmland", "04",
        (TWO_LETTERS, Format(r"18[56]00101[MNKP](?!000)\d{3}", "HL7")), ("sodermanland",),
    ),
    Issuer("ostergotland", "Region Östergötland", "05"),
    Issuer("jonkoping", "Region Jönköpings län", "06", (), ("jonkopings-lan",)),
    Issuer("kronoberg", "Region Kronoberg", "07"),
    Issuer("kalmar", "Region Kalmar län", "08", (), ("kalmar-lan",)),
    Issuer("gotland", "Region Gotland", "09"),
    Issuer("blekinge", "Region Blekinge", "10", (TWO_LETTERS,)),
    Issuer(
        "skane", "Region Skåne", "12",
        (Format(r"(?:(?P<date>\d{8})|(?P<short>\d{6}))[DEF][A-Z][01][A-Z]", "HL7"),),
    ),
    Issuer("halland", "Region Halland", "13", (Format(WITHOUT_DAY, "HL7"),)),
    Issuer(
        "vastra-gotaland", "Västra Götalandsregionen", "14",
        (
            Format(r"(?P<date>\d{8})[KMX](?:0[6-9]|[1-8]\d)\d", "HL7, LRID", _vastra_gotaland),
            Format(r"(?P<date>\d{8})[A-FHJ-NPR-Y]\d{3}", "HL7 (GRID)", confirmed=False),
        ), ("vgr", "vastra-gotalandsregionen"),
    ),
    Issuer(
        "varmland", "Region Värmland", "17",
        (Format(r"(?P<date>\d{8})S[FUXPL]\d[A-UW-Z1-9]", "HL7, LRID"),), ("liv",),
    ),
    Issuer("orebro", "Region Örebro län", "18", (Format(DAY + r"T[A-Z]\d[A-J]", "HL7, LRID"),), ("orebro-lan",)),
    Issuer("vastmanland", "Region Västmanland", "19"),
    Issuer("dalarna", "Region Dalarna", "20", (Format(DAY + r"[A-Z]\d{3}", "HL7"),)),
    Issuer("gavleborg", "Region Gävleborg", "21", (Format(r"(?P<date>\d{8})\d{2}[MKX]\d", "HL7"),)),
    Issuer("vasternorrland", "Region Västernorrland", "22", (Format(DAY + r"\d{3}R", "HL7"),)),
    Issuer("jamtland", "Region Jämtland Härjedalen", "23", (), ("jamtland-harjedalen",)),
    Issuer("vasterbotten", "Region Västerbotten", "24", (Format(DAY + r"[REKA]\d{3}", "HL7"),), ("rvb",)),
    Issuer("norrbotten", "Region Norrbotten", "25"),
)  # fmt: skip
BY_NAME = {name: issuer for issuer in ISSUERS for name in (issuer.key, *issuer.aliases)}
BY_COUNTY = {issuer.county: issuer for issuer in ISSUERS if issuer.county}
PATTERNS = {each: re.compile(each.pattern, re.ASCII) for issuer in ISSUERS for each in issuer.formats}


@dataclass(frozen=True)
class Reading:
    """The possible issuers of a number, none if no format fits. sure: by the national format, the centre's own
    region's, or a check digit. clear: no other issuer has such numbers.

    impossible_day, wrong_check: why an otherwise fitting format does not fit.
    """

    issuers: tuple[Issuer, ...] = ()
    sure: bool = False
    clear: bool = True
    confirmed: bool = True
    impossible_day: bool = False
    wrong_check: bool = False


def whose(number: str, *, county: str = "") -> Reading:
    """The issuer of a number by the published formats; the centre's county decides between several.

    The national format is preferred, then the centre's own region's, then formats with a check digit, which
    another region's number passes by chance in one case of ten.
    """
    shaped = [(issuer, each) for issuer in ISSUERS for each in issuer.formats if PATTERNS[each].fullmatch(number)]
    fitting = [(issuer, each) for issuer, each in shaped if each.confirmed and _fits(each, number)]
    own = [issuer for issuer, each in shaped if county and issuer.county == county and each.confirmed]
    if own and not any(issuer in {NATIONAL, *own} for issuer, _each in fitting):
        return _why_not(number, own)
    for is_sure in (
        lambda issuer, _each: issuer is NATIONAL,
        lambda issuer, _each: issuer in own,
        lambda _issuer, each: each.check is not None,
    ):
        if found := dict.fromkeys(issuer for issuer, each in fitting if is_sure(issuer, each)):
            return Reading(tuple(found), sure=True)
    if fitting:
        found = dict.fromkeys(issuer for issuer, _each in fitting)
        return Reading(tuple(found), clear=len({issuer for issuer, _each in shaped}) == 1)
    return _why_not(number, ISSUERS)


def read_of(issuer: Issuer, number: str) -> Reading:
    """Read a number as the issuer's: by a format in use, an old format, or unchecked where none is published."""
    for each in sorted(issuer.formats, key=lambda each: not each.confirmed):
        if _fits(each, number):
            return Reading((issuer,), confirmed=each.confirmed)
    if issuer.formats:
        return _why_not(number, [issuer])
    if not UNPUBLISHED.fullmatch(number):
        return Reading()
    if _holds_impossible_day(number):
        return Reading(impossible_day=True)
    return Reading((issuer,), confirmed=False)


def is_written_like_one(number: str) -> bool:
    """Whether characters in a text are probably a reserve number: the check digit is valid, or, in a format
    without, the date is before any batch was made.
    """
    return any(
        _fits(each, number) and (each.check is not None or _day_in(each, number) < FIRST_BATCH)
        for issuer in ISSUERS
        for each in issuer.formats
        if each.confirmed
    )


def _day_in(each: Format, number: str) -> str:
    """The date in a number of a format; FIRST_BATCH if it has none."""
    match = PATTERNS[each].fullmatch(number)
    parts = match.groupdict() if match else {}
    if short := parts.get("short"):
        return ("19" if short > FAR_YEAR else "20") + short
    return parts.get("date") or FIRST_BATCH


def _holds_impossible_day(number: str) -> bool:
    """Whether a number begins like a date with an invalid day; 32 to 59 are valid and mean no date."""
    if len(number) != FULL_LENGTH or not DATED.match(number):
        return False
    day = number[:6] + "01" if int(number[6:8]) in NO_DAY else number[:8]
    return not is_day(day)


def _fits(each: Format, number: str) -> bool:
    match = PATTERNS[each].fullmatch(number)
    return match is not None and _is_dated(match) and (each.check is None or each.check(number))


def _is_dated(match: re.Match[str]) -> bool:
    parts = match.groupdict()
    written, short = parts.get("date"), parts.get("short")
    if short:  # in either century
        return is_day("19" + short) or is_day("20" + short)
    return not written or is_day(written)


def _why_not(number: str, issuers: Iterable[Issuer]) -> Reading:
    matches = [PATTERNS[each].fullmatch(number) for issuer in issuers for each in issuer.formats]
    shaped = [match for match in matches if match]
    impossible = bool(shaped) and not any(map(_is_dated, shaped))
    return Reading(impossible_day=impossible, wrong_check=bool(shaped) and not impossible)
