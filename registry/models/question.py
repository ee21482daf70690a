"""What the clinic and the registry's steward write to each other: referrals, questions, messages."""

import secrets
import uuid
from collections.abc import Collection
from datetime import date, timedelta

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.access import NATIONWIDE, Actor, Permission, centres_where
from registry.choices import ReferralState, Side
from registry.models.centre import Centre
from registry.models.clinic import CentresQuerySet
from registry.models.history import keeps_history
from registry.models.infusion import Infusion
from registry.models.patient import Patient


class Referral(models.Model):
    """An infusion that a clinic may not store by itself, sent to the registry's steward.

    As long as it is open it keeps what was typed, without the identifier, and whose it is: the digests of
    the identifier, or the person whom the centre knows. Once settled, or after REFERRAL_DAYS, its content is
    erased. The person stays, seen by nobody, so that an erasure takes the referral and what was written about
    it along.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="referrals")
    code = models.CharField(max_length=60, help_text="Of the refusal.")
    fields = models.JSONField(default=dict, help_text="The row by column, without the identifier.")
    identifier_type = models.CharField(max_length=20, blank=True)
    birth_year = models.PositiveSmallIntegerField(null=True)
    chain = models.BinaryField(null=True, help_text="The digests of the identifier, the oldest key's first.")
    birth_digest = models.BinaryField(null=True, help_text="Of the date of birth, under the chain's last key.")
    place = models.BinaryField(
        null=True, help_text="A sealed mark of date, sequence and product, by which a file's row is known again."
    )
    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, null=True, related_name="referrals")
    infusion = models.ForeignKey(Infusion, on_delete=models.CASCADE, null=True, related_name="referrals")
    state = models.CharField(_("state"), max_length=10, choices=ReferralState.choices, default=ReferralState.OPEN)
    sent_by = models.CharField(_("sent by"), max_length=150)
    sent_at = models.DateTimeField(_("sent"), auto_now_add=True)
    settled_by = models.CharField(_("settled by"), max_length=150, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True)

    objects = CentresQuerySet.as_manager()

    class Meta:
        ordering = ["-sent_at"]
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        constraints = [
            models.CheckConstraint(name="referral_state_is_known", condition=Q(state__in=ReferralState.values)),
            models.CheckConstraint(
                name="referral_holds_no_identifier", condition=~Q(fields__has_key="patient_id")
            ),
            models.CheckConstraint(
                name="referral_is_open_or_erased",
                condition=Q(state=ReferralState.OPEN, settled_at=None, settled_by="", infusion=None)
                & (Q(chain=None, patient__isnull=False) | Q(chain__isnull=False, patient=None))
                | ~Q(state=ReferralState.OPEN)
                & Q(settled_at__isnull=False, chain=None, birth_year=None, fields={}, identifier_type="")
                & (
                    Q(state=ReferralState.EXPIRED, settled_by="")
                    | ~Q(state=ReferralState.EXPIRED) & ~Q(settled_by="")
                ),
            ),
            models.CheckConstraint(
                name="referral_birth_goes_with_chain",
                condition=Q(birth_digest=None) | Q(chain__isnull=False),
            ),
            models.CheckConstraint(
                name="referral_released_has_infusion",
                condition=Q(infusion=None) & ~Q(state=ReferralState.RELEASED)
                | Q(infusion__isnull=False, state=ReferralState.RELEASED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sent_at:%Y-%m-%d %H:%M}"

    @property
    def kept_until(self) -> date:
        """The last day on which what was typed is kept, if nobody settles it before."""
        return timezone.localdate(self.sent_at) + timedelta(days=settings.REFERRAL_DAYS)


def at_centres(centres: Collection[int] | models.QuerySet) -> Q:
    """Questions whose clinic is one of these centres."""
    if centres is NATIONWIDE:
        return Q()
    return Q(infusion__centre__in=centres) | Q(referral__centre__in=centres) | Q(centre__in=centres)


def draw_id() -> int:
    """A number that says nothing, and that every JSON reader keeps whole (RFC 8259, 6)."""
    return secrets.randbelow(2**53 - 1) + 1


class QuestionQuerySet(models.QuerySet):
    """Questions, shown to those who see the row, the referral or the centre that they are about."""

    def visible_to(self, actor: Actor, permission: Permission = Permission.READ_RECORDS):
        """Questions of the centres where the actor holds the permission; none for anyone else."""
        centres = centres_where(actor, permission)
        if centres is NATIONWIDE:
            return self.all()
        return self.at(centres)

    def at(self, centres: Collection[int] | models.QuerySet):
        """Those whose clinic is one of these centres."""
        return self.filter(at_centres(centres))

    def unanswered(self):
        """Those that wait for the clinic."""
        return self.filter(waits_for=Side.CLINIC, closed_at=None)

    def unclosed(self):
        """Those that someone still has to do something about."""
        return self.filter(closed_at=None)


@keeps_history()
class Question(models.Model):
    """The steward, or a rule, asks the clinic about a row; or the clinic asks the steward, about a row,
    about what it has sent, or about nothing of these. The side that asked closes.
    """

    # Drawn, since a gap in rising numbers would tell one clinic that a rule has asked another one.
    id = models.BigIntegerField(primary_key=True, default=draw_id, editable=False)
    infusion = models.ForeignKey(Infusion, on_delete=models.CASCADE, null=True, related_name="questions")
    referral = models.OneToOneField(Referral, on_delete=models.CASCADE, null=True, related_name="question")
    centre = models.ForeignKey(
        Centre, on_delete=models.PROTECT, null=True, related_name="questions", help_text="Without a row."
    )
    asks = models.CharField(_("asks"), max_length=7, choices=Side.choices, default=Side.STEWARD)
    waits_for = models.CharField(_("waits for"), max_length=7, choices=Side.choices, default=Side.CLINIC)
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
        return self.text[:60]

    @property
    def asked_at_centre(self) -> Centre:
        """The clinic's centre."""
        about = self.infusion or self.referral
        return about.centre if about else self.centre  # type: ignore[return-value]


class Message(models.Model):
    """What either side wrote in a question after its first answer, or before it once more. Never changed;
    it goes with its question.
    """

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
        return self.text[:60]
