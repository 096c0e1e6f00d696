"""The grounds on which a statement does not count, or not yet, in their order of precedence: the first that is there decides.

The order is the same for every kind. How much a service may say is looked at before and after them (`domain.rules.budget`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from domain.delivery.delivery import Delivery
from domain.delivery.progress import Progress
from domain.delivery.statement import Content, Said
from domain.delivery.verdicts import ACCEPTED, Verdict, early, late, refused, remarked
from domain.plan.plan import Checkpoint
from domain.plan.powers import BETWEEN, POWERS, RUNNING, WITH_PERMISSION, has_power
from domain.plan.vocabulary import Need
from domain.rules.arrival import ArrestReported
from domain.rules.book import Ground, Look, book_of, ground
from domain.rules.contingency import has_opened
from domain.rules.examining import PARTS_WEIGH_OTHERWISE, WEIGHS_OTHERWISE, other_mass, parts_otherwise
from domain.rules.handing_on import FOUND_OTHERWISE, found_otherwise
from domain.rules.kind import Counts, kind_of
from domain.rules.measuring import NOT_SAID_ITSELF, SCALE_UNVERIFIED, not_said_itself, on_an_unverified_scale
from domain.rules.speaking import SAME_OFFICER, SAYS_OTHERWISE, Correction, may_speak, second_officer
from domain.rules.stop import HELD_ELSEWHERE, NO_STOP, Interdicted, ends_as_planned, seized_by
from domain.rules.successors import whose
from domain.signing.keys import key_id
from domain.words.moments import instant, utc_text

CONTRADICTION = refused("R18", "contradiction", "its id was used in entry {entry} for something else", entry="entry")
NAMES_NO_PLAN = refused("R18", "names_no_plan", "it does not say which plan it is about")
UNKNOWN_PLAN = refused("R18", "unknown_plan", "it is about a plan that was never in force here")
NOT_SHARED = refused("R31", "not_shared", "{kind} is said of one consignment, not of several at once", kind="kind")
OTHER_GROUP = refused("R31", "other_group", "it is said of a group, and this delivery is not under that group's digest")
OTHER_PLAN = refused("R18", "other_plan", "it is about a plan that is no longer in force; a consent is to the one that is")
SEEN_MORE = refused(
    "R18", "seen_more", "its service has seen {size} entries, and only {entries} stand here", size="count", entries="count"
)
REVOKED_SINCE = refused(
    "R24",
    "key_revoked_since",
    "the key that signed it was revoked before its time came; say it again with one that counts",
)
HAS_ENDED = late("R12", "has_ended", "the delivery has ended: {outcome}", outcome="word")
HAS_HALTED = refused("R8", "has_halted", "the delivery has been halted and nothing advances")
MAY_NOT_SPEAK = refused(
    "R21", "may_not_speak", "nothing lets {service} speak for {voice} here and now", service="name", voice="name"
)
NOT_RESPONSIBLE = refused("R4", "not_responsible", "{voice} is not the responsible authority now", voice="name")
NEVER_RESPONSIBLE = refused(
    "R4", "never_responsible", "{voice} is not the responsible authority, and was not before", voice="name"
)
NO_GRANT = refused("R1", "no_grant", "{voice} holds no authorisation of this delivery", voice="name")
NO_SUCH_CHECKPOINT = refused(
    "R17", "no_such_checkpoint", "{kind} answers a checkpoint of the delivery; there is none of that name", kind="kind"
)
NAMES_NO_CHECKPOINT = refused(
    "R17", "names_no_checkpoint", "{kind} answers a checkpoint of the delivery; it names none", kind="kind"
)
NOT_ASKED = {
    rule: refused(
        rule,
        f"not_asked_{rule.lower()}",
        "{checkpoint} does not ask {voice} for {need}",
        checkpoint="name",
        voice="name",
        need="word",
    )
    for rule in ("R1", "R6", "R7", "R15", "R16", "R17")
}
NOT_OPEN_YET = early("R17", "not_open_yet", "{checkpoint} has not opened yet; kept until it does", checkpoint="name")
HAS_CLOSED = late("R17", "has_closed", "{checkpoint} has closed; kept, and nothing already decided changes", checkpoint="name")
ANSWERED = refused(
    "R17",
    "answered",
    "{voice} has already answered {need} at {checkpoint}; what was wrong is corrected",
    voice="name",
    need="word",
    checkpoint="name",
)
NO_POWER = refused("R29", "no_power", "{service} is of a kind that has no power for {need}", service="name", need="word")
NO_POWER_THERE = refused(
    "R29", "no_power_there", "{voice} has no power for {need} in {state}", voice="name", need="word", state="name"
)
NO_LEAVE = refused(
    "R29",
    "no_leave",
    "{state} does not permit {voice} to act there now, which is no service of its own",
    state="name",
    voice="name",
)
MAY_NOT_RUN = refused(
    "R4",
    "may_not_run",
    "by the rule card of {state} its {what} may not carry out a controlled delivery: {need} is not its to say here",
    state="name",
    what="word",
    need="word",
)
WITHOUT_PART = remarked(
    "R29", "without_part", "done in {state}, which is neither on the route, nor asked, nor outside", state="name"
)
AFTER_CONSENT = remarked(
    "R29",
    "after_consent",
    "done in {state}, where no authorisation was live any more ({happened_at})",
    state="name",
    happened_at="instant",
)
CONDITION = refused(
    "R19",
    "condition_unmet",
    "condition {condition} of {state} binds here, and the answer does not say that it is met",
    condition="name",
    state="name",
)


@ground(CONTRADICTION)
def another_content_under_its_id(delivery: Delivery, said: Said) -> Verdict | None:
    """Its id was used before, for something else (R18)."""
    first = delivery.state.statements.first(said.statement.id)
    return CONTRADICTION(entry=first.seq) if first is not None and first.seq != said.seq else None


@ground(NAMES_NO_PLAN, UNKNOWN_PLAN, OTHER_PLAN)
def another_plan(delivery: Delivery, said: Said) -> Verdict | None:
    """It is about no plan of this delivery, or consents to one that is not in force (R18). A brake is never refused for it, and
    what is said of a group is looked at for that.
    """
    binding, plan = kind_of(said.statement).bound_to(), said.statement.plan
    if binding == "brake" or said.statement.members is not None:
        return None
    if plan is None:
        return NAMES_NO_PLAN()
    if not delivery.state.has_had_plan(plan):
        return UNKNOWN_PLAN()
    return OTHER_PLAN() if binding == "consent" and plan != delivery.state.plan_digest else None


@ground(NOT_SHARED, OTHER_GROUP, OTHER_PLAN)
def another_group(delivery: Delivery, said: Said) -> Verdict | None:
    """It is said of several consignments at once (R31), and its kind is said of one alone, or they are of another group; or it
    consents, and the plan in force is not the one under the group's digest any more. No brake that may be shared is refused for
    its group.
    """
    group, kind = delivery.plan.group, kind_of(said.statement)
    if said.statement.members is None:
        return None
    if not kind.may_be_shared():
        return NOT_SHARED(kind=said.content.kind)
    if kind.bound_to() == "brake":
        return None
    if group is None or said.statement.plan != group.digest:
        return OTHER_GROUP()
    return OTHER_PLAN() if kind.bound_to() == "consent" and len(delivery.state.plans) > 1 else None


@ground(SEEN_MORE)
def another_history(delivery: Delivery, said: Said) -> Verdict | None:
    """It consents or decides, and its service has seen more entries than there are (R18)."""
    seen, binding = said.statement.seen, kind_of(said.statement).bound_to()
    if seen is None or binding in ("brake", "word") or seen.size <= said.seq:
        return None
    return SEEN_MORE(size=seen.size, entries=said.seq)


@ground(REVOKED_SINCE)
def by_a_key_that_was_revoked(delivery: Delivery, said: Said) -> Verdict | None:
    """It came early, and a key that signed it has been revoked since (R24): who had that key would still move something."""
    ended = ((one, one.revoked_at) for one in delivery.directory.get(said.service).keys if one.revoked_at is not None)
    revoked = (key_id(one.public) for one, at in ended if instant(at) <= said.at)
    return REVOKED_SINCE() if any(one in said.keys for one in revoked) else None


@ground(HAS_ENDED)
def after_the_outcome(delivery: Delivery, said: Said) -> Verdict | None:
    """The delivery has its outcome, and its kind counts no more after that (R12)."""
    outcome = delivery.state.outcome
    if outcome is None or kind_of(said.statement).counts(delivery, said) & Counts.CONCLUDED:
        return None
    return HAS_ENDED(outcome=outcome)


@ground(HAS_HALTED)
def after_a_halt(delivery: Delivery, said: Said) -> Verdict | None:
    """The delivery has been halted, and its kind counts no more after that (R8)."""
    halted = delivery.state.halt is not None
    return HAS_HALTED() if halted and not kind_of(said.statement).counts(delivery, said) & Counts.HALTED else None


@ground(MAY_NOT_SPEAK)
def for_another_service(delivery: Delivery, said: Said) -> Verdict | None:
    """It is said for another service, which has not delegated it and whose ladder has not come to this one (R21)."""
    return None if may_speak(delivery, said) else MAY_NOT_SPEAK(service=said.service, voice=said.voice)


@ground(NO_STOP)
def no_stop_to_acknowledge(delivery: Delivery, said: Said) -> Verdict | None:
    """It acknowledges a stop, and nothing has stopped (R8)."""
    return NO_STOP() if said.content.kind == "stop_acknowledged" and delivery.state.halt is None else None


@ground(NOT_RESPONSIBLE, NEVER_RESPONSIBLE)
def not_the_responsible_authority(delivery: Delivery, said: Said) -> Verdict | None:
    """It is the responsible authority's to say, and this is another (R4); or of who is or was that, and this one has none of the
    `charges`.
    """
    by = kind_of(said.statement).declares.by
    if by == "responsible" and said.voice != delivery.state.responsible:
        return NOT_RESPONSIBLE(voice=said.voice)
    ever = any(one.service == said.voice for one in delivery.state.charges)
    return NEVER_RESPONSIBLE(voice=said.voice) if by == "ever_responsible" and not ever else None


@ground(NO_GRANT)
def without_an_authorisation(delivery: Delivery, said: Said) -> Verdict | None:
    """It is to be said by who holds an authorisation, and this service holds none, nor one in whose place it has come, or
    one that is provisional or was withdrawn (R1).
    """
    grant = delivery.state.grants.get(whose(delivery.state, said, delivery.state.grants))
    holds = grant is not None and grant.final
    return NO_GRANT(voice=said.voice) if kind_of(said.statement).declares.by == "grantor" and not holds else None


@ground(NAMES_NO_CHECKPOINT)
def no_checkpoint(delivery: Delivery, said: Said) -> Verdict | None:
    """It is said by who is asked, and names no checkpoint: it must, or no open one asks this service for it (R17)."""
    declares = kind_of(said.statement).declares
    if declares.by != "asked" or said.checkpoint:
        return None
    asked = any(one.open and declares.answers in one.checkpoint.needs_of(said.voice) for one in delivery.state.progress.values())
    return None if asked and not declares.names_checkpoint else NAMES_NO_CHECKPOINT(kind=said.content.kind)


@ground(NO_SUCH_CHECKPOINT, HAS_CLOSED)
def no_checkpoint_of_that_name(delivery: Delivery, said: Said) -> Verdict | None:
    """No checkpoint that it names is planned or open (R17). It is late for one that no plan held and that has closed."""
    if (turn := _turn(delivery, said)) is None or turn.checkpoint is not None:
        return None
    over = has_opened(delivery.state, book_of(delivery).contingencies, turn.name)
    return HAS_CLOSED(checkpoint=turn.name) if over else NO_SUCH_CHECKPOINT(kind=said.content.kind)


@ground(*NOT_ASKED.values())
def not_asked_there(delivery: Delivery, said: Said) -> Verdict | None:
    """The checkpoint does not ask this service for it: by the rule that says who may say it."""
    if (turn := _turn(delivery, said)) is None or turn.checkpoint is None or turn.need in turn.checkpoint.needs_of(said.voice):
        return None
    rule = kind_of(said.statement).declares.rule
    return NOT_ASKED[rule](checkpoint=turn.name, voice=said.voice, need=turn.need)


@ground(NOT_OPEN_YET, HAS_CLOSED)
def not_open(delivery: Delivery, said: Said) -> Verdict | None:
    """The checkpoint is not open: it is early or late (R17)."""
    if (turn := _turn(delivery, said)) is None:
        return None
    if turn.progress is None:
        return NOT_OPEN_YET(checkpoint=turn.name)
    return None if turn.progress.open else HAS_CLOSED(checkpoint=turn.name)


@ground(ANSWERED)
def answered_already(delivery: Delivery, said: Said) -> Verdict | None:
    """This service has answered it there (R17). What it has `refused` there it may still permit."""
    turn = _turn(delivery, said)
    if turn is None or turn.progress is None or (said.voice, turn.need) not in turn.progress.answers:
        return None
    if turn.progress.refused and kind_of(said.statement).is_yes():
        return None
    return ANSWERED(voice=said.voice, need=turn.need, checkpoint=turn.name)


@ground(NO_POWER, NO_POWER_THERE, NO_LEAVE)
def without_power(delivery: Delivery, said: Said) -> Verdict | None:
    """It is an act of public authority (R29), and the kind of its service, or of its `voice`, has no power for it (`no_power`);
    or its `voice` is of another State than the one where it is done, and it is not `prepared`, `dispatched` or `delivered`, or
    it does not travel along there (`no_power_there`), or that State does not permit `foreign_officers` now (`no_leave`).
    Who offers and who accepts custody may be of another State. It is done in the State of the checkpoint that asks for it; a
    seizure that interdicts, where the consignment is; an `arrest_reported`, in the State of its `voice`.
    """
    need, voice = _act(said), delivery.directory.find(said.voice)
    if need is None or voice is None:
        return None
    for one in (voice, delivery.directory.find(said.service)):
        if one is not None and not has_power(one, need):
            return NO_POWER(service=one.id, need=need)
    there = _where(delivery, said)
    if need in BETWEEN or voice.state == there:
        return None
    if need not in WITH_PERMISSION or not delivery.plan.accompanies(voice.id, there):
        return NO_POWER_THERE(voice=voice.id, need=need, state=there)
    permitted = delivery.consents.permitted(there, "foreign_officers", said.at)
    return None if permitted else NO_LEAVE(state=there, voice=voice.id)


@ground(MAY_NOT_RUN)
def who_may_not_run_one(delivery: Delivery, said: Said) -> Verdict | None:
    """A checkpoint of the plan asks for `prepared`, `arrest` or `seizure`, and by the card of its State the kind of its `voice`,
    or of its `service` in the place of that, may not carry out such a delivery (R4). To interdict is a brake, and is never
    refused for that.
    """
    declares = kind_of(said.statement).declares
    need = declares.answers if declares.confirms and declares.by == "asked" else None  # to interdict nobody need be asked
    if need not in RUNNING or delivery.plan.find(said.checkpoint) is None:
        return None
    for name in (said.voice, said.service):
        one = delivery.directory.get(name)
        card = delivery.cards.get(one.state or "")
        if card is not None and card.excludes(one.kind, "run", delivery.plan.case):
            return MAY_NOT_RUN(state=card.state, what=one.kind, need=need)
    return None


@ground(CONDITION)
def a_condition_is_not_met(delivery: Delivery, said: Said) -> Verdict | None:
    """It says yes where a condition binds, of a State that the plan asks or `touches`, and does not say that it is met (R19)."""
    bound = delivery.consents.binding(said.checkpoint or "") if _is_a_yes(delivery, said) else ()
    unmet = ((state, number) for state, number, _ in bound if number not in said.statement.fulfils)
    return next((CONDITION(condition=number, state=state) for state, number in unmet), None)


@ground(SAME_OFFICER, SAYS_OTHERWISE)
def no_second_officer(delivery: Delivery, said: Said) -> Verdict | None:
    """It says yes after a first officer, and is no second one's signature under the same (R20)."""
    need, progress = kind_of(said.statement).declares.answers, delivery.state.progress.get(said.checkpoint)
    if need is None or progress is None or not _is_a_yes(delivery, said):
        return None
    return second_officer(said, progress.firsts.get((said.voice, need)))


