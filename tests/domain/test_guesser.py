"""Nobody learns by guessing what stands in an entry that is withheld, or left out of a packet: nothing that is shown of it fits a
guess, not even the true one.
"""

import hashlib
import itertools
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from domain.delivery.delivery import Delivery
from domain.delivery.event import Event
from domain.delivery.events import EVENTS, AnyEvent
from domain.delivery.ledger import Entry, LeftOut, Withheld, _salt
from domain.delivery.reported import Stated
from domain.delivery.statement import Statement
from domain.delivery.verdicts import Finding
from domain.record.door import read_statement
from domain.record.packet import seal, unseal
from domain.signing import tree
from domain.signing.canonical import canonical
from domain.views.sight import page
from domain.words.codes import CODES
from domain.words.errors import Malformed
from domain.words.moments import instant, utc_text
from rehearsal.services import VIGIL, private_key_of
from rehearsal.simulator import World, secret_of, simulate
from tests.support import Table, example_cards, example_directory, example_scenario, with_changes

SEED = 1
EVENT: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)
WINDOW, WIDER, NARROW = range(-50, 51), range(-500, 501), range(-3, 4)
"""Microseconds around a moment, each of which is tried: of the truth, of the truth where there is time, and of everything."""
FEW, MANY = 30, 60
"""Guesses at each kind of event: where it is to be quick, and where there is time."""

Salts = Callable[[int, bytes], Iterable[str]]
"""By number and content, as the true ones are made."""
Guess = tuple[Event, bytes]
"""What may stand there, and its canonical bytes."""


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


