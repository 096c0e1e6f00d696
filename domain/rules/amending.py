"""Changes under way (R22): a new plan, signed by its initiators, which changes only what is still ahead.

What has happened stays: closed checkpoints, the legs already travelled, what was asked and answered. A State whose part of
the way changes, or that is new on it, is asked afresh before the consignment goes there (R1, R5): its earlier consent was
to another way. Everything else that a plan must be is checked as it was at the start (`domain.plan.check`).
"""

from collections.abc import Iterator, Mapping
from functools import partial

from domain.delivery.delivery import Delivery
from domain.delivery.grants import Grant
from domain.delivery.progress import Progress
from domain.plan.cards import RuleCard
from domain.plan.check_powers import AFTER_DELIVERY
from domain.plan.check_size import known_cards, known_services, sizes
from domain.plan.check_voices import agreement
from domain.plan.directory import Directory, in_two_hands
from domain.plan.plan import Leg, Offence, Plan, PlannedCheckpoint, Requirement
from domain.plan.request_for_consent import CONDITION_LOST, arresting, changed, digest_of_request
from domain.rules.book import Change, book_of
from domain.rules.replacing import who_is_replaced, who_owes, who_permits_on, who_takes_charge
from domain.rules.turns import may_still_open
from domain.signing.canonical import canonical
from domain.words.errors import Fault
from domain.words.limits import MOST_SERVICES
from domain.words.quantities import say_span
from domain.words.text import fill, mark, together

FIXED = (
    "operation",
    "initiator",
    "co_initiator",
    "handling_code",
    "offence",
    "consignment",
    "group",
    "held_back",
    "parent",
    "tolerances",
    "margin",
    "custody_passes",
)
"""What no change touches, but that the offence says more of a State that is new."""

AT_LEAST_AS_LONG = mark("R22: an open checkpoint may be given more time, not less")


def faults_in(delivery: Delivery, plan: Plan, directory: Directory, cards: Mapping[str, RuleCard]) -> tuple[Fault, ...]:
    """Everything that keeps this plan from taking the place of the delivery's, given the services and cards known then, by the
    rules that the delivery is under.
    """
    book = book_of(delivery)
    found = [fault for change in book.changes for fault in change(delivery, plan, directory)]
    checked = (fault for check in book.checks for fault in check(plan, directory, cards))
    return (*found, *known_cards(cards, book.figures), *checked, *sizes(plan, directory, cards, book.figures))


def nothing_fixed(delivery: Delivery, plan: Plan, directory: Directory) -> Iterator[Fault]:
    """Something is different, nothing that stays for good, and it still goes on. Of a State that was not asked and of which the
    offence said nothing, it is said now.
    """
    old, state = delivery.plan, delivery.state
    if plan == old:
        yield Fault(place="document", problem=mark("R22: nothing in this plan is different"))
    stays = plan.model_copy(update={"offence": _without_new_states(old, plan.offence)})
    for field in FIXED:
        if getattr(old, field) != getattr(stays, field):
            yield Fault(place=field, problem=mark("R22: this does not change under way"))
    if not state.under_way:
        yield Fault(
            place="operation", problem=mark("R8: the delivery has halted, split or ended, so nothing in it changes any more")
        )
    if plan.modality != old.modality and state.goods is not None:
        yield Fault(place="modality", problem=mark("R3: it has been prepared; how it is handled does not change any more"))
    if plan.replaced[: len(old.replaced)] != old.replaced:
        yield Fault(place="replaced", problem=mark("R22: who was replaced stays so; add to the end of the list"))


def _without_new_states(old: Plan, offence: Offence) -> Offence:
    """The offence, without what it says of States that the plan before neither asked nor said that of."""
    known, said = old.asked_states(), old.offence
    extraditable = {state: one for state, one in offence.extraditable.items() if state in (*known, *said.extraditable)}
    articles = {state: one for state, one in offence.articles.items() if state in (*known, *said.articles)}
    return offence.model_copy(update={"extraditable": extraditable, "articles": articles})


