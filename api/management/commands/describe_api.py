"""`manage.py describe_api`: docs/openapi.json, the description of the interface as a file.

With --examples it first asks the current snapshot anew for the answers that the description shows.
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

    help = "Write docs/openapi.json, the description of the interface; --examples asks for its answers anew."

    def add_arguments(self, parser):
        """Whether to ask."""
        parser.add_argument("--examples", action="store_true", help="ask the current snapshot for the answers")

    def handle(self, **options):
        """Ask, and write."""
        if options["examples"]:
            examples.write(examples.collect(_ask))
            examples.read.cache_clear()
        body = json.dumps(description.describe_api(), ensure_ascii=False, indent=1)
        PATH.write_text(body + "\n", encoding="utf-8")
        self.stdout.write("docs/openapi.json written.")


def _ask(path: str) -> dict:
    answer = Client().get(f"/api/v1/{path}", headers={"Host": "127.0.0.1"})
    if answer.status_code != HttpResponse.status_code:
        raise CommandError(f"{path} answered {answer.status_code}.")
    body: dict = json.loads(answer.content)
    return body
