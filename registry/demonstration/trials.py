"""The demonstration's two trials, which do not exist."""

from registry.choices import Phase, Sponsor
from registry.models import Trial

ACADEMIC_TRIAL, INDUSTRY_TRIAL = "NCT99000002", "NCT99000001"
TRIALS = (
    (ACADEMIC_TRIAL, "Demonstration: akademisk prövning", Sponsor.ACADEMIC, Phase.I_II),
    (INDUSTRY_TRIAL, "Demonstration: industriprövning", Sponsor.INDUSTRY, Phase.II),
)


def store_trials() -> None:
    """Create missing trials."""
    for identifier, name, sponsor, phase in TRIALS:
        Trial.objects.get_or_create(
            identifier=identifier, defaults={"name": name, "sponsor": sponsor, "phase": phase}
        )
