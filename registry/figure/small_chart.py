"""The small chart of a single centre."""

from collections.abc import Mapping, Sequence
from html import escape

from django.utils.translation import gettext as _

from registry.figure.chart_scale import Scale
from registry.figure.texts import draw_text
from registry.wording import say_number


def draw_small(
    years: Sequence[int], numbers: Sequence[int], *, most: int, label: str, names: Mapping[int, str]
) -> str:
    """Draw a centre's columns to the scale of most, as one image named by its numbers.

    names as in draw_columns.
    """
    width, height = 240.0, 84.0
    scale = Scale(width, height, max(1, most), len(years), head=14, foot=16)
    read = ", ".join(
        f"{names.get(year) or year}: {say_number(count)}"
        for year, count in zip(years, numbers, strict=True)
        if count
    )
    parts = [f'<path class="ground" d="M0,{scale.ground:g}H{width:g}"/>']
    for index, number in enumerate(numbers):
        faint = " unfinished" if years[index] in names else ""
        box = scale.draw_box("one" + faint, index, 0, number) if number else ""
        said = f"{names.get(years[index]) or years[index]}: {say_number(number)}"
        parts.append(f'<g data-value="{escape(said)}">{scale.draw_area(index)}{box}</g>')
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
