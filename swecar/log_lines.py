"""Lines of the log: an address, or what a library says, may hold an identity number that somebody has typed."""

import logging
import re

from registry.number_search import holds_number

DIGITS = re.compile(r"\d(?:[\W_]{0,3}[0-9A-Za-z]?\d){5,}")
LAST_FOUR = re.compile(r"\d{4,}")  # of a number whose parts stand further from each other


class LineWithoutNumbers(logging.Formatter):
    """A line, and the traceback below it, without identity numbers."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line; its own date and time are no part of what is searched."""
        record.message = hide_numbers(record.message)
        return super().formatMessage(record)

    def formatException(self, ei) -> str:
        """The traceback."""
        return "\n".join(map(hide_numbers, super().formatException(ei).splitlines()))


def hide_numbers(text: str) -> str:
    """The text without the groups of digits of an identity number, or without anything where it has letters."""
    if not holds_number(text):
        return text
    hidden = LAST_FOUR.sub("(number)", DIGITS.sub("(number)", text))
    return "(a line with an identity number)" if holds_number(hidden) else hidden
