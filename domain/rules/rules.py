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
R10  The mass balance closes, or is explained, before the run closes. (Van Traa: the records did not suffice.)
R11  A participant reads only what it needs: its legs, the handovers beside them and what binds it (`domain.views.sight`).
     (Austrian treaties; EU guidelines 2018: need to know.)
R12  Each run ends in exactly one documented outcome, told to every participant.
R13  The initiator is never the only one to authorise.
R14  Risk to life stops, whoever reports it. (Gedeon: the authority was invalid; Austrian treaties: special danger.)
R15  No delivery whose consignment or target is in another live operation, unless both agree: looked for before consent is
     asked and again before dispatch. (Van Traa inquiry: operations that did not know of one another; blind deconfliction.)
R16  Opening a postal item, technical means and accompanying officers each need their own permission where the State's
     rule card says so. (Spain LECrim 263 bis: opening mail is a separate procedure.)
R17  A statement counts only from the service that is asked for it, at the checkpoint that asks for it.
     (In-toto's functionaries; Golson: the magistrate was not the right authority.)
R18  One statement id, one content; what was said is corrected by a new statement, never replaced.
R19  A condition of an authorisation binds: no answer counts where it binds unless the answer says that it is met.
     (Poland, Austrian treaties: consent may be limited or given on conditions.)
R20  Two persons: where the plan asks for two officers, a second one of the same service signs the same, or nothing counts.
     (Practice of opening, weighing and releasing by two.)
R21  Who speaks for another service does so by its dated delegation, or as the backup its ladder has come to; delegations
     stay within a State and make no circle.
R22  A plan is changed under way only by its initiator and only for what is still ahead; a State whose part of the way
     changes consents afresh, and who has been replaced is not heard any more. (Consent covers only what it was asked for.)
R23  Information is used as its provider's handling code lets: H1 comes before no court and H2 goes to no third State without
     the provider's recorded permission; H3 neither. (EU guidelines on controlled deliveries, 2018.)
R24  A key counts from the entry that makes it known, and after the entry that ends it no more; what was recorded before stays.
     A service changes its own keys and an administrator anyone's; the installation itself may only end them. (NIST SP 800-57
     part 1, 5.3: a cryptoperiod ends at once when a key is compromised.)

Two questions are answered. `judge`: what becomes of a statement a service made. `permits`: may the story record what it
wants to do next. Both are pure, so the live workflow, the simulator and a stranger's verifier reach the same answer.
"""

from datetime import datetime, timedelta

from domain.delivery.balance import compared, open_difference, within
from domain.delivery.consents import authorised, conflicting, missing, permitted, too_short
from domain.delivery.delivery import Delivery, seconds
from domain.delivery.ledger import (
    ACCEPTED,
    Amended,
    Asked,
    Cleared,
    Closed,
    Concluded,
    Deconflicted,
    Ended,
    Escalated,
    Event,
    Expired,
    Expiring,
    Halted,
    KeysChanged,
    LeftOut,
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
from domain.delivery.statements import (
    NEED_OF,
    ArresteeReleased,
    AuthorisationExtended,
    AuthorisationGranted,
    AuthorisationRefused,
    AuthorisationWithdrawn,
    ConflictSettled,
    Correction,
    Delegated,
    DeviceFailed,
    DisclosurePermitted,
    HandoverAccepted,
    HandoverOffered,
    Part,
    PartsEnded,
    PermissionGranted,
    PermissionRefused,
    Prepared,
    Split,
    Statement,
    confirms,
    read_statement,
)
from domain.plan.cards import Permission
from domain.plan.key_changes import changed, read_change
from domain.plan.key_changes import faults_in as faults_of_keys
from domain.plan.plan import POSTAL, PlannedCheckpoint, Step, read_plan
from domain.rules import amending, unforeseen
from domain.rules.timers import elapsed
from domain.signing.envelope import STATEMENT_TYPE, open_envelope
from domain.words.errors import Refused, RuleBroken
from domain.words.moments import instant, utc_text
from domain.words.quantities import say_span

ORDER: tuple[Step, ...] = ("authorise", "prepare", "dispatch", "hand_over", "deliver", "muster", "arrest", "account", "close")

CLOSING = ("debriefed", "costs_settled", "goods_returned", "looked_back")
"""What is said when everything is over."""

AFTER_THE_OUTCOME = (*CLOSING, "duty_done", "information", "disclosure_permitted")
"""What still counts then."""

AFTER_A_HALT = (
    "stop_requested",
    "stop_acknowledged",
    "interdicted",
    "loss_recorded",
    "authorisation_withdrawn",
    "sighted",
    "surveillance_lost",
    "surveillance_regained",
    "device_failed",
    "incident",
    "destroyed",
    "arrestee_released",
    "difference_explained",
    "parts_ended",
    "correction",
    "delegated",
    "duty_done",
    "information",
    "disclosure_permitted",
    *CLOSING,
)
"""What may still be said when nothing advances any more (R8)."""

ALWAYS = ("stop_requested", "incident", "information")
"""What needs no checkpoint and no turn."""

BY_THE_RESPONSIBLE = (
    "interdicted",
    "loss_recorded",
    "destroyed",
    "sighted",
    "device_failed",
    "surveillance_lost",
    "surveillance_regained",
)
"""What only the authority responsible at this instant can say (R4)."""


RULE_OF: dict[str, str] = {
    "authorisation": "R1",
    "permission": "R16",
    "handover_offer": "R6",
    "handover_acceptance": "R6",
    "conflict_settlement": "R15",
}
"""The rule that says who is asked for what; R17 for the rest."""

LATE_ENTRY = timedelta(hours=1)
"""From what lag on a record says that it was made later than what it records."""
CLOCKS_DIFFER = timedelta(minutes=5)
"""By how much a service's clock may be ahead without being remarked on."""


