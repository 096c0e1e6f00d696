"""The order on submitting results of operational-search activity: which papers and exhibits of one State go to whom."""

from collections.abc import Iterator, Sequence

from domain.delivery.persons import Arrestee
from domain.papers.form import Form
from domain.papers.forms.lots import label_of
from domain.papers.forms.parts import act, author, day_of, of_the_group, row, signing, table
from domain.papers.forms.story import had_left
from domain.papers.forms.unwritten import as_given
from domain.papers.forms.witnessed import files
from domain.papers.paper import Blank, Block, Dated, Items, Line, Paragraph, Table, TickBox, Title, Value
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue, joined
from domain.plan.acts import NamedAct
from domain.plan.directory import Service
from domain.rules.acts import CaseOpened, Declassified, ResultsSubmitted
from domain.rules.agreement import AgreementGiven
from domain.rules.arrival import ArresteeReleased, ArrestMade
from domain.rules.balance import Seizure
from domain.rules.consent import AuthorisationGranted
from domain.rules.custody import HandoverAccepted, HandoverOffered
from domain.rules.detection import Detected
from domain.rules.examining import LaboratoryReport
from domain.rules.kind import Kind
from domain.rules.permission import PermissionGranted
from domain.rules.preparation import Prepared
from domain.rules.stop import Interdicted
from domain.rules.watch_log import SurveillanceLog
from domain.words.text import mark, word

KIND, ABOUT = mark("Order"), mark("on submitting results of operational-search activity")
TO = mark("To: {addressee}")
NUMBER = mark("No. {number}")
PLACE = mark("place where it is made")
I_AM = mark("I, {who},")
OFFICIAL = mark("office of the head or deputy, unit, rank, name, initials: written by hand")
HAVING = mark("of {service}, having considered the results of the controlled delivery {operation}, file No. {file},")
FOUND, ORDERED = mark("have found:"), mark("have ordered:")
CONDUCTED = mark("The measure was carried out by the act: {acts}.")
OFFENCE = mark("What is investigated: {offence}. Qualification: {articles}.")
ARRESTED = mark("Persons arrested at {place}: {count}; {persons}.")
UNWITTING = mark("used without knowing of it")
RELEASED = mark("Released again: {persons}; {reason}.")
SEIZED = mark("Seized: {what}.")
STOPPED, STAYED = mark("Seized on the way at {place}."), mark("Seized before it had left, at {place}.")
TAKEN_OUT = mark("Taken out at the preparation: {what}.")
SIGNS = mark("The results contain signs of the offence: {blank}")
SUBMIT = mark("To submit to {addressee}, for use in criminal case or file No. {case}, the papers below, on {sheets} sheets.")
PURPOSE = mark(
    "For: {decide} deciding whether a case is opened  {prepare} preparing investigative and court acts  {prove} proving"
)
EXHIBITS = mark("To hand over the exhibits: {exhibits}.")
EXHIBITS_BLANK = mark("To hand over exhibits: {no} none  {some} {blank}")
SECRET = mark("Declassified by: {acts}.")
SECRET_BLANK = mark("Secret data: {none} are not in them  {opened} are declassified by act No. {number} of {day}")
SAFETY = mark("Measures to protect sources, persons who help and officers: {blank}")
ATTACHED = mark("The order to carry out the measure is attached.")
MADE = mark("Made in {copies} copies: No. 1 – to the addressee; No. 2 – into the file.")
PAPERS = mark("Papers that are submitted")
NUMBERED, WHAT, ACT, BY, RECORDED = (
    mark("No."),
    mark("What was said"),
    mark("Act, record"),
    mark("Service"),
    mark("Recorded, UTC"),
)
HEAD = mark("Head (deputy head) who made this order")
RECEIVED = mark("Received by: office, signature, name, date")

Listed = (
    Detected
    | AuthorisationGranted
    | AgreementGiven
    | PermissionGranted
    | Prepared
    | HandoverOffered
    | HandoverAccepted
    | SurveillanceLog
    | ArrestMade
    | Seizure
    | Interdicted
    | LaboratoryReport
    | CaseOpened
)
"""What is evidence of what was done. Information, sightings and reasons are none, and stay in the file."""


