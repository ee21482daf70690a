"""`manage.py create_token USER --scope read|write [--days N] [--networks …]`: a new token, printed once."""

from django.core.management.base import CommandError, no_translations

from registry.access import Operator
from registry.choices import Scope
from registry.entry.accounts.tokens import LONGEST_DAYS, create_token, longest_days, read_networks
from registry.management.record_command import RecordCommand
from registry.models import User
from swecar.postgresql.roles import CLINIC

USUAL_DAYS = 90


class Command(RecordCommand):
    """Exit 0 if made, 1 if the user does not exist or may not sign in, 2 for a wrong option."""

    works_as = (CLINIC,)
    help = "Print a new token for the API, with the permissions of its owner. It is not stored."

    def add_arguments(self, parser):
        parser.add_argument("user", help="user name of the owner")
        parser.add_argument("--scope", required=True, choices=Scope.values)
        meaning = f"days until it expires, at most {LONGEST_DAYS}, or TOKEN_DAYS to write (default: {USUAL_DAYS})"
        parser.add_argument("--days", type=int, help=meaning)
        parser.add_argument("--networks", default="", help="from which alone it is taken: 10.1.0.0/16,192.0.2.7")

    @no_translations
    def handle(self, *, user: str, scope: str, days: int | None, networks: str, **options):
        """Print the token and nothing else."""
        longest = longest_days(Scope(scope))
        if days is None:
            days = min(USUAL_DAYS, longest)
        if not 1 <= days <= longest:
            raise CommandError(f"--days: write a number from 1 to {longest}.", returncode=2)
        try:
            read_networks(networks)
        except ValueError as wrong:
            raise CommandError(f"--networks: {wrong}.", returncode=2) from None
        owner = User.objects.filter(username=user).first()
        if owner is None or not owner.is_active:
            raise CommandError("There is no such user, or the user may not sign in.")
        _token, text = create_token(
            owner=owner, name="create_token", scope=Scope(scope), days=days, networks=networks, by=Operator()
        )
        self.stdout.write(text)
