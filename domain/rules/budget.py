"""How much each service may say in one delivery (R28), so that nobody makes it too large, and that stops are always heard.

Two things are refused and leave no trace, since a trace would be what they are refused for: a statement that is too large for its
kind, and what goes beyond a budget after one such has been recorded as refused. A stop that would be the first is always taken:
it stops once. One that comes when everything has stopped, beyond what is set aside for brakes, is told so.
"""

from collections.abc import Callable

from domain.delivery.delivery import Delivery
from domain.delivery.holdings import exhibits
from domain.delivery.memory import Exhibit, Spent
from domain.delivery.statement import Said, Statement
from domain.delivery.verdicts import Verdict, refused
from domain.rules.hold import HoldRequested
from domain.rules.kind import kind_of
from domain.rules.stop import StopAcknowledged
from domain.signing.canonical import canonical
from domain.signing.envelope import Envelope
from domain.words.errors import RuleBroken
from domain.words.limits import LARGEST_BRAKE, MOST_HELD_UNASKED
from domain.words.text import fill, mark

SAID_ENOUGH = refused(
    "R28", "statements_spent", "{service} has said as much as it may here: {most} statements", service="name", most="count"
)
SAID_TOO_MUCH = refused(
    "R28", "bytes_spent", "{service} has said as much as it may here: {most} bytes", service="name", most="count"
)
IS_FULL = refused("R28", "delivery_full", "the delivery holds {most} statements, and hears only what stops it", most="count")
SPENT = (SAID_ENOUGH, SAID_TOO_MUCH, IS_FULL)
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
        return self.held(delivery, said, self.waits(delivery, said, envelope, verdict))

    def waits(self, delivery: Delivery, said: Said, envelope: Envelope, verdict: Verdict) -> Verdict:
        """It is early, and there is no room for it to wait: each service has so much, and all have so much together."""
        if verdict.verdict != "early":
            return verdict
        waiting = [(one.envelope, delivery.law.read(one.envelope)) for one in delivery.state.early.values()]
        size, figures = _carried(envelope, said.statement), delivery.law.figures
        own = sum(_carried(*one) for one in waiting if one[1].service == said.service)
        everybodys = sum(_carried(*one) for one in waiting)
        full = own + size > figures.early_bytes or everybodys + size > figures.early_bytes_of_all
        return TOO_EARLY(service=said.service, most=figures.early_bytes) if full else verdict

    def held(self, delivery: Delivery, said: Said, verdict: Verdict) -> Verdict:
        """It is accepted, and the delivery would go on holding more of it than there is room for. What leaves nothing to hold is
        always taken.
        """
        stays = kind_of(said.statement).stays(delivery, said, said.statement.id)
        if verdict.verdict != "accepted" or stays is None or not stays.what or stays.size <= stays.most:
            return verdict
        return HELD_TOO_MUCH(kind=said.content.kind, most=stays.most)

    def exceeded(self, delivery: Delivery, statement: Statement, envelope: Envelope) -> Verdict | None:
        """Its service, or all, have said as much as they may. The first stop is taken all the same (R8)."""
        state, figures, service, size = delivery.state, delivery.law.figures, statement.service, len(envelope.body())
        spent, (statements, most_bytes) = state.spent.get(service, Spent()), share_of(delivery, service)
        brakes = figures.brakes + min(state.went_on, figures.brakes_more) if is_brake(statement) else 0
        if spent.statements >= statements + brakes:
            return SAID_ENOUGH(service=service, most=statements)
        if spent.bytes + size > most_bytes + brakes * LARGEST_BRAKE:
            return SAID_TOO_MUCH(service=service, most=most_bytes)
        if len(state.statements) >= (figures.most_brakes_known if brakes else figures.most_statements):
            return IS_FULL(most=figures.most_statements)
        return None

    def turned_away(self, delivery: Delivery, said: Said, envelope: Envelope, judge: Judge) -> RuleBroken | None:
        """Why nothing of it is recorded, if so: it is `too_large`, or beyond what its service has been told that it has spent."""
        statement = said.statement
        if (why := too_large(statement, envelope)) is not None:
            return why
        state, brakes = delivery.state, delivery.law.figures.brakes
        halt, behind = state.halt, state.behind
        told = state.spent.get(statement.service, Spent()).over and self.exceeded(delivery, statement, envelope) is not None
        waits = behind is not None and not (is_brake(statement) and behind.get(statement.service, 0) < brakes)
        if not (told or waits) or _is_first_stop(delivery, statement, judge(delivery, said)):
            return None
        if halt is not None and is_brake(statement):
            return RuleBroken(
                "R28",
                fill("it is stopped already, by entry {seq}", seq=halt.seq),
                reason="stopped_already",
                hint=mark("nothing more needs to be said"),
            )
        if waits:
            return RuleBroken(
                "R28",
                mark("the archive is behind, and only what stops the delivery is taken"),
                reason="archive_behind",
                hint=mark("say it again later"),
            )
        sentence = fill(
            "{service} has said as much as it may here, and its last word was refused for it", service=statement.service
        )
        return RuleBroken("R28", sentence, reason="budget_spent")

    def goes_beyond(self, verdict: Verdict) -> bool:
        """Whether this refusal is for a budget that is spent, which is told once."""
        return verdict.finding is not None and verdict.finding.code in {one.name for one in SPENT}


