"""The error pages: there is none, it cannot be read, it is not permitted, not published, it went wrong.

Such a page is made from the URL's language and side alone: without a database, a session or a user, so
that it can be shown whatever has failed, and tells nobody whether something exists.
"""

from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from registry.choices import Purpose
from registry.errors import NotPublished, RegistryError, TooManyRequests, Withheld, WrongPurpose
from registry.pages.public.layout import STARTS, frame
from swecar.http.browser_limits import POLICY, PUBLIC_PAGE
from swecar.http.error_status import status_of
from swecar.http.limits import may_have_stored
from swecar.http.middleware import SIGNED_IN, language_of


def show_no_page(request: HttpRequest) -> HttpResponse:
    """No such page, or not for whoever asks: 404."""
    with override(language_of(request)):
        if _is_staff_side(request):
            sentence = _(
                "The URL may be mistyped, the page may have moved, or you may not see it. Go to the start page."
            )
        else:
            sentence = _("The URL may be mistyped, or the page may have moved. Go to the map.")
        return _show(request, HTTPStatus.NOT_FOUND, _("There is no such page"), sentence)


def show_bad_request(request: HttpRequest) -> HttpResponse:
    """An address or a form that cannot be read: 400."""
    with override(language_of(request)):
        sentence = _("Something in the URL or the form is wrong. Go back and try again.")
        return _show(request, HTTPStatus.BAD_REQUEST, _("The request cannot be read"), sentence)


def show_not_permitted(request: HttpRequest) -> HttpResponse:
    """A page that the account has no right to: 403."""
    with override(language_of(request)):
        sentence = _("Your account does not have permission. An administrator of the registry can grant it.")
        sentence += " " + _("Write to %(contact)s.") % {"contact": settings.CONTACT}
        return _show(request, HTTPStatus.FORBIDDEN, _("You may not see this page"), sentence)


def show_fault(request: HttpRequest) -> HttpResponse:
    """A fault of ours: 500."""
    with override(language_of(request)):
        sentence = _(
            "The error is ours, and has been logged. Try again in a while; if it happens again, "
            "write to %(contact)s."
        ) % {"contact": settings.CONTACT}
        return _show(request, HTTPStatus.INTERNAL_SERVER_ERROR, _("Something went wrong here"), sentence)


def show_unavailable(request: HttpRequest, error: RegistryError) -> HttpResponse:
    """Nothing can be read, by this error: 503."""
    with override(language_of(request)):
        sentence = str(error)
        if request.method == "POST":
            sentence += " " + say_whether_stored()
        response = _show(request, status_of(error), _("The page cannot be shown just now"), sentence)
    response["Retry-After"] = "60"
    return response


def show_too_many(request: HttpRequest, error: TooManyRequests) -> HttpResponse:
    """One request more than a client's rate allows: 429."""
    with override(language_of(request)):
        sentence = _("Wait a minute, and try again.")
        response = _show(request, status_of(error), _("Too many requests."), sentence)
    for name, value in error.headers.items():
        response[name] = value
    return response


def say_whether_stored() -> str:
    """Of what was sent in the present request, which an outage has broken off."""
    if may_have_stored():  # a commit may have gone through though nobody was told
        return _("What you sent may or may not have been saved: look before you send it again.")
    return _("Nothing was stored.")


def show_unpublished(error: NotPublished | Withheld, *, language: str) -> HttpResponse:
    """Before the first snapshot, or where the policy on small numbers lets nothing out; in frames like the map."""
    headers, template = {"Cache-Control": "no-store", POLICY: PUBLIC_PAGE}, "pages/withheld.html"
    if isinstance(error, NotPublished):
        headers, template = headers | {"Retry-After": "60"}, "pages/waiting.html"
    with override(language):
        page = render_to_string(template, frame(language))
    return HttpResponse(page, status=status_of(error), headers=headers)


def show_wrong_database(request: HttpRequest) -> HttpResponse:
    """A registry that is connected to a demonstration's database: 503."""
    with override(language_of(request)):
        error = WrongPurpose(Purpose.DEMONSTRATION)
        return _show(request, status_of(error), _("Nothing is shown here"), str(error))


def _is_staff_side(request: HttpRequest) -> bool:
    return SIGNED_IN.match(request.path_info) is not None


def _show(request: HttpRequest, status: HTTPStatus, title: str, sentence: str) -> HttpResponse:
    language = language_of(request)
    start = STARTS[language] if _is_staff_side(request) else ""
    context = frame(language) | {"title": title, "sentence": sentence, "start": start}
    headers = {
        "Cache-Control": "no-store",
        "Content-Language": language,
    }
    return HttpResponse(render_to_string("pages/refusal.html", context), status=status, headers=headers)
