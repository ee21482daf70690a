"""Uploaded files: digested on arrival, checked and stored by a worker, seen by who uploaded them alone."""

import io
import threading
import time
from datetime import date, timedelta
from uuid import uuid4

import psycopg
import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone
from django.utils.translation import override
from hypothesis import example, given, settings
from hypothesis import strategies as st

from registry.access import Operator
from registry.database_roles.roles import keep_keys
from registry.entry import publish_request
from registry.entry.exchange import workbook
from registry.entry.importing import job as import_job
from registry.entry.importing import upload
from registry.entry.importing.job import ImportNotStorable, receive_file, run_import, store_checked, sweep_imports
from registry.entry.importing.upload import HIDDEN, LARGEST_BYTES, show_cells
from registry.entry.patients.erasure import erase_patient
from registry.errors import Busy, FileTooLarge, FileUnusable, NotFound
from registry.identity import may_be_identifier
from registry.models import (
    AccessLog,
    ImportJob,
    ImportRow,
    Infusion,
    Membership,
    PatientIdentifier,
    SealedUpload,
)
from registry.models.list_guard import ENTRY_LOCK
from tests import factories
from tests.test_import import MAN, MANY, ROW, UNUSABLE, WOMAN, as_csv, as_xlsx, plain
from tests.test_jobs import point_at
from tests.working import broker, database_url, kill, wait_for, worker

pytestmark = pytest.mark.usefixtures("unsent")

MISTYPED = f"{WOMAN[:-1]}{(int(WOMAN[-1]) + 1) % 10}"
UPLOADED = [row for row in MANY if row["centre"] == "UPP"]
BAD = ROW | {"product": "Aspirin", "infused_on": "05/05/2020"}


@pytest.fixture
def reporter(lists):
    return factories.user("reporter", lists.centres["UPP"])


def receive(by, content=None, **options) -> ImportJob:
    content = as_csv(UPLOADED) if content is None else content
    content = as_csv(content) if isinstance(content, list) else content
    return receive_file(file=io.BytesIO(content), by=by, **options)


def run(job: ImportJob, language="en") -> ImportJob:
    run_import(job.pk, language=language)
    factories.drop_import_tables()
    job.refresh_from_db()
    return job


def counts(job: ImportJob) -> tuple:
    return job.state, job.read, job.stored, job.unchanged, job.refused, job.warnings


def everything_stored() -> str:
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        texts = []
        for (table,) in cursor.fetchall():
            cursor.execute(f"SELECT coalesce(string_agg(whole::text, ' '), '') FROM {table} AS whole")
            texts.append(cursor.fetchone()[0])
    return " ".join(texts)


# Received.


def test_what_is_received_is_digests_and_cells_and_no_identifier(
    reporter, django_capture_on_commit_callbacks, unsent
):
    with django_capture_on_commit_callbacks(execute=True), override("en"):
        job = receive(reporter)
    assert counts(job) == ("queued", 4, 0, 0, 0, 0)
    assert job.dry_run
    assert unsent == [(import_job.RUN_IMPORT, str(job.pk), "en")]
    assert job.rows.count() == 4
    assert all(len(row.chain) == 32 for row in job.rows.all())
    text = everything_stored()
    for number in (WOMAN, MAN):
        assert not any(part in text for part in (number, number[2:], number.replace("-", "")))
    assert "local:17" not in text


PIECES = (
    "reserve:", "uppsala:", "stockholm:", "skåne:", "19700101", "2020-05-05", "AB", "ABCDEFGHIJ", "M07", "X", "1",
    "23", "456", "-", " ", "①", "٣", "²", "ö",
)  # fmt: skip


@settings(max_examples=1_000)
@given(st.lists(st.sampled_from(PIECES), max_size=6).map("".join))
@example("uppsala:ABCDEFGHIJ")
@example("2020-05-05")
@example("2020-05-051234")
def test_whatever_may_be_somebodys_number_is_hidden(cell):
    """The oracle is the reader of numbers, which is asked of every cell."""
    if may_be_identifier(cell):
        assert show_cells({"batch": cell}) == {"batch": HIDDEN}


