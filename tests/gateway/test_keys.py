"""Keys that change while deliveries run: the real gateway and worker on a real server."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client, RPCError, WorkflowUpdateFailedError

from archive.database import Database
from archive.key_changes import KeyChanges
from archive.reads import Reads
from archive.sessions import Sessions
from domain.delivery.ledger import Entry
from domain.delivery.reported import Amended, KeysChanged, Told
from domain.delivery.statement import Statement, sign_statement
from domain.plan import proof
from domain.plan.directory import ServiceKey
from domain.plan.key_changes import KeyChange, KeyEnd, Taken, changed, read_change
from domain.plan.plan import Plan, Replaced, ToldAtEnd
from domain.record.door import read_statement
from domain.record.receipts import SignedReceipt
from domain.record.verify import verify
from domain.rules.stop import StopRequested
from domain.signing.canonical import canonical
from domain.signing.envelope import KEYS_TYPE, Envelope, sign
from domain.signing.keys import key_id, public_text
from domain.words.errors import Limited, Malformed, NotAllowed, NotAuthentic, RuleBroken, Unavailable
from gateway.access import Proofs
from gateway.api import application
from gateway.connections import serving
from gateway.health import Pulse
from gateway.plans import LOOKS
from gateway.reading import Reading
from gateway.rekeying import may_be_taken
from process.builds import settle
from process.in_force import Changes, InForce
from process.ring import Wrapping
from protocol.gateway import Gateway
from rehearsal.over_http import free_ports
from rehearsal.services import VIGIL, cast, private_key_of, second
from tests.gateway.test_api import fresh
from tests.gateway.test_pages import Browser
from tests.installation import BUILD, PAYLOAD_KEYS, Installation, end_what_runs, installed, patient, renamed
from tests.support import Table, example_directory, example_plan, signed_plan
from tests.workflows.test_controlled_delivery import updates_of
from worker import worker_for
from workflows import messages
from workflows.messages import workflow_id

POLICE = "uz.police"
SECOND = second(POLICE)
BESIDE = "tj.customs"
"""Names the key of their second officer."""


@dataclass
class At:
    """An installation of its own for each test, with one delivery under way and nobody answering."""

    installation: Installation
    plan: Plan
    new: str

    def door(self, key: str, service: str = POLICE) -> Gateway:
        """The gateway, as this service calls it with the key that a name stands for."""
        return Gateway(self.installation.http, self.installation.url, service, private_key_of(key))

    def stop(self, key: str) -> Envelope:
        """A stop by the police, under this key."""
        said = Statement(
            id=uuid.uuid4().hex,
            delivery=self.plan.operation,
            service=POLICE,
            officer="duty",
            happened_at=datetime.now(UTC).isoformat(),
            content=StopRequested(reason="danger"),
        )
        return sign_statement(said, private_key_of(key))


@pytest.fixture
async def at(temporal: Client) -> AsyncIterator[At]:
    """The police have a new key ready."""
    plan = renamed(example_plan("almaty-tashkent"))
    async with installed(temporal, plan, None) as installation:
        await installation.gateway(plan.initiator).start(signed_plan(plan))
        await installation.opened(plan, "consent-uz")
        yield At(installation, plan, f"{POLICE} {uuid.uuid4().hex}")


def of(name: str) -> str:
    """Key id of the key that a name stands for."""
    return key_id(public_text(private_key_of(name)))


def record(by: str, key: str = "", **says: Any) -> Envelope:
    """A signed change of the police's keys."""
    change = KeyChange(service=POLICE, by=by, made_at=datetime.now(UTC).isoformat(), **says)
    return sign(canonical(change), KEYS_TYPE, private_key_of(key or by))


def rotation(new: str) -> Envelope:
    """To this key; the old one counts for another week."""
    now = datetime.now(UTC)
    added = ServiceKey(public=public_text(private_key_of(new)), valid_from=now.isoformat())
    return record(POLICE, added=(added,), ended=(KeyEnd(key=of(POLICE), at=(now + timedelta(days=7)).isoformat()),))


def revocation(by: str = POLICE, key: str = "", of_key: str = POLICE) -> Envelope:
    """Of a key of the police, now: else their first."""
    end = KeyEnd(key=of(of_key), at=datetime.now(UTC).isoformat(), revoked=True)
    return record(by, key, ended=(end,))


