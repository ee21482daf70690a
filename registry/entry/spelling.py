"""What is plainly the same, however it is spelled, and what somebody probably meant."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches
from typing import TypeVar

from registry.choices import Category, DatePrecision, Kind, Sex

LIKE = 0.7  # how much of two spellings has to agree (difflib) for one to be what was meant
LONGEST_GUESSED = 60
MOST_GUESSES = 2_000  # in one file: looking for what was meant takes time
TRADE_MARKS = re.compile(r"[®™©]|\((?:r|tm|c)\)", re.IGNORECASE)
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
    text = unicodedata.normalize("NFKC", TRADE_MARKS.sub("", text)).casefold()
    return "".join(letter for letter in text if letter.isalnum())


class Spelled(dict[str, T]):
    """Things by their spellings in lower case; and by the plain ones, where these are one thing's alone."""

    def __init__(self, listed: Iterable[tuple[str, T]]):
        super().__init__((spelling.lower(), thing) for spelling, thing in listed if spelling)
        things = Counter(key for key, _thing in {(plain(spelling), id(thing)) for spelling, thing in self.items()})
        self.plain = {
            key: thing for spelling, thing in self.items() if (key := plain(spelling)) and things[key] == 1
        }

    def find(self, value: str) -> T | None:
        """What a value names."""
        found = self.get(value.lower())
        return self.plain.get(plain(value)) if found is None else found

    def guess(self, value: str) -> T | None:
        """What a value that names nothing was probably meant to name."""
        value = plain(value[:LONGEST_GUESSED])
        begun = {id(thing): thing for key, thing in self.plain.items() if value and key.startswith(value)}
        if len(begun) == 1:  # C90 is no more like C90.0 than like C91.0, and yet meant
            return next(iter(begun.values()))
        close = get_close_matches(value, list(self.plain), n=1, cutoff=LIKE) if value else []
        return self.plain[close[0]] if close else None


def spellings(choices: type[Category] | type[Kind] | type[Sex] | type[DatePrecision]) -> Spelled:
    """The choices by every spelling that a row may use."""
    also = ((spelling, choices(value)) for spelling, value in ALSO[choices].items())
    return Spelled([*((choice.value, choice) for choice in choices), *also])
