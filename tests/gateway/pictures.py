"""Pictures of every page of the desk, as a screen, a telephone and paper show them: `make pictures` writes them into
`build/pictures`, for whoever changed a page to look at.

What is shown is invented, and the same each time but for its times. `python -m tests.gateway.pictures NAME` takes those alone
whose file begins so; `--kept` writes the few that docs shows into `docs/pictures` instead.
"""

import argparse
import asyncio
import base64
import re
import struct
import tempfile
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from playwright.async_api import Page, async_playwright, expect

from tests.floors import night
from tests.gateway.test_browser import CHROMIUM
from tests.gateway.test_floor import Night, over
from tests.gateway.test_page_of_delivery import rendered
from tests.gateway.walk import VISITS, Visit, Walk, walking
from tests.installation import temporal_server
from tests.support import Table

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


def on_the_road() -> Table:
    """A delivery in the air, after a course of a day and a half."""
    table = Table()
    for hours, service, kind, at in (
        (9, "kz.prosecutor", "authorisation_granted", "consent-kz"),
        (5, "uz.prosecutor", "authorisation_granted", "consent-uz"),
        (6, "kz.police", "prepared", "preparation"),
        (1, "kz.knb", "ready", "preparation"),
        (2, "uz.customs", "ready", "departure"),
        (0, "uz.police", "ready", "departure"),
        (3, "kz.police", "dispatched", "departure"),
    ):
        table.pass_time(hours=hours)
        table.say(service, kind, at)
    table.pass_time(hours=6)
    return table


async def kept(walk: Walk) -> None:
    """The few that docs shows: what stands on one screen, or telephone."""
    KEPT.mkdir(parents=True, exist_ok=True)
    table = on_the_road()
    body = re.sub(r'<script type="module"[^>]*></script>', "", rendered(table, table.plan.initiator))
    await walk.page.route("**/desk/on-the-road", lambda route: route.fulfill(body=body, content_type="text/html; charset=utf-8"))
    signs = next(one for one in VISITS if one.also == "what is signed")
    for name, path, width, height, place in (
        ("answer", "", 900, 620, "#said"),
        ("delivery", "/desk/on-the-road", 1200, 900, "body"),
        ("telephone", "/desk/on-the-road", 390, 844, "body"),
    ):
        await walk.page.set_viewport_size({"width": width, "height": height})
        await (walk.page.goto(f"{walk.installation.url}{path}") if path else walk.go(signs, unfolds=False))
        await walk.page.locator(place).evaluate("one => one.scrollIntoView()")
        await walk.page.screenshot(path=KEPT / f"{name}.png", animations="disabled")


PIXELS: Final = """
async (picture) => {
  const image = await createImageBitmap(await (await fetch(picture)).blob());
  const drawn = new OffscreenCanvas(image.width, image.height).getContext("2d");
  drawn.drawImage(image, 0, 0);
  let text = "";
  const { data } = drawn.getImageData(0, 0, image.width, image.height);
  for (let at = 0; at < data.length; at += 30_000) text += String.fromCharCode(...data.subarray(at, at + 30_000));
  return [image.width, image.height, btoa(text)];
}
"""


async def reduced(page: Page) -> None:
    """Each picture in the 256 colours that it has most of, so that a repository can hold it."""
    await page.goto("about:blank")
    for path in sorted(KEPT.glob("*.png")):
        shown = f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"
        width, height, text = await page.evaluate(PIXELS, shown)
        path.write_bytes(_with_a_palette(width, height, base64.b64decode(text)))


def _with_a_palette(width: int, height: int, pixels: bytes) -> bytes:
    """A PNG of these pixels of four bytes."""
    dots = [pixels[at : at + 3] for at in range(0, len(pixels), 4)]
    shades: dict[tuple[int, ...], bytes] = {}  # of many that are alike one is enough, so that none is left out
    for colour, _ in Counter(dots).most_common():
        shades.setdefault(tuple(part >> 4 for part in colour), colour)
    palette = list(shades.values())[:256]
    nearest = {
        colour: min(range(len(palette)), key=lambda one: sum((a - b) ** 2 for a, b in zip(palette[one], colour, strict=True)))
        for colour in {*dots}
    }
    rows = (bytes([0, *(nearest[dot] for dot in dots[at : at + width])]) for at in range(0, len(dots), width))
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", b"".join(palette)), (b"IDAT", zlib.compress(b"".join(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )


async def floor_and_shift() -> None:
    """A night with forty open deliveries, as a supervisor has it, and the sheet of the shift on paper."""
    async with over(list(night(40, datetime.now(UTC)))) as at, browser_at(at) as page:
        await page.goto(f"{at.url}/desk/floor")
        await expect(page.locator("#live")).to_contain_text("Live")
        await page.screenshot(path=KEPT / "floor.png", animations="disabled")
        await page.goto(f"{at.url}/desk/shift")
        await page.set_viewport_size({"width": 718, "height": 760})
        await page.emulate_media(media="print")
        await page.screenshot(path=KEPT / "shift.png", animations="disabled")
        await reduced(page)


@asynccontextmanager
async def browser_at(at: Night) -> AsyncIterator[Page]:
    """A page in a browser in which a supervisor is signed in."""
    name, token = (await at.browser()).cookie.split("=", 1)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await browser.new_context(locale="en-GB", viewport={"width": 1360, "height": 760})
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
