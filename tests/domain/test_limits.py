"""What may be at most (`domain.words.limits`): each bound is held at the bound, and they fit into what Temporal takes."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.delivery.carried import carried
from domain.delivery.custody import (
    PACKAGES_DIFFER,
    PICTURE_DIFFERS,
    SEALS_DIFFER,
    SIGHT_BROKEN,
    WEIGHT_DIFFERS,
    Custody,
    Discrepancy,
)
from domain.delivery.grants import Grant
from domain.delivery.known import EACH, Known, KnownStatements
from domain.delivery.memory import (
    Cooperating,
    Correctable,
    Delegation,
    Detection,
    Diverging,
    EndedPart,
    Exhibit,
    Gap,
    LastWord,
    Owed,
    PreparedGoods,
    Recorder,
    Recovered,
    RegisterState,
    Siblings,
    Sighting,
    Spent,
    SplitPart,
    Transfer,
)
from domain.delivery.persons import Arrested, Arrestee
from domain.delivery.progress import First, Progress, RequestStanding
from domain.delivery.reported import Amended
from domain.delivery.state import State
from domain.delivery.verdicts import Halt
from domain.delivery.watching import InCharge, Relief
from domain.plan.check import faults_in
from domain.plan.directory import ServiceKey
from domain.plan.goods import SubstanceMass
from domain.plan.key_changes import KeyChange
from domain.plan.plan import Checkpoint, Plan, Requirement
from domain.plan.register import Contact
from domain.plan.vocabulary import Condition
from domain.record import door
from domain.record.door import amend, change_keys
from domain.rules.book import NO_ANSWER
from domain.signing.canonical import canonical, plain
from domain.signing.envelope import KEYS_TYPE, sign
from domain.signing.keys import key_id, public_text
from domain.words.errors import RuleBroken
from domain.words.figures import FIGURES, Figures
from domain.words.identifiers import Seal
from domain.words.limits import (
    ARRESTED_BYTES,
    BRAKES,
    CARDS_BYTES,
    CONTACTS_BYTES,
    DIRECTORY_BYTES,
    EARLY_BYTES_OF_ALL,
    EXHIBITS_BYTES,
    GRANTED_BYTES,
    KIB,
    LARGEST_BRAKE,
    MOST_BRANCHES,
    MOST_BY_TWO,
    MOST_CARRIED_UNKEPT,
    MOST_CONSENTS,
    MOST_CONTACTS,
    MOST_COOPERATING,
    MOST_CORRECTABLE,
    MOST_DUTIES,
    MOST_KEY_CHANGES,
    MOST_KNOWN,
    MOST_KNOWN_SERVICES,
    MOST_MEMBERS,
    MOST_PLANS,
    MOST_REQUIREMENTS,
    MOST_SELECTORS_IN_ALL,
    MOST_SERVICES,
    MOST_STRETCHES,
    MOST_TEAMS,
    MOST_TRANSFERS,
    MOST_WAITING,
    MOST_WAITS_IN_ALL,
    OWED_BYTES,
    PARTS_BYTES,
    PLAN_BYTES,
    PREPARED_BYTES,
    RUN_BYTES,
    RUN_EVENTS,
    RUN_UPDATES,
    SEIZED_BYTES,
    SHARED_BYTES,
    SHORTEST_CHECK_IN,
)
from rehearsal.services import EPOCH, private_key_of
from tests.largest import KNOWN_BYTES, MOST_CARRIED, STATE_BYTES
from tests.second_book import with_figures
from tests.support import SECRET, Table, asks, example_cards, example_directory, example_plan, signed_plan, with_changes
from workflows.temporal_stage import FULL

ROOT = Path(__file__).parents[2]
FIXED = ("32", "64", "88")
"""Bytes of a hash, its hexadecimal digits, and characters of a signature."""
PAYLOAD = 2048 * 1024
"""Bytes of one payload that Temporal takes."""


def faults(plan: Plan, figures: Figures = FIGURES) -> list[str]:
    """What `plan check` says of its size, each with its place."""
    return [str(one) for one in faults_in(plan, example_directory(), example_cards(), figures) if "R28" in one.problem]


def test_what_is_carried_fits_one_payload() -> None:
    """The shares of the table are together what it says, and Temporal takes it, with the secret and the pace beside it."""
    shares = (PLAN_BYTES, DIRECTORY_BYTES, CARDS_BYTES, KNOWN_BYTES, EARLY_BYTES_OF_ALL, STATE_BYTES, MOST_CARRIED_UNKEPT)

    assert sum(shares) == MOST_CARRIED
    assert MOST_CARRIED + 36 * 1024 < PAYLOAD


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
        ("most_requirements", 10, "checkpoints"),
        ("most_states", 1, "legs"),
        ("plan_bytes", 2_000, "document"),
        ("directory_bytes", 500, "services"),
        ("cards_bytes", 500, "legs"),
    ],
)
def test_r28_a_plan_that_is_too_large_is_refused_before_it_begins(limit: str, value: int, place: str) -> None:
    """At the bound it may be, one beyond it not: with the place and the rule."""
    assert [] == faults(example_plan())
    (found,) = faults(example_plan(), replace(FIGURES, **{limit: value}))

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
    """A plan that asks every few seconds for weeks is refused, and one that calls itself an example no less; among services that
    are an example it may be as quick as a rehearsal is.
    """

    def plan(shortest: timedelta, *, example: bool = False) -> Plan:
        words = example_plan().contingencies.model_dump()
        watch: dict[str, Any] = {"check_in": "1h", "answer": "1h", "search": "1h"}
        (words if where == "remind_every" else watch)[where] = shortest
        return with_changes(plan_={"example": example, "contingencies": words, "surveillance": watch})

    def found(plan: Plan, *, among_examples: bool) -> list[str]:
        known = example_directory().model_copy(update={"example": among_examples})
        return [str(one) for one in faults_in(plan, known, example_cards()) if "R28" in one.problem]

    short = span - timedelta(seconds=1)
    assert [] == found(plan(span), among_examples=False) == found(plan(short), among_examples=True)
    for marked in (False, True):
        (fault,) = found(plan(short, example=marked), among_examples=False)
        assert fault.startswith(("contingencies.", "surveillance."))
        assert f"{where}: R28: " in fault


def test_r28_who_watches_can_answer_each_time_it_is_asked() -> None:
    """Of what it may say, half is left for the rest: a leg of 200 hours is not watched every five minutes."""
    ten = {"check_in": "10m", "answer": "1h", "search": "1h"}
    plan = with_changes(plan_={"surveillance": ten}, tashkent_airport={"due": timedelta(hours=150)})
    asked = plan.due_after(plan.find("tashkent-airport") or plan.checkpoints[0]) // timedelta(minutes=10)
    most = min(FIGURES.speaker_statements, FIGURES.shared_statements // len(plan.speakers())) // 2
    assert [] == faults(plan)
    assert asked <= most
    often = with_changes(plan, plan_={"surveillance": ten | {"degraded": "5m"}})
    (found,) = faults(often)
    assert found.startswith("surveillance.check_in: R28: kz.police may be asked ")
    enough = replace(FIGURES, speaker_statements=10 * FIGURES.speaker_statements, shared_statements=10**6)
    assert [] == faults(often, enough)
    assert [] == faults(plan, replace(FIGURES, speaker_statements=2 * asked))
    assert 1 == len(faults(plan, replace(FIGURES, speaker_statements=2 * asked - 1)))


@pytest.mark.parametrize(
    ("modality", "seizing", "share"),
    [("intact", 1, 8), ("replaced_in_whole", 1, 8), ("removed_in_part", 1, 12), ("replaced_in_part", 1, 12), ("intact", 4, 16)],
)
def test_r28_all_that_it_holds_can_be_said_of_it(modality: str, seizing: int, share: float) -> None:
    """Where it is prepared what was kept and sampled, and in part what was removed; and by each that seizes it."""
    services = ("uz.customs", "uz.police", "uz.security", "uz.prosecutor")[:seizing]
    plan = with_changes(plan_={"modality": modality}, accounting={"requires": asks(*(f"{one} seizure" for one in services))})
    size = len(canonical([plain(one) for one in plan.consignment.contents]))
    enough = math.ceil(size * share / 3)
    figures = replace(FIGURES, prepared_bytes=enough, seized_bytes=enough if seizing > 1 else FIGURES.seized_bytes)
    assert [] == faults(plan, replace(figures, prepared_bytes=FIGURES.prepared_bytes) if seizing > 1 else figures)
    (found,) = faults(plan, replace(figures, prepared_bytes=enough - 1, seized_bytes=figures.seized_bytes - (seizing > 1)))
    assert found.startswith(f"consignment.contents: R28: the contents have {size} bytes")


def test_each_bound_of_a_message_stands_in_the_table() -> None:
    """No field has a bound of its own that is written beside it, but what has one length only: a hash, a key, a signature."""
    rooms = ("domain", "archive", "protocol", "activities")
    bound = re.compile(r"(?:max_length|\ble)=([0-9_]{2,})")
    found = [
        f"{path.name}: {line.strip()}"
        for room in rooms
        for path in sorted((ROOT / room).rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        for most in bound.findall(line)
        if most not in FIXED
    ]

    assert [] == found


def test_r28_a_plan_is_changed_so_often_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every plan that it has had is carried; the last that fits is taken, the next refused with the reason."""
    with_figures(monkeypatch, most_plans=3)
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
    with_figures(monkeypatch, table.delivery, directory_bytes=size - 1)
    with pytest.raises(RuleBroken, match="R22: services: R28: services and keys have"):
        amend(table.delivery, amended, table.now)
    with_figures(monkeypatch, table.delivery, directory_bytes=size)

    assert amend(table.delivery, amended, table.now)


