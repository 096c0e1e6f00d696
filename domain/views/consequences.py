"""What silence at an open checkpoint brings, said before it happens: for who has to know whom to call."""

from domain.delivery.delivery import Delivery
from domain.delivery.progress import Progress
from domain.plan.plan import PlannedCheckpoint
from domain.rules.book import book_of
from domain.rules.contingency import Consequence
from domain.rules.course import DECIDES_NOTHING
from domain.views.names import WhenOverdue


def after_silence(delivery: Delivery, progress: Progress) -> Consequence:
    """What follows by itself where nobody answers there: as a contingency says of itself. Of the plan's: a State that is asked to
    authorise, and what is to be interdicted when it is overdue, halt it (R2); a muster and the closing close; nothing follows of
    all else, of what waits without end, and of what has stayed silent.
    """
    if progress.due is None or progress.silent:
        return "nothing"
    contingency = book_of(delivery).contingencies.get(progress.contingency or "")
    if contingency is not None:
        return contingency.silence_brings(delivery.state, progress.key)
    planned = delivery.plan.find(progress.checkpoint.id)
    overdue = when_overdue(planned) if planned is not None else None
    if overdue in ("halts", "seized"):
        return "halts"
    return "closes" if overdue == "closes" else "nothing"


def when_overdue(planned: PlannedCheckpoint) -> WhenOverdue:
    """What its plan says that silence there brings: nobody's consent, and so it `halts` (R2); it is `seized`, where the plan has
    it interdicted; it `closes`, of a team's readiness and of the closing; where arrests and the account are wanted, it `waits`;
    and it `stays` under control where it is.
    """
    if planned.step == "authorise":
        return "halts"
    if planned.overdue == "interdict":
        return "seized"
    if planned.step in DECIDES_NOTHING:
        return "closes"
    return "waits" if planned.step in ("arrest", "account") else "stays"
