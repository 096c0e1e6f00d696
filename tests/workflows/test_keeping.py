"""A delivery hands its ledger over to the archive."""

import asyncio
import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.testing import ActivityEnvironment

from activities.keeping import ArchiveKeeping
from archive.cached_deliveries import FoldedDeliveries
from archive.database import Database
from archive.deliveries import Deliveries
from archive.ledgers import Ledgers
from archive.questions import ListQuestion
from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry, Kept, Receipt
from domain.delivery.reported import Amended, Stated
from domain.delivery.statement import Seen
from domain.plan.goods import Find
from domain.plan.plan import Plan
from domain.record.verify import verify
from domain.rules.balance import Seizure
from domain.rules.handling import Information
from domain.signing.canonical import canonical
from domain.signing.envelope import Envelope
from domain.signing.tree import root
from domain.words.errors import RuleBroken, Unavailable
from domain.words.limits import BATCH_ENTRIES, MOST_CARRIED_UNKEPT
from gateway.temporal import answer_to, as_ours
from process.ring import Wrapping
from tests.installation import (
    PATIENCE,
    PAYLOAD_KEYS,
    VIGIL_KEY,
    Installation,
    attempted,
    installed,
    quick,
    renamed,
    said_by,
    stop_by,
)
from tests.support import SECRET, Table, example_plan, example_scenario, signed_plan
from tests.workflows.test_controlled_delivery import started, update, updates_of
from workflows import messages
from workflows.keeping import _AGAIN, _PAUSE, next_batch
from workflows.messages import Ending, HandIn, KeptUpTo, RunLength, hand_in, update_id, workflow_id


def ledgers_of(at: Installation) -> Ledgers:
    """The archive of an installation."""
    return Ledgers(at.reads._database, Wrapping(PAYLOAD_KEYS))


async def kept(at: Installation, plan: Plan, size: int) -> list[bytes]:
    """The entries in the archive, once there are so many. Raises `TimeoutError`."""
    ledgers = ledgers_of(at)
    async with asyncio.timeout(PATIENCE):
        while True:
            held = await ledgers.held(plan.operation)
            if held is not None and held.size >= size:
                break
            await asyncio.sleep(0.01)
    found = [one.entry for one in (await ledgers.slice(plan.operation)).entries]
    assert None not in found
    return [one for one in found if one is not None]


async def ended(at: Installation, plan: Plan) -> Ending:
    """What the workflow returns."""
    ending: Ending = await at.client.get_workflow_handle(messages.workflow_id(plan.operation), result_type=Ending).result()
    return ending


@pytest.mark.parametrize("pace", [RunLength(), RunLength(events=50)], ids=["in one run", "in many runs"])
async def test_the_archive_has_every_entry_when_the_workflow_is_over(temporal: Client, pace: RunLength) -> None:
    """Byte for byte and under the root that the workflow returns, in one run or in many; lists say that it has ended."""
    plan, scenario = quick(*example_scenario("almaty-tashkent"))
    async with installed(temporal, plan, scenario) as at:
        await started(at, plan, pace=pace)
        ending = await ended(at, plan)
        entries = await kept(at, plan, ending.size)
        held = await ledgers_of(at).held(plan.operation)
        read = Deliveries(at.reads._database, Wrapping(PAYLOAD_KEYS))
        row = await read.one(ListQuestion(reader="supervision", reach="all"), plan.operation)
        delivery = await FoldedDeliveries(ledgers_of(at)).newest(plan.operation)

    assert held is not None
    assert (ending.size, ending.root) == (held.size, held.root.hex())
    assert [canonical(one) for one in delivery.ledger.entries] == entries
    assert (True, ending.outcome, plan.title, None) == (row.ended, row.outcome, row.title, row.alarm)
    assert not any(SECRET.hex().encode() in one for one in entries)


@dataclasses.dataclass
class Outage:
    """An archive that keeps nothing until this is over."""

    noticed: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)
    over: bool = False


@contextmanager
def archive_away() -> Iterator[Outage]:
    """One that has begun."""
    found, keep = Outage(), Ledgers.keep

    async def or_away(self: Ledgers, *given: Any) -> Any:
        if found.over:
            return await keep(self, *given)
        found.noticed.set()
        raise Unavailable("the archive is away")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledgers, "keep", or_away)
        yield found


