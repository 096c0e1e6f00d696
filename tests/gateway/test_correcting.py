"""An officer corrects at the desk what their service has said (R18)."""

import json
from datetime import UTC, datetime
from typing import Any

from temporalio.client import Client

from domain.delivery.ledger import Entry
from domain.delivery.reported import Stated
from domain.record.door import read_statement
from domain.signing.canonical import plain
from domain.words.moments import utc_text
from tests.gateway.test_browser_whole import Systems
from tests.gateway.test_pages import SAME, At, data_in
from tests.installation import installed, renamed
from tests.support import Table, example_plan, signed_plan

CONSENTS = ("kz", "uz")


async def test_r18_what_a_service_has_said_is_corrected_by_a_form_filled_with_it(temporal: Client) -> None:
    """Where it stands in the ledger, by the service that said it and nobody else. What is left as it is says nothing and is
    refused; what is changed says all of it anew, with why; and that it was opened is recorded.
    """
    plan = renamed(example_plan("almaty-tashkent"))
    async with installed(temporal, plan, None) as installation:
        await installation.gateway(plan.initiator).start(signed_plan(plan))
        systems, at = Systems(installation, plan, Table(plan)), At(installation, plan)
        for state in CONSENTS:
            await systems.say(
                f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", valid_until="2099-01-01T00:00:00Z"
            )
        await systems.say("kz.police", "prepared", "preparation")
        await installation.caught_up(plan)
        ledger = await installation.gateway("kz.police").ledger(plan.operation)
        said = [
            (one.seq, read_statement(one.event.envelope))
            for one in ledger
            if isinstance(one, Entry) and isinstance(one.event, Stated)
        ]
        seq, before = next((seq, one) for seq, one in said if one.kind == "prepared")
        consent = next(seq for seq, one in said if one.kind == "authorisation_granted")
        police = await at.signed_in("kz.police")
        page, home = await police.page(f"{at.home}/correct?entry={seq}"), await police.page(at.home)
        data = data_in(page)
        other = await at.signed_in("uz.customs")
        for browser, entry in ((other, seq), (police, consent), (police, 0), (police, 10**8), (police, "x")):
            await browser.page(f"{at.home}/correct?entry={entry}", 404)
        foreign = await other.page(at.home)
        form = {
            "kind": "correction",
            "corrects": seq,
            "plan": data["plan"],
            "seen": data["seen"],
            "happened_at": utc_text(datetime.now(UTC)),
        }

        async def made(reason: str = "misread", **more: str) -> tuple[int, Any]:
            answer, text = await police.ask("POST", f"{at.home}/statement", form | {"fields": {"reason": reason} | more}, SAME)
            return answer.status, json.loads(text)

        same, unexplained, fine = await made(gross="13.9 kg"), await made("", gross="13.8 kg"), await made(gross="13.8 kg")
        wrong = await made(gross="much")
        stolen, _ = await other.ask("POST", f"{at.home}/statement", form | {"fields": {"reason": "misread"}}, SAME)
        reads = (await installation.reads.page(0, 1000)).reads

    assert f'href="{at.home}/correct?entry={seq}"' in home
    assert "/correct?entry=" not in foreign
    assert 'value="13.9 kg"' in page
    assert "KZ000001/H" in page
    assert (before.id, seq) == (data["corrects"]["of"], data["corrects"]["entry"])
    assert [422, 422, 422, 404] == [same[0], unexplained[0], wrong[0], stolen.status]
    assert "says that already" in json.dumps(same[1])
    assert [{"reason"}, {"gross"}] == [{one["place"] for one in told[1]["faults"]} for told in (unexplained, wrong)]
    content = fine[1]["content"]
    assert (200, before.id, "misread") == (fine[0], content["of"], content["reason"])
    assert plain(before.content) | {"gross": 13_800_000} == content["content"]
    assert [("kz.police", seq)] == [(one.service, one.first) for one in reads if one.first == seq and one.action == "view"][:1]