# A statement came in


def judge(delivery: Delivery, statement: Statement, at: datetime) -> Verdict:
    """What becomes of a statement that is authentic and new. Changes nothing.

    When it happened and when it was recorded are two things: where they lie far apart (carried by hand, or a clock that is
    wrong), a verdict that is no refusal says so.
    """
    verdict = _judged(delivery, statement, at)
    came = instant(delivery.ledger[delivery.statements[statement.id].seq].at) if statement.id in delivery.early else at
    lag = came - instant(statement.happened_at)
    if verdict.verdict == "refused" or -CLOCKS_DIFFER <= lag < LATE_ENTRY:
        return verdict
    when = f"recorded {say_span(_whole(lag))} after it happened" if lag > timedelta() else "it is said to happen later than this"
    return verdict.model_copy(update={"reason": "; ".join(filter(None, (verdict.reason, when)))[:500]})


def _whole(span: timedelta) -> timedelta:
    return span - span % timedelta(minutes=1)


def _judged(delivery: Delivery, statement: Statement, at: datetime) -> Verdict:
    if delivery.outcome is not None and statement.kind not in AFTER_THE_OUTCOME:
        return Verdict(verdict="late", reason=f"the delivery has ended: {delivery.outcome}")
    if delivery.halt is not None and statement.kind not in AFTER_A_HALT:
        return refusal("R8", "the delivery has been halted and nothing advances")
    if not may_speak(delivery, statement, at):
        return refusal("R21", f"nothing lets {statement.service} speak for {statement.on_behalf_of} here and now")
    if statement.kind in ALWAYS:
        return ACCEPTED
    if statement.kind == "stop_acknowledged" and delivery.halt is None:
        return refusal("R8", "there is no stop to acknowledge")
    if statement.kind in BY_THE_RESPONSIBLE:
        return _by_the_responsible(delivery, statement)
    match statement.content:
        case AuthorisationWithdrawn() | AuthorisationExtended():
            return _of_a_grant(delivery, statement, at)
        case Delegated() as delegated:
            return _delegation(delivery, statement, delegated)
        case Correction() as correction:
            return _correction(delivery, statement, correction)
        case Split(parts=parts):
            return _split(delivery, statement, parts)
        case ArresteeReleased(persons=persons):
            return _release(delivery, statement, persons)
        case DisclosurePermitted(statements=named):
            return _disclosure(delivery, statement, named)
        case _:
            return _at_a_checkpoint(delivery, statement, at)


