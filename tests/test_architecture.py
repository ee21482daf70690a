"""Closed worlds: a model, an address, a job or a setting that nobody has thought of fails here."""

import ast
import subprocess
import sys
from pathlib import Path

from django.apps import apps

from swecar.celery import app as celery_app

ROOT = Path(__file__).parent.parent
SOURCES = [path for name in ("swecar", "registry", "api") for path in (ROOT / name).rglob("*.py")]
SOURCES = [path for path in SOURCES if "migrations" not in path.parts]

RECORDS = {"Patient", "PatientIdentifier", "Infusion"}
CODE_LISTS = {"Centre", "ManufacturingSite", "Product", "Indication", "Trial", "TrialArea", "Population"}
ATMP = {"SiteTrial", "SiteTrialStatus", "TrialConfirmation"}
STATED = {  # a later statement is another row
    "ExemptionYear", "ManufacturingStatement", "StatementClass", "StatementCountry",
}  # fmt: skip
OWN = {"SavedFilter"}  # of one user, who makes and deletes it
PEOPLE = {"User", "Membership", "Invitation", "Token"}
PUBLISHED = {"Snapshot", "Publication", "Release", "ReleaseFile"}
LEDGERS = {"LastSeen", "Run", "Revision", "Refusal", "Erasure", "AccessLog", "ScheduleLease", "StatedPurpose"}
LEDGERS |= {"IdentityKeyInUse"}
CHAINS = {"ChainLink", "HistoryHeads"}
SEARCHED = {"PossibleDoubles"}  # kept, so that it need not be searched for again
STATEMENTS = {"Coverage", "Question"}
CORRESPONDENCE = {
    "KeptApart",
    "Message",
    "Referral",
}  # says itself who wrote what and when, and is never corrected
PASSING = {  # gone when done
    "ChangedPerson", "Draft", "IdempotencyKey", "ImportJob", "ImportProblem", "ImportRow", "Lookup",
    "ReleasedInfusion", "SealedUpload",
}  # fmt: skip
WITH_HISTORY = RECORDS | CODE_LISTS | PEOPLE | STATEMENTS | ATMP

SCHEDULED = {
    "registry.sweep",
    "registry.verify_snapshot",
    "registry.verify_history",
    "registry.prune_facts",
    "registry.send_news",
}
TASKS = SCHEDULED | {"registry.publish_snapshot", "registry.run_import"}


def test_every_model_is_known():
    found = {model.__name__ for model in apps.get_app_config("registry").get_models()}
    histories = {f"{name}History" for name in WITH_HISTORY}
    known = RECORDS | CODE_LISTS | PEOPLE | PUBLISHED | LEDGERS | STATEMENTS | CORRESPONDENCE | PASSING | CHAINS
    assert found == known | OWN | SEARCHED | ATMP | STATED | histories


def test_every_change_to_a_record_marks_the_statistics_as_behind():
    moving = {
        model.__name__
        for model in apps.get_app_config("registry").get_models()
        if any(trigger.name == "moves_revision" for trigger in getattr(model._meta, "triggers", ()))
    }
    assert moving == {"Patient", "Infusion", "Coverage"} | CODE_LISTS | ATMP | STATED


def test_every_job_is_known_and_scheduled_jobs_exist():
    celery_app.loader.import_default_modules()
    ours = {name for name in celery_app.tasks if not name.startswith(("celery.", "tests."))}
    assert ours == TASKS
    assert {entry["task"] for entry in celery_app.conf.beat_schedule.values()} == SCHEDULED


def test_the_environment_is_read_in_one_place():
    elsewhere = [
        path.name
        for path in SOURCES
        if "os.environ" in path.read_text()
        and path.name not in {"variables.py", "celery.py", "asgi.py", "alive.py"}
        and path.parent != ROOT / "swecar" / "local"
    ]
    assert elsewhere == []


def test_no_function_imports():
    assert [str(path.relative_to(ROOT)) for path in SOURCES if imports_in_functions(path)] == []


def imports_in_functions(path: Path) -> list[ast.stmt]:
    tree = ast.parse(path.read_text())
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [n for f in functions for n in ast.walk(f) if isinstance(n, ast.Import | ast.ImportFrom)]


def test_imports_point_down():
    lint = Path(sys.executable).with_name("lint-imports")
    outcome = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stdout


def test_only_the_keyed_digests_touch_a_number():
    """The field that holds a number as it is written is named in one module."""
    holders = {path.name for path in SOURCES if ".canonical" in path.read_text()}
    assert holders == {"keyed_digests.py"}


def test_a_records_model_is_read_through_visible_to_or_inside_the_write_path():
    """`Infusion.objects` and `Patient.objects` outside the write path must go through visible_to."""
    unrestricted = []
    for path in SOURCES:
        if {"entry", "demonstration"} & set(path.parts):
            continue
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            if ("Infusion.objects" in line or "Patient.objects" in line) and "visible_to(" not in line:
                unrestricted.append(f"{path.relative_to(ROOT)}:{number}")
    assert unrestricted == []
