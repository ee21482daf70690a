"""Persons, known by digests of their identifiers and nothing else."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Mod
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from registry.access import NATIONWIDE, Actor, Permission, centres_where
from registry.choices import Sex
from registry.models.history import keeps_history
from registry.models.possible_doubles import marks_changed_traits
from registry.models.registry_number import NewRegistryNumber, draws_numbers_alone
from registry.models.revision import moves_revision
from registry.models.stated_purpose import states_purpose


class PatientQuerySet(models.QuerySet):
    """Persons of the whole country; show them to someone only through `visible_to`."""

    def visible_to(self, actor: Actor, permission: Permission = Permission.READ_RECORDS):
        """Persons with an infusion at a centre where the actor holds the permission."""
        centres = centres_where(actor, permission)
        if centres is NATIONWIDE:
            return self.all()
        return self.filter(infusions__centre__in=centres).distinct()


@keeps_history()
class Patient(models.Model):
    """A person. The registry number ends in two check digits (ISO 7064, mod 97-10)."""

    registry_number = models.BigIntegerField(
        _("registry number"), unique=True, editable=False, db_default=NewRegistryNumber()
    )
    sex = models.CharField(_("sex"), max_length=7, choices=Sex.choices)
    birth_year = models.PositiveSmallIntegerField(_("year of birth"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        triggers = [moves_revision(), states_purpose(), draws_numbers_alone(), marks_changed_traits()]
        constraints = [
            models.CheckConstraint(
                name="patient_number_has_its_check_digits",
                condition=Exact(Mod("registry_number", 97), 1),
            ),
            models.CheckConstraint(name="patient_sex_is_known_value", condition=Q(sex__in=Sex.values)),
            models.CheckConstraint(
                name="patient_birth_year_is_possible",
                condition=Q(birth_year=None) | Q(birth_year__range=(1880, 2200)),
            ),
        ]

    def __str__(self) -> str:
        return str(self.registry_number)
