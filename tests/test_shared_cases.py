"""Small files met in practice by users of such registries: each has one right outcome, whichever way it comes in.

tests/data/cases/README.md says what each is; expected.json says what comes of it in the demonstration's lists.
"""

import io
import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.urls import reverse

from registry.entry.importing.job import run_import
from registry.models import Centre, ImportJob, Infusion
from tests import factories
from tests.calling import Program

pytestmark = pytest.mark.usefixtures("unsent")

CASES = Path(__file__).with_name("data") / "cases"
EXPECTED = json.loads((CASES / "expected.json").read_text())
# Read, each with a word about it where that is due.
EXPECTED |= {"cp1252-aao.csv": {"stored": 1, "says": "Windows-1252"}, "utf16le-bom.csv": {"stored": 2}}
READ_AS = {  # what has to stand in the registry where the count alone does not say it
    "batch-display-format.xlsx": {("2025-03-11", "day", "000123")},
    "date1904.xlsx": {("2025-03-11", "day", ""), ("2025-03-12", "day", ""), ("2025-03-13", "day", "")},
    "dst.csv": {("2025-03-30", "day", ""), ("2025-10-26", "day", "")},
    "cp1252-aao.csv": {("2025-03-11", "day", "påse 1")},
}
LINES = {  # where a refusal has to stand
    "formula-without-value.xlsx": {(2, "kind"), (2, "batch")},
    "error-cells.xlsx": {(2, "sex"), (2, "batch")},
    "merged-centre.xlsx": {(3, "centre"), (4, "centre")},
    "year-in-date-cell.xlsx": {(2, "infused_on")},
    "letter-for-digit.csv": {(3, "patient_id")},
    "name-as-number.csv": {(2, "patient_id")},
    "reserve-impossible-date.csv": {(2, "patient_id")},
    "quoted-newline-batch.csv": {(4, "infused_on")},
}


@pytest.fixture
def demonstration(db, as_demonstration):
    """The demonstration's lists, and someone who may write everywhere."""
    call_command("demo_data", "--reference-only", stdout=io.StringIO())
    return factories.user("administrator", *Centre.objects.all(), national_role="administrator")


def worked(job: ImportJob) -> ImportJob:
    run_import(job.pk, language="en")
    factories.drop_import_tables()
    job.refresh_from_db()
    return job


def by_command(case, manage, _client, _user) -> tuple[int | None, set, str, bool]:
    code, out, err = manage("import_infusions", CASES / case, "--dry-run")
    lines = [line for line in out.splitlines() if line.startswith("line ") and ": warning: " not in line]
    found = {(int(line.split(",")[0][5:]), line.split(", ")[1].split(":")[0]) for line in lines}
    stored = int(out.split("stored: ")[1].split()[0]) if code == 0 else None
    return stored, found, out + err, code == 0


def by_page(case, _manage, client, user) -> tuple[int | None, set, str, bool]:
    client.force_login(user)
    file = SimpleUploadedFile(case, (CASES / case).read_bytes())
    answer = client.post(f"/en{reverse('clinic:imports').removeprefix('/en')}", {"file": file}, follow=True)
    assert answer.status_code == 200
    job = ImportJob.objects.first()
    if job is None:
        return None, set(), answer.content.decode(), False
    worked(job)
    page = client.get(f"/en{reverse('clinic:import', kwargs={'job_id': job.pk}).removeprefix('/en')}")
    found = set(job.problems.filter(warning=False).values_list("line", "field"))
    checked = job.state == "checked"
    text = page.content.decode() + "".join(f" line {line}" for line, _field in found)
    return job.stored if checked else None, found, text, checked


def by_interface(case, _manage, _client, user) -> tuple[int | None, set, str, bool]:
    program = Program(user)
    answer = program.upload((CASES / case).read_bytes(), case, dry_run="true")
    assert answer.status_code in {202, 400}
    if answer.status_code == 400:
        return None, set(), answer.content.decode(), False
    worked(ImportJob.objects.get(pk=answer.json()["id"]))
    told = program.get(answer["Location"].removeprefix("/api/v1/")).json()
    found = {(one["line"], one["field"]) for one in told["problems"] if not one["warning"]}
    text = json.dumps(told, ensure_ascii=False) + "".join(f" line {line}" for line, _field in found)
    return told["stored"] if told["state"] == "checked" else None, found, text, told["state"] == "checked"


@pytest.mark.parametrize("case", sorted(EXPECTED))
def test_a_case_has_its_outcome_whichever_way_it_comes_in(demonstration, manage, client, case):
    expected = EXPECTED[case]
    for way in (by_command, by_page, by_interface):
        with factories.rolled_back():
            stored, found, text, accepted = way(case, manage, client, demonstration)
            assert expected.get("says", "") in text, way
            if "stored" in expected:
                assert (stored, found) == (expected["stored"], set()), (way, text)
            else:
                assert not accepted, way
                assert LINES.get(case, set()) <= found, (way, text)
            assert not Infusion.objects.exists()


@pytest.mark.parametrize("case", sorted(READ_AS))
def test_a_case_is_read_as_it_was_meant(demonstration, manage, case):
    assert manage("import_infusions", CASES / case)[0] == 0
    stored = Infusion.objects.values_list("infused_on", "date_precision", "batch")
    assert {(str(day), *rest) for day, *rest in stored} == READ_AS[case]
