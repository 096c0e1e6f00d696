"""`--second`: the second of two officers signs what the first has signed (R20), from the command line."""

import json
from pathlib import Path

import pytest
from temporalio.client import Client

from client.saying import content_of
from client.seconding import beside, with_own_findings
from domain.rules.books import BOOK
from domain.signing.keys import private_pem
from domain.views.second import first_word
from domain.words.errors import Malformed
from rehearsal.services import SECOND, private_key_of, second
from tests.command import Ran, vigil
from tests.domain.test_two_officers import preparing
from tests.gateway.test_pages import Browser
from tests.groups import group_called
from tests.installation import Installation, end_what_runs, installed
from tests.support import signed_plan
from workflows.messages import workflow_id

GROUP = "linseed-oil"
OIL, CHEMICALS = f"{GROUP}-1", f"{GROUP}-2"
HOME = f"/desk/deliveries/{OIL}"
ASKED = f"{HOME}/answer?checkpoint=consent-ru&for=ru.customs&kind=authorisation_granted"
ACT = ("reference=22/7", "granted_by_role=head of customs", "legal_basis=law")


def test_r20_what_is_weighed_and_seen_a_second_officer_types_and_all_else_is_taken_over() -> None:
    """Left out it is asked for by its field; another weight is told with both figures; nothing else has to be typed."""
    table = preparing()
    table.say("kz.police", "prepared", "preparation", witnesses=["K-7"])
    first = first_word(table.delivery, table.directory.get("kz.police"), "preparation", "kz.police", "prepared")
    assert first is not None
    with pytest.raises(Malformed) as told:
        with_own_findings(first, ["seals=KZ000001/H"])
    assert ["gross"] == [one.place for one in told.value.faults]

    def typed(gross: str) -> tuple[str, ...]:
        words = with_own_findings(first, [f"gross={gross}", "seals=KZ000001/H"])
        content = content_of("prepared", words, None, taken_over=first.taken_over())
        return beside(first, first.statement.model_copy(update={"content": content}))

    assert () == typed("13.9 kg")
    (differs,) = typed("13.8 kg")
    assert "gross: officer officer-1 has signed 13.9 kg, and you say 13.8 kg" in differs


async def desk_of(at: Installation, service: str) -> Browser:
    """A browser in which the second officer of this service is signed in."""
    browser = Browser(at.http, at.url)
    await browser.enter((await at.gateway(service, SECOND).sign_in()).address.partition("#")[2])
    return browser


async def test_r20_a_second_officer_signs_for_the_consignments_that_the_first_named(  # noqa: PLR0915 - one after the other
    temporal: Client, tmp_path: Path
) -> None:
    """By one option, in each; before the first, as the first, of one alone and without a network it is refused and says what
    would be right, and who types it all is told where it is not the same. At the desk the same statement is made, of what that
    page has shown and nothing else, and no other service hears of it.
    """
    plans, folders = group_called(GROUP), {"officer-1": tmp_path / "first", SECOND: tmp_path / "second"}
    for code, folder in folders.items():
        folder.mkdir()
        key = private_key_of("ru.customs" if code == "officer-1" else second("ru.customs"))
        (folder / "ru.customs.pem").write_bytes(private_pem(key))
    async with installed(temporal, plans[0], None) as at:

        async def run(*words: str, officer: str = SECOND) -> Ran:
            who = ("--as", "ru.customs", "--officer", officer, "--keys", folders[officer], "--gateway", at.url)
            return await vigil(*words, *who, cwd=tmp_path)

        try:
            for plan in plans:
                await at.gateway(plan.initiator).start(signed_plan(plan))
            for plan in plans[:2]:
                await at.opened(plan, "consent-ru")
            both, one = ("group", "confirm", GROUP, "consent-ru"), ("confirm", OIL, "consent-ru")
            before = await run(*both, "--second")
            first = await run(*both, *ACT, officer="officer-1")
            for plan in plans[:2]:
                await at.caught_up(plan)
            again = await run(*both, "--second", officer="officer-1")
            alone, away = await run(*one, "--second"), await run(*one, "--second", "--offline")
            typed = await run(*both, *(word.replace("22/7", "22/8") for word in ACT), "--dry-run")
            shown, desk = await run("show", OIL), await desk_of(at, "ru.customs")
            inbox = await run("inbox"), await desk.page("/desk/inbox")
            page = await desk.page(ASKED)
            data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
            form = {name: data[name] for name in ("kind", "checkpoint", "group", "members", "plan")}
            form |= {"second": data["first"]["entry"], "happened_at": "2026-03-01T10:00:00Z", "fields": {}}
            made, other = [
                await desk.ask("POST", f"{HOME}/statement", form | more) for more in ({}, {"second": data["first"]["entry"] - 1})
            ]
            beside_it = [
                await (await desk_of(at, service)).ask("POST", f"{HOME}/second", json.loads(made[1]))
                for service in ("ru.customs", "kz.police", "kz.prosecutor")
            ]
            given = await run(*both, "--second")
            reads = (await at.reads.page(0, 1000)).reads
            for plan in plans[:2]:
                await at.caught_up(plan)
            views = [await at.gateway(plans[0].initiator).view(name) for name in (OIL, CHEMICALS)]
        finally:
            await end_what_runs(at.client, *(workflow_id(plan.operation) for plan in plans))

    assert [3, 0, 3, 2, 2, 0, 0] == [ran.code for ran in (before, first, again, alone, away, typed, given)], given.err
    assert all("no other officer of yours has signed consent-ru" in ran.err for ran in (before, again))
    assert f"vigil group confirm {GROUP} consent-ru --second" in alone.err
    assert "without a network it is not known what the first officer has signed" in away.err
    assert "reference: officer officer-1 has signed 22/7, and you say 22/8" in typed.out.replace("\n", " ")
    assert "officer officer-1 has signed" in " ".join(shown.out.split())
    assert [2, 2] == [text.count("officer-1") for text in (inbox[0].out, inbox[1])]
    assert 'id="second"' in page
    assert CHEMICALS in page
    assert ([1, 2], [OIL, CHEMICALS]) == (data["members"], data["deliveries"])
    said = BOOK.statement.model_validate_json(made[1])
    assert ([1, 2], "22/7") == (list(said.members or ()), said.content.reference.number)  # type: ignore[union-attr]
    assert (422, True) == (other[0].status, "does not stand as this page has shown it" in other[1])
    assert [200, 404, 404] == [answer.status for answer, _ in beside_it]
    entry = data["first"]["entry"]
    assert [(SECOND, "service")] == [(one.officer, one.role) for one in reads if (one.action, one.first) == ("view", entry)]
    assert {"officer": "officer-1", "differs": {}} == json.loads(beside_it[0][1])
    assert [["ru.customs"]] * 2 == [[consent.service for consent in view.consents] for view in views]
