"""What is written in a question after its first answer."""

import pgtrigger
from django.db import models
from django.db.models import Q

from registry.choices import Side
from registry.models.question import Question
from registry.sentences import say_own


class Message(models.Model):
    """What either side wrote in a question after its text and first answer. Immutable."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="messages")
    side = models.CharField(max_length=7, choices=Side.choices)
    text = models.TextField(max_length=1000)
    written_by = models.CharField(max_length=150)
    written_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["written_at", "id"]
        triggers = [pgtrigger.Protect(name="stays_as_written", operation=pgtrigger.Update)]
        constraints = [
            models.CheckConstraint(name="message_side_is_known", condition=Q(side__in=Side.values)),
        ]

    def __str__(self) -> str:
        return self.words[:60]

    @property
    def words(self) -> str:
        """The text; the registry's own in the reader's language."""
        return say_own(self.text)
