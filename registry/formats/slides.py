"""Slides: one with the map, and one with its numbers as an editable table."""

import io
import zipfile
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import override
from pptx import Presentation

from registry.formats.pictures import render_png
from registry.formats.slide_table import HEIGHT, MARGIN, WIDTH, add_table
from registry.wording import say_citation, say_sources

PIXELS = 1920
BLANK = 6  # the empty layout of the default template
FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # the earliest time that a ZIP archive can hold


def write_pptx(document: dict, language: str) -> bytes:
    """Two slides, each with its source; the picture has an alternative text."""
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
        add_table(deck.slides.add_slide(deck.slide_layouts[BLANK]), document, language, title)
    file = io.BytesIO()
    deck.save(file)
    return _without_times(file.getvalue())


def _add_picture(slide, document: dict, language: str) -> None:
    """Add the figure as large as the slide allows; its title and source are in it."""
    picture = slide.shapes.add_picture(io.BytesIO(render_png(document, language, PIXELS)), 0, 0)
    share = min((WIDTH - MARGIN) / picture.width, (HEIGHT - MARGIN) / picture.height)
    picture.width, picture.height = int(picture.width * share), int(picture.height * share)
    picture.left, picture.top = (WIDTH - picture.width) // 2, (HEIGHT - picture.height) // 2
    texts = [_("Map of Sweden with the centres that treat with CAR-T cells"), *say_sources(document)]
    described = picture._element._nvXxPr.cNvPr
    described.set("name", texts[0])
    described.set("descr", ". ".join(texts))


def _without_times(data: bytes) -> bytes:
    """The archive with a fixed time for every part, so that a deck built twice has the same bytes."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as made, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as kept:
        for part in made.infolist():
            kept.writestr(zipfile.ZipInfo(part.filename, FIRST_DAY), made.read(part), zipfile.ZIP_DEFLATED)
    return file.getvalue()
