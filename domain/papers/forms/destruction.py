"""The act of destruction: which exhibits, of which mass, before whom, how and by which decision."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from domain.delivery.holdings import CONSIGNMENT, inside
from domain.papers.form import Form
from domain.papers.forms.lots import each_lot
from domain.papers.forms.parts import (
    approved,
    author,
    day_of,
    in_turn,
    local,
    of_the_group,
    signing,
    spoken,
)
from domain.papers.forms.witnessed import MOST_DIGESTS, files, recorded
from domain.papers.paper import (
    Blank,
    Block,
    Columns,
    Dated,
    Fields,
    Heading,
    Line,
    Paragraph,
    TickBox,
    Title,
    Value,
)
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue, joined
from domain.plan.directory import Service
from domain.rules.disposing import Disposed
from domain.rules.stop import Destroyed
from domain.words.text import mark

KIND, ABOUT = mark("Act"), mark("of destruction, controlled delivery {operation}")
NUMBER = mark("No. {number}")
MADE_BY, WHEN, BASIS, COMMISSION, PROSECUTOR, METHOD = (
    mark("Made by"),
    mark("Destroyed on"),
    mark("Decision"),
    mark("Commission"),
    mark("Prosecutor"),
    mark("How"),
)
MOMENT = mark("{moment} UTC; on the spot: {local}; recorded at {recorded} UTC")
DECISION = mark("{blank}, No. {number} of {day}")
MEMBERS = mark("officers {officers}; chair {chair}")
PRESENT = mark("{yes} present: {name}  {told} told before, No. {number} of {day}  {no} not required")
MEANS = mark("{means}; place {place}")
THINGS = mark("Destroyed")
WHOLE = mark("The consignment no longer exists: {circumstances}")
IDENTITY = mark("Labels and seals were compared with the records: {yes} as they were left  {no} not so: {blank}")
NOTHING_LEFT = mark("Nothing that could be used was left: {yes} yes  {no} no: {blank}")
RECORDED = mark("Recorded by photograph or video: {no} no  {yes} yes, SHA-256 {digest}")
COPIES = mark("Made in {blank} copies: into the file of the case, into the file of the operation, to {other}.")
CHAIR, MEMBER, PROSECUTOR_SIGNS = mark("Chair of the commission"), mark("Member: {officer}"), mark("Prosecutor, if present")


@dataclass(frozen=True)
class _Gone:
    said: Heard
    content: Disposed | Destroyed


class DestructionForm(Form):
    """One each time that exhibits were destroyed, or that the consignment itself was."""

    name = "destruction"
    version = 8
    title = mark("act of destruction")

    def subjects(self, record: Record) -> tuple[str, ...]:
        """Services that destroyed something; of a second time, with a number."""
        return tuple(_destroyed(record))

    def of(self, record: Record, subject: str) -> str:
        """The exhibits."""
        content = _destroyed(record)[subject].content
        return ", ".join(content.exhibits) if isinstance(content, Disposed) else CONSIGNMENT

    def may_have(self, record: Record, subject: str, reader: Service) -> bool:
        """Services of the State."""
        service = _destroyed(record)[subject].said.service
        return reader.state is not None and reader.state == record.state_of(service)

    def blocks(self, record: Record, subject: str, tongue: Tongue) -> tuple[Block, ...]:
        """As of then, with what has corrected it."""
        one = _destroyed(record)[subject]
        return tuple(_blocks(record.until(max(one.said.counted, *one.said.entries)), one.said, one.content, tongue))


def _destroyed(record: Record) -> Mapping[str, _Gone]:
    found = [_Gone(said, one) for said, one in record.said(Disposed) if one.how == "destroyed"]
    found += [_Gone(said, one) for said, one in record.said(Destroyed)]
    return in_turn((one.said.service, one) for one in sorted(found, key=lambda one: one.said.counted))


def _blocks(record: Record, said: Heard, gone: Disposed | Destroyed, tongue: Tongue) -> Iterator[Block]:
    reference = gone.reference if isinstance(gone, Disposed) else None
    number: Value | Blank = Value(reference.number, said.entries) if reference is not None else Blank(2)
    day = reference.dated if reference is not None else None
    dated = Value(day_of(day), said.entries) if day is not None else Blank(3)
    place = tongue.quoted(gone.place, *said.entries) if isinstance(gone, Disposed) and gone.place else Blank(3)
    yield Columns((), approved(tongue))
    yield author(tongue, record, said.service)
    operation = tongue.quoted(record.plan.operation, "plan")
    yield Title(tongue.words(KIND), (tongue.say(ABOUT, operation=operation), *of_the_group(tongue, record.plan)))
    yield Dated((dated,), (place,), tongue.say(NUMBER, number=number))
    yield Fields(tuple(_head(record, said, gone, place, tongue)))
    yield Heading(tongue.words(THINGS))
    if isinstance(gone, Disposed):
        yield each_lot(record, said, gone.exhibits, tongue)
    else:
        yield Paragraph(tongue.say(WHOLE, circumstances=tongue.quoted(gone.circumstances, *said.entries)), "left")
        yield each_lot(record, said, (CONSIGNMENT, *inside(record.delivery.state)), tongue)
    yield Paragraph(tongue.say(IDENTITY, yes=TickBox(), no=TickBox(), blank=Blank(3)), "left")
    yield Paragraph(tongue.say(NOTHING_LEFT, yes=TickBox(), no=TickBox(), blank=Blank(4)), "left")
    digests = recorded((said,))
    digest = joined(digests[:MOST_DIGESTS]) or Blank(4)
    yield Paragraph(tongue.say(RECORDED, yes=TickBox(bool(digests)), digest=digest, no=TickBox()), "left")
    yield from files(tongue, said)
    yield Paragraph(tongue.say(COPIES, blank=Blank(1), other=Blank(3)), "small")
    members = (tongue.say(MEMBER, officer=Value(one, said.entries)) for one in gone.witnesses)
    yield signing(tongue, [tongue.words(CHAIR), *members, tongue.words(PROSECUTOR_SIGNS)], paired=True)


def _head(
    record: Record, said: Heard, gone: Disposed | Destroyed, place: Value | Blank, tongue: Tongue
) -> Iterator[tuple[Line, tuple[Line, ...]]]:
    yield tongue.words(MADE_BY), (spoken(tongue, record, said),)
    moments = (Value(tongue.moment(at), said.entries[:1]) for at in (said.happened, said.at))
    there = local(tongue, record, said.checkpoint, said)
    yield tongue.words(WHEN), (tongue.say(MOMENT, moment=next(moments), local=there, recorded=next(moments)),)
    yield tongue.words(BASIS), (tongue.say(DECISION, blank=Blank(3), number=Blank(2), day=Blank(2)),)
    officers = joined(Value(one, said.entries) for one in gone.witnesses)
    yield tongue.words(COMMISSION), (tongue.say(MEMBERS, officers=officers, chair=Blank(3)),)
    beside = tongue.say(PRESENT, yes=TickBox(), told=TickBox(), no=TickBox(), name=Blank(3), number=Blank(1), day=Blank(2))
    yield tongue.words(PROSECUTOR), (beside,)
    means = tongue.quoted(gone.means, *said.entries) if isinstance(gone, Disposed) and gone.means else Blank(3)
    yield tongue.words(METHOD), (tongue.say(MEANS, means=means, place=place),)
