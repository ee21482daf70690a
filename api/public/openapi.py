"""What the interface promises, as OpenAPI: parameters and the shape of every answer."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from drf_spectacular.utils import OpenApiParameter

from api.openapi import (
    CATEGORY_CODE,
    DAY,
    DAY_OR_NULL,
    FIRST,
    INSTANT,
    PROBLEM,
    TEXT,
    TEXT_OR_NULL,
    WHOLE,
    _parameter,
    listing,
    record,
)
from api.public.count_query import MAY_BE_MISSING, MOST_DIMENSIONS
from registry.choices import CentreStatus, Modality, Outcome, Sex
from registry.formats import COUNTS_FORMATS, JSON_ALONE, MAP_FORMATS, Format
from registry.formats.catalogue import CATALOGUE_FORMATS
from registry.formats.fhir import FHIR_FORMATS
from registry.measures import DEFAULT_MEASURES, DERIVED, MEASURES
from registry.published.counting import DIMENSIONS, NONE

TEXTS = record(sv=TEXT, en=TEXT)
NUMBER = {"type": ["integer", "null"], "minimum": 0, "description": "null where it is not shown."}
SUPPRESSED = {
    "const": True,
    "description": "The policy on small numbers withholds a number of this cell, which is then null.",
}
NUMBERS: dict[str, Any] = {name: FIRST if name == "first" else NUMBER for name in DEFAULT_MEASURES}
ALL_NUMBERS: dict[str, Any] = {name: FIRST if name == "first" else NUMBER for name in MEASURES}
HEAD: dict[str, Any] = {
    "number": {"type": "integer", "minimum": 1},
    "hash": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
    "built_at": INSTANT,
    "data_through": FIRST
    | {"description": "Date of the latest counted infusion, in its own precision; null where nothing is counted."},
    "disclosure": TEXT,
}
SNAPSHOT_HEAD = record(**HEAD, as_of=DAY_OR_NULL)
SUMMED = NUMBER | {"description": DERIVED["patients_summed"].rule_en}
NATIONAL = record({"suppressed": SUPPRESSED}, **NUMBERS, children=NUMBER, patients_summed=SUMMED)
LOCATION = record(lat={"type": "number"}, lon={"type": "number"})
CENTRE_STATUS = {"type": "string", "enum": CentreStatus.values}
COMPLETE = DAY_OR_NULL | {"description": "Up to which day the centre says that its records are complete."}
MAP_DOCUMENT = record(
    snapshot=SNAPSHOT_HEAD,
    national=NATIONAL,
    centres=listing(
        record(
            {"patients_summed": SUMMED, "complete_through": COMPLETE, "suppressed": SUPPRESSED},
            code=TEXT,
            name=TEXT,
            city=TEXT,
            status=CENTRE_STATUS,
            region=TEXT,
            location=LOCATION,
            **NUMBERS,
            categories=listing(record({"suppressed": SUPPRESSED}, category=CATEGORY_CODE, **NUMBERS)),
        )
    ),
    manufacturing=listing(
        record({"suppressed": SUPPRESSED}, site=TEXT, name=TEXT, centre=TEXT, manufactured=NUMBER)
    ),
)
DIMENSION_VALUES = {name: {"type": ["string", "null"]} for name in DIMENSIONS} | {"year": WHOLE}
COUNTS_DOCUMENT = record(
    snapshot=SNAPSHOT_HEAD,
    by=listing({"type": "string", "enum": list(DIMENSIONS)}),
    filters={"type": "object", "additionalProperties": listing({"type": ["string", "integer"]})},
    rows=listing(
        {
            "type": "object",
            "properties": DIMENSION_VALUES | ALL_NUMBERS | {"suppressed": SUPPRESSED},
            "additionalProperties": False,
        }
    ),
    total={
        "type": "object",
        "properties": ALL_NUMBERS | {"patients_summed": SUMMED, "suppressed": SUPPRESSED},
        "additionalProperties": False,
    },
)
LIST_ITEMS = {
    "centres": record(
        {"complete_through": COMPLETE},
        code=TEXT,
        name=TEXT,
        city=TEXTS,
        county=TEXT,
        county_code=TEXT,
        region=TEXT,
        status=CENTRE_STATUS,
        location=LOCATION,
    ),
    "categories": record(code=CATEGORY_CODE, name=TEXTS),
    "products": record(
        name=TEXT,
        inn=TEXT_OR_NULL,
        atc=TEXT_OR_NULL,
        holder=TEXT_OR_NULL,
        target=TEXT_OR_NULL,
        modality=TEXT,
        origin=TEXT,
        authorised=FIRST,
        unconfirmed=listing(TEXT),
    ),
    "indications": record(code=TEXT, key=TEXT, icd10=TEXT_OR_NULL, name=TEXTS),
    "trials": record(identifier=TEXT, name=TEXT, sponsor=TEXT, phase=TEXT),
}


def _described(
    operation: str,
    shape: dict,
    *parameters: OpenApiParameter,
    refuses: tuple[int, ...] = (400,),
    formats: Mapping[str, Format] = JSON_ALONE,
):
    """Arguments of extend_schema for one address."""
    asked = _parameter("format", "Form of the answer; else Accept decides.", enum=list(formats))
    types = [form.media_type.partition(";")[0] for form in formats.values()]
    first, *others = dict.fromkeys(types)
    whole, file = {"type": "object"}, {"type": "string", "format": "binary"}
    files = {(200, one): whole if one.endswith("+json") else file for one in sorted(others)}
    return {
        "operation_id": operation,
        "parameters": [*parameters, LANG, asked],
        "responses": {(200, first): shape}
        | files
        | {(code, "application/problem+json"): PROBLEM for code in (*refuses, 406, 429)},
        "auth": [],
        "tags": ["public"],
    }


def _words(name: str, meaning: str, items: dict, most: int | None = None) -> OpenApiParameter:
    """Values with commas between, each once."""
    values = {"type": "array", "items": items, "minItems": 1, "uniqueItems": True}
    values |= {} if most is None else {"maxItems": most}
    return _parameter(name, meaning, type=values, explode=False, style="form")


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


def list_codes(description: dict, known: Callable[[str], Collection[str] | None], newest: int) -> dict:
    """The description with the values that there are: codes of the current snapshot's lists, snapshots."""
    for address, name in (("map", "snapshot"), ("snapshots/{number}/changes", "since")):
        for parameter in description["paths"][f"/api/v1/{address}"]["get"]["parameters"]:
            if parameter["name"] == name:
                parameter["schema"]["maximum"] = newest
    for parameter in description["paths"]["/api/v1/counts"]["get"]["parameters"]:
        codes = known(parameter["name"])
        if codes:
            missing = [NONE] if parameter["name"] in MAY_BE_MISSING else []
            parameter["schema"]["items"] = {"type": "string", "enum": [*codes, *missing]}
    return description


