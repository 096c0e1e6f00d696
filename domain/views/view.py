"""What people are shown of a delivery: one summary for each reader (R11), made by one pure function, for the command line, the
API, the web desk and Temporal's own UI alike.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from domain.delivery import unforeseen
from domain.delivery.consents import Afresh
from domain.delivery.delivery import Delivery, remarks_of
from domain.delivery.grants import Grant
from domain.delivery.holdings import WITH_ANOTHER, amounts, exhibits
from domain.delivery.progress import Progress, RequestStanding
from domain.delivery.requests import CorrectedByOne, SignedByOne
from domain.delivery.verdicts import Cause, Finding
from domain.delivery.vocabulary import Outcome
from domain.plan.cards import Form
from domain.plan.directory import Service
from domain.plan.goods import Amount
from domain.plan.plan import Plan, Surveillance
from domain.plan.request_for_consent import digest_of_request
from domain.plan.vocabulary import Need
from domain.rules.coming import stays_open_until
from domain.rules.exhibits import to_hand_on
from domain.rules.siblings import lacking, standing_of
from domain.rules.urgency import written_by
from domain.signing.canonical import Frozen
from domain.views import aftermath
from domain.views.aftermath import ArrestsView, ProsecutionView, TransferView, WatchLogView
from domain.views.correcting import corrected_by_one
from domain.views.noted import noted
from domain.views.second import signed_by_one
from domain.views.sentences import say_plainly
from domain.views.sight import Sight, everybody_named, length, rule_of_halt, sees, sight, what_halted, why_halted
from domain.views.unasked import may_say
from domain.words.codes import RuleNumber
from domain.words.limits import MOST_BY_TWO
from domain.words.moments import utc_text
from domain.words.quantities import Milligrams
from domain.words.text import in_markdown

Phase = Literal["consent", "preparation", "departure", "under_way", "arrest", "accounting", "held", "halted", "ended"]
_BY_ONE: Any = Field(max_length=MOST_BY_TWO, exclude_if=lambda signed: not signed)
"""Of so much at most a second officer is waited for."""


class Awaited(Frozen):
    """One service that an open checkpoint waits for."""

    service: str
    says: tuple[Need, ...]
    standing: RequestStanding
    signed_by_one: Annotated[tuple[SignedByOne, ...], _BY_ONE] = ()
    """For the service whose officer has signed, and nobody else: a second one must."""


class OpenCheckpoint(Frozen):
    """One open checkpoint."""

    checkpoint: str
    place: str
    since: str
    due: str | None
    overdue: bool
    services: tuple[Awaited, ...]


class Consent(Frozen):
    """One authority's authorisation."""

    state: str
    service: str
    valid_until: str
    live: bool
    provisional: bool
    form: Form
    """How it was given; `written` once the writing has followed."""
    given_at: str | None
    """When it was given, where it was not written then."""
    written_by: str | None
    """By when it is to be written, or it ends; none where it is."""
    conditions: tuple[str, ...]
    request_has_changed: bool
    """Whether the request to this State has changed since, in nothing that it decides on: its consent stands (R22)."""
    afresh: Annotated[Afresh | None, Field(exclude_if=lambda afresh: afresh is None)] = None
    """Where it has changed in something that this State decides on (R22): the State is `asked` afresh, and until it has answered
    this consent does not carry what is planned now; or it has `decided` afresh, and this one is to what was planned before.
    """


class Position(Frozen):
    """Where the consignment is and who is responsible for it now (R4)."""

    state: str
    leg: str | None
    means: str
    responsible: str
    held_by: Annotated[str | None, Field(exclude_if=lambda service: service is None)] = None
    """Who holds it still, where the responsible authority has not received it (R30)."""
    gross: Milligrams | None
    seals: tuple[str, ...]
    packages: int | None
    last_seen: str | None


class ExhibitView(Frozen):
    """Who holds an exhibit, or what became of it (R30)."""

    label: str
    what: str
    contents: tuple[Amount, ...]
    """As far as it was weighed or counted."""
    holder: str | None
    offered_to: str | None
    net: Milligrams | None
    """Of a part of a lot that was divided, where it was weighed."""
    spent: Milligrams
    left: Milligrams | None
    """What laboratories have left of it; none where none has weighed it."""
    fate: str | None
    travels: bool
    """It is on its way, as the consignment or inside it, or it is a recorder that somebody carries."""
    inside: bool
    """It is in the consignment, and has its holder and its fate."""
    entry: int
    """What was last said of it; 0 where nothing was since it became an exhibit."""


