"""The tables and charts of the page on trials: two dimensions across each other, and bars that say the same."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from registry.figure.bars import Bar, draw_bars
from registry.pages.public.atmp_words import say_not_stated
from registry.wording import say_number

SIZES = {"wide": (760, True), "narrow": (358, False)}  # width, whether labels stand beside the bars
Cell = tuple[str, str]  # what is written, and the CSS class of its column
Name = Callable[[str], str]


@dataclass(frozen=True)
class Row:
    """A row of a table: its name, with a word beside it, and its cells; spans where one cell stands for all."""

    name: str
    cells: Sequence[Cell]
    is_total: bool = False
    spans: int = 1
    beside: str = ""


@dataclass(frozen=True)
class Table:
    """A table as the template lays it out."""

    name: str  # on the page
    caption: str
    head: Sequence[Cell]
    rows: Sequence[Row]
    is_titled: bool = False  # by the heading above it, so that its caption is for screen readers alone


@dataclass(frozen=True)
class Crossed:
    """Ongoing trials by two dimensions: each cell's, the totals of either one, and that of the nation.

    rows and columns are the values that have a trial; silent are rows of which nothing is stated.
    """

    rows: Sequence[str]
    columns: Sequence[str]
    cells: Mapping[tuple[str, str], int]
    row_totals: Mapping[str, int | None]
    column_totals: Mapping[str, int | None]
    total: int

    def lay_out(self, name: str, caption: str, corner: str, of_row: Name, of_column: Name) -> Table:
        """The table, with the totals of either dimension counted afresh."""
        rows = []
        for row in self.rows:
            whole = self.row_totals[row]
            if whole is None:
                rows.append(Row(of_row(row), [(say_not_stated(), "")], spans=len(self.columns) + 1))
                continue
            numbers = [self.cells.get((row, column), 0) for column in self.columns]
            rows.append(Row(of_row(row), [(say_number(one), "n") for one in (*numbers, whole)]))
        whole_row = [(say_number(one), "n") for one in (*map(self.column_totals.get, self.columns), self.total)]
        head = [(corner, ""), *((of_column(one), "n") for one in self.columns), (_("Total"), "n")]
        return Table(name, caption, head, [*rows, sum_up(whole_row)], is_titled=True)

    def list_bars(self, of_row: Name, of_column: Name) -> list[Bar]:
        """A bar for each cell that has a trial, below the name of its row."""
        return [
            Bar(of_column(column), number, group=of_row(row))
            for row in self.rows
            for column in self.columns
            if (number := self.cells.get((row, column)))
        ]


def sum_up(cells: Sequence[Cell]) -> Row:
    """The row of the nation, which is no sum of those above it."""
    return Row(_("Sweden"), cells, is_total=True, beside=_("counted afresh"))


def cross(both: dict, rows: dict, columns: dict, *, silent: bool = False) -> Crossed:
    """The counts by two dimensions, and by each alone, across each other.

    silent: rows without a trial stand too, with zero or as not stated.
    """
    (row_name,), (column_name,) = rows["by"], columns["by"]
    row_totals = {row[row_name]: row["trials"] for row in rows["rows"] if row["trials"] or silent}
    column_totals = {row[column_name]: row["trials"] for row in columns["rows"] if row["trials"]}
    cells = {(row[row_name], row[column_name]): row["trials"] for row in both["rows"] if row["trials"]}
    return Crossed(
        list(row_totals), list(column_totals), cells, row_totals, column_totals, both["total"]["trials"]
    )


def draw(bars: Sequence[Bar], title: str) -> list[str]:
    """The chart for wide and for narrow windows."""
    if not bars:
        return []
    label = _("%(title)s. The numbers are in the table below.") % {"title": title}
    return [
        draw_bars(bars, width=width, beside=beside, label=label, css=f"chart-{size}")
        for size, (width, beside) in SIZES.items()
    ]


def list_files(place: str, asked: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """(name, address) of each file of a figure's numbers."""
    written = "&".join(f"{name}={value}" for name, value in asked)
    return [
        (ending.upper(), f"/api/v1/atmp/{place}?{written}{'&' * bool(written)}format={ending}")
        for ending in ("csv", "xlsx", "json")
    ]
