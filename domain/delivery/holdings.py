"""Holdings (R30): who holds what, from detection to disposal: the consignment, and each exhibit that left it or was found.

An exhibit is a thing of its own: what was removed and what was sampled, each as one lot; each substitute and device; what a
seizure recovered; each new find; each recorder that a person who cooperates has carried; and the consignment itself, once it has
been seized on the way. Where nothing has been done with it since, who holds it follows from what is remembered of preparation,
seizures and recorders, as last corrected; what was done with it since stands in `State.exhibits`. So nothing is ever held by
nobody: it has a holder, or it is said what became of it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from domain.delivery.memory import Exhibit, TakenLot
from domain.delivery.state import State
from domain.delivery.verdicts import refused
from domain.plan.goods import Amount, Key, SubstanceMass, keyed, of_so_much
from domain.plan.quantity import Bounds, bounds
from domain.signing.canonical import canonical

CONSIGNMENT, REMOVED, SAMPLES, SEIZED = "consignment", "removed", "samples", "seized"
OWN_LABELS = re.compile(rf"{CONSIGNMENT}|{REMOVED}|{SAMPLES}|{SEIZED}(-[0-9]+)?")
"""Labels that the rules give; nobody else gives one of these."""
WITH_ANOTHER = "with_another"
"""The fate of what an authority holds that takes no part and is no service of the directory: nobody else does."""
LABEL_TAKEN = refused("R30", "label_taken", "another exhibit bears the label, or the rules give it: {labels}", labels="names")
"""What no two exhibits bear."""


def seized_label(number: int) -> str:
    """What the so many-th seizure recovered, from 1: "seized", "seized-2", "seized-3"."""
    return SEIZED if number == 1 else f"{SEIZED}-{number}"


def exhibits(state: State) -> dict[str, Exhibit]:
    """Every exhibit by its label, as it is now, in this order: the consignment, once it has been detected and until a seizure has
    recovered something of it; what was `removed` and the `samples`, where there are any, with who prepared it; what was
    `taken_out` on the way, with who did that; what each seizure recovered, where it is anything, and its finds, with who seized
    it; the recorders, with who handed them out, each of which travels while somebody carries it; the items that were put in; then
    those of `State.exhibits` that a correction has taken away, which do not vanish. Of each, what stands in `State.exhibits` goes
    before, but not of a consignment of which something became. What was weighed `again` after it had been seized on the way stays
    `consignment`, and is no lot of its own.
    """
    found = dict(_whole(state))
    found |= _handled(state)
    found |= {label: Exhibit("samples", one.by, one.by) for label, one in state.taken_out.items()}
    found |= _recovered(state)
    found |= _recorders(state)
    found = {label: one if _became(one) else state.exhibits.get(label, one) for label, one in found.items()}
    found |= {label: state.exhibits.get(label, one) for label, one in _put_in(state, found)}
    return found | {label: one for label, one in state.exhibits.items() if label not in found}


def _became(one: Exhibit) -> bool:
    """Whether something became of it that no later word of who holds it undoes."""
    return one.fate not in (None, WITH_ANOTHER)


def carried(state: State, service: str, person: str | None = None) -> tuple[str, ...]:
    """Labels of recorders of this service that somebody carries, or this `person` alone: those that travel still."""
    known = exhibits(state)
    return tuple(
        label
        for label, one in state.recorders.items()
        if one.service == service and person in (None, one.person) and known[label].travels
    )


def holder(state: State) -> str:
    """Who holds the consignment: once it has left, or is secured, the responsible authority. Before that, who received it last,
    or else who reported it; where nobody has, the responsible authority.
    """
    if state.dispatched or state.secured:
        return state.responsible
    handed_on = state.exhibits.get(CONSIGNMENT)
    if handed_on is not None and handed_on.holder is not None:
        return handed_on.holder
    return state.detected.by if state.detected is not None else state.responsible


def whereabouts(state: State) -> tuple[str, ...]:
    """States in which the consignment is, or was when it was seized: that of the leg that it is on, and that of its holder."""
    one = exhibits(state).get(CONSIGNMENT)
    holds = state.directory.find(one.holder) if one is not None and one.holder is not None else None
    return tuple(dict.fromkeys((state.here.state, *([holds.state] if holds is not None and holds.state is not None else ()))))


def of_service(state: State, service: str) -> tuple[str, ...]:
    """Labels of what this service holds and may hand on or dispose of: what does not travel."""
    return tuple(label for label, one in exhibits(state).items() if one.holder == service and not one.travels)


def unsettled(state: State) -> bool:
    """Whether somebody holds anything of which it is not said what became of it."""
    return any((one.holder is not None and one.fate is None) or one.fate == WITH_ANOTHER for one in exhibits(state).values())


def held_outside(state: State) -> tuple[str, ...]:
    """Labels of what an authority holds that takes no part: it can offer nothing, so its word is not waited for."""

    def outside(holder: str | None, fate: str | None) -> bool:
        return fate == WITH_ANOTHER if holder is None else fate is None and not state.participant(holder)

    return tuple(label for label, one in exhibits(state).items() if outside(one.holder, one.fate))


def inside(state: State) -> tuple[str, ...]:
    """Labels of the items that are `inside` the consignment, and of which nothing else was said."""
    return tuple(label for label, one in exhibits(state).items() if one.inside)


def offered(state: State, service: str) -> tuple[str, ...]:
    """Labels of what is offered to this service."""
    return tuple(label for label, one in state.exhibits.items() if one.offered_to == service)


def amounts(state: State, label: str) -> tuple[Amount, ...]:
    """What it is of, as far as that was weighed or counted when it became an exhibit: of the consignment what is `going_on`,
    unless something of it was recovered apart; of what was removed, sampled, taken out on the way or recovered what was said of
    it; nothing of anything else.
    """
    if state.goods is not None and label in (CONSIGNMENT, REMOVED, SAMPLES):
        goods = state.goods
        return {CONSIGNMENT: () if _parted(state) else going_on(state), REMOVED: goods.removed, SAMPLES: goods.samples}[label]
    if label in state.taken_out:
        return state.taken_out[label].amounts
    lots = (one.amounts if one.apart else () for one in state.seizures.values())
    return next((lot for number, lot in enumerate(lots, 1) if seized_label(number) == label), ())


def taken_out(lots: Mapping[str, TakenLot]) -> dict[str, Any]:
    """What was taken out on the way, as it is counted."""
    return {label: lot.words() for label, lot in lots.items()}


def told(known: Mapping[str, Exhibit]) -> dict[str, Any]:
    """What was said of exhibits, as it is carried and counted: each different thing once, and by label which of these."""
    said: list[dict[str, Any]] = []
    numbers: dict[bytes, int] = {}
    of: dict[str, int] = {}
    for label, one in known.items():
        words = one.words()
        of[label] = numbers.setdefault(canonical(words), len(said))
        if of[label] == len(said):
            said.append(words)
    return {"said": said, "of": of}


def going_on(state: State) -> tuple[Amount, ...]:
    """What travels once it has been prepared: what was kept, less what was taken out on the way, as far as both were measured."""
    kept: tuple[Amount, ...] = state.goods.kept if state.goods is not None else ()
    gone = tuple(one for lot in state.taken_out.values() for one in lot.amounts)
    keys = keyed((*kept, *gone))
    out: dict[Key, int] = {}
    for key, one in keys[len(kept) :]:
        out[key] = out.get(key, 0) + (one.quantity if isinstance(one.quantity, int) else 0)
    left: list[Amount] = []
    for key, one in keys[: len(kept)]:
        if isinstance(one.quantity, int) and out.get(key):
            less = min(out[key], one.quantity)
            out[key] -= less
            left.append(of_so_much(one, one.quantity - less))
        else:
            left.append(one)
    return tuple(left)


def mass_of(state: State, label: str) -> Bounds | None:
    """Between what an exhibit weighs: what a report before left of it, or it was divided into, or else all that it is of
    substances; none where nobody has weighed it.
    """
    one = exhibits(state)[label]
    known: list[Any] = [one.left if one.left is not None else one.net]
    if known == [None]:
        known = [each.net for each in amounts(state, label) if isinstance(each, SubstanceMass)]
    return sum(map(bounds, known), start=Bounds()) if known else None


def lets_pass(state: State, label: str, mass: int) -> int:
    """By how much the parts of a lot of so many milligrams may differ from it together: the plan's tolerance `of` each substance
    that it, or what it is a part of, was said to be of.
    """
    masses = [one for one in amounts(state, (label, *lots_of(state, label))[-1]) if isinstance(one, SubstanceMass)]
    return sum(state.plan.tolerances.of(one.substance, min(bounds(one.net).least, mass)) for one in masses)


def parts_in(state: State, told: Mapping[str, Bounds] = MappingProxyType({})) -> dict[str, Bounds]:
    """By the lot: between what its parts weigh together, each what was said of it when it was divided, or by the reports that
    weighed it, or what its own parts weigh; anything where nothing was said. Some weigh what is told now.
    """
    together: dict[str, Bounds] = {}
    for label, one in reversed(exhibits(state).items()):  # a part comes after what it is of
        if one.of is not None:
            weighed = one.net if one.net is not None else one.spent + one.left if one.left is not None else None
            known = told.get(label, together.get(label, Bounds(0, None, 0)))
            own = bounds(weighed) if weighed is not None else known
            together[one.of] = together.get(one.of, Bounds()) + own
    return together


def lots_of(state: State, label: str) -> tuple[str, ...]:
    """The lot that it is a part of, and what that is a part of, and so on."""
    known, lots = exhibits(state), [label]
    while (lot := known[lots[-1]].of) is not None:
        lots.append(lot)
    return tuple(lots[1:])


def not_its_parts(state: State, label: str, together: Bounds) -> bool:
    """Whether parts that weigh this together are not what the lot weighs."""
    whole = mass_of(state, label)
    return whole is not None and together.apart(whole) > lets_pass(state, label, whole.least)


def taken(state: State, labels: Iterable[str], besides: Iterable[str] = ()) -> tuple[str, ...]:
    """Those of these labels that another exhibit bears, or that only the rules give; those that are its own apart."""
    own, known = set(besides), exhibits(state)
    return tuple(one for one in labels if OWN_LABELS.fullmatch(one) or (one in known and one not in own))


def _whole(state: State) -> Iterator[tuple[str, Exhibit]]:
    """The consignment, once it is `detected` or secured, and unless something of it was recovered apart and it is not secured. It
    came from who reported it. Where nothing became of it, its `holder` holds it, and it travels unless it is secured. Once it is
    secured, it is held as was `interdicted`, with the fate "with_another" where that names no service.
    """
    if not state.secured and (state.detected is None or _parted(state)):
        return
    fate = _fate(state)
    by = state.detected.by if state.detected is not None else state.responsible
    held_by = holder(state) if fate is None else None
    if state.secured and state.interdicted is not None:
        held_by = state.interdicted.holder
        fate = WITH_ANOTHER if held_by is None else None
    yield CONSIGNMENT, Exhibit("consignment", held_by, by, fate=fate, travels=fate is None and not state.secured)


def _parted(state: State) -> bool:
    """Whether a seizure recovered something of it apart from the whole."""
    return any(one.apart for one in state.seizures.values())


def _fate(state: State) -> str | None:
    """What became of the consignment: nothing once it is secured; else `destroyed` or `lost`, if it is; `parted` where it has
    split; `delivered` where it was, so that its recipient has it, and `not_recovered` once there is an outcome.
    """
    if state.secured:
        return None
    if state.destroyed or state.lost:
        return "destroyed" if state.destroyed else "lost"
    if state.parts:
        return "parted"
    if not state.delivered:
        return None
    return "delivered" if state.outcome is None else "not_recovered"


def _handled(state: State) -> Iterator[tuple[str, Exhibit]]:
    """What was taken out at the preparation, each as one lot."""
    goods = state.goods
    if goods is not None and goods.removed:
        yield REMOVED, Exhibit("removed", goods.by, goods.by)
    if goods is not None and goods.samples:
        yield SAMPLES, Exhibit("samples", goods.by, goods.by)


def _recovered(state: State) -> Iterator[tuple[str, Exhibit]]:
    """What each seizure recovered, then its finds."""
    for number, one in enumerate(state.seizures.values(), 1):
        if one.apart:
            yield seized_label(number), Exhibit("seized", one.by, one.by)
        for label in one.finds:
            yield label, Exhibit("find", one.by, one.by)


def _recorders(state: State) -> Iterator[tuple[str, Exhibit]]:
    """Each that was handed out: its service holds it, also while somebody carries it."""
    for label, one in state.recorders.items():
        yield label, Exhibit("recorder", one.service, one.service, travels=one.person is not None)


def _put_in(state: State, found: dict[str, Exhibit]) -> Iterator[tuple[str, Exhibit]]:
    """Each item: with the first seizure that names it, unless that weighed it `again`; else it is inside the consignment, and
    has its holder and its fate; `not_recovered` where that is not there any more.
    """
    inside = found.get(CONSIGNMENT, Exhibit("consignment", None, "", fate="not_recovered"))
    goods = state.goods
    for item in goods.items if goods is not None else ():
        by = next((one.by for one in state.seizures.values() if item.label in one.items and one.apart), None)
        assert goods is not None  # noqa: S101 - it has items
        yield (
            item.label,
            replace(inside, what=item.what, by=goods.by, inside=True) if by is None else Exhibit(item.what, by, goods.by),
        )
