"""What a statement says that its service had seen of the ledger: what it has compared itself, never merely what it was shown.

Whoever signs a root commits to everything below it. So what is shown is first compared with the receipts that are kept here: a
ledger that was forked or put back is not signed by its victim.
"""

from client.language import _, speak
from client.receipts import KeptReceipts
from domain.delivery.statement import Seen
from domain.record.receipts import TELL
from domain.words.errors import NotVerified
from protocol.gateway import Gateway


async def compared(door: Gateway, shelf: KeptReceipts, delivery: str, shown: Seen) -> Seen:
    """How far the ledger goes on from the receipts that are kept, entry by entry; what is shown, where none are.

    Raises `NotVerified` where the ledger, or what is shown of it, contradicts one; and what the gateway raises.
    """
    edge = shelf.edge(delivery)
    if edge is None:
        return shown
    comparison = shelf.comparison(delivery, edge)
    comparison.had(shown.size, shown.root)
    if shown.size <= edge.size:  # it says nothing of what has come since
        view = await door.view(delivery)
        shown = Seen(size=view.entries, root=view.root)
        comparison.had(shown.size, shown.root)
    for entry in await door.ledger(delivery, edge.size):
        comparison.see(entry)
        comparison.had(shown.size, shown.root)
    edge = comparison.edge
    shelf.compared(delivery, edge)
    return Seen(size=edge.size, root=edge.root().hex())


def as_kept(shelf: KeptReceipts, delivery: str, shown: Seen | None) -> Seen | None:
    """The same without a network: as far as the newest receipt proves, or what is shown, where none is kept.

    Raises `NotVerified` where what is shown contradicts a receipt.
    """
    newest = shelf.newest(delivery)
    if newest is None:
        return shown
    if shown is not None:
        shelf.comparison(delivery).had(shown.size, shown.root)
    return Seen(size=newest.receipt.size, root=newest.receipt.root)


def refused(error: NotVerified) -> NotVerified:
    """What an officer is told whose receipts are of another history than is shown."""
    hint = _("{tell}. If people have decided to go on with it (R18), --unseen signs and names nothing of it", tell=_(TELL))
    return NotVerified(_("nothing was signed: {message}", message=error.told_in(speak)[0]), hint=hint)
