"""Cards: pictures of 1200 × 630 pixels of what an address shows, for those who show its link."""

from collections.abc import Callable

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import re_path
from django.utils.translation import override
from django.views.decorators.http import require_safe

from registry.errors import NotFound, NotPublished, TooManyRequests, Withheld
from registry.figure.card import WIDTH, draw_map_card
from registry.formats import DRAWN
from registry.formats.pictures import render_drawing
from registry.pages.public.embedding import read_framed
from registry.pages.public.error_pages import show_too_many, show_unpublished
from registry.pages.public.layout import CARDS, PLACES
from registry.pages.public.selection import ChoiceUnknown, View
from registry.pages.public.time_panel import draw_series_card
from registry.published.current_snapshot import read_current, retry_if_replaced
from registry.published.queries import read_map, read_map_and_series
from registry.published.releases import read_newest, read_release
from swecar.http.error_status import status_of
from swecar.http.rate_limit import spend
from swecar.http.snapshot_response import Content, respond

MEDIA_TYPES = {"png": "image/png", "svg": "image/svg+xml"}
Draw = Callable[[bool], str]  # with fonts in it, or without


@require_safe
def show_card(request: HttpRequest, *, language: str, ending: str) -> HttpResponse:
    """The card of the map page as of a day; ?as_of=YYYY-MM-DD, and figure=time, measure, span for its chart."""
    with override(language):
        try:
            framed = read_framed(language, {**request.GET.dict(), "lang": language})
        except ChoiceUnknown as unknown:
            return HttpResponse(str(unknown), content_type="text/plain; charset=utf-8", status=status_of(unknown))
    try:
        return retry_if_replaced(lambda: _respond(request, framed.view, framed.figure, ending))
    except (NotPublished, Withheld) as unpublished:
        return show_unpublished(unpublished, language=language)
    except TooManyRequests as error:
        return show_too_many(request, error)


def _respond(request: HttpRequest, view: View, figure: str, ending: str) -> HttpResponse:
    current, language = read_current(), view.language

    def draw(fonts: bool) -> str:
        if figure == "map":
            document = read_map(language=language, as_of=view.as_of, number=current.number)
            return draw_map_card(document, language=language, fonts=fonts)
        read = read_map_and_series(language=language, as_of=view.as_of, number=current.number)
        return draw_series_card(read["series"], read["map"], view, fonts=fonts)

    day = view.as_of or current.data_through or "empty"
    content = _make(f"{current.hash}:card:{view}:{figure}", f"swecar-{figure}-{day}", language, ending, draw)
    return respond(request, content, of=current, spend=lambda cost: spend(request.META, cost).headers())


@require_safe
def show_release_card(request: HttpRequest, *, name: str, language: str, ending: str) -> HttpResponse:
    """The card of a release's map."""

    def draw(fonts: bool) -> str:
        document = read_release(name)["documents"][language]
        return draw_map_card(document, language=language, fonts=fonts)

    content = _make(f"release:{read_newest()}:{name}:card", f"swecar-{name}", language, ending, draw)
    try:
        return respond(request, content, spend=lambda cost: spend(request.META, cost).headers())
    except NotFound:
        raise Http404 from None
    except Withheld as withheld:
        return show_unpublished(withheld, language=language)
    except TooManyRequests as error:
        return show_too_many(request, error)


def _make(key: str, name: str, language: str, ending: str, draw: Draw) -> Content:
    def make() -> bytes:
        return draw(True).encode() if ending == "svg" else render_drawing(draw(False), WIDTH, WIDTH)

    return Content(
        key=f"{key}:{settings.SITE_URL}",
        language=language,
        content_type=MEDIA_TYPES[ending],
        make=make,
        disposition=f'inline; filename="{name}.{ending}"',
        cost=DRAWN if ending == "png" else 1,
    )


ENDING = "(?P<ending>png|svg)"
urlpatterns = [
    re_path(rf"^{place[1:]}\.{ENDING}$", show_card, {"language": language}, name=f"card-{language}")
    for language, place in CARDS.items()
] + [
    re_path(
        rf"^{PLACES['releases'][language][1:]}(?P<name>[-a-zA-Z0-9_]+){place[place.rindex('/') :]}\.{ENDING}$",
        show_release_card,
        {"language": language},
        name=f"release-card-{language}",
    )
    for language, place in CARDS.items()
]
