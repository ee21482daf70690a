"""`manage.py create_token USER --scope read|write [--days N]`: a new token, printed once."""

from django.core.management.base import BaseCommand, CommandError, no_translations

from registry.access import Operator
from registry.choices import Scope
from registry.entry.accounts.tokens import LONGEST_DAYS, create_token
from registry.models import User

USUAL_DAYS = 90


class Command(BaseCommand):
    """Exit 0 made, 1 where the user is none who may sign in, 2 for a wrong option."""

    help = "Print a new token of the interface, which is kept nowhere else, for what its owner may do."

    def add_arguments(self, parser):
        """Whose, for what, and how long."""
        parser.add_argument("user", help="user name of the owner")
        parser.add_argument("--scope", required=True, choices=Scope.values)
        meaning = f"how long it is good, at most {LONGEST_DAYS}; else {USUAL_DAYS}"
        parser.add_argument("--days", type=int, default=USUAL_DAYS, help=meaning)

    @no_translations
    def handle(self, *, user: str, scope: str, days: int, **options):
        """Make the token in the operator's name, and print nothing but it."""
        if not 1 <= days <= LONGEST_DAYS:
            raise CommandError(f"--days: write a number from 1 to {LONGEST_DAYS}.", returncode=2)
        owner = User.objects.filter(username=user).first()
        if owner is None or not owner.is_active:
            raise CommandError("There is no such user who may sign in.")
        _token, text = create_token(owner=owner, name="create_token", scope=Scope(scope), days=days, by=Operator())
        self.stdout.write(text)
