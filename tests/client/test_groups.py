"""`vigil group`: an operation of several consignments from an officer's desk (R31)."""

import asyncio
import json
import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from ruamel.yaml import YAML
from temporalio.client import Client

from client.commands import groups
from client.group_files import checked_group, rehearsable
from client.new_group import group_of
from client.rehearse import APART, kept_apart
from client.saying import PlanAsSeen, content_of, statement
from client.scenario_tests import compared, simulated, trial
from client.signing import at_once
from domain.delivery.ledger import Left
from domain.delivery.statement import Statement, sign_statement
from domain.plan.group import is_member
from domain.plan.plan import Plan
from domain.record.door import read_statement
from domain.record.verify import verify
from domain.signing.envelope import STATEMENT_TYPE, Envelope, sign
from domain.signing.keys import private_pem
from domain.views.view import DeliveryView, GroupView
from domain.words.errors import Malformed, NotAllowed, NotVerified, Unavailable
from rehearsal.services import private_key_of
from tests.command import Ran, vigil
from tests.gateway.test_pages import Browser
from tests.groups import CHEMICALS, KEPT, OIL, group_called, group_file, group_of_two_ways, group_plans
from tests.installation import end_what_runs, installed
from tests.support import EXAMPLES, signed_plan
from workflows.messages import workflow_id

FILE = EXAMPLES / "omsk-taraz-parcels" / "group.yaml"
SCENARIO = FILE.parent / "scenario.yaml"
PLAN = EXAMPLES / "omsk-taraz" / "plan.yaml"
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
OF_A_PLAN = PLAN.parent / "scenario.yaml"


async def test_a_group_is_checked_with_every_fault_once_at_its_line(tmp_path: Path) -> None:
    """What is right is told with the digest; a fault in what is shared is told once, with file and line."""
    for name in ("directory.yaml", "cards"):
        (tmp_path / name).symlink_to(EXAMPLES / name)
    wrong = tmp_path / "group.yaml"
    wrong.write_text(FILE.read_text().replace("service: kz.customs, says: ready", "service: kz.nobody, says: ready"))
    right, found = await vigil("group", "check", FILE), await vigil("group", "check", wrong, "-o", "json")

    group = group_plans()[0].group
    assert group is not None
    assert (0, 2) == (right.code, found.code)
    assert group.digest in right.out
    line = 1 + next(number for number, one in enumerate(wrong.read_text().splitlines()) if "kz.nobody" in one)
    assert 1 == found.out.count("kz.nobody")
    assert f"group.yaml:{line}:" in found.out


async def test_a_plan_becomes_a_group_that_is_checked_and_tried(tmp_path: Path) -> None:
    """Its text and comments are what all share; each has its own goods, and gaps for its number and papers; nothing is
    overwritten, and goods or a plan that cannot be read are told.
    """
    for name in ("directory.yaml", "cards"):
        (tmp_path / name).symlink_to(EXAMPLES / name)

    async def run(*words: object) -> Ran:
        return await vigil(*words, cwd=tmp_path)

    await run("plan", "new", "elm", "--route", "KZ Almaty, UZ Tashkent", "--channel", "mail", "--goods", "heroin 5 kg")
    goods = ("--consignment", "heroin 5 kg", "--consignment", "heroin")
    made, again = [await run("group", "new", "ash", "elm/plan.yaml", *goods) for _ in range(2)]
    checked, tried = await run("group", "check", "ash/group.yaml", "-o", "json"), await run("plan", "test", "ash/scenario.yaml")
    (tmp_path / "flat.yaml").write_text(json.dumps(YAML(typ="safe").load(tmp_path / "elm" / "plan.yaml")))
    one = await run("group", "new", "fir", "elm/plan.yaml", *goods[:2])
    flat = await run("group", "new", "fir", "flat.yaml", *goods)
    other = await run("group", "new", "fir", "ash/group.yaml", *goods)

    assert [0, 2, 0, 0, 2, 2, 2] == [ran.code for ran in (made, again, checked, tried, one, flat, other)], tried.out
    plans = checked.json["plans"]
    assert ["ash-1", "ash-2"] == [plan["operation"] for plan in plans]
    assert 5_000_000 == plans[0]["consignment"]["contents"][0]["net"]
    assert "unmeasured" in str(plans[1]["consignment"]["contents"][0]["net"])
    assert "  # put in how long each leg really takes" in (tmp_path / "ash" / "group.yaml").read_text().splitlines()
    assert 2 == [gap["problem"] for gap in checked.json["gaps"]].count("number")
    assert "a group has two consignments at least" in one.err
    assert "on a line of its own, at the margin" in flat.err
    assert not (tmp_path / "fir").exists()