@ground()
def its_own(delivery: Delivery, said: Said) -> Verdict | None:
    """What only its kind looks at."""
    verdict = kind_of(said.statement).judge(delivery, said)
    return None if verdict == ACCEPTED else verdict


GROUNDS: tuple[Ground, ...] = (
    another_content_under_its_id,
    another_plan,
    another_group,
    another_history,
    by_a_key_that_was_revoked,
    after_the_outcome,
    after_a_halt,
    for_another_service,
    no_stop_to_acknowledge,
    not_the_responsible_authority,
    without_an_authorisation,
    no_checkpoint,
    no_checkpoint_of_that_name,
    not_asked_there,
    not_open,
    answered_already,
    without_power,
    who_may_not_run_one,
    a_condition_is_not_met,
    no_second_officer,
    its_own,
)
"""The order of precedence, as the law is."""


@ground(WITHOUT_PART)
def where_no_state_has_a_part(delivery: Delivery, said: Said) -> Verdict | None:
    """It counts: it is an act (R29), and has been done. But the State where it was done is not on the route, the plan asks nobody
    there to authorise, and does not say in `outside` why not. A State arrests on its own soil by its own law. To interdict is a
    brake.
    """
    need, there = _act(said), _where(delivery, said)
    return WITHOUT_PART(state=there) if need not in (None, "interdiction") and not delivery.plan.has_part(there) else None


