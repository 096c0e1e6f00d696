"""R28: what a delivery goes on holding has bounds. At a bound it may be, one beyond is refused, with the place and the rule."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.reported import Amended, ArchiveBehind, Deconflicted, Told
from domain.delivery.state import State
from domain.plan import check_size
from domain.plan.check import faults_in
from domain.plan.check_size import CONSENTS, CORRECTABLE
from domain.plan.directory import Directory, ServiceKey
from domain.plan.key_changes import KeyChange
from domain.plan.plan import Plan
from domain.plan.selectors import Selector
from domain.record import door
from domain.record.door import amend, change_keys
from domain.record.verify import verify
from domain.rules import amending
from domain.rules.books import newest
from domain.signing.canonical import canonical, digest, plain
from domain.signing.envelope import KEYS_TYPE, sign
from domain.signing.keys import key_id, public_text
from domain.views import standing
from domain.views.standing import standing as stands
from domain.words.errors import RuleBroken
from domain.words.figures import FIGURES
from domain.words.limits import BRAKES, CARDS_BYTES, MOST_SERVICES, OWED_BYTES
from rehearsal.services import private_key_of
from tests.course import became, code
from tests.second_book import with_figures
from tests.support import Table, asks, card_of, example_cards, example_directory, example_plan, signed_plan, with_changes
from workflows import errands
from workflows.errands import parcels

ASKED = [one for checkpoint in example_plan().checkpoints for one in checkpoint.requires]
DUTY = {"id": "copy", "what": "a copy to the register", "within": "24h"}
CARDS = example_cards() | card_of("KZ", duties=[DUTY, DUTY | {"id": "report"}])
BY_TWO = {"delivery": {"requires": [{"service": "uz.customs", "says": "delivered", "officers": 2}]}}

COUNTED: dict[str, tuple[int, str]] = {
    "most_consents": (sum(one.says in CONSENTS for one in ASKED), "checkpoints"),
    "most_correctable": (sum(one.says in CORRECTABLE for one in ASKED), "checkpoints"),
    "most_by_two": (1, "checkpoints"),
    "most_duties": (2, "legs"),
    "contents_bytes": (len(canonical([plain(one) for one in example_plan().consignment.contents])), "consignment.contents"),
}


@pytest.mark.parametrize("limit", COUNTED)
def test_r28_a_plan_asks_for_as_much_as_can_be_held_and_no_more(limit: str) -> None:
    """Consents, what may be corrected, answers by two officers, duties of the cards, and what is told of the consignment."""
    count, place = COUNTED[limit]
    plan = with_changes(**BY_TWO)

    def faults(most: int) -> list[str]:
        figures = replace(FIGURES, **{limit: most})
        return [str(one) for one in faults_in(plan, example_directory(), CARDS, figures) if "R28" in one.problem]

    assert [] == faults(count)
    (found,) = faults(count - 1)
    assert found.startswith(f"{place}: R28: ")


def test_r28_those_who_watch_over_it_count_among_the_services_that_it_knows() -> None:
    """They go with every delivery, so a directory full of supervisors is too large for one, and the plan is refused."""
    plan, directory = example_plan(), example_directory()
    taken = check_size.taken_along(plan, directory)
    assert {"supervision"} <= {one.id for one in taken.services} - {*plan.participants()}

    def faults(most: int) -> list[str]:
        found = faults_in(plan, directory, example_cards(), replace(FIGURES, most_known_services=most))
        return [one.problem for one in found if one.place == "services"]

    count = len(taken.services)
    assert [] == faults(count)
    assert [f"R28: it knows {count} services from its beginning on, {count - 1} at most may be"] == faults(count - 1)


def why_not_changed(table: Table, plan: Plan, *cards: str) -> list[str]:
    """What R28 and R22 say of a changed plan, each with its place."""
    amended = Amended(plan=signed_plan(plan), cards=tuple(example_cards()[state] for state in cards))
    found = amending.faults_in(table.delivery, plan, *amended.known_with(table.delivery.state))
    return [str(one) for one in found if "R28" in one.problem or "taken out" in one.problem]


def test_r28_the_cards_of_all_plans_are_carried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A State that it does not go through any more has left its card, so each change brings less."""
    table, plan = Table(), with_changes(departure={"due": "P3D"})
    known = example_cards()
    size = len(canonical({state: plain(known[state]) for state in ("KZ", "UZ", "RU")}))
    with_figures(monkeypatch, table.delivery, cards_bytes=size)
    assert [] == why_not_changed(table, plan, "RU")
    with_figures(monkeypatch, table.delivery, cards_bytes=size - 1)
    (found,) = why_not_changed(table, plan, "RU")

    assert f"legs: R28: the cards of its States have {size} bytes, {size - 1} at most are carried" == found
    assert size < CARDS_BYTES


