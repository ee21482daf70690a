"""The therapeutic areas of trials."""

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from registry.models.history import keeps_history
from registry.models.revision import moves_revision


@keeps_history()
class TrialArea(models.Model):
    """A therapeutic area, such as oncology (ATMP.md, "The words")."""

    key = models.SlugField(_("key"), unique=True)
    name_sv = models.CharField(_("name"), max_length=80)
    name_en = models.CharField(_("name in English"), max_length=80)
    position = models.PositiveSmallIntegerField(_("position"))

    class Meta:
        ordering = ["position", "key"]
        verbose_name = _("therapeutic area")
        verbose_name_plural = _("therapeutic areas")
        triggers = [moves_revision()]
        constraints = [
            # What a trial without an area is published under.
            models.CheckConstraint(name="trial_area_is_not_unknown", condition=~models.Q(key="unknown")),
        ]

    def __str__(self) -> str:
        return self.name_en if get_language() == "en" else self.name_sv
