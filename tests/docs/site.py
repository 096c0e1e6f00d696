"""The documentation site, in `build/site`: `make site`. Every page that there is, in the order in which each reader needs it.

Pages are the Markdown files of this repository where they stand; `docs/site` has who reads what (`site.toml`), and how a page
looks. What is linked and is no page comes along, where Git tracks it: an administrator keeps keys in folders of this repository,
which Git ignores. A link that leads nowhere, or to what is not tracked, a heading that is not there, a picture of another host,
raw HTML, or a page that no way leads to is a fault: all are said, with file and line, and nothing is written.
"""

import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tests.docs.site_pages import ELSEWHERE, Link, Page, html_of, relative

ROOT: Final = Path(__file__).parents[2]
LOOKS: Final = ROOT / "docs" / "site"
ICON: Final = ROOT / "gateway" / "pages" / "static" / "vigil.svg"
FOLDERS: Final = ("docs", "deploy", "examples")
"""Where pages are, beside those at the top."""
HOME: Final = PurePosixPath("README.md")
SEARCH: Final = PurePosixPath("search.md")


class Broken(Exception):
    """The site cannot be made; each fault in a line."""


@dataclass(frozen=True)
class Entry:
    """One page in the menu of a reader."""

    path: PurePosixPath
    called: str
    why: str

    @property
    def html(self) -> PurePosixPath:
        """Where it is on the site."""
        return html_of(self.path)


@dataclass(frozen=True)
class Reader:
    """Who reads, and what, in which order."""

    file: str
    name: str
    index: str
    who: str
    entries: tuple[Entry, ...]

    @property
    def path(self) -> PurePosixPath:
        """The page that is made for this reader."""
        return PurePosixPath(f"{self.file}.md")

    @property
    def html(self) -> PurePosixPath:
        """Where it is on the site."""
        return html_of(self.path)

    def has(self, path: PurePosixPath) -> bool:
        """Whether the page is among these, or beside one that is all there is of its folder in the menu."""
        beside = {one.path.parent for one in self.entries if one.path.name == "README.md" and len(one.path.parts) > 2}
        return path == self.path or path.parent in beside or path in {one.path for one in self.entries}

    def page(self) -> Page:
        """What this reader needs."""
        lines = [f"- [{one.called}]({one.path}): {one.why}" for one in self.entries]
        return Page.read(self.path, "\n".join([f"# {self.index}", "", self.who, "", *lines]), source=False)


def readers(text: str) -> tuple[Reader, ...]:
    """Who reads what, as `site.toml` says."""
    return tuple(
        Reader(
            one["file"],
            one["name"],
            one["index"],
            one["who"],
            tuple(Entry(PurePosixPath(path), called, why) for path, called, why in one["pages"]),
        )
        for one in tomllib.loads(text)["readers"]
    )


def tracked(root: Path) -> frozenset[PurePosixPath]:
    """The files that Git tracks below a folder, and that are there. Raises `Broken` where there is no Git to ask."""
    asked = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False)  # noqa: S607 - our own
    if asked.returncode != 0:
        raise Broken(f"nobody knows what Git tracks, and nothing else is published: {asked.stderr.strip()}")
    found = (PurePosixPath(one) for one in asked.stdout.split("\0") if one)
    return frozenset(one for one in found if (root / one).is_file())