def with_another(name: str) -> Plan:
    """The plan with a second checkpoint of consent."""
    words = example_plan().model_dump()
    first = next(one for one in words["checkpoints"] if one["id"] == "consent-kz")
    return Plan.model_validate(words | {"checkpoints": [*words["checkpoints"], first | {"id": name}]})


def opened_and_taken_out() -> Table:
    """A checkpoint was opened by one change of plan, and taken out by the next."""
    table = Table()
    for plan in (with_another("consent-again"), with_changes(departure={"due": "P3D"})):
        amend(table.delivery, Amended(plan=signed_plan(plan)), table.now)
    assert table.is_closed("consent-again")
    return table


def test_r28_what_was_opened_and_taken_out_counts_as_a_part_of_the_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is carried to the end, so a plan that opens and takes out without end is refused, by number and by bytes."""
    table, plan = opened_and_taken_out(), with_changes(departure={"due": "P4D"})
    count = len(plan.checkpoints) + 1
    size = len(canonical(plan)) + len(canonical(table.at("consent-again").checkpoint))
    monkeypatch.setattr(amending, "MOST_SERVICES", count)
    with_figures(monkeypatch, table.delivery, plan_bytes=size)
    assert [] == why_not_changed(table, plan)
    monkeypatch.setattr(amending, "MOST_SERVICES", count - 1)
    with_figures(monkeypatch, table.delivery, plan_bytes=size - 1)
    found = why_not_changed(table, plan)

    assert ["checkpoints: R28: "] * 2 == [one[:18] for one in found]
    assert found[0].endswith(f"{count - 1} at most may be")
    assert found[1].endswith(f"{size - 1} at most are carried")


def test_r22_what_was_taken_out_does_not_come_back_under_its_name() -> None:
    """It has been open and has closed: under the same name it would count as passed, and nobody would be asked."""
    table = opened_and_taken_out()
    found = why_not_changed(table, with_another("consent-again"))

    assert ["checkpoints.13.id: R22: consent-again was opened and taken out; give what is new a name of its own"] == [
        one.replace(f"checkpoints.{len(example_plan().checkpoints)}", "checkpoints.13") for one in found
    ]
    assert [] == why_not_changed(table, with_another("consent-thrice"))


def touching(*names: str) -> Plan:
    """The plan, which touches these."""
    return with_changes(plan_={"selectors": [Selector(kind="phone", hash=digest(one)).model_dump() for one in names]})


def test_r28_what_was_signed_for_is_carried_for_all_plans_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """R15: a plan that touches ever more is refused; what stands in it since before counts once."""
    table = Table()
    amend(table.delivery, Amended(plan=signed_plan(touching("a", "b"))), table.now)
    table.settle()
    assert 2 == len(table.delivery.state.register.signed)
    with_figures(monkeypatch, table.delivery, most_selectors_in_all=3)

    assert [] == why_not_changed(table, touching("b", "c"))
    assert ["selectors: R28: with those of earlier plans it has 4 selectors, 3 at most may be"] == why_not_changed(
        table, touching("c", "d")
    )


def test_r15_what_is_known_of_a_conflict_goes_with_it() -> None:
    """The other operation has gone; where it comes back, the two agree anew. So it does not matter how many come and go."""
    table = Table(alone=False)
    for number in range(3):
        table.deconflict("uz.police", *["uz.customs"] * (number + 1))
        table.settle()
        assert number + 2 == sum(one.startswith("conflict/") for one in table.delivery.state.opened)
    register = table.delivery.state.register
    register.settled, register.let_be = tuple(one.conflict for one in register.contacts[:2]), (register.contacts[2].conflict,)
    table.deconflict("uz.police")

    assert (register.contacts[0].conflict,) == register.settled
    assert () == register.let_be
    assert 1 == sum(one.startswith("conflict/") for one in table.delivery.state.opened)


def test_r28_whom_to_call_has_a_bound_in_the_record_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has the installation's key still hands in no more than is carried."""
    table = Table(alone=False)
    table.deconflict("uz.police")
    contact = table.delivery.state.register.contacts[0]
    size = len(canonical([plain(contact)]))
    monkeypatch.setattr("domain.delivery.reported.CONTACTS_BYTES", size)
    assert Deconflicted(number=9, order=0, contacts=(contact,))
    monkeypatch.setattr("domain.delivery.reported.CONTACTS_BYTES", size - 1)

    with pytest.raises(ValueError, match=f"R28: whom to call has {size - 1} bytes at most"):
        Deconflicted(number=9, order=0, contacts=(contact,))


