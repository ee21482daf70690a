"""Callouts: the text beside a mark, in five levels of detail."""

from registry.figure.callout_lines import Block, draw_lines
from registry.figure.texts import Anchor, draw_text, estimate_width, shorten
from registry.wording import CentreText


def draw_full(centre: CentreText, width: float, anchor: Anchor) -> Block:
    """City and infusions over a rule, the hospital, and a line for each category and site.

    It fills the width, so the anchor does not matter.
    """
    return draw_lines(centre, width, named=True)


def draw_plain(centre: CentreText, width: float, anchor: Anchor) -> Block:
    """As draw_full, without the hospital."""
    return draw_lines(centre, width, named=False)


def draw_brief(centre: CentreText, width: float, anchor: Anchor) -> Block:
    """City and infusions on one line."""
    room = width - estimate_width(centre.total, 13) - 10
    city = draw_text(0, 13, "t-13 t-strong", shorten(centre.city, room, 13, bold=True))
    return Block(20, 18, city + draw_text(width, 13, "t-13", centre.total, "end"))


def draw_label(centre: CentreText, width: float, anchor: Anchor) -> Block:
    """City above its number, for a narrow screen."""
    x = width if anchor == "end" else 0
    city = shorten(centre.city, width, 12, bold=True)
    number = shorten(centre.number, width, 12)
    parts = draw_text(x, 11, "t-12 t-strong", city, anchor), draw_text(x, 25, "t-12", number, anchor)
    return Block(28, 14, "".join(parts))


def draw_tag(centre: CentreText, width: float, anchor: Anchor) -> Block:
    """City and number on one line, for a narrow screen with many centres."""
    number = centre.number if centre.number[0].isdigit() else "–"
    room = width - estimate_width(f" {number}", 10)
    text = f"{shorten(centre.city, room, 10)} {number}"
    return Block(12, 7, draw_text(width if anchor == "end" else 0, 10, "t-10", text, anchor))
