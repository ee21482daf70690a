"""Which media type a client prefers, by its header Accept (RFC 9110, 12.5.1)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

NAME = r"[!#$%&'*+.^_`|~0-9a-z-]+"
RANGE = re.compile(rf"\s*({NAME})/({NAME})\s*(?:;(.*))?", re.DOTALL)
PARAMETER = re.compile(rf'({NAME})\s*=\s*("[^"]*"|[^;\s]*)')
WEIGHT = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")
LONGEST = 2_000  # of a header; what is beyond is not read
ANY = "*"


@dataclass(frozen=True)
class Range:
    """A range of media types with its parameters and its weight."""

    main: str
    sub: str
    parameters: Mapping[str, str]
    weight: float

    def closeness(self, media_type: str, parameters: Mapping[str, str]) -> int | None:
        """How closely it names a type that has these parameters, None if it does not.

        A parameter that the type does not have narrows nothing: there is only one form of it.
        """
        main, _slash, sub = media_type.partition("/")
        if any(parameters.get(name, value) != value for name, value in self.parameters.items()):
            return None
        if self.main == ANY:
            return 0
        if self.main != main or self.sub not in {ANY, sub}:
            return None
        return 1 if self.sub == ANY else 2


def choose_type(accept: str, offered: Mapping[str, Mapping[str, str]]) -> str | None:
    """The type that a client prefers among those offered, by type their parameters, None if it accepts none.

    The closest range speaks for a type. Of types alike in weight: the one named more closely, then by the client's
    order, then ours.
    """
    ranges = list(_read(accept))
    ranked = []
    for place, (media_type, parameters) in enumerate(offered.items()):
        found = [(closeness, -order, one.weight) for order, one in enumerate(ranges)
                 if (closeness := one.closeness(media_type, parameters)) is not None]  # fmt: skip
        if found:
            closeness, order, weight = max(found)
            ranked.append((weight, closeness, order, -place, media_type))
    best = max(ranked, default=None)
    return best[-1] if best and best[0] > 0 else None


def _read(accept: str) -> Iterable[Range]:
    """The ranges of a header; what is none is passed over, and a weight that is none is 1."""
    for text in accept.lower()[:LONGEST].split(","):
        if (match := RANGE.fullmatch(text)) and (match[1] != ANY or match[2] == ANY):
            parameters = {name: value.strip('"') for name, value in PARAMETER.findall(match[3] or "")}
            weight = parameters.pop("q", "1")
            yield Range(match[1], match[2], parameters, float(weight) if WEIGHT.fullmatch(weight) else 1.0)
