"""What is plainly the same, however it is spelled, and what somebody probably meant."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TypeVar

from django.db.models import TextChoices
from django.utils.translation import get_language

from registry.choices import Category, DatePrecision, Kind, Modality, Sex

LIKE = 0.7  # how much of two spellings has to agree (difflib) for one to be what was meant
LONGEST_GUESSED = 60
SHORTEST_WORD = 4  # letters of a word that says by itself what was meant
MOST_GUESSES = 2_000  # in one file: looking for what was meant takes time
TRADE_MARKS = re.compile(r"[®™©]|\((?:r|tm|c)\)", re.IGNORECASE)
# Besides the values themselves: what clinics write, and what the pages show in both languages.
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
    """A text without case, accents of form, trade marks, and whatever is neither letter nor digit."""
    text = unicodedata.normalize("NFKC", TRADE_MARKS.sub("", text)).casefold()
    return "".join(letter for letter in text if letter.isalnum())


def known_by_one(listed: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Plain spelling -> the thing, where it is one thing's alone."""
    things: dict[str, dict[int, T]] = defaultdict(dict)
    for spelling, thing in listed:
        things[plain(spelling)][id(thing)] = thing
    return {key: next(iter(found.values())) for key, found in things.items() if key and len(found) == 1}


class Spelled(dict[str, T]):
    """Things by their spellings in lower case; and by the plain ones, where these are one thing's alone.

    labels: what else they are called, in plain spelling; a spelling goes before.
    """

    def __init__(self, listed: Iterable[tuple[str, T]], *, labels: Mapping[str, T] | None = None):
        super().__init__((spelling.lower(), thing) for spelling, thing in listed if spelling)
        taken = {plain(spelling) for spelling in self}
        self.plain = known_by_one(self.items()) | {
            key: thing for key, thing in (labels or {}).items() if key not in taken
        }

    def find(self, value: str) -> T | None:
        """What a value names."""
        found = self.get(value.lower())
        return self.plain.get(plain(value)) if found is None else found

    def guess(self, value: str) -> T | None:
        """What a value that names nothing was probably meant to name."""
        value = value[:LONGEST_GUESSED]
        words, value = [plain(word) for word in re.findall(r"\w+", value)], plain(value)
        if not value:
            return None
        if begun := {id(thing): thing for key, thing in self.plain.items() if key.startswith(value)}:
            return _only(begun)  # C90 is no more like C90.0 than like C91.0, and yet meant
        if close := get_close_matches(value, list(self.plain), n=1, cutoff=LIKE):
            return self.plain[close[0]]
        for word in words:  # one of a name's, as "Sahlgrenska, Göteborg"
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
    """What a clinic writes for a choice, in the language of the page."""
    if get_language() != "sv" or isinstance(choice, Category | Modality):
        return str(choice.value)
    return str(choice.label).lower()
