"""Questions between clinics and the registry's steward."""

import secrets
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from registry.choices import Side
from registry.models.centre import Centre
from registry.models.history import keeps_history
from registry.models.infusion import Infusion
from registry.models.question_queryset import QuestionQuerySet
from registry.models.referral import Referral
from registry.sentences import say, say_own


def draw_id() -> int:
    """A random number that every JSON reader keeps exact (RFC 8259, section 6)."""
    return secrets.randbelow(2**53 - 1) + 1


def say_question(row: Any) -> str:
    """What a question, or a version of it in the history, asks."""
    return say(row.text, row.text_values) if row.rule else say_own(row.text)


@keeps_history()
class Question(models.Model):
    """Asked by the steward or a rule about an infusion, or by a clinic about an infusion, a referral or neither.

    The side that asked closes it.
    """

    # Random: gaps in a sequence would tell a clinic that another clinic has been asked.
    id = models.BigIntegerField(primary_key=True, default=draw_id, editable=False)
    infusion = models.ForeignKey(Infusion, on_delete=models.CASCADE, null=True, related_name="questions")
    referral = models.OneToOneField(Referral, on_delete=models.CASCADE, null=True, related_name="question")
    centre = models.ForeignKey(
        Centre, on_delete=models.PROTECT, null=True, related_name="questions", help_text="Without a row."
    )
    asks = models.CharField(_("asks"), max_length=7, choices=Side.choices, default=Side.STEWARD)
    waits_for = models.CharField(_("waits for"), max_length=7, choices=Side.choices, default=Side.CLINIC)
    text = models.TextField(_("question"), max_length=1000)
    text_values = models.JSONField(default=dict, editable=False, help_text="Of the rule's sentence, by place.")
    rule = models.CharField(
        _("rule"), max_length=60, blank=True, help_text=_("Code of the warning, if a rule asks.")
    )
    asked_by = models.CharField(_("asked by"), max_length=150, blank=True)
    asked_at = models.DateTimeField(_("asked"), auto_now_add=True)
    answer = models.TextField(_("answer"), max_length=1000, blank=True)
    answered_by = models.CharField(_("answered by"), max_length=150, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    closed_by = models.CharField(_("closed by"), max_length=150, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    # How the history shows a version: its sentence, in which the values stand.
    history_words = {"text": say_question, "text_values": lambda row: ""}

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at"]
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        constraints = [
            models.CheckConstraint(
                name="question_has_one_asker",
                condition=Q(rule="") & ~Q(asked_by="") | ~Q(rule="") & Q(asked_by=""),
            ),
            models.CheckConstraint(
                name="question_answer_has_who_and_when",
                condition=Q(answered_at=None, answered_by="", answer="")
                | Q(answered_at__isnull=False) & ~Q(answered_by="") & ~Q(answer=""),
            ),
            models.CheckConstraint(
                name="question_closing_has_who_and_when",
                condition=Q(closed_at=None, closed_by="")
                | Q(closed_at__isnull=False) & (~Q(closed_by="") | ~Q(rule="")),  # a rule closes its own
            ),
            models.CheckConstraint(
                name="question_is_about_one_thing",
                condition=Q(infusion__isnull=False, referral=None, centre=None)
                | Q(infusion=None, referral__isnull=False, centre=None)
                | Q(infusion=None, referral=None, centre__isnull=False),
            ),
            models.CheckConstraint(
                name="question_sides_are_known",
                condition=Q(asks__in=Side.values, waits_for__in=Side.values),
            ),
            models.UniqueConstraint(
                fields=["infusion", "rule"],
                condition=~Q(rule="") & Q(closed_at=None),
                name="question_of_a_rule_is_asked_once",
            ),
        ]

    def __str__(self) -> str:
        return self.words[:60]

    @property
    def words(self) -> str:
        """What is asked; a rule's sentence in the reader's language."""
        return say_question(self)

    @property
    def answer_words(self) -> str:
        """The answer, in the reader's language where it was only confirmed."""
        return say_own(self.answer)

    @property
    def asked_at_centre(self) -> Centre:
        """The clinic's centre."""
        about = self.infusion or self.referral
        return about.centre if about else self.centre  # type: ignore[return-value]
