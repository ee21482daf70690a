"""The documents: what they refer to is there, and every decision says what a reader needs."""

import json
import re
import tomllib
from pathlib import Path

import polib
import pytest

from benchmarks.document import DOCUMENT, RESULTS, TABLE, make_table

ROOT = Path(__file__).parents[1]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
OF_THE_ROOT = [ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "CHANGELOG")]
DOCUMENTS = [*OF_THE_ROOT, *sorted((ROOT / "docs").rglob("*.md"))]
PICTURES = sorted((ROOT / "docs").rglob("*.png")) + sorted((ROOT / "docs").rglob("*.svg"))
PLACES = (ROOT, ROOT / "registry", ROOT / "registry" / "entry")  # a text says entry/… for registry/entry/…
PATH = re.compile(r"`((?:registry|api|swecar|tests|benchmarks|deploy|docs)/[\w./-]+|\w+(?:/\w+)*\.py)`")
LINK = re.compile(r"""(?:\]\(|src=")(?!https?:|mailto:)([^)\s"]+)""")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
CATALOGUE = ROOT / "registry" / "pages" / "locale" / "sv" / "LC_MESSAGES" / "django.po"
MAKER = ROOT / "tests" / "pictures.py"
LARGEST_PICTURE = 300_000  # bytes
STATUS = re.compile(r"^Status: (?:proposed|accepted|replaced by \[\d{4}\]\(.*\)), \d{4}-\d\d-\d\d\b", re.MULTILINE)
SECTIONS = ("Context", "Decision", "What it costs", "What would change our mind")

MODULES = {path.name for part in ("registry", "api", "swecar", "tests") for path in (ROOT / part).rglob("*.py")}


def is_there(path: str) -> bool:
    return path in MODULES or any((place / path).exists() for place in PLACES)


def test_there_are_documents_and_decisions():
    assert len(DOCUMENTS) > len(DECISIONS) > 20


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_and_link_leads_somewhere(document):
    text = document.read_text(encoding="utf-8")
    missing = [path for path in PATH.findall(text) if not is_there(path)]
    missing += [link for link in LINK.findall(text) if not leads_somewhere(document, link)]
    assert missing == []


def leads_somewhere(document: Path, link: str) -> bool:
    """Whether a link leads to a file, and to a heading of it where it names one."""
    path, _, anchor = link.partition("#")
    target = document.parent / path if path else document
    if not anchor or target.suffix != ".md":
        return target.exists()
    return target.exists() and anchor in anchors(target)


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as the site and hosts of repositories make them."""
    plain = (re.sub(r"[^\w\s-]", "", heading.lower()) for heading in HEADING.findall(document.read_text("utf-8")))
    return {re.sub(r"\s+", "-", heading.strip()) for heading in plain}


def test_the_site_has_every_document_once():
    site = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))
    listed = re.findall(r"'([\w/-]+\.md)'", str(site["project"]["nav"]))
    pages = {str(path.relative_to(ROOT / "docs")) for path in DOCUMENTS if path.is_relative_to(ROOT / "docs")}
    pages |= {"index.md", "CONTRIBUTING.md", "CHANGELOG.md"}  # README.md is the first
    assert sorted(listed) == sorted(pages - {f"decisions/{path.name}" for path in DECISIONS})


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.name)
def test_every_picture_is_shown_somewhere_and_small(picture):
    shown = {
        (text.parent / link).resolve() for text in DOCUMENTS for link in LINK.findall(text.read_text("utf-8"))
    }
    assert picture.resolve() in shown
    assert picture.stat().st_size <= LARGEST_PICTURE


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_number_status_date_and_sections(decision):
    text = decision.read_text(encoding="utf-8")
    assert text.startswith(f"# {decision.name[:4]}: ")
    assert STATUS.search(text)
    headings = re.findall(r"^(?:## |\*\*)([A-Z][\w ]+?)(?:\.\*\*|$)", text, re.MULTILINE)
    assert [section for section in SECTIONS if section in headings] == list(SECTIONS)


def test_the_list_of_decisions_has_each_once_under_its_title_and_explains_missing_numbers():
    listing = (DECISIONS[0].parent / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| \[(\d{4})\]\((.*?)\) \| (.*?) \| ", listing, re.MULTILINE)
    titles = [path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ") for path in DECISIONS]
    assert [f"{number}: {title}" for number, _file, title in listed] == titles
    assert [file for _number, file, _title in listed] == [path.name for path in DECISIONS]
    last = int(DECISIONS[-1].name[:4])
    skipped = {f"{number:04}" for number in range(1, last + 1)} - {path.name[:4] for path in DECISIONS}
    assert [number for number in sorted(skipped) if f"There is no {number}" not in listing] == []


def test_the_swedish_guide_names_what_the_pages_say():
    """What is bold in it stands on a button, in a menu or as a choice: it is a text of the Swedish catalogue."""
    said = {entry.msgstr for entry in polib.pofile(str(CATALOGUE))}
    guide = (ROOT / "docs" / "sv" / "kliniken.md").read_text(encoding="utf-8")
    bold = {re.sub(r"\s+", " ", text) for text in re.findall(r"\*\*(.+?)\*\*", guide, re.DOTALL)}
    assert len(bold) > 15
    assert sorted(bold - said) == []


def test_every_picture_is_made_by_the_browser():
    kept = r'^ +keep\(.*"([\w-]+)"(?:, (?:top|height)=.*)?\)$'
    made = re.findall(kept, MAKER.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(made) == [path.stem for path in PICTURES if path.suffix == ".png"]


def test_the_table_of_the_benchmarks_is_that_of_their_results():
    found = json.loads(RESULTS.read_text())
    [table] = TABLE.findall(DOCUMENT.read_text(encoding="utf-8"))
    assert table == make_table(found)
    assert len(found["results"]) > 20
