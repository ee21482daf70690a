"""Explore over HTTP: any question that `counts` of the API answers, cached like every public response."""

from collections.abc import Callable, Collection, Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import re_path
from django.utils.translation import override
from django.views.decorators.http import require_safe

from registry.errors import NotPublished, RegistryError, TooManyRequests, Withheld
from registry.pages.public.error_pages import show_too_many, show_unpublished
from registry.pages.public.explore_page import render_answer, render_form
from registry.pages.public.layout import PLACES
from registry.pages.public.question import (
    Chosen,
    FieldWrong,
    Question,
    read_chosen,
    read_question,
    say_too_costly,
    say_unlisted,
    say_withheld_combination,
)
from registry.pages.public.selection import is_written_so
from registry.published.count_limits import find_unknown, is_too_costly
from registry.published.count_query import CountQuery
from registry.published.current_snapshot import read_current, retry_if_replaced
from registry.published.queries import read_code_lists, read_counts, read_counts_and_lists, read_tables
from swecar.http.error_status import status_of
from swecar.http.rate_limit import spend
from swecar.http.snapshot_response import Content, host_of, respond

HTML = "text/html; charset=utf-8"
FIRST = {"by": ("year",)}  # what is shown to someone who has asked nothing yet


@require_safe
def show_explore(request: HttpRequest, *, language: str) -> HttpResponse:
    """The answer as a table, a chart and files; a form that cannot be answered comes back with what is wrong."""
    chosen = read_chosen(request.GET) if request.GET else FIRST
    try:
        with override(language):
            question = read_question(language, chosen)
        if request.GET and not is_written_so(request.GET, question.address()):
            return redirect(question.address())
        return retry_if_replaced(lambda: _respond(request, question, chosen))
    except (FieldWrong, Withheld) as error:
        return _refuse(error, chosen, language)
    except NotPublished as unpublished:
        return show_unpublished(unpublished, language=language)
    except TooManyRequests as error:
        return show_too_many(request, error)


def _respond(request: HttpRequest, question: Question, chosen: Chosen) -> HttpResponse:
    current, host = read_current(), host_of(request)

    def make() -> bytes:
        with override(question.language):
            counts, lists = read_counts_and_lists(question.query, number=current.number, check=check)
            other = None
            if question.beside:
                other = read_counts(question.other.query, number=current.number, check=check)
            return render_answer(question, chosen, counts, lists, other=other, host=host, bare=bare).encode()

    bare = not request.GET
    key = f"{current.hash}:explore:{question}:{bare}:{host}"
    content = Content(key, question.language, HTML, make, cost=2 if question.beside else 1)
    return respond(request, content, of=current, spend=lambda cost: spend(request.META, cost).headers())


def check(query: CountQuery, known: Callable[[str], Collection[str] | None], extent: Mapping[str, int]) -> None:
    """Refuse what cannot be counted, or costs too much, as the API does (published.queries.Check)."""
    if unknown := find_unknown(query, known):
        raise FieldWrong(unknown.dimension, say_unlisted())
    if is_too_costly(query, extent):
        raise FieldWrong("by", say_too_costly())


def _refuse(error: RegistryError, chosen: Chosen, language: str) -> HttpResponse:
    """The form as it was filled in, below what is wrong with it."""
    try:
        with override(language):
            current = read_current()
            sentence = say_withheld_combination(read_tables() or ()) if isinstance(error, Withheld) else str(error)
            wrong = getattr(error, "field", "")
            lists = read_code_lists(current.number)
            page = render_form(language, chosen, current, lists, problem=sentence, wrong=wrong)
    except NotPublished as unpublished:
        return show_unpublished(unpublished, language=language)
    return HttpResponse(page, status=status_of(error), headers={"Cache-Control": "no-store"})


urlpatterns = [
    re_path(f"^{place[1:]}/?$", show_explore, {"language": language}, name=f"explore-{language}")
    for language, place in PLACES["explore"].items()
]
