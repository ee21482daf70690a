"""The map as a standalone SVG document for files, with title, numbers, source and style sheet."""

from html import escape

from django.utils.translation import gettext as _
from django.utils.translation import override

from registry.caveats import list_caveats, say_manufacturing
from registry.figure.draw_map import build_map
from registry.figure.font_files import FAMILY, embed_fonts
from registry.figure.shapes import NAMESPACE, define_shapes
from registry.figure.texts import draw_text, wrap
from registry.wording import say_citation, say_lead, say_national, say_number, say_sources

# The colours of the page's light theme (public.css), by class.
COLOURS = {
    "paper": "#ffffff", "ink": "#17212b", "muted": "#52606d", "rule": "#d5dce3", "land": "#dce3e9",
    "border": "#ffffff", "abroad": "#f0f2f5", "leader": "#71808e", "soc": "#1f5a96", "act": "#c8561c",
    "ict": "#23897b", "cup": "#5b2250", "site": "#17212b",
}  # fmt: skip
STYLE = """
text{{font-family:{family},sans-serif;fill:{ink}}}
.abroad{{fill:{abroad};stroke:{abroad};stroke-width:4;stroke-linejoin:round}}
.counties{{fill:{land};stroke:{border};stroke-width:1.4;stroke-linejoin:round;fill-rule:evenodd}}
.leader{{fill:none;stroke:{leader};stroke-width:1}}
.halo{{fill:{paper}}}
.mark{{stroke:{paper};stroke-width:1;stroke-linejoin:round}}
.area{{fill:none}}
.example{{fill:none;stroke:{leader}}}
.soc{{fill:{soc}}}.act{{fill:{act}}}.ict{{fill:{ict}}}.cup{{fill:{cup}}}.site{{fill:{site}}}
.open{{fill:{paper};stroke:{ink};stroke-width:1.5}}
.awaited{{stroke-dasharray:2.4 1.6}}
.t-10{{font-size:10px}}.t-12{{font-size:12px}}.t-13{{font-size:13px}}.t-14{{font-size:14px}}.t-17{{font-size:17px}}
.t-18{{font-size:18px}}.t-34{{font-size:34px}}
.t-strong{{font-weight:600}}.t-muted{{fill:{muted}}}.t-note{{font-style:italic}}
"""
WIDTH, MARGIN, LINE, SIZE_BELOW = 1280, 40, 17, 12


def draw_figure(document: dict, *, language: str, fonts: bool = False) -> tuple[str, int, int]:
    """Draw a map document as a standalone SVG document; return it with its width and height.

    The same document always gives the same SVG. fonts: embed the fonts, for programs that do not have them.
    """
    with override(language):
        drawing = build_map(document, language=language, variant="wide")
        below = list_lines_below(document, drawing.body)
        height = round(MARGIN + drawing.height + 24 + LINE * len(below) + MARGIN)
        placed = drawing.frame(f'x="{MARGIN}" y="{MARGIN}" width="{drawing.width:g}" height="{drawing.height:g}" ')
        foot = [
            draw_text(MARGIN, round(MARGIN + drawing.height + 24 + LINE * index, 1), "t-12 t-muted", line)
            for index, line in enumerate(below, start=1)
        ]
        title = escape(_("CAR-T treatments in Sweden"))
        body = (
            f"<title>{title}</title><desc>{escape(' '.join(below))}</desc>"
            f"<style>{embed_fonts() if fonts else ''}{STYLE.format(family=FAMILY, **COLOURS)}</style>"
            f"{define_shapes()}"
            f'<rect width="{WIDTH}" height="{height}" fill="{COLOURS["paper"]}"/>'
            f"{_draw_head(document)}{placed}{''.join(foot)}"
        )
    frame = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" lang="{language}"'
    return f'<svg xmlns="{NAMESPACE}" {frame}>{body}</svg>', WIDTH, height


def list_lines_below(document: dict, drawn: str = "") -> list[str]:
    """What stands below a figure, in lines as wide as it: caveats, source, how to cite it.

    drawn: the figure, whose callouts name what is manufactured as long as there is room for it.
    """
    sites = [escape(site["name"]) for site in document["manufacturing"]]
    made = [] if all(name in drawn for name in sites) else say_manufacturing(document)
    said = [*list_caveats(document), *made, *say_sources(document), say_citation(document)]
    return [line for text in said for line in wrap(text, WIDTH - 2 * MARGIN, SIZE_BELOW)]


def _draw_head(document: dict) -> str:
    """Title, lead and national numbers, in the corner that the map leaves free."""
    national = document["national"]
    y = MARGIN + 34.0
    parts = []
    for line in _("CAR-T treatments\nin Sweden").split("\n"):
        parts.append(draw_text(MARGIN, y, "t-34 t-strong", line))
        y += 38
    for line in say_lead(document):
        parts.append(draw_text(MARGIN, y, "t-18", line))
        y += 25
    y += 26
    for index, (number, word, remark) in enumerate(say_national(national)):
        x = MARGIN + 190 * (index % 2)
        top = y + 92 * (index // 2)
        parts.append(f'<path d="M{x},{top - 34:g}h170" stroke="{COLOURS["rule"]}" fill="none"/>')
        parts.append(draw_text(x, top, "t-34 t-strong", say_number(number)))
        parts.append(draw_text(x, top + 20, "t-14 t-strong", word))
        if remark:
            parts.append(draw_text(x, top + 37, "t-13 t-muted", remark))
    return "".join(parts)
