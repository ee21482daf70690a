"""The part of a person's course that an actor may see: their centres' infusions, and whether there are others."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, Exists, F, OuterRef, Subquery, Value, When
from django.db.models.functions import Coalesce

from registry.access import NATIONWIDE, Actor, Permission, centres_where, open_persons
from registry.choices import GIVES_BIRTH_AND_SEX, Sex
from registry.course_order import Step
from registry.infusion_input import Identified
from registry.models import Infusion, Patient, PatientIdentifier
from registry.models.infusion import order_course


@dataclass(frozen=True)
class Course:
    """The person's other submitted infusions at centres where the actor may write, and whether other centres have
    more, of which nothing else may be revealed.
    """

    infusions: Sequence[Infusion] = ()  # in order
    elsewhere: bool = False
    sex: str = Sex.UNKNOWN  # the person's, if the actor may know it

    @property
    def steps(self) -> list[Step]:
        """The infusions in order."""
        return [infusion.step for infusion in self.infusions]


def sex_shown_to(actor: Actor, *, patient: str) -> Case:
    """The person's sex as shown to the actor; patient: the name of the field with the person's key.

    The sex that an identity number gives is no secret. A stated sex is shown only to a clinic that has stated
    it too, whatever others have stated and whether or not their infusions are withdrawn.
    """
    prefix = "" if patient == "pk" else f"{patient}__"
    centres = centres_where(actor, Permission.READ_RECORDS)
    if centres is NATIONWIDE:
        return Case(default=F(f"{prefix}sex"))
    by_number = PatientIdentifier.objects.filter(patient=OuterRef(patient), type__in=GIVES_BIRTH_AND_SEX)
    stated = Infusion.objects.filter(patient=OuterRef(patient), centre__in=centres).exclude(sex_stated=Sex.UNKNOWN)
    first = stated.order_by("created_at", "infused_on", "sequence", "pk").values("sex_stated")[:1]
    return Case(
        When(Exists(by_number), then=F(f"{prefix}sex")),
        default=Coalesce(Subquery(first), Value(Sex.UNKNOWN.value)),
    )


def show_sex(patient: Patient, by: Actor) -> str:
    """The person's sex in words, if the actor may know it."""
    return str(Sex(read_sex(patient, by)).label)


def read_sex(patient: Patient, by: Actor, *, stated: Identified | None = None) -> str:
    """The person's sex as shown to the actor. stated: an identifier of the person that the actor has stated, which
    may make the question needless.
    """
    if stated and stated.type in GIVES_BIRTH_AND_SEX:
        return patient.sex
    shown = Patient.objects.filter(pk=patient.pk).annotate(sex_shown=sex_shown_to(by, patient="pk"))
    return shown.values_list("sex_shown", flat=True).get()


def read_course(
    patient: Patient,
    by: Actor,
    *,
    without: Infusion | None = None,
    rows: Sequence[Infusion] | None = None,
    permission: Permission = Permission.WRITE_RECORDS,
    stated: Identified | None = None,
) -> Course:
    """The part of the person's course that the actor may see: where they hold the permission.

    without: an infusion to leave out. rows: the person's submitted infusions, where they are read already. stated:
    as in `read_sex`.
    """
    visible = centres_where(by, permission)
    open_persons([patient.pk])
    found = patient.infusions.counted().in_order() if rows is None else order_course(rows)
    own = [infusion for infusion in found if infusion.centre_id in visible]
    elsewhere = len(own) < len(found)
    sex = read_sex(patient, by, stated=stated) if own else Sex.UNKNOWN
    return Course([infusion for infusion in own if infusion != without], elsewhere, sex)
