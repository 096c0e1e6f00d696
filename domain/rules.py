"""The rules of a controlled delivery, numbered once and never reused. Everything the software refuses, it refuses here.

R1   No dispatch without a live authorisation of every State on the route, transit included.
     (UN 1988 Convention art. 11; Albania CPC 294/c.)
R2   Silence is never consent. (No tacit consent is found in any text; Albania CPC 294/c asks for it positively.)
R3   The way of handling is one that every State on the route allows. (UN 1988 art. 11(3): by mutual consent.)
R4   Exactly one responsible authority at each instant, of the State the consignment is in.
     (EU MLA Convention 2000 art. 12, ETS 182 art. 18: competence to act, direct and control is the requested State's.)
R5   No crossing into a State whose authorisation is missing, refused, withdrawn, expired, or would expire before the
     planned exit; expiry on the way warns, asks for an extension, then interdicts. (ETS 182 art. 18; Belgian durations.)
R6   Custody moves only by offer and acceptance; until acceptance the giver stays responsible.
     (Austrian treaties art. 13: control passes at the border or handover point so that it is not interrupted.)
R7   A seal mismatch or a weight outside tolerance stops the movement until a fresh decision by the authority in charge
     and the prosecutor. (Chain of custody: Illinois v. Andreas; Valencia.)
R8   Anyone may stop. A stop is never lost and nothing advances after it. (Austrian treaties art. 13: at any time.)
R9   Surveillance gaps are recorded with their bounds; a missed check-in opens its own ladder: asked, alarmed, searched,
     halted. Never closed by itself. (Illinois v. Andreas: 30 to 45 minutes; Dutch rule: goods never reach the market.)
R10  The mass balance closes or is explained. Not yet enforced.
R11  A participant reads only what it needs. Not yet enforced beyond participation.
R12  Each run ends in exactly one documented outcome, told to every participant.
R13  The initiator is never the only one to authorise.
R14  Risk to life stops, whoever reports it. (Gedeon: the authority was invalid; Austrian treaties: special danger.)
R15  No delivery whose consignment or target is in another live operation, unless both agree: looked for before consent is
     asked and again before dispatch. (Van Traa inquiry: operations that did not know of one another; blind deconfliction.)
R16  Opening, technical means and accompanying officers need authorisations of their own. Not yet enforced.
R17  A statement counts only from the service that is asked for it, at the checkpoint that asks for it.
     (In-toto's functionaries; Golson: the magistrate was not the right authority.)
R18  One statement id, one content; what was said is corrected by a new statement, never replaced.

Two questions are answered. `judge`: what becomes of a statement a service made. `permits`: may the story record what it
wants to do next. Both are pure, so the live workflow, the simulator and a stranger's verifier reach the same answer.
"""

from datetime import datetime, timedelta

from domain import unforeseen
from domain.consent import authorised, conflicting, missing, too_short
from domain.delivery import Delivery
from domain.envelope import STATEMENT_TYPE, open_envelope
from domain.errors import Refused, RuleBroken
from domain.ledger import (
    ACCEPTED,
    Asked,
    Cleared,
    Closed,
    Concluded,
    Deconflicted,
    Ended,
    Event,
    Expired,
    Expiring,
    Halted,
    Opened,
    Outcome,
    Reminded,
    Silence,
    Started,
    TakenUp,
    Told,
    Verdict,
    refusal,
)
from domain.moments import instant, utc_text
from domain.plan import PlannedCheckpoint, Step
from domain.statements import (
    NEED_OF,
    AuthorisationExtended,
    AuthorisationGranted,
    AuthorisationRefused,
    AuthorisationWithdrawn,
    ConflictSettled,
    HandoverAccepted,
    HandoverOffered,
    Prepared,
    Statement,
    read_statement,
)
from domain.timers import elapsed

ORDER: tuple[Step, ...] = ("authorise", "prepare", "dispatch", "hand_over", "deliver", "arrest", "account", "close")

AFTER_A_HALT = (
    "stop_requested",
    "stop_acknowledged",
    "interdicted",
    "loss_recorded",
    "authorisation_withdrawn",
    "sighted",
    "surveillance_lost",
    "surveillance_regained",
    "incident",
    "debriefed",
)
"""What may still be said when nothing advances any more (R8)."""

ALWAYS = ("stop_requested", "incident")
"""What needs no checkpoint and no turn."""

BY_THE_RESPONSIBLE = ("interdicted", "loss_recorded", "sighted", "surveillance_lost", "surveillance_regained")
"""What only the authority responsible at this instant can say (R4)."""


# A statement came in


