"""Exchange files of the signed-in API, as OpenAPI."""

from api.openapi import INSTANT, TEXT, TEXT_OR_NULL, WHOLE, listing, record
from api.records.openapi.parts import UUID, described, header, key
from registry.choices import ImportState

LINE = {"type": ["integer", "null"], "description": "Null of what is said of the file as a whole."}
JOB = record(
    id=UUID,
    centre=TEXT_OR_NULL,
    dry_run={"type": "boolean"},
    state={"type": "string", "enum": ImportState.values},
    stage=TEXT,
    done=WHOLE,
    total=WHOLE,
    uploaded_at=INSTANT,
    finished_at={"type": ["string", "null"], "format": "date-time"},
    read=WHOLE,
    stored=WHOLE | {"description": "Or would be, in a dry run."},
    unchanged=WHOLE,
    sent=WHOLE | {"description": "Sent to the registry's steward before, and not stored."},
    refused=WHOLE,
    warnings=WHOLE,
    message=TEXT,
    problems=listing(
        record(
            line=LINE,
            field=TEXT,
            code=TEXT,
            detail=TEXT,
            warning={"type": "boolean"},
            send_to=TEXT_OR_NULL | {"description": "Where the row can be sent, if the steward has to settle it."},
        )
    ),
)
UPLOAD = described(
    "imports-upload",
    202,
    JOB,
    header("Location", "Address of the job.", response=[202]),
    refuses=(403, 413, 415),
    request={
        "multipart/form-data": {
            "type": "object",
            "properties": {
                "file": {"type": "string", "format": "binary", "description": "CSV or XLSX."},
                "centre": {"type": "string", "description": "The only centre allowed, and the column's default."},
                "dry_run": {"type": "boolean", "description": "Check only."},
            },
            "required": ["file"],
        }
    },
)
JOB_STATE = described("import", 200, JOB, key("job_id"), refuses=(404,))