def begun(folder: Path, plan: Path, *said: str) -> tuple[Plan, ...]:
    """The plans of the group begun with this plan, which is checked and tried."""
    for name, text in group_of(plan, "oak", said).items():
        (folder / name).write_text(text)
    cases = (EXAMPLES / "directory.yaml", EXAMPLES / "cards")
    checked = checked_group(folder / "group.yaml", *cases)
    one = trial(folder / "scenario.yaml", *cases)
    assert all(each.ok for each in compared(one, 1, "simulator", lambda: simulated(one, 1)))
    return checked.plans


def test_each_of_a_group_has_the_class_of_its_own_goods(tmp_path: Path) -> None:
    """Money is cash though the plan is of a drug; what the plan has too is of the class that it has there."""
    plans = begun(tmp_path, EXAMPLES / "back-to-sender" / "plan.yaml", "EUR 500", "heroin 3 kg", "MDMA 1 kg")
    called_drugs = tmp_path / "plan.yaml"
    called_drugs.write_text((EXAMPLES / "back-to-sender" / "plan.yaml").read_text().replace("[psychotropics]", "[drugs]"))
    as_there = begun(tmp_path, called_drugs, "MDMA 1 kg", "MDMA 2 kg")

    assert [("cash",), ("drugs",), ("psychotropics",)] == [plan.consignment.goods for plan in plans]
    assert {("drugs",)} == {plan.consignment.goods for plan in as_there}


def test_no_tolerance_of_what_is_not_in_it_or_that_would_hide_it_comes_into_a_group(tmp_path: Path) -> None:
    """That of a substance stays with the consignment that has it; that of the gross weight is less for what is lighter."""
    plan = EXAMPLES / "almaty-tashkent" / "plan.yaml"
    own, other, light = (each.tolerances for each in begun(tmp_path, plan, "mephedrone 6 kg", "heroin 3 kg", "heroin 10 g"))
    assert "\n  tolerances:" not in (tmp_path / "group.yaml").read_text()
    begun(tmp_path, plan, "mephedrone 6 kg", "mephedrone 7 kg")

    assert ({"mephedrone": 20_000}, 20_000) == (dict(own.net), own.gross)
    assert ({}, 20_000) == (dict(other.net), other.gross)
    assert ({}, 500) == (dict(light.net), light.gross)
    assert "\n  tolerances: {gross: 20 g" in (tmp_path / "group.yaml").read_text()


def test_goods_that_cannot_be_are_told_before_a_group_is_written() -> None:
    """Nothing of something is no consignment: it is told by its option, as `vigil plan new` tells it."""
    with pytest.raises(Malformed) as refused:
        group_of(EXAMPLES / "back-to-sender" / "plan.yaml", "oak", ("heroin 0 kg", "heroin 3 kg"))

    assert ['--consignment "heroin 0 kg": R10: there is none of it; leave it out'] == [str(one) for one in refused.value.faults]


async def test_a_group_with_a_gap_is_checked_and_not_started(tmp_path: Path) -> None:
    """The gap is told at its line by the check; none of the consignments is started, not even those that have no gap;
    a rehearsal has a stand-in for it, and its plans are under the digest of that.
    """
    for name in ("directory.yaml", "cards"):
        (tmp_path / name).symlink_to(EXAMPLES / name)
    lines = FILE.read_text().splitlines()
    line = next(number for number, one in enumerate(lines) if "aim: " in one)
    lines[line] = f"{lines[line].partition('aim: ')[0]}aim: <who is to be arrested>"
    draft = tmp_path / "group.yaml"
    draft.write_text("\n".join(lines))
    checked = await vigil("group", "check", draft, "-o", "json")
    started = await vigil("group", "start", draft, "--keys", tmp_path)

    assert (0, 2) == (checked.code, started.code)
    (gap,) = checked.json["gaps"]
    assert "who is to be arrested" == gap["problem"]
    assert f"group.yaml:{line + 1}:" in gap["place"]
    assert "group.yaml has gaps, and is signed by nobody" in started.err
    tried = rehearsable(checked_group(draft, None, None))
    assert {"[who is to be arrested]"} == {plan.request.aim for plan in tried.plans}
    assert all(plan.group is not None and is_member(plan, plan.group) for plan in tried.plans)


