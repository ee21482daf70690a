"""Two persons beside each other: what their numbers and their recorded ages say of whether they may be one."""

from dataclasses import dataclass
from itertools import product

from django.utils.translation import gettext as _

from registry.ages import Age, Born, born_by_age, born_in
from registry.choices import IdentifierType, Sex
from registry.errors import MergeImpossible
from registry.models import Patient

# What gives a date of birth and a sex, the more reliable first; what else is known of a person was typed.
NUMBERS = (IdentifierType.PERSONAL, IdentifierType.COORDINATION)


class MergeUnexplained(MergeImpossible):
    """The numbers of the two persons give different dates of birth: say why they are one person all the same."""

    code = "merge_unexplained"


@dataclass(frozen=True)
class Traits:
    """What is known of a person, and by what."""

    number: int | None  # the place in NUMBERS of the best number; None where everything was typed
    birth_year: int | None
    sex: Sex
    ages: list[Born]

    def could_be(self, other: "Traits") -> bool:
        """Whether a day of birth fits all that is known of both."""
        return all(one.both(another).is_possible for one, another in product(self._born(), other._born()))

    def _born(self) -> list[Born]:
        return self.ages + ([born_in(self.birth_year)] if self.birth_year else [])


def read_traits(patient: Patient) -> Traits:
    """Of a person as stored now."""
    types = set(patient.identifiers.values_list("type", flat=True))
    rows = patient.infusions.counted().values_list("infused_on", "date_precision", "age_at_infusion")
    return Traits(
        number=next((place for place, type_ in enumerate(NUMBERS) if type_ in types), None),
        birth_year=patient.birth_year,
        sex=Sex(patient.sex),
        ages=[born_by_age(Age(*row)) for row in rows],
    )


def needs_explanation(one: Patient, other: Patient) -> bool:
    """Whether two persons have a number each, and these give different dates of birth.

    The dates are not stored: what tells is the years of birth, and the ages that followed from the dates.
    Raises MergeImpossible where one has no number and a typed age contradicts the other's.
    """
    ours, theirs = read_traits(one), read_traits(other)
    if ours.could_be(theirs):
        return False
    if ours.number is None or theirs.number is None:
        sentence = _(
            "The ages and years of birth of the two contradict each other: if they are one person, correct the "
            "wrong one first."
        )
        raise MergeImpossible(sentence, code="ages_contradict")
    return True


def choose_traits(keep: Patient, absorb: Patient) -> tuple[Sex, int | None]:
    """Sex and year of birth of the two as one: what the better number says beats what was typed."""
    worst = len(NUMBERS)
    ours, theirs = sorted(
        (read_traits(keep), read_traits(absorb)), key=lambda one: worst if one.number is None else one.number
    )
    sex = ours.sex if ours.sex != Sex.UNKNOWN else theirs.sex
    return sex, ours.birth_year or theirs.birth_year
