"""Which questions someone may see."""

from collections.abc import Collection

from django.db import models
from django.db.models import Q

from registry.access import NATIONWIDE, Actor, Permission, centres_where
from registry.choices import Side


def at_centres(centres: Collection[int] | models.QuerySet) -> Q:
    """Condition: the question's clinic is one of these centres."""
    if centres is NATIONWIDE:
        return Q()
    return Q(infusion__centre__in=centres) | Q(referral__centre__in=centres) | Q(centre__in=centres)


class QuestionQuerySet(models.QuerySet):
    """Questions, visible to those who may see the infusion, referral or centre that they are about."""

    def visible_to(self, actor: Actor, permission: Permission = Permission.READ_RECORDS):
        """Questions of the centres where the actor holds the permission; none for anyone else."""
        centres = centres_where(actor, permission)
        if centres is NATIONWIDE:
            return self.all()
        return self.at(centres)

    def at(self, centres: Collection[int] | models.QuerySet):
        return self.filter(at_centres(centres))

    def unanswered(self):
        """Open questions that wait for the clinic's answer."""
        return self.filter(waits_for=Side.CLINIC, closed_at=None)

    def unclosed(self):
        """Open questions, whichever side they wait for."""
        return self.filter(closed_at=None)
