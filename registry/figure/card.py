"""A card: title, the nation's numbers and a small map or a chart, to be read as small as others show a link."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

from django.utils.translation import gettext as _
from django.utils.translation import override

from registry.caveats import say_horizon, say_made_up, say_withheld
from registry.choices import Category
from registry.figure import frame
from registry.figure.font_files import FAMILY, embed_fonts
from registry.figure.mark_sizes import choose_sizes
from registry.figure.marks import draw_mark, make_marks
from registry.figure.shapes import NAMESPACE, define_shapes
from registry.figure.standalone import COLOURS, STYLE
from registry.figure.texts import draw_swatch, draw_text, estimate_width, wrap
from registry.map_cells import is_withheld
from registry.wording import (
    say_citation,
    say_date,
    say_first,
    say_infusions,
    say_national,
    say_number,
    say_patients,
)

WIDTH, HEIGHT = 1200, 630  # as those who show links want it
MARGIN, TEXT, LINE = 48, 28, 36  # no text is smaller: a card is often shown at a third of its size
LOWEST_NUMBER, LAST_LINE = 392, HEIGHT - 30
MAP_TOP, MAP_HEIGHT = 24, HEIGHT - 48
MAP_SCALE = MAP_HEIGHT / frame.HEIGHT
MAP_LEFT = WIDTH - MARGIN - frame.WIDTH * MAP_SCALE
ZOOM = TEXT / 12  # of a chart, whose text is 12 units high
CARD_STYLE = """
.t-28{{font-size:28px}}.t-30{{font-size:30px}}.t-48{{font-size:48px}}.t-96{{font-size:96px}}
.middle{{text-anchor:middle}}
.line{{stroke:{rule};fill:none}}.ground{{stroke:{leader};fill:none}}
.one{{fill:{soc}}}.whole{{fill:{ink}}}
.unfinished{{fill-opacity:.35;stroke-width:1.5;stroke-dasharray:4 2}}
.unfinished.soc,.unfinished.one{{stroke:{soc}}}.unfinished.act{{stroke:{act}}}.unfinished.ict{{stroke:{ict}}}
.unfinished.cup{{stroke:{cup}}}.unfinished.whole{{stroke:{ink}}}
"""

Draw = Callable[[float, float], str]  # a chart as `<svg>`, of a width and height in its own units


def draw_map_card(document: Mapping, *, language: str, fonts: bool = False) -> str:
    """A map document as a card: the nation's numbers, and the centres as dots in the country.

    fonts as in draw_figure.
    """
    with override(language):
        width = MAP_LEFT - 2 * MARGIN
        foot, top = _draw_foot(document, filter(None, [say_horizon(document)]), width, of_map=True)
        parts = [
            *_draw_head(document, _say_day(document)),
            *_draw_numbers(document["national"]),
            _draw_country(document["centres"]),
            foot,
        ]
        if top - 8 >= LOWEST_NUMBER + LINE:  # else the caveats take its place
            parts.append(_draw_legend([category.value for category in Category], MARGIN, top - 8))
        return _write(parts, document, language, fonts)


def draw_chart_card(
    document: Mapping,
    draw: Draw,
    *,
    title: str,
    marks: Sequence[str],
    said: Iterable[str],
    language: str,
    fonts: bool = False,
) -> str:
    """A chart of a map document's numbers as a card, under its title.

    marks: the categories that are told apart in it. said: what must be known to read it.
    """
    with override(language):
        foot, end = _draw_foot(document, said, WIDTH - 2 * MARGIN, of_map=False)
        parts = _draw_head(document, title)
        national = document["national"]
        numbers = f"{say_patients(national['patients'])}, {say_infusions(national['infusions'])}"
        parts.append(draw_text(MARGIN, 176, "t-28 t-muted", f"{numbers}. {_say_day(document)}"))
        parts.append(_draw_legend(marks, WIDTH - MARGIN - _measure_legend(marks), 134))
        top, end = 196, end - 16
        size = f'x="{MARGIN}" y="{top}" width="{WIDTH - 2 * MARGIN}" height="{end - top}" '
        chart = draw((WIDTH - 2 * MARGIN) / ZOOM, (end - top) / ZOOM)
        return _write([*parts, chart.replace("<svg ", f"<svg {size}", 1), foot], document, language, fonts)


def _say_day(document: Mapping) -> str:
    """As of which day the numbers are."""
    snapshot = document["snapshot"]
    if snapshot["as_of"]:
        return _("As of %(date)s.") % {"date": say_date(snapshot["as_of"])}
    through = snapshot["data_through"]
    return _("Data through %(date)s.") % {"date": say_first(through)} if through else ""


def _draw_head(document: Mapping, below: str) -> list[str]:
    """The title, and a line below it."""
    title = _("CAR-T treatments in Sweden")
    return [draw_text(MARGIN, 86, "t-48 t-strong", title), draw_text(MARGIN, 134, "t-30", below)]


def _draw_numbers(national: Mapping) -> list[str]:
    """Patients and infusions, as large as there is room for, and in a line the rest."""
    parts, x = [], MARGIN
    *large, reinfusions, doses = say_national(dict(national))
    for number, word, remark in large:
        said = say_number(number)
        parts.append(draw_text(x, 254, "t-96 t-strong", said))
        parts.append(draw_text(x, 298, "t-30 t-strong", word))
        parts.append(draw_text(x, 334, "t-28 t-muted", remark))
        widths = estimate_width(said, 96, bold=True), estimate_width(remark, TEXT)
        x += round(max(*widths, 300)) + 40
    rest = ", ".join(f"{say_number(number)} {word}" for number, word, _remark in (reinfusions, doses))
    return [*parts, draw_text(MARGIN, LOWEST_NUMBER, "t-28", rest)]


def _draw_legend(marks: Sequence[str], x: float, y: float) -> str:
    parts = []
    for mark in marks:
        parts.append(draw_swatch(mark, x, y - 21, 22))
        parts.append(draw_text(x + 32, y, "t-28", mark))
        x += _measure_legend([mark])
    return "".join(parts)


def _measure_legend(marks: Sequence[str]) -> float:
    return sum(32 + estimate_width(mark, TEXT) + 28 for mark in marks)


def _draw_country(centres: Sequence[Mapping]) -> str:
    """The country with a dot for each centre."""
    places = {}
    for centre in centres:
        x, y = frame.locate(centre["location"]["lat"], centre["location"]["lon"])
        places[centre["code"]] = MAP_LEFT + x * MAP_SCALE, MAP_TOP + y * MAP_SCALE
    listed = [dict(centre) for centre in centres]
    marks = make_marks(listed, places, choose_sizes(listed, places, largest=30, smallest=6))
    by_size = sorted(marks.values(), key=lambda mark: -mark.radius)
    size = f'x="{MAP_LEFT:.1f}" y="{MAP_TOP}" width="{frame.WIDTH * MAP_SCALE:.1f}" height="{MAP_HEIGHT}"'
    return f'<use href="#country" {size}/>' + "".join(map(draw_mark, by_size))


def _draw_foot(document: Mapping, said: Iterable[str], width: float, *, of_map: bool) -> tuple[str, float]:
    """The caveats and the source, up from the card's edge; and the last base line that is free above them."""
    caveats = [*([say_withheld()] if is_withheld(document) else []), *say_made_up(), *said]
    source = _("Source: swecar, snapshot %(number)s.") % {"number": say_number(document["snapshot"]["number"])}
    if of_map:
        source += " " + _("Map: SCB, Natural Earth.")
    lines = wrap(" ".join(caveats), width, TEXT) if caveats else []
    written = [*((line, "t-28") for line in lines), (source, "t-28 t-muted")]
    top = LAST_LINE - LINE * (len(written) - 1)
    parts = [draw_text(MARGIN, top + LINE * place, css, line) for place, (line, css) in enumerate(written)]
    return "".join(parts), top - LINE


def _write(parts: Iterable[str], document: Mapping, language: str, fonts: bool) -> str:
    title, style = escape(_("CAR-T treatments in Sweden")), (STYLE + CARD_STYLE).format(family=FAMILY, **COLOURS)
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return (
        f'<svg xmlns="{NAMESPACE}" {size} lang="{language}">'
        f"<title>{title}</title><desc>{escape(say_citation(dict(document)))}</desc>"
        f"<style>{embed_fonts() if fonts else ''}{style}</style>{define_shapes()}"
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{COLOURS["paper"]}"/>{"".join(parts)}</svg>'
    )
