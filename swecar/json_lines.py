"""Log lines in JSON, of a closed list of fields; docs/operations.md lists them, and a test compares.

What a library logs may quote a request, a row or a statement, so its arguments are left out, and of an error only
its kind and its place in the code are told.
"""

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from structlog.contextvars import get_contextvars
from structlog.processors import JSONRenderer

from swecar.log_lines import hide_numbers

FIELDS = {
    "at": "when, in UTC",
    "level": "`info`, `warning`, `error` or `critical`",
    "logger": "the part of the code",
    "message": "what happened; of a library without the values that it put in",
    "request_id": "the request in which it happened, or that had the job done",
    "route": "the pattern of the address, never the address itself",
    "status": "of the response",
    "job": "the job's name",
    "job_id": "the job's message",
    "error": "the error's kind, without its text",
    "place": "where in the code it arose, the innermost line last",
}
OURS = ("swecar", "registry", "api")
# What these put in is of processes and jobs; with an error it may be of anything.
KNOWN = ("celery", "kombu", "_granian", "py")
TOLD_OF_JOB = ("name", "id", "description", "hostname", "runtime")
MOST_LINES = 30
ROOT = Path(__file__).resolve().parent.parent
_render = JSONRenderer(ensure_ascii=False)


class JsonLine(logging.Formatter):
    """Formats a record as one object on one line."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        bound = get_contextvars()
        at = self.formatTime(record, "%Y-%m-%dT%H:%M:%S")
        line: dict[str, object] = {
            "at": f"{at}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        line |= {"message": hide_numbers(_read_message(record))}
        line |= {name: bound[name] for name in FIELDS if name in bound}
        line |= _read_response(record) | _read_error(record)
        return str(_render(None, "", line))


def _is_of(record: logging.LogRecord, packages: tuple[str, ...]) -> bool:
    return record.name.partition(".")[0] in packages


def _read_message(record: logging.LogRecord) -> str:
    """The record's message, with its arguments where they are known to be harmless."""
    template = str(record.msg)
    arguments: Any = record.args
    if _is_of(record, KNOWN) and isinstance(arguments, dict):
        told = {name: arguments[name] for name in TOLD_OF_JOB if name in arguments}
        return template % (dict.fromkeys(arguments, "…") | told)
    if _is_of(record, OURS) or (_is_of(record, KNOWN) and not record.exc_info):
        return record.getMessage()
    if hasattr(record, "status_code") and template == "%s: %s" and arguments:
        return str(arguments[0])  # the status in words, which Django puts before the address
    return template


def _read_response(record: logging.LogRecord) -> dict[str, object]:
    """The status and the route of what Django logs of a request."""
    found: dict[str, object] = {}
    if status := getattr(record, "status_code", None):
        found["status"] = status
    if matched := getattr(getattr(record, "request", None), "resolver_match", None):
        found["route"] = matched.route
    return found


def _read_error(record: logging.LogRecord) -> dict[str, object]:
    if not record.exc_info or record.exc_info[1] is None:
        return {}
    return describe_error(record.exc_info[1])


def describe_error(error: BaseException) -> dict[str, Any]:
    """The kinds of an error and of what led to it, and the places in the code."""
    chain = list(_follow(error))
    kinds = " from ".join(f"{type(one).__module__}.{type(one).__qualname__}" for one in chain)
    return {"error": kinds.replace("builtins.", ""), "place": list(_places(chain[-1].__traceback__))[-MOST_LINES:]}


def _follow(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it; of a group the first."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        inner = one.exceptions[0] if isinstance(one, BaseExceptionGroup) else None
        one = inner or one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def _places(traceback: TracebackType | None) -> Iterator[str]:
    while traceback is not None:
        code = traceback.tb_frame.f_code
        path = Path(code.co_filename)
        where = path.relative_to(ROOT) if path.is_relative_to(ROOT) else Path(*path.parts[-3:])
        yield f"{where}:{traceback.tb_lineno} {code.co_name}"
        traceback = traceback.tb_next
