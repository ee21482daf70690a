"""Cached public responses, sent again before Django is asked.

A response of snapshot_response.py depends on the current snapshot and on the request. An identical request is
served from the memory of the process as long as that snapshot is current: the rest of the service costs
several times as much.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse

from swecar.counts import count_request
from swecar.http.browser_limits import OF_THE_CONTENT
from swecar.http.request_id import HEADER, choose_id
from swecar.http.request_parts import part_of
from swecar.http.snapshot_response import SnapshotResponse

# All of a request that snapshot_response.py, and what the other middleware adds, makes a response from.
REQUEST_PARTS = (
    "PATH_INFO", "QUERY_STRING", "HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme",
    "HTTP_X_FORWARDED_PROTO", "HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING", "HTTP_ACCEPT_LANGUAGE",
)  # fmt: skip
MOST_RESPONSES, LARGEST = 500, 64_000  # bytes


@dataclass(frozen=True)
class CachedResponse:
    """A response without the headers of one client; good while snapshot is current.

    cost: what it counts against the client's rate, 0 where nobody is counted.
    """

    snapshot: str
    cost: int
    etag: str
    headers: list[tuple[str, str]]
    body: bytes


class Replay(NamedTuple):
    """A response to one client."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


_cached: dict[tuple, CachedResponse] = {}


def remember_responses(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    """The middleware that caches what snapshot_response.py gave, as all other middleware left it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if isinstance(response, SnapshotResponse) and request.method == "GET":
            _remember(request, response)
        return response

    return middleware


def _remember(request: HttpRequest, response: SnapshotResponse) -> None:
    if response.snapshot is None or len(response.content) > LARGEST:
        return
    if len(_cached) >= MOST_RESPONSES:
        _cached.clear()
    headers = [item for item in response.items() if not item[0].startswith("RateLimit")]
    key = tuple(map(request.META.get, REQUEST_PARTS))
    _cached[key] = CachedResponse(response.snapshot, response.cost, response["ETag"], headers, response.content)


def find_cached(
    environ: Mapping,
    *,
    current: Callable[[], str | None],
    spend: Callable[[Mapping, int], Mapping[str, str] | None],
) -> Replay | None:
    """The cached response to a request, None where the service is to make one.

    current tells the hash of the snapshot that this process believes to be current, None where it
    would have to ask. spend counts a cost against the client's rate, and gives headers, or None where that
    is one too many.
    """
    begun = perf_counter()
    if environ["REQUEST_METHOD"] != "GET" or "HTTP_IF_MODIFIED_SINCE" in environ:
        return None
    cached = _cached.get(tuple(map(environ.get, REQUEST_PARTS)))
    if cached is None or cached.snapshot != current():
        return None
    known_tag = environ.get("HTTP_IF_NONE_MATCH")
    if known_tag == cached.etag:
        headers = [item for item in cached.headers if _stands_in_a_304(item[0])]
        count_request(part_of(environ["PATH_INFO"]), 304, perf_counter() - begun)
        return Replay("304 Not Modified", [*headers, (HEADER, choose_id(environ))], b"")
    spent = spend(environ, cached.cost) if cached.cost and known_tag is None else {}
    if known_tag is not None or spent is None:
        return None
    count_request(part_of(environ["PATH_INFO"]), 200, perf_counter() - begun)
    return Replay("200 OK", [*cached.headers, *spent.items(), (HEADER, choose_id(environ))], cached.body)


def _stands_in_a_304(name: str) -> bool:
    return not name.startswith("Content-") and name not in OF_THE_CONTENT
