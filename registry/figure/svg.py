"""The map as SVG: the country, its centres as marks, leaders, callouts and the key.

Colours, strokes and sizes of type are given by class, from the page's style sheet. The country's
paths stand once, in draw_shapes; a map refers to them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from math import cos, hypot, pi, sin, sqrt

from django.utils.translation import gettext as _
from django.utils.translation import override

from registry.choices import Category
from registry.figure import callouts, geometry
from registry.figure.callouts import Anchor, Block, draw_swatch, draw_text
from registry.figure.layout import Callout, Column, Placed, place_callouts
from registry.figure.wording import CentreText, describe_centres, is_awaited, say_number, say_patients
from registry.figure.wording import say_infusions

Drawer = Callable[[CentreText, dict, float, Anchor], Block]


@dataclass(frozen=True)
class Variant:
    """Measures of a drawing, in its units: pixels when it is shown at its full width.

    scale is units per kilometre; head is kept free at the top left for the page's title, and the
    key at the bottom right when has_key; drawers give callouts in less and less detail.
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
    drawers: tuple[Drawer, ...]

    @property
    def height(self) -> float:
        """The country's height."""
        return geometry.HEIGHT * self.scale

    @property
    def country_x(self) -> float:
        """The western edge of the country's frame, which is in the middle."""
        return (self.width - geometry.WIDTH * self.scale) / 2


def _short(centre: dict) -> str:
    return say_number(centre["infusions"]) if centre["infusions"] else "–"


VARIANTS = {
    "wide": Variant(
        width=1200,
        column=330,
        gap=16,
        scale=0.6,
        largest=24,
        smallest=3,
        head=430,
        has_key=True,
        ruled=True,
        drawers=(
            lambda text, centre, width, anchor: callouts.draw_full(text, width),
            lambda text, centre, width, anchor: callouts.draw_plain(text, width),
            lambda text, centre, width, anchor: callouts.draw_brief(text, width),
        ),
    ),
    "narrow": Variant(
        width=358,
        column=80,
        gap=4,
        scale=0.31,
        largest=13,
        smallest=2.5,
        head=0,
        has_key=False,
        ruled=False,
        drawers=(
            lambda text, centre, width, anchor: callouts.draw_label(
                text, _("upcoming") if is_awaited(centre) else _short(centre), width, anchor
            ),
            lambda text, centre, width, anchor: callouts.draw_tag(text, _short(centre), width, anchor),
        ),
    ),
}
CATEGORIES = tuple(Category.values)  # the order of slices and of the key


@dataclass(frozen=True)
class Mark:
    """A centre's place in the drawing, its radius and its slices as (category, infusions)."""

    x: float
    y: float
    radius: float
    slices: tuple[tuple[str, int], ...]


def draw_shapes() -> str:
    """Return a hidden SVG with the country and its neighbours, for every map of a page to refer to."""
    shapes = geometry.load_shapes()
    counties = "".join(f'<path d="{path}"/>' for path in shapes.counties.values())
    frame = f'width="{geometry.WIDTH:g}" height="{geometry.HEIGHT:g}"'
    return (
        '<svg class="shapes" width="0" height="0" aria-hidden="true" focusable="false"><defs>'
        '<linearGradient id="fade-across"><stop offset="0" stop-color="#000"/>'
        '<stop offset=".22" stop-color="#fff"/><stop offset=".78" stop-color="#fff"/>'
        '<stop offset="1" stop-color="#000"/></linearGradient>'
        f'<mask id="fade" maskUnits="userSpaceOnUse" {frame}>'
        f'<rect {frame} fill="url(#fade-across)"/></mask>'
        f'<symbol id="country" viewBox="0 0 {geometry.WIDTH:g} {geometry.HEIGHT:g}">'
        f'<g mask="url(#fade)"><path class="abroad" d="{shapes.neighbours}"/></g>'
        f'<g class="counties">{counties}</g></symbol></defs></svg>'
    )


def draw_map(document: dict, *, language: str, variant: str = "wide") -> str:
    """Draw a map document as one `<svg>`; it needs draw_shapes' output in the same page.

    variant is "wide" (callouts with every line of their centre, and the key) or "narrow" (labels
    with the infusions). The text is in `language`, "sv" or "en", as the document's own should be.
    """
    measures = VARIANTS[variant]
    with override(language):
        marks = place_marks(document["centres"], measures)
        placed, drawer, height = _place(document, marks, measures)
        body = [
            _draw_country(measures, height),
            *(_draw_leader(place, measures) for place in placed),
            *_draw_marks(document["centres"], marks),
            *_draw_callouts(document, placed, drawer, measures),
        ]
        if measures.has_key:
            body.append(_draw_key(document, measures, height))
        return _frame(document, variant, measures.width, height, "".join(body))


def place_marks(centres: list[dict], measures: Variant) -> dict[str, Mark]:
    """Return each centre's mark by code. Areas are in proportion to infusions, and as large as
    allowed without two touching; the very small are drawn larger, so as to be seen.
    """
    places = {}
    for centre in centres:
        x, y = geometry.locate(centre["location"]["lat"], centre["location"]["lon"])
        places[centre["code"]] = measures.country_x + x * measures.scale, y * measures.scale
    sizes = [(places[centre["code"]], sqrt(centre["infusions"])) for centre in centres]
    unit = _largest_unit(sizes, measures.largest)
    return {
        centre["code"]: Mark(
            *places[centre["code"]],
            radius=max(measures.smallest, unit * sqrt(centre["infusions"])),
            slices=_slice(centre),
        )
        for centre in centres
    }
