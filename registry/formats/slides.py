"""A slide with the map, and one with its numbers as a table that can be edited."""

import io
import zipfile
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import override
from pptx import Presentation
from pptx.dml.color import RGBColor
from pptx.enum.text import PP_ALIGN
from pptx.util import Emu, Pt

from registry.formats.pictures import print_points
from registry.formats.tables import label_measure
from registry.map_cells import walk_cells
from registry.wording import say_citation, say_first_of, say_number, say_sources

WIDTH, HEIGHT, MARGIN = Emu(12_192_000), Emu(6_858_000), Emu(457_200)  # 16:9, and half an inch
PIXELS = 1920
COLUMNS = ("patients", "reinfusions", "further_doses", "infusions")
BLANK, INK, MUTED = 6, RGBColor(0x17, 0x21, 0x2B), RGBColor(0x52, 0x60, 0x6D)
FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # of a ZIP's calendar


def write_pptx(document: dict, language: str) -> bytes:
    """Two slides; the picture has a text in its place, and the source stands under both."""
    deck = Presentation()
    deck.slide_width, deck.slide_height = WIDTH, HEIGHT
    built = datetime.fromisoformat(document["snapshot"]["built_at"]).replace(tzinfo=None)
    with override(language):
        title = _("CAR-T treatments in Sweden")
        properties = deck.core_properties
        properties.title, properties.author, properties.language = title, "swecar", language
        properties.created = properties.modified = built
        properties.last_modified_by, properties.revision = "swecar", 1
        properties.comments = say_citation(document)
        _add_picture(deck.slides.add_slide(deck.slide_layouts[BLANK]), document, language)
        _add_table(deck.slides.add_slide(deck.slide_layouts[BLANK]), document, language, title)
    file = io.BytesIO()
    deck.save(file)
    return _without_times(file.getvalue())


def _add_picture(slide, document: dict, language: str) -> None:
    """The figure as large as the slide allows; it brings its own title and source."""
    picture = slide.shapes.add_picture(io.BytesIO(print_points(document, language, PIXELS)), 0, 0)
    share = min((WIDTH - MARGIN) / picture.width, (HEIGHT - MARGIN) / picture.height)
    picture.width, picture.height = int(picture.width * share), int(picture.height * share)
    picture.left, picture.top = (WIDTH - picture.width) // 2, (HEIGHT - picture.height) // 2
    texts = [_("Map of Sweden with the centres that treat with CAR-T cells"), *say_sources(document)]
    described = picture._element._nvXxPr.cNvPr
    described.set("name", texts[0])
    described.set("descr", ". ".join(texts))


def _add_table(slide, document: dict, language: str, title: str) -> None:
    """The numbers of the nation, the centres and their categories."""
    _write(slide.shapes.add_textbox(MARGIN, Emu(228_600), WIDTH - 2 * MARGIN, Emu(460_000)), title, 24, bold=True)
    rows = [[_("Centre and category"), _("First infusion"), *(label_measure(name, language) for name in COLUMNS)]]
    nation, *others = walk_cells(document)
    totals = {0} | {place for place, cell in enumerate([*others, nation], start=1) if not cell.category}
    for cell in others:
        head = f"    {cell.category}" if cell.category else cell.centre["city"]
        rows.append([head, *_cells(cell.numbers)])
    rows.append([_("Sweden"), *_cells(nation.numbers)])
    height = Emu(5_350_000)
    size = max(6, min(12, int(height / len(rows) / 12_700 * 0.62)))
    frame = slide.shapes.add_table(len(rows), len(rows[0]), MARGIN, Emu(720_000), WIDTH - 2 * MARGIN, height)
    table = frame.table
    table.columns[0].width = Emu(3_600_000)
    for column in list(table.columns)[1:]:
        column.width = (WIDTH - 2 * MARGIN - Emu(3_600_000)) // (len(rows[0]) - 1)
    for row in table.rows:
        row.height = height // len(rows)
    for place, texts in enumerate(rows):
        for number, text in enumerate(texts):
            cell = table.cell(place, number)
            cell.margin_top = cell.margin_bottom = Emu(0)
            _write(cell, text, size, bold=place in totals, right=number > 1, colour=None if place == 0 else INK)
    source = " ".join([*say_sources(document), say_citation(document)])
    foot = slide.shapes.add_textbox(MARGIN, Emu(6_180_000), WIDTH - 2 * MARGIN, Emu(560_000))
    _write(foot, source, 9, colour=MUTED)


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


def _cells(counted: dict) -> list[str]:
    return [say_first_of(counted), *(say_number(counted[name]) for name in COLUMNS)]


def _without_times(data: bytes) -> bytes:
    """The same archive with the same time on every part, so that a deck built twice is the same."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as made, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as kept:
        for part in made.infolist():
            kept.writestr(zipfile.ZipInfo(part.filename, FIRST_DAY), made.read(part), zipfile.ZIP_DEFLATED)
    return file.getvalue()
