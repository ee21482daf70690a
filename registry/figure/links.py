"""Links from the map to its centres."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from registry.wording import CentreText


@dataclass(frozen=True)
class Links:
    """Wraps drawings of a centre in links, if there is a URL for it."""

    texts: dict[str, CentreText]
    address: Callable[[str], str] | None
    chosen: str | None

    def mark(self, code: str, drawing: str) -> str:
        """For mouse and touch only; keyboards and screen readers use the callout."""
        if self.address is None:
            return drawing
        href = escape(self.address(code))
        css = "place chosen" if code == self.chosen else "place"
        return f'<a class="{css}" href="{href}" tabindex="-1" aria-hidden="true" data-live>{drawing}</a>'

    def callout(self, code: str, drawing: str) -> str:
        """Labelled with city and total, which the callout also shows."""
        if self.address is None:
            return drawing
        text = self.texts[code]
        current = ' aria-current="true"' if code == self.chosen else ""
        css = "place chosen" if code == self.chosen else "place"
        return (
            f'<a class="{css}" href="{escape(self.address(code))}"{current}'
            f' aria-label="{escape(f"{text.city}, {text.total}")}" data-value="{escape(_list_values(text))}"'
            f" data-live>{drawing}</a>"
        )


def _list_values(text: CentreText) -> str:
    """A centre's numbers, a line for each of its parts."""
    lines = [f"{line.name}: {', '.join(line.values)}" for line in text.lines]
    return "\n".join([f"{text.city}: {text.total}", *lines])
