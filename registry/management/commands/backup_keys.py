"""`manage.py backup_keys`: the keys without which a backup's persons are found by nobody."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from registry.backups.errors import BackupFailed
from registry.backups.making import seal_keys
from registry.backups.sealed_files import read_recipients


class Command(BaseCommand):
    """Run it where the keys are: as the clinic or the worker."""

    help = (
        "Write SECRET_KEY and IDENTITY_KEYS, as this process has them, into an encrypted file within FOLDER. Keep "
        "it elsewhere than the backups of the database: who has both, and the private key, can look for persons."
    )

    def add_arguments(self, parser):
        parser.add_argument("folder", type=Path, metavar="FOLDER")
        parser.add_argument(
            "--to", action="append", default=[], metavar="KEY", help="a public key, age1… or ssh-…"
        )

    def handle(self, *, folder, to, **options):
        if not settings.IDENTITY_KEYS:
            self.stderr.write(
                "IDENTITY_KEYS are not here: back them up where they are, with clinic, worker or keeper."
            )
        try:
            self.stdout.write(str(seal_keys(folder, to=read_recipients(to))))
        except BackupFailed as failed:
            raise CommandError(str(failed)) from None
