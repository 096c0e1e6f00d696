"""What a State's law makes a duty of those who authorise, or who carry out what was permitted: asked for in its time (R16, R17).

Nothing waits for it. Who does not do it stands in the record.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from domain.delivery.delivery import Delivery
from domain.delivery.grants import Grant
from domain.delivery.state import State
from domain.delivery.verdicts import Finding, found
from domain.plan.acts import Act
from domain.plan.cards import Duty, DutyEvent, Measure
from domain.plan.plan import Checkpoint, Requirement, Rung
from domain.rules.contingency import Contingency, Unforeseen, ever_opened
from domain.rules.kind import ALWAYS, Declaration, Kind
from domain.words.limits import LARGEST_NOTE
from domain.words.quantities import left_until
from domain.words.terms import at_least, iso_term

TIME_OF_LAW = found("R16", "time_of_law", "by the law of {state}, within {within}", state="name", within="term")
TIME_BEFORE = found(
    "R16", "time_before", "by the law of {state}, {before} before the authorisation ends", state="name", before="term"
)
TIME_USUAL = found(
    "R16",
    "time_usual",
    "the law of {state} gives no time for it; within {within} is usual by its rule card, and no law",
    state="name",
    within="term",
)
TIME_OF_PLAN = found(
    "R16",
    "time_of_plan",
    "the law of {state} gives no time for it; within {within} stands in the plan",
    state="name",
    within="term",
)
RESULT_OF = found(
    "R16",
    "result_of",
    "{service} permitted it: {permissions}. It is about the result of that, also where nothing was done",
    service="name",
    permissions="words",
)


class DutyDone(Kind):
    """What the State's rule card makes a duty of whoever authorises has been done."""

    kind: Literal["duty_done"] = "duty_done"
    reference: Act

    declares = Declaration(
        title="Duty done",
        answers="duty",
        confirms=True,
        by="asked",
        counts=ALWAYS,
        names_checkpoint=True,
        rule="R17",
        contact=False,
        readers="checkpoint",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )


DISPOSED_OF: Final = ("destroyed", "returned", "handed_to_court")


class OwedDuty(NamedTuple):
    """A duty of the law of a State, and who has it."""

    duty: Duty
    service: str
    """Whose it is."""
    about: str
    """Who has authorised; or who has permitted that of which the result is told."""
    state: str
    permissions: tuple[Measure, ...] = ()
    """What was permitted of which the result is told."""

    @property
    def key(self) -> str:
        """By which it is asked for."""
        return f"{self.about}.{self.duty.id}"


class DutyOwed(Contingency):
    """What the card of a State makes a duty of whoever authorised is done, such as a copy of the act to a register; or of whoever
    carried out what was permitted, as to tell the result of it.
    """

    declares = Unforeseen(
        name="duty",
        title="that a duty is done",
        needs="duty",
        without_end=False,
        after_halt=True,
        closes_unanswered=True,
        once=True,
        everybody_named=False,
    )

    def called_for(self, delivery: Delivery, now: datetime) -> Iterator[str]:
        """Once about each of the `duties` when the event has come that it runs `after`. Its key is the service that it is about
        and the duty's id, with a dot between. An authorisation has ended once it is withdrawn, its `valid_until` has come, or
        there is an outcome; a permission once all that the service has `permitted` there has ended, or there is an outcome. What
        is due `before` the end of an authorisation is called for while it is under way and has not been delivered, and that end
        is no further away than twice as long. A disposal is of an exhibit which was destroyed, returned or handed to a court.
        """
        state = delivery.state
        come: Mapping[DutyEvent, bool] = {
            "authorisation": True,
            "detection": state.detected is not None,
            "opening": state.goods is not None and state.goods.opened,
            "preparation": state.goods is not None,
            "departure": state.dispatched,
            "delivery": state.delivered,
            "arrest": bool(state.arrests),
            "seizure": bool(state.seizures) or state.interdicted is not None,
            "outcome": state.outcome is not None,
            "disposal": any(one.fate in DISPOSED_OF for one in state.exhibits.values()),
        }
        for one in duties(delivery):
            ends = one.duty.after in ("end_of_authorisation", "end_of_permission")
            called = _ends(delivery, one, now) if ends else come[one.duty.after]
            if called and not ever_opened(state, self.declares.name, one.key):
                yield one.key

    def checkpoint(self, delivery: Delivery, key: str, name: str) -> Checkpoint:
        """Whose duty it is, within the time of the card; where the law gives none, within that of the plan's `duty_times`, what
        is `usual` by the card, or for a `decision`; where it is due `before` the end of an authorisation, until then. To tell a
        result, it is reminded after half of the time, and after three quarters whoever permitted it is on the ladder; both in
        whole milliseconds.
        """
        owed = duty_of(delivery, key)
        assert owed is not None  # noqa: S101 - it was called for by it
        if owed.duty.before is not None:
            grant = delivery.state.grants[owed.about]
            now = max(delivery.state.now, asked_before(owed.duty, grant))  # the newest entry may be older than the moment
            due = left_until(grant.valid_until - owed.duty.before, now)
        else:
            due = at_least(owed.duty.within or planned_time(delivery, owed))
        half, most = (left_until(delivery.state.now + due * part / 4, delivery.state.now) for part in (2, 3))
        results = owed.duty.after == "end_of_permission"
        ladder = (Rung(after=most, to=owed.about),) if results else ()
        needs = (Requirement(service=owed.service, says="duty"),)
        return Checkpoint(id=name, requires=needs, due=due, remind=(half,) if results else (), escalate=ladder)

    def title_of(self, key: str) -> str:
        return f"duty.{key}"


