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
from types import MappingProxyType

from domain.plan.directory import MAY_SEIZE, Service, ServiceKind
from domain.plan.vocabulary import Need

MAY_CARRY: tuple[ServiceKind, ...] = (*MAY_SEIZE, "postal_operator")
"""Kinds that put it into the normal stream, and hand it to who it is for: the carrier does so under the eyes of the others."""

MAY_ARREST: tuple[ServiceKind, ...] = (*MAY_SEIZE, "investigator")
"""Kinds that arrest persons and seize what they find: an investigator does in a criminal case, and is in charge of no leg."""

POWERS: Mapping[Need, tuple[ServiceKind, ...]] = MappingProxyType(
    {
        "prepared": MAY_SEIZE,
        "dispatched": MAY_CARRY,
        "handover_offer": MAY_SEIZE,
        "handover_acceptance": MAY_SEIZE,
        "delivered": MAY_CARRY,
        "arrest": MAY_ARREST,
        "seizure": MAY_ARREST,
        "interdiction": MAY_SEIZE,
    }
)
"""The acts that a checkpoint can ask, and the kinds of service that have the power. What is not here anybody may say."""

RUNNING: tuple[Need, ...] = ("prepared", "arrest", "seizure", "interdiction")
"""Acts by which a delivery is carried out, beside being in charge of a leg: not of a service that by the card of its State may
not run one. To send off and to deliver is the carrier's.
"""

OF_EXHIBITS: tuple[Need, ...] = ("examination", "disposal")
"""What is asked after the end of whoever holds exhibits then."""

WITH_PERMISSION: tuple[Need, ...] = ("prepared", "dispatched", "delivered")
"""Acts without force: officers of another State may do them where that permits it."""

BETWEEN: tuple[Need, ...] = ("handover_offer", "handover_acceptance")
"""Acts between two legs: giver and taker stand on one spot, each of the State of its own leg (R4, R6)."""


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
