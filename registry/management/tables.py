"""Tables for a terminal."""

from collections.abc import Iterable


def lay_out(head: tuple[str, ...], rows: Iterable[tuple]) -> str:
    """Lay out rows under a head, each column as wide as its widest text."""
    texts = [head, *(tuple(str(value) for value in row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in texts
    )
