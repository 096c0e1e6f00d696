"""Who reads what of a delivery (R11): need to know, decided here for every door.

Whoever starts or coordinates it, and supervisors, see the whole. A participant sees a part:

    its legs        those it is responsible for or travels with; a prosecutor or court, those in its State
    its checkpoints where it is asked, or its turn on a ladder has come; those at either end of its legs (the handovers beside
                    them); a prosecutor or court, those in its State
    what binds it   the authorisations of its own State, and what its own State's services say at its checkpoints

It does not see other States' consents, refusals and reasons, their targets and sources, or where the consignment is on a leg that
is not its own. That a stop has come and how it ended it always learns, in general words.
"""

from dataclasses import dataclass

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import (
    Asked,
    Cause,
    Cleared,
    Closed,
    Ended,
    Entry,
    Escalated,
    Expired,
    Expiring,
    KeysChanged,
    NoticeKind,
    Opened,
    Reminded,
    Silence,
    Stated,
    TakenUp,
    Told,
)
from domain.delivery.progress import Progress
from domain.delivery.statements import Correction, HandoverDeclined, Information, MovementDecision, Statement, read_statement
from domain.plan.access import reach, role_of
from domain.plan.directory import Service
from domain.plan.plan import PlannedCheckpoint
from domain.plan.vocabulary import Digest
from domain.rules import handling
from domain.rules.unforeseen import ACKNOWLEDGED
from domain.signing.canonical import Frozen

OF_ONES_OWN_STATE = (
    "authorisation_granted",
    "authorisation_refused",
    "authorisation_extended",
    "authorisation_withdrawn",
    "permission_granted",
    "permission_refused",
)
"""Kinds that bind a whole State, and are nobody else's to read."""

FROM_ANOTHER_STATE = (
    "dispatched",
    "handover_offered",
    "handover_accepted",
    "delivered",
    "not_collected",
    "interdicted",
    "ready",
    "debriefed",
)
"""Kinds that are said to another State at the checkpoint where both are asked."""

ON_THE_WAY = ("sighted", "surveillance_lost", "surveillance_regained", "device_failed", "loss_recorded", "destroyed", "incident")
"""Kinds that say where the consignment is and how it fares: for those whose leg it is on."""

IN_GENERAL: dict[Cause, str] = {
    "stop": "a stop was ordered",
    "refused": "a consent or permission that is needed was refused",
    "withdrawn": "a consent was withdrawn",
    "expired": "a consent has run out",
    "silence": "an answer that is needed did not come",
    "declined": "a handover was declined",
    "decision": "it was decided not to go on",
    "modality": "the States do not agree on the way of handling",
    "permission": "a permission that is needed is missing",
    "lost": "the consignment is out of sight",
    "no_show": "it could not be delivered",
    "destroyed": "the consignment was destroyed",
    "risk_to_life": "there is a risk to life",
    "conflict": "another operation comes first",
}
"""Why nothing advances, for those whose word it was not: no State, service, person or place."""


class Withheld(Frozen):
    """In place of an entry that is not the reader's: that there is one, and its hash, so that the chain can still be followed."""

    seq: int
    hash: Digest


@dataclass(frozen=True)
class Sight:
    """What one reader sees of one delivery as it stands."""

    reader: Service
    whole: bool
    legs: tuple[int, ...]
    checkpoints: tuple[str, ...]

    def own(self, service: str, delivery: Delivery) -> bool:
        """Whether this is the reader, or a service of its State."""
        known = delivery.directory.find(service)
        same = known is not None and known.state is not None and known.state == self.reader.state
        return service == self.reader.id or same


def sight(delivery: Delivery, reader: Service) -> Sight:
    """What this reader sees."""
    plan, role = delivery.plan, role_of(reader, delivery.plan)
    whole = reach(role, "view") in ("all", "own")
    legs = tuple(
        number
        for number, leg in enumerate(plan.legs)
        if reader.id in (leg.responsible, *leg.accompanied_by) or (role == "prosecutor" and leg.state == reader.state)
    )
    beside = [name for number in legs for name in (plan.legs[number].start, plan.legs[number].end)]
    planned = [
        one.id
        for one in plan.checkpoints
        if one.id in beside
        or _asked(reader.id, one, delivery.progress.get(one.id))
        or (role == "prosecutor" and one.state == reader.state)
    ]
    unforeseen = [
        name
        for name, progress in delivery.progress.items()
        if plan.find(name) is None and (_asked(reader.id, None, progress) or name.partition(".decision.")[0] in planned)
    ]
    return Sight(reader, whole, legs, (*planned, *unforeseen))


def _asked(service: str, planned: PlannedCheckpoint | None, progress: Progress | None) -> bool:
    """Whether it is asked there, or the ladder has come to it."""
    if planned is not None and service in planned.services():
        return True
    if progress is None:
        return False
    rungs = progress.checkpoint.escalate[: progress.escalated]
    return service in progress.checkpoint.services() or any(rung.to == service for rung in rungs)


