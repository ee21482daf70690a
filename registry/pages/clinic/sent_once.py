"""Forms that are sent twice, by a double click or from the browser's history, are carried out once: the second
response redirects to the same page with the same messages.
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

from registry.entry.idempotency import StoredResponse, store_form_once

# Django masks the token anew for each page, so it identifies a form. Unmasked, as the page's script writes it
# after a new sign-in, it is the same on all pages.
FORM_TOKEN = "csrfmiddlewaretoken"  # noqa: S105


def carry_out_once(request: Any, view: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """The response of a view, or the stored response where the same user has sent the same form with the same
    content before and it was carried out. A refused form may be sent again.
    """
    if request.method != "POST" or request.htmx or len(request.POST.get(FORM_TOKEN, "")) != CSRF_TOKEN_LENGTH:
        return view()
    storage: Any = messages.get_messages(request)
    earlier, responses = len(storage), list[HttpResponseBase]()

    def work() -> dict[str, Any] | None:
        responses.append(view())
        sent = list(storage)[earlier:]
        storage.used = False  # keep them for the next page
        if not isinstance(responses[0], HttpResponseRedirect) or any(
            message.level >= messages.ERROR for message in sent
        ):
            return None
        return _describe(responses[0].url, sent)

    stored = store_form_once(request=_digest_request(request), by=request.user, work=work)
    return _repeat(request, stored) if stored else responses[0]


def _digest_request(request: Any) -> bytes:
    """A digest of everything that identifies the request, since it may hold an identity number."""
    typed = sorted(request.POST.lists())
    digest = hashlib.sha256(json.dumps([request.get_full_path(), typed]).encode())
    for file in request.FILES.values():
        for chunk in file.chunks():
            digest.update(chunk)
        file.seek(0)
    return digest.digest()


def _describe(location: str, sent: list) -> dict[str, Any]:
    """What is stored of a response, with the person whose page it redirects to, so that an erasure finds it."""
    try:
        number = resolve(location.partition("?")[0].partition("#")[0]).kwargs.get("number")
    except Resolver404:
        number = None
    described = {"location": location, "messages": json.dumps(sent, cls=MessageEncoder)}
    return described | ({"patient": str(number)} if number else {})


def _repeat(request: Any, stored: StoredResponse) -> HttpResponseRedirect:
    for message in json.loads(stored.body["messages"], cls=MessageDecoder):
        messages.add_message(request, message.level, message.message, extra_tags=message.extra_tags or "")
    messages.info(request, _("You sent this form more than once: it was carried out once."))
    return HttpResponseRedirect(stored.body["location"])
