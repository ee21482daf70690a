"""Where made-up records may be stored: on a demonstration, and nowhere else."""

from django.conf import settings
from django.core.management.base import CommandError


def require_demonstration(command: str) -> None:
    """Raise CommandError, with what to do instead, where the process is not set up as a demonstration."""
    if not settings.DEMONSTRATION:
        raise CommandError(
            f"{command} stores made-up records, which a registry would publish as real: nothing was stored. For the "
            "code lists alone, run manage.py load_code_lists. For a demonstration, set DEMONSTRATION=1 for this "
            "command and for the service, on a database of its own."
        )
