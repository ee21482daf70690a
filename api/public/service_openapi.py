"""The OpenAPI description of what tells about the service itself: its limits, its state, its version."""

from api.openapi import DAY, INSTANT, TEXT, WHOLE, listing, named, record
from api.public.document_shapes import SNAPSHOT_HEAD
from api.public.openapi import described
from registry.choices import Outcome

CONFIG = described(
    "config",
    named(
        "Config",
        record(
            rates=named(
                "Rates",
                record(
                    answers=WHOLE,
                    seconds=WHOLE,
                    costs={
                        "type": "object",
                        "additionalProperties": WHOLE,
                        "description": "As how many responses one in these formats counts; in the others as one.",
                    },
                ),
            ),
            most_dimensions=WHOLE,
            most_rows=WHOLE,
            most_cost=WHOLE | {"description": "Of rows times dimensions."},
            longest_query=WHOLE,
            formats=named("Formats", record(map=listing(TEXT), counts=listing(TEXT))),
            dimensions=listing(TEXT),
            measures=listing(TEXT),
            languages=listing(TEXT),
            disclosure=TEXT,
            tables={
                "oneOf": [listing(listing(TEXT)), {"type": "null"}],
                "description": "Which dimensions may be combined under the policy; null where all may.",
            },
        ),
    ),
    description="What a client must know: limits, formats, dimensions, measures, the disclosure policy.",
)
STATUS = described(
    "status",
    named(
        "Status",
        record(
            snapshot={"oneOf": [SNAPSHOT_HEAD, {"type": "null"}]},
            stale={"type": ["boolean", "null"]},
            lag_seconds={"type": ["integer", "null"], "minimum": 0},
            last_run={
                "oneOf": [
                    named(
                        "LastRun",
                        record(task=TEXT, finished_at=INSTANT, outcome={"type": "string", "enum": Outcome.values}),
                    ),
                    {"type": "null"},
                ]
            },
            batches={
                "oneOf": [
                    named(
                        "Batches",
                        record(
                            least_persons=WHOLE
                            | {"description": "Of whom each change that a new snapshot shows is, at least."},
                            publication_days=listing(TEXT)
                            | {"description": "MM-DD, on which a single cell may show a smaller one."},
                        ),
                    ),
                    {"type": "null"},
                ],
                "description": "By which rule a new snapshot is published; null where each change is.",
            },
            database_away_since={
                "oneOf": [INSTANT, {"type": "null"}],
                "description": "Since when the database has not responded; null while it does.",
            },
        ),
    ),
    description=(
        "The current snapshot, whether the records have moved on since, by how many seconds a replica that is "
        "read here may be behind, and the last run. Under a policy on small numbers these three are null, and "
        "`batches` is the rule by which a new snapshot is published. While the database does not respond they are "
        "null too, and `database_away_since` tells since when."
    ),
)
API_INFO = described(
    "api_info",
    {
        "type": "object",
        "properties": {
            **dict.fromkeys(("apiName", "apiVersion"), TEXT),
            "apiReleased": DAY,
            "apiStatus": {"type": "string", "enum": ["beta", "active", "deprecated"]},
            "apiDocumentation": {"type": "string", "format": "uri"},
        },
        "required": ["apiName", "apiVersion", "apiReleased", "apiStatus", "apiDocumentation"],
    },
    description="The API's name, version, status and documentation.",
)
