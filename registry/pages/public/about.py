"""The pages that say why the numbers can be trusted, what the law asks to be said, and how to use them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_safe

from registry.errors import NotPublished, Withheld
from registry.formats.labels import label_measure
from registry.map_cells import list_numbers
from registry.measures import DERIVED, MEASURES
from registry.pages.public.error_pages import show_unpublished
from registry.pages.public.layout import PLACES, describe_snapshot, frame
from registry.pages.public.map_page import list_downloads
from registry.pages.public.selection import View
from registry.published.atmp_file import read_atmp_file
from registry.published.atmp_reconciliation import reconcile_atmp
from registry.published.atmp_verdicts import Verdict
from registry.published.current_snapshot import Current, read_current, retry_if_replaced
from registry.published.disclosure import require_exact
from registry.published.queries import read_freshness, read_map
from registry.published.reconciliation import Compared, reconcile
from registry.wording import say_citation, say_date, say_measured, say_month, say_number
from swecar.http.snapshot_response import Content, host_of, respond

HTML = "text/html; charset=utf-8"
DATA = Path(__file__).resolve().parents[2] / "published" / "data"
FIGURE = DATA / "swecarnet-2025-09-08.json"
STATED = (DATA / "atmp-report-2025.json", DATA / "atmp-sweden-list.json")


@dataclass(frozen=True)
class Place:
    """A page: its template, and what it is made of; template stands once for each language where it is prose."""

    describe: Callable[[str, str, Current], dict]
    is_prose: bool = True


def describe_counting(language: str, host: str, current: Current) -> dict:
    """Every measure's rule."""
    return {
        "measures": [
            {
                "name": name,
                "label": measure.label(language),
                "rule": measure.rule(language),
                "source": measure.source,
            }
            for name, measure in (MEASURES | DERIVED).items()
        ],
        "exact": current.disclosure == "exact",
    }


def describe_reconciliation(language: str, host: str, current: Current) -> dict:
    """The published figure beside the registry, cell by cell. Raises Withheld."""
    require_exact()
    figure = json.loads(FIGURE.read_text(encoding="utf-8"))
    result = reconcile(figure, number=current.number)
    cities = {centre["code"]: centre["city" if language == "sv" else "city_en"] for centre in figure["centres"]}
    return {
        "stated": [_describe_stated(path, language, current.number) for path in STATED],
        "as_of": say_date(figure["data_cut"]),
        "rows": [_describe_row(row, cities, language) for row in result.compared],
        "compared": say_number(len(result.compared)),
        "different": say_number(len(result.differences)),
        "agrees": not result.differences,
    }


def _describe_stated(path: Path, language: str, number: int) -> dict:
    """What others state of trials and manufacture, beside the registry."""
    read = read_atmp_file(json.loads(path.read_text(encoding="utf-8")))
    result = reconcile_atmp(read, language=language, number=number)
    return {
        "name": path.stem,
        "source": result.source,
        "as_of": result.as_of and say_date(result.as_of.isoformat()),
        "rows": [(row, _say_verdict(row.verdict)) for row in result.rows],
        "different": say_number(result.count(Verdict.DIFFERENT)),
        "compared": say_number(len(result.rows) - result.count(Verdict.NOT_COMPARED)),
    }


def _say_verdict(verdict: Verdict) -> str:
    return {
        Verdict.EQUAL: _("equal"),
        Verdict.EXPLAINED: _("explained"),
        Verdict.DIFFERENT: _("differs"),
        Verdict.NOT_COMPARED: _("not compared"),
    }[verdict]


def describe_freshness(language: str, host: str, current: Current) -> dict:
    """How far each centre's records go, and the proof of the current snapshot."""
    read = read_freshness(language=language, number=current.number)
    document = read["map"]
    return {
        "centres": [
            {
                "city": centre["city"],
                "name": centre["name"],
                "status": centre["status"],
                "complete": centre["complete_through"] and say_date(centre["complete_through"]),
                "latest": say_month(read["latest"].get(centre["code"])),
            }
            for centre in document["centres"]
        ],
        "snapshot": describe_snapshot(document["snapshot"]),
        "hash": document["snapshot"]["hash"],
        "numbers": say_number(len(list(list_numbers(document)))),
    }


def describe_sharing(language: str, host: str, current: Current) -> dict:
    """A sentence to cite, the files, and a line of code for each kind of client."""
    document = read_map(language=language, number=current.number)
    return {
        "citation": say_citation(document),
        "host": host,
        "downloads": list_downloads(View(language)),
    }


def describe_law(language: str, host: str, current: Current) -> dict:
    """Who answers for the registry."""
    return {"controller": settings.CONTROLLER, "contact": settings.CONTACT}


PAGES = {
    "counting": Place(describe_counting),
    "reconciliation": Place(describe_reconciliation),
    "freshness": Place(describe_freshness, is_prose=False),
    "sharing": Place(describe_sharing),
    "accessibility": Place(describe_law),
    "privacy": Place(describe_law),
}


@require_safe
def show_page(request: HttpRequest, *, name: str, language: str) -> HttpResponse:
    """A page of the current snapshot."""

    def make(current: Current) -> bytes:
        with override(language):
            place = PAGES[name]
            context = frame(language, PLACES[name], host=host) | place.describe(language, host, current)
            template = f"pages/{name}.{language}.html" if place.is_prose else f"pages/{name}.html"
            return render_to_string(template, context).encode()

    host = host_of(request)
    return _respond(request, f"{name}:{host}", language, make)


def _respond(request: HttpRequest, key: str, language: str, make: Callable[[Current], bytes]) -> HttpResponse:
    try:
        return retry_if_replaced(lambda: _respond_from_current(request, key, language, make))
    except (NotPublished, Withheld) as unpublished:
        return show_unpublished(unpublished, language=language)


def _respond_from_current(
    request: HttpRequest, key: str, language: str, make: Callable[[Current], bytes]
) -> HttpResponse:
    current = read_current()
    content = Content(f"{current.hash}:{key}", language, HTML, lambda: make(current))
    return respond(request, content, of=current)


def _describe_row(row: Compared, cities: Mapping[str, str], language: str) -> dict:
    code, _cross, category = row.printed.cell.partition(" × ")
    place = _("Sweden") if code == "nation" else cities.get(code, code)
    return {
        "place": f"{place}, {category}" if category else place,
        "total": not category,
        "measure": label_measure(row.printed.measure, language),
        "figure": "–" if row.printed.value is None else say_measured(row.printed.measure, row.printed.value),
        "registry": "–" if row.registry is None else say_measured(row.printed.measure, row.registry),
        "differs": row.differs,
    }


urlpatterns = [
    path(place[1:], show_page, {"name": name, "language": language}, name=f"{name}-{language}")
    for name in PAGES
    for language, place in PLACES[name].items()
]
