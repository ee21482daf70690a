"""Where infusions are given."""

from typing import Any

from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from registry.choices import CENTRE_CODE, CentreStatus, County, HealthcareRegion
from registry.models.centre_rows import CentresQuerySet
from registry.models.history import keeps_history
from registry.models.list_guard import ListGuard
from registry.models.revision import moves_revision

CODE_PATTERN = f"^{CENTRE_CODE}$"


GUARD = ListGuard(
    table="registry_centre",
    column="centre_id",
    # The county decides how reserve numbers are read, the code how the centre's pseudonyms are.
    guarded=("code", "county_code", "region", "status"),
    free=(
        "name", "city_sv", "city_en", "county", "latitude", "longitude", "position", "hsa_id", "ebmt_code",
    ),
    forbidden={
        "code": "true",
        "status": "new.status = 'upcoming' AND infusion.status = 'submitted'",
    },
)  # fmt: skip


class OwnCentresQuerySet(CentresQuerySet):
    """The centres themselves, of which `visible_to` gives those where the actor holds the permission."""

    at = "pk"


@keeps_history()
class Centre(models.Model):
    """A hospital that gives CAR-T cells, or will."""

    code = models.CharField(_("code"), max_length=12, unique=True)
    name = models.CharField(_("hospital"), max_length=120)
    city_sv = models.CharField(_("city"), max_length=60)
    city_en = models.CharField(_("city in English"), max_length=60)
    county = models.CharField(_("name of the county"), max_length=60, editable=False)  # by the code, in save
    county_code = models.CharField(_("county"), max_length=2, choices=County.choices)
    region = models.CharField(_("healthcare region"), max_length=60, choices=HealthcareRegion.choices)
    latitude = models.FloatField(_("latitude"))
    longitude = models.FloatField(_("longitude"))
    status = models.CharField(_("status"), max_length=10, choices=CentreStatus.choices)
    position = models.PositiveSmallIntegerField(
        _("position"), null=True, blank=True,
        help_text=_(
            "Centres are listed from north to south. One with a number here comes before those with a higher "
            "number and before all without."
        ),
    )  # fmt: skip
    hsa_id = models.CharField(_("HSA-id"), max_length=40, null=True, blank=True, unique=True)
    ebmt_code = models.CharField(_("EBMT centre code"), max_length=12, null=True, blank=True)

    objects = OwnCentresQuerySet.as_manager()
    guard = GUARD

    class Meta:
        ordering = [models.F("position").asc(nulls_last=True), "-latitude", "code"]
        verbose_name = _("centre")
        verbose_name_plural = _("centres")
        triggers = [moves_revision(), *GUARD.triggers]
        constraints = [
            models.CheckConstraint(name="centre_code_is_capitals", condition=models.Q(code__regex=CODE_PATTERN)),
            models.CheckConstraint(
                name="centre_lies_on_earth",
                condition=models.Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
            ),
            models.CheckConstraint(
                name="centre_status_is_known", condition=models.Q(status__in=CentreStatus.values)
            ),
            models.CheckConstraint(
                name="centre_region_is_known", condition=models.Q(region__in=HealthcareRegion.values)
            ),
            models.CheckConstraint(
                name="centre_county_is_known", condition=models.Q(county_code__in=County.values)
            ),
        ]

    def __str__(self) -> str:
        return self.named(get_language())

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save with the name of the county that the code is of."""
        self.county = County(self.county_code).label if self.county_code in County.values else ""
        super().save(*args, **kwargs)

    def named(self, language: str | None) -> str:
        """Its city in a language, with the code."""
        return f"{self.city_en if language == 'en' else self.city_sv} ({self.code})"

    @cached_property
    def former_counties(self) -> list[str]:
        """The codes of other counties where it has been listed."""
        events = type(self).pgh_event_model.objects.filter(pgh_obj_id=self.pk)  # type: ignore[attr-defined]
        return sorted(set(events.values_list("county_code", flat=True)) - {self.county_code})
