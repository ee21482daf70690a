"""What is stored of a person's numbers."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from registry.choices import GIVES_BIRTH_AND_SEX, IdentifierType
from registry.models.history import keeps_history
from registry.models.patient import Patient
from registry.models.possible_doubles import marks_changed_persons


@keeps_history("digest", "birth_digest")
class PatientIdentifier(models.Model):
    """A person's identifier as a keyed digest (identity.py).

    birth_digest is that of the date of birth in it, under the same key, to compare with another number's.
    """

    patient = models.ForeignKey(Patient, on_delete=models.CASCADE, related_name="identifiers")
    type = models.CharField(_("type"), max_length=20, choices=IdentifierType.choices)
    key_id = models.CharField(_("key"), max_length=40)
    digest = models.BinaryField(editable=False)
    birth_digest = models.BinaryField(editable=False, null=True)

    class Meta:
        verbose_name = _("identifier")
        verbose_name_plural = _("identifiers")
        triggers = marks_changed_persons()
        constraints = [
            models.UniqueConstraint(fields=["digest", "key_id"], name="identifier_is_one_person"),
            models.CheckConstraint(name="identifier_type_is_known", condition=Q(type__in=IdentifierType.values)),
            models.CheckConstraint(
                name="identifier_gives_birth_date",
                condition=Q(birth_digest=None) | Q(type__in=GIVES_BIRTH_AND_SEX),
            ),
        ]

    def __str__(self) -> str:
        return self.get_type_display()
