"""The documentation site: whole, without a link that leads nowhere, and without a word to another host."""

import re
import subprocess
from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from tests.docs.site import LOOKS, ROOT, Broken, Site, readers
from tests.gateway.test_browser import CHROMIUM
from tests.gateway.test_browser_access import AXE, FOUND

WHO = """
[[readers]]
file = "officers"
name = "Officers"
index = "What officers need"
who = "You act."
pages = [["docs/desk.md", "The desk", "to answer"]]
"""
README = """# House

<!-- for a test -->

[how](docs/desk.md#two-keys-r7), [plans](plans), [elsewhere](https://vigil.example)

```sh tour
vigil list
```
"""
DESK = """# The desk

## Two keys, `R7`

A prosecutor and a judge.

| key | whose |
|---|---|
| `one` | hers |

## Two keys, `R7`

[back](../README.md)
"""


def tree(folder: Path, **pages: str) -> Path:
    """A repository of two pages and a folder."""
    said = {"README": README, "docs/desk": DESK} | pages
    (folder / "plans").mkdir()
    (folder / "plans" / "plan.yaml").write_text("operation: amber-heron\n")
    (folder / "docs").mkdir()
    for name, text in said.items():
        (folder / f"{name}.md").write_text(text)
    for words in (("init", "--quiet"), ("add", "--all")):
        subprocess.run(["git", *words], cwd=folder, check=True)  # noqa: S603, S607 - our own
    return folder


def written(folder: Path) -> Path:
    """The site of it."""
    Site.read(tree(folder), readers(WHO)).write(folder / "site")
    return folder / "site"


def test_every_page_of_ours_is_led_to_and_every_link_leads_somewhere() -> None:
    """Whoever reads anything finds all that it names, and finds it from the first page."""
    site = Site.read(ROOT, readers((LOOKS / "site.toml").read_text(encoding="utf-8")))

    assert {"officers", "developers", "supervisors", "administrators", "auditors", "contributors"} < {
        one.file for one in site.readers
    }
    assert 120 < len(site.pages)


def test_links_lead_to_the_pages_of_the_site(tmp_path: Path) -> None:
    """A link to a heading, to a folder and to another host; a heading that stands twice; code that the tests run."""
    site = written(tmp_path)
    home, desk = (site / "index.html").read_text(), (site / "docs" / "desk.html").read_text()

    assert '<a href="docs/desk.html#two-keys-r7">how</a>' in home
    assert '<a href="plans/index.html">plans</a>' in home
    assert '<a href="https://vigil.example">elsewhere</a>' in home
    assert "The tests run this" in home
    assert "for a test" not in home
    assert '<h2 id="two-keys-r7-1">' in desk
    assert '<a href="../index.html">back</a>' in desk
    assert "operation: amber-heron\n" == (site / "plans" / "plan.yaml").read_text()


def test_what_git_does_not_track_is_not_published(tmp_path: Path) -> None:
    """An administrator makes keys and passwords in folders of this project, which Git ignores: a page of such a folder has none
    of them, and neither has the site. A link that names one is a fault, and so is one to a page that is nobody's but theirs.
    """
    kept, notes = tmp_path / "plans" / "secrets" / "vigil_key.pem", tmp_path / "docs" / "notes.md"
    tmp_path.joinpath(".gitignore").write_text("secrets/\nnotes.md\n")
    tree(tmp_path)
    kept.parent.mkdir()
    kept.write_text("a private key")
    notes.write_text("# Where the keys are\n")
    Site.read(tmp_path, readers(WHO)).write(tmp_path / "site")
    published = {one.relative_to(tmp_path / "site"): one.read_bytes() for one in (tmp_path / "site").rglob("*") if one.is_file()}
    (tmp_path / "docs" / "desk.md").write_text(f"{DESK}\n[key](../plans/secrets/vigil_key.pem), [notes](notes.md)\n")

    assert Path("plans", "plan.yaml") in published
    assert not [path for path, text in published.items() if b"private key" in text or b"vigil_key" in text or b"keys are" in text]
    with pytest.raises(Broken) as broken:
        Site.read(tmp_path, readers(WHO))
    assert [True, True] == ["Git does not track it" in line for line in str(broken.value).splitlines()]


def test_without_git_nothing_is_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows there what is everybody's to read."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "README.md").write_text("# House\n")
    with pytest.raises(Broken, match="nothing else is published"):
        Site.read(tmp_path, readers(WHO))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[a](gone.md)", "docs/more.md:3: gone.md: leads nowhere"),
        ("[a](../../secret)", "docs/more.md:3: ../../secret: leads nowhere"),
        ("[a](desk.md#three-keys)", "docs/more.md:3: desk.md#three-keys: docs/desk.md has no heading three-keys"),
        ("[a](#here)", "docs/more.md:3: #here: docs/more.md has no heading here"),
        ("![a](https://vigil.example/a.png)", "docs/more.md:3: https://vigil.example/a.png: a picture of another host"),
        ("<script>x</script>", "docs/more.md:3: raw HTML, <script>"),
        ("so <b>big</b>", "docs/more.md:3: raw HTML, <b>"),
    ],
)
def test_what_is_wrong_with_a_page_is_said_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    """Nobody has to look for it, and no site is made of it."""
    more = {"docs/more": f"# More\n\n{text}\n", "docs/desk": "# The desk\n\n[more](more.md)\n\n## Two keys, R7\n"}
    with pytest.raises(Broken, match=re.escape(fault)):
        Site.read(tree(tmp_path, **more), readers(WHO))


def test_a_page_that_no_way_leads_to_is_named_beside_every_other_fault(tmp_path: Path) -> None:
    """Everything is said at once."""
    with pytest.raises(Broken) as broken:
        Site.read(tree(tmp_path, **{"docs/lost": "# Lost\n", "docs/desk": "# The desk\n"}), readers(WHO))

    assert 2 == len(str(broken.value).splitlines())
    assert "docs/lost.md:1: no way leads to this page" in str(broken.value)
    assert "README.md:5: docs/desk.md#two-keys-r7: docs/desk.md has no heading two-keys-r7" in str(broken.value)


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed (Debian: apt-get install chromium)")
async def test_it_is_read_and_searched_from_a_folder_and_asks_no_host(tmp_path: Path) -> None:
    """Opened as files, on a telephone without a network: nothing is cut off, a search finds a heading, axe finds nothing."""
    site, asked, wrong = written(tmp_path), list[str](), list[str]()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = await browser.new_page(viewport={"width": 390, "height": 844})
        await page.add_init_script(AXE)  # the policy of the pages stays as it is
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text))
        await page.goto((site / "index.html").as_uri())
        assert 390 == await page.evaluate("document.documentElement.scrollWidth")
        await page.get_by_text("All pages, by reader").click()
        await expect(page.get_by_label("By reader").get_by_text("Officers", exact=True)).to_be_visible()
        await page.get_by_role("searchbox").fill("judge keys")
        await page.get_by_role("searchbox").press("Enter")
        await expect(page.locator("#found")).to_have_text("1 section.")
        await page.get_by_role("link", name="The desk: Two keys, R7").click()
        await expect(page.get_by_role("heading", name="Two keys, R7").first).to_be_in_viewport()
        assert [] == wrong  # before axe, which would read the style sheet once more, and may not
        found = list[str]()
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found += await page.evaluate(FOUND, None)
        await browser.close()

    assert [] == found
    assert {"file"} == {one.partition(":")[0] for one in asked}
    assert {"index.html", "site.css", "vigil.svg", "search.html", "search.js", "desk.html"} <= {
        Path(one.partition("?")[0].partition("#")[0]).name for one in asked
    }
