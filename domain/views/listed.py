"""What a statement lists, each thing in a few words: persons, intervals of a watch, costs, who is prosecuted where."""

from collections.abc import Iterator

from domain.delivery.persons import Prosecution
from domain.delivery.statement import Content
from domain.rules.arrival import ArresteeReleased, ArrestMade
from domain.rules.closing import CostsSettled
from domain.rules.proceedings import JurisdictionUnderstood, TransferRequested
from domain.rules.stop import Interdicted
from domain.rules.watch_log import SurveillanceLog
from domain.views.sentences import Translate, english
from domain.words.text import word


def listed(content: Content, translate: Translate = english) -> Iterator[str]:
    """Each thing that it lists, roles in the reader's language; nothing where it lists none of these."""
    match content:
        case ArrestMade(persons=persons) | Interdicted(arrested=persons):
            yield from (f"{one.code} ({translate(word(one.role))})" for one in persons)
        case ArresteeReleased(persons=codes):
            yield from codes
        case SurveillanceLog(intervals=intervals):
            yield from (f"{one.team} {one.begins} - {one.ends}" for one in intervals)
        case CostsSettled(borne=borne):
            yield from (f"{one.by}: {one.what}, {one.amount.say()}" for one in borne)
        case JurisdictionUnderstood(prosecutions=prosecutions) | TransferRequested(prosecutions=prosecutions):
            yield from (say_prosecution(one, translate) for one in prosecutions)
        case _:
            pass


def say_prosecution(one: Prosecution, translate: Translate = english) -> str:
    """Whom which State prosecutes."""
    who = translate(word(one.role)) if one.person is None else f"{translate(word(one.role))} {one.person}"
    return f"{who}: {one.state}"
