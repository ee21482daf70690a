"""The two variants of the map and their dimensions."""

from collections.abc import Callable
from dataclasses import dataclass

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
    in less and less detail, after the drawing has grown to growth times the height of the country.
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
    growth: float
    drawers: tuple[Drawer, ...]

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
        growth=1.5,
        drawers=(callouts.draw_full, callouts.draw_plain, callouts.draw_brief),
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
        growth=1.1,
        drawers=(callouts.draw_label, callouts.draw_tag),
    ),
}
