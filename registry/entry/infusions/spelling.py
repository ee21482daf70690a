"""Recognising values in other spellings, and guessing what was probably meant."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TypeVar

from django.db.models import TextChoices
from django.utils.translation import get_language

from registry.choices import Category, DatePrecision, Kind, Modality, Sex

LIKE = 0.7  # the least difflib ratio of two spellings for a guess
LONGEST_GUESSED = 60
SHORTEST_WORD = 4  # letters of a word that is enough for a guess
MOST_GUESSES = 2_000  # per file, since guessing is slow
TRADE_MARKS = re.compile(r"[®™©]|\((?:r|tm|c)\)", re.IGNORECASE)
# Other spellings besides the values: what clinics write, and the pages' words in both languages.
ALSO: dict[type, dict[str, str]] = {
    Category: {
        "standard of care": "SOC", "standardvård": "SOC", "academic clinical trial": "ACT",
        "akademisk klinisk prövning": "ACT", "industry clinical trial": "ICT",
        "industrisponsrad klinisk prövning": "ICT", "compassionate use": "CUP",
        "licens eller compassionate use": "CUP", "academic trial": "ACT", "akademisk prövning": "ACT",
        "industry trial": "ICT", "industriprövning": "ICT",
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
    """The letters and digits of a text without trade mark signs, case-folded and NFKC-normalised."""
    text = unicodedata.normalize("NFKC", TRADE_MARKS.sub("", text)).casefold()
    return "".join(letter for letter in text if letter.isalnum())


def known_by_one(listed: Iterable[tuple[str, T]]) -> dict[str, T]:
    """{plain spelling: thing} for spellings that only one thing has."""
    things: dict[str, dict[int, T]] = defaultdict(dict)
    for spelling, thing in listed:
        things[plain(spelling)][id(thing)] = thing
    return {key: next(iter(found.values())) for key, found in things.items() if key and len(found) == 1}


class Spelled(dict[str, T]):
    """Things by their spellings in lower case, and by plain spelling where only one thing has it.

    labels: other names in plain spelling; a spelling takes precedence.
    """

    def __init__(self, listed: Iterable[tuple[str, T]], *, labels: Mapping[str, T] | None = None):
        super().__init__((spelling.lower(), thing) for spelling, thing in listed if spelling)
        taken = {plain(spelling) for spelling in self}
        self.plain = known_by_one(self.items()) | {
            key: thing for key, thing in (labels or {}).items() if key not in taken
        }

    def find(self, value: str) -> T | None:
        """The thing that a value names."""
        found = self.get(value.lower())
        return self.plain.get(plain(value)) if found is None else found

    def guess(self, value: str) -> T | None:
        """The thing that an unknown value was probably meant to name."""
        value = value[:LONGEST_GUESSED]
        words, value = [plain(word) for word in re.findall(r"\w+", value)], plain(value)
        if not value:
            return None
        if begun := {id(thing): thing for key, thing in self.plain.items() if key.startswith(value)}:
            return _only(begun)  # C90 resembles C91.0 as much as C90.0, which is meant
        if close := get_close_matches(value, list(self.plain), n=1, cutoff=LIKE):
            return self.plain[close[0]]
        for word in words:  # a word of a longer name, as in "Sahlgrenska, Göteborg"
            if len(word) >= SHORTEST_WORD and (
                meant := _only({id(thing): thing for key, thing in self.plain.items() if word in key})
            ):
                return meant
        return None


def _only(found: Mapping[int, T]) -> T | None:
    return next(iter(found.values())) if len(found) == 1 else None


def spellings(choices: type[Category] | type[Kind] | type[Sex] | type[DatePrecision]) -> Spelled:
    """The choices by every spelling that a row may use."""
    also = ((spelling, choices(value)) for spelling, value in ALSO[choices].items())
    return Spelled([*((choice.value, choice) for choice in choices), *also])


def spoken(choice: TextChoices) -> str:
    """What a clinic writes for a choice, in the current language."""
    if get_language() != "sv" or isinstance(choice, Category | Modality):
        return str(choice.value)
    return str(choice.label).lower()