@pytest.fixture
def outage() -> Iterator[Outage]:
    """The same, for as long as a test takes."""
    with archive_away() as found:
        yield found


async def say_much(at: Installation, plan: Plan) -> list[Receipt]:
    """A service says so much that the archive, which is away, is behind; the receipts. Nothing but what stops is taken then."""
    finds = tuple(Find(label=f"find-{number}", what="\N{CYRILLIC CAPITAL LETTER YA}" * 200) for number in range(100))
    said, receipts = Seizure(recovered=(), gross=0, finds=finds), list[Receipt]()
    while isinstance(answer := await taken(at, plan, said_by("uz.customs", plan, said, f"much-{len(receipts):04}")), Receipt):
        receipts.append(answer)
    assert "R28: the archive is behind" in answer
    return receipts


async def taken(at: Installation, plan: Plan, envelope: Envelope) -> Receipt | str:
    """The receipt of a statement, or why it was turned away."""
    try:
        answer = await update(at, plan, envelope, update_id(envelope))
    except WorkflowUpdateFailedError as error:
        return str(error.cause)
    assert isinstance(answer, Receipt)
    return answer


async def stop_by_all(at: Installation, plan: Plan) -> list[Receipt]:
    """Four services stop it; the receipts."""
    found = [await taken(at, plan, stop_by(service, plan)) for service in ("uz.police", "uz.customs", "kz.knb", "kz.police")]
    assert not [one for one in found if isinstance(one, str)]
    return [one for one in found if isinstance(one, Receipt)]


@pytest.mark.core
async def test_receipts_go_on_while_the_archive_is_away(temporal: Client, outage: Outage) -> None:
    """Statements are taken and judged; when it is back it gets all of them, and the workflow ends only then."""
    plan = quick(*example_scenario("almaty-tashkent"))[0]
    async with installed(temporal, plan, None) as at:
        await started(at, plan)
        receipts = [await update(at, plan, stop_by("uz.police", plan, f"statement-{number}"), str(number)) for number in range(5)]
        async with asyncio.timeout(PATIENCE):
            await outage.noticed.wait()
        nothing = await ledgers_of(at).held(plan.operation)
        outage.over = True
        entries = await kept(at, plan, receipts[-1].size)

    assert nothing is None
    assert [canonical(one.entry) for one in receipts] == [entries[one.seq] for one in receipts]


async def test_a_run_ends_after_so_many_updates_and_not_before_the_archive_has_nearly_everything(
    temporal: Client, outage: Outage
) -> None:
    """What is unkept must fit what is carried; then it goes on, with the same answers to what had been said before."""
    plan = quick(*example_scenario("almaty-tashkent"))[0]
    news = Information(text="\N{CYRILLIC CAPITAL LETTER YA}" * 2000)
    often = MOST_CARRIED_UNKEPT // 4000
    async with installed(temporal, plan, None) as at:
        await started(at, plan, pace=RunLength(updates=often))
        begun = await run_of(at, plan)
        said = stop_by("uz.customs", plan)
        first = await update(at, plan, said, "first")
        for number in range(often):
            await update(at, plan, said_by("uz.police", plan, news), str(number))
        before = await run_of(at, plan)
        outage.over = True
        async with asyncio.timeout(PATIENCE):
            while await run_of(at, plan) == before:
                pass
        again = await update(at, plan, said, "again")

    assert begun == before
    assert (first.seq, first.fingerprint) == (again.seq, again.fingerprint)


@pytest.mark.usefixtures("outage")
async def test_what_is_known_is_answered_again_and_again_and_written_once(temporal: Client) -> None:
    """A run cannot end while the archive is away. Whoever says there once more what is recorded, signed anew or under an id that
    Temporal does not know, gets the first answer, and fills nothing; so does whoever hands in the same plan.
    """
    plan = renamed(example_plan())
    said = said_by("uz.customs", plan, Information(text="Я" * 2000))
    changed = Amended(plan=signed_plan(plan.model_copy(update={"title": "Another title"})))
    async with installed(temporal, plan, None) as at:
        await started(at, plan)
        first = await update(at, plan, said, "first"), await amend(at, plan, changed)
        before = await updates_of(at, plan)
        again = [(await update(at, plan, said, f"again-{number}"), await amend(at, plan, changed)) for number in range(3)]
        after = await updates_of(at, plan)

    assert [first] * 3 == again
    assert 2 == before == after


