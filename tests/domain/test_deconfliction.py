"""R15: what two operations share is found by keyed hashes, nothing else is shown, and neither goes on before both agree."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.delivery.decided import Cleared, Closed, Opened
from domain.delivery.ledger import Receipt
from domain.delivery.memory import RegisterState
from domain.delivery.reported import Deconflicted
from domain.delivery.statement import sign_statement
from domain.plan.directory import ServiceKey
from domain.plan.key_changes import KeyChange, KeyEnd
from domain.plan.register import Claim, Contact, DatedClaim, Overlap, Party, Register, RegisterAnswer, contacts
from domain.plan.selectors import Selector, SelectorKind, hashes, selector
from domain.record.door import change_keys
from domain.record.verify import verify
from domain.signing.canonical import canonical
from domain.signing.envelope import KEYS_TYPE, Envelope, sign
from domain.signing.keys import key_id, public_text
from domain.views.asked import inbox
from domain.words.errors import NotVerified, RuleBroken
from domain.words.identifiers import ConsignmentIdentifier
from domain.words.limits import MOST_CONTACTS
from domain.words.moments import utc_text
from rehearsal.services import EPOCH, private_key_of
from tests.course import became, code, forbidden
from tests.support import Table, example_directory

KEY = bytes(range(32))
INITIATOR = "kz.knb"
OTHER = "uz.police"

# The one form, and the hash


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("phone", "+998 71 200-00-00", "00998 (71) 2000000"),
        ("plate", "А 123 ВС 77", "a123bc77"),
        ("plate", "01 A 001 AA", "01a001aa"),
        ("person", "Иванов Пётр 1980-01-31", "ПЕТР ИВАНОВ, 1980-01-31"),
        ("address", "Tashkent, Navoi st. 1", "TASHKENT  NAVOI ST 1"),
    ],
)
def test_two_spellings_of_the_same_have_one_hash(kind: SelectorKind, one: str, other: str) -> None:
    """Two officers who mean the same and write it differently find each other."""
    assert selector(KEY, kind, one) == selector(KEY, kind, other)


@pytest.mark.parametrize("value", ["8 701 123 45 67", "+7", "+7 701 CALL NOW", "", "+" + "1" * 16])
def test_a_telephone_number_that_could_never_match_is_refused(value: str) -> None:
    """Without its country, too short, too long or with letters: E.164 is what both sides can agree on."""
    with pytest.raises(ValueError, match="with its country"):
        selector(KEY, "phone", value)


@pytest.mark.parametrize("kind", ["person", "plate", "address"])
def test_what_holds_no_letter_and_no_digit_is_refused(kind: SelectorKind) -> None:
    """Nothing matches everything."""
    with pytest.raises(ValueError, match="no letter and no digit"):
        selector(KEY, kind, " -- ")


@given(st.sampled_from(get_args(SelectorKind)), st.text(min_size=1, max_size=60))
def test_a_hash_is_stable_keyed_and_of_its_kind(kind: SelectorKind, value: str) -> None:
    """The same value again gives the same hash, with space around it too; another key or kind gives another."""
    try:
        found = selector(KEY, kind, value)
    except ValueError:
        return
    assert found == selector(KEY, kind, f" {value} ")
    assert found.hash != selector(bytes(32), kind, value).hash
    assert found.hash != selector(KEY, "person" if kind != "person" else "address", value).hash


def test_a_plate_of_the_consignment_is_the_plate_of_a_target() -> None:
    """The vehicle that carries one consignment may be another operation's target."""
    carried = ConsignmentIdentifier(scheme="plate", value="A123BC 77")
    assert hashes(KEY, (carried,), ()) == (selector(KEY, "plate", "А123ВС77").hash,)


def test_what_stands_twice_is_touched_once() -> None:
    """Numbers and selectors that mean the same are one hash."""
    carried = ConsignmentIdentifier(scheme="plate", value="A123BC 77")
    assert len(hashes(KEY, (carried, carried), (selector(KEY, "plate", "A123BC77"),))) == 1


# The register

NAMES = [f"operation-{number}" for number in range(6)]