@ground(AFTER_CONSENT)
def after_its_consent(delivery: Delivery, said: Said) -> Verdict | None:
    """It counts: it is an act (R29), and has been done. But the State where it was done, which the plan asks to authorise, had no
    live authorisation when it happened, or now where that is earlier. To interdict none is needed.
    """
    need, there = _act(said), _where(delivery, said)
    if need in (None, "interdiction") or not delivery.plan.authorities(there):
        return None
    at = min(instant(said.statement.happened_at), said.at)
    return None if delivery.consents.authorised(there, at) else AFTER_CONSENT(state=there, happened_at=utc_text(at))


@ground(NOT_SAID_ITSELF)
def by_leave_of_who_has_not_said_so(delivery: Delivery, said: Said) -> Verdict | None:
    """It counts, and of who is named as having allowed that something in it is not measured, some have `not_said_itself` (R7). Of
    a correction it is what it says now.
    """
    content = said.content.content if isinstance(said.content, Correction) else said.content
    return not_said_itself(delivery, content)


@ground(HELD_ELSEWHERE)
def held_where_it_is_not(delivery: Delivery, said: Said) -> Verdict | None:
    """It counts: the consignment was interdicted. But whom it names as who holds it is `elsewhere`, and is not its holder (R30).
    Of a correction it is what it says now.
    """
    correction = said.content if isinstance(said.content, Correction) else None
    content = correction.content if correction is not None else said.content
    if not isinstance(content, Interdicted):
        return None
    known = content.elsewhere(delivery.state, seized_by(delivery.state) if correction is not None else said.voice)
    return HELD_ELSEWHERE(held_by=known.id, state=known.state or "-") if known is not None else None


