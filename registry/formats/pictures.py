"""The map as SVG, and as PNG for screen and paper."""

from pathlib import Path

import typst

from registry.figure.font_files import FONTS
from registry.figure.standalone import draw_figure

PICTURE = Path(__file__).with_name("picture.typ")
POINTS_PER_INCH = 72
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
    drawing, across, _down = draw_figure(document, language=language)
    return render_drawing(drawing, across, width)


def render_drawing(drawing: str, across: int, width: int) -> bytes:
    """The same of any SVG, which is so many units across."""
    return typst.compile(
        PICTURE,
        font_paths=[FONTS],
        ignore_system_fonts=True,
        format="png",
        sys_inputs={"drawing": drawing, "across": f"{across}"},
        ppi=POINTS_PER_INCH * width / across,
    )
