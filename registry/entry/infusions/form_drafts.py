"""Drafts of unfinished forms, stored as typed without the identifier, for everyone who may write at the centre."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from registry.access import Actor, Permission, acting_as, require
from registry.batch_numbers import read_batch
from registry.dates import today, understand_date
from registry.entry.infusions.row_fields import LONGEST_VALUE
from registry.errors import InfusionRefused, NotFound, Problem
from registry.models import Centre, Draft, Patient, User
from registry.numbers_in_text import holds_identity_number

IDENTIFIER = "patient_id"


def save_draft(
    *,
    fields: Mapping[str, str],
    centre: Centre,
    by: User,
    patient: Patient | None = None,
    draft_id: UUID | None = None,
) -> Draft:
    """Store a form as typed, except the identifier; draft_id: the draft to replace.

    patient: stored only if the draft's centre knows the person, since others who see the centre's drafts may not
    know the person as the actor does. Raises InfusionRefused for a field that may not be stored, NotPermitted,
    NotFound for a draft that the actor may not see.
    """
    require(by, Permission.WRITE_RECORDS, centre=centre.pk)
    stored = {name: typed for name, typed in fields.items() if typed and name != IDENTIFIER}
    problems = [problem for name, typed in stored.items() if (problem := _check(name, typed, stored))]
    if problems:
        raise InfusionRefused(problems)
    with acting_as(by):
        draft = find_draft(draft_id=draft_id, by=by) if draft_id else Draft()
        draft.centre, draft.fields, draft.saved_by = centre, stored, by
        draft.patient = patient if patient and patient.infusions.filter(centre=centre).exists() else None
        draft.save()
    return draft


def find_draft(*, draft_id: UUID, by: Actor) -> Draft:
    """A draft of the actor's centres. Raises NotFound."""
    found = Draft.objects.visible_to(by, Permission.WRITE_RECORDS).select_related("patient", "centre")
    draft = found.filter(pk=draft_id).first()
    if draft is None:
        raise NotFound
    return draft


def delete_draft(*, draft_id: UUID, by: Actor) -> None:
    """Delete a draft. Raises NotFound."""
    find_draft(draft_id=draft_id, by=by).delete()


def expire_drafts() -> int:
    """Each night: delete the drafts that nobody has saved for DRAFT_DAYS; returns how many."""
    last = today() - timedelta(days=settings.DRAFT_DAYS)
    return Draft.objects.filter(saved_at__date__lt=last).delete()[0]


def _check(name: str, typed: str, fields: Mapping[str, str]) -> Problem | None:
    if len(typed) > LONGEST_VALUE:
        return Problem(name, "too_long", _("The value is too long."))
    if "\x00" in typed:
        return Problem(name, "character_invalid", _("The value contains a character that cannot be stored."))
    if name == "batch":
        return _check_batch(typed, fields.get("infused_on", ""))
    if holds_identity_number(typed):
        return Problem(name, "identifier_in_text", _("This looks like an identity number."))
    return None


def _check_batch(typed: str, infused_on: str) -> Problem | None:
    try:
        day, precision = understand_date(infused_on)
    except ValueError:
        return read_batch(typed, infused_on=None, precision=None)[1]
    return read_batch(typed, infused_on=day, precision=precision)[1]
