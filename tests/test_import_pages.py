"""The pages of files in and out: what each says, to whom, and with how many queries."""

import csv
import io
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override
from openpyxl import load_workbook

from registry.entry.importing import job as import_job
from registry.entry.importing import upload
from registry.entry.importing.upload import HIDDEN
from registry.entry.infusions.columns import COLUMNS
from registry.models import ImportJob, ImportRow, Infusion
from tests import factories
from tests.test_import import MAN, ROW, UNUSABLE, WOMAN, as_csv, as_xlsx
from tests.test_import_jobs import BAD, UPLOADED, everything_stored, read_by_a_worker, receive, run

pytestmark = pytest.mark.usefixtures("unsent")

QUERIES = {
    "clinic:imports": 9,
    "clinic:import": 13,
    "clinic:import-report": 10,
    "clinic:import-template": 7,
}


@pytest.fixture
def reporter(lists):
    return factories.user("reporter", lists.centres["UPP"])


@pytest.fixture
def browse(client, reporter):
    """A signed-in reporter; addresses under /en/."""
    client.force_login(reporter)
    return client


def address(name, **arguments) -> str:
    with override("en"):
        return reverse(f"clinic:{name}", kwargs=arguments)


def send(client, content=None, name="rows.csv", **fields):
    content = as_csv(UPLOADED) if content is None else content
    return client.post(address("imports"), {"file": SimpleUploadedFile(name, content), **fields})


def text_of(response) -> str:
    return response.content.decode()


# Uploading.


def test_a_file_goes_from_upload_to_stored(browse):
    response = send(browse)
    job = ImportJob.objects.get()
    page = address("import", job_id=job.pk)
    assert (response.status_code, response.url) == (302, page)
    waiting = text_of(browse.get(page))
    assert "The file is queued." in waiting
    assert 'hx-trigger="every 1s"' in waiting
    run(job)
    checked = text_of(browse.get(page))
    assert "4 infusions can be stored" in checked
    assert "hx-trigger" not in checked
    assert not Infusion.objects.exists()
    assert browse.post(address("import-store", job_id=job.pk)).url == page
    run(job)
    assert "4 infusions are stored" in text_of(browse.get(page))
    assert Infusion.objects.count() == 4
    again = browse.post(address("import-store", job_id=job.pk), follow=True)
    assert "This file is not waiting to be stored" in text_of(again)


def test_htmx_is_given_the_state_alone(browse):
    send(browse)
    page = address("import", job_id=ImportJob.objects.get().pk)
    part = text_of(browse.get(page, headers={"HX-Request": "true"}))
    assert part.lstrip().startswith('<div id="state"')
    assert part.strip() in text_of(browse.get(page))


@pytest.mark.parametrize(("name", "sentence"), [
    ("empty", "The file is empty. Fill in the template"),
    ("a picture", "This is a picture, not a table"),
    ("a PDF", "This is a PDF"),
    ("the page of a portal", "This is a web page: open it in a spreadsheet program"),
    ("letters of two encodings", "mixes character encodings"),
    ("a column is missing", "Columns are missing: product."),
    ("an unknown column", "Columns with unknown names: P."),
    ("an open quote", "Line 2: the quotation marks do not match."),
    ("a column by an unknown name", "Columns are missing: product. Columns with unknown names: F."),
])  # fmt: skip
def test_a_file_that_cannot_be_used_gets_a_sentence_beside_the_field(browse, name, sentence):
    response = send(browse, UNUSABLE[name])
    page = text_of(response)
    assert response.status_code == 200
    assert sentence in page
    assert 'aria-invalid="true"' in page
    assert 'id="id_file_error"' in page
    assert not ImportJob.objects.exists()
    assert not ImportRow.objects.exists()


def test_no_file_too_large_a_file_and_a_damaged_workbook_get_a_sentence(browse, settings):
    assert "This field is required." in text_of(browse.post(address("imports")))
    assert "The workbook is damaged" in text_of(send(browse, b"PK\x03\x04 and nothing", "rows.xlsx"))
    assert "larger than 10 MB" in text_of(send(browse, b"x" * (upload.LARGEST_BYTES + 1)))
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 100
    assert "larger than 10 MB" in text_of(send(browse))
    assert not ImportJob.objects.exists()


@pytest.mark.parametrize(("prefix", "limit"), [("", "20\N{NO-BREAK SPACE}000 rader"), ("/en", "20,000 rows")])
def test_a_limit_is_written_as_the_language_writes_numbers(browse, prefix, limit):
    assert f"10 MB {'and' if prefix else 'och'} {limit}" in text_of(browse.get(f"{prefix}/clinic/imports/"))


