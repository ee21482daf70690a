"""The documents: what they refer to is there, and every decision says what a reader needs."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
PLACES = (ROOT, ROOT / "registry", ROOT / "registry" / "entry")  # a text says entry/… for registry/entry/…
PATH = re.compile(r"`((?:registry|api|swecar|tests|benchmarks|deploy|docs)/[\w./-]+|\w+(?:/\w+)*\.py)`")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
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
    missing += [link for link in LINK.findall(text) if not (document.parent / link).exists()]
    assert missing == []


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
