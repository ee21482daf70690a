"""Infusions that a clinic sends to the registry's steward."""

import uuid
from datetime import date, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.choices import ReferralState
from registry.models.centre import Centre
from registry.models.centre_rows import CentresQuerySet
from registry.models.infusion import Infusion
from registry.models.patient import Patient


class Referral(models.Model):
    """An infusion that a clinic may not register by itself, sent to the registry's steward.

    While open it holds what was typed, without the identifier, and the digests of the identifier or the person
    known at the centre. Once it is settled, or after REFERRAL_DAYS, the content is erased; the person is
    kept, so that erasing the person also deletes the referral and its messages.
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
