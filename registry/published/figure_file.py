"""The file of a figure that was published elsewhere: what it prints, and what is wrong in its form."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from registry.errors import RegistryError
from registry.measures import DERIVED, MEASURES

NAMES = ("code", "category")  # what a place of a list is called by


class FigureUnusable(RegistryError):
    sentence = "The file is not a published figure."
    code = "figure_unusable"


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
class _Reader:
    """Reads what there is, and collects the faults."""

    faults: list[str] = field(default_factory=list)
    centres: dict[str, list[str]] = field(default_factory=dict)

    def part(self, part: object, path: str) -> Mapping[str, Any]:
        if isinstance(part, dict):
            return part
        self.faults.append(f"{path}: {_say(part)}, where an object with names and values belongs.")
        return {}

    def parts(self, parts: object, path: str) -> list[Any]:
        if isinstance(parts, list):
            return parts
        self.faults.append(f"{path}: {_say(parts)}, where a list belongs.")
        return []

    def day(self, text: object, path: str) -> date | None:
        try:
            return date.fromisoformat(text)  # type: ignore[arg-type]  # what is no text is a fault too
        except (TypeError, ValueError):
            self.faults.append(f"{path}: {_say(text)}, where the day of the figure belongs, as 2025-09-08.")
            return None

    def name(self, part: Mapping[str, Any], name: str, path: str) -> str:
        text = part.get(name)
        if isinstance(text, str) and text:
            return text
        self.faults.append(f"{path}.{name}: {_say(text)}, where a code belongs.")
        return ""

    def number(self, path: str, measure: str, value: object, **where: str) -> Iterator[Printed]:
        """What is printed of a measure, if it can be read."""
        is_right = value is None or isinstance(value, str) if measure == "first" else _is_whole(value)
        if is_right:
            yield Printed(path, measure, value, **where)
            return
        wanted = "a month as 2014 or 2023-12" if measure == "first" else "a whole number"
        self.faults.append(f"{path}: {_say(value)}, where {wanted} belongs.")

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


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _say(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case dict():
            return "an object"
        case list():
            return "a list"
        case _:
            return f"{value!r:.40}"


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
