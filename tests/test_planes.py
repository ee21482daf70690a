"""The wall between what the public may reach and what reads records: folders, and no way through."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
WALL = next(contract for contract in CONTRACTS if contract["name"] == "The public plane reads no record")
PUBLIC = set(WALL["source_modules"])
RECORDS = set(WALL["forbidden_modules"]) | {
    "api.management",  # writes the API's description
    "api.monitoring",
    "registry.backups",
    "registry.database_roles",
    "registry.demonstration",
    "registry.management",
    "registry.national_lists",
}
NEITHER = {  # what both sides stand on, and what puts them together
    "api.urls",
    "registry.access",
    "registry.ages",
    "registry.apps",
    "registry.areas",
    "registry.background",
    "registry.batch_numbers",
    "registry.choices",
    "registry.course_rules",
    "registry.dates",
    "registry.digits",
    "registry.errors",
    "registry.free_text",
    "registry.identity",
    "registry.identity_keeper",
    "registry.identity_keys",
    "registry.infusion_input",
    "registry.keyed_digests",
    "registry.course_kinds",
    "registry.trial_rules",
    "registry.mistyped_numbers",
    "registry.migrations",
    "registry.numbers_in_text",
    "registry.course_order",
    "registry.pages.formats",  # how dates are written
    "registry.purpose",
    "registry.reserve_numbers",
    "registry.infusion_rules",
    "registry.sealing",
    "registry.sentences",
    "registry.signed_context",
    "registry.templatetags",
    "swecar.admin_site",
    "swecar.alive",
    "swecar.apps",
    "swecar.celery",
    "swecar.counts",
    "swecar.demo_web",
    "swecar.env",
    "swecar.error_reports",
    "swecar.front",
    "swecar.hearing",
    "swecar.job_context",
    "swecar.keeper",
    "swecar.management",
    "swecar.json_lines",
    "swecar.local",
    "swecar.log_lines",
    "swecar.log_settings",
    "swecar.own_database",
    "swecar.postgresql",
    "swecar.production",
    "swecar.public_urls",
    "swecar.redis_client",
    "swecar.server_urls",
    "swecar.setting_forms",
    "swecar.setting_rules",
    "swecar.setting_table",
    "swecar.settings",
    "swecar.start",
    "swecar.static_files",
    "swecar.tracing",
    "swecar.urls",
    "swecar.variables",
    "swecar.asgi",
    "swecar.web",
}
PARENTS = {"api", "registry", "registry.pages", "swecar"}


def children_of(parent: str) -> set[str]:
    folder = ROOT.joinpath(*parent.split("."))
    modules = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    return {f"{parent}.{name}" for name in modules | packages}


def test_every_package_stands_on_one_side():
    found = set().union(*(children_of(parent) for parent in PARENTS)) - PARENTS
    assert found == PUBLIC | RECORDS | NEITHER
    assert not PUBLIC & RECORDS
    assert not NEITHER & (PUBLIC | RECORDS)


def lint(folder: Path) -> subprocess.CompletedProcess:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("api.public.planted", "from registry.models import Infusion"),
        ("registry.pages.public.planted", "from registry.models.patient import Patient"),
        ("registry.formats.planted", "from registry.entry.infusions import export"),
        ("registry.published.planted", "from registry.publishing import recount"),
        ("registry.pages.public.planted", "from api.records import infusions"),
        ("swecar.http.planted", "from registry.models.access_log import AccessLog"),
    ],
)
def test_a_public_module_that_reaches_a_record_breaks_the_contract(tmp_path, module, line):
    for name in ("swecar", "registry", "api"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("static", "locale", "*.pyc"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    tmp_path.joinpath(*module.split(".")).with_suffix(".py").write_text(f'"""Planted."""\n\n{line}\n')
    outcome = lint(tmp_path)
    assert outcome.returncode == 1
    assert f"{module} -> " in outcome.stdout
    assert "The public plane reads no record BROKEN" in outcome.stdout
