"""An officer corrects at the desk what their service has said (R18)."""

import html
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from temporalio.client import Client

from domain.delivery.ledger import Entry
from domain.delivery.reported import Stated
from domain.delivery.statement import sign_statement
from domain.record.door import read_statement
from domain.rules.books import BOOK
from domain.signing.canonical import plain
from domain.signing.keys import private_pem
from domain.words.moments import utc_text
from rehearsal.services import private_key_of, second
from tests.command import Ran, vigil
from tests.gateway.test_browser_whole import Systems
from tests.gateway.test_pages import SAME, At, data_in
from tests.installation import installed, renamed
from tests.support import Table, asks, example_plan, signed_plan, with_changes

SECOND = "officer-2"
CONSENTS = ("kz", "uz")


async def test_r18_what_a_service_has_said_is_corrected_by_a_form_filled_with_it(temporal: Client) -> None:
    """Where it stands in the ledger, by the service that said it and nobody else. What is left as it is says nothing and is
    refused; what is changed says all of it anew, with why; and that it was opened is recorded. Where another officer has
    corrected it meanwhile, nothing is made of the form: it would take that back.
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
        page, home = await police.page(f"{at.home}/correct?entry={seq}&lang=kk"), await police.page(at.home)
        data = data_in(page)
        other = await at.signed_in("uz.customs")
        for browser, entry in ((other, seq), (police, consent), (police, 0), (police, 10**8), (police, "x")):
            await browser.page(f"{at.home}/correct?entry={entry}", 404)
        foreign = await other.page(at.home)
        form = {
            "kind": "correction",
            "corrects": seq,
            "says": data["corrects"]["says"],
            "plan": data["plan"],
            "seen": data["seen"],
            "happened_at": utc_text(datetime.now(UTC)),
        }

        async def made(reason: str = "misread", **more: str) -> tuple[int, Any]:
            answer, text = await police.ask("POST", f"{at.home}/statement", form | {"fields": {"reason": reason} | more}, SAME)
            return answer.status, json.loads(text)

        same, unexplained, fine = await made(gross="13.9 kg"), await made("", gross="13.8 kg"), await made(gross="13.8 kg")
        wrong = await made(gross="much")
        meanwhile = sign_statement(BOOK.statement.model_validate(fine[1]), private_key_of("kz.police"))
        await installation.gateway("kz.police").submit(plan.operation, meanwhile)
        await installation.caught_up(plan)
        overtaken = await made(packages="2")
        stolen, _ = await other.ask("POST", f"{at.home}/statement", form | {"fields": {"reason": "misread"}}, SAME)
        reads = (await installation.reads.page(0, 1000)).reads

    assert f'href="{at.home}/correct?entry={seq}"' in home
    assert "/correct?entry=" not in foreign
    assert '<html lang="en">' in page  # nothing that is signed is shown in a translation that nobody has reviewed
    assert 'value="13.9 kg"' in page
    assert "KZ000001/H" in page
    assert (before.id, seq) == (data["corrects"]["of"], data["corrects"]["entry"])
    assert [422, 422, 422, 404] == [same[0], unexplained[0], wrong[0], stolen.status]
    assert "says that already" in json.dumps(same[1])
    assert [{"reason"}, {"gross"}] == [{one["place"] for one in told[1]["faults"]} for told in (unexplained, wrong)]
    content = fine[1]["content"]
    assert (200, before.id, "misread") == (fine[0], content["of"], content["reason"])
    assert plain(before.content) | {"gross": 13_800_000} == content["content"]
    assert (422, "it says something else by now than this page has shown") == (overtaken[0], overtaken[1]["detail"])
    assert [("kz.police", seq)] == [(one.service, one.first) for one in reads if one.first == seq and one.action == "view"][:1]


async def test_r20_what_two_officers_said_the_second_corrects_by_an_option(temporal: Client, tmp_path: Path) -> None:
    """Before a first one has, or as the first, it is refused; another weight is told with both; the same one counts. Until then
    it stands in the inbox of the service, with what to do, and in no other. What is corrected after that stays as both have
    corrected it, and until then as both have said it.
    """
    plan = renamed(with_changes(preparation={"requires": asks("kz.police prepared 2", "kz.knb ready")}))
    for officer, key in (("officer-1", private_key_of("kz.police")), (SECOND, private_key_of(second("kz.police")))):
        (tmp_path / officer).mkdir()
        (tmp_path / officer / "kz.police.pem").write_bytes(private_pem(key))
    async with installed(temporal, plan, None) as installation:

        async def run(*words: str, officer: str = SECOND) -> Ran:
            who = ("--as", "kz.police", "--officer", officer, "--keys", tmp_path / officer, "--gateway", installation.url)
            return await vigil(*words, *who, cwd=tmp_path)

        await installation.gateway(plan.initiator).start(signed_plan(plan))
        systems = Systems(installation, plan, Table(plan))
        for state in CONSENTS:
            until = "2099-01-01T00:00:00Z"
            await systems.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", valid_until=until)
        await systems.say("kz.police", "prepared", "preparation", gross="139 kg")
        await installation.caught_up(plan)
        twice = await run("confirm", plan.operation, "preparation", "--second", "gross=139 kg", "seals=KZ000001/H", "--yes")
        await installation.caught_up(plan)
        ledger = await installation.gateway("kz.police").ledger(plan.operation)
        said = [read_statement(one.event.envelope) for one in ledger if isinstance(one, Entry) and isinstance(one.event, Stated)]
        of = next(one.id for one in said if one.kind == "prepared" and one.officer == SECOND)
        what = ("correct", plan.operation, of, "prepared")
        early = await run(*what, "--second")
        first = await run(*what, "gross=13.9 kg", "--reason", "a digit too many", officer="officer-1")
        await installation.caught_up(plan)
        views = [await installation.gateway(one).view(plan.operation) for one in ("kz.police", plan.initiator, "kz.knb")]
        asked = await run("inbox", plan.operation)
        at = At(installation, plan)
        pages = [await (await at.signed_in(one)).page("/desk/inbox") for one in ("kz.police", plan.initiator, "kz.knb")]
        corrects = re.search(rf'href="({at.home}/correct\?entry=[0-9]+)"', pages[0])
        form = await (await at.signed_in("kz.police")).page(html.unescape(corrects[1])) if corrects else ""
        more = (*what, "packages=2", "--reason", "one fell off", "--dry-run", "-o", "json")
        before = await run(*more, officer="officer-1")
        itself = await run(*what, "--second", officer="officer-1")
        other = await run(*what, "--second", "gross=13.8 kg", "seals=KZ000001/H", "--dry-run")
        given = await run(*what, "--second", "gross=13.9 kg", "seals=KZ000001/H")
        await installation.caught_up(plan)
        after = await installation.gateway("kz.police").view(plan.operation)
        once_more = await run(*more, officer="officer-1")
        then = await installation.gateway("kz.police").inbox()

    assert [0, 3, 0, 3, 0, 0] == [ran.code for ran in (twice, early, first, itself, other, given)], given.err
    assert "no other officer of yours has signed a correction" in early.err
    assert "gross: officer officer-1 has signed 13.9 kg, and you say 13.8 kg" in " ".join(other.out.split())
    assert [[("officer-1", of)], [], []] == [[(one.officer, one.of) for one in view.corrected_by_one] for view in views]
    assert f"vigil correct {plan.operation} {of} prepared --second" in " ".join(asked.out.split())
    assert [True, False, False] == ["/correct?entry=" in page for page in pages]
    assert "Why it is corrected: a digit too many" in form or "You have signed this" in form
    assert after.position is not None
    assert not then.corrections
    assert (13_900_000, ()) == (after.position.gross, after.corrected_by_one)
    corrected = [ran.json["statement"]["content"]["content"] for ran in (before, once_more)]
    assert [(139_000_000, 2), (13_900_000, 2)] == [(one["gross"], one["packages"]) for one in corrected]
