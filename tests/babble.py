"""Deliveries for golden ledgers in which people say what comes into their heads, and initiators change what comes into theirs."""

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from domain.delivery.reported import Amended, ArchiveBehind
from domain.plan.directory import Service
from domain.plan.plan import Plan
from domain.record.door import amend, submit
from domain.rules.amending import faults_in
from domain.rules.books import BOOK
from domain.signing.canonical import canonical
from domain.views.asked import request
from domain.words.errors import RuleBroken, VigilError
from domain.words.limits import MOST_SERVICES
from rehearsal.scenario import Scenario
from rehearsal.services import lines
from tests.second_book import figured
from tests.support import (
    MEASURES,
    MEPHEDRONE,
    WORDS,
    Table,
    asks,
    card_of,
    example_cards,
    example_plan,
    signed_plan,
    with_changes,
)

Edit = Callable[[dict[str, Any]], None]

CALM = Scenario.model_validate({"vigil": "scenario/1", "pace": {"fastest": "1m", "slowest": "2m"}})
BABBLED = ("almaty-tashkent", "moscow-vector", "omsk-taraz", "cash-by-bus", "algeciras-valencia", "kyrgyzstan-kazakhstan-russia")
STEPS = 90

HALTING = (
    "authorisation_refused",
    "authorisation_withdrawn",
    "permission_refused",
    "stop_requested",
    "destroyed",
    "incident",
    "interdicted",
    "not_collected",
    "handover_declined",
    "split",
)
"""What ends the ordinary course: said seldom, or little else would be."""


def interval(begins: str, ends: str) -> dict[str, str]:
    """One of a surveillance log."""
    return {"team": "A", "means": "visual", "begins": begins, "ends": ends}


