"""What watches the service in the tests: it has the token."""

from django.conf import settings
from django.test import Client

TOKEN = {"authorization": f"Bearer {settings.MONITORING_TOKEN}"}


def read_metrics() -> str:
    """The text of /metrics."""
    return Client().get("/metrics", headers=TOKEN).content.decode()