def passed_checkpoints(delivery: Delivery, plan: Plan, directory: Directory) -> Iterator[Fault]:
    """What has been passed stays as it was, and what is open may only be given more time and others to ask."""
    for known in delivery.plan.checkpoints:
        progress = delivery.state.progress.get(known.id)
        if progress is None:
            continue
        now = plan.find(known.id)
        place = f"checkpoints.{plan.checkpoints.index(now)}" if now is not None else "checkpoints"
        if now is None:
            if not progress.open or progress.answers:
                yield Fault(
                    place=place,
                    problem=fill("R22: {checkpoint} has been passed or answered; it cannot be taken out", checkpoint=known.id),
                )
        elif not progress.open and now != known:
            yield Fault(
                place=place, problem=fill("R22: {checkpoint} has been passed; it does not change any more", checkpoint=known.id)
            )
        elif progress.open:
            if delivery.plan.leg_to(known.id) != plan.leg_to(known.id):
                problem = fill(
                    "R22: {checkpoint} is open at the end of a leg, and stays there; take it out if the leg ends elsewhere",
                    checkpoint=known.id,
                )
                yield Fault(place=place, problem=problem)
            yield from _open_checkpoint(known, now, place, progress)
            if plan.due_after(now) < delivery.plan.due_after(known):
                yield Fault(place=f"{place}.due", problem=AT_LEAST_AS_LONG)


def too_late(delivery: Delivery, plan: Plan, directory: Directory) -> Iterator[Fault]:
    """A checkpoint that is new comes while its step may still open, and under a name that none has had which was taken out."""
    for number, one in enumerate(plan.checkpoints):
        if delivery.plan.find(one.id) is None and one.id in delivery.state.progress:
            problem = fill("R22: {checkpoint} was opened and taken out; give what is new a name of its own", checkpoint=one.id)
            yield Fault(place=f"checkpoints.{number}.id", problem=problem)
        if delivery.plan.find(one.id) is None and not may_still_open(delivery, one.step):
            yield Fault(
                place=f"checkpoints.{number}",
                problem=fill("R22: the step {step} is over; nothing more opens in it", step=one.step),
            )


def _open_checkpoint(known: PlannedCheckpoint, now: PlannedCheckpoint, place: str, progress: Progress) -> Iterator[Fault]:
    fixed = ("step", "state", "place", "locode", "need", "overdue", "after")
    if any(getattr(known, field) != getattr(now, field) for field in fixed):
        yield Fault(
            place=place,
            problem=fill("R22: {checkpoint} is open; only its time, its ladder and who is asked may change", checkpoint=known.id),
        )
    if known.escalate[: progress.escalated] != now.escalate[: progress.escalated]:
        yield Fault(
            place=f"{place}.escalate",
            problem=fill("R22: whom the ladder of {checkpoint} has come to stays; change what follows", checkpoint=known.id),
        )
    before, after = map(_asked, (known, now))
    if [need for _, need in before] != [need for _, need in after]:
        yield Fault(
            place=f"{place}.requires", problem=fill("R22: {checkpoint} is open; what is asked there stays", checkpoint=known.id)
        )
    for (old, (says, _)), (new, _) in zip(before, after, strict=False):
        if old != new and (old, says) in progress.answers:
            yield Fault(
                place=f"{place}.requires",
                problem=fill("R22: {service} has answered; nobody answers in its place any more", service=old),
            )


def _asked(checkpoint: PlannedCheckpoint) -> list[tuple[str, tuple[str, int]]]:
    def of(one: Requirement) -> tuple[str, tuple[str, int]]:
        return one.service, (one.says, one.officers)

    return [of(one) for one in checkpoint.requires]


def travelled_legs(delivery: Delivery, plan: Plan, directory: Directory) -> Iterator[Fault]:
    """Legs that have been travelled or begun stay as they were."""
    if delivery.state.leg is None:
        return
    for number, leg in enumerate(delivery.plan.legs[: delivery.state.leg + 1]):
        now = plan.legs[number] if number < len(plan.legs) else None
        travelled = number < delivery.state.leg
        if now is None or (travelled and now != leg) or _beginning(now) != _beginning(leg):
            yield Fault(
                place=f"legs.{number}", problem=fill("R22: leg {leg} has been travelled or begun; it stays as it was", leg=leg.id)
            )