def page(delivery: Delivery, reader: Service, since: int) -> list[Entry | Withheld]:
    """The ledger from a number on, as this reader may have it."""
    seen = sight(delivery, reader)
    return [
        entry if sees(delivery, seen, entry) else Withheld(seq=entry.seq, hash=delivery.ledger.head_at(entry.seq))
        for entry in delivery.ledger.since(since)
    ]


def sees(delivery: Delivery, seen: Sight, entry: Entry) -> bool:
    """Whether an entry of the ledger is this reader's to read."""
    event = entry.event
    if isinstance(event, Stated):
        return _hears(delivery, seen, read_statement(event.envelope.body()), entry.seq)
    if seen.whole or isinstance(event, Ended | KeysChanged):  # everybody must know whose key counts no more
        return True
    match event:
        case TakenUp(statement=statement):
            early = delivery.said(statement)
            return early is not None and _hears(delivery, seen, early, delivery.statements[statement].seq)
        case Opened(checkpoint=name) | Asked(checkpoint=name) | Closed(checkpoint=name) | Silence(checkpoint=name):
            return name in seen.checkpoints and name != ACKNOWLEDGED  # there everybody is asked, and named
        case Reminded(checkpoint=name) | Escalated(checkpoint=name):
            return name in seen.checkpoints and name != ACKNOWLEDGED
        case Told(kind=kind, checkpoint=name):
            return kind in ("reminder", "escalation", "withdrawn") and name in seen.checkpoints and name != ACKNOWLEDGED
        case Expiring(service=service) | Expired(service=service):
            return seen.own(service, delivery)
        case Cleared(leg=leg):
            return leg in seen.legs
        case _:
            return False  # the plan, conflicts, halts and conclusions name what is others'; the view says them in general


def _hears(delivery: Delivery, seen: Sight, said: Statement, seq: int) -> bool:
    """Whether a statement is this reader's to read."""
    name, reader = said.checkpoint, seen.reader
    if reader.id in (said.service, said.on_behalf_of):
        return True
    here = name in seen.checkpoints and name != ACKNOWLEDGED
    if not handling.may_read(delivery, said, seq, reader, addressed=here):
        return False
    if seen.whole:
        return True
    match said.content:
        case Information(to=to):
            return reader.id in to
        case Correction(of=of):
            earlier = delivery.said(of)
            return earlier is not None and _hears(delivery, seen, earlier, delivery.statements[of].seq)
        case content if content.kind in ON_THE_WAY:
            return delivery.leg_at(seq) in seen.legs
        case content if seen.own(said.service, delivery):
            return here or content.kind in OF_ONES_OWN_STATE
        case MovementDecision() | HandoverDeclined():  # with reasons, which are for those who are asked there
            return name is not None and _asked(reader.id, delivery.plan.find(name), delivery.progress.get(name))
        case content:
            return here and content.kind in FROM_ANOTHER_STATE


def why_halted(delivery: Delivery, seen: Sight) -> str | None:
    """Why nothing advances: the words it was said with for those whose they are, else in general."""
    halt = delivery.halt
    if halt is None:
        return None
    if seen.whole or (halt.by is not None and seen.own(halt.by, delivery)):
        return f"{halt.rule}: {halt.reason}"
    return f"{halt.rule}: {IN_GENERAL[halt.cause]}"


def notice(delivery: Delivery, kind: NoticeKind, checkpoint: str | None, service: str) -> str:
    """The words of a notice to this service."""
    whole = sight(delivery, delivery.directory.get(service)).whole
    progress = delivery.progress.get(checkpoint or "")
    silent = ", ".join(progress.waiting_for()) if progress is not None else ""
    match kind:
        case "reminder":
            return f"an answer is still waited for at {checkpoint}"
        case "escalation":
            return f"no answer yet at {checkpoint} from {silent}"
        case "silence":
            return f"no answer in time at {checkpoint} from {silent}"
        case "withdrawn":
            return f"{checkpoint} has closed; nothing is waited for any more"
        case "keys":
            return "keys of a service were changed; the ledger says whose"
        case "amended":
            return "the plan was changed for what is still ahead"
        case "outcome":
            reason = f": {delivery.because}" if whole else ""
            return f"{delivery.outcome}{reason}"
        case "alarm":
            reason = f": {delivery.gap.reason}" if whole and delivery.gap is not None else ""
            return f"out of sight in {delivery.here.state}{reason}"
        case "conflict":
            contact = next((one for one in delivery.unsettled() if one.checkpoint == checkpoint), None)
            return f"another operation touches this one; call {contact.service}: {contact.call}" if contact is not None else ""
