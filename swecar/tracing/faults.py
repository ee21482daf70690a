"""Errors of requests and jobs as events of Sentry: their kind and place, and nothing that they say."""

import sys
from collections.abc import Mapping
from typing import Any

import sentry_sdk
from celery.signals import task_failure
from django.conf import settings
from django.core.signals import got_request_exception
from django.http import HttpRequest
from structlog.contextvars import get_contextvars

from swecar.json_lines import describe_error

# All that an event has; what the library adds of its own (variables, requests, hosts) is left out.
KEPT = ("event_id", "timestamp", "platform", "level", "exception", "tags")
TOLD = ("request_id", "job", "job_id")


def begin(transport: Any = None) -> None:
    """Send the errors to SENTRY_DSN, or hand them to another transport."""
    sentry_sdk.init(
        settings.SENTRY_DSN,
        transport=transport,
        default_integrations=False,
        auto_enabling_integrations=False,
        auto_session_tracking=False,
        send_client_reports=False,
        include_local_variables=False,
        include_source_context=False,
        max_breadcrumbs=0,
        server_name="swecar",
        before_send=_keep_known,
    )
    got_request_exception.connect(_tell_of_request)
    task_failure.connect(_tell_of_job)


def _keep_known(event: Any, _hint: Mapping) -> Any:
    return {name: event[name] for name in KEPT if name in event}


def _tell_of_request(request: HttpRequest | None = None, **_signal: Any) -> None:
    error = sys.exc_info()[1]
    matched = getattr(request, "resolver_match", None)
    if error is not None:
        _tell(error, {"route": matched.route} if matched else {})


def _tell_of_job(exception: BaseException, **_signal: Any) -> None:
    _tell(exception, {})


def _tell(error: BaseException, tags: dict[str, str]) -> None:
    described = describe_error(error)
    frames = []
    for place in described["place"]:
        where, _, function = place.partition(" ")
        filename, _, number = where.rpartition(":")
        frames.append({"filename": filename, "lineno": int(number), "function": function})
    bound = get_contextvars()
    sentry_sdk.capture_event(
        {
            "level": "error",
            "exception": {"values": [{"type": described["error"], "stacktrace": {"frames": frames}}]},
            "tags": tags | {name: bound[name] for name in TOLD if name in bound},
        }
    )
