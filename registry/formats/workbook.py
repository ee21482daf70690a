"""A workbook with the rows, their source and the meaning of each measure."""

import io
from collections.abc import Iterator
from datetime import datetime

import xlsxwriter
from django.utils.translation import gettext as _
from django.utils.translation import override

from registry.formats.tables import Table

WIDEST = 48  # widest column, in characters
# A text that looks like a formula, a link or a number stays a text.
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def write_xlsx(table: Table, language: str) -> bytes:
    """Three sheets: numbers, about, measures."""
    file = io.BytesIO()
    with override(language), xlsxwriter.Workbook(file, OPTIONS) as book:
        built = datetime.fromisoformat(str(table.about["built_at"])).replace(tzinfo=None)
        book.set_properties({"title": table.title, "author": str(table.about["source"]), "created": built})
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        _write_sheet(
            book.add_worksheet(_("Numbers")),
            [list(table.columns.values()), *_list_rows(table)],
            head,
        )
        _write_sheet(
            book.add_worksheet(_("About")),
            [[table.title], *_list_about(table)],
            head,
        )
        rules = [[name, one.label(language), one.rule(language)] for name, one in table.measures.items()]
        _write_sheet(book.add_worksheet(_("Measures")), [[_("name"), _("label"), _("rule")], *rules], head)
    return file.getvalue()


def _list_rows(table: Table) -> Iterator[list]:
    """The rows in words of the language; what is true or false is a value of its own in a workbook."""
    for row in table.rows:
        values = ((name, row.get(name)) for name in table.columns)
        yield [value if isinstance(value, bool) else table.say(name, value) for name, value in values]


def _list_about(table: Table) -> Iterator[list]:
    """Each thing that the file says of itself, a note in a row of its own."""
    for name, value in table.about.items():
        for one in value if isinstance(value, list) else [value]:
            yield [table.about_labels[name], table.say("about", one)]


def _write_sheet(sheet, rows: list[list], head) -> None:
    for row_number, row in enumerate(rows):
        sheet.write_row(row_number, 0, row, None if row_number else head)
    sheet.freeze_panes(1, 0)
    columns = max(len(row) for row in rows)
    for column in range(columns):
        texts = [str(row[column]) for row in rows if column < len(row) and row[column] is not None]
        sheet.set_column(column, column, min(WIDEST, max(map(len, texts), default=8) + 2))