def test_no_ordinary_cell_is_read_as_a_number(monkeypatch):
    """To read one and refuse it takes longer than the rest of the row."""
    monkeypatch.setattr(upload, "may_be_identifier", None)
    for row in (
        ROW,
        ROW | {"product": "Kymriah (tisagenlecleucel)", "trial": "2019-004426-18", "batch": "B1234567"},
    ):
        assert HIDDEN not in show_cells(row).values()


@pytest.mark.parametrize("column", [name for name in ROW if name != "patient_id"])
@pytest.mark.parametrize(
    "identifier",
    [
        WOMAN, WOMAN[2:], WOMAN.replace("-", ""), WOMAN.replace("-", " "), f" {MISTYPED}",
        "local:hanna", " LOCAL:hanna", "reserve:ABCD12345678", "ABCD12345678", "991234567890",
    ],
)  # fmt: skip
def test_an_identifier_in_the_wrong_column_is_not_kept(reporter, column, identifier):
    job = receive(reporter, [ROW | {column: identifier}])
    assert job.rows.get().cells[column] == HIDDEN
    assert identifier.strip() not in everything_stored() or column == "batch"


def test_what_is_no_identifier_is_shown_as_written():
    cells = ROW | {"product": "axicabtagene ciloleucel", "trial": "2022-500001-12-00", "infused_on": "05/05/2020"}
    assert show_cells(cells) == {name: cell for name, cell in cells.items() if cell and name != "patient_id"}
    assert show_cells({"trial": "2010-024128-19", "batch": "AB\x00"}) == {"trial": "2010-024128-19", "batch": "AB"}


@pytest.mark.parametrize(
    "name", ["empty", "half of UTF-16", "a column is missing", "a picture", "letters of two encodings"]
)
def test_a_file_that_cannot_be_used_leaves_nothing(reporter, name):
    with pytest.raises(FileUnusable):
        receive(reporter, UNUSABLE[name])
    assert not ImportJob.objects.exists()
    assert not ImportRow.objects.exists()


def test_a_file_without_rows_with_too_many_or_too_large_is_refused(reporter, monkeypatch):
    for content, code in (
        (as_csv(MANY).splitlines()[0], "file_unusable"),
        (b"a" * (LARGEST_BYTES + 1), "file_too_large"),
    ):
        with pytest.raises(FileUnusable) as refused:
            receive(reporter, content)
        assert refused.value.code == code
    monkeypatch.setattr(upload, "MOST_ROWS", 3)
    with pytest.raises(FileUnusable, match=r"3"):
        receive(reporter)
    monkeypatch.setattr(workbook, "LARGEST_UNPACKED", 1000)
    with pytest.raises(FileTooLarge):
        receive(reporter, as_xlsx(UPLOADED))
    assert not ImportJob.objects.exists()


def test_a_file_is_for_the_centres_where_its_uploader_may_write(lists, reporter):
    job = run(receive(reporter, [ROW, ROW | {"patient_id": MAN, "centre": "STO"}]))
    assert [(one.line, one.field, one.code) for one in job.problems.all()] == [(3, "centre", "unknown_centre")]
    for centre in ("STO", "XXX"):
        with pytest.raises(NotFound):
            receive(reporter, centre=centre)
    with pytest.raises(NotFound):
        receive(factories.user("outsider"))
    with pytest.raises(NotFound):
        receive(factories.user("steward", national_role="steward"))
    assert receive(reporter, centre="UPP").centre == lists.centres["UPP"]


# Read by a worker.