class SubmissionForm(Form):
    """One for each State in which somebody was arrested, or something seized or taken out: of what its own services have said."""

    name = "submission"
    version = 10
    title = mark("order on submitting results")

    def subjects(self, record: Record) -> tuple[str, ...]:
        """States that have results."""
        states = [record.state_of(one.service) for one in record.heard if _is_result(one)]
        return tuple(dict.fromkeys(one for one in states if one is not None))

    def of(self, record: Record, subject: str) -> str:
        """The service whose results they are first."""
        return _results(record, subject)[0].service

    def may_have(self, record: Record, subject: str, reader: Service) -> bool:
        """Services of the State."""
        return reader.state == subject

    def blocks(self, record: Record, subject: str, tongue: Tongue) -> tuple[Block, ...]:
        """As of the submission, where that was said; else of the newest of its papers."""
        own = _own(record, subject)
        submitted = [one for one in own if isinstance(one.content, ResultsSubmitted)][-1:]
        newest = max(max(one.counted, *one.entries) for one in submitted or [one for one in own if _counts(one)])
        return tuple(_blocks(record.until(newest), subject, tongue))


def _own(record: Record, state: str) -> list[Heard]:
    return [one for one in record.heard if record.state_of(one.service) == state]


def _counts(said: Heard) -> bool:
    return isinstance(said.content, Listed | Declassified | ArresteeReleased)


def _results(record: Record, state: str) -> list[Heard]:
    return [one for one in _own(record, state) if _is_result(one)]


def _is_result(said: Heard) -> bool:
    content = said.content
    return isinstance(content, ArrestMade | Seizure | Interdicted) or (isinstance(content, Prepared) and bool(content.removed))


def _blocks(record: Record, state: str, tongue: Tongue) -> Iterator[Block]:
    plan, own = record.plan, _own(record, state)
    submitted = next(((one, one.content) for one in reversed(own) if isinstance(one.content, ResultsSubmitted)), None)
    before = [submitted[0]] if submitted is not None else []  # what was submitted may have come before any result
    service = (*_results(record, state), *before)[0].service
    addressee, case, number, dated, copies = _said(submitted, tongue)
    yield author(tongue, record, submitted[0].service if submitted is not None else service)
    yield Paragraph(tongue.say(TO, addressee=addressee), "right")
    yield Title(tongue.words(KIND), (tongue.words(ABOUT), (tongue.quoted(plan.operation, "plan"),), *of_the_group(tongue, plan)))
    yield Dated((dated,), (Blank(3, tongue.translate(PLACE)),), tongue.say(NUMBER, number=number))
    yield Paragraph(tongue.say(I_AM, who=Blank(5, tongue.translate(OFFICIAL))))
    operation = tongue.quoted(plan.operation, "plan")
    yield Paragraph(tongue.say(HAVING, service=tongue.the_service(record, service), operation=operation, file=Blank(2)), "left")
    yield Paragraph(tongue.words(FOUND), "ruling")
    given = [(one, one.content) for one in own if isinstance(one.content, AuthorisationGranted)]
    acts = [as_given(tongue, record, said, one) for said, one in given if not one.provisional]
    acts += [act(tongue, one.content.reference, *one.entries) for one in own if isinstance(one.content, PermissionGranted)]
    yield Paragraph(tongue.say(CONDUCTED, acts=joined(acts) or Blank(4)), "left")
    articles = joined(tongue.quoted(one, "plan", unsure=True) for one in plan.offence.articles.get(state, ())) or (Blank(3),)
    yield Paragraph(tongue.say(OFFENCE, offence=tongue.quoted(plan.offence.description, "plan"), articles=articles), "left")
    yield from (Paragraph(line, "left") for line in _found(record, state, tongue))
    yield Paragraph(tongue.say(SIGNS, blank=Blank(5)), "left")
    yield Paragraph(tongue.words(ORDERED), "ruling")
    yield Items(tuple(_orders(own, submitted, addressee, case, copies, tongue)), ordered=True)
    yield Paragraph(tongue.words(PAPERS, strong=True), "left")
    yield _papers(record, _listed(own, submitted), tongue)
    if submitted is not None:
        yield from files(tongue, submitted[0])
    yield signing(tongue, [tongue.words(HEAD), tongue.words(RECEIVED)], paired=True)


Submitted = tuple[Heard, ResultsSubmitted] | None


def _said(
    submitted: Submitted, tongue: Tongue
) -> tuple[Value | Blank, Value | Blank, Value | Blank, Value | Blank, Value | Blank]:
    """Addressee, case, number, day and copies, where it is said that they were submitted; else blanks."""
    if submitted is None:
        return Blank(4), Blank(2), Blank(2), Blank(3), Blank(1)
    said, one = submitted
    return (
        tongue.quoted(one.addressee, *said.entries),
        Value(one.case_number, said.entries) if one.case_number else Blank(2),
        Value(one.reference.number, said.entries),
        Value(day_of(one.reference.dated), said.entries) if one.reference.dated is not None else Blank(3),
        Value(str(one.copies), said.entries),
    )


