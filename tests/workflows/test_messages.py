"""What is handed in to a delivery bears the time at which it was received, under the installation's seal."""

import uuid
from datetime import timedelta

import pytest
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError

from domain.delivery.decided import Opened, Silence
from domain.delivery.ledger import Receipt
from domain.plan.plan import Plan
from domain.record.door import read_statement
from domain.rules.handling import Information
from domain.signing.envelope import Envelope
from domain.words.errors import NotAuthentic
from domain.words.moments import instant, utc_text
from rehearsal.services import EPOCH, VIGIL, cast, private_key_of
from tests.installation import Installation, installed, renamed, said_by
from tests.support import example_directory, example_plan
from tests.workflows.test_controlled_delivery import started, stop_by
from workflows import messages
from workflows.messages import AHEAD, AHEAD_WITH_A_BRAKE, BEHIND, HandIn, hand_in

PLAN = example_plan()
DIRECTORY = cast(example_directory(), PLAN.participants())
KEY, FOREIGN = private_key_of(VIGIL), private_key_of("kz.knb")
SAID = stop_by("uz.customs", PLAN, "statement-0001")
OTHER = stop_by("uz.customs", PLAN, "statement-0002")
HANDED = hand_in(SAID, PLAN.operation, EPOCH, KEY)
LATER = EPOCH + timedelta(seconds=1)


def signed_by_another() -> Envelope:
    """The installation's seal, with a signature that another key has made under the installation's name."""
    right, wrong = HANDED.seal, hand_in(SAID, PLAN.operation, EPOCH, FOREIGN).seal
    assert right is not None
    assert wrong is not None
    signature = right.signatures[0].model_copy(update={"sig": wrong.signatures[0].sig})
    return right.model_copy(update={"signatures": (signature,)})


FORGED: dict[str, HandIn[Envelope]] = {
    "not sealed": HANDED.model_copy(update={"seal": None}),
    "another content": HANDED.model_copy(update={"content": OTHER}),
    "another time": HANDED.model_copy(update={"at": utc_text(LATER)}),
    "another delivery": hand_in(SAID, "quiet-tern", EPOCH, KEY),
    "another's key": hand_in(SAID, PLAN.operation, EPOCH, FOREIGN),
    "a signature that is another's": HANDED.model_copy(update={"seal": signed_by_another()}),
}


def test_what_the_installation_has_sealed_counts_as_of_its_own_time() -> None:
    """The moment is the one it was received at, whatever time it is now."""
    HANDED.check(PLAN.operation, DIRECTORY)

    assert EPOCH == HANDED.moment(PLAN.operation, DIRECTORY, EPOCH + timedelta(hours=1))


@pytest.mark.parametrize("handed", FORGED.values(), ids=FORGED)
def test_what_it_has_not_sealed_like_this_is_refused_and_has_no_time_of_its_own(handed: HandIn[Envelope]) -> None:
    """A seal is on this content, for this delivery, with this time, by this key; else the newest entry's time counts."""
    now = EPOCH + timedelta(hours=1)
    with pytest.raises(NotAuthentic):
        handed.check(PLAN.operation, DIRECTORY)

    assert now == handed.moment(PLAN.operation, DIRECTORY, now)


@pytest.mark.parametrize("ahead", [AHEAD, timedelta(), -BEHIND])
def test_a_time_about_now_is_believed(ahead: timedelta) -> None:
    """Clocks differ by seconds, and what waits for a worker waits for two minutes at the most."""
    hand_in(SAID, PLAN.operation, EPOCH + ahead, KEY).check_time(EPOCH)


@pytest.mark.parametrize("ahead", [AHEAD + timedelta(seconds=1), -BEHIND - timedelta(seconds=1)])
def test_a_time_that_cannot_be_is_refused(ahead: timedelta) -> None:
    """Nobody receives anything after now, and what was held back for long is handed in anew."""
    with pytest.raises(NotAuthentic, match="it is said to have been received"):
        hand_in(SAID, PLAN.operation, EPOCH + ahead, KEY).check_time(EPOCH)


