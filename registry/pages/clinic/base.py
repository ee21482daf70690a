"""Shared by all pages of the clinic: permissions, the page frame, refusals."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.cache import never_cache

from registry.access import Permission, centres_where, reading_as, seeing_as
from registry.entry.questions.question_list import count_waiting
from registry.entry.questions.referrals import read_open
from registry.errors import Busy, NotFound, NotPermitted, TooManyLookups
from registry.models import Centre, User
from registry.pages.clinic.expired_form import return_signed_out, return_unsent
from registry.pages.clinic.sent_once import carry_out_once
from swecar.http.error_status import status_of

View: TypeAlias = Callable[..., HttpResponseBase]


class SignedInRequest(HttpRequest):
    """A request of someone whom `page` has admitted."""

    user: User
    htmx: Any


def page(*permissions: Permission, stores: bool = True, streams: bool = False) -> Callable[[View], View]:
    """A page for signed-in users who hold one of the permissions at some centre; for all, if none is named.

    stores: whether a form that is sent twice is carried out once; a search is made and logged each time. streams:
    whether rows are read while they are sent, after the view has returned.

    A missing permission, another centre's row and an unknown URL give the same 404, so that nothing is revealed.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        @never_cache
        def shown(request, *args, **kwargs):
            if not request.user.is_authenticated:
                if request.htmx or request.method == "POST":
                    return return_signed_out(request)
                return redirect_to_login(request.get_full_path())
            if permissions and not any(centres_where(request.user, permission) for permission in permissions):
                raise Http404
            reads = request.method in {"GET", "HEAD"} and not streams
            carry_out = carry_out_once if stores else _carry_out
            try:
                with reading_as(request.user) if reads else seeing_as(request.user):
                    return carry_out(request, lambda: view(request, *args, **kwargs))
            except (NotFound, NotPermitted):
                raise Http404 from None
            except Busy as busy:
                return return_unsent(request, busy) or show_busy(request, busy)
            except TooManyLookups as too_many:
                return say_wait(show(request, "clinic/busy.html", {"sentence": str(too_many)}), too_many)

        return shown

    return decorate


def _carry_out(request: HttpRequest, view: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    return view()


def show(
    request: SignedInRequest, template: str, context: dict | None = None, *, status: int = 200
) -> HttpResponse:
    """Render a page with the clinic's menu, language switch and open questions."""
    with reading_as(request.user):
        frame = {
            "menu": menu_of(request.user),
            "other_language": _other_language(request),
            "open_questions": count_waiting(request.user),
            "open_referrals": read_open(by=request.user).count(),
        }
        return render(request, template, frame | (context or {}), status=status)


def show_busy(request: SignedInRequest, busy: Busy) -> HttpResponse:
    """A page that says why nothing can be done just now."""
    response = show(request, "clinic/busy.html", {"sentence": str(busy)}, status=status_of(busy))
    response["Retry-After"] = str(busy.seconds)
    return response


def say_wait(response: HttpResponse, too_many: TooManyLookups | None) -> HttpResponse:
    """Make the page a 429 with Retry-After, where the user's look-up budget is spent."""
    if too_many:
        response.status_code, response["Retry-After"] = status_of(too_many), str(too_many.seconds)
    return response


def menu_of(user: User) -> list[str]:
    """Names of the URLs in the user's menu, in order."""
    return [name for name, permission in MENU if permission is None or centres_where(user, permission)]


def centres_of(user: User, permission: Permission) -> list[Centre]:
    """The centres where the user holds a permission, sorted by code."""
    return list(Centre.objects.visible_to(user, permission).order_by("code"))


MENU: tuple[tuple[str, Permission | None], ...] = (
    ("start", None),
    ("record", Permission.WRITE_RECORDS),
    ("infusions", Permission.READ_RECORDS),
    ("imports", Permission.WRITE_RECORDS),
    ("questions", Permission.READ_RECORDS),
    ("coverage", Permission.STATE_COVERAGE),
    ("trials", Permission.STATE_TRIALS),
    ("people", Permission.INVITE_PEOPLE),
    ("desk", Permission.MERGE_PATIENTS),
    ("access-log", Permission.READ_ACCESS_LOG),
    ("tokens", None),
)


def _other_language(request: HttpRequest) -> dict[str, str]:
    """The same page in the other language; for the response to a form, the start page."""
    code, name = ("en", "English") if translation.get_language() == "sv" else ("sv", "Svenska")
    path = request.path if request.method == "GET" else reverse("clinic:start")
    bare = path.removeprefix("/en")
    return {"code": code, "name": name, "address": f"/en{bare}" if code == "en" else bare}
