"""Where hospitals make products themselves."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.models.centre import CODE_PATTERN, Centre
from registry.models.history import keeps_history
from registry.models.list_guard import ListGuard
from registry.models.revision import moves_revision

GUARD = ListGuard(
    table="registry_manufacturingsite",
    column="manufacturing_site_id",
    guarded=("code", "centre"),
    free=("name",),
)


@keeps_history()
class ManufacturingSite(models.Model):
    """A hospital's own GMP site, shown with the centre that it belongs to."""

    code = models.CharField(_("code"), max_length=12, unique=True)
    name = models.CharField(_("name"), max_length=120)
    centre = models.ForeignKey(
        Centre, on_delete=models.PROTECT, related_name="manufacturing_sites", verbose_name=_("centre")
    )

    guard = GUARD

    class Meta:
        ordering = ["code"]
        verbose_name = _("manufacturing site")
        verbose_name_plural = _("manufacturing sites")
        triggers = [moves_revision(), *GUARD.triggers]
        constraints = [
            models.CheckConstraint(name="site_code_is_capitals", condition=models.Q(code__regex=CODE_PATTERN)),
        ]

    def __str__(self) -> str:
        return self.name
