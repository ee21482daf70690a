"""The map as a PDF: the map on the first page, its numbers on the second."""

import json
from datetime import datetime
from pathlib import Path

import typst
from django.utils.translation import gettext as _
from django.utils.translation import override

from registry.figure.font_files import FONTS
from registry.figure.standalone import draw_figure
from registry.formats.labels import label_measure
from registry.map_cells import cells_of_centre
from registry.wording import TABLE_MEASURES, say_citation, say_first_of, say_number, say_sources, say_table_cells

SHEET = Path(__file__).with_name("sheet.typ")


def write_pdf(document: dict, language: str) -> bytes:
    """A tagged PDF (PDF/UA-1), readable by screen readers, with text that can be searched."""
    drawing, _width, _height = draw_figure(document, language=language)
    built = datetime.fromisoformat(document["snapshot"]["built_at"])
    with override(language):
        words = {
            "language": language,
            "title": _("CAR-T treatments in Sweden"),
            "alternative": _("Map of Sweden with the centres that treat with CAR-T cells"),
            "caption": _("Totals are counted afresh, never added up from the parts."),
            "head": [
                _("Centre and category"),
                _("First infusion"),
                *(label_measure(name, language) for name in TABLE_MEASURES),
            ],
            "rows": list(_rows(document)),
            "foot": [*say_sources(document), say_citation(document)],
            "built": [built.year, built.month, built.day],
        }
    return typst.compile(
        SHEET,
        font_paths=[FONTS],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"drawing": drawing, "words": json.dumps(words, ensure_ascii=False)},
        pdf_standards="ua-1",
        timestamp=int(built.timestamp()),
    )


def _rows(document: dict):
    """Each row of the table: whether it is a total, head, first infusion, numbers."""
    for centre in document["centres"]:
        for cell in cells_of_centre(centre):
            head = cell.category or f"{centre['city']}, {centre['name']}"
            yield not cell.category, head, say_first_of(cell.numbers), *say_table_cells(cell.numbers)
        for site in document["manufacturing"]:
            if site["centre"] == centre["code"]:
                made = say_number(site["manufactured"])
                yield False, f"{site['name']} ({_('manufacture')})", "", "", "", "", made
    yield True, _("Sweden"), say_first_of(document["national"]), *say_table_cells(document["national"])
