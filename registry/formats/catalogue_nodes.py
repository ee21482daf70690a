"""The service, data sets and distributions of the catalogue."""

from collections.abc import Mapping

from registry.formats import Format
from registry.formats.catalogue_texts import DATASETS, DISTRIBUTION, FILE_TYPES, KEYWORDS

EU = "http://publications.europa.eu/resource/authority/"
LICENCE = "http://creativecommons.org/licenses/by/4.0/"
SWEDISH, ENGLISH = f"{EU}language/SWE", f"{EU}language/ENG"


def list_datasets(api: str) -> list[dict]:
    return [ref(f"{api}/{name}#dataset") for name in DATASETS]


def describe_service(api: str) -> dict:
    return {
        "@id": f"{api}#service",
        "@type": "dcat:DataService",
        "dcterms:title": texts({"sv": "swecars öppna API", "en": "The open API of swecar"}),
        "dcterms:description": texts(
            {"sv": "Statistik ur registret, utan nyckel.", "en": "Counts of the registry, without a key."}
        ),
        "dcat:keyword": _keywords(),
        "dcat:endpointURL": ref(api),
        "dcat:endpointDescription": ref(f"{api}/schema"),
        "dcat:landingPage": ref(f"{api}/docs"),
        "dcat:servesDataset": list_datasets(api),
        "dcterms:license": ref(LICENCE),
        "dcatap:availability": ref(f"{EU}planned-availability/STABLE"),
    }


def describe_dataset(name: str, snapshot: Mapping, addresses: list[str], host: str, api: str) -> dict:
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
        "dcat:keyword": _keywords(),
        "dcat:landingPage": ref(f"{host}/"),
        "foaf:page": [ref(f"{api}/measures"), ref(f"{api}/docs")],
        "dcat:distribution": [ref(f"{address}#distribution") for address in addresses],
    }


def describe_distribution(name: str, form: str, format: Format, address: str, api: str) -> dict:
    media_type = format.media_type.partition(";")[0]
    return {
        "@id": f"{address}#distribution",
        "@type": "dcat:Distribution",
        "dcterms:title": texts({language: f"{text} ({form})" for language, text in DATASETS[name][0].items()}),
        "dcterms:description": texts({language: text % {"form": form} for language, text in DISTRIBUTION.items()}),
        "dcat:accessURL": ref(address),
        "dcat:downloadURL": ref(address),
        "dcat:accessService": ref(f"{api}#service"),
        "dcterms:format": ref(f"{EU}file-type/{FILE_TYPES[form]}"),
        "dcat:mediaType": ref(f"http://www.iana.org/assignments/media-types/{media_type}"),
        "dcterms:license": ref(LICENCE),
        "dcatap:availability": ref(f"{EU}planned-availability/STABLE"),
    }


def _keywords() -> list[dict]:
    return [{"@value": word, "@language": language} for language in KEYWORDS for word in KEYWORDS[language]]


def ref(address: str) -> dict:
    """A reference to a node by its URL."""
    return {"@id": address}


def texts(words: Mapping[str, str]) -> list[dict]:
    """A text in each language, as JSON-LD."""
    return [{"@value": text, "@language": language} for language, text in words.items()]


def instant(moment: str) -> dict:
    """An instant, as JSON-LD."""
    return {"@value": moment, "@type": "xsd:dateTime"}
