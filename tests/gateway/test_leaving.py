"""While no worker is up, statements are left with Temporal: each once, and of each caller no more than its share."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from temporalio.client import Client, Interceptor, OutboundInterceptor, SignalWorkflowInput

from domain.delivery.ledger import Left, Receipt
from domain.delivery.reported import Stated
from domain.plan.directory import Service
from domain.plan.key_changes import KeyChange, KeyEnd
from domain.record.door import check_budget, read_statement
from domain.signing.canonical import canonical
from domain.signing.envelope import KEYS_TYPE, STATEMENT_TYPE, Envelope, sign
from domain.signing.keys import key_id
from domain.words.errors import NotFound, RuleBroken, Unavailable
from gateway.leaving import BRAKES, KEY_CHANGES, STATEMENTS, Leaving, LeavingShare, ShareSpentError
from gateway.limits import LEFT_BRAKES, LEFT_BYTES, LEFT_KEY_CHANGES, LEFT_KEY_CHANGES_BYTES, LEFT_STATEMENTS
from rehearsal.services import private_key_of
from tests.activities.test_stops import a_word
from tests.gateway.test_api import At
from tests.installation import installed, renamed, said_by, stop_by
from tests.support import Table, example_plan, signed_plan
from tests.workflows.test_much_is_said import much
from tests.workflows.test_outage import working
from workflows import messages


@pytest.fixture
async def at(temporal: Client) -> AsyncIterator[At]:
    """An installation with one delivery that no worker performs; its queue is named as the delivery."""
    plan = renamed(example_plan())
    async with installed(temporal, plan, None) as installation:
        await installation.reception(plan.operation).plans.start(installation.directory.get(plan.initiator), signed_plan(plan))
        yield At(installation, plan)


async def test_a_caller_leaves_so_many_words_and_a_stop_all_the_same(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """One word more is answered with 503, unless it lies there already. Another caller has a share of its own, and once the
    delivery has answered everybody has a new one.
    """
    monkeypatch.setattr("gateway.submissions.UNTIL_LEFT", timedelta(seconds=1))
    here, plan = at.installation, at.plan
    submissions, customs = here.reception(plan.operation).submissions, here.directory.get("uz.customs")
    submit = partial(submissions.submit, here.directory.get("uz.police"), plan.operation)
    words = [a_word("uz.police", plan) for _ in range(LEFT_STATEMENTS)]
    answers = await asyncio.gather(*map(submit, words))
    with pytest.raises(Unavailable, match="may leave no more than 30 statements") as refused:
        await submit(a_word("uz.police", plan))
    answers.append(await submit(words[0]))
    answers.append(await submit(stop := stop_by("uz.police", plan)))
    answers.append(await submissions.submit(customs, plan.operation, other := a_word("uz.customs", plan)))
    left = await here.left(plan)
    async with working(here, plan.operation):
        await here.until(plan, lambda one: isinstance(one.event, Stated) and one.event.envelope == other)
        monkeypatch.setattr("gateway.submissions.UNTIL_LEFT", timedelta(seconds=30))
        receipt = await submit(words[0])
    monkeypatch.setattr("gateway.submissions.UNTIL_LEFT", timedelta(seconds=1))
    after = await submit(a_word("uz.police", plan))

    assert {Left} == {type(one) for one in (*answers, after)}
    assert 503 == refused.value.status
    assert "what stops the delivery is still left" in refused.value.hint
    assert sorted(one.fingerprint() for one in (*words, stop, other)) == sorted(one.content.fingerprint() for one in left)
    assert isinstance(receipt, Receipt)


class Held(Interceptor):
    """Notes what a gateway leaves by signal, and holds the first until it is let go."""

    def __init__(self) -> None:
        self.left: list[Envelope] = []
        self.first, self.let_go = asyncio.Event(), asyncio.Event()

    def intercept_client(self, next: OutboundInterceptor) -> OutboundInterceptor:  # noqa: A002 - as the SDK calls it
        """Around each call."""
        held, outbound = self, super().intercept_client(next)

        class Outbound(OutboundInterceptor):
            async def signal_workflow(self, input: SignalWorkflowInput) -> None:  # noqa: A002 - likewise
                if input.signal == messages.SUBMIT:
                    held.left.append(input.args[0].content)
                    if not held.first.is_set():
                        held.first.set()
                        await held.let_go.wait()
                await super().signal_workflow(input)

        return Outbound(outbound)


async def test_of_one_callers_stops_one_at_a_time_is_left_and_those_of_others_wait_for_none(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the first is being left, no other of the same caller is, however long it has waited; the same bytes are left once."""
    monkeypatch.setattr("gateway.submissions.A_BRAKE", 0.1)
    monkeypatch.setattr("gateway.submissions.ITS_RECEIPT", 0.1)
    monkeypatch.setattr("gateway.submissions.ONCE_MORE", timedelta(seconds=0.5))
    monkeypatch.setattr("gateway.submissions.UNTIL_LEFT", timedelta(seconds=30))
    here, plan, held = at.installation, at.plan, Held()
    monkeypatch.setattr(here, "client", Client(**here.client.config() | {"interceptors": [held]}))
    submit = here.reception(plan.operation).submissions.submit
    police, customs = here.directory.get("uz.police"), here.directory.get("uz.customs")
    stops, stop = [stop_by("uz.police", plan) for _ in range(3)], stop_by("uz.customs", plan)
    flood = [asyncio.create_task(submit(police, plan.operation, one)) for one in (*stops, *stops)]
    await held.first.wait()
    other = await submit(customs, plan.operation, stop)
    before = [read_statement(one).service for one in held.left]
    held.let_go.set()
    answers = await asyncio.gather(*flood)

    assert ["uz.police", "uz.customs"] == before
    assert {Left} == {type(one) for one in (other, *answers)}
    assert sorted(one.fingerprint() for one in (*stops, stop)) == sorted(one.fingerprint() for one in held.left)


