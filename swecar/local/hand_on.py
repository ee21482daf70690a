"""Handing a request on to another web server of this machine (WSGI).

For the demonstration, which has no nginx.
"""

import string
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from typing import Any
from urllib.parse import quote

PATIENCE = 300.0  # seconds without a byte
PART = 65_536  # bytes
# What is said of one connection and not of a request or a response (RFC 9110, 7.6.1); each server says its own.
OF_CONNECTION = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect"}
)
OF_SERVER = OF_CONNECTION | {"date", "server"}
OF_PROXIES = frozenset({"forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"})


class NotReached(Exception):
    """The other server does not respond, or breaks off before it has said anything."""


def hand_on(
    environ: Mapping[str, Any], start_response: Callable, *, port: int, believes_proxies: bool
) -> Iterator[bytes]:
    """The response of the server at a port of 127.0.0.1; it comes in parts, as they are sent there.

    The body is what the bridge has kept of it, which is enough to tell that it is too large. What the request's
    headers say of proxies before this one goes on only where they are believed. A connection each time, since one
    that is kept may be closed from the other end while a form is sent on it. Raises NotReached; from the iterator
    an error, so that no half passes for the whole.
    """
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        response = _ask(connection, environ, believes_proxies)
        first = _read_part(response)
    except (OSError, HTTPException) as error:
        connection.close()
        raise NotReached from error
    kept = [(name, value) for name, value in response.headers.items() if name.lower() not in OF_SERVER]
    start_response(f"{response.status} {response.reason}", kept)
    return _parts(connection, response, first)


def _ask(connection: HTTPConnection, environ: Mapping[str, Any], believes_proxies: bool) -> HTTPResponse:
    connection.putrequest(environ["REQUEST_METHOD"], _target(environ), skip_host=True, skip_accept_encoding=True)
    headers = _headers(environ)
    left_out = OF_CONNECTION if believes_proxies else OF_CONNECTION | OF_PROXIES
    sent = {name: value for name, value in headers.items() if name not in left_out}
    sent.setdefault("host", "")  # refused, as here
    sent.setdefault("x-forwarded-proto", environ["wsgi.url_scheme"])
    told = sent.get("x-forwarded-for")
    sent["x-forwarded-for"] = f"{told}, {environ['REMOTE_ADDR']}" if told else environ["REMOTE_ADDR"]
    body = environ["wsgi.input"].read() if "CONTENT_LENGTH" in environ else None
    if body is not None:
        sent["content-length"] = str(len(body))
    for name, value in (sent | {"connection": "close"}).items():
        connection.putheader(name, value)
    connection.endheaders(body)
    return connection.getresponse()


def _target(environ: Mapping[str, Any]) -> str:
    path = quote(environ["PATH_INFO"].encode("latin-1"), safe="/:@!$&'()*+,;=~")
    query = quote(environ["QUERY_STRING"].encode("latin-1"), safe=string.punctuation)
    return f"{path}?{query}" if query else path


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    """As they came, but those of the same name in one."""
    found = {
        name[len("HTTP_") :].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    return found | ({"content-type": environ["CONTENT_TYPE"]} if "CONTENT_TYPE" in environ else {})


def _read_part(response: HTTPResponse) -> bytes:
    part = response.read1(PART)
    if not part and response.length:  # a chunk that is missing is noticed by itself
        raise IncompleteRead(b"", response.length)
    return part


def _parts(connection: HTTPConnection, response: HTTPResponse, first: bytes) -> Iterator[bytes]:
    try:
        part = first
        while part:
            yield part
            part = _read_part(response)
    finally:
        response.close()
        connection.close()
