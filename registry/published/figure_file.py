"""The file of a figure that was published elsewhere: what it prints, and what is wrong in its form."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from registry.measures import DERIVED, MEASURES
from registry.published.file_faults import FaultReader, FigureUnusable, is_whole, say

NAMES = ("code", "category")  # what a place of a list is called by


@dataclass(frozen=True)
class Printed:
    """A number of the figure. centre, category and site say of what, where they are not the whole's."""

    path: str
    measure: str
    value: Any
    centre: str = ""
    category: str = ""
    site: str = ""

    @property
    def cell(self) -> str:
        """In words: "nation", "UPP", "UPP × SOC", "Vecura"."""
        return self.site or " × ".join(filter(None, (self.centre, self.category))) or "nation"


@dataclass
class Figure:
    """A figure as it was read; others are numbers of which nobody knows what they count, by path."""

    as_of: date
    printed: list[Printed]
    centres: dict[str, list[str]]  # the categories that each prints
    others: dict[str, Any]


def read_figure(document: object) -> Figure:
    """The figure of a document (shape of swecarnet-2025-09-08.json). Raises FigureUnusable, with all faults."""
    reader = _Reader()
    whole = reader.part(document, "the file")
    as_of = reader.day(whole.get("data_cut"), "data_cut")
    printed = [*reader.numbers(reader.part(whole.get("national"), "national"), "national")]
    for place, one in enumerate(reader.parts(whole.get("centres"), "centres")):
        printed += reader.centre(one, f"centres[{place}]")
    elsewhere = reader.part(whole.get("elsewhere_in_the_report", {}), "elsewhere_in_the_report")
    path = "elsewhere_in_the_report.soc_products"
    for code, number in reader.part(elsewhere.get("soc_products", {}), path).items():
        printed += reader.number(f"{path}.{code}", "products", number, centre=code, category="SOC")
    if reader.faults or as_of is None:
        raise FigureUnusable("\n".join(["The file is not a published figure:", *reader.faults]))
    known = {one.path for one in printed}
    others = {path: number for path, number in _list_numbers(document, "") if path not in known}
    return Figure(as_of, printed, reader.centres, others)


@dataclass
class _Reader(FaultReader):
    """Reads what there is of a map."""

    centres: dict[str, list[str]] = field(default_factory=dict)

    def number(self, path: str, measure: str, value: object, **where: str) -> Iterator[Printed]:
        """What is printed of a measure, if it can be read."""
        is_right = value is None or isinstance(value, str) if measure == "first" else is_whole(value)
        if is_right:
            yield Printed(path, measure, value, **where)
            return
        wanted = "a month as 2014 or 2023-12" if measure == "first" else "a whole number"
        self.faults.append(f"{path}: {say(value)}, where {wanted} belongs.")

    def numbers(self, part: Mapping[str, Any], path: str, **where: str) -> Iterator[Printed]:
        for measure in (*MEASURES, *DERIVED):
            if measure in part:
                yield from self.number(f"{path}.{measure}", measure, part[measure], **where)

    def centre(self, part: object, place: str) -> Iterator[Printed]:
        """A centre's numbers, its categories', and what is manufactured there."""
        found = self.part(part, place)
        code = self.name(found, "code", place)
        path = f"centres[{code}]" if code else place
        if code in self.centres:
            self.faults.append(f"{path} is there twice.")
        categories = self.centres.setdefault(code, [])
        yield from self.numbers(found, path, centre=code)
        for turn, row in enumerate(self.parts(found.get("categories", []), f"{path}.categories")):
            one = self.part(row, f"{path}.categories[{turn}]")
            category = self.name(one, "category", f"{path}.categories[{turn}]")
            if category in categories:
                self.faults.append(f"{path}.categories[{category}] is there twice.")
            categories.append(category)
            yield from self.numbers(one, f"{path}.categories[{category}]", centre=code, category=category)
        if "gmp_manufacture" in found:
            yield from self.site(found["gmp_manufacture"], f"{path}.gmp_manufacture")

    def site(self, part: object, path: str) -> Iterator[Printed]:
        """A product is made for one person and one infusion (COUNTING.md, "Manufacturing")."""
        found = self.part(part, path)
        site = self.name(found, "site", path)
        for name, measure in (("manufactured_infusions", "manufactured"), ("products", "products")):
            if name in found:
                yield from self.number(f"{path}.{name}", measure, found[name], site=site)


def _list_numbers(part: object, path: str) -> Iterator[tuple[str, Any]]:
    """(path, number) for every number of a document."""
    if isinstance(part, dict):
        for name, value in part.items():
            yield from _list_numbers(value, f"{path}.{name}".lstrip("."))
    elif isinstance(part, list):
        for place, value in enumerate(part):
            known = [value[name] for name in NAMES if isinstance(value, dict) and name in value]
            yield from _list_numbers(value, f"{path}[{known[0] if known else place}]")
    elif isinstance(part, int | float) and not isinstance(part, bool):
        yield path, part