async def test_what_is_too_large_for_its_kind_is_left_nowhere(at: At) -> None:
    """R28: the gateway refuses it at once, without a worker, in the words in which a delivery refuses it."""
    here, plan = at.installation, at.plan
    large = much_by("uz.police", at)
    with pytest.raises(RuleBroken) as refused:
        await here.reception(plan.operation).submissions.submit(here.directory.get("uz.police"), plan.operation, large)
    delivery = Table().delivery
    with pytest.raises(RuleBroken) as expected:
        check_budget(delivery, read_statement(large), large, delivery.state.now)

    assert "statement_too_large" == refused.value.reason
    assert ("R28", expected.value.message) == (refused.value.rule, refused.value.message)
    assert [] == await here.left(plan)


def much_by(service: str, at: At) -> Envelope:
    """More than is taken of any kind."""
    return said_by(service, at.plan, much())


async def test_brakes_have_a_share_too_which_begins_anew_with_an_answer(at: At) -> None:
    """R28 sets aside as many: a caller cannot end the run that others want to stop, neither with brakes."""
    here, plan = at.installation, at.plan
    leaving, police = Leaving(here.reception()._runs), here.directory.get("uz.police")

    async def leave_one() -> None:
        await leaving.leave(police, plan.operation, here.handed(stop_by("uz.police", plan), plan), BRAKES)

    for _ in range(LEFT_BRAKES):
        await leave_one()
    with pytest.raises(Unavailable, match=f"no more than {LEFT_BRAKES} statements that stop or end something"):
        await leave_one()
    leaving.answered(plan.operation)
    await leave_one()

    assert LEFT_BRAKES + 1 == len(await here.left(plan))


