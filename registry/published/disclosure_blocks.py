"""Drawing a snapshot's smallest cells into blocks, of which its numbers may be told (decision 0012)."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from registry.choices import Kind
from registry.published.count_query import CELL_DIMENSIONS, SLICES
from registry.published.count_statement import OF_COURSE
from registry.published.facts import MEMORY, name_table

# What may be combined in a query, the coarser dimension first. Nothing binds one table to another but the
# country's totals: what is moved within one changes no number of the others.
TABLES: Mapping[str, tuple[str, ...]] = {
    "place": ("region", "centre", "category"),
    "time": ("year",),
    "age": ("age_group",),
    "sex": ("sex",),
    "product": ("modality", "manufacturing_site", "product"),
    "indication": ("indication",),
}
# Infusions by their role in a table's smallest cells: entries, further doses, reinfusions; and the last
# two together where there are too few of one of them.
ENTRY, DOSE, AGAIN, REPEAT = "entry", "dose", "again", "repeat"
ALL = (ENTRY, DOSE, AGAIN, REPEAT)
# A person who could stand elsewhere without any other number moving: an entry of someone with no other
# infusion, or all that someone has besides entries, where it lies in one place.
ATOMS = f"""
WITH role AS (
    SELECT {{cell}} person, kind, is_only, infused_on{OF_COURSE.format(role="")}
    FROM {{facts}} WINDOW course AS (PARTITION BY {{cell}} person ORDER BY place)
), placed AS (
    SELECT person, is_only, {{dimensions}},
           CASE WHEN is_entry THEN '{ENTRY}' WHEN kind = '{Kind.FURTHER_DOSE}' THEN '{DOSE}' ELSE '{AGAIN}'
           END AS role
    FROM role
), gathered AS (
    SELECT role, {{names}}, person, bool_and(is_only) AS is_only, count(*) AS infusions
    FROM placed GROUP BY role, {{names}}, person
), weighed AS (
    SELECT role, {{names}}, infusions, CASE role WHEN '{ENTRY}' THEN is_only
           ELSE count(*) FILTER (WHERE role <> '{ENTRY}') OVER (PARTITION BY person) = 1 END AS is_free
    FROM gathered
)
SELECT role, {{names}}, sum(infusions)::bigint, count(*) FILTER (WHERE is_free)
FROM weighed GROUP BY role, {{names}} ORDER BY role, {{names}}
"""


@dataclass(frozen=True)
class Atom:
    """One smallest cell of a table, its role first in the path.

    weight: how many persons in it could stand elsewhere; infusions: how many there are.
    """

    path: tuple
    weight: int
    infusions: int = 0

    def store(self) -> list:
        """As JSON: the path, and the infusions after it."""
        return [*self.path, self.infusions]


def draw_blocks(
    snapshot: int, threshold: int, *, complementary: bool = True, gathered: bool = False
) -> dict[str, list[dict]]:
    """The blocks of a snapshot's facts, by table, as JSON; each of threshold persons at least.

    complementary: without it each small number is withheld for itself alone, which protects nothing; it
    shows that the attack in the tests finds what there is to find. gathered: further doses and reinfusions
    are one role in any case.
    """
    atoms = gather_roles(read_cells(snapshot), threshold, in_any_case=gathered)
    if not complementary:
        return {
            table: [_store([atom], atom.weight >= threshold) for atom in found] for table, found in atoms.items()
        }
    blocks = {table: draw_table(found, threshold) for table, found in atoms.items()}
    # A role with too few persons in one table is closed in all of them: its total is the same in each.
    closed = {block["atoms"][0][0] for drawn in blocks.values() for block in drawn if not block["safe"]}
    return {
        table: [{**block, "safe": block["atoms"][0][0] not in closed} for block in drawn]
        for table, drawn in blocks.items()
    }


def read_cells(snapshot: int) -> dict[str, list[Atom]]:
    """The smallest cells of a snapshot's facts, by table."""
    return {table: list(_read_atoms(snapshot, table)) for table in TABLES}


