"""What a hospital or a manufacturing site states of itself, as its own sums (ATMP.md, "Model").

A statement is never changed: a later one is another row. Of two with the same day the one entered last holds, and
one without numbers takes back what was stated.
"""

from functools import reduce
from operator import or_

import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from registry.choices import AtmpClass, ManufacturedClass
from registry.models.centre import Centre
from registry.models.centre_rows import CentresQuerySet
from registry.models.manufacturing_site import ManufacturingSite
from registry.models.revision import moves_revision

EARLIEST, LATEST = 1990, 2200  # years
YEARS = [MinValueValidator(EARLIEST), MaxValueValidator(LATEST)]


def stays_as_stated() -> list[pgtrigger.Trigger]:
    """The triggers of a table of statements."""
    operation = pgtrigger.Update | pgtrigger.Delete
    return [moves_revision(), pgtrigger.Protect(name="stays_as_stated", operation=operation)]


class Statement(models.Model):
    """Who stated it, from what, and who entered it when."""

    stated_by = models.CharField(_("stated by"), max_length=120)
    source = models.CharField(_("source"), max_length=200)
    about = models.BooleanField(_("about"), default=False, help_text=_("The numbers are approximate."))
    entered_by = models.CharField(_("entered by"), max_length=150, editable=False)
    entered_at = models.DateTimeField(_("entered"), auto_now_add=True)

    class Meta:
        abstract = True


class ExemptionYear(Statement):
    """Patients and deliveries of a product under the hospital exemption, at a hospital in a year."""

    centre = models.ForeignKey(
        Centre, on_delete=models.PROTECT, related_name="exemption_years", verbose_name=_("centre")
    )
    product = models.CharField(_("product"), max_length=80)
    atmp_class = models.CharField(_("class"), max_length=20, choices=AtmpClass.choices, default=AtmpClass.UNKNOWN)
    first_year = models.PositiveSmallIntegerField(
        _("first year"), null=True, blank=True, validators=YEARS,
        help_text=_("Only where the number is of several years, which are not stated one by one."),
    )  # fmt: skip
    year = models.PositiveSmallIntegerField(_("year"), validators=YEARS)
    through = models.DateField(
        _("through"), help_text=_("The last day of what is counted: 31 December unless the year runs.")
    )
    patients = models.PositiveIntegerField(_("patients"), null=True, blank=True)
    deliveries = models.PositiveIntegerField(_("deliveries"), null=True, blank=True)

    objects = CentresQuerySet.as_manager()

    class Meta:
        ordering = ["centre", "product", "year", "id"]
        verbose_name = _("year of the hospital exemption")
        verbose_name_plural = _("years of the hospital exemption")
        triggers = stays_as_stated()
        constraints = [
            models.CheckConstraint(name="exemption_class_is_known", condition=Q(atmp_class__in=AtmpClass.values)),
            models.CheckConstraint(name="exemption_year_is_a_year", condition=Q(year__range=(EARLIEST, LATEST))),
            models.CheckConstraint(name="exemption_runs_in_its_year", condition=Q(through__year=F("year"))),
            models.CheckConstraint(
                name="exemption_begins_before_its_year",
                condition=Q(first_year=None) | Q(first_year__gte=EARLIEST, first_year__lt=F("year")),
            ),
            models.CheckConstraint(
                name="exemption_has_product_and_source",
                condition=~Q(product="") & ~Q(source="") & ~Q(stated_by=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.centre_id} {self.product} {self.year}"


class ManufacturingStatement(Statement):
    """What a manufacturing site has made since its start, as of a day."""

    site = models.ForeignKey(
        ManufacturingSite, on_delete=models.PROTECT, related_name="statements", verbose_name=_("site")
    )
    as_of = models.DateField(_("as of"))
    batches = models.PositiveIntegerField(_("batches"), null=True, blank=True)
    dose_preparations = models.PositiveIntegerField(_("dose preparations"), null=True, blank=True)
    products = models.PositiveIntegerField(_("kinds of product"), null=True, blank=True)
    patients = models.PositiveIntegerField(_("patients"), null=True, blank=True)
    patients_with_imports = models.PositiveIntegerField(_("patients with imports"), null=True, blank=True)
    imports = models.PositiveIntegerField(_("imports"), null=True, blank=True)
    countries = models.PositiveIntegerField(_("receiving countries"), null=True, blank=True)

    class Meta:
        ordering = ["site", "as_of", "id"]
        verbose_name = _("statement on manufacture")
        verbose_name_plural = _("statements on manufacture")
        triggers = stays_as_stated()
        constraints = [
            models.CheckConstraint(
                name="manufacturing_statement_has_a_source", condition=~Q(source="") & ~Q(stated_by="")
            ),
            models.CheckConstraint(
                name="manufacturing_imports_add_patients",
                condition=reduce(or_, (Q(**{name: None}) for name in ("patients", "patients_with_imports")))
                | Q(imports=0, patients=F("patients_with_imports"))
                | (Q(imports=None) | Q(imports__gt=0)) & Q(patients__lte=F("patients_with_imports")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site_id} {self.as_of}"


class StatementClass(models.Model):
    """How many of a statement's kinds of product are of a class."""

    statement = models.ForeignKey(ManufacturingStatement, on_delete=models.PROTECT, related_name="classes")
    atmp_class = models.CharField(_("class"), max_length=20, choices=ManufacturedClass.choices)
    products = models.PositiveIntegerField(_("kinds of product"))

    class Meta:
        ordering = ["statement", "atmp_class"]
        triggers = stays_as_stated()
        constraints = [
            models.UniqueConstraint(name="statement_class_is_there_once", fields=["statement", "atmp_class"]),
            models.CheckConstraint(
                name="statement_class_is_known", condition=Q(atmp_class__in=ManufacturedClass.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.atmp_class} {self.products}"


class StatementCountry(models.Model):
    """A country to which a statement's products have gone."""

    statement = models.ForeignKey(
        ManufacturingStatement, on_delete=models.PROTECT, related_name="receiving_countries"
    )
    country = models.CharField(_("country"), max_length=2, help_text=_("By ISO 3166-1, such as NO."))

    class Meta:
        ordering = ["statement", "country"]
        triggers = stays_as_stated()
        constraints = [
            models.UniqueConstraint(name="statement_country_is_there_once", fields=["statement", "country"]),
            models.CheckConstraint(
                name="statement_country_is_two_letters", condition=Q(country__regex="^[A-Z]{2}$")
            ),
        ]

    def __str__(self) -> str:
        return self.country