async def test_what_was_taken_and_not_recorded_counts_once_more_each_time_that_it_is_left(at: At) -> None:
    """What a delivery takes for noise does not fill its run either, though it is left anew."""
    here, plan = at.installation, at.plan
    leaving, police, stop = Leaving(here.reception()._runs), here.directory.get("uz.police"), stop_by("uz.police", plan)
    for _ in range(LEFT_BRAKES):
        handed = here.handed(stop, plan)
        await leaving.leave(police, plan.operation, handed, BRAKES)
        leaving.taken(plan.operation, handed)
    with pytest.raises(Unavailable, match=f"no more than {LEFT_BRAKES} statements"):
        await leaving.leave(police, plan.operation, here.handed(stop, plan), BRAKES)

    assert [stop] * LEFT_BRAKES == [one.content for one in await here.left(plan)]


async def test_a_caller_leaves_so_many_bytes(at: At) -> None:
    """Exactly the bound is left, and not one byte more."""
    here, plan = at.installation, at.plan
    leaving, police = Leaving(here.reception()._runs), here.directory.get("uz.police")
    for size in (LEFT_BYTES - 1, 1):
        envelope = sign(b"x" * size, STATEMENT_TYPE, private_key_of("uz.police"))
        await leaving.leave(police, plan.operation, here.handed(envelope, plan), STATEMENTS)
    with pytest.raises(Unavailable, match=f"{LEFT_BYTES} bytes"):
        await leaving.leave(police, plan.operation, here.handed(a_word("uz.police", plan), plan), STATEMENTS)


async def test_a_caller_leaves_so_many_changes_of_keys(at: At) -> None:
    """One more is refused; what it says, a stop, and others' changes have shares of their own; an answer begins all anew."""
    here, plan = at.installation, at.plan
    leaving, police = Leaving(here.reception()._runs), here.directory.get("uz.police")

    async def leave_one(caller: Service, share: LeavingShare = KEY_CHANGES) -> None:
        envelope = sign(uuid.uuid4().hex.encode(), KEYS_TYPE, private_key_of("uz.police"))
        await leaving.leave(caller, plan.operation, here.handed(envelope, plan), share)

    for _ in range(LEFT_KEY_CHANGES):
        await leave_one(police)
    with pytest.raises(ShareSpentError, match=f"no more than {LEFT_KEY_CHANGES} changes of keys") as refused:
        await leave_one(police)
    for share in (STATEMENTS, BRAKES):
        await leave_one(police, share)
    await leave_one(here.directory.get("uz.customs"))
    leaving.answered(plan.operation)
    await leave_one(police)

    assert plan.operation not in refused.value.message, "not everybody who ends a key may know where it is used"
    assert LEFT_KEY_CHANGES + 2 == len(await here.left(plan, messages.CHANGE_KEYS))


async def test_a_caller_leaves_so_many_bytes_of_changes_of_keys(at: At) -> None:
    """Exactly the bound is left, and not one byte more."""
    here, plan = at.installation, at.plan
    leaving, police = Leaving(here.reception()._runs), here.directory.get("uz.police")
    for size in (LEFT_KEY_CHANGES_BYTES - 1, 1):
        envelope = sign(b"x" * size, KEYS_TYPE, private_key_of("uz.police"))
        await leaving.leave(police, plan.operation, here.handed(envelope, plan), KEY_CHANGES)
    with pytest.raises(ShareSpentError, match=f"{LEFT_KEY_CHANGES_BYTES} bytes"):
        await leaving.leave(
            police, plan.operation, here.handed(sign(b"x", KEYS_TYPE, private_key_of("kz.knb")), plan), KEY_CHANGES
        )