def test_an_upload_never_touches_the_disk(browse, monkeypatch, tmp_path, settings):
    def refuse(*args, **kwargs):
        raise AssertionError("a temporary file")

    settings.FILE_UPLOAD_TEMP_DIR = tmp_path
    for name in ("NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(f"tempfile.{name}", refuse)
    monkeypatch.setattr("django.core.files.uploadedfile.tempfile.NamedTemporaryFile", refuse)
    large = as_csv([ROW | {"batch": "B" * 60, "patient_id": factories.nth_number(place)} for place in range(9000)])
    assert len(large) > 1_000_000
    monkeypatch.setattr(upload, "MOST_ROWS", 10)
    for content, name in ((as_xlsx(UPLOADED), "rows.xlsx"), (large * 3, "rows.csv")):
        assert send(browse, content, name).status_code in {200, 302}
    assert not list(tmp_path.iterdir())


def test_another_centre_and_a_made_up_one_are_alike(lists, browse):
    pages = []
    for centre in ("STO", "XXX", "<script>"):
        response = send(browse, centre=centre)
        pages.append(text_of(response))
        assert "Choose one of the centres in the list." in pages[-1]
    assert not ImportJob.objects.exists()


def test_a_reporter_of_two_centres_may_leave_the_choice_to_the_rows(lists, client):
    client.force_login(factories.user("both", lists.centres["UPP"], lists.centres["STO"]))
    assert "Any of mine: each row names its own" in text_of(client.get(address("imports")))
    send(client, centre="STO")
    assert ImportJob.objects.get().centre == lists.centres["STO"]


def test_a_file_name_is_free_text_and_kept_nowhere(browse):
    send(browse, name="Anna Andersson.csv")
    assert "Andersson" not in everything_stored()
    for page in (address("imports"), address("import", job_id=ImportJob.objects.get().pk)):
        assert "Andersson" not in text_of(browse.get(page))


def test_a_file_that_a_worker_could_not_use_is_named_with_what_to_do(browse, monkeypatch):
    read_by_a_worker(monkeypatch)
    send(browse, as_xlsx([]), "rows.xlsx")
    job = ImportJob.objects.get()
    waiting = text_of(browse.get(address("import", job_id=job.pk)))
    assert "The file is queued." in waiting
    with override("en"):
        run(job)
    page = text_of(browse.get(address("import", job_id=job.pk)))
    assert "Nothing stored: the file cannot be read" in page and "The file has no rows." in page
    report = browse.get(address("import-report", job_id=job.pk)).content.decode("utf-8-sig").splitlines()
    assert report[1].split(";")[:5] == ["", "file", "file_unusable", "1", "The file has no rows."]


# The report.


@pytest.fixture
def refused(reporter):
    """A refused upload with a line for each column, one of them a script."""
    script = ROW | {"patient_id": MAN, "batch": "<script>alert(1)</script>", "centre": "=1+1"}
    return run(receive(reporter, [ROW, BAD, script, ROW | {"product": WOMAN, "patient_id": "local:1"}]))


def test_every_problem_stands_beside_its_row(browse, refused):
    page = text_of(browse.get(address("import", job_id=refused.pk)))
    assert "Nothing stored: 3 rows are refused" in page
    assert 'class="changed">Aspirin</td>' in page
    assert 'class="changed">05/05/2020</td>' in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert f'class="changed">{HIDDEN}</td>' in page
    assert WOMAN not in page
    assert address("import-store", job_id=refused.pk) not in page


@pytest.mark.parametrize(("prefix", "names"), [
    ("/en", ("product", "infused_on", "centre")),
    ("", ("produkt", "infusionsdatum", "centrum")),
])  # fmt: skip
def test_a_report_names_the_columns_as_the_template_of_its_language(browse, refused, prefix, names):
    page = text_of(browse.get(f"{prefix}/clinic/imports/{refused.pk}/"))
    for name in names:
        assert f"<code>{name}</code>: " in page
        assert f'<th scope="col"><code>{name}</code></th>' in page
        assert f'data-column="{name}"' in page


def test_of_the_file_as_a_whole_no_column_is_named(browse):
    send(browse, as_csv([ROW | {"manufacturing_site": "Örebro"}]).decode().encode("cp1252"))
    job = run(ImportJob.objects.get())
    page = text_of(browse.get(address("import", job_id=job.pk)))
    assert "It was read as Windows-1252" in page and "<code>file</code>" not in page


def test_the_lines_stand_in_the_order_asked_for(browse, refused):
    def lines(order):
        page = text_of(browse.get(address("import", job_id=refused.pk) + f"?order={order}"))
        return [int(part.split("<")[0]) for part in page.split('<tr><th scope="row" data-column="Line">')[1:]]

    assert lines("line") == [3, 4, 5]
    assert lines("-line") == [5, 4, 3]
    assert lines("column") == [4, 3, 5]
    assert browse.get(address("import", job_id=refused.pk) + "?order=secret").status_code == 404


def test_a_long_report_is_shown_in_pages(browse, reporter, monkeypatch):
    monkeypatch.setattr("registry.pages.clinic.files.LINES_A_PAGE", 2)
    job = run(receive(reporter, [BAD] * 5))
    page = text_of(browse.get(address("import", job_id=job.pk) + "?page=3&order=-line"))
    assert "Page 3 of 3" in page
    assert '<th scope="row" data-column="Line">2</th>' in page
    assert 'href="?page=2&amp;order=-line"' in page


def test_the_report_as_a_file_begins_no_formula(browse, refused):
    response = browse.get(address("import-report", job_id=refused.pk))
    assert response["Content-Disposition"].startswith('attachment; filename="swecar-report-')
    rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")), delimiter=";"))
    assert [(row["line"], row["column"], row["code"], row["refused"]) for row in rows] == [
        ("3", "infused_on", "date_invalid", "1"),
        ("3", "product", "unknown_product", "1"),
        ("4", "centre", "unknown_centre", "1"),
        ("5", "product", "unknown_product", "1"),
    ]
    assert [row["centre"] for row in rows] == ["UPP", "UPP", "'=1+1", "UPP"]
    assert WOMAN not in response.content.decode()


def test_the_report_as_a_file_is_in_the_language_of_the_page(browse, refused):
    with override("sv"):
        swedish = reverse("clinic:import-report", kwargs={"job_id": refused.pk})
    header, *rows = csv.reader(io.StringIO(browse.get(swedish).content.decode("utf-8-sig")), delimiter=";")
    assert ";".join(header) == (
        "rad;kolumn;kod;avvisad;förklaring;centrum;kön;kategori;typ;produkt;modalitet;indikation;prövning;"
        "tillverkningsställe;infusionsdatum;datumprecision;ordningsnummer;ålder vid infusion;batchnummer"
    )
    assert [row[:4] for row in rows] == [
        ["3", "infusionsdatum", "date_invalid", "1"],
        ["3", "produkt", "unknown_product", "1"],
        ["4", "centrum", "unknown_centre", "1"],
        ["5", "produkt", "unknown_product", "1"],
    ]


def test_a_failed_job_says_why_in_the_readers_language(browse, reporter):
    job = receive(reporter)
    ImportJob.objects.update(state="failed", finished_at=timezone.now(), message=import_job.WORKER_LOST)
    assert "The work was interrupted" in text_of(browse.get(address("import", job_id=job.pk)))
    with override("sv"):
        swedish = reverse("clinic:import", kwargs={"job_id": job.pk})
    assert "Arbetet avbröts" in text_of(browse.get(swedish))


def test_nobody_else_can_tell_that_an_upload_exists(lists, refused):
    names = {"import": "get", "import-report": "get", "import-store": "post"}
    others = [
        factories.user("colleague", lists.centres["UPP"]),
        factories.user("lead", lists.centres["UPP"], role="lead"),
        factories.user("elsewhere", lists.centres["STO"]),
        factories.user("administrator", national_role="administrator"),
    ]
    for other in others:
        client = Client()
        client.force_login(other)
        for name, method in names.items():
            real, made_up = (
                getattr(client, method)(address(name, job_id=job_id)) for job_id in (refused.pk, uuid4())
            )
            assert real.status_code == made_up.status_code == 404
            assert real.content == made_up.content, (other, name)


# The template.


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_the_template_takes_rows_and_is_accepted(browse, reporter, format):
    response = browse.get(address("import-template", format=format))
    assert f'filename="swecar-template.{format}"' in response["Content-Disposition"]
    if format == "csv":
        assert response.content.startswith(b"\xef\xbb\xbf")
        header = response.content.decode("utf-8-sig").strip()
        filled = (header + "\n" + ";".join(ROW[name] for name in header.split(";")) + "\n").encode("utf-8-sig")
    else:
        book = load_workbook(io.BytesIO(response.content))
        sheet, codes = book.worksheets
        assert [cell.value for cell in sheet[1]] == list(COLUMNS)
        assert sheet.column_dimensions["B"].number_format == "@"
        columns = {
            column[0]: [value for value in column[1:] if value] for column in zip(*codes.values, strict=True)
        }
        assert columns["centre"] == ["UPP"]
        assert columns["kind"] == ["first", "further_dose", "reinfusion"]
        assert {len(sheet.data_validations.dataValidation), len(book.defined_names)} == {len(columns)}
        sheet.append([ROW[name] for name in COLUMNS])
        file = io.BytesIO()
        book.save(file)
        filled = file.getvalue()
    assert run(receive(reporter, filled)).stored == 1


# Queries.


@pytest.mark.parametrize("name", QUERIES)
def test_the_number_of_queries_does_not_grow_with_the_file(
    browse, reporter, name, django_assert_num_queries, purpose_known
):
    for rows in (1, 20):
        job = run(receive(reporter, [BAD] * rows))
        arguments = {"format": "xlsx"} if name.endswith("template") else {"job_id": job.pk}
        place = address(name.removeprefix("clinic:"), **({} if name == "clinic:imports" else arguments))
        with django_assert_num_queries(QUERIES[name]):
            assert browse.get(place).status_code == 200
