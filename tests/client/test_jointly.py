"""A joint plan on the command line: countersigned by one initiator, started by the other."""

import json
from pathlib import Path

import pytest

from client import jointly
from domain.plan.plan import read_plan
from domain.record.door import verified_plan
from domain.signing.envelope import Envelope
from domain.words.errors import Malformed, NotAllowed
from rehearsal.services import EPOCH, private_key_of
from tests.support import Table, with_changes

JOINT = with_changes(plan_={"co_initiator": "uz.customs"})


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_both_signatures_come_together_under_one_plan(tmp_path: Path) -> None:
    """The file of the one and the key of the other make what both have signed."""
    path = jointly.countersigned(JOINT, "uz.customs", private_key_of("uz.customs"))
    envelope = jointly.signed(JOINT, private_key_of("kz.knb"), path, tmp_path)
    assert path.name == "saxaul-22.plan.json"
    assert verified_plan(envelope, Table(JOINT).directory, EPOCH) == JOINT


def test_a_plan_of_two_is_not_signed_by_one_alone(tmp_path: Path) -> None:
    """Without the other's file nothing is handed in; a plan of one needs none."""
    with pytest.raises(Malformed, match="two initiators"):
        jointly.signed(JOINT, private_key_of("kz.knb"), None, tmp_path)
    assert read_plan(jointly.signed(with_changes(), private_key_of("kz.knb"), None, tmp_path)) == with_changes()


def test_only_an_initiator_of_two_countersigns() -> None:
    """Neither a stranger, nor the only initiator."""
    for plan, service in ((JOINT, "uz.police"), (with_changes(), "kz.knb")):
        with pytest.raises(NotAllowed, match="none of two initiators"):
            jointly.countersigned(plan, service, private_key_of(service))


def test_what_was_signed_is_this_plan(tmp_path: Path) -> None:
    """Another plan, another kind of envelope and what is none are found."""
    path = jointly.countersigned(JOINT, "uz.customs", private_key_of("uz.customs"))
    with pytest.raises(Malformed, match="another plan"):
        jointly.signed(with_changes(JOINT, departure={"due": "P2D"}), private_key_of("kz.knb"), path, tmp_path)
    envelope = Envelope.model_validate_json(path.read_bytes())
    path.write_text(envelope.model_copy(update={"payloadType": "application/other"}).model_dump_json())
    with pytest.raises(Malformed, match="another plan"):
        jointly.signed(JOINT, private_key_of("kz.knb"), path, tmp_path)
    path.write_text(json.dumps({"no": "envelope"}))
    with pytest.raises(Malformed, match="no signed plan"):
        jointly.signed(JOINT, private_key_of("kz.knb"), path, tmp_path)
