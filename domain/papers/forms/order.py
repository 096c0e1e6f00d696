"""The order (постановление) by which a service carries out the measure in its State: made of its own acts and its rule card."""

import re
from collections.abc import Iterator, Sequence

from domain.delivery.decided import Closed, Silence
from domain.papers.form import Form
from domain.papers.forms.parts import act, approved, author, consignment, of_the_group, row, signing, table, unsure
from domain.papers.forms.story import Granted, authorisations
from domain.papers.forms.unwritten import as_given
from domain.papers.paper import (
    Blank,
    Block,
    Columns,
    Dated,
    Items,
    Line,
    Paragraph,
    TableRow,
    TickBox,
    Title,
    Value,
    Words,
)
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue, joined
from domain.plan.cards import Measure
from domain.plan.demands import Demand, demands
from domain.plan.directory import Service
from domain.plan.plan import Leg, Plan
from domain.rules.agreement import AgreementGiven
from domain.rules.consent import AuthorisationExtended, AuthorisationGranted
from domain.rules.permission import PermissionGranted
from domain.rules.sanction import HELD_FOR_IT, NOT_SANCTIONED
from domain.rules.urgency import AuthorisationConfirmed
from domain.views.law import in_words
from domain.words.moments import instant
from domain.words.text import mark

KIND = mark("Order")
ABOUT = mark("to carry out the operational-search measure “controlled delivery”")
AGREED = mark("AGREED")
PLACE = mark("place where it is made")
NUMBER = mark("No. {blank}")
I_AM = mark("I, {who}")
OFFICIAL = mark("office, unit, rank, name, initials: written by hand")
HAVING = mark("of {service}, having considered file No. {file} and the request of {initiator} of {day} No. {number},")
HAVING_ITS_OWN = mark("of {service}, having considered file No. {file},")
FOUND, ORDERED = mark("have found:"), mark("have ordered:")
WHAT = mark("What is investigated: {offence}. Qualification: {articles}.")
THING = mark("The object: {object}. Its way: {way}.")
HELD_BACK = mark("The object: {object}. It is held back by the plan: it does not leave, while others of the operation go on.")
NECESSITY = mark("Why it is not seized now: {necessity}. Other means do not do, since {blank}.")
DECISIONS = mark("Acts of the State on which this rests:")
OTHERS = mark("Consents of other States are not printed here: they are for those whom they bind (R11).")
BODY, ACT, PROVISION, VALID = mark("Body, office"), mark("Act"), mark("Provision"), mark("Valid, UTC")
BY_LAW = mark("By {laws} {treaty}")
TREATY = mark("treaty")
CARRY_OUT = mark("To carry out the measure on the territory of {state}: {legs}.")
WAY = mark("Way of handling: {modality}; dangerous things {none} are not in it  {some} are in it, and are taken out or replaced.")
TERM = mark(
    "Term: no later than {blank} (the authorisation is valid until {until} UTC). It is extended by a new act before it ends."
)
MEANS = mark("Measures and technical means: {measures}.")
PERMITTED = mark("permitted by {act}")
PERMITTED_URGENTLY = mark("permitted in urgency by {act}; not sanctioned yet")
NEVER_SANCTIONED = mark("permitted in urgency by {act}; not sanctioned")
ARTICLE = mark("art. {articles}")
ARTICLES = re.compile("[0-9]")
REMARK = re.compile(r"(: | \(|; |, (in the words|словами)).*")
"""What the author of a card has written behind an article."""
NO_PERMIT = mark("act that permits it: {blank}")
NOT_PERMITTED = mark("What this order and the acts above do not name is not permitted by it.")
ENTRUST = mark("To entrust {services} with it; forces and means: {blank}.")
FOREIGN = mark("Officers of other States: {services}; status {blank}.")
SEIZE = mark(
    "To arrest and seize after the delivery. Where life is at risk or control is lost it is seized at once; a search "
    "lasts {search}."
)
SEIZE_ALONE = mark("To arrest and seize after the delivery. Where life is at risk or control is lost it is seized at once.")
KEEP = mark("To prepare it, and to seize and keep it as evidence. It is not let go on.")
CONDITION = mark("Condition: {text}")
NOTIFY = mark("To notify and do: {duty}")
NOTIFY_BLANK = mark("To notify of beginning and results: {who} by {when}.")
CARD = mark("By the rule card: {said}")
OFFICIAL_SIGNS = mark("Official who made this order")
COPIES = mark("Made in {blank} copies: No. 1 – into the file; No. 2 – {other}.")


