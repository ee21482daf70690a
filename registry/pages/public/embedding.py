"""A figure alone, for a frame in another page, and the page on which its code is put together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_safe

from registry.caveats import list_caveats, say_made_up
from registry.choices import Category
from registry.dates import read_date
from registry.errors import NotPublished
from registry.figure.draw_map import draw_map
from registry.figure.shapes import draw_shapes
from registry.infusion_rules import FIRST_TREATMENT
from registry.pages.public.day_lists import list_days
from registry.pages.public.error_pages import show_unpublished
from registry.pages.public.layout import LANGUAGES, PLACES, describe_snapshot, frame
from registry.pages.public.selection import FIGURES, LISTS, MEASURES, SPANS, ChoiceUnknown, View, choose, read_view
from registry.pages.public.time_panel import describe_series, say_measure, say_span
from registry.published.current_snapshot import Current, read_current, retry_if_replaced
from registry.published.queries import read_map, read_map_and_series
from swecar.http.error_status import status_of
from swecar.http.snapshot_response import Content, host_of, respond

HTML = "text/html; charset=utf-8"
WIDTHS = ("", "360", "480", "720", "960")  # pixels; as wide as what is around it
HEIGHTS = ("", "400", "600", "800", "1000")  # pixels; as high as the figure
BEFORE_IT_FITS = "600"


@dataclass(frozen=True)
class Framed:
    """A figure in a frame: what it shows, and the frame's width and height in pixels, "" where they fit."""

    view: View
    figure: str
    width: str
    height: str

    def address(self) -> str:
        """The embedded page's."""
        more = {} if self.figure == FIGURES[0] else {"figure": self.figure}
        return self.view.at(PLACES["embed"][self.view.language], **more)

    def builder(self, language: str) -> str:
        """The address of the page on which it is put together, in a language."""
        more = {"figure": self.figure, "lang": self.view.language, "width": self.width, "height": self.height}
        return self.view.at(PLACES["embedding"][language], **more)


def read_framed(language: str, given: Mapping[str, str]) -> Framed:
    """The frame that was chosen on a page in a language. Raises ChoiceUnknown."""
    own = choose(given.get("lang") or language, tuple(LANGUAGES))
    view = read_view(own, {name: word for name, word in given.items() if name != "centre"})
    figure = choose(given.get("figure"), FIGURES)
    if figure == FIGURES[0]:
        view = View(own, as_of=view.as_of)
    return Framed(view, figure, choose(given.get("width"), WIDTHS), choose(given.get("height"), HEIGHTS))


@require_safe
def show_embedding(request: HttpRequest, *, language: str) -> HttpResponse:
    """The form, the code it comes to, and the figure as it will look."""
    problem = ""
    with override(language):
        try:
            framed = read_framed(language, request.GET)
        except ChoiceUnknown as unknown:
            framed, problem = read_framed(language, {}), str(unknown)
    if not problem and any(name in request.GET for name in LISTS):
        return redirect(framed.builder(language))  # one address for one day
    host = host_of(request)

    def make(current: Current) -> bytes:
        with override(language):
            addresses = {code: framed.builder(code) for code in LANGUAGES} if request.GET else PLACES["embedding"]
            context = frame(language, addresses, host=host) | _describe_form(framed, current, host)
            return render_to_string("pages/embedding.html", context | {"problem": problem}).encode()

    if problem:
        return _refuse(make, language)
    return _respond(request, f"embedding:{framed}:{bool(request.GET)}:{host}", language, make)


def _refuse(make: Callable[[Current], bytes], language: str) -> HttpResponse:
    try:
        page = retry_if_replaced(lambda: make(read_current()))
    except NotPublished as unpublished:
        return show_unpublished(unpublished, language=language)
    return HttpResponse(page, status=status_of(ChoiceUnknown()), headers={"Cache-Control": "no-store"})


