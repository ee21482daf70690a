"""What the addresses under atmp/ promise, as OpenAPI."""

from typing import Any

from api.openapi import DAY, DAY_OR_NULL, FIRST, TEXT, TEXT_OR_NULL, WHOLE, listing, named, parameter, record
from api.public.document_shapes import NOTES, NUMBER, POPULATIONS, RATES, SNAPSHOT_HEAD, SUPPRESSED, TEXTS
from api.public.openapi import WORD, described, words
from registry.choices import AtmpClass, ManufacturedClass, Phase, Sponsor, TrialStatus
from registry.formats.atmp import (
    EXEMPTION_FORMATS,
    MANUFACTURING_FORMATS,
    TRIAL_COUNTS_FORMATS,
    TRIALS_FORMATS,
)
from registry.published.atmp_query import (
    ASKABLE,
    DIMENSIONS,
    EXEMPTION_MEASURES,
    MANUFACTURING_MEASURES,
    MEASURES,
    MOST_DIMENSIONS,
    RATE_RULE,
    VALUES,
)

BASIS = {
    "type": "string",
    "enum": ["counted", "stated"],
    "description": "Counted from the registry's rows, or stated by others and never added to what is counted.",
}
NOT_STATED = listing(TEXT) | {"description": "Centres that have never answered: nothing is known of their trials."}
AREAS = listing(named("TrialArea", record(code=TEXT, name=TEXTS)))
STATUS = {"type": "string", "enum": TrialStatus.values}
CLASS = {"type": "string", "enum": AtmpClass.values}
AS_OF = parameter("as_of", "As of this day, inclusive; today at the latest.", type=DAY)
FLAG = {"type": "boolean"}


def _numbers(measures: dict) -> dict[str, Any]:
    return {name: NUMBER | {"description": measure.rule_en} for name, measure in measures.items()}


