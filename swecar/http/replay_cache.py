"""Cached public responses, sent again before Django is asked.

A response of snapshot_response.py depends on the current snapshot and on the request. An identical request is
served from the memory of the process as long as that snapshot is current: the rest of the service costs
several times as much.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

# All that an answer of snapshot_response.py, and what the other layers add to it, is made from.
ASKED = (
    "PATH_INFO", "QUERY_STRING", "HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme",
    "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_ACCEPT", "HTTP_ACCEPT_ENCODING",
    "HTTP_ACCEPT_LANGUAGE", "SCRIPT_NAME",
)  # fmt: skip
MOST_ANSWERS, LARGEST = 500, 64_000  # bytes


@dataclass(frozen=True)
class Kept:
    """An answer as it goes out, but for what is left to whoever asks; good while snapshot is current.

    cost: what it costs whoever asks, 0 where nobody is counted.
    """

    snapshot: str
    cost: int
    etag: str
    headers: list[tuple[str, str]]
    body: bytes


_kept: dict[tuple, Kept] = {}


def keep(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The outermost layer: remember what snapshot_response.py has answered, as all other layers have left it."""

    def layer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        snapshot, cost = getattr(response, "snapshot", None), getattr(response, "cost", 0)
        if snapshot and request.method == "GET" and len(response.content) <= LARGEST:
            if len(_kept) >= MOST_ANSWERS:
                _kept.clear()
            headers = [item for item in response.items() if not item[0].startswith("RateLimit")]
            key = tuple(map(request.META.get, ASKED))
            _kept[key] = Kept(snapshot, cost, response["ETag"], headers, response.content)
        return response

    return layer


class Front:
    """A WSGI application before another.

    current tells the hash of the snapshot that this process believes to be current, None where it
    would have to ask. spend counts an answer's cost to whoever asks, and gives headers, or None where that
    is one too many.
    """

    def __init__(
        self,
        application: Callable,
        *,
        current: Callable[[], str | None],
        spend: Callable[[Mapping, int], Mapping[str, str] | None],
    ):
        self.application = application
        self.current = current
        self.spend = spend

    def __call__(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        """The kept answer, or the application's."""
        if environ["REQUEST_METHOD"] == "GET" and "HTTP_IF_MODIFIED_SINCE" not in environ:
            kept = _kept.get(tuple(map(environ.get, ASKED)))
            if kept is not None and kept.snapshot == self.current():
                known = environ.get("HTTP_IF_NONE_MATCH")
                if known == kept.etag:
                    headers = [item for item in kept.headers if _is_told(item[0])]
                    start_response("304 Not Modified", headers)
                    return ()
                spent = self.spend(environ, kept.cost) if kept.cost and known is None else {}
                if known is None and spent is not None:
                    start_response("200 OK", kept.headers + list(spent.items()))
                    return (kept.body,)
        answer: Iterable[bytes] = self.application(environ, start_response)
        return answer


def _is_told(name: str) -> bool:
    return not name.startswith("Content-") or name == "Content-Security-Policy"
