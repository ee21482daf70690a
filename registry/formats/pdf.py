"""The map as a PDF: the map on the first page, its numbers on the second."""

import json
from datetime import datetime
from pathlib import Path

import typst
from django.utils.translation import gettext as _
from django.utils.translation import override

from registry.caveats import list_caveats, say_manufacturing
from registry.figure.font_files import FONTS
from registry.figure.standalone import draw_figure
from registry.formats.number_rows import head_of_table, list_rows
from registry.wording import say_citation, say_sources

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
            "head": head_of_table(language),
            "rows": [
                (row.is_total, ", ".join(filter(None, (row.head, row.beside))), row.first, *row.cells)
                for row in list_rows(document)
            ],
            "caveats": [*list_caveats(document), *say_manufacturing(document)],
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