def may_speak(delivery: Delivery, statement: Statement, at: datetime) -> bool:
    """Whether whoever signed may say this for the service whose say it is (R21)."""
    voice, speaker = statement.voice, statement.service
    if voice == speaker or _is_delegate(delivery, speaker, voice, at):
        return True
    progress = delivery.progress.get(statement.checkpoint or "")
    asked = progress is not None and NEED_OF.get(statement.kind) in progress.checkpoint.needs_of(voice)
    return asked and _is_backup(delivery, speaker, voice, statement.checkpoint or "")


def asked_in_place(delivery: Delivery, speaker: str, at: datetime) -> tuple[tuple[str, str], ...]:
    """Open checkpoints, and who is waited for there, at which this service may answer for that one now (R21)."""
    return tuple(
        (name, voice)
        for name, progress in delivery.progress.items()
        if progress.open
        for voice in progress.waiting_for()
        if voice != speaker and (_is_delegate(delivery, speaker, voice, at) or _is_backup(delivery, speaker, voice, name))
    )


def _is_delegate(delivery: Delivery, speaker: str, voice: str, at: datetime) -> bool:
    """Whether delegations in force lead from one to the other."""
    while (delegated := delivery.delegations.get(voice)) is not None:
        if not instant(delegated.valid_from) <= at < instant(delegated.valid_until):
            return False
        voice = delegated.to
        if voice == speaker:
            return True
    return False


def _is_backup(delivery: Delivery, speaker: str, voice: str, checkpoint: str) -> bool:
    """Whether the ladder of an open checkpoint has come to it, as a backup within its State."""
    progress = delivery.progress.get(checkpoint)
    if progress is None or not progress.open or not progress.may_answer(speaker):
        return False
    backup, asked = delivery.directory.find(speaker), delivery.directory.find(voice)
    return backup is not None and asked is not None and backup.state == asked.state


def _delegation(delivery: Delivery, statement: Statement, delegated: Delegated) -> Verdict:
    giver, taker = delivery.directory.find(statement.service), delivery.directory.find(delegated.to)
    if taker is None or not delivery.participant(taker.id):
        return refusal("R21", f"{delegated.to} has no part in this delivery, so nothing can be delegated to it")
    if giver is None or giver.state != taker.state:
        return refusal("R21", f"{delegated.to} is of another State than {statement.service}; a State's say stays within it")
    passed = [statement.service]
    while passed[-1] in delivery.delegations or len(passed) == 1:
        passed.append(delegated.to if len(passed) == 1 else delivery.delegations[passed[-1]].to)
        if passed[-1] in passed[:-1]:
            return refusal("R21", f"a circle: {' to '.join(passed)}")
    return ACCEPTED


def _correction(delivery: Delivery, statement: Statement, correction: Correction) -> Verdict:
    """What was said can be corrected by who said it, and by nothing of another kind (R18)."""
    earlier = delivery.said(correction.of) if correction.of in delivery.counted else None
    if earlier is None or earlier.service != statement.service:
        return refusal("R18", f"{statement.service} has not said anything that counts under {correction.of}")
    if earlier.kind != correction.content.kind:
        return refusal(
            "R18", f"{correction.of} is {earlier.kind}, and is corrected by such a one, not by {correction.content.kind}"
        )
    if isinstance(correction.content, Prepared):
        said_at = instant(delivery.ledger[delivery.statements[correction.of].seq].at)
        problem = _prepared(delivery, correction.content, said_at)
        if problem is not None:
            return problem
    return _second_officer(statement, delivery.firsts.get(correction.of)) or ACCEPTED


def _split(delivery: Delivery, statement: Statement, parts: tuple[Part, ...]) -> Verdict:
    """Who holds the consignment says what it has split into, and the parts are the whole (R10)."""
    if statement.voice != delivery.responsible:
        return refusal("R4", f"{statement.voice} is not the responsible authority now")
    if delivery.parts or not unforeseen.watched(delivery) or delivery.prepared is None:
        return refusal("R10", "only what is on its way splits, and once")
    unequal = compared("the parts are", delivery.prepared.kept, [part.contents for part in parts], delivery.plan.weight_tolerance)
    return refusal("R10", "; ".join(unequal)) if unequal else ACCEPTED


