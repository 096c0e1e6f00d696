"""What a consignment has of its own goods when the rest of its plan is another's: the class of the goods, and what may be missing
of them without a word. Pure.
"""

import json
from typing import Any

from pydantic import TypeAdapter

from domain.plan.answers import Goods
from domain.plan.draft import TOLERANCES, with_quantity
from domain.plan.goods import SMALLEST_SHARE, Amount, SubstanceMass, Tolerances
from domain.plan.plan import Plan
from domain.plan.quantity import bounds
from domain.plan.substances import identity
from domain.words.quantities import BY_HAND, say_mass


def classes(plan: Plan, goods: Goods) -> list[str]:
    """The class of what was said; of a substance that is in the plan, as that has it: States tell some classes apart."""
    named = [str(one) for one in plan.consignment.goods]
    planned = {identity(one.substance) for one in plan.consignment.contents if isinstance(one, SubstanceMass)}
    known = identity(str(goods.amount.get("substance", ""))) in planned
    return named if known and goods.goods not in named else [goods.goods]


def tolerances(plan: Plan, goods: Goods) -> Tolerances:
    """Those of the plan, as far as they are of what was said and hide nothing of it."""
    amount = TypeAdapter[Any](Amount).validate_json(json.dumps(with_quantity(goods.amount)), context=BY_HAND)
    if not isinstance(amount, SubstanceMass):
        return plan.tolerances.model_copy(update={"net": {}})
    net, same = bounds(amount.net).said, identity(amount.substance, amount.cas)
    own = {name: most for name, most in plan.tolerances.net.items() if identity(name) == same and most * SMALLEST_SHARE <= net}
    gross = plan.tolerances.gross
    if 0 < net <= gross:  # it would hide all of it
        gross = next((one for one in TOLERANCES if one <= net // SMALLEST_SHARE), 0)
    return plan.tolerances.model_copy(update={"net": own, "gross": gross})


def in_words(chosen: Tolerances) -> dict[str, Any]:
    """As people write them; what is nothing is left out."""
    net = {name: say_mass(most) for name, most in chosen.net.items()}
    substitute = chosen.substitute if isinstance(chosen.substitute, str) else say_mass(chosen.substitute)
    written = {"gross": say_mass(chosen.gross), "net": net, "substitute": substitute}
    return {name: value for name, value in written.items() if getattr(chosen, name)}
