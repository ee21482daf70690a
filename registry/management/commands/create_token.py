"""`manage.py create_token USER --scope read|write [--days N]`: a new token, printed once."""

from django.core.management.base import CommandError, no_translations

from registry.access import Operator
from registry.choices import Scope
from registry.entry.accounts.tokens import LONGEST_DAYS, create_token
from registry.management.record_command import RecordCommand
from registry.models import User

USUAL_DAYS = 90


class Command(RecordCommand):
    """Exit 0 if made, 1 if the user does not exist or may not sign in, 2 for a wrong option."""

    help = "Print a new token for the API, with the permissions of its owner. It is not stored."

    def add_arguments(self, parser):
        parser.add_argument("user", help="user name of the owner")
        parser.add_argument("--scope", required=True, choices=Scope.values)
        meaning = f"days until it expires, at most {LONGEST_DAYS} (default: {USUAL_DAYS})"
        parser.add_argument("--days", type=int, default=USUAL_DAYS, help=meaning)

    @no_translations
    def handle(self, *, user: str, scope: str, days: int, **options):
        """Print the token and nothing else."""
        if not 1 <= days <= LONGEST_DAYS:
            raise CommandError(f"--days: write a number from 1 to {LONGEST_DAYS}.", returncode=2)
        owner = User.objects.filter(username=user).first()
        if owner is None or not owner.is_active:
            raise CommandError("There is no such user, or the user may not sign in.")
        _token, text = create_token(owner=owner, name="create_token", scope=Scope(scope), days=days, by=Operator())
        self.stdout.write(text)
