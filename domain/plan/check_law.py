"""What the law of each State on the way demands of a plan, as its rule card has it (R1, R3, R5, R7, R13, R16).

What a card does not know is no fault by itself: the plan says who answers for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta

from domain.plan.cards import Case, Measure, MeasureRule, RuleCard
from domain.plan.check_voices import agreement, second_voice, successors
from domain.plan.demands import needed, not_known, topic
from domain.plan.directory import Directory, ServiceKind
from domain.plan.plan import Plan, PlannedCheckpoint, Requirement
from domain.plan.powers import PUBLIC_AUTHORITIES, RUNNING
from domain.plan.vocabulary import Need
from domain.words.errors import Fault
from domain.words.quantities import MAX_SPAN, say_span
from domain.words.terms import Months, at_least, say_term
from domain.words.text import either, fill, mark, together, word

Cards = Mapping[str, RuleCard]


def law(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Every State on the way is asked, by those who may decide, for what its law wants; and any other that is asked as well."""
    for state in plan.asked_states():
        if not plan.authorities(state):
            passes = fill("R1: the route passes through {state}, and nobody there is asked to authorise", state=state)
            asked = fill("R1: {state} is asked to decide, and nobody there is asked to authorise", state=state)
            yield Fault(place="checkpoints", problem=passes if state in plan.states() else asked)
        if state not in plan.offence.extraditable:
            problem = fill("say whether the offence is extraditable in {state} (true or false)", state=state)
            yield Fault(place="offence.extraditable", problem=problem)
        card = cards.get(state)
        if card is None:
            yield Fault(place="legs", problem=fill("there is no rule card for {state}", state=state))
            continue
        if needed(plan, state) > MAX_SPAN:
            problem = fill("the whole way takes too long: all together lasts {most} at most", most=say_span(MAX_SPAN))
            yield Fault(place="legs", problem=problem)
        yield from _answers_for(plan, card)
        yield from _term(plan, card)
        yield from _offence(plan, card)
        yield from _duties(plan, card)
        yield from agreement(plan, directory, card)
        yield from _measures(plan, directory, card)
        yield from _apart(plan, directory, card)
        if card.allows(plan.modality, plan.case) is False:
            problem = fill(
                "R3: by the rule card of {state} such a delivery does not go {modality}",
                state=state,
                modality=word(plan.modality),
            )
            yield Fault(place="modality", problem=problem)
    for index, checkpoint in enumerate(plan.checkpoints):
        if checkpoint.step == "authorise":
            yield from _asked(plan, directory, cards, index, checkpoint)
    for state in plan.answers_for_law:
        if state not in plan.asked_states():
            problem = fill("{state} is neither on the route nor asked, so nobody answers for its law", state=state)
            yield Fault(place=f"answers_for_law.{state}", problem=problem)
    for state in plan.duty_times:
        if state not in plan.asked_states():
            problem = fill("{state} is neither on the route nor asked, so nobody there has a duty", state=state)
            yield Fault(place=f"duty_times.{state}", problem=problem)
    yield from _excluded(plan, directory, cards)
    yield from second_voice(plan, directory, cards)
    yield from successors(plan, directory, cards)


def _answers_for(plan: Plan, card: RuleCard) -> Iterator[Fault]:
    """Somebody who authorises there answers for what the card does not know, and nobody where it knows all of it."""
    unknown, who = not_known(plan, card), plan.answers_for_law.get(card.state)
    place = f"answers_for_law.{card.state}"
    said = together(map(topic, unknown)) if unknown else ""
    if unknown and who is None:
        problem = fill(
            "R1: the rule card of {state} does not know: {said}; say which of those that authorise there answers for it",
            state=card.state,
            said=said,
        )
        yield Fault(place="answers_for_law", problem=problem)
    elif unknown and who not in plan.authorities(card.state):
        problem = fill(
            "R1: {who} is not asked to authorise for {state}, and cannot answer for what its card does not know: {said}",
            who=who,
            state=card.state,
            said=said,
        )
        yield Fault(place=place, problem=problem)


