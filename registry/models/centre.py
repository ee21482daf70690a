"""Where infusions are given and where products are made."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.choices import CentreStatus
from registry.models.ground import CENTRE, MANUFACTURING_SITE
from registry.models.history import keeps_history, moves_revision

CODE = "[A-Z0-9]{2,12}"  # also as a part of an address
CODE_PATTERN = f"^{CODE}$"


@keeps_history()
class Centre(models.Model):
    """A hospital that gives CAR-T, or will."""

    code = models.CharField(_("code"), max_length=12, unique=True)
    name = models.CharField(_("hospital"), max_length=120)
    city_sv = models.CharField(_("city"), max_length=60)
    city_en = models.CharField(_("city in English"), max_length=60)
    county = models.CharField(_("county"), max_length=60)
    county_code = models.CharField(_("county code"), max_length=2)
    region = models.CharField(_("healthcare region"), max_length=60)
    latitude = models.FloatField(_("latitude"))
    longitude = models.FloatField(_("longitude"))
    status = models.CharField(_("status"), max_length=10, choices=CentreStatus.choices)
    position = models.PositiveSmallIntegerField(
        _("position"), help_text=_("Centres are listed in this order, from north to south.")
    )
    hsa_id = models.CharField(_("HSA-id"), max_length=40, null=True, blank=True, unique=True)
    ebmt_code = models.CharField(_("EBMT centre code"), max_length=12, null=True, blank=True)

    ground = CENTRE

    class Meta:
        ordering = ["position", "code"]
        verbose_name = _("centre")
        verbose_name_plural = _("centres")
        triggers = [moves_revision(), *CENTRE.triggers]
        constraints = [
            models.CheckConstraint(name="centre_code_is_capitals", condition=models.Q(code__regex=CODE_PATTERN)),
            models.CheckConstraint(
                name="centre_lies_on_earth",
                condition=models.Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
            ),
            models.CheckConstraint(
                name="centre_status_is_known", condition=models.Q(status__in=CentreStatus.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.city_sv} ({self.code})"


@keeps_history()
class ManufacturingSite(models.Model):
    """A hospital's own GMP site, shown with the centre where it lies."""

    code = models.CharField(_("code"), max_length=12, unique=True)
    name = models.CharField(_("name"), max_length=120)
    centre = models.ForeignKey(
        Centre, on_delete=models.PROTECT, related_name="manufacturing_sites", verbose_name=_("centre")
    )

    ground = MANUFACTURING_SITE

    class Meta:
        ordering = ["code"]
        verbose_name = _("manufacturing site")
        verbose_name_plural = _("manufacturing sites")
        triggers = [moves_revision(), *MANUFACTURING_SITE.triggers]
        constraints = [
            models.CheckConstraint(name="site_code_is_capitals", condition=models.Q(code__regex=CODE_PATTERN)),
        ]

    def __str__(self) -> str:
        return self.name
