"""How a delivery stands, as lists and inboxes say it."""

import pytest

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry
from domain.signing.canonical import canonical
from domain.views.asked import inbox
from domain.views.owed import owed
from domain.views.standing import Standing, standing
from domain.views.urgency import urgency
from domain.words.moments import utc_text
from rehearsal.__main__ import world
from rehearsal.simulator import simulate
from tests.support import Table, with_changes


def asked(stands: Standing, service: str) -> list[bytes]:
    """What stands in the inbox of a service at the moment up to which it is true."""
    mine = [one for one in stands.requests if one.service == service]
    now = [one for one in mine if (one.since or "") <= stands.at < (one.until or "9")]
    return sorted(one.request for one in now)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_an_inbox_holds_what_the_delivery_asks_after_each_entry(seed: int) -> None:
    """In simulated deliveries full of trouble: each service's requests, those that it may answer for others among them."""
    looked = 0

    def watch(delivery: Delivery, entry: Entry) -> None:
        nonlocal looked
        if entry.seq % 5:
            return
        stands = standing(delivery)
        for service in delivery.directory.services:
            expected = sorted(canonical(one) for one in inbox(delivery, service.id, delivery.state.now))
            assert expected == asked(stands, service.id), f"seed {seed}, entry {entry.seq}, {service.id}"
            looked += len(expected)

    simulate(world(seed), watch)

    assert looked


def test_what_has_been_stopped_and_is_to_be_seized_comes_before_all_that_is_due() -> None:
    """As on the watch floor: whoever has it is asked at once, and nothing else in an inbox is."""
    table = Table().dispatch()
    assert not any(one.at_once for one in standing(table.delivery).requests)
    table.say("uz.customs", "stop_requested")
    stands = standing(table.delivery)
    assert [("stop.interdiction", "kz.police")] == [(one.checkpoint, one.service) for one in stands.requests if one.at_once]
    assert "to_seize" == urgency(stands.glance, table.now).reason
    assert ["to_seize"] == [one.late for one in owed(stands.glance) if one.checkpoint == "stop.interdiction"]


def test_a_delegate_finds_it_in_its_inbox_while_the_delegation_is_in_force() -> None:
    """Its row says from when and until when; a link of the chain that runs out earlier ends it."""
    table = Table(with_changes(consent_uz={"escalate": [{"after": "30h", "to": "uz.security"}]}))
    table.say("uz.prosecutor", "delegated", to="uz.police", valid_from="2022-03-01T08:00:00Z", valid_until="2022-03-05T06:00:00Z")
    table.say("uz.police", "delegated", to="uz.security", valid_until="2022-03-01T09:00:00Z")
    rows = {one.service: (one.since, one.until) for one in standing(table.delivery).requests if one.checkpoint == "consent-uz"}

    assert (None, None) == rows["uz.prosecutor"]
    assert ("2022-03-01T08:00:00.000000Z", "2022-03-05T06:00:00.000000Z") == rows["uz.police"]
    assert ("2022-03-01T08:00:00.000000Z", "2022-03-01T09:00:00.000000Z") == rows["uz.security"]


def test_it_says_what_a_list_shows() -> None:
    """Phase, next due time, who sees how much, the States; after the end, that it has ended and how."""
    table = Table()
    begun = standing(table.delivery)
    dues = [one.due for one in table.delivery.state.open_checkpoints() if one.due is not None]

    assert ("consent", None, False, None) == (begun.phase, begun.outcome, begun.ended, begun.closed_at)
    assert (utc_text(min(dues)), None) == (begun.next_due, begun.overdue_since)
    assert "whole" == next(one.reach for one in begun.participants if one.service == table.delivery.plan.initiator)
    assert "part" == next(one.reach for one in begun.participants if one.service == "uz.customs")
    assert table.delivery.plan.states() == begun.states
