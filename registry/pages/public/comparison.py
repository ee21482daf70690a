"""What the page Compare is asked: two days, two centres or two releases; the address holds all of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from registry.errors import NotFound
from registry.numbers_in_text import holds_identity_number
from registry.pages.public.layout import PLACES
from registry.pages.public.selection import ChoiceUnknown, choose, read_day
from registry.published.comparison import put_in_order

KINDS = ("days", "centres", "releases")
FORMS = ("html", "csv")
LONGEST = 200  # characters of a choice
FIELDS = ("one", "other")


@dataclass(frozen=True)
class Comparison:
    """Two of a kind in a page's language; "" is the latest of the days, and nothing chosen of the others.

    form: how it is sent.
    """

    language: str
    of: str
    one: str = ""
    other: str = ""
    form: str = FORMS[0]

    @property
    def is_chosen(self) -> bool:
        """Whether there is something to compare."""
        return bool(self.one and (self.other or self.of == "days"))

    @property
    def days(self) -> tuple[date | None, date | None]:
        """The two days, None for the latest."""
        one, other = (date.fromisoformat(text) if text else None for text in (self.one, self.other))
        return one, other

    def address(self, *, language: str = "", form: str = "") -> str:
        """The page's address, in another language or as a file."""
        words = {"of": self.of, "one": self.one, "other": self.other, "format": form if form != FORMS[0] else ""}
        query = urlencode({name: word for name, word in words.items() if word})
        return f"{PLACES['compare'][language or self.language]}?{query}"


def begin(language: str, through: str | None) -> Comparison:
    """What is shown to someone who has asked nothing yet: the latest, beside the end of the year before."""
    latest = date.fromisoformat(f"{through or '2014'}-01-01"[:10])
    return Comparison(language, KINDS[0], one=(latest.replace(month=1, day=1) - timedelta(days=1)).isoformat())


def read_comparison(language: str, given: Mapping[str, str]) -> Comparison:
    """The comparison of an address's parameters, the earlier first of what has an order. Raises ChoiceUnknown."""
    of, form = choose(given.get("of"), KINDS), choose(given.get("format"), FORMS)
    one, other = (given.get(name, "").strip() for name in FIELDS)
    if max(len(one), len(other)) > LONGEST:
        raise ChoiceUnknown(_("This page cannot show that. Choose again."))
    if of == "days":
        days = [read_day(text) for text in (one, other)]
        one, other = sorted((day.isoformat() if day else "" for day in days), key=lambda day: day or "9999")
    elif one and other and of == "releases":
        try:
            one, other = put_in_order(one, other)
        except NotFound:
            raise ChoiceUnknown(_("There is no release with this name. Choose again.")) from None
    if one == other and (one or given.keys() & set(FIELDS)):
        raise ChoiceUnknown(_("Choose two that are not the same."))
    return Comparison(language, of, one, other, form)


def echo(text: str) -> str:
    """What was typed, to be shown in its field again; an identity number is not."""
    return "" if len(text) > LONGEST or holds_identity_number(text) else text
