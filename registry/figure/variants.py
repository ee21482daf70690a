"""The two variants of the map and their dimensions."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf

from registry.figure import callouts
from registry.figure.callout_lines import Block
from registry.figure.frame import HEIGHT, WIDTH
from registry.figure.texts import Anchor
from registry.wording import CentreText

Drawer = Callable[[CentreText, float, Anchor], Block]


@dataclass(frozen=True)
class Variant:
    """Dimensions in units of the drawing, which are pixels at its full width.

    scale is in units per kilometre. head is left free at the top left for the page's title. drawers draw callouts
    in less and less detail, each with how many times the height of the country the drawing may grow to before
    the next one is used.
    """

    width: float
    column: float
    gap: float
    scale: float
    largest: float
    smallest: float
    head: float
    has_key: bool
    ruled: bool
    drawers: tuple[tuple[Drawer, float], ...]

    @property
    def country(self) -> tuple[float, float, float]:
        """Left edge, width and height of the country's frame, which is centred."""
        width = WIDTH * self.scale
        return (self.width - width) / 2, width, HEIGHT * self.scale


VARIANTS = {
    "wide": Variant(
        width=1200,
        column=372,
        gap=3,
        scale=0.6,
        largest=24,
        smallest=3,
        head=430,
        has_key=True,
        ruled=True,
        drawers=((callouts.draw_full, 1), (callouts.draw_plain, 1.3), (callouts.draw_brief, inf)),
    ),
    "narrow": Variant(
        width=358,
        column=86,
        gap=4,
        scale=0.3,
        largest=12,
        smallest=2.5,
        head=0,
        has_key=False,
        ruled=False,
        drawers=((callouts.draw_label, 1.1), (callouts.draw_tag, inf)),
    ),
}
