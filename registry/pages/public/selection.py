"""What the public page shows: a day, a centre, a measure over time. All of it stands in the address."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _

from registry.dates import last_day, require_come, today, understand_date
from registry.errors import DateInFuture, RegistryError
from registry.infusion_rules import FIRST_TREATMENT

HOMES = {"sv": "/", "en": "/en/"}
MEASURES = ("patients", "infusions")
LISTS = ("year", "month")  # how the form names a day; its address has it as as_of
FIGURES = ("map", "time")  # what may stand alone, in a frame or as a picture
SPANS = ("year", "total")  # new ones each year, or all up to its end


class ChoiceUnknown(RegistryError):
    sentence = "The page cannot show what was asked for."
    code = "choice_unknown"


@dataclass(frozen=True)
class View:
    """A choice of what is shown; as_of None is all that is known, centre a code or None."""

    language: str
    as_of: date | None = None
    centre: str | None = None
    measure: str = MEASURES[0]
    span: str = SPANS[0]

    def address(self, part: str = "", **changes) -> str:
        """The address of this view with something changed, at a part of the page."""
        view = replace(self, **changes)
        return view.at(HOMES[view.language]) + (f"#{part}" if part else "")

    def at(self, place: str, **more: str) -> str:
        """A place of the service with all that is chosen, and more, as its parameters."""
        words = {
            "as_of": self.as_of and self.as_of.isoformat(),
            "centre": self.centre,
            "measure": self.measure if self.measure != MEASURES[0] else None,
            "span": self.span if self.span != SPANS[0] else None,
            **more,
        }
        query = urlencode({name: word for name, word in words.items() if word})
        return f"{place}?{query}" if query else place


def read_view(language: str, given: Mapping[str, str]) -> View:
    """The view of an address's parameters; what the page does not know is left out of account.

    Raises ChoiceUnknown, with a sentence in the active language.
    """
    return View(
        language,
        as_of=read_day(given.get("as_of", "").strip() or join_lists(given)),
        centre=given.get("centre") or None,
        measure=choose(given.get("measure"), MEASURES),
        span=choose(given.get("span"), SPANS),
    )


def join_lists(given: Mapping[str, str]) -> str:
    """The year and the month that were chosen from the lists, as they are typed; "" where no year is."""
    year, month = (given.get(name, "").strip() for name in LISTS)
    return f"{year}-{month.zfill(2)}" if year and month else year


def is_written_so(given: QueryDict, address: str) -> bool:
    """Whether the parameters of a request are those of the address of what they ask: one question has one."""
    asked = QueryDict(address.partition("?")[2])
    return dict(asked.lists()) == dict(given.lists())


def check_centre(view: View, codes: Collection[str]) -> None:
    """Raise ChoiceUnknown where the view's centre is none of these."""
    if view.centre is not None and view.centre not in codes:
        raise ChoiceUnknown(_("There is no centre with this code. Choose one in the map."))


def read_day(text: str, *, earliest: date = FIRST_TREATMENT) -> date | None:
    """The last day of a date as typed, today if that is still to come; None for nothing. Raises ChoiceUnknown.

    earliest: the first day of what is shown.
    """
    if not text:
        return None
    try:
        begins, precision = understand_date(text)
    except ValueError as error:
        raise ChoiceUnknown(str(error)) from None
    day = last_day(begins, precision)
    if begins <= today() < day:  # this year, or this month, as far as it has come
        day = today()
    if day < earliest:
        raise ChoiceUnknown(_("The registry begins in %(year)s: choose a later date.") % {"year": earliest.year})
    try:
        require_come(day)  # what is kept of a day stays true: a day that has come does not go again
    except DateInFuture as error:
        raise ChoiceUnknown(str(error)) from None
    return day


def choose(word: str | None, words: tuple[str, ...]) -> str:
    """One of the words, the first for none. Raises ChoiceUnknown."""
    if not word:
        return words[0]
    if word not in words:
        raise ChoiceUnknown(_("This page cannot show that. Choose again."))
    return word
