"""What can be counted of trials: dimensions, measures and a query by them (ATMP.md, "Measures", "Interface")."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from registry.choices import AtmpClass, Phase, Sponsor, TrialStatus
from registry.measures import Measure
from registry.published.count_query import RATE

FIRST_TRIAL = date(2006, 1, 1)  # the first national list of trials (ATMP.md, "Independent material")
DIMENSIONS = ("centre", "county", "region", "class", "area", "phase", "sponsor", "status", "year")
OF_SITE = ("centre", "county", "region")  # the others, but for status and year, are of the trial
OF_TRIAL = ("class", "area", "phase", "sponsor")
MOST_DIMENSIONS = 2
# Values of the dimensions that are lists of the code.
VALUES: Mapping[str, Sequence[str]] = {
    "class": AtmpClass.values,
    "phase": Phase.values,
    "sponsor": Sponsor.values,
    "status": TrialStatus.values,
}
SOURCE = "ATMP.md, Measures"

MEASURES = {
    "trials": Measure(
        sv="prövningar",
        en="trials",
        rule_sv="Antalet olika prövningar som pågår (rekryterar eller följer upp) vid något av cellens sjukhus. "
        "Med status som indelning eller urval: som har den statusen i cellen, som är den första av rekryterar, "
        "följer upp, planerad, avslutad och aldrig öppnad som något av cellens sjukhus har. Per år: som den var "
        "den 31 december.",
        rule_en="Distinct trials that are ongoing (recruiting or in follow-up) at one of the cell's hospitals. By "
        "status, or of some: those that have it in the cell, which is the first of recruiting, in follow-up, "
        "planned, closed and withdrawn that one of the cell's hospitals has. By year: as on 31 December.",
        sql="",
        source=SOURCE,
    ),
    "site_trials": Measure(
        sv="prövningar vid sjukhus",
        en="site trials",
        rule_sv="Antalet par av prövning och sjukhus. En prövning vid tre sjukhus är en prövning, och tre här.",
        rule_en="Pairs of a trial and a hospital. A trial at three hospitals is one trial, and three of these.",
        sql="",
        source=SOURCE,
    ),
    "ever": Measure(
        sv="öppnade till och med dagen",
        en="opened by the day",
        rule_sv="Antalet olika prövningar som har börjat rekrytera i cellen.",
        rule_en="Distinct trials that have begun to recruit in the cell.",
        sql="",
        source=SOURCE,
    ),
    "opened": Measure(
        sv="öppnade",
        en="opened",
        rule_sv="Antalet olika prövningar som började rekrytera i cellen det året; utan år, som har gjort det.",
        rule_en="Distinct trials that began to recruit in the cell in the year; without a year, that have.",
        sql="",
        source=SOURCE,
    ),
}
RATE_RULE = Measure(
    sv="prövningar per 100 000 invånare",
    en="trials per 100,000 inhabitants",
    rule_sv="Pågående prövningar vid områdets sjukhus, delade med områdets invånare, gånger 100 000. Patienterna "
    "kommer ofta från andra delar av landet.",
    rule_en="Ongoing trials at the area's hospitals, divided by the area's inhabitants, times 100,000. The "
    "patients often come from other parts of the country.",
    sql="",
    source=SOURCE,
    unit="rate",
)
DEFAULT_MEASURES = ("trials", "site_trials")
ASKABLE = (*MEASURES, RATE)


@dataclass(frozen=True)
class TrialQuery:
    """What is counted: by which dimensions, which measures, of which values, as of which day."""

    by: tuple[str, ...] = ()
    measures: tuple[str, ...] = DEFAULT_MEASURES
    filters: Mapping[str, Sequence[str | int]] = field(default_factory=dict)
    as_of: date | None = None
    rates: bool = False


def _stated(sv: str, en: str, rule_sv: str, rule_en: str) -> Measure:
    return Measure(sv=sv, en=en, rule_sv=rule_sv, rule_en=rule_en, sql="", source=SOURCE)


EXEMPTION_MEASURES = {
    "patients": _stated(
        "patienter", "patients",
        "Patienter som sjukhuset uppger att det har behandlat enligt sjukhusundantaget med produkten under året.",
        "Patients whom the hospital states that it has treated with the product in the year under the hospital "
        "exemption.",
    ),
    "deliveries": _stated(
        "leveranser", "deliveries",
        "Leveranser av produkten som sjukhuset uppger för året.",
        "Deliveries of the product that the hospital states for the year.",
    ),
}  # fmt: skip
MANUFACTURING_MEASURES = {
    "batches": _stated(
        "batcher", "batches",
        "Batcher som enheten uppger att den har tillverkat sedan starten.",
        "Batches that the site states it has made since its start.",
    ),
    "dose_preparations": _stated(
        "dosberedningar", "dose preparations",
        "Beredningar av doser som enheten uppger sedan starten.",
        "Preparations of doses that the site states since its start.",
    ),
    "products": _stated(
        "produktslag", "kinds of product",
        "Olika slag av produkter bland batcher och dosberedningar. Inte produkter gjorda för en person.",
        "Kinds of product among batches and dose preparations. Not products made for a person.",
    ),
    "patients": _stated(
        "patienter", "patients",
        "Patienter som enheten uppger har fått dess produkter.",
        "Patients whom the site states to have received its products.",
    ),
    "patients_with_imports": _stated(
        "patienter med import", "patients with imports",
        "Samma patienter, och de som har fått importerade produkter genom enheten.",
        "The same patients, and those who have received imported products through the site.",
    ),
    "imports": _stated(
        "importer", "imports",
        "Importerade produkter eller sändningar. Inte patienter.",
        "Imported products or consignments. Not patients.",
    ),
    "countries": _stated(
        "mottagarländer", "receiving countries",
        "Länder dit enheten uppger att dess produkter har gått.",
        "Countries to which the site states that its products have gone.",
    ),
}  # fmt: skip
