"""What has come of one delivery, as one reader may see it (R11): who was arrested, where nobody watched, who prosecutes whom."""

from domain.delivery.delivery import Delivery
from domain.delivery.holdings import carried
from domain.delivery.memory import Understanding
from domain.delivery.persons import Prosecution, each_person, of_each_role
from domain.delivery.watching import unwatched
from domain.plan.vocabulary import CriminalRole
from domain.rules.proceedings import may_prosecute
from domain.signing.canonical import Frozen
from domain.views.sight import Sight, hears_statement
from domain.words.limits import MOST_UNWATCHED
from domain.words.moments import instant, utc_text


class ArrestsView(Frozen):
    """Persons arrested, as far as they are the reader's to see. Of roles, those who are still held and knew what they did."""

    arrested: int
    released: int
    held: int
    roles: dict[CriminalRole, int]
    supplier_reached: bool
    distributor_reached: bool
    """The aim of the delivery."""


class UnwatchedView(Frozen):
    """A gap in continuous observation, between two intervals of the surveillance log (R9)."""

    begins: str
    ends: str
    after: int
    before: int
    """The entries of the log beside it."""


class WatchLogView(Frozen):
    """What the surveillance log covers, and the first of its gaps."""

    begins: str
    ends: str
    intervals: int
    gaps: tuple[UnwatchedView, ...]
    gaps_in_all: int


class ProsecutionView(Frozen):
    """Which State prosecutes whom, as one service has understood it."""

    service: str
    state: str
    entry: int
    prosecutions: tuple[Prosecution, ...]
    agreed: bool
    """Whether somebody of each State that prosecutes by it has understood the same."""


class TransferView(Frozen):
    """Proceedings that a State was asked to take over."""

    statement: str
    state: str
    to: str
    answered: bool


def arrests(delivery: Delivery, seen: Sight) -> ArrestsView | None:
    """None: no arrest is the reader's to see."""
    state = delivery.state
    there = [one for name, one in state.arrests.items() if seen.whole or hears_statement(delivery, seen, name)]
    if not there:
        return None
    arrested = each_person(there)
    held = tuple(person for (service, code), person in arrested.items() if state.holds(service, code))
    roles = of_each_role(held)
    return ArrestsView(
        arrested=len(arrested),
        released=len(arrested) - len(held),
        held=len(held),
        roles=dict(roles),
        supplier_reached=roles["supplier"] > 0,
        distributor_reached=roles["distributor"] > 0,
    )


def watch_log(delivery: Delivery, seen: Sight) -> WatchLogView | None:
    """The log of the reader's legs, and its gaps: those between intervals that are both the reader's. None: there is none."""
    log = delivery.state.watch_log
    others = {one.seq for one in log if not seen.whole and one.leg not in seen.legs}
    mine = [one.interval for one in log if one.seq not in others]
    if not mine:
        return None
    gaps = [one for one in unwatched(log) if one.after not in others and one.before not in others]
    return WatchLogView(
        begins=utc_text(min(instant(one.begins) for one in mine)),
        ends=utc_text(max(instant(one.ends) for one in mine)),
        intervals=len(mine),
        gaps=tuple(
            UnwatchedView(begins=utc_text(one.begins), ends=utc_text(one.ends), after=one.after, before=one.before)
            for one in gaps[:MOST_UNWATCHED]
        ),
        gaps_in_all=len(gaps),
    )


def prosecutions(delivery: Delivery, seen: Sight) -> tuple[ProsecutionView, ...]:
    """What each service has understood last, for prosecutors, courts and who sees the whole."""
    if not (seen.whole or may_prosecute(seen.reader)):
        return ()
    said = delivery.state.understandings
    return tuple(
        ProsecutionView(
            service=service,
            state=one.state,
            entry=one.seq,
            prosecutions=tuple(sorted(one.prosecutions, key=_order)),
            agreed=all(_same(delivery, one, state) for state in {each.state for each in one.prosecutions}),
        )
        for service, one in said.items()
    )


def transfers(delivery: Delivery, seen: Sight) -> tuple[TransferView, ...]:
    """Proceedings that one State was asked to take over from another, for services of the two and who sees the whole."""
    return tuple(
        TransferView(statement=name, state=one.state, to=one.to, answered=one.answered)
        for name, one in delivery.state.transfers.items()
        if seen.whole or hears_statement(delivery, seen, name)
    )


def recorders(delivery: Delivery, seen: Sight) -> tuple[str, ...]:
    """Labels of recorders that somebody who cooperates carries still, for services of the State that handed them out."""
    return tuple(
        label
        for service in dict.fromkeys(one.service for one in delivery.state.recorders.values())
        if seen.whole or seen.own(service, delivery)
        for label in carried(delivery.state, service)
    )


def _order(one: Prosecution) -> tuple[str, str, str]:
    return one.role, one.person or "", one.state


def _same(delivery: Delivery, one: Understanding, state: str) -> bool:
    others = [other for other in delivery.state.understandings.values() if other.state == state]
    return any(sorted(map(_order, other.prosecutions)) == sorted(map(_order, one.prosecutions)) for other in others)
