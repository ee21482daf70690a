"""What can be counted: the dimensions of the facts, and a query by them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from registry.choices import DatePrecision
from registry.infusion_rules import CHILD_BELOW
from registry.measures import DEFAULT_MEASURES, MEASURES

# Dimensions that make a cell: columns of the facts.
CELL_DIMENSIONS = (
    "centre",
    "category",
    "product",
    "modality",
    "indication",
    "sex",
    "manufacturing_site",
    "region",
    "county",
    "trial",
)
# Dimensions that slice a cell once every infusion has its role in it; {role} is which, where several are made.
SLICES = {
    "age_group": f"CASE WHEN entry_age{{role}} < {CHILD_BELOW} THEN 'child' ELSE 'adult' END",
    "year": "extract(year FROM infused_on)::integer",
    "month": f"CASE date_precision WHEN '{DatePrecision.YEAR}' THEN 'unknown' "
    "ELSE to_char(infused_on, 'YYYY-MM') END",
}
DIMENSIONS = (
    "centre",
    "category",
    "product",
    "modality",
    "indication",
    "age_group",
    "sex",
    "manufacturing_site",
    "region",
    "county",
    "trial",
    "year",
    "month",
)
RATE = "per_100_000"  # is asked for as a measure, and made of patients and inhabitants
NONE = "none"  # how a filter spells a dimension without a value
ASKABLE = (*MEASURES, RATE)


def read_measures(
    wanted: Collection[str],
    *,
    known: Collection[str] = tuple(MEASURES),
    usual: tuple[str, ...] = DEFAULT_MEASURES,
    of: str = "patients",
) -> tuple[tuple[str, ...], bool]:
    """The measures that are counted in the one order, and whether rates are asked for.

    known: all of them, usual: those where none is asked for, of: the one that a rate needs.
    """
    rates = RATE in wanted
    measures = tuple(name for name in known if name in wanted or (rates and name == of))
    return measures or usual, rates


@dataclass(frozen=True)
class CountQuery:
    """What is counted: by which dimensions, of which infusions, up to and within which dates.

    filters maps a dimension to the values wanted. as_of limits what is known; since and until
    choose the period that is counted, without changing any infusion's role. A vague date stands where
    COUNTING.md's "Precision" puts it. rates: beside the patients, how many they are per 100,000 inhabitants.
    """

    by: tuple[str, ...] = ()
    measures: tuple[str, ...] = DEFAULT_MEASURES
    filters: Mapping[str, Sequence] = field(default_factory=dict)
    as_of: date | None = None
    since: date | None = None
    until: date | None = None
    rates: bool = False

    def last_day(self, through: date | None) -> str:
        """The day that the counts are as of or end with (ISO 8601); else that of the latest infusion."""
        return min((str(day) for day in (self.as_of, self.until) if day), default=str(through or ""))