def test_r28_keys_are_added_as_long_as_there_is_room_and_always_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that makes keys without end does not make the delivery too large; a stolen key is ended all the same."""
    table = Table()
    size = len(canonical(table.delivery.directory))
    with_figures(monkeypatch, table.delivery, directory_bytes=size + 100)
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


NAMES = tuple(f"zz.{number}".replace(".", ".s").ljust(40, "x") for number in range(MOST_KNOWN_SERVICES))
"""Services, as many as one delivery knows, each with the longest id."""
SHARES = ("plan", "directory", "cards", "early")
"""What has shares of its own in what is carried."""


def amounts(most: int) -> tuple[SubstanceMass, ...]:
    """As many as have so many bytes."""
    one = SubstanceMass(substance="\N{CYRILLIC CAPITAL LETTER YA}" * 80, net=10**15)
    return (one,) * (most // (len(canonical(one)) + 1))


def opened(name: str, contingency: str, key: str, *asked: str) -> Progress:
    """One that no plan holds, in which everybody has been reached and nobody has answered."""
    needs = [Requirement(service=one, says="stop_acknowledgement") for one in asked]
    checkpoint = Checkpoint(id=name, requires=tuple(needs), due=timedelta(days=3000, milliseconds=1))
    standing: dict[str, RequestStanding] = dict.fromkeys(asked, "unreachable")
    return Progress(checkpoint, EPOCH, EPOCH, contingency, key, standing=standing)


def about(title: str, keys: Sequence[str], asked: Sequence[str]) -> dict[str, Progress]:
    """One about each of these, in which one service is asked."""
    return {f"{title}.{key}.999": opened(f"{title}.{key}.999", title, key, one) for key, one in zip(keys, asked, strict=True)}


DUTIES = [f"{one}.{'d' * 40}" for one in NAMES[:MOST_DUTIES]]
CONFLICTS = [f"{number:012x}" for number in range(MOST_CONTACTS)]
PLANNED = [f"c{number}".ljust(40, "x") for number in range(MOST_SERVICES)]
WHO_CORRECTS = [f"{number:064d}" for number in range(MOST_CORRECTABLE)]
CYRILLIC = "\N{CYRILLIC CAPITAL LETTER YA}"
FIRST = First(NAMES[0], "o" * 40, tuple(f"{number:032x}" for number in range(4)), "0" * 64, 99_999)


def with_what_stays(state: State) -> None:
    """What a delivery holds from its beginning to its end, whatever becomes of it."""
    now = EPOCH
    one_of_them = example_plan().checkpoints[0]
    state.plan = example_plan().model_copy(
        update={"checkpoints": tuple(one_of_them.model_copy(update={"id": name}) for name in PLANNED)}
    )
    state.progress = {one.id: Progress(one, now, now, result="unanswered") for one in state.plan.checkpoints}
    state.progress |= about("duty", DUTIES, NAMES[:MOST_DUTIES])
    keys = {"extension": NAMES[:MOST_CONSENTS], "duty": DUTIES, "decision": PLANNED, "conflict": CONFLICTS}
    keys["divergence"] = [f"9999{number}.prosecutor" for number in range(2 * MOST_BRANCHES)]
    state.opened = {f"{title}/{key}": 999 for title, found in keys.items() for key in found}
    conditions = (Condition(text="x" * (GRANTED_BYTES // MOST_CONSENTS - 24)),)
    state.grants = {
        one: Grant(one, "ZZ", ("replaced_in_whole",) * 5, now, now, PLANNED[0], conditions, form="reproducible", given_at=now)
        for one in NAMES[:MOST_CONSENTS]
    }  # a permit or an agreement takes the place of a grant, and is smaller
    state.delegations = {one: Delegation(one, now, now) for one in NAMES}
    state.spent = {one: Spent(20_000, SHARED_BYTES, over=True, decided=True) for one in NAMES}
    state.rekeyed = dict.fromkeys(NAMES, MOST_KEY_CHANGES)
    state.behind = dict.fromkeys(NAMES, BRAKES)
    state.plans = [(99_999, "0" * 64)] * MOST_PLANS
    state.goods = PreparedGoods(amounts(PREPARED_BYTES), (), (), (), NAMES[0])
    word = LastWord(99_999, NAMES[0], 2, 10**15, 10**15)
    state.charges = [InCharge(NAMES[0], 99, now, now)] * MOST_STRETCHES
    moved = Exhibit("opening_alarm", NAMES[0], NAMES[1], 99_999, NAMES[2], 10**15, 10**15, "handed_to_court", of="x" * 40)
    moved = replace(moved, report=word, disposal=word)
    each = len(canonical(moved.words())) + 48
    state.exhibits = {
        f"{number}".ljust(40, "x"): replace(moved, spent=10**15 - number) for number in range(EXHIBITS_BYTES // each)
    }
    state.detected = Detection(NAMES[0], 99_999)
    state.failed_devices = ("l" * 40,) * 50
    state.owed = [Owed(99_999, "escalation", "c" * 100, NAMES[:10])] * (OWED_BYTES // 620)
    seals = tuple(Seal(number=f"{one}".ljust(20, "X"), security="S", maker=CYRILLIC * 40) for one in range(50))
    numbers = tuple(one.number for one in seals)
    before = Custody(10**15, seals, 10**6, "0" * 64, 99_999)
    state.custody = replace(before, taken=99_999, before=before)
    differs = (
        SEALS_DIFFER(found=numbers, expected=numbers),
        WEIGHT_DIFFERS(found=10**15, expected=10**15, tolerance=10**15),
        PACKAGES_DIFFER(found=10**6, expected=10**6),
        PICTURE_DIFFERS(),
        SIGHT_BROKEN(),
    )
    state.discrepancy = Discrepancy(PLANNED[0], 99_999, differs, before, taker=True)
    state.moves = [99_999] * 50
    state.last_sighting = Sighting("2022-03-01T00:00:00.123456+05:00", CYRILLIC * 120)
    state.last_contact, state.gap = now, Gap(now, 99_999)
    call = Contact(conflict="0" * 12, service=NAMES[0], call=CYRILLIC * 200, keys=())
    whole = len(canonical([plain(call)] * MOST_CONTACTS))
    spare = ServiceKey(public=public_text(private_key_of("spare")), valid_from=now.isoformat())
    keys_each = (CONTACTS_BYTES - whole) // MOST_CONTACTS // (len(canonical(spare)) + 1)
    state.register = RegisterState(
        99_999,
        (call.model_copy(update={"keys": (spare,) * keys_each}),) * MOST_CONTACTS,
        orders=tuple(range(99_000, 99_000 + MOST_PLANS)),
        signed=("0" * 64,) * MOST_SELECTORS_IN_ALL,
        not_before=now,
        settled=tuple(CONFLICTS),
        let_be=tuple(CONFLICTS),
    )
    state.siblings = Siblings(99_999, dict.fromkeys(range(MOST_MEMBERS), "stopped"), stop=99_999)
    state.opened |= {f"sibling/{one}": 999 for one in PLANNED[:MOST_WAITING]} | {"sibling_stop/": 999}
    state.counted = {WHO_CORRECTS[0]: Correctable(NAMES[0], "interdicted", 99_999, now, 2)}
    state.transfers = {f"{number:064d}": Transfer("ZZ", "ZZ", answered=True) for number in range(MOST_TRANSFERS)}
    state.cooperating = (Cooperating(NAMES[0], "p" * 40),)
    state.recorders = {f"{number:040d}": Recorder(NAMES[0], "p" * 40) for number in range(MOST_COOPERATING - 1)}


def with_answers(state: State) -> None:
    """Every checkpoint of the plan is open and lacks one answer; where two officers must give that, the first has."""
    each = MOST_REQUIREMENTS // MOST_SERVICES
    standing: dict[str, RequestStanding] = dict.fromkeys(NAMES[:each], "unreachable")
    for number, name in enumerate(PLANNED):
        progress = state.progress[name]
        progress.result, progress.standing = None, {**standing}
        progress.answers = {(one, "handover_acceptance"): 99_999 for one in NAMES[1:each]}
        progress.firsts = {(NAMES[0], "handover_acceptance"): FIRST} if number < MOST_BY_TWO else {}
    state.divergence = Diverging(99_999, ("99999.supervisor", "99999.prosecutor"))
    watching = opened("divergence.99999.supervisor.1", "divergence", "99999.supervisor", *NAMES[MOST_SERVICES:])
    deciding = opened("divergence.99999.prosecutor.1", "divergence", "99999.prosecutor", *NAMES[:MOST_SERVICES])
    asked = {name: opened(f"{name}.999", name, PLANNED[0], *NAMES[:8]) for name in ("decision", "sighting", "search", "course")}
    state.progress |= {"divergence.1": watching, "divergence.2": deciding, **asked}
    state.progress["deconfliction.999"] = opened("deconfliction.999", "deconfliction", "", *NAMES[:MOST_SERVICES])
    state.progress |= about("conflict", CONFLICTS, NAMES[:MOST_CONTACTS])


def on_its_way(state: State) -> None:
    """Every authority is asked for more time, and nobody has seized or arrested yet."""
    with_answers(state)
    state.progress |= about("extension", NAMES[:MOST_CONSENTS], NAMES[:MOST_CONSENTS])


def with_what_was_found(state: State) -> None:
    """Everything that was found can be corrected, by two officers where two have said it: arrests, which are larger, but for one
    seizure.
    """
    state.counted = {one: Correctable(NAMES[0], "interdicted", 99_999, EPOCH, 2) for one in [*WHO_CORRECTS, "i" * 64]}
    found = Recovered(amounts(SEIZED_BYTES), (), (), NAMES[0])
    person = Arrestee(code="p" * 40, role="distributor")
    persons = (person,) * (ARRESTED_BYTES // (len(canonical(person)) + 1))
    nobody = Arrested(NAMES[0], ())
    state.arrests = dict.fromkeys(WHO_CORRECTS[1:], nobody) | {WHO_CORRECTS[1]: Arrested(NAMES[0], persons)}
    state.freed = {NAMES[0]: tuple(one.code for one in persons)}
    relief = Relief(EPOCH, "9" * 40)
    state.reliefs = {NAMES[0]: {f"{number:040}": relief for number in range(MOST_TEAMS)}}
    state.seizures = dict.fromkeys(WHO_CORRECTS, Recovered((), (), (), NAMES[0])) | {WHO_CORRECTS[0]: found}
    state.firsts = dict.fromkeys(WHO_CORRECTS[:MOST_BY_TWO], FIRST)


def delivered(state: State) -> None:
    """It is at the end of its way: nothing waits for a decision any more, and more time is not asked for."""
    with_answers(state)
    state.discrepancy = None
    state.settle_custody()
    with_what_was_found(state)


def halted(state: State) -> None:
    """The plan asks nothing any more; everybody acknowledges the stop, and every part has ended."""
    with_what_was_found(state)
    silence = NO_ANSWER(services=NAMES[:MOST_SERVICES])
    state.halt, state.because = Halt(cause="silence", finding=silence, seq=99_999, by=NAMES[0]), silence
    state.progress["stop.acknowledged"] = opened("stop.acknowledged", "acknowledgement", "", *NAMES[:MOST_SERVICES])
    state.progress["balance.1"] = opened("balance.1", "balance", "", *NAMES[: MOST_CONSENTS + 1])
    state.progress |= {name: opened(f"{name}.999", name, "", *NAMES[:2]) for name in ("stop.interdiction", "parts", "course")}
    state.parts = (SplitPart("p" * 40, amounts(PARTS_BYTES)),)
    state.ended_parts = (EndedPart("p" * 40, "o" * 40, amounts(PARTS_BYTES), "0" * 64),)


def waiting(state: State) -> None:
    """As many as may wait for siblings, and have not opened: of all that they wait for it has been heard."""
    delivered(state)
    for name in PLANNED[:MOST_WAITING]:
        del state.progress[name]
        state.siblings.waiting[name] = EPOCH
        state.progress |= {f"sibling.{name}.999": opened(f"sibling.{name}.999", "sibling", name, *NAMES[:2])}
    state.siblings.reached = ("0" * 12,) * MOST_WAITS_IN_ALL
    state.siblings.alone = tuple(PLANNED[:MOST_WAITING])


LATER = (on_its_way, delivered, waiting, halted)
"""What never comes together: a halt closes what the plan asks, and more time is asked for only until it is delivered."""


def sizes_of(table: Table) -> dict[str, int]:
    """Bytes of each part of the state that is carried, but for those that have shares of their own."""
    found = carried(table.delivery).state
    return {name: len(canonical(value)) + len(name) + 4 for name, value in found.items() if name not in SHARES}


@pytest.mark.parametrize("later", LATER)
def test_the_largest_state_has_its_share(later: Callable[[State], None]) -> None:
    """All that its fields may hold at once: what stays from the beginning to the end, and what comes at one time and not at
    another. Who has spoken stands beside it.
    """
    table = Table()
    with_what_stays(table.delivery.state)
    later(table.delivery.state)
    size = sizes_of(table) | {"speakers": len(canonical(NAMES))}

    assert sum(size.values()) < STATE_BYTES, (sum(size.values()), sorted(size.items(), key=lambda one: -one[1])[:12])


def test_no_part_of_the_state_grows_unseen() -> None:
    """Each field that holds more than one thing is filled by the test above, or a smaller one takes the place of a larger."""
    table = Table()
    begun = {one.name: getattr(table.delivery.state, one.name) for one in fields(State)}
    grows = {name for name, value in begun.items() if isinstance(value, dict | list | tuple)} - {
        *SHARES,
        "past",
        "disclosures",
        "watch_log",
        "understandings",
    }
    with_what_stays(table.delivery.state)
    for later in LATER:
        later(table.delivery.state)

    assert {"agreed", "permits", "superseded", "taken_out"} == {name for name in grows if not getattr(table.delivery.state, name)}


def test_one_run_holds_what_comes_while_the_archive_is_away() -> None:
    """A run does not end while too much is unkept. Beside all that it had until it was full, all brakes and a week of check-ins,
    each asked, unanswered and told, stay within what Temporal takes in one run. An Update counts for 5 events, a check-in for 15.
    """
    brakes = MOST_SERVICES * BRAKES
    check_ins = timedelta(days=7) // SHORTEST_CHECK_IN
    receipt = 2 * LARGEST_BRAKE * 4 // 3 + 4 * KIB  # with its statement, as that was handed in, in base64
    updates = RUN_UPDATES + brakes
    events = FULL * RUN_EVENTS + 5 * brakes + 15 * check_ins
    history = FULL * RUN_BYTES + receipt * brakes + 6 * KIB * check_ins

    assert updates < 2_000
    assert events < 51_200
    assert history < 50 * 2**20
