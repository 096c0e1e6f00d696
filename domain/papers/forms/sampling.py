"""The act of sampling: what was taken for the laboratory, of which mass, in which packing, and who holds it."""

from collections.abc import Iterator, Mapping

from domain.papers.form import Form
from domain.papers.forms.parts import (
    WITNESSED,
    act,
    author,
    consignment,
    day_there,
    in_turn,
    local,
    mass_of,
    of_the_group,
    present,
    row,
    scale,
    seals,
    seen_by_its_state,
    signing,
    spoken,
    table,
)
from domain.papers.forms.witnessed import witnesses
from domain.papers.paper import Blank, Block, Dated, Heading, Paragraph, Table, TickBox, Title, Value
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue, joined
from domain.plan.directory import Service
from domain.plan.powers import MAY_PROSECUTE
from domain.rules.preparation import Prepared
from domain.rules.taking_out import TakenOut
from domain.words.text import mark

KIND, ABOUT = mark("Act"), mark("of taking samples from the consignment {operation}")
NUMBER = mark("No. {blank}")
MADE = mark("Made on {day} at {hour} UTC; on the spot: {local}; at {place}. By: {who}. Present: officers {officers}.")
OBJECT = mark("Samples were taken of: {object}.")
TAKEN = mark("1. Samples")
NUMBERED, WHAT, FROM, NET, SEAL = mark("No."), mark("What"), mark("From units"), mark("Net"), mark("Packing, seal")
METHOD = mark("How they were taken: {blank}. Scale: {scale}.")
TEST = mark("Presumptive test on the spot: {test}.")
REST = mark("After sampling the consignment holds: {kept}; taken out beside: {removed}.")
NOTHING = mark("nothing")
BY_ACT, CLOSED = mark("By act {act}, to settle: {purpose}."), mark("Seals broken: {broken}; it goes on under {seals}.")
WHOLE = mark("Whole packages taken out: {count}.")
WHERE = mark("2. Holding and examination")
HELD = mark("The samples are held by {service}, {stored}, until they are handed to the laboratory.")
SENT = mark("Sent for examination to: {laboratory}, by No. {number} of {day}. Questions: {questions}")
REFERENCE = mark("Kept as a representative sample: {yes} yes, mass {mass}  {no} no")
SPENT = mark("What is spent and left the laboratory says in its report.")
REMARKS = mark("Remarks of those present: {none} none  {some} {blank}")
OFFICER, SPECIALIST, TAKER = mark("Made by: {officer}"), mark("Specialist who took the samples"), mark("Samples received by")


ON_THE_WAY = "on-the-way"
"""Of what was taken out on the way there is no checkpoint."""


class SamplingForm(Form):
    """One of each preparation at which samples were taken, and one of each stop at which some were taken out on the way."""

    name = "sampling"
    version = 8
    title = mark("act of sampling")

    def subjects(self, record: Record) -> tuple[str, ...]:
        """Checkpoints at which they were, then what was taken out on the way."""
        prepared = (said.checkpoint for said, one in record.said(Prepared) if one.samples)
        return (*dict.fromkeys(prepared), *_on_the_way(record))

    def of(self, record: Record, subject: str) -> str:
        """Its place."""
        planned, known = record.plan.find(subject), _on_the_way(record).get(subject)
        return known[1].place if known is not None else planned.place if planned is not None else subject

    def may_have(self, record: Record, subject: str, reader: Service) -> bool:
        """Who is asked there, or has taken it out, and prosecutors and courts of the State."""
        known = _on_the_way(record).get(subject)
        if known is None:
            return seen_by_its_state(record, subject, reader)
        there = record.state_of(known[0].service)
        return reader.id == known[0].service or (reader.state == there and reader.kind in MAY_PROSECUTE)

    def blocks(self, record: Record, subject: str, tongue: Tongue) -> tuple[Block, ...]:
        """As of the preparation, with what has corrected it; or of what was taken out."""
        said, content = (
            _on_the_way(record).get(subject) or [(said, one) for said, one in record.said(Prepared, subject) if one.samples][-1]
        )
        return tuple(_blocks(record.until(max(said.counted, *said.entries)), subject, said, content, tongue))


def _on_the_way(record: Record) -> Mapping[str, tuple[Heard, TakenOut]]:
    return in_turn((ON_THE_WAY, one) for one in record.said(TakenOut))


