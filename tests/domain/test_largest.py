"""The largest of everything that is said, asked, told, handed over and answered: it is within its bound, or refused for it, and
fits into what Temporal takes.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from temporalio.converter import WorkflowSerializationContext

from domain.delivery.carried import Carried
from domain.delivery.delivery import Snapshot
from domain.delivery.ledger import Entry, Kept, Receipt
from domain.delivery.reported import Amended, Asked, AskedOnceMore, Deconflicted, Deferred, Diverged, SiblingHeard, Stated, Told
from domain.delivery.requests import Bound, Facts, Request
from domain.delivery.statement import Statement
from domain.delivery.verdicts import Verdict
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory, Service, ServiceKey
from domain.plan.goods import Part, SubstanceMass
from domain.plan.plan import Consignment, Offence
from domain.plan.register import Contact, Party, contacts
from domain.plan.register import Overlap as Touching
from domain.plan.request_for_consent import RequestForConsent, Stretch
from domain.record.door import check_budget
from domain.record.siblings import Heeding
from domain.rules.balance import PartEnded
from domain.rules.books import BOOK
from domain.rules.budget import SAID_ENOUGH, is_brake
from domain.rules.conflict import ConflictSettled
from domain.rules.kind import Kind
from domain.signing.canonical import canonical, digest, plain
from domain.signing.envelope import STATEMENT_TYPE, sign
from domain.views.asked import without_facts
from domain.words.errors import Malformed, RuleBroken
from domain.words.identifiers import STATES
from domain.words.limits import (
    ATTACHMENTS_BYTES,
    BATCH_BYTES,
    BRAKES,
    BRAKES_MORE,
    CARDS_BYTES,
    CONTACTS_BYTES,
    CONTENTS_BYTES,
    DIRECTORY_BYTES,
    ENTRY_BYTES,
    ERRAND_BYTES,
    GRANTED_BYTES,
    KIB,
    LARGEST_OF_GOODS,
    LONGEST_PLACE,
    MOST_BRAKES_KNOWN,
    MOST_CARRIED_UNKEPT,
    MOST_CONSENTS,
    MOST_CONTACTS,
    MOST_IDENTIFIERS,
    MOST_KEYS,
    MOST_KNOWN,
    MOST_KNOWN_SERVICES,
    MOST_SERVICES,
    MOST_STATEMENTS,
    MOST_UNKEPT,
    PARTS_BYTES,
    PLAN_BYTES,
    PROBLEM_CHARACTERS,
    REQUEST_BYTES,
    REQUEST_FOR_CONSENT_BYTES,
    RUN_UPDATES,
    SIBLING_BYTES,
    SNAPSHOT_BYTES,
)
from process.codec import converter
from process.ring import Ring
from rehearsal.services import private_key_of
from tests.largest import LARGEST_WHOLE, MOST_CARRIED, WIDEST, Largest
from tests.support import PHOTOGRAPH, Table
from workflows.messages import (
    CheckpointWait,
    Docket,
    Ending,
    GoingOn,
    HandIn,
    KeepErrand,
    KeptUpTo,
    LedgerSize,
    LookErrand,
    NoticeErrand,
    ReleaseErrand,
    RunLength,
)

PAYLOAD = 2_097_152
"""Bytes of one payload that Temporal takes."""
HASH, NOW, SERVICE = "f" * 64, "2022-03-01T00:00:00.123456Z", "zz." + "x" * 37
MAY_BE_TOO_LARGE = {"authorisation_granted", "correction", "parts_ended", "prepared", "split"}
"""Kinds whose fields hold more than is taken of them at once. Nothing else is refused for its size."""
LARGE = Largest()
NOTHING: dict[str, Any] = {name: () for name, field in RuleCard.model_fields.items() if field.default == ()}
"""A card that knows nothing: what it says rests on its texts."""


async def encoded(value: Any) -> int:
    """Bytes of the payload that Temporal gets: encrypted, in the context of a workflow with the longest name."""
    here = WorkflowSerializationContext(namespace="n" * 60, workflow_id="delivery/" + "d" * 40)
    (payload,) = await converter(Ring.of(bytes(32))).with_context(here).encode([value])
    return payload.ByteSize()


def filled(most: int, make: Callable[[], BaseModel], *first: BaseModel) -> tuple[Any, ...]:
    """As many of these as have at most so many bytes together."""
    found = [*first]
    left = most - 100 - sum(len(canonical(one)) + 12 for one in first)
    while (left := left - len(canonical(one := make())) - 12) > 0:
        found.append(one)
    return tuple(found)


def snapshot() -> Snapshot:
    """Services and cards at their bounds, and one service with as many keys as it may have."""
    keys = tuple(LARGE.of(ServiceKey) for _ in range(MOST_KEYS))
    service = partial(LARGE.of, Service, reach={"by": "desk"}, kind="administrator")
    one = service(keys=keys, names={"en": WIDEST * 200})
    services = filled(DIRECTORY_BYTES, partial(service, keys=(), names={"en": WIDEST * 200}), one)
    states = iter(sorted(STATES))
    card = partial(LARGE.of, RuleCard)
    cards = filled(CARDS_BYTES, lambda: card(state=next(states), texts=[{"id": "x", "title": "x" * 300}], **NOTHING))
    return Snapshot(directory=Directory(vigil="directory/1", services=services), cards={card.state: card for card in cards})


SNAPSHOT = snapshot()
HEAVIEST = SNAPSHOT.directory.services[0]
NAMES = [f"zz.{number}".replace(".", ".s").ljust(40, "x") for number in range(MOST_SERVICES)]


def request(**facts: Any) -> Request:
    """A request at every bound of what it can tell at once."""
    seals = [{"number": f"{number}".ljust(20, "X"), "security": "S", "maker": WIDEST * 40} for number in range(50)]
    told = Facts(
        place=WIDEST * 200,
        state="KZ",
        modality="replaced_in_whole",
        expected_at=NOW,
        valid_until=NOW,
        gross=10**15,
        tolerance=10**15,
        seals=seals,  # type: ignore[arg-type]  # as it is read
        contents=filled(CONTENTS_BYTES, partial(LARGE.of, SubstanceMass)),
        items=[f"{number}".ljust(40, "x") for number in range(50)],  # type: ignore[arg-type]
        permissions=("opening", "device", "foreign_officers"),
        agree_with=SERVICE,
    )
    needs = ("handover_acceptance",) * 24
    return LARGE.of(Request, says=needs, facts=told.model_copy(update=facts))


def asked_for_consent() -> RequestForConsent:
    """One at every bound of what it says itself, about goods at theirs, with as much of a way as there is room for."""
    numbers = [{"scheme": "other", "value": WIDEST * 40} for _ in range(MOST_IDENTIFIERS)]
    goods = LARGE.of(Consignment, identifiers=numbers, contents=filled(CONTENTS_BYTES, partial(LARGE.of, SubstanceMass)))
    offence = LARGE.of(Offence, extraditable={"KZ": True}, articles={})
    short = {"consignment": goods, "offence": offence, "route": (), "arrests": (), "addressees": ()}
    own = LARGE.of(RequestForConsent, **short)
    stretch = partial(LARGE.of, Stretch, calls=(), accompanied_by=())
    return own.model_copy(update={"route": filled(REQUEST_FOR_CONSENT_BYTES - len(canonical(own)), stretch)})


def planned_request() -> Request:
    """At a checkpoint of the plan: with every condition that there is room for."""
    return request(conditions=filled(GRANTED_BYTES, partial(LARGE.of, Bound, text=WIDEST * 500)))


def consent_request() -> Request:
    """At one where it is decided: with the request for consent as well."""
    asked = asked_for_consent()
    return request(
        conditions=filled(GRANTED_BYTES, partial(LARGE.of, Bound, text=WIDEST * 500)),
        request=asked,
        request_digest=digest(asked),
    )


def unforeseen_request() -> Request:
    """At another: with the words of what it is about."""
    return request(problem=WIDEST * PROBLEM_CHARACTERS)


def entry(event: Any) -> Entry:
    """An entry with the largest number."""
    return Entry(seq=LARGEST_WHOLE, at=NOW, salt=HASH, event=event)


def stated(size: int) -> Entry:
    """A statement of so many bytes, signed by four, and refused with the longest reason."""
    verdict = SAID_ENOUGH(service=SERVICE, most=LARGEST_WHOLE)
    return entry(Stated.model_construct(envelope=LARGE.envelope(size), verdict=verdict))


AMENDED = Amended.model_construct(
    plan=LARGE.envelope(PLAN_BYTES), services=SNAPSHOT.directory.services, cards=tuple(SNAPSHOT.cards.values())
)


def handed(content: Any) -> HandIn[Any]:
    """Handed in, with the installation's seal."""
    return HandIn[Any](content=content, at=NOW, seal=LARGE.envelope(600))


