"""What a shell offers when Tab is pressed: names that the gateway, the folder of keys and the rules know.

It takes a moment at most, asks nobody for a passphrase, and where something fails it offers nothing and says nothing.
"""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, get_args

import typer
from typer import _completion_shared as shells

from client import contexts as kept_contexts
from client import passphrase
from client.entries import own_statements
from client.keyring import in_use, services_in
from domain.plan.cards import Channel
from domain.rules.books import BOOK
from domain.views.floor_in_words import SHOWN
from domain.views.forms import FIELDS, kinds_for
from domain.views.names import PHASES
from domain.words.limits import LONGEST_LIST
from protocol.gateway import Gateway

ANSWERS_WITHIN = 1.0
"""Seconds that a gateway is given."""
ENDS_WITHIN = 2.0
"""Seconds after which the process ends, whatever it waits for: a name server, a disk."""

Names = Iterable[str]
T = TypeVar("T")


def no_blank_behind_fields() -> None:
    """Let the script for bash put none behind `field=`, where its value is typed. The library's own has no place to say so."""
    ends = "    return 0\n"
    script = shells.COMPLETION_SCRIPT_BASH.replace(ends, f"    [[ ${{COMPREPLY[0]}} == *= ]] && compopt -o nospace\n{ends}")
    shells._completion_scripts["bash"] = script  # noqa: SLF001


def contexts(incomplete: str) -> list[str]:
    """Names of contexts."""
    return _offered(lambda: kept_contexts.kept().contexts, incomplete)


def own_services(ctx: typer.Context, incomplete: str) -> list[str]:
    """Services whose keys are here."""
    return _offered(lambda: services_in(_Asker(ctx).folder), incomplete)


def services(ctx: typer.Context, incomplete: str) -> list[str]:
    """Services of the installation."""
    return _offered(lambda: [one.id for one in _Asker(ctx).asks(lambda door: door.directory())], incomplete)


def deliveries(ctx: typer.Context, incomplete: str) -> list[str]:
    """Code names of deliveries, what is open first."""
    asked = {"text": incomplete} if incomplete else {}
    return _offered(lambda: [row.delivery for row in _Asker(ctx).asks(lambda door: door.deliveries(asked, 50))], incomplete)


def checkpoints(ctx: typer.Context, incomplete: str) -> list[str]:
    """Checkpoints of the delivery that is named before: those that ask something of the service, else all."""

    def names() -> Names:
        asker, delivery = _Asker(ctx), str(ctx.params.get("delivery") or "")
        asked = [one.checkpoint for one in asker.asks(lambda door: door.inbox()).requests if one.delivery == delivery]
        return dict.fromkeys(asked) if asked else asker.asks(lambda door: door.view(delivery)).checkpoints

    return _offered(names, incomplete)


def kinds(incomplete: str) -> list[str]:
    """Kinds of statements."""
    return _offered(lambda: BOOK.kinds, incomplete)


def fields(ctx: typer.Context, incomplete: str) -> list[str]:
    """`field=` of the kind that is named, or that the checkpoint asks for; none that is typed already."""

    def names() -> Names:
        kind, given = ctx.params.get("kind"), [one.partition("=")[0] for one in ctx.params.get("fields") or ()]
        wanted = FIELDS.get(str(kind), ()) if kind else _asked_fields(ctx)
        return [f"{one}=" for one in wanted if one not in given]

    return _offered(names, incomplete)


def groups(ctx: typer.Context, incomplete: str) -> list[str]:
    """Code names of groups of which a consignment is seen."""

    def names() -> Names:
        rows = _Asker(ctx).asks(lambda door: door.deliveries({}, LONGEST_LIST))
        return dict.fromkeys(row.group for row in rows if row.group is not None)

    return _offered(names, incomplete)


def states(ctx: typer.Context, incomplete: str) -> list[str]:
    """Codes of the States that have services."""

    def names() -> Names:
        return sorted({one.state for one in _Asker(ctx).asks(lambda door: door.directory()) if one.state is not None})

    return _offered(names, incomplete)


def statements(ctx: typer.Context, incomplete: str) -> list[str]:
    """Ids of what the service has said in the delivery that is named before, the newest first."""

    def names() -> Names:
        asker = _Asker(ctx)
        ledger = asker.asks(lambda door: door.ledger(str(ctx.params.get("delivery") or "")))
        return reversed(own_statements(ledger, asker.service))

    return _offered(names, incomplete)


def shown(incomplete: str) -> list[str]:
    """What rows of the watch floor can be narrowed to."""
    return _offered(lambda: SHOWN, incomplete)


def phases(incomplete: str) -> list[str]:
    """How far deliveries have come."""
    return _offered(lambda: PHASES, incomplete)


def channels(incomplete: str) -> list[str]:
    """How consignments travel."""
    return _offered(lambda: get_args(Channel), incomplete)


def _asked_fields(ctx: typer.Context) -> Names:
    where = (ctx.params.get("delivery"), ctx.params.get("checkpoint"))
    found = [one for one in _Asker(ctx).asks(lambda door: door.inbox()).requests if (one.delivery, one.checkpoint) == where]
    return dict.fromkeys(name for one in found for kind in kinds_for(one)[: len(one.says)] for name in FIELDS[kind])


def explained(incomplete: str) -> list[str]:
    """All that `vigil explain` knows."""
    from domain.views.rulebook import known_names  # noqa: PLC0415 - it reads every table, for this alone

    return _offered(known_names, incomplete)


def _offered(names: Callable[[], Names], incomplete: str) -> list[str]:
    with suppress(Exception, SystemExit):
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
            signal.setitimer(signal.ITIMER_REAL, ENDS_WITHIN)
        return [one for one in names() if one.startswith(incomplete)]
    return []


class _Asker:
    """Whoever presses Tab: as the words before say, the environment, or the context."""

    def __init__(self, ctx: typer.Context) -> None:
        from client.options import GATEWAY, KEYS  # noqa: PLC0415 - options name what completes them

        kept_contexts.use(ctx.find_root().params.get("context"))
        said: dict[str, Any] = ctx.params
        self.service = str(said.get("service") or os.environ.get("VIGIL_AS", ""))
        self.gateway = str(said.get("gateway") or os.environ.get("VIGIL_GATEWAY") or GATEWAY)
        self.folder = Path(said.get("keys") or os.environ.get("VIGIL_KEYS") or KEYS).expanduser()
        self.officer = said.get("officer") or os.environ.get("VIGIL_OFFICER")

    def asks(self, work: Callable[[Gateway], Awaitable[T]]) -> T:
        """The answer, if it comes at once and nobody has to type a passphrase or unlock a keyring for it."""
        from client.caller import call_with, code_for  # noqa: PLC0415 - the same

        held = in_use(self.folder, self.service)
        if held.file.kept == "keyring" or (held.file.kept == "passphrase" and passphrase.VARIABLE not in os.environ):
            raise PermissionError

        async def bounded(door: Gateway) -> T:
            async with asyncio.timeout(ANSWERS_WITHIN):
                return await work(door)

        officer = code_for(self.folder, self.service, self.officer)
        return call_with(held.secrets().key, self.gateway, self.service, officer, bounded)
