"""The slide with the centres' infusions as a chart that can be edited."""

from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION
from pptx.util import Pt

from registry.choices import Category
from registry.formats.slide_theme import CATEGORIES, HEIGHT, INK, MARGIN, TITLE_HEIGHT, TITLE_TOP, WIDTH
from registry.wording import is_awaited

TOP, LABEL = TITLE_TOP + TITLE_HEIGHT, 12


def add_chart(slide, document: dict, foot_height: int):
    """A bar for each centre with infusions, divided by category. A withheld number is an empty cell, no zero."""
    centres = [centre for centre in document["centres"] if not is_awaited(centre)]
    given = CategoryChartData()
    given.categories = [centre["city"] for centre in centres]
    for category in Category:
        given.add_series(f"{category.value} {category.label}", [_read(centre, category) for centre in centres])
    frame = slide.shapes.add_chart(
        XL_CHART_TYPE.BAR_STACKED, MARGIN, TOP, WIDTH - 2 * MARGIN, HEIGHT - TOP - foot_height, given
    )
    chart = frame.chart
    chart.font.size, chart.font.color.theme_color = Pt(LABEL), INK
    chart.has_title, chart.has_legend = False, True
    chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    chart.category_axis.reverse_order = True  # the first centre at the top, as on the page
    chart.value_axis.has_major_gridlines = False
    plot = chart.plots[0]
    plot.gap_width, plot.overlap = 50, 100
    for series, category in zip(plot.series, Category, strict=True):
        series.format.fill.solid()
        series.format.fill.fore_color.theme_color = CATEGORIES[category.value]
    return frame


def _read(centre: dict, category: str) -> int | None:
    """The infusions of a category at a centre; None for none or withheld, of which nothing is drawn."""
    found = [cell["infusions"] for cell in centre["categories"] if cell["category"] == category]
    return (found[0] if found else None) or None
