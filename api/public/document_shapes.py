"""The shapes of published documents, as OpenAPI."""

from typing import Any

from api.openapi import (
    CATEGORY_CODE,
    DAY_OR_NULL,
    FIRST,
    INSTANT,
    TEXT,
    TEXT_OR_NULL,
    WHOLE,
    listing,
    named,
    record,
)
from registry.choices import CentreStatus
from registry.measures import DEFAULT_MEASURES, DERIVED, MEASURES
from registry.published.count_query import DIMENSIONS

TEXTS = named("Texts", record(sv=TEXT, en=TEXT))
NUMBER = {"type": ["integer", "null"], "minimum": 0, "description": "null where it is not shown."}
SUPPRESSED = {
    "type": "boolean",
    "description": "Always true: the policy on small numbers withholds a number of this cell, which is then null.",
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
SNAPSHOT_HEAD = named("Snapshot", record(**HEAD, as_of=DAY_OR_NULL))
SUMMED = NUMBER | {"description": DERIVED["patients_summed"].rule_en}
NATIONAL = named(
    "National", record({"suppressed": SUPPRESSED}, **NUMBERS, children=NUMBER, patients_summed=SUMMED)
)
LOCATION = named("Location", record(lat={"type": "number"}, lon={"type": "number"}))
CENTRE_STATUS = {"type": "string", "enum": CentreStatus.values}
COMPLETE = DAY_OR_NULL | {"description": "Up to which day the centre says that its records are complete."}
NOTES = listing(TEXT) | {"description": "since 1.0; what must be known to read the numbers, as sentences"}
MAP_DOCUMENT = named(
    "MapDocument",
    record(
        {"notes": NOTES},
        snapshot=SNAPSHOT_HEAD,
        national=NATIONAL,
        centres=listing(
            named(
                "MapCentre",
                record(
                    {"patients_summed": SUMMED, "complete_through": COMPLETE, "suppressed": SUPPRESSED},
                    code=TEXT,
                    name=TEXT,
                    city=TEXT,
                    status=CENTRE_STATUS,
                    region=TEXT,
                    location=LOCATION,
                    **NUMBERS,
                    categories=listing(
                        named("MapCategory", record({"suppressed": SUPPRESSED}, category=CATEGORY_CODE, **NUMBERS))
                    ),
                ),
            )
        ),
        manufacturing=listing(
            named(
                "Manufactured",
                record({"suppressed": SUPPRESSED}, site=TEXT, name=TEXT, centre=TEXT, manufactured=NUMBER),
            )
        ),
    ),
)
RATES: dict[str, Any] = {
    "per_100_000": {"type": ["number", "null"], "minimum": 0, "description": DERIVED["per_100_000"].rule_en},
    "population": NUMBER | {"description": DERIVED["population"].rule_en + " null where it is not known."},
    "population_year": NUMBER | {"description": DERIVED["population_year"].rule_en},
}
POPULATIONS = listing(named("PopulationSource", record(year=WHOLE, source=TEXT))) | {
    "description": "since 1.0; with per_100_000: whose populations it is made of"
}
DIMENSION_VALUES = {name: {"type": ["string", "null"]} for name in DIMENSIONS} | {"year": WHOLE}
CENTRE_COVERAGE = record({"county": TEXT}, centre=TEXT, region=TEXT, complete_through=COMPLETE)
COVERAGE = listing(named("CentreCoverage", CENTRE_COVERAGE)) | {
    "description": "since 1.0; in a table by year or month: how far each active centre in it is complete. "
    "A year or month is complete where each of them has attested it to its end."
}
COUNTS_DOCUMENT = named(
    "CountsDocument",
    record(
        {"coverage": COVERAGE, "populations": POPULATIONS, "notes": NOTES},
        snapshot=SNAPSHOT_HEAD,
        by=listing({"type": "string", "enum": list(DIMENSIONS)}),
        filters={"type": "object", "additionalProperties": listing({"type": ["string", "integer"]})},
        rows=listing(
            {
                "title": "CountsRow",
                "type": "object",
                "properties": DIMENSION_VALUES | ALL_NUMBERS | RATES | {"suppressed": SUPPRESSED},
                "additionalProperties": False,
            }
        ),
        total={
            "title": "CountsTotal",
            "type": "object",
            "properties": ALL_NUMBERS | RATES | {"patients_summed": SUMMED, "suppressed": SUPPRESSED},
            "additionalProperties": False,
        },
    ),
)
LIST_ITEMS = {
    "centres": named(
        "Centre",
        record(
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
    ),
    "categories": named("Category", record(code=CATEGORY_CODE, name=TEXTS)),
    "products": named(
        "Product",
        record(
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
    ),
    "indications": named("Indication", record(code=TEXT, key=TEXT, icd10=TEXT_OR_NULL, name=TEXTS)),
    "trials": named("Trial", record(identifier=TEXT, name=TEXT, sponsor=TEXT, phase=TEXT)),
}
