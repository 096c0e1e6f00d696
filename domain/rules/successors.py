"""What a service has given is its successor's to make longer, to write and to take back, once it has been replaced (R22)."""

from collections.abc import Mapping

from domain.delivery.state import State
from domain.delivery.statement import Said


def whose(state: State, said: Said, given: Mapping[str, object]) -> str:
    """Whose authorisation or agreement this is about: of those that its voice `stands_for` and that have given one, that about
    which the checkpoint that it names asks, else the first that is not provisional, else the first; its voice where none has.
    """
    able = [one for one in state.plan.stands_for(said.voice) if one in given]
    asked = state.progress.get(said.checkpoint)
    if asked is not None and asked.key in able:
        return asked.key
    firm = (one for one in able if not getattr(given[one], "provisional", False))
    return next(firm, next(iter(able), said.voice))
