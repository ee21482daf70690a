"""The deck's theme and its layout: the colours and the font of the pages, and a title that spans the slide.

Shapes name colours by their place in the theme, so that a deck takes those of the template it is pasted into.
"""

import re

from pptx.enum.dml import MSO_THEME_COLOR
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.util import Emu

from registry.figure.standalone import COLOURS

TITLE_ONLY = 5  # the layout of the default template
WIDTH, HEIGHT, MARGIN = Emu(12_192_000), Emu(6_858_000), Emu(457_200)  # 16:9; half an inch
TITLE_TOP, TITLE_HEIGHT = Emu(228_600), Emu(500_000)
# By the theme's name of each: text, its background, muted text, the categories in their order.
THEME = {
    "dk1": "ink", "lt1": "paper", "dk2": "muted", "lt2": "abroad",
    "accent1": "soc", "accent2": "act", "accent3": "ict", "accent4": "cup", "accent5": "leader", "accent6": "rule",
    "hlink": "soc", "folHlink": "cup",
}  # fmt: skip
INK, MUTED = MSO_THEME_COLOR.TEXT_1, MSO_THEME_COLOR.TEXT_2
CATEGORIES = {
    "SOC": MSO_THEME_COLOR.ACCENT_1,
    "ACT": MSO_THEME_COLOR.ACCENT_2,
    "ICT": MSO_THEME_COLOR.ACCENT_3,
    "CUP": MSO_THEME_COLOR.ACCENT_4,
}


def set_theme(deck) -> None:
    """Give a deck its size, its colours, its font, and a title as wide as a slide."""
    deck.slide_width, deck.slide_height = WIDTH, HEIGHT
    part = deck.slide_master.part.part_related_by(RELATIONSHIP_TYPE.THEME)
    theme = part.blob.decode()
    for name, colour in THEME.items():
        own = f'<a:{name}><a:srgbClr val="{COLOURS[colour][1:].upper()}"/></a:{name}>'
        theme = re.sub(f"<a:{name}>.*?</a:{name}>", own, theme, flags=re.DOTALL)
    part._blob = re.sub(r'(<a:latin typeface=")Calibri(")', r"\1Inter\2", theme).encode()
    for placeholder in deck.slide_layouts[TITLE_ONLY].placeholders:
        if placeholder.placeholder_format.idx == 0:
            placeholder.left, placeholder.top = MARGIN, TITLE_TOP
            placeholder.width, placeholder.height = WIDTH - 2 * MARGIN, TITLE_HEIGHT
        else:
            placeholder._element.getparent().remove(placeholder._element)  # dates and numbers that nobody fills in


def add_slide(deck, title: str):
    """A slide with its title, which outlines and screen readers go by."""
    slide = deck.slides.add_slide(deck.slide_layouts[TITLE_ONLY])
    slide.shapes.title.text = title
    return slide
