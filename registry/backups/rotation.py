"""Which backups are kept: the latest of each of so many days, weeks and months in which there is one."""

import shutil
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from registry.backups.making import ERASURES, MADE, MANIFEST


class Kept(NamedTuple):
    """How many of each."""

    days: int
    weeks: int
    months: int


def choose_kept(moments: Iterable[datetime], kept: Kept) -> set[datetime]:
    """Of these, the ones to keep; always the latest of all."""
    latest_first = sorted(moments, reverse=True)
    chosen = set(latest_first[:1])
    periods: tuple[Callable[[datetime], tuple], ...] = (
        lambda moment: moment.date().timetuple()[:3],
        lambda moment: moment.isocalendar()[:2],
        lambda moment: (moment.year, moment.month),
    )
    for period, most in zip(periods, kept, strict=True):
        latest_of = {period(moment): moment for moment in reversed(latest_first)}
        chosen.update(sorted(latest_of.values(), reverse=True)[:most])
    return chosen


def delete_old(folder: Path, kept: Kept) -> list[Path]:
    """Delete the other backups of a folder, and lists of erasures that a later backup holds; which they were."""
    backups = find_backups(folder)
    wholes = {moment for moment, path in backups.items() if not path.name.endswith(ERASURES)}
    chosen = choose_kept(wholes, kept)
    later = max(wholes, default=datetime.min)
    old = [
        path
        for moment, path in backups.items()
        if (moment < later if path.name.endswith(ERASURES) else moment not in chosen)
    ]
    for path in old:
        shutil.rmtree(path)
    return old


def find_backups(folder: Path) -> dict[datetime, Path]:
    """The whole ones in a folder by when they were made, and lists of erasures; nothing else that is there."""
    found = {}
    for manifest in sorted(folder.glob(f"*/{MANIFEST}")):
        name = manifest.parent.name
        try:
            found[datetime.strptime(name.removesuffix(ERASURES), MADE)] = manifest.parent
        except ValueError:
            continue
    return found
