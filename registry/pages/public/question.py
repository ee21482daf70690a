"""What Explore is asked: the API's query of `counts`, read from the form; the address holds all of it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from registry.choices import Modality, Sex
from registry.dates import last_day, require_come, understand_date
from registry.errors import DateInFuture
from registry.formats.labels import label_dimension
from registry.formats.tables import COUNTS_ADDRESS
from registry.measures import DEFAULT_MEASURES, MEASURES
from registry.numbers_in_text import holds_identity_number
from registry.pages.public.layout import PLACES
from registry.pages.public.selection import ChoiceUnknown, read_day
from registry.published.count_limits import LONGEST_QUERY, MONTH, MOST_DIMENSIONS, YEAR
from registry.published.count_query import ASKABLE, DIMENSIONS, RATE, CountQuery, read_measures

FORMAT_ROOM = 60  # characters of a file's address for its format and language
LONGEST_TEXT = 200
LISTS = ("by", "measures", *DIMENSIONS)
TEXTS = ("from", "to", "as_of", "beside", "draw")
DRAWABLE = tuple(name for name, measure in MEASURES.items() if measure.unit == "count")
FIXED: Mapping[str, Collection[str]] = {
    "by": DIMENSIONS,
    "measures": ASKABLE,
    "age_group": ("child", "adult"),
    "modality": Modality.values,
    "sex": Sex.values,
}

Chosen = Mapping[str, tuple[str, ...]]


class FieldWrong(ChoiceUnknown):
    """A choice that cannot be answered; field is its name in the form, and the sentence begins with its label."""

    sentence = ChoiceUnknown.sentence

    def __init__(self, field: str, sentence: str):
        super().__init__(f"{label_field(field)}: {sentence}")
        self.field = field


@dataclass(frozen=True)
class Question:
    """A query in a page's language, and which of its measures is drawn; "" where none can be.

    beside: another day, as of which the measure is shown beside the query's own.
    """

    language: str
    query: CountQuery
    drawn: str
    beside: date | None = None

    @property
    def other(self) -> "Question":
        """The same as of the day beside."""
        return replace(self, query=replace(self.query, as_of=self.beside), beside=None)

    def address(self, *, language: str = "", drawn: str = "") -> str:
        """The page's address of this question, in another language or with another measure drawn."""
        parameters = list_parameters(self.query)
        if self.beside:
            parameters.append(("beside", self.beside.isoformat()))
        if (drawn or self.drawn) not in {"", choose_drawn(self.query)}:
            parameters.append(("draw", drawn or self.drawn))
        return PLACES["explore"][language or self.language] + "?" + _join(parameters or [("by", "")])

    def data_address(self, form: str, language: str = "") -> str:
        """The address of the same numbers in the API."""
        more = [("format", form)] + ([("lang", language)] if language else [])
        return f"{COUNTS_ADDRESS}?{_join([*list_parameters(self.query), *more])}"


def list_parameters(query: CountQuery) -> list[tuple[str, str]]:
    """A query as the API's parameters, in one order."""
    days = {"from": query.since, "to": query.until, "as_of": query.as_of}
    measures = (*query.measures, RATE) if query.rates else query.measures
    measures = measures if measures != DEFAULT_MEASURES else ()
    lists = {"by": query.by, "measures": measures, **{name: query.filters.get(name, ()) for name in DIMENSIONS}}
    written = {name: ",".join(map(str, values)) for name, values in lists.items() if values}
    return [*written.items(), *((name, day.isoformat()) for name, day in days.items() if day)]


def _join(parameters: Iterable[tuple[str, str]]) -> str:
    return urlencode(list(parameters), safe=",")


def choose_drawn(query: CountQuery) -> str:
    """The measure that is drawn unless another is chosen: patients, else the first number."""
    numbers = [name for name in query.measures if name in DRAWABLE]
    return "patients" if "patients" in numbers else next(iter(numbers), "")


def label_field(name: str) -> str:
    """A field's label in the active language."""
    own = {
        "by": _("Divided by"), "measures": _("Count"), "from": _("From"), "to": _("Through"),
        "as_of": _("As of"), "beside": _("Compared with"), "draw": _("In the chart"),
    }  # fmt: skip
    return own.get(name) or capfirst(label_dimension(name))


def read_chosen(given: QueryDict) -> Chosen:
    """What a form has chosen, by field, as it was written: repeated, or with commas between; empty left out."""
    chosen = {}
    for name in LISTS:
        words = [word.strip() for text in given.getlist(name) for word in text.split(",")]
        chosen[name] = tuple(dict.fromkeys(word for word in words if word))
    for name in TEXTS:
        text = given.get(name, "").strip()
        chosen[name] = (text,) if text else ()
    return {name: words for name, words in chosen.items() if words}


