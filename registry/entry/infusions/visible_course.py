"""What of a person's course someone may judge by: a clinic sees its own infusions, and that there are others."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, Exists, F, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce

from registry.access import NATIONWIDE, Actor, Permission, centres_where
from registry.choices import IdentifierType, Sex
from registry.models import Infusion, Patient, PatientIdentifier
from registry.order import Step

SAYS_SEX = (IdentifierType.PERSONAL, IdentifierType.COORDINATION)


@dataclass(frozen=True)
class Course:
    """What someone may judge an infusion of a person by: the other submitted ones at centres where they may
    write, and whether there are more at other centres, of which nothing else may tell.
    """

    infusions: Sequence[Infusion] = ()  # in order
    elsewhere: bool = False
    sex: str = Sex.UNKNOWN  # the person's, as far as the actor may know it

    @property
    def steps(self) -> list[Step]:
        """The infusions in order."""
        return [infusion.step for infusion in self.infusions]


def sex_shown_to(actor: Actor, *, patient: str) -> Case:
    """The sex of a person, by the name of whose key it is asked for.

    What an identity number says is no secret to whoever has it. What was only stated a clinic is shown where it
    has stated it itself, whatever others have stated and whether their infusions stand or are withdrawn.
    """
    prefix = "" if patient == "pk" else f"{patient}__"
    centres = centres_where(actor, Permission.READ_RECORDS)
    if centres is NATIONWIDE:
        return Case(default=F(f"{prefix}sex"))
    by_number = PatientIdentifier.objects.filter(patient=OuterRef(patient), type__in=SAYS_SEX)
    said = Infusion.objects.filter(patient=OuterRef(patient), centre__in=centres).exclude(sex_stated=Sex.UNKNOWN)
    first = said.order_by("created_at", "infused_on", "sequence", "pk").values("sex_stated")[:1]
    return Case(
        When(Exists(by_number), then=F(f"{prefix}sex")),
        default=Coalesce(Subquery(first), Value(Sex.UNKNOWN.value)),
    )


def show_sex(patient: Patient, by: Actor) -> str:
    """The person's sex in words, as far as the actor may know it."""
    return str(Sex(_read_sex(patient, by)).label)


def _read_sex(patient: Patient, by: Actor) -> str:
    shown = Patient.objects.filter(pk=patient.pk).annotate(sex_shown=sex_shown_to(by, patient="pk"))
    return shown.values_list("sex_shown", flat=True).get()


def read_course(patient: Patient, by: Actor, *, without: Infusion | None = None) -> Course:
    """The person's course as far as the actor may judge by it; without: an infusion to leave out."""
    visible = centres_where(by, Permission.WRITE_RECORDS)
    found = patient.infusions.counted().in_order()
    own = [infusion for infusion in found if infusion.centre_id in visible]
    elsewhere = len(own) < len(found)
    sex = _read_sex(patient, by) if own else Sex.UNKNOWN
    return Course([one for one in own if one != without], elsewhere, sex)
