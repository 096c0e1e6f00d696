"""A page of the documentation: Markdown as this repository has it, and where its links lead. See `tests/docs/site.py`."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

READS: Final = MarkdownIt("commonmark").enable(["table", "strikethrough"])
COLOURS: Final = HtmlFormatter(nowrap=True)
COMMENT: Final = re.compile(r"\s*(<!--.*?-->\s*)+", re.DOTALL)
ELSEWHERE: Final = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
RUN: Final = "The tests run this as it stands."
LEVELS: Final = ("h2", "h3")
"""Headings in the contents of a page."""


def html_of(path: PurePosixPath) -> PurePosixPath:
    """Where a page is on the site: a README is what is shown of its folder."""
    return path.with_name("index.html") if path.name == "README.md" else path.with_suffix(".html")


def relative(target: PurePosixPath, page: PurePosixPath) -> str:
    """How a page says where another file of the site is: it works from a folder as from a server."""
    return PurePosixPath(os.path.relpath(target, page.parent)).as_posix()


def slug(text: str, known: Mapping[str, Any]) -> str:
    """The name of a heading, as code forges make it, so that a link works in both."""
    plain = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
    found, again = plain, 0
    while found in known:
        again += 1
        found = f"{plain}-{again}"
    return found


def words_of(tokens: list[Token]) -> str:
    """What is read of it, without how it is written."""
    return "".join(
        " " if one.type == "softbreak" else words_of(one.children or []) if one.children else one.content for one in tokens
    )


@dataclass(frozen=True)
class Link:
    """A link or picture of a page."""

    token: Token
    line: int
    where: str
    picture: bool

    def lead(self, where: str) -> None:
        """Let it lead there."""
        self.token.attrSet("src" if self.picture else "href", where)


@dataclass
class Page:
    """One page, read."""

    path: PurePosixPath
    tokens: list[Token]
    source: bool = True
    """Whether it stands in the repository; what is made for the site does not."""
    headings: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By their names: level and text."""
    faults: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, path: PurePosixPath, text: str, *, source: bool = True) -> "Page":
        """Read it, and name its headings."""
        page = cls(path, READS.parse(text), source)
        for at, token in enumerate(page.tokens):
            if token.type == "heading_open":
                said = words_of(page.tokens[at + 1].children or [])
                name = slug(said, page.headings)
                page.headings[name] = (token.tag, said)
                token.attrSet("id", name)
            elif token.type == "html_block" or any(one.type == "html_inline" for one in token.children or ()):
                page._html(token)
        return page

    def _html(self, token: Token) -> None:
        said = (
            [token.content]
            if token.type == "html_block"
            else [one.content for one in token.children or () if one.type == "html_inline"]
        )
        raw = [one.strip() for one in said if not COMMENT.fullmatch(one)]
        if raw:
            self.faults.append(f"{self._at(token)}: raw HTML, {raw[0][:40]}; write it as Markdown, or between backticks")

    def _at(self, token: Token) -> str:
        return f"{self.path}:{token.map[0] + 1 if token.map else 1}"

    @property
    def html(self) -> PurePosixPath:
        """Where it is on the site."""
        return html_of(self.path)

    @property
    def title(self) -> str:
        """What it is called: its first heading."""
        return next((text for _, text in self.headings.values()), str(self.path))

    @property
    def language(self) -> str:
        """Of `officer.ru.md` Russian; else English."""
        return "ru" if self.path.name.endswith(".ru.md") else "en"

    @property
    def contents(self) -> list[tuple[int, str, str]]:
        """Level, name and text of the headings below the title, where there are several."""
        found = [(int(tag[1]), name, text) for name, (tag, text) in self.headings.items() if tag in LEVELS]
        return found if len(found) > 1 else []

    def links(self) -> Iterator[Link]:
        """Every link and picture."""
        for token in self.tokens:
            for one in token.children or ():
                if one.type in {"link_open", "image"}:
                    where = one.attrGet("src" if one.type == "image" else "href")
                    line = token.map[0] + 1 if token.map else 1
                    yield Link(one, line, unquote(str(where or "")), one.type == "image")

    def sections(self) -> Iterator[tuple[str, str, str]]:
        """Name, heading and text of each part, for the search."""
        name, heading, said = "", self.title, list[str]()
        for at, token in enumerate(self.tokens):
            if token.type == "heading_open":
                if said:
                    yield name, heading, " ".join(said)
                name, heading, said = str(token.attrGet("id")), words_of(self.tokens[at + 1].children or []), []
            elif token.type == "fence":
                said.append(" ".join(token.content.split()))
            elif token.type == "inline" and self.tokens[at - 1].type != "heading_open":
                said.append(words_of(token.children or []))
        yield name, heading, " ".join(said)

    def body(self) -> Markup:
        """Its HTML. The title of the first page stands above what that page begins with."""
        home = self.html == PurePosixPath("index.html")
        shown = self.tokens[3:] if home and self.tokens and self.tokens[0].tag == "h1" else self.tokens
        return Markup(READS.renderer.render(shown, READS.options, {}))  # noqa: S704 - made by the renderer, which escapes


def _heading(_self: Any, tokens: list[Token], at: int, _options: Any, _env: Any) -> str:
    name = tokens[at - 2].attrGet("id")
    return f'<a class="here" href="#{escape(name)}" aria-label="Link to this heading">#</a></{tokens[at].tag}>\n'


def _fence(_self: Any, tokens: list[Token], at: int, _options: Any, _env: Any) -> str:
    """A block of code; the tests run those that have a second word."""
    language, _, by_tests = tokens[at].info.strip().partition(" ")
    code = (
        escape(tokens[at].content)
        if language in {"", "text"}
        else highlight(tokens[at].content, get_lexer_by_name(language), COLOURS)
    )
    said = f"<figcaption>{RUN}</figcaption>" if by_tests else ""
    return f'<figure><pre tabindex="0"><code>{code}</code></pre>{said}</figure>\n'


def _nothing(_self: Any, _tokens: list[Token], _at: int, _options: Any, _env: Any) -> str:
    return ""


READS.add_render_rule("heading_close", _heading)
READS.add_render_rule("fence", _fence)
READS.add_render_rule("html_block", _nothing)
READS.add_render_rule("html_inline", _nothing)
READS.add_render_rule("table_open", lambda *_: '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>\n')
READS.add_render_rule("table_close", lambda *_: "</table></div>\n")
