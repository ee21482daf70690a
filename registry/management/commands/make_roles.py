"""`manage.py make_roles`: the roles of PostgreSQL that processes connect as, and what each may do."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from registry.database_roles.roles import ATTRIBUTES, RolesMissing, forget_keys, make_roles
from swecar.postgresql.roles import ROLES

BY_HAND = f"""This connection may not make the role {{role}}. As a superuser of PostgreSQL:
{chr(10).join(f"  CREATE ROLE {role} LOGIN {ATTRIBUTES};" for role in ROLES)}
  GRANT swecar_worker TO {{owner}};
and give each a password (\\password in psql). Then run this again."""


class Command(BaseCommand):
    """A second run changes nothing."""

    help = (
        "Make the database's roles swecar_clinic, swecar_worker and swecar_public and give each what its "
        "processes need, and nothing else. Run it as the tables' owner after each migration; a second "
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
            with transaction.atomic():
                done = [*make_roles(read_passwords(passwords) if passwords else {}), *forget_keys()]
        except RolesMissing as missing:
            raise CommandError(BY_HAND.format(role=missing, owner="OWNER")) from None
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
