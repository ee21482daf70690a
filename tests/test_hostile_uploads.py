"""What costs too much is refused by upload and interface as by command: at once, or by the job, with a code."""

import io
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from registry.access import Operator
from registry.entry.importing.job import run_import
from registry.entry.importing.upload import is_small
from registry.entry.infusions.row_reader import CodeLists
from registry.models import ImportJob, Infusion, SealedUpload
from tests import factories, test_csv_dialects, test_workbooks
from tests.calling import Program
from tests.test_import import COLUMNS
from tests.workbooks import Book, Sheet

pytestmark = pytest.mark.usefixtures("unsent")

HEADER = ",".join(COLUMNS).encode() + b"\n"

NAMES = [
    "a cell in the last row", "a cell in the last column", "a row of 4.5 million cells", "a cell of 190 MB",
    "a cell of 50 MB", "empty rows", "millions of shared texts", "a size that is a lie",
    "a list of parts without end",
    "a header of five million columns", "a line of 9 MB", "a quotation mark that is not closed",
]  # fmt: skip
HOSTILE = test_workbooks.HOSTILE | test_csv_dialects.HOSTILE


@pytest.mark.parametrize("way", ["page", "interface"])
@pytest.mark.parametrize("name", NAMES)
def test_what_costs_too_much_is_refused_with_a_code(lists, client, name, way):
    content = HOSTILE[name]()
    user = factories.user("upp", lists.centres["UPP"])
    client.force_login(user)
    program = Program(user)
    started = time.process_time()
    if way == "page":
        answer = client.post("/en/clinic/imports/", {"file": SimpleUploadedFile("x.xlsx", content)})
        assert answer.status_code in {200, 302}
    else:
        answer = program.upload(content, "x.xlsx")
        assert answer.status_code in {202, 400, 413}
        assert answer.status_code == 202 or answer.json()["code"] in {"file_unusable", "file_too_large"}
    assert time.process_time() - started < 1
    for job in ImportJob.objects.all():
        started = time.process_time()
        run_import(job.pk, language="en")
        factories.drop_import_tables()
        assert time.process_time() - started < 2
        job.refresh_from_db()
        assert job.state == "refused"
        assert job.problems.filter(warning=False).exists()
    assert answer.status_code not in {202, 302} or ImportJob.objects.exists()
    assert not Infusion.objects.exists() and not SealedUpload.objects.exists()


@pytest.mark.parametrize("content, rows", [
    (HEADER + b"x\n" * 5000, 5000), (HEADER + b"x\r" * 5000, 5000), (HEADER + b"x\n" * 100, 0),
    (Book([Sheet([["x"]] * 5000, addressed=False)]).content(), 5000),
    (Book([Sheet([["x"]] * 100, addressed=False)]).content(), 0),
])  # fmt: skip
def test_many_short_rows_are_the_workers(lists, content, rows):
    """5,000 short rows with a dozen problems each held a request for twelve seconds."""
    assert is_small(io.BytesIO(content), CodeLists(Operator())) == (not rows)
