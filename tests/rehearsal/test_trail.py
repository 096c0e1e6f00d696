from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from domain.plan.documents import Document
from domain.words.errors import Malformed, TimedOut
from domain.words.quantities import parse_span
from rehearsal.over_http import factor_for
from rehearsal.scenario import KINDS, Expected, ExpectedEvent, ExpectedStatement, Scenario, faults_in
from rehearsal.simulator import World, simulate
from rehearsal.trail import TrailEntry, first_missing, sights_in
from tests.support import example_cards, example_directory, example_plan

AT = datetime(2022, 3, 1, tzinfo=UTC)
HOUR = {"fastest": "10m", "slowest": "1h"}


def scenario(*acts: dict[str, Any], **fields: Any) -> Scenario:
    """A scenario in which everyone answers within the hour, but for these acts."""
    return Scenario.model_validate({"vigil": "scenario/1", "pace": HOUR, "acts": acts} | fields)


def course(chosen: Scenario, seed: int = 1) -> tuple[TrailEntry, ...]:
    """What the ledger shows when Almaty - Tashkent goes like this."""
    return sights_in(simulate(World(example_plan(), example_directory(), example_cards(), chosen, seed)).packet)


def trail(*items: dict[str, Any]) -> tuple[ExpectedStatement | ExpectedEvent, ...]:
    """A trail as a scenario writes it."""
    return Expected.model_validate({"outcome": "refused", "trail": items}).trail


def test_a_trail_is_found_in_its_order_with_others_between() -> None:
    """Gaps are allowed, another order is not, and one entry does not count twice."""
    seen = course(scenario())
    granted, prepared = (
        {"service": "uz.prosecutor", "says": "authorisation_granted"},
        {"service": "kz.police", "says": "prepared"},
    )

    assert first_missing(trail(granted, prepared, {"event": "ended"}), seen) is None
    assert 1 == first_missing(trail(prepared, granted), seen)
    assert 2 == first_missing(trail(granted, prepared, prepared), seen)
    assert first_missing((), ()) is None


def test_whatever_an_item_says_must_be_so() -> None:
    """Service, checkpoint, verdict, rule, outcome and sibling each decide; what is left out may be anything."""
    said = (TrailEntry(AT, "stated", "airport", ("uz.customs",), "sighted", "refused", ("R4",)),)
    ended = (TrailEntry(AT, "concluded", outcome="refused"),)
    right = {"service": "uz.customs", "says": "sighted", "checkpoint": "airport", "verdict": "refused", "rule": "R4"}

    assert first_missing(trail(right), said) is None
    wrong = {"service": "kz.police", "says": "delivered", "checkpoint": "airfield", "verdict": "accepted", "rule": "R6"}
    for name, other in wrong.items():
        assert 0 == first_missing(trail(right | {name: other}), said), name
    assert first_missing(trail({"event": "concluded", "outcome": "refused"}), ended) is None
    assert 0 == first_missing(trail({"event": "concluded", "outcome": "expired"}), ended)
    heard = (TrailEntry(AT, "sibling_heard", "teams-ready", sibling="motor-oil-2"),)
    assert first_missing(trail({"event": "sibling_heard", "sibling": "motor-oil-2", "checkpoint": "teams-ready"}), heard) is None
    assert 0 == first_missing(trail({"event": "sibling_heard", "sibling": "motor-oil-3"}), heard)


def act(service: str, at: str, says: str | None = None, **fields: Any) -> dict[str, Any]:
    """An act as a scenario writes it."""
    return {"service": service, "at": at, "says": says} | fields


HALTS: list[tuple[dict[str, Any], str, str, str | None]] = [
    (act("uz.prosecutor", "consent-uz"), "consent-uz", "R2", "uz.prosecutor"),
    (act("uz.customs", "tashkent-airport", "handover_declined"), "tashkent-airport", "R6", "uz.customs"),
    (
        act("uz.prosecutor", "consent-uz", "authorisation_granted", details={"modalities": ["removed"]}),
        "preparation",
        "R3",
        None,
    ),
    (
        act("kz.prosecutor", "consent-kz", "authorisation_withdrawn", after="6h"),
        "tashkent-airport",
        "R5",
        "kz.prosecutor",
    ),
]


@pytest.mark.parametrize(("trouble", "at", "rule", "service"), HALTS, ids=[halt[2] for halt in HALTS])
def test_a_halt_is_seen_whatever_brought_it(trouble: dict[str, Any], at: str, rule: str, service: str | None) -> None:
    """Silence, a statement or a rule: one `halted`, with the checkpoint that was not passed and the rule."""
    seen = course(scenario(trouble))

    assert 1 == sum(one.event == "halted" for one in seen)
    assert first_missing(trail({"event": "halted", "checkpoint": at, "rule": rule, "service": service}), seen) is None


def test_unforeseen_checkpoints_are_named_with_or_without_their_number() -> None:
    """A decision after a broken seal is `tashkent-airport.decision`, and its first is `tashkent-airport.decision.1`."""
    acts = {"service": "uz.customs", "at": "tashkent-airport", "says": "handover_accepted", "details": {"seals_intact": False}}
    seen = course(scenario(acts))

    for name in ("tashkent-airport.decision", "tashkent-airport.decision.1"):
        assert first_missing(trail({"event": "opened", "checkpoint": name}), seen) is None
    assert 0 == first_missing(trail({"event": "opened", "checkpoint": "tashkent-airport.decision.2"}), seen)


