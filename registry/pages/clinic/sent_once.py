"""A form that is sent twice, by a double press or from the browser's history, is carried out once: the second
answer leads where the first one led, and says what the first one said.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.messages.storage.cookie import MessageDecoder, MessageEncoder
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.csrf import CSRF_TOKEN_LENGTH
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from registry.entry.idempotency import Answer, answer_form_once

# Django masks it anew for each page, by which a form is known again. Without its mask, as the page's script writes
# it after a new sign-in, it is the same on all pages.
FORM_TOKEN = "csrfmiddlewaretoken"  # noqa: S105


def carry_out_once(request: Any, view: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """The answer of a view; that of before, where the same user has sent the same form with the same content
    and it was carried out. What was refused may be sent again.
    """
    if request.method != "POST" or request.htmx or len(request.POST.get(FORM_TOKEN, "")) != CSRF_TOKEN_LENGTH:
        return view()
    storage: Any = messages.get_messages(request)
    earlier, answers = len(storage), list[HttpResponseBase]()

    def work() -> dict[str, Any] | None:
        answers.append(view())
        said = list(storage)[earlier:]
        storage.used = False  # they are still to be shown
        if not isinstance(answers[0], HttpResponseRedirect) or any(one.level >= messages.ERROR for one in said):
            return None
        return _describe(answers[0].url, said)

    kept = answer_form_once(request=_print(request), by=request.user, work=work)
    return _repeat(request, kept) if kept else answers[0]


def _print(request: Any) -> bytes:
    """All that makes a request this one, in a digest: an identifier may stand in it."""
    typed = sorted(request.POST.lists())
    digest = hashlib.sha256(json.dumps([request.get_full_path(), typed]).encode())
    for file in request.FILES.values():
        for chunk in file.chunks():
            digest.update(chunk)
        file.seek(0)
    return digest.digest()


def _describe(location: str, said: list) -> dict[str, Any]:
    """What is kept of an answer; whose page it leads to, so that an erasure finds it."""
    try:
        number = resolve(location.partition("?")[0].partition("#")[0]).kwargs.get("number")
    except Resolver404:
        number = None
    kept = {"location": location, "messages": json.dumps(said, cls=MessageEncoder)}
    return kept | ({"patient": str(number)} if number else {})


def _repeat(request: Any, kept: Answer) -> HttpResponseRedirect:
    for one in json.loads(kept.body["messages"], cls=MessageDecoder):
        messages.add_message(request, one.level, one.message, extra_tags=one.extra_tags or "")
    messages.info(request, _("You sent this form more than once: it was carried out once."))
    return HttpResponseRedirect(kept.body["location"])
