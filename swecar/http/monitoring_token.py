"""Who may read what tells of the service at work: whoever sends the token of MONITORING_TOKEN."""

from collections.abc import Mapping

from django.conf import settings
from django.utils.crypto import constant_time_compare

SCHEME = "Bearer "


def holds_monitoring_token(meta: Mapping) -> bool:
    """Whether the request's headers (META) have it; nobody does where none is set."""
    sent = meta.get("HTTP_AUTHORIZATION", "")
    return bool(
        settings.MONITORING_TOKEN
        and sent.startswith(SCHEME)
        and constant_time_compare(sent.removeprefix(SCHEME), settings.MONITORING_TOKEN)
    )