def test_an_early_statement_is_seen_when_it_comes_and_when_it_is_taken_up() -> None:
    """First with the verdict early, then with the verdict it is given in its turn."""
    hasty = act("uz.customs", "tashkent-airport", "handover_accepted", after="1s")
    says = {"service": "uz.customs", "says": "handover_accepted"}
    found = course(scenario(hasty))

    assert first_missing(trail(says | {"verdict": "early"}, says | {"verdict": "accepted"}), found) is None


@pytest.mark.parametrize(
    "item",
    [
        {"event": "silence", "rule": "R2"},
        {"event": "halted", "outcome": "refused"},
        {"event": "cleared", "checkpoint": "departure"},
        {"event": "stated"},
        {"says": "ready"},
        {"service": "uz.customs", "says": "ready", "event": "asked"},
        {"service": "uz.customs", "says": "ready", "at": "departure"},
        {"service": "uz.customs", "says": "ready", "verdict": "good"},
    ],
)
def test_an_item_that_could_never_be_found_is_refused(item: dict[str, Any]) -> None:
    """An event has only what the ledger records of it; unknown fields, events and verdicts are refused."""
    with pytest.raises(ValidationError):
        trail(item)


def test_a_scenario_that_speaks_of_strangers_is_refused_with_the_place() -> None:
    """Services without a part, checkpoints that cannot open, kinds that do not exist, and a service that is not asked there."""
    text = """
vigil: scenario/1
pace: {fastest: 10m, slowest: 1h}
paces: [{says: ready, service: ru.police, fastest: 1h, slowest: 2h}]
acts:
  - {service: ru.police, at: consent-uz}
  - {service: uz.prosecutor, at: consent-uzb, says: authorisation_refuse}
  - {service: uz.customs, at: consent-uz, says: stop_requested}
  - {service: kz.prosecutor, at: extension.kz.prosecutor}
  - {service: kz.prosecutor, at: extension.kz.knb}
  - {service: uz.prosecutor, at: tashkent-airport.decision}
expect: {outcome: refused, trail: [{event: opened, checkpoint: stop.interdiction}, {service: kz.police, says: told}]}
"""
    document = Document(text, "s.yaml")
    faults = [str(one) for one in document.located(faults_in(document.read(Scenario), example_plan()))]

    places = [fault.split(": ")[1] for fault in faults]
    assert ["paces.0.service", "acts.0.service", "acts.1.at", "acts.1.says", "acts.2.service", "acts.4.at"] == places[:6]
    assert ["expect.trail.1.says"] == places[6:]
    assert faults[1].startswith("s.yaml:6: ")


def test_every_kind_of_statement_is_known_to_scenarios() -> None:
    """The list is taken from the statements themselves."""
    assert {"authorisation_granted", "stop_requested", "sighted", "interdicted"} <= set(KINDS)


def test_a_pace_of_its_own_moves_what_it_names_and_nothing_else() -> None:
    """A slow prosecutor answers in days, the other as before; a slow giver is waited for by the taker."""
    slow = [
        {"says": "authorisation", "service": "uz.prosecutor", "fastest": "40h", "slowest": "41h"},
        {"says": "handover_offer", "fastest": "5h", "slowest": "5h"},
    ]
    usual, other = course(scenario()), course(scenario(paces=slow))

    def when(seen: tuple[TrailEntry, ...], says: str, service: str) -> datetime:
        return next(one.at for one in seen if one.says == says and service in one.services)

    begun = usual[0].at
    assert when(usual, "authorisation_granted", "kz.prosecutor") == when(other, "authorisation_granted", "kz.prosecutor")
    assert when(other, "authorisation_granted", "uz.prosecutor") - begun >= timedelta(hours=40)
    assert when(other, "handover_offered", "kz.police") < when(other, "handover_accepted", "uz.customs")
    assert "delivered_with_arrests" == next(one.outcome for one in other if one.outcome)


def test_a_rehearsal_is_compressed_with_the_paces_in_mind() -> None:
    """Slow consents with long due times make a rehearsal's clock faster, and never so fast that they come too late."""
    plan = example_plan()
    slow = scenario(paces=[{"says": "authorisation", "fastest": "1h", "slowest": "23h"}])
    seconds = (parse_span("48h") - 2 * parse_span("23h")).total_seconds() / factor_for(plan, slow)

    assert seconds >= 1.5


@pytest.mark.slow
def test_chance_decides_by_the_seed() -> None:
    """An act of 30 in a hundred happens in some rehearsals and not in others, and always in the same ones."""
    chosen = scenario({"service": "uz.prosecutor", "at": "consent-uz", "says": "authorisation_refused", "chance": 30})
    refused = [{seed for seed in range(30) if any(one.outcome == "refused" for one in course(chosen, seed))} for _ in range(2)]

    assert refused[0] == refused[1]
    assert 3 <= len(refused[0]) <= 15


def test_what_nobody_seizes_is_given_up_in_time() -> None:
    """An authority that never interdicts would be waited for without end: an error that names it, not a hang."""
    acts = (
        {"service": "uz.prosecutor", "at": "consent-uz", "says": "authorisation_refused"},
        {"service": "kz.police", "at": "stop.interdiction"},
    )
    with pytest.raises(TimedOut, match=r"stop\.interdiction waits for kz\.police"):
        course(scenario(*acts))


def test_an_act_that_says_nonsense_is_refused() -> None:
    """A field that the statement does not have ends the simulation with the place, not with silence."""
    nonsense = act("uz.prosecutor", "consent-uz", "authorisation_refused", details={"colour": "red"})
    with pytest.raises(Malformed, match=r"uz\.prosecutor cannot say authorisation_refused at consent-uz"):
        course(scenario(nonsense))
