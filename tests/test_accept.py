"""Which form of a document a client gets by what it says it accepts (RFC 9110, 12.5.1)."""

import pytest
from django.test import Client

from registry.publishing.publish import publish
from tests import factories

JSON, CSV, STAT = "application/json", "text/csv", "application/vnd.json-stat+json"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FHIR, LD, RDF = "application/fhir+json", "application/ld+json", "application/rdf+xml"


pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def published(kept_lists):
    for place, centre in enumerate(("UPP", "STO", "STO")):
        factories.record(kept_lists, factories.nth_number(place), centre=centre)
    return publish()


def ask(path: str, accept: str | None):
    headers = {} if accept is None else {"Accept": accept}
    return Client().get(f"/api/v1/{path}", headers=headers)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("text/*", CSV),
        ("image/*", "image/svg+xml"),
        # Parameters that narrow nothing that we have.
        ("application/json; charset=utf-8", JSON),
        ("application/json;charset=UTF-8", JSON),
        ('application/json; charset="utf-8"', JSON),
        ("text/csv; charset=utf-8; header=present", CSV),
        ("application/geo+json; profile=simple", "application/geo+json"),
        ("APPLICATION/JSON; Charset=UTF-8", JSON),
        ("application/json; version=1; indent=4", JSON),
        # Weights, whatever the order and the blanks.
        ("application/json;q=0.5, text/csv", CSV),
        ("application/json; charset=utf-8; q=0.5, text/csv; q=0.7", CSV),
        ("text/csv ; q=0.1 , application/json ; q=0.2", JSON),
        ("text/csv;Q=0.3, image/png;q=0.2", CSV),
        ("text/csv;q=0.333, image/png;q=0.334", "image/png"),
        # The closest range speaks for a type, not the highest weight.
        ("application/json;q=0.1, */*;q=0.5", "application/geo+json"),
        ("application/json;q=0, application/*, text/*;q=0.9", "application/geo+json"),
        ("application/json;q=0, */*;q=0.1", "application/geo+json"),
        ("text/csv;q=0.8, text/*;q=0.1, application/pdf;q=0.2", CSV),
        # Alike wanted: the closer one, then the order of the client.
        ("*/*, text/csv", CSV),
        ("text/csv, application/json", CSV),
        ("application/json, text/csv", JSON),
        # A browser, a script, a statistical program.
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", JSON),
        ("application/json, text/plain, */*", JSON),
        (f"{STAT}, application/json;q=0.5", STAT),
        (XLSX, XLSX),
        # What cannot be read is passed over.
        ("nonsense, text/csv", CSV),
        ("text/csv;q=abc, application/json;q=0.5", CSV),
        ("text/csv;q=2, application/json", CSV),
        (", ,text/csv,", CSV),
    ],
)
def test_the_map_comes_as_the_client_prefers(published, accept, media_type):
    response = ask("map", accept)
    assert (response.status_code, response["Content-Type"].partition(";")[0]) == (200, media_type)


@pytest.mark.parametrize(
    "accept",
    [
        "application/msword",
        "text/html",
        "application/json;q=0",
        "application/json;q=0.0, text/csv;q=0",
        "*/*;q=0",
        "nonsense",
        "audio/*",
        "*/json",
    ],
)
@pytest.mark.parametrize("path", ["map", "counts?by=centre"])
def test_what_nothing_fits_is_406_and_says_what_there_is(published, path, accept):
    response = ask(path, accept)
    assert (response.status_code, response["Content-Type"]) == (406, "application/problem+json")
    problem = response.json()
    assert (problem["code"], problem["parameter"]) == ("not_acceptable", "Accept")
    assert JSON in problem["detail"]


@pytest.mark.parametrize("path", ["measure-reports", "measure-reports/UPP"])
@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (FHIR, 200),
        ("application/fhir+json; fhirVersion=4.0", 200),
        ('application/fhir+json;fhirVersion="4.0"', 200),
        ("application/fhir+json; fhirversion=4.0; charset=utf-8", 200),
        ("application/fhir+json; fhirVersion=5.0, application/fhir+json; fhirVersion=4.0; q=0.5", 200),
        ("application/json", 200),
        ("application/json; charset=utf-8", 200),
        ("application/fhir+json; fhirVersion=3.0", 406),
        ("application/fhir+json; fhirVersion=5.0", 406),
        ("application/fhir+xml", 406),
    ],
)
def test_a_report_is_in_the_version_of_fhir_that_is_asked_for(published, path, accept, status):
    response = ask(path, accept)
    assert response.status_code == status
    if status == 200:
        assert response["Content-Type"].partition(";")[0] == FHIR


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [("application/json", LD), (f"{RDF}, {JSON};q=0.4", RDF), (f"{LD}; profile=compacted", LD), ("*/*", LD)],
)
def test_the_catalogue_is_json_too(published, accept, media_type):
    assert ask("catalogue", accept)["Content-Type"].partition(";")[0] == media_type


@pytest.mark.parametrize("path", ["status", "config", "centres", "snapshots", "schema", "releases"])
@pytest.mark.parametrize("accept", ["application/json; charset=utf-8", "application/json;q=0.9, text/html"])
def test_json_alone_understands_parameters_too(published, path, accept):
    response = ask(path, accept)
    assert (response.status_code, response["Content-Type"]) == (200, JSON)
