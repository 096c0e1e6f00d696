"""What several forms print alike: seals, what was found, who signs, witnesses or a recording."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import TypeVar

from domain.delivery.persons import Arrestee
from domain.papers.paper import (
    Author,
    Blank,
    Block,
    Column,
    Line,
    Paragraph,
    SignatureLine,
    Signatures,
    Source,
    Table,
    TableRow,
    Value,
    Words,
)
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue, joined
from domain.plan.acts import NamedAct
from domain.plan.cards import LawSource, RuleCard
from domain.plan.directory import Service
from domain.plan.goods import AnyAmount, Cash, Item, Scale
from domain.plan.plan import Call, Consignment, Plan, Step
from domain.plan.powers import MAY_PROSECUTE
from domain.plan.quantity import Quantity
from domain.plan.vocabulary import CriminalRole
from domain.views.names import CRIMINAL_ROLES
from domain.views.request_in_words import UNWITTING, with_post
from domain.words.identifiers import ConsignmentIdentifier, Seal
from domain.words.limits import MOST_PRINTED_ROWS
from domain.words.quantities import Money
from domain.words.text import mark

STEPS: Mapping[Step, str] = {
    "authorise": mark("authorise"),
    "prepare": mark("prepare it"),
    "dispatch": mark("let it leave"),
    "hand_over": mark("hand it over"),
    "deliver": mark("deliver it under watch"),
    "muster": mark("teams ready"),
    "arrest": mark("arrest"),
    "account": mark("seize and weigh again"),
    "close": mark("close"),
}
"""What is done at a checkpoint."""

T = TypeVar("T")

MOST_TOLD = 100
"""Of one kind of thing told line by line; the rest are counted, and stand in the packet."""
MOST_FRAMES = 20
"""Entries that are named behind one sum."""
NONE: Line = (Words("–"),)
"""In a table, where there is nothing to say."""
SIGNATURE, STAMP = mark("signature"), mark("Stamp")
PLATE = mark("number plate")
CALLS = mark("it calls at {place}")
APPROVED, HEAD, INITIALS = mark("APPROVED"), mark("office of the head"), mark("name, initials")
ON = mark("{day} {year}")
PRESENT = mark("Present: {officer}")
WITNESSED = mark("Attesting witnesses or a recording")
UNIT, ADDRESS = mark("unit"), mark("address")
NUMBERED = mark("No. {number}")
DATED = mark("No. {number} of {day}")
UNDATED = mark("No. {number} of {blank}")
WEIGHED_WITH = mark("{model} No. {number}, verified until {until}, division {division}")
SCALE_BLANK = mark("kind {model} No. {number}, verified until {until}, division {division}")
MORE = mark("{count} more are not printed here: they are in the evidence packet, entries {first} to {last}.")
MORE_TOLD = mark("{count} more of this kind are in the evidence packet.")
ONE_OF = mark("consignment No. {number} of the operation {group}")
ONE_OF_SO_MANY = mark("consignment No. {number} of {count} of the operation {group}")
THE_OTHERS = mark("The others of the operation: {others}.")
NOTES, SERIALS = mark("notes: {count}"), mark("SHA-256 of the list of serial numbers: {digest}")
OBJECT_IS = mark("{contents}; gross weight {gross}; {identifiers}; declared as {declared}")


def author(tongue: Tongue, record: Record, service: str) -> Author:
    """Whose paper it is: its State, its whole name, its unit and address, and blanks for what the directory does not say."""
    known = record.service(service)
    state = known.state if known is not None else None
    whole = known.official_names if known is not None else {}
    name = whole.get(tongue.code) or tongue.service(record, service).text
    unit, address = (known.unit, known.address) if known is not None else (None, None)
    return Author(
        (Value(tongue.state(state), ("directory",)),) if state is not None else (),
        (Value(name, ("directory",)),),
        tuple(
            (Value(said, ("directory",)),) if said else (Blank(4, tongue.translate(caption)),)
            for said, caption in ((unit, UNIT), (address, ADDRESS))
        ),
    )


def of_the_group(tongue: Tongue, plan: Plan, *, whole: bool = False) -> tuple[Line, ...]:
    """Which consignment of which operation it is, and of the whole of how many; nothing where it is alone (R31)."""
    group = plan.group
    if group is None:
        return ()
    number, called = Value(str(plan.number), ("plan",)), tongue.quoted(group.code, "plan")
    if not whole:
        return (tongue.say(ONE_OF, number=number, group=called),)
    return (tongue.say(ONE_OF_SO_MANY, number=number, count=Value(str(len(group.members)), ("plan",)), group=called),)


def others_of_the_group(tongue: Tongue, plan: Plan) -> Iterator[Block]:
    """The other consignments by their code names, for papers of the whole: who sees a part is told of none (R11)."""
    if plan.group is not None:
        others = joined(tongue.quoted(one, "plan") for one in plan.group.members if one != plan.operation)
        yield Paragraph(tongue.say(THE_OTHERS, others=others), "small")


def act(tongue: Tongue, named: NamedAct, *sources: Source) -> Line:
    """An act by number and day; its day is a blank where it was not said."""
    number = Value(named.number, sources)
    if named.dated is None:
        return tongue.say(UNDATED, number=number, blank=Blank(2))
    return tongue.say(DATED, number=number, day=Value(day_of(named.dated), sources))


def day_of(dated: str) -> str:
    """A day, as papers write it."""
    return date.fromisoformat(dated).strftime("%d.%m.%Y")


def scale(tongue: Tongue, used: Scale | None, *sources: Source) -> Line:
    """With what it was weighed; blanks where that was not said."""
    if used is None:
        return tongue.say(SCALE_BLANK, model=Blank(2), number=Blank(2), until=Blank(2), division=Blank(1))
    return tongue.say(
        WEIGHED_WITH,
        model=Value(used.model, sources),
        number=Value(used.number, sources),
        until=Value(day_of(used.verified_until), sources),
        division=Value(tongue.mass(used.division), sources),
    )


def unsure(card: RuleCard | None, law: LawSource | None) -> bool:
    """Whether nobody has said that the text of this was read: what is not known, believed or an example is marked."""
    return card is None or law is None or card.example or law.mark != "T"


def local(tongue: Tongue, record: Record, checkpoint: str, said: Heard) -> Line:
    """The hour on the spot, and the day where it is another than in UTC: by the clocks of the place, as the plan has them; else
    as its officer wrote it.
    """
    zone, sources = _zone(record, checkpoint, said)
    if zone is None:
        return (Blank(2),)
    there = said.happened + ahead(zone)
    day = "" if tongue.day(there) == tongue.day(said.happened) else f"{tongue.day(there)} "
    return (Value(f"{day}{there:%H:%M} (UTC{zone})", sources),)


def day_there(tongue: Tongue, record: Record, checkpoint: str, said: Heard) -> Value:
    """The day of an act that is signed on the spot: that of the place."""
    zone, sources = _zone(record, checkpoint, said)
    there = tongue.day(said.happened + ahead(zone)) if zone is not None else tongue.day(said.happened)
    known = there == tongue.day(said.happened)
    return Value(there, said.entries if known else (*said.entries, *(one for one in sources if one not in said.entries)))


def _zone(record: Record, checkpoint: str, said: Heard) -> tuple[str | None, tuple[Source, ...]]:
    """How far the clocks of the place are from UTC, and where that stands; none where they show UTC or nothing is known."""
    planned = record.plan.find(checkpoint)
    if planned is not None and planned.zone is not None:
        return planned.zone, ("computed", "plan")
    written = said.statement.happened_at.strip()
    return (None if written.endswith(("Z", "+00:00", "-00:00")) else written[-6:]), said.entries


def ahead(zone: str) -> timedelta:
    """How far clocks are before those of UTC."""
    return timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6])) * (-1 if zone.startswith("-") else 1)


def bounded(table: Table, tongue: Tongue, entries: Iterable[int]) -> Table:
    """As many rows as a paper prints; what is left out is said, and where it is. `entries`: of each row, its newest."""
    numbers = tuple(entries)
    if len(table.rows) <= MOST_PRINTED_ROWS:
        return table
    rest = numbers[MOST_PRINTED_ROWS:]
    said = tongue.say(
        MORE,
        count=Value(str(len(rest)), ("computed",)),
        first=Value(str(min(rest)), ("computed",)),
        last=Value(str(max(rest)), ("computed",)),
    )
    return replace(table, rows=table.rows[:MOST_PRINTED_ROWS], left_out=said)


def counted(entries: Iterable[int]) -> tuple[Source, ...]:
    """From what a sum comes: the entries, the first of them where they are many, and that it is computed."""
    return (*tuple(entries)[:MOST_FRAMES], "computed")


def some(lines: Iterable[Line], tongue: Tongue) -> tuple[Line, ...]:
    """As many lines of one kind as a paper prints, and how many more there are."""
    found = tuple(lines)
    if len(found) <= MOST_TOLD:
        return found
    return (*found[:MOST_TOLD], tongue.say(MORE_TOLD, count=Value(str(len(found) - MOST_TOLD), ("computed",))))


Head = tuple[str, int] | tuple[str, int, bool]
"""Of a column: what stands there, its share of the width, and whether it holds figures."""


def table(  # noqa: PLR0913 - a table is made of these
    tongue: Tongue,
    heads: Sequence[Head],
    rows: Iterable[TableRow],
    entries: Iterable[int] | None = None,
    *,
    small: bool = False,
    once: bool = False,
) -> Table:
    """A table; where the entries of its rows are named, of as many rows as a paper prints."""
    columns = tuple(Column(tongue.words(head), share, any(figures)) for head, share, *figures in heads)
    made = Table(columns, tuple(rows), small=small, once=once)
    return made if entries is None else bounded(made, tongue, entries)


def row(*cells: Line, total: bool = False) -> TableRow:
    """A row of a table."""
    return TableRow(cells, total)


def seals(found: Iterable[Seal], *sources: Source) -> Line:
    """Seals by number and class; a dash where there are none."""
    said = [Value(f"{one.number}/{one.security}", sources) for one in found]
    return joined(said) or NONE


def weight(tongue: Tongue, mass: Quantity | None, *sources: Source, strong: bool = False) -> Line:
    """A mass as it was found; a dash where none was said."""
    return (Value(tongue.quantity(mass), sources, strong=strong),) if mass is not None else NONE


def consignment(tongue: Tongue, goods: Consignment) -> Line:
    """What travels, by the plan."""
    return tongue.say(
        OBJECT_IS,
        contents=joined(Value(tongue.amount(one), ("plan",)) for one in goods.contents),
        gross=weight(tongue, goods.gross, "plan"),
        identifiers=joined(Value(_numbered(tongue, one), ("plan",)) for one in goods.identifiers),
        declared=tongue.quoted(goods.declared_as, "plan"),
    )


def _numbered(tongue: Tongue, one: ConsignmentIdentifier) -> str:
    """A number with what it is a number of."""
    name = tongue.translate(PLATE) if one.scheme == "plate" else one.scheme.upper().replace("_", " ")
    return one.value if one.scheme == "other" else f"{name} {one.value}"


def approved(tongue: Tongue) -> tuple[Block, ...]:
    """Where the head of the service approves it by hand."""
    return (
        Paragraph(tongue.words(APPROVED, strong=True), "left"),
        Paragraph((Blank(4, tongue.translate(HEAD)),), "left"),
        Paragraph((Blank(2, tongue.translate(SIGNATURE)), Words(" "), Blank(3, tongue.translate(INITIALS))), "left"),
        Paragraph(tongue.say(ON, day=Blank(3), year=Blank(1)), "left"),
    )


def signing(tongue: Tongue, roles: Iterable[Line], *, stamp: bool = False, paired: bool = False) -> Signatures:
    """Lines for those who sign by hand; their names are written by them."""
    signatures = tuple(SignatureLine(role, stamp) for role in roles)
    return Signatures(signatures, tongue.translate(SIGNATURE), tongue.translate(INITIALS), tongue.translate(STAMP), paired)


def present(tongue: Tongue, officers: Iterable[str], said: Heard) -> Iterator[Line]:
    """Lines for those who were present, by their codes."""
    return (tongue.say(PRESENT, officer=Value(one, said.entries)) for one in officers)


def item_of(tongue: Tongue, item: Item, *sources: Source) -> Value:
    """What was put in."""
    return tongue.exhibit(item.what, *sources)


def mass_of(tongue: Tongue, one: AnyAmount, *sources: Source) -> tuple[Line, Line]:
    """What it is, and how much of it: its net mass, its sum, or how many there are."""
    if isinstance(one, Cash):
        return _cash(tongue, one, *sources)
    return (Value(tongue.goods(one), sources),), (Value(tongue.much(one), sources),)


def _cash(tongue: Tongue, one: Cash, *sources: Source) -> tuple[Line, Line]:
    """Its denominations and the digest of its serial numbers; the sum, and how many notes it is; as far as they were taken."""
    each = (f"{tongue.number(note.count)} × {tongue.money(Money(currency=one.currency, minor=note.value))}" for note in one.notes)
    counted_so = f": {', '.join(each)}" if one.notes else ""
    what: Line = (Value(f"{tongue.goods(one)}{counted_so}", sources),)
    if one.serials is not None:
        what = (*what, Words("; "), *tongue.say(SERIALS, digest=Value(one.serials, sources)))
    total: Line = (Value(tongue.much(one), sources),)
    many = Value(tongue.number(sum(note.count for note in one.notes)), sources)
    return what, (*total, Words("; "), *tongue.say(NOTES, count=many)) if one.notes else total


def in_turn(named: Iterable[tuple[str, T]]) -> dict[str, T]:
    """Each under its name, and the second of one name with a number behind a dot: so what comes later renames nothing."""
    found: dict[str, T] = {}
    count: dict[str, int] = {}
    for name, one in named:
        count[name] = count.get(name, 0) + 1
        found[name if count[name] == 1 else f"{name}.{count[name]}"] = one
    return found


def seen_by_its_state(record: Record, checkpoint: str, reader: Service) -> bool:
    """Who is asked at a checkpoint, and prosecutors and courts of its State."""
    planned = record.plan.find(checkpoint)
    if planned is None:
        return False
    return reader.id in planned.services() or (reader.state == planned.state and reader.kind in MAY_PROSECUTE)


def calling(tongue: Tongue, calls: Iterable[Call]) -> Line:
    """Where a leg calls on its way, behind what is said of the leg."""
    named = ((with_post(one.place, one.post), one.state) for one in calls)
    places = (Value(place, ("plan",)) if state is None else tongue.place(place, state, "plan") for place, state in named)
    return tuple(piece for place in places for piece in (Words("; "), *tongue.say(CALLS, place=place)))


def by_role(tongue: Tongue, said: Heard, persons: Iterable[Arrestee]) -> Line:
    """How many were arrested of each role; who did not know of it apart."""
    held = [(one.role, one.unwitting) for one in persons]
    return joined(Value(f"{role_of(tongue, *one)}: {held.count(one)}", said.entries) for one in dict.fromkeys(held))


def role_of(tongue: Tongue, role: CriminalRole, unwitting: bool) -> str:  # noqa: FBT001 - a person has both
    """What those of a role are called, and that they do not know of it."""
    called = tongue.translate(CRIMINAL_ROLES[role])
    return tongue.translate(UNWITTING).format(role=called) if unwitting else called


def spoken(tongue: Tongue, record: Record, said: Heard) -> Line:
    """Service and officer of a statement, by name of the service and code of the officer."""
    return joined((tongue.service(record, said.service), tongue.officer(said)))