def test_a_brake_is_believed_from_a_clock_that_is_wrong_by_more() -> None:
    """Two seconds for all else, five for what stops the delivery, and no more."""
    ahead = hand_in(SAID, PLAN.operation, EPOCH + AHEAD_WITH_A_BRAKE, KEY)
    ahead.check_time(EPOCH, brake=True)
    for handed, brake in ((ahead, False), (hand_in(SAID, PLAN.operation, EPOCH + timedelta(seconds=6), KEY), True)):
        with pytest.raises(NotAuthentic, match="received after now"):
            handed.check_time(EPOCH, brake=brake)


async def test_from_a_gateway_whose_clock_is_wrong_a_delivery_takes_brakes_only(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A word is turned away, and counts once the clock is right; a stop counts at once."""
    plan = renamed(PLAN)
    async with installed(temporal, plan, None) as at:
        await started(at, plan)
        word, stop = a_word_of("uz.customs", plan), stop_by("uz.police", plan, uuid.uuid4().hex)
        with monkeypatch.context() as wrong:
            wrong.setattr(messages, "AHEAD", -timedelta(hours=1))  # every clock is ahead by more than that
            code = await refused(at, at.handed(word, plan))
            stopped: Receipt = await at.handle(plan).execute_update(messages.SUBMIT, at.handed(stop, plan), result_type=Receipt)
        heard: Receipt = await at.handle(plan).execute_update(messages.SUBMIT, at.handed(word, plan), result_type=Receipt)

    assert ("not-authentic", "accepted", "accepted") == (code, stopped.verdict.verdict, heard.verdict.verdict)


def a_word_of(service: str, plan: Plan) -> Envelope:
    """Something that stops nothing."""
    return said_by(service, plan, Information(text="a tip"))


async def test_a_delivery_takes_nothing_that_is_ahead_of_its_time_or_not_sealed(temporal: Client) -> None:
    """The door of the workflow turns both away, and the same statement then counts once it is handed in as it should be."""
    plan = renamed(PLAN)
    async with installed(temporal, plan, None) as at:
        await started(at, plan)
        said = stop_by("uz.customs", plan, uuid.uuid4().hex)
        right = at.handed(said, plan)
        ahead = hand_in(said, plan.operation, instant(right.at) + timedelta(hours=1), KEY)
        codes = [await refused(at, one) for one in (ahead, right.model_copy(update={"seal": None}))]
        receipt: Receipt = await at.handle(plan).execute_update(messages.SUBMIT, right, result_type=Receipt)

    assert ["not-authentic", "not-authentic"] == codes
    assert "accepted" == receipt.verdict.verdict


async def test_a_repeat_from_after_a_due_time_does_not_put_that_off(temporal: Client) -> None:
    """After an outage what was left comes before the timers that have fired: what is due after the next one of these is recorded
    all the same, unasked.
    """
    first, *others = renamed(PLAN).checkpoints
    due = AHEAD - timedelta(milliseconds=500)
    asked = first.model_copy(update={"due": due, "remind": (due / 2,), "escalate": ()})
    plan = renamed(PLAN).model_copy(update={"checkpoints": (asked, *others)})
    async with installed(temporal, plan, None) as at:
        await started(at, plan)
        opened = await at.until(plan, lambda one: isinstance(one.event, Opened) and one.event.checkpoint == asked.id)
        assert isinstance(opened.event, Opened)
        assert opened.event.due is not None
        word = a_word_of("uz.customs", plan)
        await at.handle(plan).execute_update(messages.SUBMIT, at.handed(word, plan))
        repeat = hand_in(word, plan.operation, instant(opened.event.due) + timedelta(milliseconds=500), KEY)
        await at.handle(plan).signal(messages.SUBMIT, repeat)
        silence = await at.until(plan, lambda one: isinstance(one.event, Silence) and one.event.checkpoint == asked.id)

    assert opened.event.due == silence.at


async def refused(at: Installation, handed: HandIn[Envelope]) -> str | None:
    """The code with which a delivery turns this away."""
    delivery = at.client.get_workflow_handle(messages.workflow_id(read_statement(handed.content).delivery))
    with pytest.raises(WorkflowUpdateFailedError) as failed:
        await delivery.execute_update(messages.SUBMIT, handed)
    assert isinstance(failed.value.cause, ApplicationError)
    return failed.value.cause.type
