"""Reading the parameters of a request. An unknown parameter or value is named, never ignored."""

import re
from collections.abc import Collection, Mapping
from datetime import date

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

from api.accept_header import choose_type
from api.errors import Refused
from registry.dates import require_come
from registry.errors import DateInFuture
from registry.formats import JSON, Format
from registry.numbers_in_text import holds_identity_number
from registry.published.count_limits import LONGEST_QUERY

LONGEST_ECHO = 40
DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
WHOLE_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
LANGUAGES = ("sv", "en")
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
            raise Refused("query_too_long", f"A query has at most {LONGEST_QUERY} characters.")
        known = sorted({*common, *allowed})
        try:
            given = request.GET.lists()
        except TooManyFieldsSent:
            raise Refused("query_too_long", "The query has too many parameters.") from None
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
            raise Refused(error.code, f"{name}={day}: {error.sentence}", parameter=name) from None
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
    if holds_identity_number(text):
        return "…"
    return text if len(text) <= LONGEST_ECHO else text[:LONGEST_ECHO] + "…"


def unknown_value(name: str, value: str, wanted: str) -> Refused:
    """The refusal of one value."""
    return Refused("unknown_value", f"{name}={shorten(value)}: write {wanted}.", parameter=name)


def choose_language(request: HttpRequest, parameters: Parameters) -> str:
    """`?lang=`, else Accept-Language, else Swedish."""
    chosen = parameters.values.get("lang")
    if chosen is not None:
        if chosen not in LANGUAGES:
            raise unknown_value("lang", chosen, "sv or en")
        return chosen
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
    chosen = parameters.values.get("format")
    if ending is not None and chosen not in {None, ending}:
        raise Refused(
            "format_contradicts", f"The address ends in .{ending}: leave format out.", parameter="format"
        )
    chosen = chosen if ending is None else ending
    if chosen is not None:
        if chosen not in formats:
            raise unknown_value("format", chosen, f"one of {', '.join(formats)}")
        return chosen
    accept = request.META.get("HTTP_ACCEPT", "").strip()
    if accept in {"", "*/*"}:  # most programs, and not worth parsing
        return next(iter(formats))
    types = _list_types(formats)
    preferred = choose_type(accept, {media_type: formats[name].parameters for media_type, name in types.items()})
    if preferred is not None:
        return types[preferred]
    raise Refused(
        "not_acceptable",
        f"The response is available as: {', '.join(types)}.",
        parameter="Accept",
    )


def _list_types(formats: Mapping[str, Format]) -> dict[str, str]:
    """The format of each media type; a kind of JSON is had as JSON too, where there is no plain one."""
    types: dict[str, str] = {}
    for name, form in formats.items():
        types.setdefault(form.media_type.partition(";")[0], name)
    for media_type, name in list(types.items()):
        if media_type.endswith("+json"):
            types.setdefault(JSON, name)
    return types
