"""Look-ups of persons that the user's centres do not know: what the budget counts."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from registry.models.user import User


class Lookup(models.Model):
    """A person looked up within an hour, or a look-up that was refused.

    The token recognises the same person looked up again by the same user: it is keyed to the user, and erased
    after an hour. The row is deleted after a day; the access log keeps the look-up for years.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="lookups")
    at = models.DateTimeField(default=timezone.now)
    by_import = models.BooleanField(default=False, help_text="Imports have a budget of their own.")
    refused = models.BooleanField(default=False, help_text="The budget was spent: nothing was told.")
    token = models.BinaryField(null=True, editable=False)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["user", "at"], name="lookup_of_user_by_time")]
        constraints = [
            models.UniqueConstraint(fields=["user", "token"], name="lookup_of_a_person_counts_once"),
            models.CheckConstraint(name="lookup_refused_has_no_token", condition=Q(refused=False) | Q(token=None)),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.user_id}"
