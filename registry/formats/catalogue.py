"""The registry's open data as a catalogue: DCAT-AP-SE 3, in JSON-LD and in RDF/XML.

Every thing has an address of its own, so that the same catalogue gives the same bytes.
"""

import json
from collections.abc import Mapping
from xml.etree import ElementTree

from registry.formats import COUNTS_FORMATS, MAP_FORMATS, Format
from registry.rules import FIRST_TREATMENT

EU = "http://publications.europa.eu/resource/authority/"
LICENCE = "http://creativecommons.org/licenses/by/4.0/"
SWEDISH, ENGLISH = f"{EU}language/SWE", f"{EU}language/ENG"
CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "dcatap": "http://data.europa.eu/r5r/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
TITLE = {"sv": "CAR-T-behandlingar i Sverige", "en": "CAR-T treatments in Sweden"}
# Each with its title, what it is, and its forms.
DATASETS: Mapping[str, tuple[Mapping[str, str], Mapping[str, str], Mapping[str, Format]]] = {
    "map": (
        {"sv": "CAR-T-behandlingar per centrum", "en": "CAR-T treatments by centre"},
        {
            "sv": "Patienter, infusioner, reinfusioner och ytterligare doser per behandlande centrum och "
            "kategori, med rikets totaler, ur det nationella registret swecar.",
            "en": "Patients, infusions, reinfusions and further doses by treating centre and category, with "
            "the country's totals, from the national registry swecar.",
        },
        MAP_FORMATS,
    ),
    "counts": (
        {"sv": "CAR-T-behandlingar, valfri tabell", "en": "CAR-T treatments, any table"},
        {
            "sv": "Samma räkning fördelad på valfria dimensioner: centrum, kategori, produkt, indikation, "
            "kön, åldersgrupp, region, prövning, år och månad.",
            "en": "The same count by any dimensions: centre, category, product, indication, sex, age group, "
            "region, trial, year and month.",
        },
        COUNTS_FORMATS,
    ),
}
FILE_TYPES = {
    "json": "JSON", "geojson": "GEOJSON", "csv": "CSV", "csv-excel": "CSV", "xlsx": "XLSX", "json-stat": "JSON",
    "svg": "SVG", "png": "PNG", "png-print": "PNG", "pdf": "PDF", "pptx": "PPTX",
}  # fmt: skip
DATE_TYPES = {4: "xsd:gYear", 7: "xsd:gYearMonth", 10: "xsd:date"}  # by length
KEYWORDS = {
    "sv": ("CAR-T", "cellterapi", "cancer", "hälso- och sjukvård", "register"),
    "en": ("CAR-T", "cell therapy", "cancer", "health care", "registry"),
}


def describe_catalogue(snapshot: Mapping, *, host: str, controller: str, contact: str) -> dict:
    """The catalogue of a snapshot as JSON-LD; host is the service's own, as "https://registry.example"."""
    api = f"{host}/api/v1"
    publisher, point = f"{api}/catalogue#publisher", f"{api}/catalogue#contact"
    shared = {
        "dcterms:publisher": ref(publisher),
        "dcat:contactPoint": ref(point),
        "dcterms:accessRights": ref(f"{EU}access-right/PUBLIC"),
        "dcat:theme": ref(f"{EU}data-theme/HEAL"),
    }
    graph: list[dict] = [
        _describe_itself(snapshot, host, api) | {"dcterms:publisher": ref(publisher)},
        {
            "@id": publisher,
            "@type": "foaf:Agent",
            "foaf:name": controller,
            "foaf:homepage": ref(f"{host}/"),
            "dcterms:type": ref("http://purl.org/adms/publishertype/RegionalAuthority"),
        },
        {
            "@id": point,
            "@type": "vcard:Organization",
            "vcard:fn": controller,
            "vcard:hasEmail": ref(f"mailto:{contact}"),
        },
        _describe_service(api) | shared,
    ]
    for name, (_title, _description, formats) in DATASETS.items():
        forms = {form: f"{api}/{name}?format={form}" for form in formats}
        graph.append(_describe_dataset(name, snapshot, list(forms.values()), host, api) | shared)
        graph += [_distribute(name, form, formats[form], address, api) for form, address in forms.items()]
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
        "dcat:dataset": _list_datasets(api),
        "dcat:service": ref(f"{api}#service"),
    }


def _list_datasets(api: str) -> list[dict]:
    return [ref(f"{api}/{name}#dataset") for name in DATASETS]


