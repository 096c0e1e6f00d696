"""What may be at most (`domain.words.limits`): each bound is held at the bound, and they fit into what Temporal takes."""

from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.carried import carried
from domain.delivery.events import Amended
from domain.delivery.grants import Grant, Permit
from domain.delivery.known import EACH, Known, KnownStatements
from domain.delivery.progress import First, Progress
from domain.delivery.state import Counted, Delegation, EndedPart, Goods, Owed, Recovered, Spent, SplitPart
from domain.plan import check_size
from domain.plan.check import faults_in
from domain.plan.directory import ServiceKey
from domain.plan.goods import SubstanceMass
from domain.plan.key_changes import KeyChange
from domain.plan.plan import Plan
from domain.plan.vocabulary import Condition
from domain.record import door
from domain.record.door import amend, change_keys
from domain.rules import amending
from domain.signing.canonical import canonical
from domain.signing.envelope import KEYS_TYPE, sign
from domain.signing.keys import key_id, public_text
from domain.words.errors import RuleBroken
from domain.words.limits import (
    BRAKES,
    CARDS_BYTES,
    DIRECTORY_BYTES,
    EARLY_BYTES,
    GRANTED_BYTES,
    KIB,
    KNOWN_BYTES,
    LARGEST_BRAKE,
    MOST_CARRIED,
    MOST_CARRIED_UNKEPT,
    MOST_KNOWN,
    MOST_PLANS,
    MOST_REQUIREMENTS,
    MOST_SERVICES,
    PARTS_BYTES,
    PLAN_BYTES,
    PREPARED_BYTES,
    RUN_BYTES,
    RUN_EVENTS,
    RUN_UPDATES,
    SEIZED_BYTES,
    SHORTEST_CHECK_IN,
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


def test_r28_a_changed_plan_brings_no_more_services_than_are_carried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that were there before count too: a delivery knows them to its end."""
    table = Table()
    size = len(canonical(table.delivery.directory))
    amended = Amended(plan=signed_plan(with_changes(departure={"due": "P3D"})))
    monkeypatch.setattr(check_size, "DIRECTORY_BYTES", size - 1)
    with pytest.raises(RuleBroken, match="R22: services: R28: services and keys have"):
        amend(table.delivery, amended, table.now)
    monkeypatch.setattr(check_size, "DIRECTORY_BYTES", size)

    assert amend(table.delivery, amended, table.now)


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


def text_of(size: int) -> str:
    """So many bytes of text."""
    return "x" * size


def test_the_largest_state_has_its_share() -> None:
    """All that its fields may hold at once, but for plan, services and cards, which have shares of their own: 64 checkpoints with
    256 answers, two officers' firsts, grants and goods of the largest size, and a notice owed of every kind at every checkpoint.
    """
    table = Table()
    state = table.delivery.state
    services = tuple(f"zz.service-with-a-long-name-{number:02d}" for number in range(MOST_SERVICES))
    one_of_them = example_plan().checkpoints[0]
    names = [f"checkpoint-with-a-long-name-{number:02d}" for number in range(MOST_SERVICES)]
    planned = {name: one_of_them.model_copy(update={"id": name}) for name in names}
    state.plan = example_plan().model_copy(update={"checkpoints": tuple(planned.values())})
    now, keys = table.now, ("SHA256:" + "k" * 43,)
    state.progress = {
        name: Progress(
            checkpoint,
            now,
            now,
            answers={(services[one], "handover_acceptance"): 99_999 for one in range(MOST_REQUIREMENTS // MOST_SERVICES)},
            standing=dict.fromkeys(services[: MOST_REQUIREMENTS // MOST_SERVICES], "unreachable"),
        )
        for name, checkpoint in planned.items()
    }
    first = First(services[0], "officer-with-a-code", keys, "0" * 64)
    state.firsts = {text_of(32) + str(number): first for number in range(4)}
    state.counted = {f"{number:064d}": Counted(services[0], "arrest_made", 99_999, now, 2) for number in range(MOST_SERVICES)}
    condition = Condition(text=text_of(GRANTED_BYTES // MOST_SERVICES // 2 - 30))
    state.grants = {
        one: Grant(one, "ZZ", ("replaced_in_whole",) * 4, now, now, "checkpoint-with-a-long-name-00", (condition,) * 2)
        for one in services
    }
    state.permits = {"ZZ": tuple(Permit(one, ("accompanying_officers",), now, now) for one in services)}
    state.delegations = {one: Delegation(one, now, now) for one in services}
    state.spent = {one: Spent(20_000, 24 * 2**20, over=True) for one in services}
    state.plans = [(99_999, "0" * 64)] * MOST_PLANS
    amount = SubstanceMass(substance=text_of(80), net=10**12)
    count = PREPARED_BYTES // len(canonical(amount))
    state.goods = Goods((amount,) * count, (), (), ())
    state.seizures = {"0" * 64: Recovered((amount,) * (SEIZED_BYTES // len(canonical(amount))), ())}
    parts = PARTS_BYTES // len(canonical(amount))
    state.parts = (SplitPart("part", (amount,) * parts),)
    state.ended_parts = (EndedPart("part", "split", (amount,) * parts, "0" * 64),)
    state.owed = [Owed(99_999, "escalation", name, services[:1], services[1:2]) for name in names]
    found = carried(table.delivery).state
    shares = ("plan", "directory", "cards", "early")
    size = {name: len(canonical(value)) for name, value in found.items() if name not in shares}

    assert sum(size.values()) + 3 * len(size) < STATE_BYTES, sorted(size.items(), key=lambda one: -one[1])[:8]


def test_one_run_holds_what_comes_while_the_archive_is_away() -> None:
    """A run does not end while too much is unkept. Beside what it had, all brakes and a week of check-ins, each asked, unanswered
    and told, stay within what Temporal takes in one run. An Update counts for 5 events, a check-in for 15.
    """
    brakes = MOST_SERVICES * BRAKES
    check_ins = timedelta(days=7) // SHORTEST_CHECK_IN
    receipt = 2 * LARGEST_BRAKE * 4 // 3 + 4 * KIB  # with its statement, as that was handed in, in base64
    updates = RUN_UPDATES + brakes
    events = RUN_EVENTS + 5 * brakes + 15 * check_ins
    history = RUN_BYTES + receipt * brakes + 6 * KIB * check_ins

    assert updates < 2_000
    assert events < 51_200
    assert history < 50 * 2**20
