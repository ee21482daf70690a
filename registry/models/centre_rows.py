"""Rows that belong to a centre: who may see them."""

from django.db import models

from registry.access import NATIONWIDE, Actor, Permission, centres_where


class CentresQuerySet(models.QuerySet):
    """Rows that belong to a centre; show them to someone only through `visible_to`."""

    at = "centre"

    def visible_to(self, actor: Actor, permission: Permission = Permission.READ_RECORDS):
        """Rows of the centres where the actor holds the permission; none for anyone else."""
        centres = centres_where(actor, permission)
        return self.all() if centres is NATIONWIDE else self.filter(**{f"{self.at}__in": centres})