class OrderForm(Form):
    """One for each State on the way, once it has authorised it: its own acts stand in it, and no other State's."""

    name = "order"
    version = 9
    title = mark("order to carry it out")

    def subjects(self, record: Record) -> tuple[str, ...]:
        """States that have authorised it and carry out a leg, by the plan of then too."""
        given = [one.act.state for one in _standing(record)]
        on_the_way = dict.fromkeys(leg.state for leg in record.plan.legs)
        return tuple(one for one in on_the_way if one in given and one in [leg.state for leg in _then(record, one).plan.legs])

    def of(self, record: Record, subject: str) -> str:
        """The service that carries it out."""
        return _leg(record, subject).responsible

    def may_have(self, record: Record, subject: str, reader: Service) -> bool:
        """Services of the State."""
        return reader.state == subject

    def blocks(self, record: Record, subject: str, tongue: Tongue) -> tuple[Block, ...]:
        """As of the newest act of the State."""
        return tuple(_blocks(_then(record, subject), subject, tongue))


def _then(record: Record, state: str) -> Record:
    """As it stood with the newest act of the State."""
    acts = (AuthorisationGranted, AuthorisationConfirmed, AuthorisationExtended, AgreementGiven, PermissionGranted)
    newest = [one.counted for one in record.heard if isinstance(one.content, acts) and one.content.state == state]
    newest += [seq for seq, _ in _not_sanctioned(record, state)]
    return record.until(max(newest))


def _standing(record: Record) -> list[Granted]:
    """Authorisations that nothing has come in the place of (R22)."""
    return [one for one in authorisations(record) if one.superseded is None]


def _agreements(record: Record, state: str) -> list[tuple[Heard, AgreementGiven]]:
    """The last of each service, or of its successor (R22)."""
    found: dict[str, tuple[Heard, AgreementGiven]] = {}
    for said, one in record.said(AgreementGiven):
        if one.state == state:
            found.pop(record.giver(said, found), None)
            found[said.service] = (said, one)
    return list(found.values())


def _leg(record: Record, state: str) -> Leg:
    return next(leg for leg in record.plan.legs if leg.state == state)


def _blocks(record: Record, state: str, tongue: Tongue) -> Iterator[Block]:
    plan, service = record.plan, _leg(record, state).responsible
    standing = [one for one in _standing(record) if one.act.state == state]
    agreed = _agreements(record, state)
    permitted = [one for one in record.said(PermissionGranted) if one[1].state == state]
    yield Columns(_agreed(tongue, record, agreed), approved(tongue))
    yield author(tongue, record, service)
    yield Title(tongue.words(KIND), (tongue.words(ABOUT), (tongue.quoted(plan.operation, "plan"),), *of_the_group(tongue, plan)))
    yield Dated((Blank(3),), (Blank(3, tongue.translate(PLACE)),), tongue.say(NUMBER, blank=Blank(2)))
    yield Paragraph(tongue.say(I_AM, who=Blank(5, tongue.translate(OFFICIAL))))
    yield Paragraph(_having(tongue, record, service), "left")
    yield Paragraph(tongue.words(FOUND), "ruling")
    articles = plan.offence.articles.get(state, ())
    said = joined(tongue.quoted(one, "plan", unsure=True) for one in articles) or (Blank(3),)
    yield Paragraph(tongue.say(WHAT, offence=tongue.quoted(plan.offence.description, "plan"), articles=said))
    yield Paragraph(_thing(tongue, record))
    yield Paragraph(tongue.say(NECESSITY, necessity=tongue.quoted(plan.request.necessity, "plan"), blank=Blank(4)))
    yield Paragraph(tongue.words(DECISIONS))
    heads = ((BODY, 5), (ACT, 4), (PROVISION, 4), (VALID, 4))
    rows = tuple(_acts(tongue, record, standing, permitted))
    yield table(tongue, heads, rows)
    yield Paragraph(tongue.words(OTHERS), "small")
    demand = next((one for one in demands(plan, record.cards) if one.state == state), None)
    asked = plan.request.to.get(state)
    basis = joined(tongue.quoted(one, "plan", unsure=True) for one in asked.basis) if asked is not None else ()
    laws = joined(_laws(tongue, record, demand)) or basis or (Blank(4),)
    yield Paragraph(tongue.say(BY_LAW, laws=laws, treaty=Blank(4, tongue.translate(TREATY))), "left")
    yield Paragraph(tongue.words(ORDERED), "ruling")
    yield Items(tuple(_orders(tongue, record, state, standing, permitted, demand)), ordered=True)
    yield signing(tongue, [tongue.words(OFFICIAL_SIGNS)])
    yield Paragraph(tongue.say(COPIES, blank=Blank(1), other=Blank(3)), "small")


