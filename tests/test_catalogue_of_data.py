"""What other systems harvest: the catalogue by DCAT-AP-SE 3, the reports by FHIR R4."""

import json
import os
import subprocess
import sys

import pytest
from django.test import Client
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.measurereport import MeasureReport
from rdflib import DCAT, DCTERMS, FOAF, RDF, Graph, Literal, Namespace, URIRef
from rdflib.compare import isomorphic

from registry.formats import MAP_FORMATS
from registry.formats.catalogue_texts import DATASETS
from registry.formats.fhir import COUNTED
from registry.models import Centre
from registry.publishing.publish import publish
from swecar.local.folder import ROOT
from tests import factories

VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
DCATAP = Namespace("http://data.europa.eu/r5r/")
HOST = "http://testserver"
# The mandatory and recommended properties of each class, by the tables of the
# specification (docs.dataportal.se/dcat/sv/), as far as the registry has it.
WANTED = {
    DCAT.Catalog: (DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCTERMS.license, DCAT.dataset,
                   DCTERMS.language, FOAF.homepage, DCAT.themeTaxonomy, DCTERMS.modified, DCAT.service,
                   DCTERMS.issued, DCTERMS.spatial),
    DCAT.Dataset: (DCTERMS.title, DCTERMS.description, DCTERMS.publisher, DCAT.contactPoint, DCAT.distribution,
                   DCAT.keyword, DCAT.theme, DCTERMS.identifier, DCTERMS.language, DCTERMS.accessRights,
                   DCTERMS.spatial, DCTERMS.temporal, DCTERMS.accrualPeriodicity, DCTERMS.modified, DCTERMS.issued,
                   FOAF.page, DCAT.landingPage),
    DCAT.Distribution: (DCAT.accessURL, DCTERMS.license, DCTERMS["format"], DCTERMS.title, DCATAP.availability,
                        DCTERMS.description, DCAT.mediaType, DCAT.downloadURL, DCAT.accessService,
                        DCTERMS.modified),
    DCAT.DataService: (DCTERMS.title, DCAT.endpointURL, DCAT.endpointDescription, DCAT.servesDataset,
                       DCTERMS.publisher, DCAT.contactPoint, DCTERMS.license, DCTERMS.accessRights,
                       DCAT.theme, DCAT.keyword, DCAT.landingPage, DCTERMS.description),
    FOAF.Agent: (FOAF.name, DCTERMS.type, FOAF.homepage, FOAF.mbox),
    VCARD.Organization: (VCARD.fn, VCARD.hasEmail),
    DCTERMS.PeriodOfTime: (DCAT.startDate, DCAT.endDate),
}  # fmt: skip


@pytest.fixture
def published(lists):
    rows = [factories.plain_row(person=number, centre="UPP") for number in range(7)]
    rows += [factories.plain_row(person=10 + number, centre="STO", category="ICT") for number in range(2)]
    factories.store_rows(lists, rows)
    return publish()


def ask(path: str, **headers):
    return Client().get(f"/api/v1/{path}", headers=headers)


def read(form: str) -> Graph:
    response = ask(f"catalogue?format={form}")
    assert response.status_code == 200
    return Graph().parse(data=response.content, format="json-ld" if form == "json-ld" else "xml")