def _ends(delivery: Delivery, owed: OwedDuty, now: datetime) -> bool:
    """Whether what it runs from has ended, or is to end soon enough."""
    state, duty = delivery.state, owed.duty
    if duty.after == "end_of_permission":
        return state.outcome is not None or permitted(state, owed.state)[owed.about][1] <= now
    grant = state.grants[owed.about]
    over = grant.withdrawn or grant.valid_until <= now or state.outcome is not None
    if duty.before is None:
        return over
    return state.under_way and not state.delivered and asked_before(duty, grant) <= now and not over


def asked_before(duty: Duty, grant: Grant) -> datetime:
    """When a duty is asked for that is due so long before the end of an authorisation: as long before that again."""
    return grant.valid_until - 2 * (duty.before or timedelta())


def duties(delivery: Delivery) -> tuple[OwedDuty, ...]:
    """What the `duties` of the cards, as far as they are about such a delivery, make a duty of whom: in the order of `grants`, of
    each service whose authorisation is not provisional, about itself, which after it was replaced its successor has, unless that
    has authorised for the same State and this was not asked for before; then, of what runs from the `end_of_permission`, State
    by State in the order of `permits`, then of `grants`, of who `tells` it, about each service that has `permitted` something
    there.
    """
    return delivery.once(_duties)


def _duties(delivery: Delivery) -> tuple[OwedDuty, ...]:
    grants = [one for one in delivery.state.grants.values() if not one.provisional]
    own = [one for grant in grants for one in _own(delivery, grant)]
    states = dict.fromkeys((*delivery.state.permits, *(one.state for one in grants)))
    to_tell = [one for one in states if _of(delivery, one, results=True)]
    given = {there: {one: measures for one, (measures, _) in permitted(delivery.state, there).items()} for there in to_tell}
    return (*own, *(one for there, measures in given.items() for one in _results(delivery, there, measures)))


def _results(delivery: Delivery, there: str, given: Mapping[str, tuple[Measure, ...]]) -> Iterator[OwedDuty]:
    """What the card of a State has told of what each of these services has permitted there."""
    tellers = {service: tells(delivery.state, there, service) for service in given}
    yield from (
        OwedDuty(duty, teller, service, there, measures)
        for duty in _of(delivery, there, results=True)
        for service, measures in given.items()
        if (teller := tellers[service]) is not None
    )


def _superseded(delivery: Delivery) -> Iterator[OwedDuty]:
    """What was asked for about that in the place of which another's act has come."""
    state = delivery.state
    for grant in state.superseded.values():
        service, there, now = grant.service, grant.state, delivery.plan.successor_of(grant.service)
        own = (OwedDuty(one, now, service, there) for one in _of(delivery, there))
        results = _results(delivery, there, {service: _to_tell(state, there, grant.permits)})
        yield from (one for one in (*own, *results) if ever_opened(state, DutyOwed.declares.name, one.key))


def _own(delivery: Delivery, grant: Grant) -> Iterator[OwedDuty]:
    """What the card makes a duty of who has authorised, or of its successor; of none that takes no part any more."""
    state, now = delivery.state, delivery.plan.successor_of(grant.service)
    own = state.grants.get(now)
    again = now != grant.service and own is not None and own.state == grant.state and not own.provisional
    for duty in _of(delivery, grant.state):
        owed = OwedDuty(duty, now, grant.service, grant.state)
        if (not again and state.lies_with(now)) or ever_opened(state, DutyOwed.declares.name, owed.key):
            yield owed


