"""Pictures as SVG, written by hand on a small canvas.

Text is measured generously (the widest common sans serif), so that nothing overflows whichever font a viewer has.
"""

from dataclasses import dataclass, field
from textwrap import wrap

from domain.words.legible import in_svg

INK, QUIET, FAINT, PAPER = "#1d2733", "#5b6875", "#d5dbe1", "#ffffff"
GOOD, BAD, ACCENT, SOFT = "#2f7d5b", "#b3402f", "#2f5d9b", "#a9c1e3"
FONT = "DejaVu Sans, Verdana, Segoe UI, Helvetica, Arial, sans-serif"
WIDE, BOLD = 0.64, 0.72
"""Width of a character in parts of the font's size: an upper bound for ordinary text."""


def room(text: str, size: float = 13, *, bold: bool = False) -> float:
    """The most room that a text takes, in the canvas's units."""
    return len(text) * size * (BOLD if bold else WIDE)


def broken(text: str, width: float, size: float = 13, *, bold: bool = False) -> list[str]:
    """The text in lines that fit."""
    most = max(int(width / (size * (BOLD if bold else WIDE))), 1)
    return wrap(text, most, break_long_words=True, break_on_hyphens=False) or [""]


@dataclass
class Canvas:
    """Shapes in the order of drawing. Units are pixels at a scale of one; `svg` gives the document."""

    width: float
    height: float = 0
    parts: list[str] = field(default_factory=list)

    def text(  # noqa: PLR0913 - what a text looks like
        self, x: float, y: float, text: str, *, size: float = 13, fill: str = INK, bold: bool = False, anchor: str = "start"
    ) -> None:
        """One line of text on its base line."""
        weight = ' font-weight="bold"' if bold else ""
        place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
        self.parts.append(f'<text {place} font-size="{size:g}" fill="{fill}"{weight}>{in_svg(text)}</text>')

    def box(  # noqa: PLR0913 - what a box looks like
        self, x: float, y: float, width: float, height: float, *, fill: str = PAPER, stroke: str = "none", round_: float = 0
    ) -> None:
        """A rectangle."""
        place = f'x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}" rx="{round_:g}"'
        self.parts.append(f'<rect {place} fill="{fill}" stroke="{stroke}"/>')

    def line(
        self, *points: tuple[float, float], stroke: str = INK, width: float = 1, arrow: bool = False, dash: str = ""
    ) -> None:
        """A line through these points, with a head at its end if wanted."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        end = (' marker-end="url(#head)"' if arrow else "") + (f' stroke-dasharray="{dash}"' if dash else "")
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="{width:g}"{end}/>')

    def svg(self, title: str) -> str:
        """The whole document."""
        size = f'width="{self.width:.0f}" height="{self.height:.0f}" viewBox="0 0 {self.width:.0f} {self.height:.0f}"'
        head = (
            '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
            f'<path d="M0,0 L10,5 L0,10 z" fill="{ACCENT}"/></marker></defs>'
        )
        body = "\n".join(self.parts)
        paper = f'<rect width="100%" height="100%" fill="{PAPER}"/>'
        about_it = f"<title>{in_svg(title)}</title>"
        root = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="{FONT}">'
        return f"{root}\n{about_it}\n{head}\n{paper}\n{body}\n</svg>\n"