def _having(tongue: Tongue, record: Record, service: str) -> Line:
    """What it has considered: its file and, where another service asks for it, the request."""
    named, initiator = tongue.the_service(record, service), record.plan.initiator
    if service == initiator:
        return tongue.say(HAVING_ITS_OWN, service=named, file=Blank(2))
    asked_by = tongue.the_service(record, initiator)
    return tongue.say(HAVING, service=named, initiator=asked_by, file=Blank(2), day=Blank(2), number=Blank(2))


def _thing(tongue: Tongue, record: Record) -> Line:
    """What travels, and how; of what is held back, that it does not (R31)."""
    plan = record.plan
    what = consignment(tongue, plan.consignment)
    if plan.held_back:
        return tongue.say(HELD_BACK, object=what)
    return tongue.say(THING, object=what, way=joined((_way(tongue, record, leg) for leg in plan.legs), "; "))


def _agreed(tongue: Tongue, record: Record, agreed: Sequence[tuple[Heard, AgreementGiven]]) -> tuple[Block, ...]:
    """The act of another service that agrees, where one does."""
    found: list[Block] = []
    for said, one in agreed:
        found.append(Paragraph(tongue.words(AGREED, strong=True), "left"))
        found.append(Paragraph((tongue.service(record, said.service),), "left"))
        found.append(Paragraph((Value(one.given_by_role, said.entries),), "left"))
        found.append(Paragraph(as_given(tongue, record, said, one), "left"))
    return tuple(found)


def _way(tongue: Tongue, record: Record, leg: Leg) -> Line:
    return (Value(tongue.state(leg.state), ("plan",)), Words(": "), *_ends(record, leg))


def _ends(record: Record, leg: Leg) -> Line:
    ends = [record.plan.find(one) for one in (leg.start, leg.end)]
    start, end = (Value(one.place if one is not None else "–", ("plan",)) for one in ends)
    return joined((joined((start, end), " – "), Value(leg.means, ("plan",))))


def _acts(
    tongue: Tongue,
    record: Record,
    standing: Sequence[Granted],
    permitted: Sequence[tuple[Heard, PermissionGranted]],
) -> Iterator[TableRow]:
    acts: list[tuple[Heard, AuthorisationGranted | PermissionGranted]] = [*((one.said, one.act) for one in standing), *permitted]
    for said, one in acts:
        if isinstance(one, AuthorisationGranted):
            named = as_given(tongue, record, said, one)
        else:
            named = act(tongue, one.reference, *said.entries)
        yield row(
            joined((tongue.service(record, said.service), Value(one.granted_by_role, said.entries))),
            named,
            (tongue.quoted(one.legal_basis, *said.entries, unsure=True),),
            _valid(tongue, said, one.valid_from, one.valid_until),
        )
    for said, longer in record.said(AuthorisationExtended):
        if any(said.seq in one.entries for one in standing):
            until = Value(tongue.moment(instant(longer.valid_until)), said.entries)
            named = act(tongue, longer.reference, *said.entries) if longer.reference is not None else (Blank(2),)
            yield row(
                joined((tongue.service(record, said.service), Value(longer.granted_by_role, said.entries))),
                named,
                (tongue.quoted(longer.legal_basis, *said.entries, unsure=True),),
                (until,),
            )


def _valid(tongue: Tongue, said: Heard, begins: str, ends: str) -> Line:
    return (Value(f"{tongue.moment(instant(begins))} – {tongue.moment(instant(ends))}", said.entries),)


def _laws(tongue: Tongue, record: Record, demand: Demand | None) -> Iterator[Value]:
    """Texts on which the card rests what it says of who decides and of the measures: each once, with its articles. What
    its author remarks of them is for whoever checks the card, and stands in no order.
    """
    if demand is None:
        return
    card = record.cards.get(demand.state)
    known: dict[str, dict[str, None]] = {}
    doubtful: set[str] = set()
    for point in demand.points:
        if point.about in ("decides", "agrees", "measures", "handling") and point.law is not None and point.text is not None:
            title, article = (tongue.translate(one) if one else "" for one in (point.text.title, point.law.article))
            known.setdefault(title, {}).update({cited: None for cited in (REMARK.sub("", article),) if ARTICLES.search(cited)})
            doubtful |= {title} if unsure(card, point.law) else set()
    for title, articles in known.items():
        cited = ", ".join(dict.fromkeys(one for article in articles for one in article.split(", ")))
        named = tongue.translate(ARTICLE).format(articles=cited) if cited[:1].isdigit() else cited
        yield Value(", ".join(filter(None, (title, named))), ("card",), unsure=title in doubtful)