def judge(delivery: Delivery, statement: Statement, at: datetime) -> Verdict:
    """What becomes of a statement that is authentic and new. Changes nothing."""
    if delivery.outcome is not None and statement.kind != "debriefed":
        return Verdict(verdict="late", reason=f"the delivery has ended: {delivery.outcome}")
    if delivery.halt is not None and statement.kind not in AFTER_A_HALT:
        return refusal("R8", f"the delivery has been halted and nothing advances ({delivery.halt.reason})")
    if statement.kind in ALWAYS:
        return ACCEPTED
    if statement.kind == "stop_acknowledged" and delivery.halt is None:
        return refusal("R8", "there is no stop to acknowledge")
    if statement.kind in BY_THE_RESPONSIBLE:
        return _by_the_responsible(delivery, statement)
    if statement.kind in ("authorisation_withdrawn", "authorisation_extended"):
        return _of_a_grant(delivery, statement, at)
    return _at_a_checkpoint(delivery, statement, at)


def _by_the_responsible(delivery: Delivery, statement: Statement) -> Verdict:
    if statement.service != delivery.responsible:
        reason = f"the responsible authority is {delivery.responsible}, not {statement.service}"
        return refusal("R4", reason)
    if statement.kind == "loss_recorded" and (delivery.halt is None or delivery.halt.cause != "lost"):
        return refusal("R9", "nothing is given up as lost before it has been searched for and the delivery has halted")
    return ACCEPTED


def _of_a_grant(delivery: Delivery, statement: Statement, at: datetime) -> Verdict:
    grant = delivery.grants.get(statement.service)
    content = statement.content
    if grant is None or grant.withdrawn:
        return refusal("R1", f"{statement.service} holds no authorisation of this delivery")
    if isinstance(content, AuthorisationExtended | AuthorisationWithdrawn) and content.state != grant.state:
        return refusal("R1", f"{statement.service} speaks for {grant.state}, not for {content.state}")
    if isinstance(content, AuthorisationExtended):
        if grant.expired or grant.valid_until <= at:
            return refusal("R5", f"the authorisation of {grant.state} has already expired; it cannot be extended")
        if instant(content.valid_until) <= grant.valid_until:
            reason = f"an extension must run beyond {utc_text(grant.valid_until)}"
            return refusal("R5", reason)
    return ACCEPTED


def _at_a_checkpoint(delivery: Delivery, statement: Statement, at: datetime) -> Verdict:
    need = NEED_OF[statement.kind]
    name = statement.checkpoint
    planned = delivery.plan.find(name) if name is not None else None
    progress = delivery.progress.get(name) if name is not None else None
    if planned is None and progress is None:
        reason = f"{statement.kind} answers a checkpoint of the delivery; there is none named {name}"
        return refusal("R17", reason)
    checkpoint = progress.checkpoint if progress is not None else planned
    if checkpoint is None or need not in checkpoint.needs_of(statement.service):
        return refusal(_rule_of(need), f"{name} does not ask {statement.service} for {need}")
    if progress is None:
        return Verdict(verdict="early", reason=f"{name} has not opened yet; kept until it does")
    if not progress.open:
        return Verdict(verdict="late", reason=f"{name} has closed; kept, and nothing already decided changes")
    if (statement.service, need) in progress.answers:
        return refusal(
            "R17", f"{statement.service} has already answered {need} at {name}; a correction is a new kind of statement"
        )
    return _by_content(delivery, statement, at)


def _rule_of(need: str) -> str:
    return {"authorisation": "R1", "handover_offer": "R6", "handover_acceptance": "R6", "conflict_settlement": "R15"}.get(
        need, "R17"
    )


def _by_content(delivery: Delivery, statement: Statement, at: datetime) -> Verdict:
    """Rules that look at what is said, once it is clear that it was this service's turn to say it."""
    content = statement.content
    if isinstance(content, AuthorisationGranted | AuthorisationRefused):
        return _authorisation(delivery, statement, content, at)
    if isinstance(content, Prepared) and content.modality != delivery.plan.modality:
        reason = f"prepared as {content.modality}; consent was asked for {delivery.plan.modality}"
        return refusal("R3", reason)
    if isinstance(content, ConflictSettled):
        return _settlement(delivery, statement, content, at)
    if statement.kind == "dispatched":
        broken = _against_departure(delivery, at)
        return refusal(broken.rule, broken.reason) if broken is not None else ACCEPTED
    if delivery.discrepancy is not None and statement.kind in ("handover_offered", "handover_accepted", "delivered"):
        reason = f"stopped until a fresh decision: {delivery.discrepancy.problem}"
        return refusal("R7", reason)
    if delivery.custody is None and isinstance(content, HandoverOffered | HandoverAccepted):
        return refusal("R7", "nothing has been prepared, so there is nothing to compare weight and seals with")
    if isinstance(content, HandoverOffered) and statement.service != delivery.responsible:
        return refusal("R6", f"{delivery.responsible} holds the consignment, so {statement.service} cannot offer it")
    if isinstance(content, HandoverAccepted):
        return _acceptance(delivery, statement, at)
    return ACCEPTED