def read_by_a_worker(monkeypatch) -> None:
    """Take every file for one that costs too much in its request."""
    monkeypatch.setattr(upload, "SMALL_TEXT", -1)
    monkeypatch.setattr(upload, "SMALL_WORKBOOK", -1)


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
def test_a_file_that_waits_is_sealed_until_it_is_read_and_then_gone(reporter, monkeypatch, write):
    read_by_a_worker(monkeypatch)
    job = receive(reporter, write([*UPLOADED, BAD | {"product": MAN}]))
    waiting = everything_stored()
    job = run(job)
    assert counts(job)[:2] == ("refused", 5)
    for text in (waiting, everything_stored()):
        for number in (WOMAN, MAN):
            spellings = (number, number[2:], number.replace("-", ""))
            parts = [*spellings, *(spelling.encode().hex() for spelling in spellings)]
            assert not any(part in text for part in parts)
        assert "local:17" not in text
    assert not SealedUpload.objects.exists()


@pytest.mark.parametrize("content, code, said", [
    (lambda: as_csv([ROW]).splitlines()[0] + b"\n,,", "file_unusable", "The file has no rows."),
    (lambda: as_xlsx([]), "file_unusable", "The file has no rows."),
    (lambda: as_xlsx([ROW], columns=["centre", "batch"]), "file_unusable", "Columns are missing"),
    (lambda: as_xlsx([ROW])[:-40] + b"\x00" * 40, "file_unusable", "damaged"),
    (lambda: as_xlsx([ROW | {"batch": "x" * 32_000}] * 3), "", ""),
    (lambda: as_csv([ROW] * 3) + b'"', "file_unusable", "quotation marks do not match"),
    (lambda: as_csv([ROW] * 3) + b"x" * 200_000, "file_too_large", "too long"),
])  # fmt: skip
def test_a_file_that_a_worker_cannot_use_is_refused_with_the_same_words(
    reporter, monkeypatch, content, code, said
):
    content = content()
    with override("en"):
        try:
            receive(reporter, content)
        except FileUnusable as refused:
            assert (refused.code, said in str(refused)) == (code, True)
        ImportJob.objects.all().delete()
        read_by_a_worker(monkeypatch)
        try:
            job = run(receive(reporter, content))
        except FileUnusable as refused:  # what costs little is looked at in the request all the same
            assert (refused.code, said in str(refused)) == (code, True)
            assert not ImportJob.objects.exists()
            return
    if not code:
        assert {one.code for one in job.problems.all()} == {"too_long"}
        return
    assert counts(job) == ("refused", 0, 0, 0, 0, 0)
    [problem] = job.problems.all()
    assert (problem.line, problem.field, problem.code, problem.warning) == (0, "file", code, False)
    assert said in problem.sentence
    assert not ImportRow.objects.exists() and not SealedUpload.objects.exists()


def test_a_sealed_file_is_opened_with_the_keys_it_was_sealed_under_and_no_others(reporter, monkeypatch, settings):
    read_by_a_worker(monkeypatch)
    first, second = receive(reporter), receive(reporter)
    SealedUpload.objects.filter(job=second).update(content=SealedUpload.objects.get(job=first).content)
    assert (run(second).state, second.message) == ("failed", import_job.KEYS_CHANGED), "it is of another job"
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "newer" * 10
    list(keep_keys())  # as make_roles does: who acts is signed with it
    assert run(first).state == "checked"
    third = receive(reporter)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "other" * 10, []
    list(keep_keys())
    assert (run(third).state, third.message) == ("failed", import_job.KEYS_CHANGED)
    assert not SealedUpload.objects.exists()


