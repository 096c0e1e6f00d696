"""What a delivery remembers, each in a form of its own: its state is made of these."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from domain.delivery.persons import Prosecution
from domain.delivery.vocabulary import NoticeKind
from domain.plan.goods import Amount, Item
from domain.plan.plan import Plan
from domain.plan.register import Contact
from domain.signing.canonical import plain
from domain.signing.envelope import Envelope
from domain.words.limits import MOST_CONTACTS
from domain.words.moments import utc_text


@dataclass(frozen=True)
class Early:
    """A statement that waits for its checkpoint."""

    envelope: Envelope
    seq: int


@dataclass(frozen=True)
class Spent:
    """What a service has said: how much (R28), and whether that decided for another (R13)."""

    statements: int = 0
    bytes: int = 0
    """Of their canonical payloads."""
    over: bool = False
    """Whether one has been refused for being too many or too much: it is told once."""
    decided: Annotated[bool, Field(exclude_if=lambda decided: not decided)] = False
    """Whether it has answered where States decide, in the place of one that does not carry it out itself, and not in urgency."""


@dataclass(frozen=True)
class Correctable:
    """A statement that has taken effect and may be corrected (R18); `officers` had to say it (R20)."""

    service: str
    kind: str
    seq: int
    at: datetime
    officers: int


@dataclass(frozen=True)
class Sighting:
    """When (as its officer wrote it) and where the responsible authority last saw the consignment."""

    happened_at: str
    place: str


@dataclass(frozen=True)
class Gap:
    """An interval out of sight (R9), from the last contact on; `seq` is the entry that reported it."""

    began: datetime
    seq: int


@dataclass(frozen=True)
class Disclosure:
    """A provider's permission that what it said goes further (R23). `statements` empty: all up to entry `seq`."""

    service: str
    to: str
    statements: tuple[str, ...]
    seq: int


@dataclass(frozen=True)
class Delegation:
    """From one moment to another, what a service is asked may be said by `to` in its stead (R21)."""

    to: str
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True)
class PreparedGoods:
    """What the preparation record says was done to the consignment, as last corrected."""

    kept: tuple[Amount, ...]
    removed: tuple[Amount, ...]
    samples: tuple[Amount, ...]
    items: tuple[Item, ...]
    by: str = ""
    """Who holds what was taken out (R30): who did it, or where that was of another State, who was responsible."""
    packages: int | None = None
    """How many there were then, where they were counted."""
    opened: bool = False


@dataclass(frozen=True)
class TakenLot:
    """What was taken out on the way, under one label, and who holds it (R30); entry `seq` said so, and can be corrected."""

    amounts: tuple[Amount, ...]
    by: str
    seq: int
    at: datetime
    packages: int = 0
    """Whole packages."""

    def words(self) -> dict[str, Any]:
        """It in JSON."""
        lot = {"by": self.by, "seq": self.seq, "at": utc_text(self.at), "packages": self.packages}
        return lot | {"amounts": [plain(one) for one in self.amounts]}


@dataclass(frozen=True)
class Recovered:
    """What a seizure recovered, the labels of substitutes and devices found, how many packages where they were counted, and the
    labels of new exhibits.
    """

    amounts: tuple[Amount, ...]
    items: tuple[str, ...]
    finds: tuple[str, ...] = ()
    by: str = ""
    """Who seized it, and holds it (R30)."""
    again: bool = False
    """It had been seized on the way, and was weighed again where it lay."""
    packages: int | None = None

    @property
    def apart(self) -> bool:
        """Whether it recovered something by itself: an exhibit of its own."""
        return bool(self.amounts or self.items) and not self.again


@dataclass(frozen=True)
class Detection:
    """Entry `seq` reports what was found, and `by` holds it from then on (R30)."""

    by: str
    seq: int


@dataclass(frozen=True)
class LastWord:
    """Entry `seq` said the last of its kind of an exhibit, so that it can be corrected (R18): whose say it was, and how many
    `officers` had to say it (R20).
    """

    seq: int
    by: str
    officers: int = 1
    spent: int = 0
    """Of a report: milligrams that had been spent before it."""
    left: int | None = None
    """Of a report: milligrams that were left before it, where those had been weighed."""


