"""What an officer is asked, and says: confirms, refuses, stops, tells, corrects; signed here, handed in now or carried."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.text import Text

from client import attachments, carrying, completing, entries, render
from client.attachments import Given, described
from client.caller import CallerOptions
from client.carrying import CarryOptions
from client.commands.groups import hand_in_kept
from client.console import answer, explain, talk
from client.countersigning import as_kept, compared, refused
from client.language import _, speak
from client.naming import (
    not_asked,
    own,
    raise_unless_a_state,
    raise_unless_asked,
    raise_unless_foreseen,
    raise_unless_listed,
)
from client.options import CheckpointName, DeliveryId, DryRun, EncryptFor, FieldWords, KindOption, Known, Output, grouped
from client.saying import PlanAsSeen, content_of, correction, kind_for, statement, with_decision, with_reason
from client.seconding import (
    Second,
    beside,
    correction_to_second,
    first_signed,
    handling_of_first,
    raise_unless_alone,
    to_second,
    with_own_findings,
)
from client.signing import NoReason, SignOptions, at_once, clock_of, dry, in_full
from client.submitting import hand_in, keep, kept, kept_where_interrupted, submitting
from domain.delivery.ledger import Left
from domain.delivery.requests import Request
from domain.delivery.statement import Content, Seen, Statement
from domain.plan.attachment import Attachment
from domain.record.door import read_statement
from domain.rules.handling import DisclosurePermitted, Information
from domain.rules.hold import HoldRequested
from domain.rules.kind import Kind
from domain.rules.stop import Incident, StopRequested
from domain.signing.canonical import plain
from domain.signing.envelope import Envelope
from domain.views import forms
from domain.views.correcting import corrected
from domain.views.second import FirstWord
from domain.views.sentences import say_verdict
from domain.views.unasked import ELSEWHERE
from domain.views.view import DeliveryView
from domain.words.errors import Malformed, NotAllowed, NotVerified, RuleBroken, Unavailable, VigilError, faults_of
from domain.words.likeness import did_you_mean
from domain.words.text import shown
from protocol.gateway import Gateway

HandlingOption = Annotated[str | None, typer.Option("--handling", help='a code of its own: H1, or "H3: its caveat"')]

AttachOption = Annotated[
    list[str] | None,
    typer.Option("--attach", help='a file that belongs to it: "FILE: what it shows", or with a code of its own "FILE: ...: H2"'),
]

AT_ONCE = 1.0
"""Seconds for which a stop looks at the delivery, and as many for which it compares, before it goes without."""

app = typer.Typer()


@dataclass(frozen=True)
class SayOptions:
    """What an officer says at a checkpoint, as the options of `confirm` and `refuse` have it."""

    delivery: DeliveryId
    checkpoint: CheckpointName
    fields: FieldWords = None
    kind: KindOption = None
    fulfils: Annotated[list[str] | None, typer.Option(help="a condition that binds here and is met, such as uz.prosecutor/1")] = (
        None
    )
    handling: HandlingOption = None
    attach: AttachOption = None
    on_behalf_of: Annotated[
        str | None, typer.Option("--for", help="the service on whose behalf you speak", autocompletion=completing.services)
    ] = None
    request: Annotated[
        Path | None, typer.Option("--request", help="requests in a file, as `vigil inbox --file` writes it: with --offline")
    ] = None

    def asked_among(self, requests: Sequence[Request], service: str) -> Request | None:
        """The request that this answers, if it is there."""
        which = (self.delivery, self.checkpoint, self.on_behalf_of or service)
        return next((one for one in requests if (one.delivery, one.checkpoint, one.service) == which), None)

    def raise_unless_bound(self, request: Request) -> None:
        """Raises `Malformed` for a condition that does not bind there."""
        there = [one.id for one in request.facts.conditions]
        for unknown in (one for one in self.fulfils or () if one not in there):
            which = _("binding here: {conditions}", conditions=", ".join(there)) if there else _("no condition binds here")
            message = _(
                "--fulfils {condition}: no such condition binds at {checkpoint}", condition=unknown, checkpoint=self.checkpoint
            )
            raise Malformed(message, hint=did_you_mean(unknown, there) or which)

    def _raise_unless_it_may_answer(self, kind: str, request: Request | None, caller: CallerOptions) -> None:
        """Raises `Malformed` for a kind that the request does not ask for, and `NotFound` for no delivery or checkpoint."""
        if request is not None:
            raise_unless_asked(kind, request)
            return
        with suppress(Unavailable):  # then it is kept in a file, and judged when it is handed in
            raise_unless_foreseen(self.checkpoint, caller.at(self.delivery, lambda door: door.view(self.delivery)))

    def remarks(self, request: Request | None, service: str) -> tuple[str, ...]:
        """What is to be known of a statement before it is signed, beside what will come of it."""
        if request is not None:
            return ()
        told = {"checkpoint": self.checkpoint, "service": self.on_behalf_of or service}
        return (_("{checkpoint} asks {service} for nothing now. Early, it is kept until it does; else it is refused", **told),)

    def said(
        self,
        caller: CallerOptions,
        carried: CarryOptions,
        requests: Sequence[Request],
        more: Sequence[str],
        files: Sequence[Given],
        *,
        positive: bool,
        no_reason: bool = False,
        second: bool = False,
    ) -> tuple[Statement, FirstWord | None]:
        """The statement, with what else is said; and what a first officer has signed. Raises `Malformed` with every field that is
        missing or wrong.
        """
        request = self.asked_among(requests, caller.service)
        if request is not None and not carried.offline:  # one that was carried may be older than a condition
            self.raise_unless_bound(request)
        kind = self.kind
        if kind is not None and not carried.offline:
            self._raise_unless_it_may_answer(kind, request, caller)
        if kind is None:
            if request is None:
                raise not_asked(self.delivery, self.checkpoint, requests, caller, self.on_behalf_of, offline=carried.offline)
            kind = kind_for(request, positive=positive)
        words = with_decision(kind, [*(self.fields or []), *more], positive=positive)
        if not positive:
            words = with_reason(kind, words, none=no_reason)
        clock, attached = clock_of(caller, carried.directory, offline=carried.offline), tuple(one.attachment for one in files)
        first, handling, taken_over = None, self.handling, None
        if request is not None and not carried.offline:
            first = to_second(caller, request, kind) if second else first_signed(caller, request, kind)
        if first is not None and request is not None and second:
            raise_unless_alone(first, request)
            words, taken_over = with_own_findings(first, words), first.taken_over()
            attached = attached or first.statement.attachments
            handling = handling or handling_of_first(first.statement.handling)
        content = content_of(kind, words, request, clock, taken_over=taken_over)
        said = statement(
            *(self.delivery, caller.service, caller.code, content),
            _about(self.delivery, content, caller, carried, request),
            self.checkpoint,
            on_behalf_of=self.on_behalf_of,
            fulfils=self.fulfils or [],
            handling=handling,
            attachments=attached,
        )
        return said, first


@app.command()
@grouped
def inbox(
    caller: CallerOptions,
    delivery: Annotated[
        str | None,
        typer.Argument(help="only this delivery, and requests for consent in full", autocompletion=completing.deliveries),
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="write the requests, signed, into this file, to be carried")
    ] = None,
    encrypt_for: EncryptFor = None,
    directory: Known = None,
    output: Output = "text",
) -> None:
    """What you are being asked, in all your deliveries; of one, with all that you decide on when you consent.

    With --file, for an officer without a network: `confirm --request`.
    """
    if delivery is not None and file is not None:
        raise Malformed(_("--file carries the requests of all your deliveries; name none"))
    if file is None and encrypt_for is not None:
        raise Malformed(_("--encrypt-for goes with --file: without a file nothing is carried"))
    if file is None:
        found = caller.call(lambda door: door.inbox())
        if delivery is not None:
            found = found.model_copy(
                update={
                    "requests": tuple(one for one in found.requests if one.delivery == delivery),
                    "corrections": tuple(one for one in found.corrections if one.delivery == delivery),
                }
            )
            if not (found.requests or found.corrections):
                caller.at(delivery, lambda door: door.view(delivery))  # a name that is none is told
        in_words = render.asked_in_full if delivery is not None else render.requests
        said = in_words(found.requests, found.corrections)
        answer(output, plain(found), said if found.requests or found.corrections else _("nothing is asked of you now"))
        if delivery is not None:
            talk.print(_("what you may say unasked: vigil say {delivery}", delivery=delivery), markup=False)
        unreadable = found.unreadable
    else:
        carrying.recipients(encrypt_for, directory)
        signed = caller.call(lambda door: door.signed_inbox())
        path = carrying.write(file, signed.model_dump_json().encode() + b"\n", encrypt_for, directory)
        count = len(signed.requests)
        answer(
            output,
            {"file": str(path), "requests": count},
            _("{path}: signed requests: {count}", path=path, count=count),
        )
        unreadable = signed.unreadable
    if unreadable:
        talk.print(
            _(
                "somebody has altered what is asked in {deliveries}: tell whoever runs the installation",
                deliveries=", ".join(unreadable),
            ),
            style="bold yellow",
        )


@app.command()
@grouped
def confirm(
    said: SayOptions,
    caller: CallerOptions,
    carried: CarryOptions,
    signing: SignOptions,
    second: Second = False,
    output: Output = "text",
) -> None:
    """Sign what a checkpoint asks of you and hand it in. At a terminal you are shown what you sign, and asked.

    A time is RFC 3339, or as people say it: "today 14:00", "2026-03-02 14:00", by the clock of your State; "today 14:00 +05:00".

    Where two officers must sign the same, the second signs with --second, and types only what is weighed, counted or seen.
    """
    _say(said, caller, carried, signing, output, positive=True, second=second)


@app.command()
@grouped
def refuse(
    said: SayOptions,
    caller: CallerOptions,
    carried: CarryOptions,
    signing: SignOptions,
    reason: Annotated[str, typer.Option(help="why")] = "",
    no_reason: NoReason = False,
    output: Output = "text",
) -> None:
    """Say no to what a checkpoint asks of you, and why."""
    more = [f"reason={reason}"] if reason else []
    _say(said, caller, carried, signing, output, *more, positive=False, no_reason=no_reason)


@app.command()
@grouped
def say(
    delivery: DeliveryId,
    caller: CallerOptions,
    carried: CarryOptions,
    signing: SignOptions,
    kind: Annotated[
        str | None,
        typer.Argument(help="kind of statement; left out: which there are", show_default=False, autocompletion=completing.kinds),
    ] = None,
    fields: FieldWords = None,
    handling: HandlingOption = None,
    output: Output = "text",
) -> None:
    """Say what nobody asks: exhibits and what became of them, costs, proceedings, what was seen.

    Without a kind it lists what you may say.
    """
    if kind is not None:
        content = content_of(kind, fields or [], None, clock_of(caller, carried.directory, offline=carried.offline))
        if isinstance(content, Kind) and content.declares.by == "asked":
            hint = _("`vigil inbox` says whether you are; `vigil confirm` and `vigil refuse` answer")
            raise Malformed(_("{kind} answers a checkpoint that asks for it", kind=kind), hint=hint)
        remarks = () if carried.offline else _unless_sayable(kind, delivery, caller)
        _pass_on(delivery, content, caller, carried, signing, output, handling, remarks=remarks)
        return
    kinds = caller.at(delivery, lambda door: door.view(delivery)).may_say
    offered = [{"kind": one, "fields": list(forms.FIELDS.get(one, ()))} for one in kinds]
    answer(output, offered, render.sayable(kinds) if kinds else _("there is nothing that you could say by yourself now"))


def _unless_sayable(kind: str, delivery: str, caller: CallerOptions) -> tuple[str, ...]:
    """That a kind is none of those that this service may say now; nothing where the gateway does not tell."""
    with suppress(Unavailable):
        if kind not in (*ELSEWHERE, *caller.at(delivery, lambda door: door.view(delivery)).may_say):
            hint = _("`vigil say {delivery}` lists what is yours", delivery=delivery)
            return (_("This is not yours to say now, and will not count"), hint)
    return ()


@app.command()
@grouped
def stop(
    delivery: DeliveryId,
    caller: CallerOptions,
    carried: CarryOptions,
    reason: Annotated[str, typer.Option(help="why", show_default=False)],
    risk_to_life: Annotated[bool, typer.Option("--risk-to-life", help="life is at risk: the outcome will say so")] = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Stop a delivery, now. Anyone who takes part may."""
    try:
        content = Incident(risk_to_life=True, what=reason) if risk_to_life else StopRequested(reason=reason)
    except ValidationError as error:
        raise Malformed(_("the reason is not usable"), faults_of(error)) from error
    _pass_on(delivery, content, caller, carried, at_once(dry_run), output)


