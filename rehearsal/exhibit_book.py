"""The book of who holds what (R30), as `rehearsal.invariants` keeps it: from what counted, in order. Nothing here asks a rule."""

from collections.abc import Iterator, Mapping

from domain.delivery.statement import Content, Statement
from domain.plan.directory import Directory
from domain.plan.plan import Plan
from domain.rules.balance import Seizure
from domain.rules.cooperation import RecorderIssued, RecorderReturned
from domain.rules.custody import Dispatched
from domain.rules.detection import Detected
from domain.rules.disposing import Disposed
from domain.rules.examining import ExhibitDivided, LaboratoryReport
from domain.rules.handing_on import ExhibitsAccepted, ExhibitsOffered
from domain.rules.preparation import Prepared
from domain.rules.speaking import Correction
from domain.rules.stop import Destroyed, Interdicted
from domain.rules.taking_out import TakenOut
from domain.rules.watch import LossRecorded
from rehearsal.oracle import OracleBook, passed_in, voice_of

INSIDE = ""
"""Whose an item is that is inside the consignment: whoever holds that."""


class ExhibitBook(OracleBook):
    """Each label, and who holds what bears it; none: it is said what became of it."""

    def __init__(self, plan: Plan, directory: Directory | None = None) -> None:
        self._plan, self._directory = plan, directory
        self.detected = False
        self._holders: dict[str, str | None] = {}
        self._made: dict[str, set[str]] = {}
        """By statement: labels of what it made."""
        self._touched: set[str] = set()
        self._offers: dict[str, str] = {}
        self._voices: dict[str, str] = {}
        self._seizures: list[str] = []
        self._recovered: set[str] = set()
        self._named: dict[str, tuple[str, ...]] = {}
        """By seizure: the items that it recovered apart."""
        self._again: set[str] = set()
        """Seizures that weighed again what had been seized on the way."""
        self._carried: set[str] = set()
        """Recorders that were not handed back."""
        self._disposed: dict[str, tuple[str, dict[str, bool]]] = {}
        """By statement that said what became of something: who said it, and of each label whether somebody carried it before."""
        self._kept = True
        """Something goes on in the consignment."""
        self._secured = False
        self._out: dict[str, str] = {}
        """By statement that said that something was taken out on the way: its label."""
        self._outside: set[str | None] = set()
        """Who holds what was seized, and takes no part."""

    def heard(self, statement: Statement) -> Iterator[str]:  # noqa: PLR0915 - one `match` over all kinds is a table
        """What is wrong with a statement that counted."""
        content, voice, first = statement.content, voice_of(statement), self._plan.legs[0].responsible
        match content:
            case Detected():
                if voice != (first if self.detected else self._plan.successor_of(self._plan.finder)):
                    yield f"R30: {voice} reported what it does not hold"
                self.detected = True
                self._holders["consignment"] = voice
                self._offers.pop("consignment", None)
            case Prepared():
                legs = [leg for leg in self._plan.legs if self._plan.legs[0].state in passed_in(leg)]
                guest = any(voice in leg.accompanied_by for leg in legs)
                self._makes(statement.id, first if guest else voice, content)
                if not self.detected:
                    yield "R30: prepared, and nobody had reported what was found"
            case Seizure():
                self._seizures.append(statement.id)
                self._makes(statement.id, voice, content)
            case Correction(of=of, content=Prepared() | Seizure() as corrected):
                self._makes(of, self._voices[of], corrected)
            case TakenOut(label=label):
                self._holders[label] = voice
                self._out[statement.id] = label
            case Correction(of=of, content=TakenOut(label=label)):
                self._holders[label] = self._holders.pop(self._out[of])
                self._out[of] = label
            case Dispatched():
                if (held_by := self._holders.pop("consignment", None)) != first:
                    yield f"R30: dispatched, and {held_by} holds it"
            case Destroyed() | LossRecorded():
                self._holders.pop("consignment", None)
            case Interdicted() as seized:
                self._voices[statement.id] = voice
                self._touched.discard("consignment")
                self._offers.pop("consignment", None)
                self._seized(voice, seized)
            case Correction(of=of, content=Interdicted() as seized):
                self._seized(self._voices[of], seized)
            case RecorderIssued(label=label):
                if self._of(label, self._holders.get(label, voice)) != voice:
                    yield f"R30: {voice} handed out {label}, which bears the label of another exhibit"
                self._holders[label] = voice
                self._carried.add(label)
            case RecorderReturned(label=label):
                self._carried.discard(label)
                self._holders[label] = voice
            case ExhibitsOffered(exhibits=labels, to=to):
                yield from self._are_held(labels, voice, statement.kind)
                self._offers |= dict.fromkeys(labels, to)
                self._touch(*labels)
            case ExhibitDivided(exhibit=label, into=into):
                yield from self._are_held((label,), voice, statement.kind)
                yield from self._divides(label, voice, tuple(one.label for one in into))
            case ExhibitsAccepted(exhibits=labels, giver=giver):
                yield from self._are_held(labels, giver, "given away")
                if any(self._offers.pop(one, "") != voice for one in labels) and giver not in self._outside:
                    yield f"R30: {voice} took what was not offered to it"
                self._holders |= dict.fromkeys(labels, voice)
                self._touched |= {*labels}
                self._overtaken(*labels)
            case LaboratoryReport(exhibit=label):
                yield from self._are_held((label,), voice, statement.kind)
                self._touch(label)
            case Disposed(exhibits=labels, how=how):
                carried = {one: one in self._carried for one in labels}
                self._carried -= {*labels} if how == "lost" else set()
                yield from self._are_held(labels, voice, statement.kind)
                yield from self._unnamed(labels)
                self._overtaken(*labels)
                self._disposes(statement.id, voice, content, carried)
            case Correction(of=of, content=Disposed(exhibits=labels, how=how) as corrected):
                said, before = self._disposed[of]
                others = tuple(one for one in labels if one not in before)
                carried = before | {one: one in self._carried for one in others}
                self._carried -= {*labels} if how == "lost" else set()
                yield from self._are_held(others, voice, statement.kind)
                yield from self._unnamed(labels)
                self._overtaken(*others)
                for one in set(before) - {*labels}:
                    self._holders[one] = said
                    self._carried |= {one} if before[one] else set()
                self._disposes(of, said, corrected, {one: carried[one] for one in labels})
            case _:
                pass

    def _seized(self, voice: str, seized: Interdicted) -> None:
        """Who holds it, unless it was received since."""
        self._secured = True
        if "consignment" in self._touched:
            return
        there = {state for leg in self._plan.legs if leg.responsible == voice for state in passed_in(leg)}
        named = self._directory.find(seized.held_by or "") if self._directory is not None else None
        elsewhere = named is not None and named.id != voice and named.state not in there
        holder = (None if elsewhere else seized.held_by) or (None if seized.seized_by else voice)
        self._outside = {holder} - {voice}
        self._holders["consignment"] = holder

    def _disposes(self, statement: str, voice: str, said: Disposed, carried: dict[str, bool]) -> None:
        self._disposed[statement] = voice, carried
        self._holders |= dict.fromkeys(said.exhibits, voice if said.how == "kept" else None)
        self._touched |= {*said.exhibits}
        for one in said.exhibits:
            self._offers.pop(one, None)

    def _overtaken(self, *labels: str) -> None:
        """Something later is said of these than what became of them."""
        self._disposed = {
            statement: (voice, {label: one for label, one in carried.items() if label not in labels})
            for statement, (voice, carried) in self._disposed.items()
        }

    def _divides(self, whole: str, voice: str, parts: tuple[str, ...]) -> Iterator[str]:
        if any(one in self._holders for one in parts):
            yield f"R30: a part of {whole} bears the label of another exhibit"
        if whole == "consignment":
            self._touch(*self._inside())
        self._touch(whole)
        self._overtaken(whole)
        self._offers.pop(whole, None)
        self._holders |= {whole: None} | dict.fromkeys(parts, voice)
        self._touched |= {*parts}

    def _inside(self) -> tuple[str, ...]:
        """Items that were not recovered apart, and of which nothing else was said."""
        there = (label for label, holder in self._holders.items() if holder == INSIDE)
        return tuple(one for one in there if not any(one in self._named[seizure] for seizure in self._seizures))

    def _unnamed(self, labels: tuple[str, ...]) -> Iterator[str]:
        """What becomes of the consignment is said of each item in it by its name."""
        for one in self._inside() if "consignment" in labels else ():
            if one not in labels:
                yield f"R30: what became of the consignment was not said of {one}"

    def holder(self) -> str | None:
        """Who holds the consignment, where it does not travel and nothing of it was recovered apart."""
        return self._holders.get("consignment")

    def lapsed(self, taker: str) -> None:
        """Who was offered something did not take it."""
        self._offers = {label: to for label, to in self._offers.items() if to != taker}

    def unheld(self, *, gone: bool) -> Iterator[str]:
        """At the outcome: mass that nobody holds, and of which it is not said what became of it. `gone`: it was lost, destroyed,
        or split into deliveries of their own, or it reached its recipient and nothing of it was recovered, as was explained.
        """
        if "consignment" not in self._holders and not self._recovered and self._kept and not gone:
            yield "R30: nobody holds the consignment"

    def differ(self, known: Mapping[str, str | None]) -> Iterator[str]:
        """Where the delivery says of a label that another holds it, or nobody, or does not know it."""
        for label, holder in self._holders.items():
            travels = holder == INSIDE and "consignment" not in self._holders and self._of(label, holder) is None
            if label not in known:
                yield f"R30: {label} has vanished"
            elif travels:
                continue  # it is with whoever is responsible, or what became of the consignment became of it
            elif self._of(label, holder) != known[label]:
                yield f"R30: {label} is held by {self._of(label, holder)}, and not by {known[label]}"

    def _of(self, label: str, holder: str | None) -> str | None:
        if holder != INSIDE:
            return holder
        seized = (self._voices[one] for one in self._seizures if label in self._named[one])
        return next(seized, self._holders.get("consignment"))

    def _touch(self, *labels: str) -> None:
        """From here on it is known by itself who holds these."""
        self._holders |= {one: self._of(one, self._holders.get(one)) for one in labels}
        self._touched |= {*labels}

    def _are_held(self, labels: tuple[str, ...], voice: str | None, what: str) -> Iterator[str]:
        for one in labels:
            if one in self._carried:
                yield f"R30: {one}, which somebody carries, was {what}"
            if self._of(one, self._holders.get(one)) != voice:
                yield f"R30: {one}, which {voice} does not hold, was {what}"

    def _makes(self, statement: str, voice: str, content: Content) -> None:
        """What it says now that there is; of what it said before, what nobody has touched is not there any more."""
        self._voices[statement] = voice
        made: dict[str, str] = {}
        if isinstance(content, Prepared):
            self._kept = any(one.quantity != 0 for one in content.kept)
            made |= {"removed": voice} if content.removed else {}
            made |= {"samples": voice} if content.samples else {}
            made |= {item.label: INSIDE for item in content.items}
        elif isinstance(content, Seizure):
            number = self._seizures.index(statement) + 1
            lot = "seized" if number == 1 else f"seized-{number}"
            made |= {find.label: voice for find in content.finds}
            self._recovered.discard(lot)
            again = self._secured if statement not in self._named else statement in self._again
            self._again |= {statement} if again else set()
            self._named[statement] = () if again else content.items
            if (content.recovered or content.items) and not again:
                made[lot] = voice
                if not self._secured:
                    self._holders.pop("consignment", None)
                self._recovered.add(lot)
        for label in self._made.get(statement, set()) - made.keys() - self._touched:
            self._holders.pop(label, None)
        self._made[statement] = {*made}
        self._holders |= {label: who for label, who in made.items() if label not in self._holders}
