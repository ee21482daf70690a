"""`manage.py describe_api`: docs/openapi.json, the description of the API as a file.

With --examples it first makes the responses that the description shows anew, from the current snapshot.
"""

import json

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.http import HttpResponse
from django.test import Client

from api.public import description, examples

PATH = settings.BASE_DIR / "docs" / "openapi.json"


class Command(BaseCommand):
    """Write the file."""

    help = "Write docs/openapi.json, the description of the API; --examples makes its responses anew."

    def add_arguments(self, parser):
        """Whether to make the examples anew."""
        parser.add_argument("--examples", action="store_true", help="make the responses anew, from the snapshot")

    def handle(self, **options):
        """Make, and write."""
        if options["examples"]:
            examples.write(examples.collect(_get))
            examples.read.cache_clear()
        body = json.dumps(description.describe_api(), ensure_ascii=False, indent=1)
        PATH.write_text(body + "\n", encoding="utf-8")
        self.stdout.write("docs/openapi.json written.")


def _get(path: str) -> dict:
    response = Client().get(f"/api/v1/{path}", headers={"Host": "127.0.0.1"})
    if response.status_code != HttpResponse.status_code:
        raise CommandError(f"{path} gave {response.status_code}.")
    body: dict = json.loads(response.content)
    return body