def test_a_sealed_file_does_not_outlive_its_job(reporter, monkeypatch):
    read_by_a_worker(monkeypatch)
    lost, waiting, forbidden = receive(reporter), receive(reporter), receive(reporter)
    ImportJob.objects.filter(pk=lost.pk).update(state="running")
    ImportJob.objects.filter(pk=waiting.pk).update(uploaded_at=timezone.now() - timedelta(hours=25))
    sweep_imports()
    assert {str(one.pk) for one in SealedUpload.objects.all()} == {str(forbidden.pk)}
    Membership.objects.all().delete()
    assert (run(forbidden).state, forbidden.message) == ("failed", import_job.NO_LONGER_ALLOWED)
    assert not SealedUpload.objects.exists()


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
def test_a_request_with_a_large_file_takes_a_part_of_a_second(reporter, write):
    rows = [ROW | {"batch": f"B{place}", "patient_id": f"local:{place}"} for place in range(20_000)]
    content = write(rows)
    started = time.process_time()
    job = receive(reporter, content)
    assert time.process_time() - started < 1
    assert (job.read, job.rows.count()) == (0, 0)


# Checked and stored.


@pytest.mark.parametrize("write", [as_csv, as_xlsx])
@pytest.mark.parametrize("small", [True, False])
def test_a_file_is_checked_then_stored_with_everything_that_it_says(reporter, write, small, monkeypatch):
    if not small:
        read_by_a_worker(monkeypatch)
    job = receive(reporter, write(UPLOADED))
    assert (job.read, job.rows.count(), SealedUpload.objects.count()) == ((4, 4, 0) if small else (0, 0, 1))
    job = run(job)
    assert not SealedUpload.objects.exists()
    assert counts(job) == ("checked", 4, 4, 0, 0, 0)
    assert not Infusion.objects.exists()
    job = run(store_checked(job_id=job.pk, by=reporter))
    assert counts(job) == ("stored", 4, 4, 0, 0, 0)
    assert not ImportRow.objects.exists()
    assert plain() == sorted(
        [
            ("UPP", "SOC", "first", "Kymriah", "b-all", None, None, date(2020, 5, 5), "day", 1, 50, "B1",
             "submitted", "female", 1970),
            ("UPP", "SOC", "further_dose", "Kymriah", "b-all", None, None, date(2020, 5, 15), "day", 1, 50,
             "B1", "submitted", "female", 1970),
            ("UPP", "SOC", "first", "Yescarta", "b-all", None, None, date(2020, 5, 5), "day", 1, 50, "B2",
             "submitted", "male", 1970),
            ("UPP", "ACT", "first", "Akademisk CD19 CAR-T", "b-all", factories.ACADEMIC, "VECURA",
             date(2014, 1, 1), "year", 1, 12, "Ö1", "submitted", "unknown", None),
        ],
        key=str,
    )  # fmt: skip
    assert {row.acted_by for one in Infusion.objects.all() for row in one.history_rows.all()} == {"reporter"}


def test_who_is_known_to_the_registry_is_known_to_an_upload(lists, reporter, neighbours):
    known = factories.record(lists, WOMAN, infused_on="2019-01-01", centre="STO").patient
    run(receive(reporter, [ROW | {"kind": "reinfusion"}], dry_run=False))
    assert known.infusions.count() == 2
    persons = {known.pk, *(infusion.patient_id for infusion in neighbours)}
    assert sorted(PatientIdentifier.objects.values_list("patient", flat=True)) == sorted(persons)


def test_an_import_is_logged_by_infusion(lists, reporter):
    run(receive(reporter, dry_run=False))
    stored = {one.pk: one.patient.registry_number for one in Infusion.objects.select_related("patient")}
    lines = AccessLog.objects.filter(action="import")
    assert {line.infusion: line.patient for line in lines} == stored
    assert {(line.actor, line.unit, line.action) for line in lines} == {("reporter", "UPP", "import")}


def test_a_refused_file_stores_nothing_and_names_every_row(reporter):
    job = run(receive(reporter, [ROW, BAD, ROW | {"patient_id": MAN, "kind": "further_dose"}], dry_run=False))
    assert counts(job) == ("refused", 3, 1, 0, 2, 0)
    assert list(job.problems.values_list("line", "field", "code")) == [
        (3, "infused_on", "date_invalid"),
        (3, "product", "unknown_product"),
        (4, "kind", "further_dose_without_earlier"),
    ]
    assert not Infusion.objects.exists()
    assert set(AccessLog.objects.values_list("action", "patient", "detail")) == {("search", None, "from a file")}
    assert set(job.rows.values_list("line", "staged")) == {(3, None), (4, None)}
    with pytest.raises(ImportNotStorable):
        store_checked(job_id=job.pk, by=reporter)


