"""A form that cannot be taken now: nothing is stored, and what was typed goes back to be sent again."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseStopPolling, reswap, retarget


def answer_signed_out(request: Any) -> HttpResponse:
    """To whoever is signed out meanwhile: the form as it was sent, or a notice beside it where htmx asks.

    What was typed, an identity number perhaps, stands in this answer and is kept nowhere else.
    """
    if request.htmx:
        notice = render(request, "clinic/signed_out.html", {"signed_out": True})
        return retarget(reswap(HttpResponseStopPolling(notice.content), "outerHTML"), "#signed-out")
    return _give_back(request, {"signed_out": True}, status=401)


@never_cache
def answer_stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form whose token is not of this session: it was opened before the last sign-in, or elsewhere.

    Only the registry's own page gets back what it sent. Another site's form must not come a press away
    from being taken.
    """
    own = request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"
    match = request.resolver_match
    return _give_back(request, {}, status=403, fields=own and match is not None and match.namespace == "clinic")


def _give_back(request: HttpRequest, context: dict, *, status: int, fields: bool = True) -> HttpResponse:
    """The page with what was typed; without where fields says so, or a file cannot be given back."""
    typed = [(name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"]
    given = typed if fields and not request.FILES else None
    return render(request, "clinic/again.html", context | {"typed": given}, status=status)
