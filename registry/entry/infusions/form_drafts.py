"""Drafts of unfinished forms, stored as typed without the identifier, for everyone who may write at the centre.

While a form is typed the page saves it by itself: sealed, and for its user alone, since nobody asked to keep it.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.db.models import Q
from django.utils.translation import gettext as _

from registry.access import Actor, Permission, acting_as, require
from registry.batch_numbers import read_batch
from registry.dates import today, understand_date
from registry.entry.infusions.row_fields import LONGEST_VALUE
from registry.errors import InfusionRefused, NotFound, Problem
from registry.models import Centre, Draft, Patient, User
from registry.numbers_in_text import holds_identity_number
from registry.sealing import seal, unseal

IDENTIFIER = "patient_id"
AUTOSAVE_DAYS = 7  # after which what a page has saved by itself is deleted: over a weekend and a few days off


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
    stored, problems = _choose_storable(fields)
    if problems:
        raise InfusionRefused(list(problems.values()))
    with acting_as(by):
        draft = find_draft(draft_id=draft_id, by=by) if draft_id else Draft()
        draft.centre, draft.fields, draft.saved_by = centre, stored, by
        draft.is_autosave, draft.sealed = False, None
        draft.patient = _known_at(centre, patient)
        draft.save()
    return draft


def autosave_draft(
    *, draft_id: UUID, fields: Mapping[str, str], centre: Centre, by: User, patient: Patient | None = None
) -> list[str]:
    """Store a form while it is typed, sealed and for its user alone; returns the fields that are left out, since
    they may not be stored.

    draft_id: chosen by the page. The identifier is not stored and not looked up. Raises NotPermitted, and NotFound
    for a draft that is not one of these of the same user.
    """
    require(by, Permission.WRITE_RECORDS, centre=centre.pk)
    stored, problems = _choose_storable(fields)
    try:
        with acting_as(by):
            draft = Draft.objects.filter(pk=draft_id).first() or Draft(pk=draft_id, saved_by=by, is_autosave=True)
            if not draft.is_autosave or draft.saved_by_id != by.pk:
                raise NotFound
            draft.centre, draft.patient, draft.fields = centre, _known_at(centre, patient), {}
            draft.sealed = seal(json.dumps(stored).encode(), of=_name(draft))
            draft.save()
    except IntegrityError:  # of another centre, so that it was not seen
        raise NotFound from None
    return list(problems)


def drafts_of(by: Actor) -> Any:
    """The drafts that a user sees: their centres', and of those that pages have saved by themselves their own."""
    drafts = Draft.objects.visible_to(by, Permission.WRITE_RECORDS).select_related("patient", "centre", "saved_by")
    return drafts.filter(Q(is_autosave=False) | Q(saved_by=getattr(by, "pk", None)))


def open_draft(draft: Draft) -> Draft:
    """The draft with its fields to be read: empty where the key that sealed them is gone."""
    if draft.is_autosave:
        opened = unseal(bytes(draft.sealed or b""), of=_name(draft))
        draft.fields = json.loads(opened) if opened else {}
    return draft


def find_draft(*, draft_id: UUID, by: Actor) -> Draft:
    """A draft that the actor sees, with its fields. Raises NotFound."""
    draft = drafts_of(by).filter(pk=draft_id).first()
    if draft is None:
        raise NotFound
    return open_draft(draft)


def delete_draft(*, draft_id: UUID, by: Actor) -> None:
    """Delete a draft. Raises NotFound."""
    find_draft(draft_id=draft_id, by=by).delete()


def expire_drafts() -> int:
    """Each night: delete the drafts that nobody has saved for DRAFT_DAYS, and after AUTOSAVE_DAYS those that pages
    have saved by themselves; returns how many.
    """
    last, last_sealed = (today() - timedelta(days=days) for days in (settings.DRAFT_DAYS, AUTOSAVE_DAYS))
    expired = Q(saved_at__date__lt=last) | Q(is_autosave=True, saved_at__date__lt=last_sealed)
    return Draft.objects.filter(expired).delete()[0]


def _name(draft: Draft) -> str:
    return f"draft {draft.pk}"


def _known_at(centre: Centre, patient: Patient | None) -> Patient | None:
    return patient if patient and patient.infusions.filter(centre=centre).exists() else None


def _choose_storable(fields: Mapping[str, str]) -> tuple[dict[str, str], dict[str, Problem]]:
    """The fields that are filled in and may be stored; and the problems of those that may not, by field."""
    filled = {name: typed for name, typed in fields.items() if typed and name != IDENTIFIER}
    problems = {name: problem for name, typed in filled.items() if (problem := _check(name, typed, filled))}
    return {name: typed for name, typed in filled.items() if name not in problems}, problems


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