class Knowledge:
    """What somebody knows who knows every name, number, moment and signed word of a delivery, but not which stands where."""

    def __init__(self, delivery: Delivery) -> None:
        entries = [one for one in delivery.ledger.entries if isinstance(one, Entry)]
        every, everybody = delivery.state.every_checkpoint(), delivery.plan.participants()
        asked = (one.checkpoint.services() for one in every.values())
        self._named: dict[str, list[Any]] = defaultdict(list)
        self._named["checkpoint"], self._named["of"] = [*every], [*range(len(entries))]
        self._named["service"], self._named["to"] = [*everybody], [*everybody]
        self._texts = [delivery.plan.operation, delivery.ledger.root, *every, *dict.fromkeys(one.at for one in entries)]
        self._services = [*dict.fromkeys(((), *asked, everybody))]
        self._made: dict[type, list[Any]] = defaultdict(list)
        self._made[Finding] = [Finding(rule=one.rule, code=name) for name, one in CODES.items() if not one.shapes]
        for one in (*(entry.event for entry in entries), *delivery.directory.services[:2], *delivery.cards.values()):
            self._learn(one)

    def _learn(self, value: Any, name: str = "") -> None:
        """Remember what stands in it, by its form, and texts and numbers by the name of their field."""
        if isinstance(value, tuple):
            for one in value:
                self._learn(one)
        elif isinstance(value, BaseModel):
            if value not in self._made[type(value)]:
                self._made[type(value)].append(value)
            for inner in type(value).model_fields:
                self._learn(getattr(value, inner), inner)
        elif name and isinstance(value, str | int) and value not in self._named[name]:
            self._named[name].append(value)

    def guesses(self, model: type[Event], most: int) -> Iterator[Event]:
        """So many of this kind at most, spread over all that there could be."""
        fields = {name: self._candidates(name, field) for name, field in model.model_fields.items() if name != "event"}
        every = math.prod(map(len, fields.values()))
        for number in dict.fromkeys(every * part // most for part in range(most)) if every else ():
            chosen, rest = dict[str, Any](), number
            for name, values in fields.items():
                rest, index = divmod(rest, len(values))
                chosen[name] = values[index]
            with suppress(ValidationError, Malformed):
                yield model.model_validate(chosen)

    def _candidates(self, name: str, field: FieldInfo) -> list[Any]:
        """What may stand in a field: of all that might, what is of its form."""
        form: Any = Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation
        reads, found = TypeAdapter[Any](form), list[Any]()
        for one in self._of(name, field.annotation):
            with suppress(ValidationError, Malformed):
                reads.validate_python(one)
                found.append(one)
        return found

    def _of(self, name: str, annotation: Any) -> Iterable[Any]:
        origin, inner = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self._of(name, inner[0])
        if origin is Literal:
            return inner
        if origin in (Union, UnionType):
            return [one for part in inner for one in ((None,) if part is NoneType else self._of(name, part))]
        if origin is tuple:
            item = get_args(inner[0])[0] if get_origin(inner[0]) is Annotated else inner[0]
            return self._services if item is str else [(), *((one,) for one in self._made[item])]
        if annotation is int:
            return dict.fromkeys((*self._named[name], *range(4)))
        if annotation is str:
            return self._named[name] or self._texts
        return self._made[annotation]


def dictionary(delivery: Delivery, most: int) -> tuple[Guess, ...]:
    """What may stand in an entry, by whoever knows every name: of every kind of event that there is, so many."""
    knows = Knowledge(delivery)
    guesses = itertools.chain.from_iterable(knows.guesses(model, most) for model in EVENTS.values())
    return tuple((one, canonical(one)) for one in guesses)


def of_what_is_public(delivery: Delivery, seen: Iterable[Entry]) -> Salts:
    """Salts that come to mind: none, those of entries that the reader has seen, and digests of what it knows."""
    known = [delivery.plan.operation, delivery.state.plan_digest, delivery.ledger.root, *readers(delivery)]
    secrets = [b"", bytes(32), *(hashlib.sha256(one.encode()).digest() for one in known)]
    own = [one.salt for one in seen]
    fixed = ["", "0" * 64, *own, *(hashlib.sha256(one.encode()).hexdigest() for one in known)]

    def salts(seq: int, body: bytes) -> Iterable[str]:
        yield from fixed
        yield hashlib.sha256(body).hexdigest()
        yield hashlib.sha256(str(seq).encode()).hexdigest()
        yield from (_salt(one, seq, body) for one in secrets)

    return salts


def guessed(
    delivery: Delivery,
    leaves: dict[int, str],
    salts: Salts,
    guesses: Sequence[Guess] = (),
    *,
    window: range = range(1),
    every: range = range(1),
) -> dict[int, Event]:
    """What a guesser finds: leaves that an entry has under one of the salts, the truth at a moment of `window`, and each of
    `guesses` at one of `every`.
    """
    found: dict[int, Event] = {}
    for seq, text in leaves.items():
        entry, leaf = delivery.ledger[seq], bytes.fromhex(text)
        assert isinstance(entry, Entry)
        for event, body in ((entry.event, canonical(entry.event)), *guesses):
            around = tuple(moments(entry.at, window if event is entry.event else every))
            for one in salts(seq, body):
                rest = b'","event":%b,"salt":"%b","seq":%d}' % (body, one.encode(), seq)
                if any(tree.leaf(b'{"at":"%b%b' % (at, rest)) == leaf for at in around):
                    found[seq] = event
    return found


def moments(true: str, window: range) -> Iterator[bytes]:
    """The moment itself and those around it."""
    return (utc_text(instant(true) + timedelta(microseconds=one)).encode() for one in window)


def few(seq: int, body: bytes) -> Iterable[str]:
    """Salts where there is time for few of them."""
    return ("", "0" * 64, _salt(b"", seq, body))


def true(seq: int, body: bytes) -> Iterable[str]:
    """The salt itself, by whoever has the secret."""
    return (_salt(secret_of(SEED), seq, body),)


def test_the_dictionary_has_every_kind_of_event_that_there_is(delivery: Delivery) -> None:
    """A new kind is guessed at from the day it exists. Some of what stands in the ledger is in it unasked."""
    guesses = dictionary(delivery, FEW)
    bodies = {body for _, body in guesses}
    truths = {one.event.event for one in delivery.ledger.entries if isinstance(one, Entry) and canonical(one.event) in bodies}

    assert set(EVENTS) == {EVENT.validate_json(body).event for body in bodies}
    assert {"cleared", "ended"} <= truths


def test_the_guesser_finds_everything_once_it_has_the_secret(delivery: Delivery) -> None:
    """So what it does not find without is hidden by the salt alone."""
    reader = readers(delivery)[-1]
    leaves = withheld(delivery, reader)

    assert len(leaves) > 20
    found = guessed(delivery, leaves, true, dictionary(delivery, FEW))
    assert {seq: delivery.ledger[seq].event for seq in leaves} == found  # type: ignore[union-attr]


@pytest.mark.whole
def test_nothing_that_is_withheld_is_guessed_by_any_reader(delivery: Delivery) -> None:
    """With the truth in its dictionary, every salt it has seen and every one it can make of what it knows: the truth at each
    microsecond of a wide window, and every guess at those around the moment.
    """
    guesses = dictionary(delivery, MANY)
    for reader in readers(delivery):
        leaves = withheld(delivery, reader)
        salts = of_what_is_public(delivery, shown(delivery, reader))
        assert {} == guessed(delivery, leaves, salts, guesses), reader
        assert {} == guessed(delivery, leaves, few, guesses, window=WIDER, every=NARROW), reader
        assert {} == guessed(delivery, leaves, salts, window=WIDER), reader


def test_nothing_is_guessed_at_any_microsecond_of_a_window(delivery: Delivery) -> None:
    """The moment of an entry is not what hides it: each microsecond around it is tried, and every kind of event at the moment."""
    reader = readers(delivery)[-1]

    assert {} == guessed(delivery, withheld(delivery, reader), few, dictionary(delivery, FEW), window=WINDOW)


def test_nothing_that_is_left_out_of_a_packet_for_a_court_is_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who knows all of it but officer, second and text, and has the truth in the dictionary, finds no digest of it in the packet;
    and who has the very entry but for its salt does not find its leaf.
    """
    monkeypatch.setattr("tests.support.SECRET", secret_of(SEED))
    table = Table(with_changes(plan_={"handling_code": "H0"}))
    table.say("kz.police", "information", text="our man in the post office", handling={"code": "H1", "caveat": ""})
    packet, manifest, _ = unseal(seal(table.delivery, "", private_key_of(VIGIL), table.now, "court"))
    (out,) = (one for one in packet.ledger if isinstance(one, LeftOut))
    entry = table.delivery.ledger[out.seq]
    assert isinstance(entry, Entry)
    assert isinstance(entry.event, Stated)

    payloads = list(what_may_have_been_said(read_statement(entry.event.envelope)))
    digests = set(re.findall("[0-9a-f]{64}", (canonical(packet) + canonical(manifest)).decode()))
    seen = [one for one in packet.ledger if isinstance(one, Entry)]

    assert entry.event.envelope.body() in payloads
    assert [] == [one for one in payloads if hashlib.sha256(one).hexdigest() in digests]
    salts = of_what_is_public(table.delivery, seen)
    assert {} == guessed(table.delivery, {out.seq: out.leaf}, salts, dictionary(table.delivery, FEW))
    found = guessed(table.delivery, {out.seq: out.leaf}, true)
    assert {out.seq: entry.event} == found


def what_may_have_been_said(said: Statement) -> Iterator[bytes]:
    """Each officer, at each second of a few minutes, saying each of some texts: what was said among it."""
    for officer in ("officer-1", "officer-2", "officer-3"):
        for second in range(-100, 101):
            happened_at = (instant(said.happened_at) + timedelta(seconds=second)).isoformat()
            for text in ("our man in the post office", "the sender has a cousin", "nothing"):
                content = said.content.model_copy(update={"text": text})
                guess = {"officer": officer, "happened_at": happened_at, "content": content}
                yield canonical(said.model_copy(update=guess))
