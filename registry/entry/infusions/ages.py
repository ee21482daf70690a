"""Comparing the ages at a person's infusions, and the age after a corrected date."""

from dataclasses import replace

from django.utils.translation import gettext_noop

from registry.access import Actor
from registry.ages import Age, age_that_follows, born_by_age, born_in, contradicts
from registry.choices import DatePrecision
from registry.dates import first_day
from registry.entry.infusions.ages_by_number import ABOUT_AGE, AFTER_MERGE
from registry.entry.infusions.visible_course import Course
from registry.entry.questions.questions import ask_by_rules
from registry.errors import InfusionRefused, Problem
from registry.infusion_input import InfusionInput
from registry.infusion_rules import check_age_by_birth_year
from registry.models import Patient, Question
from registry.sentences import Sentence as _

AGE_UNSTATED = "age_unstated"  # the code of the refusal that asks for the age
CONTRADICT = gettext_noop(
    "The age contradicts that at another infusion of this person: one of the two, or a date, is wrong."
)
UNSTATED = gettext_noop("The date has changed: state the age at the infusion again.")
LENGTH = {DatePrecision.DAY: 0, DatePrecision.MONTH: 1, DatePrecision.YEAR: 2}


def age_contradiction() -> Problem:
    """The refusal of an age that no date of birth reconciles with the person's other ages."""
    return Problem("age_at_infusion", "ages_contradict", _(CONTRADICT))


def refuse_age(stated: InfusionInput, patient: Patient, course: Course) -> None:
    """Raise InfusionRefused for an age that the year of birth or the recorded ages of a person rule out.

    course: the part visible to the actor. Another centre's records must not be revealed (DOMAIN.md), so they
    refuse nothing.
    """
    if stated.age_at_infusion is None:
        return
    has_number = stated.identifier and stated.identifier.born_on  # the age is already checked against it
    if course.infusions and not has_number:
        contradiction = check_age_by_birth_year(stated, patient.birth_year)
        if contradiction:
            raise InfusionRefused([contradiction])
    age = Age(stated.infused_on, stated.date_precision, stated.age_at_infusion)
    if contradicts(age, _ages_of(course, patient)) and contradicts(age, _ages_of(_undoubted(course), patient)):
        raise InfusionRefused([age_contradiction()])


def follow_date(stated: InfusionInput, stored: Age, patient: Patient, course: Course) -> int:
    """The age of an infusion after its date is corrected without stating the age again.

    course: the person's other infusions. The age is unchanged where the new date is the old date with less
    precision. It is derived where the year of birth from the number and the recorded ages leave only one possible
    age. Otherwise it must be stated: raises InfusionRefused.
    """
    precision = DatePrecision(stated.date_precision)
    is_wider = first_day(stored.infused_on, precision) == stated.infused_on
    if is_wider and LENGTH[precision] >= LENGTH[DatePrecision(stored.date_precision)]:
        return stored.years
    age = None
    if patient.birth_year:
        born = [born_in(patient.birth_year), *map(born_by_age, [stored, *_ages_of(course, patient)])]
        age = age_that_follows(born, stated.infused_on)
    if age is None:
        raise InfusionRefused([Problem("age_at_infusion", AGE_UNSTATED, _(UNSTATED))])
    return age


def ask_about_ages(patient: Patient, *, by: Actor) -> None:
    """After a merge of persons with different dates of birth, ask about each age that contradicts the year of
    birth or another age. The sentence does not say which, since the other age may be another centre's.
    """
    rows = patient.infusions.counted().values_list("pk", "infused_on", "date_precision", "age_at_infusion")
    ages = {key: Age(*age) for key, *age in rows}
    possible = [age for age in ages.values() if not contradicts(age, (), patient.birth_year)]
    sentence = _("This person was merged with one of another date of birth: is the age at this infusion right?")
    doubt = Problem("age_at_infusion", AFTER_MERGE, sentence, True)
    doubted = [
        (key, doubt)
        for key, age in ages.items()
        if contradicts(age, possible if age in possible else (), patient.birth_year)
    ]
    ask_by_rules(doubted, by=by)


def _undoubted(course: Course) -> Course:
    """A course without the infusions whose age a rule asks about: a wrong age must not block a correction."""
    keys = [infusion.pk for infusion in course.infusions]
    asked = Question.objects.unclosed().filter(infusion__in=keys, rule__in=ABOUT_AGE)
    doubted = set(asked.values_list("infusion", flat=True))
    return replace(course, infusions=[infusion for infusion in course.infusions if infusion.pk not in doubted])


def _ages_of(course: Course, patient: Patient) -> list[Age]:
    """The recorded ages, except those that the number's year of birth contradicts: a wrong age must not block the
    correction of another.
    """
    ages = [
        Age(infusion.infused_on, infusion.date_precision, infusion.age_at_infusion)
        for infusion in course.infusions
    ]
    return [age for age in ages if not contradicts(age, (), patient.birth_year)]
