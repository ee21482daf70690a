"""Forms that were not carried out, as of an expired session: the fields are returned to be sent again."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseStopPolling, reswap, retarget

from registry.errors import Busy
from swecar.http.error_status import status_of


def return_signed_out(request: Any) -> HttpResponse:
    """For a user who has been signed out: the form as sent, or a notice for an htmx request.

    The fields, which may hold an identity number, are in this response and stored nowhere.
    """
    if request.htmx:
        notice = render(request, "clinic/signed_out.html", {"signed_out": True})
        return retarget(reswap(HttpResponseStopPolling(notice.content), "outerHTML"), "#signed-out")
    return _give_back(request, {"signed_out": True}, status=401)


def return_unsent(request: Any, busy: Busy) -> HttpResponse | None:
    """A form that cannot be carried out just now, with its fields; None for any other request."""
    if request.method != "POST" or request.htmx:
        return None
    response = _give_back(request, {"busy": str(busy)}, status=status_of(busy))
    response["Retry-After"] = str(busy.seconds)
    return response


@never_cache
def return_stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """For a form whose CSRF token is not of this session: it was opened before the last sign-in, or elsewhere.

    The fields are returned only to the registry's own page, so that another site's form is not one click away
    from being accepted.
    """
    own = request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"
    match = request.resolver_match
    return _give_back(request, {}, status=403, fields=own and match is not None and match.namespace == "clinic")


def _give_back(request: HttpRequest, context: dict, *, status: int, fields: bool = True) -> HttpResponse:
    """The page with the fields, unless `fields` is False or there is a file, which cannot be returned."""
    typed = [(name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"]
    given = typed if fields and not request.FILES else None
    return render(request, "clinic/again.html", context | {"typed": given}, status=status)
