"""The packets that an operator tries to change (`tests.operator`): few, and every kind of entry stands in one of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any
from unittest.mock import patch

from domain.delivery.ledger import Receipt
from domain.delivery.reported import Amended, ArchiveBehind, ArchiveCaughtUp, Deferred, Diverged
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory, Poll, ServiceKey
from domain.plan.group import GroupFile, expand
from domain.plan.key_changes import KeyChange, KeyEnd
from domain.plan.plan import Plan
from domain.record.door import amend, change_keys
from domain.record.packet import seal
from domain.signing.canonical import canonical
from domain.signing.envelope import KEYS_TYPE, sign
from domain.signing.keys import key_id, public_text
from domain.words.moments import utc_text
from rehearsal.services import VIGIL, cast, private_key_of
from rehearsal.simulator import World, simulate
from tests.forging import receipts_in, receipts_of, taken_apart
from tests.groups import CHEMICALS, OIL, Parcels, group_file
from tests.support import Table, example_cards, example_directory, example_scenario, signed_plan, with_changes

BROUGHT = "pl.customs"
"""A service that comes with a change of plan. It is of a State whose services stand at no table."""


@dataclass(frozen=True)
class Made:
    """A packet, the receipts that were given while it came about, and what its reader trusts."""

    packet: bytes
    receipts: tuple[Receipt, ...]
    directory: Directory
    cards: Mapping[str, RuleCard]
    whole: bool
    """Whether what stands beside the ledger is changed too, and asking and telling invented: that is alike in every packet."""

    def kinds(self) -> set[str]:
        """The kinds of entries that stand in its ledger."""
        return {event.event for _, event in taken_apart(self.packet)[1]}


def of_example(name: str) -> Made:
    """A scenario of `examples/`, as the simulator takes it."""
    plan, scenario = example_scenario(name)
    run = simulate(World(plan, example_directory(), example_cards(), scenario, 1))
    return Made(run.packet, receipts_of(run), run.delivery.directory, example_cards(), whole=True)


def of_table(table: Table, *put_back: Table) -> Made:
    """What has been played at a table, and the histories that were put back there."""
    others = {branch: one.delivery for branch, one in enumerate(put_back)}
    packet = seal(table.delivery, "", private_key_of(VIGIL), table.now, others=others)
    receipts = [one for each in (table.delivery, *others.values()) for one in receipts_in(each)]
    unlike = {canonical(one): one for one in receipts}
    return Made(packet, tuple(unlike.values()), table.delivery.directory, example_cards(), whole=False)


def changed() -> Made:
    """Plan and keys are changed under way, one is silent and asked once more, the archive falls behind, the record is put back,
    and at last a consent runs out.
    """
    old, table = _before_it_is_put_back(), _before_it_is_put_back()
    old.say("uz.police", "information")
    table.pass_time(minutes=1)
    ledger = old.delivery.ledger
    table.report(Diverged(branch=0, seq=len(ledger) - 1, how="ahead", size=len(ledger), root=ledger.root))
    table.settle()
    for service, name in zip(("supervision", "kz.prosecutor"), _asked_about(table, "divergence"), strict=True):
        table.say(service, "movement_decision", name)
    table.pass_time(hours=11)
    table.say("uz.prosecutor", "authorisation_extended", "extension.uz.prosecutor.1", valid_until="2022-03-09T09:00:00Z")
    _change_the_plan(table)
    table.pass_time(days=7, hours=2, minutes=59)
    table.say("kz.police", "interdicted")
    table.pass_time(hours=13)
    table.settle()
    return of_table(table, old)


def _before_it_is_put_back() -> Table:
    ladder = [{"to": "kz.prosecutor", "after": "10h"}]
    plan = with_changes(plan_={"expiry_warnings": ["7d", "12h"]}, preparation={"escalate": ladder})
    table = Table(plan, alone=False, reach={"kz.police": Poll(url="https://kz.example/vigil", every="1m")})
    order = table.delivery.state.register.orders[-1]
    table.report(Deferred(order=order, not_before=utc_text(table.now.replace(hour=table.now.hour + 1))))
    table.pass_time(hours=1)
    table.alone = True
    table.settle()
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", valid_until="2022-03-09T06:00:00Z")
    table.pass_time(hours=12)
    table.say("kz.police", "prepared", "preparation")
    table.say("uz.customs", "ready", "departure")
    _change_keys(table)
    table.say("kz.knb", "ready", "preparation")
    table.report(ArchiveBehind(kept=0))
    table.settle()
    table.report(ArchiveCaughtUp(kept=len(table.delivery.ledger)))
    table.settle()
    return table


def _asked_about(table: Table, contingency: str) -> list[str]:
    return [name for name, one in table.delivery.state.progress.items() if one.open and one.contingency == contingency]


def _change_keys(table: Table) -> None:
    """A service makes a new key, and its old one counts a while longer."""
    new = ServiceKey(public=public_text(private_key_of("uz.police, its new key")), valid_from=utc_text(table.now))
    end = KeyEnd(key=key_id(public_text(private_key_of("uz.police"))), at="2022-03-20T00:00:00Z")
    record = KeyChange(service="uz.police", by="uz.police", made_at=utc_text(table.now), added=(new,), ended=(end,))
    change_keys(table.delivery, sign(canonical(record), KEYS_TYPE, private_key_of("uz.police")), table.now)
    table.settle()


def _change_the_plan(table: Table) -> None:
    """Nobody is warned of a consent that runs out any more; and a service and a card come with it."""
    document = table.delivery.plan.model_dump() | {"title": "Another title", "expiry_warnings": ()}
    services = (cast(example_directory(), (BROUGHT,)).get(BROUGHT),)
    plan = signed_plan(Plan.model_validate(document))
    amend(table.delivery, Amended(plan=plan, services=services, cards=(example_cards()["PL"],)), table.now)
    table.settle()


def of_a_group() -> Made:
    """One of a group waits for another before it leaves, hears that it has left and is held, and may at last not leave itself."""
    parcels = Parcels(**{one.operation.replace("-", "_"): one for one in _group_that_waits()})
    for name in (OIL, CHEMICALS):
        parcels[name].say("kz.prosecutor", "authorisation_granted", "consent-kz")
        for officer in ("officer-1", "officer-2"):
            parcels[name].say("ru.customs", "authorisation_granted", "consent-ru", officer=officer)
        permitted = {"permissions": ["post"], "valid_until": "2022-03-01T12:00:00Z"}
        parcels[name].say("ru.court", "permission_granted", "consent-ru", **permitted)
        parcels.prepare(name)
    table, other = parcels[OIL], parcels[CHEMICALS]
    other.say("kz.customs", "ready", "departure")
    other.say("ru.customs", "dispatched", "departure")
    parcels.hear(OIL)
    table.say("kz.customs", "ready", "departure")
    other.say("kz.police", "hold_requested")
    parcels.hear(OIL)
    table.pass_time(hours=6)
    table.say("ru.customs", "interdicted")
    return of_table(table)


def _group_that_waits() -> tuple[Plan, ...]:
    words: dict[str, Any] = group_file().model_dump()
    first = words["consignments"][0]
    wait = {"id": "departure", "wait_for": [{"delivery": CHEMICALS, "checkpoint": "departure"}], "waits": "3d"}
    first["differs"] = first["differs"] | {"checkpoints": [wait]}
    found = expand(GroupFile.model_validate(words))
    assert not found.faults, found.faults
    return found.plans


def for_a_court() -> Made:
    """What no code keeps back stands in it, what one does is left out, and what was refused, too; somebody stops it."""
    table = Table(with_changes(plan_={"handling_code": "H0"})).dispatch()
    kept_back = {"code": "H1", "caveat": ""}
    table.say("kz.police", "information", text="the courier was forced")
    table.say("kz.police", "information", id="kept-back", text="the sender has a cousin", handling=kept_back)
    table.say("kz.police", "information", id="kept-back", text="the sender has two cousins", handling=kept_back)
    table.say("uz.police", "information", text="the flat is watched", handling=kept_back)
    table.say("uz.customs", "interdicted")
    table.say("kz.knb", "stop_requested")
    table.settle()
    packet = seal(table.delivery, "", private_key_of(VIGIL), table.now, "court")
    return Made(packet, receipts_in(table.delivery), table.delivery.directory, example_cards(), whole=False)


PACKETS: dict[str, Callable[[], Made]] = {
    **{name: partial(of_example, name) for name in ("stopped-under-way", "consent-withdrawn")},
    "changed": changed,
    "of-a-group": of_a_group,
    "for-a-court": for_a_court,
}
"""How each is made, by name."""


@cache
def made(name: str) -> Made:
    """The packet of this name; made once, since several look at it."""
    with patch("tests.support.services_near", _those_of):
        return PACKETS[name]()


def _those_of(plan: Plan) -> tuple[str, ...]:
    """Who takes part, and who decides on a record that was put back: fewer services make a smaller packet."""
    return tuple(dict.fromkeys((*plan.everybody(), *plan.vouching(), "supervision")))
