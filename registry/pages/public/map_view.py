"""The public map page over HTTP: the current snapshot's, cached like every public response."""

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.utils.translation import override

from registry.errors import NotPublished
from registry.pages.public.error_pages import show_unpublished
from registry.pages.public.map_page import render_map_page
from registry.pages.public.selection import LISTS, ChoiceUnknown, View, read_view
from registry.published.current_snapshot import read_current, retry_if_replaced
from registry.published.queries import read_map_and_series
from swecar.http.error_status import status_of
from swecar.http.snapshot_response import Content, host_of, respond

HTML = "text/html; charset=utf-8"


def show_map(request: HttpRequest, *, language: str) -> HttpResponse:
    """The country's numbers, or a page that says they are not published yet."""
    if request.method not in {"GET", "HEAD"}:
        return HttpResponseNotAllowed(["GET", "HEAD"])
    try:
        with override(language):
            view = read_view(language, request.GET)
        written = view.as_of.isoformat() if view.as_of else ""
        if request.GET.get("as_of", "") != written or any(name in request.GET for name in LISTS):
            return redirect(view.address())  # one address for one day, however it was chosen
        return retry_if_replaced(lambda: _respond(request, view))
    except ChoiceUnknown as unknown:
        return _refuse(unknown, language)
    except NotPublished as unpublished:
        return show_unpublished(unpublished, language=language)


def _refuse(unknown: ChoiceUnknown, language: str) -> HttpResponse:
    """The whole country's numbers, below what is wrong with the query."""
    try:
        with override(language):
            page = retry_if_replaced(lambda: render_page(View(language), problem=str(unknown)))
    except NotPublished as unpublished:
        return show_unpublished(unpublished, language=language)
    return HttpResponse(page, status=status_of(unknown), headers={"Cache-Control": "no-store"})


def _respond(request: HttpRequest, view: View) -> HttpResponse:
    current, host = read_current(), host_of(request)

    def make() -> bytes:
        return render_page(view, number=current.number, host=host)

    key = f"{current.hash}:page:{view}:{host}"
    return respond(request, Content(key, view.language, HTML, make), of=current)


def render_page(view: View, *, number: int | None = None, problem: str = "", host: str = "") -> bytes:
    """The page of the current snapshot, which number may name. Raises NotPublished, ChoiceUnknown."""
    read = read_map_and_series(language=view.language, as_of=view.as_of, number=number)
    return render_map_page(
        read["map"], series=read["series"], language=view.language, view=view, problem=problem, host=host
    ).encode()
