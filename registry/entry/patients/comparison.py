"""Comparing two persons' numbers and recorded ages: whether they may be the same person."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from registry.ages import Age, Born, born_by_age, born_in
from registry.choices import GIVES_BIRTH_AND_SEX, Sex
from registry.errors import MergeImpossible
from registry.infusion_input import Identified
from registry.keyed_digests import carry_birth_digest
from registry.models import Patient, PatientIdentifier

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
    """A person's known sex and birth, and their source."""

    number: int | None  # the index in GIVES_BIRTH_AND_SEX of the best number; None where everything was typed
    birth_year: int | None
    sex: Sex
    ages: list[Born]
    dates: set[bytes | None]  # of birth that the numbers give (_read_births)

    def could_be(self, other: "Traits") -> bool:
        """Whether some date of birth is consistent with both."""
        return all(one.both(another).is_possible for one, another in product(self._born(), other._born()))

    def _born(self) -> list[Born]:
        return self.ages + ([born_in(self.birth_year)] if self.birth_year else [])


def read_traits(patient: Patient) -> Traits:
    identifiers = list(patient.identifiers.all())
    types = {identifier.type for identifier in identifiers}
    rows = patient.infusions.counted().values_list("infused_on", "date_precision", "age_at_infusion")
    return Traits(
        number=next((place for place, type_ in enumerate(GIVES_BIRTH_AND_SEX) if type_ in types), None),
        birth_year=patient.birth_year,
        sex=Sex(patient.sex),
        ages=[born_by_age(Age(*row)) for row in rows],
        dates=_read_births(identifiers),
    )


def ask_explanation(one: Patient, other: Patient) -> MergeUnexplained | None:
    """The error to raise unless the merge is explained; None where no explanation is needed.

    Where both have a number, their dates of birth are compared by digest, and by the years of birth and the ages
    derived from them. Raises MergeImpossible where one has no number and a typed age contradicts the other's.
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
    """Whether a number gives another date of birth than any of these identifiers."""
    birth = identifier.birth_digest()
    return birth is not None and bool(_read_births(identifiers) - {None, birth})


def _read_births(identifiers: Iterable[PatientIdentifier]) -> set[bytes | None]:
    """The dates of birth that numbers give, as digests under the current key; None for an unknown date."""
    return {
        carry_birth_digest(number.key_id, bytes(number.birth_digest)) if number.birth_digest else None
        for number in identifiers
        if number.type in GIVES_BIRTH_AND_SEX
    }


def choose_traits(keep: Patient, absorb: Patient) -> tuple[Sex, int | None]:
    """Sex and year of birth of the merged person: the better number takes precedence over what was typed."""
    worst = len(GIVES_BIRTH_AND_SEX)
    ours, theirs = sorted(
        (read_traits(keep), read_traits(absorb)),
        key=lambda traits: worst if traits.number is None else traits.number,
    )
    sex = ours.sex if ours.sex != Sex.UNKNOWN else theirs.sex
    return sex, ours.birth_year or theirs.birth_year