class StopView(Frozen):
    """One stop on the route, for a picture of it."""

    checkpoint: str
    place: str
    state: str
    passed: bool


class HoldView(Frozen):
    """That nothing moves until it is decided whether it goes on (R8)."""

    by: str | None
    """Who ordered it; none: what it goes by is not permitted any more (R16)."""
    entry: int
    since: str
    until: str | None
    """When silence ends it; none until that is asked."""


class SiblingView(Frozen):
    """Another consignment of the same operation, for who sees the whole."""

    delivery: str
    stands: Literal["held", "stopped", "danger", "ended"] | None
    """The last that was heard of it here; none while it goes on."""


class WaitView(Frozen):
    """A checkpoint that waits for siblings (R31)."""

    checkpoint: str
    until: str
    lacking: int
    """Of how many it waits for something still."""
    of: tuple[str, ...]
    """Of which, for who sees the whole."""


class GroupView(Frozen):
    """The operation of several consignments that this is one of."""

    code: str
    digest: str
    number: int
    held_back: bool
    siblings: tuple[SiblingView, ...]
    """For who sees the whole: others hear nothing of them but that something waits."""
    waits: tuple[WaitView, ...]


class Remark(Frozen):
    """What the rules remark of an entry that counts."""

    entry: int
    finding: Finding


class Because(Frozen):
    """Why nothing advances and what does not fit, as codes: for who says it in another language."""

    halted: Finding | Cause | None = None
    """What was found, or what it was in general for those whose word it was not (R11)."""
    rule: RuleNumber | None = None
    """Of what halted it."""
    discrepancy: tuple[Finding, ...] = ()
    unbalanced: tuple[Finding, ...] = ()
    let_pass: tuple[Finding, ...] = ()
    """What is otherwise in the mass balance within the plan's tolerances, so that nobody is asked why (R10)."""
    remarked: tuple[Remark, ...] = ()
    """What counts, and of which the rules remark something (R29, R30); and silences with which something ended (R16)."""
    out_of_sight: str | None = None
    """Since when."""


class DeliveryView(Frozen):
    """The summary, of the whole or of the reader's part."""

    delivery: str
    whole: bool
    """Whether this is all of it; if not, it is the part that the reader needs to know (R11)."""
    title: str | None
    phase: Phase
    position: Position | None
    """None: it is outside the reader's section of the route."""
    checkpoints: tuple[str, ...]
    """Every checkpoint that is the reader's to see, passed, open or ahead."""
    route: tuple[StopView, ...]
    waiting: tuple[OpenCheckpoint, ...]
    consents: tuple[Consent, ...]
    discrepancy: str | None
    unbalanced: tuple[str, ...]
    """What does not close in the mass balance and nobody has explained yet (R10)."""
    exhibits: tuple[ExhibitView, ...]
    """Who holds what: of a part, what services of its reader's State hold, are offered, or have taken out or seized."""
    out_of_sight: str | None
    """Since when and why, while it lasts (R9)."""
    closer: Annotated[Surveillance | None, Field(exclude_if=lambda watch: watch is None)] = None
    """How closely it is watched on, until the States have consented to the looser watch of the plan in force (R22)."""
    held: HoldView | None
    halted: str | None
    because: Because = Because()
    diverged: int | None
    """The entry which says that the archive has another history, until it is decided how to go on (R18)."""
    arrests: ArrestsView | None = None
    """Who was arrested, by role; none that is the reader's to see."""
    watch_log: WatchLogView | None = None
    """What the surveillance log covers, and where it has gaps (R9); there is none."""
    prosecutions: tuple[ProsecutionView, ...] = ()
    """Which State prosecutes whom."""
    transfers: tuple[TransferView, ...] = ()
    """Proceedings that a State was asked to take over."""
    group: Annotated[GroupView | None, Field(exclude_if=lambda group: group is None)] = None
    """None: it is of no group."""
    recorders: tuple[str, ...] = ()
    """Labels of recorders that somebody who cooperates carries still."""
    may_say: tuple[str, ...] = ()
    """Kinds of what the reader may say by itself now, unasked."""
    corrected_by_one: Annotated[
        tuple[CorrectedByOne, ...], Field(max_length=MOST_BY_TWO, exclude_if=lambda signed: not signed)
    ] = ()
    """Corrections that an officer of the reader has signed, and nobody else's: a second one must."""
    outcome: Outcome | None
    stays_open_until: str | None = None
    """After its outcome, until when it can be said what becomes of what is still held (R30); none: it waits for none of that."""
    started_at: str
    plan: str
    """SHA-256 of the payload of the plan in force."""
    entries: int
    root: str
    at: str


