"""A row of a file of any format, and the size limits of a file.

The limits are checked while reading, before the excess is held in memory.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from registry.errors import FileTooLarge

MOST_COLUMNS = 256  # a template has fifteen, and a clinic's own file some dozens
LONGEST_ROW = 100_000  # characters
LONGEST_CELL = 32_767  # characters, as spreadsheets have it
# Invisible characters: spaces of every width, zero-width marks, the DOS end-of-file character.
BLANKS = "".join(
    (
        " \t\r\n\v\f\x00\x1a\x1c\x1d\x1e\x1f\x85\xa0\xad\u1680\u180e\u2028\u2029\u202f\u205f\u3000\u2060\ufeff",
        *map(chr, range(0x2000, 0x2010)),
    )
)
NOTHING = BLANKS + ",;"  # a row of separators alone

CELL_UNREADABLE = "cell_unreadable"
# Why a cell that is not empty cannot be read.
NO_RESULT, ERROR, MERGED, NO_DATE, ROUNDED = "formula_without_result", "error", "merged", "no_date", "rounded"
SHOWN_OTHERWISE = "shown_otherwise"
A_DATE = "a_date"  # not shown as YYYY-MM-DD: read in the infusion date's column only


class Row(NamedTuple):
    """One row: its number as shown in a spreadsheet, its cells, and by column why a cell cannot be read.

    cells is None for more problems of a row that was yielded before.
    """

    number: int
    cells: Sequence[str] | None
    bytes_read: int
    unreadable: Mapping[int, str] = {}
    hidden: bool = False


def too_many_columns(number: int) -> FileTooLarge:
    sentence = _("Line %(line)s has more than %(most)s columns: delete what stands to the right of the table.")
    return FileTooLarge(sentence % {"line": number, "most": number_format(MOST_COLUMNS)})
