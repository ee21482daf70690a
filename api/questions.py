"""Reading the parameters of a request. An unknown parameter or value is named, never ignored."""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from math import prod

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

from api.errors import Refused
from registry.choices import Modality, Sex
from registry.clock import require_come
from registry.errors import DateInFuture
from registry.formats import Format
from registry.number_search import holds_number
from registry.statistics.counting import DIMENSIONS, NONE, Question
from registry.statistics.measures import DEFAULT_MEASURES, MEASURES

MOST_DIMENSIONS = 4
MOST_ROWS = 100_000
MOST_COST = 200_000  # rows by dimensions
LONGEST_QUERY = 2_000
LONGEST_ECHO = 40
DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])|unknown", re.ASCII)
YEAR = re.compile(r"(19|20|21)\d{2}", re.ASCII)
WHOLE_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
LANGUAGES = ("sv", "en")
MAY_BE_MISSING = {"indication", "manufacturing_site", "trial"}
COMMON = frozenset({"format", "lang"})


class Parameters:
    """The parameters of one request, each readable once in its own form."""

    def __init__(self, request: HttpRequest, allowed: Collection[str], *, common: Collection[str] = COMMON):
        """Refuses an unknown parameter, one given twice, and a text that is not UTF-8."""
        self.values: dict[str, str] = {}
        self.format = "json"  # what choose_format has chosen
        query = request.META.get("QUERY_STRING", "")
        if not query:
            return
        if len(query) > LONGEST_QUERY:
            raise Refused("query_too_long", f"A question has at most {LONGEST_QUERY} characters.")
        known = sorted({*common, *allowed})
        try:
            given = request.GET.lists()
        except TooManyFieldsSent:
            raise Refused("query_too_long", "The question has too many parameters.") from None
        for name, values in given:
            if name not in known:
                sentence = f"{shorten(name)} is not a parameter here. There are: {', '.join(known) or 'none'}."
                raise Refused("unknown_parameter", sentence, parameter=shorten(name))
            if len(values) > 1:
                sentence = f"{name} is given {len(values)} times: write its values with commas between."
                raise Refused("parameter_repeated", sentence, parameter=name)
            self.values[name] = values[0]

    def day(self, name: str) -> date | None:
        """A date as YYYY-MM-DD."""
        text = self.values.get(name)
        if text is None:
            return None
        try:
            if not DATE.fullmatch(text):
                raise ValueError
            return date.fromisoformat(text)
        except ValueError:
            raise unknown_value(name, text, "a date as YYYY-MM-DD") from None

    def day_that_has_come(self, name: str) -> date | None:
        """A day up to which, or from which, is counted: not one after today."""
        day = self.day(name)
        try:
            require_come(day)
        except DateInFuture as error:
            raise Refused(error.code, f"{name}={day}: {error}", parameter=name) from None
        return day

    def number(self, name: str) -> int | None:
        """A whole number."""
        text = self.values.get(name)
        if text is None:
            return None
        if not WHOLE_NUMBER.fullmatch(text):
            raise unknown_value(name, text, "a whole number")
        return int(text)

    def snapshot(self, name: str, newest: int) -> int | None:
        """The number of a snapshot that there is."""
        number = self.number(name)
        if number is not None and not 1 <= number <= newest:
            raise unknown_value(name, str(number), f"the number of a snapshot, 1 to {newest}")
        return number

    def words(self, name: str) -> tuple[str, ...] | None:
        """Words with commas between, none of them empty or twice."""
        text = self.values.get(name)
        if text is None:
            return None
        words = tuple(word.strip() for word in text.split(","))
        if not all(words):
            raise unknown_value(name, text, "values with commas between")
        if len(set(words)) < len(words):
            raise Refused("value_repeated", f"{name} has a value twice.", parameter=name)
        return words

    def choose(self, name: str, choices: Collection[str]) -> tuple[str, ...] | None:
        """Words out of a list."""
        words = self.words(name)
        for word in words or ():
            if word not in choices:
                raise unknown_value(name, word, f"one or more of {', '.join(choices)}")
        return words


def shorten(text: str) -> str:
    """A caller's text, fit to be repeated in an error."""
    if holds_number(text):
        return "…"
    return text if len(text) <= LONGEST_ECHO else text[:LONGEST_ECHO] + "…"


def unknown_value(name: str, value: str, wanted: str) -> Refused:
    """The refusal of one value."""
    return Refused("unknown_value", f"{name}={shorten(value)}: write {wanted}.", parameter=name)


