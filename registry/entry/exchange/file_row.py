"""A row as it stands in a file, whatever the file is, and what a file may hold at most.

The limits are checked while a file is read, before what goes beyond them is kept.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from registry.errors import FileTooLarge

MOST_COLUMNS = 256  # a template has fifteen, and a clinic's own file some dozens
LONGEST_ROW = 100_000  # characters
LONGEST_CELL = 32_767  # characters, as spreadsheets have it
# What a person does not see: blanks of every width, marks without width, an old end of file.
BLANKS = "".join(
    (
        " \t\r\n\v\f\x00\x1a\x1c\x1d\x1e\x1f\x85\xa0\xad\u1680\u180e\u2028\u2029\u202f\u205f\u3000\u2060\ufeff",
        *map(chr, range(0x2000, 0x2010)),
    )
)
NOTHING = BLANKS + ",;"  # a row of separators alone

# What is wrong with a cell that has something in it, and cannot be read.
NO_RESULT, ERROR, MERGED, NO_DATE, ROUNDED = "formula_without_result", "error", "merged", "no_date", "rounded"
SHOWN_OTHERWISE = "shown_otherwise"
A_DATE = "a_date"  # and no text that the sheet shows just so: read where a date is asked for


class Row(NamedTuple):
    """One row: its number as a person sees it, its cells, and which of them cannot be read and why.

    cells is None where the row has been given already, and only something more is wrong with it.
    """

    number: int
    cells: Sequence[str] | None
    bytes_read: int
    unreadable: Mapping[int, str] = {}
    hidden: bool = False


def too_many_columns(number: int) -> FileTooLarge:
    """The refusal of a row that is wider than any exchange file."""
    sentence = _("Line %(line)s has more than %(most)s columns: delete what stands to the right of the table.")
    return FileTooLarge(sentence % {"line": number, "most": number_format(MOST_COLUMNS)})