@dataclass(frozen=True)
class HandedOn:
    """What is known of the consignment by who handed it on or received it, or had it before: gross milligrams, the numbers of its
    seals, sorted, and its packages, as far as somebody looked; and whether packing and seals were intact.
    """

    gross: int | None
    seals: tuple[str, ...]
    packages: int | None
    intact: bool = True


@dataclass(frozen=True)
class Exhibit:
    """A thing that is held: one holder, or what became of it (R30)."""

    what: str
    holder: str | None
    """None: nobody any more; its `fate` says why."""
    by: str
    """From whose hands it came: who took it out, seized it, or reported it."""
    entry: int = 0
    """What was last said of it; 0 where nothing was since it became an exhibit."""
    offered_to: str | None = None
    spent: int = 0
    """Milligrams that laboratories have spent."""
    left: int | None = None
    """Milligrams that the last of them left; none before a report that weighed it."""
    fate: str | None = None
    """What became of it. What is `kept` for a proceeding has its holder still."""
    travels: bool = False
    """It is on its way as the consignment, or inside it: it moves by handover and not as an exhibit (R6). Or it is a recorder
    that somebody carries: it is handed back first.
    """
    inside: bool = False
    """It was put into the consignment and is there still: it has the holder and the fate of that."""
    packages: int | None = None
    net: int | None = None
    """Milligrams of it, where its lot was divided and this part weighed."""
    of: str | None = None
    """The lot that it is a part of."""
    report: LastWord | None = None
    """The last report of a laboratory on it."""
    disposal: LastWord | None = None
    """What has said its fate."""
    handed: HandedOn | None = None
    """Of the consignment: what was found of it when it was last handed on as an exhibit."""

    def words(self) -> dict[str, Any]:
        """It in JSON, without what is as where nothing was said of it."""
        words = {name: said for name, said in asdict(self).items() if said != _UNSAID.get(name, ...)}
        for last in [name for name in ("report", "disposal") if name in words]:
            words[last] = {name: said for name, said in words[last].items() if said != _LAST_UNSAID.get(name, ...)}
        return words


_UNSAID = {one.name: one.default for one in fields(Exhibit)}
_LAST_UNSAID = {one.name: one.default for one in fields(LastWord)}


@dataclass(frozen=True)
class Secured:
    """What was seized on the way: gross milligrams where measured, packages where counted, and who holds it."""

    gross: int | None
    packages: int | None
    holder: str | None
    """None: an authority that takes no part and is no service of the directory; which one, the statement says."""
    by: str = ""
    """Whose say it was: who has arrested those who were arrested with it."""


@dataclass(frozen=True)
class SplitPart:
    """A part of a consignment that has split: its code name and contents."""

    operation: str
    contents: tuple[Amount, ...]


@dataclass(frozen=True)
class EndedPart:
    """How a part ended."""

    operation: str
    outcome: str
    recovered: tuple[Amount, ...]
    root: str


@dataclass
class Owed:
    """A notice that services are still to be told; `seq` is the entry it follows from."""

    seq: int
    kind: NoticeKind
    checkpoint: str | None
    services: tuple[str, ...]

    @property
    def size(self) -> int:
        """Bytes of it: the names of the services and 3 for each, the name of the checkpoint, and 80."""
        return sum(len(one) + 3 for one in self.services) + len(self.checkpoint or "") + 80


@dataclass(frozen=True)
class Transfer:
    """A request that a State takes over proceedings against somebody: of which State to which, and whether it was answered, or
    was asked for an answer and met with silence.
    """

    state: str
    to: str
    answered: bool = False
    unheard: bool = False


@dataclass(frozen=True)
class Cooperating:
    """A person who cooperates with a service, by the code that this has given."""

    service: str
    person: str


@dataclass(frozen=True)
class Recorder:
    """A recorder that a service has handed out, and the person who carries it; none: it was handed back."""

    service: str
    person: str | None


@dataclass(frozen=True)
class Understanding:
    """Who prosecutes whom, as the service of a State has understood it in an entry."""

    state: str
    seq: int
    prosecutions: tuple[Prosecution, ...]


@dataclass(frozen=True)
class OnHold:
    """Since when nothing moves, and by which entry (R8)."""

    since: datetime
    seq: int
    by: str | None
    """The service that ordered it; none: what it goes by is not permitted any more (R16)."""
    newest: int
    """The newest entry that held it: the same, or another since."""
    newest_by: str | None
    """By whom."""


