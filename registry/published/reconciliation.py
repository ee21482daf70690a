"""A figure published elsewhere beside the registry as of the figure's data cut."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from registry.map_cells import numbers_by_key, read_number
from registry.measures import nothing_counted
from registry.published.count_query import CountQuery
from registry.published.figure_file import Figure, Printed, read_figure
from registry.published.queries import read_map_and_rows

ROUNDED_TO = (10, 50, 100)


@dataclass(frozen=True)
class Compared:
    """One number of the figure beside the registry's, and of those that differ what the figure itself explains."""

    printed: Printed
    registry: Any
    reason: str = ""

    @property
    def differs(self) -> bool:
        """Whether the two disagree."""
        return bool(self.printed.value != self.registry)


@dataclass(frozen=True)
class Reconciliation:
    """Every number compared, what the registry explains of the figure's arithmetic, and what it does not count."""

    as_of: date
    compared: list[Compared]
    explained: list[str]
    others: dict[str, Any] = field(default_factory=dict)

    @property
    def differences(self) -> list[Compared]:
        """The numbers that disagree."""
        return [row for row in self.compared if row.differs]


def reconcile(document: object, *, number: int | None = None) -> Reconciliation:
    """Compare a figure (shape of swecarnet-2025-09-08.json) with the current snapshot, number by number.

    Raises FigureUnusable, NotPublished, DateInFuture, FactsNotKept where another than number is current by now.
    """
    figure = read_figure(document)
    query = CountQuery(by=("centre",), measures=("products",), filters={"category": ("SOC",)}, as_of=figure.as_of)
    shown, rows = read_map_and_rows(query, language="sv", number=number)
    ours = _Numbers(
        numbers_by_key(shown),
        {site["name"]: site["manufactured"] for site in shown["manufacturing"]},
        {row["centre"]: row["products"] for row in rows},
    )
    compared, others = [], dict(figure.others)
    for printed in (*figure.printed, *_list_missing(figure, shown)):
        if ours.has(printed):
            compared.append(_compare(printed, ours))
        else:
            others[printed.path] = printed.value
    return Reconciliation(figure.as_of, compared, list(_explain(figure, shown, ours)), others)


@dataclass(frozen=True)
class _Numbers:
    """The registry's, by cell; what is manufactured, by site; products of standard of care, by centre."""

    cells: Mapping[tuple[str, str], Mapping[str, Any]]
    made: Mapping[str, int]
    products: Mapping[str, int]

    def of(self, centre: str, category: str = "") -> Mapping[str, Any]:
        """Those of a cell, zeros where the registry has none such."""
        return self.cells.get((centre, category)) or nothing_counted()

    def has(self, printed: Printed) -> bool:
        """Whether it counts such a number."""
        if printed.site:
            return printed.site in self.made
        is_of_care = printed.measure == "products" and printed.category == "SOC"
        return is_of_care or printed.measure in {"patients_summed", *self.of(printed.centre, printed.category)}

    def read(self, printed: Printed) -> Any:
        """The number that it counts."""
        if printed.site:
            return self.made[printed.site]
        if printed.measure == "products":
            return self.products.get(printed.centre, 0)
        return read_number(self.of(printed.centre, printed.category), printed.measure)


def _list_missing(figure: Figure, shown: Mapping[str, Any]) -> Iterator[Printed]:
    """What the registry has and the figure leaves out, as a zero of the figure."""
    for centre in shown["centres"]:
        code = centre["code"]
        if code not in figure.centres:
            yield Printed(f"centres[{code}]", "infusions", 0, code)
            continue
        for row in centre["categories"]:
            if row["category"] not in figure.centres[code]:
                path = f"centres[{code}].categories[{row['category']}]"
                yield Printed(path, "patients", 0, code, row["category"])


def _compare(printed: Printed, ours: _Numbers) -> Compared:
    found = ours.read(printed)
    if printed.value == found:
        return Compared(printed, found)
    return Compared(printed, found, "; ".join(_reasons(printed, found, ours)))


def _reasons(printed: Printed, found: Any, ours: _Numbers) -> Iterator[str]:
    """What another way of counting, or rounding, makes of the registry's numbers the printed one."""
    if (printed.centre, printed.category) not in ours.cells:
        yield f"the registry has no {printed.cell}"
        return
    if not isinstance(printed.value, int) or not isinstance(found, int):
        return
    cell = {} if printed.site else ours.of(printed.centre, printed.category)
    doses, again = cell.get("further_doses", 0), cell.get("reinfusions", 0)
    ways = {  # of two that come to the same the last
        "infusions": {
            doses + again: "further doses and reinfusions are left out",
            again: "reinfusions are left out",
            doses: "further doses are left out",
        },
        "patients": {
            -again - doses: "every infusion is counted as a patient",
            -again: "reinfusions are counted as patients",
            -doses: "further doses are counted as patients",
            found - cell.get("patients_summed", found): "the parts' patients are added up",
        },
    }
    way = ways.get(printed.measure, {}).get(found - printed.value)
    if way:
        yield way
    rounded = next(
        (to for to in ROUNDED_TO if printed.value % to == 0 and abs(printed.value - found) * 2 <= to), 0
    )
    if not way and rounded and printed.value:
        yield f"rounded to {rounded}"


def _explain(figure: Figure, shown: Mapping[str, Any], ours: _Numbers) -> Iterator[str]:
    """Where a centre of the figure prints more infusions than patients and reinfusions: which are they?"""
    values = {(one.centre, one.category, one.measure): one.value for one in figure.printed if not one.site}
    cities = {centre["code"]: centre["city"] for centre in shown["centres"]}
    for code, categories in figure.centres.items():
        patients = sum(values.get((code, category, "patients"), 0) for category in categories)
        reinfusions = sum(values.get((code, category, "reinfusions"), 0) for category in categories)
        infusions = values.get((code, "", "infusions"))
        if infusions is None or not (extra := infusions - patients - reinfusions):
            continue
        where = ", ".join(
            f"{doses} in {category}"
            for category in categories
            if (doses := ours.of(code, category).get("further_doses", 0))
        )
        is_dose = extra == ours.of(code).get("further_doses", 0)
        verdict = f"explained by a further dose ({where})" if is_dose else "not explained"
        yield (
            f"{cities.get(code, code)}: {infusions} infusions are printed for {patients} patients and "
            f"{reinfusions} RI; {extra} extra infusion{'s' * (extra != 1)} {verdict}."
        )
