"""Forms that were not carried out, as of an expired session: the fields are returned to be sent again."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CSRF_TOKEN_LENGTH
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseStopPolling, reswap, retarget

from registry.errors import Busy, RegistryError
from registry.pages.clinic.sent_once import FORM_TOKEN
from registry.pages.public.error_pages import say_whether_stored
from swecar.http.error_status import status_of
from swecar.http.limits import may_have_stored
from swecar.http.middleware import language_of
from swecar.http.request_parts import part_of


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


def return_interrupted(request: HttpRequest, outage: RegistryError) -> HttpResponse | None:
    """A form that an outage has broken off, with its fields; None for any other request.

    Made without the database, and so without looking who sends it. It keeps the form's own token, by which it is
    carried out once though it is sent again (sent_once).
    """
    part = part_of(request.path_info)
    is_page = request.method == "POST" and part in {"clinic", "admin"} and "HX-Request" not in request.headers
    if not is_page or not _is_own(request) or request.FILES or any("password" in name for name in request.POST):
        return None
    is_safe = part == "clinic" and len(request.POST.get(FORM_TOKEN, "")) == CSRF_TOKEN_LENGTH
    with override(language_of(request)):
        if may_have_stored() and is_safe:
            sentence = _("It may or may not have been stored. If it was, sending it again changes nothing.")
        else:
            sentence = say_whether_stored()
        context = {
            "request": request,
            "outage": f"{outage} {sentence}",
            "csrf_token": request.POST.get(FORM_TOKEN, ""),
            "typed": _typed(request),
        }
        response = HttpResponse(render_to_string("clinic/again.html", context), status=status_of(outage))
    response["Retry-After"], response["Cache-Control"] = "60", "no-store"
    return response


@never_cache
def return_stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """For a form whose CSRF token is not of this session: it was opened before the last sign-in, or elsewhere.

    The fields are returned only to the registry's own page, so that another site's form is not one click away
    from being accepted.
    """
    match = request.resolver_match
    is_ours = _is_own(request) and match is not None and match.namespace == "clinic"
    return _give_back(request, {}, status=403, fields=is_ours)


def _is_own(request: HttpRequest) -> bool:
    return request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"


def _typed(request: HttpRequest) -> list[tuple[str, list]]:
    return [(name, values) for name, values in request.POST.lists() if name != FORM_TOKEN]


def _give_back(request: HttpRequest, context: dict, *, status: int, fields: bool = True) -> HttpResponse:
    """The page with the fields, unless `fields` is False or there is a file, which cannot be returned."""
    given = _typed(request) if fields and not request.FILES else None
    return render(request, "clinic/again.html", context | {"typed": given}, status=status)
