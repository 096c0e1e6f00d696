"""`vigil shift`: the sheet of a shift, and the signatures of who hands it over and who takes it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer
from pydantic import ValidationError
from rich.console import Group, RenderableType
from rich.text import Text

from client.caller import CallerOptions
from client.console import answer, talk
from client.language import _, speak
from client.options import DryRun, Known, Output, Yes, grouped
from client.signing import clock_of, declined, dry, somebody_is_there
from client.submitting import again
from client.tables import Lines
from domain.record.handover import (
    SHIFT_TYPE,
    Handed,
    HandingOver,
    Handover,
    HandoverRecord,
    Handovers,
    Part,
    verify_handover,
)
from domain.signing.canonical import canonical, plain
from domain.signing.envelope import Envelope, sign
from domain.views import shift_in_words as words
from domain.views.shift import Sheet
from domain.words.errors import Malformed, NotFound, NotVerified, VigilError
from domain.words.limits import LARGEST_NUMBER_OF_HANDOVER
from domain.words.moments import instant, utc_text
from process.configuration import directory_in

Doing = Literal["sheet", "hand-over", "take-over", "former"]


@grouped
def shift(
    caller: CallerOptions,
    doing: Annotated[
        Doing, typer.Argument(help="show the sheet; hand over with it; take over what waits; list or show former ones")
    ] = "sheet",
    number: Annotated[
        int | None, typer.Argument(help="which former handover", min=1, max=LARGEST_NUMBER_OF_HANDOVER, show_default=False)
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="from when on: today 20:00, or RFC 3339 with its offset; else since the last handover")
    ] = None,
    hours: Annotated[int, typer.Option(min=1, max=48, help="how long the coming shift is")] = 12,
    before: Annotated[int | None, typer.Option(min=1, help="former handovers before this number")] = None,
    directory: Known = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """What changed since a moment, and what is open for who comes next. Two officers sign the same sheet: who goes says
    `vigil shift hand-over`, who comes `vigil shift take-over`.
    """
    if number is not None and doing != "former":
        raise Malformed(_("a number belongs to `vigil shift former`"), hint=_("leave it out"))
    match doing:
        case "former":
            _former(caller, number, before, directory, output)
        case "take-over":
            _take_over(caller, _Signing(yes, dry_run, output))
        case _:
            asked = {"hours": str(hours)} | ({"since": _moment(caller, since)} if since is not None else {})
            made = caller.call(lambda door: door.shift(asked))
            if doing == "sheet":
                answer(output, {"digest": made.digest} | plain(made.sheet), shown(made.sheet, made.digest))
                return
            signing = _Signing(yes, dry_run, output)
            envelope = signing.signed(caller, "hands_over", made.sheet, made.digest)
            given = HandingOver(sheet=made.signed, signed=envelope)
            found = caller.call(lambda door: again(lambda: door.hand_over(given), talk.print))
            said = _("handed over as number {number}; who comes takes it over with: vigil shift take-over", number=found.number)
            answer(output, plain(found), said)


@dataclass(frozen=True)
class _Signing:
    """How a signature is agreed to, as the options say."""

    yes: bool
    dry_run: bool
    output: Literal["text", "json"]

    def signed(self, caller: CallerOptions, part: Part, sheet: Sheet, digest: str) -> Envelope:
        """An officer's signature under a sheet, once that is agreed to; it is shown first."""
        said = {
            "part": part,
            "sheet": digest,
            "service": caller.service,
            "officer": caller.code,
            "at": utc_text(datetime.now(UTC)),
        }
        handed = Handed.model_validate(said)
        if self.dry_run:
            dry(self.output, {"signed": plain(handed), "sheet": plain(sheet)}, shown(sheet, digest))
        if not self.yes and somebody_is_there():
            talk.print(shown(sheet, digest))
            question = _("Hand over this shift? (yes/no)") if part == "hands_over" else _("Take over this shift? (yes/no)")
            if declined(question):
                raise VigilError(_("nothing was signed"))
        return sign(canonical(handed), SHIFT_TYPE, caller.key())


def _take_over(caller: CallerOptions, signing: _Signing) -> None:
    waiting = caller.call(lambda door: door.handovers()).waiting
    if waiting is None:
        raise NotFound(_("no shift waits to be taken over"), hint=_("who goes hands over first: vigil shift hand-over"))
    record = caller.call(lambda door: door.handover(waiting.number))
    sheet = _sheet_of(record)
    if sheet is None:
        raise NotFound(_("a delivery on this sheet has been expunged"), hint=_("hand over with a new sheet"))
    envelope = signing.signed(caller, "takes_over", sheet, record.handover.sheet)
    found = caller.call(lambda door: again(lambda: door.take_over(envelope), talk.print))
    answer(signing.output, plain(found), _("handover {number} is closed: the shift is yours", number=found.number))


