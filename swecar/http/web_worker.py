"""The web server's worker: what it refuses before the service is asked, it refuses as a problem (RFC 9457).

Its own page and its log would repeat the request, which may hold an identity number.
"""

import json
from http import HTTPStatus
from socket import socket
from typing import Any

from gunicorn.http import errors
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import ThreadWorker

STATUSES: dict[type[Exception], HTTPStatus] = {
    errors.ConfigurationProblem: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.InvalidResponseHeader: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.InvalidResponseHeaderName: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.ForbiddenProxyRequest: HTTPStatus.FORBIDDEN,
    errors.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    errors.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    errors.UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
    errors.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
}
WRITE_OTHERWISE = "In a URL, write whatever is not ASCII as % and the hexadecimal digits of its UTF-8."


class Worker(ThreadWorker):
    """Gunicorn's worker with threads."""

    def handle_error(self, req: Any, client: socket, addr: Any, exc: Exception) -> None:
        """Refuse a request that cannot be read; anything else is a fault of ours."""
        status = status_of(exc)
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            self.log.exception("A request failed in the web server.")
        else:
            self.log.warning("A request could not be read: %s.", type(exc).__name__)
        try:
            write_nonblock(client, write_problem(status, told=isinstance(exc, errors.InvalidRequestLine)))
        except OSError:
            self.log.debug("The client has gone.")


def status_of(error: Exception) -> HTTPStatus:
    """The status of a response that the server gives by itself."""
    if not isinstance(error, errors.ParseException):
        return HTTPStatus.INTERNAL_SERVER_ERROR
    return next((status for kind, status in STATUSES.items() if isinstance(error, kind)), HTTPStatus.BAD_REQUEST)


def write_problem(status: HTTPStatus, *, told: bool) -> bytes:
    """A whole response; told: say how a URL is written."""
    fault = status == HTTPStatus.INTERNAL_SERVER_ERROR
    problem = {
        "type": "about:blank",
        "title": "Something went wrong here" if fault else "The request cannot be read",
        "status": status,
        "code": "server_error" if fault else "bad_request",
        "instance": "/",
    } | ({"detail": WRITE_OTHERWISE} if told else {})
    body = json.dumps(problem).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\n"
        "Connection: close\r\n"
        "Content-Type: application/problem+json\r\n"
        "Cache-Control: no-store\r\n"
        "Access-Control-Allow-Origin: *\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