@st.composite
def claims(draw: st.DrawFn) -> Claim:
    """An operation that touches some of a few things."""
    name = draw(st.sampled_from(NAMES))
    touched = draw(st.lists(st.sampled_from("abcdef"), unique=True, max_size=4))
    return claim_of(name, f"s{name[-1]}.police", tuple(letter * 64 for letter in touched))


def claim_of(delivery: str, contact: str, touched: tuple[str, ...], *, state: str = "KZ", order: int = 2) -> Claim:
    """An operation that touches this, signed for by its State's prosecutor."""
    signer = f"{state.lower()}.prosecutor"
    return Claim(delivery=delivery, contact=contact, state=state, signer=signer, order=order, hashes=touched)


def party(claim: Claim) -> Party:
    """The same operation in an answer."""
    return Party(delivery=claim.delivery, contact=claim.contact, order=claim.order)


def claimed(register: Register, claim: Claim, at: datetime = EPOCH) -> tuple[Register, RegisterAnswer]:
    """The register's answer to this claim, brought then."""
    return register.claim(DatedClaim(claim=claim, at=utc_text(at)))


def test_consignments_of_one_group_do_not_meet_each_other() -> None:
    """R15, R31: they are one operation, whatever they share; another group is another one, and so is what is alone."""
    shared, group = ("a" * 64,), "c" * 64
    first, second = (claim_of(name, "kz.police", shared).model_copy(update={"group": group}) for name in ("one", "two"))
    register, _ = claimed(Register(), first)
    register, answer = claimed(register, second)
    assert {"two": []} == conflicts_in(answer.findings)
    for other in (claim_of("alone", "uz.police", shared), first.model_copy(update={"delivery": "other", "group": "d" * 64})):
        _, answer = claimed(register, other)
        assert ["one", "two"] == conflicts_in(answer.findings)[other.delivery]


CHANGES = st.lists(claims() | st.sampled_from(NAMES), max_size=25)


def performed(changes: list[Claim | str]) -> Register:
    """A register after these claims and releases."""
    register = Register()
    for change in changes:
        register, _ = register.release(change) if isinstance(change, str) else claimed(register, change)
    return register


def conflicts_in(found: tuple[Overlap, ...]) -> dict[str, list[str]]:
    """Operation to those it conflicts with."""
    return {one.party.delivery: sorted(other.delivery for other in one.others) for one in found}


@given(CHANGES, claims())
def test_a_claim_finds_exactly_the_live_operations_that_share_something(changes: list[Claim | str], claim: Claim) -> None:
    """No more and no less than a plain look at every pair, and never itself; nothing where it is put off."""
    before = performed(changes)
    _, answer = claimed(before, claim)
    if answer.not_before is not None:
        assert () == answer.findings
        return
    shared = [one.delivery for one in before.claims if one.delivery != claim.delivery and set(one.hashes) & set(claim.hashes)]
    assert conflicts_in(answer.findings)[claim.delivery] == sorted(shared)
    assert answer.findings[-1].party == party(claim)


@given(CHANGES, claims())
def test_every_side_of_a_conflict_is_told(changes: list[Claim | str], claim: Claim) -> None:
    """Whoever is found finds the finder in the same answer, where that is not put off."""
    answer = claimed(performed(changes), claim)[1]
    found = conflicts_in(answer.findings)
    assert answer.not_before is not None or all(claim.delivery in found[other] for other in found[claim.delivery])


@given(CHANGES, claims())
def test_claiming_again_changes_nothing(changes: list[Claim | str], claim: Claim) -> None:
    """An activity that is tried again does no harm: the same register, the same answer, the same number."""
    once, first = claimed(performed(changes), claim)
    again, second = claimed(once, claim)
    assert (once, first) == (again, second)


@given(CHANGES, claims())
def test_released_is_as_never_claimed(changes: list[Claim | str], claim: Claim) -> None:
    """After the end an operation is in nobody's way, and those it touched hear that it has gone."""
    before = performed([*changes, claim.delivery])
    entered, found = claimed(before, claim)
    after, freed = entered.release(claim.delivery)
    assert before.claims == after.claims
    assert {*conflicts_in(freed.findings)} == {*conflicts_in(found.findings)} - {claim.delivery}
    assert after.release(claim.delivery) == (after, freed.model_copy(update={"findings": ()}))