def echo(chosen: Chosen, name: str) -> str:
    """What was typed into a field, to be shown in it again; an identity number is not."""
    text = ", ".join(chosen.get(name, ()))
    return "" if len(text) > LONGEST_TEXT or holds_identity_number(text) else text


def read_question(language: str, chosen: Chosen) -> Question:
    """The question of what was chosen. Raises FieldWrong.

    Values of code lists are checked where the lists are (registry.published.count_limits).
    """
    for name in FIXED:
        _check(name, chosen, FIXED[name])
    by = chosen.get("by", ())
    if len(by) > MOST_DIMENSIONS:
        raise FieldWrong("by", _("choose at most %(most)s at once.") % {"most": MOST_DIMENSIONS})
    measures, rates = read_measures(chosen.get("measures", DEFAULT_MEASURES))
    if set(measures) == set(DEFAULT_MEASURES):
        measures = DEFAULT_MEASURES  # as the API answers where none is named
    since, until = _read_since(chosen), _read_until(chosen)
    if since and until and since > until:
        raise FieldWrong("from", _("the day is later than the last one."))
    query = CountQuery(
        by=by,
        measures=measures,
        filters={name: _read_filter(name, chosen[name]) for name in DIMENSIONS if name in chosen},
        as_of=_read_state("as_of", chosen),
        since=since,
        until=until,
        rates=rates,
    )
    if len(_join(list_parameters(query))) > LONGEST_QUERY - FORMAT_ROOM:
        longest = max(query.filters, key=lambda name: len(str(query.filters[name])), default="by")
        raise FieldWrong(longest, _("too many values are chosen for one address. Choose fewer."))
    drawn, beside = _read_drawn(chosen, query), _read_state("beside", chosen)
    if beside and not drawn:
        raise FieldWrong("beside", _("only numbers are compared. Choose one to count."))
    return Question(language, query, drawn, beside)


def _check(name: str, chosen: Chosen, choices: Collection[str]) -> None:
    if any(word not in choices for word in chosen.get(name, ())):
        raise FieldWrong(name, say_unlisted())


def say_unlisted() -> str:
    """The sentence on a value that is not to be had."""
    return _("a value that was chosen is not in the list. Choose again.")


def say_too_costly() -> str:
    """The sentence on a question whose answer may be too large."""
    return _("the table may become too large. Choose fewer parts, or fewer values below.")


def say_withheld_combination(tables: Iterable[Iterable[str]]) -> str:
    """The sentence on a question that the policy on small numbers lets nobody ask; tables as read_tables gives."""
    together = "; ".join(", ".join(label_dimension(name) for name in table) for table in tables)
    return _(
        "So that nobody can be recognised, only these are counted together: %(tables)s. "
        "Dates go with year alone, and only whole years."
    ) % {"tables": together}


def _read_filter(name: str, words: tuple[str, ...]) -> tuple:
    wanted = {
        "year": (YEAR, _("write a year with four digits.")),
        "month": (MONTH, _("write months as 2026-03, with commas between, or “unknown”.")),
    }
    if name in wanted and not all(wanted[name][0].fullmatch(word) for word in words):
        raise FieldWrong(name, wanted[name][1])
    values = tuple(sorted(words))
    return tuple(int(value) for value in values) if name == "year" else values


def _read_since(chosen: Chosen) -> date | None:
    begins, _ends = _read_period("from", chosen)
    try:
        require_come(begins)
    except DateInFuture as error:
        raise FieldWrong("from", _lower(str(error))) from None
    return begins


def _read_until(chosen: Chosen) -> date | None:
    return _read_period("to", chosen)[1]


def _read_period(name: str, chosen: Chosen) -> tuple[date | None, date | None]:
    """The first and the last day of a date as typed."""
    if name not in chosen:
        return None, None
    try:
        begins, precision = understand_date(chosen[name][0])
    except ValueError as error:
        raise FieldWrong(name, _lower(str(error))) from None
    return begins, last_day(begins, precision)


def _read_state(name: str, chosen: Chosen) -> date | None:
    """The day of a state that has come."""
    try:
        return read_day("".join(chosen.get(name, ())))
    except ChoiceUnknown as error:
        raise FieldWrong(name, _lower(str(error))) from None


def _lower(sentence: str) -> str:
    """A sentence as it stands after a colon."""
    return sentence[:1].lower() + sentence[1:]


def _read_drawn(chosen: Chosen, query: CountQuery) -> str:
    if "draw" not in chosen:
        return choose_drawn(query)
    (name,) = chosen["draw"]
    if name not in DRAWABLE:
        raise FieldWrong("draw", say_unlisted())
    return name if name in query.measures else choose_drawn(query)
