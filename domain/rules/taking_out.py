"""What is taken out of the consignment on its way (R10, R16, R30): a sample, at a stop, with the act, the permission and the
holder.

A doubt on the road is settled by a sample, and a court asks what became of it: it is an exhibit of its own from then on, and
counts in the mass balance. What is taken out at the preparation is said there.
"""

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
from domain.plan.goods import Check, Checked, Label, SubstanceMass, keyed
from domain.plan.quantity import Bounds
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
OTHER_SEALS = refused(
    "R7",
    "other_seals_before",
    "seals that are broken or still on it are {found}, and it bore {expected}",
    found="names",
    expected="names",
)
OPENING_MISSING = refused("R16", "opening_not_permitted", "no act of {state} permits that it is opened there", state="name")
NO_RECORDING = refused(
    "R16",
    "sampling_not_recorded",
    "by the rule card of {state} an opening is recorded, and no picture or recording of it is attached",
    state="name",
)


class TakenOut(Checked, Kind):
    """A sample was taken out of the consignment on its way: what, by which act, and how the consignment was closed again. Its
    gross weight, seals and count are those of what goes on.
    """

    kind: Literal["taken_out"] = "taken_out"
    label: Label
    """Of what was taken out, all of it together: an exhibit of its own (R30)."""
    samples: Annotated[tuple[SubstanceMass, ...], Field(min_length=1, max_length=MOST_SUBSTANCES)]
    purpose: Annotated[str, Field(min_length=1, max_length=LONGEST_LINE)]
    reference: Act
    """The act of sampling."""
    place: Annotated[str, Field(min_length=1, max_length=LONGEST_PLACE)]
    opened: bool
    """Whether it was opened for it, which may need a permission of its own (R16)."""
    broken: Annotated[tuple[Seal, ...], Field(max_length=MOST_SEALS)] = ()
    """Seals broken for it."""
    witnesses: Annotated[tuple[OfficerCode, ...], Field(min_length=1, max_length=MOST_WITNESSES)]
    sample_seals: Annotated[tuple[Seal, ...], Field(max_length=MOST_SEALS)] = ()
    """By which the samples are sealed."""
    stored_at: Annotated[str, Field(max_length=LONGEST_PLACE)] = ""
    """Where they are held."""

    declares = Declaration(
        title="Sample taken out on the way",
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
        """`not_on_its_way` unless it is `watched`; `awaits_decision` while a discrepancy waits for a decision; `offered_already`
        where somebody has answered `handover_offer` at the end of the leg that it is on; `label_taken` where another exhibit
        bears its `label`, or only the rules give that (R30); what is not `possible` of the samples, in the State that it is in;
        what is wrong `as_checked` there by all that the plan names but `sight`; where it is checked by `seals`:
        `other_seals_before` unless those that it bore are those that were broken, and others that it bears now;
        `not_so_much_in_it` for the first substance of which at least more was taken out, now and before, than was kept at most;
        `opening_not_permitted` where it was `opened`, and in that State an act must permit `opening` and none has at that
        instant; `sampling_not_recorded` where it was `opened`, the card of that State wants an opening by `recording`, and no
        image, sound or video is attached.
        """
        state, here = delivery.state, delivery.state.here
        if not state.watched or state.custody is None:
            return NOT_ON_ITS_WAY()
        if state.discrepancy is not None:
            return AWAITS_DECISION(entry=state.discrepancy.seq)
        asked = state.progress.get(here.end)
        if asked is not None and any(need == "handover_offer" for _, need in asked.answers):
            return OFFERED_ALREADY(checkpoint=here.end)
        if borne := taken(state, (self.label,)):
            return LABEL_TAKEN(labels=borne)
        by: tuple[Check, ...] = tuple(one for one in delivery.plan.consignment.checked_by if one != "sight")
        for verdict in (
            possible(delivery.plan, self.samples, (), None, (here.state,)),
            as_checked(delivery.plan, self, by, (here.state,)),
            self._as_it_was_sealed(state.custody, by),
            self._is_in_it(state),
        ):
            if verdict != ACCEPTED:
                return verdict
        return self._may_be_opened(delivery, said)

    def _as_it_was_sealed(self, custody: Custody, by: tuple[Check, ...]) -> Verdict:
        """Whether each seal that it bore is accounted for."""
        before = {one.number for one in custody.seals}
        known = {one.number for one in self.broken} | {one.number for one in self.seals if one.number in before}
        if "seals" not in by or known == before:
            return ACCEPTED
        return OTHER_SEALS(found=tuple(sorted(known)), expected=tuple(sorted(before)))

    def _is_in_it(self, state: State) -> Verdict:
        """Whether there was so much of each in it."""
        kept = state.goods.kept if state.goods is not None else ()
        gone = (*(one for lot in state.taken_out.values() for one in lot.amounts), *self.samples)
        keys = keyed((*kept, *gone))
        was, out = summed(keys[: len(kept)]), summed(keys[len(kept) :])
        for number, (key, found) in enumerate(out.items(), 1):
            most = was.get(key, Bounds()).most
            if most is not None and found.least > most:
                return NOT_SO_MUCH(number=number, found=found.said, expected=was.get(key, Bounds()).said)
        return ACCEPTED

    def _may_be_opened(self, delivery: Delivery, said: Said) -> Verdict:
        there, case = delivery.state.here.state, delivery.plan.case
        card = delivery.cards.get(there)
        if not self.opened:
            return ACCEPTED
        wanted = card is None or card.wants_permitted("opening", case)
        if wanted and not delivery.consents.permitted(there, "opening", said.at):
            return OPENING_MISSING(state=there)
        rule = card.records_of("opening", case) if card is not None else None
        recorded = any(one.is_recording for one in said.statement.attachments)
        return NO_RECORDING(state=there) if rule is not None and rule.by == "recording" and not recorded else ACCEPTED

    def stays(self, delivery: Delivery, said: Said, statement: str) -> Stays:
        """What its `voice` has taken out, now and before: an equal share, with all that are responsible on a leg, of what was
        left by what was prepared, and no more than others have left of it.
        """
        held, goods, voice = delivery.state.taken_out, delivery.state.goods, said.voice
        own = {label: lot for label, lot in held.items() if lot.by == voice} | {self.label: TakenLot(self.samples, voice)}
        others = {label: lot for label, lot in held.items() if lot.by != voice}
        prepared = (*goods.kept, *goods.removed, *goods.samples, *goods.items) if goods is not None else ()
        left = delivery.law.figures.prepared_bytes - size_of(prepared)
        share = left // len({leg.responsible for leg in delivery.plan.legs})
        return Stays((taken_out(own),), min(share, left - size_of((taken_out(others),))))

    def apply(self, state: State, said: Said) -> None:
        """Its `voice` holds what was taken out, under its `label`. The consignment has been `opened` if it was for that. Later
        checks compare with what was found then; its gross weight must be what it was before, less the samples, where both are
        known.
        """
        state.taken_out[self.label] = TakenLot(self.samples, said.voice)
        if self.opened:
            state.open_up()
        before = state.custody
        assert before is not None  # noqa: S101 - what is on its way was prepared
        by: tuple[Check, ...] = tuple(one for one in state.plan.consignment.checked_by if one != "sight")
        state.custody = before.checked(Custody.of(self, before.gaps), by).less(before, self.samples)