def view(delivery: Delivery, reader: Service, now: datetime) -> DeliveryView:
    """The delivery as it stands at `now`, as far as it is this reader's to see."""
    seen = sight(delivery, reader)
    here = seen.whole or (delivery.state.leg or 0) in seen.legs
    found = delivery.state.discrepancy
    fits = found is None or not (seen.whole or found.checkpoint in seen.checkpoints)
    balances = not (seen.whole or _explains(delivery, seen))
    return DeliveryView(
        delivery=delivery.plan.operation,
        whole=seen.whole,
        title=delivery.plan.title if seen.whole else None,
        phase=phase(delivery),
        position=_position(delivery) if here else None,
        checkpoints=tuple(dict.fromkeys((*(one.id for one in delivery.plan.checkpoints), *delivery.state.every_checkpoint())))
        if seen.whole
        else seen.checkpoints,
        route=tuple(stop for stop in route(delivery) if seen.whole or stop.checkpoint in seen.checkpoints),
        waiting=tuple(
            _waiting(delivery, name, progress, seen)
            for name, progress in delivery.state.progress.items()
            if progress.open and (seen.whole or name in seen.checkpoints)
        ),
        consents=tuple(
            _consent(delivery, grant, now)
            for grant in delivery.state.grants.values()
            if seen.whole or seen.own(grant.service, delivery)
        ),
        discrepancy=None if fits else differs(delivery),
        unbalanced=() if balances else unbalanced(delivery),
        exhibits=tuple(_exhibits(delivery, seen)),
        out_of_sight=_out_of_sight(delivery, why=here),
        closer=delivery.state.watch if here and delivery.state.watch != delivery.plan.surveillance else None,
        held=held(delivery),
        halted=why_halted(delivery, seen),
        because=Because(
            halted=what_halted(delivery, seen),
            rule=rule_of_halt(delivery, seen),
            discrepancy=() if fits or found is None else found.differs,
            unbalanced=() if balances else delivery.balance.unexplained(),
            let_pass=() if balances else delivery.balance.let_pass(),
            remarked=tuple(
                Remark(entry=entry.seq, finding=finding)
                for entry in noted(delivery.ledger).remarked
                if sees(delivery, seen, entry)
                for finding in remarks_of(entry)
            ),
            out_of_sight=utc_text(delivery.state.gap.began) if delivery.state.gap is not None else None,
        ),
        diverged=delivery.state.divergence.seq if delivery.state.divergence is not None else None,
        arrests=aftermath.arrests(delivery, seen),
        watch_log=aftermath.watch_log(delivery, seen),
        prosecutions=aftermath.prosecutions(delivery, seen),
        transfers=aftermath.transfers(delivery, seen),
        group=_group(delivery, seen),
        recorders=aftermath.recorders(delivery, seen),
        may_say=may_say(delivery, reader),
        corrected_by_one=corrected_by_one(delivery, reader),
        outcome=delivery.state.outcome,
        stays_open_until=_stays_open_until(delivery),
        started_at=utc_text(delivery.state.began),
        plan=delivery.state.plan_digest,
        entries=length(delivery, seen),
        root=delivery.ledger.root_at(length(delivery, seen)),
        at=utc_text(now),
    )


def _consent(delivery: Delivery, grant: Grant, now: datetime) -> Consent:
    changed = grant.request != digest_of_request(delivery.plan, grant.state)
    afresh = delivery.consents.afresh(grant) if changed else None
    return Consent(
        state=grant.state,
        service=grant.service,
        valid_until=utc_text(grant.valid_until),
        live=grant.live(now),
        provisional=grant.provisional,
        form=grant.form,
        given_at=utc_text(grant.given_at) if grant.given_at is not None else None,
        written_by=_to_be_written(delivery, grant),
        conditions=tuple(one.text if one.at is None else f"{one.at}: {one.text}" for one in grant.conditions),
        request_has_changed=changed and afresh is None,
        afresh=afresh,
    )


