"""What a rule card demands, in words, and how sure that is: the same on the command line and on a page."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from domain.delivery.delivery import Delivery
from domain.plan.cards import RuleCard
from domain.plan.demands import About, Demand, Point, Value, demands, topic
from domain.plan.directory import Service
from domain.views.sentences import Translate, english
from domain.views.sight import sees_all
from domain.words.terms import Months, say_term
from domain.words.text import mark, told, word

SURE: dict[str, str] = {
    "T": mark("the text was read"),
    "E": mark("an excerpt was read"),
    "K": mark("believed, not read: check it"),
}
"""How sure a value is, by its mark."""
NOT_KNOWN = mark("looked for, not found")
NOT_KNOWN_MARK = "N"
ABOUT: Mapping[About, str] = {
    "decides": mark("who decides"),
    "agrees": mark("who agrees"),
    "may not": mark("who may not"),
    "handling": mark("way of handling"),
    "measures": mark("measures"),
    "lasts": mark("how long"),
    "urgent": mark("where it is urgent"),
    "forbids": mark("what forbids it"),
    "offences": mark("offences"),
    "duties": mark("duties"),
    "reports": mark("reports"),
    "afterwards": mark("afterwards"),
    "recorded": mark("how it is recorded"),
    "notice": mark("time to answer"),
    "languages": mark("languages"),
}
"""What a point is about."""
TITLE = mark("what {state} demands (rule card {version})")
GOES = mark("For the law of {state} it is: {movement}")
EXAMPLE = mark("AN EXAMPLE, not the law: check it before any real use")
NOT_SO = mark("NOT SO")
ANSWERED = mark("{sentence}; that it is kept stands in no record: {who} answers for it (R1)")
LEFT = mark("{topics}: {who} answers for it (R1)")
_IN_WORDS = re.compile(r"(?<![./])\b[a-z]{4,}\b(?![./])|^s\. ")
"""What is more than a number, a name or an address: also a section, which each language shortens in its way."""
NOTE = mark("note")
NOT_KNOWN_HERE = mark("not known")
CALLED: Mapping[str, str] = {"not_so": NOT_SO, "not_known": NOT_KNOWN_HERE, "note": NOTE}
"""What stands beside the lines, for a page that shows them."""


@dataclass(frozen=True)
class LawLine:
    """One thing that a card says of a plan, in the reader's language; a card's own words stay as they are where nobody has
    translated them.
    """

    about: str
    sentence: str
    wrong: bool
    """Whether the plan is not so."""
    sure: str
    """How sure it is."""
    mark: str
    """By its mark, T, E, K or N."""
    where: str
    """Text, edition and article; empty where it is not known."""
    source: str
    """Where the text was read; empty where that is not said."""


@dataclass(frozen=True)
class ExplainedCard:
    """What one State's card demands of a plan, line by line."""

    state: str
    title: str
    example: str
    goes: str
    """How it goes through this State; empty where it does not."""
    lines: tuple[LawLine, ...]
    left: str
    """What the card does not know, and who answers for it."""
    notes: str
    as_written: bool
    """Whether these stand in the language of the card."""


def explained(demand: Demand, translate: Translate = english) -> ExplainedCard:
    """What a State demands, in the reader's language."""
    who = demand.answered_by or "-"
    topics = ", ".join(told(topic(one), translate) for one in demand.not_known)
    notes = _own(demand.notes, translate)
    movement = translate(word(demand.movement)) if demand.movement is not None else ""
    return ExplainedCard(
        state=demand.state,
        title=translate(TITLE).format(state=demand.state, version=demand.version),
        example=translate(EXAMPLE) if demand.example else "",
        goes=translate(GOES).format(state=demand.state, movement=movement) if movement else "",
        lines=tuple(_lines(demand, translate)),
        left=translate(LEFT).format(topics=topics, who=who) if topics else "",
        notes=notes,
        as_written=notes == demand.notes,
    )


def demands_of(delivery: Delivery, reader: Service) -> tuple[Demand, ...]:
    """What the cards demand of the plan in force, as far as it is this reader's to see (R11): of every State for those who see
    the whole, of its own for whoever else takes part, since a demand says whom a State is asked by and for how long.
    """
    whole = sees_all(delivery, reader)
    return tuple(one for one in demands(delivery.plan, delivery.cards) if whole or one.state == reader.state)


def in_words(point: Point, translate: Translate = english) -> str:
    """The sentence of a point."""
    return translate(point.sentence).format_map({name: _said(value, translate) for name, value in point.values.items()})


def _said(value: Value, translate: Translate) -> str:
    if isinstance(value, timedelta | Months):
        return told(say_term(value), translate)
    return _own(value, translate) if isinstance(value, str) else ", ".join(translate(word(one)) for one in value)


def _own(text: str, translate: Translate) -> str:
    """Words of a card: as they are translated, or else as they are."""
    return translate(text) if text else ""


def words_of(card: RuleCard) -> Iterator[str]:
    """What a card says in words of its own, for translators: who decides, what forbids, duties, what laws are called, remarks on
    editions and articles, notes.
    """
    for _, one in card.provisions():
        said = (getattr(one, "role", ""), getattr(one, "what", ""), one.law.article)
        yield from (text for text in said if _IN_WORDS.search(text))
    yield from (one.title for one in card.texts)
    yield from (text for text in (*(one.edition for one in card.texts), card.notes) if _IN_WORDS.search(text))


def how_sure(point: Point, translate: Translate = english) -> str:
    """How sure it is."""
    return translate(SURE[point.law.mark] if point.law is not None else NOT_KNOWN)


def where(point: Point, translate: Translate = english) -> str:
    """Text, edition and article; empty where it is not known."""
    if point.law is None or point.text is None:
        return ""
    said = (_own(one, translate) for one in (point.text.title, point.text.edition, point.law.article))
    return ", ".join(one for one in said if one)


def _lines(demand: Demand, translate: Translate) -> Iterator[LawLine]:
    for point in demand.points:
        sentence = in_words(point, translate)
        if point.answered:
            sentence = translate(ANSWERED).format(sentence=sentence, who=demand.answered_by or "-")
        about = translate(ABOUT[point.about])
        sure = how_sure(point, translate), point.law.mark if point.law is not None else NOT_KNOWN_MARK
        source = point.text.address if point.text is not None else ""
        yield LawLine(about, sentence, point.fits is False, *sure, where(point, translate), source)