@dataclass
class Diverging:
    """Entry `seq` says that the archive has another history, and nothing new begins until it is decided how to go on."""

    seq: int
    decided: tuple[str, ...] = ()
    """Who has decided to go on: keys of its checkpoints."""


@dataclass
class RegisterState:
    """What the register of live operations has answered (R15)."""

    number: int = -1
    """Of its newest answer; -1 before the first."""
    contacts: tuple[Contact, ...] = ()
    looked: bool = False
    """Whether it has answered, after all that the plan touches, since the last planned checkpoint closed."""
    afresh: bool = False
    """Whether it is to be looked into at once, by a signature that it has not answered yet."""
    orders: tuple[int, ...] = ()
    """Entries in which a competent service has signed that it is looked into, in order."""
    signed: tuple[str, ...] = ()
    """Hashes of the selectors that the signatures are about."""
    passed_over: tuple[str, ...] = ()
    """Hashes of selectors that nobody signed for after it had left. They are not asked about again."""
    not_before: datetime | None = None
    """When it may be asked again, where a quota or its size has kept it from looking."""
    settled: tuple[str, ...] = ()
    """Numbers of the conflicts that both sides have settled."""
    gone: Annotated[dict[str, datetime], Field(exclude_if=lambda gone: not gone)] = field(default_factory=dict)
    """By the number of a conflict that had been settled: when it was named no more, the earliest first; of `MOST_CONTACTS`."""
    gone_before: Annotated[datetime | None, Field(exclude_if=lambda before: before is None)] = None
    """When the last of those was of which that is not known apart any more."""
    let_be: tuple[str, ...] = ()
    """Numbers of those that nobody settled in time, when it had left already."""

    def covers(self, plan: Plan) -> bool:
        """Whether it has been signed for, and every selector of this plan is among the `signed`."""
        return bool(self.orders) and all(one.hash in self.signed for one in plan.selectors)

    def change(self, old: Plan, new: Plan) -> None:
        """What the new plan touches that the old one did not is not `signed`, though it was once: the register may have let go of
        it. It has `looked` only if it `covers` the new plan, and that touches all that the old one did; where it `covers` it, and
        that touches less, it is looked into `afresh`, by what was signed.
        """
        before, now = ([one.hash for one in plan.selectors] for plan in (old, new))
        self.signed = tuple(one for one in self.signed if one in before or one not in now)
        covered, fewer = self.covers(new), any(one not in now for one in before)
        self.looked = self.looked and covered and not fewer
        self.afresh = self.afresh or (covered and fewer)

    def unsettled(self) -> tuple[Contact, ...]:
        """The contacts whose conflict is not `settled`."""
        return tuple(contact for contact in self.contacts if contact.conflict not in self.settled)

    def forget_settled(self, conflicts: Iterable[str], at: datetime) -> None:
        """These had been settled, and are `gone` since then. Of more than 16 the earliest are known together, as
        `gone_before`.
        """
        for one in conflicts:
            self.gone.pop(one, None)
            self.gone[one] = at
        while len(self.gone) > MOST_CONTACTS:
            self.gone_before = self.gone.pop(next(iter(self.gone)))

    def gone_since(self, conflict: str) -> datetime | None:
        """Since when a conflict that had been settled is named no more, as far as that is known; what is signed about it before
        then settles nothing.
        """
        return self.gone.get(conflict, self.gone_before)


SiblingStanding = Literal["held", "stopped", "danger", "ended"]


@dataclass
class Siblings:
    """What has been heard of the others of its group, in few bytes: they are carried from run to run."""

    heard: int = 0
    """How often something has been."""
    standing: dict[int, SiblingStanding] = field(default_factory=dict)
    """By the place among the `members`: the last that was heard of how it stands; none while it goes on."""
    waiting: dict[str, datetime] = field(default_factory=dict)
    """Checkpoints that have had their turn and wait: until when."""
    reached: tuple[str, ...] = ()
    """What has been waited for and has come so far: the sibling and its checkpoint."""
    alone: tuple[str, ...] = ()
    """Checkpoints for which it was decided to wait no more."""
    stop: int | None = None
    """The entry of a sibling's stop, while it is not decided what follows from it here."""