ODD: dict[str, tuple[dict[str, Any], ...]] = {
    "authorisation_granted": (
        {},
        {"valid_until": "2022-03-02T00:00:00Z"},
        {"valid_until": "2022-02-28T00:00:00Z", "valid_from": "2022-02-01T00:00:00Z"},
        {"provisional": True},
        {"modalities": ["replaced_in_whole"]},
        {"state": "FR"},
        {"conditions": [{"text": "two officers"}]},
        {"conditions": [{"text": "there", "at": "nowhere"}]},
        {"valid_until": "2029-01-01T00:00:00Z"},
    ),
    "authorisation_extended": ({"valid_until": "2022-05-01T00:00:00Z"}, {"valid_until": "2022-03-01T12:00:00Z"}),
    "permission_granted": ({}, {"state": "FR"}, {"permissions": ["device"]}, {"valid_until": "2022-03-01T06:30:00Z"}),
    "prepared": ({}, {"gross": "99 kg"}, {"modality": "removed"}, {"kept": []}, {"removed": [{"substance": "x", "net": "1 kg"}]}),
    "handover_offered": ({}, {"gross": "1 kg"}, {"seals": [{"number": "XX1", "security": "H"}]}),
    "handover_accepted": ({}, {"seals_intact": False}, {"gross": "9 kg"}),
    "movement_decision": ({}, {"proceed": False}),
    "not_collected": ({}, {"because": "returned"}),
    "arrestee_released": ({}, {"persons": ["P-9"]}),
    "seizure": ({}, {"gross": "1 kg", "recovered": []}),
    "disclosure_permitted": ({}, {"statements": ["statement-0001"]}, {"to": "KZ", "statements": ["nobody-said-it"]}),
    "delegated": ({}, {"to": "fr.customs"}, {"to": "uz.police"}, {"to": "kz.knb"}, {"to": "kz.police"}),
    "incident": ({"risk_to_life": True, "what": "danger"}, {"risk_to_life": False, "what": "a flat tyre"}),
    "device_failed": ({"label": "T-1", "reason": "battery"}, {"label": "none", "reason": "battery"}),
    "surveillance_regained": ({"place": "on the road", "reason": "found again"},),
    "looked_back": ({"note": "in court"},),
    "costs_settled": (
        {"each_bears_its_own": True},
        {"borne": [{"by": "fr.customs", "what": "escort", "amount": {"currency": "EUR", "minor": 1250}}]},
    ),
    "surveillance_log": (
        {"intervals": [interval("2022-03-01T06:00:00Z", "2022-03-01T06:30:00Z")]},
        {"intervals": [interval("2022-02-01T06:00:00Z", "2022-03-01T06:30:00Z")]},
        {"intervals": [interval("2022-03-01T06:00:00Z", "2029-03-01T06:30:00Z")]},
    ),
    "paper_registered": ({"paper": "order", "reference": "TEST-11 of 2022-03-01", "code": "0" * 12},),
    "declassified": tuple(
        {"reference": "TEST-12 of 2022-03-01", "statements": [one]} for one in ("statement-0001", "nobody-said-it")
    ),
    "results_submitted": tuple(
        {"reference": "TEST-13 of 2022-03-01", "addressee": "investigator", "to": to} for to in (None, "fr.customs")
    ),
    "case_opened": ({"reference": "TEST-14 of 2022-03-01", "articles": ["297"]},),
    "persons_notified": ({"reference": "TEST-15", "persons": ["P-1"]},),
    "jurisdiction_understood": ({"prosecutions": [{"role": "supplier", "state": "KZ"}]},),
    "transfer_requested": tuple(
        {"to": to, "prosecutions": [{"role": "courier", "state": to}], "reference": "TEST-6", "legal_basis": "treaty"}
        for to in ("KZ", "UZ", "FR")
    ),
    "transfer_accepted": ({"of": "statement-0002", "reference": "TEST-7"},),
    "transfer_declined": ({"of": "statement-0004"},),
    "cooperation_begun": tuple(
        {"person": "P-1", "role": "courier", "consented_to": "K-7", "consented_at": at, "reference": "TEST-8"}
        for at in ("2022-03-01T05:00:00Z", "2029-03-01T05:00:00Z")
    ),
    "cooperation_ended": ({"person": "P-1", "reason": "over"},),
    "recorder_issued": ({"person": "P-1", "label": "R-1", "reference": "TEST-9"},),
    "recorder_returned": ({"person": "P-1", "label": "R-1", "reference": "TEST-10"},),
    "detected": ({}, {"detected_at": "2030-01-01T00:00:00Z"}),
    "taken_out": tuple(
        {
            "label": label,
            "samples": [{"substance": "4-mmc", "net": net}],
            "purpose": "test",
            "reference": "TEST-16",
            "place": "lay-by",
            "opened": opened,
            "gross": "13.9 kg",
            "seals": [{"number": "KZ000001", "security": "H"}],
            "witnesses": ["witness-1"],
        }
        for label, net, opened in (("B-7", 1, False), ("B-8", 2, False), ("B-9", 10**9, False), ("B-9", 1, True))
    ),
    "exhibit_divided": (
        {"exhibit": "samples", "into": [{"label": "B-1"}, {"label": "B-2"}]},
        {"exhibit": "samples", "into": [{"label": "B-3", "net": 1}, {"label": "B-4", "net": 1}]},
        {"exhibit": "seized", "into": [{"label": "B-1"}, {"label": "samples"}]},
    ),
    "exhibits_offered": (
        {"exhibits": ["seized"], "to": "uz.police", "purpose": "test"},
        {"exhibits": ["consignment"], "to": "nobody.known", "purpose": "test"},
        {"exhibits": ["consignment"], "to": "kz.knb", "purpose": "test"},
    ),
    "exhibits_accepted": (
        {"exhibits": ["seized"], "giver": "uz.customs", "intact": True},
        {"exhibits": ["consignment"], "giver": "kz.police", "intact": False},
    ),
    "laboratory_report": (
        {
            "exhibit": "seized",
            "report": "test_report",
            "reference": "TEST-6 of 2022-03-01",
            "substance": "x",
        },
        {"exhibit": "consignment", "report": "expert_opinion", "case_number": "22/7", "reference": "TEST-6 of 2022-03-01"}
        | {"substance": "x", "received": "2 g", "spent": "1 g", "left": "1 g"},
    ),
    "disposed": (
        {"exhibits": ["seized"], "how": "kept", "to": "case 1", "reference": "TEST-7 of 2022-03-01"},
        {"exhibits": ["consignment"], "how": "lost", "reference": "TEST-7 of 2022-03-01"},
    ),
    "loss_recorded": ({"circumstances": "not found"},),
    "conflict_yielded": ({"reason": "the other was first"},),
    "conflict_settled": (
        {"agreed_with": "uz.police", "reference": "TEST-5", "reason": "both"},
        {"agreed_with": "nobody.known", "reference": "TEST-5", "reason": "both"},
    ),
    "split": (
        {"parts": [{"operation": "part-1", "contents": [MEPHEDRONE]}, {"operation": "part-2", "contents": []}], "reason": "two"},
    ),
    "correction": (
        {"of": "statement-0001", "reason": "slip", "content": {"kind": "arrest_made"} | WORDS["arrest_made"]},
        {"of": "statement-0003", "reason": "slip", "content": {"kind": "seizure"} | WORDS["seizure"]},
    ),
}
"""Other words than the usual ones, by kind."""


