"""What tests share: the example plans with simulated keys, and a table at which services say things in any order."""

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Cleared, Closed, Concluded, Deconflicted, Event, Opened, Receipt
from domain.delivery.statements import CONTENT, Statement, sign_statement
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.plan.documents import Document
from domain.plan.plan import Plan
from domain.plan.register import Contact
from domain.record.door import begin, record, submit, take_up
from domain.record.packet import seal
from domain.rules import unforeseen
from domain.rules.rules import conclusion, due_at, permits
from domain.signing.canonical import canonical, digest
from domain.signing.envelope import PLAN_TYPE, Envelope, sign
from domain.words.errors import RuleBroken
from process.brought import cards_in, directory_in
from rehearsal.clock import EPOCH
from rehearsal.scenario import Scenario
from rehearsal.services import VIGIL, cast, private_key_of

EXAMPLES = Path(__file__).parent.parent / "examples"
EXAMPLE_PLANS = ("almaty-tashkent", "moscow-vector", "omsk-taraz")
SCENARIOS = (
    *EXAMPLE_PLANS,
    "destination-refuses",
    "stopped-under-way",
    "transit-refuses",
    "consent-withdrawn",
    "istanbul-stopped",
    "almaty-flat",
    "back-to-sender",
    "risk-to-health",
    "destroyed-on-the-road",
    "backup-answers",
    "delegated-say",
    "cash-by-bus",
)
"""The examples that are short enough to run on Temporal too. In the simulator all of them run, see `test_examples`."""


@cache
def example_plan(name: str = "almaty-tashkent") -> Plan:
    """A plan of `examples/`."""
    path = EXAMPLES / name / "plan.yaml"
    return Document(path.read_text(), str(path)).read(Plan)


def example_scenario(name: str) -> tuple[Plan, Scenario]:
    """A scenario of `examples/` with the plan it names."""
    path = EXAMPLES / name / "scenario.yaml"
    scenario = Document(path.read_text(), str(path)).read(Scenario)
    return example_plan((path.parent / scenario.plan).resolve().parent.name), scenario


@cache
def example_directory() -> Directory:
    """The directory of `examples/`, without keys."""
    return directory_in(EXAMPLES / "directory.yaml")


def example_cards() -> dict[str, RuleCard]:
    """The rule cards of `examples/`."""
    return dict(_cards())


@cache
def _cards() -> dict[str, RuleCard]:
    return cards_in(EXAMPLES / "cards")


def card_of(state: str, **says: Any) -> dict[str, RuleCard]:
    """The example card of a State, saying this as well."""
    return {state: RuleCard.model_validate(example_cards()[state].model_dump() | says)}


def with_changes(plan: Plan | None = None, **changed: dict[str, Any]) -> Plan:
    """The plan, by its file's words: `plan_=` its own fields, and by checkpoint (`consent_uz=`) what stands otherwise there."""
    found = (plan or example_plan()).model_dump()
    found |= changed.pop("plan_", {})
    for one in found["checkpoints"]:
        one.update(changed.pop(one["id"].replace("-", "_"), {}))
    assert not changed, changed
    return Plan.model_validate(found)


def asks(*pairs: str) -> list[dict[str, Any]]:
    """Requirements: `uz.police permission`, and `uz.customs delivered 2` where two officers must say it."""
    words = [pair.split() for pair in pairs]
    return [{"service": one[0], "says": one[1], "officers": int(one[2]) if len(one) > 2 else 1} for one in words]


def signed_plan(plan: Plan) -> Envelope:
    """The plan, signed by its initiator."""
    return sign(canonical(plan), PLAN_TYPE, private_key_of(plan.initiator))


SEAL = {"number": "KZ000001", "security": "H"}

MEPHEDRONE = {"substance": "mephedrone (4-MMC)", "net": "13.2 kg"}

