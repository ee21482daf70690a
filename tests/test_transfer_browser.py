"""Files in and out in a real browser, with a real worker: an import with errors, then without."""

import csv
import io

import pytest
from django.utils import timezone

from registry.entry.importing import job as import_job
from registry.models import Coverage, ImportJob, ImportRow, Infusion, Publication
from tests import factories, working
from tests.browsing import LANGUAGES, WIDTH_OF, assert_accessible, assert_in_sight, follow, look, sign_in, tab_to
from tests.test_import import ROW, as_csv, as_xlsx
from tests.test_import_jobs import BAD, UPLOADED, receive

pytestmark = pytest.mark.browser


@pytest.fixture
def lists(committed_lists):
    return committed_lists


@pytest.fixture
def lead(lists):
    return factories.user("lead", lists.centres["UPP"], role="lead")


@pytest.fixture
def window(open_browser, live_server, lead):
    """Opens a signed-in window of the browser."""

    def open_window(width=1280, **options):
        page = open_browser(viewport={"width": width, "height": 900}, **options)
        sign_in(page, live_server.url, "lead")
        return page

    return open_window


def file_of(rows, name="rows.csv") -> dict:
    content = as_xlsx(rows) if name.endswith("xlsx") else as_csv(rows)
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def test_an_import_with_errors_then_without_reaches_the_map(live_server, window):
    page = window()
    with working.worker():
        page.goto(f"{live_server.url}/en/clinic/imports/")
        page.set_input_files("[name=file]", file_of([ROW, BAD]))
        tab_to(page, "main form[enctype] button")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=Nothing stored: 1 row is refused")  # htmx brings it
        assert page.locator("td.changed").all_inner_texts() == ["Aspirin", "05/05/2020"]
        assert_accessible(page)
        with page.expect_download() as download:
            page.click("text=Download the report (CSV)")
        report = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig")), delimiter=";"))
        assert [row["code"] for row in report] == ["date_invalid", "unknown_product"]
        page.click("text=Upload another file")
        page.set_input_files("[name=file]", file_of(UPLOADED, "rows.xlsx"))
        page.click("text=Upload and check")
        page.wait_for_selector("text=4 infusions can be stored")
        assert not Infusion.objects.exists()
        assert_accessible(page)
        tab_to(page, "#state form button")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=4 infusions are stored")
        working.wait_for(
            lambda: (
                (snapshot := Publication.objects.get().snapshot)
                and snapshot.map_document["national"]["infusions"] == 4
            ),
            "the publication",
        )
    assert set(ImportRow.objects.values_list("job__state", "line")) == {("refused", 3)}


def test_an_import_without_scripts(live_server, window):
    page = window(java_script_enabled=False)
    page.goto(f"{live_server.url}/en/clinic/imports/")
    follow(page, "text=Upload and check")
    assert page.locator("#id_file_error").count() == 1
    page.set_input_files("[name=file]", file_of(UPLOADED))
    page.click("text=Upload and check")
    page.wait_for_selector("text=The file is queued.")
    job = ImportJob.objects.get()
    for button, found in (("Store", "4 infusions can be stored"), ("", "4 infusions are stored")):
        import_job.run_import(job.pk, language="en")
        page.click("text=Show how far it has come")
        page.wait_for_selector(f"text={found}")
        if button:
            follow(page, f"#state button:has-text('{button}')")  # stored before the job runs on
    assert Infusion.objects.count() == 4


def test_an_export_and_a_statement(live_server, window, lists):
    factories.record(lists)
    page = window()
    page.goto(f"{live_server.url}/en/clinic/imports/")
    page.select_option("#export_format", "csv")
    with page.expect_download() as download:
        page.click("button:has-text('Download')")
    assert download.value.suggested_filename.endswith(".csv")
    [row] = csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig")), delimiter=";")
    assert row["centre"] == "UPP"
    page.goto(f"{live_server.url}/en/clinic/coverage/")
    page.fill("[name=complete_through]", "2026-01-31")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=UPP: complete through 2026-01-31.")
    assert Coverage.objects.count() == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_of_files_have_no_violation_and_fit_a_telephone(live_server, window, lists, lead, language):
    bad = receive(lead, [BAD | {"patient_id": factories.nth_number(place)} for place in range(12)])
    good, waiting, running, failed = (receive(lead) for _ in range(4))
    for job in (bad, good):
        import_job.run_import(job.pk, language=language)
    ImportJob.objects.filter(pk=running.pk).update(state="running", stage="checking", done=1, total=4)
    ImportJob.objects.filter(pk=failed.pk).update(
        state="failed", finished_at=timezone.now(), message=import_job.WORKER_LOST
    )
    Coverage.objects.create(centre=lists.centres["UPP"], complete_through="2026-01-31", stated_by="lead")
    jobs = {"bad": bad, "good": good, "waiting": waiting, "running": running, "failed": failed}
    pages = {"imports": "imports/", "coverage": "coverage/"} | {
        name: f"imports/{job.pk}/" for name, job in jobs.items()
    }
    width = WIDTH_OF[language]
    page = window(width, color_scheme="dark" if width > 390 else "light")
    for name, ending in pages.items():
        answer = page.goto(f"{live_server.url}{LANGUAGES[language]}/clinic/{ending}")
        assert (answer.status, page.get_attribute("html", "lang")) == (200, language)
        look(page, name, language)
        if name == "bad":
            assert_in_sight(page, "tbody td:not(:empty), tbody th" if width == 390 else "td.problems")
    for name in ("imports", "coverage"):
        page.goto(f"{live_server.url}{LANGUAGES[language]}/clinic/{pages[name]}")
        if name == "coverage":
            page.fill("[name=complete_through]", "2999-01-01")
        page.click("main form button")
        page.wait_for_selector(".errors")
        look(page, f"{name}-errors", language)
