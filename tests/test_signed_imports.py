"""Exchange files through the interface: taken, checked by a job, stored whole or not at all."""

import json
import re

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from api.records.openapi import imports as schema
from registry.entry.importing.job import run_import
from registry.models import ImportJob, Infusion
from tests import factories
from tests.calling import MADE_UP, NUMBER, Program, check, errors_of, refused
from tests.test_import import ROW, WOMAN, as_csv, as_xlsx
from tests.workbooks import Book, Sheet

pytestmark = pytest.mark.usefixtures("unsent")

ROWS = [ROW | {"centre": "UPP"}, ROW | {"centre": "UPP", "patient_id": factories.nth_number(7)}]
BAD = ROWS[0] | {"product": "Aspirin"}


@pytest.fixture
def uppsala(lists) -> Program:
    return Program(factories.user("upp", lists.centres["UPP"]))


def worked(program: Program, answer) -> dict:
    """The job as it is told once it has ended."""
    assert answer.status_code == 202, answer.content
    check(answer.json(), schema.JOB)
    assert answer.json()["state"] == "queued"
    run_import(ImportJob.objects.get(pk=answer.json()["id"]).pk, language="en")
    factories.drop_import_tables()
    document = program.get(answer["Location"].removeprefix("/api/v1/")).json()
    check(document, schema.JOB)
    return document


@pytest.mark.parametrize("name, write", [("rows.csv", as_csv), ("rows.xlsx", as_xlsx)])
def test_a_file_is_stored_by_its_job(uppsala, name, write):
    document = worked(uppsala, uppsala.upload(write(ROWS), name))
    assert (document["state"], document["read"], document["stored"], document["refused"]) == ("stored", 2, 2, 0)
    assert (document["dry_run"], document["problems"], document["centre"]) == (False, [], None)
    assert document["done"] == document["total"] == 2
    assert Infusion.objects.count() == 2
    again = worked(uppsala, uppsala.upload(write(ROWS), name))
    assert (again["stored"], again["unchanged"], Infusion.objects.count()) == (0, 2, 2)


@pytest.mark.parametrize("word", ["true", "1", "True"])
def test_a_dry_run_stores_nothing(uppsala, word):
    document = worked(uppsala, uppsala.upload(as_csv(ROWS), dry_run=word))
    assert (document["state"], document["dry_run"], document["stored"]) == ("checked", True, 2)
    assert not Infusion.objects.exists()


def test_every_problem_is_told_with_its_line_and_code_and_no_cell(uppsala):
    document = worked(uppsala, uppsala.upload(as_csv([ROWS[1], BAD | {"infused_on": "05/05/2020"}])))
    assert (document["state"], document["refused"], document["stored"]) == ("refused", 1, 0)
    assert {(one["line"], one["field"], one["code"], one["warning"]) for one in document["problems"]} == {
        (3, "product", "unknown_product", False), (3, "infused_on", "date_invalid", False),
    }  # fmt: skip
    assert WOMAN not in json.dumps(document) and "Aspirin" not in json.dumps(document)
    assert not Infusion.objects.exists()


def test_rows_of_another_centre_are_refused_as_if_there_were_none(uppsala):
    def problems(code):
        return worked(uppsala, uppsala.upload(as_csv([ROWS[0] | {"centre": code}])))["problems"]

    assert problems("STO") == problems("XXX")
    assert problems("STO")[0]["code"] == "unknown_centre"


def test_the_centre_is_the_columns_default(uppsala):
    document = worked(uppsala, uppsala.upload(as_csv([row | {"centre": ""} for row in ROWS]), centre="upp"))
    assert (document["centre"], document["stored"]) == ("UPP", 2)


