"""What search engines ask for first."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from registry.pages.public.layout import PLACES
from registry.pages.public.selection import HOMES
from registry.published.releases import list_names

FOUND = (
    "explore",
    "compare",
    "atmp",
    "releases",
    "counting",
    "reconciliation",
    "freshness",
    "sharing",
    "embedding",
    "accessibility",
    "privacy",
)


@require_safe
def show_robots(request: HttpRequest) -> HttpResponse:
    """Everything public may be found; pages for signed-in people are no one's business."""
    lines = ["User-agent: *", "Disallow: /admin/", "Disallow: /clinic/", "Disallow: /en/clinic/"]
    lines += ["Disallow: /accounts/", "Disallow: /en/accounts/"]
    lines.append(f"Sitemap: {request.build_absolute_uri('/sitemap.xml')}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
def show_sitemap(request: HttpRequest) -> HttpResponse:
    """Every public page in both languages, and every release."""
    places = [*HOMES.values(), *(place for name in FOUND for place in PLACES[name].values())]
    places += [f"{place}{name}/" for name in list_names() for place in PLACES["releases"].values()]
    locations = "".join(f"<url><loc>{request.build_absolute_uri(place)}</loc></url>" for place in places)
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{NAMESPACE}">{locations}</urlset>\n'
    return HttpResponse(body, content_type="application/xml")


NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