WORDS: dict[str, dict[str, Any]] = {
    "authorisation_granted": {
        "reference": "TEST-1",
        "granted_by_role": "prosecutor",
        "legal_basis": "test",
        "modalities": ["intact"],
        "valid_from": "2022-03-01T00:00:00Z",
        "valid_until": "2022-04-01T00:00:00Z",
    },
    "prepared": {"modality": "intact", "gross": "13.9 kg", "seals": [SEAL], "kept": [MEPHEDRONE], "witnesses": ["witness-1"]},
    "sighted": {"place": "on the road"},
    "handover_offered": {"gross": "13.9 kg", "seals": [SEAL]},
    "handover_accepted": {"gross": "13.9 kg", "seals": [SEAL], "seals_intact": True},
    "handover_declined": {"reason": "no vehicle"},
    "movement_decision": {"proceed": True, "reason": "recounted"},
    "delivered": {"how": "by the postman"},
    "arrest_made": {"persons": 1, "place": "Tashkent"},
    "no_arrest": {"reason": "nobody came"},
    "seizure": {"recovered": [MEPHEDRONE], "gross": "13.9 kg"},
    "stop_requested": {"reason": "danger"},
    "interdicted": {"gross": "13.9 kg", "seals_intact": True, "place": "warehouse"},
    "permission_granted": {
        "permissions": ["opening"],
        "reference": "TEST-2",
        "granted_by_role": "judge",
        "legal_basis": "test",
        "valid_from": "2022-03-01T00:00:00Z",
        "valid_until": "2022-04-01T00:00:00Z",
    },
    "duty_done": {"reference": "TEST-3"},
    "surveillance_lost": {"reason": "out of sight"},
    "not_collected": {"because": "no_show", "reason": "nobody came"},
    "destroyed": {"circumstances": "burnt", "witnesses": ["witness-1"]},
    "difference_explained": {"reason": "recounted by the laboratory"},
    "arrestee_released": {"persons": 1, "reason": "no charge"},
    "information": {"text": "a tip"},
    "disclosure_permitted": {"to": "court"},
    "delegated": {"valid_from": "2022-03-01T00:00:00Z", "valid_until": "2022-04-01T00:00:00Z", "reason": "on leave"},
}
"""What a well-behaved service says of each kind, where nothing else is given."""


