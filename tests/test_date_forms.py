"""One way to write a day on each page: in words where the public reads, in figures where people work.

Apart from this stand what somebody types or is told to type, what was understood of it at its field, and drawings.
"""

import re
from html.parser import HTMLParser

import pytest

from swecar.postgresql.roles import PUBLIC
from tests.database_roles import role_of
from tests.routes import store_world
from tests.test_printed_dates import each_address

pytestmark = pytest.mark.django_db
NUMERIC = re.compile(r"(?<![=/\w-])\d{4}-\d{2}(-\d{2})?\b|\b\d{1,2}/\d{1,2}/\d{2,4}\b")  # not in an address
MONTHS = (
    "januari|februari|mars|april|maj|juni|juli|augusti|september|oktober|november|december"
    "|January|February|March|April|May|June|July|August|September|October|November|December"
)
IN_WORDS = re.compile(rf"\b(\d{{1,2}} )?({MONTHS}) \d{{4}}\b")


class Text(HTMLParser):
    """What a page says, without what is for programs and without what people type."""

    SILENT = ("script", "style", "code", "pre", "textarea", "svg")

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag, attributes) -> None:
        given = dict(attributes)
        is_help = given.get("id", "").endswith(("-help", "_helptext")) or given.get("class") == "read"
        if tag in self.SILENT or is_help:
            self.inside.append(tag)

    def handle_endtag(self, tag) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data) -> None:
        if not self.inside:
            self.parts.append(data)


def test_each_page_writes_days_in_its_way(lists):
    wrong, seen = [], set()
    for row, client, address in each_address(store_world(lists)):
        response = client.get(address)
        if not response.get("Content-Type", "").startswith("text/html"):
            continue
        text = Text()
        text.feed(response.content.decode())
        said = " ".join(text.parts)
        is_public = role_of(address) == PUBLIC
        if found := {match[0] for match in (NUMERIC if is_public else IN_WORDS).finditer(said)}:
            wrong.append((row.name, found))
        seen.add(is_public)
    assert (wrong, seen) == ([], {True, False})
