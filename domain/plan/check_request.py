"""What a request for consent must say before anyone is asked (R1): to each State, on what basis and in which language, and what
the rest of the plan makes necessary.
"""

from collections.abc import Iterator, Mapping

from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.plan.plan import Plan
from domain.words.errors import Fault
from domain.words.text import either, fill, mark

STATE_SECRETS = ("секретно", "совершенно секретно", "особой важности", "secret", "top secret")
"""Marks of State secrets, which have no place in a plan (docs/plans.md)."""

ONLY_FIRMS = mark("a firm is named, and nobody else: the name of a private person stands in an annex")
ASKED_ORALLY = mark("R1: {state} was first asked by word of mouth, which is for what is urgent: say `urgency: urgent`")


def request(plan: Plan, directory: Directory, cards: Mapping[str, RuleCard]) -> Iterator[Fault]:
    """Each State is told what concerns it alone, in a language that it takes from abroad, and nobody else is told anything; who
    asks says by which articles of its own law it is an offence; and what is asked can be decided on.
    """
    said, asked = plan.request, plan.asked_states()
    initiators = [known for name in plan.initiators() if (known := directory.find(name)) is not None]
    own = tuple(dict.fromkeys(one.state for one in initiators if one.state is not None))
    for state in asked:
        if state not in said.to:
            problem = fill(
                "R1: {state} is asked to decide, and the request says nothing to it: give basis, channel and language",
                state=state,
            )
            yield Fault(place="request.to", problem=problem)
    for state, to in said.to.items():
        if state not in asked:
            problem = fill("R1: {state} is not asked to decide on anything: who is not asked is told nothing", state=state)
            yield Fault(place=f"request.to.{state}", problem=problem)
        if to.asked_orally is not None and plan.request.urgency != "urgent":
            problem = fill(ASKED_ORALLY, state=state)
            yield Fault(place="request.urgency", problem=problem)
        card = cards.get(state)
        taken = [code for one in card.about(card.languages, plan.case) for code in one.codes] if card is not None else []
        if state not in own and taken and to.language not in taken:
            problem = fill(
                "R1: by its rule card {state} takes a request in {taken}, not in {language}",
                state=state,
                taken=either(taken),
                language=to.language,
            )
            yield Fault(place=f"request.to.{state}.language", problem=problem)
    for state in own:
        if not plan.offence.articles.get(state):
            problem = fill("R1: name the articles of {state}, whose service asks, by which it is an offence", state=state)
            yield Fault(place="offence.articles", problem=problem)
    yield from _along(plan)
    yield from _parties(plan)
    if {"device", "audio_video"} & {*plan.uses} and not said.technical_means:
        problem = fill("R1: the plan uses technical means: say which, so that it can be decided on")
        yield Fault(place="request.technical_means", problem=problem)
    if said.marking.casefold().strip(' .!«»"') in STATE_SECRETS:
        problem = fill(
            "{marking} marks a State secret, and none is kept here: ask on paper, in the way that its law lays down",
            marking=said.marking,
        )
        yield Fault(place="request.marking", problem=problem)


def _parties(plan: Plan) -> Iterator[Fault]:
    """A firm is named, and nobody else: names of private persons stand in an annex with its own mark."""
    for number, one in enumerate(plan.request.parties):
        named = one.firm is not None
        if named != (one.who == "firm") or (one.number is not None and not named):
            yield Fault(place=f"request.parties.{number}", problem=ONLY_FIRMS)


def _along(plan: Plan) -> Iterator[Fault]:
    """Of those who travel along it is said how many they are and whether they are armed; of nobody else."""
    along = dict.fromkeys(service for leg in plan.legs for service in leg.accompanied_by)
    told = [one.service for one in plan.request.companions]
    for service in along:
        if service not in told:
            problem = fill("R16: officers of {service} travel along: say how many, and whether they are armed", service=service)
            yield Fault(place="request.companions", problem=problem)
    for number, service in enumerate(told):
        if service not in along:
            problem = fill("R16: {service} travels with no leg (`accompanied_by`)", service=service)
            yield Fault(place=f"request.companions.{number}.service", problem=problem)
        if service in told[:number]:
            problem = fill("{what} stands twice; once is enough", what=service)
            yield Fault(place=f"request.companions.{number}.service", problem=problem)
