"""Every page of the desk for everybody: axe-core finds nothing, a keyboard is enough, paper has no buttons, Russian is whole.

The pages are walked once in English and once in Russian; see `walk.py` for how a new page comes along.
"""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

import pytest
from playwright.async_api import Page, expect
from temporalio.client import Client

from tests.course import PHASES
from tests.gateway.test_browser import pytestmark
from tests.gateway.test_floor import ROWS
from tests.gateway.walk import READER, VISITS, Walk, walking
from tests.support import WORDS, example_cards, example_directory

__all__ = ["pytestmark"]
AXE: Final = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
SCREENS: Final = ((1440, "light", None), (390, "dark", None), (1440, "dark", "color-contrast"), (390, "light", "color-contrast"))
"""Width, scheme, and the one rule that can find something else there than before; none: all of them."""
FOUND: Final = """
async (rule) => {
  const wanted = { resultTypes: ["violations"], ...(rule ? { runOnly: [rule] } : {}) };
  const { violations } = await axe.run(document, wanted);
  return violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target} ${node.html.slice(0, 120)}`));
}
"""
UNSEEN: Final = """
() => {
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")];
  const seen = all.filter((one) => one.checkVisibility() && !one.disabled && one.type !== "hidden");
  const isBare = (one) => document.activeElement === one && getComputedStyle(one).outlineStyle === "none";
  const bare = seen.filter((one) => (one.focus(), isBare(one)));
  const skip = all.find((one) => !one.disabled);
  const wrong = bare.map((one) => one.outerHTML.slice(0, 120));
  if (!skip.matches("a.skip[href='#main']") || !document.querySelector("main#main[tabindex='-1']")) wrong.push("no skip link");
  return wrong;
}
"""
"""What can be reached by the keyboard and does not show it."""
PRESSED: Final = "button:visible, .button:visible, input:visible, select:visible, textarea:visible, .skip:visible"
TEXTS: Final = """
() => {
  const found = [document.title], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const ours = (one) => one.checkVisibility() && !one.closest("script, style, pre, code, .code, kbd, [lang]:not(html)");
  while (walker.nextNode()) if (ours(walker.currentNode.parentElement)) found.push(walker.currentNode.data.trim());
  for (const name of ["aria-label", "title", "placeholder", "alt"])
    for (const one of document.querySelectorAll(`[${name}]`)) if (!one.closest("[hidden]")) found.push(one.getAttribute(name));
  return [...new Set(found)];
}
"""


@dataclass(frozen=True)
class Looked:
    """What was found on a page."""

    axe: tuple[str, ...]
    bare: tuple[str, ...]
    paper: tuple[str, ...]


@pytest.fixture(scope="module")
async def walk(temporal: Client, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Walk]:
    """One browser for all of these tests."""
    async with walking(temporal, tmp_path_factory.mktemp("walk"), "walked-oil") as found:
        await found.context.add_init_script(AXE)  # the policy of the pages stays as it is
        yield found


@pytest.fixture(scope="module")
async def looked(walk: Walk) -> dict[str, Looked]:
    """Every page as it is on each screen, under the keyboard and on paper."""
    found = {}
    for visit in VISITS:
        page, axe = await walk.go(visit), list[str]()
        for width, scheme, rule in SCREENS:
            await page.set_viewport_size({"width": width, "height": 900})
            await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            axe += [f"{width} {scheme}: {one}" for one in await page.evaluate(FOUND, rule)]
        await page.keyboard.press("Tab")  # from now on focus is shown
        bare = await page.evaluate(UNSEEN)
        await page.emulate_media(media="print", color_scheme="light")
        paper = await page.locator(PRESSED).evaluate_all("all => all.map((one) => one.outerHTML.slice(0, 120))")
        await page.emulate_media(media="screen")
        found[str(visit)] = Looked(tuple(axe), tuple(bare), tuple(paper))
    return found


