"""A map document as FHIR R4: a MeasureReport (summary) of the country and each centre, its caveats as text."""

from collections.abc import Iterator, Mapping
from itertools import groupby

from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import override

from registry.choices import Category
from registry.formats import Format
from registry.formats.about import list_notes
from registry.formats.data import write_json
from registry.formats.labels import label_measure
from registry.infusion_rules import FIRST_TREATMENT
from registry.map_cells import walk_cells
from registry.wording import LICENCE, find_address

COUNTED = ("patients", "infusions", "reinfusions", "further_doses")
NATION = "SE"
# In place of a withheld number (an extension of FHIR's own).
MASKED = {
    "extension": [
        {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"},
    ]
}


def report_all(document: dict, *, host: str, language: str) -> dict:
    """A Bundle of the reports of the country and every centre."""
    with override(language):
        reports = [_report(code, name, cells, document, host, language) for code, name, cells in _list(document)]
    entries = [
        {"fullUrl": f"{host}/api/v1/measure-reports/{report['id']}", "resource": report} for report in reports
    ]
    built_at = document["snapshot"]["built_at"]
    return {"resourceType": "Bundle", "type": "collection", "timestamp": built_at, "entry": entries}


def report_one(document: dict, code: str, *, host: str, language: str) -> dict | None:
    """The report of a centre by its code, or of the country (SE); None if there is no such centre."""
    with override(language):
        for found, name, cells in _list(document):
            if found == code:
                return _report(code, name, cells, document, host, language)
    return None


R4 = {"fhirversion": "4.0"}
FHIR_FORMATS: Mapping[str, Format] = {
    "json": Format("application/fhir+json", "json", write_json, shown=True, parameters=R4)
}


def _list(document: dict) -> Iterator[tuple[str, str, list[tuple[str, Mapping]]]]:
    """Each reporter's code and name, and its cells by category, "all" first."""
    for code, found in groupby(walk_cells(document), lambda cell: cell.centre["code"] if cell.centre else NATION):
        cells = list(found)
        centre = cells[0].centre
        name = f"{centre['name']}, {centre['city']}" if centre else _("Sweden")
        yield code, name, [(cell.category or "all", cell.numbers) for cell in cells]


def _report(
    code: str, name: str, cells: list[tuple[str, Mapping]], document: dict, host: str, language: str
) -> dict:
    snapshot = document["snapshot"]
    first = cells[0][1]["first"] or f"{FIRST_TREATMENT:%Y}"
    end = snapshot["as_of"] or snapshot["data_through"] or snapshot["built_at"][:10]
    return {
        "resourceType": "MeasureReport",
        "id": code,
        "meta": {"versionId": str(snapshot["number"]), "lastUpdated": snapshot["built_at"]},
        "language": language,
        "text": _narrative(document, host),
        "identifier": [{"system": f"{host}/api/v1/snapshots", "value": f"{snapshot['number']}/{code}"}],
        "status": "complete",
        "type": "summary",
        "measure": f"{host}/api/v1/measures",
        "reporter": {"display": name},
        "date": snapshot["built_at"],
        "period": {"start": first, "end": end},
        "group": [_group(category, cell, host, language) for category, cell in cells],
    }


def _narrative(document: dict, host: str) -> dict[str, str]:
    """What must be known to read the numbers, and the address where they stay: FHIR has no note for it here."""
    notes = [*list_notes(document), find_address(document["snapshot"], host=host), LICENCE]
    said = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return {"status": "additional", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{said}</div>'}


def _group(category: str, cell: Mapping, host: str, language: str) -> dict:
    label = _("all") if category == "all" else str(Category(category).label)
    return {
        "code": {
            "coding": [{"system": f"{host}/api/v1/categories", "code": category, "display": label}],
            "text": label,
        },
        "population": [_population(name, cell[name], host, language) for name in COUNTED],
    }


def _population(name: str, count: int | None, host: str, language: str) -> dict:
    label = label_measure(name, language)
    coded = {"coding": [{"system": f"{host}/api/v1/measures", "code": name, "display": label}], "text": label}
    return {"code": coded, **({"_count": MASKED} if count is None else {"count": count})}
