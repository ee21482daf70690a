"""The slide with the numbers as an editable table."""

from django.utils.translation import gettext as _
from pptx.dml.color import RGBColor
from pptx.enum.text import PP_ALIGN
from pptx.util import Emu, Pt

from registry.formats.labels import label_measure
from registry.map_cells import walk_cells
from registry.wording import TABLE_MEASURES, say_citation, say_first_of, say_sources, say_table_cells

WIDTH, HEIGHT, MARGIN = Emu(12_192_000), Emu(6_858_000), Emu(457_200)  # 16:9; half an inch
INK, MUTED = RGBColor(0x17, 0x21, 0x2B), RGBColor(0x52, 0x60, 0x6D)
FIRST_COLUMN = Emu(3_600_000)
TABLE_HEIGHT = Emu(5_350_000)


def add_table(slide, document: dict, language: str, title: str) -> None:
    """Add the title, the numbers of the country, the centres and their categories, and the source."""
    _write(slide.shapes.add_textbox(MARGIN, Emu(228_600), WIDTH - 2 * MARGIN, Emu(460_000)), title, 24, bold=True)
    rows, totals = _list_rows(document, language)
    size = max(6, min(12, int(TABLE_HEIGHT / len(rows) / 12_700 * 0.62)))
    table = _add_grid(slide, len(rows), len(rows[0]))
    for row, texts in enumerate(rows):
        for column, text in enumerate(texts):
            cell = table.cell(row, column)
            cell.margin_top = cell.margin_bottom = Emu(0)
            _write(cell, text, size, bold=row in totals, right=column > 1, colour=None if row == 0 else INK)
    source = " ".join([*say_sources(document), say_citation(document)])
    foot = slide.shapes.add_textbox(MARGIN, Emu(6_180_000), WIDTH - 2 * MARGIN, Emu(560_000))
    _write(foot, source, 9, colour=MUTED)


def _list_rows(document: dict, language: str) -> tuple[list[list[str]], set[int]]:
    """The texts of the table, and which of its rows are bold: the head and the totals."""
    head = [
        _("Centre and category"),
        _("First infusion"),
        *(label_measure(name, language) for name in TABLE_MEASURES),
    ]
    nation, *others = walk_cells(document)
    totals = {0} | {row for row, cell in enumerate([*others, nation], start=1) if not cell.category}
    rows = [
        [
            f"    {cell.category}" if cell.category else cell.centre["city"],
            say_first_of(cell.numbers),
            *say_table_cells(cell.numbers),
        ]
        for cell in others
    ]
    return [head, *rows, [_("Sweden"), say_first_of(nation.numbers), *say_table_cells(nation.numbers)]], totals


def _add_grid(slide, rows: int, columns: int):
    width = WIDTH - 2 * MARGIN
    table = slide.shapes.add_table(rows, columns, MARGIN, Emu(720_000), width, TABLE_HEIGHT).table
    table.columns[0].width = FIRST_COLUMN
    for column in list(table.columns)[1:]:
        column.width = (width - FIRST_COLUMN) // (columns - 1)
    for row in table.rows:
        row.height = TABLE_HEIGHT // rows
    return table


def _write(shape, text: str, size: int, *, bold: bool = False, right: bool = False, colour=INK) -> None:
    frame = shape.text_frame
    frame.word_wrap = True
    frame.text = text
    paragraph = frame.paragraphs[0]
    paragraph.alignment = PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT
    for run in paragraph.runs:
        run.font.size, run.font.bold = Pt(size), bold
        if colour is not None:
            run.font.color.rgb = colour