def ended_sooner(table: Table, days: int) -> Any:
    """A change that ends a key of the police so many days from now."""
    (known, *_) = table.directory.get("uz.police").keys
    at = table.now + timedelta(days=days)
    said = {"service": "uz.police", "by": "uz.police", "made_at": table.now.isoformat()}
    change = KeyChange.model_validate(said | {"ended": [{"key": key_id(known.public), "at": at.isoformat()}]})
    return sign(canonical(change), KEYS_TYPE, private_key_of("uz.police"))


def test_r28_a_service_changes_keys_so_often_and_an_administrator_still_ends_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each change is an entry and a notice to everybody, and ending a key ever sooner would go on without end."""
    with_figures(monkeypatch, most_key_changes=2)
    table = Table()
    for days in (9, 8):
        assert change_keys(table.delivery, ended_sooner(table, days), table.now)
    with pytest.raises(RuleBroken, match=r"R28: uz\.police has changed keys 2 times here"):
        change_keys(table.delivery, ended_sooner(table, 7), table.now)
    spare = ServiceKey(public=public_text(private_key_of("spare")), valid_from=table.now.isoformat())
    said = {"service": "uz.police", "by": "administration", "made_at": table.now.isoformat(), "added": [spare]}

    assert () == door.key_faults(table.delivery, KeyChange.model_validate(said | {"by": administrator(table.directory)}))
    verify(table.packet())


def administrator(directory: Directory) -> str:
    """Who administers the installation."""
    return next(one.id for one in directory.services if one.kind in ("administrator", "system"))


def test_r28_while_the_archive_is_behind_a_change_of_keys_counts_as_a_brake(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many fit into a run that cannot end, and no more. The first stop is taken all the same."""
    monkeypatch.setattr(door, "MOST_CARRIED_UNKEPT", -1)
    table = Table()
    table.report(ArchiveBehind(kept=0))
    for days in range(BRAKES):
        assert change_keys(table.delivery, ended_sooner(table, 90 - days), table.now)
    with pytest.raises(RuleBroken, match="R28: the archive is behind"):
        change_keys(table.delivery, ended_sooner(table, 1), table.now)

    assert ("accepted", None) == became(table.say("uz.police", "stop_requested"))


def owing(*owed: tuple[Any, ...]) -> State:
    """A state that owes these."""
    state = Table().delivery.state
    state.owed = []
    for one in owed:
        state.owe(*one)
        state.owe_at_most(newest().figures.owed_bytes)
    return state


def test_r28_the_same_notice_is_owed_once() -> None:
    """Who has not been told of the earlier entry is told of the later one; others are still told of theirs."""
    both, one = ("kz.knb", "uz.police"), ("kz.knb",)
    state = owing((1, "keys", None, both), (2, "reminder", "delivery", one), (3, "keys", None, one))

    assert [(1, ("uz.police",)), (2, ("kz.knb",)), (3, ("kz.knb",))] == [(one.seq, one.services) for one in state.owed]


def test_r28_nobody_is_reminded_of_what_has_closed() -> None:
    """That it has closed is told instead."""
    one = ("kz.knb",)
    state = owing((1, "reminder", "delivery", one), (2, "reminder", "departure", one), (3, "withdrawn", "delivery", one))

    assert [2, 3] == [one.seq for one in state.owed]


def test_r28_what_cannot_be_told_is_given_up_the_oldest_first() -> None:
    """However long nobody is told, what is owed has its bound, and the newest is still told."""
    services = tuple(f"zz.{number:036d}".replace(".", ".s") for number in range(60))
    state = owing(*((number, "withdrawn", f"sighting.{number}", services) for number in range(100)))

    assert OWED_BYTES - 4_000 < sum(one.size for one in state.owed) <= OWED_BYTES
    assert 99 == state.owed[-1].seq
    assert sum(len(canonical(one.__dict__ | {"services": list(one.services)})) + 1 for one in state.owed) <= OWED_BYTES


