"""The public pages of releases: the list, one release, its feed, and its files as they were made."""

from datetime import UTC, datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.template.loader import render_to_string
from django.urls import path
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_safe

from registry.errors import NotFound, Withheld
from registry.figure.draw_map import draw_map
from registry.figure.shapes import draw_shapes
from registry.formats.labels import label_measure
from registry.pages.public.error_pages import show_unpublished
from registry.pages.public.layout import CARDS, PLACES, Card, describe_snapshot, frame
from registry.pages.public.numbers_table import describe_table
from registry.published.release_causes import CAUSES
from registry.published.releases import read_newest, read_release, read_release_file, read_releases
from registry.wording import say_citation, say_date, say_instant, say_measured, say_number
from swecar.http.browser_limits import POLICY, drawing_policy
from swecar.http.snapshot_response import Content, host_of, respond

HTML = "text/html; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"
FOR_EVER = "public, max-age=31536000, immutable"
# Names that last longer than any address (RFC 4151).
TAG = "tag:swecar,2026:releases"


@require_safe
def show_releases(request: HttpRequest, *, language: str) -> HttpResponse:
    """All releases, the newest first, 100 a page; ?before=NAME those before it."""
    host, before = host_of(request), request.GET.get("before", "")

    def make() -> bytes:
        return _render_list(*read_releases(before), language, host)

    try:
        return respond(request, Content(f"releases:{read_newest()}:{host}:{before}", language, HTML, make))
    except NotFound:
        raise Http404 from None


@require_safe
def show_release(request: HttpRequest, *, name: str, language: str) -> HttpResponse:
    """One release: what it says, the map, the numbers, the files, and what changed."""
    host = host_of(request)

    def make() -> bytes:
        return _render_one(read_release(name), language, host)

    try:
        return respond(request, Content(f"release:{read_newest()}:{name}:{host}", language, HTML, make))
    except NotFound:
        raise Http404 from None
    except Withheld as withheld:
        return show_unpublished(withheld, language=language)


@require_safe
def show_feed(request: HttpRequest, *, language: str) -> HttpResponse:
    """The latest releases as an Atom feed (RFC 4287)."""
    host = host_of(request)

    def make() -> bytes:
        latest, _older = read_releases()
        return _write_feed(latest, language, host)

    return respond(request, Content(f"feed:{read_newest()}:{host}", language, ATOM, make))


@require_safe
def send_file(request: HttpRequest, *, release: str, name: str) -> HttpResponse:
    """A file of a release, byte for byte as it was made."""
    try:
        file = read_release_file(release, name)
    except NotFound:
        raise Http404 from None
    except Withheld as withheld:
        return show_unpublished(withheld, language="sv")
    headers = {
        "ETag": f'"{file.sha256}"',
        "Cache-Control": FOR_EVER,
        "Content-Disposition": f'attachment; filename="{file.name}"',
        "Access-Control-Allow-Origin": "*",
    }
    if headers["ETag"] in request.headers.get("If-None-Match", ""):
        return HttpResponseNotModified(headers=headers)
    content = bytes(file.content)
    if file.media_type.startswith("image/svg+xml"):
        headers[POLICY] = drawing_policy(content)
    return HttpResponse(content, file.media_type, headers=headers)


def _render_list(releases: list[dict], older: bool, language: str, host: str) -> bytes:
    with override(language):
        context = frame(language, PLACES["releases"], host=host) | {
            "releases": [_describe(release, language) for release in releases],
            "feed": f"{PLACES['releases'][language]}atom.xml",
            "older": f"{PLACES['releases'][language]}?before={releases[-1]['name']}" if older else "",
        }
        return render_to_string("pages/releases.html", context).encode()


