"""While no worker is up, statements are left with Temporal: each once, and of each caller no more than its share."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial

import pytest
from temporalio.client import Client, Interceptor, OutboundInterceptor, SignalWorkflowInput

from domain.delivery.ledger import Left, Receipt
from domain.delivery.reported import Stated
from domain.record.door import check_budget, read_statement
from domain.signing.envelope import STATEMENT_TYPE, Envelope, sign
from domain.words.errors import NotFound, RuleBroken, Unavailable
from gateway.leaving import Leaving
from gateway.limits import LEFT_BRAKES, LEFT_BYTES, LEFT_STATEMENTS
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
        await leaving.leave(police, plan.operation, here.handed(stop_by("uz.police", plan), plan), brake=True)

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
        await leaving.leave(police, plan.operation, handed, brake=True)
        leaving.taken(plan.operation, handed)
    with pytest.raises(Unavailable, match=f"no more than {LEFT_BRAKES} statements"):
        await leaving.leave(police, plan.operation, here.handed(stop, plan), brake=True)

    assert [stop] * LEFT_BRAKES == [one.content for one in await here.left(plan)]


async def test_a_caller_leaves_so_many_bytes(at: At) -> None:
    """Exactly the bound is left, and not one byte more."""
    here, plan = at.installation, at.plan
    leaving, police = Leaving(here.reception()._runs), here.directory.get("uz.police")
    for size in (LEFT_BYTES - 1, 1):
        envelope = sign(b"x" * size, STATEMENT_TYPE, private_key_of("uz.police"))
        await leaving.leave(police, plan.operation, here.handed(envelope, plan), brake=False)
    with pytest.raises(Unavailable, match=f"{LEFT_BYTES} bytes"):
        await leaving.leave(police, plan.operation, here.handed(a_word("uz.police", plan), plan), brake=False)


async def test_no_more_is_remembered_as_left_than_its_bound_and_nothing_that_temporal_has_not(
    at: At, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest is forgotten. What Temporal did not take is tried again with the next request."""
    monkeypatch.setattr("gateway.leaving.MOST_LEFT", 2)
    here, plan = at.installation, at.plan
    leaving, police = Leaving(here.reception()._runs), here.directory.get("uz.police")
    first, *more = [here.handed(a_word("uz.police", plan), plan) for _ in range(3)]
    for one in (first, *more, more[0], first):
        await leaving.leave(police, plan.operation, one, brake=False)
    with pytest.raises(NotFound):
        await leaving.leave(police, "nowhere", first, brake=False)

    assert [one.content for one in (first, *more, first)] == [one.content for one in await here.left(plan)]
    assert 1 == len(leaving._left)
