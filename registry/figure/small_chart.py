"""The small chart of a single centre."""

from collections.abc import Sequence
from html import escape

from django.utils.translation import gettext as _

from registry.figure.chart_scale import Scale
from registry.figure.texts import draw_text
from registry.wording import say_number


def draw_small(
    years: Sequence[int], numbers: Sequence[int], *, most: int, label: str, unfinished: str = ""
) -> str:
    """Draw a centre's columns to the scale of most, as one image named by its numbers.

    unfinished as in draw_columns.
    """
    width, height = 240.0, 84.0
    scale = Scale(width, height, max(1, most), len(years), head=14, foot=16)
    names = [str(year) for year in years]
    if unfinished:
        names[-1] = unfinished
    read = ", ".join(f"{name}: {say_number(count)}" for name, count in zip(names, numbers, strict=True) if count)
    parts = [f'<path class="ground" d="M0,{scale.ground:g}H{width:g}"/>']
    for index, number in enumerate(numbers):
        if number:
            faint = " unfinished" if unfinished and index == len(years) - 1 else ""
            parts.append(scale.draw_box("one" + faint, index, 0, number))
    if numbers and max(numbers):
        index = max(range(len(numbers)), key=lambda i: (numbers[i], i))
        middle, above = scale.middle(index), scale.y(numbers[index]) - 4
        parts.append(scale.draw_middle(middle, above, say_number(numbers[index])))
    if years:
        parts.append(draw_text(0, height - 2, "t-12 t-muted", str(years[0])))
        parts.append(draw_text(width, height - 2, "t-12 t-muted", str(years[-1]), "end"))
    name = f"{label} {read or _('none')}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart small" viewBox="0 0 {width:g} {height:g}"'
        f' role="img" aria-label="{escape(name)}">{"".join(parts)}</svg>'
    )
