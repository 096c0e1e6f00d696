"""What can be looked up beside deliveries: who else takes part, whether it is up, and how it is doing."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client

from domain.delivery.ledger import Entry, Left, Receipt
from domain.rules.handling import Information
from domain.words.errors import NotAllowed, Unavailable
from domain.words.moments import instant
from gateway import health
from gateway.health import ArchivePulse, Health, Lately, Pulse, whole
from gateway.limits import Limits
from gateway.metrics import Metrics
from gateway.reception import Reception
from process.clock import Clock
from rehearsal.services import VIGIL
from tests.gateway.test_api import At, signed
from tests.installation import installed, renamed, said_by, stop_by
from tests.support import example_plan, signed_plan

READ_IN = timedelta(seconds=1)
"""Within which Temporal's clock is read: a moment by it may be earlier by so much."""


@pytest.fixture(scope="module")
async def at(temporal: Client) -> AsyncIterator[At]:
    """One installation for the whole module."""
    plan = renamed(example_plan("almaty-tashkent"))
    async with installed(temporal, plan, None) as installation:
        await installation.gateway(plan.initiator).start(signed_plan(plan))
        yield At(installation, plan)


async def got(at: At, service: str, path: str, **headers: str) -> tuple[int, Any, str]:
    """Status, ETag and text of an answer."""
    url = f"{at.url}{path}"
    sent = signed(service, "GET", url) | {name.replace("_", "-"): value for name, value in headers.items()}
    async with at.installation.http.get(url, headers=sent) as answer:
        return answer.status, answer.headers.get("ETag"), await answer.text()


@pytest.mark.parametrize("reader", ["uz.police", "tj.customs", "audit"])
async def test_everyone_sees_every_key_and_how_only_itself_is_reached(at: At, reader: str) -> None:
    """What verifies a signature is everybody's; the round-the-clock contacts of other services are not (R11)."""
    known = {one.id: one for one in at.installation.directory.services}
    shown = {one.id: one for one in await at.door(reader).directory()}

    assert {name: one.keys for name, one in known.items()} == {name: one.keys for name, one in shown.items()}
    assert {reader} == {name for name, one in shown.items() if one.contact is not None or one.reach is not None}
    assert known[reader].contact == shown[reader].contact


@pytest.mark.parametrize("reader", ["supervision", "administration", VIGIL])
async def test_who_runs_or_supervises_the_installation_sees_how_each_is_reached(at: At, reader: str) -> None:
    """The whole entry but what is Temporal's."""
    shown = {one.id: (one.contact, one.reach) for one in await at.door(reader).directory()}

    assert {one.id: (one.contact, one.reach) for one in at.installation.directory.services} == shown


async def test_a_directory_that_has_not_changed_is_not_sent_again(at: At) -> None:
    """304 to who has it already, and the tag differs from reader to reader."""
    _, tag, text = await got(at, "uz.police", "/v1/directory")
    again = await got(at, "uz.police", "/v1/directory", If_None_Match=tag)
    other = await got(at, "uz.customs", "/v1/directory", If_None_Match=tag)

    assert text
    assert (304, tag, "") == again
    assert 200 == other[0]


async def health_of(at: At) -> Any:
    """What the gateway says of the installation."""
    async with at.installation.http.get(f"{at.url}/v1/health") as answer:
        return await answer.json()


async def test_health_says_whether_a_worker_is_there(at: At) -> None:
    """Up with one, as soon as Temporal has noted that it asks for work; `none` on a queue that nobody works at."""
    async with asyncio.timeout(60):
        while (with_worker := await health_of(at))["status"] != "up":
            pass
    without = await at.installation.reception(f"nobody-{uuid.uuid4().hex}").ready()

    assert {"status": "up", "temporal": "up", "worker": "up", "stranded": 0, "archive": "up", "attachments": "up"} == with_worker
    assert Health(worker="none") == without


async def test_health_says_which_part_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation whose archive is away shows nothing, so it is not said to be up; nor is one without a worker."""

    async def fails() -> None:
        raise Unavailable("away")

    async def hangs() -> None:
        await asyncio.Event().wait()

    async def there() -> None:
        pass

    async def temporal_away() -> Health:
        raise Unavailable("Temporal cannot be reached")

    async def worker(word: str) -> Health:
        return Health.model_validate({"worker": word})

    monkeypatch.setattr(health, "PATIENCE", timedelta(seconds=0.1))
    found = [
        await whole(worker(word), ArchivePulse(ask))
        for word, ask in (("up", there), ("none", there), ("up", fails), ("up", hangs))
    ]
    with pytest.raises(Unavailable, match=r"^Temporal"):
        await whole(temporal_away(), ArchivePulse(there))
    with pytest.raises(Unavailable, match="neither Temporal nor the archive"):
        await whole(temporal_away(), ArchivePulse(fails))

    told = [(one.status, one.worker, one.archive) for one in found]
    assert [("up", "up", "up"), ("partly", "none", "up"), ("partly", "up", "away"), ("partly", "up", "away")] == told


async def test_however_many_ask_temporal_is_asked_once_a_second(temporal: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred callers at once are one question; after a while, and after it was away, it is asked anew."""
    asked = []

    class Counted(Pulse):
        async def _now(self) -> Health:
            asked.append(1)
            if len(asked) == 2:
                raise Unavailable("away")
            return await super()._now()

    pulse = Counted(temporal, "none")
    found = await asyncio.gather(*(pulse.health() for _ in range(100)))
    monkeypatch.setattr(health, "FRESH", -1)
    with pytest.raises(Unavailable):
        await pulse.health()
    await pulse.health()

    assert {Health(worker="none")} == set(found)
    assert 3 == len(asked)