def _release(delivery: Delivery, statement: Statement, persons: int) -> Verdict:
    asked = [one for one in delivery.plan.checkpoints if "arrest" in one.needs_of(statement.voice)]
    if not asked:
        return refusal("R17", f"{statement.voice} is not asked to arrest anybody")
    if persons > delivery.arrested - delivery.released:
        return refusal("R12", f"{delivery.arrested - delivery.released} are under arrest, so {persons} cannot be released")
    return ACCEPTED


def _by_the_responsible(delivery: Delivery, statement: Statement) -> Verdict:
    if statement.voice != delivery.responsible:
        reason = f"{statement.voice} is not the responsible authority now"
        return refusal("R4", reason)
    if statement.kind == "loss_recorded" and (delivery.halt is None or delivery.halt.cause != "lost"):
        return refusal("R9", "nothing is given up as lost before it has been searched for and the delivery has halted")
    if isinstance(statement.content, DeviceFailed):
        known = delivery.prepared.items if delivery.prepared is not None else ()
        if statement.content.label not in [item.label for item in known if item.lasts is not None]:
            return refusal("R9", f"no device {statement.content.label} was put in")
    if delivery.secured and statement.kind == "interdicted":
        return refusal("R17", "it has been seized already; what was wrong about that is corrected")
    if delivery.secured and statement.kind in ("loss_recorded", "destroyed"):
        return refusal("R10", "it has been seized; what becomes of it then is not this delivery's any more")
    if delivery.ends_here(statement):
        first = delivery.progress[statement.checkpoint or ""].firsts.get((statement.voice, "interdiction"))
        return _conditions(delivery, statement) or _second_officer(statement, first) or ACCEPTED
    return ACCEPTED


def _of_a_grant(delivery: Delivery, statement: Statement, at: datetime) -> Verdict:
    grant = delivery.grants.get(statement.voice)
    content = statement.content
    if grant is None or grant.withdrawn or grant.provisional:
        return refusal("R1", f"{statement.voice} holds no authorisation of this delivery")
    if isinstance(content, AuthorisationExtended | AuthorisationWithdrawn) and content.state != grant.state:
        return refusal("R1", f"{statement.voice} speaks for {grant.state}, not for {content.state}")
    if isinstance(content, AuthorisationExtended):
        if grant.expired or grant.valid_until <= at:
            return refusal("R5", f"the authorisation of {grant.state} has already expired; it cannot be extended")
        if instant(content.valid_until) <= grant.valid_until:
            reason = f"an extension must run beyond {utc_text(grant.valid_until)}"
            return refusal("R5", reason)
    return ACCEPTED


def _disclosure(delivery: Delivery, statement: Statement, named: tuple[str, ...]) -> Verdict:
    """Only who provided something permits that it goes further (R23)."""
    said = {one: delivery.said(one) for one in named}
    foreign = [one for one, found in said.items() if found is None or found.service != statement.service]
    if foreign:
        return refusal("R23", f"{statement.service} has not said {', '.join(foreign)}, so it cannot permit that it is disclosed")
    return ACCEPTED


def _at_a_checkpoint(delivery: Delivery, statement: Statement, at: datetime) -> Verdict:
    need = NEED_OF[statement.kind]
    name, voice = statement.checkpoint, statement.voice
    planned = delivery.plan.find(name) if name is not None else None
    progress = delivery.progress.get(name) if name is not None else None
    if planned is None and progress is None:
        reason = f"{statement.kind} answers a checkpoint of the delivery; there is none named {name}"
        return refusal("R17", reason)
    checkpoint = progress.checkpoint if progress is not None else planned
    if checkpoint is None or need not in checkpoint.needs_of(voice):
        return refusal(_rule_of(need), f"{name} does not ask {voice} for {need}")
    if progress is None:
        return Verdict(verdict="early", reason=f"{name} has not opened yet; kept until it does")
    if not progress.open:
        return Verdict(verdict="late", reason=f"{name} has closed; kept, and nothing already decided changes")
    if (voice, need) in progress.answers:
        return refusal("R17", f"{voice} has already answered {need} at {name}; a correction is a new kind of statement")
    if confirms(statement.kind):
        broken = _conditions(delivery, statement) or _second_officer(statement, progress.firsts.get((voice, need)))
        if broken is not None:
            return broken
    return _by_content(delivery, statement, at)