async def test_a_group_is_started_answered_once_stopped_and_exported(temporal: Client, tmp_path: Path) -> None:
    """Three deliveries by one command, again without harm; one signature consents in both that travel, shown by one command; one
    stops what is named alone, and what is to be answered of that alone is said so; each packet verifies. Their papers are one
    set, each as its packet makes it; of those for a court the list says which may not go there.
    """
    first, names = group_plans()[0], (OIL, CHEMICALS, KEPT)
    for service in first.participants():
        (tmp_path / f"{service}.pem").write_bytes(private_pem(private_key_of(service)))
    async with installed(temporal, first, None) as at:

        async def run(*words: object, service: str) -> tuple[int, str]:
            ran = await vigil("group", *words, "--as", service, "--keys", tmp_path, "--gateway", at.url, cwd=tmp_path)
            return ran.code, ran.out + ran.err

        try:
            starting = ("group", "start", FILE, "--keys", tmp_path, "--gateway", at.url)
            started, again = await vigil(*starting), await vigil(*starting)
            for plan in group_plans()[:2]:
                await at.opened(plan, "consent-kz")
            words = ("reference=22/7", "granted_by_role=prosecutor", "legal_basis=law", "modalities=intact", "permits=post")
            consent = await run(
                "confirm", "motor-oil", "consent-kz", "--kind", "authorisation_granted", *words, service="kz.prosecutor"
            )
            reads = (("show", "kz.police"), ("ledger", "kz.police"), ("ledger", "ru.police"))
            shown, *ledgers = [await run(command, "motor-oil", service=service) for command, service in reads]
            browser = Browser(at.http, at.url)
            await browser.enter((await at.gateway("kz.police", "officer-1").sign_in()).address.partition("#")[2])
            pages = [await browser.page(f"/desk/deliveries{one}") for one in (f"/{OIL}", "?group=motor-oil")]
            stop = await run("stop", "motor-oil", "--reason", "the sender is warned", "--only", CHEMICALS, service="kz.police")
            await at.opened(group_plans()[1], "stop.acknowledged")
            alone = await run("confirm", "motor-oil", "stop.acknowledged", service="kz.prosecutor")
            packets = await run("packet", "motor-oil", "--to", tmp_path / "packets", service="kz.police")
            papers = [await run("papers", "motor-oil", "--to", tmp_path / "papers", service="kz.police") for _ in range(2)]
            court = await run("papers", "motor-oil", "--for", "court", "-o", "json", service="kz.police")
            views = {name: await at.gateway("kz.police").view(name) for name in names}
        finally:
            await end_what_runs(at.client, *map(workflow_id, names))

    assert (0, 0, True) == (started.code, again.code, "3 consignments are simulated first" in started.err), (
        started.err + again.err
    )
    assert 3 == again.out.count("already")
    assert 0 == consent[0], consent
    for name in (OIL, CHEMICALS):
        assert (True, ["kz.prosecutor"]) == (name in consent[1], [one.service for one in views[name].consents])
    assert (0, True) == (shown[0], all(name in shown[1] for name in names))
    assert [0, 1] == [told.count("entries that are not yours to read (R11)") for _, told in ledgers]
    assert [True, *(True for _ in names)] == [
        'href="/desk/deliveries?group=motor-oil"' in pages[0],
        *(name in pages[1] for name in names),
    ]
    assert (0, 3) == (stop[0], alone[0]), stop
    assert f"stop.acknowledged is answered of each alone: {CHEMICALS}" in alone[1]
    assert (None, "halted") == (views[OIL].halted, views[CHEMICALS].phase)
    assert 0 == packets[0], packets
    for name in names:
        packet = tmp_path / "packets" / f"{name}.packet.json"
        paper = tmp_path / "papers" / name / "measures.ru.html"
        assert name == verify(packet.read_bytes()).delivery
        fits = await vigil("verify", packet, "--keys-unverified", "--paper", paper, "--keys", tmp_path)
        assert 0 == fits.code, fits.err
        assert f"{name}/measures.ru.html" in papers[0][1]
    assert (0, 2) == (papers[0][0], papers[1][0])
    assert not list((tmp_path / "papers").rglob("court*"))
    assert "a set is printed into a new folder" in papers[1][1]
    assert 4 == court[0]
    withheld = [one for one in json.loads(court[1].partition("vigil:")[0])["papers"] if "refused" in one]
    assert {"rule-broken"} == {one["refused"] for one in withheld}