def test_a_warning_is_reported_once_however_often_it_is_checked(reporter):
    old = ROW | {"patient_id": "local:17", "age_at_infusion": "95", "kind": "reinfusion"}
    job = run(receive(reporter, [old]))
    reported = list(job.problems.values_list("line", "field", "code", "warning"))
    assert reported == [(2, "age_at_infusion", "age_improbable", True), (2, "kind", "no_earlier_infusion", True)]
    job = run(store_checked(job_id=job.pk, by=reporter), language="sv")
    assert counts(job) == ("stored", 1, 1, 0, 0, 2)
    assert not job.rows.exists()
    assert list(job.problems.values_list("line", "field", "code", "warning")) == reported


def test_the_same_file_again_changes_nothing_and_cannot_be_stored(reporter):
    run(receive(reporter, dry_run=False))
    before = plain()
    job = run(receive(reporter))
    assert counts(job) == ("checked", 4, 0, 4, 0, 0)
    with pytest.raises(ImportNotStorable):
        store_checked(job_id=job.pk, by=reporter)
    assert counts(run(receive(reporter, dry_run=False))) == ("stored", 4, 0, 4, 0, 0)
    assert plain() == before


def test_the_sentences_are_in_the_language_of_the_upload(reporter):
    with override("sv"):
        job = receive(reporter, [ROW | {"kind": "further_dose", "infused_on": ""}, ROW | {"kind": "further_dose"}])
    run(job, language="sv")
    assert [one.sentence for one in job.problems.all()] == [
        "Måste anges.",
        "En ytterligare dos hör till en behandlingsomgång, och personen har ingen tidigare infusion.",
    ]


@pytest.mark.parametrize("row", [ROW | {"infused_on": "2021-05-05"}, BAD, BAD | {"patient_id": "local:17"}])
@pytest.mark.usefixtures("neighbours")
def test_an_erasure_finds_the_rows_of_a_refused_file(lists, reporter, row):
    patient = factories.record(lists, row["patient_id"], sex="female", age_at_infusion=50).patient
    job = run(receive(reporter, [row, BAD | {"patient_id": MAN}]))
    assert set(job.rows.values_list("line", flat=True)) == {2, 3}
    erase_patient(patient=patient, by=Operator(), reason="asked for it")
    assert set(job.rows.values_list("line", flat=True)) == {3}
    assert set(job.problems.values_list("line", flat=True)) == {3}


def test_who_may_write_everywhere_imports_for_every_centre(lists):
    administrator = factories.user("administrator", national_role="administrator")
    assert counts(run(receive(administrator, MANY, dry_run=False))) == ("stored", 5, 5, 0, 0, 0)
    assert set(AccessLog.objects.values_list("unit", flat=True)) == {"administrator"}


def test_only_who_uploaded_a_file_may_store_it(lists, reporter):
    job = run(receive(reporter))
    colleague = factories.user("colleague", lists.centres["UPP"])
    for job_id in (job.pk, uuid4()):
        with pytest.raises(NotFound):
            store_checked(job_id=job_id, by=colleague)
    job.refresh_from_db()
    assert job.state == "checked"


@pytest.mark.usefixtures("neighbours")
def test_what_was_free_at_the_check_and_is_taken_at_the_storing_is_refused(lists, reporter):
    job = run(receive(reporter, [ROW]))
    taken = factories.record(lists, WOMAN, infused_on="2019-01-01")
    job = run(store_checked(job_id=job.pk, by=reporter))
    assert counts(job) == ("refused", 1, 0, 0, 1, 0)
    assert [one.code for one in job.problems.all()] == ["second_first"]
    assert list(taken.patient.infusions.all()) == [taken]


