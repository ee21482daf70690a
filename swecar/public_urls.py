"""URLs of what the public reads, and of what watches the process: all that APP_ROLE=public serves."""

import sys

from django.db import InterfaceError, InternalError, OperationalError
from django.urls import URLPattern, include, path
from psycopg.errors import (
    ProgramLimitExceeded,
    ReadOnlySqlTransaction,
    StatementTooComplex,
    TooManyArguments,
    TooManyColumns,
)

from api.errors import bad_request, not_found, server_error, unavailable
from api.monitoring import health, metrics
from api.public.service import ApiInfoView
from registry.errors import DatabaseDown
from registry.pages.public import about, error_pages, releases, robots
from registry.pages.public.map_view import show_map

pages: list[URLPattern] = [
    path("api-info", ApiInfoView.as_view(), name="api-info"),
    path("", show_map, {"language": "sv"}, name="map-sv"),
    path("en/", show_map, {"language": "en"}, name="map-en"),
    *releases.urlpatterns,
    *about.urlpatterns,
    path("robots.txt", robots.show_robots, name="robots"),
    path("sitemap.xml", robots.show_sitemap, name="sitemap"),
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
    path("health/deep", health.deep, name="deep"),
    path("metrics", metrics.show_metrics, name="metrics"),
]

TOO_LARGE = (ProgramLimitExceeded, StatementTooComplex, TooManyArguments, TooManyColumns)  # a fault of ours

urlpatterns = [path("api/v1/", include("api.public.urls")), *pages]


def handler400(request, exception):
    """A 400 as JSON for the API, else as a page."""
    if request.path_info.startswith("/api/"):
        return bad_request(request)
    return error_pages.show_bad_request(request)


def handler403(request, exception):
    """A 403 as a page; the API makes its own."""
    return error_pages.show_not_permitted(request)


def handler404(request, exception):
    """A 404 as JSON for the API, else as a page."""
    if request.path_info.startswith("/api/"):
        return not_found(request)
    return error_pages.show_no_page(request)


def _is_outage(error: BaseException | None) -> bool:
    """Whether the database does not respond, or is a former primary, which refuses to write."""
    match error:
        case InternalError():
            return isinstance(error.__cause__, ReadOnlySqlTransaction)
        case OperationalError():
            return not isinstance(error.__cause__, TOO_LARGE)
        case _:
            return isinstance(error, InterfaceError)


def handler500(request):
    """A 500 as JSON for the API, else as a page; where it is the database that fails, a 503."""
    if _is_outage(sys.exception()):
        return unavailable(request, DatabaseDown(), error_pages.show_unavailable)
    return server_error(request, error_pages.show_fault)
