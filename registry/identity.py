"""What a clinic writes for a person's number is read here, in every spelling (docs/decisions/0015)."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from registry.choices import IdentifierType, Sex
from registry.dates import today
from registry.digits import BRACKETS, QUOTES, TYPED_FOR_DIGITS, fold, is_partial, luhn
from registry.errors import RegistryError
from registry.keyed_digests import Identifier
from registry.mistyped_numbers import say_what_it_is
from registry.reserve_numbers import BY_COUNTY, BY_NAME, NATIONAL, UNPUBLISHED, Issuer, Reading, read_of, whose

EARLIEST_BIRTH = 1880
HUNDRED = 100
COORDINATION_DAY = 60  # added to the day
LOCAL_PREFIX = "local:"
LOCAL_FORMAT = re.compile(r"[\w.\-]{1,64}")
ANY_ISSUER = {"reserve", "reserv", "reservnummer"}
NAMED_ISSUER = re.compile(r"^(?:reserve|reserv|region)-")
# Spaces may stand anywhere, one of these marks between two parts; a + there says something.
PERSONAL_FORMAT = re.compile(r"(\d\d)?(\d\d)[-./_]?(\d\d)[-./_]?(\d\d)([-+./_]?)(\d{4})", re.ASCII)
MARKS = re.compile(r"[-./_ ]")
AFTER_IT = ".,;-"  # left over from the text that a number is copied from
RESERVE_SHAPE = re.compile(r"(?=.*\d)[0-9A-Z]{10,13}", re.ASCII)
SHORT_SKANE = len("YYMMDDXXXX")
TYPES = {
    "national": IdentifierType.RESERVE_NATIONAL,
    "stockholm": IdentifierType.RESERVE_STOCKHOLM,
    "vastra-gotaland": IdentifierType.RESERVE_VASTRA_GOTALAND,
}
WHAT_TO_WRITE = gettext_noop(
    "Write a personal identity or coordination number (YYYYMMDD-NNNN), a reserve number, "
    "or the centre's own pseudonym as local:…"
)
WRONG_DIGITS = gettext_noop("This is not a valid personal identity or coordination number: check the digits.")
LETTER_FOR_DIGIT = gettext_noop(
    "There is a letter where a personal identity number has a digit: check O and 0, l and 1, S and 5, B and 8."
)
NO_NAME = gettext_noop("This is a name, not a number: write the person's number, or local: and a pseudonym.")
IN_FUTURE = gettext_noop("The number gives a date of birth in the future.")
BEFORE_1880 = gettext_noop("The number gives a date of birth before 1880.")
A_CENTURY_BEFORE = gettext_noop("If the person is a hundred or more, write + or all four digits of the year.")
PLUS_CONTRADICTED = gettext_noop("The + means a hundred years or more, but by the year it is less: check both.")
NO_SUCH_DAY = gettext_noop("The reserve number holds a date that is not in the calendar: check the digits.")
WRONG_RESERVE = gettext_noop(
    "The check digit of this reserve number does not agree with the others: check the digits."
)
PERSONAL_WITH_PREFIX = gettext_noop(
    "This is a personal identity or coordination number: write it without a prefix."
)
UNKNOWN_PREFIX = gettext_noop(
    "Before the colon, write local, reserve or the region that the number is from, for example "
    "stockholm: or uppsala:"
)
WRITE_RESERVE = gettext_noop(
    "If it is a reserve number in a format of the region's own, write it as reserve: and the number."
)


class IdentifierUnusable(RegistryError):
    sentence = "The identifier cannot be read. The text never repeats it."
    code = "identifier_invalid"


class IssuerUnclear(IdentifierUnusable):
    sentence = "Several regions write reserve numbers like this one."
    code = "issuer_unclear"

    def __init__(self, issuers: Iterable[Issuer] = ()):
        self.issuers = tuple(issuers)
        prefixes = [f"{issuer.key}:" for issuer in self.issuers] or ["uppsala:", "kalmar:", "…"]
        sentence = _(
            "Several regions have reserve numbers like this one: check the digits, and write the "
            "region before the number, as %(prefixes)s."
        )
        super().__init__(sentence % {"prefixes": ", ".join(prefixes)})


def read_identifier(text: str, *, centre: str, county: str = "") -> Identifier:
    """Read what a clinic writes. centre is its code, for its own pseudonyms; county the code of its county, whose
    region's reserve numbers it writes.

    Raises IdentifierUnusable, IssuerUnclear for a reserve number that several regions may have issued.
    """
    text = _fold(text)
    prefix, colon, number = text.partition(":")
    if colon and prefix.strip().lower() == LOCAL_PREFIX[:-1]:
        return _read_local(number.strip(), centre)
    if colon:
        return _read_prefixed(prefix, number, county)
    compact = text.replace(" ", "").rstrip(AFTER_IT)
    personal = PERSONAL_FORMAT.fullmatch(compact)
    if not personal:
        return _read_bare(compact, county)
    try:
        return _read_personal(personal)
    except IdentifierUnusable:  # some reserve numbers are digits alone, and none of them is a day's
        reading = whose(MARKS.sub("", compact), county=county)
        if not reading.issuers and not reading.wrong_check:
            raise
    return _of_issuer(MARKS.sub("", compact), reading)


def read_possible(text: str, *, centres: Iterable[tuple[str, str]]) -> list[Identifier]:
    """All that a text may name where its centre is not known: each centre's pseudonym, each region's number.

    centres: code and county of each. Raises IdentifierUnusable.
    """
    found: dict[Identifier, None] = {}
    unusable = IdentifierUnusable(_(WHAT_TO_WRITE))
    for code, county in centres:
        try:
            found[read_identifier(text, centre=code, county=county)] = None
        except IssuerUnclear as unclear:
            number = _fold(text).rpartition(":")[2]
            found |= {read_identifier(f"{issuer.key}:{number}", centre=""): None for issuer in unclear.issuers}
            unusable = unclear
        except IdentifierUnusable as refused:
            unusable = refused
    if not found:
        raise unusable
    return list(found)


def may_be_identifier(text: str) -> bool:
    """Whether a text has the form of someone's identifier, whichever centre writes it."""
    try:
        read_identifier(text, centre="")
    except IssuerUnclear:
        return True
    except IdentifierUnusable:
        return False
    return True