@app.command()
@grouped
def hold(
    delivery: DeliveryId,
    caller: CallerOptions,
    carried: CarryOptions,
    reason: Annotated[str, typer.Option(help="why", show_default=False)],
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Hold a delivery, now: nothing moves until it is decided whether it goes on. Anyone who takes part may."""
    try:
        content = HoldRequested(reason=reason)
    except ValidationError as error:
        raise Malformed(_("the reason is not usable"), faults_of(error)) from error
    _pass_on(delivery, content, caller, carried, at_once(dry_run), output)


@app.command()
@grouped
def inform(
    delivery: DeliveryId,
    text: Annotated[str, typer.Argument(help="what others are to know", show_default=False)],
    caller: CallerOptions,
    carried: CarryOptions,
    signing: SignOptions,
    to: Annotated[
        list[str] | None,
        typer.Option(help="who is to read it, besides whoever runs the operation", autocompletion=completing.services),
    ] = None,
    source: Annotated[str | None, typer.Option(help="how reliable the source is: A, B, C or X")] = None,
    certainty: Annotated[str | None, typer.Option(help="how sure the information is: 1 to 4")] = None,
    handling: HandlingOption = None,
    attach: AttachOption = None,
    output: Output = "text",
) -> None:
    """Let others know something. It decides nothing."""
    content = _content(Information, text=text, to=to or [], source=source, certainty=certainty)
    if to and not carried.offline:
        with suppress(Unavailable):
            raise_unless_listed(to, [one.id for one in caller.call(lambda door: door.directory())], "--to")
    _pass_on(delivery, content, caller, carried, signing, output, handling, described(attach or ()))


@app.command()
@grouped
def permit(
    delivery: DeliveryId,
    caller: CallerOptions,
    carried: CarryOptions,
    signing: SignOptions,
    to: Annotated[str, typer.Option(help="court, or a State such as UZ", show_default=False)],
    of: Annotated[list[str] | None, typer.Option("--statement", help="only this statement of yours; as often as needed")] = None,
    output: Output = "text",
) -> None:
    """Permit that what you have said goes where its handling code does not let it (R23)."""
    if to != "court":
        raise_unless_a_state("--to", to)
    _pass_on(delivery, _content(DisclosurePermitted, to=to, statements=of or []), caller, carried, signing, output)


def _content(kind: type[Information | DisclosurePermitted], **fields: object) -> Information | DisclosurePermitted:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise Malformed(_("nothing was signed"), faults_of(error)) from error


@app.command()
@grouped
def correct(
    delivery: DeliveryId,
    of: Annotated[
        str,
        typer.Argument(
            metavar="STATEMENT-ID",
            help="your statement that was wrong; `vigil confirm` and `vigil history` print its id",
            show_default=False,
            autocompletion=completing.statements,
        ),
    ],
    kind: Annotated[str, typer.Argument(help="its kind", show_default=False, autocompletion=completing.kinds)],
    caller: CallerOptions,
    carried: CarryOptions,
    signing: SignOptions,
    reason: Annotated[str, typer.Option(help="why; with --second it is the first officer's", show_default=False)] = "",
    fields: Annotated[
        list[str] | None,
        typer.Argument(
            help="field=value, what was wrong; with --offline all of it",
            show_default=False,
            autocompletion=completing.fields,
        ),
    ] = None,
    attach: AttachOption = None,
    second: Second = False,
    output: Output = "text",
) -> None:
    """Correct what you said. The earlier statement stays; this one says what it should have said.

    Where two officers must correct it, the second signs with --second, and types only what is weighed, counted or seen.
    """
    if second:
        _second_correction(delivery, of, fields or [], caller, carried, signing, output)
        return
    before = None
    if not carried.offline:
        with suppress(Unavailable):  # then it is kept in a file, and judged when it is handed in
            before = caller.at(delivery, lambda door: _as_it_counts(door, of, delivery, caller.service))
    content = correction(of, kind, fields or [], reason, clock_of(caller, carried.directory, offline=carried.offline), before)
    _pass_on(delivery, content, caller, carried, signing, output, files=described(attach or ()))


async def _as_it_counts(door: Gateway, of: str, delivery: str, service: str) -> Statement:
    """What a statement says by now. Raises `NotFound` for none of this service."""
    ledger, view = await door.ledger(delivery), await door.view(delivery)
    return own(of, delivery, ledger, service, [one.entry for one in view.corrected_by_one])


def _second_correction(
    delivery: str,
    of: str,
    words: Sequence[str],
    caller: CallerOptions,
    carried: CarryOptions,
    signing: SignOptions,
    output: str,
) -> None:
    """Sign what a first officer of this service has signed in the place of a statement (R20)."""
    _raise_without_network(carried)
    first, reason = correction_to_second(caller, delivery, of)
    clock = clock_of(caller, carried.directory, offline=False)
    content = content_of(first.statement.kind, with_own_findings(first, words), None, clock, taken_over=first.taken_over())
    remarks = beside(first, first.statement.model_copy(update={"content": content}))
    handling, attached = handling_of_first(first.statement.handling), first.statement.attachments
    right = corrected(of, reason, content, None)
    _pass_on(delivery, right, caller, carried, signing, output, handling, remarks=remarks, attached=attached)


def _raise_without_network(carried: CarryOptions) -> None:
    if carried.offline:
        hint = _("the first officer's file goes to the gateway first; then sign there, or type the same in full")
        raise Malformed(_("without a network it is not known what the first officer has signed"), hint=hint)


@app.command()
@grouped
def submit(
    file: Annotated[Path, typer.Argument(help="a signed statement, as --offline writes it", show_default=False)],
    caller: CallerOptions,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Hand in a signed statement from a file. Whoever carries it need not be who signed it."""
    envelope, said = kept(file, caller.folder, caller.service)
    if dry_run:
        dry(output, {"statement": plain(said)}, in_full(said))
    if said.members is not None:
        hand_in_kept(envelope, said, caller, output, file)
        return
    _hand_in(envelope, caller, output, file=file)


def _say(
    said: SayOptions,
    caller: CallerOptions,
    carried: CarryOptions,
    signing: SignOptions,
    output: str,
    *more: str,
    positive: bool,
    no_reason: bool = False,
    second: bool = False,
) -> None:
    if second:
        _raise_without_network(carried)
    if said.request is not None and not carried.offline:
        raise Malformed(_("--request goes with --offline: online nothing is carried in a file"))
    carried.check()
    key = caller.key()  # whoever has none is told before anything else
    files = described(said.attach or ())
    if carried.offline and said.request is None and said.kind is None:
        message = _(
            "without a network it is not known what {checkpoint} of {delivery} asks of {service}",
            checkpoint=said.checkpoint,
            delivery=said.delivery,
            service=caller.service,
        )
        raise Malformed(message, hint=_("name the requests that were carried here with --request, or what you say with --kind"))
    if not carried.offline:
        asked: Sequence[Request] = caller.call(lambda door: door.inbox()).requests
    elif said.request is not None:
        asked = carrying.requests_in(said.request, caller.folder, caller.service, carried.directory)
    else:
        asked = ()
    statement_, first = said.said(caller, carried, asked, more, files, positive=positive, no_reason=no_reason, second=second)
    request = said.asked_among(asked, caller.service)
    remarks = () if carried.offline else (*said.remarks(request, caller.service), *beside(first, statement_))
    _put(signing.signed(statement_, key, output, request, remarks), caller, carried, output, files)


def _put(envelope: Envelope, caller: CallerOptions, carried: CarryOptions, output: str, files: Sequence[Given]) -> None:
    """Where it goes: into a file, or to the gateway."""
    if carried.offline:
        _keep(envelope, carried, output, files)
    else:
        _hand_in(envelope, caller, output, files)


def _pass_on(
    delivery: str,
    content: Content,
    caller: CallerOptions,
    carried: CarryOptions,
    signing: SignOptions,
    output: str,
    handling: str | None = None,
    files: Sequence[Given] = (),
    remarks: tuple[str, ...] = (),
    attached: tuple[Attachment, ...] = (),
) -> None:
    carried.check()
    key, about = caller.key(), _about(delivery, content, caller, carried)
    attached = attached or tuple(one.attachment for one in files)
    said = statement(delivery, caller.service, caller.code, content, about, handling=handling, attachments=attached)
    _put(signing.signed(said, key, output, remarks=remarks), caller, carried, output, files)


def _about(
    delivery: str, content: Content, caller: CallerOptions, carried: CarryOptions, request: Request | None = None
) -> PlanAsSeen:
    """The plan that is named, or that the request is about, or that is in force; else the one of the last receipt. And what was
    seen of the ledger, once it has been compared with the receipts that are kept here. What only stops or ends something waits
    for no answer, and no contradiction holds it up.

    Raises `Malformed` where no plan is known, and `NotVerified` where what is shown contradicts a receipt.
    """
    brake = isinstance(content, Kind) and content.bound_to() == "brake"
    shown = _shown(delivery, caller, carried, request, brake=brake)
    newest = caller.shelf.newest(delivery)
    plan = carried.plan or shown.plan or (newest.receipt.plan if newest is not None else None)
    if plan is None and not brake:
        message = _("it is not known here which plan of {delivery} is in force", delivery=delivery)
        raise Malformed(message, hint=_("name it with --plan: `vigil show` says which; or bring the requests with --request"))
    return PlanAsSeen(plan, None if carried.unseen else _compared(delivery, caller, carried, shown.seen, brake=brake))


def _shown(delivery: str, caller: CallerOptions, carried: CarryOptions, request: Request | None, *, brake: bool) -> PlanAsSeen:
    """What is said of the delivery as it stands; nothing where nobody says it, or not at once though there is a hurry."""
    if request is not None:
        return PlanAsSeen(request.plan, request.seen)
    if carried.offline:
        return PlanAsSeen()

    async def look(door: Gateway) -> DeliveryView:
        async with asyncio.timeout(AT_ONCE if brake else None):
            return await door.view(delivery)

    with suppress(VigilError if brake else Unavailable, TimeoutError):
        view = caller.call(look)
        return PlanAsSeen(view.plan, Seen(size=view.entries, root=view.root))
    return PlanAsSeen()


def _compared(delivery: str, caller: CallerOptions, carried: CarryOptions, shown: Seen | None, *, brake: bool) -> Seen | None:
    """How much of the ledger can be countersigned."""
    shelf = caller.shelf

    async def compare(door: Gateway) -> Seen | None:
        assert shown is not None  # noqa: S101 - else there is nothing to ask the gateway
        try:
            async with asyncio.timeout(AT_ONCE if brake else None):
                return await compared(door, shelf, delivery, shown)
        except (VigilError, TimeoutError) as error:
            if isinstance(error, NotVerified) or not (brake or isinstance(error, Unavailable)):
                raise
            return as_kept(shelf, delivery, shown)

    try:
        return as_kept(shelf, delivery, shown) if shown is None or carried.offline else caller.call(compare)
    except NotVerified as error:
        shelf.alarm(error)
        if not brake:
            raise refused(error) from error
        return as_kept(shelf, delivery, None)


def _keep(envelope: Envelope, carried: CarryOptions, output: str, files: Sequence[Given]) -> None:
    path, to = keep(envelope, carried.encrypt_for, carried.directory), carried.encrypt_for
    command = submitting(path, read_statement(envelope).service if to is None else _("SERVICE") if to.startswith("age1") else to)
    if files:
        talk.print(_("its files are handed in apart: {how}", how=_add_again(envelope, files)))
    answer(output, {"statement": str(path)}, _("{path}: signed; hand it in with: {command}", path=path, command=command))


def _hand_in(
    envelope: Envelope, caller: CallerOptions, output: str, files: Sequence[Given] = (), file: Path | None = None
) -> None:
    delivery = read_statement(envelope).delivery
    with kept_where_interrupted(envelope, file, caller.service):
        given = caller.at(delivery, lambda door: hand_in(door, envelope, lambda text: talk.print(text, style="dim"), file=file))
    _attach(envelope, caller, files)
    if isinstance(given, Left):
        words = _(
            "kept, not judged yet: no worker is up; it takes effect before anything else when one is. Say it by telephone too"
        )
        answer(output, plain(given), words)
        return
    wrong, receipt = None, given.receipt
    if receipt.verdict.verdict == "refused":
        message = _("recorded as refused: the attempt stands in the ledger")
        wrong = RuleBroken(receipt.verdict.rule or "", say_verdict(receipt.verdict, speak), hint=message)
    place = caller.shelf.place_of(receipt)
    document = {
        "statement": receipt.statement,
        "seq": receipt.seq,
        "recorded_at": receipt.entry.at,
        "verdict": plain(receipt.verdict),
        "plan": receipt.plan,
        "root": receipt.root,
        "kept": str(place) if place.exists() else None,
    }
    number = Text(shown(_("statement {statement}", statement=receipt.statement)), "dim")
    answer(output, document, Text("\n").join((entries.receipt(receipt), number)), wrong)


def _attach(envelope: Envelope, caller: CallerOptions, files: Sequence[Given]) -> None:
    """Hand in the files of a statement that has been handed in. It counts without them: what fails is said, with how to go on;
    one that is refused would be refused again, and keeps no other back.
    """
    if not files:
        return
    delivery, left = read_statement(envelope).delivery, list(files)

    async def all_in(door: Gateway) -> None:
        for one in files:
            try:
                new = await attachments.hand_in(door, delivery, one.path, one.attachment)
            except (Malformed, NotAllowed) as error:
                explain(error)
                talk.print(_("{path}: not taken; the statement names it all the same", path=one.path))
            else:
                said = _("{path}: handed in", path=one.path) if new else _("{path}: had been handed in", path=one.path)
                talk.print(said, style="dim")
            left.remove(one)

    try:
        caller.call(all_in)
    except (VigilError, KeyboardInterrupt) as error:  # whoever does not wait for a long film is shown the receipt all the same
        if isinstance(error, VigilError):
            explain(error)
        talk.print(_("the statement is handed in and counts; its files are not all: {how}", how=_add_again(envelope, left)))


def _add_again(envelope: Envelope, files: Sequence[Given]) -> str:
    paths = " ".join(quote(str(one.path)) for one in files)
    said = read_statement(envelope)
    return f"vigil attachment add {said.delivery} {paths} --as {said.service}"