def _term(plan: Plan, card: RuleCard) -> Iterator[Fault]:
    """No authorisation, however fresh, could cover the way through the State if that takes longer than one may last; and where an
    extension must be asked for some time before the end, the plan warns so long before.
    """
    term = card.term_of(plan.case)
    if term is None:
        return
    legs = () if plan.held_back else enumerate(plan.legs)
    inside = [(index, plan.find(leg.end)) for index, leg in legs if card.state in leg.states]
    way = sum((plan.due_after(end) for _, end in inside if end is not None), start=timedelta())
    if term.longest is not None and way > at_least(term.longest):
        problem = fill(
            "R5: the way through {state} may take {way}, and by its rule card an authorisation lasts at most {longest}",
            state=card.state,
            way=say_span(way),
            longest=say_term(term.longest),
        )
        yield Fault(place=f"legs.{inside[0][0]}.takes", problem=problem)
    whole = _whole(plan, card.state)
    if term.ceiling is not None and whole > at_least(term.ceiling):
        problem = fill(
            "R5: an authorisation of {state} may have to last {whole}: until it leaves, the way to its exit (if it is held back, "
            "until it is accounted for), and the margin or the time before its end at which nobody extends it; by its rule card "
            "none lasts longer than {ceiling}, extended or not",
            state=card.state,
            whole=say_span(whole),
            ceiling=say_term(term.ceiling),
        )
        yield Fault(place="margin", problem=problem)
    if term.ask_before is not None and not any(lead >= term.ask_before for lead in plan.expiry_warnings):
        problem = fill(
            "R5: by the rule card of {state} an extension is asked for {lead} before the end: warn so long before",
            state=card.state,
            lead=say_span(term.ask_before),
        )
        yield Fault(place="expiry_warnings", problem=problem)


def _whole(plan: Plan, state: str) -> timedelta:
    """How long an authorisation of this State, given at once, may have to last: until it leaves, to its exit from there, and what
    is to `spare`; of what is held back, until it is accounted for. Who alone is asked has all its time counted: what it is asked
    names one end, whenever it answers. Nothing where that is not on the route, or what is held back does not go there.
    """
    if state not in plan.states() or (plan.held_back and state != plan.legs[0].state):
        return timedelta()
    return plan.time_to_depart() + plan.time_to_end(state) + plan.spare()


def _duties(plan: Plan, card: RuleCard) -> Iterator[Fault]:
    """Where the law makes a duty of something and gives no time for it, nor the card a usual one, the plan names one; and for
    nothing else (R16).
    """
    untimed = {one.id: one for one in card.duties_of(plan.case) if one.untimed}
    times = plan.duty_times.get(card.state, {})
    for name, duty in untimed.items():
        if name not in times and duty.usual is None:
            problem = fill(
                "R16: by the rule card of {state}, {what}, and it gives no time for that; name one in duty_times, such as "
                "{state}: {example}",
                state=card.state,
                what=duty.what,
                example="{" + name + ": 24h}",
            )
            yield Fault(place="duty_times", problem=problem)
    for name in times:
        if name not in untimed:
            problem = fill(
                "R16: the rule card of {state} has no duty {name} without a time of its own; leave it out",
                state=card.state,
                name=name,
            )
            yield Fault(place=f"duty_times.{card.state}.{name}", problem=problem)


def _offence(plan: Plan, card: RuleCard) -> Iterator[Fault]:
    """Where the law lists the offences for which alone it may be done, the plan's is one of them."""
    lists = card.about(card.offences, plan.case)
    named = plan.offence.articles.get(card.state, ())
    if lists and not any(article in one.articles for one in lists for article in named):
        listed = ", ".join(article for one in lists for article in one.articles)
        given = fill("{named} is none of them", named=", ".join(named)) if named else fill("the plan names none")
        problem = fill(
            "R1: by the rule card of {state} it may be done for these offences alone: {listed}; {given}",
            state=card.state,
            listed=listed,
            given=given,
        )
        yield Fault(place="offence.articles", problem=problem)


def _measures(plan: Plan, directory: Directory, card: RuleCard) -> Iterator[Fault]:
    """For each measure that an act must permit, somebody is asked who may (R16); and one of those must have answered."""
    there = [at for at in plan.at("authorise") if at.state == card.state]
    could = {measure for at in there for measure in permitted_at(plan, directory, card, at)}
    must = {measure for at in there for measure in surely_permitted_at(plan, directory, card, at, at.requires)}
    if plan.asks_permission(card.state) and not plan.permissions(card):
        problem = fill(
            "R16: a permission is asked of {state}, and nothing is done there that an act must permit", state=card.state
        )
        yield Fault(place="checkpoints", problem=problem)
    for measure in plan.permissions(card):
        rule = card.rule_of(measure, plan.case)
        who = fill(" of {kinds}", kinds=either(rule.by)) if rule is not None and rule.by else ""
        if measure not in could:
            problem = fill(
                "R16: in {state} {measure} needs a permission{who}, and nobody there is asked who could give it",
                state=card.state,
                measure=word(measure),
                who=who,
            )
            yield Fault(place="checkpoints", problem=problem)
        elif measure not in must:
            problem = fill(
                "R16: in {state} {measure} needs a permission{who}, and enough of those asked there may answer without one who "
                "could give it; ask for the answer of all, or ask who could at a checkpoint of its own",
                state=card.state,
                measure=word(measure),
                who=who,
            )
            yield Fault(place="checkpoints", problem=problem)


