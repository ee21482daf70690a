"""The registry's open data as a DCAT-AP-SE 3 catalogue.

Every node has a URL, none is blank, so that the same catalogue gives the same bytes.
"""

import json
from collections.abc import Mapping

from registry.formats import Format
from registry.formats.catalogue_nodes import (
    ENGLISH,
    EU,
    LICENCE,
    SWEDISH,
    describe_dataset,
    describe_distribution,
    describe_service,
    instant,
    list_datasets,
    ref,
    texts,
)
from registry.formats.catalogue_texts import DATASETS, TITLE
from registry.formats.rdf import write_rdf
from registry.infusion_rules import FIRST_TREATMENT

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "dcatap": "http://data.europa.eu/r5r/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
DATE_TYPES = {4: "xsd:gYear", 7: "xsd:gYearMonth", 10: "xsd:date"}  # by the length of the date


def describe_catalogue(
    snapshot: Mapping, *, host: str, controller: str, contact: str, issued: str | None = None
) -> dict:
    """The catalogue of a snapshot as JSON-LD; host is the service's, as "https://registry.example".

    issued: when the first snapshot was published.
    """
    first = {"dcterms:issued": instant(issued or snapshot["built_at"])}
    api = f"{host}/api/v1"
    publisher, point = f"{api}/catalogue#publisher", f"{api}/catalogue#contact"
    shared = {
        "dcterms:publisher": ref(publisher),
        "dcat:contactPoint": ref(point),
        "dcterms:accessRights": ref(f"{EU}access-right/PUBLIC"),
        "dcat:theme": ref(f"{EU}data-theme/HEAL"),
    }
    graph: list[dict] = [
        _describe_itself(snapshot, host, api) | {"dcterms:publisher": ref(publisher)} | first,
        {
            "@id": publisher,
            "@type": "foaf:Agent",
            "foaf:name": controller,
            "foaf:homepage": ref(f"{host}/"),
            "foaf:mbox": ref(f"mailto:{contact}"),
            "dcterms:type": ref("http://purl.org/adms/publishertype/RegionalAuthority"),
        },
        {
            "@id": point,
            "@type": "vcard:Organization",
            "vcard:fn": controller,
            "vcard:hasEmail": ref(f"mailto:{contact}"),
        },
        describe_service(api) | shared,
    ]
    for name, (_title, _description, formats) in DATASETS.items():
        forms = {form: f"{api}/{name}?format={form}" for form in formats}
        graph.append(describe_dataset(name, snapshot, list(forms.values()), host, api) | shared | first)
        graph += [
            describe_distribution(name, form, formats[form], address, api)
            | {"dcterms:modified": instant(snapshot["built_at"])}
            for form, address in forms.items()
        ]
    period: dict = {"@id": f"{api}/catalogue#period", "@type": "dcterms:PeriodOfTime"}
    period["dcat:startDate"] = {"@value": FIRST_TREATMENT.isoformat(), "@type": "xsd:date"}
    if through := snapshot["data_through"]:
        period["dcat:endDate"] = {"@value": through, "@type": DATE_TYPES[len(through)]}
    return {"@context": CONTEXT, "@graph": [*graph, period]}


def _describe_itself(snapshot: Mapping, host: str, api: str) -> dict:
    return {
        "@id": f"{api}/catalogue",
        "@type": "dcat:Catalog",
        "dcterms:title": texts(TITLE),
        "dcterms:description": texts(
            {
                "sv": "Öppna data ur det nationella registret över CAR-T-behandlingar.",
                "en": "Open data of the national registry of CAR-T treatments.",
            }
        ),
        "dcterms:license": ref(LICENCE),
        "dcterms:language": [ref(SWEDISH), ref(ENGLISH)],
        "dcterms:modified": instant(snapshot["built_at"]),
        "dcterms:spatial": ref(f"{EU}country/SWE"),
        "foaf:homepage": ref(f"{host}/"),
        "dcat:themeTaxonomy": ref(f"{EU}data-theme"),
        "dcat:dataset": list_datasets(api),
        "dcat:service": ref(f"{api}#service"),
    }


def write_json_ld(catalogue: dict, language: str) -> bytes:
    """Write the catalogue as JSON-LD; it is always in both languages."""
    return json.dumps(catalogue, ensure_ascii=False, indent=1).encode()


CATALOGUE_FORMATS: Mapping[str, Format] = {
    "json-ld": Format("application/ld+json", "jsonld", write_json_ld, shown=True),
    "rdf": Format("application/rdf+xml", "rdf", write_rdf, shown=True),
}
