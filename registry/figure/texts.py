"""Texts and swatches in SVG, and estimates of how wide a text is.

The server does not know which font a reader sees if the page's own does not load. Widths are therefore estimated a
little above those of that font and of the widest common system fonts, so that no text gets too little space.
"""

from html import escape
from typing import Literal

Anchor = Literal["start", "end"]

# Widths in ems in a wide sans-serif (Inter, DejaVu Sans, Verdana). Other ASCII characters are as wide as a digit,
# all others as the widest.
EMS = {
    **dict.fromkeys("ijlI'", 0.30),
    **dict.fromkeys(" .,:;()/·ft|", 0.38),
    **dict.fromkeys("r", 0.42),
    **dict.fromkeys("-", 0.47),
    **dict.fromkeys("sczJ", 0.57),
    **dict.fromkeys("åäöéáèüø", 0.66),
    **dict.fromkeys("ABEFKLPRSTVXYZ", 0.70),
    **dict.fromkeys("CÅÄÉ", 0.74),
    **dict.fromkeys("DGHNUÜ", 0.78),
    **dict.fromkeys("OQÖ", 0.82),
    **dict.fromkeys("mwMW@%–", 0.98),
}
USUAL_EM, WIDEST_EM = 0.645, 1.0
BOLD = 1.12


def estimate_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the largest likely width of a text, in the unit of its size."""
    ems = (EMS.get(letter, USUAL_EM if letter.isascii() else WIDEST_EM) for letter in text)
    return sum(ems) * size * (BOLD if bold else 1)


def shorten(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """Cut a text to a width, ending with an ellipsis if it is cut."""
    if estimate_width(text, size, bold=bold) <= width:
        return text
    while text and estimate_width(text + "…", size, bold=bold) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def wrap(text: str, width: float, size: float) -> list[str]:
    """Break a text at its spaces into lines of at most a width; a longer word has a line of its own."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and estimate_width(longer, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def draw_text(x: float, y: float, css: str, text: str, anchor: Anchor = "start") -> str:
    """Return a line of SVG text at a baseline; size and colour come from the class."""
    end = ' text-anchor="end"' if anchor == "end" else ""
    return f'<text x="{x:g}" y="{y:g}" class="{css}"{end}>{escape(text)}</text>'


def draw_swatch(mark: str, x: float, y: float, size: float) -> str:
    """Return the square of a category, or the diamond of a manufacturing site."""
    if mark == "site":
        half = size / 2 + 1
        steps = f"l{half:g},{half:g} {-half:g},{half:g} {-half:g},{-half:g}z"
        return f'<path class="site" d="M{x + size / 2:g},{y - 1:g}{steps}"/>'
    return f'<rect class="{mark.lower()}" x="{x:g}" y="{y:g}" width="{size:g}" height="{size:g}" rx="2"/>'
