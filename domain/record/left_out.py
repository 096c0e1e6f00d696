"""What stands in a packet in the place of a statement that is left out (R23).

Its leaf is of the ledger. All else that is said there nobody has signed but who sealed the packet: so it must be possible, it is
what a receipt or another packet has of the same entry, and whoever reads it is told what rests on it.
"""

from collections.abc import Container, Iterable, Iterator

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry, LeftOut
from domain.delivery.reported import Stated
from domain.delivery.statement import Statement
from domain.delivery.verdicts import Judged
from domain.record.door import read_statement
from domain.rules.acts import NOT_OF_THEIR_STATE, Declassified
from domain.rules.book import book_of
from domain.rules.budget import IS_FULL, share_of
from domain.rules.grounds import CONTRADICTION
from domain.rules.handling import NOT_THEIRS_TO_DISCLOSE, DisclosurePermitted, code_of
from domain.rules.kind import kind_of
from domain.rules.proceedings import NO_TRANSFER, TransferAccepted, TransferDeclined
from domain.rules.speaking import NOTHING_SAID, OVERTAKEN, Correction
from domain.words.codes import CODES
from domain.words.errors import NotVerified
from domain.words.limits import LARGEST_BRAKE, LARGEST_PAYLOAD
from domain.words.text import fill, mark

TELL = mark("keep both: together they prove that whoever sealed it says what is not so. Tell the other States")
"""What to do where something else is said of an entry than it is."""


def check_left_out(delivery: Delivery, entry: LeftOut) -> None:
    """Whether the live workflow could have recorded a statement of which this is said. Raises `NotVerified`."""
    state, verdict = delivery.state, entry.verdict
    if verdict.verdict == "early":
        raise NotVerified(mark("an early statement is taken up later, so it cannot be left out"), entry.seq)
    if state.ended:
        raise NotVerified(mark("R12: the delivery has ended"), entry.seq)
    if not state.participant(entry.provider):
        raise NotVerified(
            fill("{provider} has no part in this delivery, so nothing of it is left out", provider=entry.provider), entry.seq
        )
    first, beyond = state.statements.first(entry.statement), delivery.law.budget.goes_beyond(verdict)
    contradicts = verdict.finding is not None and verdict.finding.code == CONTRADICTION.name
    used = first is not None and not (beyond or verdict == CONTRADICTION(entry=first.seq))
    if used or (contradicts and first is None):
        reason = (
            mark("R18: left out, and its id was used before") if used else mark("R18: left out, and its id was not used before")
        )
        raise NotVerified(reason, entry.seq)
    codes = [CODES.get(one.code) for one in verdict.findings]
    lacks = verdict.verdict != "accepted" and not codes
    if lacks or not all(isinstance(one, Judged) and one.verdict == verdict.verdict for one in codes):
        raise NotVerified(
            fill("left out as {verdict}, and no rule says that for this reason", verdict=verdict.verdict), entry.seq
        )
    if entry.size > LARGEST_PAYLOAD:
        raise NotVerified(mark("R28: left out, and larger than any statement is"), entry.seq)
    _check_budget(delivery, entry)


def _check_budget(delivery: Delivery, entry: LeftOut) -> None:
    """It is within what its service may say, brakes and all, or refused for that, which is told once (R28)."""
    spent, figures = delivery.state.spent.get(entry.provider), delivery.law.figures
    if delivery.law.budget.goes_beyond(entry.verdict):
        if spent is not None and spent.over:
            raise NotVerified(
                fill("R28: {provider} is told a second time that its budget is spent", provider=entry.provider), entry.seq
            )
        return
    brakes, (statements, most_bytes) = figures.brakes + figures.brakes_more, share_of(delivery, entry.provider)
    said, bytes_ = (spent.statements, spent.bytes) if spent is not None else (0, 0)
    if said >= statements + brakes or bytes_ + entry.size > most_bytes + brakes * LARGEST_BRAKE:
        raise NotVerified(fill("R28: left out, and beyond what {provider} may say", provider=entry.provider), entry.seq)


def told_otherwise(shown: LeftOut, entry: Entry, delivery: Delivery | None = None) -> str | None:
    """What is said of an entry where it is left out, and is not so: the name of the first such field, or `kind` where it is of
    one on which something rests. Its handling code, where it is the plan's, is known from the `delivery` that is left out of.
    """
    event = entry.event
    if not isinstance(event, Stated):
        return "event"
    said = read_statement(event.envelope)
    own = said.handling.code if said.handling is not None else shown.code
    code = code_of(delivery, said) if delivery is not None else own
    its = {
        "provider": said.service,
        "code": code,
        "statement": said.id,
        "size": len(event.envelope.body()),
        "verdict": event.verdict,
    }
    if (wrong := next((name for name, value in its.items() if getattr(shown, name) != value), None)) is not None:
        return wrong
    idle = kind_of(said).declares.may_be_left_out or event.verdict.verdict in ("refused", "late")
    return None if idle else "kind"


def rest_on_left_out(delivery: Delivery, since: int = 0) -> Iterator[int]:
    """The entries, from number `since` on, that rest on what is left out. A statement was refused because of it: it had the same
    id (R18), or the statement names it, or it counts towards a budget that is spent (R28). Or a statement counts because it opens
    what is left out. Only who sealed the packet says that it was said, by whom, and what became of it.
    """
    gone: set[str] = set()
    for entry in delivery.ledger:
        if isinstance(entry, LeftOut):
            gone.add(entry.provider)
        elif entry.seq >= since and gone and isinstance(entry.event, Stated) and _rests(delivery, entry.seq, entry.event, gone):
            yield entry.seq


def _rests(delivery: Delivery, seq: int, event: Stated, gone: Container[str]) -> bool:
    verdict, finding = event.verdict.verdict, event.verdict.finding
    said = delivery.law.read(event.envelope)
    if verdict == "accepted":
        opens = isinstance(said.content, DisclosurePermitted | Declassified)
        return opens and _names_left_out(delivery, seq, _named_in(said))
    if verdict != "refused" or finding is None:
        return False
    if finding.code == CONTRADICTION.name:
        return _names_left_out(delivery, seq, (said.id,))
    if finding.code in FOR_WHAT_IT_NAMES:
        return _names_left_out(delivery, seq, _named_in(said))
    return book_of(delivery).budget.goes_beyond(event.verdict) and (said.service in gone or finding.code == IS_FULL.name)


FOR_WHAT_IT_NAMES = frozenset(
    one.name for one in (NOT_THEIRS_TO_DISCLOSE, NOT_OF_THEIR_STATE, NOTHING_SAID, OVERTAKEN, NO_TRANSFER)
)
"""Refusals of what names another statement, for what that was, or for whose."""


def _named_in(said: Statement) -> tuple[str, ...]:
    """The statements that it names."""
    match said.content:
        case DisclosurePermitted(statements=names) | Declassified(statements=names):
            return names
        case Correction(of=name) | TransferAccepted(of=name) | TransferDeclined(of=name):
            return (name,)
        case _:
            return ()


def _names_left_out(delivery: Delivery, seq: int, names: Iterable[str]) -> bool:
    """Whether what was first said under one of these ids, before this entry, is left out."""
    first = (known for one in names if (known := delivery.state.statements.first(one)) is not None)
    return any(one.seq < seq and isinstance(delivery.ledger[one.seq], LeftOut) for one in first)