@dataclass(frozen=True)
class Attempt:
    """A change of plan that was tried when the ledger had so many entries, and the places of what was wrong with it."""

    size: int
    at: datetime
    change: Amended
    faults: tuple[str, ...]


@dataclass
class Told(Table):
    """A table at which plans are changed too, and at which it is noted what was wrong with those that were turned away."""

    attempts: list[Attempt] = field(default_factory=list)

    def change(self, edit: Edit, *services: Service) -> None:
        """The initiator signs the plan after this edit, and hands it in with these services. Raises `ValidationError` if it is no
        plan then.
        """
        document = self.delivery.plan.model_dump()
        edit(document)
        plan = Plan.model_validate(document)
        known = self.delivery.cards
        cards = tuple(example_cards()[state] for state in plan.states() if state not in known and state in example_cards())
        change = Amended(plan=signed_plan(plan), services=services, cards=cards)
        faults = faults_in(self.delivery, plan, *change.known_with(self.delivery.state))
        if faults:
            places = tuple(fault.place for fault in faults)
            self.attempts.append(Attempt(len(self.delivery.ledger), self.now, change, places))
            return
        amend(self.delivery, change, self.now)
        self.settle()


def babbled(seed: int) -> Told:
    """Half of what is said answers what is asked; the rest is any kind of statement, by anyone, anywhere."""
    dice = random.Random(f"{seed}/babble")  # noqa: S311 - it must be repeatable
    table = Told(plan=example_plan(BABBLED[seed % len(BABBLED)]), alone=dice.random() < 0.8)
    for _ in range(STEPS):
        if table.delivery.state.ended:
            break
        with suppress(VigilError, ValueError, KeyError):
            dice.choice((*DOINGS, *DOINGS, *(5 if seed % 4 == 0 else 1) * (_change,)))(table, dice)
    return table


def _answer(table: Told, dice: random.Random) -> None:
    asked = [(one.checkpoint.id, service) for one in table.delivery.state.open_checkpoints() for service in one.waiting_for()]
    name, service = dice.choice(asked or [("", "")])
    for line in lines(request(table.delivery, name, service), CALM, dice.randint(1, 3), table.now) if name else ():
        with suppress(VigilError):
            submit(table.delivery, line.envelope, table.now)
            table.settle()


def _oddly(table: Told, dice: random.Random) -> None:
    """Whoever is asked says one of what answers it, not quite as expected."""
    asked = [(one, service) for one in table.delivery.state.open_checkpoints() for service in one.waiting_for()]
    if not asked:
        return
    progress, service = dice.choice(asked)
    kind = dice.choice(BOOK.answers[dice.choice(progress.checkpoint.needs_of(service))])
    if kind in HALTING and dice.random() < 0.8:
        return
    words = dict(dice.choice(ODD.get(kind, ({},))))
    if dice.random() < 0.3:
        words["officer"] = "officer-2"
    if dice.random() < 0.1:
        words["plan"] = dice.choice((None, "0" * 64))
    if dice.random() < 0.1:
        words["seen"] = {"size": dice.choice((1, 10_000)), "root": "0" * 64}
    table.say(service, kind, progress.checkpoint.id, **words)


def _babble(table: Told, dice: random.Random) -> None:
    services = (*table.plan.participants(), "uz.post", "supervision")
    checkpoints = (None, *(one.id for one in table.plan.checkpoints), *table.delivery.state.progress, "nowhere")
    kind = dice.choice(tuple(BOOK.kinds))
    if kind in HALTING and dice.random() < 0.9:
        return
    words = dict(dice.choice(ODD.get(kind, ({},))))
    if dice.random() < 0.2:
        words["officer"] = "officer-2"
    if dice.random() < 0.15:
        words["on_behalf_of"] = dice.choice(services)
    if dice.random() < 0.1:
        words["id"] = f"statement-{dice.randint(1, 9):04d}"
    state = table.delivery.state
    own = [state.responsible] if BOOK.kinds[kind].declares.by == "responsible" and dice.random() < 0.8 else services
    at = [name for name, one in state.progress.items() if one.open and BOOK.need_of(kind) in one.checkpoint.needs_of(own[0])]
    table.say(dice.choice(own), kind, dice.choice(at or checkpoints), **words)


def _wait(table: Told, dice: random.Random) -> None:
    table.pass_time(hours=dice.choice((1, 1, 6, 30)))


def _look(table: Told, dice: random.Random) -> None:
    table.deconflict(*dice.choice(((), (), (table.plan.initiator,), ("uz.police",))))


