"""Everything that reads bytes from outside, each with valid examples to spoil: whatever comes in, nothing but `VigilError`.

The tests spoil them with Hypothesis, `make fuzz-parsers` with atheris, which follows the code that each input reaches.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError

from domain.delivery.delivery import Delivery
from domain.delivery.reported import Amended
from domain.plan import proof
from domain.plan.cards import RuleCard
from domain.plan.check import faults_in, rules
from domain.plan.directory import Directory
from domain.plan.documents import Document
from domain.plan.plan import Plan, read_plan
from domain.record.door import amend, read_statement, resume, submit
from domain.record.verify import verify
from domain.signing.canonical import canonical
from domain.signing.envelope import PLAN_TYPE, STATEMENT_TYPE, Envelope, open_envelope, sign
from domain.words.errors import Malformed, VigilError
from gateway.limits import lane_of
from rehearsal.scenario import GroupScenario, Scenario
from rehearsal.services import EPOCH, private_key_of
from tests.support import EXAMPLES, SECRET, Table, example_cards, example_directory, example_plan, signed_plan

Reader = Callable[[bytes], object]
SERVICE = "uz.police"


@dataclass(frozen=True)
class Door:
    """One way in."""

    read: Reader
    """Raises `VigilError` or nothing."""
    valid: Callable[[], list[bytes]]
    """What it takes without complaint."""
    yaml: bool = False


@cache
def table() -> Table:
    """A delivery on its way. It is never changed: each reader works on a copy."""
    return Table().dispatch()


def under_way() -> Delivery:
    """A copy of it."""
    return resume(table().directory, table().cards, table().delivery.ledger.entries, SECRET)


@cache
def _said() -> list[bytes]:
    kinds = ("sighted", "handover_offered", "stop_requested", "authorisation_granted", "prepared", "seizure", "arrest_made")
    at = table()
    return [canonical(at.statement(SERVICE, kind)) for kind in kinds]


def _envelopes() -> list[bytes]:
    signed = [sign(payload, STATEMENT_TYPE, private_key_of(SERVICE)) for payload in _said()]
    return [one.model_dump_json().encode() for one in [*signed, signed_plan(example_plan())]]


def read_envelope(data: bytes) -> None:
    """As the gateway does: form, lane, base64, signatures."""
    lane_of("submit", data)
    try:
        envelope = Envelope.model_validate_json(data)
    except ValidationError as error:
        raise Malformed("no envelope") from error
    envelope.fingerprint()
    open_envelope(envelope, STATEMENT_TYPE, table().directory.get(SERVICE).keys_at(EPOCH))


def hand_in(data: bytes) -> None:
    """As the workflow does: a signed statement of any content, to a delivery under way."""
    envelope = sign(data, STATEMENT_TYPE, private_key_of(SERVICE))
    read_statement(envelope)
    submit(under_way(), envelope, table().now)


def start(data: bytes) -> None:
    """As the gateway does: a signed plan of any content."""
    faults_in(read_plan(sign(data, PLAN_TYPE, private_key_of("kz.knb"))), example_directory(), example_cards())


def change(data: bytes) -> None:
    """As the workflow does: a signed plan of any content, in the place of that of a delivery under way."""
    envelope = sign(data, PLAN_TYPE, private_key_of("kz.knb"))
    read_plan(envelope)
    amend(under_way(), Amended(plan=envelope), table().now)


def read_yaml(model: type[BaseModel]) -> Reader:
    """As the command line does: a file with every fault at its line, and of a plan what the rules find."""

    def read(data: bytes) -> None:
        checks = rules(example_directory(), example_cards()) if model is Plan else ()
        Document(data.decode(errors="replace"), "file.yaml").read(model, checks)

    return read


def read_proof(data: bytes) -> None:
    """As the gateway does."""
    proof.check(data.decode(errors="surrogateescape"), table().directory, "GET", "http://x/", b"", now=EPOCH)


def _proofs() -> list[bytes]:
    made = proof.make(SERVICE, private_key_of(SERVICE), "GET", "http://x/", b"", now=EPOCH, nonce="once", officer="P-1")
    return [made.encode()]


def _files(pattern: str) -> Callable[[], list[bytes]]:
    return lambda: [path.read_bytes() for path in sorted(EXAMPLES.glob(pattern))]


DOORS: dict[str, Door] = {
    "envelope": Door(read_envelope, _envelopes),
    "statement": Door(hand_in, _said),
    "plan": Door(start, lambda: [canonical(example_plan())]),
    "changed plan": Door(change, lambda: [canonical(example_plan())]),
    "proof": Door(read_proof, _proofs),
    "packet": Door(verify, lambda: [table().packet()]),
    "plan file": Door(read_yaml(Plan), _files("*/plan.yaml"), yaml=True),
    "directory file": Door(read_yaml(Directory), _files("directory.yaml"), yaml=True),
    "card file": Door(read_yaml(RuleCard), _files("cards/*.yaml"), yaml=True),
    "scenario file": Door(read_yaml(Scenario), _files("*/scenario.yaml"), yaml=True),
    "scenario of a group": Door(read_yaml(GroupScenario), _files("*-parcels/scenario.yaml"), yaml=True),
}


def tried(name: str, data: bytes) -> VigilError | None:
    """What became of it: the refusal, or None. Anything else that is raised is a bug."""
    try:
        DOORS[name].read(data)
    except VigilError as error:
        return error
    return None


def as_json(value: Any) -> bytes:
    """JSON as anyone may write it, surrogates and all."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode()