LANG = _parameter("lang", "Language of texts; else Accept-Language decides.", enum=["sv", "en"])
AS_OF = _parameter("as_of", "Count infusions up to this day, inclusive; today at the latest.", type=DAY)

MAP = _described(
    "map",
    MAP_DOCUMENT,
    AS_OF,
    _parameter("snapshot", "Number of a snapshot; else the current one.", type=NUMBER_OF_A_SNAPSHOT),
    refuses=(400, 404, 409, 503),
    formats=MAP_FORMATS,
)
COUNTS = _described(
    "counts",
    COUNTS_DOCUMENT,
    _words(
        "by",
        f"At most {MOST_DIMENSIONS} dimensions, in the order of the rows.",
        {"type": "string", "enum": list(DIMENSIONS)},
        MOST_DIMENSIONS,
    ),
    *(
        _words(name, f"Only these values of {name}; `none` for infusions without one.", items, 20)
        for name, items in FILTERED.items()
    ),
    AS_OF,
    _parameter(
        "from", "Count what falls on this day (today at the latest) or later; roles do not change.", type=DAY
    ),
    _parameter("to", "Count what falls on this day or earlier; roles do not change.", type=DAY),
    _words(
        "measures",
        "Else patients, infusions, reinfusions, further_doses, first.",
        {"type": "string", "enum": list(MEASURES)},
    ),
    refuses=(400, 403, 409, 503),
    formats=COUNTS_FORMATS,
)
MEASURES_SHAPE = record(measures=listing(record(measure=TEXT, label=TEXTS, rule=TEXTS, unit=TEXT, source=TEXT)))
MEASURE_RULES = _described("measures", MEASURES_SHAPE)
SNAPSHOTS = _described("snapshots", record(snapshots=listing(record(**HEAD))), refuses=(400, 503))
SNAPSHOT = _described("snapshot", record(**HEAD, national=NATIONAL), refuses=(400, 404))
CHANGES = _described(
    "changes",
    record(
        {"suppressed": SUPPRESSED},
        snapshot=WHOLE,
        since=WHOLE,
        changes=listing(
            record(
                centre=TEXT_OR_NULL | {"description": "null is the nation"},
                category=TEXT_OR_NULL | {"description": "null is all of them"},
                measures={
                    "type": "object",
                    "additionalProperties": record(
                        before={"type": ["integer", "string", "null"]},
                        after={"type": ["integer", "string", "null"]},
                    ),
                },
            )
        ),
    ),
    _parameter("since", "Number of the earlier snapshot.", type=NUMBER_OF_A_SNAPSHOT, required=True),
    refuses=(400, 404),
)
RELEASE_HEAD: dict[str, Any] = {
    "name": TEXT, "title": TEXTS, "note": TEXTS, "snapshot": WHOLE, "hash": TEXT, "as_of": DAY_OR_NULL,
    "released_at": INSTANT,
}  # fmt: skip
RELEASE_FILE = record(
    name=TEXT, address=TEXT, language=TEXT, format=TEXT, media_type=TEXT, size=WHOLE, sha256=TEXT
)
RELEASES = _described("releases", record(releases=listing(record(**RELEASE_HEAD))))
RELEASE = _described(
    "release", record(**RELEASE_HEAD, files=listing(RELEASE_FILE), map=MAP_DOCUMENT), refuses=(400, 403, 404)
)
RELEASE_CHANGES = _described(
    "release_changes",
    record(
        release=TEXT,
        since=TEXT_OR_NULL | {"description": "The release before, null for the first."},
        changes=listing(
            record(
                centre=TEXT_OR_NULL,
                category=TEXT_OR_NULL,
                measures={"type": "object"},
                new=WHOLE,
                corrected=WHOLE,
                withdrawn=WHOLE,
                merged=WHOLE,
            )
        ),
    ),
    refuses=(400, 403, 404),
)
CONFIG = _described(
    "config",
    record(
        rates=record(
            answers=WHOLE,
            seconds=WHOLE,
            costs={
                "type": "object",
                "additionalProperties": WHOLE,
                "description": "As how many answers one in these formats counts; in the others as one.",
            },
        ),
        most_dimensions=WHOLE,
        most_rows=WHOLE,
        most_cost=WHOLE | {"description": "Of rows times dimensions."},
        longest_query=WHOLE,
        formats=record(map=listing(TEXT), counts=listing(TEXT)),
        dimensions=listing(TEXT),
        measures=listing(TEXT),
        languages=listing(TEXT),
        disclosure=TEXT,
        tables={
            "oneOf": [listing(listing(TEXT)), {"type": "null"}],
            "description": "Which dimensions may be asked together under the policy; null where all may.",
        },
    ),
)
FHIR = {"type": "object", "properties": {"resourceType": TEXT}, "required": ["resourceType"]}
CATALOGUE = _described("catalogue", {"type": "object"}, refuses=(400, 503), formats=CATALOGUE_FORMATS)
MEASURE_REPORTS = _described("measure_reports", FHIR, AS_OF, refuses=(400, 503), formats=FHIR_FORMATS)
MEASURE_REPORT = _described("measure_report", FHIR, AS_OF, refuses=(400, 404, 503), formats=FHIR_FORMATS)
STATUS = _described(
    "status",
    record(
        snapshot={"oneOf": [SNAPSHOT_HEAD, {"type": "null"}]},
        stale={"type": "boolean"},
        last_run={
            "oneOf": [
                record(task=TEXT, finished_at=INSTANT, outcome={"type": "string", "enum": Outcome.values}),
                {"type": "null"},
            ]
        },
    ),
)


def without_slash(endpoints: list[tuple]) -> list[tuple]:
    """Describe each address in its canonical form, which has no slash and no ending."""
    return [(path.rstrip("/"), *rest) for path, *rest in endpoints if "{ending}" not in path]


def code_list(name: str) -> dict:
    """The description of one code list's address."""
    shape = record(snapshot=SNAPSHOT_HEAD, **{name: listing(LIST_ITEMS[name])})
    return _described(name, shape, refuses=(400, 503))