def _change(table: Told, dice: random.Random) -> None:
    """The initiator changes something of the plan, whether it may or not."""

    def edit(plan: dict[str, Any]) -> None:
        checkpoint, leg = dice.choice(plan["checkpoints"]), dice.choice(plan["legs"])
        services = sorted({one["service"] for at in plan["checkpoints"] for one in at["requires"]})
        match dice.randint(0, 15):
            case 0:
                plan["title"] = f"Title {dice.randint(1, 99)}"
            case 1:
                checkpoint["due"] *= dice.choice((0.5, 2))
            case 2:
                checkpoint["place"] = "Elsewhere"
            case 3:
                dice.choice(checkpoint["requires"])["service"] = dice.choice(services)
            case 4:
                plan["checkpoints"] = [*plan["checkpoints"], checkpoint | {"id": f"more-{dice.randint(1, 99)}"}]
            case 5:
                plan["checkpoints"] = [one for one in plan["checkpoints"] if one is not checkpoint]
            case 6:
                leg[dice.choice(("id", "means"))] = "another"
            case 7:
                leg["takes"] *= dice.choice((0.5, 2))
            case 8:
                plan["modality"] = dice.choice(("intact", "replaced_in_whole", "removed"))
            case 9:
                plan["replaced"] = [{"service": dice.choice(services), "by": dice.choice(services), "reason": "busy"}]
            case 10:
                plan["tolerances"]["gross"] += 1
            case 11:
                checkpoint["overdue"] = dice.choice(("hold", "interdict"))
            case 12:
                checkpoint["escalate"] = ()
            case 13:
                plan["replaced"] = ()
            case 14:
                leg["end"] = checkpoint["id"]
            case _:
                pass

    table.change(edit)


DOINGS = (_answer, _answer, _oddly, _oddly, _babble, _babble, _babble, _wait, _look)
"""What there is to do, as often as it is done."""


def extended_behind_it() -> Table:
    """A State that it has left extends an authorisation that has run out."""
    table = Table()
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", valid_until="2022-03-06T00:00:00Z")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    table.say("kz.police", "prepared", "preparation")
    table.say("kz.knb", "ready", "preparation")
    for service in ("uz.customs", "uz.police"):
        table.say(service, "ready", "departure")
    table.say("kz.police", "dispatched", "departure")
    table.hand_over()
    table.pass_time(days=6)
    table.say("kz.prosecutor", "authorisation_extended", state="KZ", valid_until="2022-05-01T00:00:00Z")
    return table


def split_too_soon() -> Table:
    """It splits before it has left."""
    table = Table().prepare()
    half = {"substance": MEPHEDRONE["substance"], "net": "6.6 kg"}
    parts = [{"operation": f"part-{number}", "contents": [half]} for number in (1, 2)]
    table.say("kz.police", "split", parts=parts, reason="two cars")
    return table


def failed_twice() -> Table:
    """A device is said to have failed, and again."""
    table = Table().consent()
    device = {"label": "T-1", "what": "tracker", "gross": "100 g", "lasts": "30d"}
    table.say("kz.police", "prepared", "preparation", items=[device])
    for _ in range(2):
        table.say("kz.police", "device_failed", label="T-1", reason="battery")
    return table


def changed_where_it_is_open() -> Table:
    """The initiator changes what is open, what has been answered, what has been passed and who was replaced."""
    table = Told(
        plan=with_changes(consent_uz={"escalate": [{"to": "uz.customs", "after": "1h"}, {"to": "uz.police", "after": "2h"}]})
    )
    table.change(_set("consent-uz", place="Elsewhere"))
    table.pass_time(hours=1)
    table.change(_set("consent-uz", escalate=()))
    table.change(_set("consent-uz", requires=[{"service": "uz.prosecutor", "says": "permission", "officers": 1}]))
    table.dispatch()
    table.change(_beside("preparation"))
    table.change(_beside("departure"))
    table.change(lambda plan: plan["legs"][0].update(end="delivery"))
    table.say("kz.police", "handover_offered", "tashkent-airport")
    table.change(_instead_of("kz.police", "kz.afm"))
    table.change(_instead_of("kz.prosecutor", "kz.customs", replaced=True))
    table.change(_instead_of("caricc", "rilo-moscow", replaced=True))
    table.change(_instead_of("uz.police", "uz.customs", replaced=True))
    table.change(lambda plan: plan.update(replaced=()))
    for one in (("uz.customs", "uz.customs"), ("caricc", "rilo-moscow")):
        table.change(_replaced_too(*one))
    table.change(_set("delivery", escalate=[{"to": "caricc", "after": "1h"}]))
    table.change(lambda plan: plan.update(title="Another title"))
    return table