def _conditions(delivery: Delivery, statement: Statement) -> Verdict | None:
    """The condition that binds here and is not said to be met, if there is one (R19)."""
    for grant in delivery.grants.values():
        for number, text in grant.binding(statement.checkpoint or ""):
            if number not in statement.fulfils:
                return refusal("R19", f"condition {number} of {grant.state} binds here: {text}")
    return None


def _second_officer(statement: Statement, first: Statement | None) -> Verdict | None:
    """What is wrong with a second signature, if this is one (R20). A first one may be replaced until it has been seconded."""
    if first is None or first.service != statement.service:
        return None
    if first.officer == statement.officer and first.content == statement.content:
        return refusal("R20", f"{statement.officer} has signed already; a second officer of {statement.service} must")
    if seconds(first, statement) and first.content != statement.content:
        return refusal("R20", f"{statement.officer} says something else than {first.officer}; both must sign the same")
    return None


def _rule_of(need: str) -> str:
    return RULE_OF.get(need, "R17")


def _by_content(delivery: Delivery, statement: Statement, at: datetime) -> Verdict:
    """Rules that look at what is said, once it is clear that it was this service's turn to say it."""
    content = statement.content
    if isinstance(content, AuthorisationGranted | AuthorisationRefused):
        return _authorisation(delivery, statement, content, at)
    if isinstance(content, PartsEnded):
        named = sorted(part.operation for part in content.parts)
        if named != sorted(part.operation for part in delivery.parts):
            return refusal("R10", f"it split into {', '.join(part.operation for part in delivery.parts)}; say how each ended")
    if isinstance(content, PermissionGranted | PermissionRefused):
        return _permission(delivery, statement, content, at)
    if isinstance(content, Prepared):
        return _prepared(delivery, content, at) or ACCEPTED
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
    if isinstance(content, HandoverOffered) and statement.voice != delivery.responsible:
        return refusal("R6", f"{statement.voice} does not hold the consignment, so it cannot offer it")
    if isinstance(content, HandoverAccepted):
        return _acceptance(delivery, statement, at)
    return ACCEPTED


def _authorisation(
    delivery: Delivery, statement: Statement, content: AuthorisationGranted | AuthorisationRefused, at: datetime
) -> Verdict:
    checkpoint = delivery.plan.find(statement.checkpoint or "")
    if checkpoint is not None and content.state != checkpoint.state:
        return refusal("R1", f"{statement.checkpoint} asks for the consent of {checkpoint.state}, not of {content.state}")
    if isinstance(content, AuthorisationGranted):
        if instant(content.valid_until) <= at:
            return refusal("R1", f"an authorisation until {content.valid_until} has already ended and authorises nothing")
        unknown = [one.at for one in content.conditions if one.at is not None and delivery.plan.find(one.at) is None]
        if unknown:
            return refusal("R19", f"a condition binds at {unknown[0]}, and there is no such checkpoint")
        card = delivery.cards.get(content.state)
        if (
            card is not None
            and card.longest != "not known"
            and instant(content.valid_until) - instant(content.valid_from) > card.longest
        ):
            return refusal("R1", f"by its rule card an authorisation of {content.state} lasts at most {say_span(card.longest)}")
    return ACCEPTED


def _permission(
    delivery: Delivery, statement: Statement, content: PermissionGranted | PermissionRefused, at: datetime
) -> Verdict:
    checkpoint = delivery.plan.find(statement.checkpoint or "")
    if checkpoint is not None and content.state != checkpoint.state:
        return refusal("R16", f"{statement.checkpoint} asks for permission in {checkpoint.state}, not in {content.state}")
    if isinstance(content, PermissionGranted):
        if instant(content.valid_until) <= at:
            return refusal("R16", f"a permission until {content.valid_until} has already ended and permits nothing")
        card = delivery.cards.get(content.state)
        asked = delivery.plan.permissions(card) if card is not None else ()
        absent = [one for one in asked if one not in content.permissions]
        if absent:
            return refusal("R16", f"{' and '.join(absent)} is asked for too; what is not permitted is refused as a whole")
    return ACCEPTED