async def test_r24_a_key_is_rotated_and_revoked_in_mid_delivery(at: At) -> None:
    """What it said before counts; after its revocation it is refused at once, as a caller and as a signer, although the delivery
    began with it. The new key counts, everybody is told, and the packet verifies with the directory of the day.
    """
    before = await at.door(POLICE).submit(at.plan.operation, at.stop(POLICE))
    assert isinstance(before, SignedReceipt)
    with pytest.raises(NotAuthentic):
        await at.door(POLICE).submit(at.plan.operation, at.stop(at.new))
    changes = [rotation(at.new), revocation(key=at.new)]
    in_file = at.installation.directory
    for change in changes:
        in_file = changed(in_file, read_change(change))
    at.installation.in_force.replace(
        changed(at.installation.directory, read_change(changes[0]))
    )  # the operator enters the new key
    told = [await at.door(key).change_keys(change) for key, change in zip((POLICE, at.new), changes, strict=True)]
    with pytest.raises(NotAuthentic):
        await at.door(POLICE).inbox()
    with pytest.raises(NotAuthentic):
        await at.door(at.new).submit(at.plan.operation, at.stop(POLICE))
    after = await at.door(at.new).submit(at.plan.operation, at.stop(at.new))
    assert isinstance(after, SignedReceipt)
    await at.installation.until(at.plan, lambda entry: isinstance(entry.event, Told) and entry.event.kind == "keys")
    proved = verify(
        await at.door(at.plan.initiator, at.plan.initiator).packet(at.plan.operation), in_file, [before.envelope, after.envelope]
    )

    assert [(at.plan.operation,)] * 2 == [one.taken for one in told]
    assert not [one for one in told if one.left or one.refused]
    assert {of(POLICE), of(at.new)} <= {one.key for one in proved.signers}
    ledger = await at.door(at.new).ledger(at.plan.operation)
    assert changes == [
        entry.event.change for entry in ledger if isinstance(entry, Entry) and isinstance(entry.event, KeysChanged)
    ]


async def into(seen: list[Any], changes: AsyncIterator[Any]) -> None:
    """Whatever still comes."""
    async for entry in changes:
        seen.append(entry)  # noqa: PERF401 - what came before an error is kept


async def test_r24_a_stream_ends_with_the_key_that_asked_for_it(at: At) -> None:
    """Whoever follows the changes with a stolen key gets nothing from the revocation on, and cannot begin anew."""
    changes = at.door(POLICE).changes(at.plan.operation)
    seen = [await anext(changes)]
    await at.door("administration", "administration").change_keys(revocation("administration"))
    with pytest.raises(NotAuthentic):
        await into(seen, changes)

    assert not [entry for entry in seen if isinstance(entry, Entry) and isinstance(entry.event, KeysChanged)]


async def test_the_same_change_again_does_no_harm(at: At) -> None:
    """Announcing may be repeated: every delivery that has it is named again, and nothing is recorded twice."""
    change = revocation(VIGIL)
    told = [await at.door(SECOND).change_keys(one) for one in (change, change, revocation(VIGIL))]
    await at.installation.caught_up(at.plan)
    ledger = await at.door("kz.knb", "kz.knb").ledger(at.plan.operation)

    assert [(at.plan.operation,)] * 3 == [one.taken for one in told]
    assert [change] == [
        entry.event.change for entry in ledger if isinstance(entry, Entry) and isinstance(entry.event, KeysChanged)
    ]


async def test_a_delivery_that_starts_after_a_revocation_never_knows_the_key(at: At) -> None:
    """The gateway that took the revocation starts nothing with that key, whatever the directory's file says."""
    await at.door(POLICE).change_keys(revocation())
    await at.door(SECOND).change_keys(revocation(key=SECOND, of_key=SECOND))
    assert not at.installation.in_force.now.get(POLICE).keys_at(datetime.now(UTC))
    with pytest.raises(Exception, match="cannot be started") as refused:
        await at.door("kz.knb", "kz.knb").start(signed_plan(fresh(at.plan)))

    assert f"{POLICE} has no valid key" in str(refused.value.faults)  # type: ignore[attr-defined]


def of_who_is_told_later() -> Envelope:
    """Their only key is revoked, now."""
    end = KeyEnd(key=of(BESIDE), at=datetime.now(UTC).isoformat(), revoked=True)
    change = KeyChange(service=BESIDE, by=BESIDE, made_at=datetime.now(UTC).isoformat(), ended=(end,))
    return sign(canonical(change), KEYS_TYPE, private_key_of(BESIDE))