def _blocks(record: Record, subject: str, said: Heard, content: Prepared | TakenOut, tongue: Tongue) -> Iterator[Block]:
    plan, planned = record.plan, record.plan.find(subject)
    state = record.state_of(said.service) or plan.legs[0].state
    place = Value(planned.place, ("plan",)) if planned is not None else Value(content.place or subject, said.entries)
    yield author(tongue, record, said.service)
    operation = tongue.quoted(plan.operation, "plan")
    yield Title(tongue.words(KIND), (tongue.say(ABOUT, operation=operation), *of_the_group(tongue, plan)))
    yield Dated((day_there(tongue, record, subject, said),), (place,), tongue.say(NUMBER, blank=Blank(2)))
    yield Paragraph(
        tongue.say(
            MADE,
            day=Value(tongue.day(said.happened), said.entries),
            hour=Value(f"{said.happened:%H:%M}", said.entries),
            local=local(tongue, record, subject, said),
            place=tongue.quoted(content.place, *said.entries) if content.place else Blank(3),
            who=spoken(tongue, record, said),
            officers=joined(Value(one, said.entries) for one in content.witnesses),
        ),
        "left",
    )
    yield Paragraph(tongue.say(OBJECT, object=consignment(tongue, plan.consignment)), "left")
    yield Heading(tongue.words(WITNESSED))
    yield witnesses(tongue, record, state, "opening", said)
    yield Heading(tongue.words(TAKEN))
    yield _samples(said, content, tongue)
    yield Paragraph(tongue.say(METHOD, blank=Blank(3), scale=scale(tongue, content.scale, *said.entries)), "left")
    yield from _rest(said, content, tongue)
    yield Heading(tongue.words(WHERE))
    stored = tongue.quoted(content.stored_at, *said.entries) if content.stored_at else Blank(4)
    yield Paragraph(tongue.say(HELD, service=tongue.the_service(record, said.service), stored=stored), "left")
    yield Paragraph(tongue.say(SENT, laboratory=Blank(4), number=Blank(2), day=Blank(2), questions=Blank(5)), "left")
    yield Paragraph(tongue.say(REFERENCE, yes=TickBox(), mass=Blank(2), no=TickBox()), "left")
    yield Paragraph(tongue.words(SPENT), "small")
    yield Paragraph(tongue.say(REMARKS, none=TickBox(), some=TickBox(), blank=Blank(5)), "left")
    roles = [tongue.say(OFFICER, officer=tongue.officer(said)), tongue.words(SPECIALIST), tongue.words(TAKER)]
    yield signing(tongue, [*roles, *present(tongue, content.witnesses, said)], paired=True)


def _samples(said: Heard, content: Prepared | TakenOut, tongue: Tongue) -> Table:
    sealed = seals(content.sample_seals, *said.entries) if content.sample_seals else (Blank(3),)
    rows = [
        row((Value(str(number), ("computed",)),), name, (Blank(2),), net, sealed)
        for number, (name, net) in enumerate((mass_of(tongue, one, *said.entries) for one in content.samples), 1)
    ]
    heads = ((NUMBERED, 1), (WHAT, 5), (FROM, 3), (NET, 3, True), (SEAL, 4))
    return table(tongue, heads, rows, [said.seq] * len(rows))


def _rest(said: Heard, content: Prepared | TakenOut, tongue: Tongue) -> Iterator[Block]:
    """What is left of it, and how it was closed again."""
    if isinstance(content, TakenOut):
        purpose = tongue.quoted(content.purpose, *said.entries)
        yield Paragraph(tongue.say(BY_ACT, act=act(tongue, content.reference, *said.entries), purpose=purpose), "left")
        if content.whole_packages:
            yield Paragraph(tongue.say(WHOLE, count=Value(str(content.whole_packages), said.entries)), "left")
        broken, new = (seals(these, *said.entries) or (Blank(2),) for these in (content.broken, content.seals))
        yield Paragraph(tongue.say(CLOSED, broken=broken, seals=new), "left")
        return
    test = tongue.quoted(content.test, *said.entries) if content.test else Blank(4)
    yield Paragraph(tongue.say(TEST, test=test), "left")
    nothing = (Value(tongue.translate(NOTHING), said.entries),)
    kept, removed = (
        joined(Value(tongue.amount(one), said.entries) for one in lot) or nothing for lot in (content.kept, content.removed)
    )
    yield Paragraph(tongue.say(REST, kept=kept, removed=removed), "left")
