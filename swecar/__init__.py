"""The project: settings, addresses, jobs, and the embedded servers of the demonstration."""

from swecar.celery import app as celery_app

__all__ = ["celery_app"]
