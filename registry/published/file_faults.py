"""Reading a file of published numbers: what there is of it, and all that is wrong in its form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from registry.errors import RegistryError


class FigureUnusable(RegistryError):
    sentence = "The file is not a published figure."
    code = "figure_unusable"


@dataclass
class FaultReader:
    """Reads parts of a document, and collects the faults."""

    faults: list[str] = field(default_factory=list)

    def part(self, part: object, path: str) -> Mapping[str, Any]:
        if isinstance(part, dict):
            return part
        self.faults.append(f"{path}: {say(part)}, where an object with names and values belongs.")
        return {}

    def parts(self, parts: object, path: str) -> list[Any]:
        if isinstance(parts, list):
            return parts
        self.faults.append(f"{path}: {say(parts)}, where a list belongs.")
        return []

    def day(self, text: object, path: str) -> date | None:
        try:
            return date.fromisoformat(text)  # type: ignore[arg-type]  # what is no text is a fault too
        except (TypeError, ValueError):
            self.faults.append(f"{path}: {say(text)}, where the day of the figure belongs, as 2025-09-08.")
            return None

    def name(self, part: Mapping[str, Any], name: str, path: str) -> str:
        text = part.get(name)
        if isinstance(text, str) and text:
            return text
        self.faults.append(f"{path}.{name}: {say(text)}, where a code belongs.")
        return ""


def is_whole(value: object) -> bool:
    """Whether a value of JSON is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def say(value: object) -> str:
    """A value as a fault names it."""
    match value:
        case None:
            return "nothing"
        case dict():
            return "an object"
        case list():
            return "a list"
        case _:
            return f"{value!r:.40}"
