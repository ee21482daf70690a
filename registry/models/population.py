"""How many people live where, by Statistics Sweden."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.areas import AREAS
from registry.models.history import keeps_history
from registry.models.revision import moves_revision

EARLIEST, LATEST = 1900, 2200  # years


@keeps_history()
class Population(models.Model):
    """The persons of an area on 31 December of a year. No infusion refers to it."""

    area = models.CharField(_("area"), max_length=4, choices=AREAS)
    year = models.PositiveSmallIntegerField(
        _("year"), help_text=_("The population on 31 December of this year."),
        validators=[MinValueValidator(EARLIEST), MaxValueValidator(LATEST)],
    )  # fmt: skip
    persons = models.PositiveIntegerField(_("persons"), validators=[MinValueValidator(1)])
    source = models.CharField(_("source"), max_length=200)

    class Meta:
        ordering = ["-year", "area"]
        verbose_name = _("population")
        verbose_name_plural = _("populations")
        triggers = [moves_revision()]
        constraints = [
            models.UniqueConstraint(name="population_is_stated_once", fields=["area", "year"]),
            models.CheckConstraint(
                name="population_area_is_known", condition=models.Q(area__in=[code for code, _name in AREAS])
            ),
            models.CheckConstraint(
                name="population_year_is_a_year", condition=models.Q(year__range=(EARLIEST, LATEST))
            ),
            models.CheckConstraint(name="population_is_somebody", condition=models.Q(persons__gt=0)),
            models.CheckConstraint(name="population_has_a_source", condition=~models.Q(source="")),
        ]

    def __str__(self) -> str:
        return f"{self.get_area_display()} {self.year}"
