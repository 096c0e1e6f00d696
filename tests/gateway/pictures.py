"""Pictures of every page of the desk, as a screen, a telephone and paper show them: `make pictures` writes them into
`build/pictures`, for whoever changed a page to look at.

What is shown is invented, and the same each time but for its times. `python -m tests.gateway.pictures NAME` takes those alone
whose file begins so; `--kept` writes the few that docs shows into `docs/pictures` instead.
"""

import argparse
import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from playwright.async_api import Page, async_playwright

from tests.floors import night
from tests.gateway.test_browser import CHROMIUM
from tests.gateway.test_floor import Night, over
from tests.gateway.walk import VISITS, Visit, Walk, walking
from tests.installation import temporal_server

HERE: Final = Path(__file__).parents[2]
BUILT: Final = HERE / "build" / "pictures"
KEPT: Final = HERE / "docs" / "pictures"
SCREEN, PHONE, PAPER = {"width": 1440, "height": 900}, {"width": 390, "height": 844}, {"width": 1047, "height": 718}
"""Paper is A4, landscape, less its margins."""


def called(visit: Visit) -> str:
    """What its files are called."""
    return str(visit).removeprefix("desk.").replace(":", "").replace(" ", "-").replace(".", "-")


async def taken(page: Page, name: str) -> None:
    """The page as it is now: whole, on each medium."""
    for medium, size in (("screen", SCREEN), ("phone", PHONE), ("print", PAPER)):
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        await page.emulate_media(media="print" if medium == "print" else "screen")
        await page.screenshot(path=BUILT / f"{name}.{medium}.png", full_page=True, animations="disabled")
    (BUILT / f"{name}.pdf").write_bytes(await page.pdf(prefer_css_page_size=True))
    await page.emulate_media(media="screen")
    await page.set_viewport_size(SCREEN)  # type: ignore[arg-type]


async def all_of(walk: Walk, beginning: str) -> None:
    """Each visit whose name begins so."""
    BUILT.mkdir(parents=True, exist_ok=True)
    for visit in VISITS:
        if called(visit).startswith(beginning):
            await walk.page.set_viewport_size(SCREEN)  # type: ignore[arg-type]
            await taken(await walk.go(visit, unfolds=False), called(visit))
            print(called(visit))  # noqa: T201


async def kept(walk: Walk) -> None:
    """The few that docs shows: what stands on one screen, or telephone."""
    KEPT.mkdir(parents=True, exist_ok=True)
    for name, visit, size, place in (
        ("delivery", "desk.view at a table: handed over", {"width": 1200, "height": 1000}, "main"),
        ("answer", "desk.answer what is signed", {"width": 1000, "height": 700}, "#said"),
        ("telephone", "desk.view at a table: handed over", {"width": 390, "height": 844}, "body"),
    ):
        await walk.page.set_viewport_size(size)  # type: ignore[arg-type]
        page = await walk.go(next(one for one in VISITS if str(one) == visit), unfolds=False)
        await page.locator(place).evaluate("one => one.scrollIntoView()")
        await page.screenshot(path=KEPT / f"{name}.png", animations="disabled")


async def floor_and_shift() -> None:
    """A night with forty open deliveries, as a supervisor has it, and the sheet of the shift on paper."""
    async with over(list(night(40, datetime.now(UTC)))) as at, browser_at(at) as page:
        await page.goto(f"{at.url}/desk/floor")
        await page.screenshot(path=KEPT / "floor.png", animations="disabled")
        await page.goto(f"{at.url}/desk/shift")
        await page.set_viewport_size({"width": 718, "height": 1047})
        await page.emulate_media(media="print")
        await page.screenshot(path=KEPT / "shift.png", animations="disabled")


@asynccontextmanager
async def browser_at(at: Night) -> AsyncIterator[Page]:
    """A page in a browser in which a supervisor is signed in."""
    name, token = (await at.browser()).cookie.split("=", 1)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await browser.new_context(locale="en-GB", viewport={"width": 1200, "height": 800})
        await context.add_cookies([{"name": name, "value": token, "url": at.url}])
        yield await context.new_page()
        await browser.close()


async def main() -> None:
    """Take them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("beginning", nargs="?", default="", help="of the names of those that are wanted")
    parser.add_argument("--kept", action="store_true", help="those that docs shows, into docs/pictures")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        async with await temporal_server() as temporal, walking(temporal.client, Path(folder), "seed-oil") as walk:
            await (kept(walk) if asked.kept else all_of(walk, asked.beginning))
    if asked.kept:
        await floor_and_shift()


if __name__ == "__main__":
    asyncio.run(main())
