"""Log lines without identity numbers, which a URL or the message of a library may hold."""

import logging
import re

from registry.numbers_in_text import holds_identity_number

DIGITS = re.compile(r"\d(?:[\W_]{0,3}[0-9A-Za-z]?\d){5,}")
LAST_FOUR = re.compile(r"\d{4,}")  # of a number whose parts are further apart


class LineWithoutNumbers(logging.Formatter):
    """Formats a record and its traceback without identity numbers."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Format the line; its date and time are not searched."""
        record.message = hide_numbers(record.message)
        return super().formatMessage(record)

    def formatException(self, ei) -> str:
        """Format the traceback."""
        return "\n".join(map(hide_numbers, super().formatException(ei).splitlines()))


def hide_numbers(text: str) -> str:
    """The text with identity numbers masked; masked as a whole if a number is written with letters."""
    if not holds_identity_number(text):
        return text
    hidden = LAST_FOUR.sub("(number)", DIGITS.sub("(number)", text))
    return "(a line with an identity number)" if holds_identity_number(hidden) else hidden
