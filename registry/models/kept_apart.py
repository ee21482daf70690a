"""Decisions that two possible doubles are not the same person."""

import pgtrigger
from django.db import models
from django.db.models import F, Q

from registry.models.patient import Patient
from registry.models.possible_doubles import marks_changed_pairs


class KeptApart(models.Model):
    """That the registry's steward has decided that two persons are not the same, and why; and who ended that.

    The rows of a pair are its history: a decision is never changed, and its end is written once.
    """

    one = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="+")
    reason = models.TextField(max_length=1000)
    decided_by = models.CharField(max_length=150)
    decided_at = models.DateTimeField(auto_now_add=True)
    ended_reason = models.TextField(max_length=1000, blank=True)
    ended_by = models.CharField(max_length=150, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-decided_at", "-id"]
        triggers = [
            pgtrigger.ReadOnly(
                name="stays_as_decided", fields=["one", "other", "reason", "decided_by", "decided_at"]
            ),
            pgtrigger.Protect(
                name="ends_once", operation=pgtrigger.Update, condition=pgtrigger.Q(old__ended_at__isnull=False)
            ),
            *marks_changed_pairs(),
        ]
        constraints = [
            models.CheckConstraint(name="kept_apart_has_one_order", condition=Q(one__lt=F("other"))),
            models.CheckConstraint(name="kept_apart_has_a_reason", condition=~Q(reason="") & ~Q(decided_by="")),
            models.CheckConstraint(
                name="kept_apart_end_has_who_when_and_why",
                condition=Q(ended_at=None, ended_by="", ended_reason="")
                | Q(ended_at__isnull=False) & ~Q(ended_by="") & ~Q(ended_reason=""),
            ),
            models.UniqueConstraint(
                fields=["one", "other"], condition=Q(ended_at=None), name="kept_apart_is_decided_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.one_id}, {self.other_id}"