def decides_and_takes_charge() -> Table:
    """Who has decided in another's place would then carry it out."""
    plan = with_changes(
        consent_kz={"requires": asks("kz.prosecutor authorisation"), "escalate": [{"to": "kz.border", "after": "30h"}]}
    )
    decides = {"granted_by": ["prosecutor", "border_guard", "court"], "exclusions": [], "measures": []}
    table = Told(plan=plan, other_cards=card_of("KZ", **decides))
    table.say("kz.prosecutor", "delegated", to="kz.border")
    table.say("kz.border", "authorisation_granted", "consent-kz", on_behalf_of="kz.prosecutor")
    table.change(lambda plan: plan["legs"][0].update(responsible="kz.border"))
    return table


def followed(**law: Any) -> Told:
    """A court, which alone may, has let a person be followed for a day."""
    source = {"mark": "T", "text": example_cards()["KZ"].texts[0].id}
    own = {"measures": ["following_person"], "needs": "own_act", "by": ["court"], "law": source}
    rest = {"measures": [one for one in MEASURES if one != "following_person"], "needs": "nothing", "law": source}
    asked = {"requires": asks("kz.prosecutor authorisation", "kz.court permission"), "escalate": []}
    plan = with_changes(plan_={"uses": ["following_person"]}, consent_kz=asked)
    table = Told(plan=plan, other_cards=card_of("KZ", measures=[own, rest], **law))
    until = (table.now + timedelta(days=1)).isoformat()
    table.say("kz.court", "permission_granted", "consent-kz", permissions=["following_person"], valid_until=until)
    return table


def may_not_permit_for_longer() -> Table:
    """In the place of the court comes one that by the card may not let a person be followed."""
    table = followed()
    table.change(lambda plan: plan.update(replaced=[{"service": "kz.court", "by": "kz.border", "reason": "busy"}]))
    return table


def longer_than_may_be() -> Table:
    """By the cards an authorisation lasts a week, and so does what it permits; the way takes longer now, and once it has left."""
    cards = {}
    for state in ("KZ", "UZ"):
        source = {"mark": "T", "text": example_cards()[state].texts[0].id}
        own = {
            "measures": ["watching_thing", "opening"],
            "needs": "permission",
            "by": ["prosecutor"],
            "longest": "7d",
            "law": source,
        }
        rest = {"measures": [one for one in MEASURES if one not in own["measures"]], "needs": "nothing", "law": source}
        cards |= card_of(state, terms=[{"ceiling": "7d", "law": source}], measures=[own, rest])
    watch = {"check_in": timedelta(hours=6), "answer": timedelta(hours=1), "search": timedelta(hours=1)}
    table = Told(plan=with_changes(plan_={"surveillance": watch, "uses": ["opening"]}), other_cards=cards)
    table.change(_due_later("delivery", timedelta(hours=1)))
    for state in ("kz", "uz"):
        permits = ["watching_thing", "opening"] if state == "kz" else ["watching_thing"]
        given = {"permits": permits, "valid_from": table.now.isoformat(), "valid_until": "2022-03-07T00:00:00Z"}
        table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", **given)

    longer = _due_later("delivery", timedelta(days=30))

    def afresh(plan: dict[str, Any]) -> None:
        longer(plan)
        _beside("consent-kz", "kz-again")(plan)
        _beside("consent-uz", "uz-again")(plan)
        plan["legs"][0]["takes"] += timedelta(days=8)

    table.change(longer)
    table.dispatch()
    table.change(afresh)
    return table


def asks_others_too_late() -> Table:
    """Too little is left of what all may say to ask others for more."""
    table = Told(rules=figured(shared_statements=150)).dispatch()
    table.change(lambda plan: plan["legs"][1].update(responsible="kz.afm"))
    return table


def warned_too_late() -> Table:
    """An authorisation ends in less than three days, and is to be warned of three days before that alone; then, once it is to be
    extended, not at all.
    """
    table = Told()
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", valid_until="2022-03-04T00:00:00Z")
    table.change(lambda plan: plan.update(expiry_warnings=["72h"]))
    table.pass_time(hours=20)
    table.change(lambda plan: plan.update(expiry_warnings=[]))
    return table


def calls_elsewhere() -> Table:
    """It has left, and is to call in Tajikistan on the leg that it is on."""
    table = Told().dispatch()
    table.change(lambda plan: plan["legs"][0].update(calls=[{"kind": "airport", "state": "TJ", "place": "Dushanbe"}]))
    return table


def provisional_behind_what_is_final() -> Table:
    """Who has consented is asked once more, and says first what is not final."""
    table = Told()
    table.change(_beside("consent-kz"))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.say("kz.prosecutor", "authorisation_granted", "one-more", provisional=True)
    return table


