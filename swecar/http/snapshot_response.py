"""Cached public responses, keyed by snapshot and query; a 304 needs no SQL."""

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.conf import settings
from django.core.cache import cache, caches
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import http_date, parse_etags, parse_http_date_safe

from registry.published.current_snapshot import Current, unsure_since
from swecar.http.browser_limits import POLICY, drawing_policy
from swecar.http.during_outage import tell_in_page, warn
from swecar.http.rendering_version import rendering_version

SMALLEST_GZIP = 500  # bytes; below that the envelope costs more than it saves
LARGEST_SHARED, SHARED_SECONDS = 64_000, 24 * 3600  # in the cache that all processes share
LARGEST_KEPT = 2**20  # bytes; a process keeps 500 responses, and a larger one is seldom wanted twice
CACHE_CONTROL = "public, max-age=60, stale-while-revalidate=600"
TAKES_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:\s*,|\s*$))", re.IGNORECASE)
PACKED = re.compile(r"image/png|application/(pdf|vnd\.openxmlformats)")  # gzip would win nothing
GZIP = b"\x1f\x8b"
VARY = "Accept, Accept-Encoding, Accept-Language"


def host_of(request: HttpRequest) -> str:
    """How the service is called from outside, as "https://registry.example"."""
    return request.build_absolute_uri("/").rstrip("/")


@dataclass(frozen=True)
class Content:
    """What a response holds, named before it is made.

    key names the snapshot and the query: with language and content_type all that the bytes of make depend on,
    so that the ETag is known before they are. disposition is the header that names a file. cost is what a
    response that is no 304 counts against the client's rate.
    """

    key: str
    language: str
    content_type: str
    make: Callable[[], bytes]
    disposition: str = ""
    cost: int = 1


class SnapshotResponse(HttpResponse):
    """A whole response, with what replay_cache.py needs to know of it."""

    snapshot: str | None = None  # hash of the current one, where nothing else can change the response
    cost: int = 0  # against the client's rate, 0 where nobody is counted


def respond(
    request: HttpRequest,
    content: Content,
    *,
    of: Current | None = None,
    spend: Callable[[int], Mapping[str, str]] | None = None,
) -> HttpResponse:
    """The content, made once a process unless it is large, or 304 to a client that has it already.

    of is the current snapshot, where nothing else can change the response. spend counts a cost against the
    client's rate, before the content is made; it gives headers, or raises, as may make.
    """
    if since := unsure_since():
        return _respond_from_memory(request, content, since, spend)
    zipped = _is_zipped(request, content)
    etag = _etag_of(content, zipped)
    headers = {"ETag": etag, "Cache-Control": CACHE_CONTROL, "Vary": VARY}
    modified = of.built_at if of else None
    if modified:
        headers["Last-Modified"] = _as_http(modified)
    if _is_known(request, etag, modified):
        return HttpResponseNotModified(headers=headers)
    if spend:
        headers |= spend(content.cost)
    body = _keep(etag, (lambda: _zip(content.make())) if zipped else content.make, shared=of is not None)
    if request.META.get("HTTP_IF_NONE_MATCH", "").strip() == "*":  # anything that there is, and now there is
        return HttpResponseNotModified(headers=headers)
    headers |= _describe(content, body)
    whole = b"" if request.method == "HEAD" else body
    response = SnapshotResponse(whole, content.content_type, headers=headers)
    response.snapshot, response.cost = of.hash if of else None, content.cost if spend else 0
    return response


def _respond_from_memory(
    request: HttpRequest,
    content: Content,
    since: datetime,
    spend: Callable[[int], Mapping[str, str]] | None,
) -> HttpResponse:
    """The response while the snapshot cannot be asked for: marked, and as a page with a sentence that says so."""
    zipped, is_page = _is_zipped(request, content), content.content_type.startswith("text/html")
    etag = _etag_of(content, zipped)
    headers = warn(since) | {"Vary": VARY} | ({"Cache-Control": "no-store"} if is_page else {"ETag": etag})
    if not is_page and _is_known(request, etag, None):
        return HttpResponseNotModified(headers=headers)
    if spend:
        headers |= spend(content.cost)
    body = _recall(etag) or _recall(_etag_of(content, not zipped)) or content.make()
    body = gzip.decompress(body) if body.startswith(GZIP) else body
    if is_page:
        body = tell_in_page(body, since, content.language)
    body = _zip(body) if zipped else body
    headers |= _describe(content, body)
    return HttpResponse(b"" if request.method == "HEAD" else body, content.content_type, headers=headers)


def _is_zipped(request: HttpRequest, content: Content) -> bool:
    # Headers are read from META: request.headers copies all of them for the one that is wanted.
    accepted = request.META.get("HTTP_ACCEPT_ENCODING", "")
    return bool(TAKES_GZIP.search(accepted)) and not PACKED.match(content.content_type)


def _etag_of(content: Content, zipped: bool) -> str:
    """Another for another version of the service, and for settings that stand in what is rendered."""
    rendered = (
        settings.DISCLOSURE,
        settings.PUBLICATION_DAYS,
        settings.DEMONSTRATION,
        settings.CONTROLLER,
        settings.CONTACT,
        settings.SITE_URL,
    )
    named = json.dumps([rendering_version(), rendered, content.content_type, content.language, content.key])
    name = hashlib.sha256(named.encode()).hexdigest()[:32]
    return f'"{name}-gzip"' if zipped else f'"{name}"'


def _describe(content: Content, body: bytes) -> dict[str, str]:
    """The headers of the content."""
    headers = {"Content-Language": content.language, "Content-Length": str(len(body))}
    is_zipped = body.startswith(GZIP)
    if is_zipped:
        headers["Content-Encoding"] = "gzip"
    if content.content_type.startswith("image/svg+xml"):
        headers[POLICY] = drawing_policy(gzip.decompress(body) if is_zipped else body)
    if content.disposition:
        headers["Content-Disposition"] = content.disposition
    return headers


def _is_known(request: HttpRequest, etag: str, modified: str | None) -> bool:
    """Whether the caller has it: by the tag, or by the date where there is no tag (RFC 9110, 13.1.3)."""
    known_tags = request.META.get("HTTP_IF_NONE_MATCH")
    if known_tags is not None:
        tags = [tag.removeprefix("W/") for tag in parse_etags(known_tags)]
        return etag in tags
    since = request.META.get("HTTP_IF_MODIFIED_SINCE")
    if since is None or modified is None:
        return False
    known = parse_http_date_safe(since)
    return known is not None and datetime.fromisoformat(modified).timestamp() <= known


@lru_cache(maxsize=16)
def _as_http(instant: str) -> str:
    return http_date(datetime.fromisoformat(instant).timestamp())


def _keep(key: str, make: Callable[[], bytes], *, shared: bool) -> bytes:
    """What a process has made; shared: the others find it too, should they need it during an outage."""
    kept = caches["responses"]
    body = kept.get(key)
    if body is None:
        body = make()
        if len(body) <= LARGEST_KEPT:
            kept.set(key, body)
        if shared and len(body) <= LARGEST_SHARED:
            cache.set(f"response:{key}", body, SHARED_SECONDS)
    return body


def _recall(key: str) -> bytes | None:
    """What this process has made, or another one within a day."""
    body: bytes | None = caches["responses"].get(key) or cache.get(f"response:{key}")
    return body


def _zip(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0) if len(body) >= SMALLEST_GZIP else body
