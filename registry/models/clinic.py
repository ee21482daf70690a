"""What a clinic keeps beside its infusions: unfinished forms, and how far its records are complete."""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from registry.access import NATIONWIDE, Actor, Permission, centres_where
from registry.models.account import User
from registry.models.centre import Centre
from registry.models.history import keeps_history, moves_revision
from registry.models.infusion import Infusion
from registry.models.patient import Patient


class CentresQuerySet(models.QuerySet):
    """Rows of centres; `visible_to` is the only way to show one to someone."""

    at = "centre"

    def visible_to(self, actor: Actor, permission: Permission = Permission.READ_RECORDS):
        """Rows of the centres where the actor holds the permission; none for anyone else."""
        centres = centres_where(actor, permission)
        return self.all() if centres is NATIONWIDE else self.filter(**{f"{self.at}__in": centres})


class Draft(models.Model):
    """An unfinished form, as typed. It never holds an identifier: whoever goes on writes it again,
    unless the person is known at the centre already.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.CASCADE, related_name="drafts")
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, null=True, related_name="drafts")
    fields = models.JSONField(help_text="The form's fields by name, as typed, without the identifier.")
    saved_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="drafts")
    saved_at = models.DateTimeField(_("saved"), auto_now=True)

    objects = CentresQuerySet.as_manager()

    class Meta:
        ordering = ["-saved_at"]
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints = [
            models.CheckConstraint(name="draft_holds_no_identifier", condition=~Q(fields__has_key="patient_id")),
        ]

    def __str__(self) -> str:
        return f"{self.saved_at:%Y-%m-%d %H:%M}"


@keeps_history()
class Coverage(models.Model):
    """A lead's statement: all infusions of the centre up to and including this day are recorded."""

    centre = models.ForeignKey(Centre, on_delete=models.CASCADE, related_name="coverages")
    complete_through = models.DateField(_("complete through"))
    stated_by = models.CharField(_("by"), max_length=150)
    stated_at = models.DateTimeField(_("stated"), auto_now_add=True)

    objects = CentresQuerySet.as_manager()

    class Meta:
        ordering = ["-stated_at", "-id"]
        verbose_name = _("statement of completeness")
        verbose_name_plural = _("statements of completeness")
        triggers = [moves_revision()]

    def __str__(self) -> str:
        return f"{self.centre_id} {self.complete_through}"


class QuestionQuerySet(CentresQuerySet):
    """Questions about rows, shown to those who see the row."""

    at = "infusion__centre"

    def unanswered(self):
        """Those that wait for the clinic."""
        return self.filter(answered_at=None, closed_at=None)

    def unclosed(self):
        """Those that someone still has to do something about."""
        return self.filter(closed_at=None)


@keeps_history()
class Question(models.Model):
    """The steward, or a rule, asks the clinic about a row; whoever asked closes it."""

    infusion = models.ForeignKey(Infusion, on_delete=models.CASCADE, related_name="questions")
    text = models.TextField(_("question"), max_length=1000)
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
                condition=Q(closed_at=None, closed_by="") | Q(closed_at__isnull=False) & ~Q(closed_by=""),
            ),
            models.UniqueConstraint(
                fields=["infusion", "rule"],
                condition=~Q(rule="") & Q(closed_at=None),
                name="question_of_a_rule_is_asked_once",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]
