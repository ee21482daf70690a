"""URLs of the whole site: what the public reads, and the pages and the API of those who sign in."""

import sys

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.contrib.sessions.exceptions import SessionInterrupted
from django.urls import include, path

from api.errors import unavailable
from registry.pages.clinic.expired_form import return_interrupted
from registry.pages.public.error_pages import show_unavailable
from swecar import public_urls
from swecar.public_urls import handler403, handler404, outage_behind, pages

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [
    path("api/v1/", include("api.urls")),  # first, since it gets most requests
    *pages,
    path("admin/", admin.site.urls),
    # Swedish without a prefix, English under /en/.
    *i18n_patterns(
        path("accounts/", include("registry.pages.accounts.urls")),
        path("clinic/", include("registry.pages.clinic.urls")),
        prefix_default_language=False,
    ),
]


def handler400(request, exception):
    """As the public's; a session that could not be stored, since the database is away, is an outage."""
    if isinstance(exception, SessionInterrupted) and exception.__context__:
        outage = outage_behind(exception.__context__.__context__)
        if outage:
            return return_interrupted(request, outage) or unavailable(request, outage, show_unavailable)
    return public_urls.handler400(request, exception)


def handler500(request):
    """As the public's; during an outage a form is given back with what was typed."""
    outage = outage_behind(sys.exception())
    return (outage and return_interrupted(request, outage)) or public_urls.handler500(request)