async def test_a_change_of_keys_that_one_delivery_has_no_room_for_is_left_in_the_others(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever announces it is told where it was not left, and why; the same change lies there once, however often it comes."""
    monkeypatch.setattr("gateway.reception.UNTIL_LEFT", timedelta(seconds=0.2))
    here, plan = at.installation, at.plan
    parcel = plan.consignment.identifiers[0].model_copy(update={"scheme": "other", "value": uuid.uuid4().hex})
    other = renamed(plan).model_copy(update={"consignment": plan.consignment.model_copy(update={"identifiers": (parcel,)})})
    reception, police = here.reception(plan.operation), here.directory.get("uz.police")
    await reception.plans.start(here.directory.get(plan.initiator), signed_plan(other))
    for number in range(LEFT_KEY_CHANGES):
        envelope = sign(str(number).encode(), KEYS_TYPE, private_key_of("uz.police"))
        await reception._leaving.leave(police, plan.operation, here.handed(envelope, plan), KEY_CHANGES)
    end = KeyEnd(key=key_id(police.keys[0].public), at=datetime.now(UTC).isoformat(), revoked=True)
    change = KeyChange(service=police.id, by=police.id, made_at=datetime.now(UTC).isoformat(), ended=(end,))
    envelope = sign(canonical(change), KEYS_TYPE, private_key_of(police.id))
    told = [await reception.change_keys(police, envelope) for _ in range(2)]
    left = await here.left(other, messages.CHANGE_KEYS)
    await here.handle(other).terminate()

    assert told[0] == told[1]
    assert [plan.operation] == [fault.place for fault in told[0].refused]
    assert other.operation in told[0].left
    assert [envelope] == [one.content for one in left]


async def test_no_more_is_remembered_as_left_than_its_bound_and_nothing_that_temporal_has_not(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest is forgotten. What Temporal did not take is tried again with the next request."""
    monkeypatch.setattr("gateway.leaving.MOST_LEFT", 2)
    here, plan = at.installation, at.plan
    leaving, police = Leaving(here.reception()._runs), here.directory.get("uz.police")
    first, *more = [here.handed(a_word("uz.police", plan), plan) for _ in range(3)]
    for one in (first, *more, more[0], first):
        await leaving.leave(police, plan.operation, one, STATEMENTS)
    with pytest.raises(NotFound):
        await leaving.leave(police, "nowhere", first, STATEMENTS)

    assert [one.content for one in (first, *more, first)] == [one.content for one in await here.left(plan)]
    assert 1 == len(leaving._left)


async def test_what_is_remembered_no_more_counts_all_the_same(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who leaves something in many deliveries does not begin its share anew in one by that, and fills no run (R28)."""
    monkeypatch.setattr("gateway.leaving.MOST_LEFT", 2)
    here, plan = at.installation, at.plan
    leaving, police = Leaving(here.reception()._runs), here.directory.get("uz.police")
    for _ in range(LEFT_STATEMENTS):
        await leaving.leave(police, plan.operation, here.handed(a_word("uz.police", plan), plan), STATEMENTS)
    with pytest.raises(ShareSpentError):
        await leaving.leave(police, plan.operation, here.handed(a_word("uz.police", plan), plan), STATEMENTS)


async def test_shares_are_counted_up_to_a_bound_and_what_was_not_left_counts_in_none(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the delivery in which something has lain for longest are forgotten first."""
    monkeypatch.setattr("gateway.leaving.MOST_SHARES", 2)
    here, plan = at.installation, at.plan
    leaving, police = Leaving(here.reception()._runs), here.directory.get("uz.police")
    word = here.handed(a_word("uz.police", plan), plan)
    for nowhere in ("nowhere-1", "nowhere-2", "nowhere-3"):
        with pytest.raises(NotFound):
            await leaving.leave(police, nowhere, word, STATEMENTS)
    spent = leaving._spent["nowhere-3"][police.id, STATEMENTS]
    for _ in range(2):
        await leaving.leave(police, plan.operation, word, STATEMENTS)

    assert (0, 0) == spent
    assert ["nowhere-3", plan.operation] == [*leaving._spent]
    assert (2, 1) == (leaving._shares, leaving._spent[plan.operation][police.id, STATEMENTS].times)
