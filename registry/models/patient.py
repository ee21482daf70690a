"""Persons, known by digests of their identifiers and nothing else."""

import pgtrigger
from django.db import models
from django.db.models import Func, Q
from django.db.models.functions import Mod
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from registry.access import NATIONWIDE, Actor, Permission, centres_where
from registry.choices import IdentifierType, Sex
from registry.models.history import keeps_history, moves_revision

GIVES_BIRTH_DATE = (IdentifierType.PERSONAL.value, IdentifierType.COORDINATION.value)


class PatientQuerySet(models.QuerySet):
    """Persons of the nation; `visible_to` is the only way to show one to someone."""

    def visible_to(self, actor: Actor, permission: Permission = Permission.READ_RECORDS):
        """Persons with an infusion at a centre where the actor holds the permission."""
        centres = centres_where(actor, permission)
        if centres is NATIONWIDE:
            return self.all()
        return self.filter(infusions__centre__in=centres).distinct()


class NewRegistryNumber(Func):
    """A number that nobody has or had (migration 0021): drawn, so that it does not tell when, or after whom."""

    template = "new_registry_number()"
    output_field = models.BigIntegerField()


def draws_numbers_alone() -> pgtrigger.Trigger:
    """The trigger by which two who store new persons at once do not draw one number: the second waits.

    It would wait for the revision anyway, at the end of the same statement (moves_revision).
    """
    return pgtrigger.Trigger(
        name="draws_numbers_alone",
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="PERFORM FROM registry_revision FOR UPDATE; RETURN NULL;",
    )


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
        triggers = [moves_revision(), draws_numbers_alone()]
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


@keeps_history("digest", "birth_digest")
class PatientIdentifier(models.Model):
    """One identifier of a person, as a keyed digest (identity.py), and with it the date of birth that it gives,
    as another under the same key: to be compared with that of another number.
    """

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="identifiers")
    type = models.CharField(_("type"), max_length=20, choices=IdentifierType.choices)
    key_id = models.CharField(_("key"), max_length=40)
    digest = models.BinaryField(editable=False)
    birth_digest = models.BinaryField(editable=False, null=True)

    class Meta:
        verbose_name = _("identifier")
        verbose_name_plural = _("identifiers")
        constraints = [
            models.UniqueConstraint(fields=["digest", "key_id"], name="identifier_is_one_person"),
            models.CheckConstraint(name="identifier_type_is_known", condition=Q(type__in=IdentifierType.values)),
            models.CheckConstraint(
                name="identifier_gives_birth_date",
                condition=Q(birth_digest=None) | Q(type__in=GIVES_BIRTH_DATE),
            ),
        ]

    def __str__(self) -> str:
        return self.get_type_display()


class Erasure(models.Model):
    """That someone was erased: when, by whom and why, and nothing of the person."""

    erased_at = models.DateTimeField(_("erased"), auto_now_add=True)
    erased_by = models.CharField(_("by"), max_length=150)
    reason = models.TextField(_("reason"))

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        triggers = [pgtrigger.Protect(name="stays", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.erased_at:%Y-%m-%d} {self.erased_by}"


class Refusal(models.Model):
    """Someone asked not to be registered: a keyed token that stops a new entry."""

    key_id = models.CharField(_("key"), max_length=40)
    token = models.BinaryField(editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("refusal")
        verbose_name_plural = _("refusals")
        constraints = [
            models.UniqueConstraint(fields=["token", "key_id"], name="refusal_is_kept_once"),
        ]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d}"
