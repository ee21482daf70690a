"""Cached public responses, keyed by snapshot and query; a 304 needs no SQL."""

import gzip
import hashlib
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import http_date, parse_etags, parse_http_date_safe

FORM = "4"  # of all answers: raised when the same query gets other bytes
SMALLEST_GZIP = 500  # bytes; below that the envelope costs more than it saves
LARGEST_KEPT = 2**20  # bytes; a process keeps 500 answers, and a larger one is seldom asked for twice
CACHE_CONTROL = "public, max-age=60, stale-while-revalidate=600"
TAKES_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:\s*,|\s*$))", re.IGNORECASE)
PACKED = re.compile(r"image/png|application/(pdf|vnd\.openxmlformats)")  # gzip would win nothing
# Nothing is loaded from elsewhere; a page that holds nothing but published numbers may stand in any frame.
PUBLIC_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors *"
)
VARY = "Accept, Accept-Encoding, Accept-Language"


def host_of(request: HttpRequest) -> str:
    """How the service is called from outside, as "https://registry.example"."""
    return request.build_absolute_uri("/").rstrip("/")


def answer(
    request: HttpRequest,
    *,
    key: str,
    language: str,
    content_type: str,
    make: Callable[[], bytes],
    disposition: str = "",
    modified: str | None = None,
    snapshot: str | None = None,
    cost: int = 1,
    spend: Callable[[int], Mapping[str, str]] | None = None,
) -> HttpResponse:
    """The bytes that make gives, made once a process unless they are many, or 304 to who has them already.

    key names the snapshot and the query: with the language all that the bytes depend on, so
    that the ETag is known before they are. What make raises is passed on. disposition is the header
    that names a file, modified the instant (ISO) of what is answered from. snapshot is the hash of the
    current one, where nothing else can make the answer another one (replay_cache.py). spend counts the cost of
    an answer that is not a 304 to whoever asks, before it is made; it gives headers, or raises.
    """
    # Headers are read from META: request.headers copies all of them for the one that is asked for.
    accepted = request.META.get("HTTP_ACCEPT_ENCODING", "")
    zipped = bool(TAKES_GZIP.search(accepted)) and not PACKED.match(content_type)
    form = f"{FORM}:{settings.DISCLOSURE}:{settings.DEMONSTRATION}:{content_type}:{language}"
    name = hashlib.sha256(f"{form}:{key}".encode()).hexdigest()[:32]
    etag = f'"{name}-gzip"' if zipped else f'"{name}"'
    headers = {"ETag": etag, "Cache-Control": CACHE_CONTROL, "Vary": VARY}
    if modified:
        headers["Last-Modified"] = _as_http(modified)
    if _is_known(request, etag, modified):
        return HttpResponseNotModified(headers=headers)
    if spend:
        headers |= spend(cost)
    body = _keep(etag, (lambda: _zip(make())) if zipped else make)
    if request.META.get("HTTP_IF_NONE_MATCH", "").strip() == "*":  # anything that there is, and now there is
        return HttpResponseNotModified(headers=headers)
    headers |= {"Content-Language": language, "Content-Length": str(len(body))}
    if body.startswith(b"\x1f\x8b"):
        headers["Content-Encoding"] = "gzip"
    if content_type.startswith("text/html"):
        headers["Content-Security-Policy"] = PUBLIC_POLICY
    if disposition:
        headers["Content-Disposition"] = disposition
    response = HttpResponse(b"" if request.method == "HEAD" else body, content_type, headers=headers)
    response.snapshot, response.cost = snapshot, cost if spend else 0  # type: ignore[attr-defined]
    return response


def _is_known(request: HttpRequest, etag: str, modified: str | None) -> bool:
    """Whether the caller has it: by the tag, or by the date where there is no tag (RFC 9110, 13.1.3)."""
    asked = request.META.get("HTTP_IF_NONE_MATCH")
    if asked is not None:
        tags = [tag.removeprefix("W/") for tag in parse_etags(asked)]
        return etag in tags
    since = request.META.get("HTTP_IF_MODIFIED_SINCE")
    if since is None or modified is None:
        return False
    known = parse_http_date_safe(since)
    return known is not None and datetime.fromisoformat(modified).timestamp() <= known


@lru_cache(maxsize=16)
def _as_http(instant: str) -> str:
    return http_date(datetime.fromisoformat(instant).timestamp())


def _keep(key: str, make: Callable[[], bytes]) -> bytes:
    kept = caches["answers"]
    body = kept.get(key)
    if body is None:
        body = make()
        if len(body) <= LARGEST_KEPT:
            kept.set(key, body)
    return body


def _zip(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0) if len(body) >= SMALLEST_GZIP else body
