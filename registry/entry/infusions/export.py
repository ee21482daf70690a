"""Writing rows as CSV or XLSX that is safe to open in a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from registry.access import Actor, Permission, acting_as
from registry.choices import AccessAction
from registry.dates import today
from registry.entry.infusions.columns import COLUMNS, RELATED, TABLE, Number, row_of
from registry.entry.infusions.visible_course import sex_shown_to
from registry.models import Infusion
from registry.models.access_log import log_infusions

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# The start of a formula, also after a character that a spreadsheet may read as the end of a cell.
FORMULA = re.compile(r"(^|[,;\t\r\n])([ \t\r\n]*)(?=[=+\-@\t\r＝＋－＠])")
HEADER = ("id", "patient", *(name for name in COLUMNS if name != "patient_id"), "status")
NUMBERS = {"patient", *(column.name for column in TABLE if isinstance(column.holds, Number))}
FETCHED_AT_ONCE = 2_000

Cells = Sequence[str | int]


class Export(NamedTuple):
    """A file to download."""

    content: bytes
    content_type: str
    file_name: str


def safe_cell(text: str) -> str:
    """Escape text against formula injection: an apostrophe is put before the start of a formula."""
    return FORMULA.sub(r"\1\2'", ILLEGAL_CHARACTERS_RE.sub("�", text))


def write_rows(rows: Iterable[Cells], *, format: str, name: str) -> Export:
    """Write rows, header first, in one of FORMATS; `name` is without the file extension."""
    write = {"csv": _write_csv, "xlsx": _write_xlsx}[format]
    safe = ([safe_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return Export(write(safe), FORMATS[format], f"{name}.{format}")


def export_infusions(*, by: Actor, format: str, centre: str | None = None) -> Export:
    """The infusions of the centres where the actor may write, or of one of them; withdrawn infusions too.

    The columns of the exchange file without the identifier, and the registry's own id, person and
    status. Each row is a line in the access log.
    """
    found = Infusion.objects.visible_to(by, Permission.WRITE_RECORDS).select_related(*RELATED)
    found = found.annotate(sex_shown=sex_shown_to(by, patient="patient"))
    if centre:
        found = found.filter(centre__code=centre)
    found = found.order_by("centre__code", "patient", "infused_on", "sequence", "id")
    with acting_as(by):
        rows = _logged(found.iterator(chunk_size=FETCHED_AT_ONCE), by)
        return write_rows(rows, format=format, name=f"swecar-{centre or 'export'}-{today()}")


def _logged(infusions: Iterator[Any], by: Actor) -> Iterator[Cells]:
    yield HEADER
    while some := list(islice(infusions, FETCHED_AT_ONCE)):
        log_infusions(by=by, action=AccessAction.EXPORT, infusions=some)
        for infusion in some:
            row = row_of(infusion) | {
                "id": str(infusion.pk),
                "patient": str(infusion.patient.registry_number),
                "sex": infusion.sex_shown,
                "status": infusion.status,
            }
            yield [int(row[name]) if name in NUMBERS and row[name] else row[name] for name in HEADER]


def _write_csv(rows: Iterable[Cells]) -> bytes:
    text = io.StringIO()
    # As a Swedish Excel opens it: semicolons, and a byte order mark for UTF-8.
    csv.writer(text, delimiter=";").writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def _write_xlsx(rows: Iterable[Cells]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("swecar")
    sheet.freeze_panes = "A2"
    for row in rows:
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