def _orders(  # noqa: PLR0913, PLR0917 - an order is made of these
    tongue: Tongue,
    record: Record,
    state: str,
    standing: Sequence[Granted],
    permitted: Sequence[tuple[Heard, PermissionGranted]],
    demand: Demand | None,
) -> Iterator[Line]:
    plan = record.plan
    legs = [leg for leg in plan.legs if leg.state == state]
    stays = (Value(one.place, ("plan",)) for one in plan.at("prepare"))
    where = joined(stays) if plan.held_back else joined((_ends(record, leg) for leg in legs), "; ")
    yield tongue.say(CARRY_OUT, state=tongue.the_state(state, "plan"), legs=where)
    yield tongue.say(WAY, modality=tongue.word(plan.modality, "plan"), none=TickBox(), some=TickBox())
    last = max(standing, key=lambda one: one.ends)
    yield tongue.say(TERM, blank=Blank(2), until=Value(tongue.moment(last.ends), last.entries))
    measures = plan.measures(state)
    if measures:
        yield tongue.say(MEANS, measures=joined(_measure(tongue, record, state, one, standing, permitted) for one in measures))
    yield tongue.words(NOT_PERMITTED)
    responsible = dict.fromkeys(leg.responsible for leg in legs)
    yield tongue.say(ENTRUST, services=joined(tongue.the_service(record, one) for one in responsible), blank=Blank(4))
    along = dict.fromkeys(one for leg in legs for one in leg.accompanied_by)
    if along:
        yield tongue.say(FOREIGN, services=joined(tongue.service(record, one) for one in along), blank=Blank(3))
    yield _seize(tongue, plan)
    for one in standing:
        for condition in one.act.conditions:
            yield tongue.say(CONDITION, text=tongue.quoted(condition.text, *one.said.entries))
    card = record.cards.get(state)
    for point in demand.points if demand is not None else ():
        if point.about in ("handling", "measures", "forbids", "recorded", "reports", "afterwards") and point.law is not None:
            law = Value(in_words(point, tongue.translate), ("card",), unsure=unsure(card, point.law))
            yield tongue.say(CARD, said=law)
        elif point.about == "duties":
            duty = Value(in_words(point, tongue.translate), ("card",), unsure=unsure(card, point.law))
            yield tongue.say(NOTIFY, duty=duty)
    yield tongue.say(NOTIFY_BLANK, who=Blank(4), when=Blank(2))


def _not_sanctioned(record: Record, state: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Of what was permitted there in urgency, the entries by which it was not sanctioned, and which measures."""
    codes = (NOT_SANCTIONED.name, HELD_FOR_IT.name)
    ends = [(entry, event.finding) for entry, event in record.events(Silence)]
    for entry, ended in (*ends, *((entry, event.finding) for entry, event in record.events(Closed))):
        if ended is not None and ended.code in codes and ended.parameters["state"] == state:
            lapsed = ended.parameters["lapsed"]
            yield entry.seq, lapsed if isinstance(lapsed, tuple) else ()


def _seize(tongue: Tongue, plan: Plan) -> Line:
    """When it is seized."""
    watch = plan.surveillance
    if plan.held_back:
        return tongue.words(KEEP)
    return tongue.say(SEIZE, search=Value(tongue.span(watch.search), ("plan",))) if watch else tongue.words(SEIZE_ALONE)


def _measure(  # noqa: PLR0913, PLR0917 - a measure is permitted by any of these
    tongue: Tongue,
    record: Record,
    state: str,
    measure: Measure,
    standing: Sequence[Granted],
    permitted: Sequence[tuple[Heard, PermissionGranted]],
) -> Line:
    """A measure with the act that permits it: of one that was urgent, the one that sanctions it, where there is one. Where
    there is none: a blank, unless the card says that it needs none.
    """
    named = tongue.measure(measure, "plan")
    never = [seq for seq, measures in _not_sanctioned(record, state) if measure in measures]
    for said, permit in sorted(permitted, key=lambda one: one[1].urgent_at is not None):
        if measure in permit.permissions:
            urgent = NEVER_SANCTIONED if never else PERMITTED_URGENTLY
            sentence, entries = (PERMITTED, said.entries) if permit.urgent_at is None else (urgent, (*said.entries, *never))
            return (named, Words(" ("), *tongue.say(sentence, act=act(tongue, permit.reference, *entries)), Words(")"))
    for one in standing:
        if measure in one.act.permits:
            return (named, Words(" ("), *tongue.say(PERMITTED, act=as_given(tongue, record, one.said, one.act)), Words(")"))
    card, case = record.cards.get(state), record.plan.case
    if card is not None and not card.wants_permitted(measure, case):
        return (named,)
    return (named, Words(" ("), *tongue.say(NO_PERMIT, blank=Blank(2)), Words(")"))