async def test_who_is_no_consignment_of_the_group_is_told_by_name(temporal: Client, tmp_path: Path) -> None:
    """A name of `--only` that is none of its consignments is told beside those that are, and nothing is signed; one of which
    nothing is asked there, beside those of which it is.
    """
    plans = group_called("palm-oil")
    one, other, kept = (plan.operation for plan in plans)
    (tmp_path / "kz.prosecutor.pem").write_bytes(private_pem(private_key_of("kz.prosecutor")))
    async with installed(temporal, plans[0], None) as at:

        async def run(*words: str) -> Ran:
            return await vigil("group", *words, "--as", "kz.prosecutor", "--keys", tmp_path, "--gateway", at.url, cwd=tmp_path)

        try:
            for plan in plans:
                await at.gateway(plan.initiator).start(signed_plan(plan))
            for plan in plans[:2]:
                await at.opened(plan, "consent-kz")
            confirm = ("confirm", "palm-oil", "consent-kz")
            strange = [
                await run(*said, "--only", one, "--only", "palm-oil-9")
                for said in (confirm, ("hold", "palm-oil", "--reason", "a rumour"))
            ]
            elsewhere = await run(*confirm, "--only", kept)
            views = [await at.gateway("kz.prosecutor").view(plan.operation) for plan in plans[:2]]
        finally:
            await end_what_runs(at.client, *(workflow_id(plan.operation) for plan in plans))

    assert [3, 3, 3] == [ran.code for ran in (*strange, elsewhere)], [ran.err for ran in strange]
    for ran in strange:
        assert "--only: palm-oil-9 is no consignment of palm-oil that is yours to see" in ran.err
        assert f"yours to see: {one}, {other}, {kept}" in ran.err
    assert f"asked there: {one}, {other}" in elsewhere.err
    assert [((), None)] * 2 == [(view.consents, view.halted) for view in views]


async def test_what_has_been_started_of_another_group_is_not_taken_for_one_of_this(temporal: Client, tmp_path: Path) -> None:
    """R31: a group file that was changed after some of it had been started begins nothing beside that: no statement would count
    in all, and none would hear of the other.
    """
    plans = group_called("palm-seed-oil")
    for service in plans[0].participants():
        (tmp_path / f"{service}.pem").write_bytes(private_pem(private_key_of(service)))
    for name in ("directory.yaml", "cards"):
        (tmp_path / name).symlink_to(EXAMPLES / name)
    text = FILE.read_text().replace("motor-oil", "palm-seed-oil")
    (tmp_path / "group.yaml").write_text(text.replace("waits: 3d", "waits: 4d"))
    assert text != (tmp_path / "group.yaml").read_text()
    async with installed(temporal, plans[0], None) as at:
        try:
            await at.gateway(plans[0].initiator).start(signed_plan(plans[0]))
            words = ("--keys", tmp_path, "--gateway", at.url, "--simulate", "0")
            ran = await vigil("group", "start", tmp_path / "group.yaml", *words, cwd=tmp_path)
            there = [row.delivery for row in await at.gateway(plans[0].initiator).deliveries({"group": "palm-seed-oil"})]
        finally:
            await end_what_runs(at.client, *(workflow_id(plan.operation) for plan in plans))

    assert (4, True) == (ran.code, "palm-seed-oil-1 has been started already" in ran.err), ran
    assert [plans[0].operation] == there


