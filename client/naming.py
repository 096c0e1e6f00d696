"""Names that an officer types, and what to say where one is not right: which was meant, or what there is."""

import re
from collections.abc import Collection, Iterable, Sequence

from client.caller import CallerOptions
from client.entries import own_statements
from client.language import _
from domain.delivery.ledger import Entry, Withheld
from domain.delivery.reported import Stated
from domain.delivery.requests import Request
from domain.delivery.statement import Statement
from domain.rules.books import may_be_opened
from domain.rules.speaking import Correction
from domain.views.forms import kind_called, kinds_for
from domain.views.view import DeliveryView
from domain.words.errors import Malformed, NotFound
from domain.words.likeness import did_you_mean

STATE = re.compile("[A-Z]{2}")
PURPOSES = ("operation", "court")
"""For whose use something is exported, beside a State (R23)."""


def raise_unless_foreseen(checkpoint: str, view: DeliveryView) -> None:
    """Raises `NotFound` for a checkpoint that is none of this delivery and can become none."""
    if checkpoint not in view.checkpoints and not may_be_opened(checkpoint):
        message = _("{delivery} has no checkpoint {checkpoint} that you see", checkpoint=checkpoint, delivery=view.delivery)
        there_are = _("you see {checkpoints}", checkpoints=", ".join(view.checkpoints))
        raise NotFound(message, hint=did_you_mean(checkpoint, view.checkpoints) or there_are)


def not_asked(  # noqa: PLR0913 - what was looked for, and where
    delivery: str,
    checkpoint: str,
    requests: Sequence[Request],
    caller: CallerOptions,
    on_behalf_of: str | None = None,
    *,
    offline: bool,
) -> NotFound:
    """Why nothing can be answered there: no such delivery or checkpoint, or one that asks this service nothing, or the one on
    whose behalf it speaks. Raises what the gateway raises.
    """
    if not offline:
        try:
            raise_unless_foreseen(checkpoint, caller.at(delivery, lambda door: door.view(delivery)))
        except NotFound as error:
            return error
    service = on_behalf_of or caller.service
    message = _(
        "no open request for {service} at {checkpoint} of {delivery}", service=service, checkpoint=checkpoint, delivery=delivery
    )
    if on_behalf_of is not None:
        there = [one.service for one in requests if (one.delivery, one.checkpoint) == (delivery, checkpoint)]
        there = [one for one in there if one != caller.service]
        nobody = _("nobody whom you answer for is asked there; leave --for out to answer for yourself")
        return NotFound(message, hint=_("with --for: {services}", services=", ".join(there)) if there else nobody)
    asked = [one.checkpoint for one in requests if one.delivery == delivery]
    if meant := did_you_mean(checkpoint, asked):
        return NotFound(message, hint=meant)
    if asked:
        return NotFound(message, hint=_("{delivery} asks you at {checkpoints}", delivery=delivery, checkpoints=", ".join(asked)))
    hint = _(
        "`vigil inbox` lists what is asked. To say it unasked, name its kind with --kind. `vigil correct` corrects what you said."
    )
    return NotFound(message, hint=hint)


def raise_unless_asked(kind: str, request: Request) -> None:
    """Raises `Malformed` for a kind that answers something else than this request asks for."""
    answers = kinds_for(request)
    if kind_called(kind).declares.by == "asked" and kind not in answers:
        message = _(
            "{checkpoint} does not ask {service} for {kind}", checkpoint=request.checkpoint, service=request.service, kind=kind
        )
        raise Malformed(
            message, hint=did_you_mean(kind, answers) or _("say which with --kind: {kinds}", kinds=", ".join(answers))
        )


def own(
    statement: str, delivery: str, ledger: Sequence[Entry | Withheld], service: str, waits: Collection[int] = ()
) -> Statement:
    """What this service has said in the delivery, by its id, or the last correction of it that counts. `waits`: entries of
    corrections that a first officer has signed, and no second one yet. Raises `NotFound` for what it has not said.
    """
    said = own_statements(ledger, service)
    if statement not in said:
        message = _(
            "{service} has made no statement {statement} in {delivery}", service=service, statement=statement, delivery=delivery
        )
        raise NotFound(
            message, hint=did_you_mean(statement, said) or _("`vigil history {delivery}` prints its id", delivery=delivery)
        )
    counts = [one for one in ledger if one.seq not in waits and isinstance(one, Entry) and _is_accepted(one)]
    for one in reversed(own_statements(counts, service).values()):
        if isinstance(one.content, Correction) and one.content.of == statement:
            return one
    return said[statement]


def _is_accepted(entry: Entry) -> bool:
    return isinstance(entry.event, Stated) and entry.event.verdict.verdict == "accepted"


def raise_unless_listed(names: Iterable[str], services: Iterable[str], option: str) -> None:
    """Raises `NotFound` for a service that is none of these."""
    known = tuple(services)
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or _("`vigil directory` lists them")
            raise NotFound(_("{option} {name}: no such service in the directory", option=option, name=name), hint=hint)


def raise_unless_a_state(option: str, value: str) -> None:
    """Raises `Malformed` for what is no code of a State."""
    if not STATE.fullmatch(value):
        meant = _("did you mean {names}?", names=value.upper()) if STATE.fullmatch(value.upper()) else None
        raise Malformed(
            _("{option} {value}: there is none", option=option, value=value),
            hint=meant or _("a State is two capital letters, such as UZ"),
        )


def raise_unless_a_purpose(option: str, value: str) -> None:
    """Raises `Malformed` for what is no purpose: the operation itself, a court, a State."""
    if value in PURPOSES or STATE.fullmatch(value):
        return
    if STATE.fullmatch(value.upper()):
        raise_unless_a_state(option, value)
    hint = did_you_mean(value, PURPOSES) or _("operation, court, or a State such as UZ")
    raise Malformed(_("{option} {value}: there is none", option=option, value=value), hint=hint)
