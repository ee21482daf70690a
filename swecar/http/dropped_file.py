"""An uploaded file that the upload handler drops, since the request is larger than the memory limit."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings


def file_was_dropped(files: Mapping[str, Any], meta: Mapping[str, Any]) -> bool:
    """Whether a request without files, by its headers (META), was sent with one."""
    size = meta.get("CONTENT_LENGTH") or "0"
    return not files and size.isdecimal() and int(size) > settings.FILE_UPLOAD_MAX_MEMORY_SIZE
