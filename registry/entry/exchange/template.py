"""The template of the exchange file: its columns and their permitted codes."""

import io
from itertools import zip_longest

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation

from registry.entry.exchange.file_writer import FORMATS, Download, write_rows
from registry.entry.exchange.header import template_columns
from registry.entry.infusions.columns import COLUMNS, NEEDED_COLUMNS, TABLE, Chosen, Column, Listed
from registry.entry.infusions.row_reader import CodeLists
from registry.entry.infusions.spelling import spoken

NAME = "swecar-template"
LAST_ROW = 20_001
WIDTH = 20


def write_template(lists: CodeLists, *, format: str) -> Download:
    """An empty file with the header in the current language; a workbook has the codes too."""
    header = template_columns()
    if format == "csv":
        return write_rows([header], format=format, name=NAME)
    book, codes = Workbook(), _codes(lists)
    sheet = book.worksheets[0]
    sheet.title = "swecar"
    sheet.append(header)
    sheet.freeze_panes = "A2"
    for place, name in enumerate(COLUMNS, start=1):
        letter = get_column_letter(place)
        sheet.cell(1, place).font = Font(bold=name in NEEDED_COLUMNS | {"centre"}, color="FF000000")
        # Text, so that a spreadsheet turns no identity number into a number and no month into a day.
        sheet.column_dimensions[letter].number_format = "@"
        sheet.column_dimensions[letter].width = WIDTH
        if name in codes:
            choice = DataValidation(
                type="list", formula1=f"codes_{name}", allow_blank=True, showErrorMessage=False
            )
            choice.add(f"{letter}2:{letter}{LAST_ROW}")
            sheet.add_data_validation(choice)
    _add_codes(book, codes)
    file = io.BytesIO()
    book.save(file)
    return Download([file.getvalue()], FORMATS[format], f"{NAME}.{format}")


def _add_codes(book: Workbook, codes: dict[str, list[str]]) -> None:
    """Add a second sheet with the codes of each column as a named range."""
    title = _("Codes")
    sheet = book.create_sheet(title)
    named = dict(zip(COLUMNS, template_columns(), strict=True))
    sheet.append([named[name] for name in codes])
    for row in zip_longest(*codes.values()):
        sheet.append(row)
    for place, (name, values) in enumerate(codes.items(), start=1):
        letter = get_column_letter(place)
        sheet.cell(1, place).font = Font(bold=True)
        sheet.column_dimensions[letter].width = WIDTH
        cells = f"'{title}'!${letter}$2:${letter}${len(values) + 1}"
        book.defined_names[f"codes_{name}"] = DefinedName(f"codes_{name}", attr_text=cells)


def _codes(lists: CodeLists) -> dict[str, list[str]]:
    """The permitted values of each column with a code list; centres are the user's own."""
    codes = {column.name: _values(column, lists) for column in TABLE}
    return {name: values for name, values in codes.items() if values}


def _values(column: Column, lists: CodeLists) -> list[str]:
    if isinstance(column.holds, Listed):
        return list(dict.fromkeys(getattr(row, column.holds.by) for row in lists.of(column.name).values()))
    return [spoken(choice) for choice in column.holds.choices] if isinstance(column.holds, Chosen) else []
