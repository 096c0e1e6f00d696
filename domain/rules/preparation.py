"""Preparation (R3, R10, R16): what was done to the consignment before it goes on, and that teams are in place."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from domain.delivery.balance import summed, units_of
from domain.delivery.custody import AWAITS_DECISION, Custody
from domain.delivery.delivery import Delivery
from domain.delivery.holdings import LABEL_TAKEN, taken, taken_out
from domain.delivery.memory import PreparedGoods
from domain.delivery.requests import Facts
from domain.delivery.state import State
from domain.delivery.statement import Said
from domain.delivery.verdicts import ACCEPTED, Verdict, refused
from domain.plan.attachment import Attachment
from domain.plan.cards import Measure, Modality
from domain.plan.goods import AnyAmount, Checked, Item, SubstanceMass, Substances, Unit, keyed, least_mass
from domain.plan.plan import Plan
from domain.plan.quantity import Bounds, bounds
from domain.rules.kind import UNDER_WAY, Declaration, Kind, Stays, refused_for
from domain.rules.measuring import as_checked, packed, possible
from domain.words.identifiers import OfficerCode, Seal
from domain.words.limits import (
    LARGEST_NOTE,
    LARGEST_OF_GOODS,
    LONGEST_LINE,
    LONGEST_PLACE,
    LONGEST_REASON,
    MOST_ITEMS,
    MOST_SEALS,
    MOST_UNITS,
    MOST_WITNESSES,
)
from domain.words.moments import Moment, instant
from domain.words.quantities import milliseconds
from domain.words.text import mark

OTHERWISE = refused("R3", "prepared_otherwise", "prepared as {given}; consent was asked for {asked}", given="word", asked="word")
NOT_THAT = refused("R3", "not_that_modality", "what was kept, removed and put in is not what {modality} means", modality="word")
NO_SUBSTITUTE = refused(
    "R3",
    "no_substitute_for_it",
    "the substitutes weigh {found}, and what was removed {expected}: they cannot stand in for it within {tolerance}",
    found="mass",
    expected="mass",
    tolerance="mass",
)
NOT_PERMITTED = refused(
    "R16",
    "not_permitted_there",
    "no act of {state} permits {permission}",
    state="name",
    permission="word",
)
DONE_UNOPENED = refused(
    "R16",
    "done_unopened",
    "something was removed, sampled or put in in its place, or a seal was broken, and it is said not to have been opened",
)
NOT_RECORDED = refused(
    "R16",
    "opening_not_recorded",
    "by the rule card of {state} an opening is recorded, and no picture or recording of it is attached",
    state="name",
)
TOO_SHORT = refused(
    "R9", "device_too_short", "{label} lasts {lasts}, and the way takes up to {way}", label="name", lasts="span", way="span"
)


BEGAN_LATER = refused("R10", "began_in_future", "the work began after now")
KEPT_OTHERWISE = refused(
    "R10",
    "units_kept_otherwise",
    "of one substance the units that were kept weigh {found}, and {expected} was kept",
    found="mass",
    expected="mass",
)
REMOVED_OTHERWISE = refused(
    "R10",
    "units_removed_otherwise",
    "of one substance the units that were removed weigh {found}, and {expected} was removed",
    found="mass",
    expected="mass",
)

Words = Annotated[str, Field(max_length=LONGEST_REASON)]


class Prepared(Checked, Kind):
    """Preparation record: what was done to the consignment, and what every later check compares with: its gross weight as
    resealed, with substitute and devices, its seals, or what stands in for them.
    """

    kind: Literal["prepared"] = "prepared"
    modality: Modality
    kept: Substances
    removed: Substances = ()
    samples: Substances = ()
    """Taken for the laboratory."""
    units: Annotated[tuple[Unit, ...], Field(max_length=MOST_UNITS)] = ()
    """Each unit as weighed; together they are what was kept, removed and sampled (R10)."""
    items: Annotated[tuple[Item, ...], Field(max_length=MOST_ITEMS)] = ()
    opened: bool = False
    """Whether it was opened, which may need a permission of its own (R16); nothing is taken out of it otherwise."""
    test: Annotated[str, Field(max_length=LONGEST_LINE)] = ""
    """Presumptive test and its result."""
    broken: Annotated[tuple[Seal, ...], Field(max_length=MOST_SEALS)] = ()
    """Seals broken for it."""
    witnesses: Annotated[tuple[OfficerCode, ...], Field(min_length=1, max_length=MOST_WITNESSES)]
    began_at: Moment | None = None
    """When the work began; it was over when it happened, as its statement says."""
    place: Annotated[str, Field(max_length=LONGEST_PLACE)] = ""
    """To the room."""
    sealed_before: Literal["intact", "damaged", "none"] | None = None
    """How its seals were found when the work began."""
    concealment: Words = ""
    """Where it was hidden, as found when it was opened."""
    packing: Words = ""
    """In what it was packed."""
    sample_seals: Annotated[tuple[Seal, ...], Field(max_length=MOST_SEALS)] = ()
    """By which the samples are sealed."""
    stored_at: Annotated[str, Field(max_length=LONGEST_PLACE)] = ""
    """Where what was taken out is held."""

    declares = Declaration(
        title="Consignment prepared",
        answers="prepared",
        confirms=True,
        by="asked",
        counts=UNDER_WAY,
        names_checkpoint=True,
        rule="R17",
        contact=False,
        readers="checkpoint",
        may_be_left_out=False,
        largest=LARGEST_OF_GOODS,
    )

    @model_validator(mode="after")
    def _each_label_once(self) -> "Prepared":
        for labels in ([unit.label for unit in self.units], [item.label for item in self.items]):
            if len(labels) != len(dict.fromkeys(labels)):
                message = mark("each label stands once")
                raise ValueError(message)
        return self

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """`awaits_decision` while a discrepancy waits for a decision; then what is found `as_of` now."""
        if delivery.state.discrepancy is not None:
            return AWAITS_DECISION(entry=delivery.state.discrepancy.seq)
        return self.as_of(delivery, said.at, said.statement.attachments)

    def as_of(self, delivery: Delivery, at: datetime, attached: Sequence[Attachment]) -> Verdict:
        """`prepared_otherwise` unless its `modality` is the plan's; `not_that_modality` where it is not what its modality
        means; `done_unopened` where it was not `opened`, and something was removed or sampled, a substitute put in, or a seal
        broken; `label_taken` for the items whose label another exhibit bears, or that only the rules give (R30);
        `began_in_future` where the work began after that time; what is wrong `as_checked` by all that the plan names but
        `sight`, in the State of the plan's first checkpoint of step `prepare`; what is not `possible` there; what is not
        `packed`; `no_substitute_for_it` where substitutes were put in and weigh otherwise than the masses removed, beyond the
        plan's tolerance of a `substitute`, but for more where something else was removed beside; the first of the differences
        where its units, `compared` as `in_units`, are not the masses that were kept, removed and sampled; what is wrong with
        its units `as_they_went`; `not_permitted_there` where it was `opened`, and in the State of the plan's first checkpoint
        of step `prepare` an act must permit `opening` and none has at that instant, or where it has a device (a tracker, an
        opening alarm, or whatever has a time it `lasts`), and in a State of the route an act must permit `device` and none
        has; `opening_not_recorded` where it was `opened`, in the State of the first checkpoint of step `prepare` the card
        wants an opening by `recording`, and no image, sound or video is attached; `device_too_short` for the first item that
        `lasts` less long than the way takes, from the start of the first leg until the planned exit from the State of the
        last, with the plan's `margin`. Where by the record before it was opened too, or had a device, or one that `lasts` as
        long, that is not looked at again: consents and way may be others by now.
        """
        plan = delivery.plan
        if self.modality != plan.modality:
            return OTHERWISE(given=self.modality, asked=plan.modality)
        if not self._is_what_its_modality_means():
            return NOT_THAT(modality=self.modality)
        if not self.opened and self._was_opened():
            return DONE_UNOPENED()
        if borne := taken(delivery.state, [one.label for one in self.items], self._known(delivery)):
            return LABEL_TAKEN(labels=borne)
        if self.began_at is not None and instant(self.began_at) > at:
            return BEGAN_LATER()
        verdict = self._adds_up(plan)
        if verdict != ACCEPTED:
            return verdict
        differs = units_of(self.units, (*self.kept, *self.removed, *self.samples), plan.tolerances)
        if differs:
            return refused_for(differs[0])
        if (verdict := self._as_they_went(plan)) != ACCEPTED:
            return verdict
        goods = delivery.state.goods
        opened = self.opened and not (goods is not None and goods.opened)
        before = goods.items if goods is not None else ()
        devices = any(one.is_device for one in self.items) and not any(one.is_device for one in before)
        done: tuple[tuple[bool, Measure, tuple[str, ...]], ...] = (
            (opened, "opening", (plan.at("prepare")[0].state,)),
            (devices, "device", plan.states()),
        )
        for permission, state in ((permission, state) for used, permission, states in done if used for state in states):
            card = delivery.cards.get(state)
            wanted = card is not None and card.wants_permitted(permission, plan.case)
            if wanted and not delivery.consents.permitted(state, permission, at):
                return NOT_PERMITTED(state=state, permission=permission)
        where = plan.at("prepare")[0].state
        rule = delivery.cards[where].records_of("opening", plan.case) if self.opened and where in delivery.cards else None
        if rule is not None and rule.by == "recording" and not any(one.is_recording for one in attached):
            return NOT_RECORDED(state=where)
        way = plan.time_to_leave(plan.legs[-1].state) + plan.margin
        for item in (one for one in self.items if one.lasts not in [known.lasts for known in before]):
            if item.lasts is not None and item.lasts < way:
                return TOO_SHORT(label=item.label, lasts=milliseconds(item.lasts), way=milliseconds(way))
        return ACCEPTED

    @staticmethod
    def _known(delivery: Delivery) -> list[str]:
        """Labels of the items of the record that this one takes the place of."""
        goods = delivery.state.goods
        return [one.label for one in goods.items] if goods is not None else []

    def _was_opened(self) -> bool:
        """Whether what was done cannot be done from outside; a device or a marking can."""
        return bool(self.removed or self.samples or self.broken) or any(one.what == "substitute" for one in self.items)

    def _adds_up(self, plan: Plan) -> Verdict:
        by = tuple(check for check in plan.consignment.checked_by if check != "sight")
        inside: tuple[AnyAmount, ...] = (*self.kept, *self.removed, *self.samples)
        there = (plan.at("prepare")[0].state,)
        weighed = possible(plan, self.kept, self.items, self.gross, there)
        others = possible(plan, inside, (), None, there)
        for verdict in (as_checked(plan, self, by, there), weighed, others, packed(self.units, self.packages)):
            if verdict != ACCEPTED:
                return verdict
        return self._substitutes_stand_in(plan)

    def _as_they_went(self, plan: Plan) -> Verdict:
        """Where each unit has a fate: `units_kept_otherwise` where those of some substance that were kept weigh less than what
        was, or more than that with all samples of it, which come out of either, beyond the plan's tolerance of it; then
        `units_removed_otherwise`, the same of what was removed.
        """
        if not self.units or any(unit.fate is None for unit in self.units):
            return ACCEPTED
        fates = (("kept", self.kept, KEPT_OTHERWISE), ("removed", self.removed, REMOVED_OTHERWISE))
        for fate, whole, otherwise in fates:
            units = tuple(unit.amount for unit in self.units if unit.fate == fate)
            keys = keyed((*whole, *self.samples, *units))
            to, of = len(whole), len(whole) + len(self.samples)
            least, spare, found = summed(keys[:to]), summed(keys[to:of]), summed(keys[of:])
            masses = {key: one for key, one in keys if isinstance(one, SubstanceMass)}
            for key, one in masses.items():
                said, most = least.get(key, Bounds()), least.get(key, Bounds()) + spare.get(key, Bounds())
                weighed = found.get(key, Bounds())
                if weighed.apart(Bounds(said.least, most.most)) > plan.tolerances.of(one.substance, said.least):
                    return otherwise(found=weighed.said, expected=said.said)
        return ACCEPTED

    def _substitutes_stand_in(self, plan: Plan) -> Verdict:
        most = plan.tolerances.substitute
        masses = [one.net for one in self.removed if isinstance(one, SubstanceMass)]
        substitutes = [bounds(item.gross) for item in self.items if item.what == "substitute"]
        if most == "any" or not substitutes:
            return ACCEPTED
        put_in, removed = sum(substitutes, Bounds()), sum(map(bounds, masses), Bounds())
        above = None if len(masses) < len(self.removed) else removed.most  # what is counted weighs something too
        if put_in.apart(Bounds(removed.least, above)) > most:
            return NO_SUBSTITUTE(found=put_in.said, expected=removed.said, tolerance=most)
        return ACCEPTED

    def _is_what_its_modality_means(self) -> bool:
        """Nothing of something is nothing. `intact`: something kept, nothing removed, no substitute put in. `removed`: something
        removed, nothing kept, no substitute. `removed_in_part`: something removed, something kept, no substitute.
        `replaced_in_part`: something removed, something kept, a substitute. `replaced_in_whole`: something removed, nothing kept,
        a substitute. And the samples weigh at least no more than what was kept and removed may: more than that is no sample.
        """
        masses = (bounds(one.net) for one in (*self.kept, *self.removed) if isinstance(one, SubstanceMass))
        others = sum(masses, Bounds()).most
        if others is not None and least_mass(self.samples) > others:
            return False
        substituted = any(item.what == "substitute" for item in self.items)
        kept, removed = (any(bounds(one.quantity).most != 0 for one in these) for these in (self.kept, self.removed))
        return {
            "intact": kept and not self.removed and not substituted,
            "removed": removed and not self.kept and not substituted,
            "removed_in_part": removed and kept and not substituted,
            "replaced_in_part": removed and kept and substituted,
            "replaced_in_whole": removed and not self.kept and substituted,
        }[self.modality]

    def stays(self, delivery: Delivery, said: Said, statement: str) -> Stays:
        """What was kept, removed and sampled, its `items`, then what was `taken_out` on the way. The last record of it takes the
        place of those before.
        """
        out = taken_out(delivery.state.taken_out)
        what = (*self.kept, *self.removed, *self.samples, *self.items, *([out] if out else ()))
        return Stays(what, delivery.law.figures.prepared_bytes)

    def apply(self, state: State, said: Said) -> None:
        """This is what was done to the consignment, and what later checks of weight and seals compare with. A device that is not
        in it any more has not failed. What was taken out is held by who prepared it; where that is of another State than the one
        that it is in, by the responsible authority.
        """
        at_home = state.directory.get(said.voice).state == state.here.state
        state.handle(self.goods(said.voice if at_home else state.responsible))
        state.custody = Custody.of(self, state.gaps)

    def goods(self, by: str) -> PreparedGoods:
        """What was done to the consignment and who holds what was taken out, as later checks need it."""
        return PreparedGoods(self.kept, self.removed, self.samples, self.items, by, self.packages, self.opened)

    @classmethod
    def asked(cls, facts: Facts, now: datetime) -> Mapping[str, Any]:
        return {"modality": facts.modality}


class Ready(Kind):
    """The service's team is in place."""

    kind: Literal["ready"] = "ready"
    note: Annotated[str, Field(max_length=LONGEST_REASON)] = ""

    declares = Declaration(
        title="Team ready",
        answers="ready",
        confirms=True,
        by="asked",
        counts=UNDER_WAY,
        names_checkpoint=True,
        rule="R17",
        contact=False,
        readers="both_sides",
        may_be_left_out=False,
        largest=LARGEST_NOTE,
    )
