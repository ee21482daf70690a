"""`manage.py changepassword`: in place of Django's, which would say of a password that it is the user's own."""

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Says where another's password is set: in the administration."

    def add_arguments(self, parser) -> None:
        """Whatever Django's takes."""
        parser.add_argument("username", nargs="?")

    def handle(self, *args, **options) -> None:
        """Refuse."""
        raise CommandError(
            "Nothing is changed. An administrator sets another's password in the administration (Users), with a "
            "reason; its owner is told. If no administrator can sign in, make a link for one: "
            "`manage.py invite_administrator NAME@REGION`."
        )
