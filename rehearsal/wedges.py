"""Whether a delivery at rest goes on: one that nobody's answer and no moment that is still to come can move is a wedge.

Reminders, rungs of a ladder, check-ins, the end of a consent and when a result is asked for, beside the way, move nothing on: a
delivery that has only these to come is looked at as if nothing were. What is asked counts only if an answer as expected, given
now, would count. A question to one that takes part no more is a wedge too, whatever else may move: the door turns its answer
away.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.delivery.decided import Escalated, Expired, Expiring, Reminded
from domain.delivery.delivery import Delivery
from domain.delivery.progress import Progress
from domain.record.door import stated
from domain.rules.coming import SOONEST, coming, moments
from domain.rules.duties import results_due
from domain.rules.turns import next_to_clear
from domain.rules.watch import check_in_due
from domain.views.asked import request
from rehearsal.scenario import Pace, Scenario
from rehearsal.services import lines
from workflows.errands import Heed, Question, wanted

MOVES_NOTHING = (Reminded, Escalated, Expiring, Expired)
AT_ONCE = timedelta(milliseconds=1)
AS_EXPECTED = Scenario(vigil="scenario/1", pace=Pace(fastest=AT_ONCE, slowest=AT_ONCE))
TRIES = 2
"""Seeds of answers, after that of the delivery's own services: one may have been given already, and did not do."""


def wedge(delivery: Delivery, now: datetime, seed: int = 0) -> str:
    """Why it goes on no more though it has not ended; an empty text where it does. It must be at rest: nothing is `due`."""
    state = delivery.state
    now = max(now, state.now)
    if state.ended or any(not isinstance(one, Question | Heed) for one in wanted(delivery)):
        return ""  # what is under way outside ends by itself, and is begun again until it does
    overdue = [one.checkpoint.id for one in state.open_checkpoints() if _is_overdue(one, now) and not state.stands(one)]
    if overdue:
        return f"the due time of {', '.join(overdue)} has passed, and nothing follows"
    if strangers := [f"{name} of {service}" for name, service in _asked(delivery) if not state.participant(service)]:
        return f"it asks who takes part no more: {', '.join(strangers)}"
    if _is_moving(delivery, now) or any(_would_count(delivery, now, seed + more) for more in range(TRIES)):
        return ""
    asked = [f"{one.checkpoint.id} of {', '.join(one.waiting_for())}" for one in state.open_checkpoints()]
    return f"nothing moves it on: no moment is coming, and no answer would count at {'; '.join(asked) or 'any checkpoint'}"


def _is_overdue(progress: Progress, now: datetime) -> bool:
    return progress.due is not None and progress.due <= now and not progress.silent and not progress.satisfied


def _is_moving(delivery: Delivery, now: datetime) -> bool:
    """Whether a moment comes that brings more than a warning. Where nothing is open, what ends brings nothing either."""
    check_in, state = check_in_due(delivery), delivery.state
    idle = [at for at, make in coming(delivery) if getattr(make, "func", make) in MOVES_NOTHING]
    found = Counter(moments(delivery))
    found.subtract([*idle, *results_due(delivery), *([check_in] if check_in is not None else [])])
    if not state.open_checkpoints():
        found.subtract(permit.valid_until for permits in state.permits.values() for permit in permits)
        if (leg := next_to_clear(delivery)) is not None:
            needed = (
                (one, delivery.consents.needed(one.state, leg))
                for one in state.grants.values()
                if one.state in state.states_ahead()
            )
            found.subtract(grant.valid_until - span + SOONEST for grant, span in needed)
    return any(count > 0 and at > now for at, count in found.items())


def _would_count(delivery: Delivery, now: datetime, seed: int) -> bool:
    """Whether somebody who is asked, and answers as expected now, is heard. Where it is only looked after, nothing moves on."""
    return any(
        stated(delivery, line.statement, line.envelope, now).verdict.verdict == "accepted"
        for name, service in _asked(delivery)
        for line in lines(request(delivery, name, service), AS_EXPECTED, seed, now)
    )


def _asked(delivery: Delivery) -> Iterator[tuple[str, str]]:
    for name, progress in delivery.state.progress.items():
        if progress.open and progress.contingency not in ("sighting", "course"):
            yield from ((name, service) for service in progress.waiting_for())
