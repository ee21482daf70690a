"""The displayed text of a number in a spreadsheet's number format, where all programs agree on it."""

import math
import re
from collections.abc import Callable, Sequence
from decimal import Decimal

from registry.entry.exchange.file_row import ROUNDED, SHOWN_OTHERWISE

KEPT_DIGITS = 15  # significant digits of a number in a spreadsheet; the rest is lost
GROUP = 3  # digits between thousands separators

Text = tuple[str, str]  # displayed text, and why it cannot be read (or A_DATE)
Show = Callable[[str], Text]
Piece = tuple[str, str]  # token type and text

OTHERWISE: Text = ("", SHOWN_OTHERWISE)
# A quoted text, an escaped character, a padding character, a repeated character, a part in brackets.
PIECE = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|_(?P<space>.)|\*(?P<fill>.)|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>general|standard)|(?P<noon>am/pm|a/p)|(?P<any>.)",
    re.IGNORECASE | re.DOTALL,
)
CURRENCY = re.compile(r"\$([^-]*)")  # before the locale
DIGITS, UNSURE = "0#?", "%/eE"  # the latter show another number than the value


def show_general(value: str) -> Text:
    """A number in full, without binary rounding noise."""
    if value.isdecimal() and len(value) <= KEPT_DIGITS and value.isascii():
        return value.lstrip("0") or "0", ""
    try:
        number = float(value)
    except ValueError:
        return "", ROUNDED
    if not math.isfinite(number) or abs(number) >= 10**KEPT_DIGITS:
        return "", ROUNDED
    if number.is_integer():
        return str(int(number)), ""
    return f"{Decimal(f'{number:.15g}'):f}", ""


def read_sections(code: str) -> list[list[Piece]]:
    """The sections of a format (positive, negative, zero, text), each as its tokens."""
    sections: list[list[Piece]] = [[]]
    for found in PIECE.finditer(code):
        kind = found.lastgroup or ""
        text = found[kind]
        if kind == "any" and text == ";":
            sections.append([])
        elif kind in {"quoted", "escaped"}:
            sections[-1].append(("literal", text))
        elif kind == "bracket" and (currency := CURRENCY.match(text)):
            sections[-1].append(("literal", currency[1]))
        elif kind == "space":
            sections[-1].append(("literal", " "))
        else:
            sections[-1].append((kind, text))
    return sections


def section_shower(pieces: Sequence[Piece]) -> Show:
    """A function that shows non-negative numbers in a section without dates."""
    pieces = [piece for piece in pieces if piece[0] != "bracket" and piece != ("fill", " ")]
    written = "".join(text for kind, text in pieces if kind == "any")
    if any(kind in {"fill", "noon"} for kind, _text in pieces) or any(mark in written for mark in UNSURE):
        return lambda value: OTHERWISE
    if any(kind == "general" for kind, _text in pieces):
        return _general_shower(pieces)
    if written.strip() == "@" == "".join(text for _kind, text in pieces).strip():
        return show_general
    if "@" in written:
        return lambda value: OTHERWISE
    if not any(mark in written for mark in DIGITS):
        seen = "" if written.strip().isalpha() else "".join(text for _kind, text in pieces).strip()
        return lambda value: (seen, "") if seen else OTHERWISE
    return _digits_shower(pieces)


def _general_shower(pieces: Sequence[Piece]) -> Show:
    place = next(place for place, (kind, _text) in enumerate(pieces) if kind == "general")
    before = "".join(text for _kind, text in pieces[:place])
    after = "".join(text for _kind, text in pieces[place + 1 :])

    def show(value: str) -> Text:
        plain, why = show_general(value)
        return (plain, why) if why else ((before + plain + after).strip(), "")

    return show


def _digits_shower(pieces: Sequence[Piece]) -> Show:
    """Fill a number's digits into a format's placeholders, as in 000123 or 701111-9802."""
    places = [("digit" if kind == "any" and text in DIGITS else kind, text) for kind, text in pieces]
    point = places.index(("any", ".")) if ("any", ".") in places else len(places)
    whole, decimals = places[:point], places[point + 1 :]
    last = max((place for place, (kind, _text) in enumerate(whole) if kind == "digit"), default=-1)
    grouped = ("any", ",") in whole[:last]
    if ("any", ",") in whole[last + 1 :] + decimals or ("any", ".") in decimals:
        return lambda value: OTHERWISE  # scaled to thousands, or invalid
    whole = [place for place in whole if place != ("any", ",")]

    def show(value: str) -> Text:
        plain, why = show_general(value)
        if why:
            return plain, why
        digits, _point, fraction = plain.partition(".")
        room = sum(kind == "digit" for kind, _text in decimals)
        if len(fraction) > room:
            return OTHERWISE  # rounded
        digits = "" if digits == "0" else digits
        if grouped and _least(whole) > max(len(digits), GROUP):
            return OTHERWISE  # zeros with separators between them
        seen = _fill_whole(whole, digits)
        if point < len(places):
            seen += "." + _fill_decimals(decimals, fraction)
        return (seen.strip(), "") if seen.strip() else OTHERWISE

    return show


def _least(places: Sequence[Piece]) -> int:
    """The minimum number of digits a format shows."""
    digits = [text for kind, text in places if kind == "digit"]
    return len(digits) - digits.index("0") if "0" in digits else 0


def _fill_whole(places: Sequence[Piece], digits: str) -> str:
    """The digits in their placeholders, from the right; the first placeholder takes the rest."""
    shown: list[str] = []
    first = next((place for place, (kind, _text) in enumerate(places) if kind == "digit"), -1)
    for place, (kind, text) in reversed(list(enumerate(places))):
        if kind != "digit":
            shown.append(text)
        elif place == first and digits:
            shown.append(digits)
        elif digits:
            digits, last = digits[:-1], digits[-1]
            shown.append(last)
        elif text != "#":
            shown.append("0" if text == "0" else " ")
    if first < 0:
        shown.insert(0, digits)
    return "".join(reversed(shown))


def _fill_decimals(places: Sequence[Piece], fraction: str) -> str:
    shown = ""
    for kind, text in places:
        if kind != "digit":
            shown += text
        elif fraction:
            shown, fraction = shown + fraction[0], fraction[1:]
        elif text != "#":
            shown += "0" if text == "0" else " "
    return shown