def is_local(text: str) -> bool:
    """Whether a text names a pseudonym, of some centre."""
    return _fold(text).lower().startswith(LOCAL_PREFIX)


def latest_year(year: int, *, hundred: bool) -> int:
    """The year of two digits: the latest that is not to come, or, after a +, the latest a hundred years before."""
    latest = today().year - (HUNDRED if hundred else 0)
    return latest - (latest - year) % HUNDRED


def _fold(text: str) -> str:
    return fold(text).strip(f"{QUOTES}{BRACKETS} ")


def _read_personal(match: re.Match[str]) -> Identifier:
    """The identifier in a text of PERSONAL_FORMAT."""
    century, year, month, day, sign, number = match.groups()
    full_year = int(century + year) if century else latest_year(int(year), hundred=sign == "+")
    digits = f"{full_year}{month}{day}{number}"
    born_on = None
    if not is_partial(digits):
        born_on = _birth_of(digits)
    elif luhn(digits[2:-1]) != int(digits[-1]):
        raise IdentifierUnusable(_(WRONG_DIGITS))
    if full_year < EARLIEST_BIRTH:
        raise IdentifierUnusable(_(BEFORE_1880))
    if (born_on or date(full_year, max(int(month), 1), 1)) > today():
        raise IdentifierUnusable(_(IN_FUTURE) if century else f"{_(IN_FUTURE)} {_(A_CENTURY_BEFORE)}")
    if sign == "+" and today().year - full_year < HUNDRED:
        raise IdentifierUnusable(_(PLUS_CONTRADICTED))
    return Identifier(
        type=IdentifierType.COORDINATION if int(day) >= COORDINATION_DAY else IdentifierType.PERSONAL,
        canonical=f"person:{digits}",
        born_on=born_on,
        sex=Sex.MALE if int(digits[-2]) % 2 else Sex.FEMALE,
        birth_year=full_year,
        century_written=bool(century),
    )


def _is_personal(compact: str) -> bool:
    match = PERSONAL_FORMAT.fullmatch(compact)
    try:
        return match is not None and bool(_read_personal(match))
    except IdentifierUnusable:
        return False


def _birth_of(digits: str) -> date:
    """The date of birth in twelve digits, which are checked."""
    day = int(digits[6:8])
    try:
        born_on = date(
            int(digits[:4]), int(digits[4:6]), day - COORDINATION_DAY if day > COORDINATION_DAY else day
        )
    except ValueError:
        raise IdentifierUnusable(_(WRONG_DIGITS)) from None
    if digits[8:11] == "000" or luhn(digits[2:-1]) != int(digits[-1]):
        raise IdentifierUnusable(_(WRONG_DIGITS))
    return born_on


