"""What all statements about exhibits share (R30): whose they are, how much may be held of them, and the last word on each, which
can be corrected (R18). Handing on, examining and disposing each have a file; see `domain.delivery.holdings`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from domain.delivery.delivery import Delivery
from domain.delivery.holdings import (
    CONSIGNMENT,
    exhibits,
    holder,
    told,
)
from domain.delivery.memory import Exhibit, LastWord
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, refused
from domain.plan.goods import Label
from domain.plan.vocabulary import Need
from domain.rules.kind import Stays, officers_asked, size_of, still_asked
from domain.words.limits import (
    MOST_MOVED,
)

NOT_ITS_HOLDER = refused("R30", "not_its_holder", "{voice} does not hold {labels}", voice="name", labels="names")
STILL_TRAVELS = refused(
    "R30",
    "still_travels",
    "{labels} is on its way or carried by a person: that moves by handover or is handed back, and not as an exhibit",
    labels="names",
)

TO_DISPOSE = 80
"""Bytes of what is said of the fate of one exhibit, and by which word."""
FOUND: tuple[Need, ...] = ("prepared", "seizure", "interdiction")
"""What is asked of those from whose hands exhibits come."""
LARGEST_WORD = 250
"""Bytes by which acts that are said of many at once differ from one another."""
LATEST = 999_999
"""An entry with as many digits as any."""

Labels = Annotated[tuple[Label, ...], Field(min_length=1, max_length=MOST_MOVED)]
Changed = dict[str, Exhibit]


def may_act_on(delivery: Delivery, said: Said, labels: tuple[str, ...], *, lost: bool = False, found: bool = False) -> Verdict:
    """Whether whose say it is holds each of these, and none travels, unless it is a recorder that is lost, or what was found and
    is to be handed on.
    """
    known = exhibits(delivery.state)
    others = tuple(one for one in labels if one not in known or known[one].holder != said.voice)
    if others:
        return NOT_ITS_HOLDER(voice=said.voice, labels=others)
    may = ("recorder",) if lost else (CONSIGNMENT,) if found else ()
    travel = tuple(one for one in labels if known[one].travels and known[one].what not in may)
    return STILL_TRAVELS(labels=travel) if travel else ACCEPTED


def each_with(state: State, said: Said, labels: tuple[str, ...], **said_of_it: Any) -> Changed:
    """Each of these that is an exhibit, with what this statement says of it."""
    known = exhibits(state)
    return {one: replace(known[one], entry=said.seq, inside=False, **said_of_it) for one in labels if one in known}


def share_of_them(delivery: Delivery, changed: Changed, most: int) -> Stays:
    """What stays of exhibits that came from the same hands as these (`told`), and how much that may be: an equal share with those
    from whose hands exhibits may come, of all, and no more than others have left of it. Where these came from several hands, that
    of those of which most stays: nobody has the share of another by naming what came from that.
    """
    return _of_each(changed, lambda origin: _equal_share(delivery, changed, most, origin))


def share_while_held(delivery: Delivery, changed: Changed, most: int) -> Stays:
    """The same of what is said of exhibits while somebody holds them: of how much that may be, so much is left for each from the
    same hands that is held and has no fate, that its fate can be said; half of it at most, since what becomes of many at once is
    held once.
    """
    after = exhibits(delivery.state) | changed

    def of(origin: str) -> Stays:
        stays = _equal_share(delivery, changed, most, origin)
        held = sum(one.by == origin and one.holder is not None and one.fate is None for one in after.values())
        return Stays(stays.what, max(stays.most - TO_DISPOSE * held, stays.most // 2))

    return _of_each(changed, of)


def share_at_last(delivery: Delivery, changed: Changed, most: int) -> Stays:
    """The same of what became of them: where there are more sources than when they were found, also what others do not need. They
    need what is said of theirs, as it will be once the fate of each that is held is said too, and at least so much for each; and
    a whole share where they are still asked to prepare or to seize, or in charge of a leg that is not over: more may come from
    their hands. So much is left that the fate of each that is held can be said, of as many at once as may be.
    """
    return _of_each(changed, lambda origin: _at_last_of(delivery, changed, most, origin))


def room_for_fates(delivery: Delivery, origin: str, finds: tuple[str, ...], most: int) -> Stays:
    """What stays of exhibits from these hands, and how much that may be so that of each of these finds, too, it can be said what
    became of it.
    """
    may, known = _at_last_of(delivery, {}, most, origin), exhibits(delivery.state)
    found = {label: Exhibit("find", origin, origin) for label in finds}
    before, then = (_in_the_end(one, delivery.state.exhibits, origin) for one in (known, found | known))
    return _in_time(may, may.most, before, then)


def _of_each(changed: Changed, share: Callable[[str], Stays]) -> Stays:
    """Of those from whose hands these came the one that has least left."""
    stays = [share(origin) for origin in dict.fromkeys(one.by for one in changed.values())]
    return max(stays, key=lambda one: one.size - one.most, default=Stays((), 0))


def _equal_share(delivery: Delivery, changed: Changed, most: int, origin: str) -> Stays:
    after = delivery.state.exhibits | changed
    own = {label: one for label, one in after.items() if one.by == origin}
    beside = size_of((told(after),)) - size_of((told(own),))
    return Stays((told(own),), min(most // len(_sources(delivery)), most - beside))


def _at_last_of(delivery: Delivery, changed: Changed, most: int, origin: str) -> Stays:
    stays, state = _equal_share(delivery, changed, most, origin), delivery.state
    after = state.exhibits | changed
    others = {label: one for label, one in after.items() if one.by != origin}
    known = exhibits(state) | changed
    waiting = {label: one for label, one in known.items() if one.by != origin and one.holder and one.fate is None}
    at_last = others | {label: _at_last(one) for label, one in waiting.items()}
    need = max(size_of((told(at_last),)), size_of((told(others),)) + TO_DISPOSE * len(waiting))
    still = {service for says in FOUND for _, service in still_asked(state, says)}
    if not state.delivered:
        still |= {leg.responsible for leg in delivery.plan.legs[state.leg or 0 :]}
    idle = still - {origin}
    left = most - need - most // len(_sources(delivery)) * len(idle)
    beside = size_of((told(after),)) - stays.size
    may = max(stays.most, min(left, most - beside))
    before, then = _in_the_end(exhibits(state), state.exhibits, origin), _in_the_end(known, after, origin)
    return _in_time(stays, may, before, then)


def _in_time(stays: Stays, most: int, before: int, then: int) -> Stays:
    """What stays, and so much at most; less where in the end it would be more than that, and more than it was to be before."""
    over = then - max(most, before)
    return Stays(stays.what, min(most, stays.size - over) if over > 0 else most)


def _in_the_end(known: Mapping[str, Exhibit], said: Mapping[str, Exhibit], origin: str) -> int:
    """Bytes of all that is said of what came from these hands, once the fate of each is said, of as many at once as may be."""
    own = {label: one for label, one in said.items() if one.by == origin}
    waiting = {label: _at_last(one) for label, one in known.items() if one.by == origin and one.holder and one.fate is None}
    return size_of((told(own | waiting),)) + LARGEST_WORD * -(-len(waiting) // MOST_MOVED)


def _at_last(one: Exhibit) -> Exhibit:
    """An exhibit, once its holder has said the most that can be said of its fate."""
    said = LastWord(LATEST, one.holder or "", officers=2)
    return replace(one, entry=LATEST, fate="handed_to_court", travels=False, inside=False, disposal=said)


def _sources(delivery: Delivery) -> tuple[str, ...]:
    """Services from whose hands exhibits may come: those that are asked to prepare, to seize or to weigh, or are responsible, or
    have reported what was found, or have handed out a recorder.
    """
    asked = (one for at in delivery.plan.checkpoints for one in at.requires)
    found = (one.service for one in asked if one.says in FOUND)
    recorders = (one.service for one in delivery.state.recorders.values())
    reported = (delivery.state.detected.by,) if delivery.state.detected is not None else ()
    return tuple(dict.fromkeys((*found, *(leg.responsible for leg in delivery.plan.legs), *reported, *recorders)))


def last_in(state: State, statement: str, words: Mapping[str, LastWord | None]) -> dict[str, LastWord]:
    """Those of these last words that this statement has said, as last corrected."""
    known = state.statements.first(statement)
    return {label: one for label, one in words.items() if one is not None and known is not None and one.seq == known.seq}


def last_word(state: State, said: Said, need: Need, before: Mapping[str, LastWord], **had: Any) -> LastWord:
    """What is remembered of what is said of an exhibit now: as what it corrects, where it does."""
    known = next(iter(before.values()), None)
    if known is not None:
        return LastWord(known.seq, known.by, known.officers, **had)
    return LastWord(said.seq, said.voice, officers_asked(state, said, need), **had)


def to_hand_on(state: State) -> str | None:
    """Who holds the consignment and has still to hand it on, so that the responsible authority has it before it leaves: its
    `holder`, where that is another. None before anybody has reported it, once it has left, is secured, destroyed or lost, and
    once something of it was recovered: it is no exhibit as a whole any more.
    """
    if state.detected is None or state.dispatched or state.secured or state.destroyed or state.lost:
        return None
    held_by = holder(state)
    return held_by if held_by != state.responsible and CONSIGNMENT in exhibits(state) else None


def prepares_it(state: State) -> bool:
    """Whether who is `to_hand_on` the consignment is asked for `prepared` at a checkpoint that has not closed: so it hands it on
    as it was prepared.
    """
    held_by = to_hand_on(state)
    waits = (one for one in state.plan.at("prepare") if not state.closed(one.id))
    return held_by is not None and any("prepared" in one.needs_of(held_by) for one in waits)
