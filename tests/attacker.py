"""An attacker who has every public answer, and a solver: what can be told of what is not shown?

The attacker's unknowns are how many infusions of each role lie in each combination of what is counted by.
Every published number is an equation in them; a number that is not shown is told exactly where the least
and the most that the equations leave to it are the same (linear programming bounds).
"""

import functools
import itertools
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy
from scipy.optimize import linprog
from scipy.sparse import csr_array

from tests import factories

ROLES = ("entry", "dose", "again")
OF_MEASURE = {
    "patients": ("entry",),
    "children": ("entry",),
    "infusions": ROLES,
    "manufactured": ROLES,
    "further_doses": ("dose",),
    "reinfusions": ("again",),
}
CENTRES = ("UPP", "STO", "UME", "FAL", "LIN")
VALUES = {
    "centre": CENTRES,
    "category": ("SOC", "ACT", "ICT", "CUP"),
    "year": (2019, 2020, 2021, 2022),
    "sex": ("female", "male"),
    "age_group": ("child", "adult"),
    "product": ("Kymriah", "Prövningsläkemedel TCR-T"),
    "indication": ("C91.0", "C83.3"),
}
SITE_OF = {"Kymriah": None, "Prövningsläkemedel TCR-T": "VECURA"}
NAMES = tuple(VALUES)
ATOMS = [
    atom
    | {
        "region": factories.REGION_OF[atom["centre"]],
        "modality": factories.MODALITY_OF[atom["product"]],
        "manufacturing_site": SITE_OF[atom["product"]],
    }
    for atom in (dict(zip(NAMES, values, strict=True)) for values in itertools.product(*VALUES.values()))
]
Where = Mapping[str, frozenset]  # of each dimension that is narrowed the values that are left
EVERYWHERE: Where = {}
COLUMNS = {name: [atom[name] for atom in ATOMS] for name in ATOMS[0]}


def skewed_rows(chance: random.Random, persons: int) -> list[dict]:
    """A registry with large cells and small ones; whoever comes again does so in the same cell."""

    def pick(name: str, *weights: int):
        return chance.choices(VALUES[name], weights)[0]

    rows = []
    for person in range(persons):
        product = pick("product", 8, 1)
        age = chance.choices((10, 50), (1, 8))[0]
        fields = {
            "person": person,
            "centre": pick("centre", 60, 40, 12, 5, 3),
            "category": pick("category", 60, 25, 8, 3),
            "sex": pick("sex", 1, 1),
            "indication": pick("indication", 3, 1),
            "product": product,
            "manufacturing_site": SITE_OF[product],
            "age": age,
        }
        day = date(pick("year", 3, 8, 30, 40), chance.randint(1, 12), chance.randint(1, 28))
        rows.append(factories.plain_row(**fields, infused_on=day))
        if chance.random() < 0.15:
            kind = chance.choice(("further_dose", "reinfusion", "reinfusion"))
            later = date(chance.randint(day.year, 2022), 12, chance.randint(29, 31))
            rows.append(factories.plain_row(**fields, infused_on=later, kind=kind))
    return rows


@dataclass(frozen=True)
class Told:
    """A number of a cell: how many infusions of the roles lie where; None is not shown."""

    name: str
    roles: Sequence[str]
    where: Where
    value: int | None


