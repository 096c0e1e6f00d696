"""What is written as elements, as trees of them: a script of the desk builds just that. Under the content policy of the desk none
can make elements of a text.
"""

import re
from html.parser import HTMLParser
from typing import Any, Final

Tree = list[Any]
"""[name, attributes, children]; a child is a tree or a text."""
BLANKS: Final = re.compile(r"[ \t\n\r\f]+")
"""As a browser collapses them; what keeps words together is none of them."""
CELLS: Final = ("td", "th")
"""They end where the next one begins, or their row does."""
EMPTY: Final = ("br", "col", "hr", "img", "input", "link", "meta")
"""They hold nothing, and have no end."""
CASED: Final = {"viewbox": "viewBox"}
"""Names that are not in small letters: SVG minds, and the parser does not."""
LIVE: Final = "data-live"
"""An element that is replaced as a whole when anything in it changes."""


class _Trees(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root: Tree = ["", {}, []]
        self.live: dict[str, Tree] = {}
        self.named: dict[str, Tree] = {}
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One more, inside of what is open."""
        if tag in CELLS and self._open[-1][0] in CELLS:
            self._open.pop()
        said = {CASED.get(name, name): value or "" for name, value in attrs}
        found: Tree = [tag, said, []]
        self._open[-1][2].append(found)
        if tag not in EMPTY:
            self._open.append(found)
        if "id" in said:
            self.named[said["id"]] = found
            if LIVE in said:
                self.live[said["id"]] = found

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One that holds nothing."""
        self.handle_starttag(tag, attrs)
        if tag not in EMPTY:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        """It is whole, and the cell with which it ends."""
        while self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Text of what is open."""
        if text := BLANKS.sub(" ", data):
            self._open[-1][2].append(text)


def tree(html: str) -> Tree:
    """The one element that is written there."""
    found: Tree = next(one for one in _read(html).root[2] if not isinstance(one, str))
    return found


def parts(page: str, prefix: str) -> tuple[dict[str, Tree], dict[str, Tree]]:
    """Of a page: what is `LIVE`, by its id; and apart from that every element whose id begins so."""
    found = _read(page)
    return found.live, {name: one for name, one in found.named.items() if name.startswith(prefix)}


def _read(html: str) -> _Trees:
    found = _Trees()
    found.feed(html)
    found.close()
    return found