def test_who_may_no_longer_write_stores_nothing(reporter):
    job = run(receive(reporter))
    store_checked(job_id=job.pk, by=reporter)
    Membership.objects.all().delete()
    job = run(job)
    assert (job.state, job.message) == ("failed", import_job.NO_LONGER_ALLOWED)
    assert not Infusion.objects.exists()
    assert not ImportRow.objects.exists()


def test_digests_of_before_a_new_key_are_not_stored(reporter, settings):
    job = receive(reporter)
    settings.IDENTITY_KEYS = {"newer": b"n" * 32, **settings.IDENTITY_KEYS}
    job = run(job)
    assert (job.state, job.message) == ("failed", import_job.KEYS_CHANGED)


def test_a_fault_ends_the_job_and_stores_nothing(reporter, monkeypatch):
    job = receive(reporter, dry_run=False)

    def fail(*args, **kwargs):
        raise RuntimeError(WOMAN)

    monkeypatch.setattr("registry.entry.importing.pipeline.staging.store", fail)
    with pytest.raises(RuntimeError):
        run(job)
    job.refresh_from_db()
    assert (job.state, job.message) == ("failed", import_job.FAULT)
    assert not Infusion.objects.exists()
    assert not ImportRow.objects.exists()


def test_an_import_that_finds_the_registry_busy_waits_for_the_next_minute(reporter, monkeypatch):
    job = receive(reporter, dry_run=False)

    def fail(**options):
        raise Busy

    with monkeypatch.context() as busy:
        busy.setattr(import_job, "judge_and_store", fail)
        assert run(job).state == "queued"
    assert counts(run(job)) == ("stored", 4, 4, 0, 0, 0)


# Lost and found.


def test_a_message_that_comes_twice_does_it_once(reporter):
    job = run(receive(reporter, dry_run=False))
    finished_at = job.finished_at
    assert run(job).finished_at == finished_at
    assert Infusion.objects.count() == 4


def test_a_job_that_nobody_took_is_sent_again_and_a_fresh_one_is_left(reporter, unsent):
    fresh, waiting = receive(reporter), receive(reporter)
    ImportJob.objects.filter(pk=waiting.pk).update(uploaded_at=timezone.now() - timedelta(minutes=2))
    sweep_imports()
    assert unsent == [(import_job.RUN_IMPORT, str(waiting.pk))]
    assert fresh.rows.exists()


def test_a_job_whose_worker_is_gone_has_failed(reporter):
    job = receive(reporter)
    ImportJob.objects.update(state="running", started_at=timezone.now())
    sweep_imports()
    job.refresh_from_db()
    assert (job.state, job.message) == ("failed", import_job.WORKER_LOST)
    assert not ImportRow.objects.exists()


def test_a_day_later_nothing_of_an_upload_is_left(reporter, unsent):
    waiting, checked, refused = receive(reporter), run(receive(reporter)), run(receive(reporter, [BAD]))
    ImportJob.objects.update(uploaded_at=timezone.now() - timedelta(hours=25))
    sweep_imports()
    assert not ImportRow.objects.exists()
    assert not unsent
    states = dict(ImportJob.objects.values_list("pk", "state"))
    assert states == {waiting.pk: "failed", checked.pk: "checked", refused.pk: "refused"}
    with pytest.raises(ImportNotStorable):
        store_checked(job_id=checked.pk, by=reporter)


def test_a_job_that_waited_a_day_goes_on_with_the_worker_that_claims_it_in_the_same_moment(reporter, monkeypatch):
    job, fail = receive(reporter), import_job._fail
    ImportJob.objects.update(uploaded_at=timezone.now() - timedelta(hours=25))

    def claimed_before(job_id, *why, **state):
        assert import_job._claim(job_id)
        fail(job_id, *why, **state)

    monkeypatch.setattr(import_job, "_fail", claimed_before)
    sweep_imports()
    job.refresh_from_db()
    assert (job.state, job.message, job.rows.count()) == ("running", "", 4)


