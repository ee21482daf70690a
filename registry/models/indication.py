"""The diseases treated."""

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from registry.models.history import keeps_history
from registry.models.list_guard import ListGuard
from registry.models.revision import moves_revision

GUARD = ListGuard(
    table="registry_indication",
    column="indication_id",
    guarded=("key", "icd10"),
    free=("name_sv", "name_en", "unconfirmed", "position"),
)


@keeps_history()
class Indication(models.Model):
    """A disease that is treated."""

    key = models.SlugField(_("key"), unique=True)
    icd10 = models.CharField(_("ICD-10 code"), max_length=8, null=True, blank=True, unique=True)
    name_sv = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=80)
    unconfirmed = models.CharField(_("unconfirmed"), max_length=80, blank=True)
    position = models.PositiveSmallIntegerField(_("position"))

    guard = GUARD

    class Meta:
        ordering = ["position", "key"]
        verbose_name = _("indication")
        verbose_name_plural = _("indications")
        triggers = [moves_revision(), *GUARD.triggers]
        constraints = [
            models.CheckConstraint(
                name="indication_code_is_not_empty",
                condition=models.Q(icd10=None) | ~models.Q(icd10=""),
            ),
        ]

    def __str__(self) -> str:
        return self.named(get_language())

    def named(self, language: str | None) -> str:
        """Its name in a language, with the code."""
        name = self.name_en if language == "en" else self.name_sv
        return f"{name} ({self.icd10})" if self.icd10 else name

    @property
    def code(self) -> str:
        """The ICD-10 code, or the key where there is none."""
        return self.icd10 or self.key