def _describe_form(framed: Framed, current: Current, host: str) -> dict:
    view, through = framed.view, current.data_through
    last = read_date(through)[0] if through else FIRST_TREATMENT
    figures = {"map": _("The map"), "time": _("The chart over time")}
    return {
        "framed": framed,
        "languages": [(code, name, code == view.language) for code, name in LANGUAGES.items()],
        "figures": [(name, label, name == framed.figure) for name, label in figures.items()],
        "measures": [(name, say_measure(name), name == view.measure) for name in MEASURES],
        "spans": [(name, say_span(name), name == view.span) for name in SPANS],
        "widths": [(one, f"{one} px" if one else _("full width"), one == framed.width) for one in WIDTHS],
        "heights": [(one, f"{one} px" if one else _("fits the figure"), one == framed.height) for one in HEIGHTS],
        "lists": list_days(view.as_of, last, months=current.disclosure == "exact"),
        "code": _write_code(framed, host),
        "fits": not framed.height,
        "title": _title(framed),
        "frame_width": framed.width or "100%",
        "frame_height": framed.height or BEFORE_IT_FITS,
        "host": host,
        "action": PLACES["embedding"],
    }


def _title(framed: Framed) -> str:
    with override(framed.view.language):
        return _("CAR-T treatments in Sweden")


def _write_code(framed: Framed, host: str) -> str:
    """The HTML to copy; where the height fits, with the script that sets it as the figure tells it."""
    address = (host + framed.address()).replace("&", "&amp;")
    code = (
        f'<iframe src="{address}" title="{_title(framed)}" width="{framed.width or "100%"}"'
        f' height="{framed.height or BEFORE_IT_FITS}" loading="lazy"></iframe>'
    )
    if framed.height:
        return code
    return f"""{code}
<script>
addEventListener("message", (event) => {{
  if (event.origin !== "{host}" || event.data?.swecar !== "height") return;
  for (const frame of document.querySelectorAll("iframe"))
    if (frame.contentWindow === event.source) frame.height = event.data.height;
}});
</script>"""


@require_safe
def show_embedded(request: HttpRequest, *, language: str) -> HttpResponse:
    """A figure alone, for a frame in another page; ?as_of=YYYY-MM-DD, and figure=time, measure, span."""
    with override(language):
        try:
            framed = read_framed(language, {**request.GET.dict(), "lang": language})
        except ChoiceUnknown as unknown:
            return HttpResponse(str(unknown), content_type="text/plain; charset=utf-8", status=status_of(unknown))

    def make(current: Current) -> bytes:
        describe = _describe_map if framed.figure == "map" else _describe_time
        with override(language):
            context = describe(framed.view, current.number)
            page = frame(language, PLACES["embed"]) | {"address": framed.view.address()} | context
            return render_to_string("pages/embed.html", page).encode()

    return _respond(request, f"embed:{framed}", language, make)


def _describe_map(view: View, number: int) -> dict:
    document = read_map(language=view.language, as_of=view.as_of, number=number)
    return _describe_any(document) | {
        "shapes": draw_shapes(),
        "categories": [(category.value, category.label) for category in Category],
        "maps": [
            draw_map(document, language=view.language, variant=variant, table=None)
            for variant in ("wide", "narrow")
        ],
    }


def _describe_time(view: View, number: int) -> dict:
    read = read_map_and_series(language=view.language, as_of=view.as_of, number=number)
    return _describe_any(read["map"]) | {"time": describe_series(read["series"], read["map"], view)}


def _describe_any(document: dict) -> dict:
    return {
        "snapshot": describe_snapshot(document["snapshot"]),
        "caveats": [said for said in list_caveats(document) if said not in say_made_up()],  # see above it
    }


def _respond(request: HttpRequest, key: str, language: str, make: Callable[[Current], bytes]) -> HttpResponse:
    def respond_from_current() -> HttpResponse:
        current = read_current()
        content = Content(f"{current.hash}:{key}", language, HTML, lambda: make(current))
        return respond(request, content, of=current)

    try:
        return retry_if_replaced(respond_from_current)
    except NotPublished as unpublished:
        return show_unpublished(unpublished, language=language)


urlpatterns = [
    path(place[1:], show, {"language": language}, name=f"{name}-{language}")
    for name, show in (("embed", show_embedded), ("embedding", show_embedding))
    for language, place in PLACES[name].items()
]
