"""The project: settings, URLs, Celery, HTTP, and the demonstration."""

from swecar.celery import app as celery_app

__all__ = ["celery_app"]
