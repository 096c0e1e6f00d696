"""`vigil expunge`: what a closed delivery says is destroyed, by two officers. The first signs, the second signs and hands in."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError

from client.caller import CallerOptions
from client.console import answer
from client.language import _
from client.options import DeliveryId, DryRun, Output, grouped
from client.signing import dry
from domain.record.expunction import Approval, Approvals, Expunged, approval_in
from domain.signing.canonical import canonical, plain
from domain.signing.envelope import EXPUNGE_TYPE, Envelope, sign
from domain.signing.tree import root
from domain.words.errors import Malformed, NotVerified, faults_of
from domain.words.moments import utc_text
from process.configuration import text_of
from process.files import write_new


@grouped
def expunge(
    delivery: DeliveryId,
    caller: CallerOptions,
    ordered_by: Annotated[str | None, typer.Option(help="whose order it is, such as a court and its decision")] = None,
    law: Annotated[str | None, typer.Option(help="under which law")] = None,
    approval: Annotated[Path | None, typer.Option(help="where to write the first officer's approval")] = None,
    with_: Annotated[Path | None, typer.Option("--with", help="the first officer's approval: sign the same, and hand in")] = None,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Destroy what a closed delivery says, its history in Temporal included. Leaves and root stay, so packets still verify.

    Officer one: vigil expunge DELIVERY --ordered-by ... --law ... --approval FILE. Officer two: vigil expunge DELIVERY
    --with FILE.
    """
    if (approval is None) == (with_ is None):
        raise Malformed(
            _("the first officer says --approval, the second --with"), hint=_("it takes two persons, each with a key")
        )
    if approval is not None:
        said = {"delivery": delivery, "ordered_by": ordered_by, "law": law, "service": caller.service, "officer": caller.code}
        if dry_run:
            _dry(_signed(caller, said), output)
        write_new(approval, _signed(caller, said).model_dump_json().encode() + b"\n")
        text = _(
            "{path}: signed; another officer signs the same with: vigil expunge {delivery} --with {path}",
            path=approval,
            delivery=delivery,
        )
        answer(output, {"approval": str(approval)}, text)
        return
    assert with_ is not None  # noqa: S101 - one of the two is given
    if ordered_by is not None or law is not None:
        raise Malformed(_("--with names the order already: read it before you sign"), hint=_("it is in {path}", path=with_))
    first = _read(with_)
    said = plain(approval_in(first)) | {"service": caller.service, "officer": caller.code}
    if said["delivery"] != delivery:
        raise Malformed(
            _("{path} approves that {other} is expunged, not {delivery}", path=with_, other=said["delivery"], delivery=delivery)
        )
    both = Approvals(approvals=(first, _signed(caller, said)))
    if dry_run:
        _dry(both.approvals[1], output)
    found = caller.call(lambda door: door.expunge(delivery, both))
    answer(output, plain(found), _words(found))


def _dry(approval: Envelope, output: str) -> NoReturn:
    order = approval_in(approval)
    text = _(
        "{delivery} would be expunged by order of {whose}, under {law}",
        delivery=order.delivery,
        whose=order.ordered_by,
        law=order.law,
    )
    dry(output, {"approval": plain(order)}, text)


def _signed(caller: CallerOptions, said: dict[str, str | None]) -> Envelope:
    try:
        approval = Approval.model_validate(said | {"at": utc_text(datetime.now(UTC))})
    except ValidationError as error:
        raise Malformed(_("an order names whose it is and under which law"), faults_of(error)) from error
    return sign(canonical(approval), EXPUNGE_TYPE, caller.key())


def _read(path: Path) -> Envelope:
    try:
        return Envelope.model_validate_json(text_of(path))
    except ValidationError as error:
        raise Malformed(_("{path} holds no approval", path=path), faults_of(error)) from error


def _words(found: Expunged) -> str:
    if root([bytes.fromhex(one) for one in found.leaves]).hex() != found.root:
        raise NotVerified(_("the leaves that are left of {delivery} do not come to its root", delivery=found.delivery))
    return _(
        "{delivery} is expunged by {first} and {second}; {size} leaves stay, under root {root}",
        delivery=found.delivery,
        first=found.first,
        second=found.second,
        size=found.size,
        root=found.root,
    )
