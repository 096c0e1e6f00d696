"""Changes under way (R22): a new plan, signed by its initiators, which changes only what is still ahead.

What has happened stays: closed checkpoints, the legs already travelled, what was asked and answered. A State whose part of
the way changes, or that is new on it, is asked afresh before the consignment goes there (R1, R5): its earlier consent was
to another way. Everything else that a plan must be is checked as it was at the start (`domain.plan.check`).
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from domain.delivery.delivery import Delivery
from domain.delivery.progress import Progress
from domain.plan.cards import RuleCard
from domain.plan.check_powers import touches
from domain.plan.check_size import known_cards, known_services, sizes
from domain.plan.directory import Directory, in_two_hands
from domain.plan.plan import Leg, Offence, Plan, PlannedCheckpoint, Requirement
from domain.rules.afresh import fresh_consents, may_be_had, questions_stay, warned_in_time
from domain.rules.book import Change, book_of
from domain.rules.lasting import lasting
from domain.rules.replacing import who_is_replaced, who_owes, who_permits_on, who_takes_charge
from domain.rules.turns import may_still_open
from domain.signing.canonical import canonical
from domain.words.errors import Fault
from domain.words.limits import MOST_SERVICES
from domain.words.text import fill, mark

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
    checked = [fault for check in book.checks for fault in check(plan, directory, cards)]
    past = tuple(_past(delivery, plan))
    of_now = (one for one in (*checked, *sizes(plan, directory, cards, book.figures)) if not one.place.startswith(past))
    return (*found, *lasting(delivery, plan, directory, cards), *known_cards(cards, book.figures), *of_now)


def _past(delivery: Delivery, plan: Plan) -> Iterator[str]:
    """Places of a plan at which nothing can be changed any more, and nobody is asked (R22): the ladder and the time of a question
    for consent that has been passed, and who was asked there, where its State was asked later, or is; of an open checkpoint each
    rung that has been told and may not answer. How long it takes altogether, of which `lasting` weighs what is left. And how
    often it is asked where it is, where that stays, and nobody is in charge for longer than who is so by the plan before, or
    whose place it takes.
    """
    state = delivery.state
    yield "margin"
    before, after = _in_charge(delivery.plan, plan), _in_charge(plan, plan)
    if plan.surveillance == delivery.plan.surveillance and all(after[one] <= before.get(one, timedelta()) for one in after):
        yield "surveillance.check_in"
    order = {name: number for number, name in enumerate(state.progress)}
    asked = [(one.state, order.get(one.id, len(order))) for one in plan.at("authorise") if one.authorities()]
    for number, one in enumerate(plan.checkpoints):
        if one.step == "authorise" and state.closed(one.id):
            yield from (f"checkpoints.{number}.{what}" for what in ("escalate.", "due"))
            if any(there == one.state and opened > order[one.id] for there, opened in asked):
                yield f"checkpoints.{number}.requires."
        progress = state.progress.get(one.id)
        told = one.escalate[: progress.escalated] if progress is not None and progress.open else ()
        yield from (f"checkpoints.{number}.escalate.{rung}." for rung, to in enumerate(told) if not to.may_answer)


def _in_charge(plan: Plan, now: Plan) -> dict[str, timedelta]:
    """For how long each is in charge by a plan, or whoever has taken its place by now."""
    ways: dict[str, timedelta] = {}
    for leg in plan.legs:
        end, service = plan.find(leg.end), now.successor_of(leg.responsible)
        ways[service] = ways.get(service, timedelta()) + (plan.due_after(end) if end is not None else leg.takes)
    return ways


def _asks_in_vain(plan: Plan, checkpoint: PlannedCheckpoint, directory: Directory) -> bool:
    """Whether it asks a State for its consent that this plan does not touch any more."""
    return checkpoint.step == "authorise" and not touches(plan, checkpoint.state, directory)


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
    if plan.modality != old.modality and any(one.id in state.progress for one in old.at("prepare")):
        yield Fault(place="modality", problem=mark("R3: its preparation has begun; how it is handled does not change any more"))
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
            if not progress.open or (progress.answers and not _asks_in_vain(plan, known, directory)):
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
        if now is None or travelled:
            continue
        for there in (one for one in now.states if one not in leg.states):
            problem = fill(
                "R1: leg {leg} has begun, and nothing on it waits for the consent of {state}; end it sooner, and begin another",
                leg=leg.id,
                state=there,
            )
            yield Fault(place=f"legs.{number}.calls", problem=problem)


def _beginning(leg: Leg) -> tuple[str, str, str]:
    return leg.id, leg.state, leg.start


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
    yield from _shares(delivery, plan)
    if len(state.plans) >= figures.most_plans:
        yield Fault(
            place="document", problem=fill("R28: it has had {count} plans; it is changed no more", count=len(state.plans))
        )


def _shares(delivery: Delivery, plan: Plan) -> Iterator[Fault]:
    """Where others are asked than by the plan before, what all may say is shared anew, and there is enough for each: a quarter at
    least of what so many might say from the beginning, so that nobody who changes the plan again and again uses up what others
    need.
    """
    state, figures, speakers = delivery.state, delivery.law.figures, plan.speakers()
    if set(speakers) == set(delivery.plan.speakers()):
        return
    spent = (state.said_before, *state.spent.values())
    statements = figures.share(len(speakers), said := sum(one.statements for one in spent))
    size = figures.share_of_bytes(len(speakers), sum(one.bytes for one in spent))
    least, least_bytes = figures.share(len(speakers)) // 4, figures.share_of_bytes(len(speakers)) // 4
    if statements < max(least, figures.unasked_statements) or size < max(least_bytes, figures.unasked_bytes):
        problem = fill(
            "R28: {said} statements have been made, which leaves too few for {count} services that are asked",
            said=said,
            count=len(speakers),
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
    may_be_had,
)
"""What a change of plan must be, as the law is."""
