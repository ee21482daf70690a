"""Whatever becomes of an upload, of whom the registry does not know neither number nor digest is anywhere then.

Every column of every table, what the server keeps beside them, and all of the broker and the cache are searched.
"""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from registry.entry.importing import job as import_job
from registry.entry.importing.job import run_import, sweep_imports
from registry.identity import read_identifier
from registry.models import ImportJob, Infusion, Membership, User
from tests import factories
from tests.calling import Program
from tests.desk import address, sign_in
from tests.test_import import as_csv
from tests.test_lookups import row
from tests.test_traces import read_database, read_settled_valkey, traces_of

KNOWN = factories.nth_number(0)  # at another centre
LARGE = b"\n" * 1_600  # a file that waits sealed for the worker
PASSED = timedelta(hours=25)


def refuse(job, nurse):
    run_import(job.pk, language="en")


def expire(job, nurse):
    refuse(job, nurse)
    ImportJob.objects.filter(pk=job.pk).update(uploaded_at=timezone.now() - PASSED)
    sweep_imports()


def never_begin(job, nurse):
    ImportJob.objects.filter(pk=job.pk).update(uploaded_at=timezone.now() - PASSED)
    sweep_imports()


def lose_worker(job, nurse):
    ImportJob.objects.filter(pk=job.pk).update(state="running")
    sweep_imports()


def fail(job, nurse):
    def break_down(**_work):
        raise RuntimeError

    with pytest.MonkeyPatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr(import_job, "judge_and_store", break_down)
        run_import(job.pk, language="en")


def ask_too_much(job, nurse):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("django.conf.settings.LOOKUPS_PER_HOUR_IMPORT", 1)
        run_import(job.pk, language="en")


def lose_permission(job, nurse):
    held = Membership.objects.filter(user=nurse)
    kept = list(held)
    held.delete()
    run_import(job.pk, language="en")
    Membership.objects.bulk_create(kept)


BAD, GOOD = {"product": "Aspirin"}, {"kind": "first"}
UNCLEAR = {"kind": "further_dose"}  # refused only when it is judged
# (what becomes of it, its last row, whether it is stored at once, whether it is large, the state that it ends in)
ENDS = {
    "refused when read": (refuse, BAD, True, False, "refused"),
    "refused when judged": (refuse, UNCLEAR, False, False, "refused"),
    "large and refused": (refuse, BAD, False, True, "refused"),
    "expired": (expire, GOOD, False, False, "checked"),
    "large and expired": (expire, GOOD, False, True, "checked"),
    "never begun": (never_begin, GOOD, True, False, "failed"),
    "large and never begun": (never_begin, GOOD, True, True, "failed"),
    "worker lost": (lose_worker, GOOD, True, False, "failed"),
    "failed": (fail, GOOD, True, False, "failed"),
    "large and failed": (fail, GOOD, True, True, "failed"),
    "limit reached": (ask_too_much, GOOD, True, False, "refused"),
    "no longer allowed": (lose_permission, GOOD, True, False, "failed"),
}


@pytest.fixture
def nurse(committed_lists) -> User:
    factories.record(committed_lists, KNOWN, centre="STO")
    return factories.user("upp", committed_lists.centres["UPP"])


def upload(nurse: User, numbers: list[str], last: dict, *, now: bool, large: bool, by_page: bool) -> ImportJob:
    """A file of these persons and of one whom another centre knows, sent over the broker."""
    rows = [row(number) for number in numbers[:-1]]
    rows += [row(numbers[-1], **last), row(KNOWN, kind="reinfusion", infused_on="2021-05-05")]
    content = as_csv(rows) + (LARGE if large else b"")
    if by_page and not now:
        page = sign_in(nurse)
        sent = page.post(address("imports"), {"file": SimpleUploadedFile("file.csv", content)})
        page.get(sent["Location"])
        key = sent["Location"].rstrip("/").rpartition("/")[2]
    else:
        key = Program(nurse).upload(content, dry_run=str(not now).lower()).json()["id"]
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE registry_importrow, registry_sealedupload")  # as the server does by itself
    return ImportJob.objects.get(pk=key)


def traces(number: str) -> set[str]:
    """By what a person could be told: the number in every spelling, and its digests."""
    digests = [digest.hex() for _key, digest in read_identifier(number, centre="UPP").digests()]
    return traces_of(number) | set(digests)


def everywhere() -> str:
    return "\n".join([*read_database(), *read_settled_valkey()]).lower()


@pytest.mark.django_db(transaction=True)
def test_no_upload_leaves_a_trace_of_whom_the_registry_does_not_know(nurse):
    persons = [[factories.nth_number(20 * place + n) for n in (1, 2, 3)] for place in range(len(ENDS))]
    for place, (name, numbers) in enumerate(zip(ENDS, persons, strict=True)):
        end, last, now, large, state = ENDS[name]
        job = upload(nurse, numbers, last, now=now, large=large, by_page=place % 2 == 0)
        end(job, nurse)
        job.refresh_from_db()
        assert job.state == state, (name, job.state, job.message)
        if state in {"refused", "checked"}:
            assert Program(nurse).get(f"imports/{job.pk}").status_code == 200
            assert sign_in(nurse).get(address("import-report", job_id=job.pk)).status_code == 200
    left = everywhere()
    named = {name for name, numbers in zip(ENDS, persons, strict=True) for one in numbers for trace in traces(one)
             if trace in left}  # fmt: skip
    assert named == set()
    assert not Infusion.objects.filter(centre__code="UPP").exists()
    # The search finds what is there: a file that waits to be stored, and whom the registry knows.
    waiting = [factories.nth_number(place) for place in (901, 902, 903)]
    job = upload(nurse, waiting, GOOD, now=False, large=False, by_page=True)
    run_import(job.pk, language="en")
    left = everywhere()
    assert all(any(trace in left for trace in traces(number)) for number in [*waiting, KNOWN])
    # Stored, its numbers are nowhere, and each digest stands where it belongs.
    assert sign_in(nurse).post(address("import-store", job_id=job.pk)).status_code == 302
    run_import(job.pk, language="en")
    assert Infusion.objects.filter(centre__code="UPP").count() == 4
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE registry_patientidentifier")  # as the server does by itself
    left = everywhere()
    for number in waiting:
        assert not any(trace in left for trace in traces_of(number))
        [(_key, digest)] = read_identifier(number, centre="UPP").digests()
        assert left.count(digest.hex()) == 1