@given(CHANGES)
def test_each_operation_stands_once_and_the_number_counts_up(changes: list[Claim | str]) -> None:
    """However often it claims, an operation has one claim; no change goes without a higher number."""
    register = Register()
    for change in changes:
        after, answer = register.release(change) if isinstance(change, str) else claimed(register, change)
        assert answer.number == after.number == register.number + (after.claims != register.claims)
        assert len({one.delivery for one in after.claims}) == len(after.claims)
        register = after


@given(st.lists(claims(), min_size=2, max_size=3, unique_by=lambda claim: claim.delivery))
def test_whoever_comes_first_one_of_two_is_told_before_it_goes_on(several: list[Claim]) -> None:
    """In every order, of two that share something exactly the later one finds the other on claiming: both never pass."""
    for order in permutations(several):
        register, found = Register(), {}
        for claim in order:
            register, answer = claimed(register, claim)
            found[claim.delivery] = conflicts_in(answer.findings)[claim.delivery]
        for number, later in enumerate(order):
            for earlier in order[:number]:
                assert (earlier.delivery in found[later.delivery]) == earlier.touches(later)
                assert later.delivery not in found[earlier.delivery]


def test_a_contact_tells_a_number_and_whom_to_call() -> None:
    """The number is the same on both sides and another with another operation; no code name and no hash is told."""
    ours, theirs, third = (Party(delivery=name, contact=OTHER, order=2) for name in ("amber", "birch", "cedar"))
    told = contacts(KEY, Overlap(party=ours, others=(theirs, third)), example_directory())
    back = contacts(KEY, Overlap(party=theirs, others=(ours,)), example_directory())
    assert told[0].conflict == back[0].conflict != told[1].conflict
    assert {"conflict", "service", "call", "keys"} == set(Contact.model_fields)
    assert not any(secret in told[0].model_dump_json() for secret in ("amber", "birch", "cedar", "aaaa"))


def test_a_contact_that_has_left_the_directory_is_named_all_the_same() -> None:
    """Nothing it signs can be checked any more, so only giving way is left: the conflict does not vanish."""
    ours, theirs = (Party(delivery=name, contact="uz.gone", order=2) for name in ("amber", "birch"))
    (told,) = contacts(KEY, Overlap(party=ours, others=(theirs,)), example_directory())
    assert ("uz.gone", ()) == (told.service, told.keys)


# R15: the rule


def in_conflict(*services: str) -> Table:
    """A delivery that has just begun and touches these services' operations; their checkpoints are open."""
    table = Table(alone=False)
    table.deconflict(*(services or (OTHER,)))
    assert all(table.is_open(one.checkpoint) for one in unsettled(table))
    return table


def order_of(table: Table) -> int:
    """The entry in which it was signed that the register is looked into."""
    return table.delivery.state.register.orders[-1]


def unsettled(table: Table) -> tuple[Contact, ...]:
    """Whom to call, where the two have not agreed yet."""
    return table.delivery.state.register.unsettled()


def asks_consent(table: Table) -> bool:
    """Whether a State is asked; where none is, a stranger does not believe that one was."""
    if "consent-kz" not in table.delivery.state.progress:
        due = utc_text(table.now + table.plan.checkpoints[0].due)
        assert "nothing" in forbidden(table, Opened(checkpoint="consent-kz", due=due))
    return table.is_open("consent-kz", "consent-uz")


def leaves(table: Table) -> bool:
    """Whether departure has been cleared; where it has not, a stranger does not believe that it was."""
    if table.delivery.state.cleared < 0:
        assert "nothing" in forbidden(table, Cleared(leg=0))
    return table.is_open("departure")


def conflict(table: Table) -> str:
    """The checkpoint of the first conflict that is not settled."""
    return unsettled(table)[0].checkpoint


def agreement(table: Table, at: str, service: str = OTHER, signer: str = OTHER, **changed: Any) -> Envelope:
    """The other side's word."""
    usual = {"agreed_with": INITIATOR, "reference": "7/2026", "reason": "one arrest for both"}
    fields = {name: changed.pop(name) for name in tuple(changed) if name in usual}
    said = table.statement(service, changed.pop("kind", "conflict_settled"), at, **(usual | fields))
    return sign_statement(said.model_copy(update=changed), private_key_of(signer))


