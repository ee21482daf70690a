"""What a browser may do with a response: its security headers, one table for every route (docs/headers.md).

Nothing that is sent loads anything from another host or runs anything that stands in the response itself.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from swecar.http.request_parts import PUBLIC_PAGES, part_of

# Parts of the service of which no other site may have anything.
CLOSED = {"monitoring", "records_api", "clinic", "accounts", "admin"}

# A page that holds nothing but published numbers may stand in any frame.
PUBLIC_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors *"
)
# data: is the picture of a second factor's secret, and the icons of the API's description.
CLOSED_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
NOT_A_PAGE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
# Browsers show it by a part of their own, as an object of the page that they make for it.
PDF = "default-src 'none'; object-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "browsing-topics=(), camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
POLICY, FRAME = "Content-Security-Policy", "X-Frame-Options"
OF_THE_CONTENT = {POLICY, FRAME}  # a 304 leaves them as they came with the content
CLOSE = ("base-uri 'none'", "form-action 'none'")

STYLE = re.compile(rb"<style[^>]*>(.*?)</style>", re.DOTALL)
SCRIPT = re.compile(rb"<script(?![^>]*\bsrc=)(?![^>]*\btype=\"application/)[^>]*>(.*?)</script>", re.DOTALL)
STYLE_ATTRIBUTE = re.compile(rb"<[a-z][^>]*?\sstyle=\"([^\"]*)\"")


def limits_of(path: str, content_type: str, status: int) -> dict[str, str]:
    """The headers of a response at a path; what the response says itself goes before."""
    sharing = "same-origin" if part_of(path) in CLOSED else "cross-origin"
    return ALWAYS | {POLICY: _policy_of(path, content_type, status), "Cross-Origin-Resource-Policy": sharing}


def _policy_of(path: str, content_type: str, status: int) -> str:
    if content_type.startswith("application/pdf"):
        return PDF
    if not content_type.startswith("text/html"):
        return NOT_A_PAGE
    is_public = part_of(path) == PUBLIC_PAGES and status < HTTPStatus.BAD_REQUEST
    return PUBLIC_PAGE if is_public else CLOSED_PAGE


def drawing_policy(svg: bytes) -> str:
    """The policy of an SVG document: its own styles and the fonts within it, and nothing else."""
    own = _list("style-src", _hash_each(STYLE.findall(svg)) or ["'none'"]), "font-src data:"
    return _write(["default-src 'none'", *own, *CLOSE, "frame-ancestors *"])


def document_policy(html: bytes, styles: Sequence[bytes] = ()) -> str:
    """The policy of a page of the documents' site: the scripts and styles that it was made with.

    styles: what a script of the site puts into the page as a style.
    """
    return _write(
        [
            "default-src 'none'",
            _list("script-src", ["'self'", *_hash_each(SCRIPT.findall(html))]),
            _list("style-src", ["'self'", *_hash_each([*STYLE.findall(html), *styles])]),
            _list("style-src-attr", ["'unsafe-hashes'", *_hash_each(STYLE_ATTRIBUTE.findall(html))]),
            "img-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            *CLOSE,
            "frame-ancestors 'none'",
        ]
    )


def _hash_each(texts: Iterable[bytes]) -> list[str]:
    """The texts as sources of a policy."""
    found = {b64encode(sha256(one).digest()).decode() for one in texts}
    return [f"'sha256-{one}'" for one in sorted(found)]


def _list(directive: str, sources: Sequence[str]) -> str:
    return f"{directive} {' '.join(sources)}"


def _write(directives: Sequence[str]) -> str:
    return "; ".join(directives)


def limit_browsers(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    """The layer that puts them on every response of the layers within."""

    def layer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        set_limits(response, request.path_info)
        return response

    return layer


def set_limits(response: HttpResponse, path: str) -> None:
    """Put them on a response at a path."""
    status = response.status_code
    for name, value in limits_of(path, response.get("Content-Type", ""), status).items():
        if status != HTTPStatus.NOT_MODIFIED or name not in OF_THE_CONTENT:
            response.headers.setdefault(name, value)
    if "frame-ancestors 'none'" in response.get(POLICY, ""):
        response.headers[FRAME] = "DENY"  # for browsers that do not know the policy