@dataclass
class Table:
    """A delivery without a stage: the test says who speaks, what opens and what time it is."""

    plan: Plan = field(default_factory=example_plan)
    now: datetime = EPOCH
    other_cards: dict[str, RuleCard] = field(default_factory=dict)
    """Cards that take the place of the examples'."""
    alone: bool = True
    """Whether the register has answered that no other operation touches this one whenever a rule wants it asked (R15)."""

    def __post_init__(self) -> None:
        everyone = example_directory()
        self.directory = cast(everyone, tuple(service.id for service in everyone.services))
        cards = example_cards() | self.other_cards
        self.cards = {state: card for state, card in cards.items() if state in self.plan.states()}
        self.delivery: Delivery = begin(signed_plan(self.plan), self.directory, self.cards, self.now)
        self._numbers = itertools.count(1)
        if self.alone:
            self.deconflict()

    def pass_time(self, **span: float) -> None:
        """Let time go by: `pass_time(hours=2)`."""
        self.now += timedelta(**span)

    def record(self, event: Event) -> None:
        """Record what the story would."""
        record(self.delivery, event, self.now)

    def deconflict(self, *services: str) -> None:
        """The register answers: these services have operations that touch this one; none if none is named."""
        contacts = tuple(
            Contact(
                conflict=digest(f"{service} {number}")[:12],
                service=service,
                call="duty officer",
                keys=self.directory.get(service).keys,
            )
            for number, service in enumerate(services)
        )
        known = self.delivery.deconflicted
        self.record(Deconflicted(number=known.number + 1 if known is not None else 0, contacts=contacts))

    def open(self, *names: str) -> None:
        """Open planned checkpoints."""
        for name in names:
            planned = self.plan.find(name)
            assert planned is not None, name
            self.record(Opened(checkpoint=name, due=due_at(self.delivery, name, self.now)))
        take_up(self.delivery, self.now)

    def open_unforeseen(self, name: str) -> None:
        """Open a checkpoint that no plan holds, as the rules define it now."""
        definition = unforeseen.definition(self.delivery, name)
        self.record(Opened(checkpoint=name, due=due_at(self.delivery, name, self.now), definition=definition))

    def close(self, *names: str) -> None:
        """Close checkpoints that are satisfied."""
        for name in names:
            self.record(Closed(checkpoint=name, result="satisfied"))
        if self.alone and not self.delivery.dispatched:
            self.deconflict()

    def statement(self, service: str, kind: str, at: str | None = None, **content: Any) -> Statement:
        """A statement as the service would make it, with these fields instead of the usual ones."""
        usual = dict(WORDS.get(kind, {}))
        if kind.startswith(("authorisation_", "permission_")):
            usual["state"] = self.directory.get(content.get("on_behalf_of", service)).state
        beside = {"id": f"statement-{next(self._numbers):04d}", "officer": "officer-1"}
        beside |= {
            name: content.pop(name) for name in ("id", "officer", "on_behalf_of", "fulfils", "handling") if name in content
        }
        return Statement(
            delivery=self.plan.operation,
            checkpoint=at,
            service=service,
            happened_at=self.now.isoformat(),
            **beside,
            content=CONTENT.validate_python({"kind": kind} | usual | content),
        )

    def say(self, service: str, kind: str, at: str | None = None, **content: Any) -> Receipt:
        """The service signs and submits; the receipt."""
        envelope = sign_statement(self.statement(service, kind, at, **content), private_key_of(service))
        return submit(self.delivery, envelope, self.now)

    def packet(self) -> bytes:
        """The evidence packet as it stands."""
        return seal(self.delivery, "", private_key_of(VIGIL), self.now)

    # The usual course of Almaty - Tashkent, as far as a test wants it

    def consent(self) -> "Table":
        """Both States consent."""
        self.open("consent-kz", "consent-uz")
        self.say("kz.prosecutor", "authorisation_granted", "consent-kz")
        self.say("uz.prosecutor", "authorisation_granted", "consent-uz")
        self.close("consent-kz", "consent-uz")
        return self

    def prepare(self) -> "Table":
        """Consent, then preparation."""
        self.consent().open("preparation")
        self.say("kz.customs", "prepared", "preparation")
        self.say("kz.knb", "ready", "preparation")
        self.close("preparation")
        return self

    def dispatch(self) -> "Table":
        """Consent, preparation, and on its way."""
        self.prepare().record(Cleared(leg=0))
        self.open("departure")
        self.say("uz.customs", "ready", "departure")
        self.say("uz.police", "ready", "departure")
        self.say("kz.customs", "dispatched", "departure")
        self.close("departure")
        return self

    def record_handover(self) -> None:
        """It is handed over at Tashkent airport, which opens if it has not."""
        if "tashkent-airport" not in self.delivery.progress:
            self.record(Cleared(leg=1))
            self.open("tashkent-airport")
        self.say("kz.customs", "handover_offered", "tashkent-airport")
        self.say("uz.customs", "handover_accepted", "tashkent-airport")
        self.close("tashkent-airport")

    def approach(self) -> "Table":
        """On its way, and the handover at Tashkent airport is open."""
        self.dispatch().record(Cleared(leg=1))
        self.open("tashkent-airport")
        return self


def outcome_of(table: Table) -> tuple[str, str]:
    """What it amounts to, and the rule that forbids to conclude it now (or an empty text)."""
    outcome, reason = conclusion(table.delivery)
    try:
        permits(table.delivery, Concluded(outcome=outcome, reason=reason or "as it is"), table.now)
    except RuleBroken as error:
        return outcome, error.rule
    return outcome, ""
