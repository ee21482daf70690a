"""Trials, hospital exemption and manufacture over HTTP, cached like every public response."""

from collections.abc import Mapping
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import override
from django.views.decorators.http import require_safe

from registry.errors import NotPublished
from registry.pages.public.atmp_page import read_page, render_page
from registry.pages.public.error_pages import show_unpublished
from registry.pages.public.layout import PLACES
from registry.pages.public.selection import LISTS, ChoiceUnknown, View, join_lists, read_day
from registry.published.atmp_query import FIRST_TRIAL
from registry.published.current_snapshot import read_current, retry_if_replaced
from swecar.http.error_status import status_of
from swecar.http.snapshot_response import Content, host_of, respond

HTML = "text/html; charset=utf-8"


@require_safe
def show_atmp(request: HttpRequest, *, language: str) -> HttpResponse:
    """The figures as of a day, or a page that says that nothing is published yet."""
    try:
        with override(language):
            view = View(language, as_of=_read_day(request.GET))
        written = view.as_of.isoformat() if view.as_of else ""
        if request.GET.get("as_of", "") != written or any(name in request.GET for name in LISTS):
            return redirect(view.at(PLACES["atmp"][language]))  # one address for one day, however it was chosen
        return retry_if_replaced(lambda: _respond(request, view))
    except ChoiceUnknown as unknown:
        return _refuse(unknown, language)
    except NotPublished as unpublished:
        return show_unpublished(unpublished, language=language)


def _read_day(given: Mapping[str, str]) -> date | None:
    return read_day(given.get("as_of", "").strip() or join_lists(given), earliest=FIRST_TRIAL)


def _respond(request: HttpRequest, view: View) -> HttpResponse:
    current, host = read_current(), host_of(request)

    def make() -> bytes:
        with override(view.language):
            return render_page(read_page(view, current.number), view, host=host).encode()

    key = f"{current.hash}:atmp:{view}:{host}"
    return respond(request, Content(key, view.language, HTML, make), of=current)


def _refuse(unknown: ChoiceUnknown, language: str) -> HttpResponse:
    """The latest figures, below what is wrong with the day."""

    def make() -> str:
        view = View(language)
        with override(language):
            return render_page(read_page(view, read_current().number), view, problem=str(unknown))

    try:
        page = retry_if_replaced(make)
    except NotPublished as unpublished:
        return show_unpublished(unpublished, language=language)
    return HttpResponse(page, status=status_of(unknown), headers={"Cache-Control": "no-store"})


urlpatterns = [
    path(place[1:], show_atmp, {"language": language}, name=f"atmp-{language}")
    for language, place in PLACES["atmp"].items()
]