def _describe_service(api: str) -> dict:
    return {
        "@id": f"{api}#service",
        "@type": "dcat:DataService",
        "dcterms:title": texts({"sv": "swecars öppna API", "en": "The open API of swecar"}),
        "dcterms:description": texts(
            {"sv": "Räkningar ur registret, utan nyckel.", "en": "Counts of the registry, without a key."}
        ),
        "dcat:endpointURL": ref(api),
        "dcat:endpointDescription": ref(f"{api}/schema"),
        "dcat:landingPage": ref(f"{api}/docs"),
        "dcat:servesDataset": _list_datasets(api),
        "dcterms:license": ref(LICENCE),
        "dcatap:availability": ref(f"{EU}planned-availability/STABLE"),
    }


def _describe_dataset(name: str, snapshot: Mapping, addresses: list[str], host: str, api: str) -> dict:
    title, description, _formats = DATASETS[name]
    return {
        "@id": f"{api}/{name}#dataset",
        "@type": "dcat:Dataset",
        "dcterms:identifier": f"{api}/{name}#dataset",
        "dcterms:title": texts(title),
        "dcterms:description": texts(description),
        "dcterms:language": [ref(SWEDISH), ref(ENGLISH)],
        "dcterms:accrualPeriodicity": ref(f"{EU}frequency/CONT"),
        "dcterms:spatial": ref(f"{EU}country/SWE"),
        "dcterms:modified": instant(snapshot["built_at"]),
        "dcterms:temporal": ref(f"{api}/catalogue#period"),
        "dcat:version": str(snapshot["number"]),
        "dcat:keyword": [
            {"@value": word, "@language": language} for language in KEYWORDS for word in KEYWORDS[language]
        ],
        "dcat:landingPage": ref(f"{host}/"),
        "foaf:page": [ref(f"{api}/measures"), ref(f"{api}/docs")],
        "dcat:distribution": [ref(f"{address}#distribution") for address in addresses],
    }


def _distribute(name: str, form: str, format: Format, address: str, api: str) -> dict:
    media_type = format.media_type.partition(";")[0]
    return {
        "@id": f"{address}#distribution",
        "@type": "dcat:Distribution",
        "dcterms:title": texts({language: f"{text} ({form})" for language, text in DATASETS[name][0].items()}),
        "dcat:accessURL": ref(address),
        "dcat:downloadURL": ref(address),
        "dcat:accessService": ref(f"{api}#service"),
        "dcterms:format": ref(f"{EU}file-type/{FILE_TYPES[form]}"),
        "dcat:mediaType": ref(f"http://www.iana.org/assignments/media-types/{media_type}"),
        "dcterms:license": ref(LICENCE),
        "dcatap:availability": ref(f"{EU}planned-availability/STABLE"),
    }


def ref(address: str) -> dict:
    """Another thing, by its address."""
    return {"@id": address}


def texts(words: Mapping[str, str]) -> list[dict]:
    """A text in each language."""
    return [{"@value": text, "@language": language} for language, text in words.items()]


def instant(moment: str) -> dict:
    """An instant in time."""
    return {"@value": moment, "@type": "xsd:dateTime"}


def write_json_ld(catalogue: dict, language: str) -> bytes:
    """The catalogue in both languages, whichever was asked for."""
    return json.dumps(catalogue, ensure_ascii=False, indent=1).encode()


def write_rdf(catalogue: dict, language: str) -> bytes:
    """The same as RDF/XML, a thing after the other."""
    names = catalogue["@context"] | {"rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#"}
    for prefix, address in names.items():
        ElementTree.register_namespace(prefix, address)

    def expand(name: str) -> str:
        prefix, _colon, rest = name.partition(":")
        return f"{{{names[prefix]}}}{rest}"

    root = ElementTree.Element(expand("rdf:RDF"))
    for thing in catalogue["@graph"]:
        node = ElementTree.SubElement(root, expand(thing["@type"]), {expand("rdf:about"): thing["@id"]})
        for name, values in thing.items():
            if name.startswith("@"):
                continue
            for value in values if isinstance(values, list) else [values]:
                one = ElementTree.SubElement(node, expand(name))
                if isinstance(value, str):
                    one.text = value
                elif "@id" in value:
                    one.set(expand("rdf:resource"), value["@id"])
                else:
                    one.text = value["@value"]
                    if "@language" in value:
                        one.set("{http://www.w3.org/XML/1998/namespace}lang", value["@language"])
                    else:
                        prefix, _colon, kind = value["@type"].partition(":")
                        one.set(expand("rdf:datatype"), names[prefix] + kind)
    ElementTree.indent(root)
    rdf: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return rdf


CATALOGUE_FORMATS: Mapping[str, Format] = {
    "json-ld": Format("application/ld+json", "jsonld", write_json_ld, shown=True),
    "rdf": Format("application/rdf+xml", "rdf", write_rdf, shown=True),
}