def watched_unpermitted() -> Table:
    """On its last leg it is to be watched, which in Uzbekistan its prosecutor alone may permit, and does not."""
    law = {"mark": "T", "text": example_cards()["UZ"].texts[0].id}
    watching = {"measures": ["watching_thing"], "needs": "permission", "by": ["prosecutor"], "law": law}
    rest = {"measures": [one for one in MEASURES if one != "watching_thing"], "needs": "nothing", "law": law}
    free = {"measures": MEASURES, "needs": "nothing", "law": {"mark": "T", "text": example_cards()["KZ"].texts[0].id}}
    plan = with_changes(plan_={"surveillance": None}, delivery={"due": timedelta(hours=300)})
    table = Told(plan=plan, other_cards=card_of("UZ", measures=[watching, rest]) | card_of("KZ", measures=[free]))
    for state in ("kz", "uz"):
        table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", permits=[])
    table.dispatch().hand_over()

    def edit(plan: dict[str, Any]) -> None:
        plan["surveillance"] = {"check_in": timedelta(hours=2), "answer": timedelta(hours=1), "search": timedelta(hours=1)}
        _beside("consent-kz", "kz-2")(plan)
        _beside("consent-uz", "uz-2")(plan)

    table.change(edit)
    table.pass_time(hours=6)
    table.say("kz.prosecutor", "authorisation_granted", "kz-2", permits=[])
    table.say("uz.prosecutor", "authorisation_granted", "uz-2", permits=[])
    return table


def not_sanctioned() -> Table:
    """The police let it be listened to in urgency, which the prosecutor refuses to sanction; then the plan has another title."""
    source = {"mark": "T", "text": example_cards()["KZ"].texts[0].id}
    own = {"measures": ["audio_video"], "needs": "own_act", "by": ["prosecutor"], "law": source}
    rest = {"measures": [one for one in MEASURES if one != "audio_video"], "needs": "nothing", "law": source}
    urgent = {"measures": ["audio_video"], "by": ["police"], "sanctioned_within": "24h", "law": source}
    asked = {"requires": asks("kz.prosecutor authorisation", "kz.prosecutor permission")}
    told = example_plan().request.model_dump() | {"technical_means": "a recorder"}
    plan = with_changes(consent_kz=asked, plan_={"uses": ["audio_video"], "request": told})
    free = {"measures": MEASURES, "needs": "nothing", "law": {"mark": "T", "text": example_cards()["UZ"].texts[0].id}}
    cards = card_of("KZ", measures=[own, rest], urgent_measures=[urgent]) | card_of("UZ", measures=[free])
    table = Told(plan=plan, other_cards=cards)
    words = {"permissions": ["audio_video"], "urgent_at": "2022-03-01T04:00:00Z", "on_behalf_of": "kz.prosecutor"}
    table.say("kz.police", "permission_granted", "consent-kz", **words)
    table.dispatch()
    table.say("kz.prosecutor", "permission_refused", "sanction.kz.prosecutor.1", state="KZ")
    table.change(lambda plan: plan.update(title="Another title"))
    return table


def taken_out_half_answered() -> Table:
    """One of two has consented for Kazakhstan, and their checkpoint is to be taken out."""
    both = {"requires": asks("kz.prosecutor authorisation", "kz.afm authorisation")}
    table = Told(plan=with_changes(consent_kz=both))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.change(lambda plan: plan.update(checkpoints=plan["checkpoints"][1:]))
    return table


def half_spent() -> Table:
    """Who watches has said more than half of what it may."""
    watch = {"check_in": timedelta(hours=24), "answer": timedelta(hours=1), "search": timedelta(hours=1)}
    table = Told(rules=figured(speaker_statements=8), plan=with_changes(plan_={"surveillance": watch})).dispatch()
    for _ in range(3):
        table.say("kz.police", "sighted", place="the road")
    return table


def owes_a_duty() -> Table:
    """The police are to tell the result of what a court has permitted, and are left out of the plan, without a successor."""
    law = {"mark": "T", "text": example_cards()["KZ"].texts[0].id}
    told = {"what": "the result is told", "within": "90h", "law": law, "id": "told", "after": "end_of_permission"}
    table = followed(duties=[told])
    table.pass_time(hours=25)

    def others(plan: dict[str, Any]) -> None:
        for one in (one for checkpoint in plan["checkpoints"] for one in checkpoint["requires"]):
            one["service"] = one["service"].replace("kz.police", "kz.afm")
        plan["legs"][0].update(responsible="kz.afm")

    table.change(others)
    return table


