"""Walking a map document: the nation, the centres, their categories, the manufacturing sites."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from registry.measures import MEASURES


class Cell(NamedTuple):
    """One cell of a map document; centre: the centre's part of the document, empty for the nation."""

    centre: dict[str, Any]
    category: str | None
    numbers: dict[str, Any]

    @property
    def key(self) -> tuple[str, str]:
        """The codes of centre and category; "" means all."""
        return (self.centre["code"] if self.centre else "", self.category or "")

    @property
    def name(self) -> str:
        """The key in words: "nation", "UPP" or "UPP × SOC"."""
        return " × ".join(filter(None, self.key)) or "nation"


def walk_cells(document: Mapping) -> Iterator[Cell]:
    """The nation, then each centre followed by its categories, in the document's order."""
    yield Cell({}, None, document["national"])
    for centre in document["centres"]:
        yield from cells_of_centre(centre)


def cells_of_centre(centre: dict[str, Any]) -> Iterator[Cell]:
    """A centre's cell, then its categories'."""
    yield Cell(centre, None, centre)
    for row in centre["categories"]:
        yield Cell(centre, row["category"], row)


def numbers_by_key(document: Mapping) -> dict[tuple[str, str], dict[str, Any]]:
    """The numbers of every cell by key."""
    return {cell.key: cell.numbers for cell in walk_cells(document)}


def read_number(numbers: Mapping[str, Any], name: str) -> Any:
    """A number of a cell or site; the parts' sum of patients is shown only where it is not the cell's own number.

    None for one that it does not have.
    """
    return numbers.get(name, numbers.get("patients") if name == "patients_summed" else None)


def list_numbers(document: Mapping) -> Iterator[tuple[tuple[str, str], object]]:
    """((cell or site, measure), number) for every number in a map document."""
    for cell in walk_cells(document):
        for measure in MEASURES:
            if measure in cell.numbers:
                yield (cell.name, measure), cell.numbers[measure]
    yield ("nation", "patients_summed"), document["national"]["patients_summed"]
    for site in document["manufacturing"]:
        yield (site["site"], "manufactured"), site["manufactured"]


def is_withheld(document: Mapping) -> bool:
    """Whether the policy on small numbers withholds any number."""
    parts = [cell.numbers for cell in walk_cells(document)] + document["manufacturing"]
    return any(part.get("suppressed") for part in parts)
