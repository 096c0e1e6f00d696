"""What an officer reads before answering: who asks what, by when, and what each answer and silence brings. And in which offset
from UTC moments are given there.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Final

from domain.delivery import unforeseen
from domain.delivery.delivery import Delivery
from domain.delivery.requests import Request
from domain.plan.directory import Service
from domain.plan.goods import say_amount
from domain.plan.plan import Plan
from domain.rules.permission import LAPSES
from domain.views.asked import urgently
from domain.views.ladders import ladders, say_step
from domain.views.names import NEEDS
from domain.views.sentences import Translate, two_units
from domain.views.sight import sight
from domain.views.view import view
from domain.words.moments import instant
from domain.words.text import mark, word
from domain.words.total import total
from gateway.pages.forms import FormField
from gateway.pages.words import CHOICES
from process.zones import local_time

OFFSETS: Final = (
    "+00:00",
    "+01:00",
    "+02:00",
    "+03:00",
    "+03:30",
    "+04:00",
    "+04:30",
    "+05:00",
    "+05:30",
    "+06:00",
    "+07:00",
    "+08:00",
)
"""To choose from, beside that of the service: of the States that this is made for and of those around them. Others come
with what is filled in."""
CONSENT: Final = mark("{requesters} asks {state} to let {contents} travel on under watch, {modality}.")
ASKS: Final = mark("You are asked: {need}.")
DUE: Final = mark("Your answer is due at {moment}, in {left}.")
LATE: Final = mark("Your answer was due at {moment}.")
OPEN: Final = mark("No deadline.")
MAY_CROSS: Final = mark(
    "It may travel through {state} while your consent is live. Your conditions bind: nobody answers there without saying that "
    "each is met (R19)."
)
NOT_LEAVING: Final = mark("It halts, and does not leave. You owe no reason: others learn that it ended, not why.")
HALTS: Final = mark("It halts, and is seized where it is. You owe no reason: others learn that it ended, not why.")
AFTERWARDS: Final = mark("You may withdraw your consent, and stop it, at any moment (R8).")


PERMITTING: Final = {
    unforeseen.SANCTION: mark("You are asked whether you sanction what was permitted in urgency in your place: {permissions}."),
    unforeseen.RENEWAL: mark("What you have permitted ends then; you are asked to permit it for longer: {permissions}."),
}
"""By the contingency that asks for a permission."""
total(LAPSES, PERMITTING=PERMITTING)
ENDS: Final = {
    unforeseen.SANCTION: mark(
        "The measure ends at once, and not the delivery: what goes by it is held until it is decided how to go on; where it may "
        "not leave or cross without, it halts. You owe no reason."
    ),
    unforeseen.RENEWAL: mark(
        "The measure ends when its time is over, and not the delivery: what goes by it is held then, until it is decided how to "
        "go on; where it may not leave or cross without, it halts. You owe no reason, and may still permit it until then."
    ),
}
"""What a refusal brings there."""
total(LAPSES, ENDS=ENDS)
URGENCY: Final = mark(
    "You may permit this in urgency, in the place of {service}, which is then asked to sanction it: {permissions}."
)


@dataclass(frozen=True)
class ToldOf:
    """What is asked, in sentences; and what follows from each answer, by its heading."""

    sentences: tuple[str, ...]
    follows: tuple[tuple[str, str], ...]


def asked_of(delivery: Delivery, asked: Request, reader: Service, now: datetime, speak: Translate) -> ToldOf:
    """What stands above the form of an answer."""
    request, follows = asked.facts.request, []
    permissions = ", ".join(speak(CHOICES[one]) for one in asked.facts.permissions)
    contingency = delivery.state.progress[asked.checkpoint].contingency
    if contingency in PERMITTING:
        first = speak(PERMITTING[contingency]).format(permissions=permissions)
    elif urgently(delivery, reader.id, asked.checkpoint, asked.service):
        first = speak(URGENCY).format(service=asked.service, permissions=permissions)
    elif request is not None:
        contents = ", ".join(say_amount(one, speak) for one in request.consignment.contents)
        way = speak(word(request.modality))
        named = {"requesters": ", ".join(request.requesters), "state": request.state}
        first = speak(CONSENT).format(**named, contents=contents, modality=way)
    else:
        duty = f": {speak(asked.facts.duty)}" if asked.facts.duty is not None else ""
        first = speak(ASKS).format(need="; ".join(speak(NEEDS[need]) for need in asked.says) + duty)
    if "authorisation" in asked.says:
        follows.append((speak(mark("If you consent")), speak(MAY_CROSS).format(state=asked.facts.state)))
    if ("authorisation" in asked.says or "permission" in asked.says) and asked.service == reader.id:
        refused = ENDS.get(contingency or "", HALTS if delivery.state.dispatched else NOT_LEAVING)
        follows.append((speak(mark("If you refuse")), speak(refused)))
    shown, seen = view(delivery, reader, now), sight(delivery, reader)
    ladder = next((one for one in ladders(delivery, shown, seen) if one.wait.checkpoint == asked.checkpoint), None)
    if ladder is not None:
        holder = shown.position.responsible if shown.position is not None else None
        follows.append((speak(mark("If you are silent")), say_step(ladder.steps[-1], holder, speak)))
    if "authorisation" in asked.says:
        follows.append((speak(mark("Afterwards")), speak(AFTERWARDS)))
    return ToldOf((first, _due(ladder.wait.due if ladder is not None else asked.due, now, speak)), tuple(follows))


def _due(until: str | None, now: datetime, speak: Translate) -> str:
    if until is None:
        return speak(OPEN)
    due = instant(until)
    moment = due.strftime("%Y-%m-%d %H:%M UTC")
    return speak(LATE if due <= now else DUE).format(moment=moment, left=two_units(due - now, speak))


def of_urgency(boxes: tuple[FormField, ...], *, urgent: bool) -> tuple[FormField, ...]:
    """When it was given in urgency is asked of who permits it so, and of nobody else."""
    kept = (box for box in boxes if urgent or box.name != "urgent_at")
    return tuple(replace(box, required=True) if box.name == "urgent_at" else box for box in kept)


def zones_of(plan: Plan, reader: Service, now: datetime) -> tuple[str, ...]:
    """Offsets to choose from: first the reader's own, as the directory has its zone, then those of places of the plan in its
    State, then UTC.
    """
    here = local_time(reader.zone, now)
    own = (one.zone for one in plan.checkpoints if one.state == reader.state and one.zone is not None)
    return tuple(dict.fromkeys((*((here.isoformat()[-6:],) if here is not None else ()), *own, *OFFSETS)))


def in_zone(boxes: tuple[FormField, ...], zones: tuple[str, ...]) -> tuple[FormField, ...]:
    """Moments that are filled in, at the same instant in the first of these offsets."""
    hours, minutes = zones[0][1:].split(":")
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    zone = timezone(-ahead if zones[0].startswith("-") else ahead)
    return tuple(
        replace(box, value=instant(box.value).astimezone(zone).isoformat()) if box.shown_as == "moment" and box.value else box
        for box in boxes
    )
