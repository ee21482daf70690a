"""Explore's answer: a table of counts, of one day or of two beside each other, and its chart."""

from collections.abc import Mapping, Sequence
from datetime import date

from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from registry.figure.bars import Bar, draw_bars
from registry.formats.labels import label_dimension, label_measure
from registry.formats.tables import tell_complete
from registry.pages.public.explore_options import Options, name_value
from registry.pages.public.question import Question
from registry.wording import WITHHELD, say_date, say_measured, say_number

SIZES = {"wide": (760, True), "narrow": (358, False)}  # width, whether labels stand beside the bars
LATEST = "9999"
RATE_COLUMNS = ("per_100_000", "population")
MOST_ROWS = 500  # of the table at once; the files have all
Cell = tuple[str, str]  # what is written, and the CSS class of its column
Key = tuple[object, ...]


def list_rows(counts: dict, other: dict | None) -> list[dict]:
    """The rows of one day, or of either of two: first those of the later one, which has most."""
    if other is None:
        return list(counts["rows"])
    earlier, later = sorted((counts, other), key=lambda one: one["snapshot"]["as_of"] or LATEST)
    known = index_rows(later, counts["by"])
    return [*later["rows"], *(row for key, row in index_rows(earlier, counts["by"]).items() if key not in known)]


def describe_title(question: Question, measure: str) -> str:
    """As "Patients by product and year"."""
    name = capfirst(label_measure(measure, question.language)) if measure else _("Counts")
    parts = [label_dimension(one) for one in question.query.by]
    if not parts:
        return _("%(measure)s in all") % {"measure": name}
    by = ", ".join(parts[:-1])
    by = _("%(parts)s and %(last)s") % {"parts": by, "last": parts[-1]} if by else parts[-1]
    return _("%(measure)s by %(parts)s") % {"measure": name, "parts": by}


def describe_table(question: Question, counts: dict, other: dict | None, options: Options) -> dict:
    """The table: all measures of one day, or the one that is drawn of two."""
    by = question.query.by
    cells = _Compared(question, counts, other) if other else _Plain(question, counts)
    return {
        "head": [capfirst(label_dimension(name)) for name in by],
        "measures": cells.head(),
        "rows": [
            (
                [name_value(options, name, row[name]) for name in by],
                cells.row(row),
                any(is_unfinished(row, one) for one in (counts, other) if one),
            )
            for row in list_rows(counts, other)[:MOST_ROWS]
        ],
        "total": cells.total(),
        "span": len(by),
    }


def is_unfinished(row: dict, counts: dict) -> bool:
    """Whether the row is of a year or month that is not known to be complete."""
    return tell_complete(row, counts).get("complete") is False


class _Plain:
    """The columns of one day: a measure each."""

    def __init__(self, question: Question, counts: dict):
        self.language, self.measures, self.counts = question.language, question.query.measures, counts
        self.rates = question.query.rates

    def head(self) -> list[tuple[str, str, str]]:
        """Each column's measure, label and class."""
        names = (*self.measures, *(RATE_COLUMNS if self.rates else ()))
        return [(name, capfirst(label_measure(name, self.language)), _align(name)) for name in names]

    def row(self, row: Mapping) -> list[Cell]:
        return [*(_say(row, name) for name in self.measures), *(_say_rate(row) if self.rates else ())]

    def total(self) -> list[Cell]:
        return self.row(self.counts["total"])


class _Compared:
    """The columns of one measure: as of each day, and by how much the first is more than the second."""

    def __init__(self, question: Question, counts: dict, other: dict):
        self.name, self.by, self.both = question.drawn, question.query.by, (counts, other)
        self.cells = [index_rows(one, self.by) for one in self.both]

    def head(self) -> list[tuple[str, str, str]]:
        states = [say_state(read_as_of(one)) for one in self.both]
        return [*(("", state, "n") for state in states), ("", _("Difference"), "n")]

    def row(self, row: Mapping) -> list[Cell]:
        key = tuple(row[name] for name in self.by)
        return self._say([cells[key][self.name] if key in cells else 0 for cells in self.cells])

    def total(self) -> list[Cell]:
        return self._say([one["total"][self.name] for one in self.both])

    def _say(self, numbers: Sequence[int | None]) -> list[Cell]:
        return [*((say_number(number), "n") for number in numbers), (say_difference(*numbers), "n")]


def index_rows(counts: dict, by: Sequence[str]) -> dict[Key, dict]:
    """The rows by the values of their dimensions."""
    return {tuple(row[name] for name in by): row for row in counts["rows"]}


def read_as_of(counts: dict) -> date | None:
    """The day that counts are as of."""
    day = counts["snapshot"]["as_of"]
    return date.fromisoformat(day) if day else None


def say_state(day: date | None) -> str:
    """As of which day something is counted."""
    return say_date(day.isoformat()) if day else _("Latest")


def say_difference(number: int | None, other: int | None) -> str:
    """By how much a number is more than another: "+3", "−2", "0"; not told where one of them is withheld."""
    if number is None or other is None:
        return WITHHELD
    sign = "+" if number > other else "−" if number < other else ""
    return sign + say_number(abs(number - other))


def _say(cell: Mapping, name: str) -> Cell:
    """A cell's number or date as it is written, and how it stands in its column."""
    return say_measured(name, cell[name], withheld=bool(cell.get("suppressed"))), _align(name)


def _align(measure: str) -> str:
    return "first" if measure == "first" else "n"


def _say_rate(cell: Mapping) -> list[Cell]:
    """A cell's rate and inhabitants, with their year."""
    rate, persons = cell["per_100_000"], cell["population"]
    if persons is None:
        return [("", "n"), ("", "n")]
    said = WITHHELD if rate is None else number_format(rate, 2, use_l10n=True)
    return [(said, "n"), (f"{say_number(persons)} ({cell['population_year']})", "n")]


def draw_answer(question: Question, bars: Sequence[Bar]) -> list[str]:
    """The chart for wide and for narrow windows; none where there is nothing to compare."""
    if not bars:
        return []
    label = _("%(title)s. The numbers are in the table below.") % {
        "title": describe_title(question, question.drawn)
    }
    return [
        draw_bars(bars, width=width, beside=beside, label=label, css=f"chart-{size}")
        for size, (width, beside) in SIZES.items()
    ]


def make_bars(question: Question, counts: dict, other: dict | None, options: Options) -> list[Bar]:
    """A bar for each row, or for each row and day."""
    by, name = question.query.by, question.drawn
    if not name or (not by and not other):
        return []
    bars, both = [], [(one, index_rows(one, by) if by else {(): one["total"]}) for one in (counts, other) if one]
    for row in list_rows(counts, other) if by else [{}]:
        names = [name_value(options, one, row[one]) for one in by]
        mark = row["category"].lower() if "category" in by else "one"
        if other is None:
            label, group = (names[0], "") if len(by) == 1 else (", ".join(names[1:]), names[0])
            bars.append(Bar(label, row[name], mark, group, is_unfinished(row, counts)))
            continue
        key = tuple(row[one] for one in by)
        for one, cells in both:
            number = cells[key][name] if key in cells else 0
            faint = is_unfinished(row, one)
            bars.append(Bar(say_state(read_as_of(one)), number, mark, ", ".join(names), faint))
    return bars