def _of_what_is_reported(look: Callable[[Delivery, Content, str], Verdict | None]) -> Look:
    """What is remarked of a report or of what corrects one."""

    def looked(delivery: Delivery, said: Said) -> Verdict | None:
        content = said.content
        if isinstance(content, Correction):
            return look(delivery, content.content, content.of)
        return look(delivery, content, said.statement.id)

    looked.__doc__, looked.__name__ = look.__doc__, look.__name__
    return looked


REMARKS: tuple[Ground, ...] = (
    where_no_state_has_a_part,
    after_its_consent,
    by_leave_of_who_has_not_said_so,
    held_where_it_is_not,
    ground(WEIGHS_OTHERWISE)(_of_what_is_reported(other_mass)),
    ground(PARTS_WEIGH_OTHERWISE)(_of_what_is_reported(parts_otherwise)),
    ground(SCALE_UNVERIFIED)(on_an_unverified_scale),
    ground(FOUND_OTHERWISE)(found_otherwise),
)
"""What is remarked of a statement that counts."""


def _act(said: Said) -> Need | None:
    """Which act of public authority it says was done; none: it says something else."""
    if isinstance(said.content, ArrestReported):
        return "arrest"  # which nobody has asked for
    declares = kind_of(said.statement).declares
    return declares.answers if declares.confirms and declares.answers in POWERS else None


