"""Persons who were erased, or who asked not to be registered."""

import pgtrigger
from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.models.chain import chained


class Erasure(models.Model):
    """That a person was erased: when, by whom and why. It holds nothing of the person."""

    erased_at = models.DateTimeField(_("erased"), auto_now_add=True)
    erased_by = models.CharField(_("by"), max_length=150)
    reason = models.TextField(_("reason"))

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        triggers = [
            pgtrigger.Protect(name="stays", operation=pgtrigger.Update | pgtrigger.Delete),
            *chained(moment="erased_at"),
        ]

    def __str__(self) -> str:
        return f"{self.erased_at:%Y-%m-%d} {self.erased_by}"


class Refusal(models.Model):
    """A person who asked not to be registered, as a keyed token that blocks a new registration."""

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
