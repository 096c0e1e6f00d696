"""Whose say it is in a State: who authorises there, and who must agree with them by its rule card (R1, R7, R13)."""

from collections.abc import Iterable

from domain.plan.cards import RuleCard
from domain.plan.directory import Directory, ServiceKind
from domain.plan.plan import Plan
from domain.plan.vocabulary import Need

Kinds = tuple[ServiceKind, ...]


def agreeing(plan: Plan, directory: Directory, card: RuleCard) -> tuple[str, ...]:
    """The services asked for `agreement` at checkpoints of step `authorise` in the State of a card, each once, that by the card
    must agree: to what an initiator of this State begins, or to what one that is asked there for `authorisation` decides. Of
    one that has been `replaced` its successor.
    """
    wanted = [one for one in card.about(card.agreements, plan.case) if one.wanted(*begun_and_decided(plan, directory, card))]
    asked = asked_to_agree(plan, card.state)
    return tuple(one for one in asked if any(kind in agreement.of for agreement in wanted for kind in kinds(directory, one)))


def begun_and_decided(
    plan: Plan, directory: Directory, card: RuleCard
) -> tuple[tuple[ServiceKind, ...], tuple[ServiceKind, ...]]:
    """Of which kinds the initiators of the State of a card are, and those that authorise there."""
    own = (one for one in plan.initiators() if (known := directory.find(one)) is not None and known.state == card.state)
    return kinds(directory, *own), kinds(directory, *plan.authorities(card.state))


def asked_to_agree(plan: Plan, state: str) -> tuple[str, ...]:
    """The services asked for `agreement` at checkpoints of step `authorise` in a State, of one that has been `replaced` its
    successor. Each once.
    """
    return tuple(dict.fromkeys(map(plan.successor_of, asked_for(plan, state, "agreement"))))


def asked_for(plan: Plan, state: str, need: Need) -> tuple[str, ...]:
    """The services asked for this at checkpoints of step `authorise` in a State, each once."""
    asked = (one for at in plan.at("authorise") if at.state == state for one in at.requires)
    return tuple(dict.fromkeys(one.service for one in asked if one.says == need))


def not_agreed_to(
    plan: Plan, directory: Directory, card: RuleCard, two: tuple[ServiceKind, ServiceKind], asked: Iterable[str]
) -> Kinds:
    """Which kinds by a card must agree where a service of the second kind decides in the place of one of the first, while nobody
    else does, as these are asked to: none of them is of such a kind, the second is not, and either the first is, or what that
    decides itself, or an initiator of this State begins, does not want the same agreement. None where there are no such.
    """
    (voice, speaker), agree = two, kinds(directory, *asked)
    begun, _ = begun_and_decided(plan, directory, card)
    for one in card.about(card.agreements, plan.case):
        another = one.wanted(begun, (voice,)) and voice not in one.of
        if one.wanted(begun, (speaker,)) and not another and not any(kind in one.of for kind in (speaker, *agree)):
            return one.of
    return ()


def kinds(directory: Directory, *services: str) -> Kinds:
    """Of which kinds these are, each once; a service that the directory does not know is of none."""
    known = (directory.find(one) for one in services)
    return tuple(dict.fromkeys(one.kind for one in known if one is not None))
