"""A request for consent in sentences, for who decides on it: the order is that of a letter of request."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from domain.plan.cards import Channel
from domain.plan.goods import say_amount
from domain.plan.plan import Call, Surveillance
from domain.plan.quantity import say_quantity
from domain.plan.request import FROM_MEMORY, Means
from domain.plan.request_for_consent import RequestForConsent, Stretch
from domain.views.law import SURE
from domain.views.names import CRIMINAL_ROLES, SPOKEN, TRADE_ROLES, WHO_TRADES
from domain.views.sentences import Translate, english
from domain.words.moments import as_written, instant, utc_text
from domain.words.quantities import say_mass, say_span
from domain.words.text import mark, told, word

CHANNELS: Mapping[Means, str] = {
    "direct": mark("directly, from service to service"),
    "i-24/7": mark("through Interpol's I-24/7"),
    "siena": mark("through Europol's SIENA"),
    "cencomm": mark("through the WCO's CENcomm"),
    "caricc": mark("through CARICC"),
    "liaison_officer": mark("by a liaison officer"),
}
TRAVELS: Mapping[Channel, str] = {
    "mail": mark("by international mail"),
    "express": mark("by express mail"),
    "air_cargo": mark("as air cargo"),
    "container": mark("in a container"),
    "truck": mark("by road"),
    "rail": mark("by rail"),
    "passenger": mark("with a passenger"),
    "cash": mark("as cash that somebody carries"),
    "goods": mark("as goods"),
}

CHECKED = mark("It is checked by: {checks}")
NOT_WEIGHED = mark("It is not weighed: {why}")
CHECKED_THERE = mark("at its end it is checked by: {checks}")
MAY_DIFFER = mark("What is measured may differ by so much, and nobody is asked why: {these}; nothing else may")
OF_GROSS = mark("gross weight by {mass}")
OF_NET = mark("{substance} by {mass}")
OF_SUBSTITUTES = mark("what is put in from what is taken out by {mass}")
OF_ANY_WEIGHT = mark("what is put in may weigh anything")
ASKS = mark("{addressees} of {state} is asked to decide, by {requesters}; signed by: {signed_by}")
COORDINATES = mark("{coordinator} coordinates; it has no power of its own")
MARKED = mark("{marking}; handling code {code}")
URGENT = mark("It is urgent.")
CASE = mark("A criminal case has been opened: {number}")
NO_CASE = mark("No criminal case has been opened yet")
REFERENCE = mark("Number of the file: {number}")
ARTICLES = mark("Qualification in {state}: {articles}")
EXTRADITABLE = mark("Extraditable in: {states}")
NOT_EXTRADITABLE = mark("Not extraditable in: {states}")
HOLDS = mark("{contents}; gross weight {gross}; declared as: {declared}")
TRAVELLING = mark("It travels {how}; numbers: {numbers}")
HIDDEN = mark("Packing and concealment: {concealment}")
COUNTED = mark("{role}: {count}")
UNCOUNTED = mark("{role}: how many is not known")
UNWITTING = mark("{role} who do not know of it")
GOES = mark("It goes on: {way}")
HELD_BACK = mark(
    "It is held back: it does not leave, and is kept as evidence, while others of the operation go the way that is planned."
)
RETURNS = mark("It travels back to its sender, under watch.")
MEASURES = mark("Done in {state} beside letting it go on: {measures}")
TECHNICAL = mark("Technical means: {means}")
LEG = mark("{state}: {start} – {end}, {takes}, {means}; responsible: {responsible}")
PLANNED = mark("it is planned to leave at {departs} and to arrive at {arrives}")
UNKNOWN_MOMENT = mark("a time that is not known yet")
PARTY = mark("{role}: {who}")
ALONG = mark("with it: {services}")
OPENED = mark("it may be opened there, to take a sample out")
IMPORTED = mark("It came to {state} from abroad, and is under the control of the customs there.")
CALLS = mark("it calls at {place}")
UNTOUCHED = mark("it calls at {place}, and nothing is touched there: {why}")
COMPANIONS = mark("{service}, officers: {count}, {armed}")
ARMED, UNARMED = mark("armed"), mark("unarmed")
SIGHTED = mark(
    "It is sighted at least every {check_in}; {answer} later, without an answer, it counts as lost and is searched for {search}"
)
AS_BEFORE = mark("{watch}; so it stays until the States have consented to a looser watch (R22)")
ORALLY = mark(
    "You were first asked by word of mouth, {means}, at {at}, by {asked_by}; taken down by: {taken_down_by}. This confirms it in "
    "writing."
)
ARRESTS = mark("Arrest: {place}, by {services}")
ANSWER = mark("{contact}; it reaches you {channel}, in the language {language}")
ANNEX = mark("{title} (SHA-256 {digest})")


@dataclass(frozen=True)
class Section:
    """A heading, and what is said under it."""

    heading: str
    lines: tuple[str, ...]


def in_words(asked: RequestForConsent, translate: Translate = english) -> tuple[Section, ...]:
    """All of it. What others have written stands as they wrote it."""
    sections = (Section(translate(heading), tuple(lines)) for heading, lines in _sections(asked, translate))
    return tuple(one for one in sections if one.lines)


def _sections(asked: RequestForConsent, translate: Translate) -> Iterator[tuple[str, Iterator[str]]]:
    yield mark("Who asks whom"), _who(asked, translate)
    yield mark("Offence and qualification"), _offence(asked, translate)
    yield mark("What happened"), _given(asked.facts)
    yield mark("Grounds"), _given(asked.grounds)
    yield mark("Legal basis"), (cited(one, translate) for one in asked.basis)
    yield mark("Aim"), _given(asked.aim)
    yield mark("Why not seize it now"), _given(asked.necessity)
    yield mark("Object and concealment"), _object(asked, translate)
    yield mark("Persons, by their role"), _persons(asked, translate)
    yield mark("Parties in trade"), _parties(asked, translate)
    yield mark("Way of handling and means"), _handling(asked, translate)
    yield mark("Route, and who is responsible on each leg"), (_leg(one, translate) for one in asked.route)
    yield mark("Officers of other States in your territory"), _companions(asked, translate)
    yield mark("What you are asked to do"), _given(asked.asks)
    yield mark("Arrests in your State"), _arrests(asked, translate)
    yield mark("Conditions by which the requester is bound"), _given(*asked.conditions)
    yield mark("If control is lost"), _lost(asked, translate)
    yield mark("Costs"), _given(asked.costs)
    yield mark("Return of exhibits"), _given(asked.exhibits)
    yield mark("Contact and channel"), _contact(asked, translate)
    yield mark("Annexes"), (translate(ANNEX).format(title=one.shows, digest=one.digest) for one in asked.annexes)


def cited(law: str, translate: Translate) -> str:
    """An article or a legal basis as its author wrote it; what is marked as written from memory says so in words."""
    text = law.removesuffix(f" {FROM_MEMORY}")
    return law if text == law else f"{text} (K: {translate(SURE['K'])})"


def _given(*texts: str) -> Iterator[str]:
    return (one for one in texts if one)


def _who(asked: RequestForConsent, translate: Translate) -> Iterator[str]:
    named = {"requesters": ", ".join(asked.requesters), "addressees": ", ".join(asked.addressees), "state": asked.state}
    yield translate(ASKS).format(**named, signed_by=asked.signed_by)
    if asked.coordinator is not None:
        yield translate(COORDINATES).format(coordinator=asked.coordinator)
    yield translate(MARKED).format(marking=asked.marking, code=asked.handling_code)
    if asked.urgency == "urgent":
        yield translate(URGENT)
    if (first := asked.asked_orally) is not None:
        at, means = utc_text(instant(first.at)), translate(SPOKEN[first.spoken])
        yield translate(ORALLY).format(means=means, at=at, asked_by=first.asked_by, taken_down_by=first.taken_down_by)


def _offence(asked: RequestForConsent, translate: Translate) -> Iterator[str]:
    offence = asked.offence
    yield offence.description
    for state, articles in offence.articles.items():
        yield translate(ARTICLES).format(state=state, articles="; ".join(cited(one, translate) for one in articles))
    for sentence, whether in ((EXTRADITABLE, True), (NOT_EXTRADITABLE, False)):
        states = [state for state, so in offence.extraditable.items() if so is whether]
        if states:
            yield translate(sentence).format(states=", ".join(states))
    if offence.stage == "criminal_case":
        yield translate(CASE).format(number=asked.case_number or "–")
        return
    yield translate(NO_CASE)
    if asked.case_number:
        yield translate(REFERENCE).format(number=asked.case_number)


def _object(asked: RequestForConsent, translate: Translate) -> Iterator[str]:
    goods = asked.consignment
    contents = ", ".join(say_amount(one, translate) for one in goods.contents)
    yield translate(HOLDS).format(contents=contents, gross=say_quantity(goods.gross, translate), declared=goods.declared_as)
    numbers = ", ".join(f"{one.scheme.replace('_', ' ').upper()} {one.value}" for one in goods.identifiers)
    yield translate(TRAVELLING).format(how=translate(TRAVELS[goods.kind]), numbers=numbers)
    if goods.imported:
        yield translate(IMPORTED).format(state=asked.route[0].state)
    yield translate(HIDDEN).format(concealment=asked.concealment)


def _persons(asked: RequestForConsent, translate: Translate) -> Iterator[str]:
    for one in asked.persons:
        sentence = COUNTED if one.count is not None else UNCOUNTED
        role = translate(CRIMINAL_ROLES[one.role])
        if one.unwitting:
            role = translate(UNWITTING).format(role=role)
        yield translate(sentence).format(role=role, count=one.count)


def _handling(asked: RequestForConsent, translate: Translate) -> Iterator[str]:
    yield translate(GOES).format(way=translate(word(asked.modality)))
    if asked.held_back:
        yield translate(HELD_BACK)
    if asked.reverse:
        yield translate(RETURNS)
    yield translate(CHECKED).format(checks=_checks(asked.consignment.checked_by, translate))
    if (why := asked.consignment.not_weighed) is not None:
        yield translate(NOT_WEIGHED).format(why=say_quantity(why, translate))
    yield may_differ(asked, translate)
    if asked.measures:
        measures = ", ".join(translate(word(one)) for one in asked.measures)
        yield translate(MEASURES).format(state=asked.state, measures=measures)
    if asked.technical_means:
        yield translate(TECHNICAL).format(means=asked.technical_means)


def _checks(by: Iterable[str], translate: Translate) -> str:
    return ", ".join(translate(word(one)) for one in by)


def may_differ(asked: RequestForConsent, translate: Translate) -> str:
    """Each tolerance: what is let pass of what, a twentieth of it at most."""
    given = asked.tolerances
    these = [translate(OF_GROSS).format(mass=told(say_mass(given.gross), translate))]
    these += [translate(OF_NET).format(substance=name, mass=told(say_mass(most), translate)) for name, most in given.net.items()]
    if given.substitute == "any":
        these.append(translate(OF_ANY_WEIGHT))
    elif asked.modality.startswith("replaced"):
        these.append(translate(OF_SUBSTITUTES).format(mass=told(say_mass(given.substitute), translate)))
    return translate(MAY_DIFFER).format(these=", ".join(these))


def _leg(leg: Stretch, translate: Translate) -> str:
    said = {name: getattr(leg, name) for name in ("state", "start", "end", "means", "responsible")}
    said |= {"start": with_post(leg.start, leg.start_post), "end": with_post(leg.end, leg.end_post)}
    parts = [translate(LEG).format(**said, takes=told(say_span(leg.takes), translate))]
    departs, arrives = (moment_there(one) if one is not None else translate(UNKNOWN_MOMENT) for one in (leg.departs, leg.arrives))
    parts.append(translate(PLANNED).format(departs=departs, arrives=arrives))
    if leg.accompanied_by:
        parts.append(translate(ALONG).format(services=", ".join(leg.accompanied_by)))
    if leg.checked_by:
        parts.append(translate(CHECKED_THERE).format(checks=_checks(leg.checked_by, translate)))
    if leg.opened:
        parts.append(translate(OPENED))
    return "; ".join([*parts, *(_call(one, translate) for one in leg.calls)])


def with_post(place: str, post: str | None) -> str:
    """A place, and behind it the post there, where one is named."""
    return f"{place}, {post}" if post is not None else place


def moment_there(written: str) -> str:
    """By the clocks there, with how far these are ahead of UTC."""
    return as_written(written).isoformat(" ", "minutes").replace("+00:00", " UTC")


def _parties(asked: RequestForConsent, translate: Translate) -> Iterator[str]:
    for one in asked.parties:
        who = translate(WHO_TRADES[one.who])
        said = ", ".join(text for text in (one.firm, one.number, one.state) if text is not None)
        yield translate(PARTY).format(role=translate(TRADE_ROLES[one.role]), who=f"{who} {said}".strip() if said else who)


def _call(call: Call, translate: Translate) -> str:
    there = with_post(call.place, call.post)
    place = f"{there} ({call.state})" if call.state is not None else there
    if call.not_touched is None:
        return translate(CALLS).format(place=place)
    return translate(UNTOUCHED).format(place=place, why=translate(word(call.not_touched)))


def _companions(asked: RequestForConsent, translate: Translate) -> Iterator[str]:
    for one in asked.companions:
        armed = translate(ARMED if one.armed else UNARMED)
        yield translate(COMPANIONS).format(service=one.service, count=one.officers, armed=armed)


def _arrests(asked: RequestForConsent, translate: Translate) -> Iterator[str]:
    for one in asked.arrests:
        yield translate(ARRESTS).format(place=one.place, services=", ".join(one.services))


def _lost(asked: RequestForConsent, translate: Translate) -> Iterator[str]:
    if asked.surveillance is not None:
        yield _watch(asked.surveillance, translate)
    yield asked.on_loss


def _watch(watch: Surveillance, translate: Translate) -> str:
    spans = {name: told(say_span(getattr(watch, name)), translate) for name in ("check_in", "answer", "search")}
    return translate(SIGHTED).format(**spans)


def say_closer(watch: Surveillance, translate: Translate = english) -> str:
    """How closely it is watched on, while the States decide on a looser watch (R22)."""
    return translate(AS_BEFORE).format(watch=_watch(watch, translate))


def _contact(asked: RequestForConsent, translate: Translate) -> Iterator[str]:
    channel = translate(CHANNELS[asked.channel])
    yield translate(ANSWER).format(contact=asked.contact, channel=channel, language=asked.language)
