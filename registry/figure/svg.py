"""The map as SVG: the country, its centres as marks, leaders, callouts and the key.

Colours, strokes and sizes of type are given by class, from the page's style sheet. The country's
paths stand once, in draw_shapes; a map refers to them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from math import ceil, inf

from django.utils.translation import gettext as _
from django.utils.translation import override

from registry.figure import callouts, geometry
from registry.figure.callouts import Anchor, Block
from registry.figure.column import Callout, Column, Placed
from registry.figure.layout import place_callouts
from registry.figure.map_key import draw_key
from registry.figure.mark_sizes import choose_sizes
from registry.figure.marks import Mark, draw_mark, make_marks
from registry.wording import CentreText, describe_centres, say_first, say_infusions, say_patients

NAMESPACE = "http://www.w3.org/2000/svg"
KEY_TOP, KEY_DISTANCE = 24, 30  # above the key, and between it and the right column's callouts
Drawer = Callable[[CentreText, float, Anchor], Block]


@dataclass(frozen=True)
class Variant:
    """Measures of a drawing, in its units: pixels when it is shown at its full width.

    scale is units per kilometre; head is kept free at the top left for the page's title, and
    what the key needs at the top right. drawers make callouts in less and less detail, each with how
    many times the country's height the drawing may grow before the next is taken.
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
        """Left edge, width and height of the country's frame, which stands in the middle."""
        width = geometry.WIDTH * self.scale
        return (self.width - width) / 2, width, geometry.HEIGHT * self.scale


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


@dataclass(frozen=True)
class Drawing:
    """A map in parts: its size, the attributes of its `<svg>`, and what stands in it."""

    width: float
    height: float
    attributes: str
    body: str

    def frame(self, attributes: str = "") -> str:
        """The map as one `<svg>`, with attributes for its place."""
        return f"<svg {attributes}{self.attributes}>{self.body}</svg>"


def draw_shapes() -> str:
    """Return a hidden SVG with the country and its neighbours, for every map of a page to refer to."""
    return (
        f'<svg xmlns="{NAMESPACE}" class="shapes" width="0" height="0" aria-hidden="true">{define_shapes()}</svg>'
    )


def define_shapes() -> str:
    """Return the country and its neighbours as `<defs>`."""
    shapes = geometry.load_shapes()
    counties = "".join(f'<path d="{path}"/>' for path in shapes.counties.values())
    frame = f'width="{geometry.WIDTH:g}" height="{geometry.HEIGHT:g}"'
    return (
        '<defs><linearGradient id="fade-across"><stop offset="0" stop-color="#000"/>'
        '<stop offset=".2" stop-color="#fff"/><stop offset=".8" stop-color="#fff"/>'
        '<stop offset="1" stop-color="#000"/></linearGradient>'
        '<linearGradient id="fade-down" x2="0" y2="1"><stop offset="0" stop-color="#000"/>'
        '<stop offset=".06" stop-color="#000" stop-opacity="0"/>'
        '<stop offset=".94" stop-color="#000" stop-opacity="0"/>'
        '<stop offset="1" stop-color="#000"/></linearGradient>'
        f'<mask id="fade" maskUnits="userSpaceOnUse" {frame}>'
        f'<rect {frame} fill="url(#fade-across)"/><rect {frame} fill="url(#fade-down)"/></mask>'
        f'<symbol id="country" viewBox="0 0 {geometry.WIDTH:g} {geometry.HEIGHT:g}">'
        f'<g mask="url(#fade)"><path class="abroad" d="{shapes.neighbours}"/></g>'
        f'<g class="counties">{counties}</g></symbol></defs>'
    )


def draw_map(
    document: dict,
    *,
    language: str,
    variant: str = "wide",
    address: Callable[[str], str] | None = None,
    chosen: str | None = None,
    table: str | None = "numbers",
) -> str:
    """Draw a map document as one `<svg>`, with draw_shapes' output elsewhere in the same page.

    variant is "wide" (callouts with every line of their centre, and the key) or "narrow" (labels
    with the infusions). language, "sv" or "en", is that of the document's own texts. With address,
    which gives a link for a centre's code, marks and callouts are links; chosen is a centre's code.
    table is the id of the table with the same numbers, where the page has it.
    """
    drawing = build_map(document, language=language, variant=variant, address=address, chosen=chosen)
    return drawing.frame(f'aria-details="{table}" ' if table else "")


def build_map(
    document: dict,
    *,
    language: str,
    variant: str = "wide",
    address: Callable[[str], str] | None = None,
    chosen: str | None = None,
) -> Drawing:
    """The map of draw_map in parts, for who gives it a place of its own."""
    measures = VARIANTS[variant]
    centres = document["centres"]
    with override(language):
        places = {centre["code"]: _locate(centre, measures) for centre in centres}
        sizes = choose_sizes(centres, places, largest=measures.largest, smallest=measures.smallest)
        marks = make_marks(centres, places, sizes)
        texts = {text.code: text for text in describe_centres(document)}
        key = draw_key(centres, sizes, made=bool(document["manufacturing"])) if measures.has_key else None
        key_end = KEY_TOP + key.height + KEY_DISTANCE if key else 0
        placed, drawer, height = _arrange(texts, marks, measures, key_end)
        by_size = sorted(marks.items(), key=lambda pair: (pair[0] == chosen, -pair[1].radius))
        link = _Links(texts, address, chosen)
        parts = [
            _draw_country(measures),
            *(_draw_leader(place, measures) for place in placed),
            *(link.mark(code, draw_mark(mark)) for code, mark in by_size),
            *(link.callout(place.callout.key, _draw_callout(place, texts, drawer, measures)) for place in placed),
        ]
        if key:
            x = measures.width - measures.column
            parts.append(f'<g class="key" transform="translate({x:g} {KEY_TOP})">{key.svg}</g>')
        role = "group" if address else "img"
        named = _name(document, variant)
        attributes = (
            f'xmlns="{NAMESPACE}" class="map map-{variant}" viewBox="0 0 {measures.width:g} {height:g}"'
            f' role="{role}" aria-labelledby="map-{variant}-title" aria-describedby="map-{variant}-text"'
        )
        return Drawing(measures.width, height, attributes, named + "".join(parts))


