"""The key of the map."""

from html import escape

from django.utils.translation import gettext as _

from registry.choices import Category
from registry.figure.callout_lines import Block
from registry.figure.mark_sizes import Sizes
from registry.figure.texts import draw_swatch, draw_text
from registry.map_cells import cells_of_centre
from registry.wording import is_awaited, say_number


def draw_key(centres: list[dict], sizes: Sizes, *, made: bool) -> Block:
    """Return the key: categories, the signs that occur (made: that of manufacture), and sizes of circles."""
    parts, y = [draw_text(0, 12, "t-13 t-strong", _("Category of the infusions"))], 34.0
    for category in Category:
        parts.append(draw_swatch(category.value, 0, y - 10, 10))
        parts.append(
            f'<text x="18" y="{y:g}" class="t-13"><tspan class="t-strong">{category.value}</tspan>'
            f' <tspan class="t-muted">{escape(str(category.label))}</tspan></text>'
        )
        y += 19
    if made:
        parts.append(draw_swatch("site", 0, y - 10, 10))
        parts.append(draw_text(18, y, "t-13 t-muted", _("Manufacture of CAR-T cells at the hospital")))
        y += 19
    if any(is_awaited(centre) for centre in centres):
        parts.append(f'<circle class="mark open awaited" cx="5" cy="{y - 5:g}" r="{sizes.open:g}"/>')
        parts.append(draw_text(18, y, "t-13 t-muted", _("Upcoming centre")))
        y += 19
    if any(cell.numbers.get("suppressed") for centre in centres for cell in cells_of_centre(centre)):
        parts.append(f'<circle class="mark open" cx="5" cy="{y - 5:g}" r="{sizes.open:g}"/>')
        parts.append(draw_text(18, y, "t-13 t-muted", _("Numbers that are not shown")))
        y += 19
    most = max((centre["infusions"] or 0 for centre in centres), default=0)
    if most > 1:
        drawn, y = _draw_sizes(_choose_examples(most), sizes, y + 18)
        parts.append(drawn)
    return Block(y, 0, "".join(parts))


def _draw_sizes(examples: list[int], sizes: Sizes, y: float) -> tuple[str, float]:
    """Draw nested circles on one base, each with its number; y is the heading's baseline."""
    parts = [draw_text(0, y, "t-13 t-strong", _("Area of the circle: infusions"))]
    largest = sizes.radius(examples[0])
    base = y + 12 + 2 * largest
    for infusions in examples:
        radius = sizes.radius(infusions)
        top, end = base - 2 * radius, 2 * largest + 14
        middle = f'cx="{largest:.1f}" cy="{base - radius:.1f}"'
        parts.append(f'<circle class="example" {middle} r="{radius:.1f}"/>')
        parts.append(f'<path class="leader" d="M{largest:.1f},{top:.1f}H{end:.1f}"/>')
        parts.append(draw_text(round(end + 5, 1), round(top + 4, 1), "t-12 t-muted", say_number(infusions)))
    return "".join(parts), base + 4


def _choose_examples(most: int) -> list[int]:
    """Return the largest round number up to most, and one that is a tenth to a fifth of it."""
    rounds = [step * 10**power for power in range(7) for step in (1, 2, 5)]
    below = [number for number in rounds if number <= most]
    return [below[-1], below[max(0, len(below) - 3)]]
