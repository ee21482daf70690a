"""Links from the map to its centres."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape, unescape

from registry.wording import CentreText

TEXT = re.compile("<text[^>]*>(.*?)</text>", re.DOTALL)


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
        """Labelled with all that the callout shows, in its order, so that whoever says what is seen is understood
        (WCAG 2.5.3); where it shows a bare number, with what is counted too.
        """
        if self.address is None:
            return drawing
        text = self.texts[code]
        current = ' aria-current="true"' if code == self.chosen else ""
        css = "place chosen" if code == self.chosen else "place"
        return (
            f'<a class="{css}" href="{escape(self.address(code))}"{current}'
            f' aria-label="{escape(_name(text, drawing))}" data-value="{escape(_list_values(text))}"'
            f" data-live>{drawing}</a>"
        )


def _name(text: CentreText, drawing: str) -> str:
    seen = ", ".join(unescape(re.sub("<[^>]*>", "", words)) for words in TEXT.findall(drawing))
    whole = f"{text.city}, {text.total}"
    if whole.startswith(seen):
        return whole
    return seen if text.total in seen else f"{seen} ({text.total})"


def _list_values(text: CentreText) -> str:
    """A centre's numbers, a line for each of its parts."""
    lines = [f"{line.name}: {', '.join(line.values)}" for line in text.lines]
    return "\n".join([f"{text.city}: {text.total}", *lines])
