"""docs/vectors holds test vectors of the protocol as they are made now; the code that is tested by them agrees with each."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.delivery.ledger import Entry, Withheld
from domain.plan import proof
from domain.plan.directory import Directory, Service, ServiceKey
from domain.record.receipts import Comparison, opened, read_receipt
from domain.record.verify import verify
from domain.signing.envelope import Envelope, open_envelope
from domain.signing.tree import root_of
from domain.words.errors import VigilError
from tests.docs.published import DOCS, vectors
from tests.docs.vectors import NOW
from tests.reference import protocol

FOLDER = DOCS / "vectors"
PROOFS, ENVELOPES, TREE, RECEIPTS, PACKETS = (
    json.loads((FOLDER / f"{name}.json").read_text()) for name in ("proofs", "envelopes", "tree", "receipts", "packets")
)


def known(document: Any) -> list[str]:
    """Public keys that whoever tests knows."""
    return [one["public"] for one in document["keys"] if one["service"] in document["known"]]


def named(document: Any) -> Any:
    """One test for each vector of a file."""
    return pytest.mark.parametrize("vector", document["vectors"], ids=lambda vector: vector["name"])


@pytest.mark.parametrize("path", sorted(FOLDER.iterdir()), ids=lambda path: path.name)
def test_committed_vectors_are_what_the_code_makes(path: Path) -> None:
    """The file in docs/vectors is what is made now, byte for byte."""
    assert path.read_text(encoding="utf-8") == vectors()[path], "out of date: `make vectors`"


def test_no_file_is_left_over() -> None:
    """There is a file for each kind of vector, and no other."""
    assert set(FOLDER.iterdir()) == set(vectors())


@named(PROOFS)
def test_the_reference_service_takes_the_right_proofs(vector: Any) -> None:
    """What is to be accepted is, and nothing else."""
    call, keys = PROOFS["call"], protocol.by_id(known(PROOFS))
    said = (vector["authorization"], call["caller"], keys, call["method"], call["url"], call["body"].encode(), call["now"])
    assert vector["accepted"] == succeeds(lambda: protocol.check_proof(*said), protocol.RefusedError)


@named(PROOFS)
def test_our_own_code_takes_the_right_proofs(vector: Any) -> None:
    """What is to be accepted is, and nothing else."""
    call = PROOFS["call"]
    keys = tuple(ServiceKey(public=public, valid_from="2026-01-01T00:00:00Z") for public in known(PROOFS))
    vigil = Service(id=call["caller"], kind="system", names={"en": "Vigil"}, keys=keys)
    directory = Directory(vigil="directory/1", services=(vigil,))
    said = (vector["authorization"], directory, call["method"], call["url"], call["body"].encode())
    now = datetime.fromtimestamp(call["now"], NOW.tzinfo)
    assert vector["accepted"] == succeeds(lambda: proof.check(*said, now=now), VigilError)


@named(ENVELOPES)
def test_the_reference_service_takes_the_right_envelopes(vector: Any) -> None:
    """What is to be accepted is, and nothing else."""
    body, keys = json.dumps(vector["envelope"]).encode(), protocol.by_id(known(ENVELOPES))
    assert vector["accepted"] == succeeds(lambda: protocol.open_envelope(body, ENVELOPES["type"], keys), protocol.RefusedError)


@named(ENVELOPES)
def test_our_own_code_takes_the_right_envelopes(vector: Any) -> None:
    """What is to be accepted is, and nothing else; its payload is the one that the file names."""
    keys = protocol.by_id(known(ENVELOPES))

    def opened() -> None:
        payload = open_envelope(Envelope.model_validate(vector["envelope"]), ENVELOPES["type"], keys)
        assert ENVELOPES["payload"].encode() == payload

    assert vector["accepted"] == succeeds(opened, VigilError, ValidationError)


@named(TREE)
def test_both_readers_take_the_right_proofs_of_the_tree(vector: Any) -> None:
    """RFC 6962: a leaf is shown to be where it is, and nowhere else."""
    steps = [bytes.fromhex(one) for one in vector["proof"]]
    given = (bytes.fromhex(vector["leaf"]), vector["index"], vector["size"], steps)

    def theirs() -> bool:
        return bool(protocol.root_of(*given).hex() == vector["root"])

    ours = root_of(*given)
    assert vector["accepted"] == (ours is not None and ours.hex() == vector["root"])
    assert vector["accepted"] == (succeeds(theirs, ValueError) and theirs())


@named(RECEIPTS)
def test_both_readers_take_the_right_receipts(vector: Any) -> None:
    """Signed by Vigil, whole, and of the ledger that stands beside it."""
    body, keys = json.dumps(vector["envelope"]).encode(), protocol.by_id(known(RECEIPTS))
    envelope = Envelope.model_validate(vector["envelope"])
    directory = Directory(vigil="directory/1", services=(system_of(RECEIPTS),))
    comparison = Comparison("saxaul-22", [read_receipt(envelope)] if vector["accepted"] else [])
    for entry in RECEIPTS["entries"]:
        comparison.see(SEEN.validate_python(entry))
    comparison.ends_at(len(RECEIPTS["entries"]), RECEIPTS["root"])

    assert vector["accepted"] == succeeds(lambda: opened(envelope, directory), VigilError)
    if vector["accepted"]:
        receipt, rest = protocol.open_receipt(body, keys), RECEIPTS["entries"]
        edge = protocol.Edge.of(receipt)
        assert (receipt["size"], receipt["root"]) == (edge.size, edge.root())
        protocol.compare(edge, rest[receipt["size"] :], [(len(rest), RECEIPTS["root"])])
        with pytest.raises(protocol.RefusedError, match="another than we have been shown before"):
            protocol.compare(protocol.Edge.of(receipt), [], [(receipt["size"], "0" * 64)])
        with pytest.raises(protocol.RefusedError, match="another than we have been shown before"):
            protocol.compare(protocol.Edge.of(receipt), rest[receipt["size"] :], [(len(rest), "0" * 64)])
    if vector["name"] != "not in canonical form":  # Vigil's own signature is on it: the reference service looks no further
        assert vector["accepted"] == succeeds(lambda: protocol.open_receipt(body, keys), protocol.RefusedError)


@named(PACKETS)
def test_a_packet_is_verified_with_its_receipts(vector: Any) -> None:
    """As it is, with what it proves; with any text changed it is not."""
    file = PACKETS["file"].replace(*vector["replace"]).encode() if vector["replace"][0] else PACKETS["file"].encode()
    receipts = [Envelope.model_validate(one) for one in PACKETS["receipts"]]

    assert vector["accepted"] == succeeds(lambda: verify(file, receipts=receipts), VigilError)
    if vector["accepted"]:
        proved = verify(file, receipts=receipts)
        assert (PACKETS["size"], PACKETS["root"], len(receipts)) == (proved.size, proved.root, proved.receipts)


def system_of(document: Any) -> Service:
    """Vigil, with its key of the vectors."""
    keys = tuple(ServiceKey(public=public, valid_from="2026-01-01T00:00:00Z") for public in known(document))
    return Service(id="vigil", kind="system", names={"en": "Vigil"}, keys=keys)


SEEN: TypeAdapter[Entry | Withheld] = TypeAdapter(Entry | Withheld)


def succeeds(work: Any, *refused: type[Exception]) -> bool:
    """Whether it does, or refuses as it should."""
    try:
        work()
    except refused:
        return False
    return True
