"""Asking an outside monitor's URL as long as all is well, so that it can miss that."""

import logging
from http.client import HTTPException
from urllib.request import Request, urlopen

from django.conf import settings

from registry.models import LastSeen, Publication

PATIENCE = 10  # seconds

logger = logging.getLogger(__name__)


def is_well() -> bool:
    """Whether a snapshot is published, nothing is absent, and the last alarm could be mailed."""
    return LastSeen.objects.read().are_well and Publication.objects.filter(snapshot__isnull=False).exists()


def send_heartbeat() -> None:
    """Ask the URL, which gets nothing but that; a monitor that does not respond is no fault of ours."""
    if not settings.HEARTBEAT_URL or not is_well():
        return
    try:
        # The form of the setting lets no other scheme than https in.
        with urlopen(Request(settings.HEARTBEAT_URL, headers={"User-Agent": "swecar"}), timeout=PATIENCE):  # noqa: S310
            pass
    except (OSError, HTTPException) as fault:
        logger.warning("The monitor outside did not take the heartbeat: %s.", type(fault).__name__)