def _authorisation(
    delivery: Delivery, statement: Statement, content: AuthorisationGranted | AuthorisationRefused, at: datetime
) -> Verdict:
    checkpoint = delivery.plan.find(statement.checkpoint or "")
    if checkpoint is not None and content.state != checkpoint.state:
        return refusal("R1", f"{statement.checkpoint} asks for the consent of {checkpoint.state}, not of {content.state}")
    if isinstance(content, AuthorisationGranted) and instant(content.valid_until) <= at:
        return refusal("R1", f"an authorisation until {content.valid_until} has already ended and authorises nothing")
    return ACCEPTED


def _settlement(delivery: Delivery, statement: Statement, content: ConflictSettled, at: datetime) -> Verdict:
    """Both sides' own signed word, about this conflict: the initiator's, and inside it that of the service to call."""
    contact = unforeseen.call_about(delivery, statement.checkpoint or "")
    if contact is None or content.agreed_with != contact.service:
        return refusal("R15", f"{statement.checkpoint} is no conflict with {content.agreed_with}")
    if content.agreement is None:
        return refusal("R15", f"the agreement signed by {contact.service} is not in it; one side alone settles nothing")
    try:
        other = read_statement(open_envelope(content.agreement, STATEMENT_TYPE, contact.keys_at(at)))
    except Refused as error:
        return refusal("R15", f"what is in it is not signed by {contact.service}: {error.message}")
    said = (other.service, other.delivery, other.checkpoint)
    agrees = isinstance(other.content, ConflictSettled) and other.content.agreed_with == statement.service
    if said != (contact.service, statement.delivery, statement.checkpoint) or not agrees:
        return refusal("R15", f"what {contact.service} signed is no agreement to this delivery at {statement.checkpoint}")
    return ACCEPTED


def _acceptance(delivery: Delivery, statement: Statement, at: datetime) -> Verdict:
    name = statement.checkpoint or ""
    offered = any(need == "handover_offer" for _, need in delivery.progress[name].answers)
    if not offered:
        return Verdict(verdict="early", reason="nothing has been offered yet; kept until it is")
    following = (delivery.leg or 0) + 1
    leg = delivery.plan.legs[following]
    if statement.service != leg.responsible:
        return refusal("R6", f"custody goes to {leg.responsible}, not to {statement.service}")
    if leg.state != delivery.here.state and not authorised(delivery.plan, delivery.grants, leg.state, at):
        return refusal("R5", f"{leg.state} has no live authorisation, so nothing crosses into it")
    if delivery.cleared < following:
        return refusal("R5", f"the crossing to {leg.id} has not been cleared")
    return ACCEPTED


def _against_departure(delivery: Delivery, at: datetime) -> RuleBroken | None:
    """Why it may not leave now, if it may not (R1, R3)."""
    absent = missing(delivery.plan, delivery.grants, at)
    if absent:
        return RuleBroken("R1", f"no live authorisation of {', '.join(absent)}")
    conflict = conflicting(delivery.plan, delivery.grants)
    if conflict:
        return RuleBroken("R3", f"{', '.join(conflict)} does not allow the consignment to go {delivery.plan.modality}")
    if delivery.cleared < 0:
        return RuleBroken("R1", "departure has not been cleared")
    return _conflict(delivery)


def _conflict(delivery: Delivery) -> RuleBroken | None:
    """Why it may not go on with regard to other operations, if it may not (R15)."""
    unsettled = delivery.unsettled()
    if unsettled:
        who = ", ".join(contact.service for contact in unsettled)
        return RuleBroken("R15", f"another operation touches this one, and there is no agreement with {who}")
    if not delivery.looked:
        return RuleBroken("R15", "nobody has looked whether another operation touches this one")
    return None


def contradiction(statement: str, known: int) -> Verdict:
    """The verdict on other content under an id that entry `known` has used (R18)."""
    return refusal("R18", f"the id {statement} was used in entry {known} for something else")


# The story wants to record something


