"""A span of OpenTelemetry for each request that reaches Django and for each job; a closed list of attributes.

The ready-made instrumentations record addresses, statements and the texts of errors, which may be of a person.
"""

from collections.abc import Callable
from typing import Any

from celery.signals import before_task_publish, task_failure, task_postrun, task_prerun
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from opentelemetry.context import attach, detach
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from structlog.contextvars import get_contextvars

from swecar.http.request_parts import part_of

PARENT = "traceparent"
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
SERVER_FAULT = 500
_propagator = TraceContextTextMapPropagator()
_provider = TracerProvider(resource=Resource({"service.name": "swecar"}))
_tracer = _provider.get_tracer("swecar")
_jobs: dict[str, tuple[Span, Any]] = {}


def begin(processor: SpanProcessor | None = None) -> None:
    """Send the spans to TRACES_URL, or hand them to another processor."""
    _provider.add_span_processor(processor or BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.TRACES_URL)))
    before_task_publish.connect(_send_along)
    task_prerun.connect(_begin_job)
    task_failure.connect(_note_failure)
    task_postrun.connect(_end_job)


def trace_request(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    """The middleware that makes a request's span; no error is recorded but by its kind."""

    def middleware(request: HttpRequest) -> HttpResponse:
        method = request.method if request.method in METHODS else "other"
        span, token = _begin(str(method), SpanKind.SERVER, request.META.get("HTTP_TRACEPARENT"))
        try:
            response = get_response(request)
            matched = request.resolver_match
            route = matched.route if matched else part_of(request.path_info)
            span.update_name(f"{method} {route}")
            span.set_attributes(
                {
                    "http.request.method": str(method),
                    "http.route": route,
                    "http.response.status_code": response.status_code,
                }
            )
            if response.status_code >= SERVER_FAULT:
                span.set_attribute("error.type", str(response.status_code))
            return response
        finally:
            detach(token)
            span.end()

    return middleware


def _begin(name: str, kind: SpanKind, parent: str | None) -> tuple[Span, Any]:
    """A span that is now the present one, and what ends that."""
    context = _propagator.extract({PARENT: parent} if parent else {})
    span = _tracer.start_span(name, context, kind, record_exception=False, set_status_on_exception=False)
    if request_id := get_contextvars().get("request_id"):
        span.set_attribute("request_id", request_id)
    return span, attach(set_span_in_context(span))


def _send_along(headers: dict | None = None, **_signal: Any) -> None:
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    if headers is not None and PARENT in carrier:
        headers[PARENT] = carrier[PARENT]


def _begin_job(task: Any, task_id: str, **_signal: Any) -> None:
    parent = task.request.get(PARENT) or (task.request.headers or {}).get(PARENT)
    _jobs[task_id] = _begin(task.name, SpanKind.CONSUMER, parent)


def _note_failure(task_id: str, exception: BaseException, **_signal: Any) -> None:
    if task_id in _jobs:
        _jobs[task_id][0].set_attribute("error.type", type(exception).__qualname__)


def _end_job(task_id: str, **_signal: Any) -> None:
    if begun := _jobs.pop(task_id, None):
        span, token = begun
        detach(token)
        span.end()
