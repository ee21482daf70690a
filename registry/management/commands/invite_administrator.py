"""`manage.py invite_administrator EMAIL [--site URL]`: a link that makes an administrator, printed once."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, no_translations
from django.core.validators import validate_email
from django.http.request import validate_host
from django.urls import reverse
from django.utils import timezone

from registry.access import Operator
from registry.entry.accounts.invitations import find_administrator, invite_administrator
from registry.free_text import refuse_identity_number
from registry.management.record_command import RecordCommand
from swecar.postgresql.roles import CLINIC

UNUSABLE = 2
SCHEMES = {False: {"https"}, True: {"http", "https"}}  # by INSECURE_HTTP
HERE = {"localhost", "127.0.0.1", "[::1]", "*"}


class Command(RecordCommand):
    """Exit 0 if invited, or if the person is an administrator already; 2 for an unusable address or site."""

    works_as = (CLINIC,)
    help = (
        "Print a link by which one person becomes an administrator, with a password of their own. It works once, "
        "for seven days. Another run for the same address makes a new link and ends the old one."
    )

    def add_arguments(self, parser):
        parser.add_argument("email", help="the person's e-mail address; nothing is sent there")
        parser.add_argument("--site", help="the site's URL (default: https:// and the first of ALLOWED_HOSTS)")

    @no_translations
    def handle(self, *, email: str, site: str | None, **options):
        """Print the link, and on the error output what holds for it."""
        try:
            validate_email(email)
            refuse_identity_number(email)
        except ValidationError:
            raise CommandError("Write the e-mail address of one person.", returncode=UNUSABLE) from None
        address = check_site(site) if site else default_site()
        there = find_administrator(email)
        if there:
            self.stdout.write(f"{email} is the address of the administrator {there.username}: nothing was done.")
            return
        invitation, token = invite_administrator(email=email, by=Operator())
        self.stdout.write(address + reverse("invitation-link", kwargs={"token": token}))
        until = timezone.localtime(invitation.expires_at)
        self.stderr.write(
            f"The link works once, until {until:%Y-%m-%d %H:%M}, and makes whoever opens it an administrator. "
            "An earlier link for this address does not work any more."
        )


def default_site() -> str:
    """The site's URL by its first name. Raises CommandError where that is no name of a site."""
    name = settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "*"
    if name in HERE or name.startswith("."):
        raise CommandError("Say where the site is: --site https://registry.example", returncode=UNUSABLE)
    return f"{'http' if settings.INSECURE_HTTP else 'https'}://{name}"


def check_site(site: str) -> str:
    """The URL without a slash at its end. Raises CommandError if it is not this site's."""
    try:
        parts = urlsplit(site)
        own = "@" not in parts.netloc and validate_host(parts.hostname or "", settings.ALLOWED_HOSTS)
    except ValueError:
        own = False
    if not own or parts.scheme not in SCHEMES[settings.INSECURE_HTTP] or parts.path.strip("/"):
        raise CommandError(
            "--site: write https:// and one of the names in ALLOWED_HOSTS, and nothing after it.",
            returncode=UNUSABLE,
        )
    return f"{parts.scheme}://{parts.netloc}"
