"""What is found of the consignment each time that it is handed on as an exhibit (R7, R30): before it has left, and once it was
seized on the way. It is held against what was last found of it, with the tolerances of a handover.
"""

from domain.delivery.custody import PACKAGES_DIFFER, SEAL_BROKEN, SEALS_DIFFER, WEIGHT_DIFFERS
from domain.delivery.holdings import CONSIGNMENT
from domain.delivery.memory import HandedOn
from domain.delivery.state import State
from domain.delivery.verdicts import Finding


def as_known(state: State) -> HandedOn:
    """What was last found of it: when it was handed on, or else as it was `sent_on`."""
    known = state.exhibits.get(CONSIGNMENT)
    return known.handed if known is not None and known.handed is not None else sent_on(state)


def sent_on(state: State) -> HandedOn:
    """What it weighed and how many packages there were when it was seized on the way, where that was measured; else by the
    custody, as its seals are.
    """
    custody, seized = state.custody, state.interdicted if state.secured else None
    gross, packages = (custody.gross, custody.packages) if custody is not None else (None, None)
    if seized is not None:
        gross = seized.gross if seized.gross is not None else gross
        packages = seized.packages if seized.packages is not None else packages
    return HandedOn(gross, tuple(sorted(one.number for one in custody.seals)) if custody is not None else (), packages)


def with_found(known: HandedOn, found: HandedOn) -> HandedOn:
    """What is known once this was found: of what was not looked at, what was known before."""
    gross = found.gross if found.gross is not None else known.gross
    packages = found.packages if found.packages is not None else known.packages
    return HandedOn(gross, found.seals or known.seals, packages, known.intact and found.intact)


def differing(state: State, known: HandedOn, found: HandedOn) -> tuple[Finding, ...]:
    """What does not fit of what was looked at both times: `seal_broken` where packing or a seal is said to be; `seals_differ`
    where their numbers, sorted, are others; `weight_differs` where the gross weight differs by more than the tolerance `of_gross`
    weight; `packages_differ` where there are more or fewer.
    """
    differs: list[Finding] = [] if found.intact else [SEAL_BROKEN()]
    if known.seals and found.seals and known.seals != found.seals:
        differs.append(SEALS_DIFFER(found=found.seals, expected=known.seals))
    if known.gross is not None and found.gross is not None:
        tolerance = state.plan.tolerances.of_gross(known.gross)
        if abs(found.gross - known.gross) > tolerance:
            differs.append(WEIGHT_DIFFERS(found=found.gross, expected=known.gross, tolerance=tolerance))
    if known.packages is not None and found.packages is not None and known.packages != found.packages:
        differs.append(PACKAGES_DIFFER(found=found.packages, expected=known.packages))
    return tuple(differs)


def seized_otherwise(state: State) -> tuple[Finding, ...]:
    """Where it was seized on the way and handed on since: what is `differing` then from what was `sent_on`."""
    known = state.exhibits.get(CONSIGNMENT)
    if not state.secured or known is None or known.handed is None:
        return ()
    return differing(state, sent_on(state), known.handed)
