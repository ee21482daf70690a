"""The demonstration's trials, which do not exist: as many, of such classes and at such hospitals as the report of
Stockholm and Uppsala has (ATMP.md, "Worked example"). Its text names neither phases nor sponsors nor days: those
here are made up too.
"""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from registry.access import Operator, acting_as
from registry.choices import AtmpClass, DatePrecision, Phase, Sponsor, TrialStatus
from registry.dates import first_day
from registry.entry.publish_request import announce_change
from registry.models import Centre, SiteTrial, SiteTrialStatus, Trial, TrialArea, TrialConfirmation
from registry.sentences import DEMONSTRATION

ACADEMIC_TRIAL, INDUSTRY_TRIAL = "NCT99000002", "NCT99000001"
REPORT = "Rapport Stockholm och Uppsala 2025"
AS_OF = date(2025, 9, 8)
IN_VIVO, EX_VIVO, SCTMP, UNKNOWN = (
    AtmpClass.IN_VIVO_GTMP, AtmpClass.EX_VIVO_GTMP, AtmpClass.SCTMP, AtmpClass.UNKNOWN,
)  # fmt: skip
# Hospital, class, how many; the two trials of the made-up infusions come first where their infusions began.
NUMBERS = (("STO", EX_VIVO, 13), ("STO", IN_VIVO, 8), ("STO", SCTMP, 8), ("UPP", UNKNOWN, 14))
OF_INFUSIONS = {
    ("STO", EX_VIVO): (
        INDUSTRY_TRIAL, "Demonstration: industriprövning", Sponsor.INDUSTRY, Phase.II, date(2019, 1, 1),
    ),
    ("UPP", UNKNOWN): (
        ACADEMIC_TRIAL, "Demonstration: akademisk prövning", Sponsor.ACADEMIC, Phase.I_II, date(2014, 1, 1),
    ),
}  # fmt: skip
AREAS = {
    IN_VIVO: ("ophthalmology", "metabolic_and_genetic", "neurology"),
    EX_VIVO: ("oncology", "haematology_non_malignant", "immunology"),
    SCTMP: ("oncology", "cardiovascular", "dermatology_and_burns"),
}
PHASES = (Phase.I, Phase.I_II, Phase.II, Phase.I_II, Phase.III, Phase.II, Phase.UNKNOWN)
SPONSORS = (Sponsor.ACADEMIC, Sponsor.INDUSTRY, Sponsor.INDUSTRY)
FIRST_YEAR, YEARS = 2016, 9


class MadeUp(NamedTuple):
    """A trial at its hospital, with the day on which it opened."""

    trial: Trial
    centre: str
    opened: date
    closed_to_recruitment: bool


def store_trials() -> None:
    """Create the missing ones of the two trials that the infusions are of."""
    _store([one for one in _make_up() if one.trial.identifier in {ACADEMIC_TRIAL, INDUSTRY_TRIAL}])


def store_site_trials() -> None:
    """Create the other trials, and state where all are, unless somebody has stated any."""
    if SiteTrial.objects.exists():
        return
    with acting_as(Operator(), reason=DEMONSTRATION):
        made_up = list(_make_up())
        _store(made_up)
        _state(made_up)
        announce_change()


def _store(made_up: list[MadeUp]) -> None:
    there = set(Trial.objects.values_list("identifier", flat=True))
    Trial.objects.bulk_create(one.trial for one in made_up if one.trial.identifier not in there)


def _make_up() -> Iterator[MadeUp]:
    areas = {area.key: area for area in TrialArea.objects.all()}
    serial = 0
    for centre, kind, number in NUMBERS:
        for place in range(number):
            if place == 0 and (centre, kind) in OF_INFUSIONS:
                identifier, name, sponsor, phase, opened = OF_INFUSIONS[centre, kind]
            else:
                serial += 1
                identifier, name = f"NCT99000{100 + serial}", f"Demonstration: påhittad prövning {serial}"
                sponsor, phase = SPONSORS[serial % len(SPONSORS)], PHASES[serial % len(PHASES)]
                opened = date(FIRST_YEAR + serial % YEARS, 1 + serial % 12, 1)
            names = AREAS.get(kind)
            trial = Trial(
                identifier=identifier, name=name, sponsor=sponsor, phase=phase, atmp_class=kind,
                area=areas[names[place % len(names)]] if names else None,
                is_car_t=identifier in {ACADEMIC_TRIAL, INDUSTRY_TRIAL},
                long_term_follow_up=False,
            )  # fmt: skip
            yield MadeUp(trial, centre, opened, identifier.endswith("5"))


def _state(made_up: list[MadeUp]) -> None:
    centres = Centre.objects.in_bulk(field_name="code")
    trials = Trial.objects.in_bulk([one.trial.identifier for one in made_up], field_name="identifier")
    rows = SiteTrial.objects.bulk_create(
        SiteTrial(trial=trials[one.trial.identifier], centre=centres[one.centre], source=REPORT) for one in made_up
    )
    SiteTrialStatus.objects.bulk_create(
        status for row, one in zip(rows, made_up, strict=True) for status in _statuses(row, one)
    )
    TrialConfirmation.objects.bulk_create(
        TrialConfirmation(centre=centres[code], stated_by=Operator.username, stated_on=AS_OF)
        for code in sorted({one.centre for one in made_up})
    )


def _statuses(row: SiteTrial, one: MadeUp) -> Iterator[SiteTrialStatus]:
    precision = DatePrecision.YEAR if one.opened.month == 1 else DatePrecision.MONTH
    yield SiteTrialStatus(
        site_trial=row, status=TrialStatus.RECRUITING, since=first_day(one.opened, precision),
        date_precision=precision,
    )  # fmt: skip
    if one.closed_to_recruitment:
        yield SiteTrialStatus(
            site_trial=row, status=TrialStatus.FOLLOW_UP, since=date(2025, 3, 1),
            date_precision=DatePrecision.MONTH,
        )  # fmt: skip
