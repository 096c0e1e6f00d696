"""`vigil overdue`: who is silent, since when, what comes next and whom to call; and, signed, who has taken that over."""

import os
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import typer
from rich.console import Group
from rich.text import Text

from client import completing
from client.caller import CallerOptions
from client.console import answer, paged, talk
from client.language import _, speak
from client.naming import raise_unless_a_state, raise_unless_listed
from client.options import DryRun, Output, Yes, grouped
from client.signing import declined, dry, somebody_is_there
from client.tables import Lines
from domain.delivery.chasing import CHASE_TYPE, LONGEST, Chase
from domain.signing.canonical import canonical, plain
from domain.signing.envelope import sign
from domain.views import overdue_in_words as words
from domain.views.overdue import LAST_PAGE, Overdue, Silent
from domain.words.errors import Malformed, VigilError
from domain.words.moments import instant, utc_text
from domain.words.text import shown
from process.language import of
from protocol.gateway import Gateway

USUAL, MOST = 4, int(LONGEST.total_seconds()) // 3600


@grouped
def overdue(
    caller: CallerOptions,
    silent: Annotated[
        str | None,
        typer.Argument(metavar="SERVICE", help="only this service", show_default=False, autocompletion=completing.services),
    ] = None,
    take: Annotated[bool, typer.Option("--take", help="sign that you have taken over to chase it")] = False,
    give_back: Annotated[bool, typer.Option("--give-back", help="sign that you chase it no longer")] = False,
    hours: Annotated[int, typer.Option("--hours", min=1, max=MOST, help="for how long you take it over")] = USUAL,
    late: Annotated[bool, typer.Option("--late", help="without what is merely due within 12 hours")] = False,
    state: Annotated[
        str | None, typer.Option("--state", help="only services of this State", autocompletion=completing.states)
    ] = None,
    sort: Annotated[Literal["worst", "state"], typer.Option("--sort", help="the worst first, or by State")] = "worst",
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Which services are silent: since when, in which deliveries, what comes next, and whom to call. For who watches over
    deliveries or sees the whole of them. With --take: you sign that you chase one; no delivery is changed by it.
    """
    if state is not None:
        raise_unless_a_state("--state", state)
    if take or give_back:
        if silent is None or take == give_back:
            raise Malformed(_("say which service, and one of --take and --give-back"), hint="vigil overdue kz.customs --take")
        _sign(caller, silent, 0 if give_back else hours, output, yes=yes, dry_run=dry_run)
        return
    asked = {"service": silent, "in": state, "sort": sort, "show": "late" if late else None}
    pages = caller.call(lambda door: _all(door, {name: value for name, value in asked.items() if value}))
    if silent is not None and not pages[0].silent:
        _raise_unless_listed(caller, silent)
    if pages[0].unknown:
        raise Malformed(_("not known to the gateway: {names}", names=", ".join(pages[0].unknown)))
    if not pages[0].silent:
        talk.print(_("Only deliveries that you see as a whole are looked at."), style="dim")
    document: dict[str, Any] = plain(pages[0]) | {"silent": [one for page in pages for one in plain(page)["silent"]]}
    paged(output, document, _shown(pages))


def _raise_unless_listed(caller: CallerOptions, service: str) -> None:
    """Raises `NotFound` for a service that is none: it is not silent, it is mistyped."""
    raise_unless_listed([service], [one.id for one in caller.call(lambda door: door.directory())], "SERVICE")


async def _all(door: Gateway, asked: dict[str, str]) -> tuple[Overdue, ...]:
    """Every page, of which there are a dozen at most."""
    found = [await door.overdue(asked)]
    following = range(2, min(found[0].pages, LAST_PAGE) + 1)  # a gateway may be hostile too, and give no end
    return (*found, *[await door.overdue(asked | {"page": f"{number}"}) for number in following])


def _sign(caller: CallerOptions, service: str, hours: int, output: str, *, yes: bool, dry_run: bool) -> None:
    _raise_unless_listed(caller, service)
    now = datetime.now(UTC)
    times = {"at": utc_text(now), "until": utc_text(now + timedelta(hours=hours))}
    note = Chase(chased=service, service=caller.service, officer=caller.code, **times)
    text = _said(note, now)
    if dry_run:
        dry(output, {"note": plain(note)}, text)
    if not yes and somebody_is_there():
        talk.print(text)
        if declined(_("Sign this and hand it in? (yes/no)")):
            raise VigilError(_("nothing was signed"))
    envelope = sign(canonical(note), CHASE_TYPE, caller.key())
    kept = caller.call(lambda door: door.chase(envelope))
    answer(output, plain(kept), text)


def _said(note: Chase, now: datetime) -> str:
    told = {"chased": note.chased, "officer": note.officer, "service": note.service}
    if note.at == note.until:
        return _("{officer} of {service} no longer chases {chased}", **told)
    return _("{chased}: {taken}", chased=note.chased, taken=words.taken(note, now, speak))


def _shown(pages: tuple[Overdue, ...]) -> Group:
    found, now = pages[0], instant(pages[0].at)
    parts: list[Text | Lines] = [Text(shown(words.in_one_sentence(found, speak)), "bold")]
    if found.beyond:
        parts.append(Text(speak(words.BEYOND).format(count=found.beyond)))
    for page in pages:
        for block in page.silent:
            parts += [Text(""), *_block(block, now)]
    return Group(*parts)


def _block(block: Silent, now: datetime) -> tuple[Text | Lines, ...]:
    name = words.name_of(block, of(os.environ))
    where = f", {block.state}" if block.state is not None else ""
    head = Text(shown(f"{block.service}  {name}{where}  {words.whom(block, speak)}"), "bold")
    stands = f"  {words.there(block, speak)}; {words.since(block, now, speak)}; {words.taken(block.chase, now, speak)}"
    table = Lines(_("delivery"), _("what is missing"), _("late by, or due in"), _("ladder"), _("opened"), _("what happens next"))
    for one in block.missing:
        left = words.lateness(one, now, speak)[0]
        what, rung, opened = words.what(one, speak), words.rung(one, speak), words.opened(one, now, speak)
        table.add_row(one.delivery, f"{what} ({one.checkpoint})", left, rung, opened, words.comes_next(one, now, speak))
    more = (Text(_("  {count} more: vigil list", count=block.more)),) if block.more else ()
    return head, Text(shown(stands)), table, *more
