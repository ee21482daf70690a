"""`manage.py publish`: build, recount and publish now, in this process."""

from django.core.management.base import CommandError

from registry.choices import Outcome
from registry.errors import ProofFailed
from registry.management.record_command import RecordCommand
from registry.published.current_snapshot import read_current
from registry.publishing.runs import run_publication
from swecar.postgresql.roles import WORKER

PROOF_FAILED = 3


class Command(RecordCommand):
    """Exit 3 if the recount does not agree; the old snapshot then stays current."""

    works_as = (WORKER,)
    help = "Publish a snapshot of the records as they are now; prints its number and hash."

    def handle(self, **options):
        try:
            run = run_publication(progress=lambda step: self.stderr.write(f"{step} …"))
        except ProofFailed as failure:
            raise CommandError(
                f"The recount did not agree, nothing was published:\n{failure}", returncode=PROOF_FAILED
            ) from None
        if run and run.outcome == Outcome.HELD:
            self.stdout.write(f"Held back: {run.message} What is public stays (docs/decisions/0039).")
            return
        current = read_current()
        news = "Published" if run and run.snapshot else "Nothing has changed since"
        self.stdout.write(f"{news} snapshot {current.number} {current.hash}")