@dataclass
class Site:
    """All pages below a folder, and what they lead to."""

    root: Path
    readers: tuple[Reader, ...]
    tracked: frozenset[PurePosixPath]
    """Nothing else is published."""
    pages: dict[PurePosixPath, Page] = field(default_factory=dict)
    files: set[PurePosixPath] = field(default_factory=set)
    """What is no page, and comes along."""
    faults: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, root: Path, who: tuple[Reader, ...]) -> "Site":
        """Read every page and follow every link. Raises `Broken` with all that is wrong."""
        root = root.resolve()
        site = cls(root, who, tracked(root))
        for here in sorted(site.tracked):
            if here.suffix == ".md" and (len(here.parts) == 1 or here.parts[0] in FOLDERS):
                site.pages[here] = Page.read(here, (root / here).read_text(encoding="utf-8"))
        site.pages |= {one.path: one.page() for one in who}
        waiting, led = [HOME, *(one.path for one in who)], {HOME, *(one.path for one in who)}
        while waiting:
            for target in site._followed(site.pages[waiting.pop()]):
                if target not in led:
                    led.add(target)
                    waiting.append(target)
        site.faults += [one for page in site.pages.values() for one in page.faults]
        site.faults += [
            f"{path}:1: no way leads to this page; put it into docs/site/site.toml" for path in site.pages.keys() - led
        ]
        if site.faults:
            raise Broken("\n".join(sorted(site.faults)))
        return site

    def _followed(self, page: Page) -> Iterator[PurePosixPath]:
        """Let each link of a page lead where it does on the site; the pages that it leads to."""
        for link in [*page.links()]:
            if ELSEWHERE.match(link.where):
                if link.picture:
                    self._fault(page, link, "a picture of another host; put it into docs/pictures")
                continue
            where, _, name = link.where.partition("#")
            target = self._target(page.path, where)
            if target is None:
                self._fault(page, link, "leads nowhere")
            elif target not in self.pages and target not in self.tracked:
                self._fault(page, link, "Git does not track it, so it is not published")
            elif target not in self.pages:
                self.files.add(target)
                link.lead(relative(target, page.html))
            elif name and name not in self.pages[target].headings:
                self._fault(page, link, f"{target} has no heading {name}")
            else:
                link.lead((relative(html_of(target), page.html) if where else "") + (f"#{name}" if name else ""))
                yield target

    def _target(self, page: PurePosixPath, where: str) -> PurePosixPath | None:
        """The file that a link names, below the root; of a folder its page, which is made where there is none."""
        found = (self.root / page.parent / where).resolve() if where else self.root / page
        if not found.is_relative_to(self.root) or not found.exists():
            return None
        target = PurePosixPath(found.relative_to(self.root))
        if not found.is_dir():
            return target
        if target / "README.md" not in self.pages:
            self.pages[target / "README.md"] = self._listed(target)
        return target / "README.md"

    def _listed(self, folder: PurePosixPath) -> Page:
        """A page of the files in a folder."""
        inside = sorted(one.relative_to(folder) for one in self.tracked if one.is_relative_to(folder))
        lines = [f"- [`{one}`]({one})" for one in inside if not any(part.startswith(".") for part in one.parts)]
        return Page.read(folder / "README.md", "\n".join([f"# {folder}", "", *lines]), source=False)

    def _fault(self, page: Page, link: Link, what: str) -> None:
        self.faults.append(f"{page.path}:{link.line}: {link.where}: {what}")

    def write(self, target: Path) -> None:
        """Write it anew."""
        looks = Environment(
            loader=FileSystemLoader(LOOKS), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        ).get_template("page.html")
        shutil.rmtree(target, ignore_errors=True)
        search = Page.read(SEARCH, "# Search", source=False)
        everything = sorted(self.pages.values(), key=lambda one: one.title.lower())
        for page in (*self.pages.values(), search):
            known = {"readers": self.readers, "search": page is search, "all": everything, "version": version("vigil")}
            text = looks.render(page=page, home=page.path == HOME, to=_from(page), **known)
            _put(target / page.html, text)
        for file in self.files:
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.root / file, target / file)
        for beside in (LOOKS / "site.css", LOOKS / "search.js", ICON):
            shutil.copyfile(beside, target / beside.name)
        _put(target / "search-index.js", f"const SEARCH_INDEX = {json.dumps([*_index(self._in_order())], ensure_ascii=False)};\n")

    def _in_order(self) -> Iterable[Page]:
        """As the menus have them, then what they do not name: of equal finds the search shows the first."""
        named = [HOME, *(entry.path for reader in self.readers for entry in reader.entries)]
        return [self.pages[path] for path in dict.fromkeys([*named, *self.pages])]


def _from(page: Page) -> Any:
    return lambda where: relative(PurePosixPath(where), page.html)


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _index(pages: Iterable[Page]) -> Iterator[tuple[str, str, str, str]]:
    for page in pages:
        for name, heading, text in page.sections():
            yield f"{page.html}#{name}" if name else str(page.html), page.title, heading, text


def main() -> int:
    """Make it, and say where it is; or say what is wrong."""
    try:
        site = Site.read(ROOT, readers((LOOKS / "site.toml").read_text(encoding="utf-8")))
    except Broken as broken:
        sys.stderr.write(f"{broken}\n")
        return 1
    site.write(ROOT / "build" / "site")
    sys.stdout.write(f"{len(site.pages)} pages, every link followed: open build/site/index.html\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
