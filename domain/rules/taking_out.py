"""What is taken out of the consignment on its way (R10, R16, R30): samples, notes, pieces or whole packages, at a stop, with the
act, the permission and the holder.

A doubt on the road is settled by a sample, and a court asks what became of it: it is an exhibit of its own from then on, and
counts in the balance. What is taken out at the preparation is said there.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from domain.delivery.balance import summed
from domain.delivery.custody import AWAITS_DECISION, Custody
from domain.delivery.delivery import Delivery
from domain.delivery.holdings import LABEL_TAKEN, taken, taken_out
from domain.delivery.memory import TakenLot
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, refused
from domain.plan.acts import Act
from domain.plan.directory import Service
from domain.plan.goods import Amount, Check, Checked, Label, keyed
from domain.plan.plan import Plan
from domain.plan.quantity import Bounds, Packages, bounds
from domain.rules.kind import UNDER_WAY, Declaration, Kind, Stays, size_of
from domain.rules.measuring import as_checked, possible
from domain.words.identifiers import OfficerCode, Seal
from domain.words.limits import LARGEST_OF_GOODS, LONGEST_LINE, LONGEST_PLACE, MOST_SEALS, MOST_SUBSTANCES, MOST_WITNESSES

NOT_ON_ITS_WAY = refused(
    "R10", "not_on_its_way", "only of what is on its way something is taken out so; before, that is said at its preparation"
)
OFFERED_ALREADY = refused(
    "R6", "offered_already", "it has been offered at {checkpoint}: it is not opened before it is taken", checkpoint="name"
)
NOT_SO_MUCH = refused(
    "R10",
    "not_so_much_in_it",
    "substance {number}: {found} was taken out, and {expected} is in it",
    number="count",
    found="mass",
    expected="mass",
)
NOT_SO_MUCH_CASH = refused(
    "R10",
    "not_so_much_cash_in_it",
    "{currency}: {found} was taken out, and {expected} is in it",
    currency="name",
    found="money",
    expected="money",
)
NOT_SO_MANY = refused(
    "R10",
    "not_so_many_in_it",
    "counted goods {number}: {found} were taken out, and {expected} are in it",
    number="count",
    found="count",
    expected="count",
)
NOT_SO_MANY_PACKAGES = refused(
    "R10",
    "not_so_many_packages",
    "{found} packages were taken out, and there were {expected}",
    found="count",
    expected="count",
)
KEEPS_ITS_LABEL = refused(
    "R18",
    "keeps_its_label",
    "{label} has been handed on, examined or disposed of under that label, and keeps it",
    label="name",
)
OTHER_SEALS = refused(
    "R7",
    "other_seals_before",
    "seals that are broken or still on it are {found}, and it bore {expected}",
    found="names",
    expected="names",
)
TAKEN_UNOPENED = refused(
    "R16",
    "taken_out_unopened",
    "a sample was taken out of a package, or a seal was broken, and it is said not to have been opened",
)
OPENING_MISSING = refused("R16", "opening_not_permitted", "no act of {state} permits that it is opened there", state="name")
NO_RECORDING = refused(
    "R16",
    "sampling_not_recorded",
    "by the rule card of {state} an opening is recorded, and no picture or recording of it is attached",
    state="name",
)


class TakenOut(Checked, Kind):
    """Something was taken out of the consignment on its way: what, by which act, and how the consignment was closed again. Its
    gross weight, seals and count are those of what goes on.
    """

    kind: Literal["taken_out"] = "taken_out"
    label: Label
    """Of what was taken out, all of it together: an exhibit of its own (R30)."""
    samples: Annotated[tuple[Amount, ...], Field(min_length=1, max_length=MOST_SUBSTANCES)]
    """What was taken out: of a substance by net mass, of cash by amount, of all else by count; or why that was not measured."""
    whole_packages: Annotated[Packages, Field(exclude_if=lambda packages: packages == 0)] = 0
    """How many packages were taken out whole; its `packages` are those that go on."""
    purpose: Annotated[str, Field(min_length=1, max_length=LONGEST_LINE)]
    reference: Act
    """The act of sampling."""
    place: Annotated[str, Field(min_length=1, max_length=LONGEST_PLACE)]
    opened: bool
    """Whether it was opened for it, which may need a permission of its own (R16). Else only whole packages come out of it."""
    broken: Annotated[tuple[Seal, ...], Field(max_length=MOST_SEALS)] = ()
    """Seals broken for it."""
    witnesses: Annotated[tuple[OfficerCode, ...], Field(min_length=1, max_length=MOST_WITNESSES)]
    sample_seals: Annotated[tuple[Seal, ...], Field(max_length=MOST_SEALS)] = ()
    """By which the samples are sealed."""
    stored_at: Annotated[str, Field(max_length=LONGEST_PLACE)] = ""
    """Where they are held."""

    declares = Declaration(
        title="Taken out on the way",
        answers=None,
        confirms=False,
        by="responsible",
        counts=UNDER_WAY,
        names_checkpoint=False,
        rule="R4",
        contact=True,
        readers="leg",
        may_be_left_out=False,
        largest=LARGEST_OF_GOODS,
    )

    @classmethod
    def has_occasion(cls, delivery: Delivery, service: Service) -> bool:
        """It is on its way."""
        return delivery.state.watched

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """What keeps it `closed`; then what is found `as_taken_out` on the leg that it is on, at that instant, of the custody."""
        state = delivery.state
        if (verdict := closed(state)) != ACCEPTED:
            return verdict
        return self.as_taken_out(delivery, said, state.leg or 0, said.at, state.custody)

    def as_correction(self, delivery: Delivery, said: Said, of: str) -> Verdict:
        """`keeps_its_label` where it has another `label` than before, and something was said of it under that since; then what is
        found `as_taken_out` on the leg that it was on then, at the time at which that was recorded, of what the consignment
        weighed and bore before it, where that is still known.
        """
        (label, lot), *_ = lots_in(delivery.state, of).items()
        if label != self.label and label in delivery.state.exhibits:
            return KEEPS_ITS_LABEL(label=label)
        custody = delivery.state.custody
        before = custody.before if custody is not None and custody.taken == lot.seq else None
        return self.as_taken_out(delivery, said, delivery.state.leg_at(lot.seq), lot.at, before, label)

    def as_taken_out(  # noqa: PLR0913, PLR0917 - where, when, of what, and in whose place
        self, delivery: Delivery, said: Said, leg: int, at: datetime, before: Custody | None, instead: str | None = None
    ) -> Verdict:
        """`label_taken` where another exhibit bears its `label`, or only the rules give that (R30); `taken_out_unopened` where it
        was not `opened`, and no whole package was taken out, or a seal was broken; what is not `possible` of the
        samples, in the State of that leg, in the gross weight before; what is wrong `as_checked` there by all that the plan
        names but `sight`; where it is checked by `seals`: `other_seals_before` unless those that it bore are those that were
        broken, and others that it bears now; for the first of the samples of which at least more was taken out, now and before,
        than was kept at most: `not_so_much_in_it` for a substance, `not_so_much_cash_in_it` for cash, `not_so_many_in_it` for
        all else; `not_so_many_packages` where more whole ones were taken out than there were, or where these are not known, with
        those before than the plan has at most; `opening_not_permitted` where it was `opened`, and in that State an act must
        permit `opening` and none has at that instant, unless it corrects what was not of whole packages, so that it had been
        permitted: consents may be others by now; `sampling_not_recorded` where it was `opened`, the card of that State wants
        an opening by `recording`, and no image, sound or video is attached.
        """
        state, plan, there = delivery.state, delivery.plan, delivery.plan.legs[leg].state
        if borne := taken(state, (self.label,), () if instead is None else (instead,)):
            return LABEL_TAKEN(labels=borne)
        if not self.opened and (self.broken or not self.whole_packages):
            return TAKEN_UNOPENED()
        by, others = _checks(state), [lot for label, lot in state.taken_out.items() if label != instead]
        for verdict in (
            possible(plan, self.samples, (), before.gross if before is not None else None, (there,)),
            as_checked(plan, self, by, (there,)),
            self._as_it_was_sealed(before, by),
            self._is_in_it(state, others),
            self._so_many_packages(plan, before, others),
        ):
            if verdict != ACCEPTED:
                return verdict
        was_opened = instead is not None and not state.taken_out[instead].packages
        return self._may_be_opened(delivery, said, there, at, anew=not was_opened)

    def _as_it_was_sealed(self, custody: Custody | None, by: tuple[Check, ...]) -> Verdict:
        """Whether each seal that it bore is accounted for."""
        if "seals" not in by or custody is None:
            return ACCEPTED
        before = {one.number for one in custody.seals}
        known = {one.number for one in self.broken} | {one.number for one in self.seals if one.number in before}
        return ACCEPTED if known == before else OTHER_SEALS(found=tuple(sorted(known)), expected=tuple(sorted(before)))

    def _is_in_it(self, state: State, others: Sequence[TakenLot]) -> Verdict:
        """Whether there was so much of each in it."""
        kept = state.goods.kept if state.goods is not None else ()
        gone = (*self.samples, *(one for lot in others for one in lot.amounts))
        keys = keyed((*kept, *gone))
        was, out = summed(keys[: len(kept)]), summed(keys[len(kept) :])
        for number, (key, _) in enumerate(keys[len(kept) : len(kept) + len(self.samples)], 1):
            known, found = was.get(key, Bounds()), out[key]
            if known.most is None or found.least <= known.most:
                continue
            if key[0] == "cash":
                return NOT_SO_MUCH_CASH(currency=key[1], found=found.said, expected=known.said)
            code = NOT_SO_MUCH if key[0] == "mass" else NOT_SO_MANY
            return code(number=number, found=found.said, expected=known.said)
        return ACCEPTED

    def _so_many_packages(self, plan: Plan, custody: Custody | None, others: Sequence[TakenLot]) -> Verdict:
        """Whether there were so many packages in it."""
        planned, before = plan.consignment.packages, custody.packages if custody is not None else None
        gone, most = self.whole_packages, before
        if before is None:
            gone += sum(lot.packages for lot in others)
            most = bounds(planned).most if planned is not None else None
        return NOT_SO_MANY_PACKAGES(found=gone, expected=most) if most is not None and gone > most else ACCEPTED

    def _may_be_opened(self, delivery: Delivery, said: Said, there: str, at: datetime, *, anew: bool) -> Verdict:
        card, case = delivery.cards.get(there), delivery.plan.case
        if not self.opened:
            return ACCEPTED
        wanted = card is None or card.wants_permitted("opening", case)
        if anew and wanted and not delivery.consents.permitted(there, "opening", at):
            return OPENING_MISSING(state=there)
        rule = card.records_of("opening", case) if card is not None else None
        recorded = any(one.is_recording for one in said.statement.attachments)
        return NO_RECORDING(state=there) if rule is not None and rule.by == "recording" and not recorded else ACCEPTED

    def stays(self, delivery: Delivery, said: Said, statement: str) -> Stays:
        """What its `voice` has taken out, now and before: an equal share, with all that are responsible on a leg, of what was
        left by what was prepared, and no more than others have left of it.
        """
        state, goods = delivery.state, delivery.state.goods
        held = state.taken_out | {self.label: self._lot(said)}
        for label, lot in lots_in(state, statement).items():
            held = {one: known for one, known in held.items() if one != label} | {self.label: self._lot(said, lot)}
        voice = held[self.label].by
        own, others = ({label: lot for label, lot in held.items() if (lot.by == voice) is so} for so in (True, False))
        prepared = (*goods.kept, *goods.removed, *goods.samples, *goods.items) if goods is not None else ()
        left = delivery.law.figures.prepared_bytes - size_of(prepared)
        share = left // len({leg.responsible for leg in delivery.plan.legs})
        return Stays((taken_out(own),), min(share, left - size_of((taken_out(others),))))

    def apply(self, state: State, said: Said) -> None:
        """Its `voice` holds what was taken out, under its `label`. The consignment has been `opened` if it was for that. Later
        checks compare with what was found then; its gross weight must be what it was before, less the samples, where all of that
        was weighed, and its packages those that it had before, less the whole ones that were taken out.
        """
        state.taken_out[self.label] = self._lot(said)
        assert state.custody is not None  # noqa: S101 - what is on its way was prepared
        self._close_up(state, said.seq, state.custody)

    def correct(self, state: State, said: Said, of: str) -> None:
        """The same in the place of what was said of it before; who held it holds it. What later checks compare with changes only
        where nothing has been compared with it: it is on the same leg, nothing keeps it `closed`, and nothing else was taken out
        nor decided about it since.
        """
        lots = lots_in(state, of)
        state.taken_out = {
            self.label if label in lots else label: self._lot(said, lot) if label in lots else lot
            for label, lot in state.taken_out.items()
        }
        custody = state.custody
        for lot in lots.values():
            same = custody is not None and custody.taken == lot.seq
            if custody is not None and custody.before is not None and same and closed(state) == ACCEPTED:
                self._close_up(state, lot.seq, custody.before)
            elif self.opened:
                state.open_up()

    def _lot(self, said: Said, before: TakenLot | None = None) -> TakenLot:
        """What is remembered of it; in the place of what was."""
        new = TakenLot(self.samples, said.voice, said.seq, said.at, self.whole_packages)
        return new if before is None else replace(new, by=before.by, seq=before.seq, at=before.at)

    def _close_up(self, state: State, seq: int, before: Custody) -> None:
        """As it goes on."""
        if self.opened:
            state.open_up()
        now = before.checked(Custody.of(self, before.gaps), _checks(state)).less(before, self.samples, self.whole_packages)
        state.custody = replace(now, taken=seq, before=replace(before, taken=0, before=None))


def closed(state: State) -> Verdict:
    """Why nothing is taken out of it now: `not_on_its_way` unless it is `watched`; `awaits_decision` while a discrepancy waits
    for a decision; `offered_already` where somebody has answered `handover_offer` at the end of the leg that it is on.
    """
    if not state.watched or state.custody is None:
        return NOT_ON_ITS_WAY()
    if state.discrepancy is not None:
        return AWAITS_DECISION(entry=state.discrepancy.seq)
    asked = state.progress.get(state.here.end)
    if asked is not None and any(need == "handover_offer" for _, need in asked.answers):
        return OFFERED_ALREADY(checkpoint=state.here.end)
    return ACCEPTED


def lots_in(state: State, statement: str) -> dict[str, TakenLot]:
    """What this statement says was taken out, as last corrected, by its label."""
    known = state.statements.first(statement)
    return {label: lot for label, lot in state.taken_out.items() if known is not None and lot.seq == known.seq}


def _checks(state: State) -> tuple[Check, ...]:
    """By what it is checked when it is closed again."""
    return tuple(one for one in state.plan.consignment.checked_by if one != "sight")
