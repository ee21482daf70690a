"""What the public API promises, as OpenAPI: parameters, responses and refusals."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from drf_spectacular.utils import OpenApiParameter

from api.openapi import (
    DAY,
    DAY_OR_NULL,
    INSTANT,
    PAGE,
    PROBLEM,
    TEXT,
    TEXT_OR_NULL,
    WHOLE,
    listing,
    named,
    page_parameters,
    parameter,
    record,
)
from api.public.document_shapes import (
    COUNTS_DOCUMENT,
    HEAD,
    LIST_ITEMS,
    MAP_DOCUMENT,
    NATIONAL,
    SNAPSHOT_HEAD,
    SUPPRESSED,
    TEXTS,
)
from registry.choices import Modality, Sex
from registry.formats import COUNTS_FORMATS, JSON_ALONE, MAP_FORMATS, Format
from registry.formats.catalogue import CATALOGUE_FORMATS
from registry.formats.fhir import FHIR_FORMATS
from registry.published.count_limits import MAY_BE_MISSING, MOST_DIMENSIONS
from registry.published.count_query import ASKABLE, DIMENSIONS, NONE


def described(
    operation: str,
    shape: dict,
    *parameters: OpenApiParameter,
    description: str,
    refuses: tuple[int, ...] = (400,),
    formats: Mapping[str, Format] = JSON_ALONE,
):
    """Arguments of extend_schema for one address."""
    chosen = parameter("format", "Format of the response; else Accept decides.", enum=list(formats))
    types = [form.media_type.partition(";")[0] for form in formats.values()]
    first, *others = dict.fromkeys(types)
    whole, file = {"type": "object"}, {"type": "string", "format": "binary"}
    files = {(200, one): whole if one.endswith("+json") else file for one in sorted(others)}
    return {
        "operation_id": operation,
        "description": description,
        "parameters": [*parameters, LANG, chosen],
        "responses": {(200, first): shape}
        | files
        | {(code, "application/problem+json"): PROBLEM for code in sorted({*refuses, 406, 429, 503})},
        "auth": [],
        "tags": ["public"],
    }


def words(name: str, meaning: str, items: dict, most: int | None = None) -> OpenApiParameter:
    """Values with commas between, each once."""
    values = {"type": "array", "items": items, "minItems": 1, "uniqueItems": True}
    values |= {} if most is None else {"maxItems": most}
    return parameter(name, meaning, type=values, explode=False, style="form")


NUMBER_OF_A_SNAPSHOT = {"type": "integer", "minimum": 1, "maximum": 999_999_999}
WORD = {"type": "string", "minLength": 1, "pattern": r"^[^,\s&#+%]+$"}
# What a filter takes; the values of code lists are filled in from the current snapshot (list_codes).
FILTERED: dict[str, dict] = dict.fromkeys(DIMENSIONS, WORD) | {
    "age_group": {"type": "string", "enum": ["child", "adult"]},
    "modality": {"type": "string", "enum": Modality.values},
    "sex": {"type": "string", "enum": Sex.values},
    "year": {"type": "integer", "minimum": 1900, "maximum": 2199},
    "month": {"type": "string", "pattern": r"^((19|20|21)[0-9]{2}-(0[1-9]|1[0-2])|unknown)$"},
}


Known = Callable[[str], Collection[str] | None]  # the values of a parameter; None where it has no list


def list_codes(description: dict, listed: Mapping[str, Known], newest: int) -> dict:
    """The description with the values that there are: codes of the current snapshot's lists, snapshots.

    listed: by address, what tells the codes of a parameter.
    """
    for address, name in (("map", "snapshot"), ("snapshots/{number}/changes", "since")):
        for query_parameter in description["paths"][f"/api/v1/{address}"]["get"]["parameters"]:
            if query_parameter["name"] == name:
                query_parameter["schema"]["maximum"] = newest
    for address, known in listed.items():
        for query_parameter in description["paths"][f"/api/v1/{address}"]["get"]["parameters"]:
            codes = known(query_parameter["name"])
            if codes:
                missing = [NONE] if query_parameter["name"] in MAY_BE_MISSING else []
                query_parameter["schema"]["items"] = {"type": "string", "enum": [*codes, *missing]}
    return description


LANG = parameter("lang", "Language of texts; else Accept-Language decides.", enum=["sv", "en"])
AS_OF = parameter("as_of", "Count infusions up to this day, inclusive; today at the latest.", type=DAY)
MAP = described(
    "map",
    MAP_DOCUMENT,
    AS_OF,
    parameter("snapshot", "Number of a snapshot; else the current one.", type=NUMBER_OF_A_SNAPSHOT),
    refuses=(400, 404, 409, 503),
    formats=MAP_FORMATS,
    description="Every centre, the nation, and what is manufactured where.",
)
COUNTS = described(
    "counts",
    COUNTS_DOCUMENT,
    words(
        "by",
        f"At most {MOST_DIMENSIONS} dimensions, in the order of the rows.",
        {"type": "string", "enum": list(DIMENSIONS)},
        MOST_DIMENSIONS,
    ),
    *(
        words(name, f"Only these values of {name}; `none` for infusions without one.", items, 20)
        for name, items in FILTERED.items()
    ),
    AS_OF,
    parameter(
        "from", "Count what falls on this day (today at the latest) or later; roles do not change.", type=DAY
    ),
    parameter("to", "Count what falls on this day or earlier; roles do not change.", type=DAY),
    words(
        "measures",
        "Else patients, infusions, reinfusions, further_doses, first.",
        {"type": "string", "enum": list(ASKABLE)},
    ),
    refuses=(400, 403, 409, 503),
    formats=COUNTS_FORMATS,
    description="Rows for cells with at least one infusion, and a total counted afresh.",
)
MEASURES_SHAPE = named(
    "MeasureList",
    record(
        measures=listing(named("Measure", record(measure=TEXT, label=TEXTS, rule=TEXTS, unit=TEXT, source=TEXT)))
    ),
)
MEASURE_RULES = described(
    "measures",
    MEASURES_SHAPE,
    description="What every number means, in both languages.",
)
SNAPSHOT_ENTRY = named("SnapshotEntry", record(**HEAD))
SNAPSHOTS = described(
    "snapshots",
    named("SnapshotPage", record(snapshots=listing(SNAPSHOT_ENTRY), **PAGE)),
    *page_parameters("Snapshots"),
    refuses=(400, 503),
    description="All snapshots, the newest first, by cursor.",
)
HISTORY_HEAD = {
    "type": ["string", "null"],
    "description": "A hash that dates the registry's history and access log as of this snapshot, for an auditor.",
}
SNAPSHOT = described(
    "snapshot",
    named("SnapshotDetail", record(**HEAD, history_head=HISTORY_HEAD, national=NATIONAL)),
    refuses=(400, 404),
    description="A snapshot's description and national numbers.",
)
CHANGES = described(
    "changes",
    named(
        "SnapshotChanges",
        record(
            {"suppressed": SUPPRESSED},
            snapshot=WHOLE,
            since=WHOLE,
            changes=listing(
                named(
                    "SnapshotChange",
                    record(
                        centre=TEXT_OR_NULL | {"description": "null is the nation"},
                        category=TEXT_OR_NULL | {"description": "null is all of them"},
                        site=TEXT_OR_NULL | {"description": "where `manufactured` has moved, else null"},
                        measures={
                            "type": "object",
                            "additionalProperties": named(
                                "MovedMeasure",
                                record(
                                    before={"type": ["integer", "string", "null"]},
                                    after={"type": ["integer", "string", "null"]},
                                ),
                            ),
                        },
                    ),
                )
            ),
        ),
    ),
    parameter("since", "Number of the earlier snapshot.", type=NUMBER_OF_A_SNAPSHOT, required=True),
    refuses=(400, 404),
    description="Each cell and measure that moved, before and after, without identities.",
)
RELEASE_HEAD: dict[str, Any] = {
    "name": TEXT, "title": TEXTS, "note": TEXTS, "snapshot": WHOLE, "hash": TEXT, "as_of": DAY_OR_NULL,
    "released_at": INSTANT,
}  # fmt: skip
RELEASE_FILE = named(
    "ReleaseFile",
    record(name=TEXT, address=TEXT, language=TEXT, format=TEXT, media_type=TEXT, size=WHOLE, sha256=TEXT),
)
RELEASE_ENTRY = named("ReleaseEntry", record(**RELEASE_HEAD))
RELEASES = described(
    "releases",
    named("ReleasePage", record(releases=listing(RELEASE_ENTRY), **PAGE)),
    *page_parameters("Releases"),
    description="All releases, the newest first, by cursor.",
)
RELEASE = described(
    "release",
    named("Release", record(**RELEASE_HEAD, files=listing(RELEASE_FILE), map=MAP_DOCUMENT)),
    refuses=(400, 403, 404),
    description="A release's description, its map document and its files with their digests.",
)
RELEASE_CHANGES = described(
    "release_changes",
    named(
        "ReleaseChanges",
        record(
            release=TEXT,
            since=TEXT_OR_NULL | {"description": "The release before, null for the first."},
            changes=listing(
                named(
                    "ReleaseChange",
                    record(
                        {"site": TEXT_OR_NULL | {"description": "since 1.0; null but for a manufacturing site"}},
                        centre=TEXT_OR_NULL,
                        category=TEXT_OR_NULL,
                        measures={"type": "object"},
                        new=WHOLE,
                        corrected=WHOLE,
                        withdrawn=WHOLE,
                        merged=WHOLE,
                    ),
                )
            ),
        ),
    ),
    refuses=(400, 403, 404),
    description="Each cell's numbers before and after, and the records new, corrected, withdrawn or merged.",
)
FHIR = {"type": "object", "properties": {"resourceType": TEXT}, "required": ["resourceType"]}
CATALOGUE = described(
    "catalogue",
    {"type": "object"},
    refuses=(400, 503),
    formats=CATALOGUE_FORMATS,
    description="DCAT-AP-SE 3, as a data portal harvests it.",
)
MEASURE_REPORTS = described(
    "measure_reports",
    FHIR,
    AS_OF,
    refuses=(400, 503),
    formats=FHIR_FORMATS,
    description="FHIR R4: a Bundle of the MeasureReports of the country and of each centre.",
)
MEASURE_REPORT = described(
    "measure_report",
    FHIR,
    AS_OF,
    refuses=(400, 404, 503),
    formats=FHIR_FORMATS,
    description="FHIR R4: the MeasureReport of a centre, or of the country (SE).",
)


def without_slash(endpoints: list[tuple]) -> list[tuple]:
    """Describe each address in its canonical form, which has no slash and no ending."""
    return [(path.rstrip("/"), *rest) for path, *rest in endpoints if "{ending}" not in path]


def code_list(name: str) -> dict:
    """The description of one code list's address."""
    item = LIST_ITEMS[name]
    shape = named(f"{item['title']}List", record(snapshot=SNAPSHOT_HEAD, **{name: listing(item)}))
    text = "One code list, with labels in both languages."
    return described(name, shape, description=text, refuses=(400, 503))