def _found(record: Record, state: str, tongue: Tongue) -> Iterator[Line]:
    """What came of it in this State."""
    for said in _own(record, state):
        match said.content:
            case ArrestMade(persons=persons, place=place):
                roles = joined(Value(f"{one.code} ({_role(one, tongue)})", said.entries) for one in persons)
                count = Value(str(len(persons)), said.entries)
                yield tongue.say(ARRESTED, count=count, place=Value(place, said.entries), persons=roles)
            case ArresteeReleased(persons=persons, reason=reason):
                codes = Value(", ".join(persons), said.entries)
                yield tongue.say(RELEASED, persons=codes, reason=tongue.quoted(reason, *said.entries))
            case Seizure(recovered=recovered, items=items, finds=finds):
                things = [Value(tongue.amount(one), said.entries) for one in recovered]
                things += [_item(record, one, tongue, said) for one in items]
                things += [tongue.quoted(one.what, *said.entries) for one in finds]
                yield tongue.say(SEIZED, what=joined(things) or Blank(3))
            case Prepared(removed=removed) if _is_result(said):
                yield tongue.say(TAKEN_OUT, what=joined(Value(tongue.amount(one), said.entries) for one in removed))
            case Interdicted(place=place):
                yield tongue.say(STOPPED if had_left(record, said) else STAYED, place=Value(place, said.entries))


def _role(one: Arrestee, tongue: Tongue) -> str:
    """What part somebody had, and that it was without knowing of it."""
    role = tongue.translate(word(one.role))
    return f"{role}, {tongue.translate(UNWITTING)}" if one.unwitting else role


def _item(record: Record, label: str, tongue: Tongue, said: Heard) -> Value:
    """What was put in, and came back, with its label."""
    put_in = (one.what for _, prepared in record.said(Prepared) for one in prepared.items if one.label == label)
    what = next(put_in, None)
    return Value(label if what is None else f"{tongue.exhibit(what, *said.entries).text} {label}", said.entries)


def _orders(  # noqa: PLR0913, PLR0917 - an order is made of these
    own: Sequence[Heard],
    submitted: Submitted,
    addressee: Value | Blank,
    case: Value | Blank,
    copies: Value | Blank,
    tongue: Tongue,
) -> Iterator[Line]:
    yield tongue.say(SUBMIT, addressee=addressee, case=case, sheets=Blank(1))
    yield tongue.say(PURPOSE, decide=TickBox(), prepare=TickBox(), prove=TickBox())
    if submitted is not None and submitted[1].exhibits:
        said, one = submitted
        yield tongue.say(EXHIBITS, exhibits=joined(label_of(label, tongue, *said.entries) for label in one.exhibits))
    else:
        yield tongue.say(EXHIBITS_BLANK, no=TickBox(), some=TickBox(), blank=Blank(4))
    opened = [(one, one.content) for one in own if isinstance(one.content, Declassified)]
    if opened:
        yield tongue.say(SECRET, acts=joined(act(tongue, one.reference, *said.entries) for said, one in opened))
    else:
        yield tongue.say(SECRET_BLANK, none=TickBox(), opened=TickBox(), number=Blank(2), day=Blank(2))
    yield tongue.words(ATTACHED)
    yield tongue.say(SAFETY, blank=Blank(5))
    yield tongue.say(MADE, copies=copies)


def _listed(own: Sequence[Heard], submitted: Submitted) -> list[Heard]:
    """Those that the submission names, or all that count."""
    named = submitted[1].statements if submitted is not None else ()
    return [one for one in own if (one.statement.id in named if named else isinstance(one.content, Listed))]


def _papers(record: Record, listed: Sequence[Heard], tongue: Tongue) -> Table:
    rows = []
    for number, one in enumerate(listed, 1):
        content = one.content
        assert isinstance(content, Kind)  # noqa: S101 - a book reads nothing else
        reference = getattr(content, "reference", None)
        rows.append(
            row(
                (Value(str(number), ("computed",)),),
                (Value(tongue.translate(content.declares.title), one.entries),),
                act(tongue, reference, *one.entries) if isinstance(reference, NamedAct) else (Blank(3),),
                (tongue.service(record, one.service),),
                (Value(tongue.moment(one.at), one.entries[:1]),),
            )
        )
    heads = ((NUMBERED, 1, True), (WHAT, 5), (ACT, 5), (BY, 5), (RECORDED, 3, True))
    return table(tongue, heads, rows, [one.seq for one in listed], small=True)
