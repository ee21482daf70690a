"""The attacker who has kept the answers of several snapshots, with the same solver (tests/attacker.py).

The unknowns are who there was on the first day, and who came until each later one. It is known that nobody
went, which is more than the public knows. Persons in two cells are unknowns of their own, by the pair of cells.
"""

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy
from scipy.optimize import linprog
from scipy.sparse import csr_array

from tests import factories
from tests.attacker import ROLES, SITE_OF, VALUES, Harvest, Where

MOST = 1000  # infusions of a kind of person, or what is not told at all would have no bounds
OF_TIME = frozenset(("year", "age_group"))  # what is read of the entry, and not of the cell
SMALL = VALUES | {
    "centre": ("UPP", "STO", "FAL"),
    "category": ("SOC", "ACT"),
    "year": (2021, 2022),
    "age_group": ("adult",),
    "product": ("Kymriah",),
    "indication": ("C91.0",),
}


class World:
    """The persons that there may be: in one cell, and where pairs are in a second one later too."""

    def __init__(self, values: Mapping[str, Sequence] = VALUES, *, pairs: bool = False):
        self.atoms = [
            atom
            | {
                "region": factories.REGION_OF[atom["centre"]],
                "modality": factories.MODALITY_OF[atom["product"]],
                "manufacturing_site": SITE_OF[atom["product"]],
            }
            for atom in (dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values()))
        ]
        both = [
            (one, other)
            for one, first in enumerate(self.atoms)
            for other, second in enumerate(self.atoms)
            if pairs
            and first["sex"] == second["sex"]
            and first["year"] <= second["year"]
            and self._apart(one, other)
        ]
        self.first, self.second = numpy.array(both, int).reshape(-1, 2).T
        self._known: dict[tuple, numpy.ndarray] = {}

    def _apart(self, one: int, other: int) -> bool:
        return any(self.atoms[one][name] != self.atoms[other][name] for name in ("centre", "category"))

    def mask(self, where: Where) -> numpy.ndarray:
        """Which atoms these are."""
        inside = numpy.ones(len(self.atoms), bool)
        for name, wanted in where.items():
            if (name, wanted) not in self._known:
                self._known[name, wanted] = numpy.array([atom[name] in wanted for atom in self.atoms])
            inside &= self._known[name, wanted]
        return inside

    def count(self, roles: Sequence[str], where: Where) -> numpy.ndarray:
        """How many infusions of the roles each kind of person has there."""
        cell = self.mask({name: wanted for name, wanted in where.items() if name not in OF_TIME})
        time = self.mask({name: wanted for name, wanted in where.items() if name in OF_TIME})
        alone = [(cell & time) * (role in roles) for role in ROLES]
        early, late = cell[self.first], cell[self.second]
        entry = (early & time[self.first]) | (~early & late & time[self.second])
        again = early & late & time[self.second]
        several = entry * ("entry" in roles) + again.astype(int) * ("again" in roles)
        return numpy.concatenate([*alone, several]).astype(float)

    def nobody(self, harvest: Harvest) -> numpy.ndarray:
        """Whom there cannot be, by the rows that there are not."""
        none = numpy.zeros(len(ROLES) * len(self.atoms) + len(self.first), bool)
        for roles, scopes, others in harvest.absent:
            if not others:
                none |= self.count(roles, scopes[0]) > 0
                continue
            empty = self.mask(scopes[0])
            for other in others:
                empty &= ~self.mask(other)
            none |= numpy.concatenate([empty, empty, empty, empty[self.first] | empty[self.second]])
        return none


@dataclass(frozen=True)
class Asked:
    """A number of a day (since 0), or what came between two: is it told?"""

    name: str
    until: int
    since: int
    cell: numpy.ndarray


class Days:
    """The equations of several days."""

    def __init__(self, world: World, harvests: Sequence[Harvest]):
        self.world, self.days = world, len(harvests)
        none = [world.nobody(harvest) for harvest in harvests]
        # Whoever is not there on a day had not come on an earlier one either.
        self.kept = [~numpy.logical_or.reduce(none[day:]) for day in range(self.days)]
        equations: dict[bytes, tuple[numpy.ndarray, int]] = {}
        least: dict[bytes, numpy.ndarray] = {}
        self.cells: dict[bytes, tuple[str, numpy.ndarray, dict[int, int | None]]] = {}
        for day, harvest in enumerate(harvests, 1):
            for one in harvest.told:
                cell = world.count(one.roles, one.where)
                _name, _cell, values = self.cells.setdefault(cell.tobytes(), (one.name, cell, {}))
                if one.value is None:
                    values.setdefault(day, None)
                else:
                    values[day] = one.value
                    row = self.row(cell, day)
                    equations[row.tobytes()] = row, one.value
            for roles, where in harvest.present:
                row = self.row(world.count(roles, where), day)
                least[row.tobytes()] = row
        self.left = csr_array(numpy.array([row for row, _value in equations.values()]))
        self.right = numpy.array([value for _row, value in equations.values()])
        self.above = -csr_array(numpy.array(list(least.values())))

    def row(self, cell: numpy.ndarray, until: int, since: int = 0) -> numpy.ndarray:
        """A cell in the unknowns: whoever came after a day, until another."""
        return numpy.concatenate([cell[kept] * (since <= day < until) for day, kept in enumerate(self.kept)])

    def list_asked(self) -> Iterator[Asked]:
        """What is not shown of a day, and what has come since an earlier one."""
        for name, cell, values in self.cells.values():
            for day, value in values.items():
                if value is None:
                    yield Asked(f"day {day}: {name}", day, 0, cell)
            for since, until in itertools.combinations(values, 2):
                yield Asked(f"days {since} to {until}: {name}", until, since, cell)

    def solve(self, goal: numpy.ndarray) -> numpy.ndarray:
        """Whoever there may be, by all that is told, with the least of the goal."""
        least = -numpy.ones(self.above.shape[0])
        solved = linprog(goal, self.above, least, self.left, self.right, bounds=(0, MOST), method="highs")
        assert solved.success, solved.message
        return solved.x


def find_told(world: World, harvests: Sequence[Harvest], chance: random.Random, threshold: int) -> Iterator[str]:
    """The names of numbers of fewer persons than the threshold that are told: of a day, or of what came since."""
    days = Days(world, harvests)
    asked = [(one.name, days.row(one.cell, one.until, one.since)) for one in days.list_asked()]
    first = days.solve(numpy.zeros(days.left.shape[1]))

    def is_open(row: numpy.ndarray) -> bool:
        return 0.5 < abs(row @ first) < threshold - 0.5

    # A number that is told is the same in every world that fits.
    asked = [(name, row) for name, row in asked if is_open(row)]
    for _attempt in range(40):
        if not asked:
            return
        other = days.solve(sum(chance.choice((-1, 1)) * row for _name, row in asked))
        asked = [(name, row) for name, row in asked if abs(row @ first - row @ other) < 1e-6]
    for name, row in asked:
        if row @ days.solve(-row) - row @ days.solve(row) < 1e-6:
            yield name
