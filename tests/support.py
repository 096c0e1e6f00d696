"""What tests share: the example plans with simulated keys, and a table at which services say things in any order."""

import itertools
import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, get_args

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Receipt
from domain.delivery.progress import Progress
from domain.delivery.reported import AskedOnceMore, Deconflicted, Released, Told
from domain.delivery.statement import Statement, sign_statement
from domain.plan.attachment import Attachment
from domain.plan.cards import Measure, RuleCard
from domain.plan.directory import Directory, Reach
from domain.plan.documents import Document
from domain.plan.plan import Plan
from domain.plan.register import Contact
from domain.plan.request import Companions
from domain.plan.request_for_consent import digest_of_request
from domain.record.door import begin, report, submit
from domain.record.packet import seal
from domain.record.receipts import signed
from domain.rules.book import Book
from domain.rules.books import BOOK, newest
from domain.rules.course import advance
from domain.rules.outside import Report
from domain.signing.canonical import canonical, digest
from domain.signing.envelope import PLAN_TYPE, Envelope, sign
from domain.views.sentences import say_verdict
from process.configuration import cards_in, directory_in
from rehearsal.scenario import Scenario
from rehearsal.services import EPOCH, VIGIL, cast, private_key_of, second
from workflows.errands import Errand, Heed, Look, OnceMore, Question, Release, Telling, wanted

NEIGHBOURS = ("AZ", "BY", "KG", "KZ", "LV", "RU", "TJ", "UZ")
"""States whose services stand at a table beside those of its plan: of all States they are more than one delivery knows."""
SECRET = bytes(32)
"""Behind the salts of ledgers in tests: nobody guesses at them."""
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
SAMPLED = ("almaty-tashkent", "stopped-under-way")
"""Those of them that `make test` runs on Temporal; `make slow` runs all."""


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


def example_of(folder: Path, *states: str, cards: bool = False) -> Path:
    """The example directory in this folder, with the services of these States and of none alone, and on demand the cards of these
    States beside it: commands that read them anew each time do so in a fraction of the time.
    """
    file = folder / "directory.yaml"
    lines = (EXAMPLES / "directory.yaml").read_text().splitlines(keepends=True)
    wanted = [one for one in lines if ", state: " not in one or any(f", state: {state}," in one for state in states)]
    file.write_text("".join(wanted))
    if cards:
        (folder / "cards").mkdir()
        for state in states:
            shutil.copy(EXAMPLES / "cards" / f"{state}.yaml", folder / "cards")
    return file


def services_near(plan: Plan) -> tuple[str, ...]:
    """Who stands at a table: the services of the plan's States, of neighbouring ones and of none, and who takes part."""
    states = {None, *NEIGHBOURS, *plan.asked_states()}
    near = [one.id for one in example_directory().services if one.state in states]
    return tuple(dict.fromkeys((*near, *plan.everybody(), *plan.vouching())))


def example_cards() -> dict[str, RuleCard]:
    """The rule cards of `examples/`."""
    return dict(_cards())


@cache
def _cards() -> dict[str, RuleCard]:
    return cards_in(EXAMPLES / "cards")


def card_of(state: str, **says: Any) -> dict[str, RuleCard]:
    """The example card of a State, saying this as well; see `provisions`."""
    return {state: RuleCard.model_validate(example_cards()[state].model_dump() | provisions(example_cards()[state], **says))}


MEASURES: tuple[Measure, ...] = get_args(Measure)


def provisions(card: RuleCard, **says: Any) -> dict[str, Any]:
    """The fields of a card by short words: `separate` the measures that want an act of their own, where no other wants one;
    `granted_by` the kinds that decide; `modalities` what is allowed; `longest` and `notice` times. Anything else as it stands.
    """
    law = {"mark": "T", "text": card.texts[0].id}
    found = {
        name: value for name, value in says.items() if name not in ("separate", "granted_by", "modalities", "longest", "notice")
    }
    if "separate" in says:
        apart = [one for one in MEASURES if one in says["separate"]]
        free = [one for one in MEASURES if one not in says["separate"]]
        needs = (("own_act", apart), ("nothing", free))
        found["measures"] = [{"measures": measures, "needs": what, "law": law} for what, measures in needs if measures]
    if "granted_by" in says:
        found["deciders"] = [{"by": says["granted_by"], "role": "whoever decides there", "law": law}]
    if "modalities" in says:
        found["handling"] = [{"modalities": says["modalities"], "are": "allowed", "law": law}]
    if "longest" in says:
        found["terms"] = [{"longest": says["longest"], "law": law}]
    if "notice" in says:
        found["notice"] = [{"time": says["notice"], "law": law}]
    for one in found.get("duties", ()):
        one.setdefault("law", law)
    return found