def _beginning(leg: Leg) -> tuple[str, str, str]:
    return leg.id, leg.state, leg.start


def warned_in_time(delivery: Delivery, plan: Plan, directory: Directory) -> Iterator[Fault]:
    """The last of other `expiry_warnings` is still to come for each authorisation that its State `rests_on`: with it the delivery
    halts (R5), so nobody would have been asked to extend it.
    """
    state, consents = delivery.state, delivery.consents
    if state.delivered or not plan.expiry_warnings or sorted(plan.expiry_warnings) == sorted(delivery.plan.expiry_warnings):
        return
    last, ahead = min(plan.expiry_warnings), [one for leg in plan.legs[state.leg or 0 :] for one in leg.states]
    for service, grant in state.grants.items():
        goes_by = grant.final and not grant.expired and grant.state in ahead and consents.rests_on(grant)
        if goes_by and grant.valid_until - last <= state.now:
            problem = fill(
                "R5: the authorisation of {service} ends in less than {last}, so with that as the last warning it halts at once; "
                "add a shorter one",
                service=service,
                last=say_span(last),
            )
            yield Fault(place="expiry_warnings", problem=problem)


def keys_in_one_hand(delivery: Delivery, plan: Plan, directory: Directory) -> Iterator[Fault]:
    """No service comes into it whose key another has there (R24): whoever adds a key need not have its private half, and no run
    goes on with a directory in which one stands twice.
    """
    for key, owner, service in in_two_hands(directory.services):
        problem = fill(
            "R24: {service} comes with the key {key}, which stands here as {other}'s", service=service, key=key, other=owner
        )
        yield Fault(place="services", problem=problem)


def room(delivery: Delivery, plan: Plan, directory: Directory) -> Iterator[Fault]:
    """All services that it has known, all plans that it has had, what was opened and taken out of them, and what the register was
    looked into for, are carried from run to run (R28).
    """
    state, figures = delivery.state, book_of(delivery).figures
    yield from known_services(directory, figures)
    opened = {name: one.checkpoint for name, one in state.progress.items() if one.contingency is None}
    gone = [one for name, one in opened.items() if plan.find(name) is None]
    if (count := len(plan.checkpoints) + len(gone)) > MOST_SERVICES:
        problem = fill(
            "R28: it has {count} checkpoints with those that were opened and taken out, {most} at most may be",
            count=count,
            most=MOST_SERVICES,
        )
        yield Fault(place="checkpoints", problem=problem)
    size = len(canonical(plan)) + sum(len(canonical(one)) for one in gone)
    if gone and size > (most := figures.plan_bytes):
        problem = fill(
            "R28: with what was opened and taken out, the plan has {size} bytes, {most} at most are carried", size=size, most=most
        )
        yield Fault(place="checkpoints", problem=problem)
    asked = {*state.register.signed, *state.register.passed_over, *(one.hash for one in plan.selectors)}
    if len(asked) > (most := figures.most_selectors_in_all):
        problem = fill(
            "R28: with those of earlier plans it has {count} selectors, {most} at most may be", count=len(asked), most=most
        )
        yield Fault(place="selectors", problem=problem)
    if len(state.plans) >= figures.most_plans:
        yield Fault(
            place="document", problem=fill("R28: it has had {count} plans; it is changed no more", count=len(state.plans))
        )


