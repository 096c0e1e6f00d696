"""The Stage: all that the story needs from the world it is told in.

Two stages perform it: Temporal (`workflows.controlled_delivery`) and virtual time (`rehearsal.simulator`). The story is
the same code on both, so what is simulated is what runs.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from domain.delivery.ledger import NoticeKind


class Stage(Protocol):
    """What a story may ask of the world."""

    def now(self) -> datetime:
        """This instant, aware, UTC."""
        ...

    async def wait(self, until_true: Callable[[], bool], until: datetime | None, summary: str) -> None:
        """Return when the condition holds or the instant has come, whichever is first."""
        ...

    def deconflict(self) -> None:
        """Begin to ask which live operations touch this one (R15); the answer is recorded when it comes. Returns at once."""
        ...

    async def release(self) -> None:
        """Return when this operation no longer counts as live."""
        ...

    def ask(self, name: str) -> None:
        """Begin to ask the checkpoint's services that are not asked yet, and go on until `withdraw`. Returns at once."""
        ...

    def withdraw(self, name: str, services: tuple[str, ...]) -> None:
        """The checkpoint has closed: stop asking, and tell these services that nothing is waited for any more."""
        ...

    def tell(self, kind: NoticeKind, checkpoint: str | None, services: tuple[str, ...]) -> None:
        """Send each of these services a notice in the words it may read, as often as it takes. Returns at once."""
        ...

    def show(self) -> None:
        """The state has changed: refresh what people see of it."""
        ...

    async def rest(self) -> None:
        """Between two steps, with nothing open: the stage may end this run here and go on in a new one."""
        ...

    async def settle(self) -> None:
        """Return when every notice under way has arrived or has been given up."""
        ...
