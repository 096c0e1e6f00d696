"""The ledger as people read it: a line for each entry, its parts named so that they can be said in any language."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from domain.delivery.decided import (
    CameDue,
    Cleared,
    Closed,
    Concluded,
    Ended,
    Escalated,
    Expired,
    Expiring,
    Halted,
    LookDue,
    Opened,
    Reminded,
    Silence,
    TakenUp,
    Waits,
)
from domain.delivery.ledger import Entry, Withheld
from domain.delivery.reported import (
    Amended,
    ArchiveBehind,
    ArchiveCaughtUp,
    Asked,
    AskedOnceMore,
    Deconflicted,
    Deferred,
    Diverged,
    KeysChanged,
    Released,
    SiblingHeard,
    Started,
    Stated,
    Told,
)
from domain.delivery.statement import Statement
from domain.delivery.verdicts import Finding, Verdict
from domain.plan.cards import Form
from domain.plan.goods import say_amount
from domain.plan.key_changes import read_change
from domain.plan.quantity import say_quantity
from domain.record.door import read_statement
from domain.views.listed import listed
from domain.views.names import GIVEN_IN, SIBLINGS, SPOKEN
from domain.views.sentences import Translate, english
from gateway.pages.words import CHOICES


@dataclass(frozen=True)
class HistoryLine:
    """One entry. Of what is not the reader's there is nothing but its leaf (R11)."""

    seq: int
    leaf: str
    at: str = ""
    event: str = ""
    service: str = ""
    officer: str = ""
    kind: str = ""
    checkpoint: str = ""
    happened_at: str = ""
    facts: tuple[str, ...] = ()
    """What was said, in the words it was said with: names, numbers, reasons."""
    result: str = ""
    """How a checkpoint closed."""
    outcome: str = ""
    contingency: str = ""
    """What called for a checkpoint that no plan holds."""
    groups: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Services, by what is said of them (`RequestStanding`)."""
    moment: str | None = None
    """Due, or valid until."""
    verdict: Verdict | None = None
    finding: Finding | None = None
    """Why it halted, what ends with a silence, or what the outcome rests on: said in the reader's language."""

    @property
    def withheld(self) -> bool:
        """Whether it is not the reader's."""
        return not self.event


def line(entry: Entry | Withheld, speak: Translate = english) -> HistoryLine:
    """An entry as a line; roles in the reader's language."""
    if isinstance(entry, Withheld):
        return HistoryLine(entry.seq, entry.leaf)
    return HistoryLine(entry.seq, entry.leaf(), entry.at, entry.event.event, **_parts(entry, speak))


def _parts(entry: Entry, speak: Translate) -> dict[str, Any]:
    match entry.event:
        case Stated(envelope=envelope, verdict=verdict):
            said = read_statement(envelope)
            return {
                "service": said.service,
                "officer": said.officer,
                "kind": said.kind,
                "checkpoint": said.checkpoint or "",
                "happened_at": said.happened_at,
                "facts": (*_said(said, speak), *(one.shows for one in said.attachments)),
                "moment": getattr(said.content, "valid_until", None),
                "verdict": verdict,
            }
        case TakenUp(statement=statement, verdict=verdict):
            return {"facts": (statement,), "verdict": verdict}
        case Opened(checkpoint=name, due=due, contingency=contingency):
            return {"checkpoint": name, "moment": due, "contingency": contingency or ""}
        case Asked(checkpoint=name, signed=signed, unsigned=unsigned, unreachable=unreachable, told=told):
            groups = _groups(acknowledged=signed, received=unsigned, told=told, unreachable=unreachable)
            return {"checkpoint": name, "groups": groups}
        case Reminded(checkpoint=name, services=services):
            return {"checkpoint": name, "facts": services}
        case Silence(checkpoint=name, services=services, finding=finding):
            return {"checkpoint": name, "facts": services, "finding": finding}
        case Escalated(checkpoint=name, to=to):
            return {"checkpoint": name, "facts": (to,)}
        case Closed(checkpoint=name, result=result, finding=finding):
            return {"checkpoint": name, "result": result, "finding": finding}
        case Expiring(service=service, valid_until=until):
            return {"service": service, "moment": until}
        case Expired(service=service):
            return {"service": service}
        case KeysChanged(change=change):
            return {"service": read_change(change).service}
        case Deconflicted(contacts=contacts):
            return {"facts": tuple(f"{one.service}: {one.call}" for one in contacts)}
        case Waits(checkpoint=name, until=until):
            return {"checkpoint": name, "moment": until}
        case SiblingHeard(sibling=sibling, says=says, checkpoint=name):
            return {"checkpoint": name or "", "facts": (sibling, speak(SIBLINGS[says]))}
        case Deferred(not_before=not_before):
            return {"moment": not_before}
        case Halted(finding=finding):
            return {"finding": finding}
        case Told(checkpoint=name, reached=reached, unreachable=unreachable):
            return {"checkpoint": name or "", "groups": _groups(reached=reached, unreachable=unreachable)}
        case Concluded(outcome=outcome, finding=finding):
            return {"outcome": outcome, "finding": finding}
        case CameDue(checkpoint=name):
            return {"checkpoint": name}
        case AskedOnceMore(checkpoint=name, unreachable=unreachable):
            return {"checkpoint": name, "groups": _groups(unreachable=unreachable)}
        case (
            Started()
            | Amended()
            | Cleared()
            | LookDue()
            | Released()
            | ArchiveBehind()
            | ArchiveCaughtUp()
            | Diverged()
            | Ended()
        ):
            return {}


def _groups(**services: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((said, named) for said, named in services.items() if named)


def _said(said: Statement, speak: Translate) -> Iterator[str]:
    """What matters most of a content, whatever its kind: where it has a weight, seals, a place, an amount, a reason."""
    content = said.content
    if state := getattr(content, "state", ""):
        yield state
    if (reference := getattr(content, "reference", None)) is not None:
        yield reference.say()
    yield from _given(content, speak)
    if (gross := getattr(content, "gross", None)) is not None:
        yield say_quantity(gross, speak)
    if (packages := getattr(content, "packages", None)) is not None:
        yield f"{packages} x"
    yield from (seal.number for seal in getattr(content, "seals", ()))
    yield from (say_amount(one, speak) for one in getattr(content, "recovered", ()))
    yield from listed(content, speak)
    yield from (code for name in ("person", "label") if (code := getattr(content, name, "")))
    for name in ("place", "how", "what", "note", "text", "circumstances", "reason"):
        if (text := getattr(content, name, "")) and not (name == "how" and content.kind == "disposed"):  # listed already
            yield speak(CHOICES[text]) if name == "how" and text in CHOICES else str(text)


def _given(content: Any, speak: Translate) -> Iterator[str]:
    """By whom an act was given, or written, and what there is of one that was not written yet."""
    yield from (
        office for name in ("granted_by_role", "given_by_role", "written_by_role") if (office := getattr(content, name, ""))
    )
    form: Form = getattr(content, "form", "written")
    if form != "written":
        yield speak(GIVEN_IN[form])
    if (spoken := getattr(content, "spoken", None)) is not None:
        yield speak(SPOKEN[spoken])
    if office := getattr(content, "taken_down_by", ""):
        yield office
