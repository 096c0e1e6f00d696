"""What supervisors and administrators do with `vigil`: read the alarms of the register, and expunge a closed delivery."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from temporalio.client import Client

from domain.plan.plan import Plan
from domain.signing.keys import private_pem
from rehearsal.services import private_key_of
from tests.command import Ran, vigil
from tests.gateway.test_alarms import FISHER, alarmed
from tests.installation import Installation, installed, quick, renamed
from tests.support import example_plan, example_scenario, signed_plan

ORDER = ("--ordered-by", "Court of Almaty, 12", "--law", "Article 240")


@dataclass(frozen=True)
class Office:
    """Where they sit: an installation, and a key for each."""

    installation: Installation
    plan: Plan
    keys: Path

    async def run(self, *words: object, service: str, officer: str = "S-1") -> Ran:
        """A command at the gateway, as this officer."""
        where = ("--as", service, "--officer", officer, "--keys", self.keys, "--gateway", self.installation.url)
        return await vigil(*words, *where)


def with_keys(folder: Path) -> Path:
    """The keys of whoever sits there, in this folder."""
    for service in ("supervision", "administration", "uz.police"):
        (folder / f"{service}.pem").write_bytes(private_pem(private_key_of(service)))
    return folder


@pytest.fixture
async def closed(temporal: Client, tmp_path: Path) -> AsyncIterator[Office]:
    """A delivery that has ended."""
    plan, scenario = quick(*example_scenario("destination-refuses"))
    async with installed(temporal, plan, scenario) as at:
        await at.gateway(plan.initiator).start(signed_plan(plan))
        await at.to_the_end(plan)
        await at.handle(plan).result()
        yield Office(at, plan, with_keys(tmp_path))


async def test_two_officers_expunge_a_delivery(closed: Office, tmp_path: Path) -> None:
    """The first signs into a file, the second signs the same order and hands in both: the text says who, and what stays."""
    name, file = closed.plan.operation, tmp_path / "approval.json"
    signed = await closed.run("expunge", name, *ORDER, "--approval", file, service="administration", officer="A-1")
    before = await closed.run("show", name, service="supervision")
    done = await closed.run("expunge", name, "--with", file, service="supervision")
    again = await closed.run("expunge", name, "--with", file, "-o", "json", service="supervision")
    after = await closed.run("show", name, service="supervision")

    assert [0, 0, 0, 0] == [one.code for one in (signed, before, done, again)], signed.err + before.err + done.err + again.err
    assert f"vigil expunge {name} --with {file}" in " ".join(signed.out.split())
    assert f"{name} is expunged by administration A-1 and supervision S-1" in " ".join(done.out.split())
    assert again.json["size"] == len(again.json["leaves"])
    assert 0 != after.code
    assert "is expunged" in after.err


async def test_one_officer_expunges_nothing(closed: Office, tmp_path: Path) -> None:
    """Alone, without an order, under another order, for another delivery, or where one may not: an error that says why, and the
    delivery is there as before.
    """
    name, file, other = closed.plan.operation, tmp_path / "approval.json", tmp_path / "other.json"
    await closed.run("expunge", name, *ORDER, "--approval", file, service="administration", officer="A-1")
    neither = await closed.run("expunge", name, service="supervision")
    orderless = await closed.run("expunge", name, "--approval", other, service="supervision")
    alone = await closed.run("expunge", name, "--with", file, service="administration", officer="A-1")
    elsewhere = await closed.run("expunge", "other-1", "--with", file, service="supervision")
    renamed_order = await closed.run("expunge", name, *ORDER, "--with", file, service="supervision")
    stranger = await closed.run("expunge", name, "--with", file, service="uz.police")
    overwritten = await closed.run("expunge", name, *ORDER, "--approval", file, service="supervision")
    after = await closed.run("show", name, service="supervision")

    assert [2, 2, 5, 2, 2, 5, 2] == [
        one.code for one in (neither, orderless, alone, elsewhere, renamed_order, stranger, overwritten)
    ]
    assert "two persons" in neither.err
    assert "ordered_by" in orderless.err
    assert not other.exists()
    assert "two persons" in alone.err
    assert f"approves that {name} is expunged, not other-1" in " ".join(elsewhere.err.split())
    assert "--with names the order already" in renamed_order.err
    assert "`expunge` is not for uz.police" in stranger.err
    assert 0 == after.code, after.err


async def test_a_supervisor_reads_the_alarms_of_the_register(temporal: Client, tmp_path: Path) -> None:
    """None at first; then who looked for too much, signed by whom, of which operation; others are refused with code 5."""
    plan = renamed(example_plan())
    async with installed(temporal, plan, None) as at:
        office = Office(at, plan, with_keys(tmp_path))
        none = await office.run("alarms", service="supervision")
        found = await alarmed(at)
        text = await office.run("alarms", service="supervision")
        document = await office.run("alarms", "-o", "json", service="supervision")
        refused = await office.run("alarms", service="uz.police")

    assert [0, 0, 0, 5] == [one.code for one in (none, text, document, refused)]
    assert "there is no alarm" in none.out
    for words in (found.service, "looks for more than it may", FISHER):
        assert words in " ".join(text.out.split())
    assert ["uz.prosecutor"] == document.json["alarms"][0]["signers"]
    assert FISHER not in refused.out + refused.err
