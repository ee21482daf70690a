"""What is infused, against what, and under which trial."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from registry.choices import DatePrecision, Modality, Phase, ProductOrigin, Sponsor
from registry.models.ground import INDICATION, PRODUCT, TRIAL
from registry.models.history import keeps_history, moves_revision
from registry.order import Plan

TRIAL_PATTERN = r"^(\d{4}-5\d{5}-\d{2}-\d{2}|\d{4}-\d{6}-\d{2}|NCT\d{8})$"


@keeps_history()
class Product(models.Model):
    """A CAR-T or TCR-T product. One without a name on the market is a product of its own."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    inn = models.CharField(_("INN"), max_length=80, blank=True)
    atc = models.CharField(_("ATC code"), max_length=8, blank=True)
    holder = models.CharField(_("holder"), max_length=80, blank=True)
    target = models.CharField(_("target"), max_length=20, blank=True)
    modality = models.CharField(_("modality"), max_length=5, choices=Modality.choices)
    origin = models.CharField(_("origin"), max_length=20, choices=ProductOrigin.choices)
    authorised_on = models.DateField(_("authorised on"), null=True, blank=True)
    authorised_precision = models.CharField(
        _("precision of the date"), max_length=5, choices=DatePrecision.choices, blank=True
    )
    planned_doses = models.PositiveSmallIntegerField(
        _("planned doses"), default=1, help_text=_("Of one course; all but the first of them are further doses.")
    )
    dose_interval_days = models.PositiveSmallIntegerField(
        _("planned days between two doses"),
        null=True,
        blank=True,
        help_text=_("Day 1 and day 10 are 9 days."),
    )
    longest_dose_interval_days = models.PositiveSmallIntegerField(
        _("most days between two doses"),
        null=True,
        blank=True,
        help_text=_("A further dose that is given later is asked about."),
    )
    unconfirmed = models.CharField(
        _("unconfirmed"), max_length=80, blank=True, help_text=_("Names of fields to be confirmed.")
    )
    position = models.PositiveSmallIntegerField(_("position"))

    ground = PRODUCT

    class Meta:
        ordering = ["position", "name"]
        verbose_name = _("product")
        verbose_name_plural = _("products")
        triggers = [moves_revision(), *PRODUCT.triggers]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="product_name_in_any_case"),
            models.UniqueConstraint(Lower("inn"), name="product_inn_in_any_case", condition=~models.Q(inn="")),
            models.CheckConstraint(
                name="product_date_has_precision",
                condition=models.Q(authorised_on=None, authorised_precision="")
                | models.Q(authorised_on__isnull=False) & ~models.Q(authorised_precision=""),
            ),
            models.CheckConstraint(
                name="product_interval_is_of_planned_doses",
                condition=models.Q(planned_doses=1, dose_interval_days=None, longest_dose_interval_days=None)
                | models.Q(
                    planned_doses__gt=1,
                    dose_interval_days__isnull=False,
                    longest_dose_interval_days__isnull=False,
                    longest_dose_interval_days__gte=models.F("dose_interval_days"),
                ),
            ),
            models.CheckConstraint(
                name="product_modality_is_known", condition=models.Q(modality__in=Modality.values)
            ),
            models.CheckConstraint(
                name="product_origin_is_known", condition=models.Q(origin__in=ProductOrigin.values)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def plan(self) -> Plan:
        """How a course of it is given."""
        return Plan(self.planned_doses, self.longest_dose_interval_days or 0)


@keeps_history()
class Indication(models.Model):
    """The disease treated."""

    key = models.SlugField(_("key"), unique=True)
    icd10 = models.CharField(_("ICD-10 code"), max_length=8, null=True, blank=True, unique=True)
    name_sv = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=80)
    unconfirmed = models.CharField(_("unconfirmed"), max_length=80, blank=True)
    position = models.PositiveSmallIntegerField(_("position"))

    ground = INDICATION

    class Meta:
        ordering = ["position", "key"]
        verbose_name = _("indication")
        verbose_name_plural = _("indications")
        triggers = [moves_revision(), *INDICATION.triggers]
        constraints = [
            models.CheckConstraint(
                name="indication_code_is_not_empty",
                condition=models.Q(icd10=None) | ~models.Q(icd10=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name_sv} ({self.icd10})" if self.icd10 else self.name_sv

    @property
    def code(self) -> str:
        """The ICD-10 code, or the list's key where there is none."""
        return self.icd10 or self.key


@keeps_history()
class Trial(models.Model):
    """A clinical trial: academic for ACT, of the industry for ICT."""

    identifier = models.CharField(
        _("EU CT, EudraCT or NCT number"), max_length=17, unique=True, help_text="NCT00000000"
    )
    name = models.CharField(_("name"), max_length=120)
    sponsor = models.CharField(_("sponsor"), max_length=8, choices=Sponsor.choices)
    sponsor_name = models.CharField(_("name of the sponsor"), max_length=80, blank=True)
    phase = models.CharField(_("phase"), max_length=6, choices=Phase.choices)

    ground = TRIAL

    class Meta:
        ordering = ["identifier"]
        verbose_name = _("trial")
        verbose_name_plural = _("trials")
        triggers = [moves_revision(), *TRIAL.triggers]
        constraints = [
            models.CheckConstraint(
                name="trial_identifier_is_registered_form",
                condition=models.Q(identifier__regex=TRIAL_PATTERN),
            ),
            models.CheckConstraint(name="trial_sponsor_is_known", condition=models.Q(sponsor__in=Sponsor.values)),
            models.CheckConstraint(name="trial_phase_is_known", condition=models.Q(phase__in=Phase.values)),
        ]

    def __str__(self) -> str:
        return f"{self.identifier} {self.name}"
