"""Traces and errors for systems outside, where the settings name them; their packages are optional."""

from importlib import import_module

from django.conf import settings


def begin_tracing() -> None:
    """Load and begin what is configured, and nothing else."""
    if settings.TRACES_URL:
        import_module("swecar.tracing.spans").begin()
    if settings.SENTRY_DSN:
        import_module("swecar.tracing.faults").begin()
