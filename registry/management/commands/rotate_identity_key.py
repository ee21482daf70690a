"""`manage.py rotate_identity_key`: carry all digests on to the newest key of IDENTITY_KEYS."""

import sys
from collections import Counter

from django.core.management.base import CommandError

from registry.entry.patients.rekeying import BATCH, Left, count_left, rekey
from registry.errors import Busy
from registry.identity_keys import key_ids
from registry.management.record_command import RecordCommand
from swecar.postgresql.roles import WORKER

LEFT = 1
TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h


class Command(RecordCommand):
    """Exit 0 nothing is under an older key, 1 something is, 75 try again later."""

    works_as = (WORKER,)
    help = (
        "Carry the digests of all persons on to the newest identity key, while the service goes on. It may be "
        "stopped at any moment and run again."
    )

    def add_arguments(self, parser):
        parser.add_argument("--check", action="store_true", help="only say what is left under older keys")
        parser.add_argument("--batch", type=int, default=BATCH, help="how many rows a transaction takes")

    def handle(self, *, check: bool, batch: int, **options):
        twice: list[int] = []
        if not check:
            try:
                twice = self._rekey(batch)
            except Busy as busy:
                raise CommandError(f"{busy.code}: {busy}", returncode=TRY_AGAIN) from None
        newest, left = key_ids()[-1], count_left()
        for kind, rows in left._asdict().items():
            self.stdout.write(f"{kind.replace('_', ' ')}: {rows} under an older key than {newest}")
        if twice:
            numbers = ", ".join(map(str, twice))
            self.stdout.write(f"Persons of whom two have one number: {numbers}. Merge them, and run this again.")
        if any(left):
            sys.exit(LEFT)

    def _rekey(self, batch: int) -> list[int]:
        done: Counter[str] = Counter(dict.fromkeys(Left._fields, 0))
        try:
            return rekey(batch=batch, after_batch=lambda kind, rows: done.update({kind: rows}))
        finally:
            carried = ", ".join(f"{rows} {kind.replace('_', ' ')}" for kind, rows in done.items())
            self.stdout.write(f"Carried on to {key_ids()[-1]}: {carried}.")