def _prepared(delivery: Delivery, content: Prepared, at: datetime) -> Verdict | None:
    """What is wrong with a preparation record, if something is: way of handling, masses, permissions, devices."""
    plan = delivery.plan
    if content.modality != plan.modality:
        return refusal("R3", f"prepared as {content.modality}; consent was asked for {plan.modality}")
    substituted = any(item.what == "substitute" for item in content.items)
    taken = {
        "intact": not content.removed and not substituted,
        "removed": bool(content.removed) and not content.kept and not substituted,
        "replaced_in_part": bool(content.removed) and bool(content.kept) and substituted,
        "replaced_in_whole": bool(content.removed) and not content.kept and substituted,
    }
    if not taken[content.modality]:
        return refusal("R3", f"what was kept, removed and put in is not what {content.modality.replace('_', ' ')} means")
    unequal = within(content, plan.weight_tolerance)
    if unequal:
        return refusal("R10", unequal)
    devices = any(item.is_device for item in content.items)
    opened = content.opened and plan.consignment.kind in POSTAL
    done: tuple[tuple[bool, Permission, tuple[str, ...]], ...] = (
        (opened, "opening", (plan.at("prepare")[0].state,)),
        (devices, "technical_means", plan.states()),
    )
    for permission, state in ((permission, state) for used, permission, states in done if used for state in states):
        card = delivery.cards.get(state)
        if card is not None and card.separates(permission) and not permitted(delivery.permits, state, permission, at):
            return refusal(
                "R16", f"{state} has not permitted {permission.replace('_', ' ')}, which needs a permission of its own"
            )
    way = plan.time_to_leave(plan.legs[-1].state) + plan.margin
    for item in content.items:
        if item.lasts is not None and item.lasts < way:
            return refusal(
                "R9", f"{item.what} {item.label} lasts {say_span(item.lasts)}, and the way takes up to {say_span(way)}"
            )
    return None


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
    if statement.voice != leg.responsible:
        return refusal("R6", f"custody goes to {leg.responsible}, not to {statement.voice}")
    asked = [one for one in delivery.plan.at("authorise") if one.state == leg.state and not delivery.closed(one.id)]
    if asked or delivery.cleared < following:
        return Verdict(verdict="early", reason=f"{leg.state} is asked, or the crossing not cleared yet; kept until it is")
    if leg.state != delivery.here.state and not authorised(delivery.plan, delivery.grants, leg.state, at):
        return refusal("R5", f"{leg.state} has no live authorisation, so nothing crosses into it")
    wanting = delivery.not_permitted((leg.state,), at)
    if leg.state != delivery.here.state and wanting:
        return refusal("R16", f"not permitted: {', '.join(wanting)}")
    return ACCEPTED


def _against_departure(delivery: Delivery, at: datetime) -> RuleBroken | None:
    """Why it may not leave now, if it may not (R1, R3)."""
    absent = missing(delivery.plan, delivery.grants, at)
    if absent:
        return RuleBroken("R1", f"no live authorisation of {', '.join(absent)}")
    conflict = conflicting(delivery.plan, delivery.grants)
    if conflict:
        return RuleBroken("R3", f"{', '.join(conflict)} does not allow the consignment to go {delivery.plan.modality}")
    wanting = delivery.not_permitted(delivery.plan.states(), at)
    if wanting:
        return RuleBroken("R16", f"not permitted: {', '.join(wanting)}")
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
    if delivery.parts:
        return "split", "; ".join(f"{part.operation}: {part.outcome}" for part in delivery.ended_parts)
    if halt is None or (delivery.delivered and (delivery.arrested or delivery.satisfied("arrest"))):
        after = f"; then halted: {halt.reason}" if halt is not None else ""
        if delivery.released:
            after = f", {delivery.released} released again{after}"
        if delivery.plan.reverse:
            return "returned_to_sender", f"delivered to the sender; {delivery.arrested} arrested{after}"
        if delivery.plan.ends_with_a_seizure():
            return "interdicted_as_planned", f"seized where the plan ends; {delivery.arrested} arrested{after}"
        if delivery.arrested:
            return "delivered_with_arrests", f"delivered; {delivery.arrested} arrested{after}"
        return "delivered_without_arrest", f"delivered; no arrest{after}"
    if halt.cause == "risk_to_life":
        return "aborted_for_risk_to_life", halt.reason
    if delivery.destroyed:
        return "destroyed", halt.reason
    if delivery.lost and not delivery.secured:
        return "lost_or_stolen", halt.reason
    if halt.cause == "no_show":
        return "no_show", halt.reason
    if halt.cause in ("refused", "modality", "permission"):
        return "refused", halt.reason
    if halt.cause == "expired" or (halt.cause == "silence" and not delivery.dispatched):
        return "expired", halt.reason
    if halt.cause == "withdrawn" or not (delivery.dispatched or delivery.unasked):
        return "withdrawn", halt.reason
    return "interdicted_early", halt.reason