def settle(table: Table, service: str = INITIATOR, **changed: Any) -> Receipt:
    """The initiator says that both agree, with the other side's word in it."""
    at = conflict(table)
    usual = {"agreed_with": OTHER, "reference": "8/2026", "reason": "one arrest for both"}
    return table.say(service, "conflict_settled", at, **(usual | {"agreement": agreement(table, at)} | changed))


def test_r15_no_consent_is_asked_before_anybody_has_looked() -> None:
    """Without an answer of the register the consent checkpoints do not open."""
    table = Table(alone=False)
    assert not asks_consent(table)
    table.deconflict()
    assert asks_consent(table)


def test_r15_no_consent_is_asked_while_a_conflict_is_not_settled() -> None:
    """A hit holds the delivery before a single other State has heard of it."""
    assert not asks_consent(in_conflict())


def prepared_unlooked() -> Table:
    """Prepared, and nobody has looked again since the consents."""
    table = Table().consent()
    table.alone = False
    table.say("kz.police", "prepared", "preparation")
    table.say("kz.knb", "ready", "preparation")
    assert table.is_closed("preparation")
    return table


def test_r15_dispatch_needs_a_second_look() -> None:
    """A look before the consents is too old: departure is not cleared before the register has answered again."""
    table = prepared_unlooked()
    assert not leaves(table)
    table.deconflict()
    assert leaves(table)


def test_r15_departure_is_not_cleared_into_a_conflict() -> None:
    """What came up while the States consented counts as what was there before."""
    table = prepared_unlooked()
    table.deconflict(OTHER)
    assert not leaves(table)
    assert ("accepted", None) == became(settle(table))
    assert leaves(table)


def test_r15_dispatched_is_refused_when_another_operation_came_after_the_clearing() -> None:
    """It is refused even in the last hour, and accepted anew once both have agreed."""
    table = Table().prepare()
    assert leaves(table)
    table.deconflict(OTHER)
    assert ("refused", "R15") == became(table.say("kz.police", "dispatched", "departure"))
    assert ("accepted", None) == became(settle(table))
    assert ("accepted", None) == became(table.say("kz.police", "dispatched", "departure"))


def test_r15_both_sides_signed_words_settle_a_conflict() -> None:
    """With both in the evidence the delivery goes on, and a verifier reaches the same verdict."""
    table = in_conflict()
    assert ("accepted", None) == became(settle(table))
    assert () == unsettled(table)
    assert asks_consent(table)
    assert verify(table.packet(), table.directory).size == len(table.delivery.ledger)


def test_r15_the_settled_conflict_is_not_asked_again_and_the_next_of_the_same_service_is() -> None:
    """The number tells them apart: an agreement about one operation is none about another."""
    table = in_conflict()
    settle(table)
    table.deconflict(OTHER)
    assert () == unsettled(table)
    table.deconflict(OTHER, OTHER)
    assert 1 == len(unsettled(table))
    assert table.is_open(conflict(table))


WRONG: dict[str, dict[str, Any]] = {
    "the wrong contact": {"agreed_with": "uz.customs"},
    "no word of the other side": {"agreement": None},
}
WRONG_WORD: dict[str, dict[str, Any]] = {
    "signed by another": {"signer": "uz.customs"},
    "in another's name": {"service": "uz.customs", "signer": "uz.customs"},
    "about another delivery": {"delivery": "another-one"},
    "at another conflict": {"checkpoint": "conflict.000000000000"},
    "with somebody else": {"agreed_with": "uz.customs"},
    "of another kind": {"content": {"kind": "conflict_yielded", "reason": "we give way"}},
}


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG)
def test_r15_one_side_alone_settles_nothing(changed: dict[str, Any]) -> None:
    """Refused by R15, recorded as refused, and the conflict stands."""
    table = in_conflict()
    assert ("refused", "R15") == became(settle(table, **changed))
    assert unsettled(table)


@pytest.mark.parametrize("changed", WRONG_WORD.values(), ids=WRONG_WORD)
def test_r15_the_other_sides_word_must_be_its_own_and_about_this(changed: dict[str, Any]) -> None:
    """A word of another signer, service, delivery, conflict, partner or kind is no agreement."""
    table = in_conflict()
    at = conflict(table)
    given_word = dict(changed)
    if "content" in given_word:
        given_word["content"] = table.statement(OTHER, "conflict_yielded", at, reason="we give way").content
    assert ("refused", "R15") == became(settle(table, agreement=agreement(table, at, **given_word)))
    assert unsettled(table)


