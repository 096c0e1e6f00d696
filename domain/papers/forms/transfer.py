"""The act of acceptance and transfer: which exhibits, or what was found, who gave them, who took them, and as each found them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from domain.papers.form import Form
from domain.papers.forms.lots import each_lot
from domain.papers.forms.parts import (
    NONE,
    author,
    consignment,
    day_there,
    in_turn,
    local,
    of_the_group,
    row,
    seals,
    signing,
    spoken,
    table,
    weight,
)
from domain.papers.forms.witnessed import files
from domain.papers.paper import Blank, Block, Dated, Heading, Line, Paragraph, Table, TickBox, Title, Value
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue
from domain.plan.directory import Service
from domain.rules.handing_on import FOUND_OTHERWISE, ExhibitsAccepted, ExhibitsOffered
from domain.words.text import mark

KIND = mark("Act of acceptance and transfer")
ABOUT = mark("of exhibits, controlled delivery {operation}")
FOUND = mark("of what was found, controlled delivery {operation}")
NUMBER, PLACE = mark("No. {blank}"), mark("place where it is made")
GIVEN, TAKEN = mark("Given by: {giver}."), mark("Taken by: {taker}.")
PURPOSE = mark("For what: {purpose}.")
OBJECT = mark("It is taken to be: {object}.")
THINGS = mark("1. What was handed over")
AS_FOUND = mark("2. As each found it")
ITEM, GIVER, TAKER = mark("What"), mark("Given"), mark("Taken")
TIME, LOCAL, GROSS, SEALS, PACKAGES = (
    mark("Time, UTC"),
    mark("Local time"),
    mark("Gross, all of it"),
    mark("Seals"),
    mark("Packages"),
)
INTACT = mark("Packing and seals as the giver left them: {yes} yes  {no} no: {note}")
PASSED = mark("The taker holds it from {moment} UTC on, when the acceptance was recorded. Until then the giver held it.")
REMARKS = mark("Remarks: {none} none  {some} {blank}")
COPIES = mark("Made in {blank} copies.")
GIVER_SIGNS, TAKER_SIGNS = mark("Given: {officer}"), mark("Taken: {officer}")


@dataclass(frozen=True)
class _TransferAct:
    """What one act is made of."""

    offer: Heard
    offered: ExhibitsOffered
    acceptance: Heard
    accepted: ExhibitsAccepted


class TransferForm(Form):
    """One each time that exhibits, or what was found, were offered and accepted: signed by giver and taker."""

    name = "transfer"
    version = 3
    title = mark("act of acceptance and transfer")

    def subjects(self, record: Record) -> tuple[str, ...]:
        """Services that took something; of a second time, with a number."""
        return tuple(_acts(record))

    def of(self, record: Record, subject: str) -> str:
        """What was handed over."""
        return ", ".join(_acts(record)[subject].accepted.exhibits)

    def may_have(self, record: Record, subject: str, reader: Service) -> bool:
        """Giver and taker, and services of their States."""
        act = _acts(record)[subject]
        states = {record.state_of(one.service) for one in (act.offer, act.acceptance)}
        return reader.id in (act.offer.service, act.acceptance.service) or (reader.state is not None and reader.state in states)

    def blocks(self, record: Record, subject: str, tongue: Tongue) -> tuple[Block, ...]:
        """As of the acceptance: what is recorded later changes nothing that was signed."""
        act = _acts(record)[subject]
        return tuple(_blocks(record.until(act.acceptance.counted), act, tongue))


def _acts(record: Record) -> Mapping[str, _TransferAct]:
    """Each acceptance, with the last offer before it of the same to the same."""
    offers = record.said(ExhibitsOffered)
    found = []
    for said, accepted in record.said(ExhibitsAccepted):
        fitting = [
            (offer, offered)
            for offer, offered in offers
            if offer.counted < said.counted
            and (offer.service, offered.to) == (accepted.giver, said.service)
            and set(offered.exhibits) & set(accepted.exhibits)
        ]
        if fitting:
            found.append((said.service, _TransferAct(*fitting[-1], said, accepted)))
    return in_turn(found)


def _blocks(record: Record, act: _TransferAct, tongue: Tongue) -> Iterator[Block]:
    plan, acceptance = record.plan, act.acceptance
    whole = "consignment" in act.accepted.exhibits
    yield author(tongue, record, act.offer.service)
    about = tongue.say(FOUND if whole else ABOUT, operation=tongue.quoted(plan.operation, "plan"))
    yield Title(tongue.words(KIND), (about, *of_the_group(tongue, plan)))
    place = Blank(3, tongue.translate(PLACE))
    yield Dated((day_there(tongue, record, acceptance.checkpoint, acceptance),), (place,), tongue.say(NUMBER, blank=Blank(2)))
    yield Paragraph(tongue.say(GIVEN, giver=spoken(tongue, record, act.offer)), "left")
    yield Paragraph(tongue.say(TAKEN, taker=spoken(tongue, record, acceptance)), "left")
    yield Paragraph(tongue.say(PURPOSE, purpose=tongue.quoted(act.offered.purpose, *act.offer.entries)), "left")
    if whole:
        yield Paragraph(tongue.say(OBJECT, object=consignment(tongue, plan.consignment)), "left")
    yield Heading(tongue.words(THINGS))
    yield each_lot(record, acceptance, act.accepted.exhibits, tongue)
    yield Heading(tongue.words(AS_FOUND))
    yield _found(record, act, tongue, whole=whole)
    said = (*act.offer.entries, *acceptance.entries)
    remarks = [
        (entry.seq, one) for entry, one in record.delivery.remarked() if entry.seq in said and one.code == FOUND_OTHERWISE.name
    ]
    yield from (Paragraph((tongue.finding(record, one, seq),), "left") for seq, one in remarks)
    note = tongue.quoted(act.accepted.note, *acceptance.entries) if act.accepted.note else Blank(4)
    intact = act.accepted.intact
    yield Paragraph(tongue.say(INTACT, yes=TickBox(intact), no=TickBox(not intact), note=note), "left")
    yield from files(tongue, act.offer, acceptance)
    moment = Value(tongue.moment(acceptance.at), acceptance.entries, strong=True)
    yield Paragraph(tongue.say(PASSED, moment=moment), "left")
    yield Paragraph(tongue.say(REMARKS, none=TickBox(), some=TickBox(), blank=Blank(5)), "left")
    yield Paragraph(tongue.say(COPIES, blank=Blank(1)), "left")
    officers = (tongue.officer(act.offer), tongue.officer(acceptance))
    roles = (tongue.say(text, officer=one) for text, one in zip((GIVER_SIGNS, TAKER_SIGNS), officers, strict=True))
    yield signing(tongue, roles, stamp=True, paired=True)


def _found(record: Record, act: _TransferAct, tongue: Tongue, *, whole: bool) -> Table:
    """What giver and taker each found, beside each other."""
    found: tuple[ExhibitsOffered | ExhibitsAccepted, ...] = (act.offered, act.accepted)
    sides = tuple(zip((act.offer, act.acceptance), found, strict=True))
    return table(
        tongue,
        ((ITEM, 6), (GIVER, 5, True), (TAKER, 5, True)),
        [
            row(tongue.words(TIME), *((Value(tongue.moment(one.happened), one.entries),) for one, _ in sides)),
            row(tongue.words(LOCAL), *(local(tongue, record, one.checkpoint, one) for one, _ in sides)),
            row(tongue.words(GROSS), *(_or_by_hand(weight(tongue, said.gross, *one.entries)) for one, said in sides)),
            row(tongue.words(SEALS), *(_or_by_hand(seals(said.seals, *one.entries)) for one, said in sides)),
            *([row(tongue.words(PACKAGES), *(_packages(said, one) for one, said in sides))] if whole else []),
        ],
    )


def _packages(said: ExhibitsOffered | ExhibitsAccepted, one: Heard) -> Line:
    """How many there are, where they were counted."""
    return (Value(str(said.packages), one.entries),) if said.packages is not None else (Blank(2),)


def _or_by_hand(said: Line) -> Line:
    """What was said; else room to write it."""
    return (Blank(2),) if said == NONE else said
