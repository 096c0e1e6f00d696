"""What the services of a delivery hold of it, and how that is compared with the ledger that they are shown."""

import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
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
from domain.words.moments import instant
from workflows.messages import LedgerSize

CLOSE = timedelta(seconds=10)
"""By so much a moment of the ledger may be beside those of whoever was answered. Both are told by this machine's clock; but a
gateway knows Temporal's no better than its last look at it took, which on a busy machine is seconds.
"""


@dataclass(frozen=True)
class Owed:
    """A statement that was acknowledged as left, and when."""

    envelope: Envelope
    at: datetime


@dataclass
class Case:
    """One delivery: what its services have been answered, and how its ledger was seen last."""

    plan: Plan
    receipts: dict[str, SignedReceipt] = field(default_factory=dict)
    """By statement: the first that was given."""
    handed: dict[str, datetime] = field(default_factory=dict)
    """By statement: when it was handed in first."""
    left: dict[str, Owed] = field(default_factory=dict)
    """By statement: acknowledged as left (202), without a receipt until now."""
    refused: set[str] = field(default_factory=set)
    """New statements that were refused: if the answer to an earlier try was lost, it was a refusal too."""
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
    """What all services hold. `clock`: seconds."""

    def __init__(self, directory: Directory, clock: Callable[[], float]) -> None:
        self.directory = directory
        self.clock = clock
        self.cases: dict[str, Case] = {}
        """By delivery, while it has not ended."""
        self.over: dict[str, Case] = {}
        """Likewise once it has: the one that was compared longest ago comes first."""
        self.differences: list[str] = []
        self.given = 0
        """Receipts, repeats not counted."""
        self.repeats = 0
        self.left = 0
        self.turned_away = 0
        """Left, and refused with a reason when handed in again."""
        self._quiet = 0.0
        self.mended_at = 0.0
        self.first: float | None = None
        """Seconds from the end of the last fault to the receipt of the first new statement that was handed in after it."""

    def go_wrong(self) -> None:
        """Something is wrong from now on, until it is mended."""
        self._quiet, self.mended_at = self.quiet(), inf

    def begin_anew(self) -> None:
        """What was wrong is mended now."""
        self._quiet, self.mended_at, self.first = self.quiet(), self.clock(), None

    def quiet(self) -> float:
        """For how long nothing has been wrong so far: seconds, of all times together."""
        return self._quiet + max(self.clock() - self.mended_at, 0.0)

    def case_of(self, delivery: str) -> Case | None:
        """What is held of this delivery; none of one that is not of this traffic."""
        return self.cases.get(delivery) or self.over.get(delivery)

    def ended(self, case: Case) -> None:
        """Nothing more is said in it. What was said stays, to be compared."""
        case.said.clear()
        self.over[case.plan.operation] = self.cases.pop(case.plan.operation)

    def next_over(self, most: int) -> list[Case]:
        """So many of those that have ended, in turn."""
        chosen = list(self.over)[:most]
        return [self.over.setdefault(one, self.over.pop(one)) for one in chosen]

    def failed(self, error: BaseException) -> None:
        """What should have come true did not, or this tool has a fault: either is a difference."""
        self.differences.append("".join(traceback.format_exception(error)).strip())

    def answered(self, envelope: Envelope, answer: SignedReceipt | Left, began: float) -> None:
        """A service was answered; `began`: when it had called."""
        if isinstance(answer, Left):
            case = self.case_of(read_statement(envelope).delivery)
            if case is not None and answer.statement not in case.receipts:
                self.left += answer.statement not in case.left
                case.left.setdefault(answer.statement, Owed(envelope, datetime.now(UTC)))
            return
        new = self.keep(answer)
        if new and self.first is None and began >= self.mended_at:
            self.first = self.clock() - self.mended_at

    def keep(self, given: SignedReceipt) -> bool:
        """Keep a receipt; whether it is the first for its statement."""
        receipt = given.receipt
        case = self.case_of(receipt.delivery)
        if case is None:
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
        at, handed = instant(receipt.entry.at), case.handed.get(receipt.statement)
        if at > datetime.now(UTC) + CLOSE or (handed is not None and at < handed - CLOSE):
            self.differences.append(
                f"{receipt.delivery}: entry {receipt.seq} has the moment {receipt.entry.at}, and it came at another"
            )
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


def taken_though_refused(entries: Iterable[Entry], refused: Collection[str]) -> Iterator[str]:
    """Each statement that took effect, and was refused when its sender asked once more."""
    stated = (one.event for one in entries if isinstance(one.event, Stated) and one.event.verdict.verdict != "refused")
    yield from (
        f"statement {name} was refused, and stands" for one in stated if (name := read_statement(one.envelope).id) in refused
    )


def ended_at(entries: Sequence[Entry]) -> datetime | None:
    """When it ended, if it has."""
    last = entries[-1]
    return instant(last.at) if last.event.event == "ended" else None


def statements_in(entries: Iterable[Entry]) -> set[str]:
    """Ids of what services have said."""
    return {read_statement(one.event.envelope).id for one in entries if isinstance(one.event, Stated)}


def survived(entries: Sequence[Entry], before: Sequence[Receipt], later: Iterable[Receipt]) -> tuple[list[str], int]:
    """Of a ledger that was put back: what contradicts the receipts given before the backup, and how many later ones are lost."""
    there = [one for one in before if one.size <= len(entries)]
    found = list(differences(entries, there, []))
    found += [f"the receipt at {one.size} is ahead of the ledger" for one in before if one.size > len(entries)]
    return found, sum(one.seq >= len(entries) or entries[one.seq].leaf() != one.entry.leaf() for one in later)