def of_the_initiator() -> Envelope:
    """The initiator's only key is revoked by an administrator, now."""
    end = KeyEnd(key=of("kz.knb"), at=datetime.now(UTC).isoformat(), revoked=True)
    change = KeyChange(service="kz.knb", by="administration", made_at=datetime.now(UTC).isoformat(), ended=(end,))
    return sign(canonical(change), KEYS_TYPE, private_key_of("administration"))


async def test_no_delivery_is_begun_with_a_key_that_is_revoked_while_its_plan_is_looked_at(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would end at once, with a code name that is used up, and its initiator be told that it has begun."""
    plan, look = fresh(at.plan), Reading.has

    async def slowly(self: Reading, name: str) -> bool:
        found = await look(self, name)
        await at.door("administration", "administration").change_keys(of_the_initiator())
        return found

    monkeypatch.setattr(Reading, "has", slowly)
    with pytest.raises((NotAuthentic, Malformed)):
        await at.door("kz.knb", "kz.knb").start(signed_plan(plan))
    with pytest.raises(RPCError, match="not found"):
        await at.installation.handle(plan).describe()


async def test_a_plan_whose_keys_change_all_the_time_is_looked_at_so_often_and_not_started(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service that changes its keys without end keeps nobody at the door: who starts it is told to come back."""
    plan, looked = fresh(at.plan), list[str]()

    async def looks(_self: Reading, name: str) -> bool:
        looked.append(name)
        return False

    monkeypatch.setattr(Reading, "has", looks)
    monkeypatch.setattr("gateway.plans.taken_along", lambda *_given: object())
    with pytest.raises(Unavailable, match="change all the time"):
        await at.door("kz.knb", "kz.knb").start(signed_plan(plan))

    assert [plan.operation] * LOOKS == looked
    with pytest.raises(RPCError, match="not found"):
        await at.installation.handle(plan).describe()


@asynccontextmanager
async def only_for_this_test(at: At, plan: Plan) -> AsyncIterator[None]:
    """Ends a delivery, whatever became of its test: the next one's change would come to it, too."""
    try:
        yield
    finally:
        await end_what_runs(at.installation.client, workflow_id(plan.operation))


async def test_a_delivery_that_begins_while_a_change_is_brought_to_all_is_told_of_it(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Temporal was slow to begin it, and whoever brought the change to all did not find it there. It is recorded once."""
    plan, change, begin = fresh(at.plan), rotation(at.new), Client.start_workflow
    told: list[Taken] = []

    async def slowly(self: Client, *given: Any, **more: Any) -> Any:
        told.append(await at.door(SECOND).change_keys(change))
        return await begin(self, *given, **more)

    monkeypatch.setattr(Client, "start_workflow", slowly)
    seen: list[list[Envelope]] = []
    async with only_for_this_test(at, plan):
        await at.door("kz.knb", "kz.knb").start(signed_plan(plan))
        for again in (False, True):
            if again:
                told.append(await at.door(SECOND).change_keys(change))
            await at.installation.caught_up(plan)
            ledger = await at.door("kz.knb", "kz.knb").ledger(plan.operation)
            events = [entry.event for entry in ledger if isinstance(entry, Entry)]
            seen.append([one.change for one in events if isinstance(one, KeysChanged)])

    assert [(at.plan.operation,), tuple(sorted((at.plan.operation, plan.operation)))] == [one.taken for one in told]
    assert [[change], [change]] == seen


async def test_a_delivery_into_which_a_service_comes_while_its_key_is_revoked_is_told_of_it(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The changed plan brings the service with the key that it had when that was looked up."""
    told_later = ToldAtEnd(service=BESIDE, reason="it went through that State before it was found")
    plan, change, look = at.plan.model_copy(update={"told_at_end": (told_later,)}), of_who_is_told_later(), Pulse.on_time

    async def slowly(self: Pulse) -> Any:
        found = await look(self)
        await at.door(BESIDE, BESIDE).change_keys(change)
        return found

    monkeypatch.setattr(Pulse, "on_time", slowly)
    await at.door("kz.knb", "kz.knb").amend(plan.operation, signed_plan(plan))
    await at.installation.caught_up(plan)
    ledger = await at.door("kz.knb", "kz.knb").ledger(plan.operation)

    events = [entry.event for entry in ledger if isinstance(entry, Entry)]
    assert [change] == [one.change for one in events if isinstance(one, KeysChanged)]


async def test_r22_who_has_no_key_any_more_is_replaced(at: At) -> None:
    """The prosecutor has consented, and then its keys are stolen: where it has answered it is still named."""
    said = Table(at.plan).statement("uz.prosecutor", "authorisation_granted", "consent-uz", valid_until="2099-01-01T00:00:00Z")
    await at.door("uz.prosecutor", "uz.prosecutor").submit(
        at.plan.operation, sign_statement(said, private_key_of("uz.prosecutor"))
    )
    now = datetime.now(UTC).isoformat()
    ended = tuple(KeyEnd(key=of(one), at=now, revoked=True) for one in ("uz.prosecutor", second("uz.prosecutor")))
    stolen = KeyChange(service="uz.prosecutor", by="administration", made_at=now, ended=ended)
    await at.door("administration", "administration").change_keys(
        sign(canonical(stolen), KEYS_TYPE, private_key_of("administration"))
    )
    gone = Replaced(service="uz.prosecutor", by=POLICE, reason="its keys were stolen")
    answering = {**at.plan.answers_for_law, "UZ": POLICE}
    plan = at.plan.model_copy(update={"replaced": (gone,), "answers_for_law": answering})
    recorded = await at.door("kz.knb", "kz.knb").amend(plan.operation, signed_plan(plan))

    assert "amended" == recorded.event.event


async def test_a_change_reaches_a_delivery_without_a_worker(at: At, temporal: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left with Temporal, said to be, and counts as soon as a worker is up."""
    monkeypatch.setattr("gateway.reception.UNTIL_LEFT", timedelta(seconds=1))
    plan, queue = fresh(at.plan), f"later-{uuid.uuid4().hex}"
    in_force = InForce(at.installation.directory)
    reception = at.installation.reception(queue, in_force)
    initiator = at.installation.directory.get(plan.initiator)
    worker = worker_for(temporal, queue, in_force, *at.installation.parts, build=BUILD, grace=timedelta(seconds=1))
    async with only_for_this_test(at, plan):
        await reception.plans.start(initiator, signed_plan(plan))
        told = await at.door(POLICE).change_keys(revocation())
        async with patient(worker):
            await settle(temporal, queue, BUILD, takes_over=False)
            await at.installation.kept(plan)
            await at.installation.caught_up(plan)
            ledger = await reception.reading.ledger(initiator, plan.operation, 0)

    assert plan.operation in told.left
    assert 1 == sum(isinstance(entry, Entry) and isinstance(entry.event, KeysChanged) for entry in ledger.entries)


async def test_a_change_reaches_a_delivery_that_only_knows_the_service_and_does_not_name_it(at: At) -> None:
    """Who is told at the end, or vouches for a sibling, takes no part yet: a key that is stolen meanwhile counts no more there,
    and its service hears of no delivery by that (R11).
    """
    told_later = ToldAtEnd(service=BESIDE, reason="it went through that State before it was found")
    plan = fresh(at.plan).model_copy(update={"told_at_end": (told_later,)})
    async with only_for_this_test(at, plan):
        await at.door(plan.initiator, plan.initiator).start(signed_plan(plan))
        told = await at.door(BESIDE, BESIDE).change_keys(of_who_is_told_later())
        await at.installation.kept(plan)
        await at.installation.caught_up(plan)
        ledger = await at.door(plan.initiator, plan.initiator).ledger(plan.operation)

    assert (BESIDE,) == plan.beside()
    assert ((), (), False) == (told.taken, told.left, told.waiting)
    assert 1 == sum(isinstance(entry, Entry) and isinstance(entry.event, KeysChanged) for entry in ledger)


@pytest.mark.parametrize("service", ["uz.customs", "supervision", "audit"])
async def test_nobody_announces_the_keys_of_another(at: At, service: str) -> None:
    """The answer names deliveries, so it is for the service and for administrators: 403 for all others."""
    with pytest.raises(NotAllowed, match=f"{service} cannot announce keys of {POLICE}"):
        await at.door(service, service).change_keys(revocation())

    assert "accepted" == (await at.door(POLICE).submit(at.plan.operation, at.stop(POLICE))).receipt.verdict.verdict  # type: ignore[union-attr]


async def test_a_change_that_breaks_r24_or_is_forged_changes_nothing_anywhere(at: At) -> None:
    """Refused at the door, and no delivery hears of it."""
    added = ServiceKey(public=public_text(private_key_of(at.new)), valid_from=datetime.now(UTC).isoformat())
    with pytest.raises(RuleBroken, match="never give it one") as refused:
        await at.door(VIGIL, VIGIL).change_keys(record(VIGIL, added=(added,)))
    with pytest.raises(NotAuthentic):
        await at.door(POLICE).change_keys(revocation(key="uz.customs"))
    nobodys = KeyEnd(key="0" * 32, at=datetime.now(UTC).isoformat(), revoked=True)
    with pytest.raises(RuleBroken, match=f"{POLICE} has no key {nobodys.key}"):
        await at.door(POLICE).change_keys(record(POLICE, ended=(nobodys,)))
    ledger = await at.door(POLICE).ledger(at.plan.operation)

    assert ("R24", "keys_not_changed") == (refused.value.rule, refused.value.reason)
    assert not [entry for entry in ledger if isinstance(entry, Entry) and isinstance(entry.event, KeysChanged)]
    assert "accepted" == (await at.door(POLICE).submit(at.plan.operation, at.stop(POLICE))).receipt.verdict.verdict  # type: ignore[union-attr]


async def test_a_forged_change_that_says_what_the_file_says_already_is_refused_too(at: At) -> None:
    """Nobody enters a change in another's name, though it would change nothing: the share of who is named would be spent."""
    public = public_text(private_key_of(POLICE))
    known = next(key for key in at.installation.directory.get(POLICE).keys if key.public == public)
    with pytest.raises(NotAuthentic):
        await at.door(POLICE).change_keys(record("administration", POLICE, added=(known,)))
    await at.door(POLICE).change_keys(record(POLICE, added=(known,)))


def public_of(*names: str) -> tuple[ServiceKey, ...]:
    """Keys that these names stand for."""
    return tuple(ServiceKey(public=public_text(private_key_of(one)), valid_from="2022-01-01T00:00:00Z") for one in names)


@pytest.mark.parametrize("by_file", [False, True])
async def test_who_adds_all_keys_that_there_is_room_for_keeps_nobody_from_replacing_a_stolen_one(*, by_file: bool) -> None:
    """Keys are never taken out again, and there is room for 64 in a small directory. Each of the others has three; where the file
    has left no room for that, as much as there is.
    """
    small = cast(example_directory(), (POLICE,))
    hostile = small.get(POLICE).model_copy(update={"id": BESIDE, "keys": public_of(BESIDE)})
    many = [f"the hostile service's {number}" for number in range(64 - 3 - 3 - 1)]
    if by_file:
        hostile = hostile.model_copy(update={"keys": public_of(BESIDE, *many, "another")})
    in_force = InForce(small.model_copy(update={"services": (*small.services, hostile)}))

    async def add(service: str, *names: str, ended: tuple[KeyEnd, ...] = ()) -> None:
        change = KeyChange(service=service, by=service, made_at="2022-01-01T00:00:00Z", added=public_of(*names), ended=ended)
        envelope = sign(canonical(change), KEYS_TYPE, private_key_of(service))
        await in_force.enter(envelope, private_key_of(VIGIL), lambda directory: may_be_taken(envelope, directory))

    for number in range(0, 0 if by_file else len(many), 3):
        await add(BESIDE, *many[number : number + 3])
    with pytest.raises(RuleBroken, match="of 64 that 3 services may have, 3 are kept for each other") as refused:
        await add(BESIDE, "one more")
    ended = (KeyEnd(key=of(POLICE), at=datetime.now(UTC).isoformat(), revoked=True),)
    await add(POLICE, "the new one", ended=ended)
    counting = in_force.now.get(POLICE).keys_at(datetime.now(UTC))

    assert ("R24", "keys_not_changed") == (refused.value.rule, refused.value.reason)
    assert (False, True) == (of(POLICE) in counting, of("the new one") in counting)


async def test_a_change_that_names_a_key_twice_is_taken_at_no_door(at: At) -> None:
    """A delivery that knew a key twice could go on in no other run, and a gateway that is not honest may bring it such a change,
    and leave it.
    """
    added = ServiceKey(public=public_text(private_key_of(at.new)), valid_from=datetime.now(UTC).isoformat())
    twice = record(POLICE, added=(added, added))
    with pytest.raises(Malformed, match="twice"):
        await at.door(POLICE).change_keys(twice)
    run, handed = at.installation.handle(at.plan), at.installation.handed(twice, at.plan)
    with pytest.raises(WorkflowUpdateFailedError):
        await run.execute_update(messages.CHANGE_KEYS, handed)
    await run.signal(messages.CHANGE_KEYS, handed)
    await at.door(POLICE).change_keys(record(POLICE, added=(added,)))
    await at.installation.caught_up(at.plan)
    ledger = await at.door(POLICE).ledger(at.plan.operation)

    changes = [entry.event.change for entry in ledger if isinstance(entry, Entry) and isinstance(entry.event, KeysChanged)]
    assert [1] == [len(read_change(one).added) for one in changes]


async def test_no_service_comes_into_a_delivery_with_a_key_that_another_has_there(at: At) -> None:
    """Whoever adds a public key need not have its private half: it may be that of a service which comes later, and a delivery
    that knew it twice could go on in no other run. Nor does a gateway that is not honest bring it in.
    """
    (key,) = public_of(at.new)
    await at.door(POLICE).change_keys(record(POLICE, added=(key,)))
    known = at.installation.directory
    later = known.get("uz.customs").model_copy(update={"id": "uz.border", "keys": (key,)})
    changed_plan = signed_plan(at.plan.model_copy(update={"title": "Another title"}))
    handed = at.installation.handed(Amended(plan=changed_plan, services=(later,)), at.plan)
    with pytest.raises(WorkflowUpdateFailedError) as refused:
        await at.installation.handle(at.plan).execute_update(messages.AMEND, handed)

    problem = f"services: R24: uz.border comes with the key {of(at.new)}, which stands here as {POLICE}'s"
    assert problem in str(refused.value.cause)


async def test_an_administrator_revokes_a_stolen_key_everywhere(at: At) -> None:
    """A delivery knows the administrators it started with."""
    await at.door("administration", "administration").change_keys(revocation("administration"))
    with pytest.raises(NotAuthentic):
        await at.door(POLICE).deliveries()
    await at.installation.caught_up(at.plan)
    ledger = await at.door(SECOND).ledger(at.plan.operation)

    assert [entry for entry in ledger if isinstance(entry, Entry) and isinstance(entry.event, KeysChanged)]


@pytest.mark.parametrize("caller", ["administration", VIGIL])
async def test_who_may_see_no_delivery_is_named_none_when_keys_change(at: At, caller: str) -> None:
    """An administrator, or the installation, learns whether all have it and not which deliveries, or how many, there are."""
    before = len((await at.installation.reads.page(0, 1000)).reads)
    told = await at.door(caller, caller).change_keys(revocation(caller))
    after = len((await at.installation.reads.page(0, 1000)).reads)

    assert Taken(named=False) == told
    assert before == after


async def test_who_is_named_deliveries_when_keys_change_is_in_the_log_of_reads(at: At) -> None:
    """A service sees where it has a part, as in its list, and that leaves its record as its list does."""
    told = await at.door(POLICE).change_keys(revocation())
    shown = (await at.installation.reads.page(0, 1000)).reads[-1]

    assert (at.plan.operation,) == told.taken
    assert (POLICE, "keys", (at.plan.operation,)) == (shown.service, shown.action, shown.deliveries)


async def test_an_officers_key_speaks_and_calls_for_that_officer_alone(at: At) -> None:
    """In a statement, as a caller, and in the log of reads, where the officer is whose key it is though nobody says so."""
    stop = read_statement(at.stop(POLICE))
    with pytest.raises(NotAuthentic, match="is officer-2's, and what it signed names duty"):
        await at.door(SECOND).submit(at.plan.operation, at.stop(SECOND))
    with pytest.raises(NotAuthentic, match="is officer-2's, and what it signed names duty"):
        await Gateway(at.installation.http, at.installation.url, POLICE, private_key_of(SECOND), "duty").inbox()
    own = stop.model_copy(update={"officer": "officer-2"})
    receipt = await at.door(SECOND).submit(at.plan.operation, sign_statement(own, private_key_of(SECOND)))
    await at.door(SECOND).view(at.plan.operation)
    shown = (await at.installation.reads.page(0, 1000)).reads[-1]

    assert "accepted" == receipt.receipt.verdict.verdict  # type: ignore[union-attr]
    assert ("officer-2", of(SECOND)) == (shown.officer, shown.key)


@asynccontextmanager
async def another_gateway(at: At) -> AsyncIterator[str]:
    """One more gateway on the same archive, as it is when it has just been started; its address. It knows itself by the first's,
    as gateways behind one name do.
    """
    port = free_ports(1)[0]
    database = Database(str(at.installation.reads._database._engine.url))
    in_force = InForce(at.installation.directory.for_others(), KeyChanges(database))
    system = at.installation.directory.system()
    assert system is not None
    reception = at.installation.reception(directory=in_force)
    reads = Reads(database, private_key_of(VIGIL), system)
    app = application(reception, Proofs(in_force, at.installation.url), reads, Sessions(database, Wrapping(PAYLOAD_KEYS)))
    async with serving(app, "127.0.0.1", port, grace=1):
        yield f"http://127.0.0.1:{port}"
    await reads.close()


async def status(at: At, url: str, method: str, target: str, *, key: str = POLICE, body: bytes = b"") -> int:
    """What a gateway answers the police, who call with this key."""
    made = proof.make(
        *(POLICE, private_key_of(key), method, f"{at.installation.url}{target}", body),
        now=datetime.now(UTC),
        nonce=uuid.uuid4().hex,
        officer="duty" if key == POLICE else None,
    )
    headers = {"Authorization": made, "Content-Type": "application/json"}
    async with at.installation.http.request(method, f"{url}{target}", data=body, headers=headers) as answer:
        return answer.status


class Slow:
    """Changes of keys in an archive that is busy, and says nothing before it is let."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self.asked, self.may_say = asyncio.Event(), asyncio.Event()

    async def since(self, seq: int) -> Sequence[Envelope]:
        """Once it is let."""
        self.asked.set()
        await self.may_say.wait()
        return await self._changes.since(seq)

    async def append(self, seq: int, entered: Envelope) -> bool:
        """As it is."""
        return await self._changes.append(seq, entered)

    async def settle(self) -> None:
        """As it is."""
        await self._changes.settle()


@pytest.fixture
def slow(at: At, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    """The gateway's archive, for which it waits as long as it takes."""
    monkeypatch.setattr("process.in_force.LOOK_WITHIN", 3600.0)
    found = Slow(at.installation.in_force._changes)
    monkeypatch.setattr(at.installation.in_force, "_changes", found)
    yield found
    found.may_say.set()


async def test_a_stop_waits_for_a_glance_where_the_archive_does_not_say_which_keys_count(at: At, slow: Slow) -> None:
    """R8: who floods the archive with questions keeps nobody from stopping, by the keys last known. All else waits."""
    other = asyncio.create_task(status(at, at.installation.url, "GET", "/v1/inbox"))
    await slow.asked.wait()
    given = await at.door(POLICE).submit(at.plan.operation, at.stop(POLICE))
    waited = not other.done()
    slow.may_say.set()

    assert isinstance(given, SignedReceipt)
    assert "accepted" == given.receipt.verdict.verdict
    assert (True, 200) == (waited, await other)


async def test_a_key_that_is_not_known_at_a_glance_is_looked_for_until_that_is_known(
    at: At, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stop under a key that another gateway has just taken in is no stop of a stranger."""
    monkeypatch.setattr("process.in_force.GLANCE", 0.0)
    async with another_gateway(at) as running:
        assert 200 == await status(at, running, "POST", "/v1/keys", body=rotation(at.new).model_dump_json().encode())
    stop = at.stop(at.new).model_dump_json().encode()
    said = f"/v1/deliveries/{at.plan.operation}/statements"
    answer = asyncio.create_task(status(at, at.installation.url, "POST", said, key=at.new, body=stop))
    await slow.asked.wait()
    slow.may_say.set()

    assert 201 == await answer


async def test_a_revocation_made_at_one_gateway_binds_the_next_and_one_that_is_started_later(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No call, no statement, no link to sign in: refused everywhere at the first try, and the service's other key goes on. A stop
    is refused as well where the archive says in a glance which keys count.
    """
    monkeypatch.setattr("process.in_force.GLANCE", 60.0)
    said = f"/v1/deliveries/{at.plan.operation}/statements"
    stop = at.stop(POLICE).model_dump_json().encode()
    async with another_gateway(at) as running:
        before = [await status(at, running, "GET", "/v1/inbox"), await status(at, running, "POST", "/v1/sign-in")]
        await at.door(SECOND).change_keys(revocation(key=SECOND))
        async with another_gateway(at) as started:
            for url in (at.installation.url, running, started):
                assert 401 == await status(at, url, "GET", "/v1/inbox")
                assert 401 == await status(at, url, "POST", "/v1/sign-in")
                assert 401 == await status(at, url, "POST", said, body=stop)
                assert 401 == await status(at, url, "POST", said, key=SECOND, body=stop)
                assert 200 == await status(at, url, "GET", "/v1/inbox", key=SECOND)

    assert [200, 201] == before


async def test_sessions_and_links_end_with_their_key_at_every_gateway(at: At) -> None:
    """A browser that is signed in, and a link that nobody has opened yet."""
    door = Gateway(at.installation.http, at.installation.url, POLICE, private_key_of(POLICE), "duty")
    opened, unopened = await door.sign_in(), await door.sign_in()
    async with another_gateway(at) as other:
        browser = Browser(at.installation.http, other)
        entered = await browser.enter(opened.address.partition("#")[2])
        inbox, _ = await browser.ask("GET", "/desk")
        await at.door(SECOND).change_keys(revocation(key=SECOND))
        ended, _ = await browser.ask("GET", "/desk")
        late = await browser.enter(unopened.address.partition("#")[2])

    assert (204, 200) == (entered.status, inbox.status)
    assert (401, 401) == (ended.status, late.status)
    assert "Set-Cookie" not in late.headers


async def test_a_key_that_is_revoked_while_its_request_comes_in_is_refused(at: At) -> None:
    """The proof was good when the head came; by the time that the body has come, it is not."""
    body = signed_plan(fresh(at.plan)).model_dump_json().encode()
    plan = fresh(at.plan)

    async def slowly() -> AsyncIterator[bytes]:
        yield body[:10]
        await at.door(SECOND).change_keys(revocation(key=SECOND))
        yield body[10:]

    target = f"/v1/deliveries/{plan.operation}/plan"
    made = proof.make(
        *(POLICE, private_key_of(POLICE), "PUT", f"{at.installation.url}{target}", body), now=datetime.now(UTC), nonce="slow"
    )
    headers = {"Authorization": made, "Content-Type": "application/json"}
    async with at.installation.http.put(f"{at.installation.url}{target}", data=slowly(), headers=headers) as answer:
        said = await answer.json()

    assert (401, True) == (answer.status, "counts no more" in said["detail"])


async def test_a_change_that_says_nothing_new_leaves_nothing_in_a_delivery_however_often_it_is_announced(at: At) -> None:
    """Nor does one that is not its signer's: who announces without end fills no history, and no run comes to its end by it."""
    await at.door(SECOND).change_keys(revocation(VIGIL))
    await at.installation.caught_up(at.plan)
    before = await updates_of(at.installation, at.plan)
    end = KeyEnd(key=of(POLICE), at=(datetime.now(UTC) + timedelta(hours=1)).isoformat(), revoked=True)
    told = [await at.door(SECOND).change_keys(record(POLICE, key, ended=(end,))) for key in (SECOND, SECOND, "uz.customs")]
    after = await updates_of(at.installation, at.plan)

    assert [(at.plan.operation,)] * 3 == [one.taken for one in told]
    assert before == after


async def test_what_is_announced_again_waits_for_the_same_callers_other_and_what_is_new_does_not(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who announces without end is given one turn at a time, at the cost of no change that is new, and of no other caller."""
    monkeypatch.setattr("gateway.rekeying.WAITS", 0.1)
    reception = at.installation.reception(directory=at.installation.in_force)
    known = at.installation.directory
    await reception.change_keys(known.get(POLICE), revocation(VIGIL))
    async with reception._repeats.turn(POLICE):
        with pytest.raises(Limited, match=f"{POLICE} has announced keys again"):
            await reception.change_keys(known.get(POLICE), revocation(VIGIL))
        others = [
            await reception.change_keys(known.get(POLICE), revocation(VIGIL, of_key=SECOND)),
            await reception.change_keys(known.get("administration"), revocation(VIGIL)),
        ]
    again = await reception.change_keys(known.get(POLICE), revocation(VIGIL))

    assert [(at.plan.operation,), ()] == [one.taken for one in others]
    assert (at.plan.operation,) == again.taken