def _to_be_written(delivery: Delivery, grant: Grant) -> str | None:
    due = written_by(delivery, grant.service) if grant.form != "written" else None
    return utc_text(due) if due is not None else None


def _group(delivery: Delivery, seen: Sight) -> GroupView | None:
    group, state = delivery.plan.group, delivery.state
    if group is None:
        return None
    others, waits = [name for name in group.members if name != delivery.plan.operation], []
    for name, until in state.siblings.waiting.items():
        planned = delivery.plan.find(name)
        missing = lacking(state, planned) if planned is not None and state.under_way else ()
        if missing and (seen.whole or name in seen.checkpoints):
            of = tuple(dict.fromkeys(one.delivery for one in missing))
            waits.append(WaitView(checkpoint=name, until=utc_text(until), lacking=len(of), of=of if seen.whole else ()))
    return GroupView(
        code=group.code,
        digest=group.digest,
        number=delivery.plan.number,
        held_back=delivery.plan.held_back,
        siblings=tuple(SiblingView(delivery=name, stands=standing_of(state, name)) for name in others if seen.whole),
        waits=tuple(waits),
    )


def _stays_open_until(delivery: Delivery) -> str | None:
    until = None if delivery.state.ended else stays_open_until(delivery)
    return utc_text(until) if until is not None else None


def differs(delivery: Delivery) -> str | None:
    """What did not fit at a check and waits for a decision (R7), in words."""
    found = delivery.state.discrepancy
    return "; ".join(map(say_plainly, found.differs)) if found is not None else None


def unbalanced(delivery: Delivery) -> tuple[str, ...]:
    """What does not close in the mass balance and nobody has explained yet (R10), in words."""
    return tuple(map(say_plainly, delivery.balance.unexplained()))


def held(delivery: Delivery) -> HoldView | None:
    """By whose hold it is held, since when and until when. Everybody who takes part is told it."""
    state, hold = delivery.state, delivery.state.hold
    if hold is None or not state.under_way:
        return None
    until = next((one.due for one in state.open_checkpoints() if one.contingency == unforeseen.HOLD), None)
    return HoldView(
        by=hold.by,
        entry=hold.seq,
        since=utc_text(hold.since),
        until=utc_text(until) if until is not None else None,
    )


def _exhibits(delivery: Delivery, seen: Sight) -> Iterator[ExhibitView]:
    for label, one in exhibits(delivery.state).items():
        others = (delivery.state.responsible,) if one.fate == WITH_ANOTHER else ()  # who may receive it
        whose = [service for service in (one.holder, one.by, one.offered_to, *others) if service]
        if seen.whole or any(seen.own(service, delivery) for service in whose):
            yield ExhibitView(
                label=label,
                what=one.what,
                contents=amounts(delivery.state, label),
                holder=one.holder,
                offered_to=one.offered_to,
                net=one.net,
                spent=one.spent,
                left=one.left,
                fate=one.fate,
                travels=one.travels,
                inside=one.inside,
                entry=one.entry,
            )


def _explains(delivery: Delivery, seen: Sight) -> bool:
    """Whether the reader is asked why the balance does not close."""
    progress = (delivery.state.seen(name) for name in seen.checkpoints)
    return any(one is not None and one.contingency == unforeseen.BALANCE for one in progress)


def phase(delivery: Delivery) -> Phase:
    """The one word for how far it has come."""
    if delivery.state.ended:
        return "ended"
    if delivery.state.halt is not None:
        return "halted"
    if held(delivery) is not None:
        return "held"
    if delivery.state.delivered:
        return "arrest" if not all(map(delivery.state.closed, ids(delivery.plan, "arrest"))) else "accounting"
    if delivery.state.dispatched:
        return "under_way"
    if delivery.state.passed("prepare"):
        return "accounting" if delivery.plan.held_back else "departure"
    if delivery.state.passed("authorise"):
        return "preparation"
    return "consent"


def ids(plan: Plan, step: str) -> tuple[str, ...]:
    """Ids of the checkpoints of a step."""
    return tuple(checkpoint.id for checkpoint in plan.checkpoints if checkpoint.step == step)