@dataclass(frozen=True)
class Harvest:
    """All that was found: numbers, cells with someone in them, and cells with nobody, but for others in them."""

    told: list[Told]
    present: list[tuple[Sequence[str], Where]]
    absent: list[tuple[Sequence[str], list[Where], list[Where]]]

    def read_cell(self, name: str, cell: Mapping, where: Where) -> None:
        """Every number of one published cell."""
        for measure, roles in OF_MEASURE.items():
            if measure in cell:
                chosen = narrow(where, age_group={"child"}) if measure == "children" else where
                self.told.append(Told(f"{name} {measure}", roles, chosen, cell[measure]))
        if cell.get("first"):
            year = int(cell["first"][:4])
            self.absent.append((("entry",), [narrow(where, year=range(2000, year))], []))
            self.present.append((("entry",), narrow(where, year={year})))

    def read_counts(self, answer: Mapping, until: int = 9999, since: int = 0) -> None:
        """Every row of an answer of counts, its total, and the cells that have no row."""
        filters = {
            name: {None if value == "none" else value for value in values}
            for name, values in answer["filters"].items()
        }
        scope = narrow(narrow(EVERYWHERE, year=range(since, until + 1)), **filters)
        name = f"{answer['by']} {answer['filters']} {since}-{until}"
        rows = [narrow(scope, **{one: {row[one]} for one in answer["by"]}) for row in answer["rows"]]
        self.read_cell(f"{name} total", answer["total"], scope)
        for row, where in zip(answer["rows"], rows, strict=True):
            self.read_cell(f"{name} {[row[one] for one in answer['by']]}", row, where)
            self.present.append((ROLES, where))
        self.absent.append((ROLES, [scope], rows))

    def read_map(self, document: Mapping, until: int = 9999) -> None:
        """Every number of a map document."""
        scope = narrow(EVERYWHERE, year=range(until + 1))
        self.read_cell(f"map {until} nation", document["national"], scope)
        for centre in document["centres"]:
            at = narrow(scope, centre={centre["code"]})
            self.read_cell(f"map {until} {centre['code']}", centre, at)
            for cell in centre["categories"]:
                part = narrow(at, category={cell["category"]})
                self.read_cell(f"map {until} {centre['code']} {cell['category']}", cell, part)
        for site in document["manufacturing"]:
            made = narrow(scope, manufacturing_site={site["site"]})
            self.read_cell(f"map {until} {site['site']}", site, made)


def narrow(where: Where, **values: Iterable) -> Where:
    """Those of these values, among what where tells."""
    return {
        **where,
        **{name: frozenset(wanted) & where.get(name, frozenset(wanted)) for name, wanted in values.items()},
    }


def mask(where: Where) -> numpy.ndarray:
    """Which atoms these are."""
    inside = numpy.ones(len(ATOMS), bool)
    for name, wanted in where.items():
        inside &= _with_value(name, wanted)
    return inside


@functools.cache
def _with_value(name: str, wanted: frozenset) -> numpy.ndarray:
    return numpy.array([value in wanted for value in COLUMNS[name]])


def find_exact(harvest: Harvest, chance: random.Random) -> Iterator[str]:
    """The names of the numbers that are not shown and can be told all the same, one after another."""

    def vector(roles: Sequence[str], inside: numpy.ndarray) -> numpy.ndarray:
        return numpy.concatenate([inside * (role in roles) for role in ROLES]).astype(float)

    nobody = numpy.zeros(len(ROLES) * len(ATOMS))
    for roles, scopes, others in harvest.absent:
        empty = mask(scopes[0])
        for other in others:
            empty &= ~mask(other)
        nobody = numpy.maximum(nobody, vector(roles, empty))
    equations: dict[bytes, tuple[numpy.ndarray, int]] = {}
    asked: dict[bytes, numpy.ndarray] = {}
    names: dict[bytes, str] = {}
    for one in harvest.told:
        found = vector(one.roles, mask(one.where))[nobody == 0]  # of the others it is known
        if one.value is None:
            asked[found.tobytes()] = found
            names.setdefault(found.tobytes(), one.name)
        else:
            equations[found.tobytes()] = found, one.value
    least = {found.tobytes(): found for found in (vector(roles, mask(where)) for roles, where in harvest.present)}
    left = csr_array(numpy.array([found for found, _value in equations.values()]))
    right = numpy.array([value for _found, value in equations.values()])
    above = -csr_array(numpy.array(list(least.values()))[:, nobody == 0])

    def solve(goal: numpy.ndarray) -> numpy.ndarray:
        solved = linprog(goal, above, -numpy.ones(above.shape[0]), left, right, method="highs")
        assert solved.success, solved.message
        return solved.x

    # What differs between any two worlds that fit is not told; the rest is asked one by one.
    first = solve(numpy.zeros(left.shape[1]))
    for _attempt in range(40):
        if not asked:
            return
        other = solve(sum(chance.choice((-1, 1)) * found for found in asked.values()))
        asked = {key: found for key, found in asked.items() if abs(found @ first - found @ other) < 1e-6}
    for key, found in asked.items():
        if found @ solve(-found) - found @ solve(found) < 1e-6:
            yield names[key]


def subsets(names: Sequence[str], most: int) -> Iterator[tuple[str, ...]]:
    """All choices of at most so many of the names."""
    for size in range(most + 1):
        yield from itertools.combinations(names, size)