def _of(delivery: Delivery, there: str, *, results: bool = False) -> tuple[Duty, ...]:
    """The duties of a State's card: those to tell a result, or the others."""
    card = delivery.cards.get(there)
    found_duties = card.duties_of(delivery.plan.case) if card is not None else ()
    return tuple(one for one in found_duties if (one.after == "end_of_permission") == results)


def permitted(state: State, there: str) -> dict[str, tuple[tuple[Measure, ...], datetime]]:
    """By service: which measures it has permitted in a State, of those that by its card an act must permit, and until when: in an
    act of its own that was not urgent, or in an authorisation that is not provisional; one that is withdrawn has ended.
    """
    given = [(one.service, one.permissions, one.valid_until) for one in state.permits.get(there, ()) if not one.urgent]
    grants = (one for one in state.grants.values() if one.state == there and not one.provisional)
    given += [(one.service, one.permits, state.began if one.withdrawn else one.valid_until) for one in grants]
    found_permits: dict[str, tuple[tuple[Measure, ...], datetime]] = {}
    for service, measures, until in given:
        wanted = _to_tell(state, there, measures)
        before, ends = found_permits.get(service, ((), until))
        if wanted:
            found_permits[service] = (tuple(dict.fromkeys((*before, *wanted))), max(ends, until))
    return found_permits


def _to_tell(state: State, there: str, measures: tuple[Measure, ...]) -> tuple[Measure, ...]:
    """Those of these measures that by the card of a State an act must permit."""
    card = state.cards.get(there)
    return tuple(one for one in measures if card is not None and card.wants_permitted(one, state.plan.case))


def tells(state: State, there: str, service: str) -> str | None:
    """Who tells a service of a State the result of what it has permitted there: of that State, and not itself, who is responsible
    for the last leg there; else who is asked there first, but to authorise; else the first of its `authorities`. The successor
    of each counts in its place.
    """
    legs = [leg.responsible for leg in reversed(state.plan.legs) if leg.state == there]
    acting = [one for at in state.plan.checkpoints if at.state == there and at.step != "authorise" for one in at.services()]
    able = map(state.plan.successor_of, (*legs, *acting, *state.plan.authorities(there)))
    others = (one for one in able if one != state.plan.successor_of(service))
    return next((one for one in others if state.directory.get(one).state == there), None)


def results_due(delivery: Delivery) -> Iterator[datetime]:
    """When what was permitted ends of which the result is to be told, while there is no outcome and that is not asked for."""
    for one in duties(delivery) if delivery.state.outcome is None else ():
        if one.duty.after == "end_of_permission" and not ever_opened(delivery.state, DutyOwed.declares.name, one.key):
            yield permitted(delivery.state, one.state)[one.about][1]


def duty_of(delivery: Delivery, key: str) -> OwedDuty | None:
    """The duty of this key, and whose it is; none where nobody has it any more. What was asked for about what is `superseded` is
    owed still; beside an act of its own of the same service, the result of both is told.
    """
    same = [one for one in (*duties(delivery), *_superseded(delivery)) if one.key == key]
    of_all = dict.fromkeys(measure for one in same for measure in one.permissions)
    return same[0]._replace(permissions=tuple(of_all)) if same else None


def planned_time(delivery: Delivery, owed: OwedDuty) -> timedelta:
    """Within what time the plan has it done, where the law gives none."""
    named = delivery.plan.duty_times.get(owed.state, {}).get(owed.duty.id, owed.duty.usual)
    return named if named is not None else delivery.plan.contingencies.decision


def time_of(delivery: Delivery, owed: OwedDuty) -> Finding:
    """Who says by when a duty is done: the law; where that gives no time the plan, or what is usual."""
    duty, state = owed.duty, owed.state
    if duty.before is not None:
        return TIME_BEFORE(state=state, before=iso_term(duty.before))
    if duty.within is not None:
        return TIME_OF_LAW(state=state, within=iso_term(duty.within))
    named = duty.usual is None or duty.id in delivery.plan.duty_times.get(state, {})
    return (TIME_OF_PLAN if named else TIME_USUAL)(state=state, within=iso_term(planned_time(delivery, owed)))


def about_duty(delivery: Delivery, key: str) -> tuple[Finding, ...]:
    """What whoever is asked for a duty is told: of what the result is told (`result_of`), and who says by when: `time_of_law`,
    `time_before`, `time_usual` or `time_of_plan`; nothing where nobody has it any more.
    """
    owed = duty_of(delivery, key)
    if owed is None:
        return ()
    results = owed.duty.after == "end_of_permission"
    of = (RESULT_OF(service=owed.about, permissions=owed.permissions),) if results else ()
    return (*of, time_of(delivery, owed))
