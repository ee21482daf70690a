"""A file as a download."""

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from registry.entry.exchange.file_writer import Download


def send_file(file: Download) -> HttpResponseBase:
    """The response; what is not a list of pieces is sent while it is read."""
    kind = HttpResponse if isinstance(file.content, list) else StreamingHttpResponse
    response: HttpResponseBase = kind(file.content, content_type=file.content_type)
    response["Content-Disposition"] = f'attachment; filename="{file.file_name}"'
    return response
