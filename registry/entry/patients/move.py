"""Moving a person's infusions that were recorded at the wrong centre."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from registry.access import Actor, Permission, acting_as, require
from registry.ages import Age, contradicts
from registry.choices import AccessAction, CentreStatus, Status
from registry.entry.infusions.doubts import follow_doubts, read_doubts
from registry.entry.patients.count_effect import Place, compare, places_of, refuse_other_effect
from registry.entry.patients.locked import lock_stored_patient
from registry.entry.publish_request import announce_change
from registry.entry.reasons import check_reason
from registry.errors import NotFound, RegistryError
from registry.models import Centre, Draft, Infusion, Patient
from registry.models.access_log import log_infusions


class MoveImpossible(RegistryError):
    sentence = "The person cannot be moved between these centres."
    code = "move_impossible"


def move_patient(
    *,
    patient: Patient,
    from_centre: Centre,
    to_centre: Centre,
    by: Actor,
    reason: str,
    seen: str | None = None,
) -> Sequence[Infusion]:
    """Move all infusions of a person from one centre to another.

    Withdrawn infusions are moved too, so that the first centre no longer knows the person. Its drafts for the
    person are deleted, since they are that centre's forms. seen: the effect that the actor has seen
    (print_effect). Raises EffectChanged, MoveImpossible, NotFound where the person has no infusion at the first
    centre, NotPermitted, ReasonMissing.
    """
    require(by, Permission.MERGE_PATIENTS)
    with acting_as(by, reason=check_reason(reason)):
        patient = lock_stored_patient(patient)
        to_centre = Centre.objects.filter(pk=to_centre.pk).first() or to_centre
        check_move(from_centre=from_centre, to_centre=to_centre)
        theirs = Infusion.objects.filter(patient=patient, centre=from_centre)
        infusions = list(theirs.select_related("centre", "patient", "product"))
        if not infusions:
            raise NotFound(_("This person has no infusion at that centre."))
        _refuse_taken_place(infusions, patient=patient, to_centre=to_centre)
        _refuse_contradictions(infusions, patient=patient, to_centre=to_centre)
        course = places_of(patient.infusions.with_codes())
        refuse_other_effect(seen, course, compare(course, move_places(course, from_centre, to_centre)))
        before = read_doubts([patient.pk])
        log_infusions(by=by, action=AccessAction.MOVE, infusions=infusions)
        theirs.update(centre=to_centre)
        Draft.objects.filter(patient=patient, centre=from_centre).delete()
        follow_doubts([patient.pk], before=before, by=by)
        announce_change()
    return infusions


def move_places(course: Sequence[Place], from_centre: Centre, to_centre: Centre) -> list[Place]:
    """A person's course after the move."""
    return [place.at(to_centre) if place.codes["centre"] == from_centre.code else place for place in course]


def check_move(*, from_centre: Centre, to_centre: Centre) -> None:
    """Raise MoveImpossible for an upcoming centre, and from a centre to itself."""
    if from_centre == to_centre:
        raise MoveImpossible(_("Choose a different centre from the present one."))
    if to_centre.status == CentreStatus.UPCOMING:
        sentence = _("%(centre)s has not begun yet. An administrator makes it active before its first infusion.")
        raise MoveImpossible(sentence % {"centre": to_centre.code})


def _refuse_contradictions(infusions: Sequence[Infusion], *, patient: Patient, to_centre: Centre) -> None:
    """Raise MoveImpossible where an age at one centre contradicts an age at the other."""
    theirs = [_age_of(infusion) for infusion in patient.infusions.counted().filter(centre=to_centre)]
    ours = [_age_of(infusion) for infusion in infusions if infusion.status == Status.SUBMITTED]
    if any(contradicts(age, theirs) for age in ours):
        sentence = _("An age at one centre contradicts one at the other: correct an age, or a date, first.")
        raise MoveImpossible(sentence, code="ages_contradict")


def _age_of(infusion: Infusion) -> Age:
    return Age(infusion.infused_on, infusion.date_precision, infusion.age_at_infusion)


def _refuse_taken_place(infusions: Sequence[Infusion], *, patient: Patient, to_centre: Centre) -> None:
    """Raise MoveImpossible where both centres have recorded an infusion with the same date and sequence."""
    there = patient.infusions.counted().filter(centre=to_centre).in_order()
    taken = {infusion.step.slot for infusion in there}
    if any(infusion.step.slot in taken for infusion in infusions if infusion.status == Status.SUBMITTED):
        raise MoveImpossible(
            _(
                "Both centres have an infusion on the same day with the same sequence. If it is one infusion "
                "registered twice, withdraw one; if there were two, correct the sequence of one."
            )
        )
