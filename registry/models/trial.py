"""Clinical trials."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.choices import Phase, Sponsor
from registry.infusion_rules import SPONSOR_OF
from registry.models.history import keeps_history
from registry.models.list_guard import ListGuard
from registry.models.revision import moves_revision

TRIAL_PATTERN = r"^(\d{4}-5\d{5}-\d{2}-\d{2}|\d{4}-\d{6}-\d{2}|NCT\d{8})$"


def sponsor_of(category: str) -> str:
    """SQL: the sponsor that a trial of a category has; NULL for a category that does not decide it."""
    cases = " ".join(f"WHEN '{name}' THEN '{sponsor}'" for name, sponsor in SPONSOR_OF.items())
    return f"CASE {category} {cases} END"


GUARD = ListGuard(
    table="registry_trial",
    column="trial_id",
    guarded=("identifier", "sponsor"),
    free=("name", "sponsor_name", "phase"),
    forbidden={
        "sponsor": f"infusion.status = 'submitted' AND old.sponsor = {sponsor_of('infusion.category')}",
    },
)


@keeps_history()
class Trial(models.Model):
    """A clinical trial, with an academic sponsor for category ACT and an industry sponsor for ICT."""

    identifier = models.CharField(
        _("EU CT, EudraCT or NCT number"), max_length=17, unique=True, help_text="NCT00000000"
    )
    name = models.CharField(_("name"), max_length=120)
    sponsor = models.CharField(_("sponsor"), max_length=8, choices=Sponsor.choices)
    sponsor_name = models.CharField(_("name of the sponsor"), max_length=80, blank=True)
    phase = models.CharField(_("phase"), max_length=6, choices=Phase.choices)

    guard = GUARD

    class Meta:
        ordering = ["identifier"]
        verbose_name = _("trial")
        verbose_name_plural = _("trials")
        triggers = [moves_revision(), *GUARD.triggers]
        constraints = [
            models.CheckConstraint(
                name="trial_identifier_is_registered_form",
                condition=models.Q(identifier__regex=TRIAL_PATTERN),
            ),
            models.CheckConstraint(name="trial_sponsor_is_known", condition=models.Q(sponsor__in=Sponsor.values)),
            models.CheckConstraint(name="trial_phase_is_known", condition=models.Q(phase__in=Phase.values)),
        ]

    def __str__(self) -> str:
        return f"{self.identifier} {self.name}"
