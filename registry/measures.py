"""The definitions of all measures: COUNTING.md as data and as SQL.

A measure's expression is an aggregate over the infusions of a cell, gathered to rows that stand for `n` of them:
with their role in the cell, `is_entry` (the person's first there), what is ASKED of them, and the least `first`.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from registry.choices import DatePrecision, Kind
from registry.dates import write_date
from registry.infusion_rules import CHILD_BELOW


@dataclass(frozen=True)
class Measure:
    """A measure's labels and rule in both languages, and its aggregate.

    source: where the rule comes from. unit: what is counted.
    """

    sv: str
    en: str
    rule_sv: str
    rule_en: str
    sql: str
    unit: str = "count"
    source: str = "COUNTING.md, Measures of a cell"

    def label(self, language: str) -> str:
        """Its label in a language ("sv" or "en")."""
        return self.sv if language == "sv" else self.en

    def rule(self, language: str) -> str:
        """Its rule in a language."""
        return self.rule_sv if language == "sv" else self.rule_en


# What the aggregates ask of an infusion. `first` is one number, so that min() keeps the date and the precision of
# the earliest: the day from which it counts, its precision, and how many days before that day its period begins.
DAYS_OF_PERIOD = 400
ASKED = {
    "is_dose": f"kind = '{Kind.FURTHER_DOSE}'",
    "is_child": f"age < {CHILD_BELOW}",
    "product": "product",
}
FIRST = (
    "((counts_from - date '1900-01-01') * 3 + CASE date_precision "
    f"WHEN '{DatePrecision.YEAR}' THEN 0 WHEN '{DatePrecision.MONTH}' THEN 1 ELSE 2 END) * {DAYS_OF_PERIOD} "
    "+ (counts_from - infused_on)"
)
FIRST_PRECISIONS = (DatePrecision.YEAR, DatePrecision.MONTH, DatePrecision.DAY)

MEASURES = {
    "infusions": Measure(
        sv="infusioner",
        en="infusions",
        rule_sv="Antalet registrerade infusioner i cellen.",
        rule_en="The number of registered infusions in the cell.",
        sql="sum(n)",
    ),
    "patients": Measure(
        sv="patienter",
        en="patients",
        rule_sv="Antalet olika personer med en infusion i cellen. I en tabell över tid: nya patienter.",
        rule_en="Distinct persons with an infusion in the cell. In a table over time: new patients.",
        sql="coalesce(sum(n) FILTER (WHERE is_entry), 0)",
    ),
    "further_doses": Measure(
        sv="ytterligare doser",
        en="further doses",
        rule_sv="Infusioner som inte är personens första i cellen och som är en ytterligare planerad "
        "dos i samma behandlingsomgång.",
        rule_en="Infusions that are not the person's first in the cell but a further planned dose "
        "of the same course.",
        sql="coalesce(sum(n) FILTER (WHERE NOT is_entry AND is_dose), 0)",
    ),
    "reinfusions": Measure(
        sv="reinfusioner",
        en="reinfusions",
        rule_sv="Övriga infusioner som inte är personens första i cellen (RI).",
        rule_en="All other infusions that are not the person's first in the cell (RI).",
        sql="coalesce(sum(n) FILTER (WHERE NOT is_entry AND NOT is_dose), 0)",
    ),
    "first": Measure(
        sv="första",
        en="first",
        rule_sv="Det tidigaste datumet för någons första infusion i cellen, så noggrant som det är känt.",
        rule_en="The earliest date of a person's first infusion in the cell, as precisely as it is known.",
        sql="min(first) FILTER (WHERE is_entry)",
        unit="date",
    ),
    "children": Measure(
        sv="barn",
        en="children",
        rule_sv="Personer som är under 18 år vid sin första infusion i cellen.",
        rule_en="Persons under 18 years of age at their first infusion in the cell.",
        sql="coalesce(sum(n) FILTER (WHERE is_entry AND is_child), 0)",
    ),
    "products": Measure(
        sv="produkter",
        en="products",
        rule_sv="Antalet olika produkter i cellen.",
        rule_en="Distinct products in the cell.",
        sql="count(DISTINCT product)",
    ),
}
DEFAULT_MEASURES = ("patients", "infusions", "reinfusions", "further_doses", "first")

# Numbers derived from a cell's measures.
DERIVED = {
    "patients_summed": Measure(
        sv="summa patienter",
        en="patients summed",
        rule_sv="Summan av patienterna i delarna. En person som har behandlats i flera delar räknas i var "
        "och en av dem, men bara en gång i totalen.",
        rule_en="The sum of the parts' patients. A person treated in several parts is a patient in each "
        "of them, but once in the total.",
        sql="",
        source="COUNTING.md, Persons are national",
    ),
    "manufactured": Measure(
        sv="tillverkade",
        en="manufactured",
        rule_sv="Registrerade infusioner, vid vilket centrum som helst, av produkter som har tillverkats på "
        "platsen. De ingår inte i centrumets egna infusioner.",
        rule_en="Registered infusions, at any centre, of products made at the site. They are not part of "
        "the centre's own infusions.",
        sql="",
        source="COUNTING.md, Manufacturing",
    ),
    "per_100_000": Measure(
        sv="patienter per 100 000 invånare",
        en="patients per 100,000 inhabitants",
        rule_sv="Patienterna delade med folkmängden i länet, regionen eller landet, gånger 100 000, med två "
        "decimaler. Området är där de har behandlats, inte där de bor.",
        rule_en="The patients divided by the population of the county, region or country, times 100,000, to two "
        "decimals. The area is where they were treated, not where they live.",
        sql="",
        unit="rate",
        source="ATMP.md, Measures",
    ),
    "population": Measure(
        sv="invånare",
        en="inhabitants",
        rule_sv="Folkmängden i området den 31 december enligt Statistiska centralbyrån: det senaste året som inte "
        "är senare än dagen som siffrorna gäller. En sjukvårdsregion har summan av sina län, och sina "
        "kommuner i Halland.",
        rule_en="The population of the area on 31 December, from Statistics Sweden: for the latest year not "
        "after the day that the numbers are as of. A healthcare region has the sum of its counties, and of its "
        "municipalities in Halland.",
        sql="",
        source="ATMP.md, The words",
    ),
    "population_year": Measure(
        sv="folkmängdens år",
        en="year of the population",
        rule_sv="Året vars folkmängd det är.",
        rule_en="The year of that population.",
        sql="",
        unit="year",
        source="ATMP.md, The words",
    ),
}


def print_first(value: int | None) -> str | None:
    """Format the measure `first`, from the number that FIRST gives."""
    if value is None:
        return None
    counts_from, since_begin = divmod(value, DAYS_OF_PERIOD)
    days, precision = divmod(counts_from, 3)
    return write_date(date(1900, 1, 1) + timedelta(days=days - since_begin), FIRST_PRECISIONS[precision])


def nothing_counted(measures: tuple[str, ...] = DEFAULT_MEASURES) -> dict[str, int | str | None]:
    """The measures of an empty cell: zeros, and no first."""
    return {name: None if name == "first" else 0 for name in measures}
