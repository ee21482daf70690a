"""`manage.py publish`: build, prove and publish now, in this process."""

from django.core.management.base import BaseCommand, CommandError

from registry.errors import ProofFailed
from registry.statistics.build import publish
from registry.statistics.published import read_current

PROOF_FAILED = 3


class Command(BaseCommand):
    """Exit 3 when the proof fails; the old snapshot then stays."""

    help = "Publish a snapshot of the records as they are now; prints its number and hash."

    def handle(self, **options):
        """Publish, or say that the current snapshot is up to date."""
        try:
            snapshot = publish(progress=lambda step: self.stderr.write(f"{step} …"))
        except ProofFailed as failure:
            raise CommandError(
                f"The proof failed, nothing was published:\n{failure}", returncode=PROOF_FAILED
            ) from None
        if snapshot is None:
            current = read_current()
            self.stdout.write(f"Nothing has changed since snapshot {current.number} {current.hash}")
        else:
            self.stdout.write(f"Published snapshot {snapshot.number} {snapshot.hash}")
