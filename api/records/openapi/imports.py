"""Exchange files of the signed-in API, as OpenAPI."""

from api.openapi import INSTANT, TEXT, TEXT_OR_NULL, WHOLE, listing, named, record
from api.records.openapi.parts import UUID, described, given, header, key, sent
from registry.choices import ImportState

LINE = {"type": ["integer", "null"], "description": "Null of what is said of the file as a whole."}
JOB = named(
    "ImportJob",
    record(
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
            named(
                "ImportProblem",
                record(
                    line=LINE,
                    field=TEXT,
                    code=TEXT,
                    detail=TEXT,
                    warning={"type": "boolean"},
                    send_to=TEXT_OR_NULL
                    | {"description": "Where the row can be sent, if the steward has to settle it."},
                ),
            )
        ),
    ),
)
JOB_EXAMPLE = {
    "id": "0b0e2c39-7c5c-4a9e-9d1b-1d3f6a0c7e55", "centre": "UPP", "dry_run": True, "state": "queued", "stage": "",
    "done": 0, "total": 0, "uploaded_at": "2025-03-12T09:14:03.120000+00:00", "finished_at": None, "read": 0,
    "stored": 0, "unchanged": 0, "sent": 0, "refused": 0, "warnings": 0, "message": "", "problems": [],
}  # fmt: skip
READ_EXAMPLE = JOB_EXAMPLE | {
    "state": "refused", "done": 2, "total": 2, "finished_at": "2025-03-12T09:14:05.001000+00:00", "read": 2,
    "stored": 0, "refused": 1,
    "problems": [
        {
            "line": 3, "field": "infused_on", "code": "date_in_future", "detail": "The date is in the future.",
            "warning": False, "send_to": None,
        }
    ],
}  # fmt: skip
UPLOAD = described(
    "imports-upload",
    202,
    JOB,
    header("Location", "Address of the job.", response=[202]),
    refuses=(403, 413, 415),
    examples=(
        sent({"file": "infusions.csv", "centre": "UPP", "dry_run": True}),
        given(JOB_EXAMPLE, 202),
    ),
    request={
        "multipart/form-data": {
            "title": "Upload",
            "type": "object",
            "properties": {
                "file": {"type": "string", "format": "binary", "description": "CSV or XLSX."},
                "centre": {"type": "string", "description": "The only centre allowed, and the column's default."},
                "dry_run": {"type": "boolean", "description": "Check only."},
            },
            "required": ["file"],
        }
    },
    description="Upload an exchange file. A job checks it, and stores it whole or not at all.",
)
JOB_STATE = described(
    "import",
    200,
    JOB,
    key("job_id"),
    refuses=(404,),
    examples=(given(READ_EXAMPLE, 200),),
    description="How far the job has come, and every problem once it has ended.",
)
