"""How long the machine's part of three journeys is: in a real Chromium a supervisor's to the overdue delivery among very many and
an officer's from the sign-in link to the receipt; in a shell an agency's from an empty folder to its own delivery, started.

`python -m bench.journeys`. A script presses what a person would, as soon as it is there, so this is what is waited for and no
person's time: reading, thinking and typing come on top. All of it is in this process, with other deliveries that stand in the
archive and do not run.
"""

import asyncio
import os
import re
import sysconfig
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from playwright.async_api import Browser, async_playwright, expect

from bench.figures import options, tell
from domain.plan.plan import Plan
from domain.views.glance import Glance
from tests.floors import glance_of, night, trouble
from tests.gateway.test_browser import CHROMIUM
from tests.gateway.test_browser_whole import ACT, OFFICER, desk, with_key
from tests.gateway.test_floor import keep
from tests.installation import Installation, end_what_runs, installed, renamed, temporal_server
from tests.support import example_plan, signed_plan
from workflows.messages import workflow_id

DELIVERIES, TIMES = 1_000, 5
QUIET = asyncio.subprocess.DEVNULL
LONGEST = 300
"""Seconds for the commands of one agency."""
FINDS, ANSWERS = "supervisor, to the overdue one", "officer, from link to receipt"
BEGINS = "agency, from an empty folder to its delivery"
README = Path(__file__).parents[1] / "README.md"


def others(count: int) -> list[Glance]:
    """So many of which none is overdue."""
    made = night(count * 2, datetime.now(UTC))
    return [one for one in made if not any(wait.silent for wait in one.waits)][:count]


def another() -> Plan:
    """The example under a code name and with an identifier of its own, so that no other delivery touches it (R15)."""
    plan = renamed(example_plan())
    own = plan.consignment.identifiers[0].model_copy(update={"scheme": "other", "value": plan.operation})
    return plan.model_copy(update={"consignment": plan.consignment.model_copy(update={"identifiers": (own,)})})


def stopwatch(found: dict[str, list[float]], journey: str) -> Callable[[str], None]:
    """Notes how long each step took, and the journey so far."""
    began = before = time.perf_counter()

    def note(step: str) -> None:
        nonlocal before
        now = time.perf_counter()
        found.setdefault(f"{journey}: {step}", []).append(now - before)
        found[journey][-1:] = [now - began]
        before = now

    found.setdefault(journey, []).append(0)
    return note


async def finds(browser: Browser, at: Installation, plan: Plan, found: dict[str, list[float]]) -> None:
    """From the address of the floor to the page of the delivery, by the counter."""
    async with desk(browser, at, "supervision", "en-GB") as watch:
        note = stopwatch(found, FINDS)
        page = await watch.open("/floor")
        await expect(page.locator("#c-overdue .n")).to_have_text("1")
        note("floor")
        await page.locator("#c-overdue a, a#c-overdue").first.click()
        await expect(page.locator(".board tbody tr")).to_have_count(1)
        note("found")
        await page.locator(f"#r-{plan.operation} .name a").click()
        await expect(page.locator("h1")).to_have_text(plan.operation)
        await expect(page.locator("#live")).to_contain_text("Live")
        note("live")


async def answers(browser: Browser, at: Installation, plan: Plan, found: dict[str, list[float]]) -> None:
    """From the link that the command printed to the receipt that the browser has proved."""
    async with desk(browser, at, "uz.prosecutor", "ru-RU") as officer:
        await with_key(officer, at)
        await at.gateway(plan.initiator).start(signed_plan(plan))
        await at.opened(plan, "consent-uz")
        await officer.context.clear_cookies()
        await officer.page.goto("about:blank")
        link = await at.gateway(officer.service, OFFICER).sign_in()
        note = stopwatch(found, ANSWERS)
        await officer.page.goto(link.address)
        await expect(officer.page.locator(f".card a[href*='{plan.operation}/answer']")).to_be_visible()
        note("inbox")
        await officer.answer(plan, "consent-uz", "authorisation_granted", ACT)
        note("proved")


async def begins(found: dict[str, list[float]]) -> None:
    """The commands of the README's *Your own first delivery*, in an empty folder, as they stand there."""
    (commands,) = re.findall(r"```sh first\nmake venv\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    with tempfile.TemporaryDirectory() as folder:
        own = {"PATH": f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}", "TMPDIR": folder}
        note = stopwatch(found, BEGINS)
        script = f"set -em\ntrap 'kill %1 2>/dev/null' EXIT\n{commands}"
        shell = await asyncio.create_subprocess_exec(
            *("timeout", str(LONGEST), "bash", "-c", script), cwd=folder, env=os.environ | own, stdout=QUIET, stderr=QUIET
        )
        if await shell.wait():
            message = "the commands of the README do not lead to a delivery"
            raise SystemExit(message)
        note("started, and shown")


async def measured(deliveries: int, times: int) -> dict[str, list[float]]:
    """Each figure by its name."""
    found, plans = dict[str, list[float]](), [another() for _ in range(times)]
    for _ in range(times):
        await begins(found)
    async with (
        await temporal_server() as temporal,
        installed(temporal.client, plans[0], None) as at,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for plan in plans:
            await answers(browser, at, plan, found)
        await asyncio.gather(*(at.caught_up(plan) for plan in plans))
        await keep(at.reads, others(deliveries - times))
        late = glance_of(plans[0].operation, datetime.now(UTC), **trouble("overdue", datetime.now(UTC)))
        await keep(at.reads, [late])
        for _ in range(times):
            await finds(browser, at, plans[0], found)
        await browser.close()
        await end_what_runs(temporal.client, *(workflow_id(plan.operation) for plan in plans))
    return found


def main() -> None:
    """Print the figures."""
    asked = options(__doc__ or "", deliveries=DELIVERIES, times=TIMES)
    found = asyncio.run(measured(asked.deliveries, asked.times))
    tell(asked.output, {"open deliveries": asked.deliveries, "times": asked.times}, found)


if __name__ == "__main__":
    main()
