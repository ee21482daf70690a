"""The scale of a chart: where years and numbers are in it."""

from dataclasses import dataclass
from math import log10

from registry.figure.texts import draw_text, estimate_width
from registry.wording import say_number

FONT_SIZE = 12
MOST_LINES = 4  # above the base line
HEAD, FOOT = 22, 24  # above the highest line, and below the base line


def choose_step(most: int) -> int:
    """The step between the lines of a scale up to most: 1, 2 or 5 times a power of ten."""
    if most <= MOST_LINES:
        return 1
    power = 10 ** int(log10(most / MOST_LINES))
    return next(step * power for step in (1, 2, 5, 10) if step * power * MOST_LINES >= most)


@dataclass(frozen=True)
class Scale:
    """Turns years and numbers into positions, in units of the drawing."""

    width: float
    height: float
    most: int
    years: int
    left: float = 0
    head: float = HEAD
    foot: float = FOOT

    @property
    def ground(self) -> float:
        return self.height - self.foot

    @property
    def column(self) -> float:
        """The width of a year, with the space between two."""
        return (self.width - self.left) / max(1, self.years)

    @property
    def bar(self) -> float:
        return min(44.0, self.column * 0.72)

    def middle(self, index: int) -> float:
        return self.left + self.column * (index + 0.5)

    def y(self, number: float) -> float:
        return self.ground - (self.ground - self.head) * number / self.most

    def draw_box(self, mark: str, index: int, low: int, high: int) -> str:
        x, top = self.middle(index) - self.bar / 2, self.y(high)
        size = f'width="{self.bar:.1f}" height="{self.y(low) - top:.1f}"'
        return f'<rect class="{mark}" x="{x:.1f}" y="{top:.1f}" {size}/>'

    def draw_middle(self, x: float, y: float, text: str, *, muted: bool = False) -> str:
        """A text centred at x, or as near to it as the edges of the drawing allow."""
        half = estimate_width(text, FONT_SIZE) / 2
        x = max(half, min(self.width - half, x))
        css = "t-12 t-muted middle" if muted else "t-12 middle"
        return f'<text x="{x:.1f}" y="{y:.1f}" class="{css}">{text}</text>'

    def draw_area(self, index: int) -> str:
        """A year's part of the drawing, for the pointer."""
        left = self.middle(index) - self.column / 2
        box = f'x="{left:.1f}" y="0" width="{self.column:.1f}" height="{self.height:g}"'
        return f'<rect class="area" fill="none" pointer-events="all" {box}/>'

    def draw_lines(self, step: int) -> str:
        """Horizontal lines with their numbers at the left, the base line included."""
        parts = []
        for number in range(0, self.most + 1, step):
            css = "line" if number else "ground"
            parts.append(f'<path class="{css}" d="M{self.left:g},{self.y(number):.1f}H{self.width:g}"/>')
            parts.append(
                draw_text(self.left - 8, round(self.y(number) + 4, 1), "t-12 t-muted", say_number(number), "end")
            )
        return f'<g aria-hidden="true">{"".join(parts)}</g>'
