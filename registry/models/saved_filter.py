"""Filters of the list of infusions, kept under a name."""

from django.db import models

from registry.models.user import User


class SavedFilter(models.Model):
    """What the list of infusions shows and in which order, as one user has named it. It holds no person."""

    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=200, help_text="Of the list's address; only values of code lists.")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_filter_has_its_name"),
        ]

    def __str__(self) -> str:
        return self.name