@pytest.mark.parametrize("fields, field, code", [
    ({"centre": "STO"}, "centre", "unknown_centre"), ({"centre": "XXX"}, "centre", "unknown_centre"),
    ({"centre": "a\x00"}, "centre", "unknown_centre"), ({"dry_run": "perhaps"}, "dry_run", "unknown_value"),
    ({"surprise": "1"}, "…", "unknown_field"), ({NUMBER: "1"}, "…", "unknown_field"),
    ({"file": ""}, "file", "missing"), ({"file": "text"}, "file", "missing"),
])  # fmt: skip
def test_a_wrong_form_is_refused_and_kept_nowhere(uppsala, fields, field, code):
    problem = refused(uppsala.upload(as_csv(ROWS), **fields), 400, "body_invalid")
    assert errors_of(problem) == {(field, code)}
    assert NUMBER not in json.dumps(problem)
    assert not ImportJob.objects.exists()


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PK\x03\x04broken", b"\xff\xfe\x00"])
def test_a_file_that_is_none_is_refused(uppsala, content):
    refused(uppsala.upload(content), 400, "file_unusable")
    assert not ImportJob.objects.exists()


def test_a_file_too_large_is_refused(uppsala):
    for megabytes in (10.5, settings.FILE_UPLOAD_MAX_MEMORY_SIZE / 2**20 + 1):
        content = as_csv(ROWS) + b"x" * int(megabytes * 2**20)
        assert "10 MB" in refused(uppsala.upload(content), 413, "file_too_large")["title"]


@pytest.mark.parametrize("content, limit", [
    (b"centre," * 40_000, "100,000 characters|too long"), (as_csv(ROWS) + b"," * 600 + b"x", "256 columns"),
    (as_csv(ROWS) + b"x" * 110_000, "too long"),
    (Book([Sheet([list(ROWS[0]), ["x" * 40_000]])]).content(), "32,767 characters"),
    (Book([Sheet([list(ROWS[0]), ["x"] * 300])]).content(), "256 columns"),
])  # fmt: skip
def test_a_file_too_large_says_which_limit_it_is_beyond(uppsala, content, limit):
    told = refused(uppsala.upload(content), 413, "file_too_large")
    for text in (told["title"], told["detail"]):
        assert re.search(limit, text) and "10 MB" not in text


def test_a_broken_form_is_refused(uppsala):
    for body in (b"", b"--x\r\nContent-Disposition: nothing\r\n\r\n"):
        answer = Client().generic(
            "POST",
            "/api/v1/imports",
            body,
            content_type="multipart/form-data; boundary=x",
            headers=uppsala.headers,
        )
        assert answer.status_code == 400
        assert answer.json()["code"] in {"body_invalid", "parse_error"}


def test_whoever_enters_nowhere_uploads_nothing(lists):
    for user in (factories.user("outsider"), factories.user("steward", national_role="steward")):
        refused(Program(user).upload(as_csv(ROWS)), 403, "not_permitted")
    assert not ImportJob.objects.exists()


def test_a_session_uploads_with_the_token_of_its_forms_alone(uppsala):
    client = Client(enforce_csrf_checks=True)
    client.force_login(uppsala.owner)

    def upload(**headers):
        file = SimpleUploadedFile("rows.csv", as_csv(ROWS))
        return client.post("/api/v1/imports", {"file": file}, headers=headers)

    refused(upload(), 403, "csrf_failed")
    client.get("/en/clinic/tokens/")
    assert upload(**{"x-csrftoken": client.cookies["csrftoken"].value}).status_code == 202


def test_a_colleagues_job_and_a_made_up_id_are_one_and_the_same(lists, uppsala):
    mine = uppsala.upload(as_csv(ROWS)).json()["id"]
    colleague = Program(factories.user("colleague", lists.centres["UPP"]))
    answers = [colleague.get(f"imports/{key}") for key in (mine, MADE_UP, "x", "%00", NUMBER)]
    refused(answers[0], 404, "not_found")
    assert (
        len({(answer.content, str(sorted({**answer.headers, "X-Request-ID": ""}.items()))) for answer in answers})
        == 1
    )


def test_the_number_of_queries_of_a_job_does_not_grow_with_its_report(
    uppsala, django_assert_num_queries, purpose_known
):
    few = worked(uppsala, uppsala.upload(as_csv([BAD])))
    many = worked(uppsala, uppsala.upload(as_csv([BAD] * 20)))
    assert len(many["problems"]) > len(few["problems"])
    for document in (few, many):
        with django_assert_num_queries(6):
            uppsala.get(f"imports/{document['id']}")
