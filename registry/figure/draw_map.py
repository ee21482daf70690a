"""The map as SVG: the country, its centres as marks, leaders, callouts and the key.

Colours, strokes and font sizes come from the style sheet, by class. A page has the paths of the country once, from
draw_shapes, and its maps refer to them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from html import escape

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from registry.figure.callouts import draw_brief, draw_full
from registry.figure.links import Links
from registry.figure.map_key import draw_key
from registry.figure.map_layout import (
    KEY_DISTANCE,
    KEY_TOP,
    arrange,
    draw_callout,
    draw_country,
    draw_leader,
    locate_centre,
)
from registry.figure.mark_sizes import choose_sizes
from registry.figure.marks import draw_mark, make_marks
from registry.figure.shapes import NAMESPACE
from registry.figure.texts import draw_text
from registry.figure.variants import VARIANTS, Drawer
from registry.wording import CentreText, describe_centres, say_first, say_infusions, say_patients


@dataclass(frozen=True)
class Drawing:
    """A map: its size, the attributes of its `<svg>`, and the content."""

    width: float
    height: float
    attributes: str
    body: str

    def frame(self, attributes: str = "") -> str:
        """Return the `<svg>`, with further attributes."""
        return f"<svg {attributes}{self.attributes}>{self.body}</svg>"


def draw_map(
    document: dict,
    *,
    language: str,
    variant: str = "wide",
    address: Callable[[str], str] | None = None,
    chosen: str | None = None,
    table: str | None = "numbers",
    texts: Iterable[CentreText] | None = None,
) -> str:
    """Draw a map document as an `<svg>` for a page that also has the output of draw_shapes.

    variant: "wide" (callouts with every line of their centre, and the key) or "narrow" (labels with the number of
    infusions). language: "sv" or "en", that of the document's own texts. address: gives the URL of a centre by its
    code, and makes marks and callouts links. chosen: the code of the chosen centre. table: the id of the table
    with the same numbers, if the page has one. texts: those of describe_centres, where a caller has them already.
    """
    drawing = build_map(document, language=language, variant=variant, address=address, chosen=chosen, texts=texts)
    return drawing.frame(f'aria-details="{table}" ' if table else "")


def build_map(
    document: dict,
    *,
    language: str,
    variant: str = "wide",
    address: Callable[[str], str] | None = None,
    chosen: str | None = None,
    texts: Iterable[CentreText] | None = None,
) -> Drawing:
    """Build the map of draw_map, for callers that place it themselves."""
    measures = VARIANTS[variant]
    centres = document["centres"]
    with override(language):
        places = {centre["code"]: locate_centre(centre, measures) for centre in centres}
        sizes = choose_sizes(centres, places, largest=measures.largest, smallest=measures.smallest)
        marks = make_marks(centres, places, sizes)
        by_code = {text.code: text for text in texts or describe_centres(document)}
        key = draw_key(centres, sizes, made=bool(document["manufacturing"])) if measures.has_key else None
        key_end = KEY_TOP + key.height + KEY_DISTANCE if key else 0
        arranged = arrange(by_code, marks, measures, key_end)
        placed, drawers, height = arranged.placed, arranged.drawers, arranged.height
        by_size = sorted(marks.items(), key=lambda pair: (pair[0] == chosen, -pair[1].radius))
        link = Links(by_code, address, chosen)
        parts = [
            draw_country(measures),
            *(draw_leader(each, measures) for each in placed),
            *(link.mark(code, draw_mark(mark)) for code, mark in by_size),
            *(
                link.callout(code := each.callout.key, draw_callout(each, by_code[code], drawers[code], measures))
                for each in placed
            ),
        ]
        if key:
            x = measures.width - measures.column
            parts.append(f'<g class="key" transform="translate({x:g} {KEY_TOP})">{key.svg}</g>')
        left_out = _say_left_out(by_code, drawers) if measures.has_key else ""
        if left_out:
            parts.append(draw_text(0, height + 20, "t-13 t-muted left-out", left_out))
            height += 28
        role = "group" if address else "img"
        named = _name(document, variant, left_out)
        attributes = (
            f'xmlns="{NAMESPACE}" class="map map-{variant}" viewBox="0 0 {measures.width:g} {height:g}"'
            f' role="{role}" aria-labelledby="map-{variant}-title" aria-describedby="map-{variant}-text"'
        )
        return Drawing(measures.width, height, attributes, named + "".join(parts))


def _say_left_out(texts: Mapping[str, CentreText], drawers: Mapping[str, Drawer]) -> str:
    """What has given way to everything else, if anything has."""
    without = sum(drawers[code] is draw_brief and bool(text.lines) for code, text in texts.items())
    if without:
        return ngettext(
            "For want of room the categories of %(number)s centre are not shown. The table has all numbers.",
            "For want of room the categories of %(number)s centres are not shown. The table has all numbers.",
            without,
        ) % {"number": without}
    unnamed = sum(drawer is not draw_full for drawer in drawers.values())
    if unnamed:
        return ngettext(
            "For want of room the hospital of %(number)s centre is not named.",
            "For want of room the hospitals of %(number)s centres are not named.",
            unnamed,
        ) % {"number": unnamed}
    return ""


def _name(document: dict, variant: str, left_out: str) -> str:
    """The title and description of the map."""
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
    description = f"{description} {left_out}".strip()
    return (
        f'<title id="map-{variant}-title">{escape(title)}</title>'
        f'<desc id="map-{variant}-text">{escape(description)}</desc>'
    )
