"""What is plainly the same, however it is spelled, and what somebody probably meant."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TypeVar

from registry.choices import Category, DatePrecision, Kind, Sex

LIKE = 0.7  # how much of two spellings has to agree (difflib) for one to be what was meant
LONGEST_GUESSED = 60
MOST_GUESSES = 2_000  # in one file: looking for what was meant takes time
PLAIN = "\x00"  # before a plain spelling, so that none is taken for one that is written like that
TRADE_MARKS = str.maketrans("", "", "®™©")
# Besides the values themselves: what clinics write, and what the pages show in both languages.
ALSO: dict[type, dict[str, str]] = {
    Category: {
        "standard of care": "SOC", "standardvård": "SOC", "academic clinical trial": "ACT",
        "akademisk klinisk prövning": "ACT", "industry clinical trial": "ICT",
        "industrisponsrad klinisk prövning": "ICT", "compassionate use": "CUP",
        "licens eller compassionate use": "CUP",
    },
    Kind: {"första": "first", "ytterligare dos": "further_dose", "re-infusion": "reinfusion"},
    Sex: {
        "k": "female", "kvinna": "female", "f": "female", "woman": "female", "m": "male", "man": "male",
        "okänt": "unknown", "okänd": "unknown",
    },
    DatePrecision: {"dag": "day", "månad": "month", "år": "year"},
}  # fmt: skip

T = TypeVar("T")


def plain(text: str) -> str:
    """A text without case, accents of form, trade marks, and whatever is neither letter nor digit."""
    text = unicodedata.normalize("NFKC", text.translate(TRADE_MARKS)).casefold()
    return "".join(letter for letter in text if letter.isalnum())


def by_spelling(listed: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Each by its spellings in lower case; and by the plain ones, where these are one thing's alone."""
    exact = {spelling.lower(): thing for spelling, thing in listed if spelling}
    things = Counter(key for key, _thing in {(plain(spelling), id(thing)) for spelling, thing in exact.items()})
    alone = {key for key, count in things.items() if key and count == 1}
    return exact | {PLAIN + key: thing for spelling, thing in exact.items() if (key := plain(spelling)) in alone}


def find(value: str, known: Mapping[str, T]) -> T | None:
    """What a value names in a list of by_spelling."""
    found = known.get(value.lower())
    return known.get(PLAIN + plain(value)) if found is None else found


def guess(value: str, known: Mapping[str, T]) -> T | None:
    """What a value that names nothing was probably meant to name."""
    value = plain(value[:LONGEST_GUESSED])
    by_key = {key.removeprefix(PLAIN): thing for key, thing in known.items()}
    close = get_close_matches(value, list(by_key), n=1, cutoff=LIKE) if value else []
    return by_key[close[0]] if close else None


def spellings(choices: type[Category] | type[Kind] | type[Sex] | type[DatePrecision]) -> dict:
    """The choices by every spelling that a row may use."""
    also = ((spelling, choices(value)) for spelling, value in ALSO[choices].items())
    return by_spelling([*((choice.value, choice) for choice in choices), *also])
