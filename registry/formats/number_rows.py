"""The rows of a map document's table as people read it, on paper and on a slide."""

from collections.abc import Iterator
from typing import NamedTuple

from django.utils.translation import gettext as _

from registry.formats.labels import label_measure
from registry.map_cells import cells_of_centre
from registry.wording import TABLE_MEASURES, is_awaited, say_first_of, say_number, say_table_cells, say_total

NO_NUMBERS = ("",) * len(TABLE_MEASURES)


class Row(NamedTuple):
    """A row: whether it is a total, its head, what explains the head, the first infusion, the numbers."""

    is_total: bool
    head: str
    beside: str
    first: str
    cells: tuple[str, ...]


def head_of_table(language: str) -> list[str]:
    """The heads of the columns, in the current language, which is this one."""
    measures = (label_measure(name, language) for name in TABLE_MEASURES)
    return [_("Centre and category"), _("First infusion"), *measures]


def list_rows(document: dict) -> Iterator[Row]:
    """The centres with their categories and manufacturing sites, then the country.

    An upcoming centre has a word in place of its numbers, which are none: a zero would be one.
    """
    for centre in document["centres"]:
        for cell in cells_of_centre(centre):
            if cell.category:
                yield Row(False, cell.category, "", say_first_of(cell.numbers), say_table_cells(cell.numbers))
            elif is_awaited(centre):
                yield Row(True, centre["city"], centre["name"], say_total(centre), NO_NUMBERS)
            else:
                texts = say_first_of(centre), say_table_cells(centre)
                yield Row(True, centre["city"], centre["name"], *texts)
        for site in document["manufacturing"]:
            if site["centre"] == centre["code"]:
                made = (*NO_NUMBERS[1:], say_number(site["manufactured"]))
                yield Row(False, f"{site['name']} ({_('manufacture')})", "", "", made)
    national = document["national"]
    yield Row(True, _("Sweden"), "", say_first_of(national), say_table_cells(national))