TRIALS = described(
    "atmp_trials",
    named(
        "AtmpTrialList",
        record(
            snapshot=SNAPSHOT_HEAD,
            basis=BASIS,
            areas=AREAS,
            not_stated=NOT_STATED,
            notes=NOTES,
            trials=listing(
                named(
                    "AtmpTrial",
                    record(
                        identifier=TEXT,
                        other_identifiers=listing(TEXT),
                        name=TEXT,
                        phase={"type": "string", "enum": Phase.values},
                        sponsor={"type": "string", "enum": Sponsor.values},
                        sponsor_name=TEXT_OR_NULL,
                        **{"class": CLASS},
                        area=TEXT | {"description": "One of areas, or unknown."},
                        is_car_t={"type": ["boolean", "null"]},
                        long_term_follow_up=FLAG,
                        sites=listing(
                            named(
                                "AtmpSiteTrial",
                                record(
                                    centre=TEXT,
                                    unit=TEXT_OR_NULL,
                                    source=TEXT_OR_NULL,
                                    status={"type": ["string", "null"], "enum": [*TrialStatus.values, None]},
                                    since=FIRST,
                                    statuses=listing(named("AtmpStatus", record(status=STATUS, since=FIRST))),
                                ),
                            )
                        ),
                    ),
                )
            ),
        ),
    ),
    AS_OF,
    refuses=(400, 503),
    formats=TRIALS_FORMATS,
    description="Every trial of an advanced therapy at a hospital, with its statuses there until a day.",
)
FILTERED: dict[str, dict] = dict.fromkeys(DIMENSIONS, WORD) | {
    "year": {"type": "integer", "minimum": 1900, "maximum": 2199},
    "phase": {"type": "string", "enum": Phase.values},
    **{name: {"type": "string", "enum": list(values)} for name, values in VALUES.items()},
}
COUNTED = _numbers(MEASURES) | RATES | {"per_100_000": RATES["per_100_000"] | {"description": RATE_RULE.rule_en}}
DIMENSION_VALUES: dict[str, Any] = dict.fromkeys(DIMENSIONS, TEXT) | {"year": WHOLE, "class": CLASS}
COUNTS = described(
    "atmp_counts",
    named(
        "AtmpCounts",
        record(
            {"areas": AREAS, "populations": POPULATIONS},
            snapshot=SNAPSHOT_HEAD,
            basis=BASIS,
            by=listing({"type": "string", "enum": list(DIMENSIONS)}),
            filters={"type": "object", "additionalProperties": listing({"type": ["string", "integer"]})},
            rows=listing(
                {
                    "title": "AtmpCountsRow",
                    "type": "object",
                    "properties": DIMENSION_VALUES | COUNTED,
                    "additionalProperties": False,
                }
            ),
            total={
                "title": "AtmpCountsTotal",
                "type": "object",
                "properties": COUNTED,
                "additionalProperties": False,
            },
            not_stated=NOT_STATED,
            notes=NOTES,
        ),
    ),
    words(
        "by",
        f"At most {MOST_DIMENSIONS} dimensions, in the order of the rows.",
        {"type": "string", "enum": list(DIMENSIONS)},
        MOST_DIMENSIONS,
    ),
    *(words(name, f"Only these values of {name}.", items, 20) for name, items in FILTERED.items()),
    AS_OF,
    words("measures", "Else trials, site_trials.", {"type": "string", "enum": list(ASKABLE)}),
    refuses=(400, 503),
    formats=TRIAL_COUNTS_FORMATS,
    description="Trials in cells that have one, and a total counted afresh. By centre alone every hospital is "
    "told: 0 where it has answered that it has none, null where it never answered.",
)
STATED: dict[str, Any] = {"about": FLAG, "stated_by": TEXT, "source": TEXT}
EXEMPTION = described(
    "atmp_exemption",
    named(
        "AtmpExemption",
        record(
            snapshot=SNAPSHOT_HEAD,
            basis=BASIS,
            notes=NOTES,
            rows=listing(
                named(
                    "AtmpExemptionYear",
                    record(
                        {"suppressed": SUPPRESSED | {"description": "Whether the policy withholds the numbers."}},
                        centre=TEXT,
                        product=TEXT,
                        **{"class": CLASS},
                        first_year=WHOLE,
                        year=WHOLE,
                        through=DAY,
                        is_running=FLAG,
                        **_numbers(EXEMPTION_MEASURES),
                        **STATED,
                    ),
                )
            ),
        ),
    ),
    AS_OF,
    refuses=(400, 503),
    formats=EXEMPTION_FORMATS,
    description="Treatments under the hospital exemption, as hospitals state them, the latest statement of each.",
)
MANUFACTURING = described(
    "atmp_manufacturing",
    named(
        "AtmpManufacturing",
        record(
            snapshot=SNAPSHOT_HEAD,
            basis=BASIS,
            notes=NOTES,
            rows=listing(
                named(
                    "AtmpManufacturingStatement",
                    record(
                        site=TEXT,
                        as_of=DAY_OR_NULL,
                        **_numbers(MANUFACTURING_MEASURES),
                        **STATED,
                        classes=listing(
                            named(
                                "AtmpProductClass",
                                record(
                                    **{"class": {"type": "string", "enum": ManufacturedClass.values}},
                                    products=WHOLE,
                                ),
                            )
                        ),
                        receiving_countries=listing(TEXT),
                        manufactured=NUMBER | {"description": "Counted by the registry: infusions made there."},
                    ),
                )
            ),
            falls=listing(
                named(
                    "AtmpFall",
                    record(site=TEXT, measure=TEXT, **{"from": WHOLE}, to=WHOLE, as_of=DAY),
                )
            ),
        ),
    ),
    AS_OF,
    refuses=(400, 409, 503),
    formats=MANUFACTURING_FORMATS,
    description="The latest statement of each manufacturing site; beside it what the registry counts.",
)
