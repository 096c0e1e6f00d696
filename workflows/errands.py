"""What must be under way outside while a delivery stands as it does: questions, notices, the register. Pure, and made afresh each
time: whoever performs it starts what is wanted and does not run, and ends what runs and is not wanted.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from domain.delivery.delivery import Delivery
from domain.delivery.vocabulary import NoticeKind
from domain.rules.siblings import hears
from domain.rules.turns import waits_for_the_register
from domain.signing.canonical import canonical
from domain.views.asked import asked_by_plan, request
from domain.words.limits import ERRAND_BYTES


@dataclass(frozen=True)
class Question:
    """A service is asked at an open checkpoint, until it has said all that is asked of it or the checkpoint closes."""

    checkpoint: str
    service: str
    plan: int = 0
    """How often the plan had been changed, where the answer must be to the one in force: changed again, it is asked afresh."""


@dataclass(frozen=True)
class OnceMore:
    """Who must be polled at a checkpoint that came due is asked once more, before silence decides."""

    checkpoint: str
    services: tuple[str, ...]


@dataclass(frozen=True)
class Telling:
    """A service is told what follows from entry `of`."""

    of: int
    kind: NoticeKind
    checkpoint: str | None
    service: str


@dataclass(frozen=True)
class Look:
    """The register is looked into for other operations that touch this one; `step` counts the looks so far."""

    step: int


@dataclass(frozen=True)
class Heed:
    """It is listened for what comes of siblings (R31); `heard` counts what has come so far, `plan` how often the plan had been
    changed: what is waited for is what the plan in force says.
    """

    heard: int
    plan: int = 0


@dataclass(frozen=True)
class Release:
    """The register is told that this operation is live no more."""


Errand = Question | OnceMore | Telling | Look | Heed | Release


def parcels(delivery: Delivery, checkpoint: str, services: list[str]) -> Iterator[list[str]]:
    """The services to be asked at a checkpoint, in their order, in as many errands as keep each within its bound (R28)."""
    parcel: list[str] = []
    size = 0
    for one in services:
        weight = len(canonical(request(delivery, checkpoint, one))) + len(canonical(delivery.directory.get(one)))
        if parcel and size + weight > ERRAND_BYTES:
            yield parcel
            parcel, size = [], 0
        parcel.append(one)
        size += weight
    if parcel:
        yield parcel


def wanted(delivery: Delivery) -> tuple[Errand, ...]:
    """Everything that must be under way now; the release of the register first, so that nobody waits for it."""
    state = delivery.state
    errands: list[Errand] = []
    if state.ended:
        return ()
    if state.outcome is not None and not state.released:
        errands.append(Release())
    if waits_for_the_register(delivery):
        errands.append(Look(state.register.number))
    if delivery.plan.group is not None and hears(state):
        errands.append(Heed(state.siblings.heard, len(state.plans) - 1))
    for name, progress in state.progress.items():
        if progress.open:
            waiting = progress.waiting_for()
            errands += [Question(name, service, asked_by_plan(delivery, name, service)) for service in waiting]
            if progress.came_due and not progress.asked_again:
                errands.append(OnceMore(name, waiting))
    errands += [Telling(owed.seq, owed.kind, owed.checkpoint, service) for owed in state.owed for service in owed.services]
    return tuple(errands)
