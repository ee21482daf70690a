"""What any page says in another language than its own is marked with that language (WCAG 3.1.2)."""

import re
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from registry.publishing import new_release, release_files
from registry.publishing.publish import publish
from tests import factories
from tests.routes import ROLES, store_world
from tests.test_routes import ROWS

# Words that a sentence of the language has and the other language has not.
SWEDISH = "och att är inte för som med av på till från den det har eller om"
ENGLISH = "the and of is not that with for from are has or to if this"
WORDS = {"sv": {*SWEDISH.split()}, "en": {*ENGLISH.split()}}
SENTENCE = 3  # different ones of them
UNREAD = {"script", "style", "template", "textarea", "code", "pre"}
VOID = {"meta", "link", "input", "br", "img", "hr", "source", "wbr", "col"}
SAID = ("aria-label", "alt", "title", "placeholder")


class Parts(HTMLParser):
    """The texts of a page with the language that each is marked with, and the links to the other language."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[tuple[str, str]] = []
        self.texts: list[tuple[str, str]] = []
        self.links: list[tuple[str | None, str | None]] = []
        self.feed(page)

    @property
    def language(self) -> str:
        return self.open[-1][1] if self.open else ""

    def handle_starttag(self, tag, attrs) -> None:
        given = dict(attrs)
        language = (given.get("lang") or self.language)[:2]
        self.texts += [(language, given[name]) for name in SAID if given.get(name)]
        if tag == "a" and "hreflang" in given:
            self.links.append((given["hreflang"], given.get("lang")))
        if tag not in VOID:
            self.open.append((tag, language))

    def handle_startendtag(self, tag, attrs) -> None:
        self.texts += [(self.language, value) for name, value in attrs if name in SAID and value]

    def handle_endtag(self, tag) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data) -> None:
        if data.strip() and not (self.open and self.open[-1][0] in UNREAD):
            self.texts.append((self.language, data.strip()))


def strange(parts: Parts) -> list[tuple[str, str]]:
    """Sentences marked as in another language than they are."""
    found = []
    for marked, said in parts.texts:
        words = set(re.findall(r"[a-zåäö]+", said.lower()))
        for language, known in WORDS.items():
            if language != marked and len(words & known) >= SENTENCE and not words & WORDS[marked or "en"]:
                found.append((marked, said))
    return found


@pytest.fixture
def world(lists, monkeypatch):
    monkeypatch.setattr(release_files, "MAP_FORMATS", {})  # time
    stored = store_world(lists)
    publish()
    new_release.release_snapshot(
        name="none", title_sv="Första", title_en="First", note_sv="Den är inte som andra och har det med sig.",
        note_en="This is not the one that has all of them.", by=factories.user("maker", national_role="steward"),
    )  # fmt: skip
    return stored


def test_the_reading_finds_what_is_not_marked():
    page = (
        '<html lang="en"><p>{}Det här är inte på engelska, och har det inte varit.{}</p><br><p>It is.</p></html>'
    )
    assert strange(Parts(page.format("", "")))
    assert not strange(Parts(page.format('<span lang="sv">', "</span>")))


def test_every_page_is_in_its_language_and_what_is_not_is_marked(world, settings):
    settings.RATE_LIMIT = 100_000
    clients = {role: Client(raise_request_exception=False) for role in ROLES}
    for role, user in world.users.items():
        clients[role].force_login(user)
    seen, faults = set(), []
    for row in (row for row in ROWS if row.method == "GET" and not row.name.startswith(("admin", "api"))):
        client = clients[next((role for role in ROLES if row.status_of(role) == 200), "nobody")]
        for language in WORDS:
            with factories.rolled_back(), override(language):
                answer = client.get(reverse(row.name, kwargs=dict(row.args(world))))
            if answer.status_code != 200 or "text/html" not in answer.get("Content-Type", "") or answer.streaming:
                continue
            page = answer.content.decode()
            if "<html" not in page:
                continue
            seen.add(row.name)
            parts = Parts(page)
            of_page = re.search(r'<html lang="(\w+)"', page)[1]
            own = row.name[-2:] if row.name.endswith(("-sv", "-en")) else language
            if of_page != own and row.name not in {"description"}:
                faults.append((row.name, language, "lang", of_page))
            faults += [(row.name, language, "link", link) for link in parts.links if link[0] != link[1]]
            faults += [(row.name, language, *one) for one in strange(parts)]
    assert faults == []
    assert len(seen) > 60, seen
