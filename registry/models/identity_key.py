"""Which of the identity keys is in use, which every process has to have."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class IdentityKeyInUse(models.Model):
    """A single row, or none before the first person is stored (entry/patients/key_in_use.py).

    newest: the key under which persons are stored now. A process without it would not find those persons, and
    register them a second time. alone: once every digest is under the newest key, so that nothing that is stored
    from then on holds a digest under an older one. mark: a digest under the key of what is no identifier, by which
    another key of the same id is known; none before a process has used the key since there are marks.
    """

    id = models.SmallIntegerField(primary_key=True, default=1)
    newest = models.CharField(max_length=40)
    alone = models.BooleanField(default=False)
    mark = models.BinaryField(null=True)
    since = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(name="identity_key_in_use_is_one_row", condition=Q(id=1)),
        ]

    def __str__(self) -> str:
        return self.newest
