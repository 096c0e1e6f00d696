"""What may be at most (`domain.words.limits`): each bound is held at the bound, and they fit into what Temporal takes."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.carried import carried
from domain.delivery.events import Amended
from domain.delivery.known import EACH, Known, KnownStatements
from domain.plan import check_size
from domain.plan.check import faults_in
from domain.plan.directory import ServiceKey
from domain.plan.key_changes import KeyChange
from domain.plan.plan import Plan
from domain.record import door
from domain.record.door import amend, change_keys
from domain.rules import amending
from domain.signing.canonical import canonical
from domain.signing.envelope import KEYS_TYPE, sign
from domain.signing.keys import key_id, public_text
from domain.words import limits
from domain.words.errors import RuleBroken
from domain.words.limits import (
    CARDS_BYTES,
    DIRECTORY_BYTES,
    EARLY_BYTES,
    KNOWN_BYTES,
    MOST_CARRIED,
    MOST_CARRIED_UNKEPT,
    MOST_KNOWN,
    MOST_REQUIREMENTS,
    MOST_SERVICES,
    PLAN_BYTES,
    STATE_BYTES,
)
from rehearsal.services import private_key_of
from tests.support import SECRET, Table, example_cards, example_directory, example_plan, signed_plan, with_changes

PAYLOAD = 2048 * 1024
"""Bytes of one payload that Temporal takes."""


def faults(plan: Plan) -> list[str]:
    """What `plan check` says of its size, each with its place."""
    return [str(one) for one in faults_in(plan, example_directory(), example_cards()) if "R28" in one.problem]


def test_what_is_carried_fits_one_payload() -> None:
    """The shares of the table are together what it says, and Temporal takes it, with the secret and the pace beside it."""
    early = MOST_SERVICES * EARLY_BYTES
    shares = (PLAN_BYTES, DIRECTORY_BYTES, CARDS_BYTES, KNOWN_BYTES, early, STATE_BYTES, MOST_CARRIED_UNKEPT)

    assert sum(shares) == MOST_CARRIED
    assert MOST_CARRIED + 64 * 1024 < PAYLOAD


def test_the_largest_table_of_known_statements_has_its_share() -> None:
    """24,000 statements of 64 services, each known again after a run, and nothing else."""
    table = KnownStatements(SECRET)
    services = [f"zz.service-{number}" for number in range(MOST_SERVICES)]
    for number in range(MOST_KNOWN):
        table.add(f"statement-{number}", f"{number:064x}", Known(services[number % MOST_SERVICES], 4 * number))
    packed = table.packed()
    again = KnownStatements.unpacked(SECRET, table.speakers, packed)

    assert EACH * MOST_KNOWN * 4 // 3 == len(packed) == KNOWN_BYTES
    assert Known(services[7], 28) == again.find("statement-7", f"{7:064x}") == again.first("statement-7")
    assert again.find("statement-7", f"{8:064x}") is None
    assert (again, len(again)) == (table, MOST_KNOWN)


@pytest.mark.parametrize(
    ("limit", "value", "place"),
    [
        ("MOST_REQUIREMENTS", 10, "checkpoints"),
        ("MOST_STATES", 1, "legs"),
        ("PLAN_BYTES", 2_000, "document"),
        ("DIRECTORY_BYTES", 500, "services"),
        ("CARDS_BYTES", 500, "legs"),
    ],
)
def test_r28_a_plan_that_is_too_large_is_refused_before_it_begins(
    monkeypatch: pytest.MonkeyPatch, limit: str, value: int, place: str
) -> None:
    """At the bound it may be, one beyond it not: with the place and the rule."""
    assert [] == faults(example_plan())
    monkeypatch.setattr(check_size, limit, value)
    (found,) = faults(example_plan())

    assert found.startswith(f"{place}: R28: ")


@pytest.mark.parametrize(
    ("where", "span"),
    [
        ("remind_every", timedelta(minutes=5)),
        ("check_in", timedelta(minutes=5)),
        ("degraded", timedelta(minutes=5)),
    ],
)
def test_r28_what_is_asked_again_and_again_has_a_floor(where: str, span: timedelta) -> None:
    """A plan that asks every few seconds for weeks is refused; one that is an example may be as quick as a rehearsal is."""

    def plan(shortest: timedelta, **more: Any) -> Plan:
        words = example_plan().contingencies.model_dump()
        watch: dict[str, Any] = {"check_in": "1h", "answer": "1h", "search": "1h"}
        (words if where == "remind_every" else watch)[where] = shortest
        return with_changes(plan_={"example": False, "contingencies": words, "surveillance": watch} | more)

    short = span - timedelta(seconds=1)
    assert [] == faults(plan(span)) == faults(plan(short, example=True))
    (found,) = faults(plan(short))
    assert found.startswith(("contingencies.", "surveillance."))
    assert f"{where}: R28: " in found


def test_r28_a_plan_is_changed_so_often_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every plan that it has had is carried; the last that fits is taken, the next refused with the reason."""
    monkeypatch.setattr(amending, "MOST_PLANS", 3)
    table = Table()
    plans = [with_changes(departure={"due": f"P{days}D"}) for days in range(3, 6)]
    for plan in plans[:2]:
        amend(table.delivery, Amended(plan=signed_plan(plan)), table.now)
    with pytest.raises(RuleBroken, match="R28: it has had 3 plans"):
        amend(table.delivery, Amended(plan=signed_plan(plans[2])), table.now)

    assert 3 == len(table.delivery.state.plans)


def test_r28_keys_are_added_as_long_as_there_is_room_and_always_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that makes keys without end does not make the delivery too large; a stolen key is ended all the same."""
    table = Table()
    size = len(canonical(table.delivery.directory))
    monkeypatch.setattr(check_size, "DIRECTORY_BYTES", size + 100)
    (known, *_) = table.directory.get("uz.police").keys

    def change(**says: object) -> KeyChange:
        said = {"service": "uz.police", "by": "uz.police", "made_at": table.now.isoformat()} | says
        return KeyChange.model_validate(said)

    spare = ServiceKey(public=public_text(private_key_of("spare")), valid_from=table.now.isoformat())
    adding = sign(canonical(change(added=[spare])), KEYS_TYPE, private_key_of("uz.police"))
    with pytest.raises(RuleBroken, match=r"R24.*R28"):
        change_keys(table.delivery, adding, table.now)
    assert door.key_faults(table.delivery, change(ended=[{"key": known_id(known), "at": table.now.isoformat()}])) == ()


def known_id(key: ServiceKey) -> str:
    """The id by which a key is ended."""
    return key_id(key.public)


def test_a_carried_delivery_of_the_examples_is_far_from_its_bounds() -> None:
    """The state of a delivery in full course has a hundredth of its share."""
    found = carried(Table().deliver().delivery).state
    state = {name: value for name, value in found.items() if name not in ("plan", "directory", "cards", "early")}

    assert len(str(state)) < STATE_BYTES // 10
    assert MOST_REQUIREMENTS > sum(len(one.requires) for one in example_plan().checkpoints)
    assert limits.KIB == 1024
