"""Clinical trials."""

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.choices import AtmpClass, Phase, Sponsor
from registry.infusion_rules import SPONSOR_OF
from registry.models.history import keeps_history
from registry.models.list_guard import ListGuard
from registry.models.revision import moves_revision
from registry.models.trial_area import TrialArea

TRIAL_PATTERN = r"^(\d{4}-5\d{5}-\d{2}-\d{2}|\d{4}-\d{6}-\d{2}|NCT\d{8})$"


def sponsor_of(category: str) -> str:
    """SQL: the sponsor that a trial of a category has; NULL for a category that does not decide it."""
    cases = " ".join(f"WHEN '{name}' THEN '{sponsor}'" for name, sponsor in SPONSOR_OF.items())
    return f"CASE {category} {cases} END"


GUARD = ListGuard(
    table="registry_trial",
    column="trial_id",
    guarded=("identifier", "sponsor"),
    free=(
        "name", "sponsor_name", "phase", "other_identifiers", "atmp_class", "area", "is_car_t",
        "long_term_follow_up",
    ),
    forbidden={
        "sponsor": f"infusion.status = 'submitted' AND old.sponsor = {sponsor_of('infusion.category')}",
    },
)  # fmt: skip
IDENTIFIER_LOCK = 7207  # until the commit: two trials cannot both take an identifier
# One trial has one row, by whichever of its numbers it is known (ATMP.md, small case 1).
OWN_IDENTIFIERS = f"""
PERFORM pg_advisory_xact_lock({IDENTIFIER_LOCK});
IF EXISTS (SELECT FROM unnest(NEW.other_identifiers) AS other WHERE other !~ '{TRIAL_PATTERN}') THEN
    RAISE EXCEPTION 'an identifier of no known form'
    USING ERRCODE = 'check_violation', CONSTRAINT = 'trial_other_identifiers_are_of_a_form';
END IF;
IF NEW.identifier = ANY(NEW.other_identifiers)
   OR (SELECT count(*) <> count(DISTINCT other) FROM unnest(NEW.other_identifiers) AS other)
   OR EXISTS (SELECT FROM registry_trial AS trial
              WHERE trial.id IS DISTINCT FROM NEW.id
                AND (NEW.identifier = ANY(trial.other_identifiers)
                     OR trial.identifier = ANY(NEW.other_identifiers)
                     OR trial.other_identifiers && NEW.other_identifiers)) THEN
    RAISE EXCEPTION 'an identifier is of another trial, or stands twice'
    USING ERRCODE = 'unique_violation', CONSTRAINT = 'trial_identifiers_are_its_own';
END IF;
RETURN NEW;
"""


@keeps_history()
class Trial(models.Model):
    """A clinical trial, with an academic sponsor for category ACT and an industry sponsor for ICT.

    What follows the phase is told of advanced therapies (ATMP.md); the entry of infusions needs none of it.
    """

    identifier = models.CharField(
        _("EU CT, EudraCT or NCT number"), max_length=17, unique=True, help_text="NCT00000000"
    )
    name = models.CharField(_("name"), max_length=120)
    sponsor = models.CharField(_("sponsor"), max_length=8, choices=Sponsor.choices)
    sponsor_name = models.CharField(_("name of the sponsor"), max_length=80, blank=True)
    phase = models.CharField(_("phase"), max_length=7, choices=Phase.choices)
    other_identifiers = ArrayField(
        models.CharField(max_length=17), verbose_name=_("other numbers"), default=list, db_default=[], blank=True,
        help_text=_("Other EU CT, EudraCT and NCT numbers of the same trial, with commas between."),
    )  # fmt: skip
    atmp_class = models.CharField(
        _("class"),
        max_length=20,
        choices=AtmpClass.choices,
        default=AtmpClass.UNKNOWN,
        db_default=AtmpClass.UNKNOWN,
    )
    area = models.ForeignKey(
        TrialArea,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        verbose_name=_("therapeutic area"),
    )
    is_car_t = models.BooleanField(
        _("CAR-T or TCR-T"), null=True, blank=True, help_text=_("Infusions can be registered unless this is no.")
    )
    long_term_follow_up = models.BooleanField(_("long-term follow-up only"), default=False, db_default=False)

    guard = GUARD

    class Meta:
        ordering = ["identifier"]
        verbose_name = _("trial")
        verbose_name_plural = _("trials")
        triggers = [
            moves_revision(),
            *GUARD.triggers,
            pgtrigger.Trigger(
                name="has_own_identifiers",
                level=pgtrigger.Row,
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.Update,
                func=OWN_IDENTIFIERS,
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="trial_identifier_is_registered_form",
                condition=models.Q(identifier__regex=TRIAL_PATTERN),
            ),
            models.CheckConstraint(name="trial_sponsor_is_known", condition=models.Q(sponsor__in=Sponsor.values)),
            models.CheckConstraint(name="trial_phase_is_known", condition=models.Q(phase__in=Phase.values)),
            models.CheckConstraint(
                name="trial_class_is_known", condition=models.Q(atmp_class__in=AtmpClass.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.identifier} {self.name}"

    @property
    def identifiers(self) -> list[str]:
        """All its numbers, the one that it is known by first."""
        return [self.identifier, *self.other_identifiers]
