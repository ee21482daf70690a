"""The layer that serves nothing of a demonstration's database where it is not a demonstration."""

from collections.abc import Callable

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from api.errors import problem_of
from registry.choices import Purpose
from registry.errors import WrongPurpose
from registry.pages.public.error_pages import show_wrong_database
from registry.purpose import remembered_purpose

OPEN = {"/health/live", "/metrics"}  # they say nothing of what the database holds


def serve_own_database(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    """Made-up numbers travel without the page that says so, hence none is sent at all."""

    def layer(request: HttpRequest) -> HttpResponse:
        if settings.DEMONSTRATION or request.path_info in OPEN:
            return get_response(request)
        try:
            purpose = remembered_purpose()
        except DatabaseError:
            if not request.path_info.startswith("/health/"):
                raise
            purpose = None  # the health pages tell of it themselves
        if purpose != Purpose.DEMONSTRATION:
            return get_response(request)
        if request.path_info.startswith(("/api/", "/health/")):
            return problem_of(request, WrongPurpose(Purpose.DEMONSTRATION))
        return show_wrong_database(request)

    return layer