def _sheet_of(record: HandoverRecord) -> Sheet | None:
    """The sheet of a record. Raises `NotVerified` where it is not the one that is signed."""
    if record.sheet is None:
        return None
    try:
        sheet = Sheet.model_validate_json(record.sheet.body())
    except ValidationError as error:
        raise NotVerified(_("the sheet of handover {number} is none", number=record.handover.number)) from error
    if record.sheet.fingerprint() != record.handover.sheet:
        raise NotVerified(_("the sheet of handover {number} is not the one that was signed", number=record.handover.number))
    return sheet


def _former(
    caller: CallerOptions, number: int | None, before: int | None, directory: Path | None, output: Literal["text", "json"]
) -> None:
    if number is None:
        found = caller.call(lambda door: door.handovers(before))
        answer(output, plain(found), _list(found))
        return
    record = caller.call(lambda door: door.handover(number))
    sheet = _sheet_of(record)
    said = [_line(record.handover)]
    if directory is not None:
        verify_handover(record, directory_in(directory))
        said.append(_("both signatures are good by {path}", path=directory))
    text = Group(*(Text(one) for one in said), *([shown(sheet, record.handover.sheet)] if sheet is not None else []))
    answer(output, plain(record) | {"shown": plain(sheet) if sheet is not None else None}, text)


def _list(found: Handovers) -> RenderableType:
    table = Lines(_("number"), _("from (UTC)"), _("to (UTC)"), _("handed over by"), _("taken over by"), _("open"), _("sheet"))
    for one in (*((found.waiting,) if found.waiting is not None else ()), *found.handovers):
        taken = str(one.taken_by) if one.taken_by is not None else _("waits")
        times = (_minute(one.since), _minute(one.at))
        table.add_row(str(one.number), *times, str(one.given_by), taken, str(one.open), one.sheet[:16])
    if not table.rows:
        return Text(_("no shift has been handed over yet"))
    more = _("more: vigil shift former --before {number}", number=found.next) if found.next is not None else None
    return Group(table, Text(more)) if more is not None else table


def _line(one: Handover) -> str:
    said = _("handover {number}: by {who} at {at}", number=one.number, who=str(one.given_by), at=_minute(one.given_at))
    if one.taken_by is None or one.taken_at is None:
        return said + _(", not taken over yet")
    return said + _(", taken over by {who} at {at} UTC", who=str(one.taken_by), at=_minute(one.taken_at))


def _minute(moment: str) -> str:
    return instant(moment).strftime("%Y-%m-%d %H:%M")


def shown(sheet: Sheet, digest: str) -> RenderableType:
    """The sheet as text: as on the page and on paper."""
    at = instant(sheet.at)
    title = _("Shift handover, {since} to {at} UTC", since=_minute(sheet.since), at=_minute(sheet.at))
    numbers = _(
        "{open} open, {road} on the road, {needing} need somebody now",
        open=sheet.open,
        road=sheet.on_the_road,
        needing=sheet.needing,
    )
    parts: list[RenderableType] = [Text(title, "bold"), Text(numbers)]
    if sheet.counts:
        parts.append(Text(_("since then: {counts}", counts=words.counted(sheet, speak))))
    waiting = Lines(_("delivery"), _("why"), _("how it stands"), _("until (UTC)"))
    for row in words.rows(sheet, speak):
        waiting.add_row(row.delivery, row.reason, row.text, row.until)
    parts += _part(_("For the next shift, worst first"), waiting, sheet.more_waiting)
    due = Lines(_("when (UTC)"), _("delivery"), _("what"))
    for one in words.coming(sheet, speak):
        due.add_row(one.moment, one.delivery, one.text)
    parts += _part(_("The next {hours} hours", hours=(instant(sheet.until) - at) // timedelta(hours=1)), due, sheet.more_consents)
    happened = Lines(_("when (UTC)"), _("what"))
    for line in sheet.happened:
        happened.add_row(words.clock(line.at, at), words.tells(line, speak))
    parts += _part(_("What happened in this shift"), happened, sheet.more_happened)
    for heading, some, more in ((_("Worse"), sheet.worse, sheet.more_worse), (_("Better"), sheet.better, sheet.more_better)):
        table = Lines(_("delivery"), _("was → is"))
        for each in some:
            table.add_row(each.delivery, words.moved(each, speak))
        parts += _part(heading, table, more)
    parts += [Text(one, "yellow") for one in words.remarks(sheet, speak)]
    if sheet.before is not None:
        parts.append(Text(_("follows on handover {number}, heads {heads}", number=sheet.before.number, heads=sheet.before.heads)))
    return Group(*parts, Text(_("heads {heads}", heads=sheet.heads)), Text(_("sheet {digest}", digest=digest)))


def _part(heading: str, table: Lines, more: int) -> Iterator[RenderableType]:
    """A table under its heading; nothing where there is nothing."""
    if table.rows:
        table.title = heading
        yield Text()
        yield table
    if more:
        yield Text(_("and {count} more", count=more), "dim")


def _moment(caller: CallerOptions, text: str) -> str:
    try:
        read = clock_of(caller).read(text)
        instant(read)
    except ValueError as error:
        raise Malformed(_("--since: {why}", why=speak(str(error)))) from error
    return read