async def test_a_plan_that_was_replaced_is_turned_away_before_anything_is_written(temporal: Client) -> None:
    """Whoever hands an old signed plan to the delivery itself, under an id that Temporal does not know, is refused."""
    plan = renamed(example_plan())
    one, other = (Amended(plan=signed_plan(plan.model_copy(update={"title": title}))) for title in ("One", "Another"))
    async with installed(temporal, plan, None) as at:
        await started(at, plan)
        await amend(at, plan, one), await amend(at, plan, other)
        before = await updates_of(at, plan)
        for old in (Amended(plan=signed_plan(plan)), one):
            with pytest.raises(RuleBroken, match="a plan that was replaced never counts again"), as_ours(plan.operation):
                await amend(at, plan, old)
        after = await updates_of(at, plan)

    assert 2 == before == after


@pytest.mark.usefixtures("outage")
async def test_a_run_that_the_archive_keeps_from_its_end_has_room_for_brakes_alone_at_last(temporal: Client) -> None:
    """What its workflow turns away after it is taken is written too, so a full run takes no plan. A stop gets in."""
    plan = renamed(example_plan())
    news = Information(text="Я" * 2000)
    changed = Amended(plan=signed_plan(plan.model_copy(update={"title": "Another title"})))
    async with installed(temporal, plan, None) as at:
        await started(at, plan, pace=RunLength(bytes=2**16))
        for number in range(MOST_CARRIED_UNKEPT // 4000 + 1):
            await update(at, plan, said_by("uz.police", plan, news, f"much-{number:04}"), str(number))
        before = await updates_of(at, plan)
        with pytest.raises(Unavailable, match="no plan is changed until it has caught up"), as_ours(plan.operation):
            await amend(at, plan, changed)
        after = await updates_of(at, plan)
        stopped = await update(at, plan, stop_by("uz.customs", plan), "stop")

    assert before == after
    assert isinstance(stopped, Receipt)
    assert "accepted" == stopped.verdict.verdict


async def amend(at: Installation, plan: Plan, changed: Amended) -> Entry | Kept:
    """Change the plan by an Update under an id of its own."""
    handed = at.handed(changed, plan)
    update = at.handle(plan).execute_update(messages.AMEND, handed, result_type=messages.AMENDED)
    entry: Entry | Kept = await answer_to(update, messages.AMENDED)
    return entry


async def test_a_run_whose_time_is_over_and_that_may_not_end_yet_sets_no_timer(temporal: Client, outage: Outage) -> None:
    """What is unkept does not fit what is carried: the run waits for the archive, and its history does not grow meanwhile."""
    plan = renamed(example_plan())
    news = Information(text="\N{CYRILLIC CAPITAL LETTER YA}" * 2000)
    async with installed(temporal, plan, None) as at:
        await started(at, plan, pace=RunLength(seconds=2))
        for number in range(MOST_CARRIED_UNKEPT // 4000 + 1):
            await update(at, plan, said_by("uz.police", plan, news, f"much-{number:04}"), str(number))
        begun = await run_of(at, plan)  # on a busy machine its time was over before, and another went on
        async with asyncio.timeout(PATIENCE):
            while not await timers_after(at, plan, timedelta(seconds=2)):
                pass
            for _ in range(2):  # the archive is tried again, each time later than the time before
                outage.noticed.clear()
                await outage.noticed.wait()
        set_anew, before = await timers_after(at, plan, timedelta(seconds=2)), await run_of(at, plan)
        outage.over = True
        async with asyncio.timeout(PATIENCE):
            while await run_of(at, plan) == before:
                pass

    assert (begun, 1) == (before, set_anew)


async def test_a_run_lasts_as_long_as_its_gateway_was_told(temporal: Client) -> None:
    """`VIGIL_RUN_SECONDS`: another goes on by itself, with all that was said, and is as long."""
    plan = renamed(example_plan())
    async with installed(temporal, plan, None) as at:
        told = at.reception(pace=RunLength(seconds=2))
        await told.plans.start(at.directory.get(plan.initiator), signed_plan(plan))
        runs = {await run_of(at, plan)}
        async with asyncio.timeout(PATIENCE):
            while len(runs) < 3:
                runs.add(await run_of(at, plan))
        ledger = await at.gateway(plan.initiator).ledger(plan.operation)

    assert ledger


async def test_a_run_whose_time_is_over_goes_on_while_the_archive_is_away(temporal: Client, outage: Outage) -> None:
    """What is unkept fits what is carried: the batch that waits for its next attempt is called back, and a stop is taken. What
    Temporal itself says of such a batch is not encrypted.
    """
    plan = renamed(example_plan())
    async with installed(temporal, plan, None) as at:
        await started(at, plan, pace=RunLength(seconds=2))
        begun = await run_of(at, plan)
        async with asyncio.timeout(PATIENCE):
            await outage.noticed.wait()
            while await run_of(at, plan) == begun:
                pass
        receipt = await taken(at, plan, stop_by("uz.police", plan))
        outage.over = True
        assert isinstance(receipt, Receipt)
        entries = await kept(at, plan, receipt.size)

    assert canonical(receipt.entry) == entries[receipt.seq]


async def test_a_batch_that_fails_once_it_was_called_back_holds_up_no_run(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive answers nothing until the time of the run is over, then that it is away: the next goes on without a pause."""
    held, keep = asyncio.Event(), Ledgers.keep

    async def away_once(self: Ledgers, *given: Any) -> Any:
        if held.is_set():
            return await keep(self, *given)
        await held.wait()
        raise Unavailable("the archive is away")

    monkeypatch.setattr(Ledgers, "keep", away_once)
    plan = renamed(example_plan())
    async with installed(temporal, plan, None) as at:
        await started(at, plan, pace=RunLength(seconds=2))
        begun = await run_of(at, plan)
        async with asyncio.timeout(PATIENCE):
            while not (calls := await called_back(at, plan)):
                pass
            held.set()
            while await run_of(at, plan) == begun:
                pass
        events = (await at.client.get_workflow_handle(workflow_id(plan.operation), run_id=begun).fetch_history()).events
        pauses = [one for one in events if one.timer_started_event_attributes.start_to_fire_timeout.ToTimedelta() == _PAUSE]

    assert 1 == calls
    assert [] == pauses


async def called_back(at: Installation, plan: Plan) -> int:
    """How many activities the run has called back."""
    events = (await at.handle(plan).fetch_history()).events
    return sum(one.HasField("activity_task_cancel_requested_event_attributes") for one in events)


async def timers_after(at: Installation, plan: Plan, span: timedelta) -> int:
    """How many timers have come since the run had lasted for so long."""
    events = (await at.handle(plan).fetch_history()).events
    over = events[0].event_time.ToDatetime() + span
    return sum(one.HasField("timer_fired_event_attributes") and one.event_time.ToDatetime() >= over for one in events)


@pytest.mark.slow
async def test_behind_the_archive_only_what_stops_is_taken_and_all_of_it_is_kept_when_it_is_back(
    temporal: Client, outage: Outage
) -> None:
    """On Temporal as in the rules: ordinary words are turned away by R28, and four services stop. When the archive is back it has
    every byte that a receipt was given for, the run goes on as new, and there each statement is still answered as it was.
    """
    plan = renamed(example_plan())
    async with installed(temporal, plan, None) as at:
        await started(at, plan, pace=RunLength(updates=5))
        begun = await run_of(at, plan)
        receipts = await say_much(at, plan)
        turned_away = await taken(at, plan, said_by("kz.knb", plan, Information(text="more")))
        receipts += await stop_by_all(at, plan)
        nothing, before = await ledgers_of(at).held(plan.operation), await run_of(at, plan)
        outage.over = True
        async with asyncio.timeout(PATIENCE):
            while await run_of(at, plan) == before:
                pass
        again = [await update(at, plan, envelope_of(one), f"again-{one.seq}") for one in receipts]
        await at.caught_up(plan)
        entries = [one for one in await at.gateway(plan.initiator).ledger(plan.operation) if isinstance(one, Entry)]
        view = await at.gateway(plan.initiator).view(plan.operation)
        packet = await at.gateway(plan.initiator).packet(plan.operation)

    leaves = [bytes.fromhex(one.leaf()) for one in entries]
    facts = [one.event.event for one in entries]
    assert (None, begun) == (nothing, before), "no run ends while the archive is behind"
    assert "R28: the archive is behind" in str(turned_away)
    assert [(one.seq, one.fingerprint) for one in receipts] == [(one.seq, one.fingerprint) for one in again]
    assert [one.entry for one in receipts] == [entries[one.seq] for one in receipts]
    assert [one.root for one in receipts] == [root(leaves[: one.size]).hex() for one in receipts]
    assert ["archive_behind", "archive_caught_up"] == [one for one in facts if one.startswith("archive")]
    assert len(receipts) == verify(packet, at.directory).statements
    assert view.halted is not None


async def run_of(at: Installation, plan: Plan) -> str | None:
    """The run that is under way."""
    return (await at.handle(plan).describe()).run_id


def envelope_of(receipt: Receipt) -> Envelope:
    """The statement that it is for."""
    assert isinstance(receipt.entry.event, Stated)
    return receipt.entry.event.envelope


async def test_a_statement_costs_twelve_events_at_most(temporal: Client) -> None:
    """Where nothing else happens: five for the update, three for the activity that keeps its entry, four for the task that takes
    its result. In a flood many share the last seven.
    """
    plan, statements = renamed(example_plan()), 5
    async with installed(temporal, plan, None) as at:
        await started(at, plan)
        await at.opened(plan, "consent-kz")
        before = await length_at_rest(at, plan)
        for number in range(statements):
            await update(at, plan, said_by("uz.police", plan, Information(text="more")), str(number))
            after = await length_at_rest(at, plan)

    assert after - before <= 12 * statements


async def length_at_rest(at: Installation, plan: Plan) -> int:
    """Events of the run, once the archive has all of it and no task is due."""
    async with asyncio.timeout(PATIENCE):
        while True:
            run = (await at.handle(plan).describe()).raw_description
            busy = {"keep", "deconflict"} & {one.activity_type.name for one in run.pending_activities}
            if not busy and not run.HasField("pending_workflow_task"):
                return run.workflow_execution_info.history_length
            await asyncio.sleep(0.01)


async def test_whoever_completes_the_activity_makes_no_run_forget_an_entry(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A result that the installation has not sealed counts as none: the entries are sent again."""
    monkeypatch.setattr("workflows.keeping._PAUSE", messages.AHEAD / 50)
    plan = quick(*example_scenario("almaty-tashkent"))[0]
    forged, honest = 0, hand_in

    def unsealed(content: KeptUpTo, *more: Any) -> HandIn[KeptUpTo]:
        nonlocal forged
        forged += 1
        handed = honest(content, *more)
        return handed if forged > 1 else handed.model_copy(update={"content": content.model_copy(update={"size": 10_000})})

    monkeypatch.setattr("activities.keeping.hand_in", unsealed)
    async with installed(temporal, plan, None) as at:
        await started(at, plan)
        receipt = await update(at, plan, stop_by("uz.police", plan), "one")
        entries = await kept(at, plan, receipt.size)

    assert canonical(receipt.entry) == entries[receipt.seq]


@pytest.mark.parametrize("change", [{"branch": 1}, {"size": 1}, {"root": "0" * 64}])
async def test_what_was_sealed_of_another_batch_makes_no_run_let_go(
    change: dict[str, Any], temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The installation's own seal, on what another run was told: the entries are sent again."""
    monkeypatch.setattr("workflows.keeping._PAUSE", messages.AHEAD / 50)
    plan = quick(*example_scenario("almaty-tashkent"))[0]
    sealed, again, honest = list[KeptUpTo](), asyncio.Event(), hand_in

    def of_another(content: KeptUpTo, *more: Any) -> HandIn[KeptUpTo]:
        sealed.append(content)
        if len(sealed) > 1:  # of the same entries, and of those that came meanwhile
            again.set()
        return honest(content if len(sealed) > 1 else content.model_copy(update=change), *more)

    monkeypatch.setattr("activities.keeping.hand_in", of_another)
    async with installed(temporal, plan, None) as at:
        await started(at, plan)
        async with asyncio.timeout(PATIENCE):
            await again.wait()
        receipt = await update(at, plan, stop_by("uz.police", plan), "one")
        entries = await kept(at, plan, receipt.size)

    assert canonical(receipt.entry) == entries[receipt.seq]


def test_a_batch_is_bounded_in_entries_and_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """200 entries; or as many as fit the bytes; and a single larger one goes alone, never none."""
    table = Table()
    while len(table.delivery.ledger) <= BATCH_ENTRIES:
        table.say("kz.police", "information", text="more")
    delivery, whole = table.delivery, len(table.delivery.ledger)
    first, root = next_batch(delivery, delivery.snapshot), delivery.ledger.root_at(BATCH_ENTRIES)
    sizes = [len(canonical(one)) for one in first.entries[:3]]
    with monkeypatch.context() as smaller:
        smaller.setattr("workflows.keeping.BATCH_BYTES", sizes[0] + sizes[1])
        two = next_batch(delivery, delivery.snapshot)
        smaller.setattr("workflows.keeping.BATCH_BYTES", sizes[0] - 1)
        one = next_batch(delivery, delivery.snapshot)
    delivery.ledger.keep(BATCH_ENTRIES)
    rest = next_batch(delivery, None)

    assert (BATCH_ENTRIES, root) == (first.size, first.root)
    assert (BATCH_ENTRIES, whole, None) == (rest.first, rest.size, rest.snapshot)
    assert delivery.snapshot == first.snapshot
    assert [2, 1] == [len(two.entries), len(one.entries)]


async def test_a_batch_that_is_kept_again_changes_nothing_and_another_ledger_is_refused(tmp_path: Path) -> None:
    """The same batch, by another worker with nothing in memory, is answered alike; a ledger of other entries sets the alarm."""
    archive = Database(f"sqlite+aiosqlite:///{tmp_path}/archive.db")
    ledgers = Ledgers(archive, Wrapping(PAYLOAD_KEYS))
    table, other = Table(), Table()
    table.say("uz.police", "stop_requested", reason="one")
    other.say("uz.police", "stop_requested", reason="another")
    room = ActivityEnvironment()
    room.info = dataclasses.replace(room.info, start_to_close_timeout=timedelta(minutes=1))
    try:
        batch = next_batch(table.delivery, table.delivery.snapshot)
        answers = [
            await attempted(room, ArchiveKeeping(ledgers, FoldedDeliveries(ledgers), VIGIL_KEY).keep, batch) for _ in range(2)
        ]
        told = await attempted(
            room,
            ArchiveKeeping(ledgers, FoldedDeliveries(ledgers), VIGIL_KEY).keep,
            next_batch(other.delivery, other.delivery.snapshot),
        )
        held = await ledgers.held(table.delivery.plan.operation)
        read = Deliveries(archive, Wrapping(PAYLOAD_KEYS))
        row = await read.one(ListQuestion(reader="supervision", reach="all"), table.delivery.plan.operation)
    finally:
        await archive.close()

    assert [batch.size] * 2 == [one.content.size for one in answers]
    assert held is not None
    assert table.delivery.ledger.root == held.root.hex()
    assert "other" == row.alarm
    found = told.content.diverged
    assert found is not None
    assert (0, "other", batch.size, table.delivery.ledger.root) == (found.branch, found.how, found.size, found.root)
    assert other.delivery.ledger.leaf_at(found.seq) != table.delivery.ledger.leaf_at(found.seq)


def test_an_archive_that_was_away_has_what_it_missed_in_less_time_than_it_was_away() -> None:
    """From the third pause on, each between two tries is shorter than all before it together."""
    assert _AGAIN.initial_interval == timedelta(seconds=1)
    pauses = [_AGAIN.backoff_coefficient**number for number in range(20)]

    assert all(pause < sum(pauses[:number]) for number, pause in enumerate(pauses) if number >= 2)


async def test_an_archive_that_lacks_what_it_had_is_waited_for(tmp_path: Path) -> None:
    """The batch that comes next is tried again until the archive is restored; nothing of it is a fact."""
    archive = Database(f"sqlite+aiosqlite:///{tmp_path}/archive.db")
    ledgers = Ledgers(archive, Wrapping(PAYLOAD_KEYS))
    table = Table()
    first = next_batch(table.delivery, table.delivery.snapshot)
    table.delivery.ledger.keep(first.size)
    table.say("uz.police", "information", text="more")
    second = next_batch(table.delivery, None)
    room = ActivityEnvironment()
    room.info = dataclasses.replace(room.info, start_to_close_timeout=timedelta(minutes=1))
    try:
        keep = ArchiveKeeping(ledgers, FoldedDeliveries(ledgers), VIGIL_KEY).keep
        with pytest.raises(ApplicationError, match=r"diverge at entry 0 of .*: behind"):
            await attempted(room, keep, second)
        await attempted(room, keep, first)
        answer = await attempted(room, keep, second)
    finally:
        await archive.close()

    assert (second.size, None) == (answer.content.size, answer.content.diverged)


async def test_where_too_many_batches_wait_one_more_comes_again_and_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Temporal is told when; nothing is logged as failed, nothing is kept meanwhile, and the delivery still counts as waiting."""
    archive = Database(f"sqlite+aiosqlite:///{tmp_path}/archive.db")
    ledgers = Ledgers(archive, Wrapping(PAYLOAD_KEYS))
    table = Table()
    room = ActivityEnvironment()
    waited = timedelta(seconds=30)
    scheduled = room.info.started_time - waited
    room.info = dataclasses.replace(room.info, start_to_close_timeout=timedelta(minutes=1), scheduled_time=scheduled)
    monkeypatch.setattr("activities.keeping.WAITS", -1.0)
    keeping = ArchiveKeeping(ledgers, FoldedDeliveries(ledgers), VIGIL_KEY)
    try:
        with pytest.raises(ApplicationError) as told:
            await attempted(room, keeping.keep, next_batch(table.delivery, table.delivery.snapshot))
        held = await ledgers.held(table.delivery.plan.operation)
    finally:
        await archive.close()

    assert (ApplicationErrorCategory.BENIGN, "limited", False) == (
        told.value.category,
        told.value.type,
        told.value.non_retryable,
    )
    assert timedelta(seconds=1) == told.value.next_retry_delay
    assert held is None
    assert waited.total_seconds() <= keeping.lag.longest_wait()


async def test_a_batch_that_is_tried_again_is_added_up_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the archive is away each attempt finds what the one before has added up, and reads and folds nothing again."""
    archive = Database(f"sqlite+aiosqlite:///{tmp_path}/archive.db")
    ledgers = Ledgers(archive, Wrapping(PAYLOAD_KEYS))
    table = Table()
    room = ActivityEnvironment()
    room.info = dataclasses.replace(room.info, start_to_close_timeout=timedelta(minutes=1))
    taken, take = list[int](), Delivery.take

    def counted(self: Delivery, entry: Entry) -> None:
        taken.append(entry.seq)
        take(self, entry)

    monkeypatch.setattr(Delivery, "take", counted)
    try:
        keep = ArchiveKeeping(ledgers, FoldedDeliveries(ledgers), VIGIL_KEY).keep
        batch = next_batch(table.delivery, table.delivery.snapshot)
        with archive_away() as away:
            for _ in range(3):
                with pytest.raises(ApplicationError, match="the archive is away"):
                    await attempted(room, keep, batch)
            away.over = True
            answer = await attempted(room, keep, batch)
    finally:
        await archive.close()

    assert batch.size == answer.content.size
    assert [*range(batch.size)] == taken


async def test_a_stop_by_who_has_seen_another_history_is_kept_and_is_an_alarm(tmp_path: Path) -> None:
    """It counts; supervisors see in the list that somebody must ask why, and go on seeing it, and so does who runs it."""
    archive = Database(f"sqlite+aiosqlite:///{tmp_path}/archive.db")
    ledgers = Ledgers(archive, Wrapping(PAYLOAD_KEYS))
    table = Table()
    room = ActivityEnvironment()
    room.info = dataclasses.replace(room.info, start_to_close_timeout=timedelta(minutes=1))
    read, alarms, contradicted = Deliveries(archive, Wrapping(PAYLOAD_KEYS)), [], []
    try:
        keep = ArchiveKeeping(ledgers, FoldedDeliveries(ledgers), VIGIL_KEY).keep
        for seen in (None, Seen(size=2, root="0" * 64), None):
            table.say("uz.police", "stop_requested", seen=seen)
            batch = next_batch(table.delivery, table.delivery.snapshot if table.delivery.ledger.kept == 0 else None)
            await attempted(room, keep, batch)
            table.delivery.ledger.keep(batch.size)
            row = await read.one(ListQuestion(reader="supervision", reach="all"), table.delivery.plan.operation)
            alarms.append(row.alarm)
            contradicted.append(await read.contradicted())
    finally:
        await archive.close()

    assert [None, "seen", "seen"] == alarms
    assert [(), *((table.delivery.plan.operation,),) * 2] == contradicted