def receipt(size: int) -> Receipt:
    """The receipt of a statement of so many bytes."""
    return LARGE.of(Receipt, entry=stated(size))


def touching() -> tuple[Contact, ...]:
    """As many other operations as may touch one, each of a service with as many keys as it may have."""
    others = tuple(
        Party(delivery=f"d{number}".ljust(40, "x"), contact=HEAVIEST.id, order=99_999) for number in range(MOST_CONTACTS)
    )
    finding = Touching(party=Party(delivery="mine", contact=HEAVIEST.id, order=1), others=others)
    return contacts(bytes(32), finding, SNAPSHOT.directory)


def going_on() -> GoingOn:
    """All that a run may carry to the next, in the letters that take the most room in JSON."""
    known = "A" * (MOST_CARRIED - MOST_CARRIED_UNKEPT - 100)
    unkept = filled(MOST_CARRIED_UNKEPT, lambda: stated(8 * KIB))
    carried = Carried(rules=99, state={}, speakers=tuple(NAMES), known=known, kept=LARGEST_WHOLE, peaks="A" * 1364, unkept=unkept)
    return GoingOn(carried=carried, secret=HASH, pace=RunLength())


def begun_and_unkept() -> GoingOn:
    """Of a delivery of which the archive has nothing yet: beside its plan, what it began with goes on once more."""
    unkept = filled(MOST_CARRIED_UNKEPT, lambda: stated(8 * KIB))
    whole = {"plan": "x" * PLAN_BYTES, "directory": "x" * DIRECTORY_BYTES, "cards": "x" * CARDS_BYTES, "rest": "x" * 576 * KIB}
    carried = Carried(rules=99, state=whole, speakers=tuple(NAMES), known="A" * 64 * KIB, kept=0, peaks="", unkept=unkept)
    return GoingOn(carried=carried, secret=HASH, pace=RunLength(), snapshot=SNAPSHOT)