async def test_axe_finds_nothing_on_any_page(looked: dict[str, Looked]) -> None:
    """In both schemes, on a screen and on a telephone."""
    assert {} == {page: one.axe for page, one in looked.items() if one.axe}


async def test_focus_is_seen_wherever_it_is(looked: dict[str, Looked]) -> None:
    """And the first that it comes to is the link past what all pages share."""
    assert {} == {page: one.bare for page, one in looked.items() if one.bare}


async def test_paper_has_no_button(looked: dict[str, Looked]) -> None:
    """Nothing that can be pressed or filled in."""
    assert {} == {page: one.paper for page, one in looked.items() if one.paper}


BORDERS: Final = "all => all.map((one) => { const s = getComputedStyle(one); return s.borderColor + s.outlineStyle; })"


async def test_forced_colours_keep_what_is_chosen_apart(walk: Walk) -> None:
    """Where the system sets the colours, the page one is on and what is alarming still differ from the rest."""
    await walk.page.set_viewport_size({"width": 1440, "height": 900})
    await walk.page.emulate_media(forced_colors="active")
    for visit in (one for one in VISITS if str(one) in ("desk.list", "desk.floor", "desk.words")):
        page = await walk.go(visit)
        chosen = await page.locator("nav a[aria-current]:visible, .rail a[aria-current]:visible").evaluate_all(BORDERS)
        rest = await page.locator("header nav a:not([aria-current]):visible").evaluate_all(BORDERS)
        assert not set(chosen) & set(rest), visit
    page = await walk.go(next(one for one in VISITS if one.also == "stopped"))
    alarming = page.locator(".notice.bad:visible").first
    assert "rgba(0, 0, 0, 0)" not in await alarming.evaluate("one => getComputedStyle(one).borderLeftColor")
    await expect(alarming.locator("strong")).not_to_be_empty()
    await page.emulate_media(forced_colors="none")


def written(walk: Walk) -> Iterator[str]:
    """What services, and whoever runs the installation, wrote: it stands on pages as it was written."""
    tables = [phase() for phase in PHASES.values()]
    known = (*walk.plans, *(table.plan for table in tables), walk.installation.in_force.now, example_directory(), *ROWS)
    for one in (*known, *example_cards().values()):
        yield from _texts(one.model_dump(mode="json"))
    yield from _texts([*map(dict, WORDS.values()), *NAMES])


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
            yield value.removesuffix(" (K)")  # the mark is spelled out in the reader's language
        case dict():
            for one in value.values():
                yield from _texts(one)
        case list() | tuple():
            for one in value:
                yield from _texts(one)


CODE: Final = r"\bvigil [a-z-]+|[\w+-]*\w[.@/_:-][\w./?=&:_-]*\w|\b[A-Z0-9]+\b|--\w+|`[^`]*`|\b[0-9a-f]{4}(?: [0-9a-f]{4})+\b"
"""Ids, codes, addresses, numbers, commands, a key id read aloud."""
NAMES: Final = ("Vigil", "Temporal", "Unicode", "html", "pdf", "airport", "nowhere", "they are watched", "by the postman")
"""Of things, and what these tests have written themselves."""
LATIN: Final = re.compile(r"[A-Za-z]{2,}")


@pytest.fixture(scope="module")
async def russian(walk: Walk) -> dict[str, tuple[list[str], list[str]]]:
    """The texts of every page in Russian, chosen by a link; and on what it is wider than the window, or the sheet."""
    await walk.speak("ru")
    found = {}
    for visit in VISITS:
        page, wider = await walk.go(visit), list[str]()
        for width, media in ((320, "screen"), (1047, "print"), (1440, "screen")):
            await page.set_viewport_size({"width": width, "height": 900})
            await page.emulate_media(media=media)  # type: ignore[arg-type]
            if await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                wider.append(f"{width} {media}")
        await expect(page.locator("html")).to_have_attribute("lang", "ru")
        found[str(visit)] = await page.evaluate(TEXTS), wider
    return found


