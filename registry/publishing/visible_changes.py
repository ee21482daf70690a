"""What a new snapshot would let the public see of the changes since what it was told before (decision 0039).

Whoever has kept the answers of every snapshot compares blocks with blocks. So each block that was ever told is
inside one block of the new snapshot or made of several, and where the two differ, it is by enough persons.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

from registry.published.disclosure_blocks import AGAIN, DOSE, ENTRY, REPEAT

Drawn = Mapping[str, list[dict]]  # blocks by table, as draw_blocks gives them
REPEATS = frozenset((DOSE, AGAIN, REPEAT))


def fit_blocks(
    drawn: Drawn, told: Sequence[Drawn], threshold: int, *, coarse: bool = False
) -> dict[str, list[dict]]:
    """The same blocks, joined until they fit those that were told, the latest first.

    coarse: no finer than the latest ones. A role of repeats whose change is too small to be seen is not told.
    """
    fitted = {table: _nest(blocks, [one[table] for one in told], coarse) for table, blocks in drawn.items()}
    small = [
        block
        for table, blocks in fitted.items()
        for one in told
        for block in find_small(_of(REPEATS, blocks), _of(REPEATS, one[table]), threshold)
    ]
    # It is told in all tables or in none: its total is the same in each.
    shut = {role for block in small for role in _roles(block)}
    return {
        table: [block | {"safe": block["safe"] and not shut & _roles(block)} for block in blocks]
        for table, blocks in fitted.items()
    }


def list_held(drawn: Drawn, told: Sequence[Drawn], threshold: int) -> list[str]:
    """The tables in which too few persons would be seen to have come or gone since an earlier snapshot."""

    def is_held(table: str, earlier: Drawn) -> bool:
        entries, others = _entries(drawn[table]), _entries(earlier[table])
        return (
            bool(find_small(entries, others, threshold))
            or 0 < abs(_count_several(drawn, table) - _count_several(earlier, table)) < threshold
            or _tells_rows(drawn[table], earlier[table])
        )

    return [table for table in drawn if any(is_held(table, earlier) for earlier in told)]


def list_held_in_all(drawn: Drawn, told: Sequence[Drawn], threshold: int) -> list[str]:
    """The tables in which too few have come or gone in the whole country: what holds on a release day too."""

    def is_held(table: str, earlier: Drawn) -> bool:
        entries, others = _entries(drawn[table]), _entries(earlier[table])
        few = not _is_enough(entries, others, threshold)
        return (_count(entries) != _count(others) and few) or _tells_rows(drawn[table], earlier[table])

    return [table for table in drawn if any(is_held(table, earlier) for earlier in told[:1])]


def shows_change(drawn: Drawn, earlier: Drawn) -> bool:
    """Whether anything of the entries is seen to differ."""
    return any(
        _is_seen(mine, theirs)
        for table in drawn
        for mine, theirs in _meet(_entries(drawn[table]), _entries(earlier[table]))
    )


def is_same(drawn: Drawn, earlier: Drawn) -> bool:
    """Whether every cell has what it had, told or not."""
    return all(_count(drawn[table]) == _count(earlier[table]) for table in drawn)


def find_small(blocks: list[dict], others: list[dict], threshold: int) -> list[dict]:
    """The blocks that, beside other ones told earlier, tell of a change of fewer persons than may be told.

    A cell that is new or gone is seen, so there have to be more persons than such cells.
    """
    found = []
    for mine, theirs in _meet(blocks, others):
        cells = len(_paths(mine) ^ _paths(theirs))
        if _is_seen(mine, theirs) and not _is_enough(mine, theirs, max(threshold, cells + 1)):
            found += mine + theirs
    return found


def _is_seen(blocks: list[dict], others: list[dict]) -> bool:
    return _infusions(blocks) != _infusions(others) or _paths(blocks) != _paths(others)


def _is_enough(blocks: list[dict], others: list[dict], least: int) -> bool:
    """Whether so many came, or went: of the persons who could stand elsewhere, and of infusions."""
    infusions = _infusions(blocks) - _infusions(others)
    persons = sum(map(_weight, blocks)) - sum(map(_weight, others))
    return min(infusions, persons) >= least or max(infusions, persons) <= -least


def _nest(blocks: list[dict], told: Sequence[list[dict]], coarse: bool) -> list[dict]:
    """Blocks joined so that each meets one told block, or several whole ones."""
    joined = True
    while joined:
        joined = False
        for turn, others in enumerate(told):
            for mine, theirs in list(_meet(_seen(blocks), _seen(others))):
                if len(mine) > 1 and (len(theirs) > 1 or (coarse and theirs and not turn)):
                    blocks = [block for block in blocks if block not in mine] + [_join(mine)]
                    joined = True
    return blocks


def _meet(mine: list[dict], theirs: list[dict]) -> Iterator[tuple[list[dict], ...]]:
    """What hangs together: blocks of both sides that have cells in common, however indirectly."""
    left = [(True, _cells(block), block) for block in mine] + [(False, _cells(block), block) for block in theirs]
    while left:
        cells, together = left[0][1], []
        while touching := [one for one in left if one[1] & cells]:
            left = [one for one in left if not one[1] & cells]
            cells = cells.union(*(of_block for _is_mine, of_block, _block in touching))
            together += touching
        yield tuple([block for is_mine, _of_block, block in together if is_mine is side] for side in (True, False))


def _join(blocks: list[dict]) -> dict:
    return {
        "safe": all(block["safe"] for block in blocks),
        "weight": sum(map(_weight, blocks)),
        "atoms": [atom for block in blocks for atom in block["atoms"]],
    }


def _seen(blocks: list[dict]) -> list[dict]:
    """All but roles of repeats that are not told, of which nothing is seen; of entries the cells always are."""
    return [block for block in blocks if block["safe"] or ENTRY in _roles(block)]


def _of(roles: Collection[str], blocks: list[dict]) -> list[dict]:
    return [block for block in _seen(blocks) if _roles(block) & set(roles)]


def _entries(blocks: list[dict]) -> list[dict]:
    return _of((ENTRY,), blocks)


def _count_several(drawn: Drawn, table: str) -> int:
    """Entries of persons who are in another cell of the table already: totals beside their parts tell of them."""
    return _infusions(_entries(drawn[table])) - _infusions(_entries(drawn["time"]))


def _tells_rows(blocks: list[dict], others: list[dict]) -> bool:
    """Whether a row comes or goes by repeats alone that are not told."""
    rows = _paths(blocks) ^ _paths(others)
    told = _paths(_seen(blocks)) ^ _paths(_seen(others))
    return bool(rows - told)


def _count(blocks: list[dict]) -> Counter:
    """Infusions by cell: entries, and repeats of either kind together."""
    counted: Counter = Counter()
    for block in blocks:
        for role, *path, infusions in block["atoms"]:
            counted[role == ENTRY, *path] += infusions
    return counted


def _roles(block: dict) -> set[str]:
    return {atom[0] for atom in block["atoms"]}


def _cells(block: dict) -> set[tuple]:
    """The cells with their roles; further doses and reinfusions that are one role are both."""
    return {
        (role, *path)
        for gathered, *path, _infusions in block["atoms"]
        for role in ((DOSE, AGAIN) if gathered == REPEAT else (gathered,))
    }


def _paths(blocks: Collection[dict]) -> set[tuple]:
    return {tuple(atom[1:-1]) for block in blocks for atom in block["atoms"]}


def _infusions(blocks: Collection[dict]) -> int:
    return sum(atom[-1] for block in blocks for atom in block["atoms"])


def _weight(block: dict) -> int:
    """A block's persons who could stand elsewhere; its infusions, where it is from before they were stored."""
    weight: int = block["weight"] if "weight" in block else _infusions([block])
    return weight