def fresh_consents(delivery: Delivery, plan: Plan, directory: Directory) -> Iterator[Fault]:
    """A State is asked afresh where something has `changed` that its consent does not cover; and one that is new on the way
    (R1). Where the rest of the request changes, its consent stands. So is one that is not on the route and is asked, and one that
    it has left, where somebody is arrested there whom nobody was to arrest there before; and one of which a condition binds at
    a checkpoint ahead that is taken out, or is of another step or place: it consented on that condition (R19). Who by its card
    must agree with what is decided there is asked afresh too: what was agreed to was the request before. Not a State that the
    plan does not touch any more: that has nothing left to decide.
    """
    ahead = [state for leg in plan.legs[delivery.state.leg or 0 :] for state in leg.states]
    beside = [state for state in plan.asked_states() if state not in plan.states()]
    left = [one for one in arresting(plan) if one in plan.asked_states() and one not in arresting(delivery.plan)]
    unbound = [grant.state for grant in delivery.state.grants.values() if _binds_no_more(delivery, plan, grant)]
    asked = (*ahead, *beside, *left)
    for state in filter(partial(_touches, plan), dict.fromkeys((*asked, *unbound))):
        differs = changed(delivery.plan, plan, state) if state in asked else ()
        if state in unbound:
            differs = (*differs, CONDITION_LOST)
        if not differs:
            continue
        fresh = [one for one in plan.at("authorise") if one.state == state and one.id not in delivery.state.progress]
        asked_before = any(one.state == state and one.id in delivery.state.progress for one in delivery.plan.at("authorise"))
        if not (asked_before or state not in delivery.plan.states()):
            continue
        if not any(one.authorities() for one in fresh):
            problem = fill(
                "R1: what {state} was asked to decide on changes ({what}), so {state} must be asked afresh: "
                "add a checkpoint of step authorise",
                state=state,
                what=together(map(fill, differs)),
            )
            yield Fault(place="checkpoints", problem=problem)
        elif (card := delivery.cards.get(state)) is not None:
            yield from agreement(plan, directory, card, fresh)


def _touches(plan: Plan, state: str) -> bool:
    """Whether anything is done in a State: it is on the route, or beside that somebody is to act or a measure is taken there."""
    beside = any(one.state == state and one.step in AFTER_DELIVERY for one in plan.checkpoints)
    return beside or state in plan.states() or bool(plan.measures(state))


def _binds_no_more(delivery: Delivery, plan: Plan, grant: Grant) -> bool:
    """Whether a condition of this authorisation binds at a checkpoint that is gone in this plan, or of another step or place."""

    def where(one: PlannedCheckpoint | None) -> tuple[str, ...] | None:
        return (one.step, one.state, one.place) if one is not None else None

    bound = (one.at for one in grant.conditions if one.at is not None and grant.final)
    return any(where(delivery.plan.find(one)) != where(plan.find(one)) for one in bound)


def questions_stay(delivery: Delivery, plan: Plan, directory: Directory) -> Iterator[Fault]:
    """A State that has still to decide is asked until it has (R1): else a change would stand by taking the question about it out.
    Not where all that it has consented to is what the new plan asks it, nor where it has no part any more.
    """
    for one in delivery.plan.at("authorise"):
        gone = plan.find(one.id) is None and not delivery.state.closed(one.id) and bool(one.authorities())
        if not gone or one.state not in (*plan.states(), *plan.asked_states()):
            continue
        others = [other for other in plan.at("authorise") if other.state == one.state and other.authorities()]
        given = [grant for grant in delivery.state.grants.values() if grant.state == one.state and grant.final]
        covered = bool(given) and all(grant.request == digest_of_request(plan, one.state) for grant in given)
        if not covered and all(delivery.state.closed(other.id) for other in others):
            problem = fill(
                "R1: {state} has not decided at {checkpoint}, so it stays, or {state} is asked at another one of authorise",
                state=one.state,
                checkpoint=one.id,
            )
            yield Fault(place="checkpoints", problem=problem)


CHANGES: tuple[Change, ...] = (
    nothing_fixed,
    passed_checkpoints,
    too_late,
    travelled_legs,
    warned_in_time,
    keys_in_one_hand,
    room,
    who_is_replaced,
    who_permits_on,
    who_owes,
    who_takes_charge,
    fresh_consents,
    questions_stay,
)
"""What a change of plan must be, as the law is."""
