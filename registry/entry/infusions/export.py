"""The infusions of an actor's centres as a file, sent while it is read."""

from collections.abc import Generator
from contextlib import closing
from itertools import chain
from typing import Any

from django.db.models import F, QuerySet, TextField
from django.db.models.functions import Cast, Coalesce

from registry.access import Actor, Permission, acting_as
from registry.choices import AccessAction
from registry.dates import today, write_date
from registry.entry.exchange.file_writer import FORMATS, Download, Row, write_batches
from registry.entry.infusions.columns import COLUMNS, LISTED
from registry.entry.infusions.visible_course import sex_shown_to
from registry.models import Centre, Infusion
from registry.models.access_log import log_uses, roles_of
from registry.models.long_reads import read_batches

HEADER = ("id", "patient", *(name for name in COLUMNS if name != "patient_id"), "status")
PERSON, CENTRE, DAY, PRECISION = map(HEADER.index, ("patient", "centre", "infused_on", "date_precision"))


def export_infusions(*, by: Actor, format: str, centre: str | None = None) -> Download:
    """The infusions of the centres where the actor may write, or of one of them; withdrawn infusions too.

    The columns of the exchange file without the identifier, and the registry's own id, person and status. Each row
    is a line in the access log before it is sent. Whatever is refused is refused here; an error while the content
    is read means that the file is not whole.
    """
    content = _send(rows_to_export(by=by, centre=centre), by, format)
    next(content)
    return Download(content, FORMATS[format], f"swecar-{centre or 'export'}-{today()}.{format}")


def rows_to_export(*, by: Actor, centre: str | None = None) -> QuerySet:
    """The cells of the rows in the order of HEADER, the day of an infusion as it is stored."""
    found = Infusion.objects.visible_to(by, Permission.WRITE_RECORDS)
    if centre:
        found = found.filter(centre__code=centre)
    held: dict[str, Any] = {
        name: F(f"{name}__{listed.by}") for name, listed in LISTED.items() if name != "indication"
    }
    held |= {
        "id": Cast("pk", TextField()),
        "patient": F("patient__registry_number"),
        "indication": Coalesce("indication__icd10", "indication__key", output_field=TextField()),
        "modality": F("product__modality"),
        "sex": sex_shown_to(by, patient="patient"),
    }
    found = found.order_by("centre__code", "patient", "infused_on", "sequence", "id")
    return found.values_list(*(held.get(name, F(name)) for name in HEADER))


def _send(rows: QuerySet, by: Actor, format: str) -> Generator[bytes]:
    with closing(_log(rows, by)) as batches:
        first = next(batches, [])
        yield b""  # export_infusions waits for this
        yield from write_batches(chain([[HEADER, *first]], batches), format=format)


def _log(rows: QuerySet, by: Actor) -> Generator[list[Row]]:
    """The rows as they are written, in batches that are logged."""
    roles = roles_of(by)
    units = {code: roles.unit(key, code) for key, code in Centre.objects.values_list("pk", "code")}
    with closing(read_batches(rows, by=by)) as batches:
        for batch in batches:
            with acting_as(by):
                uses = ((units[row[CENTRE]], row[PERSON], row[0]) for row in batch)
                log_uses(by=by, action=AccessAction.EXPORT, uses=uses)
            yield [(*row[:DAY], write_date(row[DAY], row[PRECISION]), *row[DAY + 1 :]) for row in batch]