def choose_language(request: HttpRequest, parameters: Parameters) -> str:
    """`?lang=`, else Accept-Language, else Swedish."""
    asked = parameters.values.get("lang")
    if asked is not None:
        if asked not in LANGUAGES:
            raise unknown_value("lang", asked, "sv or en")
        return asked
    for wanted, _weight in parse_accept_lang_header(request.META.get("HTTP_ACCEPT_LANGUAGE", "").lower()):
        if wanted == "*":
            break
        try:
            return get_supported_language_variant(wanted)
        except LookupError:
            continue
    return LANGUAGES[0]


def choose_format(
    request: HttpRequest, parameters: Parameters, formats: Mapping[str, Format], ending: str | None = None
) -> str:
    """The address's ending, else `?format=`, else Accept, else the first; formats are by their names."""
    asked = parameters.values.get("format")
    if ending is not None and asked not in {None, ending}:
        raise Refused(
            "format_contradicts", f"The address ends in .{ending}: leave format out.", parameter="format"
        )
    asked = asked if ending is None else ending
    if asked is not None:
        if asked not in formats:
            raise unknown_value("format", asked, f"one of {', '.join(formats)}")
        return asked
    if request.META.get("HTTP_ACCEPT", "*/*") == "*/*":  # most programs, and not worth parsing
        return next(iter(formats))
    types: dict[str, str] = {}
    for name, form in formats.items():
        types.setdefault(form.media_type.partition(";")[0], name)
    preferred = request.get_preferred_type(list(types))
    if preferred is not None:
        return types[preferred]
    raise Refused(
        "not_acceptable",
        f"The answer is to be had as: {', '.join(types)}.",
        parameter="Accept",
        status_code=406,
    )


def read_question(parameters: Parameters) -> Question:
    """The question of `counts`, in the one spelling that two ways of asking it share.

    Values of code lists are checked by check_codes, which needs the lists.
    """
    by = parameters.choose("by", DIMENSIONS) or ()
    if len(by) > MOST_DIMENSIONS:
        sentence = f"At most {MOST_DIMENSIONS} dimensions at once; {len(by)} are asked for."
        raise Refused("too_many_dimensions", sentence, parameter="by")
    measures = parameters.choose("measures", MEASURES)
    filters = {name: _filter(parameters, name) for name in DIMENSIONS if name in parameters.values}
    since, until = parameters.day_that_has_come("from"), parameters.day("to")
    if since and until and since > until:
        raise Refused("period_empty", "from is later than to.", parameter="from", status_code=409)
    return Question(
        by=by,
        measures=tuple(name for name in MEASURES if name in measures) if measures else DEFAULT_MEASURES,
        filters=filters,
        as_of=parameters.day_that_has_come("as_of"),
        since=since,
        until=until,
    )


def _filter(parameters: Parameters, name: str) -> tuple:
    fixed: dict[str, Collection[str]] = {
        "age_group": ("child", "adult"),
        "modality": Modality.values,
        "sex": Sex.values,
    }
    if name in fixed:
        return tuple(sorted(parameters.choose(name, fixed[name]) or ()))
    values = tuple(sorted(parameters.words(name) or ()))
    for pattern, dimension, wanted in ((YEAR, "year", "a year"), (MONTH, "month", "YYYY-MM or unknown")):
        wrong = [value for value in values if name == dimension and not pattern.fullmatch(value)]
        if wrong:
            raise unknown_value(name, wrong[0], wanted)
    return tuple(int(value) for value in values) if name == "year" else values


def check(question: Question, known: Callable[[str], Collection[str] | None], extent: Mapping[str, int]) -> None:
    """Refuse what cannot be counted, or costs too much (statistics.published.Check)."""
    check_codes(question, known)
    check_cost(question, extent)


def check_cost(question: Question, extent: Mapping[str, int]) -> None:
    """Refuse a question whose answer may become too large, before anything is counted.

    extent tells how many values each dimension has, and how many "infusions" there are.
    """
    sizes = {name: len(question.filters.get(name, ())) or extent[name] for name in question.by}
    rows = min(prod(sizes.values()), extent["infusions"])
    if rows <= MOST_ROWS and rows * len(question.by) <= MOST_COST:
        return
    raise Refused(
        "too_costly",
        f"By {', '.join(question.by)} there may be {rows} rows; the limits are {MOST_ROWS} rows, and "
        f"{MOST_COST} for rows times dimensions. Choose fewer dimensions, or fewer values by a filter.",
        parameter="by",
    )


def check_codes(question: Question, known: Callable[[str], Collection[str] | None]) -> None:
    """Refuse filter values that are in no code list; known(name) is a list's values, None if open."""
    for name, values in question.filters.items():
        codes = known(name)
        if codes is None:
            continue
        for value in values:
            if value not in codes and not (value == NONE and name in MAY_BE_MISSING):
                raise unknown_value(name, str(value), f"one or more of {', '.join(codes)}")