def not_cleared_any_more() -> Table:
    """The plan is changed while a conflict is in the way: what was cleared is so no more, and it may not leave."""
    table = Told().prepare()
    table.alone = False
    table.deconflict("uz.police")
    table.change(lambda plan: plan.update(title="Another title"))
    table.say("kz.police", "dispatched", "departure")
    return table


def early_behind_a_consent() -> Table:
    """What came early while it was held waits on for the State that is asked afresh meanwhile."""
    table = Told().dispatch()
    table.say("kz.knb", "hold_requested")
    table.change(_beside("consent-uz", "consent-uz-again"))
    table.say("uz.customs", "delivered", "delivery")
    for service in ("kz.police", "kz.prosecutor"):
        table.say(service, "hold_decided", "hold.1", decision="go_on")
    return table


def taken_out_while_open() -> Table:
    """A consent that is waited for stays; one that was asked afresh and not given is taken out again."""
    table = Told()
    table.change(lambda plan: plan.update(checkpoints=[one for one in plan["checkpoints"] if one["id"] != "consent-uz"]))
    table.dispatch()
    table.change(_beside("consent-uz", "consent-uz-again"))
    table.change(_taking_out("consent-uz-again"))
    return table


def statements_spent() -> Table:
    """Who is asked nothing says as much as it may, and once more; then brakes that are refused, and one that stops."""
    table = Table(rules=figured(unasked_statements=3, brakes=2)).dispatch()
    for _ in range(4):
        table.say("supervision", "information")
    for place in ("road", "warehouse"):
        with suppress(RuleBroken):
            table.say("supervision", "interdicted", place=place)
    table.say("supervision", "stop_requested")
    return table


def bytes_spent() -> Table:
    """One service says too much in few statements, all together say too many, and a brake finds no room either."""
    table = Table(rules=figured(unasked_bytes=3_000, most_statements=14, most_brakes_known=18)).dispatch()
    for _ in range(2):
        table.say("supervision", "information", text="x" * 1500)
    for service in ("kz.knb", "kz.prosecutor", "uz.customs", "uz.police", "uz.prosecutor", "kz.police"):
        with suppress(RuleBroken):
            table.say(service, "information")
    for service in ("uz.prosecutor", "kz.police", "kz.knb", "uz.police"):
        with suppress(RuleBroken):
            table.say(service, "interdicted", place="elsewhere")
    return table


def log_full() -> Table:
    """The surveillance log holds as many intervals as it may on the first of two ways, and the next is refused."""
    table = Table(rules=figured(most_intervals_in_all=2)).dispatch()
    table.pass_time(hours=1)
    for begins, ends in (("06:00", "06:20"), ("06:20", "06:40")):
        table.say("kz.police", "surveillance_log", intervals=[interval(f"2022-03-01T{begins}:00Z", f"2022-03-01T{ends}:00Z")])
    return table


def held_too_much() -> Table:
    """Conditions, what was prepared, and what comes early are more than there is room for; in fewer words they count."""
    table = Table(rules=figured(granted_bytes=100, prepared_bytes=150, early_bytes=1_800, early_bytes_of_all=2_400))
    for conditions in ([{"text": "x" * 200}], [{"text": "two officers"}]):
        table.say("kz.prosecutor", "authorisation_granted", "consent-kz", conditions=conditions)
    for service in ("uz.customs", "uz.police", "uz.customs"):
        table.say(service, "ready", "departure")
    items = [{"label": f"L{number}", "what": "marking", "gross": "1 g"} for number in range(4)]
    table.say("kz.police", "prepared", "preparation", items=items)
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    table.say("kz.police", "prepared", "preparation", items=items)
    table.say("kz.police", "prepared", "preparation")
    return table


def corrected_to_many() -> Table:
    """A correction of a seizure names more finds than there is room to say the fate of."""
    weighs = {"requires": asks("uz.customs seizure", "uz.police seizure")}
    table = Table(rules=figured(exhibits_bytes=1_000), plan=with_changes(accounting=weighs)).deliver()
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    table.say("kz.knb", "arrest_made", "arrest-almaty")
    finds = [{"label": f"X-{number}", "what": "a packet"} for number in range(80)]
    table.say("uz.police", "seizure", "accounting", id="the-seizure", recovered=[], finds=finds[:1])
    right = {"kind": "seizure", "recovered": [], "finds": finds}
    table.say("uz.police", "correction", of="the-seizure", reason="misread", content=right)
    return table


