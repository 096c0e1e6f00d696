"""What the services of a delivery hold of it, and how that is compared with the ledger that they are shown."""

import traceback
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import inf

from domain.delivery.ledger import Entry, Left, Receipt
from domain.delivery.reported import Stated
from domain.plan.directory import Directory
from domain.plan.plan import Plan
from domain.record.door import read_statement
from domain.record.receipts import SignedReceipt, opened
from domain.signing.envelope import Envelope
from domain.signing.tree import Frontier
from domain.words.errors import Refused
from workflows.messages import LedgerSize


@dataclass
class Case:
    """One delivery: what its services have been answered, and how its ledger was seen last."""

    plan: Plan
    receipts: dict[str, SignedReceipt] = field(default_factory=dict)
    """By statement: the first that was given."""
    left: dict[str, Envelope] = field(default_factory=dict)
    """By statement: acknowledged as left (202), without a receipt until now."""
    said: list[tuple[str, Envelope]] = field(default_factory=list)
    """By whom, and what: there is a receipt, so that it can be repeated. What was left is not, or a loss would be made good."""
    seen: LedgerSize | None = None
    outcome: str | None = None
    """As its packet says."""

    @property
    def held(self) -> list[Receipt]:
        """All receipts by now."""
        return [one.receipt for one in self.receipts.values()]


class Records:
    """What all services hold, of deliveries that are not over. `clock`: seconds."""

    def __init__(self, directory: Directory, clock: Callable[[], float]) -> None:
        self.directory = directory
        self.clock = clock
        self.cases: dict[str, Case] = {}
        self.over: list[str] = []
        """Deliveries that have ended."""
        self.differences: list[str] = []
        self.given = 0
        """Receipts, repeats not counted."""
        self.repeats = 0
        self.left = 0
        self.turned_away = 0
        """Left, and refused with a reason when handed in again."""
        self.mended_at = 0.0
        self.first: float | None = None
        """Seconds from the end of the last fault to the receipt of the first new statement that was handed in after it."""

    def go_wrong(self) -> None:
        """Something is wrong from now on, until it is mended."""
        self.mended_at = inf

    def begin_anew(self) -> None:
        """What was wrong is mended now."""
        self.mended_at, self.first = self.clock(), None

    def failed(self, error: BaseException) -> None:
        """What should have come true did not, or this tool has a fault: either is a difference."""
        self.differences.append("".join(traceback.format_exception(error)).strip())

    def answered(self, envelope: Envelope, answer: SignedReceipt | Left, began: float) -> None:
        """A service was answered; `began`: when it had called."""
        if isinstance(answer, Left):
            case = self.cases.get(read_statement(envelope).delivery)
            if case is not None and answer.statement not in case.receipts:
                self.left += answer.statement not in case.left
                case.left[answer.statement] = envelope
            return
        new = self.keep(answer)
        if new and self.first is None and began >= self.mended_at:
            self.first = self.clock() - self.mended_at

    def keep(self, given: SignedReceipt) -> bool:
        """Keep a receipt; whether it is the first for its statement."""
        receipt = given.receipt
        case = self.cases.get(receipt.delivery)
        if case is None:  # a service hears once more, after the last comparison
            return False
        case.left.pop(receipt.statement, None)
        known = case.receipts.get(receipt.statement)
        if known is not None:
            self.repeats += 1
            if known.receipt != receipt:
                self.differences.append(f"{receipt.delivery}: two receipts for statement {receipt.statement}")
            return False
        try:
            opened(given.envelope, self.directory)
        except Refused as error:
            self.differences.append(f"{receipt.delivery}: {error.message}")
        case.receipts[receipt.statement] = given
        self.given += 1
        return True


def differences(entries: Sequence[Entry], held: Iterable[Receipt], sizes: Iterable[LedgerSize]) -> Iterator[str]:
    """Each difference between a ledger, the receipts that are held of it, and what was stated of its size and root."""
    frontier, roots = Frontier(), dict[int, str]()
    for number, entry in enumerate(entries):
        if entry.seq != number:
            yield f"entry {entry.seq} stands where entry {number} should"
        frontier.append(bytes.fromhex(entry.leaf()))
        roots[number + 1] = frontier.root().hex()
    stated = [read_statement(one.event.envelope).id for one in entries if isinstance(one.event, Stated)]
    yield from (f"statement {name} stands {count} times" for name, count in Counter(stated).items() if count > 1)
    for one in held:
        if one.seq >= len(entries) or entries[one.seq].leaf() != one.entry.leaf():
            yield f"entry {one.seq} is not that of the receipt for statement {one.statement}"
        elif roots.get(one.size) != one.root:
            yield f"the root at {one.size} is not that of the receipt for statement {one.statement}"
    for size in sizes:
        if (size.branch, size.root) != (0, roots.get(size.size)):
            yield f"the root at {size.size} in branch {size.branch} was stated as {size.root}"


def statements_in(entries: Iterable[Entry]) -> set[str]:
    """Ids of what services have said."""
    return {read_statement(one.event.envelope).id for one in entries if isinstance(one.event, Stated)}


def survived(entries: Sequence[Entry], before: Sequence[Receipt], later: Iterable[Receipt]) -> tuple[list[str], int]:
    """Of a ledger that was put back: what contradicts the receipts given before the backup, and how many later ones are lost."""
    there = [one for one in before if one.size <= len(entries)]
    found = list(differences(entries, there, []))
    found += [f"the receipt at {one.size} is ahead of the ledger" for one in before if one.size > len(entries)]
    return found, sum(one.seq >= len(entries) or entries[one.seq].leaf() != one.entry.leaf() for one in later)