@dataclass(frozen=True)
class _Links:
    """Wraps drawings of a centre in links to its choice, where there is an address for it."""

    texts: dict[str, CentreText]
    address: Callable[[str], str] | None
    chosen: str | None

    def mark(self, code: str, drawing: str) -> str:
        """For a mouse or a finger; the callout is the keyboard's and the screen reader's."""
        if self.address is None:
            return drawing
        href = escape(self.address(code))
        css = "place chosen" if code == self.chosen else "place"
        return f'<a class="{css}" href="{href}" tabindex="-1" aria-hidden="true" data-live>{drawing}</a>'

    def callout(self, code: str, drawing: str) -> str:
        """Named by city and total, which it also shows."""
        if self.address is None:
            return drawing
        text = self.texts[code]
        current = ' aria-current="true"' if code == self.chosen else ""
        css = "place chosen" if code == self.chosen else "place"
        return (
            f'<a class="{css}" href="{escape(self.address(code))}"{current}'
            f' aria-label="{escape(f"{text.city}, {text.total}")}" data-live>{drawing}</a>'
        )


def _locate(centre: dict, measures: Variant) -> tuple[float, float]:
    x, y = geometry.locate(centre["location"]["lat"], centre["location"]["lon"])
    return measures.country[0] + x * measures.scale, y * measures.scale


def _arrange(
    texts: dict[str, CentreText], marks: dict[str, Mark], measures: Variant, key_end: float
) -> tuple[list[Placed], Drawer, float]:
    """Choose the most detail that has room beside the country, in a drawing not much higher than it."""
    for drawer, growth in measures.drawers:
        blocks = {code: drawer(text, measures.column, "start") for code, text in texts.items()}
        wanted = [
            Callout(code, marks[code].x, marks[code].y, block.height, block.port) for code, block in blocks.items()
        ]
        height = ceil(measures.country[2])
        while height <= measures.country[2] * growth + 1:
            left = Column(measures.column, measures.head, height, measures.gap)
            right = Column(measures.width - measures.column, key_end, height, measures.gap)
            placed = place_callouts(wanted, left, right)
            if placed is not None:
                return placed, drawer, height
            height += 20
    raise AssertionError("The last drawer may grow without end.")


def _draw_country(measures: Variant) -> str:
    x, width, height = measures.country
    return f'<use href="#country" x="{x:g}" y="0" width="{width:g}" height="{height:g}"/>'


def _draw_leader(place: Placed, measures: Variant) -> str:
    """A line from the mark to the callout, going on as the rule under its first line."""
    x, y = place.entry
    rule = ""
    if measures.ruled:
        rule = f"H{x - measures.column:g}" if _is_left(place, measures) else f"H{x + measures.column:g}"
    return f'<path class="leader" d="M{place.callout.x:.1f},{place.callout.y:.1f}L{x:g},{y:.1f}{rule}"/>'


def _draw_callout(place: Placed, texts: dict[str, CentreText], drawer: Drawer, measures: Variant) -> str:
    """A centre's text; without a rule it keeps a little away from its leader."""
    distance = 0 if measures.ruled else 4
    left = _is_left(place, measures)
    x = place.column.x - measures.column if left else place.column.x + distance
    block = drawer(texts[place.callout.key], measures.column - distance, "end" if left else "start")
    # Under the text lies what a pointer meets, and what is outlined when the keyboard is there.
    area = f'<rect class="area" x="-4" width="{measures.column - distance + 8:g}" height="{block.height:g}"/>'
    return (
        f'<g class="callout" data-centre="{escape(place.callout.key)}"'
        f' transform="translate({x:g} {place.top:.1f})">{area}{block.svg}</g>'
    )


def _is_left(place: Placed, measures: Variant) -> bool:
    return place.column.x < measures.width / 2


def _name(document: dict, variant: str) -> str:
    """The map's title and description; the table under it is its long description."""
    national = document["national"]
    numbers = {
        "patients": say_patients(national["patients"]),
        "infusions": say_infusions(national["infusions"]),
    }
    title = _("Map of Sweden with the centres that treat with CAR-T cells")
    description = _(
        "Each centre is a circle as large as its infusions, cut into categories: "
        "%(patients)s and %(infusions)s in the country. The table below has every number of the map."
    )
    description %= numbers
    if through := document["snapshot"]["data_through"]:
        description += " " + _("Data through %(date)s.") % {"date": say_first(through)}
    return (
        f'<title id="map-{variant}-title">{escape(title)}</title>'
        f'<desc id="map-{variant}-text">{escape(description)}</desc>'
    )