def test_r28_a_delivery_owes_as_much_as_its_rules_let_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """While nobody can be told, the entry that makes it too much gives up the oldest, and nobody is told of that any more."""
    with_figures(monkeypatch, owed_bytes=500)
    table = Table(told=False)
    keys = change_keys(table.delivery, ended_sooner(table, 9), table.now)
    assert keys is not None
    amend(table.delivery, Amended(plan=signed_plan(with_changes(departure={"due": "P3D"}))), table.now)
    assert ["keys", "amended"] == [one.kind for one in table.delivery.state.owed]
    table.report(ArchiveBehind(kept=len(table.delivery.ledger)))

    assert ["amended", "archive"] == [one.kind for one in table.delivery.state.owed]
    told = Told(of=keys.seq, kind="keys", reached=("kz.knb",))
    assert door.report(table.delivery, told, table.now) is None
    verify(table.packet())


def test_r28_what_comes_early_is_held_to_its_share_when_its_time_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused then, as if it had come then, and a stranger verifies it."""
    with_figures(monkeypatch, prepared_bytes=200)
    table = Table()
    marked = [{"label": f"L{number}", "what": "marking", "gross": "1 g"} for number in range(4)]
    assert ("early", "R17") == became(table.say("kz.police", "prepared", "preparation", items=marked))
    table.consent()
    taken = next(one.event for one in table.delivery.ledger.entries if one.event.event == "taken_up")

    assert ("refused", "held_too_much") == (taken.verdict.verdict, taken.verdict.finding.code)  # type: ignore[union-attr]
    assert table.delivery.state.goods is None
    verify(table.packet())


def test_r28_what_is_left_is_shared_by_those_who_are_still_to_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the plan asks for by then: together they hold no more than all may, and the last no more than its part."""
    with_figures(monkeypatch, granted_bytes=1_000)
    table = Table()
    condition = {"text": "x" * 430}
    most = [table.say("kz.prosecutor", "authorisation_granted", "consent-kz", conditions=[condition, condition])]
    most.append(table.say("kz.prosecutor", "authorisation_granted", "consent-kz", conditions=[condition]))
    most.append(table.say("uz.prosecutor", "authorisation_granted", "consent-uz", conditions=[condition, condition]))
    most.append(table.say("uz.prosecutor", "authorisation_granted", "consent-uz", conditions=[condition]))

    assert ["held_too_much", None, "held_too_much", None] == [code(one) for one in most]
    held = [one.conditions for one in table.delivery.state.grants.values()]
    assert sum(len(canonical([plain(one) for one in each])) for each in held) <= 1_000
    assert 500 == most[0].verdict.finding.parameters["most"]  # type: ignore[union-attr]
    assert 500 == most[2].verdict.finding.parameters["most"]  # type: ignore[union-attr]


def test_r28_what_leaves_nothing_to_hold_is_always_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where others have left no room at all, whoever is asked can still answer."""
    with_figures(monkeypatch, granted_bytes=0)
    table = Table()
    with_words = table.say("kz.prosecutor", "authorisation_granted", "consent-kz", conditions=[{"text": "x"}])

    assert "held_too_much" == code(with_words)
    assert ("accepted", None) == became(table.say("kz.prosecutor", "authorisation_granted", "consent-kz"))


def test_r28_brakes_beyond_what_is_known_are_refused_unless_nothing_has_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """R8: the table of what is known is full but for what is set aside, and the first stop is taken all the same."""
    table = Table().dispatch()
    with_figures(monkeypatch, table.delivery, most_brakes_known=len(table.delivery.state.statements))
    refused = table.say("kz.knb", "interdicted", gross="13.9 kg", seals_intact=True, place="here")
    taken = table.say("uz.police", "stop_requested")

    assert ["delivery_full", None] == [code(refused), code(taken)]
    assert "delivery_full" == code(table.say("uz.customs", "stop_requested"))


def test_r9_a_device_that_is_not_in_it_any_more_has_not_failed() -> None:
    """A correction names what was put in anew, and devices that failed do not add up without end."""
    device = {"label": "T-1", "what": "tracker", "gross": "1 g", "lasts": "90d"}
    table = Table().consent()
    table.say("kz.police", "prepared", "preparation", items=[device])
    said = next(iter(table.delivery.state.counted))
    table.say("kz.police", "device_failed", label="T-1", reason="battery")
    assert ("T-1",) == table.delivery.state.failed_devices
    content = table.statement("kz.police", "prepared", "preparation", items=[device | {"label": "T-2"}]).content
    table.say("kz.police", "correction", of=said, reason="the label", content=content.model_dump())

    assert () == table.delivery.state.failed_devices


def test_r28_a_checkpoint_is_asked_in_as_many_errands_as_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is within its bound, or asks one service alone; nobody is left out, and where all fit there is one."""
    table = Table().prepare()
    services = [*table.at("departure").checkpoint.services()]
    assert [services] == list(parcels(table.delivery, "departure", services))
    monkeypatch.setattr(errands, "ERRAND_BYTES", 1)

    assert [[one] for one in services] == list(parcels(table.delivery, "departure", services))
    assert len(services) > 1


