"""The slide with the numbers as an editable table."""

from pptx.enum.text import PP_ALIGN
from pptx.util import Emu, Pt

from registry.caveats import list_caveats, say_manufacturing
from registry.figure.texts import wrap
from registry.formats.number_rows import head_of_table, list_rows
from registry.formats.slide_theme import HEIGHT, INK, MARGIN, MUTED, TITLE_HEIGHT, TITLE_TOP, WIDTH
from registry.wording import say_citation, say_sources

FIRST_COLUMN = Emu(3_600_000)
TABLE_TOP, LOWEST, MOST_FOOT = Emu(TITLE_TOP + TITLE_HEIGHT), Emu(120_000), Emu(2_600_000)
POINT = 12_700  # in EMU
FOOT_SIZES, LINE = (9, 8, 7, 6), 1.2  # in points; a line's height
FOOT_WIDTH = (WIDTH - 2 * MARGIN) / POINT - 15  # without the box's own margins


def add_table(slide, document: dict, language: str) -> None:
    """Add the numbers of the country, the centres and their categories, and the foot below them."""
    foot_height = add_foot(slide, document)
    head, rows = head_of_table(language), list(list_rows(document))
    height = Emu(HEIGHT - LOWEST - foot_height - TABLE_TOP)
    size = max(6, min(12, int(height / (len(rows) + 1) / POINT * 0.62)))
    table = _add_grid(slide, len(rows) + 1, len(head), height)
    _fill(table, 0, head, size, bold=True, colour=None)
    for number, row in enumerate(rows, start=1):
        named = row.head if row.is_total else f"    {row.head}"
        _fill(table, number, [named, row.first, *row.cells], size, bold=row.is_total, colour=INK)


def add_foot(slide, document: dict) -> Emu:
    """Add the caveats, the source and how to cite it, at the lower edge; return their height."""
    said = [*list_caveats(document), *say_manufacturing(document), *say_sources(document), say_citation(document)]
    foot_size, foot_height = _choose_size(said)
    foot_top = HEIGHT - LOWEST - foot_height
    foot = slide.shapes.add_textbox(MARGIN, foot_top, WIDTH - 2 * MARGIN, foot_height)
    _write(foot, "\n".join(said), foot_size, colour=MUTED)
    return foot_height


def _choose_size(said: list[str]) -> tuple[int, Emu]:
    """The largest font size in which the sentences have room below the table, and their height in it."""
    for size in FOOT_SIZES:
        lines = sum(len(wrap(text, FOOT_WIDTH, size)) for text in said)
        height = Emu(round((lines + 1) * size * LINE * POINT))
        if height <= MOST_FOOT:
            break
    return size, min(height, MOST_FOOT)


def _fill(table, number: int, texts: list[str], size: int, *, bold: bool, colour) -> None:
    """Write the cells of a row."""
    for column, text in enumerate(texts):
        cell = table.cell(number, column)
        cell.margin_top = cell.margin_bottom = Emu(0)
        _write(cell, text, size, bold=bold, right=column > 1, colour=colour)


def _add_grid(slide, rows: int, columns: int, height: Emu):
    width = WIDTH - 2 * MARGIN
    table = slide.shapes.add_table(rows, columns, MARGIN, TABLE_TOP, width, height).table
    table.columns[0].width = FIRST_COLUMN
    for column in list(table.columns)[1:]:
        column.width = (width - FIRST_COLUMN) // (columns - 1)
    for row in table.rows:
        row.height = height // rows
    return table


def _write(shape, text: str, size: int, *, bold: bool = False, right: bool = False, colour=INK) -> None:
    frame = shape.text_frame
    frame.word_wrap = True
    frame.text = text
    for paragraph in frame.paragraphs:
        paragraph.alignment = PP_ALIGN.RIGHT if right else PP_ALIGN.LEFT
        for run in paragraph.runs:
            run.font.size, run.font.bold = Pt(size), bold
            if colour is not None:
                run.font.color.theme_color = colour
