"""The memorandum of what was said by word of mouth: a request first asked so, or a consent or agreement given so.

What is said by telephone leaves no act. A memorandum (справка) stands in its place until the writing follows: who spoke, by what
means, at which hour, what was said, and who took it down (Estonia CCP § 126-4(4): giver, day and hour, measure, term; SCO
agreement on customs assistance of 2 November 2007, art. 11: at once confirmed in writing). No text that was read has its form:
this one is ours.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from domain.delivery.reported import Amended, Started
from domain.papers.form import Form
from domain.papers.forms.parts import act as named_act
from domain.papers.forms.parts import author, day_of, in_turn, of_the_group, signing
from domain.papers.forms.unwritten import NOT_WRITTEN, WRITTEN, Given, confirming
from domain.papers.paper import Blank, Block, Dated, Fields, Line, Paragraph, Title, Value
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue, joined
from domain.plan.access import reads_request
from domain.plan.cards import Unwritable
from domain.plan.directory import Service
from domain.plan.request import AskedOrally
from domain.plan.request_for_consent import addressees, digest_of_request
from domain.rules.agreement import AgreementGiven
from domain.rules.consent import AuthorisationGranted
from domain.views.names import SPOKEN
from domain.words.moments import instant
from domain.words.text import mark, word

KIND, ABOUT = mark("Memorandum"), mark("of what was said by word of mouth, controlled delivery {operation}")
NUMBER, PLACE = mark("No. {blank}"), mark("place where it is made")
WHAT, SAID_BY, MEANS, HOUR, TAKER, SUBJECT, TERM, BASIS, CONDITIONS, DIGEST, WRITING = (
    mark("What was said"),
    mark("Who said it"),
    mark("By what means"),
    mark("Day and hour"),
    mark("Taken down by"),
    mark("What it is about"),
    mark("From, until"),
    mark("Legal basis"),
    mark("Conditions"),
    mark("Request"),
    mark("In writing"),
)
CONSENTS = mark("{state} authorises the controlled delivery, handled as: {ways}")
PERMITS = mark("permitted with it: {measures}")
AGREES = mark("the service agrees that the controlled delivery is done in {state}")
ASKS = mark("{state} is asked to decide on the controlled delivery; it is addressed to {services}")
MOMENT = mark("{moment} UTC")
HOLDS = mark("{offence}; grounds: {grounds}; aim: {aim}")
SHA = mark("SHA-256 of what is asked: {digest}")
NO_CONDITIONS = mark("none")
DUE = mark("{written}; by the rule card it is to be written by {due} UTC, or it ends")
FOLLOWS = mark("the request in writing is entry {entry} of the record")
NOTHING_ADDED = mark("What was said bears no number. Names of persons are not taken down here.")
TAKEN, READ = mark("Taken down by: {taker}"), mark("Read and filed by")


class MemorandumForm(Form):
    """One of each State that was first asked by word of mouth, and of each service that consented or agreed so."""

    name = "memorandum"
    version = 3
    title = mark("memorandum of what was said by word of mouth")

    def subjects(self, record: Record) -> tuple[str, ...]:
        """States that were asked so; services that consented or agreed so, a second time with a number."""
        return (*_asked(record), *_given(record))

    def of(self, record: Record, subject: str) -> str:
        """The State or service."""
        return subject

    def may_have(self, record: Record, subject: str, reader: Service) -> bool:
        """Services of the State that spoke, or was asked; of a request those alone who decide on it."""
        if subject in _asked(record):
            return reader.id in addressees(record.plan, subject) or reads_request(reader, record.plan, subject)
        service = _given(record)[subject][0].service
        return reader.state is not None and reader.state == record.state_of(service)

    def blocks(self, record: Record, subject: str, tongue: Tongue) -> tuple[Block, ...]:
        """As it stands, with what has confirmed it."""
        asked = _asked(record).get(subject)
        if asked is not None:
            return tuple(_of_request(_first_said(record, subject, asked), subject, asked, tongue))
        said, one = _given(record)[subject]
        return tuple(_of_consent(record, said, one, tongue))


def _asked(record: Record) -> Mapping[str, AskedOrally]:
    told = record.plan.request.to.items()
    return {state: one.asked_orally for state, one in told if one.asked_orally is not None}


def _first_said(record: Record, state: str, asked: AskedOrally) -> Record:
    """As it stood with the first plan that says so: what is asked by a later one was asked in writing alone (R22)."""
    plans = (record.until(one.seq) for one in record.entries if isinstance(one.event, Started | Amended))
    return next(one for one in plans if _asked(one).get(state) == asked)


def _given(record: Record) -> Mapping[str, tuple[Heard, Given]]:
    found: list[tuple[Heard, Given]] = [*record.said(AuthorisationGranted), *record.said(AgreementGiven)]
    orally = sorted((one for one in found if one[1].form == "oral"), key=lambda one: one[0].counted)
    return in_turn((one[0].service, one) for one in orally)


def _head(record: Record, service: str, day: Value, tongue: Tongue) -> Iterator[Block]:
    yield author(tongue, record, service)
    operation = tongue.quoted(record.plan.operation, "plan")
    yield Title(tongue.words(KIND), (tongue.say(ABOUT, operation=operation), *of_the_group(tongue, record.plan)))
    yield Dated((day,), (Blank(3, tongue.translate(PLACE)),), tongue.say(NUMBER, blank=Blank(2)))


def _of_request(record: Record, state: str, asked: AskedOrally, tongue: Tongue) -> Iterator[Block]:
    plan, at = record.plan, instant(asked.at)
    yield from _head(record, plan.initiator, Value(day_of(at.date().isoformat()), ("plan",)), tongue)
    services = joined(tongue.the_service(record, one) for one in addressees(plan, state))
    digest = Value(digest_of_request(plan, state) or "", ("computed",))
    about = (plan.offence.description, plan.request.grounds, plan.request.aim)
    offence, grounds, aim = (tongue.quoted(one, "plan") for one in about)
    rows: list[tuple[str, Line]] = [
        (WHAT, tongue.say(ASKS, state=tongue.the_state(state, "plan"), services=services)),
        (SAID_BY, joined((tongue.service(record, plan.initiator), tongue.quoted(asked.asked_by, "plan")))),
        (MEANS, (Value(tongue.translate(SPOKEN[asked.spoken]), ("plan",)),)),
        (HOUR, tongue.say(MOMENT, moment=Value(tongue.moment(at), ("plan",)))),
        (TAKER, (tongue.quoted(asked.taken_down_by, "plan"),)),
        (SUBJECT, tongue.say(HOLDS, offence=offence, grounds=grounds, aim=aim)),
        (DIGEST, tongue.say(SHA, digest=digest)),
        (WRITING, tongue.say(FOLLOWS, entry=Value(str(record.plan_entry), (record.plan_entry,)))),
    ]
    yield from _body(rows, tongue.quoted(asked.taken_down_by, "plan"), tongue)


def _of_consent(record: Record, said: Heard, one: Given, tongue: Tongue) -> Iterator[Block]:
    assert one.given_at is not None  # noqa: S101 - what is given by word of mouth says when
    assert one.spoken is not None  # noqa: S101 - and by what means
    given, own = instant(one.given_at), said.entries
    yield from _head(record, said.service, Value(day_of(given.date().isoformat()), own), tongue)
    state, taker = tongue.the_state(one.state, *own), tongue.quoted(one.taken_down_by or "", *own)
    role = one.granted_by_role if isinstance(one, AuthorisationGranted) else one.given_by_role
    rows: list[tuple[str, Line]] = [
        (WHAT, _authorised(one, said, tongue) if isinstance(one, AuthorisationGranted) else tongue.say(AGREES, state=state)),
        (SAID_BY, joined((tongue.service(record, said.service), tongue.quoted(role, *own)))),
        (MEANS, (Value(tongue.translate(SPOKEN[one.spoken]), own),)),
        (HOUR, tongue.say(MOMENT, moment=Value(tongue.moment(given), own))),
        (TAKER, (taker,)),
    ]
    if isinstance(one, AuthorisationGranted):
        term = f"{tongue.moment(instant(one.valid_from))} – {tongue.moment(instant(one.valid_until))} UTC"
        rows.append((TERM, (Value(term, own),)))
        rows.append((BASIS, (tongue.quoted(one.legal_basis, *own, unsure=True),)))
        conditions = joined((tongue.quoted(condition.text, *own) for condition in one.conditions), "; ")
        rows.append((CONDITIONS, conditions or (Value(tongue.translate(NO_CONDITIONS), own),)))
    digests = (one.request,) if isinstance(one.request, str) else one.request
    rows.append((DIGEST, tongue.say(SHA, digest=joined(Value(digest, own) for digest in digests))))
    rows.append((WRITING, _writing(record, said, one, given, tongue)))
    yield from _body(rows, taker, tongue)


def _authorised(one: AuthorisationGranted, said: Heard, tongue: Tongue) -> Line:
    ways = joined(Value(tongue.translate(word(way)), said.entries) for way in one.modalities)
    sentence = tongue.say(CONSENTS, state=tongue.the_state(one.state, *said.entries), ways=ways)
    if not one.permits:
        return sentence
    measures = joined(tongue.measure(measure, *said.entries) for measure in one.permits)
    return joined((sentence, tongue.say(PERMITS, measures=measures)), "; ")


def _writing(record: Record, said: Heard, one: Given, given: datetime, tongue: Tongue) -> Line:
    written = confirming(record, said, one)
    if written is not None:
        by, its = written
        return tongue.say(WRITTEN, act=named_act(tongue, its.reference, *by.entries), role=Value(its.written_by_role, by.entries))
    card = record.cards.get(one.state)
    what: Unwritable = "authorisation" if isinstance(one, AuthorisationGranted) else "agreement"
    urgent = card.urgent_for("oral", record.plan.case, what) if card is not None else None
    if urgent is None:
        return tongue.words(NOT_WRITTEN)
    due = Value(tongue.moment(given + urgent.written_within), (*said.entries, "card"))
    return tongue.say(DUE, written=tongue.words(NOT_WRITTEN), due=due)


def _body(rows: list[tuple[str, Line]], taker: Value, tongue: Tongue) -> Iterator[Block]:
    yield Fields(tuple((tongue.words(name), (line,)) for name, line in rows))
    yield Paragraph(tongue.words(NOTHING_ADDED), "small")
    yield signing(tongue, [tongue.say(TAKEN, taker=taker), tongue.words(READ)])
