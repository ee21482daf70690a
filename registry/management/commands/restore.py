"""`manage.py restore`: a backup into an empty database, and the proofs that it is all there."""

import time
from pathlib import Path

from django.core.management.base import CommandError

from registry.backups.errors import BackupFailed
from registry.backups.proofs import find_faults
from registry.backups.restoring import bring_up_to_date, check_loaded, load, read_states
from registry.backups.sealed_files import read_identities
from registry.backups.state import erase_again
from registry.management.record_command import RecordCommand

NOT_PROVEN = 3


class Command(RecordCommand):
    """Exit 1 if nothing was restored, 3 if it was and something is not as it was."""

    works_as = ()
    help = (
        "Restore a backup into the empty database of DATABASE_URL, prove it, and erase again who was erased "
        "since. Needs SECRET_KEY and IDENTITY_KEYS as they were."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "backup", type=Path, metavar="BACKUP", help="the folder that `manage.py backup` printed"
        )
        parser.add_argument("--identity", type=Path, required=True, metavar="FILE", help="the private key")
        parser.add_argument(
            "--loaded",
            action="store_true",
            help="the database is restored already, by a point in time or by a copy of a disk: only prove it, and "
            "erase again who was erased according to BACKUP and those after it",
        )

    def handle(self, *, backup, identity, loaded, **options):
        begun = time.monotonic()

        def tell(step: str) -> None:
            self.stdout.write(f"{time.monotonic() - begun:6.1f} s  {step}")
            self.stdout.flush()

        try:
            identities = read_identities(identity)
            tell("the files are what was written")
            states = read_states(backup, identities)
            if not loaded:
                load(backup, identities, tell)
                tell(f"{check_loaded(states[0])} rows, in each table as many as there were")
            bring_up_to_date(tell)
        except BackupFailed as failed:
            raise CommandError(str(failed)) from None
        faults = []
        for proof, fault in find_faults():
            tell(f"{proof}: {fault or 'well'}")
            faults += [fault] if fault else []
        persons, refusals = erase_again(states)
        tell(f"erased again: {persons} persons; who refuse: {refusals} more")
        if faults:
            raise CommandError("Restored, but not as it was: " + " ".join(faults), returncode=NOT_PROVEN)
        self.stdout.write("Restored and proven. The service may use this database.")
