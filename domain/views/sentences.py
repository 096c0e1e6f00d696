"""Codes as sentences. What is hashed is the code and its parameters; these words may be changed at any time."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import get_args

from domain.delivery.balance import COMPARED
from domain.delivery.verdicts import Finding, Verdict
from domain.delivery.vocabulary import Outcome
from domain.plan.cards import DutyEvent, Form, GoodsClass, Measure, Modality, Movement, Recorded
from domain.plan.check_powers import AFTER_DELIVERY
from domain.plan.directory import ServiceKind
from domain.plan.goods import Check, CountedIn, Weapon
from domain.plan.plan import NotAsked, NotTouched, PlaceOfCall
from domain.plan.quantity import Known, Why
from domain.plan.vocabulary import Need
from domain.rules.arrival import NotCollected
from domain.rules.books import BOOK
from domain.views.names import AHEAD, BEHIND
from domain.views.spans import DAYS, HOURS, MINUTES
from domain.words.codes import CODES, Parameter, Shape
from domain.words.moments import instant
from domain.words.quantities import say_mass, say_minor, say_span
from domain.words.terms import parse_term, say_term
from domain.words.text import told, word

Translate = Callable[[str], str]
"""From an English text of ours to the reader's language."""

LATE_ENTRY = timedelta(hours=1)
"""From what lag on a record is remarked to have been made later than what it records."""
CLOCKS_DIFFER = timedelta(minutes=5)
"""By how much a service's clock may be ahead without being remarked on."""

OWN_WORDS: tuple[str, ...] = tuple(
    dict.fromkeys(
        (
            *get_args(Need),
            *get_args(Outcome),
            *get_args(Modality),
            *get_args(Measure),
            *get_args(Form),
            *get_args(Recorded),
            *get_args(DutyEvent),
            *get_args(GoodsClass),
            *get_args(ServiceKind),
            *get_args(Check),
            *get_args(Known),
            *get_args(Why),
            *get_args(Weapon),
            *get_args(CountedIn),
            "unmeasured",
            "nothing",
            *get_args(PlaceOfCall),
            *get_args(NotTouched),
            *get_args(NotAsked),
            *get_args(Movement),
            *AFTER_DELIVERY,
            *get_args(NotCollected.model_fields["because"].annotation),
            *COMPARED,
        )
    )
)
"""Words of our own that may stand in a sentence."""


def english(text: str) -> str:
    """The code's own words."""
    return text


def say(finding: Finding, translate: Translate = english) -> str:
    """The sentence of a finding, with its rule before it."""
    return f"{finding.rule}: {say_plainly(finding, translate)}"


def say_plainly(finding: Finding, translate: Translate = english) -> str:
    """The sentence of a finding."""
    code = CODES[finding.code]
    words = {name: _said(finding.parameters, name, shape, translate) for name, shape in code.shapes.items()}
    return translate(code.sentence).format_map(words)


def say_verdict(verdict: Verdict, translate: Translate = english) -> str:
    """Why it is this verdict, and all that is remarked of what was accepted; empty where nothing is."""
    return "; ".join(say_plainly(one, translate) for one in verdict.findings)


def say_kind(kind: str, translate: Translate = english) -> str:
    """A kind of statement within a sentence: its title."""
    title = translate(BOOK.kinds[kind].declares.title)
    return title[:1].lower() + title[1:]


def lag(happened_at: str, recorded_at: datetime, translate: Translate = english) -> str:
    """A remark where something happened long before it was recorded, or is said to happen after that; else empty.

    When it happened and when it was recorded are two times, and both are kept: far apart, it was carried by hand or a clock is
    wrong.
    """
    behind = recorded_at - instant(happened_at)
    if -CLOCKS_DIFFER <= behind < LATE_ENTRY:
        return ""
    if behind < timedelta():
        return translate(AHEAD)
    return translate(BEHIND).format(span=told(say_span(behind - behind % timedelta(minutes=1)), translate))


def two_units(span: timedelta, translate: Translate = english) -> str:
    """The two largest units of a time, without a sign: what a table has room for."""
    minutes = int(abs(span).total_seconds()) // 60
    parts = [(minutes // 1440, DAYS), (minutes // 60 % 24, HOURS), (minutes % 60, MINUTES)]
    first = next((number for number, (count, _) in enumerate(parts) if count), 2)
    return " ".join(translate(text) % count for count, text in parts[first : first + 2] if count or first == 2)


def _said(parameters: Mapping[str, Parameter], name: str, shape: Shape, translate: Translate) -> str:
    value = parameters[name]
    match shape:
        case "mass":
            return told(say_mass(int(str(value))), translate)
        case "money":
            return say_minor(str(parameters["currency"]), int(str(value)))
        case "span":
            return told(say_span(timedelta(milliseconds=int(str(value)))), translate)
        case "term":
            return told(say_term(parse_term(value)), translate)
        case "kind":
            return say_kind(str(value), translate)
        case "word":
            return translate(word(str(value)))
        case "words":
            return ", ".join(translate(word(one)) for one in _several(value))
        case "names":
            return ", ".join(_several(value))
        case _:
            return str(value)


def _several(value: Parameter) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (str(value),)


def texts() -> frozenset[str]:
    """Every English text of the rules that a reader's language must have."""
    sentences = (code.sentence for code in CODES.values())
    titles = (kind.declares.title for kind in BOOK.kinds.values())
    asked = (one.declares.title for one in BOOK.contingencies.values())
    return frozenset((*sentences, *titles, *asked, *map(word, OWN_WORDS)))
