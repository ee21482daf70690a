"""URLs of the whole site: what the public reads, and the pages and the API of those who sign in."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from swecar.public_urls import handler400, handler403, handler404, handler500, pages

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
