"""What becomes of answers that a polled service gives, before any delivery hears of them."""

from datetime import UTC, datetime, timedelta
from typing import Never

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from activities import polled
from activities.polled import MOST_UNHEARD, MOST_WORDS, PollProgress
from activities.relay import Relay
from domain.signing.envelope import STATEMENT_TYPE, sign
from domain.words.limits import MOST_ANSWERS
from domain.words.moments import utc_text
from process.in_force import InForce, InMemory
from rehearsal.services import VIGIL, cast, private_key_of
from tests.activities.test_checkpoint import revocation_of
from tests.support import example_directory


async def test_what_nobody_has_signed_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither an answer under a key that nobody here has, nor one whose signature does not fit, is read."""

    def read(_envelope: object) -> Never:
        raise AssertionError("it was read")

    monkeypatch.setattr(polled, "read_statement", read)
    monkeypatch.setattr(polled, "moment", lambda: datetime.now(UTC))
    strange = sign(b"{", STATEMENT_TYPE, Ed25519PrivateKey.generate())
    other = sign(b"[", STATEMENT_TYPE, private_key_of("uz.prosecutor"))
    forged = strange.model_copy(update={"signatures": other.signatures})
    progress = PollProgress()
    await polled.take(
        (strange, forged),
        progress,
        InForce(cast(example_directory(), ("uz.prosecutor",))),
        Relay(private_key_of(VIGIL)),
        "saxaul-22",
    )

    assert (["waits=1:not-authentic"], ["refused=2:not-authentic"]) == (progress.waits, progress.refused)


@pytest.mark.parametrize("late", [timedelta(), timedelta(seconds=5)], ids=["at once", "late"])
async def test_a_key_that_was_revoked_a_moment_ago_signs_no_answer(monkeypatch: pytest.MonkeyPatch, late: timedelta) -> None:
    """Another process has entered that: the worker looks before it takes what came, though no delivery has heard of it yet. Also
    where the worker was busy and its attempt began late, so that by its clock the key still counts.
    """
    changes, directory, name = InMemory(), cast(example_directory(), ("uz.prosecutor",)), "uz.prosecutor"
    gateway, worker = InForce(directory, changes), InForce(directory, changes)
    monkeypatch.setattr(polled, "moment", lambda: datetime.now(UTC) - late)

    async def taken() -> list[str]:
        progress, unreadable = PollProgress(), sign(b"{", STATEMENT_TYPE, private_key_of(name))
        await polled.take((unreadable,), progress, worker, Relay(private_key_of(VIGIL)), "saxaul-22")
        return progress.refused

    before = await taken()
    await gateway.enter(revocation_of(name), private_key_of(VIGIL), lambda _: None)

    assert ["refused=1:malformed"] == before
    assert ["refused=1:not-authentic"] == await taken()


def test_a_key_that_is_to_be_revoked_tomorrow_counts_until_then() -> None:
    """As at a gateway (section 2 of the protocol): a stop under it is not thrown away."""
    known, name = cast(example_directory(), ("uz.prosecutor",)), "uz.prosecutor"
    now = datetime.now(UTC)
    ends = {"revoked_at": utc_text(now + timedelta(days=1))}
    soon = known.get(name).model_copy(update={"keys": tuple(one.model_copy(update=ends) for one in known.get(name).keys)})
    services = tuple(soon if one.id == name else one for one in known.services)
    said = sign(b"{", STATEMENT_TYPE, private_key_of(name))

    assert soon == polled._speaker(said, known.model_copy(update={"services": services}), now)


async def test_a_service_that_answers_noise_without_end_fills_no_memory() -> None:
    """However much noise it sends, so much is remembered and no more; what it says in between is taken, and each is told it."""
    directory, relay = InForce(cast(example_directory(), ("uz.prosecutor",))), Relay(private_key_of(VIGIL))
    progress, told = PollProgress(), list[str]()
    for _ in range(20):
        await polled.take((None,) * MOST_ANSWERS, progress, directory, relay, "saxaul-22")
        assert len(progress.refused) <= MOST_UNHEARD
        assert len(progress.settled) <= MOST_ANSWERS
        told += progress.words()
        progress.heard()

    assert [f"refused={number}:malformed" for number in range(1, len(told) + 1)] == told
    assert MOST_UNHEARD + 19 * MOST_WORDS == progress.after