def shortfall(delivery: Delivery, leg: int, at: datetime) -> tuple[str, ...]:
    """States whose authorisation would not outlast what beginning `leg` commits to: all at dispatch, the next at a crossing."""
    plan = delivery.plan
    if leg == 0:
        return too_short(plan, delivery.grants, plan.states(), at, leg=0, margin=plan.margin)
    return too_short(plan, delivery.grants, (plan.legs[leg].state,), at, leg=leg, margin=timedelta())


def conclusion(delivery: Delivery) -> tuple[Outcome, str]:
    """The one outcome that what has happened amounts to (R12)."""
    halt = delivery.halt
    if halt is None or (delivery.delivered and (delivery.arrested or delivery.satisfied("arrest"))):
        after = f"; then halted: {halt.reason}" if halt is not None else ""
        if delivery.arrested:
            return "delivered_with_arrests", f"delivered; {delivery.arrested} arrested{after}"
        return "delivered_without_arrest", f"delivered; no arrest{after}"
    if halt.cause == "risk_to_life":
        return "aborted_for_risk_to_life", halt.reason
    if delivery.lost:
        return "lost_or_stolen", halt.reason
    if halt.cause in ("refused", "modality"):
        return "refused", halt.reason
    if halt.cause == "expired" or (halt.cause == "silence" and not delivery.dispatched):
        return "expired", halt.reason
    if halt.cause == "withdrawn" or not delivery.dispatched:
        return "withdrawn", halt.reason
    return "interdicted_early", halt.reason


def permits(delivery: Delivery, event: Event, at: datetime) -> None:
    """Return if the rules allow this to be recorded now; raise `RuleBroken` if not. Changes nothing."""
    if delivery.ended:
        raise RuleBroken("R12", "the delivery has ended")
    if isinstance(event, Started) != (len(delivery.ledger) == 0):
        raise RuleBroken("R12", "a ledger starts once")
    match event:
        case TakenUp():
            _permit_taking_up(delivery, event, at)
        case Opened():
            _permit_opening(delivery, event, at)
        case Closed():
            _permit_closing(delivery, event)
        case Reminded() | Silence() | Expiring() | Expired():
            if event not in elapsed(delivery, at):
                raise RuleBroken("R2", f"nothing of the kind is due: {event.event}")
        case Deconflicted():
            if not delivery.newer(event):
                raise RuleBroken("R15", "this answer of the register is known, or a newer one is")
        case Cleared(leg=leg):
            _permit_clearing(delivery, leg, at)
        case Halted(cause="modality"):
            if not conflicting(delivery.plan, delivery.grants):
                raise RuleBroken("R3", "every State allows this way of handling")
        case Halted():
            raise RuleBroken("R8", f"a halt for {event.cause} follows from a statement or from time, it is not declared")
        case Concluded(outcome=outcome):
            _permit_concluding(delivery, outcome)
        case Ended():
            if delivery.outcome is None:
                raise RuleBroken("R12", "it cannot end without an outcome")
        case Asked(checkpoint=name):
            if name not in delivery.progress:
                raise RuleBroken("R17", f"nobody was asked: {name} has not opened")
        case Told() | Started():
            return


def _permit_taking_up(delivery: Delivery, event: TakenUp, at: datetime) -> None:
    statement = delivery.early.get(event.statement)
    if statement is None:
        raise RuleBroken("R18", f"no early statement {event.statement} is kept")
    if judge(delivery, statement, at) != event.verdict or event.verdict.verdict == "early":
        raise RuleBroken("R18", f"the verdict on {event.statement} is not what the rules say")


def _permit_opening(delivery: Delivery, event: Opened, at: datetime) -> None:
    name = event.checkpoint
    if name in delivery.progress:
        raise RuleBroken("R17", f"{name} has already opened")
    planned = delivery.plan.find(name)
    if planned is None:
        expected = unforeseen.definition(delivery, name)
        if expected is None or event.definition != expected:
            raise RuleBroken("R17", f"nothing calls for a checkpoint {name}")
        check_in = unforeseen.check_in_due(delivery)
        if name.startswith("sighting.") and (check_in is None or at < check_in):
            raise RuleBroken("R9", "no check-in is due yet")
    elif event.definition is not None:
        raise RuleBroken("R17", f"{name} is defined by the plan")
    elif delivery.halt is None:
        _permit_turn(delivery, planned)
    elif planned.step != "close":
        raise RuleBroken("R8", f"the delivery has been halted, so {name} does not open")
    if event.due != due_at(delivery, name, at):
        raise RuleBroken("R2", f"{name} is not due then")


