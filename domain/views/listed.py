"""What a statement lists, each thing in a few words: persons, intervals of a watch, costs, who is prosecuted where, exhibits and
what became of them. A correction lists what is right.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from domain.delivery.persons import Prosecution
from domain.delivery.statement import Content
from domain.rules.arrival import ArresteeReleased, ArrestMade
from domain.rules.closing import CostsSettled
from domain.rules.disposing import Disposed
from domain.rules.examining import ExhibitDivided, LaboratoryReport
from domain.rules.handing_on import ExhibitsAccepted, ExhibitsOffered
from domain.rules.proceedings import JurisdictionUnderstood, TransferRequested
from domain.rules.speaking import Correction
from domain.rules.stop import Interdicted
from domain.rules.watch_log import SurveillanceLog
from domain.views.names import EXHIBITS, FATES
from domain.views.request_in_words import moment_there
from domain.views.sentences import Translate, english
from domain.words.quantities import say_mass
from domain.words.text import mark, told, word

OFFERED: Final = mark("{exhibits}, to {service}: {purpose}")
LEFT: Final = mark("{exhibit}: {substance}, {left} left")


def listed(content: Content, translate: Translate = english) -> Iterator[str]:
    """Each thing that it lists, roles in the reader's language; nothing where it lists none of these."""
    match content:
        case ArrestMade(persons=persons) | Interdicted(arrested=persons):
            yield from (f"{one.code} ({translate(word(one.role))})" for one in persons)
        case ArresteeReleased(persons=codes):
            yield from codes
        case SurveillanceLog(intervals=intervals):
            yield from (f"{one.team} {moment_there(one.begins)} – {moment_there(one.ends)}" for one in intervals)
        case CostsSettled(borne=borne):
            yield from (f"{one.by}: {one.what}, {one.amount.say()}" for one in borne)
        case JurisdictionUnderstood(prosecutions=prosecutions) | TransferRequested(prosecutions=prosecutions):
            yield from (say_prosecution(one, translate) for one in prosecutions)
        case Correction(content=right):
            yield from listed(right, translate)
        case _:
            yield from _exhibits(content, translate)


def _exhibits(content: Content, translate: Translate) -> Iterator[str]:
    """Which they are, and what is said of them."""
    match content:
        case ExhibitsOffered(exhibits=labels, to=to, purpose=purpose):
            yield translate(OFFERED).format(exhibits=_labels(labels, translate), service=to, purpose=purpose)
        case ExhibitsAccepted(exhibits=labels):
            yield _labels(labels, translate)
        case ExhibitDivided(exhibit=label, into=parts):
            into = (one.label if one.net is None else f"{one.label} {told(say_mass(one.net), translate)}" for one in parts)
            yield f"{_labels((label,), translate)}: {', '.join(into)}"
        case LaboratoryReport(exhibit=label, substance=substance, left=None):
            yield f"{_labels((label,), translate)}: {substance}"
        case LaboratoryReport(exhibit=label, substance=substance, left=int() as left):
            said = told(say_mass(left), translate)
            yield translate(LEFT).format(exhibit=_labels((label,), translate), substance=substance, left=said)
        case Disposed(exhibits=labels, how=how, to=to):
            yield ": ".join(filter(None, (_labels(labels, translate), translate(FATES[how]), to)))
        case _:
            pass


def _labels(labels: Iterable[str], translate: Translate) -> str:
    """As they are called; a label that the rules give in the reader's language."""
    return ", ".join(translate(EXHIBITS.get(one, one)) for one in labels)


def say_prosecution(one: Prosecution, translate: Translate = english) -> str:
    """Whom which State prosecutes."""
    who = translate(word(one.role)) if one.person is None else f"{translate(word(one.role))} {one.person}"
    return f"{who}: {one.state}"
