"""The page that explains what the rule cards demand of a plan: to whom, in which words, and how sure that is."""

import re
from collections.abc import AsyncIterator
from html import unescape

import pytest
from temporalio.client import Client

from domain.plan.demands import demands
from domain.views.law import explained
from process.language import speaker
from tests.gateway.test_pages import At
from tests.installation import installed, renamed
from tests.support import example_cards, example_plan, signed_plan

MARKS = ("T · the text was read", "N · looked for, not found")


@pytest.fixture(scope="module")
async def at(temporal: Client) -> AsyncIterator[At]:
    """One for the whole module."""
    plan = renamed(example_plan("almaty-tashkent"))
    async with installed(temporal, plan, None) as installation:
        await installation.gateway(plan.initiator).start(signed_plan(plan))
        await installation.opened(plan, "consent-uz")
        yield At(installation, plan)


async def page(at: At, service: str, language: str = "en", status: int = 200) -> str:
    """The page of the law as this service reads it, as text."""
    browser = await at.signed_in(service)
    browser.headers = {"Accept-Language": language}
    return re.sub(r"\s+", " ", unescape(await browser.page(f"{at.home}/law", status)))


def plainly(text: str) -> str:
    """Without the marks of a page."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))


async def test_who_runs_it_reads_what_each_state_demands_as_the_command_says_it(at: At) -> None:
    """Point by point, the sentences of `vigil plan check`, each with its text, article and how sure it is, and what is not known
    with who answers for it.
    """
    shown = plainly(await page(at, at.plan.initiator))
    for state in map(explained, demands(at.plan, example_cards())):
        assert state.title in shown
        assert state.example in shown
        assert state.left in shown
        assert state.goes in shown
        for line in state.lines:
            for words in (line.about, line.sentence, f"{line.mark} · {line.sure}", line.where):
                assert re.sub(r"\s+", " ", words) in shown
    assert all(words in shown for words in MARKS)


@pytest.mark.parametrize(("service", "own", "other"), [("uz.prosecutor", "UZ", "KZ"), ("kz.police", "KZ", "UZ")])
async def test_r11_a_participant_reads_what_its_own_state_demands(at: At, service: str, own: str, other: str) -> None:
    """Whom another State is asked by, and for how long, is not its to see."""
    shown = await page(at, service)
    assert f'<section id="{own}">' in shown
    assert f'<section id="{other}">' not in shown
    assert f"{other.lower()}.prosecutor" not in shown


async def test_r11_who_takes_no_part_reads_nothing(at: At) -> None:
    """As if there were no such delivery."""
    await page(at, "tj.customs", status=404)


async def test_who_coordinates_or_watches_it_reads_every_state(at: At) -> None:
    """They see the whole."""
    for service in ("caricc", "supervision"):
        shown = await page(at, service)
        assert '<section id="KZ">' in shown
        assert '<section id="UZ">' in shown


async def test_it_is_in_russian_for_a_russian_reader(at: At) -> None:
    """All that is ours: titles, sentences, topics and marks; what a law says in its own words stays."""
    shown, speak = plainly(await page(at, at.plan.initiator, "ru")), speaker("ru")
    for state in (explained(one, speak) for one in demands(at.plan, example_cards())):
        assert state.title in shown
        assert state.left in shown
        assert all(line.sentence in shown and line.sure in shown for line in state.lines)
    assert "Чего закон требует от этого плана" in shown
    assert "looked for, not found" not in shown


async def test_the_page_of_a_delivery_leads_there(at: At) -> None:
    """A link for whoever sees the delivery."""
    browser = await at.signed_in("uz.police")
    assert f'href="{at.home}/law"' in await browser.page(at.home)
