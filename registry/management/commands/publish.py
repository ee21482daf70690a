"""`manage.py publish`: build, prove and publish now, in this process."""

from django.core.management.base import BaseCommand, CommandError

from registry.errors import ProofFailed
from registry.published.current_snapshot import read_current
from registry.publishing.runs import run_publication

PROOF_FAILED = 3


class Command(BaseCommand):
    """Exit 3 when the proof fails; the old snapshot then stays."""

    help = "Publish a snapshot of the records as they are now; prints its number and hash."

    def handle(self, **options):
        """Publish, or say that the current snapshot is up to date."""
        try:
            run = run_publication(progress=lambda step: self.stderr.write(f"{step} …"))
        except ProofFailed as failure:
            raise CommandError(
                f"The proof failed, nothing was published:\n{failure}", returncode=PROOF_FAILED
            ) from None
        current = read_current()
        news = "Published" if run and run.snapshot else "Nothing has changed since"
        self.stdout.write(f"{news} snapshot {current.number} {current.hash}")