def draw_exact(atoms: Mapping[str, list[Atom]]) -> dict[str, list[dict]]:
    """The blocks of a snapshot of which everything was told: each of one cell."""
    return {table: [_store([atom], True) for atom in found] for table, found in atoms.items()}


def gather_roles(
    atoms: Mapping[str, list[Atom]], threshold: int, *, in_any_case: bool = False
) -> dict[str, list[Atom]]:
    """The same, further doses and reinfusions as one where a table has too few of either, or in any case."""

    def is_rare(role: str) -> bool:
        weights = ([atom.weight for atom in found if atom.path[0] == role] for found in atoms.values())
        return any(found and not _is_safe(found, threshold) for found in weights)

    if not in_any_case and not is_rare(DOSE) and not is_rare(AGAIN):
        return dict(atoms)
    gathered = {}
    for table, found in atoms.items():
        parts: dict[tuple, list[Atom]] = defaultdict(list)
        for atom in found:
            role, *path = atom.path
            parts[REPEAT if role in {DOSE, AGAIN} else role, *path].append(atom)
        gathered[table] = [
            Atom(path, sum(one.weight for one in together), sum(one.infusions for one in together))
            for path, together in parts.items()
        ]
    return gathered


def draw_table(atoms: Sequence[Atom], threshold: int) -> list[dict]:
    """A table's atoms in blocks, neighbours together; one that stays too small is not safe."""
    blocks: list[list[Atom]] = []
    left: list[list[Atom]] = []
    for role in dict.fromkeys(atom.path[0] for atom in atoms):
        drawn, rest = _draw([atom for atom in atoms if atom.path[0] == role], 1, threshold)
        blocks += drawn
        left += [rest] if rest else []
    return [_store(block, safe) for safe, found in ((True, blocks), (False, left)) for block in found]


def _store(block: Sequence[Atom], safe: bool) -> dict:
    """A block as JSON. weight: how many of its persons could stand elsewhere."""
    return {
        "safe": safe,
        "weight": sum(atom.weight for atom in block),
        "atoms": [atom.store() for atom in block],
    }


def _draw(atoms: list[Atom], depth: int, threshold: int) -> tuple[list[list[Atom]], list[Atom]]:
    """Blocks of what has the same path so far, and what is too little for one of its own.

    What is too little goes together with what else is; where that is not enough, with the smallest block.
    """
    if depth == len(atoms[0].path):
        return ([atoms], []) if _is_safe([atom.weight for atom in atoms], threshold) else ([], atoms)
    blocks: list[list[Atom]] = []
    rest: list[Atom] = []
    for step in dict.fromkeys(atom.path[depth] for atom in atoms):
        drawn, left = _draw([atom for atom in atoms if atom.path[depth] == step], depth + 1, threshold)
        blocks += drawn
        rest += left
    if rest and _is_safe([atom.weight for atom in rest], threshold):
        blocks.append(rest)
    elif rest and blocks:
        smallest = min(blocks, key=lambda block: sum(atom.weight for atom in block))
        smallest += rest
    else:
        return blocks, rest
    return blocks, []


def _is_safe(weights: Collection[int], threshold: int) -> bool:
    """Enough persons, and one more than parts: it is known that there is someone in each part."""
    return sum(weights) >= max(threshold, len(weights) + 1)


def _read_atoms(snapshot: int, table: str) -> Iterator[Atom]:
    names = TABLES[table]
    cell = "".join(f"{name}, " for name in names if name in CELL_DIMENSIONS)
    dimensions = ", ".join(f"{SLICES.get(name, name).format(role='')} AS {name}" for name in names)
    sql = ATOMS.format(cell=cell, facts=name_table(snapshot), dimensions=dimensions, names=", ".join(names))
    with connection.cursor() as cursor:
        cursor.execute(MEMORY)
        cursor.execute(sql)
        for *path, infusions, weight in cursor.fetchall():
            yield Atom(tuple(path), weight, infusions)
