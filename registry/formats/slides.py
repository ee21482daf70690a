"""Slides: the map, the centres' infusions as an editable chart, and all numbers as an editable table."""

import io
import re
import zipfile
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import override
from pptx import Presentation

from registry.caveats import list_caveats
from registry.formats.pictures import render_png
from registry.formats.slide_chart import add_chart
from registry.formats.slide_table import LOWEST, add_foot, add_table
from registry.formats.slide_theme import HEIGHT, MARGIN, TITLE_HEIGHT, TITLE_TOP, WIDTH, add_slide, set_theme
from registry.wording import say_citation, say_lead, say_sources

PIXELS = 1920
BELOW_TITLE = TITLE_TOP + TITLE_HEIGHT
STATED = re.compile(rb"(W3CDTF\">)[^<]+")  # when a workbook was made, and changed
FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # the earliest time that a ZIP archive can hold


def write_pptx(document: dict, language: str) -> bytes:
    """Three slides, each with a title and its source; the picture and the chart have an alternative text."""
    deck = Presentation()
    set_theme(deck)
    built = datetime.fromisoformat(document["snapshot"]["built_at"]).replace(tzinfo=None)
    with override(language):
        title = _("CAR-T treatments in Sweden")
        properties = deck.core_properties
        properties.title, properties.author, properties.language = title, "swecar", language
        properties.created = properties.modified = built
        properties.last_modified_by, properties.revision = "swecar", 1
        properties.comments = say_citation(document)
        _add_picture(add_slide(deck, " ".join(say_lead(document))), document, language)
        _add_chart(add_slide(deck, _("Infusions by centre and category")), document)
        add_table(add_slide(deck, _("The numbers as a table")), document, language)
        _settle_workbooks(deck, built)
    file = io.BytesIO()
    deck.save(file)
    return _without_times(file.getvalue())


def _add_picture(slide, document: dict, language: str) -> None:
    """Add the figure as large as the slide allows; its title and source are in it."""
    picture = slide.shapes.add_picture(io.BytesIO(render_png(document, language, PIXELS)), 0, 0)
    share = min((WIDTH - MARGIN) / picture.width, (HEIGHT - BELOW_TITLE - MARGIN // 2) / picture.height)
    picture.width, picture.height = int(picture.width * share), int(picture.height * share)
    picture.left, picture.top = (WIDTH - picture.width) // 2, BELOW_TITLE
    texts = [
        _("Map of Sweden with the centres that treat with CAR-T cells"),
        *list_caveats(document),
        *say_sources(document),
    ]
    described = picture._element._nvXxPr.cNvPr
    described.set("name", texts[0])
    described.set("descr", ". ".join(texts))


def _add_chart(slide, document: dict) -> None:
    foot_height = add_foot(slide, document)
    described = add_chart(slide, document, foot_height + LOWEST)._element._nvXxPr.cNvPr
    described.set("descr", _("Infusions by centre and category"))


def _settle_workbooks(deck, built: datetime) -> None:
    """Give the workbook behind each chart the snapshot's time, in place of the present one."""
    for slide in deck.slides:
        for shape in slide.shapes:
            if shape.has_chart:
                part = shape.chart.part.chart_workbook.xlsx_part
                part._blob = _without_times(part.blob, built)


def _without_times(data: bytes, built: datetime | None = None) -> bytes:
    """The archive with a fixed time for every part, so that a deck built twice has the same bytes.

    built: the time that its properties are to state.
    """
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as made, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as kept:
        for part in made.infolist():
            content = made.read(part)
            if built and part.filename == "docProps/core.xml":
                content = STATED.sub(rf"\g<1>{built:%Y-%m-%dT%H:%M:%SZ}".encode(), content)
            kept.writestr(zipfile.ZipInfo(part.filename, FIRST_DAY), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()