def test_r15_only_the_initiator_settles() -> None:
    """Any other participant that says it is refused, with a right agreement too."""
    table = in_conflict()
    assert ("refused", "R15") == became(settle(table, service="kz.prosecutor"))
    assert ("refused", "R15") == became(table.say("kz.police", "conflict_yielded", conflict(table), reason="no"))


def test_r15_a_key_that_was_revoked_agrees_to_nothing() -> None:
    """The keys in the contact count as any key does: by their validity when it is recorded."""
    table = in_conflict()
    contact = unsettled(table)[0]
    revoked = tuple(key.model_copy(update={"revoked_at": "2001-01-01T00:00:00Z"}) for key in contact.keys)
    table.report(Deconflicted(number=5, order=order_of(table), contacts=(contact.model_copy(update={"keys": revoked}),)))
    assert ("refused", "R15") == became(settle(table))


def test_r15_keys_that_changed_since_the_register_answered_are_followed() -> None:
    """A new key of the other side agrees, its revoked one does not: both were as the register had told them."""
    table = in_conflict()
    new = ServiceKey(public=public_text(private_key_of("uz.police/new")), valid_from="2022-03-01T00:00:00Z")
    old = KeyEnd(key=key_id(public_text(private_key_of(OTHER))), at=table.now.isoformat(), revoked=True)
    record = KeyChange(service=OTHER, by=OTHER, made_at=table.now.isoformat(), added=(new,), ended=(old,))
    at = conflict(table)
    assert change_keys(table.delivery, sign(canonical(record), KEYS_TYPE, private_key_of(OTHER)), table.now) is not None
    assert code(settle(table)) == "not_theirs"
    assert became(settle(table, agreement=agreement(table, at, signer="uz.police/new"))) == ("accepted", None)
    verify(table.packet())


def test_r15_two_conflicts_need_two_agreements() -> None:
    """Each has its own checkpoint, and settling one leaves the other."""
    table = in_conflict(OTHER, "uz.customs")
    settle(table)
    (left,) = unsettled(table)
    assert "uz.customs" == left.service
    word = agreement(table, left.checkpoint, service="uz.customs", signer="uz.customs")
    assert ("accepted", None) == became(settle(table, agreed_with="uz.customs", agreement=word))


def test_r15_who_gives_way_halts_and_withdraws() -> None:
    """The delivery ends as withdrawn, by R15, with the initiator's word for it."""
    table = in_conflict()
    assert ("accepted", None) == became(table.say(INITIATOR, "conflict_yielded", conflict(table), reason="they were first"))
    halt = table.delivery.state.halt
    assert halt is not None
    assert ("conflict", "R15", INITIATOR) == (halt.cause, halt.rule, halt.by)
    table.say("kz.police", "interdicted")
    table.pass_time(days=1)
    assert "withdrawn" == table.delivery.state.outcome


def test_r15_a_conflict_that_nobody_settles_in_time_halts() -> None:
    """Silence is not agreement: after `contingencies.decision` nothing advances."""
    table = in_conflict()
    table.pass_time(seconds=table.plan.contingencies.decision.total_seconds())
    halt = table.delivery.state.halt
    assert halt is not None
    assert ("conflict", "R15") == (halt.cause, halt.rule)


def test_r15_what_has_left_is_told_and_goes_on() -> None:
    """The other operation is the one that may not begin; silence about it halts nothing under way and closes the question."""
    table = Table().dispatch()
    table.deconflict(OTHER)
    name = conflict(table)
    assert table.is_open(name)
    table.pass_time(seconds=table.plan.contingencies.decision.total_seconds())
    assert "unanswered" == table.at(name).result
    assert table.delivery.state.halt is None


def test_r15_before_it_has_left_silence_closes_no_conflict() -> None:
    """An open question is not passed unanswered."""
    table = in_conflict()
    name = conflict(table)
    assert "nothing" in forbidden(table, Closed(checkpoint=name, result="unanswered"))
    table.pass_time(days=2)
    assert "withdrawn" == table.at(name).result
    assert not asks_consent(table)


