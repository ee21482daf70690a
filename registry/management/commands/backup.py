"""`manage.py backup`: an encrypted backup into a folder, and the old ones out of it."""

import argparse
import re
from pathlib import Path

from django.core.management.base import CommandError

from registry.backups.errors import BackupFailed
from registry.backups.making import back_up
from registry.backups.rotation import Kept, delete_old
from registry.backups.sealed_files import make_identity, read_recipients
from registry.management.record_command import RecordCommand


def read_kept(text: str) -> Kept:
    """DAYS:WEEKS:MONTHS."""
    if not re.fullmatch(r"\d{1,4}:\d{1,4}:\d{1,4}", text, re.ASCII):
        raise argparse.ArgumentTypeError("write DAYS:WEEKS:MONTHS, such as 7:5:6")
    return Kept(*map(int, text.split(":")))


class Command(RecordCommand):
    """As the tables' owner, who sees every row."""

    works_as = ()
    help = (
        "Back up the database into a new folder within FOLDER, encrypted to public keys of age: a dump, what a "
        "restore has to show, and a manifest with hashes. The keys are apart (backup_keys)."
    )

    def add_arguments(self, parser):
        parser.add_argument("folder", nargs="?", type=Path, metavar="FOLDER")
        parser.add_argument(
            "--to", action="append", default=[], metavar="KEY", help="a public key, age1… or ssh-…"
        )
        parser.add_argument(
            "--erasures-only",
            action="store_true",
            help="only who was erased until now, for a restore of an earlier backup; as often as you like",
        )
        parser.add_argument(
            "--keep",
            type=read_kept,
            metavar="DAYS:WEEKS:MONTHS",
            help="then delete all backups in FOLDER but the latest of each of so many days, weeks and months",
        )
        parser.add_argument(
            "--make-identity", type=Path, metavar="FILE", help="only make a private key, and print its public key"
        )

    def handle(self, *, folder, to, erasures_only, keep, make_identity: Path | None = None, **options):
        try:
            if make_identity:
                self._make_identity(make_identity)
                return
            if folder is None:
                raise CommandError("Name the folder that the backup is to be written into.")
            recipients = read_recipients(to)
            made = back_up(
                folder,
                to=recipients,
                only_erasures=erasures_only,
                progress=lambda step: self.stderr.write(f"{step} …"),
            )
            self.stdout.write(str(made))
            for path in delete_old(folder, keep) if keep else ():
                self.stderr.write(f"{path} is deleted.")
        except BackupFailed as failed:
            raise CommandError(str(failed)) from None

    def _make_identity(self, path: Path) -> None:
        public = make_identity(path)
        self.stderr.write(
            f"{path} opens every backup made for this key: keep it and a copy away from the service."
        )
        self.stdout.write(public)