def _render_one(release: dict, language: str, host: str) -> bytes:
    document = release["documents"][language]
    addresses = {code: f"{place}{release['name']}/" for code, place in PLACES["releases"].items()}
    with override(language):
        card = Card(release["title"][language], f"{addresses[language]}{CARDS[language].rpartition('/')[2]}.png")
        context = frame(language, addresses, host=host, card=card) | {
            "release": _describe(release, language),
            "snapshot": describe_snapshot(document["snapshot"]),
            "hash": release["hash"],
            "citation": say_citation(document),
            "shapes": draw_shapes(),
            "wide_map": draw_map(document, language=language, variant="wide"),
            "narrow_map": draw_map(document, language=language, variant="narrow"),
            "files": [
                file | {"kilobytes": say_number(max(1, round(file["size"] / 1000)))}
                for file in release["files"]
                if file["language"] == language
            ],
            "since": release["changes"]["since"],
            "since_address": f"{PLACES['releases'][language]}{release['changes']['since']}/",
            "changes": [describe_change(row, document, language) for row in release["changes"]["changes"]],
            "causes": [say_cause(cause) for cause in CAUSES],
            **describe_table(document),
        }
        return render_to_string("pages/release.html", context).encode()


def _describe(release: dict, language: str) -> dict:
    return {
        "name": release["name"],
        "title": release["title"][language],
        "note": release["note"][language],
        "address": f"{PLACES['releases'][language]}{release['name']}/",
        "released_at": release["released_at"],
        "released": say_instant(release["released_at"]),
        "snapshot": say_number(release["snapshot"]),
        "as_of": release["as_of"] and say_date(release["as_of"]),
    }


def describe_change(row: dict, document: dict, language: str) -> dict:
    names = {centre["code"]: centre["city"] for centre in document["centres"]}
    names |= {site["site"]: site["name"] for site in document["manufacturing"]}
    code = row["centre"] or row.get("site")  # releases before 1.0 tell of no site
    place = names.get(code, code) if code else _("Sweden")
    return {
        "place": place if row["category"] is None else f"{place}, {row['category']}",
        "total": row["category"] is None,
        "causes": [say_number(row[cause]) if row[cause] else "–" for cause in CAUSES],
        "measures": [
            _("%(measure)s %(before)s → %(after)s")
            % {
                "measure": label_measure(name, language),
                "before": say_measured(name, moved["before"]),
                "after": say_measured(name, moved["after"]),
            }
            for name, moved in row["measures"].items()
        ],
    }


def say_cause(cause: str) -> str:
    return {
        "new": _("new"),
        "corrected": _("corrected"),
        "withdrawn": _("withdrawn"),
        "merged": _("merged persons"),
    }[cause]


def _write_feed(releases: list[dict], language: str, host: str) -> bytes:
    with override(language):
        feed = Atom1Feed(
            title=_("swecar, the national registry of CAR-T treatments in Sweden"),
            link=f"{host}{PLACES['releases'][language]}",
            feed_url=f"{host}{PLACES['releases'][language]}atom.xml",
            feed_guid=f"{TAG}:{language}",
            description=None,
            language=language,
            author_name="swecar",
        )
        for release in releases:
            described = _describe(release, language)
            moment = datetime.fromisoformat(release["released_at"]).astimezone(UTC)
            feed.add_item(
                title=described["title"],
                link=f"{host}{described['address']}",
                description=described["note"],
                unique_id=f"{TAG}:{release['name']}",
                pubdate=moment,
                updateddate=moment,
            )
        if not releases:
            feed.latest_post_date = lambda: datetime(2026, 1, 1, tzinfo=UTC)  # type: ignore[method-assign]
        return feed.writeString("utf-8").encode()


urlpatterns = [
    path(f"{place[1:]}{ending}", view, {"language": language}, name=f"{name}-{language}")
    for language, place in PLACES["releases"].items()
    for ending, view, name in (
        ("", show_releases, "releases"),
        ("atom.xml", show_feed, "releases-feed"),
        ("<slug:name>/", show_release, "release"),
    )
] + [path("releases/<slug:release>/<str:name>", send_file, name="release-file")]
