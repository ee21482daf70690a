"""One view that returns bytes it has in memory."""

import os
from pathlib import Path

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.urls import path

HEADERS = {"ETag": '"known"', "Content-Length": str(Path(os.environ["BENCH_BODY"]).stat().st_size)}
BODY = Path(os.environ["BENCH_BODY"]).read_bytes()


def show(request: HttpRequest) -> HttpResponse:
    """The bytes, or 304 if the client has them."""
    if request.headers.get("If-None-Match") == '"known"':
        return HttpResponseNotModified(headers={"ETag": '"known"'})
    return HttpResponse(BODY, content_type="application/json", headers=HEADERS)


urlpatterns = [path("bare", show)]