def _apart(plan: Plan, directory: Directory, card: RuleCard) -> Iterator[Fault]:
    """What by the card is permitted for less than an authorisation may have to last is asked for apart, and for longer later
    (R16): with the authorisation it could not be permitted.
    """
    whole = _whole(plan, card.state)
    for measure, rule, longest in not_apart(plan, directory, card):
        if whole > at_least(longest) and not extended_together(plan, card, rule, longest):
            problem = fill(
                "R16: by the rule card of {state} {measure} is permitted for {longest} at most, and an authorisation may have to "
                "last {whole}; ask for a permission apart there",
                state=card.state,
                measure=word(measure),
                longest=say_term(longest),
                whole=say_span(whole),
            )
            yield Fault(place="margin", problem=problem)


def not_apart(plan: Plan, directory: Directory, card: RuleCard) -> Iterator[tuple[Measure, MeasureRule, timedelta | Months]]:
    """What an act must permit in a State, by its card for so long at most, and nobody is asked there for a permission of it."""
    there = [one for at in plan.at("authorise") if at.state == card.state for one in at.requires]
    apart = [directory.find(one.service) for one in there if one.says == "permission"]
    for measure in plan.permissions(card):
        rule = card.rule_of(measure, plan.case)
        if rule is None or rule.longest is None:
            continue
        if not any(one is not None and card.lets_permit(one.kind, measure, plan.case) for one in apart):
            yield measure, rule, rule.longest


def extended_together(plan: Plan, card: RuleCard, rule: MeasureRule, longest: timedelta | Months) -> bool:
    """Whether by the card an authorisation lasts no longer at first than it may permit this, and both may be extended."""
    term = card.term_of(plan.case)
    first = term.longest if term is not None else None
    return rule.extension is not None and first is not None and at_least(first) <= at_least(longest)


def _asked(plan: Plan, directory: Directory, cards: Cards, index: int, checkpoint: PlannedCheckpoint) -> Iterator[Fault]:
    """Who is asked there is of that State, may decide by its card, and has the time that it must be given."""
    card = cards.get(checkpoint.state)
    apart = any(one.says in ("permission", "agreement") for one in checkpoint.requires)
    if apart and checkpoint.quorum() < len(checkpoint.services()):
        problem = mark("R16: a permission or an agreement cannot be left out, so this needs all")
        yield Fault(place=f"checkpoints.{index}.need", problem=problem)
    notice = card.notice_of(plan.case) if card is not None else None
    if notice is not None and checkpoint.due < notice.time:
        problem = fill(
            "by its rule card {state} must be given {time} to answer", state=checkpoint.state, time=say_span(notice.time)
        )
        yield Fault(place=f"checkpoints.{index}.due", problem=problem)
    for number, requirement in enumerate(checkpoint.requires):
        place = f"checkpoints.{index}.requires.{number}.service"
        service = directory.find(requirement.service)
        if service is None:
            continue
        if service.state != checkpoint.state:
            problem = fill(
                "R1: {service} is of {state} and cannot authorise for {asked}",
                service=service.id,
                state=service.state or fill("no State"),
                asked=checkpoint.state,
            )
            yield Fault(place=place, problem=problem)
        elif requirement.says == "authorisation" and card is not None and not card.lets_grant(service.kind, plan.case):
            problem = fill(
                "R1: by the rule card of {state} a {kind} cannot authorise such a delivery{can}",
                state=card.state,
                kind=word(service.kind),
                can=_who_can(card, plan),
            )
            yield Fault(place=place, problem=problem)
        elif requirement.says == "agreement" and card is not None and not card.lets_agree(service.kind, plan.case):
            problem = fill(
                "R1: by the rule card of {state} a {kind} does not agree to such a delivery",
                state=card.state,
                kind=word(service.kind),
            )
            yield Fault(place=place, problem=problem)
        elif requirement.says == "permission" and card is not None and permits_nothing(plan, card, service.kind):
            problem = fill(
                "R16: by the rule card of {state} a {kind} may permit nothing of what is done there",
                state=card.state,
                kind=word(service.kind),
            )
            yield Fault(place=place, problem=problem)


def _who_can(card: RuleCard, plan: Plan) -> str:
    """Who may authorise it: whom the card names; where it names nobody, who exercises public authority."""
    named = [kind for one in card.deciders_of(plan.case) for kind in one.by] or list(PUBLIC_AUTHORITIES)
    may = [kind for kind in dict.fromkeys(named) if card.lets_grant(kind, plan.case)]
    return fill("; {kinds} can", kinds=either(may)) if may else ""


