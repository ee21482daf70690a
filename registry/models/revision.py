"""How often the records have changed; moved by triggers."""

import pgtrigger
from django.db import models
from django.db.models import Q


class Revision(models.Model):
    """A single row: how often the records have changed. Only triggers write it."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    number = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(name="revision_is_one_row", condition=Q(id=1)),
        ]

    def __str__(self) -> str:
        return str(self.number)


def moves_revision() -> pgtrigger.Trigger:
    """The trigger that counts every change to a table, so that the statistics are known to be behind."""
    return pgtrigger.Trigger(
        name="moves_revision",
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete | pgtrigger.Truncate,
        func="UPDATE registry_revision SET number = number + 1; RETURN NULL;",
    )
