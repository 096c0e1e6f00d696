"""The letter of request to one authority: what its State is asked to decide on, and nothing of what others answered."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from domain.delivery.decided import Closed, Opened
from domain.papers.form import Form
from domain.papers.forms.parts import author, calling, consignment, of_the_group, role_of, row, signing, table, unsure
from domain.papers.paper import (
    Blank,
    Block,
    Columns,
    Fields,
    Heading,
    Items,
    Line,
    Paragraph,
    Table,
    TickBox,
    Title,
    Value,
    Words,
)
from domain.papers.record import Record
from domain.papers.tongue import Tongue, joined
from domain.plan.access import reads_request
from domain.plan.cards import Modality
from domain.plan.demands import demands, needed
from domain.plan.directory import Service
from domain.plan.request_for_consent import RequestForConsent, Stretch, addressees, digest_of_request, request_for_consent
from domain.views.law import in_words
from domain.views.names import SPOKEN, TRADE_ROLES, WHO_TRADES
from domain.views.request_in_words import CHANNELS, may_differ, moment_there, with_post
from domain.words.moments import instant
from domain.words.text import mark, word

KIND, ABOUT = mark("Request"), mark("for a controlled delivery {operation}")
REGISTERED = mark("{day} No. {number}")
IN_REPLY = mark("In reply to No. {number} of {day}")
OFFICE = mark("office, name, initials")
PLEA = mark(
    "Please consider and decide on a controlled delivery in {state}, on the terms below. This request is of operational-search "
    "activity; it is no request for legal assistance."
)
BASIS, OFFENCE, FACTS, GROUNDS, AIM, NECESSITY, OBJECT, PERSONS, WAY, MEASURES, DIGEST = (
    mark("Legal basis"),
    mark("Offence and qualification"),
    mark("What happened"),
    mark("Grounds"),
    mark("Aim"),
    mark("Why not seize it now"),
    mark("Object and concealment"),
    mark("Persons, by their role"),
    mark("Way of handling"),
    mark("Opening and technical means"),
    mark("Request"),
)
BEFORE_CASE, IN_CASE = mark("before a criminal case"), mark("criminal case No. {number}")
QUALIFIED = mark("Qualification in {state}: {articles}")
EXTRADITABLE = mark("Extraditable in: {states}")
NOT_EXTRADITABLE = mark("Not extraditable in: {states}")
HIDDEN = mark("Packing and concealment: {concealment}")
NO_NAMES = mark("Names are not in the record: they stand in an annex of their own, under its own mark.")
COUNTED = mark("{role}: {count}")
UNKNOWN_COUNT = mark("how many is not known")
WAYS: tuple[Modality, ...] = ("intact", "removed", "removed_in_part", "replaced_in_part", "replaced_in_whole")
NO_MEASURES = mark("none")
BY_CARD = mark("By the rule card of {state}: {said}")
SHA = mark("SHA-256 of what is asked: {digest}, as entry {entry} has it.")
ROUTE = mark("Route, and who is responsible on each leg")
HELD_BACK = mark(
    "This consignment is held back by the plan: it does not leave, and is kept as evidence. The others of the operation go the "
    "way below."
)
LEG, STATE, HANDED_OVER, PLANNED, TAKES, RESPONSIBLE = (
    mark("Leg"),
    mark("State"),
    mark("From, to"),
    mark("Planned"),
    mark("Takes"),
    mark("Responsible"),
)
PARTIES, PARTY, NOT_KNOWN = mark("Parties in trade"), mark("{role}: {who}"), mark("not known yet")
CHECKED = mark("It is checked by: {checks}.")
NOT_WEIGHED = mark("It is not weighed: {why}.")
CHECKED_THERE = mark("leg {number}: {checks}")
SIGHTED = mark("It is sighted at least every {check_in}; out of sight, it is searched for {search}, then it is to be seized.")
ASKED = mark("What you are asked to do")
DECIDE = mark(
    "To authorise it in {state} as proposed, for at least {span} from being asked, which is until {until} UTC; to name number "
    "and date of the act, the office of who gives it, the provision, its beginning and end, and your conditions."
)
TAKE_OVER = mark("To take over, keep watch and act: {asks}")
ARREST = mark("Arrests in your State: {place}, by {services}")
ALONG = mark("Officers who would travel along: {service}, {count}, {armed}")
ARMED, UNARMED = mark("armed"), mark("unarmed")
ANSWER = mark("Time and channel")
ANSWER_BY = mark("Please answer by {due} UTC: {contact}. This request reaches you {channel}, in the language {language}.")
SILENCE = mark(
    "Silence is no consent. Where consent is given by word of mouth, please name the office of who gave it, day and hour, and "
    "confirm it in writing."
)
ORALLY = mark(
    "You were first asked by word of mouth, {means}, on {at} UTC, by {asked_by}; taken down by: {taker}. This request confirms "
    "it in writing."
)
ASSURED = mark("Assurances")
STOPS = mark(
    "Any participant may stop it at any minute and owes no reason. Without a live consent of each State it does not leave."
)
BOUND = mark("The requester is bound by: {conditions}")
LOSS = mark("If control is lost: {on_loss}")
COSTS = mark("Costs: {costs}")
EXHIBITS = mark("Return of exhibits: {exhibits}")
ALIKE = mark("The other States on the way are asked alike; what they answer is told as far as it is needed.")
ANNEXES = mark("Annexes")
ANNEX = mark("{title}, SHA-256 {digest}")
AUTHORISED = mark("Signed by: {head} the head  {other} authorised by act No. {number} of {day}")
EXECUTOR = mark("Executor: {name}, telephone {telephone}")


class RequestForm(Form):
    """To each authority that is asked to authorise, to agree or to permit, as its State was asked."""

    name = "request"
    version = 9
    title = mark("request for a controlled delivery")

    def subjects(self, record: Record) -> tuple[str, ...]:
        """Those authorities whose checkpoint has opened."""
        opened = [event.checkpoint for _, event in record.events(Opened)]
        asked = {one.id: one.services() for one in record.plan.at("authorise") if one.id in opened}
        known = [service for state in record.plan.asked_states() for service in addressees(record.plan, state)]
        open_to = [service for services in asked.values() for service in services]
        return tuple(service for service in dict.fromkeys(known) if service in open_to)

    def of(self, record: Record, subject: str) -> str:
        """The service."""
        return subject

    def may_have(self, record: Record, subject: str, reader: Service) -> bool:
        """Who is asked; and the coordinator, where the request to that State is its to read."""
        return reader.id == subject or reads_request(reader, record.plan, record.state_of(subject) or "")

    def blocks(self, record: Record, subject: str, tongue: Tongue) -> tuple[Block, ...]:
        """As the newest plan asks it: as that was when its checkpoint closed; as it is while that is open."""
        opened = [
            (one, found[0])
            for one in record.plan.at("authorise")
            if subject in one.services() and (found := _opened(record, one.id)) is not None
        ]
        checkpoint, _ = max(opened, key=lambda one: record.until(one[1]).plan_entry)
        closed = [entry.seq for entry, event in record.events(Closed) if event.checkpoint == checkpoint.id]
        then = record.until(closed[-1]) if closed else record
        state = record.state_of(subject) or checkpoint.state
        asked = request_for_consent(then.plan, state) or request_for_consent(then.plan, checkpoint.state)
        if asked is None:
            return ()
        return tuple(_blocks(then, subject, checkpoint.id, asked, tongue))


def _opened(record: Record, checkpoint: str) -> tuple[int, Opened] | None:
    found = [(entry.seq, event) for entry, event in record.events(Opened) if event.checkpoint == checkpoint]
    return found[-1] if found else None


def _blocks(record: Record, service: str, checkpoint: str, asked: RequestForConsent, tongue: Tongue) -> Iterator[Block]:
    plan = record.plan
    left: tuple[Block, ...] = (
        author(tongue, record, plan.initiator),
        Paragraph(tongue.say(REGISTERED, day=Blank(2), number=Blank(3)), "centre"),
        Paragraph(tongue.say(IN_REPLY, number=Blank(2), day=Blank(2)), "small"),
    )
    right: tuple[Block, ...] = (
        Paragraph((tongue.service(record, service),), "left"),
        Paragraph((Blank(4, tongue.translate(OFFICE)),), "left"),
    )
    yield Columns(left, right)
    operation = tongue.quoted(plan.operation, "plan")
    yield Title(tongue.words(KIND), (tongue.say(ABOUT, operation=operation), *of_the_group(tongue, plan)))
    yield Paragraph(tongue.say(PLEA, state=tongue.the_state(asked.state, "plan")))
    yield Fields(tuple(_rows(record, asked, tongue)), numbered=True)
    yield Heading(tongue.words(ROUTE))
    if asked.held_back:
        yield Paragraph((Value(tongue.translate(HELD_BACK), ("plan",)),))
    yield _route(record, asked, tongue)
    yield from _checked(asked, tongue)
    opened = _opened(record, checkpoint)
    assert opened is not None  # noqa: S101 - it is a subject once it has opened
    yield Heading(tongue.words(ASKED))
    yield Items(tuple(_asks(record, asked, tongue, opened[0])), ordered=True)
    yield Heading(tongue.words(ANSWER))
    due = opened[1].due
    yield Paragraph(
        tongue.say(
            ANSWER_BY,
            due=Value(tongue.moment(instant(due)), (opened[0],)) if due is not None else Blank(2),
            contact=tongue.quoted(asked.contact, "plan"),
            channel=Value(tongue.translate(CHANNELS[asked.channel]), ("plan",)),
            language=tongue.language(asked.language, "plan"),
        )
    )
    if (first := asked.asked_orally) is not None:
        means = Value(tongue.translate(SPOKEN[first.spoken]), ("plan",))
        at = Value(tongue.moment(instant(first.at)), ("plan",))
        by, taker = tongue.quoted(first.asked_by, "plan"), tongue.quoted(first.taken_down_by, "plan")
        yield Paragraph(tongue.say(ORALLY, means=means, at=at, asked_by=by, taker=taker))
    yield Paragraph(tongue.words(SILENCE))
    yield Heading(tongue.words(ASSURED))
    yield Items(tuple(_assurances(asked, tongue)))
    yield Paragraph(tongue.words(ALIKE))
    if asked.annexes:
        yield Heading(tongue.words(ANNEXES))
        yield Items(
            tuple(
                tongue.say(ANNEX, title=tongue.quoted(one.shows, "plan"), digest=Value(one.digest, ("plan",)))
                for one in asked.annexes
            )
        )
    office = (tongue.quoted(asked.signed_by, "plan"),) if asked.signed_by else (Blank(4),)
    yield signing(tongue, [office], stamp=True)
    yield Paragraph(tongue.say(AUTHORISED, head=TickBox(), other=TickBox(), number=Blank(2), day=Blank(2)), "small")
    yield Paragraph(tongue.say(EXECUTOR, name=Blank(3), telephone=Blank(2)), "small")


def _rows(record: Record, asked: RequestForConsent, tongue: Tongue) -> Iterator[tuple[Line, tuple[Line, ...]]]:
    def said(text: str) -> tuple[Line, ...]:
        return ((tongue.quoted(text, "plan"),),) if text else ((Blank(5),),)

    offence = asked.offence
    in_case = offence.stage == "criminal_case"
    number = Value(asked.case_number, ("plan",)) if asked.case_number else Blank(2)
    stage = (
        *(TickBox(not in_case), *tongue.words(BEFORE_CASE), Words("  "), TickBox(in_case)),
        *tongue.say(IN_CASE, number=number if in_case else Blank(2)),
    )
    yield tongue.words(BASIS), (*((tongue.quoted(one, "plan", unsure=True),) for one in asked.basis), stage)
    yield tongue.words(OFFENCE), tuple(_offence(asked, tongue))
    yield tongue.words(FACTS), said(asked.facts)
    yield tongue.words(GROUNDS), said(asked.grounds)
    yield tongue.words(AIM), said(asked.aim)
    yield tongue.words(NECESSITY), said(asked.necessity)
    hidden = tongue.say(HIDDEN, concealment=tongue.quoted(asked.concealment, "plan"))
    yield tongue.words(OBJECT), (consignment(tongue, asked.consignment), hidden)
    yield tongue.words(PERSONS), (tongue.words(NO_NAMES), *_persons(asked, tongue))
    if asked.parties:
        yield tongue.words(PARTIES), tuple(_parties(asked, tongue))
    boxes = [(TickBox(one == asked.modality), _way(tongue, one, asked.modality), Words("  ")) for one in WAYS]
    yield tongue.words(WAY), (tuple(piece for one in boxes for piece in one),)
    yield tongue.words(MEASURES), tuple(_measures(record, asked, tongue))
    digest = digest_of_request(record.plan, asked.state) or ""
    entry = Value(str(record.plan_entry), (record.plan_entry,))
    yield tongue.words(DIGEST), (tongue.say(SHA, digest=Value(digest, ("computed",)), entry=entry),)


def _way(tongue: Tongue, one: Modality, chosen: Modality) -> Words | Value:
    said = tongue.translate(word(one))
    return Value(said, ("plan",)) if one == chosen else Words(said)


def _offence(asked: RequestForConsent, tongue: Tongue) -> Iterator[Line]:
    offence = asked.offence
    yield (tongue.quoted(offence.description, "plan"),)
    for state, articles in offence.articles.items():
        named = joined(tongue.quoted(one, "plan", unsure=True) for one in articles)
        yield tongue.say(QUALIFIED, state=tongue.the_state(state, "plan"), articles=named)
    for sentence, whether in ((EXTRADITABLE, True), (NOT_EXTRADITABLE, False)):
        states = [state for state, so in offence.extraditable.items() if so is whether]
        if states:
            yield tongue.say(sentence, states=tongue.states(states, "plan"))


def _persons(asked: RequestForConsent, tongue: Tongue) -> Iterator[Line]:
    for one in asked.persons:
        count = Value(str(one.count), ("plan",)) if one.count is not None else Value(tongue.translate(UNKNOWN_COUNT), ("plan",))
        yield tongue.say(COUNTED, role=Value(role_of(tongue, one.role, one.unwitting), ("plan",)), count=count)


def _measures(record: Record, asked: RequestForConsent, tongue: Tongue) -> Iterator[Line]:
    measures = joined(tongue.measure(one, "plan") for one in asked.measures)
    yield measures or (Value(tongue.translate(NO_MEASURES), ("plan",)),)
    if asked.technical_means:
        yield (tongue.quoted(asked.technical_means, "plan"),)
    card = record.cards.get(asked.state)
    for demand in demands(record.plan, record.cards):
        for point in demand.points if demand.state == asked.state else ():
            if point.about == "measures":
                law = Value(in_words(point, tongue.translate), ("card",), unsure=unsure(card, point.law))
                yield tongue.say(BY_CARD, state=tongue.the_state(asked.state, "plan"), said=law)


def _route(record: Record, asked: RequestForConsent, tongue: Tongue) -> Table:
    heads = ((LEG, 1), (STATE, 4), (HANDED_OVER, 6), (PLANNED, 4), (TAKES, 2), (RESPONSIBLE, 5))
    rows = tuple(
        row(
            (Value(str(number), ("plan",)),),
            (Value(tongue.state(leg.state), ("plan",), strong=leg.state == asked.state),),
            (
                Value(f"{with_post(leg.start, leg.start_post)} – {with_post(leg.end, leg.end_post)}, {leg.means}", ("plan",)),
                *calling(tongue, leg.calls),
            ),
            (Value(_planned(leg, tongue), ("plan",)),),
            (Value(tongue.span(leg.takes), ("plan",)),),
            (tongue.service(record, leg.responsible),),
        )
        for number, leg in enumerate(asked.route, 1)
    )
    return table(tongue, heads, rows)


def _checked(asked: RequestForConsent, tongue: Tongue) -> Iterator[Block]:
    """How it is checked, on which legs otherwise, why it is not weighed, and by how much it may differ."""
    goods = asked.consignment

    def named(by: Iterable[str]) -> Line:
        return joined(tongue.word(one, "plan") for one in by)

    own = [
        tongue.say(CHECKED_THERE, number=Value(str(number), ("plan",)), checks=named(leg.checked_by))
        for number, leg in enumerate(asked.route, 1)
        if leg.checked_by
    ]
    yield Paragraph(tongue.say(CHECKED, checks=joined([named(goods.checked_by), *own], "; ")), "small")
    if goods.not_weighed is not None:
        why = Value(tongue.quantity(goods.not_weighed), ("plan",))
        yield Paragraph(tongue.say(NOT_WEIGHED, why=why), "small")
    yield Paragraph((Value(f"{may_differ(asked, tongue.translate)}.", ("plan",)),), "small")


def _planned(leg: Stretch, tongue: Tongue) -> str:
    """From when until when; once, where neither is known."""
    said = (moment_there(one) if one is not None else tongue.translate(NOT_KNOWN) for one in (leg.departs, leg.arrives))
    return " – ".join(dict.fromkeys(said))


def _parties(asked: RequestForConsent, tongue: Tongue) -> Iterator[Line]:
    for one in asked.parties:
        named = joined(tongue.quoted(text, "plan") for text in (one.firm, one.number) if text is not None)
        state = (tongue.the_state(one.state, "plan"),) if one.state is not None else ()
        who = joined(line for line in ((Value(tongue.translate(WHO_TRADES[one.who]), ("plan",)),), named, state) if line)
        yield tongue.say(PARTY, role=Value(tongue.translate(TRADE_ROLES[one.role]), ("plan",)), who=who)


def _asks(record: Record, asked: RequestForConsent, tongue: Tongue, opened: int) -> Iterator[Line]:
    state = tongue.the_state(asked.state, "plan")
    on_route = asked.state in record.plan.states()
    if on_route:
        span = needed(record.plan, asked.state)
        until: datetime = record.at(opened) + span
        yield tongue.say(
            DECIDE,
            state=state,
            span=Value(tongue.span(span), ("computed",)),
            until=Value(tongue.moment(until), (opened, "computed")),
        )
    if asked.asks:
        yield tongue.say(TAKE_OVER, asks=tongue.quoted(asked.asks, "plan"))
    for arrest in asked.arrests:
        services = joined(tongue.the_service(record, one) for one in arrest.services)
        yield tongue.say(ARREST, place=Value(arrest.place, ("plan",)), services=services)
    for one in asked.companions:
        yield tongue.say(
            ALONG,
            service=tongue.service(record, one.service),
            count=Value(str(one.officers), ("plan",)),
            armed=Value(tongue.translate(ARMED if one.armed else UNARMED), ("plan",)),
        )


def _assurances(asked: RequestForConsent, tongue: Tongue) -> Iterator[Line]:
    yield tongue.words(STOPS)
    watch = asked.surveillance
    if watch is not None:
        spans = (Value(tongue.span(one), ("plan",)) for one in (watch.check_in, watch.search))
        yield tongue.say(SIGHTED, check_in=next(spans), search=next(spans))
    if asked.conditions:
        yield tongue.say(BOUND, conditions=joined((tongue.quoted(one, "plan") for one in asked.conditions), "; "))
    yield tongue.say(LOSS, on_loss=tongue.quoted(asked.on_loss, "plan"))
    yield tongue.say(COSTS, costs=tongue.quoted(asked.costs, "plan"))
    yield tongue.say(EXHIBITS, exhibits=tongue.quoted(asked.exhibits, "plan"))