def _where(delivery: Delivery, said: Said) -> str:
    """The State in which it was done: of the checkpoint that asks for it, or else where the consignment is; of an arrest that
    nobody asked for, that of its `voice`.
    """
    if isinstance(said.content, ArrestReported):
        return delivery.directory.get(said.voice).state or ""
    planned = delivery.plan.find(said.checkpoint) if kind_of(said.statement).declares.by == "asked" else None
    return planned.state if planned is not None else delivery.state.here.state


@dataclass(frozen=True)
class _Turn:
    """Where who is asked answers what."""

    name: str
    need: Need
    checkpoint: Checkpoint | None
    """As it is asked, or will be; none where there is none of that name."""
    progress: Progress | None
    """None where it has not opened."""


def _turn(delivery: Delivery, said: Said) -> _Turn | None:
    """The checkpoint that a statement of who is asked names, if it names one."""
    declares, name = kind_of(said.statement).declares, said.checkpoint
    if declares.by != "asked" or not name:
        return None
    assert declares.answers is not None  # noqa: S101 - the book checks that whoever is asked answers something
    progress = delivery.state.progress.get(name)
    return _Turn(name, declares.answers, progress.checkpoint if progress is not None else delivery.plan.find(name), progress)


def _is_a_yes(delivery: Delivery, said: Said) -> bool:
    """Whether conditions and second officers count: for an answer that says yes, and a seizure with which the plan ends."""
    if kind_of(said.statement).declares.by == "asked":
        return bool(said.checkpoint) and kind_of(said.statement).is_yes()
    return said.content.kind == "interdicted" and not delivery.state.secured and ends_as_planned(delivery.state, said)
