"""Trials at hospitals, their dated statuses, and when a hospital has last confirmed them (ATMP.md, "Model")."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.choices import DatePrecision, TrialStatus
from registry.dates import write_date
from registry.models.centre import Centre
from registry.models.centre_rows import CentresQuerySet
from registry.models.history import keeps_history
from registry.models.revision import moves_revision
from registry.models.trial import Trial


@keeps_history()
class SiteTrial(models.Model):
    """A trial at one hospital, which may be an upcoming centre: it says nothing of infusions."""

    trial = models.ForeignKey(Trial, on_delete=models.PROTECT, related_name="site_trials", verbose_name=_("trial"))
    centre = models.ForeignKey(
        Centre, on_delete=models.PROTECT, related_name="site_trials", verbose_name=_("centre")
    )
    unit = models.CharField(
        _("unit"), max_length=120, blank=True, help_text=_("The clinic or unit of the principal investigator.")
    )
    source = models.CharField(_("source"), max_length=200, blank=True)

    objects = CentresQuerySet.as_manager()

    class Meta:
        ordering = ["centre", "trial"]
        verbose_name = _("trial at a hospital")
        verbose_name_plural = _("trials at hospitals")
        triggers = [moves_revision()]
        constraints = [
            models.UniqueConstraint(name="site_trial_is_there_once", fields=["trial", "centre"]),
        ]

    def __str__(self) -> str:
        return f"{self.trial_id} {self.centre_id}"

    @property
    def latest(self) -> "SiteTrialStatus | None":
        """The status that holds now: of two on one day the later in the list of statuses."""
        order = TrialStatus.values
        return max(self.statuses.all(), key=lambda one: (one.since, order.index(one.status)), default=None)


@keeps_history()
class SiteTrialStatus(models.Model):
    """The status of a trial at a hospital from a day on; the day is the first of its period."""

    site_trial = models.ForeignKey(
        SiteTrial, on_delete=models.CASCADE, related_name="statuses", verbose_name=_("trial at a hospital")
    )
    status = models.CharField(_("status"), max_length=10, choices=TrialStatus.choices)
    since = models.DateField(_("since"))
    date_precision = models.CharField(
        _("precision of the date"), max_length=5, choices=DatePrecision.choices, default=DatePrecision.DAY
    )
    explanation = models.CharField(
        _("explanation"), max_length=200, blank=True, help_text=_("Why a closed trial recruits again.")
    )

    class Meta:
        ordering = ["since", "id"]
        verbose_name = _("status of a trial at a hospital")
        verbose_name_plural = _("statuses of trials at hospitals")
        triggers = [moves_revision()]
        constraints = [
            # Two statuses may begin on one day (ATMP.md, small case 4), but one only once.
            models.UniqueConstraint(
                name="site_trial_status_is_there_once", fields=["site_trial", "since", "status"]
            ),
            models.CheckConstraint(
                name="site_trial_status_is_known", condition=models.Q(status__in=TrialStatus.values)
            ),
            models.CheckConstraint(
                name="site_trial_status_since_begins_its_period",
                condition=models.Q(date_precision=DatePrecision.DAY)
                | models.Q(date_precision=DatePrecision.MONTH, since__day=1)
                | models.Q(date_precision=DatePrecision.YEAR, since__day=1, since__month=1),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.since}"

    @property
    def written_since(self) -> str:
        """The day in its own precision."""
        return write_date(self.since, self.date_precision)


@keeps_history()
class TrialConfirmation(models.Model):
    """A lead's word that the centre's trials are stated as they are; without one a centre has not answered."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="trial_confirmations")
    stated_by = models.CharField(_("by"), max_length=150)
    stated_on = models.DateField(_("confirmed"))

    objects = CentresQuerySet.as_manager()

    class Meta:
        ordering = ["-stated_on", "-id"]
        verbose_name = _("confirmation of trials")
        verbose_name_plural = _("confirmations of trials")
        triggers = [moves_revision()]

    def __str__(self) -> str:
        return f"{self.centre_id} {self.stated_on}"
