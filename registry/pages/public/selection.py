"""What the public page shows: a day, a centre, a measure over time. All of it stands in the address."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from registry.dates import last_day, require_come, today, understand_date
from registry.errors import DateInFuture, RegistryError
from registry.infusion_rules import FIRST_TREATMENT

HOMES = {"sv": "/", "en": "/en/"}
MEASURES = ("patients", "infusions")
SPANS = ("year", "total")  # new ones each year, or all up to its end


class ChoiceUnknown(RegistryError):
    sentence = "What the page is to show is not to be had."
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
        words = {
            "as_of": view.as_of and view.as_of.isoformat(),
            "centre": view.centre,
            "measure": view.measure if view.measure != MEASURES[0] else None,
            "span": view.span if view.span != SPANS[0] else None,
        }
        query = urlencode({name: word for name, word in words.items() if word})
        return HOMES[view.language] + (f"?{query}" if query else "") + (f"#{part}" if part else "")


def read_view(language: str, given: Mapping[str, str]) -> View:
    """The view of an address's parameters; what the page does not know is left out of account.

    Raises ChoiceUnknown, with a sentence in the active language.
    """
    return View(
        language,
        as_of=_read_day(given.get("as_of", "").strip()),
        centre=given.get("centre") or None,
        measure=_choose(given.get("measure"), MEASURES),
        span=_choose(given.get("span"), SPANS),
    )


def check_centre(view: View, codes: Collection[str]) -> None:
    """Raise ChoiceUnknown where the view's centre is none of these."""
    if view.centre is not None and view.centre not in codes:
        raise ChoiceUnknown(_("There is no centre with this code. Choose one in the map."))


def _read_day(text: str) -> date | None:
    if not text:
        return None
    try:
        begins, precision = understand_date(text)
    except ValueError as error:
        raise ChoiceUnknown(str(error)) from None
    day = last_day(begins, precision)
    if begins <= today() < day:  # this year, or this month, as far as it has come
        day = today()
    if day < FIRST_TREATMENT:
        raise ChoiceUnknown(_("The registry begins in 2014: choose a later date."))
    try:
        require_come(day)  # what is kept of a day stays true: a day that has come does not go again
    except DateInFuture as error:
        raise ChoiceUnknown(str(error)) from None
    return day


def _choose(word: str | None, words: tuple[str, ...]) -> str:
    if not word:
        return words[0]
    if word not in words:
        raise ChoiceUnknown(_("This page cannot show that. Choose again."))
    return word
