"""A figure published elsewhere beside the registry as of the figure's data cut."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from registry.errors import RegistryError
from registry.published.count_query import CountQuery
from registry.published.queries import read_map_and_rows


class FigureUnusable(RegistryError):
    sentence = "The file is not a published figure."
    code = "figure_unusable"


@dataclass(frozen=True)
class Compared:
    """One number of the figure beside the registry's."""

    cell: str
    measure: str
    figure: object
    registry: object

    @property
    def differs(self) -> bool:
        """Whether the two disagree."""
        return self.figure != self.registry


@dataclass(frozen=True)
class Reconciliation:
    """Every number compared, and what the registry explains of the figure's own arithmetic."""

    as_of: date
    compared: list[Compared]
    explained: list[str]

    @property
    def differences(self) -> list[Compared]:
        """The numbers that disagree."""
        return [row for row in self.compared if row.differs]


def reconcile(figure: Mapping, *, number: int | None = None) -> Reconciliation:
    """Compare a figure (shape of swecarnet-2025-09-08.json) with the current snapshot, cell by cell.

    Raises FigureUnusable, NotPublished, DateInFuture, FactsNotKept where another than number is current by now.
    """
    with _misspelt():
        as_of = date.fromisoformat(figure["data_cut"])
    query = CountQuery(by=("centre",), measures=("products",), filters={"category": ("SOC",)}, as_of=as_of)
    document, rows = read_map_and_rows(query, language="sv", number=number)
    products = {row["centre"]: row["products"] for row in rows}
    with _misspelt():
        return Reconciliation(as_of, list(_compare(figure, document, products)), list(_explain(figure, document)))


@contextmanager
def _misspelt() -> Iterator[None]:
    """What goes wrong inside is the figure's fault."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as fault:
        raise FigureUnusable(f"The figure lacks or misspells {fault}.") from None


def _compare(figure: Mapping, document: Mapping, products: Mapping[str, int]) -> Iterator[Compared]:
    for measure, printed in figure["national"].items():
        yield Compared("nation", measure, printed, document["national"].get(measure))
    ours = {centre["code"]: centre for centre in document["centres"]}
    made = {site["name"]: site["manufactured"] for site in document["manufacturing"]}
    for centre in figure["centres"]:
        code, counted = centre["code"], ours.pop(centre["code"], {})
        yield Compared(code, "infusions", centre["infusions"], counted.get("infusions", 0))
        yield from _compare_categories(code, centre["categories"], counted.get("categories", []))
        if site := centre.get("gmp_manufacture"):
            # A product is made for one person and one infusion (COUNTING.md, "Manufacturing").
            yield Compared(site["site"], "manufactured", site["manufactured_infusions"], made.get(site["site"]))
            yield Compared(site["site"], "products", site["products"], made.get(site["site"]))
    for code, counted in ours.items():
        yield Compared(code, "infusions", 0, counted["infusions"])
    for code, printed in figure.get("elsewhere_in_the_report", {}).get("soc_products", {}).items():
        yield Compared(f"{code} × SOC", "products", printed, products.get(code, 0))


def _compare_categories(code: str, figure: list[Mapping], counted: list[Mapping]) -> Iterator[Compared]:
    ours = {row["category"]: row for row in counted}
    for printed in figure:
        row = ours.pop(printed["category"], {"first": None, "patients": 0, "reinfusions": 0})
        for measure in ("first", "patients", "reinfusions"):
            yield Compared(f"{code} × {printed['category']}", measure, printed[measure], row[measure])
    for category, row in ours.items():
        yield Compared(f"{code} × {category}", "patients", 0, row["patients"])


def _explain(figure: Mapping, document: Mapping) -> Iterator[str]:
    """Where a centre of the figure prints more infusions than patients and reinfusions: which are they?"""
    ours = {centre["code"]: centre for centre in document["centres"]}
    for centre in figure["centres"]:
        patients = sum(row["patients"] for row in centre["categories"])
        reinfusions = sum(row["reinfusions"] for row in centre["categories"])
        extra = centre["infusions"] - patients - reinfusions
        doses = ours.get(centre["code"], {}).get("further_doses", 0)
        if not extra:
            continue
        where = ", ".join(
            f"{row['further_doses']} in {row['category']}"
            for row in ours.get(centre["code"], {}).get("categories", [])
            if row["further_doses"]
        )
        verdict = f"explained by a further dose ({where})" if extra == doses else "not explained"
        yield (
            f"{centre['city']}: {centre['infusions']} infusions are printed for {patients} patients and "
            f"{reinfusions} RI; {extra} extra infusion{'s' * (extra != 1)} {verdict}."
        )
