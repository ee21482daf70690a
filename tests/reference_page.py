"""docs/reference.md from the code: every command, code and permission.

`python -m tests.reference_page` writes it.
"""

import ast
import importlib
import os
import pkgutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "swecar.settings")
django.setup()

from django.utils.translation import override  # noqa: E402

import api.management.commands  # noqa: E402
import registry.management.commands  # noqa: E402
from registry.access import ROLES, Permission  # noqa: E402
from registry.choices import CentreRole, NationalRole  # noqa: E402
from swecar.http.error_status import STATUSES  # noqa: E402
from tests.test_every_refusal import LISTED, SOURCES, WAYS, classes  # noqa: E402

PAGE = Path(__file__).parents[1] / "docs" / "reference.md"
REFUSING = {"Problem", "Refused", "refuse", "_invalid", "_kind_problem"}
TRANSLATED = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext"}
# What a client does next: the words of test_every_refusal.WAYS, for readers.
NEXT = {
    "put right": "put right what is named",
    "again": "again later, or from the page as it is now",
    "other way": "another way, which the sentence names",
    "look": "a warning: look, and confirm or answer",
    "steward": "send it to the registry's steward",
    "nobody": "it is so",
}
# Codes whose sentence is made of parts, or told in several ways.
MEANS = {
    "about_both": "A question is about an infusion or about a centre, not both.",
    "age_after_merge": "After a merge the age does not fit the ages at the person's other infusions.",
    "age_unstated": "The date is corrected, and the registry cannot tell the age: send both.",
    "age_without_number": "The number that gave the age is no longer the person's: is the age right?",
    "ages_contradict": "The age, and that at another infusion of the person: no birthday fits both.",
    "bad_request": "The request cannot be read.",
    "batch_of_another_person": "Another person has this batch: is it right?",
    "body_too_large": "The body is larger than is read.",
    "cell_unreadable": "The cell cannot be read as it is shown.",
    "cursor_invalid": "The cursor is not one of this list.",
    "declined_by_steward": "The row was sent to the steward before, and declined: not stored.",
    "etag_invalid": "`If-Match` holds no version of a row.",
    "first_not_earliest": "The person has an earlier infusion.",
    "format_contradicts": "The URL has an ending already: leave `format` out.",
    "former_first_becomes_invalid": "What the former first becomes is not a kind.",
    "further_dose_without_earlier": "A further dose needs an earlier infusion.",
    "idempotency_key_invalid": "`Idempotency-Key` is too long, has a space in it, or an identity number.",
    "kind_stays": "The row is stored already with another kind: it stays, and the steward can settle it.",
    "modality_contradicts_product": "The product is of the other modality.",
    "not_acceptable": "The response is not available in any format that `Accept` names.",
    "not_an_object": "The body is JSON, but not an object.",
    "number_shortened": "A spreadsheet has shortened the number: write it in full, as text.",
    "parameter_repeated": "A parameter is given twice.",
    "patient_ambiguous": "Name the person by one of `patient_id` and `patient`.",
    "period_empty": "`from` is later than `to`.",
    "precondition_required": "`If-Match` is missing.",
    "query_too_long": "The query is too long.",
    "second_first": "The person has a first infusion already.",
    "sent_to_steward": "The row was sent to the steward before, and waits there: not stored.",
    "too_costly": "The response may have too many rows: ask for fewer dimensions, or filter.",
    "too_many_dimensions": "More dimensions than can be combined.",
    "trial_sponsor_wrong": "ACT needs an academic trial, ICT one of the industry.",
    "unknown_centre": "No such centre, or none where you may register.",
    "unknown_field": "The body has a field that does not exist.",
    "unknown_infusion": "No such infusion of your centres.",
    "unknown_parameter": "There is no such parameter.",
    "unknown_patient": "No such person of your centres.",
    "unknown_value": "The value is not in the list.",
    "value_repeated": "A value is given twice.",
    "wrong_type": "The field is of another type.",
}
HEAD = """# Every command, code and permission

This page is made from the code by `python -m tests.reference_page`, and a test compares the two. Two lists stand
with their explanations, and have tests of their own: the [settings](run.md#settings) and the
[metrics](operations.md#monitoring).
"""


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    lines = [list(head), ["---"] * len(list(head)), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"


def commands() -> dict[str, str]:
    """What each command of ours does, by its name."""
    found = {}
    for package in (registry.management.commands, api.management.commands):
        for module in pkgutil.iter_modules(package.__path__):
            found[module.name] = importlib.import_module(f"{package.__name__}.{module.name}").Command.help
    return dict(sorted(found.items()))


def texts_in(node: ast.AST) -> list[str]:
    """The sentences that are translated within an expression."""
    calls = (call for call in ast.walk(node) if isinstance(call, ast.Call))
    named = (call for call in calls if getattr(call.func, "id", "") in TRANSLATED and call.args)
    return [call.args[0].value for call in named if isinstance(call.args[0], ast.Constant)]


def said_with_codes() -> Iterator[tuple[str, str]]:
    """Each code that stands beside its sentence, or beside a name that has it just before."""
    for path in SOURCES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            named = [
                (node.lineno, target.id, text)
                for node in ast.walk(function)
                if isinstance(node, ast.Assign)
                for target in node.targets
                if isinstance(target, ast.Name)
                for text in texts_in(node.value)[:1]
            ]
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                if getattr(call.func, "id", "") not in REFUSING:
                    continue
                given = {part.id for part in ast.walk(call) if isinstance(part, ast.Name)}
                before = sorted(one for one in named if one[0] <= call.lineno and one[1] in given)
                for text in (texts_in(call) or [one[2] for one in before[-1:]])[:1]:
                    codes = (part.value for part in call.args[:2] if isinstance(part, ast.Constant))
                    yield from ((code, text) for code in codes if code in LISTED)


def sentences() -> dict[str, str]:
    """The sentence of each code: of its error, else the first that stands beside it."""
    with override("en"):
        found = dict(MEANS)
        for one in sorted(classes(), key=lambda one: (one.__module__, one.__name__)):
            found.setdefault(one.code, str(one.sentence))
    for code, text in said_with_codes():
        found.setdefault(code, text)
    return found


def write_page() -> str:
    """The page."""
    said, way_of = sentences(), {code: NEXT[way] for way, codes in WAYS.items() for code in codes.split()}
    codes = sorted(LISTED | set(STATUSES))
    rows = [
        (
            f"`{code}`",
            str(int(STATUSES[code])) if code in STATUSES else "",
            said.get(code, ""),
            way_of.get(code, ""),
        )
        for code in codes
    ]
    roles = [*CentreRole, *NationalRole]
    held = [[f"`{one}`", *("yes" if one in ROLES[role][1] else "" for role in roles)] for one in Permission]
    return "\n".join(
        [
            HEAD,
            "## Commands\n\nEach says more with `--help`; [the commands that operators use](run.md#commands).\n",
            table(("command", "does"), ((f"`manage.py {name}`", does) for name, does in commands().items())),
            "## Permissions\n\nA reporter and a lead hold theirs at their centre, the others nationwide.\n",
            table(("permission", *(str(role) for role in roles)), held),
            "## Codes\n\nThe stable codes of refusals and warnings: in `code` of a problem, in `errors`, in a",
            "file's report. A code with a status is the response's own; one without is that of a field or a row.",
            "Where a sentence has several forms, one of them stands here.\n",
            table(("code", "status", "says", "what to do"), rows),
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(write_page(), encoding="utf-8")
    sys.stdout.write(f"{PAGE} is written.\n")
