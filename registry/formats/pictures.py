"""The map as a picture: drawn once, and printed in points for a screen and for paper."""

import resvg_py

from registry.figure.standalone import FAMILY, FONT_FILES, draw_figure

SCREEN, PAPER = 1280, 2480  # pixels across: as on a page, and 300 an inch on A4


def write_svg(document: dict, language: str) -> bytes:
    """Lines and letters, with the type inside."""
    drawing, _width, _height = draw_figure(document, language=language, fonts=True)
    return drawing.encode()


def write_png(document: dict, language: str) -> bytes:
    """For a screen or a slide."""
    return print_points(document, language, SCREEN)


def write_large_png(document: dict, language: str) -> bytes:
    """For paper."""
    return print_points(document, language, PAPER)


def print_points(document: dict, language: str, width: int) -> bytes:
    """A PNG so many pixels wide, with the type that is shipped and none of the machine's."""
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
