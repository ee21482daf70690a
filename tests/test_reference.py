"""The lists of the documents and the code: the same commands, codes and permissions, each explained."""

import re
from pathlib import Path

from tests.reference_page import MEANS, PAGE, commands, sentences, write_page
from tests.test_every_refusal import LISTED

RUN = (Path(__file__).parents[1] / "docs" / "run.md").read_text(encoding="utf-8")
OF_THE_FRAMEWORK = {"migrate", "serve_embedded"}
# For developers, who find them in CONTRIBUTING.md, and for `make demo`.
NOT_FOR_OPERATORS = {"describe_api", "demo_releases"}


def test_the_reference_is_made_from_the_code_as_it_is():
    assert PAGE.read_text(encoding="utf-8") == write_page()


def test_every_code_is_explained_and_no_other():
    said = sentences()
    missing = sorted(code for code in LISTED if not said.get(code))
    assert (missing, sorted(set(MEANS) - LISTED)) == ([], [])
    text = PAGE.read_text(encoding="utf-8").partition("## Codes")[2]
    assert set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE)) >= LISTED


def test_operators_are_told_of_every_command_and_of_no_other():
    section = RUN.partition("## Commands")[2].partition("\n## ")[0]
    told = {match.split()[0] for match in re.findall(r"^\| `manage\.py ([^`]+)`", section, re.MULTILINE)}
    assert told == (set(commands()) | OF_THE_FRAMEWORK) - NOT_FOR_OPERATORS