async def test_what_was_kept_of_several_consignments_is_handed_in_to_each(temporal: Client, tmp_path: Path) -> None:
    """R31: a stop of a group that no gateway took is in a file, whose name is told; handed in later it stops what it names alone,
    and one that is not to be seen is not said to have taken it.
    """
    plans = group_called("seed-oil")
    one, other, kept = (plan.operation for plan in plans)
    group = plans[0].group
    assert group is not None
    (tmp_path / "kz.police.pem").write_bytes(private_pem(private_key_of("kz.police")))
    content = content_of("stop_requested", ["reason=leak"], None)
    said = statement(group.code, "kz.police", "officer-1", content, PlanAsSeen(group.digest), members=(1, 2, 7))
    file = tmp_path / "stop.statement.json"
    file.write_text(sign_statement(said, private_key_of("kz.police")).model_dump_json())
    async with installed(temporal, plans[0], None) as at:
        try:
            for plan in plans:
                await at.gateway(plan.initiator).start(signed_plan(plan))
            for plan in plans[:2]:
                await at.opened(plan, "consent-kz")
            words = ("--as", "kz.police", "--keys", tmp_path, "--gateway", at.url, "-o", "json")
            ran = await vigil("submit", file, *words, cwd=tmp_path)
            views = [await at.gateway("kz.police").view(name) for name in (one, other, kept)]
        finally:
            await end_what_runs(at.client, *(workflow_id(plan.operation) for plan in plans))

    assert 4 == ran.code, ran.err
    assert {one: "accepted", other: "accepted"} == {name: took["verdict"] for name, took in ran.json["deliveries"].items()}
    assert [True, True, False] == [view.halted is not None or view.outcome is not None for view in views]
    assert "1 of 3 did not take it" in ran.err


class Door:
    """A gateway at which the first consignment has been expunged and the second cannot be read; what is handed in is left."""

    def __init__(self) -> None:
        self.heard: dict[str, Statement] = {}
        self.wrong = {"oak-1": NotAllowed("oak-1 is expunged"), "oak-2": NotVerified("the archive was altered")}

    async def deliveries(self, _filters: object, _most: int | None = None) -> list[Any]:
        """All four."""
        return [SimpleNamespace(delivery=f"oak-{number}", expunged=number == 1) for number in (1, 2, 3, 4)]

    async def view(self, name: str) -> DeliveryView:
        """As far as a stop asks for it."""
        if name in self.wrong:
            raise self.wrong[name]
        group = GroupView(code="oak", digest="f" * 64, number=int(name[-1]), held_back=False, siblings=(), waits=())
        shown: dict[str, Any] = {"delivery": name, "outcome": None, "group": group}
        return DeliveryView.model_construct(**shown)

    async def submit(self, name: str, envelope: Envelope) -> Left:
        """No worker is up."""
        self.heard[name] = read_statement(envelope)
        return Left(statement=self.heard[name].id, left_at="2026-03-02T08:00:00.000000Z")


