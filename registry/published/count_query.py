"""What can be counted: the dimensions of the facts, and a query by them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from registry.choices import DatePrecision
from registry.infusion_rules import CHILD_BELOW
from registry.measures import DEFAULT_MEASURES

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
    "trial",
    "year",
    "month",
)
NONE = "none"  # how a filter spells a dimension without a value


@dataclass(frozen=True)
class CountQuery:
    """What is counted: by which dimensions, of which infusions, up to and within which dates.

    filters maps a dimension to the values wanted. as_of limits what is known; since and until
    choose the period that is counted, without changing any infusion's role. A vague date stands where
    COUNTING.md's "Precision" puts it.
    """

    by: tuple[str, ...] = ()
    measures: tuple[str, ...] = DEFAULT_MEASURES
    filters: Mapping[str, Sequence] = field(default_factory=dict)
    as_of: date | None = None
    since: date | None = None
    until: date | None = None
