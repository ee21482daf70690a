"""Ages at a person's infusions after a number with a date of birth is replaced or removed."""

from collections.abc import Sequence
from dataclasses import replace

from registry.access import Actor
from registry.choices import AccessAction
from registry.dates import age_on
from registry.entry.infusions.doubts import as_stated, follow_doubts, read_doubts
from registry.entry.questions.questions import ask_by_rules
from registry.errors import Problem
from registry.infusion_input import Identified
from registry.infusion_rules import check_input
from registry.models import Infusion, Patient
from registry.models.access_log import log_infusions
from registry.sentences import Sentence as _

CONTRADICTED = "age_contradicts_identifier"
BEFORE_BIRTH = "date_before_birth"  # answered by correcting the date
WITHOUT_NUMBER, AFTER_MERGE = "age_without_number", "age_after_merge"
ABOUT_AGE = frozenset({CONTRADICTED, WITHOUT_NUMBER, AFTER_MERGE})  # answered by stating the age, also the same


def follow_number(
    patient: Patient, identifier: Identified | None, *, by_number: bool, by: Actor
) -> Sequence[Infusion]:
    """Derive again each age that the previous number gave and the new number contradicts, and ask the clinics
    about other contradicting ages; returns the infusions asked about.

    identifier: the new number, None where a number was removed. by_number: the ages were derived from a removed
    number, or from another number that the new number may correct. The caller has locked the person.
    """
    before = read_doubts([patient.pk])
    asked: list[tuple[Infusion, Problem]] = []
    for infusion in patient.infusions.counted().with_codes().in_order():
        found = {problem.code: problem for problem in _judge(infusion, identifier, by_number=by_number)}
        if by_number and identifier and identifier.born_on and set(found) == {CONTRADICTED}:
            infusion.age_at_infusion = max(0, age_on(identifier.born_on, infusion.infused_on))
            infusion.save(update_fields=["age_at_infusion"])
            log_infusions(by=by, action=AccessAction.CORRECT, infusions=[infusion])
        else:
            asked += ((infusion, problem) for problem in found.values())
    ask_by_rules([(infusion.pk, problem) for infusion, problem in asked], by=by)
    follow_doubts([patient.pk], before=before, by=by)
    return list(dict.fromkeys(infusion for infusion, _problem in asked))


def _judge(infusion: Infusion, identifier: Identified | None, *, by_number: bool) -> list[Problem]:
    """The problems of an infusion's age and date given the new number, or none."""
    if by_number and not (identifier and identifier.born_on):
        sentence = _("The number that gave this age was wrong and has been taken away: is the age right?")
        return [Problem("age_at_infusion", WITHOUT_NUMBER, sentence, True)]
    if identifier is None:
        return []
    stated = replace(as_stated(infusion), identifier=identifier)
    return [problem for problem in check_input(stated) if problem.code in {CONTRADICTED, BEFORE_BIRTH}]