def permits(delivery: Delivery, event: Event, at: datetime) -> None:
    """Return if the rules allow this to be recorded now; raise `RuleBroken` if not. Changes nothing."""
    if delivery.ended:
        raise RuleBroken("R12", "the delivery has ended")
    if isinstance(event, Started) != (len(delivery.ledger) == 0):
        raise RuleBroken("R12", "a ledger starts once")
    match event:
        case Amended():
            _permit_amending(delivery, event)
        case KeysChanged():
            _permit_changing_keys(delivery, event)
        case TakenUp():
            _permit_taking_up(delivery, event, at)
        case Opened():
            _permit_opening(delivery, event, at)
        case Closed():
            _permit_closing(delivery, event)
        case Reminded() | Escalated() | Silence() | Expiring() | Expired():
            if event not in elapsed(delivery, at):
                raise RuleBroken("R2", f"nothing of the kind is due: {event.event}")
        case Deconflicted():
            if not delivery.newer(event):
                raise RuleBroken("R15", "this answer of the register is known, or a newer one is")
        case Cleared(leg=leg):
            _permit_clearing(delivery, leg, at)
        case Halted() if delivery.outcome is not None:
            raise RuleBroken("R12", f"it has been concluded as {delivery.outcome}, and nothing is left to halt")
        case Halted(cause="modality"):
            if not conflicting(delivery.plan, delivery.grants):
                raise RuleBroken("R3", "every State allows this way of handling")
        case Halted(cause="permission"):
            if not delivery.not_permitted(delivery.states_ahead(), at):
                raise RuleBroken("R16", "everything that needs a permission of its own is permitted")
        case Halted():
            raise RuleBroken("R8", f"a halt for {event.cause} follows from a statement or from time, it is not declared")
        case Concluded(outcome=outcome):
            _permit_concluding(delivery, outcome)
        case Ended():
            if delivery.outcome is None:
                raise RuleBroken("R12", "it cannot end without an outcome")
        case LeftOut():
            raise RuleBroken("R23", "a ledger leaves nothing out; only a copy of it does")
        case Asked(checkpoint=name):
            if name not in delivery.progress:
                raise RuleBroken("R17", f"nobody was asked: {name} has not opened")
        case Told() | Started():
            return


def _permit_amending(delivery: Delivery, event: Amended) -> None:
    plan = read_plan(event.plan)
    faults = amending.faults_in(delivery, plan, *delivery.knowing(event))
    if faults:
        raise RuleBroken("R22", "; ".join(map(str, faults)))


def _permit_changing_keys(delivery: Delivery, event: KeysChanged) -> None:
    change = read_change(event.change)
    faults = tuple(faults_of_keys(delivery.directory, change))
    if faults:
        raise RuleBroken("R24", "; ".join(faults))
    if changed(delivery.directory, change) == delivery.directory:
        raise RuleBroken("R24", "nothing of this is new here")


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
    elif delivery.under_way:
        _permit_turn(delivery, planned)
    elif planned.step != "close":
        raise RuleBroken("R8", f"the delivery has halted or split, so {name} does not open")
    if planned is not None and planned.after is not None and not delivery.closed(planned.after):
        raise RuleBroken("R17", f"{name} does not open before {planned.after} has closed")
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
        if _rank(delivery, other) < _rank(delivery, planned) and not delivery.closed(other.id):
            raise RuleBroken("R17", f"{planned.id} does not open before {other.id} has closed")
    if planned.step == "hand_over":
        leg = next(number for number, leg in enumerate(delivery.plan.legs) if leg.start == planned.id)
        if delivery.cleared < leg:
            raise RuleBroken("R5", f"the crossing at {planned.id} has not been cleared")
    consented = any(delivery.closed(one.id) for one in delivery.plan.at("authorise"))
    conflict = _conflict(delivery) if planned.step == "authorise" and not consented else None
    if conflict is not None:
        raise conflict
    if planned.step == "dispatch" and delivery.cleared < 0:
        raise RuleBroken("R1", "departure has not been cleared")


