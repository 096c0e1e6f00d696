"""One delivery: what was brought (plan, directory, cards), what has happened (the ledger), and what it adds up to (the state)."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, Protocol, TypeVar

from domain.delivery.balance import Balance
from domain.delivery.consents import Consents
from domain.delivery.decided import Closed, Silence, TakenUp
from domain.delivery.event import Event, Law, Moment
from domain.delivery.events import AnyEvent
from domain.delivery.known import Known, KnownStatements
from domain.delivery.ledger import Entry, Ledger, LeftOut
from domain.delivery.reported import Stated
from domain.delivery.state import State
from domain.delivery.verdicts import Finding, Verdict
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.plan.plan import Plan
from domain.signing.canonical import HELD_ONCE, Frozen
from domain.words.identifiers import State as StateCode
from domain.words.moments import instant, utc_text

T = TypeVar("T")


class Spending(Protocol):
    """What a delivery asks about budgets."""

    def goes_beyond(self, verdict: Verdict) -> bool:
        """Whether this refusal is for a budget that is spent."""
        ...


class Rules(Law, Protocol):
    """What a delivery is under: one version of the law, see `domain.rules.book`."""

    @property
    def version(self) -> int:
        """Which one."""
        ...

    @property
    def effects(self) -> Mapping[str, type[Event]]:
        """The events that it knows, each with the effect it has."""
        ...

    @property
    def budget(self) -> Spending:
        """How much may be said."""
        ...

    @property
    def consents(self) -> type[Consents]:
        """What rules ask about consent."""
        ...

    @property
    def balance(self) -> type[Balance]:
        """What rules ask about the mass balance."""
        ...


class Snapshot(Frozen):
    """The directory and the rule cards that a delivery begins with: its ledger holds only their digests."""

    directory: Annotated[Directory, HELD_ONCE]
    cards: dict[StateCode, Annotated[RuleCard, HELD_ONCE]]


class Delivery:
    """`append` is the only thing that changes it. Nothing decides that does not follow from the entries: a replay rebuilds it."""

    def __init__(  # noqa: PLR0913, PLR0917 - a delivery is made of these
        self,
        plan: Plan,
        directory: Directory,
        cards: Mapping[str, RuleCard],
        law: Rules,
        began: datetime,
        secret: bytes | None = None,
    ) -> None:
        """`secret`: what the salts are made from; none where entries come with their salts, for whoever verifies."""
        known = KnownStatements(secret)
        self._stand(State(plan, directory, dict(cards), began, began, known), Ledger(secret), law)

    @classmethod
    def of(cls, state: State, ledger: Ledger, law: Rules) -> "Delivery":
        """One that stands as this state says, and goes on after what is in this ledger."""
        delivery = cls.__new__(cls)
        delivery._stand(state, ledger, law)  # noqa: SLF001 - it is being made
        return delivery

    def _stand(self, state: State, ledger: Ledger, law: Rules) -> None:
        self.state, self.ledger, self.law = state, ledger, law
        self.snapshot = Snapshot(directory=state.directory, cards=dict(state.cards))
        """What it began with; a changed plan may bring more. Only where every entry is held."""
        self.quiet: datetime | None = None
        """Up to when nothing is due, since the newest entry; none where nobody has looked."""
        self._found: dict[Callable[[Delivery], Any], Any] = {}
        self.consents = law.consents(state)
        self.balance = law.balance(state)

    @property
    def reached(self) -> datetime:
        """Up to when all that is due has been recorded. A message that is turned away or repeats another does not move it."""
        return self.quiet or self.state.now

    @property
    def plan(self) -> Plan:
        """The plan as it is now: it may change under way (R22)."""
        return self.state.plan

    @property
    def directory(self) -> Directory:
        """The services known now."""
        return self.state.directory

    @property
    def cards(self) -> dict[str, RuleCard]:
        """The rule cards known now, by State."""
        return self.state.cards

    def once(self, find: Callable[["Delivery"], T]) -> T:
        """What this finds in the delivery as it stands, worked out once until another entry takes effect."""
        if find not in self._found:
            self._found[find] = find(self)
        found: T = self._found[find]
        return found

    def remarked(self) -> Iterator[tuple[Entry, Finding]]:
        """Of the entries held here: of statements that count, each with each thing that is remarked of it; of silences and of
        refusals to permit it for longer, each with what ended with it.
        """
        return ((entry, finding) for entry in self.ledger if isinstance(entry, Entry) for finding in remarks_of(entry))

    def append(self, event: AnyEvent, at: datetime) -> Entry:
        """Record an event and let it take effect. Time never runs back: `at` counts as the newest entry's if it is earlier."""
        at = max(at, self.state.now)
        entry = self.ledger.next(event, utc_text(at))
        self._take_effect(entry, at)
        return entry

    def take(self, entry: Entry | LeftOut) -> None:
        """Append an entry that has been recorded elsewhere. Raises `NotVerified` if it does not follow on what is there."""
        self.ledger.check(entry)
        if isinstance(entry, LeftOut):
            self.ledger.append(entry)
            known = Known(entry.provider, entry.seq)
            over = self.law.budget.goes_beyond(entry.verdict)
            # its words are known by nothing but its leaf
            self.state.remember(entry.statement, entry.leaf, known, entry.size, over=over)
        else:
            self._take_effect(entry, instant(entry.at))

    def _take_effect(self, entry: Entry, at: datetime) -> None:
        self.ledger.append(entry)
        self.quiet = None
        self._found.clear()
        self.state.now = at
        self._under_its_rules(entry.event).apply(self.state, Moment(entry.seq, at), self.law)
        self.state.let_time_run(at)
        self.state.owe_at_most(self.law.figures.owed_bytes)

    def _under_its_rules(self, event: Event) -> Event:
        """The event with the effect that it has under this version of the rules."""
        known = self.law.effects[event.event]
        return event if isinstance(event, known) else known.model_construct(**dict(event))


def remarks_of(entry: Entry) -> tuple[Finding, ...]:
    """What is remarked of it, as `Delivery.remarked` says."""
    match entry.event:
        case Silence(finding=Finding() as ended) | Closed(finding=Finding() as ended):
            return (ended,)
        case Stated(verdict=verdict) | TakenUp(verdict=verdict) if verdict.verdict == "accepted":
            return verdict.findings
        case _:
            return ()