def changed_too_often() -> Table:
    """Changes of plan beyond each bound, notices that are given up, and an archive that falls behind and catches up."""
    plan_bytes = len(canonical(example_plan())) + 400
    rules = figured(most_plans=3, most_selectors_in_all=1, plan_bytes=plan_bytes, owed_bytes=500)
    table, again = Told(rules=rules, told=False).dispatch(), "consent-uz-again"
    assert isinstance(table, Told)
    table.change(_beside("consent-uz", again))
    table.change(_taking_out(again))
    table.change(_beside("consent-uz", again))
    table.change(lambda plan: plan.update(title="x" * 200))
    table.change(lambda plan: plan.update(selectors=[{"kind": "phone", "hash": f"{number:064x}"} for number in range(2)]))
    table.report(ArchiveBehind(kept=0))
    return table


def more_checkpoints_than_may_be() -> Table:
    """With one that was opened and is taken out, a plan of as many checkpoints as may be has one more than that."""
    table, again = Told().dispatch(), "consent-uz-again"
    assert isinstance(table, Told)
    table.change(_beside("consent-uz", again))

    def edit(plan: dict[str, Any]) -> None:
        kept = [one for one in plan["checkpoints"] if one["id"] != again]
        more = range(MOST_SERVICES - len(kept))
        plan["checkpoints"] = [*kept, *(kept[-1] | {"id": f"more-{number}"} for number in more)]

    table.change(edit)
    return table


def _set(name: str, **values: Any) -> Edit:
    return lambda plan: next(one for one in plan["checkpoints"] if one["id"] == name).update(values)


def _beside(like: str, name: str = "one-more") -> Edit:
    """Another checkpoint like this one."""

    def edit(plan: dict[str, Any]) -> None:
        other = next(one for one in plan["checkpoints"] if one["id"] == like)
        plan["checkpoints"] = [*plan["checkpoints"], other | {"id": name}]

    return edit


def _taking_out(name: str) -> Edit:
    """The plan without this checkpoint, under another title: one that was in force before never counts again (R22)."""

    def edit(plan: dict[str, Any]) -> None:
        plan["checkpoints"] = [one for one in plan["checkpoints"] if one["id"] != name]
        plan["title"] = plan["title"].upper()

    return edit


def _due_later(name: str, by: timedelta) -> Edit:
    """That checkpoint may take so much longer."""

    def edit(plan: dict[str, Any]) -> None:
        for one in (one for one in plan["checkpoints"] if one["id"] == name):
            one["due"] += by

    return edit


def _instead_of(old: str, new: str, *, replaced: bool = False) -> Edit:
    """Whatever lies ahead asks another service."""

    def edit(plan: dict[str, Any]) -> None:
        for checkpoint in plan["checkpoints"][4:]:
            for one in checkpoint["requires"]:
                one["service"] = one["service"].replace(old, new)
        plan["replaced"] = [{"service": old, "by": new, "reason": "busy"}] if replaced else ()

    return edit


def _replaced_too(service: str, by: str) -> Edit:
    return lambda plan: plan.update(replaced=[*plan["replaced"], {"service": service, "by": by, "reason": "busy"}])


def brings_a_key_of_another() -> Table:
    """A service comes with a changed plan, under a key that another has there."""
    table = Told()
    known = table.delivery.directory.get("uz.police")
    table.change(lambda plan: plan.update(title="Another title"), known.model_copy(update={"id": "uz.border"}))
    return table


TOLD: dict[str, Callable[[], Table]] = {
    "extended-behind-it": extended_behind_it,
    "split-too-soon": split_too_soon,
    "failed-twice": failed_twice,
    "changed-where-it-is-open": changed_where_it_is_open,
    "decides-and-takes-charge": decides_and_takes_charge,
    "may-not-permit-for-longer": may_not_permit_for_longer,
    "longer-than-may-be": longer_than_may_be,
    "asks-others-too-late": asks_others_too_late,
    "warned-too-late": warned_too_late,
    "calls-elsewhere": calls_elsewhere,
    "provisional-behind-what-is-final": provisional_behind_what_is_final,
    "watched-unpermitted": watched_unpermitted,
    "not-sanctioned": not_sanctioned,
    "taken-out-half-answered": taken_out_half_answered,
    "half-spent": half_spent,
    "owes-a-duty": owes_a_duty,
    "not-cleared-any-more": not_cleared_any_more,
    "early-behind-a-consent": early_behind_a_consent,
    "taken-out-while-open": taken_out_while_open,
    "statements-spent": statements_spent,
    "bytes-spent": bytes_spent,
    "log-full": log_full,
    "held-too-much": held_too_much,
    "corrected-to-many": corrected_to_many,
    "changed-too-often": changed_too_often,
    "more-checkpoints-than-may-be": more_checkpoints_than_may_be,
    "brings-a-key-of-another": brings_a_key_of_another,
}
"""What neither seeds nor babble bring about."""