def permits_nothing(plan: Plan, card: RuleCard, kind: ServiceKind) -> bool:
    """Whether it may permit none of what must be permitted there."""
    wanted = plan.permissions(card)
    return bool(wanted) and not any(card.lets_permit(kind, one, plan.case) for one in wanted)


def permitted_at(plan: Plan, directory: Directory, card: RuleCard, checkpoint: PlannedCheckpoint) -> tuple[Measure, ...]:
    """What must be permitted there, and may be by who is asked at this checkpoint: by a permission, or by an authorisation where
    the card wants no act of its own for it.
    """
    asked = [(one.says, known.kind) for one in checkpoint.requires if (known := directory.find(one.service)) is not None]

    def may(measure: Measure) -> bool:
        rule = card.rule_of(measure, plan.case)
        acts = ("permission",) if rule is not None and rule.needs == "own_act" else ("permission", "authorisation")
        return any(says in acts and card.lets_permit(kind, measure, plan.case) for says, kind in asked)

    return tuple(one for one in plan.permissions(card) if may(one))


def surely_permitted_at(
    plan: Plan, directory: Directory, card: RuleCard, checkpoint: PlannedCheckpoint, waits: Sequence[Requirement]
) -> Iterator[Measure]:
    """What must be permitted there, and may be by one of those for whose answer the checkpoint still `waits`: it cannot close
    before one of them has answered.
    """
    able: dict[str, tuple[Measure, ...]] = {}
    for service in dict.fromkeys(one.service for one in waits):
        of_it = tuple(one for one in waits if one.service == service)
        able[service] = permitted_at(plan, directory, card, checkpoint.model_copy(update={"requires": of_it}))
    answered = len(checkpoint.services()) - len(able)
    for measure in plan.permissions(card):
        others = sum(measure not in one for one in able.values())
        if checkpoint.quorum() > answered + others:
            yield measure


def who_permits(card: RuleCard, measure: Measure, case: Case) -> tuple[ServiceKind, ...]:
    """The kinds that may: those that the card names, or the public authorities that it does not exclude."""
    rule = card.rule_of(measure, case)
    named = rule.by if rule is not None and rule.by else PUBLIC_AUTHORITIES
    return tuple(kind for kind in named if card.lets_permit(kind, measure, case))


def _excluded(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Who may not carry one out is not responsible for a leg, does not begin one, and is not asked to prepare, arrest, seize or
    interdict, nor to answer for who is (Kazakhstan: not the customs). It is still ready, and a carrier still carries.
    """
    for place, name, need in _carrying_out(plan):
        service = directory.find(name)
        card = cards.get(service.state or "") if service is not None else None
        if card is not None and service is not None and card.excludes(service.kind, "run", plan.case):
            problem = fill(
                "R4: by the rule card of {state} its {kind} may not carry out a controlled delivery, and is not asked for {need}",
                state=card.state,
                kind=word(service.kind),
                need=word(need),
            )
            yield Fault(place=place, problem=problem)
    for index, leg in enumerate(plan.legs):
        card, service = cards.get(leg.state), directory.find(leg.responsible)
        if card is not None and service is not None and card.excludes(service.kind, "run", plan.case):
            problem = fill(
                "R4: by the rule card of {state} its {kind} may not carry out a controlled delivery",
                state=leg.state,
                kind=word(service.kind),
            )
            yield Fault(place=f"legs.{index}.responsible", problem=problem)
    for place, name in zip(("initiator", "co_initiator"), plan.initiators(), strict=False):
        initiator = directory.find(name)
        card = cards.get(initiator.state or "") if initiator is not None else None
        if card is not None and initiator is not None and card.excludes(initiator.kind, "run", plan.case):
            problem = fill(
                "R4: by the rule card of {state} its {kind} may not begin a controlled delivery",
                state=card.state,
                kind=word(initiator.kind),
            )
            yield Fault(place=place, problem=problem)


def _carrying_out(plan: Plan) -> Iterator[tuple[str, str, Need]]:
    """Where the plan asks a service to carry something out itself, or lets a backup answer for nothing else: place, service and
    for what.
    """
    for index, at in enumerate(plan.checkpoints):
        asked = [one.says for one in at.requires]
        for number, one in enumerate(at.requires):
            if one.says in RUNNING:
                yield f"checkpoints.{index}.requires.{number}.service", one.service, one.says
        for number, rung in enumerate(at.escalate):
            if rung.may_answer and asked and all(says in RUNNING for says in asked):
                yield f"checkpoints.{index}.escalate.{number}.to", rung.to, asked[0]