async def test_no_english_is_left_on_a_russian_page(walk: Walk, russian: dict[str, tuple[list[str], list[str]]]) -> None:
    """But for ids, codes, what is marked as English, and what services wrote; the language is chosen by a link, and stays."""
    quoted = sorted({one for one in written(walk) if LATIN.search(one)}, key=len, reverse=True)
    whole, short = ([re.escape(one) for one in quoted if (len(one) > 20) == long] for long in (True, False))
    allowed = re.compile(rf"(?<![A-Za-z])(?:{'|'.join((*whole, CODE, *short))})(?![A-Za-z])")
    left = {}
    for visit, (texts, _) in russian.items():
        for text in texts:
            if words := LATIN.findall(allowed.sub("", text)):
                left.setdefault(text, f"{visit}: {' '.join(words)} in {text}")

    assert not left, "\n".join(left.values())


async def test_no_page_is_wider_than_the_narrowest_window_or_a_sheet(russian: dict[str, tuple[list[str], list[str]]]) -> None:
    """In the language with the longer words, enlarged four times on a screen of 1280 (WCAG 1.4.10), and on A4."""
    assert {} == {visit: wider for visit, (_, wider) in russian.items() if wider}


async def tab_to(page: Page, selector: str) -> None:
    """Press the key until it is there."""
    for _ in range(120):
        await page.keyboard.press("Tab")
        if await page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"no key leads to {selector}")


async def press(page: Page, selector: str, address: str = "") -> None:
    """Go there and press Enter; until the page of this address has come."""
    await tab_to(page, selector)
    await page.keyboard.press("Enter")
    if address:
        await page.wait_for_url(address)


async def sign(page: Page, fields: dict[str, str]) -> None:
    """Fill in what stands before the button, check it and sign. Focus follows: to what is signed, and to what became of it."""
    for name, words in fields.items():
        await tab_to(page, f"[name={name}]")
        await page.keyboard.type(words)
    await press(page, "#check")
    await expect(page.locator("#said")).to_be_focused()
    await press(page, "#sign")
    await expect(page.locator("#outcome")).to_be_focused()
    await expect(page.locator("#outcome-title")).to_have_text("Signed and recorded")


async def test_from_the_floor_and_the_inbox_to_a_signature_by_the_keyboard_alone(walk: Walk) -> None:
    """A row is found and opened, a form filled in, checked and signed, an answer likewise, and a stop; a fault is gone to."""
    one, other, _ = walk.plans
    page = walk.page
    await walk.speak("en")
    await walk.sign_in(one.initiator)
    await page.goto(f"{walk.installation.url}/desk/floor")
    await page.keyboard.press("/")
    await page.keyboard.type(one.operation)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/floor?text=*")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/deliveries/{one.operation}")
    await press(page, "a[href$='/unasked']", "**/unasked")
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()
    await press(page, "a[href='?kind=information']", "**/unasked?kind=*")
    await press(page, "#check")
    await expect(page.locator("#faults")).to_be_focused()
    await page.goto(page.url)
    await sign(page, {"text": "they have asked for a van"})

    await walk.sign_in(READER)
    await page.goto(f"{walk.installation.url}/desk/inbox")
    await press(page, f"a[href*='{other.operation}/answer']", "**/answer?*")
    await press(page, "a[href*='kind=authorisation_granted']", "**kind=authorisation_granted")
    await sign(page, {"reference": "22/7", "granted_by_role": "Deputy Prosecutor General", "legal_basis": "art. 12"})
    await page.goto(f"{walk.installation.url}/desk/deliveries/{other.operation}")
    await press(page, "button[popovertarget='stop']")
    await expect(page.locator("#reason")).to_be_focused()
    await page.keyboard.type("they are warned")
    await press(page, "#check")
    await expect(page.locator("#outcome")).to_be_focused()