def test_a_consignment_that_cannot_be_seen_keeps_no_stop_from_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    """R8, R31: one that was expunged is none any more; of one whose record is altered it is told that it did not take it."""
    door = Door()

    def call(work: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
        return asyncio.run(work(door))

    who: Any = SimpleNamespace(service="kz.police", code="K-7", call=call, key=lambda: private_key_of("kz.police"))
    with pytest.raises(typer.Exit) as told:
        groups._to_all("oak", content_of("stop_requested", ["reason=leak"], None), who, at_once(dry_run=False), [], "json")
    document = json.loads(capsys.readouterr().out)

    assert 4 == told.value.exit_code
    assert ["oak-3", "oak-4"] == sorted(door.heard)
    assert {(3, 4)} == {one.members for one in door.heard.values()}
    became = {name: one["verdict"] for name, one in document["deliveries"].items()}
    assert {"oak-2": "not-verified", "oak-3": "left", "oak-4": "left"} == became


def test_where_it_is_kept_is_told_of_each_consignment_that_did_not_answer() -> None:
    """Of several at once as of one: the hint says in which file the signed statement is."""
    assert "is away; it is kept in stop.json" == groups._became(Unavailable("is away", hint="it is kept in stop.json"))["said"]


async def test_an_officer_with_a_browser_answers_in_several_consignments_by_one_signature(temporal: Client) -> None:
    """The page of one says that the same is asked in another; ticked, it shows the request of each, and the bytes to be signed
    name the group, both numbers and both requests. The one signature counts in both; where nothing is asked none is signed. What
    was found is answered so too, though no request for consent is shown there.
    """
    plans = group_called("lamp-oil")
    one, other, kept = (plan.operation for plan in plans)
    async with installed(temporal, plans[0], None) as at:
        try:
            for plan in plans:
                await at.gateway(plan.initiator).start(signed_plan(plan))
            for plan in plans[:2]:
                await at.opened(plan, "detection.1")
            finder = Browser(at.http, at.url)
            await finder.enter((await at.gateway("ru.customs", "officer-1").sign_in()).address.partition("#")[2])
            found = await finder.page(
                f"/desk/deliveries/{one}/answer?checkpoint=detection.1&for=ru.customs&kind=detected&also={other}"
            )
            for plan in plans[:2]:
                await at.opened(plan, "consent-kz")
            browser = Browser(at.http, at.url)
            await browser.enter((await at.gateway("kz.prosecutor", "officer-1").sign_in()).address.partition("#")[2])
            asked = f"/desk/deliveries/{one}/answer?checkpoint=consent-kz&for=kz.prosecutor&kind=authorisation_granted"
            alone, both = await browser.page(asked), await browser.page(f"{asked}&also={other}")
            elsewhere_too = await browser.page(f"{asked}&also={kept}")
            _, elsewhere = await browser.ask("GET", asked.replace("authorisation_granted", "no_such"))
            data = json.loads(both.partition('id="data">')[2].partition("</script>")[0])
            words = {
                "state": "KZ",
                "reference": "22/7",
                "granted_by_role": "prosecutor",
                "legal_basis": "law",
                "modalities": "intact",
            }
            value = re.search(r'name="request"[^>]*value="([^"]*)"|name="request"[^>]*>([^<]*)<', both)
            until = re.search(r'name="valid_until" value="([^"]*)"', both)
            assert value is not None
            assert until is not None
            words |= {"valid_from": datetime.now(UTC).isoformat(), "permits": "post"}
            words |= {"request": value[1] or value[2], "valid_until": until[1]}
            filled = {name: data[name] for name in ("kind", "checkpoint", "plan", "seen", "group", "members")}
            filled |= {"happened_at": datetime.now(UTC).isoformat(), "fields": words}
            answer, text = await browser.ask("POST", f"/desk/deliveries/{one}/statement", filled)
            assert 200 == answer.status, text
            envelope = sign(text.encode(), STATEMENT_TYPE, private_key_of("kz.prosecutor"))
            given = [await at.gateway("kz.prosecutor", "officer-1").submit(name, envelope) for name in data["deliveries"]]
        finally:
            await end_what_runs(at.client, *(workflow_id(plan.operation) for plan in plans))

    said = json.loads(text)
    assert f'name="also" value="{other}"' in alone
    assert f'name="also" value="{kept}"' not in alone
    assert '"deliveries": ["lamp-oil-1", "lamp-oil-2"]' in found
    assert [one, other] == data["deliveries"]
    assert ("lamp-oil", [1, 2]) == (said["delivery"], said["members"])
    digests = said["content"]["request"]
    assert 2 == len(set(digests))
    assert all(digest in both for digest in digests)
    assert f"In {kept} nothing is asked of you here any more" in elsewhere_too
    assert '"deliveries"' not in elsewhere_too
    assert "does not answer" in elsewhere
    assert [("accepted", one), ("accepted", other)] == [
        (got.receipt.verdict.verdict, got.receipt.delivery) for got in given if not isinstance(got, Left)
    ]


async def test_one_signature_is_not_given_for_two_ways_of_handling(temporal: Client, tmp_path: Path) -> None:
    """One parcel is to go intact, another with a part taken out. By command that is refused, and nothing is signed, until the
    officer says what holds for both; the page of one does not offer to answer in the other.
    """
    plans = group_of_two_ways("tar-oil")
    one, other = (plan.operation for plan in plans[:2])
    (tmp_path / "kz.prosecutor.pem").write_bytes(private_pem(private_key_of("kz.prosecutor")))
    said = ("consent-kz", "--kind", "authorisation_granted", "reference=22/7", "granted_by_role=prosecutor", "legal_basis=law")
    async with installed(temporal, plans[0], None) as at:
        officer = ("--as", "kz.prosecutor", "--keys", tmp_path, "--gateway", at.url)
        try:
            for plan in plans:
                await at.gateway(plan.initiator).start(signed_plan(plan))
            for plan in plans[:2]:
                await at.opened(plan, "consent-kz")
            browser = Browser(at.http, at.url)
            await browser.enter((await at.gateway("kz.prosecutor", "officer-1").sign_in()).address.partition("#")[2])
            page = await browser.page(f"/desk/deliveries/{one}/answer?checkpoint=consent-kz&for=kz.prosecutor&also={other}")
            refused = await vigil("group", "confirm", "tar-oil", *said, *officer, cwd=tmp_path)
            before = [await at.gateway("kz.police").view(plan.operation) for plan in plans[:2]]
            both = ("modalities=intact; removed_in_part", "permits=post")
            typed = await vigil("group", "confirm", "tar-oil", *said, *both, *officer, cwd=tmp_path)
        finally:
            await end_what_runs(at.client, *(workflow_id(plan.operation) for plan in plans))

    assert f'name="also" value="{other}"' not in page
    assert (2, True) == (refused.code, f"{one} and {other} are not asked for the same: modalities" in refused.err), refused.err
    assert [(), ()] == [view.consents for view in before]
    assert (0, 2) == (typed.code, typed.out.count("accepted")), typed.out + typed.err


@pytest.mark.parametrize("command", ["show", "packet", "papers"])
async def test_a_group_of_which_nothing_is_ones_own_is_not_found(temporal: Client, tmp_path: Path, command: str) -> None:
    """Who takes part in none of it does not learn that there is one."""
    (tmp_path / "tj.customs.pem").write_bytes(private_pem(private_key_of("tj.customs")))
    async with installed(temporal, group_plans()[0], None) as at:
        ran = await vigil("group", command, group_file().group, "--as", "tj.customs", "--keys", tmp_path, "--gateway", at.url)

    assert 3 == ran.code


async def test_a_group_is_tried_before_it_begins() -> None:
    """By its scenario or by its own file: a line and an object for each consignment; with `--show` all ledgers, each entry with
    its consignment, in the order of time.
    """
    text, document = await vigil("plan", "test", SCENARIO, "--show"), await vigil("plan", "test", FILE, "-o", "json")
    shown = [one for one in text.err.splitlines() if one.startswith("motor-oil-")]

    assert (0, 0) == (text.code, document.code), text.err + document.err
    for name, outcome in ((OIL, "delivered_with_arrests"), (CHEMICALS, "delivered_with_arrests"), (KEPT, "held_back")):
        assert f"ok      {SCENARIO}: {name}: {outcome}, trail of " in text.out
    assert "1 of 1 went as expected" in text.out
    assert ["motor-oil"] * 3 == [one["group"] for one in document.json]
    assert [OIL, CHEMICALS, KEPT] == [one["operation"] for one in document.json]
    waits = next(number for number, one in enumerate(shown) if one.startswith(OIL) and "arrest-taraz waits for siblings" in one)
    reached = next(number for number, one in enumerate(shown) if one.startswith(OIL) and f"{CHEMICALS} has reached" in one)
    assert waits < reached < next(number for number, one in enumerate(shown) if "arrest-omsk opened" in one)
    times = [TIME.findall(one)[0] for one in shown]
    assert sorted(times) == times


async def test_a_scenario_that_one_consignment_fails_has_failed(tmp_path: Path) -> None:
    """Exit 1, and one scenario of two: the others of its group are told as they went."""
    for name in ("directory.yaml", "cards"):
        (tmp_path / name).symlink_to(EXAMPLES / name)
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO.read_text().replace("outcome: held_back\n", "outcome: refused\n", 1))
    (tmp_path / "group.yaml").write_text(FILE.read_text())
    ran = await vigil("plan", "test", path, EXAMPLES / "destination-refuses" / "scenario.yaml")

    assert 1 == ran.code
    assert f"FAILED  {path}: {KEPT}: expected refused, found held_back" in ran.out
    assert 2 == ran.out.count("ok      " + str(path))
    assert "1 of 2 scenarios did not go as they expect" in ran.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("plan", "check", FILE), "this is a group of consignments, and a plan is wanted here"),
        (("group", "check", PLAN), "this is a plan, and a group of consignments is wanted here"),
        (("group", "check", SCENARIO), "this is a scenario of a group, and a group of consignments is wanted here"),
        (("start", FILE), "this is a group of consignments, and a plan is wanted here"),
        (("plan", "test", PLAN), "this is a plan, and a scenario is wanted here"),
        (("rehearse", PLAN, "--scenario", SCENARIO), "this is a scenario of a group, and a scenario is wanted here"),
        (("rehearse", FILE, "--scenario", OF_A_PLAN), "this is a scenario, and a scenario of a group is wanted here"),
        (("rehearse", SCENARIO), "this is a scenario of a group, and a plan is wanted here"),
        (("plan", "simulate", FILE, "--picture", "forecast.svg"), "is a group with one for each consignment"),
    ],
)
async def test_a_group_where_a_plan_is_wanted_is_called_by_its_name(words: tuple[object, ...], told: str) -> None:
    """And the other way round, and so are their scenarios: exit 2, and nothing is run."""
    ran = await vigil(*words)

    assert 2 == ran.code
    assert told in ran.err


