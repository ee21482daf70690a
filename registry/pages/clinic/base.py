"""What every page of the clinic shares: who may come in, and how a refusal looks."""

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

from registry.access import Permission, centres_where
from registry.entry.questions.question_list import count_waiting
from registry.entry.questions.referrals import read_open
from registry.errors import Busy, NotFound, NotPermitted, TooManyLookups
from registry.models import Centre, User
from registry.pages.clinic.expired_form import answer_signed_out
from registry.pages.clinic.sent_once import carry_out_once
from swecar.http.error_status import status_of

View: TypeAlias = Callable[..., HttpResponseBase]


class SignedInRequest(HttpRequest):
    """A request of someone whom shell.page has let in."""

    user: User
    htmx: Any


def page(*permissions: Permission, stores: bool = True) -> Callable[[View], View]:
    """A page for whoever is signed in and holds one of the permissions somewhere; all, if none is named.

    stores: whether a form of it that is sent twice is carried out once; a search is made, and logged, each time.

    What someone may not see does not exist for them: a missing permission, another centre's row
    and a made-up address are one and the same answer.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        @never_cache
        def shown(request, *args, **kwargs):
            if not request.user.is_authenticated:
                if request.htmx or request.method == "POST":
                    return answer_signed_out(request)
                return redirect_to_login(request.get_full_path())
            if permissions and not any(centres_where(request.user, one) for one in permissions):
                raise Http404
            try:
                if not stores:
                    return view(request, *args, **kwargs)
                return carry_out_once(request, lambda: view(request, *args, **kwargs))
            except (NotFound, NotPermitted):
                raise Http404 from None
            except Busy as busy:
                return show(request, "clinic/busy.html", {"sentence": str(busy)}, status=status_of(busy))
            except TooManyLookups as too_many:
                return say_wait(show(request, "clinic/busy.html", {"sentence": str(too_many)}), too_many)

        return shown

    return decorate


def show(
    request: SignedInRequest, template: str, context: dict | None = None, *, status: int = 200
) -> HttpResponse:
    """A page within the frame of the clinic: its menu, its language, its open questions."""
    frame = {
        "menu": menu_of(request.user),
        "other_language": _other_language(request),
        "open_questions": count_waiting(request.user),
        "open_referrals": read_open(by=request.user).count(),
    }
    return render(request, template, frame | (context or {}), status=status)


def say_wait(response: HttpResponse, too_many: TooManyLookups | None) -> HttpResponse:
    """A page that may say nothing more of persons for now: 429, and in how many seconds it may again."""
    if too_many:
        response.status_code, response["Retry-After"] = status_of(too_many), str(too_many.seconds)
    return response


def menu_of(user: User) -> list[str]:
    """Names of the addresses that someone may open, in the order of the menu."""
    return [name for name, permission in MENU if permission is None or centres_where(user, permission)]


def centres_of(user: User, permission: Permission) -> list[Centre]:
    """The centres where someone holds a permission, sorted by code."""
    allowed = centres_where(user, permission)
    return [centre for centre in Centre.objects.order_by("code") if centre.pk in allowed]


MENU: tuple[tuple[str, Permission | None], ...] = (
    ("start", None),
    ("record", Permission.WRITE_RECORDS),
    ("infusions", Permission.READ_RECORDS),
    ("imports", Permission.WRITE_RECORDS),
    ("questions", Permission.READ_RECORDS),
    ("coverage", Permission.STATE_COVERAGE),
    ("people", Permission.INVITE_PEOPLE),
    ("desk", Permission.MERGE_PATIENTS),
    ("access-log", Permission.READ_ACCESS_LOG),
    ("tokens", None),
)


def _other_language(request: HttpRequest) -> dict[str, str]:
    """The same page in the other language; a page that answers a form leads to the start."""
    code, name = ("en", "English") if translation.get_language() == "sv" else ("sv", "Svenska")
    path = request.path if request.method == "GET" else reverse("clinic:start")
    bare = path.removeprefix("/en")
    return {"code": code, "name": name, "address": f"/en{bare}" if code == "en" else bare}
