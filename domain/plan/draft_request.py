"""What a drafted plan says to the States that it asks: what follows from answers and cards, and gaps for the rest."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from domain.plan.cards import Case, GoodsClass, RuleCard
from domain.plan.draft_cast import Cast
from domain.plan.request import FROM_MEMORY
from domain.words.limits import LONGEST_LINE
from domain.words.text import fill

TREATIES: Final[Mapping[GoodsClass, str]] = {
    "drugs": f"UN Convention of 1988, art. 11 {FROM_MEMORY}",
    "psychotropics": f"UN Convention of 1988, art. 11 {FROM_MEMORY}",
    "precursors": f"UN Convention of 1988, art. 11 {FROM_MEMORY}",
    "cash": f"UN Convention against Corruption, art. 50 {FROM_MEMORY}",
}
"""On what other States may be asked, by what travels; for all else the convention against transnational organised crime."""
OTHERWISE: Final = f"UN Convention against Transnational Organized Crime, art. 20 {FROM_MEMORY}"


def request(cast: Cast, uses: Iterable[str], language: str) -> dict[str, Any]:
    """The request to each State that is asked, as people write it."""
    technical = {"device", "audio_video"} & {*uses}
    return {
        "facts": fill("<what was found, where, when and how, and what it is taken for>"),
        "grounds": fill("<on what grounds the offence is thought to be committed>"),
        "aim": fill("<who is to be identified and arrested>"),
        "necessity": fill("<why it would not do to seize it now>"),
        "concealment": fill("<how it is packed, and where it is hidden>"),
        **({"technical_means": fill("<which devices and recordings>")} if technical else {}),
        "marking": fill("For official use only"),
        "on_loss": fill("It is searched for at once by the service in charge of the leg, and seized where it is found."),
        "costs": fill("Each State bears its own costs."),
        "exhibits": fill("<to whom what is seized is returned, and what for>"),
        "contact": fill("<where it is answered at any hour, a post and never a person>"),
        "signed_by": fill("<the office of who signs it>"),
        "to": {state: _addressed(cast, state, language) for state in cast.asked},
    }


def _addressed(cast: Cast, state: str, language: str) -> dict[str, Any]:
    """Its own law for the State whose service asks, a convention for the others; in a language that it takes."""
    card, case, at_home = cast.cards[state], cast.case, state == cast.initiator.state
    taken = [code for one in card.about(card.languages, case) for code in one.codes]
    wanted = cast.authority(state).language or language
    conventions = dict.fromkeys(TREATIES.get(one, OTHERWISE) for one in case.goods)
    return {
        "basis": [_own_law(card, case)] if at_home else list(conventions),
        "channel": "direct" if at_home else cast.answers.means or "direct",
        "language": wanted if at_home or not taken or wanted in taken else taken[0],
    }


def _own_law(card: RuleCard, case: Case) -> str:
    """The text by which it is decided on, with the article where the card knows it; else its first."""
    decider = next(iter(card.deciders_of(case)), None)
    law = decider.law if decider is not None else None
    title = next((one.title for one in card.texts if law is None or one.id == law.text), card.texts[0].title)
    named = f"{title}, {law.article}" if law is not None and law.article else title
    sure = f" {FROM_MEMORY}" if law is not None and law.mark == "K" else ""
    return (named if len(named + sure) <= LONGEST_LINE else title[: LONGEST_LINE - len(sure)]) + sure
