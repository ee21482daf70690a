"""The map as SVG, and as PNG for screen and paper."""

import resvg_py

from registry.figure.font_files import FAMILY, FONT_FILES
from registry.figure.standalone import draw_figure

SCREEN, PAPER = 1280, 2480  # pixels across: as on a page; 300 per inch on A4


def write_svg(document: dict, language: str) -> bytes:
    """The map as SVG with embedded fonts."""
    drawing, _width, _height = draw_figure(document, language=language, fonts=True)
    return drawing.encode()


def write_png(document: dict, language: str) -> bytes:
    """The map as PNG for screens."""
    return render_png(document, language, SCREEN)


def write_large_png(document: dict, language: str) -> bytes:
    """The map as PNG for print."""
    return render_png(document, language, PAPER)


def render_png(document: dict, language: str, width: int) -> bytes:
    """Render a PNG so many pixels wide, with the shipped fonts and none of the system's."""
    drawing, _width, _height = draw_figure(document, language=language)
    points = resvg_py.svg_to_bytes(
        svg_string=drawing,
        width=width,
        skip_system_fonts=True,
        font_files=FONT_FILES,
        font_family=FAMILY,
        sans_serif_family=FAMILY,
    )
    return bytes(points)
