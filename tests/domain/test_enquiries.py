"""R15: whoever looks for much in the register is put off, and a pattern is told to supervisors; both are counted over time."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from domain.delivery.requests import Notice, NoticeFacts
from domain.plan.enquiries import WINDOW, Alarm, Enquiries, Enquiry
from domain.plan.register import Beside, Claim, DatedClaim, Register, RegisterAnswer
from domain.plan.selectors import blocks
from domain.signing.canonical import canonical, digest
from domain.views.notices import say_notice
from domain.words.identifiers import ConsignmentIdentifier
from domain.words.limits import (
    MANY_MISSES,
    MANY_NEIGHBOURS,
    MANY_SELECTORS,
    MOST_ALARMS,
    MOST_CONTACTS,
    MOST_ENQUIRIES,
    MOST_HASHES,
    MOST_LIVE_OF_A_STATE,
    MOST_LIVE_OPERATIONS,
    MOST_LOOKS_FOR_A_SELECTOR,
    MOST_MARKS,
    MOST_NAMED,
    MOST_SELECTORS_OF_A_SERVICE,
    MOST_SELECTORS_OF_A_STATE,
)
from domain.words.moments import instant, utc_text
from rehearsal.services import EPOCH

KEY = bytes(range(32))
LARGEST_PAYLOAD = 2_000_000
"""Bytes that Temporal takes in one payload."""
LARGEST_PLAN = 120
"""Hashes of one claim."""


def things(count: int, prefix: str = "") -> tuple[str, ...]:
    """So many different hashes."""
    return tuple(digest(f"{prefix}{number}") for number in range(count))


def bring(
    register: Register,
    delivery: str,
    hashes: tuple[str, ...],
    at: datetime = EPOCH,
    *,
    service: str = "kz.police",
    state: str = "KZ",
    numbers: tuple[str, ...] = (),
) -> tuple[Register, RegisterAnswer]:
    """This operation claims what it touches."""
    signer = f"{state.lower()}.prosecutor"
    claim = Claim(delivery=delivery, contact=service, state=state, signer=signer, order=2, hashes=hashes)
    return register.claim(DatedClaim(claim=claim, at=utc_text(at), blocks=numbers))


def after(operations: Iterator[tuple[str, tuple[str, ...]]], register: Register | None = None, **by: str) -> Register:
    """The register once these operations were looked for, and have ended."""
    register = register or Register()
    for delivery, hashes in operations:
        register, answer = bring(register, delivery, hashes, **by)  # type: ignore[arg-type]
        assert answer.not_before is None, delivery
        register, _ = register.release(delivery)
    return register


def cut(hashes: tuple[str, ...], of: int, name: str = "operation") -> Iterator[tuple[str, tuple[str, ...]]]:
    """These hashes over operations of so many each."""
    return ((f"{name}-{start}", hashes[start : start + of]) for start in range(0, len(hashes), of))


def patterns(register: Register) -> list[str]:
    """What alarms were raised about."""
    return [alarm.pattern for alarm in register.enquiries.alarms]


def test_a_service_looks_for_so_many_selectors_in_a_day_and_for_no_more() -> None:
    """At the bound it is answered; one more is put off, is not entered, and learns nothing, not even that somebody watches it."""
    watched = things(1, "watched")
    register, _ = bring(Register(), "theirs", watched, service="uz.customs", state="UZ")
    register = after(cut(things(MOST_SELECTORS_OF_A_SERVICE - 1), 80), register)
    full, at_the_bound = bring(register, "the-last", things(1, "last"))
    deferred, refused = bring(full, "one-more", watched)

    assert (None, 1) == (at_the_bound.not_before, len(at_the_bound.findings))
    assert ((), full.number) == (refused.findings, refused.number)
    assert full.claims == deferred.claims
    assert utc_text(EPOCH + WINDOW) == refused.not_before
    _, unwatched = bring(full, "one-more", things(1, "unwatched"))
    assert unwatched == refused


def test_after_a_day_there_is_room_again() -> None:
    """As soon as the answer said, and no moment sooner; time that runs back brings no room."""
    register = after(cut(things(MOST_SELECTORS_OF_A_SERVICE), 80))
    register, refused = bring(register, "one-more", things(1, "more"))
    assert refused.not_before is not None
    free = instant(refused.not_before)
    _, too_soon = bring(register, "one-more", things(1, "more"), free - timedelta(microseconds=1))
    _, answered = bring(register, "one-more", things(1, "more"), free)
    later, _ = bring(register, "another", things(1, "other"), EPOCH + WINDOW / 2, service="uz.customs", state="UZ")
    _, back = bring(later, "one-more", things(1, "more"), EPOCH - WINDOW)

    assert refused.not_before == too_soon.not_before
    assert (None, refused.not_before) == (answered.not_before, back.not_before)


def test_the_services_of_a_state_share_what_it_may_look_for() -> None:
    """Each within its own bound, together they reach the State's; another State is not kept waiting for it."""
    register = Register()
    for number in range(MOST_SELECTORS_OF_A_STATE // MOST_SELECTORS_OF_A_SERVICE):
        mine = cut(things(MOST_SELECTORS_OF_A_SERVICE, f"{number}"), 80, f"by-{number}")
        register = after(mine, register, service=f"kz.service-{number}")
    _, refused = bring(register, "one-more", things(1, "more"), service="kz.afm")
    _, elsewhere = bring(register, "elsewhere", things(1, "more"), service="uz.police", state="UZ")

    assert (True, None) == (refused.not_before is not None, elsewhere.not_before)


def test_a_service_looks_for_the_same_again_only_so_often() -> None:
    """Whoever asks for one number again and again learns when it is watched; another service's asking keeps nobody waiting."""
    one = things(1)
    register = after((f"again-{number}", one) for number in range(MOST_LOOKS_FOR_A_SELECTOR))
    _, refused = bring(register, "once-more", one)
    _, other = bring(register, "other", one, service="kz.afm")

    assert (True, None) == (refused.not_before is not None, other.not_before)


def test_r31_the_consignments_of_a_group_are_one_look_for_what_they_share() -> None:
    """Thirty-two parcels to one telephone are looked into at once, and the same without a group are not."""
    for group, put_off in (("ab" * 32, 0), (None, 1)):
        register, answers = Register(), []
        for number in range(32):
            made = Claim(
                delivery=f"parcel-{number}",
                contact="kz.knb",
                state="KZ",
                signer="kz.knb",
                order=1,
                hashes=("cd" * 32, f"{number:064x}"),
                group=group,
            )
            register, answer = register.claim(DatedClaim(claim=made, at=utc_text(EPOCH)))
            answers.append(answer.not_before)
        assert any(one is not None for one in answers) == bool(put_off)


def test_looking_again_before_it_leaves_counts_once() -> None:
    """The same claim is answered as often as it is brought, and a changed one counts by what it adds."""
    register, first = bring(Register(), "mine", things(100))
    again, second = bring(register, "mine", things(100))
    more, _ = bring(register, "mine", things(102))

    assert (register, first) == (again, second)
    assert [100, 2] == [len(one.marks) for one in more.enquiries.made]


def test_many_different_selectors_of_one_service_are_an_alarm() -> None:
    """Supervisors are told who asked, who signed, how much and in which operations, and not for what; once."""
    register = after(cut(things(MANY_SELECTORS - 1), 75))
    assert "many_selectors" not in patterns(register)
    register = after(iter([("straw", things(1, "straw")), ("more", things(1, "more"))]), register)
    (alarm,) = register.enquiries.alarms

    assert ("many_selectors", "kz.police", "KZ", MANY_SELECTORS) == (alarm.pattern, alarm.service, alarm.state, alarm.count)
    assert (("kz.prosecutor",), "straw") == (alarm.signers, alarm.deliveries[-1])
    assert not any(mark in canonical(alarm).decode() for one in register.enquiries.made for mark in one.marks)
    notice = Notice(id="x", delivery="straw", service="supervision", kind="enquiries", facts=NoticeFacts(alarm=alarm))
    assert "kz.police (KZ), signed by kz.prosecutor" in say_notice(notice)


def test_many_operations_that_touch_no_other_are_an_alarm() -> None:
    """A look that finds somebody is no miss."""
    register, _ = bring(Register(), "theirs", things(1), service="uz.customs", state="UZ")
    found = ((f"found-{number}", things(1)) for number in range(MOST_LOOKS_FOR_A_SELECTOR))
    register = after(found, register)
    register = after(cut(things(MANY_MISSES - 1, "miss"), 1, "miss"), register)
    assert [] == patterns(register)
    register = after(iter([("straw", things(1, "straw"))]), register)
    assert ["many_misses"] == patterns(register)


def test_numbers_that_follow_on_one_another_are_an_alarm() -> None:
    """Ten parcels of one hundred, one for each operation: whoever tries them out is seen, though each number is a hash."""
    register = Register()
    for number in range(MANY_NEIGHBOURS):
        known = (ConsignmentIdentifier(scheme="other", value=f"RR1234567{number:02d}KZ"),)
        block = tuple(one[:16] for one in blocks(KEY, known))
        before = patterns(register)
        register, _ = bring(register, f"try-{number}", things(1, f"n{number}"), numbers=block)

    assert [] == before
    assert ["neighbouring_numbers"] == patterns(register)


def test_a_number_is_in_the_hundred_of_its_neighbours_and_in_no_other() -> None:
    """By its scheme, without its last three digits; one that has no more is in none."""

    def block(value: str, scheme: str = "other") -> str:
        (found,) = blocks(KEY, (ConsignmentIdentifier.model_validate({"scheme": scheme, "value": value}),))
        return found

    assert block("RR123456785KZ") == block("RR123456799KZ") != block("RR123457785KZ")
    assert block("A123BC 77", "plate") != block("A123BC 77")
    assert not block("AB-123")


def test_a_quota_that_is_passed_is_an_alarm() -> None:
    """Whoever is put off is told of to supervisors."""
    register = after(cut(things(MOST_SELECTORS_OF_A_SERVICE), 80))
    register, _ = bring(register, "one-more", things(1, "more"))
    assert "over_quota" in patterns(register)


def test_more_operations_on_one_thing_than_can_be_told_of_are_put_off() -> None:
    """At the bound each is told of all others; one more is not entered, so that nobody is told of only some of them."""
    register, one = Register(), things(1)
    for number in range(MOST_CONTACTS + 1):
        register, answer = bring(register, f"live-{number}", one, service=f"kz.service-{number}")
    crowded, refused = bring(register, "one-more", one, service="kz.afm")

    assert [MOST_CONTACTS] * (MOST_CONTACTS + 1) == [len(finding.others) for finding in answer.findings]
    assert ((), register.claims) == (refused.findings, crowded.claims)
    assert "crowded" in patterns(crowded)


@pytest.mark.parametrize(
    "beside",
    [
        Beside(live=MOST_LIVE_OPERATIONS),
        Beside(live=MOST_LIVE_OF_A_STATE, of_state=MOST_LIVE_OF_A_STATE),
        Beside(hashes=MOST_HASHES),
    ],
    ids=["operations", "of a State", "hashes"],
)
def test_a_full_register_takes_nothing_more(beside: Beside) -> None:
    """At each bound one more is put off, with an alarm; with one less it is entered."""
    full, refused = bring(Register(beside=beside), "one-more", things(1))
    less = Beside(**{name: max(0, number - 1) for name, number in beside.model_dump().items()})
    _, entered = bring(Register(beside=less), "one-more", things(1))

    assert (True, None) == (refused.not_before is not None, entered.not_before)
    assert ((), ["full"]) == (full.claims, patterns(full))


def test_no_state_alone_keeps_others_from_looking() -> None:
    """As many enquiries of one as are counted: its next is put off until the first is over a day old, and another State looks."""
    each = MOST_MARKS // MOST_ENQUIRIES
    made = tuple(enquiry(n, tuple(one[:16] for one in things(each, f"m{n}"))) for n in range(MOST_ENQUIRIES))
    alarms = tuple(alarm(n + 1) for n in range(MOST_ALARMS))
    register = Register(enquiries=Enquiries(made=made, alarms=alarms, raised=MOST_ALARMS))
    full, refused = bring(register, "one-more", things(1, "more"))
    _, entered = bring(register, "other", things(1, "more"), service="de.customs", state="DE")

    assert (utc_text(EPOCH + WINDOW), None) == (refused.not_before, entered.not_before)
    assert MOST_ALARMS == len(full.enquiries.alarms)
    assert (MOST_ALARMS + 1, "full") == (full.enquiries.raised, full.enquiries.alarms[-1].pattern)


def enquiry(number: int, marks: tuple[str, ...]) -> Enquiry:
    """One of the window, with names of the greatest length."""
    name = f"kz.s{number}".ljust(40, "x")
    named = {"service": name, "signer": name, "delivery": f"d{number}".ljust(40, "x"), "state": "KZ"}
    return Enquiry.model_validate({"at": utc_text(EPOCH), "marks": marks, **named})


def alarm(number: int) -> Alarm:
    """One of the largest."""
    names = tuple(f"kz.s{number}-{one}".ljust(40, "x") for one in range(MOST_NAMED))
    said = {"pattern": "neighbouring_numbers", "service": names[0], "state": "KZ", "count": 10_000}
    deliveries = tuple(f"d{number}-{one}".ljust(40, "x") for one in range(MOST_NAMED))
    return Alarm.model_validate({"number": number, "at": utc_text(EPOCH), **said, "deliveries": deliveries, "signers": names})
