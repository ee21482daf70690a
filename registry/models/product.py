"""The products given, and how a course of each is planned."""

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from registry.choices import DatePrecision, Modality, ProductOrigin
from registry.course_order import Plan
from registry.models.history import keeps_history
from registry.models.list_guard import ListGuard
from registry.models.revision import moves_revision

GUARD = ListGuard(
    table="registry_product",
    column="product_id",
    guarded=(
        "name", "inn", "atc", "target", "modality", "origin", "authorised_on", "authorised_precision",
        "planned_doses", "dose_interval_days", "longest_dose_interval_days",
    ),
    free=("holder", "unconfirmed", "position"),
)  # fmt: skip


@keeps_history()
class Product(models.Model):
    """A CAR-T or TCR-T product, marketed or not."""

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
    position = models.PositiveSmallIntegerField(_("position"), default=0, editable=False)  # for the release before

    guard = GUARD

    class Meta:
        ordering = [models.F("authorised_on").asc(nulls_last=True), "name"]
        verbose_name = _("product")
        verbose_name_plural = _("products")
        triggers = [moves_revision(), *GUARD.triggers]
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
        """How a course of the product is given."""
        return Plan(self.planned_doses, self.longest_dose_interval_days or 0)
