"""What goes from one run to the next: the state, the edge of the tree, and the entries that the archive has not yet.

It is bounded whatever was said (`domain.words.limits`), and a delivery that goes on from it judges as one that has every entry.
Nothing is loaded, so nothing waits for the archive, a stop least of all.
"""

import base64
from typing import Annotated, Any

from pydantic import Field, JsonValue, TypeAdapter, ValidationError

from domain.delivery.delivery import Delivery, Rules
from domain.delivery.holdings import told
from domain.delivery.known import KnownStatements
from domain.delivery.ledger import Entry, Ledger
from domain.delivery.state import State
from domain.signing.canonical import Frozen
from domain.signing.tree import Frontier
from domain.words.errors import Malformed, faults_of
from domain.words.text import fill, mark

_STATE: TypeAdapter[State] = TypeAdapter(State)


class Carried(Frozen):
    """One delivery between two runs."""

    rules: Annotated[int, Field(ge=1)]
    """The version of the rules that it is under to its end."""
    state: dict[str, JsonValue]
    """All that the entries add up to, but the statements that are known."""
    speakers: tuple[str, ...]
    known: str
    """The table of known statements, base64; see `KnownStatements`."""
    kept: Annotated[int, Field(ge=0)]
    """The archive has the first so many entries."""
    peaks: str
    """Of the tree of those: base64 of roots of its full subtrees, the largest first, 32 bytes each."""
    unkept: tuple[Entry, ...]
    """The entries after those, with their salts. Their proofs and roots follow from the tree."""

    def led_to_by(self, whole: Delivery) -> bool:
        """Whether this is what follows from all entries, for whoever has them."""
        theirs = carried(whole)
        size = self.kept + len(self.unkept)
        same = theirs.model_copy(update={"kept": self.kept, "peaks": self.peaks, "unkept": self.unkept})
        return self == same and size == len(whole.ledger) and self.unkept == whole.ledger.since(self.kept)


def carried(delivery: Delivery) -> Carried:
    """What the next run goes on from."""
    state, ledger = delivery.state, delivery.ledger
    words = _STATE.dump_python(state, mode="json")
    for name, progress in words["progress"].items():
        if state.progress[name].checkpoint == state.plan.find(name):
            del progress["checkpoint"]  # it stands in the plan
        else:
            progress["checkpoint"] = state.progress[name].checkpoint.model_dump(mode="json", exclude_defaults=True)
        for word in [word for word, value in progress.items() if not value and word != "due"]:
            del progress[word]  # as it is where nothing has happened yet
    words["exhibits"] = told(state.exhibits)
    for grant in words["grants"].values():
        if grant["given_at"] is None:
            del grant["given_at"]  # it was given in writing
    if not words["agreed"]:
        del words["agreed"]  # nobody agreed before it was written
    if words["closer"] is None:
        del words["closer"]
    if not words["weighed"]:
        del words["weighed"]
    for permit in (one for permits in words["permits"].values() for one in permits):
        if not permit["urgent"]:
            del permit["urgent"]
    return Carried.model_construct(
        rules=delivery.law.version,
        state=words,
        speakers=state.statements.speakers,
        known=state.statements.packed(),
        kept=ledger.kept,
        peaks=base64.b64encode(b"".join(ledger.edge.peaks)).decode(),
        unkept=ledger.entries,
    )


def going_on(carried: Carried, law: Rules, secret: bytes) -> Delivery:
    """The delivery that this was. Raises `Malformed` for what was carried by no run."""
    try:
        delivery = Delivery.of(_state(carried, secret), Ledger(secret, _edge(carried)), law)
    except ValidationError as error:
        raise Malformed(mark("not what a run carries to the next"), faults_of(error)) from error
    except (ValueError, LookupError) as error:
        raise Malformed(fill("not what a run carries to the next: {error}", error=error)) from error
    for entry in carried.unkept:
        delivery.ledger.append(entry)
    return delivery


def _state(carried: Carried, secret: bytes) -> State:
    words: dict[str, Any] = {**carried.state}
    planned = {one["id"]: one for one in words["plan"]["checkpoints"]}
    words["progress"] = {name: {"checkpoint": planned.get(name)} | one for name, one in words["progress"].items()}
    words["exhibits"] = {label: words["exhibits"]["said"][number] for label, number in words["exhibits"]["of"].items()}
    state = _STATE.validate_python(words)
    state.statements = KnownStatements.unpacked(secret, carried.speakers, carried.known)
    return state


def _edge(carried: Carried) -> Frontier:
    peaks = base64.b64decode(carried.peaks, validate=True)
    return Frontier(carried.kept, [peaks[start : start + 32] for start in range(0, len(peaks), 32)])