def route(delivery: Delivery) -> tuple[StopView, ...]:
    """The stops of the route in order, and which are behind the consignment; of what is held back, where it stays (R31)."""
    plan = delivery.plan
    names = [plan.legs[0].start, *(leg.end for leg in plan.legs if not plan.held_back)]
    behind = 0 if delivery.state.leg is None else delivery.state.leg + 1
    if delivery.state.delivered:
        behind = len(names)
    stops = []
    for number, name in enumerate(names):
        checkpoint = plan.find(name)
        if checkpoint is not None:
            passed = number < behind
            stops.append(StopView(checkpoint=name, place=checkpoint.place, state=checkpoint.state, passed=passed))
    return tuple(stops)


def markdown(shown: DeliveryView) -> str:
    """The summary as Temporal's UI shows it on the workflow's page, in Markdown: what others have written is words."""
    where, words = shown.position, in_markdown
    outcome = f", {words(shown.outcome)}" if shown.outcome else ""
    lines = [f"{words(shown.delivery)}: {words(shown.phase.replace('_', ' '))}{outcome}", ""]
    if where is not None:
        left = "" if where.leg is not None else "; it has not left yet"
        lines.append(f"- responsible now: {words(where.responsible)} ({words(where.state)}){left}")
    if shown.held is not None:
        until = f", until {shown.held.until}" if shown.held.until is not None else ""
        by = f"by {words(shown.held.by)} " if shown.held.by is not None else "for want of a permission "
        lines.append(f"- **held** {by}since {shown.held.since}{until}: nothing moves")
    if shown.halted:
        lines.append(f"- **halted** {words(shown.halted)}")
    if shown.discrepancy:
        lines.append(f"- **discrepancy**: {words(shown.discrepancy)}")
    lines += [f"- **does not balance**: {words(one)}" for one in shown.unbalanced]
    lines += [f"- within the tolerances: {words(say_plainly(one))}" for one in shown.because.let_pass]
    if shown.diverged is not None:
        lines.append(f"- **record put back** entry {shown.diverged}: the archive has another history of it")
    if shown.out_of_sight:
        lines.append(f"- **out of sight** {words(shown.out_of_sight)}")
    for held_up in shown.group.waits if shown.group is not None else ():
        lines.append(f"- {words(held_up.checkpoint)} waits for {held_up.lacking} of its siblings until {held_up.until}")
    for wait in shown.waiting:
        who = ", ".join(f"{words(one.service)} ({one.standing})" for one in wait.services if one.standing != "answered")
        due = f", due {wait.due}" if wait.due else ""
        lines.append(f"- {words(wait.checkpoint)} waits for {who or 'a decision'}{due}{' **overdue**' if wait.overdue else ''}")
    lines.append(f"- ledger: {shown.entries} entries, root {words(shown.root[:16])}")
    return "\n".join(lines)


def _out_of_sight(delivery: Delivery, *, why: bool) -> str | None:
    """That it is, everybody is told who is to look out for it; why, those whose leg it is on."""
    if delivery.state.gap is None:
        return None
    return f"since {utc_text(delivery.state.gap.began)}" + (f" (entry {delivery.state.gap.seq})" if why else "")


def _position(delivery: Delivery) -> Position:
    leg, custody = delivery.state.here, delivery.state.custody
    return Position(
        state=leg.state,
        leg=leg.id if delivery.state.dispatched else None,
        means=leg.means,
        responsible=leg.responsible,
        held_by=to_hand_on(delivery.state),
        gross=custody.gross if custody is not None else None,
        seals=tuple(seal.number for seal in custody.seals) if custody is not None else (),
        packages=custody.packages if custody is not None else None,
        last_seen=f"{seen.happened_at} {seen.place}" if (seen := delivery.state.last_sighting) is not None else None,
    )


def _waiting(delivery: Delivery, name: str, progress: Progress, seen: Sight) -> OpenCheckpoint:
    named = (seen.reader.id,) if everybody_named(delivery, name) and not seen.whole else progress.checkpoint.services()
    planned = delivery.plan.find(name)
    runs = progress.silent or not delivery.state.stands(progress)  # where its time stands, nobody's answer is due
    return OpenCheckpoint(
        checkpoint=name,
        place=f"{planned.place}, {planned.state}" if planned is not None else "",
        since=utc_text(progress.opened),
        due=utc_text(progress.due) if progress.due is not None and runs else None,
        overdue=progress.silent,
        services=tuple(
            Awaited(
                service=service,
                says=progress.checkpoint.needs_of(service),
                standing=progress.standing_of(service),
                signed_by_one=signed_by_one(delivery, seen.reader, name, service),
            )
            for service in named
        ),
    )
