"""How much each service may say in one delivery (R28), so that nobody makes it too large, and that stops are always heard.

Two things are refused and leave no trace, since a trace would be what they are refused for: a statement that is too large for its
kind, and what goes beyond a budget after one such has been recorded as refused. A stop that would be the first is always taken:
it stops once. One that comes when everything has stopped, beyond what is set aside for brakes, is told so.
"""

from collections.abc import Callable

from domain.delivery.delivery import Delivery
from domain.delivery.state import Spent
from domain.delivery.statement import Said, Statement
from domain.delivery.verdicts import Verdict, refused
from domain.rules.kind import kind_of
from domain.signing.canonical import canonical
from domain.signing.envelope import Envelope
from domain.words.errors import RuleBroken
from domain.words.limits import (
    BRAKES,
    BRAKES_MORE,
    EARLY_BYTES,
    EARLY_BYTES_OF_ALL,
    LARGEST_BRAKE,
    MOST_BRAKES_KNOWN,
    MOST_STATEMENTS,
    SHARED_BYTES,
    SHARED_STATEMENTS,
    SPEAKER_BYTES,
    SPEAKER_STATEMENTS,
    UNASKED_BYTES,
    UNASKED_STATEMENTS,
)

SAID_ENOUGH = refused(
    "R28", "statements_spent", "{service} has said as much as it may here: {most} statements", service="name", most="count"
)
SAID_TOO_MUCH = refused(
    "R28", "bytes_spent", "{service} has said as much as it may here: {most} bytes", service="name", most="count"
)
IS_FULL = refused("R28", "delivery_full", "the delivery holds {most} statements, and hears only what stops it", most="count")
TOO_EARLY = refused(
    "R28",
    "early_spent",
    "of {service} no more than {most} bytes are kept until their time has come",
    service="name",
    most="count",
)

HELD_TOO_MUCH = refused(
    "R28",
    "held_too_much",
    "of {kind} {most} bytes at most can be held on to here; say it in fewer words",
    kind="kind",
    most="count",
)

Judge = Callable[[Delivery, Said], Verdict]


class Budget:
    """What R28 says of statements."""

    def hear(self, delivery: Delivery, said: Said, envelope: Envelope, judge: Judge) -> Verdict:
        """What becomes of a statement that is authentic and new: what the rules say, unless it goes beyond a budget."""
        over, verdict = self.exceeded(delivery, said.statement, envelope), judge(delivery, said)
        if over is not None and not _is_first_stop(delivery, said.statement, verdict):
            return over
        if verdict.verdict == "early":
            waiting = [(one.envelope, delivery.law.read(one.envelope)) for one in delivery.state.early.values()]
            size = _carried(envelope, said.statement)
            own = sum(_carried(*one) for one in waiting if one[1].service == said.service)
            if own + size > EARLY_BYTES or sum(_carried(*one) for one in waiting) + size > EARLY_BYTES_OF_ALL:
                return TOO_EARLY(service=said.service, most=EARLY_BYTES)
        return self.held(delivery, said, verdict)

    def held(self, delivery: Delivery, said: Said, verdict: Verdict) -> Verdict:
        """The same verdict, unless the state would go on holding more of what is accepted than there is room for. What leaves it
        nothing to hold is always taken.
        """
        stays = kind_of(said.statement).stays(delivery.state, said, said.statement.id)
        if verdict.verdict != "accepted" or stays is None or not stays.what or stays.size <= stays.most:
            return verdict
        return HELD_TOO_MUCH(kind=said.content.kind, most=stays.most)

    def exceeded(self, delivery: Delivery, statement: Statement, envelope: Envelope) -> Verdict | None:
        """Which budget the statement goes beyond, if it does."""
        state, service, size = delivery.state, statement.service, len(envelope.body())
        spent, (statements, most_bytes) = state.spent.get(service, Spent()), share_of(delivery, service)
        brakes = BRAKES + min(state.went_on, BRAKES_MORE) if is_brake(statement) else 0
        if spent.statements >= statements + brakes:
            return SAID_ENOUGH(service=service, most=statements)
        if spent.bytes + size > most_bytes + brakes * LARGEST_BRAKE:
            return SAID_TOO_MUCH(service=service, most=most_bytes)
        if len(state.statements) >= (MOST_BRAKES_KNOWN if brakes else MOST_STATEMENTS):
            return IS_FULL(most=MOST_STATEMENTS)
        return None

    def turned_away(self, delivery: Delivery, said: Said, envelope: Envelope, judge: Judge) -> RuleBroken | None:
        """Why nothing of it is recorded, if so: it is too large, or beyond what its service has been told that it has spent."""
        statement, size, most = said.statement, len(envelope.body()), kind_of(said.statement).declares.largest
        if size > most:
            return RuleBroken("R28", f"{statement.kind} has {size} bytes, and {most} at most are taken")
        state = delivery.state
        halt, behind = state.halt, state.behind
        told = state.spent.get(statement.service, Spent()).over and self.exceeded(delivery, statement, envelope) is not None
        waits = behind is not None and not (is_brake(statement) and behind.get(statement.service, 0) < BRAKES)
        if not (told or waits) or _is_first_stop(delivery, statement, judge(delivery, said)):
            return None
        if halt is not None and is_brake(statement):
            return RuleBroken("R28", f"it is stopped already, by entry {halt.seq}", hint="nothing more needs to be said")
        if waits:
            return RuleBroken(
                "R28", "the archive is behind, and only what stops the delivery is taken", hint="say it again later"
            )
        return RuleBroken("R28", f"{statement.service} has said as much as it may here, and its last word was refused for it")

    def goes_beyond(self, verdict: Verdict) -> bool:
        """Whether this refusal is for a budget that is spent, which is told once."""
        return verdict.finding is not None and verdict.finding.code in {one.name for one in (SAID_ENOUGH, SAID_TOO_MUCH, IS_FULL)}


def share_of(delivery: Delivery, service: str) -> tuple[int, int]:
    """How many statements, and bytes of them, are a service's: many where it is asked or responsible, few where it is not."""
    asked = delivery.plan.speakers()
    if service not in asked:
        return UNASKED_STATEMENTS, UNASKED_BYTES
    return min(SPEAKER_STATEMENTS, SHARED_STATEMENTS // len(asked)), min(SPEAKER_BYTES, SHARED_BYTES // len(asked))


def is_brake(statement: Statement) -> bool:
    """Whether it only stops or ends something, in few words."""
    content = kind_of(statement)
    return content.bound_to() == "brake" and content.declares.largest <= LARGEST_BRAKE


def _carried(envelope: Envelope, statement: Statement) -> int:
    """Bytes of a statement that waits, with its id and its entry's number, as they are carried."""
    return len(canonical(envelope)) + len(statement.id) + 32


def _is_first_stop(delivery: Delivery, statement: Statement, verdict: Verdict) -> bool:
    return is_brake(statement) and delivery.state.halt is None and verdict.verdict == "accepted"
