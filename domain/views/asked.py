"""What Vigil says to a service: a request to confirm something at a checkpoint, and notices. Both are signed by Vigil's key.

A request holds what this service needs to answer and nothing about other States' targets, refusals or sources (R11). Who decides
on the delivery for its State is shown the request for consent to that State, in full.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import accumulate
from typing import get_args

from domain.delivery import unforeseen
from domain.delivery.delivery import Delivery
from domain.delivery.holdings import CONSIGNMENT, exhibits, going_on, of_service, offered, whereabouts
from domain.delivery.progress import Progress
from domain.delivery.requests import Bound, Facts, InGeneral, OfGroup, Request
from domain.delivery.statement import Seen
from domain.delivery.verdicts import Finding
from domain.plan.cards import Measure
from domain.plan.demands import needed, not_known
from domain.plan.directory import Service
from domain.plan.goods import AnyAmount, Part, SubstanceMass
from domain.plan.plan import Plan
from domain.plan.request_for_consent import DECIDING, digest_of_request, request_for_consent
from domain.plan.vocabulary import Need
from domain.rules.book import book_of
from domain.rules.conflict import LOOK_ASKED, TOUCHES, call_about
from domain.rules.duties import about_duty, duty_of
from domain.rules.hold import LAPSED, ORDERED
from domain.rules.measures import may_be_permitted
from domain.rules.proceedings import TAKEOVER_ASKED, awaited
from domain.rules.siblings import A_SIBLING_STOPPED, SIBLINGS_MISSING, lacking
from domain.rules.speaking import asked_in_place, is_backup, may_be_urgent
from domain.signing.canonical import canonical
from domain.views.names import IN_GENERAL
from domain.views.second import signed_by_one
from domain.views.sentences import Translate, english, say
from domain.views.sight import rule_of_halt, sight, what_halted
from domain.words.limits import ABOUT_BYTES, MOST_ABOUT, PROBLEM_CHARACTERS
from domain.words.moments import utc_text
from domain.words.terms import Months, at_least
from domain.words.text import shown
from domain.words.total import total

ABOUT_THE_CONSIGNMENT: tuple[Need, ...] = (
    "detection",
    "authorisation",
    "agreement",
    "permission",
    "prepared",
    "dispatched",
    "sighting",
    "handover_offer",
    "handover_acceptance",
    "movement_decision",
    "hold_decision",
    "delivered",
    "seizure",
    "explanation",
    "interdiction",
)
"""What cannot be answered without knowing what travels."""
WITHOUT_IT: tuple[Need, ...] = (
    "confirmation",
    "written_agreement",
    "extension",
    "duty",
    "ready",
    "deconfliction",
    "conflict_settlement",
    "arrest",
    "parts",
    "debrief",
    "costs",
    "jurisdiction",
    "takeover",
    "examination",
    "disposal",
    "exhibit_offer",
    "exhibit_acceptance",
    "look_back",
    "stop_acknowledgement",
)
"""What can."""
total(get_args(Need), ABOUT_THE_CONSIGNMENT=ABOUT_THE_CONSIGNMENT, WITHOUT_IT=WITHOUT_IT)
CONSENTS: tuple[Need, ...] = ("authorisation", "agreement", "permission", "deconfliction")
"""What is said to one plan, and to no other."""
ALIKE: tuple[Need, ...] = ("detection", "deconfliction")
"""What may be said of several consignments of a group at once, beside what decides for a State."""


def request(delivery: Delivery, name: str, service: str) -> Request:
    """The request to one service at an open checkpoint. Asking again is the same request, by its id; a consent to another plan is
    another request.
    """
    progress = delivery.state.progress[name]
    return Request(
        id=_number(delivery, name, service),
        delivery=delivery.plan.operation,
        checkpoint=name,
        plan=delivery.state.plan_digest,
        seen=Seen(size=len(delivery.ledger), root=delivery.ledger.root),
        service=service,
        says=progress.checkpoint.needs_of(service),
        officers=max(progress.checkpoint.officers_for(service, need) for need in progress.checkpoint.needs_of(service)),
        asked_at=utc_text(progress.opened),
        due=utc_text(progress.due) if progress.due is not None else None,
        facts=_facts(delivery, name, service),
    )


def without_facts(asked: Request) -> Request:
    """The same request, for who has been sent it before and is only to be heard once more."""
    told = asked.facts
    bare = Facts(place="", state=told.state, modality=told.modality, expected_at=None, valid_until=None)
    return asked.model_copy(update={"facts": bare})


def asked_by_plan(delivery: Delivery, name: str, service: str) -> int:
    """How often the plan has been changed, where the answer must be to the one in force (R18); else 0, whatever the plan."""
    needs = delivery.state.progress[name].checkpoint.needs_of(service)
    return len(delivery.state.plans) - 1 if any(need in CONSENTS for need in needs) else 0


def still_asked(delivery: Delivery, number: str) -> bool:
    """Whether the request of this number is still to be answered: its checkpoint is open, its service has not said all that is
    asked of it there, and it is about the plan in force, where that matters.
    """
    waiting = ((name, service) for name, one in delivery.state.progress.items() if one.open for service in one.waiting_for())
    return any(_number(delivery, name, service) == number for name, service in waiting)


def requests(delivery: Delivery, name: str) -> tuple[Request, ...]:
    """The requests to every service an open checkpoint still waits for."""
    return tuple(request(delivery, name, service) for service in delivery.state.progress[name].waiting_for())


def inbox(delivery: Delivery, service: str, at: datetime) -> tuple[Request, ...]:
    """What this service is being asked now, and after it what it may answer for others: their requests, to be said for them."""
    own = [(name, service) for name, one in delivery.state.progress.items() if one.open and service in one.waiting_for()]
    return tuple(asked_of(delivery, name, voice, service) for name, voice in [*own, *asked_in_place(delivery, service, at)])


def asked_of(delivery: Delivery, name: str, voice: str, reader: str) -> Request:
    """The request to a service there, as this one may answer it: in urgency it says a permission and nothing else. It says who of
    this one has signed first, where two must.
    """
    signed = signed_by_one(delivery, delivery.directory.get(reader), name, voice)
    asked = request(delivery, name, voice).model_copy(update={"signed_by_one": signed})
    return asked.model_copy(update={"says": ("permission",)}) if urgently(delivery, reader, name, voice) else asked


def urgently(delivery: Delivery, service: str, name: str, voice: str) -> bool:
    """Whether what this service may say there for that one is to permit something in urgency, and nothing else (R16)."""
    progress = delivery.state.progress[name]
    instead = voice in delivery.state.delegations or is_backup(delivery, service, voice, progress)
    apart = service != voice and not (instead and _may_say_it(delivery, service, name, voice))
    return apart and may_be_urgent(delivery, service, voice, progress)


def _may_say_it(delivery: Delivery, service: str, name: str, voice: str) -> bool:
    """Whether this service may say something there in the place of that one without urgency: it is asked for more than a
    permission, or by the card a service of this kind may permit all of it.
    """
    plan, kind, asked = delivery.plan, delivery.directory.get(service).kind, delivery.directory.get(voice)
    card = delivery.cards.get(asked.state or "")
    if card is None or delivery.state.progress[name].checkpoint.needs_of(voice) != ("permission",):
        return True
    return all(card.lets_permit(kind, one, plan.case) for one in may_be_permitted(plan, card, asked.kind))


def _number(delivery: Delivery, name: str, service: str) -> str:
    plan = asked_by_plan(delivery, name, service)
    return f"{delivery.plan.operation}/{name}/{service}" + (f"/{plan}" if plan else "")


def _facts(delivery: Delivery, name: str, service: str) -> Facts:
    plan, progress = delivery.plan, delivery.state.progress[name]
    planned = plan.find(name)
    travels = planned is not None and planned.step in ("hand_over", "deliver") and progress.due is not None
    known = delivery.directory.get(service)
    state = planned.state if planned is not None else known.state
    says = progress.checkpoint.needs_of(service)
    goods = any(need in ABOUT_THE_CONSIGNMENT for need in says)
    bound = [(number, text) for _, number, text in delivery.consents.binding(name)]
    other, about = call_about(delivery, progress), _about(delivery, name, known, says)
    decides = state is not None and any(need in DECIDING for need in says)
    facts = Facts(
        place=planned.place if planned is not None else delivery.state.here.means if goods else "",
        state=state or delivery.state.here.state,
        modality=plan.modality,
        expected_at=utc_text(progress.due - progress.checkpoint.due) if travels and progress.due is not None else None,
        valid_until=_needed_until(delivery, state or delivery.state.here.state, progress.opened, name),
        permissions=_to_permit(delivery, state, known, says),
        law_not_known=not_known(plan, delivery.cards[state])
        if "authorisation" in says and state in delivery.cards and plan.answers_for_law.get(state) == service
        else (),
        request=request_for_consent(plan, state) if state is not None and decides else None,
        request_digest=digest_of_request(plan, state) if state is not None and decides else None,
        group=_group(delivery) if decides or any(need in ALIKE for need in says) else None,
        parts=tuple(Part(operation=one.operation, contents=one.contents) for one in delivery.state.parts)
        if "parts" in says
        else (),
        conditions=tuple(Bound(id=number, text=text) for number, text in bound),
        about=_first_of(about),
        problem=shown(say_about(about), PROBLEM_CHARACTERS),
        agree_with=other.service if other is not None else None,
        call=other.call if other is not None else None,
    )
    if progress.contingency == unforeseen.DUTY and (owed := duty_of(delivery, progress.key)) is not None:
        facts = facts.model_copy(update={"duty": owed.duty.what})
    facts = facts.model_copy(update=_of_exhibits(delivery, service, says) | _of_proceedings(delivery, progress.key, says))
    # It may stand there twice. Where it does not lie there is nothing of it to be recovered.
    elsewhere = {*says} == {"seizure"} and state not in whereabouts(delivery.state)
    return facts if not goods or elsewhere else facts.model_copy(update=_of_the_consignment(delivery, name))


def _group(delivery: Delivery) -> OfGroup | None:
    """The group it is one of, while its plan is the one under the digest of that: else it is decided on alone."""
    group, alone = delivery.plan.group, len(delivery.state.plans) > 1
    return OfGroup(code=group.code, digest=group.digest, number=delivery.plan.number) if group is not None and not alone else None


def _of_exhibits(delivery: Delivery, service: str, says: tuple[Need, ...]) -> dict[str, object]:
    """What is offered to it by the one who offers the first of it, or what it holds, where it is asked about these; what it is to
    hand on, and to whom (R30).
    """
    if "exhibit_offer" in says:
        return {"exhibits": (CONSIGNMENT,), "taker": delivery.state.responsible}
    if "exhibit_acceptance" in says:
        known = exhibits(delivery.state)
        labels = offered(delivery.state, service)
        giver = known[labels[0]].holder if labels else None
        return {"exhibits": tuple(one for one in labels if known[one].holder == giver), "giver": giver}
    return {"exhibits": of_service(delivery.state, service)} if "examination" in says or "disposal" in says else {}


def _of_proceedings(delivery: Delivery, state: str, says: tuple[Need, ...]) -> dict[str, object]:
    """The first request to take over proceedings that its State has not answered, where it is asked about these (R29)."""
    return {"transfer": next(iter(awaited(delivery.state, state)), None)} if "takeover" in says else {}


def _to_permit(delivery: Delivery, state: str | None, service: Service, says: tuple[Need, ...]) -> tuple[Measure, ...]:
    """What this service may permit of what must be permitted there: with its authorisation, what needs no act of its own."""
    card = delivery.cards.get(state or "")
    if card is None or not ("permission" in says or "authorisation" in says):
        return ()
    rules = [(one, card.rule_of(one, delivery.plan.case)) for one in may_be_permitted(delivery.plan, card, service.kind)]
    return tuple(one for one, rule in rules if "permission" in says or rule is None or rule.needs != "own_act")


def _about(delivery: Delivery, name: str, service: Service, says: tuple[Need, ...]) -> tuple[Finding | InGeneral, ...]:
    """What a decision, a conflict, an explanation or a stop is about, as far as this service may know it."""
    if "explanation" in says:
        return delivery.balance.unexplained()
    progress = delivery.state.progress[name]
    contingency = book_of(delivery).contingencies.get(progress.contingency or "")
    if progress.contingency == unforeseen.DUTY and (about := about_duty(delivery, progress.key)):
        return about
    if contingency is not None and contingency.declares.after_halt:
        seen = sight(delivery, service)
        halted = what_halted(delivery, seen)
        if halted is not None:
            return (halted if isinstance(halted, Finding) else InGeneral(cause=halted, rule=rule_of_halt(delivery, seen)),)
    if "deconfliction" in says:
        return (looked_for(delivery.plan),)
    if "takeover" in says:
        asking = dict.fromkeys(delivery.state.transfers[one].state for one in awaited(delivery.state, progress.key))
        return (TAKEOVER_ASKED(states=tuple(asking), state=progress.key),)
    other = call_about(delivery, progress)
    if other is not None:
        return (TOUCHES(service=other.service),)
    hold = delivery.state.hold
    if "hold_decision" in says and hold is not None:
        holds = dict.fromkeys(((hold.by, hold.seq), (hold.newest_by, hold.newest)))
        return tuple(LAPSED(entry=seq) if by is None else ORDERED(service=by, entry=seq) for by, seq in holds)
    if progress.contingency in (unforeseen.SIBLING, unforeseen.SIBLING_STOP):
        return (about_siblings(delivery, progress),)
    differs = delivery.state.discrepancy
    return differs.differs if "movement_decision" in says and differs is not None else ()


def say_about(about: Iterable[Finding | InGeneral], translate: Translate = english) -> str:
    """The same in sentences, each with its rule."""
    return "; ".join(say(one, translate) if isinstance(one, Finding) else _in_general(one, translate) for one in about)


def _in_general(one: InGeneral, translate: Translate) -> str:
    said = translate(IN_GENERAL[one.cause])
    return f"{one.rule}: {said}" if one.rule is not None else said


def _first_of(about: tuple[Finding | InGeneral, ...]) -> tuple[Finding | InGeneral, ...]:
    """As many as a request has room for."""
    sizes = accumulate(len(canonical(one)) + 1 for one in about[:MOST_ABOUT])
    return tuple(one for one, size in zip(about, sizes, strict=False) if size <= ABOUT_BYTES)


def about_siblings(delivery: Delivery, progress: Progress) -> Finding:
    """What is decided about siblings, and no more of them than that (R11)."""
    if progress.contingency == unforeseen.SIBLING_STOP:
        return A_SIBLING_STOPPED()
    planned = delivery.plan.find(progress.key)
    count = len(lacking(delivery.state, planned)) if planned is not None else 0
    return SIBLINGS_MISSING(checkpoint=progress.key, count=count)


def looked_for(plan: Plan) -> Finding:
    """How much of each kind a plan has the register look for; never what."""
    kinds = Counter(one.kind for one in plan.selectors)
    return LOOK_ASKED(
        service=plan.initiator,
        numbers=len(plan.consignment.identifiers),
        persons=kinds["person"],
        phones=kinds["phone"],
        plates=kinds["plate"],
        addresses=kinds["address"],
    )


def _of_the_consignment(delivery: Delivery, name: str) -> dict[str, object]:
    custody, tolerances = delivery.state.custody, delivery.plan.tolerances
    weighed = custody.gross if custody is not None else None
    return {
        "checked_by": delivery.plan.checked_at(name),
        "gross": custody.gross if custody is not None else delivery.plan.consignment.gross,
        "tolerance": tolerances.of_gross(weighed) if weighed is not None else tolerances.gross,
        "packages": custody.packages if custody is not None else delivery.plan.consignment.packages,
        "picture": custody.picture if custody is not None else None,
        "seals": custody.seals if custody is not None else (),
        "contents": _inside(delivery),
        "items": tuple(item.label for item in goods.items) if (goods := delivery.state.goods) is not None else (),
    }


def _inside(delivery: Delivery) -> tuple[AnyAmount, ...]:
    """What travels: as detected, and once prepared what is `going_on`."""
    if delivery.state.goods is None:
        return delivery.plan.consignment.contents
    inside = going_on(delivery.state)
    return tuple(SubstanceMass(substance=one.substance, net=one.net) if isinstance(one, SubstanceMass) else one for one in inside)


def _needed_until(delivery: Delivery, state: str, opened: datetime, name: str) -> str | None:
    """Until when this State's consent must run, with every step before the passage taking as long as it may; where the route does
    not pass through it, with all that is planned there. What is to run on runs beyond its end at the least.
    """
    plan = delivery.plan
    planned = plan.find(name)
    progress = delivery.state.progress[name]
    extended = progress.contingency in (unforeseen.EXTENSION, unforeseen.RENEWAL)
    asks_consent = extended or (planned is not None and planned.step == "authorise")
    if asks_consent and planned is not None and state not in plan.states():
        return utc_text(opened + needed(plan, state))
    if not asks_consent or state not in delivery.state.states_ahead():
        return None
    until = opened + plan.asked_beyond() + plan.time_to_end(state, delivery.state.leg or 0)
    if not delivery.state.dispatched:
        until += plan.time_to_depart()
    grant = delivery.state.grants.get(progress.key) if progress.contingency == unforeseen.EXTENSION else None
    ends = grant.valid_until if grant is not None else progress.due
    if extended and ends is not None:
        until = max(until, ends + plan.contingencies.extension)
    return utc_text(min((until, *_allowed(delivery, state, progress))))


def _allowed(delivery: Delivery, state: str, progress: Progress) -> Iterator[datetime]:
    """Until when the card of this State lets last what is asked for there, as far as it says so (R5, R16): an authorisation, or
    its extension, with what it permits; a permission that is asked for alone, or a longer one. Who is asked for both says for
    each how long it lasts.
    """
    card, case, opened = delivery.cards.get(state), delivery.plan.case, progress.opened
    if card is None:
        return
    asked = {one.says for one in progress.checkpoint.requires}
    lasts: list[tuple[datetime, timedelta | Months | None]] = []
    grant = delivery.state.grants.get(progress.key) if progress.contingency == unforeseen.EXTENSION else None
    if (term := card.term_of(case)) is not None:
        if grant is not None:
            lasts += [(grant.valid_until, term.extension), (grant.since or grant.valid_from, term.ceiling)]
        elif "authorisation" in asked:
            lasts += [(opened, term.longest), (opened, term.ceiling)]
    if grant is not None:
        permitted = (card.rule_of(one, case) for one in grant.permits)
        ends = [
            (grant.valid_until, one.extension) if one.extension else (grant.valid_from, one.longest) for one in permitted if one
        ]
        lasts += ends
    rules = [card.rule_of(one, case) for one in delivery.plan.permissions(card)] if asked == {"permission"} else []
    for rule in rules:
        if rule is not None:
            lasts.append((opened, rule.longest))
            if progress.contingency == unforeseen.RENEWAL and progress.due is not None:
                lasts.append((progress.due, rule.extension))
    yield from (begins + at_least(term) for begins, term in lasts if term is not None)
