"""Which snapshot is current."""

from django.db import models
from django.db.models import Q

from registry.models.snapshot import Snapshot


class Publication(models.Model):
    """A single row: the current snapshot, and the revision of the records that it was built from."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, null=True, related_name="+")
    revision = models.BigIntegerField(default=-1)
    # Of the cluster and database that the last snapshot was made in (publishing/epochs.py).
    lineage = models.CharField(max_length=80, default="", db_default="")

    class Meta:
        constraints = [
            models.CheckConstraint(name="publication_is_one_row", condition=Q(id=1)),
        ]

    def __str__(self) -> str:
        return f"{self.snapshot_id}"
