"""What of a person's course someone may judge by: a clinic sees its own infusions, and that there are others."""

from collections.abc import Sequence
from dataclasses import dataclass

from registry.access import Actor, Permission, centres_where
from registry.choices import Sex
from registry.models import Infusion, Patient
from registry.models.infusion import sex_shown_to
from registry.order import Step


@dataclass(frozen=True)
class Course:
    """What someone may judge an infusion of a person by: the other submitted ones at centres where they may
    write, and whether there are more at other centres, of which nothing else may tell.
    """

    infusions: Sequence[Infusion] = ()  # in order
    elsewhere: bool = False
    sex: str = Sex.UNKNOWN  # the person's, as far as it was not stated elsewhere

    @property
    def steps(self) -> list[Step]:
        """The infusions in order."""
        return [infusion.step for infusion in self.infusions]


def show_sex(patient: Patient, by: Actor) -> str:
    """The person's sex in words, as far as the actor may know it."""
    shown = Patient.objects.filter(pk=patient.pk).annotate(sex_shown=sex_shown_to(by, patient="pk"))
    return str(Sex(shown.values_list("sex_shown", flat=True).get()).label)


def read_course(patient: Patient, by: Actor, *, without: Infusion | None = None) -> Course:
    """The person's course as far as the actor may judge by it; without: an infusion to leave out."""
    visible = centres_where(by, Permission.WRITE_RECORDS)
    found = patient.infusions.counted().in_order()
    own = [infusion for infusion in found if infusion.centre_id in visible]
    elsewhere = len(own) < len(found)
    sex = patient.sex if own and not elsewhere else Sex.UNKNOWN
    return Course([one for one in own if one != without], elsewhere, sex)
