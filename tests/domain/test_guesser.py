"""Nobody learns by guessing what stands in an entry that is withheld, or left out of a packet: nothing that is shown of it fits a
guess, not even the true one.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

import pytest

from domain.delivery.decided import Cleared, Closed, Ended, LookDue, Opened, Reminded
from domain.delivery.delivery import Delivery
from domain.delivery.event import Event
from domain.delivery.ledger import Entry, LeftOut, Withheld, salt
from domain.delivery.reported import Asked, Released, Stated
from domain.delivery.statement import Statement
from domain.record.door import read_statement
from domain.record.packet import seal, unseal
from domain.signing import tree
from domain.signing.canonical import canonical
from domain.views.sight import page
from domain.words.moments import instant, utc_text
from rehearsal.services import VIGIL, private_key_of
from rehearsal.simulator import World, secret_of, simulate
from tests.support import Table, example_cards, example_directory, example_scenario, with_changes

SEED = 1
WINDOW = range(-50, 51)
"""Microseconds around a moment, each of which is tried."""

Salts = Callable[[int, Event], Iterable[str]]


@pytest.fixture(scope="module")
def delivery() -> Delivery:
    """A whole delivery of the examples."""
    plan, scenario = example_scenario("almaty-tashkent")
    return simulate(World(plan, example_directory(), example_cards(), scenario, SEED)).delivery


def readers(delivery: Delivery) -> list[str]:
    """Those from whom something is withheld."""
    return [one for one in delivery.plan.participants() if withheld(delivery, one)]


def shown(delivery: Delivery, reader: str) -> list[Entry]:
    """What a reader has, salts and all."""
    return [one for one in page(delivery, delivery.directory.get(reader), 0) if isinstance(one, Entry)]


def withheld(delivery: Delivery, reader: str) -> dict[int, str]:
    """The leaves of what is not its to read."""
    return {one.seq: one.leaf for one in page(delivery, delivery.directory.get(reader), 0) if isinstance(one, Withheld)}


def dictionary(delivery: Delivery, seq: int) -> Iterator[Event]:
    """What may stand there, by whoever knows every name: the truth among it."""
    entry = delivery.ledger[seq]
    assert isinstance(entry, Entry)
    yield entry.event
    yield from (Released(), Ended(), LookDue(), Cleared(leg=0), Cleared(leg=1))
    for name, progress in delivery.state.every_checkpoint().items():
        yield Closed(checkpoint=name, result="satisfied")
        yield Opened(checkpoint=name, due=entry.at)
        yield Asked(checkpoint=name, received=progress.checkpoint.services())
        yield Reminded(checkpoint=name, services=progress.checkpoint.services(), rung=1)


def of_what_is_public(delivery: Delivery, seen: Iterable[Entry]) -> Salts:
    """Salts that come to mind: none, those of entries that the reader has seen, and digests of what it knows."""
    known = [delivery.plan.operation, delivery.state.plan_digest, delivery.ledger.root, *readers(delivery)]
    secrets = [b"", bytes(32), *(hashlib.sha256(one.encode()).digest() for one in known)]
    own = [one.salt for one in seen]
    fixed = ["", "0" * 64, *own, *(hashlib.sha256(one.encode()).hexdigest() for one in known)]

    def salts(seq: int, event: Event) -> Iterable[str]:
        yield from fixed
        yield hashlib.sha256(canonical(event)).hexdigest()
        yield hashlib.sha256(str(seq).encode()).hexdigest()
        yield from (salt(one, seq, event) for one in secrets)

    return salts


def guessed(delivery: Delivery, leaves: dict[int, str], salts: Salts, window: range) -> dict[int, Event]:
    """What a guesser finds: leaves that an entry of the dictionary has at a moment of the window, under one of the salts."""
    found: dict[int, Event] = {}
    for seq, leaf in leaves.items():
        true = delivery.ledger[seq]
        assert isinstance(true, Entry)
        for event in dictionary(delivery, seq):
            body = canonical(event)
            for one in salts(seq, event):
                for at in moments(true.at, window if event == true.event else range(1)):
                    data = b'{"at":"%b","event":%b,"salt":"%b","seq":%d}' % (at, body, one.encode(), seq)
                    if tree.leaf(data).hex() == leaf:
                        found[seq] = event
    return found


def moments(true: str, window: range) -> Iterator[bytes]:
    """The moment itself and those around it."""
    return (utc_text(instant(true) + timedelta(microseconds=one)).encode() for one in window)


def test_the_guesser_finds_everything_once_it_has_the_secret(delivery: Delivery) -> None:
    """So what it does not find without is hidden by the salt alone."""
    reader = readers(delivery)[-1]
    leaves = withheld(delivery, reader)

    assert len(leaves) > 20
    found = guessed(delivery, leaves, lambda seq, event: [salt(secret_of(SEED), seq, event)], range(1))
    assert {seq: delivery.ledger[seq].event for seq in leaves} == found  # type: ignore[union-attr]


@pytest.mark.slow
def test_nothing_that_is_withheld_is_guessed_by_any_reader(delivery: Delivery) -> None:
    """With the truth in its dictionary, every salt it has seen and every one it can make of what it knows."""
    for reader in readers(delivery):
        leaves = withheld(delivery, reader)
        assert {} == guessed(delivery, leaves, of_what_is_public(delivery, shown(delivery, reader)), range(1)), reader


def test_nothing_is_guessed_at_any_microsecond_of_a_window(delivery: Delivery) -> None:
    """The moment of an entry is not what hides it: each microsecond around it is tried."""
    reader = readers(delivery)[-1]

    def few(seq: int, event: Event) -> Iterable[str]:
        return ("", "0" * 64, salt(b"", seq, event))

    assert {} == guessed(delivery, withheld(delivery, reader), few, WINDOW)


def test_nothing_that_is_left_out_of_a_packet_for_a_court_is_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who knows all of it but officer, second and text, and has the truth in the dictionary, finds no digest of it in the packet;
    and who has the very entry but for its salt does not find its leaf.
    """
    monkeypatch.setattr("tests.support.SECRET", secret_of(SEED))
    table = Table(with_changes(plan_={"handling_code": "H0"}))
    table.say("kz.police", "information", text="our man in the post office", handling={"code": "H1", "caveat": ""})
    packet, manifest, _ = unseal(seal(table.delivery, "", private_key_of(VIGIL), table.now, "court"))
    (out,) = (one for one in packet.ledger if isinstance(one, LeftOut))
    true = table.delivery.ledger[out.seq]
    assert isinstance(true, Entry)
    assert isinstance(true.event, Stated)

    payloads = list(what_may_have_been_said(read_statement(true.event.envelope)))
    digests = set(re.findall("[0-9a-f]{64}", (canonical(packet) + canonical(manifest)).decode()))
    seen = [one for one in packet.ledger if isinstance(one, Entry)]

    assert true.event.envelope.body() in payloads
    assert [] == [one for one in payloads if hashlib.sha256(one).hexdigest() in digests]
    assert {} == guessed(table.delivery, {out.seq: out.leaf}, of_what_is_public(table.delivery, seen), range(1))
    found = guessed(table.delivery, {out.seq: out.leaf}, lambda seq, event: [salt(secret_of(SEED), seq, event)], range(1))
    assert {out.seq: true.event} == found


def what_may_have_been_said(said: Statement) -> Iterator[bytes]:
    """Each officer, at each second of a few minutes, saying each of some texts: what was said among it."""
    for officer in ("officer-1", "officer-2", "officer-3"):
        for second in range(-100, 101):
            happened_at = (instant(said.happened_at) + timedelta(seconds=second)).isoformat()
            for text in ("our man in the post office", "the sender has a cousin", "nothing"):
                content = said.content.model_copy(update={"text": text})
                guess = {"officer": officer, "happened_at": happened_at, "content": content}
                yield canonical(said.model_copy(update=guess))