def due_at(delivery: Delivery, name: str, at: datetime) -> str | None:
    """When a checkpoint that opens at `at` is due; none where it waits for as long as it takes (R8)."""
    planned = delivery.plan.find(name)
    if planned is not None:
        return utc_text(at + delivery.plan.due_after(planned))
    definition = unforeseen.definition(delivery, name)
    if definition is None or unforeseen.waits_without_end(name):
        return None
    return utc_text(at + definition.due)


def _permit_turn(delivery: Delivery, planned: PlannedCheckpoint) -> None:
    """Every checkpoint of an earlier step, and every earlier handover, has closed."""
    for other in delivery.plan.checkpoints:
        before = ORDER.index(other.step) < ORDER.index(planned.step)
        earlier_handover = other.step == planned.step == "hand_over" and other.id in _ends_before(delivery, planned.id)
        if (before or earlier_handover) and not delivery.closed(other.id):
            raise RuleBroken("R17", f"{planned.id} does not open before {other.id} has closed")
    if planned.step == "hand_over":
        leg = next(number for number, leg in enumerate(delivery.plan.legs) if leg.start == planned.id)
        if delivery.cleared < leg:
            raise RuleBroken("R5", f"the crossing at {planned.id} has not been cleared")
    conflict = _conflict(delivery) if planned.step == "authorise" else None
    if conflict is not None:
        raise conflict
    if planned.step == "dispatch" and delivery.cleared < 0:
        raise RuleBroken("R1", "departure has not been cleared")


def _ends_before(delivery: Delivery, checkpoint: str) -> tuple[str, ...]:
    ends = [leg.end for leg in delivery.plan.legs]
    return tuple(ends[: ends.index(checkpoint)])


def _permit_closing(delivery: Delivery, event: Closed) -> None:
    progress = delivery.progress.get(event.checkpoint)
    if progress is None or not progress.open:
        raise RuleBroken("R17", f"{event.checkpoint} is not open")
    unresolved = delivery.discrepancy is not None and delivery.discrepancy.checkpoint == event.checkpoint
    if event.result == "satisfied" and (not progress.satisfied or unresolved):
        raise RuleBroken("R17", f"{event.checkpoint} still waits for {', '.join(progress.waiting_for()) or 'a decision'}")
    if event.result == "unanswered" and not (progress.silent and may_stay_unanswered(delivery, event.checkpoint)):
        raise RuleBroken("R2", f"{event.checkpoint} cannot be passed unanswered")
    if event.result == "withdrawn" and delivery.halt is None and not unforeseen.moot(delivery, event.checkpoint):
        raise RuleBroken("R17", f"nothing takes {event.checkpoint} back")


def may_stay_unanswered(delivery: Delivery, name: str) -> bool:
    """Silence may close what decides nothing: the acknowledgement of a stop, the debrief, a sighting (then it is searched), a
    conflict that came up after it had left.
    """
    planned = delivery.plan.find(name)
    decided = name.startswith("conflict.") and delivery.dispatched
    return (
        decided
        or name == unforeseen.ACKNOWLEDGED
        or name.startswith("sighting.")
        or (planned is not None and planned.step == "close")
    )


def _permit_clearing(delivery: Delivery, leg: int, at: datetime) -> None:
    if delivery.halt is not None:
        raise RuleBroken("R8", "the delivery has been halted")
    if leg != delivery.cleared + 1 or leg >= len(delivery.plan.legs):
        raise RuleBroken("R4", f"legs begin one after another; {leg} is not next")
    conflict = conflicting(delivery.plan, delivery.grants)
    if conflict:
        raise RuleBroken("R3", f"{', '.join(conflict)} does not allow the consignment to go {delivery.plan.modality}")
    short = shortfall(delivery, leg, at)
    if short:
        raise RuleBroken(
            "R1" if leg == 0 else "R5", f"the authorisation of {', '.join(short)} does not last until the planned exit"
        )
    other = _conflict(delivery) if leg == 0 else None
    if other is not None:
        raise other


def _permit_concluding(delivery: Delivery, outcome: Outcome) -> None:
    if delivery.outcome is not None:
        raise RuleBroken("R12", f"it has already been concluded as {delivery.outcome}")
    if delivery.halt is not None and not (delivery.secured or delivery.lost):
        raise RuleBroken("R8", "halted, and the consignment is neither seized nor given up as lost")
    if delivery.halt is None and not all(
        delivery.closed(checkpoint.id) for checkpoint in delivery.plan.checkpoints if checkpoint.step != "close"
    ):
        raise RuleBroken("R12", "checkpoints are still open")
    if outcome != conclusion(delivery)[0]:
        raise RuleBroken("R12", f"what happened amounts to {conclusion(delivery)[0]}, not to {outcome}")