def _rank(delivery: Delivery, planned: PlannedCheckpoint) -> tuple[int, int]:
    """Its place in the order: by step, and on the way by the leg that ends there."""
    leg = delivery.plan.leg_to(planned.id)
    return (ORDER.index("hand_over"), leg) if leg is not None else (ORDER.index(planned.step), 0)


def _permit_closing(delivery: Delivery, event: Closed) -> None:
    progress = delivery.progress.get(event.checkpoint)
    if progress is None or not progress.open:
        raise RuleBroken("R17", f"{event.checkpoint} is not open")
    unresolved = delivery.discrepancy is not None and delivery.discrepancy.checkpoint == event.checkpoint
    if event.result == "satisfied" and (not progress.satisfied or unresolved):
        raise RuleBroken("R17", f"{event.checkpoint} still waits for {', '.join(progress.waiting_for()) or 'a decision'}")
    if event.result == "unanswered" and not (progress.silent and may_stay_unanswered(delivery, event.checkpoint)):
        raise RuleBroken("R2", f"{event.checkpoint} cannot be passed unanswered")
    if event.result == "withdrawn" and delivery.under_way and not unforeseen.moot(delivery, event.checkpoint):
        raise RuleBroken("R17", f"nothing takes {event.checkpoint} back")


def may_stay_unanswered(delivery: Delivery, name: str) -> bool:
    """Silence may close what decides nothing: an acknowledgement, a duty, a team's readiness for the arrest, the closing; a
    conflict that came up after it had left.
    """
    planned = delivery.plan.find(name)
    decided = name.startswith("conflict.") and delivery.dispatched
    return decided or unforeseen.may_stay_unanswered(name) or (planned is not None and planned.step in ("muster", "close"))


def _permit_clearing(delivery: Delivery, leg: int, at: datetime) -> None:
    if delivery.halt is not None:
        raise RuleBroken("R8", "the delivery has been halted")
    if leg != delivery.cleared + 1 or leg >= len(delivery.plan.legs):
        raise RuleBroken("R4", f"legs begin one after another; {leg} is not next")
    conflict = conflicting(delivery.plan, delivery.grants)
    if conflict:
        raise RuleBroken("R3", f"{', '.join(conflict)} does not allow the consignment to go {delivery.plan.modality}")
    ahead = delivery.plan.states() if leg == 0 else (delivery.plan.legs[leg].state,)
    wanting = delivery.not_permitted(ahead, at)
    if wanting:
        raise RuleBroken("R16", f"not permitted: {', '.join(wanting)}")
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
    if delivery.parts and not delivery.ended_parts:
        raise RuleBroken("R12", "it has split, and its parts have not all ended")
    if delivery.halt is not None and not (delivery.secured or delivery.lost or delivery.destroyed or delivery.parts):
        raise RuleBroken("R8", "halted, and the consignment is neither seized nor given up as lost")
    unexplained = open_difference(delivery)
    if unexplained:
        raise RuleBroken("R10", f"the balance does not close: {'; '.join(unexplained)}")
    if (
        delivery.halt is None
        and not delivery.parts
        and not all(delivery.closed(checkpoint.id) for checkpoint in delivery.plan.checkpoints if checkpoint.step != "close")
    ):
        raise RuleBroken("R12", "checkpoints are still open")
    if outcome != conclusion(delivery)[0]:
        raise RuleBroken("R12", f"what happened amounts to {conclusion(delivery)[0]}, not to {outcome}")
