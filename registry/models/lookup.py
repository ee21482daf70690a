"""Look-ups of persons whom the asking user's centres do not know, for a day: what a budget is counted by."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from registry.models.account import User


class Lookup(models.Model):
    """One person asked for within an hour, or a question that was refused.

    The token tells the same person asked for again by the same user. It is of this user alone, and is
    forgotten after the hour; that someone has looked up is kept a day (and in the access log for years).
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