def too_large(statement: Statement, envelope: Envelope) -> RuleBroken | None:
    """Why a statement is not taken for its bytes (R28), if so: it has more than its kind may, beside its attachments, whose
    bound is their own.
    """
    alone = canonical(statement.model_copy(update={"attachments": ()})) if statement.attachments else envelope.body()
    size, most = len(alone), kind_of(statement).declares.largest
    sentence = fill("{kind} has {size} bytes, and {most} at most are taken", kind=statement.kind, size=size, most=most)
    return RuleBroken("R28", sentence, reason="statement_too_large") if size > most else None


def share_of(delivery: Delivery, service: str) -> tuple[int, int]:
    """How many statements, and bytes of them, are a service's: many where it is asked or responsible, few where it is not; but
    three statements more, and as many bytes as for all those few, for each exhibit that it holds, is offered, has examined, or
    whose fate it has said, up to a hundred of them and the bytes of one that is asked.
    """
    asked, figures = delivery.plan.speakers(), delivery.law.figures
    if service not in asked:
        words = (_spoken_of_by(one) for one in exhibits(delivery.state).values())
        held = min(sum(service in one for one in words), MOST_HELD_UNASKED)
        return figures.unasked_statements + 3 * held, min(figures.unasked_bytes * (1 + held), figures.speaker_bytes)
    before = delivery.state.said_before
    return figures.share(len(asked), before.statements), figures.share_of_bytes(len(asked), before.bytes)


def _spoken_of_by(one: Exhibit) -> tuple[str | None, ...]:
    """Who holds an exhibit, is offered it, or has said the last that was found of it or became of it."""
    return (one.holder, one.offered_to, *(last.by for last in (one.report, one.disposal) if last is not None))


def is_brake(statement: Statement) -> bool:
    """Whether it only stops or ends something, in few words, or acknowledges that: of whoever takes part that is asked."""
    content = kind_of(statement)
    stops = content.bound_to() == "brake" and content.declares.largest <= LARGEST_BRAKE
    return stops or isinstance(content, StopAcknowledged)


def _carried(envelope: Envelope, statement: Statement) -> int:
    """Bytes of a statement that waits, with its id and its entry's number, as they are carried."""
    return len(canonical(envelope)) + len(statement.id) + 32


def _is_first_stop(delivery: Delivery, statement: Statement, verdict: Verdict) -> bool:
    """Whether it stops. A hold does not, and may follow upon another: it has its share of the brakes, and no more."""
    stops = is_brake(statement) and not isinstance(statement.content, HoldRequested)
    return stops and delivery.state.halt is None and verdict.verdict == "accepted"