@pytest.mark.django_db(transaction=True)
def test_a_running_job_is_not_taken_for_lost_and_tells_how_far_it_is(committed_lists, monkeypatch):
    reporter = factories.user("reporter", committed_lists.centres["UPP"])
    job = receive(reporter, dry_run=False)
    monkeypatch.setattr("registry.entry.importing.running.PROGRESS_EVERY", 0.01)
    go_on, inside = threading.Event(), threading.Event()
    store = import_job.judge_and_store

    def slowly(*, progress, **options):
        progress("checking", 2, 4)
        inside.set()
        assert go_on.wait(20)
        return store(progress=progress, **options)

    monkeypatch.setattr(import_job, "judge_and_store", slowly)

    def work() -> None:
        try:
            run_import(job.pk, language="en")
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert inside.wait(20)
    deadline = time.monotonic() + 20
    while not (job.stage and job.done) and time.monotonic() < deadline:
        job.refresh_from_db()
    sweep_imports()
    job.refresh_from_db()
    assert (job.state, job.stage, job.done, job.total) == ("running", "checking", 2, 4)
    go_on.set()
    thread.join(30)
    job.refresh_from_db()
    assert counts(job) == ("stored", 4, 4, 0, 0, 0)


@pytest.fixture
def really_sent(monkeypatch):
    """Messages go to the broker after all."""
    monkeypatch.setattr(import_job, "send", publish_request.send)


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_the_middle_leaves_nothing_stored_and_a_failed_job(committed_lists, really_sent):
    reporter = factories.user("reporter", committed_lists.centres["UPP"])
    with psycopg.connect(database_url()) as entry, worker() as process:
        # Someone enters an infusion at the moment: the import waits for them, in its transaction.
        entry.execute("SELECT pg_advisory_lock_shared(%s)", [ENTRY_LOCK])
        job = receive(reporter, dry_run=False)
        wait_for(waits_for_entry, "an import that waits for whoever enters")
        sweep_imports()
        job.refresh_from_db()
        assert job.state == "running", "its worker lives"
        kill(process)
        wait_for(lambda: not waits_for_entry(), "the end of the dead worker's session")
    sweep_imports()
    job.refresh_from_db()
    assert (job.state, job.message) == ("failed", import_job.WORKER_LOST)
    assert not Infusion.objects.exists()
    assert not ImportRow.objects.exists()
    with worker():
        job = receive(reporter, dry_run=False)
        wait_for(lambda: ImportJob.objects.get(pk=job.pk).state == "stored", "the next import")


def waits_for_entry() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
            "WHERE datname = current_database() AND objid = %s AND NOT granted",
            [ENTRY_LOCK],
        )
        return cursor.fetchone()[0] > 0


@pytest.mark.django_db(transaction=True)
def test_an_upload_succeeds_with_the_broker_dead_and_the_sweep_sends_it_again(committed_lists, really_sent):
    reporter = factories.user("reporter", committed_lists.centres["UPP"])
    address = current_app.conf.broker_url
    with broker() as (process, other):
        point_at(other)
        kill(process)
        job = receive(reporter)
        publish_request._sender.submit(lambda: None).result(timeout=30)
    point_at(address)
    assert (job.state, job.rows.count()) == ("queued", 4)
    ImportJob.objects.update(uploaded_at=timezone.now() - timedelta(minutes=1))
    with worker():
        sweep_imports()
        wait_for(lambda: ImportJob.objects.get().state == "checked", "the check")


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_store_a_file_once(committed_lists):
    reporter = factories.user("reporter", committed_lists.centres["UPP"])
    job = receive(reporter, dry_run=False)

    def work() -> None:
        try:
            run_import(job.pk, language="en")
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    job.refresh_from_db()
    assert counts(job) == ("stored", 4, 4, 0, 0, 0)
    assert Infusion.objects.count() == 4
