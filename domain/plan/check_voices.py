"""That a controlled delivery is nobody's decision alone: who must agree is asked, and two decide (R1, R7, R13)."""

from collections.abc import Iterable, Iterator, Mapping

from domain.plan.cards import RuleCard
from domain.plan.directory import Directory, ServiceKind
from domain.plan.plan import Plan, PlannedCheckpoint
from domain.plan.voices import agreeing, asked_for, begun_and_decided, kinds
from domain.words.errors import Fault
from domain.words.text import either, fill, mark, word

Cards = Mapping[str, RuleCard]

BEGINS = mark("R1: by the rule card of {state} what a {kind} begins needs the agreement of {kinds}")
DECIDES = mark("R1: by the rule card of {state} what a {kind} decides needs the agreement of {kinds}")


def agreement(
    plan: Plan, directory: Directory, card: RuleCard, there: Iterable[PlannedCheckpoint] | None = None
) -> Iterator[Fault]:
    """Where another service must agree with the one that begins or decides it, it is asked, if it does not itself decide: at
    one of these checkpoints, or where none are given at any of the card's State.
    """
    begun_by, decided_by = begun_and_decided(plan, directory, card)
    every = (one for one in plan.at("authorise") if one.state == card.state)
    asked = _who_cannot_be_left_out(plan, directory, every if there is None else there)
    for one in card.about(card.agreements, plan.case):
        if any(kind in one.of for kind in asked):
            continue
        said = [(BEGINS, kind) for kind in begun_by if one.wanted((kind,), ())]
        said += [(DECIDES, kind) for kind in decided_by if one.wanted((), (kind,))]
        for sentence, kind in said:
            problem = fill(sentence, state=card.state, kind=word(kind), kinds=either(one.of))
            yield Fault(place="checkpoints", problem=problem)


def _who_cannot_be_left_out(plan: Plan, directory: Directory, there: Iterable[PlannedCheckpoint]) -> tuple[ServiceKind, ...]:
    """Of which kinds those are that agree or authorise there, where the checkpoint needs all of them; of one that has been
    replaced its successor.
    """
    whole = (at for at in there if at.quorum() == len(at.services()))
    said = (one.service for at in whole for one in at.requires if one.says in ("agreement", "authorisation"))
    asked = map(plan.successor_of, said)
    return kinds(directory, *asked)


def successors(plan: Plan, directory: Directory, cards: Cards, *, asked_in: Plan | None = None) -> Iterator[Fault]:
    """Whoever takes the place of one that is asked to authorise or to agree, or of one that has taken that, may do so by the card
    of its State: all that is open there, it is asked (R22). `asked_in`: the plan that asks it; this one where none is given.
    """
    for number, one in enumerate(plan.replaced):
        old, new = directory.find(one.service), directory.find(one.by)
        card = cards.get(old.state or "") if old is not None else None
        if old is None or new is None or card is None:
            continue
        decides, agrees = (
            any(old.id in plan.line_of(service) for service in asked_for(asked_in or plan, card.state, need))
            for need in ("authorisation", "agreement")
        )
        wrongly = decides and not card.lets_grant(new.kind, plan.case)
        if wrongly or (agrees and not card.lets_agree(new.kind, plan.case, (old.kind,))):
            problem = fill(
                "R1: {service} was asked to decide or to agree, and by the rule card of {state} a {kind} does not do that in its "
                "place; name in `by` a service that may",
                service=old.id,
                state=card.state,
                kind=word(new.kind),
            )
            yield Fault(place=f"replaced.{number}", problem=problem)


def second_voice(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Two decide: who carries it out, or begins it, is not the only one to authorise. The second voice is another service that
    authorises, or that by the card must agree; or, where the law of its State lets it decide alone, its superior: a second
    officer of the same service (R7, R13).
    """
    for index, leg in enumerate(plan.legs):
        if _would_do(plan, directory, cards.get(leg.state), leg.state, (leg.responsible,)):
            if _decides_alone(plan, directory, cards.get(leg.state), leg.responsible):
                continue
            problem = fill(
                "R7: {responsible} is in charge here and alone authorises for {state}; a fresh decision needs two, so let"
                " another service authorise as well, or agree where its rule card wants that, or, where its law lets it decide"
                " alone, two of its officers",
                responsible=leg.responsible,
                state=leg.state,
            )
            yield Fault(place=f"legs.{index}.responsible", problem=problem)
    asking = dict.fromkeys(at.state for at in plan.at("authorise"))
    alone = all(_would_do(plan, directory, cards.get(state), state, plan.initiators()) for state in asking)
    for place, name in zip(("initiator", "co_initiator"), plan.initiators(), strict=False):
        initiator = directory.find(name)
        card = cards.get(initiator.state or "") if initiator is not None else None
        if alone and name in plan.deciding() and not _decides_alone(plan, directory, card, name):
            problem = fill(
                "R13: {initiator} starts this delivery and would be the only one to authorise it; let another service authorise"
                " as well, or agree where its rule card wants that; where its law lets it decide alone, two of its officers must",
                initiator=name,
            )
            yield Fault(place=place, problem=problem)


def _would_do(plan: Plan, directory: Directory, card: RuleCard | None, state: str, services: tuple[str, ...]) -> bool:
    """Whether all that is needed to authorise in a State can come from these services: no other authorises, or none must, and
    none must agree.
    """
    if card is not None and any(one not in services for one in agreeing(plan, directory, card)):
        return False
    asking = [at for at in plan.at("authorise") if at.state == state and at.authorities()]
    authorities = plan.authorities(state)
    enough = all(sum(one in services for one in at.services()) >= at.quorum() for at in asking)
    return bool(authorities) and (enough or all(one in services for one in authorities))


def _decides_alone(plan: Plan, directory: Directory, card: RuleCard | None, service: str) -> bool:
    """Whether the law lets this service decide alone, and the plan asks two officers of it to authorise; where it is not asked
    itself, two of each whose place it has taken.
    """
    known = directory.find(service)
    if card is None or known is None or not card.lets_decide_alone(known.kind, plan.case):
        return False
    asking = [(at, one) for at in plan.at("authorise") if at.state == card.state for one in at.authorities()]
    own = [(at, one) for at, one in asking if one == service]
    taken = own or [(at, one) for at, one in asking if plan.successor_of(one) == service]
    return bool(taken) and all(at.officers_for(one, "authorisation") == 2 for at, one in taken)