def with_changes(plan: Plan | None = None, **changed: dict[str, Any]) -> Plan:
    """The plan, by its file's words: `plan_=` its own fields, and by checkpoint (`consent_uz=`) what stands otherwise there."""
    found = (plan or example_plan()).model_dump()
    found |= changed.pop("plan_", {})
    for one in found["checkpoints"]:
        one.update(changed.pop(one["id"].replace("-", "_"), {}))
    assert not changed, changed
    return asking_all(Plan.model_validate(found))


def asking_all(plan: Plan) -> Plan:
    """The plan, whose request says to each State that is asked, and of who travels along and which device, what it must say."""
    said = plan.request
    some = next(iter(said.to.values()))
    along = dict.fromkeys(service for leg in plan.legs for service in leg.accompanied_by)
    more = {
        "to": {state: said.to.get(state, some) for state in dict.fromkeys((*said.to, *plan.asked_states()))},
        "companions": tuple(Companions(service=service, officers=2) for service in along),
        "technical_means": said.technical_means or ("a tracker" if "device" in plan.uses else ""),
    }
    return plan.model_copy(update={"request": said.model_copy(update=more)})


def asks(*pairs: str) -> list[dict[str, Any]]:
    """Requirements: `uz.police permission`, and `uz.customs delivered 2` where two officers must say it."""
    words = [pair.split() for pair in pairs]
    return [{"service": one[0], "says": one[1], "officers": int(one[2]) if len(one) > 2 else 1} for one in words]


def omsk_with_two_authorities() -> Plan:
    """Omsk - Taraz by road, with two authorities of Russia, as if its law let a prosecutor authorise beside the customs."""
    both, plan = asks("ru.prosecutor authorisation", "ru.customs authorisation"), example_plan("omsk-taraz")
    consignment = plan.consignment.model_dump() | {"kind": "truck"}
    return with_changes(plan, plan_={"consignment": consignment}, consent_ru={"requires": both})


def signed_plan(plan: Plan) -> Envelope:
    """The plan, signed by its initiator."""
    return sign(canonical(plan), PLAN_TYPE, *map(private_key_of, plan.initiators()))


SEAL = {"number": "KZ000001", "security": "H"}

MEPHEDRONE = {"substance": "mephedrone (4-MMC)", "net": "13.2 kg"}

RECIPIENT, COURIER = {"code": "P-1", "role": "recipient"}, {"code": "P-2", "role": "courier"}

WORDS: dict[str, dict[str, Any]] = {
    "detected": {
        "place": "International mail centre, Almaty",
        "detected_at": "2022-03-01T05:00:00Z",
        "how": "x_ray",
        "officers": ["officer-7"],
        "concealment": "in the back of a picture",
        "taken_for": ["mephedrone (4-MMC)"],
        "sure": "presumptive_test",
    },
    "authorisation_extended": {"granted_by_role": "prosecutor", "legal_basis": "test"},
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
    "deconfliction_requested": {"reference": "TEST-4", "reason": "before anybody is asked"},
    "deconfliction_refused": {"reason": "not called for"},
    "delivered": {"how": "by the postman"},
    "arrest_made": {"persons": [RECIPIENT], "place": "Tashkent"},
    "no_arrest": {"reason": "nobody came"},
    "seizure": {"recovered": [MEPHEDRONE]},
    "stop_requested": {"reason": "danger"},
    "hold_requested": {"reason": "a car follows it"},
    "hold_decided": {"decision": "go_on", "reason": "it was ours"},
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
    "arrestee_released": {"persons": ["P-1"], "reason": "no charge"},
    "information": {"text": "a tip"},
    "disclosure_permitted": {"to": "court"},
    "delegated": {"valid_from": "2022-03-01T00:00:00Z", "valid_until": "2022-04-01T00:00:00Z", "reason": "on leave"},
}
"""What a well-behaved service says of each kind, where nothing else is given."""


BESIDE = ("id", "officer", "on_behalf_of", "fulfils", "handling", "attachments", "plan", "seen")
RESULT = ".result-of-sanctioned"
"""How the key of the duty ends by which Kazakhstan's law has a result told (R16)."""
PHOTOGRAPH = Attachment(digest="ab" * 32, size=2_400_000, media_type="image/jpeg", shows="the parcel, opened")
"""What a statement says beside its content, where `seen` may also be: whether it was delivered in somebody's sight."""


