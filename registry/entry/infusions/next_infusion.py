"""Prefilling a person's next infusion from what the actor's centres have recorded."""

from datetime import date
from uuid import UUID

from registry.access import Actor, Permission
from registry.ages import Age, possible_ages
from registry.choices import DatePrecision, Status
from registry.entry.infusions.columns import RELATED, row_of
from registry.models import Infusion, Patient

CARRIED = ("centre", "category", "trial", "product", "indication")


def carry_over(*, patient: Patient, by: Actor) -> dict[str, str]:
    """The values of the person's latest infusion that are likely to be the same, by column."""
    latest = _infusions(patient, by).select_related(*RELATED).order_by("infused_on", "sequence").last()
    row = row_of(latest) if latest else {}
    return {name: row[name] for name in CARRIED if row.get(name)}


def repeat_row(*, patient: Patient, by: Actor, like: str) -> dict[str, str]:
    """The values of one of the person's withdrawn infusions, by column; empty for another person's."""
    try:
        key = UUID(like)
    except ValueError:
        return {}
    withdrawn = Infusion.objects.visible_to(by, Permission.WRITE_RECORDS).filter(status=Status.WITHDRAWN)
    found = withdrawn.filter(patient=patient, pk=key).select_related(*RELATED).first()
    return row_of(found) if found else {}


def ages_on(*, patient: Patient, by: Actor, start: date, precision: DatePrecision) -> list[int]:
    """The person's possible ages on a date, by the year of birth and the ages recorded at the actor's centres.

    One or two ages; empty where the year of birth is not known.
    """
    if patient.birth_year is None:
        return []
    recorded = _infusions(patient, by).values_list("infused_on", "date_precision", "age_at_infusion")
    return possible_ages(patient.birth_year, map(Age._make, recorded), start, precision)


def _infusions(patient: Patient, by: Actor):
    return Infusion.objects.visible_to(by, Permission.WRITE_RECORDS).counted().filter(patient=patient)