@pytest.mark.parametrize(("limit", "room"), [("MOST_REQUESTS", 1), ("REQUESTS_BYTES", 1)])
def test_r28_what_services_may_answer_for_others_is_listed_as_long_as_there_is_room(
    monkeypatch: pytest.MonkeyPatch, limit: str, room: int
) -> None:
    """What they are asked themselves always is."""
    table = Table(with_changes(consent_uz={"escalate": [{"after": "30h", "to": "uz.security"}]}))
    before = len(stands(table.delivery).requests)
    window = {
        "valid_from": table.now.isoformat(),
        "valid_until": (table.now + timedelta(days=9)).isoformat(),
        "reason": "on leave",
    }
    for giver, taker in (("uz.prosecutor", "uz.police"), ("uz.police", "uz.security")):
        assert ("accepted", None) == became(table.say(giver, "delegated", to=taker, **window))
    whole = stands(table.delivery).requests
    assert before + 2 == len(whole)
    count = {"MOST_REQUESTS": len(whole), "REQUESTS_BYTES": sum(len(one.request) for one in whole)}[limit]
    monkeypatch.setattr(standing, limit, count - room)
    found = stands(table.delivery).requests

    assert [one.service for one in whole[:before]] == [one.service for one in found[:before]]
    assert before + 1 == len(found)


def crowded(services: int) -> tuple[Plan, Directory]:
    """A plan in which so many take part, each ready at the departure, and the directory that knows them."""
    plan, directory = example_plan(), example_directory()
    police = directory.get("uz.police")
    more = [police.model_copy(update={"id": f"uz.police-{n}", "keys": ()}) for n in range(services - len(plan.participants()))]
    departure = [one.model_dump() for one in plan.at("dispatch")[0].requires]
    plan = with_changes(departure={"requires": [*departure, *asks(*(f"{one.id} ready" for one in more))]})
    return plan, directory.model_copy(update={"services": (*directory.services, *more)})


def test_r28_sixty_four_services_stop_it_together_and_sixty_five_cannot_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    """With as many as may take part, a stop asks for the seizure and all others to confirm, and all may be silent; one more is
    refused beforehand.
    """
    plan, directory = crowded(MOST_SERVICES)
    monkeypatch.setattr("tests.support.example_directory", lambda: directory)
    table = Table(plan)
    table.say("uz.police-3", "stop_requested")
    one_more = [one.problem for one in faults_in(*crowded(MOST_SERVICES + 1), example_cards()) if one.place == "checkpoints"]

    assert not faults_in(plan, directory, example_cards())
    assert ("kz.police",) == table.at("stop.interdiction").waiting_for()
    others = table.at("stop.acknowledged").waiting_for()
    table.pass_time(days=1)
    assert MOST_SERVICES - 1 == len(others)
    assert others in [one.event.services for one in table.delivery.ledger.entries if one.event.event == "silence"]
    assert any("65 services take part, 64 at most may" in one for one in one_more)


def test_the_register_hears_of_the_end_though_nobody_can_be_told() -> None:
    """A notice that hangs keeps no other operation from what this one has let go of."""
    table = Table(told=False).dispatch()
    table.say("uz.customs", "stop_requested")
    table.say("kz.police", "interdicted", "stop.interdiction")
    for service in table.at("stop.acknowledged").waiting_for():
        table.say(service, "stop_acknowledged", "stop.acknowledged")

    assert "released" in table.events
    assert {"outcome"} <= {one.kind for one in table.delivery.state.owed}
