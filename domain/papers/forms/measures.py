"""The plan of measures (план мероприятий): step by step who does what, where and until when, and what is done if it goes wrong.

There is one of the whole for who runs the operation, and one for each State on the way, of what is its own.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from domain.papers.form import Form
from domain.papers.forms.parts import (
    NONE,
    STEPS,
    approved,
    author,
    calling,
    consignment,
    of_the_group,
    others_of_the_group,
    role_of,
    row,
    signing,
    table,
)
from domain.papers.paper import Blank, Block, Columns, Dated, Heading, Items, Line, Paragraph, Table, Title, Value, Words
from domain.papers.record import Record
from domain.papers.tongue import Tongue, joined
from domain.plan.directory import Service
from domain.plan.plan import Leg, Plan, PlannedCheckpoint
from domain.plan.powers import MAY_PROSECUTE
from domain.views.consequences import when_overdue
from domain.views.names import NEEDS, OVERDUE
from domain.words.text import mark

KIND = mark("Plan")
ABOUT = mark("of measures, controlled delivery {operation}")
OF_A_STATE = mark("of measures in {state}, controlled delivery {operation}")
NUMBER = mark("No. {blank}")
PLACE = mark("place where it is made")
FILE = mark("File No. {file}; requests to other States and their consents are apart.")
AIM, FACTS, OBJECT = mark("Aim: {aim}"), mark("What is known: {facts}"), mark("Object: {object}.")
PERSONS = mark("Persons, by their role: {persons}.")
WAY = mark("Way of handling: {modality}. It is checked by: {checks}. Tolerance of the gross weight: {tolerance}.")
MEASURES = mark("Measures in {state}: {measures}.")
NO_MEASURE = mark("none that an act must permit")
ROUTE = mark("1. Route, and who is responsible")
HELD_BACK = mark(
    "This consignment is held back by the plan: it does not leave, and is kept as evidence, while others of the operation go on."
)
LEG, STATE, WAY_OF = mark("Leg"), mark("State"), mark("From, to, by what means")
TAKES, RESPONSIBLE, ALONG = mark("Takes"), mark("Responsible"), mark("Along")
STEPS_OF = mark("2. Measures, step by step")
NUMBERED, WHAT, WHERE = mark("No."), mark("What"), mark("Where")
WHO, UNTIL, IF_OVERDUE = mark("Who, what of them is wanted"), mark("Due"), mark("If overdue")
WITHIN, AFTER_LEG = mark("within {span}"), mark("{span} after the planned arrival")
AFTER = mark("not before this is over: {checkpoint}")
QUORUM = mark("{count} of these")
TWO = mark("two officers")
UTC_AHEAD = mark("UTC{zone}")
WATCH = mark("3. Surveillance and communication")
SIGHTED = mark("It is sighted at least every {check_in}; whoever is asked where it is answers within {answer}.")
SEARCHED = mark("Out of sight, it is searched for {search}; then it is to be seized.")
UNWATCHED = mark("The plan asks for no check-ins: {blank}")
MEANS = mark("Technical means: {means}")
CONTACT = mark("At any hour: {contact}")
CHANNELS = mark("Communication between teams, call signs, passwords: {blank}")
UNFORESEEN = mark("4. If something goes otherwise")
ANYONE = mark(
    "Anyone who takes part may hold or stop it at any minute. Held, it goes on, is seized or ends by a decision within "
    "{decision}."
)
DIFFERS = mark(
    "At a discrepancy of seals, weight or count it does not move until a fresh decision within {decision}; then it is seized."
)
STOPPED = mark("A stop is acknowledged by everyone within {acknowledge}; who is to seize is reminded every {remind}.")
EXPIRES = mark("A consent that would end on the way is extended within {extension}, or it is seized before it ends.")
LOSS = mark("If control is lost: {loss}")
LIFE = mark("Where life is at risk it is stopped at once, whoever reports it.")
PASSES = {
    "entry": mark("At a handover responsibility passes when the acceptance is recorded."),
    "signature": mark("At a handover responsibility passes when the act is signed."),
}
CONTINUED = mark("continued")
MOST_IN_A_ROW = 8
"""Services that one row of a step names: those of a step of many stand in several rows, of which each fits a page."""
FORCES = mark("5. Forces and means")
FORCE = mark("{service}: officers {officers}, vehicles {vehicles}, devices {devices}")
COVER = mark("Cover, secrecy of work: {blank}")
CONTROL = mark("Control over this plan: {blank}")
MADE_BY, HEAD, KNOWN = mark("Made by"), mark("Head of the unit"), mark("Read by who carries it out")


class MeasuresForm(Form):
    """Made of the plan alone, so another plan makes another paper."""

    name = "measures"
    version = 7
    title = mark("plan of measures")

    def subjects(self, record: Record) -> tuple[str, ...]:
        """The whole, and each State on the way; of what is held back, the State where it stays."""
        legs = record.plan.legs[:1] if record.plan.held_back else record.plan.legs
        return ("", *dict.fromkeys(leg.state for leg in legs))

    def of(self, record: Record, subject: str) -> str:
        """The State; nothing where it is about the whole."""
        return subject

    def may_have(self, record: Record, subject: str, reader: Service) -> bool:
        """Who is responsible for a leg in the State, and its prosecutors and courts; nobody else has that of the whole."""
        there = any(leg.responsible == reader.id for leg in record.plan.legs if leg.state == subject)
        return there or (subject != "" and reader.state == subject and reader.kind in MAY_PROSECUTE)

    def blocks(self, record: Record, subject: str, tongue: Tongue) -> tuple[Block, ...]:
        """As of the plan in force."""
        return tuple(_blocks(record, subject, tongue))


def _whose(plan: Plan, state: str) -> str:
    return next((leg.responsible for leg in plan.legs if leg.state == state), plan.initiator)


def _blocks(record: Record, state: str, tongue: Tongue) -> Iterator[Block]:
    plan = record.plan
    ridden = plan.legs[:1] if plan.held_back else plan.legs
    states = (state,) if state else plan.states()[:1] if plan.held_back else plan.states()
    legs = [(number, leg) for number, leg in enumerate(ridden, 1) if not state or leg.state == state]
    ends = [name for _, leg in legs for name in (leg.start, leg.end)]
    mine = [one for one in plan.checkpoints if plan.takes_place(one) and (not state or one.state == state or one.id in ends)]
    operation = tongue.quoted(plan.operation, "plan")
    yield Columns((), approved(tongue))
    yield author(tongue, record, _whose(plan, state))
    where = tongue.the_state(state, "plan") if state else None
    about = tongue.say(OF_A_STATE, state=where, operation=operation) if where else tongue.say(ABOUT, operation=operation)
    yield Title(tongue.words(KIND), (about, *of_the_group(tongue, plan, whole=not state)))
    if not state:
        yield from others_of_the_group(tongue, plan)
    yield Dated((Blank(3),), (Blank(3, tongue.translate(PLACE)),), tongue.say(NUMBER, blank=Blank(2)))
    yield Paragraph(tongue.say(FILE, file=Blank(3)), "small")
    if not state:
        yield Paragraph(tongue.say(FACTS, facts=tongue.quoted(plan.request.facts, "plan")))
        yield Paragraph(tongue.say(AIM, aim=tongue.quoted(plan.request.aim, "plan")))
        if plan.request.persons:
            yield Paragraph(tongue.say(PERSONS, persons=_persons(plan, tongue)))
    yield Paragraph(tongue.say(OBJECT, object=consignment(tongue, plan.consignment)))
    yield Paragraph(
        tongue.say(
            WAY,
            modality=tongue.word(plan.modality, "plan"),
            checks=joined(tongue.word(one, "plan") for one in plan.consignment.checked_by),
            tolerance=Value(f"±{tongue.mass(plan.tolerances.gross)}", ("plan",)),
        )
    )
    for one in states:
        measures = joined(tongue.measure(measure, "plan") for measure in plan.measures(one))
        said = measures or (Value(tongue.translate(NO_MEASURE), ("plan",)),)
        yield Paragraph(tongue.say(MEASURES, state=tongue.the_state(one, "plan"), measures=said), "left")
    yield Heading(tongue.words(ROUTE))
    if plan.held_back:
        yield Paragraph((Value(tongue.translate(HELD_BACK), ("plan",)),))
    else:
        yield _route(record, legs, tongue)
    yield Heading(tongue.words(STEPS_OF))
    yield _steps(record, mine, tongue)
    yield Heading(tongue.words(WATCH))
    yield Items(tuple(_watch(plan, whole=not state, tongue=tongue)))
    yield Heading(tongue.words(UNFORESEEN))
    yield Items(tuple(_unforeseen(plan, whole=not state, tongue=tongue)))
    yield Heading(tongue.words(FORCES))
    yield Items(tuple(_forces(record, [leg for _, leg in legs], tongue)))
    yield signing(tongue, [tongue.words(MADE_BY), tongue.words(HEAD), tongue.words(KNOWN), tongue.words(KNOWN)], paired=True)


def _persons(plan: Plan, tongue: Tongue) -> Line:
    roles = ((role_of(tongue, one.role, one.unwitting), one.count) for one in plan.request.persons)
    return joined(Value(role if count is None else f"{role}: {count}", ("plan",)) for role, count in roles)


def _route(record: Record, legs: Sequence[tuple[int, Leg]], tongue: Tongue) -> Table:
    rows = []
    for number, leg in legs:
        start, end = (record.plan.find(one) for one in (leg.start, leg.end))
        ends = " – ".join(one.place if one is not None else "" for one in (start, end))
        rows.append(
            row(
                (Value(str(number), ("plan",)),),
                (Value(tongue.state(leg.state), ("plan",)),),
                (Value(f"{ends}; {leg.means}", ("plan",)), *calling(tongue, leg.calls)),
                (Value(tongue.span(leg.takes), ("plan",)),),
                (tongue.service(record, leg.responsible),),
                joined(tongue.service(record, one) for one in leg.accompanied_by) or NONE,
            )
        )
    heads = ((LEG, 1), (STATE, 4), (WAY_OF, 7), (TAKES, 2), (RESPONSIBLE, 5), (ALONG, 4))
    return table(tongue, heads, rows)


def _steps(record: Record, checkpoints: Sequence[PlannedCheckpoint], tongue: Tongue) -> Table:
    rows = []
    for number, one in enumerate(checkpoints, 1):
        first, *more = _asked(record, one, tongue)
        place = (Value(str(number), ("computed",)),)
        zone: Line = (Words(", "), *tongue.say(UTC_AHEAD, zone=Value(one.zone, ("plan",)))) if one.zone is not None else ()
        rows.append(
            row(
                place,
                (Value(tongue.translate(STEPS[one.step]), ("plan",)),),
                (tongue.place(one.place, one.state, "plan"), *zone),
                first,
                _due(record.plan, one, tongue),
                (Value(tongue.translate(OVERDUE[when_overdue(one)]), ("plan",)),),
            )
        )
        rows += [row(place, tongue.words(CONTINUED), NONE, rest, NONE, NONE) for rest in more]
    heads = ((NUMBERED, 1), (WHAT, 4), (WHERE, 5), (WHO, 7), (UNTIL, 4), (IF_OVERDUE, 4))
    return table(tongue, heads, rows, [record.plan_entry] * len(rows), small=True)


def _asked(record: Record, one: PlannedCheckpoint, tongue: Tongue) -> Iterator[Line]:
    """Who does what there: of many services, so many in each row."""
    for start in range(0, len(one.requires), MOST_IN_A_ROW):
        wanted: dict[tuple[str, int], list[str]] = {}
        for asked in one.requires[start : start + MOST_IN_A_ROW]:
            wanted.setdefault((asked.says, asked.officers), []).append(asked.service)
        lines: list[Line] = []
        for (says, officers), services in wanted.items():
            need = Value(tongue.translate(NEEDS[says]), ("plan",))
            both = (Words(", "), Value(tongue.translate(TWO), ("plan",))) if officers > 1 else ()
            lines.append((*joined(tongue.service(record, service) for service in services), Words(": "), need, *both))
        if start == 0 and one.need != "all":
            lines.append(tongue.say(QUORUM, count=Value(str(one.need), ("plan",))))
        yield joined(lines, "; ")


def _due(plan: Plan, one: PlannedCheckpoint, tongue: Tongue) -> Line:
    leg = plan.leg_to(one.id)
    span = Value(tongue.span(one.due), ("plan",))
    due = tongue.say(WITHIN if leg is None else AFTER_LEG, span=span)
    before = plan.find(one.after) if one.after is not None else None
    if before is None:
        return due
    waits = tongue.say(AFTER, checkpoint=Value(f"{tongue.translate(STEPS[before.step])}, {before.place}", ("plan",)))
    return joined((due, waits), "; ")


def _watch(plan: Plan, *, whole: bool, tongue: Tongue) -> Iterator[Line]:
    watch = plan.surveillance
    if watch is None:
        yield tongue.say(UNWATCHED, blank=Blank(4))
    else:
        spans = (Value(tongue.span(one), ("plan",)) for one in (watch.check_in, watch.answer))
        yield tongue.say(SIGHTED, check_in=next(spans), answer=next(spans))
        yield tongue.say(SEARCHED, search=Value(tongue.span(watch.search), ("plan",)))
    if whole and plan.request.technical_means:
        yield tongue.say(MEANS, means=tongue.quoted(plan.request.technical_means, "plan"))
    if whole:
        yield tongue.say(CONTACT, contact=tongue.quoted(plan.request.contact, "plan"))
    yield tongue.say(CHANNELS, blank=Blank(4))


def _unforeseen(plan: Plan, *, whole: bool, tongue: Tongue) -> Iterator[Line]:
    def span(one: timedelta) -> Value:
        return Value(tongue.span(one), ("plan",))

    times = plan.contingencies
    yield tongue.say(ANYONE, decision=span(times.decision))
    if not plan.held_back:
        yield tongue.say(DIFFERS, decision=span(times.decision))
    yield tongue.say(STOPPED, acknowledge=span(times.acknowledge_stop), remind=span(times.remind_every))
    if not plan.held_back:
        yield tongue.say(EXPIRES, extension=span(times.extension))
    if whole and not plan.held_back:
        yield tongue.say(LOSS, loss=tongue.quoted(plan.request.on_loss, "plan"))
    yield tongue.words(LIFE)
    if not plan.held_back:
        yield (Value(tongue.translate(PASSES[plan.custody_passes]), ("plan",)),)


def _forces(record: Record, legs: Sequence[Leg], tongue: Tongue) -> Iterator[Line]:
    for service in dict.fromkeys(leg.responsible for leg in legs):
        named = tongue.service(record, service)
        yield tongue.say(FORCE, service=named, officers=Blank(1), vehicles=Blank(1), devices=Blank(2))
    yield tongue.say(COVER, blank=Blank(4))
    yield tongue.say(CONTROL, blank=Blank(4))
