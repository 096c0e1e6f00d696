"""Papers at the gateway: each reader is given its own, as files that the packet proves, and the desk opens none of them."""

from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client

from domain.record.packet import unseal
from domain.words.errors import NotAllowed, RuleBroken
from papers.verifying import Confirmed, verified
from process.language import speakers
from tests.gateway.test_pages import At
from tests.installation import installed, renamed
from tests.support import example_plan, signed_plan


@pytest.fixture(scope="module")
async def at(temporal: Client) -> AsyncIterator[At]:
    """One for the whole module."""
    plan = renamed(example_plan("almaty-tashkent"))
    async with installed(temporal, plan, None) as installation:
        await installation.gateway(plan.initiator).start(signed_plan(plan))
        await installation.opened(plan, "consent-uz")
        yield At(installation, plan)


async def test_a_paper_of_the_gateway_is_the_packet_s(at: At) -> None:
    """What a prosecutor is given is found in the packet that the initiator exports, byte for byte."""
    given = await at.installation.gateway("uz.prosecutor").paper(at.plan.operation, "request.uz.prosecutor", "ru", "html")
    packet, manifest, _ = unseal(await at.installation.gateway(at.plan.initiator).packet(at.plan.operation))

    assert Confirmed(**given.paper.model_dump()) == verified(given.content(), packet, manifest, speakers(None))


async def test_r11_a_reader_is_given_its_own_papers(at: At) -> None:
    """A prosecutor finds its request and no other; asked for by name, another's is refused."""
    door = at.installation.gateway("uz.prosecutor")

    assert ["request.uz.prosecutor", "measures.UZ"] == [one.name for one in await door.papers(at.plan.operation)]
    with pytest.raises(NotAllowed, match="R11"):
        await door.paper(at.plan.operation, "request.kz.prosecutor", "en", "html")


async def test_r23_what_may_not_go_before_a_court_is_refused(at: At) -> None:
    """Under H1 the report for the court is refused, and whom to ask is said."""
    with pytest.raises(RuleBroken, match="not for court yet") as refused:
        await at.installation.gateway(at.plan.initiator).paper(at.plan.operation, "court", "en", "html")

    assert "disclosure_permitted" in refused.value.hint


async def test_the_desk_gives_papers_as_files(at: At) -> None:
    """A paper is kept and printed; it is no page of the desk, whose policy for scripts and styles it does not have."""
    browser = await at.signed_in("uz.prosecutor")
    assert f"{at.home}/papers/request.uz.prosecutor?language=ru" in await browser.page(f"{at.home}/papers")
    answer, text = await browser.ask("GET", f"{at.home}/papers/request.uz.prosecutor?language=en&format=html")

    assert 200 == answer.status
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "vigil-paper" in text
