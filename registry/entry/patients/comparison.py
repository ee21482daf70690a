"""Two persons beside each other: what their numbers and their recorded ages say of whether they may be one."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from registry.ages import Age, Born, born_by_age, born_in
from registry.choices import IdentifierType, Sex
from registry.errors import MergeImpossible
from registry.infusion_input import Identified
from registry.keyed_digests import carry_birth_digest
from registry.models import Patient, PatientIdentifier

# What gives a date of birth and a sex, the more reliable first; what else is known of a person was typed.
NUMBERS = (IdentifierType.PERSONAL, IdentifierType.COORDINATION)
DIFFERENT = gettext_noop(
    "The numbers of the two persons give different dates of birth: say why they are one person all the same."
)
NOT_COMPARABLE = gettext_noop(
    "The dates of birth of the two cannot be compared: say how you know that they are one person."
)


class MergeUnexplained(MergeImpossible):
    sentence = "The numbers of two persons do not give one date of birth: the steward has to say why they are one."
    code = "merge_unexplained"


@dataclass(frozen=True)
class Traits:
    """What is known of a person, and by what."""

    number: int | None  # the place in NUMBERS of the best number; None where everything was typed
    birth_year: int | None
    sex: Sex
    ages: list[Born]
    dates: set[bytes | None]  # of birth that the numbers give (_read_births)

    def could_be(self, other: "Traits") -> bool:
        """Whether a day of birth fits all that is known of both."""
        return all(one.both(another).is_possible for one, another in product(self._born(), other._born()))

    def _born(self) -> list[Born]:
        return self.ages + ([born_in(self.birth_year)] if self.birth_year else [])


def read_traits(patient: Patient) -> Traits:
    """Of a person as stored now."""
    identifiers = list(patient.identifiers.all())
    types = {one.type for one in identifiers}
    rows = patient.infusions.counted().values_list("infused_on", "date_precision", "age_at_infusion")
    return Traits(
        number=next((place for place, type_ in enumerate(NUMBERS) if type_ in types), None),
        birth_year=patient.birth_year,
        sex=Sex(patient.sex),
        ages=[born_by_age(Age(*row)) for row in rows],
        dates=_read_births(identifiers),
    )


def ask_explanation(one: Patient, other: Patient) -> MergeUnexplained | None:
    """Why two persons are not merged without a stated why; None where nothing speaks against it.

    It takes a number of each. Their dates of birth are compared by their digests, and by the years of birth and
    the ages that followed from the dates. Raises MergeImpossible where one has no number and a typed age
    contradicts the other's.
    """
    ours, theirs = read_traits(one), read_traits(other)
    if ours.number is None or theirs.number is None:
        if ours.could_be(theirs):
            return None
        sentence = _(
            "The ages and years of birth of the two contradict each other: if they are one person, correct the "
            "wrong one first."
        )
        raise MergeImpossible(sentence, code="ages_contradict")
    if not ours.could_be(theirs) or len((ours.dates | theirs.dates) - {None}) > 1:
        return MergeUnexplained(_(DIFFERENT))
    return None if ours.dates & theirs.dates - {None} else MergeUnexplained(_(NOT_COMPARABLE))


def has_other_birth(identifiers: Iterable[PatientIdentifier], identifier: Identified) -> bool:
    """Whether a number gives another date of birth than one of these is known to give."""
    said = identifier.birth_digest()
    return said is not None and bool(_read_births(identifiers) - {None, said})


def _read_births(identifiers: Iterable[PatientIdentifier]) -> set[bytes | None]:
    """The dates of birth that numbers give, as digests under the current key; None for one that is not known."""
    return {
        carry_birth_digest(one.key_id, bytes(one.birth_digest)) if one.birth_digest else None
        for one in identifiers
        if one.type in NUMBERS
    }


def choose_traits(keep: Patient, absorb: Patient) -> tuple[Sex, int | None]:
    """Sex and year of birth of the two as one: what the better number says beats what was typed."""
    worst = len(NUMBERS)
    ours, theirs = sorted(
        (read_traits(keep), read_traits(absorb)), key=lambda one: worst if one.number is None else one.number
    )
    sex = ours.sex if ours.sex != Sex.UNKNOWN else theirs.sex
    return sex, ours.birth_year or theirs.birth_year
