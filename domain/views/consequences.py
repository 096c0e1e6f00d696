"""What silence at an open checkpoint brings, said before it happens: for who has to know whom to call."""

from domain.delivery.delivery import Delivery
from domain.delivery.progress import Progress
from domain.rules.book import book_of
from domain.rules.contingency import Consequence


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
    step = planned.step if planned is not None else None
    if step == "authorise" or progress.checkpoint.overdue == "interdict":
        return "halts"
    return "closes" if step in ("muster", "close") else "nothing"