def test_r15_a_conflict_that_has_gone_frees_the_other() -> None:
    """When the other operation has ended, the register says so and the question is taken back."""
    table = in_conflict()
    name = conflict(table)
    table.deconflict()
    assert "withdrawn" == table.at(name).result
    assert () == unsettled(table)
    assert asks_consent(table)


def test_r28_of_what_had_been_settled_and_is_gone_little_is_held_on_to() -> None:
    """However many operations come and go: of the earliest it is known together when the last of them went."""
    register, began = RegisterState(), datetime(2022, 3, 1, tzinfo=UTC)
    for number in range(MOST_CONTACTS + 2):
        register.forget_settled([f"{number}"], began + timedelta(hours=number))

    assert MOST_CONTACTS == len(register.gone)
    assert began + timedelta(hours=1) == register.gone_since("0") == register.gone_since("1")
    assert began + timedelta(hours=2) == register.gone_since("2")


def test_r15_where_the_other_comes_back_an_agreement_of_before_is_none() -> None:
    """It was to the conflict that has gone: the two agree anew, and what the other signed then settles nothing now."""
    table = in_conflict()
    word = agreement(table, conflict(table))
    assert became(settle(table, agreement=word)) == ("accepted", None)
    table.pass_time(hours=1)
    table.deconflict()
    table.pass_time(minutes=1)
    table.deconflict(OTHER)
    assert code(settle(table, agreement=word)) == "other_agreement"
    assert unsettled(table)
    assert became(settle(table)) == ("accepted", None)
    verify(table.packet())


def test_r15_an_open_conflict_is_not_taken_back() -> None:
    """Nobody withdraws a question that still stands."""
    table = in_conflict()
    assert "nothing" in forbidden(table, Closed(checkpoint=conflict(table), result="withdrawn"))


def test_r15_an_answer_of_the_register_that_was_overtaken_does_not_count() -> None:
    """Answers come by different ways: an older one is dropped, whatever it says, and so is the same one twice."""
    table = in_conflict()
    newest = Deconflicted(number=table.delivery.state.register.number + 1, order=order_of(table), contacts=unsettled(table))
    table.report(newest)
    older = Deconflicted(number=0, order=order_of(table))
    entries = len(table.delivery.ledger)
    for again in (older, newest):
        table.report(again)
        assert "says nothing new" in forbidden(table, again)
    assert entries == len(table.delivery.ledger)
    assert unsettled(table)


def test_r15_the_request_says_whom_to_call_and_only_the_initiator_gets_it() -> None:
    """The initiator reads the service and its telephone; nobody else is asked."""
    table = in_conflict()
    (asked,) = inbox(table.delivery, INITIATOR, table.now)
    assert (OTHER, ("conflict_settlement",)) == (asked.facts.agree_with, asked.says)
    assert "R15: another operation touches this one; call uz.police" == asked.facts.problem
    assert (asked.facts.call or "").startswith("duty officer")
    assert [] == [
        one for service in table.plan.participants() if service != INITIATOR for one in inbox(table.delivery, service, table.now)
    ]


def test_r15_a_verifier_wants_the_other_sides_key_in_the_directory_it_trusts() -> None:
    """An installation that makes up a service to agree with is found out by whoever knows the real keys."""
    table = in_conflict()
    settle(table)
    trusted = table.directory.model_copy(update={"services": tuple(one for one in table.directory.services if one.id != OTHER)})
    with pytest.raises(NotVerified, match=r"uz\.police has a part in the delivery, and is not in the directory you trust"):
        verify(table.packet(), trusted)


def test_r15_nothing_is_looked_up_after_the_end() -> None:
    """A late answer finds the ledger closed."""
    table = in_conflict()
    table.say(INITIATOR, "conflict_yielded", conflict(table), reason="they were first")
    table.say("kz.police", "interdicted")
    table.pass_time(days=1)
    assert table.delivery.state.ended
    with pytest.raises(RuleBroken, match="R12"):
        table.report(Deconflicted(number=99, order=order_of(table)))


def test_r15_a_selector_in_a_plan_is_a_hash() -> None:
    """A plan with a telephone number in clear is not a plan."""
    with pytest.raises(ValueError, match="hash"):
        Selector.model_validate({"kind": "phone", "hash": "+998712000000"})