class TestCatalogue:
    """DCAT-AP-SE 3."""

    def test_both_formats_have_the_same_graph(self, published):
        graphs = [read(form) for form in ("json-ld", "rdf")]
        assert len(graphs[0]) > 150
        assert isomorphic(*graphs)

    @pytest.mark.parametrize("kind", WANTED, ids=lambda kind: kind.split("/")[-1].split("#")[-1])
    def test_every_class_has_the_properties_of_the_profile(self, published, kind):
        graph = read("rdf")
        things = list(graph.subjects(RDF.type, kind))
        assert things
        for thing in things:
            assert [field for field in WANTED[kind] if not list(graph.objects(thing, field))] == [], thing

    def test_titles_are_in_both_languages(self, published):
        graph = read("rdf")
        for kind in (DCAT.Catalog, DCAT.Dataset, DCAT.Distribution, DCAT.DataService):
            for thing in graph.subjects(RDF.type, kind):
                assert {title.language for title in graph.objects(thing, DCTERMS.title)} == {"sv", "en"}

    def test_every_node_referred_to_is_described(self, published):
        graph = read("rdf")
        ours = {thing for thing in graph.objects() if isinstance(thing, URIRef) and "#" in thing and HOST in thing}
        assert len(ours) > len(MAP_FORMATS)
        assert [thing for thing in ours if not list(graph.objects(thing, RDF.type))] == []

    def test_every_distribution_has_the_stated_format(self, published):
        graph = read("rdf")
        addresses = {
            str(address): str(kind).rpartition("media-types/")[2]
            for thing in graph.subjects(RDF.type, DCAT.Distribution)
            for address in graph.objects(thing, DCAT.downloadURL)
            for kind in graph.objects(thing, DCAT.mediaType)
        }
        assert len(addresses) == sum(len(formats) for _title, _text, formats in DATASETS.values())
        for address, media_type in addresses.items():
            response = Client().get(address.removeprefix(HOST))
            assert response.status_code == 200
            assert response["Content-Type"].partition(";")[0] == media_type

    def test_the_catalogue_uses_the_host_of_the_request(self, published):
        response = Client().get("/api/v1/catalogue.rdf", headers={"Host": "registry.example"})
        assert response.status_code in {200, 400}
        assert ask("catalogue").content.count(b"http://testserver/api/v1") > 20

    def test_dates_and_licence(self, published):
        graph = read("json-ld")
        dataset = URIRef(f"{HOST}/api/v1/map#dataset")
        (modified,) = graph.objects(dataset, DCTERMS.modified)
        assert modified == Literal(published.built_at)
        licences = set(graph.objects(None, DCTERMS.license))
        assert licences == {URIRef("http://creativecommons.org/licenses/by/4.0/")}

    def test_a_harvester_chooses_by_accept(self, published):
        for media_type in ("application/rdf+xml", "application/ld+json"):
            assert ask("catalogue", Accept=media_type)["Content-Type"] == media_type
        assert ask("catalogue", Accept="text/csv").status_code == 406
        etag = ask("catalogue.rdf")["ETag"]
        assert ask("catalogue.rdf", **{"If-None-Match": etag}).status_code == 304

    def test_the_bytes_are_the_same_in_every_process(self):
        """The order of sets differs by process; that of the catalogue does not."""
        code = """
import hashlib, django
django.setup()
from registry.formats.catalogue import describe_catalogue, write_json_ld
from registry.formats.rdf import write_rdf
snapshot = {"number": 1, "built_at": "2025-09-08T10:00:00Z", "data_through": "2025-09-05"}
catalogue = describe_catalogue(snapshot, host="https://registry.example", controller="X", contact="y@example.org")
print([hashlib.sha256(write(catalogue, "sv")).hexdigest() for write in (write_json_ld, write_rdf)])
"""
        variables = os.environ | {"DJANGO_SETTINGS_MODULE": "swecar.settings"}
        found = {
            subprocess.check_output(
                [sys.executable, "-c", code], cwd=ROOT, env=variables | {"PYTHONHASHSEED": seed}, text=True
            )
            for seed in ("1", "2")
        }
        assert len(found) == 1


class TestMeasureReports:
    """FHIR R4."""

    def test_every_report_is_valid_and_has_the_maps_numbers(self, published):
        response = ask("measure-reports?lang=en")
        assert response["Content-Type"] == "application/fhir+json"
        bundle = Bundle.model_validate_json(response.content)
        document = ask("map?lang=en").json()
        cells = {"SE": document["national"]} | {centre["code"]: centre for centre in document["centres"]}
        assert [entry.resource.id for entry in bundle.entry] == list(cells)
        for entry in bundle.entry:
            report, cell = entry.resource, cells[entry.resource.id]
            assert isinstance(report, MeasureReport)
            assert (report.type, report.status) == ("summary", "complete")
            counted = {
                population.code.coding[0].code: population.count for population in report.group[0].population
            }
            assert counted == {name: cell[name] for name in COUNTED}
            parts = [group.code.coding[0].code for group in report.group[1:]]
            assert parts == [part["category"] for part in cell.get("categories", ())]

    def test_one_report_by_its_code(self, published):
        report = MeasureReport.model_validate_json(ask("measure-reports/UPP?lang=sv").content)
        assert report.group[1].code.text == "Standardvård"
        assert report.period.start.year == 2020
        assert ask("measure-reports/XXX").status_code == 404
        assert ask("measure-reports/XXX").json()["code"] == "not_found"
        early = json.loads(ask("measure-reports/SE?as_of=2019-12-31").content)
        assert early["group"][0]["population"][0]["count"] == 0

    @pytest.mark.parametrize("code", ["S1", "LANGTNAMN042"])
    def test_every_report_is_found_where_the_bundle_says(self, lists, code):
        Centre.objects.filter(code="UPP").update(code=code)
        publish()
        entries = Bundle.model_validate_json(ask("measure-reports").content).entry
        assert code in [entry.resource.id for entry in entries]
        for entry in entries:
            response = Client().get(entry.fullUrl.removeprefix(HOST))
            assert (response.status_code, json.loads(response.content)["id"]) == (200, entry.resource.id)

    def test_a_withheld_number_is_masked(self, published, settings):
        settings.DISCLOSURE = "threshold:5"
        publish()
        response = ask("measure-reports/STO").content
        MeasureReport.model_validate_json(response)
        (total, _ict) = json.loads(response)["group"]
        assert "count" not in total["population"][0]
        assert total["population"][0]["_count"]["extension"][0]["valueCode"] == "masked"
