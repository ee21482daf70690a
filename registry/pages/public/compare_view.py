"""Compare over HTTP: two days, two centres or two releases, cached like every public response."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import re_path
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_safe

from registry.errors import NotFound, NotPublished, RegistryError, TooManyRequests, Withheld
from registry.pages.public.compare_page import (
    Answer,
    describe_form,
    name_days,
    render_comparison,
    render_form,
    write_file,
)
from registry.pages.public.comparison import FIELDS, KINDS, Comparison, begin, read_comparison
from registry.pages.public.error_pages import show_too_many, show_unpublished
from registry.pages.public.layout import PLACES
from registry.pages.public.selection import ChoiceUnknown, is_written_so
from registry.published.comparison import compare_centres, compare_days, compare_releases, list_latest_releases
from registry.published.current_snapshot import read_current, retry_if_replaced
from registry.published.queries import read_code_lists
from registry.published.releases import read_newest
from registry.wording import say_date
from swecar.http.error_status import status_of
from swecar.http.rate_limit import spend
from swecar.http.snapshot_response import Content, host_of, respond

HTML, CSV = "text/html; charset=utf-8", "text/csv; charset=utf-8"
MOST_RELEASES = 200  # to choose from
COST = 2


@require_safe
def show_compare(request: HttpRequest, *, language: str) -> HttpResponse:
    """Every number of both in a table, or as CSV; what cannot be compared comes back with what is wrong."""
    try:
        with override(language):
            bare = not request.GET
            given = request.GET.dict()
            comparison = begin(language, read_current().data_through) if bare else read_comparison(language, given)
        address = comparison.address(form=comparison.form)
        if not bare and not is_written_so(request.GET, address):
            return redirect(address)
        return retry_if_replaced(lambda: _respond(request, comparison, bare))
    except (ChoiceUnknown, Withheld) as error:
        return _refuse(error, request.GET.dict(), language)
    except NotPublished as unpublished:
        return show_unpublished(unpublished, language=language)
    except TooManyRequests as error:
        return show_too_many(request, error)


def _respond(request: HttpRequest, comparison: Comparison, bare: bool) -> HttpResponse:
    current, host = read_current(), host_of(request)
    is_file = comparison.form == "csv"

    def make() -> bytes:
        with override(comparison.language):
            form = _describe_form(comparison, {"one": comparison.one, "other": comparison.other}, current.number)
            if not comparison.is_chosen:
                return render_form(comparison, form).encode()
            answer = _answer(comparison, current.number)
            if is_file:
                return write_file(comparison, answer, host=host)
            return render_comparison(comparison, form, answer, host=host, bare=bare).encode()

    of_releases = comparison.of == "releases"
    key = f"{current.hash}:compare:{comparison}:{bare}:{host}" + (f":{read_newest()}" if of_releases else "")
    name = f'attachment; filename="swecar-compare-{comparison.of}.csv"' if is_file else ""
    content = Content(key, comparison.language, CSV if is_file else HTML, make, disposition=name, cost=COST)
    of = None if of_releases else current  # a release is made without a snapshot
    return respond(request, content, of=of, spend=lambda cost: spend(request.META, cost).headers())


def _answer(comparison: Comparison, number: int) -> Answer:
    """Both, read and compared. Raises ChoiceUnknown, Withheld."""
    one, other, language = comparison.one, comparison.other, comparison.language
    if comparison.of == "days":
        documents, compared = compare_days(*comparison.days, language=language, number=number)
        return Answer(documents, name_days(comparison), compared)
    if comparison.of == "releases":
        releases, compared, causes = compare_releases(one, other, language=language)
        titles = [release["title"][language] for release in releases]
        return Answer(
            [release["documents"][language] for release in releases], (titles[0], titles[1]), compared, causes
        )
    try:
        document, compared = compare_centres(one, other, language=language, number=number)
    except NotFound:
        raise ChoiceUnknown(_("There is no centre with this code. Choose again.")) from None
    cities = {centre["code"]: centre["city"] for centre in document["centres"]}
    return Answer([document], (cities[one], cities[other]), compared)


def _describe_form(comparison: Comparison, typed: Mapping[str, str], number: int) -> dict:
    """The form, with what there is to choose from."""
    choices = []
    if comparison.of == "centres":
        centres = read_code_lists(number)["centres"]
        choices = [(centre["code"], centre["city"][comparison.language]) for centre in centres]
    if comparison.of == "releases":
        choices = [
            (one["name"], f"{one['title'][comparison.language]} ({say_date(one['released_at'][:10])})")
            for one in list_latest_releases(MOST_RELEASES)
        ]
    return describe_form(comparison, choices, typed)


def _refuse(error: RegistryError, given: Mapping[str, str], language: str) -> HttpResponse:
    """The form as it was filled in, below what is wrong with it."""
    of = given.get("of") if given.get("of") in KINDS else KINDS[0]
    comparison = Comparison(language, of or KINDS[0])
    try:
        with override(language):
            typed = {name: given.get(name, "") for name in FIELDS}
            form = _describe_form(comparison, typed, read_current().number)
            page = render_form(comparison, form, problem=str(error))
    except NotPublished as unpublished:
        return show_unpublished(unpublished, language=language)
    return HttpResponse(page, status=status_of(error), headers={"Cache-Control": "no-store"})


urlpatterns = [
    re_path(f"^{place[1:]}/?$", show_compare, {"language": language}, name=f"compare-{language}")
    for language, place in PLACES["compare"].items()
]
