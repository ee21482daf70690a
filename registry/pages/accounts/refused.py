"""The page of a refused sign-in or invitation."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from registry.errors import RegistryError
from swecar.http.error_status import status_of


def show_refused(request: HttpRequest, error: RegistryError) -> HttpResponse:
    """The error's sentence, with its status."""
    return render(request, "accounts/refused.html", {"sentence": str(error)}, status=status_of(error))
