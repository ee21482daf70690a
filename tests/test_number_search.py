"""Identity numbers in free text: found however they are written, and rarely where there is none."""

import base64
from collections.abc import Callable
from datetime import date

import pytest

from registry.identity import IdentifierUnusable, read_identifier
from registry.numbers_in_text import holds_identity_number
from tests import factories
from tests.chance import Chance

WOMAN = factories.number(date(1970, 6, 15), 980)
BARE = WOMAN.replace("-", "")
SHORT = WOMAN[2:]


def in_script(zero: str, text: str) -> str:
    """The text with the decimal digits of another script."""
    return "".join(chr(ord(zero) + int(char)) if char.isdigit() else char for char in text)


# However a person, a spreadsheet or a word processor may write one number.
SPELLINGS = {
    "13 characters": WOMAN,
    "12": BARE,
    "11": SHORT,
    "10": SHORT.replace("-", ""),
    "spaces around": f"  {WOMAN}\t",
    "a space": WOMAN.replace("-", " "),
    "spaces around the hyphen": WOMAN.replace("-", " - "),
    "spaced out": " ".join(BARE),
    "in pairs": " ".join(BARE[place : place + 2] for place in range(0, 12, 2)),
    "no-break space": WOMAN.replace("-", "\u00a0"),
    "thin space": WOMAN.replace("-", "\u2009"),
    "narrow no-break space": WOMAN.replace("-", "\u202f"),
    "ideographic space": WOMAN.replace("-", "\u3000"),
    "en dash": WOMAN.replace("-", "–"),
    "em dash": WOMAN.replace("-", "—"),
    "figure dash": WOMAN.replace("-", "\u2012"),
    "horizontal bar": WOMAN.replace("-", "\u2015"),
    "no-break hyphen": WOMAN.replace("-", "\u2011"),
    "hyphen": WOMAN.replace("-", "\u2010"),
    "minus": WOMAN.replace("-", "\u2212"),
    "full-width hyphen": WOMAN.replace("-", "\uff0d"),
    "small hyphen": WOMAN.replace("-", "\ufe63"),
    "soft hyphen": WOMAN.replace("-", "\u00ad"),
    "soft hyphen beside it": WOMAN.replace("-", "-\u00ad"),
    "zero-width space": WOMAN.replace("-", "\u200b-"),
    "zero-width joiners": "\u200d".join(BARE),
    "word joiner": WOMAN.replace("-", "\u2060-"),
    "left-to-right mark": f"\u200e{WOMAN}",
    "direction isolates": f"\u2066{WOMAN}\u2069",
    "byte order mark": f"\ufeff{WOMAN}",
    "full-width digits": in_script("０", WOMAN),
    "Arabic digits": in_script("٠", WOMAN),
    "Devanagari digits": in_script("०", BARE),
    "bold digits": in_script("𝟎", WOMAN),
    "leading apostrophe": f"'{WOMAN}",
    "typographic apostrophe": f"’{WOMAN}",
    "quotation marks": f"\u201d{WOMAN}\u201d",
    "a formula of a text": f'="{WOMAN}"',
    "ISO dashes": f"1970-06-15-{WOMAN[-4:]}",
    "dots": f"1970.06.15.{WOMAN[-4:]}",
    "slashes": f"1970/06/15 {WOMAN[-4:]}",
    "short with slashes": f"70/06/15-{WOMAN[-4:]}",
    "a full stop after it": f"{WOMAN}.",
    "a comma after it": f"{BARE},",
    "a semicolon after it": f"{SHORT} ; ",
    "a hyphen after it": f"{WOMAN}-",
}
# Found in a text, but no way to write the number in its own field.
IN_TEXT = {
    "letters before": f"pnr{BARE}",
    "letters around": f"nr{WOMAN}x",
    "after another number": f"B17/{BARE}",
    "colon": WOMAN.replace("-", ":"),
    "brackets": f"(1970) 06 15 ({WOMAN[-4:]})",
    "middle dot": "·".join(BARE),
    "line break": WOMAN.replace("-", "\n"),
    "after a date": f"given 2024-01-15 {SHORT}",
    "before a date": f"{WOMAN} 2024-01-15",
    "between dates": f"2024-01-15 1970-06-15-{WOMAN[-4:]} 2024-02-16",
    "after a year and month": f"2020-12 {WOMAN}",
    "after small numbers": f"ward 12, bag 3: {SHORT.replace('-', '')}, 2",
    "after a wrong one": f"{factories.made_wrong(WOMAN)} or {WOMAN}",
    "a character reference": WOMAN.replace("-", "&#45;"),
    "a named reference": f"{BARE[:8]}&nbsp;{BARE[8:]}",
    "as in a URL": WOMAN.replace("-", "%2D"),
    "a tag": f"{BARE[:8]}<br>{BARE[8:]}",
    "a short word between": f"{BARE[:8]} nr {BARE[8:]}",
    "a letter for a digit": f"{BARE[:10]}O{BARE[11:]}",
}
OTHERS = {
    "coordination number": factories.number(date(1950, 2, 3), 982, coordination=True),
    "month not known": f"19700075-980{factories.check_digit('700075980')}",
    "day not known": f"19701160-980{factories.check_digit('701160980')}",
    "neither known": f"700060-980{factories.check_digit('700060980')}",
    "a plus": "200101+980" + factories.number(date(1920, 1, 1), 980)[-1],
    "born in 1999": factories.number(date(1999, 12, 31), 983)[2:],
    "national": "98240301-AA06",
    "national, parted": "22950606 FH 20",
    "Stockholm": "991981000010",
    "Västra Götaland": "nr 19450829 K088",
    "Carelink": "198108320014",
    "Skåne": "810829DA1B",
    "Örebro": "19810829-TB1F",
    "Värmland": "19810829SU3A",
    "Västerbotten": "19810829R123",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_read_as_the_same_person(spelling):
    assert read_identifier(SPELLINGS[spelling], centre="UPP") == read_identifier(WOMAN, centre="UPP")


@pytest.mark.parametrize("text", (SPELLINGS | IN_TEXT | OTHERS).values(), ids=SPELLINGS | IN_TEXT | OTHERS)
def test_a_number_in_a_text_is_seen(text):
    for said in (text, f"was {text}, see the journal", f"({text})"):
        assert holds_identity_number(said), said


@pytest.mark.parametrize("text", IN_TEXT)
def test_what_parts_a_number_in_a_text_is_no_way_to_write_one(text):
    if text != "line break":
        with pytest.raises(IdentifierUnusable):
            read_identifier(IN_TEXT[text], centre="UPP")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a mistake",
        "B12345",
        "B-12345",
        factories.made_wrong(WOMAN),
        factories.made_wrong(WOMAN)[2:],
        "2020-05-05",
        "lot 7001019999",  # no check digit of a number
        "lot 1234567",
        "1" + BARE,  # a longer number
        base64.b64encode(WOMAN.encode()).decode(),
        "local:17",
        "2024-01-15 2024-02-16",
        "from 2024-01-15 to 2024-02-16",
        "2024-01-15, 2024-02-16, 2024-03-17",
        "12 2024-01-15, 018-471 00 00",
        "NCT01234567 45",
        "2014-007212-32",
        "2022-501234-12-00",
        "20240115A123",  # a batch that holds its day, and the form of some region's number
        f"19700615-000{factories.check_digit('700615000')}",
    ],
)
def test_another_text_is_no_number(text):
    assert not holds_identity_number(text)


