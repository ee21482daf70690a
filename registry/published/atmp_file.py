"""The files of what others state of trials, of the exemption and of manufacture (ATMP.md, "Worked example").

`kind` tells them from a map's: `atmp_report` is a report's figures, `atmp_list` a list of trials by hospital.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from registry.choices import AtmpClass, County, ManufacturedClass
from registry.published.atmp_query import MANUFACTURING_MEASURES
from registry.published.file_faults import FaultReader, FigureUnusable, is_whole, say

REPORT, LIST = "atmp_report", "atmp_list"
KINDS = (REPORT, LIST)
DECIMAL = re.compile(r"\d{1,9}(\.\d{1,4})?")
OF_A_MILLION = 10  # hundreds of thousands


@dataclass(frozen=True)
class Rate:
    """Trials of a population, in millions, and the rate per 100,000 that is printed of them."""

    trials: int
    millions: Decimal
    per_100_000: Decimal

    @property
    def of(self) -> Decimal:
        """The population in hundreds of thousands."""
        return (self.millions * OF_A_MILLION).normalize()


@dataclass(frozen=True)
class Exempted:
    """What is printed of a product under the hospital exemption."""

    centre: str
    product: str
    patients: int
    about: bool


@dataclass(frozen=True)
class Report:
    """A report's numbers. site: what a manufacturing site is printed to have made."""

    source: str
    as_of: date | None
    counties: Sequence[str]
    home: Rate
    classes: Mapping[str, Mapping[str, int]]
    abroad: Rate
    exemption: Sequence[Exempted]
    site: str
    made: Mapping[str, int]
    kinds_of_class: int
    percent: Mapping[str, int]
    manufactured: int


@dataclass(frozen=True)
class Listed:
    """A hospital of a list: its trials ever, and those that are open."""

    centre: str
    ever: int
    open: int


@dataclass(frozen=True)
class TrialList:
    """A list of trials: how many it says that it has, where it says so, and the hospitals'."""

    source: str
    as_of: date | None
    trials: Mapping[str, int]
    hospitals: Sequence[Listed]


def is_atmp(document: object) -> bool:
    """Whether a file is of one of these kinds, or of one that nobody knows, and so not a map's."""
    return isinstance(document, dict) and "kind" in document


def read_atmp_file(document: Mapping[str, Any]) -> Report | TrialList:
    """What a file prints. Raises FigureUnusable, with all faults."""
    reader = _Reader()
    kind = document["kind"]
    if kind not in KINDS:
        reader.faults.append(f"kind: {say(kind)}, where {' or '.join(KINDS)} belongs, or none for a map's figure.")
    source = reader.name(document, "source", "the file")
    as_of = None if document.get("as_of") is None else reader.day(document["as_of"], "as_of")
    found: Report | TrialList | None = None
    if kind == LIST:
        found = _read_list(reader, document, source, as_of)
    elif kind == REPORT:
        found = _read_report(reader, document, source, as_of)
    if reader.faults or found is None:
        raise FigureUnusable("\n".join(["The file is not a published figure:", *reader.faults]))
    return found


def _read_report(reader: "_Reader", document: Mapping[str, Any], source: str, as_of: date | None) -> Report:
    trials = reader.part(document.get("trials"), "trials")
    abroad = reader.part(document.get("abroad"), "abroad")
    made = reader.part(document.get("manufacture"), "manufacture")
    by_class = reader.part(trials.get("by_class"), "trials.by_class")
    return Report(
        source,
        as_of,
        reader.counties(trials.get("counties")),
        reader.rate(trials, "ongoing", "trials"),
        {
            centre: reader.wholes(classes, f"trials.by_class.{centre}", AtmpClass.values)
            for centre, classes in by_class.items()
        },
        reader.rate(abroad, "trials", "abroad"),
        [
            reader.exempted(one, f"exemption[{place}]")
            for place, one in enumerate(reader.parts(document.get("exemption"), "exemption"))
        ],
        reader.name(made, "site", "manufacture"),
        {name: reader.whole(made, name, "manufacture") for name in MANUFACTURING_MEASURES},
        reader.whole(made, "classes", "manufacture"),
        reader.wholes(made.get("percent_of_class"), "manufacture.percent_of_class", ManufacturedClass.values),
        reader.whole(made, "manufactured", "manufacture"),
    )


def _read_list(reader: "_Reader", document: Mapping[str, Any], source: str, as_of: date | None) -> TrialList:
    hospitals = [
        reader.hospital(one, f"hospitals[{place}]")
        for place, one in enumerate(reader.parts(document.get("hospitals"), "hospitals"))
    ]
    codes = [one.centre for one in hospitals]
    reader.faults += [f"hospitals[{code}] is there twice." for code in sorted(set(codes)) if codes.count(code) > 1]
    return TrialList(source, as_of, reader.wholes(document.get("trials"), "trials"), hospitals)


@dataclass
class _Reader(FaultReader):
    """Reads what there is of these kinds."""

    def whole(self, part: Mapping[str, Any], name: str, path: str) -> int:
        value = part.get(name)
        if is_whole(value) and isinstance(value, int) and value >= 0:
            return value
        self.faults.append(f"{path}.{name}: {say(value)}, where a whole number belongs.")
        return 0

    def wholes(self, part: object, path: str, names: Sequence[str] = ()) -> dict[str, int]:
        """Numbers by name, of which only these are known if any are."""
        found = self.part(part, path)
        self.faults += [f"{path}.{name} is not known." for name in found if names and name not in names]
        return {name: self.whole(found, name, path) for name in found}

    def decimal(self, part: Mapping[str, Any], name: str, path: str) -> Decimal:
        """A number with its decimals as they are printed, which a number of JSON would lose."""
        value = part.get(name)
        if isinstance(value, str) and DECIMAL.fullmatch(value) and Decimal(value) > 0:
            return Decimal(value)
        self.faults.append(f'{path}.{name}: {say(value)}, where a number as it is printed belongs, as "1.0".')
        return Decimal(1)

    def rate(self, part: Mapping[str, Any], name: str, path: str) -> Rate:
        return Rate(
            self.whole(part, name, path),
            self.decimal(part, "population_millions", path),
            self.decimal(part, "per_100_000", path),
        )

    def counties(self, codes: object) -> tuple[str, ...]:
        found = self.parts(codes, "trials.counties")
        self.faults += [f"trials.counties: {say(one)} is no county." for one in found if one not in County.values]
        return tuple(map(str, found))

    def exempted(self, part: object, path: str) -> Exempted:
        found = self.part(part, path)
        return Exempted(
            self.name(found, "centre", path),
            self.name(found, "product", path),
            self.whole(found, "patients", path),
            found.get("about") is True,
        )

    def hospital(self, part: object, path: str) -> Listed:
        found = self.part(part, path)
        code = self.name(found, "centre", path)
        return Listed(code, self.whole(found, "ever", path), self.whole(found, "open", path))
