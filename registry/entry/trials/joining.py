"""One trial has one row, by whichever of its numbers it is named (ATMP.md, small case 1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from registry.choices import AtmpClass, Phase, Sponsor
from registry.errors import Problem, TrialsRefused
from registry.models import Trial, TrialArea
from registry.sentences import Sentence as _

# The fields that a later statement fills in where they are unknown, with what is unknown.
FILLED = {
    "sponsor": Sponsor.UNKNOWN, "sponsor_name": "", "phase": Phase.UNKNOWN, "atmp_class": AtmpClass.UNKNOWN,
    "area": None, "is_car_t": None,
}  # fmt: skip


@dataclass(frozen=True)
class StatedTrial:
    """A trial as stated; what is unknown is as here."""

    identifiers: Sequence[str]  # a new trial is known by the first
    name: str = ""
    sponsor: str = Sponsor.UNKNOWN
    sponsor_name: str = ""
    phase: str = Phase.UNKNOWN
    atmp_class: str = AtmpClass.UNKNOWN
    area: TrialArea | None = None
    is_car_t: bool | None = None
    long_term_follow_up: bool = False


def find_trials(identifiers: Sequence[str]) -> list[Trial]:
    """The trials that have any of these numbers."""
    numbers = list(identifiers)
    return list(Trial.objects.filter(Q(identifier__in=numbers) | Q(other_identifiers__overlap=numbers)))


def join_trial(stated: StatedTrial) -> tuple[Trial, list[Problem], bool]:
    """The trial with these numbers, which is stored or gets what was unknown; warnings; whether it is new.

    Under the entry lock, taken alone. Raises TrialsRefused where the numbers are of two trials.
    """
    found = find_trials(stated.identifiers)
    if len(found) > 1:
        sentence = _("These numbers are of different trials in the registry: %(trials)s.")
        named = ", ".join(sorted(trial.identifier for trial in found))
        raise TrialsRefused([Problem("identifier", "trial_identifier_taken", sentence % {"trials": named})])
    if not found:
        return _store(stated), [], True
    [trial] = found
    return trial, _fill(trial, stated), False


def _store(stated: StatedTrial) -> Trial:
    first, *others = stated.identifiers
    values = {name: getattr(stated, name) for name in (*FILLED, "long_term_follow_up")}
    return Trial.objects.create(identifier=first, other_identifiers=others, name=stated.name or first, **values)


def _fill(trial: Trial, stated: StatedTrial) -> list[Problem]:
    """Store what was unknown of a trial. The warnings name what is stated otherwise than it is stored."""
    new: dict[str, Any] = {}
    differing = []
    for name, unknown in FILLED.items():
        value, known = getattr(stated, name), getattr(trial, name)
        if value in (unknown, known):
            continue
        if known == unknown:
            new[name] = value
        elif name != "sponsor_name":  # which is spelled in many ways
            differing.append(name)
    if more := [each for each in stated.identifiers if each not in trial.identifiers]:
        new["other_identifiers"] = [*trial.other_identifiers, *more]
    if stated.name and trial.name == trial.identifier != stated.name:
        new["name"] = stated.name
    if "sponsor" in new and not _save(trial, {"sponsor": new.pop("sponsor")}):
        differing.append("sponsor")
    if new:
        _save(trial, new)
    return [_say_differing(trial, name) for name in differing]


def _save(trial: Trial, values: dict[str, Any]) -> bool:
    """Store fields; False where infusions rest on them, which an administrator settles."""
    before = {name: getattr(trial, name) for name in values}
    for name, value in values.items():
        setattr(trial, name, value)
    try:
        with transaction.atomic():
            trial.save(update_fields=list(values))
    except IntegrityError:
        if "sponsor" not in values:
            raise
        for name, value in before.items():
            setattr(trial, name, value)
        return False
    return True


def _say_differing(trial: Trial, name: str) -> Problem:
    field = {"atmp_class": "class"}.get(name, name)
    sentence = _("The registry has something else for %(trial)s, which stays: an administrator can change it.")
    return Problem(field, "trial_differs", sentence % {"trial": trial.identifier}, True)
