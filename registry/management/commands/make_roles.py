"""`manage.py make_roles`: the roles of PostgreSQL that processes connect as, and what each may do."""

from pathlib import Path

from django.core.management.base import CommandError

from registry.database_roles.roles import RolesMissing, forget_keys, make_roles
from registry.management.record_command import RecordCommand
from swecar.postgresql.roles import ROLES


class Command(RecordCommand):
    """A second run changes nothing."""

    works_as = ()
    help = (
        "Make the database's roles swecar_clinic, swecar_worker, swecar_public and swecar_importer, and give each "
        "what its processes need, and nothing else. Run it as the tables' owner after each migration; a second "
        "run changes nothing."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--passwords",
            type=Path,
            metavar="FILE",
            help="a file of lines ROLE=PASSWORD; a role that is not in it keeps the one that it has",
        )

    def handle(self, *, passwords: Path | None = None, **options):
        try:
            done = [*make_roles(read_passwords(passwords) if passwords else {}), *forget_keys()]
        except RolesMissing as missing:
            raise CommandError(missing.by_hand()) from None
        for line in done or ["Every role is as it should be."]:
            self.stdout.write(line)


def read_passwords(path: Path) -> dict[str, str]:
    """The passwords of a file by role. Raises CommandError."""
    try:
        lines = [line for line in path.read_text().splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}.") from None
    found = {name.strip(): password.strip() for name, _, password in (line.partition("=") for line in lines)}
    wrong = [name for name, password in found.items() if name not in ROLES or not password]
    if wrong:
        raise CommandError(f"{path}: not a line ROLE=PASSWORD of one of {', '.join(ROLES)}.")
    return found
