"""The public map page over HTTP: the current snapshot's, kept like every public answer."""

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from registry.errors import NotPublished
from registry.pages.public import render_map_page, render_waiting_page
from registry.statistics.published import read_current, read_map
from swecar.answers import answer

HTML = "text/html; charset=utf-8"


def show_map(request: HttpRequest, *, language: str) -> HttpResponse:
    """The country's numbers, or a page that says they are not published yet."""
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    try:
        current = read_current()
        return answer(
            request,
            key=f"{current.hash}:page",
            language=language,
            content_type=HTML,
            make=lambda: _render(current.number, language),
        )
    except NotPublished:
        return HttpResponse(
            render_waiting_page(language=language),
            status=503,
            headers={"Retry-After": "60", "Cache-Control": "no-store"},
        )


def _render(number: int, language: str) -> bytes:
    return render_map_page(read_map(language=language, number=number), language=language).encode()