def errand(requests: Iterable[Request]) -> CheckpointWait:
    """As many of these as one errand takes, each to a service of its share of the directory."""
    chosen: list[Request] = []
    for one in requests:
        if sum(len(canonical(each)) for each in [*chosen, one]) + len(canonical(HEAVIEST)) > ERRAND_BYTES:
            break
        chosen.append(one)
    return LARGE.of(CheckpointWait, requests=chosen, services=[HEAVIEST])


MESSAGES: dict[str, Callable[[], Any]] = {
    "docket": lambda: Docket(plan=LARGE.envelope(PLAN_BYTES), snapshot=SNAPSHOT, secret=HASH, rules=LARGEST_WHOLE),
    "going on": going_on,
    "going on before anything is kept": begun_and_unkept,
    "update and signal: any envelope": lambda: handed(LARGE.envelope()),
    "update: a changed plan": lambda: handed(AMENDED),
    "signal: asked": lambda: handed(LARGE.of(Asked)),
    "signal: asked once more": lambda: handed(LARGE.of(AskedOnceMore)),
    "signal: deconflicted": lambda: handed(LARGE.of(Deconflicted, contacts=touching())),
    "signal: deferred": lambda: handed(LARGE.of(Deferred)),
    "signal: told": lambda: handed(LARGE.of(Told)),
    "signal: diverged": lambda: handed(LARGE.of(Diverged)),
    "signal: heard of a sibling": lambda: handed(
        LARGE.of(SiblingHeard, statements=[LARGE.envelope(SIBLING_BYTES * 2 // 3)], seal=LARGE.envelope(4096))
    ),
    "errand: to listen for siblings": lambda: LARGE.of(Heeding),
    "answer: a receipt": lambda: receipt(LARGEST_OF_GOODS + ATTACHMENTS_BYTES),
    "answer: it is kept": lambda: LARGE.of(Kept),
    "answer: the plan was changed": lambda: entry(AMENDED),
    "query: any envelope": LARGE.envelope,
    "query's answer: a receipt": lambda: [receipt(LARGEST_OF_GOODS + ATTACHMENTS_BYTES)],
    "query's answer: the size": lambda: LARGE.of(LedgerSize),
    "errand: a checkpoint": lambda: errand(planned_request() for _ in range(MOST_SERVICES)),
    "errand: to ask once more": lambda: LARGE.of(
        CheckpointWait, requests=[without_facts(planned_request())] * MOST_SERVICES, services=SNAPSHOT.directory.services[:64]
    ),
    "errand: a notice": lambda: LARGE.of(NoticeErrand, service=HEAVIEST),
    "errand: a batch": lambda: batch(filled(BATCH_BYTES, lambda: stated(8 * KIB))),
    "errand: one large entry": lambda: batch((entry(AMENDED),)),
    "result: kept up to": lambda: handed(LARGE.of(KeptUpTo)),
    "errand: what it touches": lambda: LARGE.of(LookErrand, identifiers=[{"scheme": "house_awb", "value": WIDEST * 40}] * 20),
    "errand: it is over": lambda: LARGE.of(ReleaseErrand),
    "result: how it ended": lambda: LARGE.of(Ending),
}
"""All that goes through Temporal as one payload."""


def batch(entries: tuple[Entry, ...]) -> KeepErrand:
    """The first, with what the delivery began with."""
    return LARGE.of(KeepErrand, entries=entries, snapshot=SNAPSHOT)


@pytest.mark.parametrize("name", MESSAGES)
async def test_every_message_fits_into_one_payload(name: str) -> None:
    """Encrypted, as Temporal gets it, and canonical."""
    largest = MESSAGES[name]()
    each = largest if isinstance(largest, list) else [largest]

    assert sum(len(canonical(one)) + 1 for one in each) < PAYLOAD
    assert await encoded(largest) < PAYLOAD


def said(content: Kind) -> Statement:
    """The largest statement that says this, without attachments."""
    found: Statement = LARGE.of(BOOK.statement, content=content, handling={"code": "H3", "caveat": WIDEST * 300}, attachments=())
    return found


def largest_of(kind: type[Kind]) -> Statement:
    """The largest statement of a kind. What two services agree on has the other's statement in it, which has none in it."""
    if kind is ConflictSettled:
        inner = said(LARGE.of(ConflictSettled, agreement=None))
        return said(LARGE.of(ConflictSettled, agreement=LARGE.envelope(len(canonical(inner)))))
    return said(LARGE.of(kind))


def why_refused(statement: Statement) -> str:
    """What is said at the door of its size: by the form of an envelope, of JSON, or of its kind; nothing where it is taken."""
    delivery = Table().delivery
    try:
        envelope = sign(canonical(statement), STATEMENT_TYPE, private_key_of("kz.knb"))
        envelope.body()
        check_budget(delivery, statement, envelope, delivery.state.now)
    except (ValidationError, Malformed, RuleBroken) as error:
        return str(error)
    return ""


@pytest.mark.slow
@pytest.mark.parametrize("name", BOOK.kinds)
def test_the_largest_statement_of_each_kind_is_taken_or_refused_for_its_size(name: str) -> None:
    """In the widest letters, with every list full. What only stops or ends something is always taken, and so are notes."""
    statement = largest_of(BOOK.kinds[name])
    size, most = len(canonical(statement)), BOOK.kinds[name].declares.largest

    assert (name in MAY_BE_TOO_LARGE) == (size > most) == bool(why_refused(statement))
    assert not (is_brake(statement) and name in MAY_BE_TOO_LARGE)


SMALL: dict[str, Callable[[], Kind]] = {
    "authorisation_granted": lambda: LARGE.of(BOOK.kinds["authorisation_granted"], conditions=[]),
    "prepared": lambda: LARGE.of(BOOK.kinds["prepared"], kept=[], removed=[], samples=[], units=[]),
    "correction": lambda: LARGE.of(BOOK.kinds["correction"], content=LARGE.of(BOOK.kinds["interdicted"])),
    "split": lambda: LARGE.of(BOOK.kinds["split"], parts=[LARGE.of(Part, contents=[]) for _ in range(2)]),
    "parts_ended": lambda: LARGE.of(BOOK.kinds["parts_ended"], parts=[LARGE.of(PartEnded, recovered=[]) for _ in range(2)]),
}


@pytest.mark.parametrize("name", BOOK.kinds)
def test_r28_a_statement_has_as_many_bytes_as_its_kind_may_and_no_more(name: str) -> None:
    """At the bound it is taken; one byte more is refused, with the rule, the kind, its size and the bound."""
    statement = said(SMALL[name]()) if name in SMALL else largest_of(BOOK.kinds[name])
    most = BOOK.kinds[name].declares.largest
    missing = most - len(canonical(statement)) + len(statement.officer)

    assert not why_refused(statement.model_copy(update={"officer": "x" * missing}))
    found = why_refused(statement.model_copy(update={"officer": "x" * (missing + 1)}))
    assert f"R28: {name} has {most + 1} bytes, and {most} at most are taken" in found


def test_r28_attachments_are_beside_what_a_kind_may_have() -> None:
    """At both bounds it is taken, a stop too; with one byte more of attachments it is no statement."""
    stop = largest_of(BOOK.kinds["stop_requested"])
    first, *others = (PHOTOGRAPH.model_copy(update={"digest": f"{number:064x}", "shows": "x" * 35}) for number in range(99))
    missing = ATTACHMENTS_BYTES - len(canonical([plain(one) for one in (first, *others)]))
    assert 0 <= missing < LONGEST_PLACE - 35

    def with_words(more: int) -> Statement:
        longer = first.model_copy(update={"shows": first.shows + "x" * more})
        return stop.model_copy(update={"attachments": (longer, *others)})

    assert not why_refused(BOOK.statement.model_validate_json(canonical(with_words(missing))))
    with pytest.raises(ValidationError, match=f"{ATTACHMENTS_BYTES} bytes at most"):
        BOOK.statement.model_validate_json(canonical(with_words(missing + 1)))


@pytest.mark.parametrize(
    ("make", "most"),
    [
        (planned_request, REQUEST_BYTES - REQUEST_FOR_CONSENT_BYTES),
        (unforeseen_request, REQUEST_BYTES - REQUEST_FOR_CONSENT_BYTES),
        (consent_request, REQUEST_BYTES),
    ],
)
def test_the_largest_request_has_its_bound(make: Callable[[], Request], most: int) -> None:
    """With seals, contents, devices and conditions at their bounds, or the longest words of what it is about; and where it is
    asked to decide, with the request for consent at its own.
    """
    assert most * 2 // 3 < len(canonical(make())) <= most


def test_the_parts_of_a_consignment_are_asked_about_within_the_bound() -> None:
    """A request that asks how they ended tells nothing else of what travels."""
    parts = filled(PARTS_BYTES, partial(LARGE.of, Part, contents=[]))

    assert (
        len(canonical(request(seals=(), contents=(), items=(), parts=parts, problem=WIDEST * PROBLEM_CHARACTERS))) < REQUEST_BYTES
    )


def test_whom_to_call_has_its_bound_and_the_most_useful_keys() -> None:
    """R15: alone, all of a service's keys; among sixteen, those that fit, its own before officers'."""
    many = touching()
    keys = HEAVIEST.keys
    own = keys[40].model_copy(update={"officer": None, "valid_until": None, "revoked_at": None})
    mixed = HEAVIEST.model_copy(update={"keys": (*keys[:40], own, *keys[41:])})
    whole = SNAPSHOT.directory.model_copy(update={"services": (mixed, *SNAPSHOT.directory.services[1:])})
    others = [Party(delivery=f"one-{number}", contact=mixed.id, order=1) for number in range(MOST_CONTACTS)]

    def told(count: int) -> tuple[Contact, ...]:
        return contacts(bytes(32), Touching(party=others[-1], others=tuple(others[:count])), whole)

    assert CONTACTS_BYTES * 3 // 4 < sum(len(canonical(one)) + 1 for one in many) <= CONTACTS_BYTES
    assert [key.public for key in mixed.keys] == [key.public for key in told(1)[0].keys]
    assert all(own.public in [key.public for key in one.keys] for one in told(MOST_CONTACTS))
    assert all(key.recipient is None for one in told(2) for key in one.keys)


def test_brakes_of_all_services_fit_one_run_and_the_table_of_what_is_known() -> None:
    """R8: as Updates, whatever the archive does: what a run takes before it would end, what comes until the archive is behind, by
    its bytes, and the brakes of everybody after that. As Signals, of which Temporal takes 10,000: all that can ever be brakes.
    """
    brake = largest_of(BOOK.kinds["stop_requested"])
    smallest = brake.model_copy(
        update={
            "id": "x" * 8,
            "delivery": "abc",
            "service": "ab",
            "officer": "x",
            "happened_at": "2022-03-01T00:00:00Z",
            "fulfils": (),
            "on_behalf_of": None,
            "handling": None,
            "seen": None,
            "plan": None,
            "checkpoint": None,
            "content": BOOK.kinds["stop_requested"](reason="x"),  # type: ignore[call-arg]
        }
    )
    envelope = sign(canonical(smallest), STATEMENT_TYPE, private_key_of("kz.knb"))
    event = Stated(envelope=envelope, verdict=Verdict(verdict="accepted"))
    least = len(canonical(Entry(seq=1, at=NOW, salt=HASH, event=event)))
    until_behind = (MOST_UNKEPT - MOST_CARRIED_UNKEPT) // least
    ever = MOST_SERVICES * (BRAKES + BRAKES_MORE + 1)

    assert RUN_UPDATES + until_behind + MOST_SERVICES * BRAKES < 2_000
    assert ever < 10_000
    assert MOST_STATEMENTS + ever <= MOST_BRAKES_KNOWN
    assert MOST_BRAKES_KNOWN + MOST_KNOWN_SERVICES + MOST_CONSENTS + 2 == MOST_KNOWN


def test_the_largest_entry_and_snapshot_have_their_bounds_in_the_archive() -> None:
    """A changed plan that brings all services and cards, and what a delivery begins with."""
    assert len(canonical(entry(AMENDED))) < ENTRY_BYTES
    assert len(canonical(SNAPSHOT)) < SNAPSHOT_BYTES
