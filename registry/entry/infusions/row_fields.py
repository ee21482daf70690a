"""Reading the text fields of one row, and collecting their problems."""

import re
from collections.abc import Mapping

from django.utils.translation import gettext as _

from registry.choices import Category, DatePrecision, Kind, Sex
from registry.entry.infusions.code_lists import CodeLists
from registry.entry.infusions.columns import LISTED
from registry.entry.infusions.spelling import MOST_GUESSES, Spelled, spoken
from registry.errors import Problem

LONGEST_VALUE = 200
SHORT_LIST = 8
WHOLE = re.compile(r"(\d+)[.,]0*")  # as programs write an optional whole number
# Control characters except tab and line ends; surrogates, and replacement characters.
UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffd-\uffff]")
LOST = "\ufffd"  # replaces a character that was lost in decoding
SHORTENED = re.compile(r"[-+]?\d(?:[.,]\d+)?[eE]\+\d{2,3}")  # 1,23457E+14, as spreadsheets shorten a number
# The attribute by which a row refers to each code list.
SPELLED_BY: dict[type, str] = {listed.model: listed.by for listed in LISTED.values()}


class RowFields:
    """The fields of one row, and their problems so far."""

    def __init__(self, row: Mapping[str, str], lists: CodeLists):
        self.lists = lists
        # In one pass, since this is a large part of an import's time.
        self.cells = {name: cell.strip() for name, cell in row.items() if cell}
        self.problems: list[Problem] = []
        self.refused = False
        for name, cell in self.cells.items():
            if len(cell) > LONGEST_VALUE or ((not cell.isprintable() or LOST in cell) and UNSTORABLE.search(cell)):
                self._refuse_cell(name, cell)

    def _refuse_cell(self, name: str, cell: str) -> None:
        """Refuse a value that no field can hold, and treat the field as empty."""
        self.cells[name] = ""
        if len(cell) > LONGEST_VALUE:
            self.refuse(name, "too_long", _("The value is too long."))
        else:
            self.refuse(name, "character_invalid", _("The value contains a character that cannot be stored."))

    def refuse(self, name: str, code: str, sentence: str) -> None:
        """Add a problem; at most one per field, so that a value that cannot be read is not called missing too."""
        if all(problem.field != name for problem in self.problems):
            self.problems.append(Problem(name, code, sentence))
        self.refused = True

    def look_up(self, name: str, known: Spelled, *, default: str = "", needed: bool = True):
        """The known thing that a field names; None if it is empty or unknown."""
        value = self.cells.get(name) or default
        if not value:
            if needed:
                self.refuse(name, "missing", _("This field is required."))
            return None
        found = known.get(value.lower()) or known.find(value)  # most are spelled as in the list
        if found is None:
            self.refuse(name, f"unknown_{name}", self._say_unknown(value, known))
        return found

    def _say_unknown(self, value: str, known: Spelled) -> str:
        """What to write instead, without the value: in a shifted row it may be an identity number."""
        sentences = []
        each = dict.fromkeys(map(spell, known.values()))  # a product is listed under two names
        if self.lists.guesses < MOST_GUESSES:
            self.lists.guesses += 1
            if meant := known.guess(value):
                sentences.append(_("Did you mean %(value)s?") % {"value": spell(meant)})
        if 0 < len(each) <= SHORT_LIST:
            sentences.append(_("Write one of: %(values)s.") % {"values": ", ".join(each)})
        if known is self.lists.centres and not self.lists.takes_all_centres:
            sentences.insert(0, self._say_not_yours())
        elif len(each) > SHORT_LIST or not each:
            sentences.insert(0, _("The value is not in the registry's list."))
        return " ".join(sentences)

    def _say_not_yours(self) -> str:
        """The same sentence for another centre's code and an unknown code."""
        if self.lists.default_centre:
            return _(
                "Only rows of the chosen centre are taken: correct the centre, take the row out of the file, or "
                "choose no centre."
            )
        return _(
            "This is not one of the centres that you may register for: correct the centre, or leave the row to "
            "that centre's staff."
        )

    def number(self, name: str, least: int, most: int) -> int | None:
        """A whole number; None if the field is empty."""
        value = self.cells.get(name, "").removeprefix("'")
        if not value:
            return None
        if found := WHOLE.fullmatch(value):
            value = found[1]
        if not (value.isascii() and value.isdecimal() and least <= int(value) <= most):
            sentence = _("Write a whole number from %(least)s to %(most)s.")
            self.refuse(name, "number_invalid", sentence % {"least": least, "most": most})
            return None
        return int(value)


def spell(listed: object) -> str:
    """How a row refers to it."""
    if type(listed) in SPELLED_BY:
        return str(getattr(listed, SPELLED_BY[type(listed)]))
    return spoken(listed) if isinstance(listed, Category | Kind | Sex | DatePrecision) else str(listed)
