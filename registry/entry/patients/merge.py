"""Merging two persons."""

from django.utils.translation import gettext as _

from registry.access import Actor, Permission, acting_as, require
from registry.choices import AccessAction, Kind
from registry.entry.infusions.ages import ask_about_ages
from registry.entry.infusions.doubts import follow_doubts, read_doubts
from registry.entry.patients.comparison import MergeUnexplained, ask_explanation, choose_traits
from registry.entry.patients.count_effect import Row, as_one, compare, places_of, refuse_other_effect
from registry.entry.patients.kept_apart import find_standing
from registry.entry.patients.locked import lock_both
from registry.entry.publish_request import announce_change
from registry.entry.reasons import check_reason
from registry.errors import MergeImpossible
from registry.models import Infusion, Patient
from registry.models.access_log import log_persons


def check_merge(*, keep: Patient, absorb: Patient) -> MergeUnexplained | None:
    """The error to raise unless the merge is explained, or None (ask_explanation).

    Raises MergeImpossible where the stored rows cannot be one person's.
    """
    if keep == absorb:
        raise MergeImpossible(_("These are already one person."))
    if find_standing(keep, absorb):
        raise MergeImpossible(_("It was decided that these two are not the same person: end that decision first."))
    ours, theirs = (
        [infusion.step for infusion in person.infusions.counted().in_order()] for person in (keep, absorb)
    )
    if {step.slot for step in ours}.intersection(step.slot for step in theirs):
        raise MergeImpossible(
            _(
                "Both have an infusion on the same day with the same sequence. If it is one infusion "
                "registered twice, withdraw one; if there were two, correct the sequence of one."
            )
        )
    return ask_explanation(keep, absorb)


def merge_patients(
    *,
    keep: Patient,
    absorb: Patient,
    by: Actor,
    reason: str,
    explanation: str = "",
    seen: str | None = None,
) -> list[Row]:
    """Merge two persons: absorb's infusions and identifiers become keep's.

    A first infusion that is no longer the earliest becomes a reinfusion. The better number decides sex and year of
    birth. explanation: why they are one person although their numbers give different dates of birth. seen: the
    effect that the actor has seen (print_effect). Returns the cells whose numbers change.
    Raises MergeImpossible, MergeUnexplained, EffectChanged, NotPermitted.
    """
    require(by, Permission.MERGE_PATIENTS)
    explanation = check_reason(explanation, needed=False)
    with acting_as(by, reason=f"{check_reason(reason)} {explanation}".strip()):
        keep, absorb = lock_both(keep, absorb)
        unexplained = check_merge(keep=keep, absorb=absorb)
        if unexplained and not explanation:
            raise unexplained
        sex, birth_year = choose_traits(keep, absorb)
        places = places_of(Infusion.objects.filter(patient__in=[keep, absorb]).with_codes())
        effect = compare(places, as_one(places, keep.pk, sex))
        refuse_other_effect(seen, places, effect)
        before = read_doubts([keep.pk, absorb.pk])
        numbers = [keep.registry_number, absorb.registry_number]
        keep.sex, keep.birth_year = sex, birth_year
        _hand_over(keep, absorb)
        follow_doubts([keep.pk], before=before, by=by)
        if unexplained:
            ask_about_ages(keep, by=by)
        log_persons(by=by, action=AccessAction.MERGE, numbers=numbers)
        announce_change()
    return effect


def _hand_over(keep: Patient, absorb: Patient) -> None:
    """Store keep, give it all that is absorb's, with one first infusion at most, and delete absorb."""
    for late in Infusion.objects.counted().filter(patient__in=[keep, absorb]).in_order()[1:]:
        if late.kind == Kind.FIRST:
            late.kind = Kind.REINFUSION
            late.save(update_fields=["kind"])
    keep.save(update_fields=["sex", "birth_year"])
    for theirs in (absorb.infusions, absorb.identifiers, absorb.drafts, absorb.referrals):
        theirs.update(patient=keep)
    absorb.delete()
