"""URLs of what the public reads, and of what watches the process: all that APP_ROLE=public serves."""

import sys
from errno import EDQUOT, ENOSPC, EROFS

from django.urls import URLPattern, include, path

from api.errors import bad_request, not_found, server_error, unavailable
from api.monitoring import health, metrics
from api.public.service import ApiInfoView
from registry.errors import (
    Busy,
    DatabaseBusy,
    DatabaseDown,
    DatabaseFull,
    DatabaseReadOnly,
    RegistryError,
    StorageFull,
)
from registry.pages.public import (
    about,
    atmp_view,
    cards,
    compare_view,
    embedding,
    error_pages,
    explore_view,
    releases,
    robots,
)
from registry.pages.public.map_view import show_map
from swecar.postgresql.outages import Outage, outage_of

pages: list[URLPattern] = [
    path("api-info", ApiInfoView.as_view(), name="api-info"),
    path("", show_map, {"language": "sv"}, name="map-sv"),
    path("en/", show_map, {"language": "en"}, name="map-en"),
    *explore_view.urlpatterns,
    *atmp_view.urlpatterns,
    *compare_view.urlpatterns,
    *releases.urlpatterns,
    *about.urlpatterns,
    *embedding.urlpatterns,
    *cards.urlpatterns,
    path("robots.txt", robots.show_robots, name="robots"),
    path("sitemap.xml", robots.show_sitemap, name="sitemap"),
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
    path("health/deep", health.deep, name="deep"),
    path("metrics", metrics.show_metrics, name="metrics"),
]

NO_ROOM = {ENOSPC, EDQUOT, EROFS}

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


def outage_behind(error: BaseException | None) -> RegistryError | None:
    """What is away or full, if that is why a request failed; None for a fault of ours."""
    match outage_of(error):
        case Outage.DOWN:
            return DatabaseDown()
        case Outage.BUSY:
            return DatabaseBusy()
        case Outage.FULL:
            return DatabaseFull()
        case Outage.READ_ONLY:
            return DatabaseReadOnly()
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        return StorageFull()
    return error if isinstance(error, Busy) else None  # of a page that says nothing of it itself


def handler500(request):
    """A 500 as JSON for the API, else as a page; a 503 where it is the database or the disk that fails."""
    if outage := outage_behind(sys.exception()):
        return unavailable(request, outage, error_pages.show_unavailable)
    return server_error(request, error_pages.show_fault)
