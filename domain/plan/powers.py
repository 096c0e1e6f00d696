"""Who may do what: the powers of each kind of service, and what may be done in another State (R29).

The powers of public authority are a State's own: nobody arrests, seizes or interdicts on another's soil (UN 1988 Convention
art. 2(3); UNTOC art. 4(2)). Officers of another State who travel along, or are in a joint team, may do there what needs no
force, and only by a permission of that State (EU MLA Convention 2000 art. 13(6), UNTOC art. 19: its law and its leave;
Kazakhstan's law 154-XIII art. 18). Which kinds of service have power over goods and persons is what the laws have in common:
customs, border guards, police and security services search, hold and arrest; investigators arrest and seize in a criminal case,
and carry no operation out (Russia 144-FZ art. 13 does not name them); prosecutors and courts decide; laboratories, operators and
centres assist. A State's law may give its services less; its rule card and its own authorisation say so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from domain.plan.directory import MAY_SEIZE, Service, ServiceKind
from domain.plan.vocabulary import Need
from domain.words.total import total

MAY_CARRY: tuple[ServiceKind, ...] = (*MAY_SEIZE, "postal_operator")
"""Kinds that put it into the normal stream, and hand it to who it is for: the carrier does so under the eyes of the others."""

MAY_ARREST: tuple[ServiceKind, ...] = (*MAY_SEIZE, "investigator")
"""Kinds that arrest persons and seize what they find: an investigator does in a criminal case, and is in charge of no leg."""


@dataclass(frozen=True, kw_only=True)
class Power:
    """What power one act takes that a checkpoint can ask. It has no defaults."""

    kinds: tuple[ServiceKind, ...]
    """Kinds of service that have the power."""
    runs: bool
    """Whether a delivery is carried out by it, beside being in charge of a leg: then it is not asked of a service that by the
    card of its State may not run one. To send off and to deliver is the carrier's.
    """
    abroad: Literal["never", "with_permission", "between"]
    """Whether officers of another State may do it. It takes no force, and that State permits it; or it is between two legs: giver
    and taker stand on one spot, each of the State of its own leg (R4, R6).
    """


ACTS: Mapping[Need, Power] = MappingProxyType(
    {
        "prepared": Power(kinds=MAY_SEIZE, runs=True, abroad="with_permission"),
        "dispatched": Power(kinds=MAY_CARRY, runs=False, abroad="with_permission"),
        "handover_offer": Power(kinds=MAY_SEIZE, runs=False, abroad="between"),
        "handover_acceptance": Power(kinds=MAY_SEIZE, runs=False, abroad="between"),
        "delivered": Power(kinds=MAY_CARRY, runs=False, abroad="with_permission"),
        "arrest": Power(kinds=MAY_ARREST, runs=True, abroad="never"),
        "seizure": Power(kinds=MAY_ARREST, runs=True, abroad="never"),
        "interdiction": Power(kinds=MAY_SEIZE, runs=True, abroad="never"),
    }
)
"""The acts that a checkpoint can ask."""

OF_EXHIBITS: tuple[Need, ...] = ("examination", "disposal")
"""What is asked after the end of whoever holds exhibits then."""

OF_ANYBODY: tuple[Need, ...] = (
    "detection",
    "authorisation",
    "agreement",
    "confirmation",
    "written_agreement",
    "extension",
    "permission",
    "duty",
    "ready",
    "sighting",
    "movement_decision",
    "hold_decision",
    "deconfliction",
    "conflict_settlement",
    "explanation",
    "parts",
    "debrief",
    "costs",
    "jurisdiction",
    "takeover",
    "exhibit_offer",
    "exhibit_acceptance",
    "look_back",
    "stop_acknowledgement",
)
"""What every kind of service may say, as far as this is about powers."""

total(get_args(Need), ACTS=ACTS, OF_EXHIBITS=OF_EXHIBITS, OF_ANYBODY=OF_ANYBODY)

POWERS: Mapping[Need, tuple[ServiceKind, ...]] = MappingProxyType({need: act.kinds for need, act in ACTS.items()})
RUNNING: tuple[Need, ...] = tuple(need for need, act in ACTS.items() if act.runs)
WITH_PERMISSION: tuple[Need, ...] = tuple(need for need, act in ACTS.items() if act.abroad == "with_permission")
BETWEEN: tuple[Need, ...] = tuple(need for need, act in ACTS.items() if act.abroad == "between")

MAY_HOLD: tuple[ServiceKind, ...] = (*MAY_ARREST, "prosecutor", "court", "laboratory")
"""Kinds that hold exhibits: who seizes them, who decides on them, who examines them. A centre or a carrier does not."""

MAY_PROSECUTE: tuple[ServiceKind, ...] = ("prosecutor", "court")
"""Kinds that say who is prosecuted where, and take proceedings over or give them away. Others investigate."""

IN_A_CASE: tuple[ServiceKind, ...] = (*MAY_ARREST, *MAY_PROSECUTE)
"""Kinds that act in a criminal case: who investigates or arrests, and who prosecutes or decides."""

PUBLIC_AUTHORITIES = IN_A_CASE
"""Kinds that exercise public authority. Where no card knows who decides, agrees or permits for a State, one of these does: a
carrier, a laboratory or a centre does not answer for its law.
"""

MAY_BEGIN = IN_A_CASE
"""Kinds that begin a delivery and change its plan. A carrier, a laboratory or a centre reports what it has found to one of these.
A State's law may let fewer: its rule card says so.
"""


def has_power(service: Service, need: Need) -> bool:
    """Whether this kind of service can do it, in its own State (R29). For `prepared`, `handover_offer`, `handover_acceptance` and
    `interdiction`: `customs`, `border_guard`, `police` and `security`. For `arrest` and `seizure`: these, and `investigator`. For
    `dispatched` and `delivered`: the four, and `postal_operator`. Anything else: every kind.
    """
    return need not in POWERS or service.kind in POWERS[need]
