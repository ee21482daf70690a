"""Infusions that a centre has recorded and that have since been corrected or moved to another centre.

Importing the same file again would store them twice. Only what the centre itself recorded is read from the
history; where another centre knows the person too, the steward settles it (KnownElsewhere).
"""

from registry.access import Actor, Permission, centres_where
from registry.errors import KnownElsewhere
from registry.infusion_input import InfusionInput
from registry.models import Infusion, Patient


def refuse_moved(stated: InfusionInput, patient: Patient, by: Actor) -> None:
    """Raise KnownElsewhere for an infusion that one of the actor's centres once recorded and no longer has, if
    other centres know the person. by: an actor who sees only part of the person's course.
    """
    own = list(centres_where(by, Permission.WRITE_RECORDS))
    given = Infusion.objects.filter(patient=patient).exclude(centre__in=own)
    was = Infusion.pgh_event_model.objects.filter(  # type: ignore[attr-defined]  # made by keeps_history
        pgh_obj__in=given,
        centre__in=own,
        infused_on=stated.infused_on,
        date_precision=stated.date_precision,
        sequence=stated.sequence,
        product_id=stated.product.pk,
    )
    if was.exists():
        raise KnownElsewhere