@dataclass
class Table:
    """A delivery without a stage: the test says who speaks and what time it is. What is decided on it is recorded at once."""

    plan: Plan = field(default_factory=example_plan)
    now: datetime = EPOCH
    other_cards: dict[str, RuleCard] = field(default_factory=dict)
    """Cards that take the place of the examples'."""
    without_card: tuple[str, ...] = ()
    """States that are asked and of which there is no card: only a plan that nobody checked has one."""
    alone: bool = True
    """Whether the register answers that no other operation touches this one whenever it is to be looked into (R15)."""
    signed: bool = True
    """Whether it is signed that the register is looked into whenever that is asked (R15)."""
    reported: bool = True
    """Whether what was found is reported whenever that is asked (R30)."""
    told: bool = True
    """Whether notices arrive at once."""
    reach: dict[str, Reach] = field(default_factory=dict)
    """How services are reached; people at a desk where nothing is given."""
    rules: Book = field(default_factory=newest)
    """What it is under."""

    def __post_init__(self) -> None:
        self.directory = cast(example_directory(), services_near(self.plan), self.reach)
        cards = example_cards() | self.other_cards
        known = [state for state in self.plan.asked_states() if state not in self.without_card]
        self.cards = {state: card for state, card in cards.items() if state in known}
        self.delivery: Delivery = begin(signed_plan(self.plan), self.directory, self.cards, self.now, SECRET, self.rules)
        self._numbers = itertools.count(1)
        self.settle()

    def pass_time(self, **span: float) -> None:
        """Let time go by, with all that it brings: `pass_time(hours=2)`."""
        self.now += timedelta(**span)
        advance(self.delivery, self.now)
        self.settle()

    def report(self, fact: Report) -> None:
        """A fact comes from outside."""
        report(self.delivery, fact, self.now)

    def settle(self) -> None:
        """Do what is wanted outside, but for the questions: those the test answers, but whether the register is looked into, what
        was found, and what came of what the example's prosecutor permitted.
        """
        for name, progress in self.delivery.state.progress.items():
            if self.reported and progress.open and progress.contingency == "detection":
                self.say(progress.checkpoint.services()[0], "detected", name)
                return
            if self.signed and progress.open and progress.contingency == "deconfliction":
                self.say(progress.checkpoint.services()[0], "deconfliction_requested", name)
                return
            if progress.open and not progress.satisfied and progress.key.endswith(RESULT):
                self.say(progress.checkpoint.services()[0], "duty_done", name)
                return
        while errands := [one for one in wanted(self.delivery) if self._is_ours(one)]:
            match errands[0]:
                case Look():
                    self.deconflict()
                case Release():
                    self.report(Released())
                case OnceMore(checkpoint=name):
                    self.report(AskedOnceMore(checkpoint=name))
                case Telling(of=of, kind=kind, checkpoint=name):
                    owed = next(one for one in self.delivery.state.owed if (one.seq, one.kind) == (of, kind))
                    self.report(Told(of=of, kind=kind, checkpoint=name, reached=owed.services))

    def _is_ours(self, errand: Errand) -> bool:
        return (
            not isinstance(errand, Question | Heed)
            and (self.alone or not isinstance(errand, Look))
            and (self.told or not isinstance(errand, Telling))
        )

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
        register = self.delivery.state.register
        found = Deconflicted(number=register.number + 1, order=register.orders[-1], contacts=contacts)
        report(self.delivery, found, self.now)

    @property
    def events(self) -> list[str]:
        """The names of all that has been recorded, in order."""
        return [entry.event.event for entry in self.delivery.ledger.entries]

    def is_open(self, *names: str) -> bool:
        """Whether all of these checkpoints wait."""
        return all(map(self.delivery.state.is_open, names))

    def is_closed(self, *names: str) -> bool:
        """Whether all of these checkpoints have opened and closed."""
        found = map(self.delivery.state.seen, names)
        return all(one is not None and not one.open for one in found)

    def at(self, name: str) -> Progress:
        """How far this checkpoint has come, or had come when it closed. Raises `LookupError` where it has not opened."""
        return self.delivery.state.every_checkpoint()[name]

    def opened(self, contingency: str) -> str:
        """The name of the newest checkpoint that this contingency has opened."""
        every = self.delivery.state.every_checkpoint().items()
        return max((one.opened, name) for name, one in every if one.contingency == contingency)[1]

    def statement(self, service: str, kind: str, at: str | None = None, **content: Any) -> Statement:
        """A statement as the service would make it, with these fields instead of the usual ones."""
        usual = dict(WORDS.get(kind, {}))
        if kind.startswith(("authorisation_", "permission_")):
            usual["state"] = self.directory.get(content.get("on_behalf_of", service)).state
        if kind in ("authorisation_granted", "agreement_given", "permission_granted"):
            usual["state"] = self.directory.get(content.get("on_behalf_of", service)).state
            usual["request"] = digest_of_request(self.delivery.plan, content.get("state", usual["state"])) or "0" * 64
        if content.get("form") == "oral":  # it bears no number
            usual |= {"reference": None, "spoken": "telephone", "taken_down_by": "duty officer"}
        if kind == "authorisation_granted":
            usual["permits"] = self._permitted_with_it(usual["state"], content.get("on_behalf_of", service))
        if kind == "prepared":  # what is taken out of it was in it
            put_in = any(one["what"] == "substitute" for one in content.get("items", ()))
            usual["opened"] = put_in or any(content.get(one) for one in ("removed", "samples", "broken"))
        if kind == "arrest_made":  # another person each time
            before = sum(len(one.persons) for one in self.delivery.state.arrests.values() if one.service == service)
            usual["persons"] = [RECIPIENT | {"code": f"P-{before + 1}"}]
        beside = {"id": f"statement-{next(self._numbers):04d}", "officer": "officer-1", "plan": self.delivery.state.plan_digest}
        beside |= {name: content.pop(name) for name in BESIDE if name in content and not isinstance(content[name], bool)}
        return Statement(
            delivery=self.plan.operation,
            checkpoint=at,
            service=service,
            happened_at=self.now.isoformat(),
            **beside,
            content=BOOK.content({"kind": kind} | usual | content),
        )

    def _permitted_with_it(self, state: str, voice: str) -> list[str]:
        """Items of post, devices, opening and watching, where such a service may permit them without an act of their own."""
        measures: tuple[Measure, ...] = ("post", "device", "opening", "watching_thing")
        rules = {one: self.cards[state].rule_of(one, self.plan.case) if state in self.cards else None for one in measures}
        kind = self.directory.get(voice).kind
        may = [one for one in rules if state not in self.cards or self.cards[state].lets_permit(kind, one, self.plan.case)]
        return [one for one in may if (rule := rules[one]) is None or rule.needs != "own_act"]

    def say(self, service: str, kind: str, at: str | None = None, **content: Any) -> Receipt:
        """The service signs and submits; the receipt. A second officer (`officer-2`) signs with a key of his own."""
        signer = second(service) if content.get("officer", "officer-1") != "officer-1" else service
        return self.hand_in(self.statement(service, kind, at, **content), signer)

    def hand_in(self, statement: Statement, signer: str | None = None) -> Receipt:
        """A statement as the test has made it, signed and submitted."""
        envelope = sign_statement(statement, private_key_of(signer or statement.service))
        answer = submitted(self.delivery, envelope, self.now)
        self.settle()
        return answer

    def packet(self) -> bytes:
        """The evidence packet as it stands."""
        return seal(self.delivery, "", private_key_of(VIGIL), self.now)

    # The usual course of Almaty - Tashkent, as far as a test wants it

    def consent(self) -> "Table":
        """Both States consent."""
        self.say("kz.prosecutor", "authorisation_granted", "consent-kz")
        self.say("uz.prosecutor", "authorisation_granted", "consent-uz")
        return self

    def prepare(self) -> "Table":
        """Consent, then preparation."""
        self.consent()
        self.say("kz.police", "prepared", "preparation")
        self.say("kz.knb", "ready", "preparation")
        return self

    def dispatch(self) -> "Table":
        """Consent, preparation, and on its way: the handover at Tashkent airport is open."""
        self.prepare()
        self.say("uz.customs", "ready", "departure")
        self.say("uz.police", "ready", "departure")
        self.say("kz.police", "dispatched", "departure")
        return self

    def hand_over(self) -> "Table":
        """Custody passes at Tashkent airport."""
        self.say("kz.police", "handover_offered", "tashkent-airport")
        self.say("uz.customs", "handover_accepted", "tashkent-airport")
        return self

    def deliver(self) -> "Table":
        """Delivered, and the arrest checkpoints are open."""
        self.dispatch().hand_over()
        self.say("uz.customs", "delivered", "delivery")
        return self


def submitted(delivery: Delivery, envelope: Envelope, at: datetime) -> Receipt:
    """Hand it in by the one door; the receipt, where its entry has not been let go of."""
    answer = submit(delivery, envelope, at)
    assert isinstance(answer, Receipt)
    return answer


def held(*receipts: Receipt) -> list[Envelope]:
    """These receipts as their holders keep them: signed by the installation."""
    return [signed(one, private_key_of(VIGIL)) for one in receipts]


def why(answer: Receipt) -> str:
    """Why it is this verdict, in words."""
    return say_verdict(answer.verdict)