async def test_a_group_has_a_forecast_of_each_consignment() -> None:
    """Exit 0: the third never leaves, the others are delivered; for programs, a list of what one plan has."""
    text = await vigil("plan", "simulate", FILE, "--runs", 3)
    document = await vigil("plan", "simulate", FILE, "--runs", 3, "-o", "json")

    assert (0, 0) == (text.code, document.code), text.err
    assert all(f"{name}: 3 simulated deliveries, seeds 1 to 3" in text.out for name in (OIL, CHEMICALS, KEPT))
    assert [OIL, CHEMICALS, KEPT] == [one["operation"] for one in document.json]
    assert ["delivered_with_arrests", "delivered_with_arrests", "held_back"] == [
        one["outcomes"][0]["outcome"] for one in document.json
    ]


def root_in(packet: str) -> str:
    """The root that a verified packet has."""
    return verify(Path(packet).read_bytes()).root


def test_consignments_that_begin_apart_do_so_in_a_rehearsal() -> None:
    """Some seconds lie between two beginnings, as long as it takes at most twice as long; nobody is slowed down for nothing."""
    day, none = timedelta(days=1), timedelta()
    usual = 6 * 3600.0

    assert day / APART == kept_apart(usual, (none, day, none, 3 * day))
    assert usual / 2 == kept_apart(usual, (none, timedelta(minutes=1)))
    assert usual == kept_apart(usual, (none, none)) == kept_apart(usual, (none, 9 * day))
    assert 1.0 == kept_apart(1.5, (none, timedelta(seconds=1)))


@pytest.mark.slow
async def test_a_group_is_rehearsed_for_real(tmp_path: Path) -> None:
    """On Temporal, over HTTP: each ends as its scenario says, on the way its trail says; each packet is left and verifies."""
    ran = await vigil("rehearse", FILE, "--keep", tmp_path / "kept", "-o", "json")
    tried = await vigil("plan", "test", SCENARIO, "--on", "temporal", "-o", "json")

    assert (0, 0) == (ran.code, tried.code), ran.out + tried.out + ran.err
    assert [(OIL, True), (CHEMICALS, True), (KEPT, True)] == [(one["delivery"], one["verified"]) for one in ran.json]
    assert all(one["as_expected"] for one in ran.json)
    assert [True] * 3 == [one["ok"] for one in tried.json]
    for one in ran.json:
        assert one["ledger_root"] == root_in(one["packet"])
