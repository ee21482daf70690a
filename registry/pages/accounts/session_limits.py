"""The end of a session: some time after the last thing that was done in it, and some hours after the sign-in."""

import time
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, JsonResponse
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

BEGAN, SEEN = "began", "seen"  # seconds since 1970, in the session
NOTED_EVERY = 60  # seconds, so that not each request writes
clock = time.time


class SessionLimits(MiddlewareMixin):
    """Signs out who has done nothing for SESSION_IDLE_MINUTES, or signed in SESSION_HOURS ago."""

    def process_request(self, request: HttpRequest) -> None:
        """End the session, or note that it is used."""
        if not hasattr(request, "user") or not request.user.is_authenticated:
            return
        session, now = request.session, clock()
        session.setdefault(BEGAN, now)
        if SEEN not in session:
            session[SEEN] = now
        if seconds_left(session) <= 0:
            sentence = _say_why(session)
            logout(request)
            messages.info(request, sentence)
        elif _is_someones_doing(request) and now - session[SEEN] >= NOTED_EVERY:
            session[SEEN] = now


def tell_page(request: HttpRequest) -> dict[str, int]:
    """For the templates: the seconds for which it lasts at least, where someone is signed in."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or SEEN not in request.session:
        return {}
    return {"session_seconds": min(_idle() - NOTED_EVERY, seconds_left(request.session))}


def seconds_left(session: Any) -> int:
    """Until it ends, if nothing more is done."""
    return int(min(session[SEEN] + _idle(), session[BEGAN] + settings.SESSION_HOURS * 3600) - clock())


@never_cache
@require_http_methods(["GET", "POST"])
def session(request: HttpRequest) -> JsonResponse:
    """How many seconds the session lasts; a POST lengthens it. 401 where it has ended."""
    if not request.user.is_authenticated:
        return JsonResponse({"seconds": 0}, status=401)
    if request.method == "POST":
        request.session[SEEN] = clock()
    return JsonResponse({"seconds": seconds_left(request.session)})


def _idle() -> int:
    return settings.SESSION_IDLE_MINUTES * 60


def _is_someones_doing(request: HttpRequest) -> bool:
    """Not where a page asks by itself, as it does while an import runs and for the warning."""
    return request.method not in {"GET", "HEAD"} or not (
        "HX-Request" in request.headers or request.path_info.endswith("/clinic/session")
    )


def _say_why(session: Any) -> str:
    minutes, hours = settings.SESSION_IDLE_MINUTES, settings.SESSION_HOURS
    if session[SEEN] + _idle() <= clock():
        sentence = ngettext(
            "You have been signed out, since nothing was done for %(minutes)s minute.",
            "You have been signed out, since nothing was done for %(minutes)s minutes.",
            minutes,
        )
        return sentence % {"minutes": minutes}
    sentence = ngettext(
        "You have been signed out %(hours)s hour after the sign-in.",
        "You have been signed out %(hours)s hours after the sign-in.",
        hours,
    )
    return sentence % {"hours": hours}


@receiver(user_logged_in)
def begin(request: HttpRequest | None, **others: Any) -> None:
    """A sign-in begins both; one that follows in the same session moves only what counts from the last use."""
    if request is not None:
        request.session.setdefault(BEGAN, clock())
        request.session[SEEN] = clock()