WRONG = pytest.mark.parametrize(
    ("wrong", "where"),
    [(timedelta(seconds=3), "ahead of"), (timedelta(hours=1), "ahead of"), (timedelta(minutes=-30), "behind")],
    ids=["a little ahead", "ahead", "behind"],
)


async def test_who_asked_for_one_look_has_its_answer_though_another_has_begun() -> None:
    """It was out of date by the time that the first went on: that is no fault of a request or a stream."""
    looks, others = asyncio.Queue[int](), list[asyncio.Task[int]]()

    async def look() -> int:
        found = await looks.get()
        others.append(asyncio.create_task(known.now()))  # it asks once this look is over, before who waits for it goes on
        return found

    known = Lately(look, fresh=-1)
    looks.put_nowait(1)
    assert 1 == await known.now()
    looks.put_nowait(2)
    assert 2 == await others[0]
    others[1].cancel()


def wrong_by(reception: Reception, off: timedelta) -> Pulse:
    """The pulse of a gateway whose clock is off by so much."""
    return Pulse(reception._runs.client, reception._runs.task_queue, lambda: datetime.now(UTC) + off)


@WRONG
async def test_a_gateway_whose_clock_is_wrong_takes_only_what_stops(at: At, wrong: timedelta, where: str) -> None:
    """It says by how much, and changes nothing; a stop is taken as of when it came, and everything once its clock is right."""
    plan, reception, customs = at.plan, at.installation.reception(), at.installation.directory.get("kz.police")
    said = said_by(customs.id, plan, Information(text="all is well"))
    await at.installation.kept(plan)
    right, reception.submissions._pulse = reception.submissions._pulse, wrong_by(reception, wrong)
    with pytest.raises(Unavailable, match=rf"this gateway's clock is \d+ s {where} Temporal's"):
        await reception.submissions.submit(customs, plan.operation, said)
    before = datetime.now(UTC)
    stopped = await reception.submissions.submit(customs, plan.operation, stop_by(customs.id, plan))
    after = datetime.now(UTC)
    reception.submissions._pulse = right
    taken = await reception.submissions.submit(customs, plan.operation, said)

    assert isinstance(stopped, Receipt)
    assert isinstance(taken, Receipt)
    assert stopped.seq < taken.seq
    assert before - READ_IN <= instant(stopped.entry.at) <= after


@WRONG
async def test_a_gateway_whose_clock_is_wrong_leaves_nothing_that_moves_time_on(
    at: At, monkeypatch: pytest.MonkeyPatch, wrong: timedelta, where: str
) -> None:
    """No worker is up, so no delivery can see it: a word is refused, and a stop is left as of when it came."""
    monkeypatch.setattr("gateway.submissions.UNTIL_LEFT", timedelta(seconds=1))
    plan, reception = renamed(at.plan), at.installation.reception(f"nobody-{uuid.uuid4().hex}")
    customs = at.installation.directory.get("kz.police")
    await reception.plans.start(at.installation.directory.get(plan.initiator), signed_plan(plan))
    reception.submissions._pulse = wrong_by(reception, wrong)
    try:
        word = said_by(customs.id, plan, Information(text="all is well"))
        with pytest.raises(Unavailable, match=rf"{where} Temporal's"):
            await reception.submissions.submit(customs, plan.operation, word)
        before = datetime.now(UTC)
        answer = await reception.submissions.submit(customs, plan.operation, stop_by(customs.id, plan))
        after = datetime.now(UTC)
        (left,) = await at.installation.left(plan)
    finally:
        await at.installation.handle(plan).terminate()

    assert isinstance(answer, Left)
    left.check(plan.operation, at.installation.directory)
    assert before - READ_IN <= instant(left.at) <= after