# How often a batch number that is none is taken for one (docs/decisions/0015).

RANDOM = Chance(15)


def day() -> str:
    return f"{RANDOM.randint(2015, 2026)}{RANDOM.randint(1, 12):02}{RANDOM.randint(1, 28):02}"


BATCHES: dict[str, tuple[Callable[[], str], float]] = {
    "8 digits": (lambda: RANDOM.digits(8), 0),
    "10 digits": (lambda: RANDOM.digits(10), 1.5),
    "12 digits": (lambda: RANDOM.digits(12), 0.5),
    "14 digits": (lambda: RANDOM.digits(14), 0),
    "a letter and 8 digits": (lambda: RANDOM.letters(1) + RANDOM.digits(8), 0),
    "two letters and 10 digits": (lambda: RANDOM.letters(2) + RANDOM.digits(10), 1.5),
    "day and 6 digits": (lambda: day() + RANDOM.digits(6), 0),
    "day, letter, 3 digits": (lambda: day() + RANDOM.letters(1) + RANDOM.digits(3), 1),
    "a donation's number": (lambda: "W" + RANDOM.digits(4) + day()[2:4] + RANDOM.digits(6), 0.7),
    "4-4-4 digits": (lambda: f"{RANDOM.digits(4)}-{RANDOM.digits(4)}-{RANDOM.digits(4)}", 0.7),
    # In form a personal number of someone born since: one in ten has the check digit of one.
    "day and 4 digits": (lambda: day() + RANDOM.digits(4), 13),
}


@pytest.mark.parametrize("form", BATCHES)
def test_a_batch_number_is_seldom_taken_for_a_persons(form):
    made, most = BATCHES[form]
    taken = sum(holds_identity_number(made()) for _ in range(3_000))
    assert taken <= 30 * most
