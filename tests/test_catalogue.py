"""The Swedish catalogue: it has every text of the product, as the product asks for it, and no other."""

import io
import os
import re
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.utils.translation import gettext, ngettext, override
from django.utils.translation.template import templatize

import registry
from registry import apps
from registry.sentences import say

REGISTRY = Path(registry.__file__).parent
CATALOGUE = REGISTRY / "pages" / "locale" / "sv" / "LC_MESSAGES" / "django.po"
TEMPLATES = REGISTRY / "pages" / "templates"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
}
UNKNOWN_KEYWORDS = re.compile(r"\bn?pgettext|gettext\w* as (?!_\b)")
PLACE = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}|</?\w[^>]*>")
MARKS = re.compile(r"^\W*|\W*$")


def used_texts() -> set:
    """Every text that goes through gettext: a string, or a pair of singular and plural."""
    found = set()
    for path in (*REGISTRY.rglob("*.py"), *TEMPLATES.rglob("*.html")):
        text = path.read_text(encoding="utf-8")
        code = templatize(text) if path.suffix == ".html" else text
        lines = extract("python", io.BytesIO(code.encode()), keywords=KEYWORDS, options={"encoding": "utf-8"})
        found |= {message for _line, message, _comments, _context in lines}
    return found


def read_catalogue():
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="sv")


def pairs(message) -> list[tuple[str, str]]:
    """A message's originals, each with its translation."""
    if message.pluralizable:
        return list(zip(message.id, message.string, strict=True))
    return [(message.id, message.string)]


MESSAGES = [message for message in read_catalogue() if message.id]


def test_every_text_is_there_and_none_is_left_over():
    texts = used_texts()
    # A plural entry answers for its singular too, and a catalogue cannot hold both.
    singulars = {text[0] for text in texts if isinstance(text, tuple)}
    wanted = texts - singulars
    had = {message.id for message in MESSAGES}
    assert wanted - had == set(), "not in the catalogue"
    assert had - wanted == set(), "no longer used"
    assert not read_catalogue().obsolete


def test_texts_are_found_wherever_they_hide():
    assert {
        "You may not do this.",  # an error's sentence
        "The person's first infusion is already registered.",  # gettext_noop
        "Publish now",  # a template's attribute
        ("Please correct the error below.", "Please correct the errors below."),  # a template's plural
        "Standard of care",  # gettext_lazy
    } <= used_texts()
    for path in REGISTRY.rglob("*.py"):
        assert not UNKNOWN_KEYWORDS.search(path.read_text(encoding="utf-8")), f"{path} asks in a way unknown here"


def test_every_translation_is_whole():
    assert [message.id for message in MESSAGES if not is_whole(message)] == []


def is_whole(message) -> bool:
    """Nobody doubts it, and it has the original's places, marks and first letter."""
    return not message.fuzzy and all(
        translation.strip() == translation != ""
        and sorted(PLACE.findall(translation)) == sorted(PLACE.findall(original))
        and signs(translation) == signs(original)
        for original, translation in pairs(message)
    )


@pytest.mark.parametrize(
    ("original", "translation"),
    [("%(n)s rows", "rader"), ("Store", ""), ("Store", "lagra"), ("Done.", "Klart"), ("Done", " Klart")],
)
def test_a_translation_that_lacks_something_is_found(original, translation):
    assert not is_whole(Message(original, translation))
    assert not is_whole(Message("Done.", "Klart.", flags=["fuzzy"]))
    assert is_whole(Message("%(n)s rows", "%(n)s rader"))


def signs(text: str) -> tuple[list[str], bool]:
    """The marks around a text, and whether it begins with a capital."""
    return MARKS.findall(PLACE.sub("x", text)), text[0].isupper()


def test_the_product_says_what_the_catalogue_has():
    with override("sv"):
        for message in MESSAGES:
            if message.pluralizable:
                assert tuple(ngettext(*message.id, n) for n in (1, 2)) == tuple(message.string)
            else:
                assert gettext(message.id) == message.string
            singular = message.id[0] if message.pluralizable else message.id
            assert say(singular) == pairs(message)[0][1]


# One thing has one word: what is not to be said, and what is said instead.
OTHER_WORDS = {
    "dra tillbaka": "makulera",
    "dras tillbaka": "makuleras",
    "värde saknas": "måste anges",
    "obligatorisk": "måste anges",
    "batch,": "batchnummer,",
}


@pytest.mark.parametrize("word", OTHER_WORDS)
def test_one_thing_has_one_word(word):
    said = [translation for message in MESSAGES for _original, translation in pairs(message)]
    assert [text for text in said if word in text.lower()] == []
    assert [text for text in said if OTHER_WORDS[word] in text.lower()]


def test_the_catalogue_says_nothing_of_the_machine_it_was_made_on():
    text = CATALOGUE.read_text(encoding="utf-8")
    assert not re.search(r"^#: ", text, re.MULTILINE)
    assert not re.search(r"(^|[\s\"])(/|[A-Z]:\\|~/)\w", text, re.MULTILINE)


def make_catalogue(path: Path, translation: str) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    (path / "django.po").write_text(f'{header}msgid "Batch"\nmsgstr "{translation}"\n', encoding="utf-8")
    return path / "django.mo"


def read_compiled(path: Path) -> str:
    with path.open("rb") as file:
        return GNUTranslations(file).gettext("Batch")


def test_a_catalogue_is_compiled_at_start_where_it_is_missing_or_older_than_its_texts(tmp_path, monkeypatch):
    monkeypatch.setattr(apps, "CATALOGUES", tmp_path)
    swedish, finnish = tmp_path / "sv" / "LC_MESSAGES", tmp_path / "fi" / "LC_MESSAGES"
    compiled = [make_catalogue(swedish, "Batchnummer å"), make_catalogue(finnish, "Eränumero ä")]
    apps.compile_catalogues()
    assert [read_compiled(path) for path in compiled] == ["Batchnummer å", "Eränumero ä"]

    make_catalogue(swedish, "Sats")
    os.utime(compiled[0], (0, 0))
    written = compiled[1].stat().st_mtime_ns
    apps.compile_catalogues()
    assert [read_compiled(path) for path in compiled] == ["Sats", "Eränumero ä"]
    assert compiled[1].stat().st_mtime_ns == written
    assert sorted(path.name for path in swedish.iterdir()) == ["django.mo", "django.po"]


def test_what_is_read_is_what_the_texts_say():
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = GNUTranslations(file)
    for message in MESSAGES:
        if message.pluralizable:
            said = [compiled.ngettext(*message.id, number) for number in (1, 2)]
            assert said == list(message.string)
        else:
            assert compiled.gettext(message.id) == message.string
