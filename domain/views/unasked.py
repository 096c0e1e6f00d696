"""What a service may say without being asked, as the delivery stands: what a person may say beside what an inbox asks."""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from domain.delivery.delivery import Delivery
from domain.delivery.holdings import CONSIGNMENT, exhibits, held_outside, of_service, offered
from domain.delivery.requests import Facts
from domain.plan.directory import Service
from domain.rules.book import Book, book_of
from domain.rules.exhibits import to_hand_on
from domain.rules.hold import HoldRequested
from domain.rules.kind import CONCLUDED, HALTED, UNDER_WAY, Counts, Kind
from domain.rules.speaking import Correction
from domain.rules.stop import StopRequested
from domain.views.forms import kind_called

ELSEWHERE = tuple(kind.model_fields["kind"].default for kind in (HoldRequested, StopRequested, Correction))
"""Kinds that have a page or a command of their own."""


def may_say(delivery: Delivery, reader: Service) -> tuple[str, ...]:
    """Kinds of what this service may say now by itself. What exactly it says, the rules judge."""
    if delivery.state.ended or not delivery.state.participant(reader.id):
        return ()
    state = delivery.state
    now = CONCLUDED if state.outcome is not None else HALTED if state.halt is not None else UNDER_WAY
    return tuple(name for name, kind in _unasked(book_of(delivery), now) if _its_own(delivery, reader, kind))


@lru_cache(maxsize=16)
def _unasked(book: Book, now: Counts) -> tuple[tuple[str, type[Kind]], ...]:
    """Kinds that count now, that nobody has to ask for, and that name no checkpoint."""
    said = ((name, kind) for name, kind in book.kinds.items() if name not in ELSEWHERE and not kind.declares.names_checkpoint)
    return tuple((name, kind) for name, kind in said if kind.declares.by != "asked" and kind.declares.counts & now)


def _its_own(delivery: Delivery, service: Service, kind: type[Kind]) -> bool:
    """Whether it is this service's say, and there is occasion for it."""
    state = delivery.state
    match kind.declares.by:
        case "asked":
            return False
        case "responsible":
            whose = service.id == state.responsible
        case "ever_responsible":
            whose = any(one.service == service.id for one in state.charges)
        case "grantor":
            held = (state.grants.get(one) for one in state.plan.stands_for(service.id))
            whose = any(grant is not None and grant.final for grant in held)
        case "anyone":
            whose = True
    return whose and kind.has_occasion(delivery, service)


def known(delivery: Delivery, service: Service, kind: str, now: datetime) -> Mapping[str, Any]:
    """Those fields of it that follow from what is recorded: its State, what it holds or, where it says that it has received
    something, what is offered to it, or else what an authority holds that takes no part.
    """
    state, received = delivery.state, kind == "exhibits_accepted"
    hands_on = kind == "exhibits_offered" and to_hand_on(state) == service.id
    offers = (offered(state, service.id) or held_outside(state)) if received else of_service(state, service.id)
    there = exhibits(state)
    giver = there[offers[0]].holder if received and offers else None
    facts = Facts(
        place="",
        state=service.state or state.here.state,
        modality=delivery.plan.modality,
        expected_at=None,
        valid_until=None,
        exhibits=(CONSIGNMENT,) if hands_on else tuple(one for one in offers if not received or there[one].holder == giver),
        giver=giver,
        taker=state.responsible if hands_on else None,
    )
    return {name: said for name, said in kind_called(kind).asked(facts, now).items() if said}