def _read_bare(compact: str, county: str) -> Identifier:
    """What is no personal number and has no prefix."""
    if re.fullmatch(r"[^\W\d_]{2,}", re.sub(r"[-.,'’]", "", compact)):
        raise IdentifierUnusable(_(NO_NAME))
    if sentence := say_what_it_is(compact):
        raise IdentifierUnusable(sentence)
    number = MARKS.sub("", compact).upper()
    reading = whose(number, county=county) if RESERVE_SHAPE.fullmatch(number) else Reading()
    if NATIONAL not in reading.issuers and _has_letter_for_digit(compact, by_chance=bool(reading.issuers)):
        hint = f" {_(WRITE_RESERVE)}" if reading.issuers else ""
        raise IdentifierUnusable(_(LETTER_FOR_DIGIT) + hint)
    if not reading.issuers and RESERVE_SHAPE.fullmatch(number) and not reading.impossible_day:
        raise IdentifierUnusable(
            f"{_(WRONG_RESERVE) if reading.wrong_check else _(WHAT_TO_WRITE)} {_(WRITE_RESERVE)}"
        )
    return _of_issuer(number, reading)


def _has_letter_for_digit(compact: str, *, by_chance: bool) -> bool:
    """Whether a personal number comes of it once letters that look like digits are read as those.

    by_chance: it has some issuer's format too, and only a right check digit tells.
    """
    typed = MARKS.sub("", compact)
    match = PERSONAL_FORMAT.fullmatch(typed.translate(TYPED_FOR_DIGITS))
    if match is None or typed == typed.translate(TYPED_FOR_DIGITS):
        return False
    century, year, month, day, _sign, number = match.groups()
    possible = int(month) in range(13) and (int(day) in range(1, 32) or int(day) in range(60, 92))
    digits = year + month + day + number
    in_date = not typed[:-4].isdigit()
    return possible and (in_date or not by_chance or luhn(digits[:-1]) == int(digits[-1])) and century != "99"


def _read_prefixed(prefix: str, number: str, county: str) -> Identifier:
    """A reserve number with its region before it, or with reserve: alone for the centre's own region's."""
    plain = unicodedata.normalize("NFKD", prefix.strip().lower().replace(" ", "-").replace("_", "-"))
    name = "".join(char for char in plain if not unicodedata.combining(char))
    issuer = BY_NAME.get(NAMED_ISSUER.sub("", name))
    if issuer is None and name not in ANY_ISSUER:
        raise IdentifierUnusable(_(UNKNOWN_PREFIX))
    number = MARKS.sub("", number.strip(f"{QUOTES}{BRACKETS} ")).upper()
    if _is_personal(number):
        raise IdentifierUnusable(_(PERSONAL_WITH_PREFIX))
    if issuer:
        return _of_issuer(number, read_of(issuer, number))
    reading = whose(number, county=county)
    own = BY_COUNTY.get(county)
    if own and not reading.sure and (own.formats or not reading.wrong_check):
        in_own = read_of(own, number)
        reading = in_own if in_own.issuers or not reading.issuers else reading
    if not reading.issuers and not reading.impossible_day and UNPUBLISHED.fullmatch(number):
        raise IssuerUnclear
    return _of_issuer(number, reading)


def _of_issuer(number: str, reading: Reading) -> Identifier:
    """The identifier of a reserve number whose issuer is clear."""
    if reading.impossible_day:
        raise IdentifierUnusable(_(NO_SUCH_DAY))
    if not reading.issuers:
        raise IdentifierUnusable(_(WRONG_RESERVE) if reading.wrong_check else _(WHAT_TO_WRITE))
    if len(reading.issuers) > 1 or not reading.clear:
        raise IssuerUnclear(reading.issuers)
    [issuer] = reading.issuers
    if issuer.key == "skane" and len(number) == SHORT_SKANE:  # one number with and without its century
        number = f"{latest_year(int(number[:2]), hundred=False) // HUNDRED}{number}"
    return Identifier(
        type=TYPES.get(issuer.key, IdentifierType.RESERVE_REGIONAL),
        canonical=f"reserve:{issuer.key}:{number}",
        unconfirmed=not reading.confirmed,
    )


def issuer_of(identifier: Identifier) -> Issuer:
    """The issuer of a reserve number."""
    return BY_NAME[identifier.issuer]


def _read_local(value: str, centre: str) -> Identifier:
    if not LOCAL_FORMAT.fullmatch(value):
        raise IdentifierUnusable(
            _("A pseudonym is up to 64 letters, digits, points, hyphens and underscores after local:")
        )
    return Identifier(type=IdentifierType.LOCAL, canonical=f"local:{centre}:{value}", centre=centre)