async def test_where_temporals_clock_is_not_known_only_a_stop_is_taken(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot be said when it came, and it does not wait for that: it counts as of the newest entry."""
    plan, reception, police = at.plan, at.installation.reception(), at.installation.directory.get("uz.police")

    async def hangs(_client: Client) -> Clock:
        await asyncio.Event().wait()
        raise AssertionError

    async def fails(_client: Client) -> Clock:
        raise Unavailable("Temporal cannot be reached")

    answers = []
    for look in (hangs, fails):
        monkeypatch.setattr("gateway.health.look", look)
        reception.submissions._pulse = Pulse(reception._runs.client, reception._runs.task_queue)
        answers.append(await reception.submissions.submit(police, plan.operation, stop_by(police.id, plan)))
    with pytest.raises(Unavailable, match="cannot be reached"):
        await reception.submissions.submit(police, plan.operation, said_by(police.id, plan, Information(text="all is well")))

    await at.installation.caught_up(plan)
    ledger = await at.door(plan.initiator).ledger(plan.operation)
    for answer in answers:
        assert isinstance(answer, Receipt)
        before = ledger[answer.seq - 1]
        assert isinstance(before, Entry)
        assert before.at == answer.entry.at


async def test_where_temporals_clock_was_read_before_what_comes_is_dated_by_that(at: At, monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporal is too slow to say what time it is, and has said so before: a stop is dated by that however long ago it was, and
    all else for a minute.
    """
    plan, reception, police = at.plan, at.installation.reception(), at.installation.directory.get("uz.police")
    await reception.submissions._pulse.clock()

    async def fails(_client: Client) -> Clock:
        raise Unavailable("Temporal cannot be reached")

    monkeypatch.setattr("gateway.health.look", fails)
    monkeypatch.setattr(reception.submissions._pulse._seen, "_fresh", -1.0)
    before = datetime.now(UTC)
    word, later = (said_by(police.id, plan, Information(text=text)) for text in ("all is well", "it still is"))
    answers = [await reception.submissions.submit(police, plan.operation, word)]
    monkeypatch.setattr("gateway.health.LASTS", -1.0)
    with pytest.raises(Unavailable):
        await reception.submissions.submit(police, plan.operation, later)
    answers.append(await reception.submissions.submit(police, plan.operation, stop_by(police.id, plan)))

    for answer in answers:
        assert isinstance(answer, Receipt)
        assert before - READ_IN <= instant(answer.entry.at) <= datetime.now(UTC)


async def test_nobody_passes_while_the_clock_is_being_looked_at(at: At) -> None:
    """All who come at once are told that it is behind, not the first alone."""
    pulse = wrong_by(at.installation.reception(), -timedelta(seconds=100))
    found = await asyncio.gather(*(pulse.on_time() for _ in range(20)), return_exceptions=True)

    assert [Unavailable] * 20 == [type(one) for one in found]


async def test_metrics_count_and_name_no_delivery_and_no_service(at: At) -> None:
    """Requests by action and status, refusals by code, statements by verdict; nothing else is in it."""
    with pytest.raises(NotAllowed):
        await at.door("kz.knb")._call("GET", "/v1/metrics")
    await at.door("uz.police").submit(at.plan.operation, stop_by("uz.police", at.plan))
    status, _, text = await got(at, "supervision", "/v1/metrics")

    assert 200 == status
    assert 'vigil_gateway_requests_total{action="start",method="POST",status="201"} 1.0' in text
    assert 'vigil_gateway_refusals_total{action="measure",code="not-allowed",rule=""} 1.0' in text
    assert 'vigil_statements_total{rule="",verdict="accepted"} 1.0' in text
    assert 'vigil_gateway_request_seconds_bucket{action="submit",le="30.0"} 1.0' in text
    assert 'vigil_gateway_under_way{lane="ask"} 1.0' in text
    secret = {at.plan.operation, at.plan.title, *at.plan.participants(), *(place.place for place in at.plan.checkpoints)}
    assert [] == [word for word in secret if word in text]


async def test_a_look_that_fails_leaves_no_number_of_the_one_before_and_the_next_one_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever it was that nobody had thought of: else the last numbers would stand for as long as the process does, and nobody
    would be woken by them.
    """
    monkeypatch.setattr("gateway.metrics.LOOK_EVERY", 0)
    metrics, looks, seen = Metrics(Limits()), 0, list[str]()

    async def health() -> Health:
        nonlocal looks
        looks += 1
        seen.extend(line.split()[1] for line in metrics.text().decode().splitlines() if line.startswith("vigil_archive_away "))
        if looks == 2:
            raise KeyError("odd")
        return Health(worker="up", archive="up" if looks == 1 else "away")

    looking = asyncio.create_task(metrics.go_on_looking(health))
    async with asyncio.timeout(60):
        while looks < 4 and not looking.done():  # noqa: ASYNC110 - no bell rings
            await asyncio.sleep(0)
    looking.cancel()

    assert ["NaN", "0.0", "NaN", "1.0"] == seen[:4]
