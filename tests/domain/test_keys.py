"""Changes of keys under way (R24): by the service itself or an administrator, from their entry on, and only ever narrower."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.delivery.decided import TakenUp
from domain.delivery.ledger import Entry
from domain.delivery.reported import Amended, KeysChanged
from domain.delivery.statement import sign_statement
from domain.plan.directory import Directory, ServiceKey
from domain.plan.key_changes import (
    ENTERED_TYPE,
    Entered,
    KeyChange,
    KeyEnd,
    after,
    changed,
    read_change,
    read_entered,
    said_already,
)
from domain.record.door import amend, change_keys
from domain.record.packet import seal, unseal
from domain.record.trust import ON_ITS_WAY
from domain.record.verify import verify
from domain.signing.canonical import canonical
from domain.signing.envelope import KEYS_TYPE, MANIFEST_TYPE, PLAN_TYPE, Envelope, sign
from domain.signing.keys import key_id, public_text
from domain.views.glance import glance
from domain.views.sight import whole
from domain.views.tally import tally
from domain.words.errors import Malformed, NotAuthentic, NotVerified, RuleBroken
from domain.words.limits import KEY_BYTES
from rehearsal.services import VIGIL, private_key_of, second
from tests.forging import place_of, rewritten, taken_apart, with_seal
from tests.second_book import with_figures
from tests.support import Table, asks, held, signed_plan, submitted, with_changes

POLICE, ADMIN = "uz.police", "administration"
NEW = "uz.police, its new key"
"""Names the new private key; `private_key_of` makes one of any text."""


def of(name: str) -> str:
    """Key id of the key that a name stands for."""
    return key_id(public_text(private_key_of(name)))


def fresh(name: str = NEW, since: str = "2022-03-01T00:00:00Z", **more: Any) -> ServiceKey:
    """A new key's public half."""
    return ServiceKey(public=public_text(private_key_of(name)), valid_from=since, **more)


def change(at: datetime, by: str = POLICE, *, key: str = "", **says: Any) -> Envelope:
    """A signed change of the police's keys, by `by` and with the key that `key` names, else its own."""
    record = KeyChange(service=POLICE, by=by, made_at=at.isoformat(), **says)
    return sign(canonical(record), KEYS_TYPE, private_key_of(key or by))


def rotation(at: datetime, *, overlap: timedelta = timedelta(days=7)) -> Envelope:
    """The police make a new key; their old one counts a while longer."""
    return change(at, added=(fresh(),), ended=(KeyEnd(key=of(POLICE), at=(at + overlap).isoformat()),))


def revocation(at: datetime, by: str = POLICE, **more: Any) -> Envelope:
    """The police's first key counts no more."""
    return change(at, by, ended=(KeyEnd(key=of(POLICE), at=at.isoformat(), revoked=True),), **more)


def stop(table: Table, key: str) -> str:
    """A stop by the police under this key: the verdict, or that nobody knows the key."""
    said = table.statement(POLICE, "stop_requested")
    try:
        return submitted(table.delivery, sign_statement(said, private_key_of(key)), table.now).verdict.verdict
    except NotAuthentic:
        return "not authentic"


def refused(table: Table, envelope: Envelope) -> str:
    """Why R24 refuses this change; nothing is recorded."""
    so_far = len(table.delivery.ledger)
    with pytest.raises(RuleBroken) as error:
        change_keys(table.delivery, envelope, table.now)
    told = (error.value.rule, error.value.reason)
    assert ("R24", "keys_not_changed", so_far) == (*told, len(table.delivery.ledger))
    return error.value.sentence


def taken(table: Table, envelope: Envelope) -> Entry:
    """The entry of this change."""
    entry = change_keys(table.delivery, envelope, table.now)
    assert entry is not None
    return entry


def sealed(table: Table) -> bytes:
    """The packet as it stands."""
    return seal(table.delivery, "", private_key_of(VIGIL), table.now)


def test_r24_a_revoked_key_counts_until_its_entry_and_no_longer() -> None:
    """What it signed before stays; after, it is a key nobody knows. The packet verifies with both."""
    table = Table().consent()
    before = stop(table, POLICE)
    table.pass_time(hours=1)
    taken(table, revocation(table.now))
    after = stop(table, POLICE)

    assert ("accepted", "not authentic") == (before, after)
    assert "uz.police" in {one.service for one in verify(sealed(table)).signers}


def test_r24_rotation_overlaps() -> None:
    """The new key counts at once, the old one until its end, and what either said is proved."""
    table = Table().consent()
    strange = stop(table, NEW)
    taken(table, rotation(table.now))
    both = [stop(table, NEW), stop(table, POLICE)]
    table.pass_time(days=7)
    over = [stop(table, NEW), stop(table, POLICE)]

    assert ("not authentic", ["accepted", "accepted"], ["accepted", "not authentic"]) == (strange, both, over)
    assert {of(NEW), of(POLICE)} <= {one.key for one in verify(sealed(table)).signers}


@pytest.mark.parametrize("ended", [True, False], ids=["the old key", "the new key"])
def test_r24_plan_and_keys_are_changed_with_a_key_that_counts_when_that_comes_in_whatever_the_newest_entry_is(
    *, ended: bool
) -> None:
    """Nothing has been recorded since one key ended and another began: the old one changes neither the plan nor keys any more,
    the new one does, and the packet verifies.
    """
    with_plan, with_keys = Table(told=False), Table(told=False)
    starter = with_plan.plan.initiator
    key = starter if ended else NEW
    for table in (with_plan, with_keys):
        turn = table.now + timedelta(seconds=1)
        record = KeyChange(
            service=starter,
            by=starter,
            made_at=table.now.isoformat(),
            added=(fresh(since=turn.isoformat()),),
            ended=(KeyEnd(key=of(starter), at=turn.isoformat()),),
        )
        taken(table, sign(canonical(record), KEYS_TYPE, private_key_of(starter)))
        table.now += timedelta(seconds=2)
    longer = with_changes(with_plan.plan, consent_uz={"due": "90h"})
    plan = sign(canonical(longer), PLAN_TYPE, private_key_of(key))
    more = KeyChange(service=starter, by=starter, made_at=with_keys.now.isoformat(), added=(fresh("another new key"),))
    keys = sign(canonical(more), KEYS_TYPE, private_key_of(key))

    if ended:
        with pytest.raises(NotAuthentic):
            amend(with_plan.delivery, Amended(plan=plan), with_plan.now)
        with pytest.raises(NotAuthentic):
            change_keys(with_keys.delivery, keys, with_keys.now)
    else:
        amend(with_plan.delivery, Amended(plan=plan), with_plan.now)
        taken(with_keys, keys)

    assert ("amended" in with_plan.events, with_keys.events.count("keys_changed")) == (not ended, 1 if ended else 2)
    for table in (with_plan, with_keys):
        verify(sealed(table), table.delivery.directory)


def test_r24_the_same_change_again_is_none() -> None:
    """Sent twice, or after a later one, it leaves no entry and lets nothing live again."""
    table = Table().consent()
    first = rotation(table.now)
    taken(table, first)
    taken(table, revocation(table.now))
    entries = len(table.delivery.ledger)

    assert [None, None] == [
        change_keys(table.delivery, first, table.now),
        change_keys(table.delivery, revocation(table.now), table.now),
    ]
    assert entries == len(table.delivery.ledger)
    assert "not authentic" == stop(table, POLICE)


def test_r24_an_administrator_may_replace_a_lost_key() -> None:
    """It adds and ends in another's name, and the ledger says who did."""
    table = Table().consent()
    entry = taken(table, change(table.now, ADMIN, added=(fresh(),), ended=(KeyEnd(key=of(POLICE), at=table.now.isoformat()),)))

    assert isinstance(entry.event, KeysChanged)
    assert ADMIN == read_change(entry.event.change).by
    assert ["accepted", "not authentic"] == [stop(table, NEW), stop(table, POLICE)]
    assert verify(sealed(table)).size == len(table.delivery.ledger)


def test_r24_the_installation_ends_keys_and_gives_none() -> None:
    """Who runs the server can lock a service out, which it can anyway, and never speak for it."""
    table = Table().consent()

    assert "never give it one" in refused(table, change(table.now, VIGIL, added=(fresh(),)))
    taken(table, revocation(table.now, VIGIL))
    assert "not authentic" == stop(table, POLICE)


@pytest.mark.parametrize("by", ["kz.knb", "uz.customs", "supervision"])
def test_r24_nobody_else_changes_a_services_keys(by: str) -> None:
    """Neither the initiator, nor a service of the same State, nor a supervisor."""
    table = Table().consent()

    assert f"{by} is neither {POLICE} nor an administrator" == refused(table, revocation(table.now, by))
    assert "accepted" == stop(table, POLICE)


def test_r24_a_key_that_is_not_there_cannot_end() -> None:
    """A key id with a wrong digit is found, and nothing is taken as done."""
    table = Table().consent()
    wrong = change(table.now, added=(fresh(),), ended=(KeyEnd(key="0" * 32, at=table.now.isoformat(), revoked=True),))

    assert f"{POLICE} has no key {'0' * 32}" == refused(table, wrong)


def test_r24_a_service_has_sixty_four_keys_at_most() -> None:
    """The sixty-fourth is taken, the sixty-fifth refused."""
    table = Table().consent()
    had = len(table.directory.get(POLICE).keys)
    for number in range(had, 64):
        taken(table, change(table.now, added=(fresh(f"spare {number}"),)))

    assert "would have 65 keys, 64 at most" in refused(table, change(table.now, added=(fresh(),)))


def test_r28_who_has_many_keys_leaves_room_for_the_keys_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond seven only while each that has few can have two more; then they have them, and an administrator adds for it."""
    table = Table().consent()
    others = len(table.delivery.directory.services) - 1
    room = len(canonical(table.delivery.directory)) + KEY_BYTES * (2 * others + 9)
    with_figures(monkeypatch, table.delivery, directory_bytes=room)
    had = len(table.delivery.directory.get(POLICE).keys)
    spare = [change(table.now, added=(fresh(f"spare {number}"),)) for number in range(16)]
    for one in spare[: 8 - had]:
        taken(table, one)
    number = 8 - had
    while len(canonical(table.delivery.directory)) + KEY_BYTES * (2 * others) + 110 <= room:
        taken(table, spare[number])
        number += 1

    assert f"{POLICE} has 7 keys or more here, and what room is left is for the keys of others" in refused(table, spare[number])
    for by in ("kz.police", "kz.knb"):
        record = KeyChange(service=by, by=by, made_at=table.now.isoformat(), added=(fresh(f"{by} a"), fresh(f"{by} b")))
        taken(table, sign(canonical(record), KEYS_TYPE, private_key_of(by)))
    taken(table, change(table.now, ADMIN, added=(fresh(),)))


def test_r24_a_key_of_another_service_is_not_made_ones_own() -> None:
    """Else one signature would be two services' word."""
    table = Table().consent()
    customs = fresh("uz.customs")

    assert f"key {of('uz.customs')} is of uz.customs already" in refused(table, change(table.now, added=(customs,)))


def test_r24_no_service_comes_with_a_key_of_another() -> None:
    """Whoever adds a public key need not have its private half: it may be that of a service which a changed plan brings. No run
    goes on with a directory in which a key stands twice.
    """
    table, others = Table(), "another's"
    taken(table, change(table.now, added=(fresh(others),)))
    later = table.delivery.directory.get("uz.customs").model_copy(update={"id": "uz.border", "keys": (fresh(others),)})
    plan = signed_plan(with_changes(table.plan, departure={"due": "P2D"}))
    before = len(table.delivery.ledger)
    with pytest.raises(RuleBroken) as why:
        amend(table.delivery, Amended(plan=plan, services=(later,)), table.now)

    said = f"services: R24: uz.border comes with the key {of(others)}, which stands here as {POLICE}'s"
    assert said in why.value.message
    assert before == len(table.delivery.ledger)


def test_r24_an_officers_key_makes_keys_for_that_officer_alone() -> None:
    """Whoever could make a second officer's would be two officers (R20); the service's own key makes anybody's."""
    table = Table().consent()
    taken(table, change(table.now, added=(fresh("first", officer="P-1"),)))
    for officer in ("P-2", None):
        with pytest.raises(NotAuthentic, match="is P-1's, and makes keys for P-1 alone"):
            change_keys(table.delivery, change(table.now, key="first", added=(fresh("again", officer=officer),)), table.now)
    taken(table, change(table.now, key="first", added=(fresh("next", officer="P-1"),)))
    police = table.delivery.directory.get(POLICE)

    assert ["P-1", "P-1"] == [police.officer_of(of(name)) for name in ("first", "next")]
    assert police.officer_of(of(POLICE)) is None


def entered(envelope: Envelope, at: datetime, *, key: str = VIGIL, seq: int = 1) -> Envelope:
    """The same as the installation enters it, or whoever this key is."""
    said = Entered(seq=seq, at=at.isoformat(), change=envelope)
    return sign(canonical(said), ENTERED_TYPE, private_key_of(key))


def test_an_entered_change_is_the_installations_word_for_order_and_time() -> None:
    """Nobody else's counts, so that who writes into the database changes nobody's keys."""
    table = Table()
    system = table.directory.get(VIGIL)
    with pytest.raises(NotAuthentic):
        read_entered(entered(revocation(table.now), table.now, key=POLICE), system)
    with pytest.raises(Malformed, match="not an entered change"):
        read_entered(sign(b"{}", ENTERED_TYPE, private_key_of(VIGIL)), system)

    assert 1 == read_entered(entered(revocation(table.now), table.now), system).seq


def test_an_entered_revocation_counts_even_if_the_file_knows_that_its_signer_has_ended() -> None:
    """A key revokes itself, the operator enters that in the file, and a gateway is restarted: the key stays revoked."""
    table = Table()
    change_ = revocation(table.now)
    in_file = changed(table.directory, read_change(change_))
    for directory in (table.directory, in_file):
        then = after(directory, Entered(seq=1, at=table.now.isoformat(), change=change_))
        assert of(POLICE) not in then.get(POLICE).keys_at(table.now)


@pytest.mark.parametrize("signer", ["uz.customs", VIGIL, "nobody"])
def test_an_entered_key_counts_only_if_its_service_or_an_administrator_has_signed_it(signer: str) -> None:
    """Whoever holds the installation's key may end keys, and gives nobody one."""
    table = Table()
    forged = Entered(seq=1, at=table.now.isoformat(), change=change(table.now, key=signer, added=(fresh(),)))
    own = Entered(seq=1, at=table.now.isoformat(), change=change(table.now, by=VIGIL, added=(fresh(),)))
    right = Entered(seq=1, at=table.now.isoformat(), change=change(table.now, added=(fresh(),)))

    assert table.directory == after(table.directory, forged) == after(table.directory, own)
    assert of(NEW) in after(table.directory, right).get(POLICE).keys_at(table.now)


def test_a_change_that_says_nothing_that_others_do_not_need_not_be_kept() -> None:
    """The same key, and an end that is no sooner; a sooner one, another key or a revocation in place of an end is news."""
    table = Table()
    first = read_change(rotation(table.now))
    later = read_change(rotation(table.now, overlap=timedelta(days=8)))
    sooner = read_change(rotation(table.now, overlap=timedelta(days=6)))

    assert said_already(first, [first])
    assert said_already(later, [first])
    assert not said_already(first, [])
    assert not said_already(sooner, [first])
    assert not said_already(read_change(revocation(table.now)), [first])


@pytest.mark.parametrize(
    "forge",
    [
        lambda now: revocation(now, key="uz.customs"),
        lambda now: change(now, added=(fresh(),), key=NEW),
        lambda now: revocation(now, "nobody.known"),
        lambda now: rotation(now).model_copy(update={"payload": revocation(now).payload}),
        lambda now: rotation(now).model_copy(update={"payloadType": "application/vnd.vigil.statement+json"}),
    ],
    ids=["another's key", "the new key itself", "unknown service", "another payload", "another type"],
)
def test_r24_a_change_that_is_not_authentic_is_noise(forge: Callable[[datetime], Envelope]) -> None:
    """No key that counts stands behind it: refused, and nothing is recorded."""
    table = Table().consent()
    so_far = len(table.delivery.ledger)
    with pytest.raises(NotAuthentic):
        change_keys(table.delivery, forge(table.now), table.now)

    assert so_far == len(table.delivery.ledger)


def test_r24_a_revoked_key_changes_nothing_any_more() -> None:
    """A thief who comes after the revocation cannot make itself a new key with the stolen one."""
    table = Table().consent()
    taken(table, revocation(table.now))
    with pytest.raises(NotAuthentic):
        change_keys(table.delivery, change(table.now, added=(fresh(),)), table.now)


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (b"{}", "not a change of keys"),
        (b'{"by":"uz.police","made_at":"2022-03-01T00:00:00Z","service":"uz.police","vigil":"keys/1"}', "not a change of keys"),
        (canonical(KeyChange(service=POLICE, by=POLICE, made_at="2022-03-01T00:00:00Z", added=(fresh(),))) + b" ", "canonical"),
    ],
    ids=["empty", "changes nothing", "not canonical"],
)
def test_what_is_no_change_of_keys_is_malformed(payload: bytes, problem: str) -> None:
    """It says what is wrong."""
    with pytest.raises(Malformed, match=problem):
        read_change(sign(payload, KEYS_TYPE, private_key_of(POLICE)))


@pytest.mark.parametrize(
    "twice",
    [
        {"added": (fresh(), fresh())},
        {"added": (fresh(), fresh(officer="police-7"))},
        {"ended": (KeyEnd(key=of(POLICE), at="2022-03-02T00:00:00Z"), KeyEnd(key=of(POLICE), at="9000-01-01T00:00:00Z"))},
        {
            "ended": (
                KeyEnd(key=of(POLICE), at="2022-03-02T00:00:00Z", revoked=True),
                KeyEnd(key=of(POLICE), at="9000-01-01T00:00:00Z"),
            )
        },
    ],
    ids=["added twice", "added for two", "ended twice", "revoked and ended"],
)
def test_a_change_that_names_a_key_twice_is_malformed(twice: dict[str, Any]) -> None:
    """Which end counts would be another question for each who asks, and a key that stands twice makes a directory none."""
    table = Table()
    before = len(table.delivery.ledger)
    with pytest.raises(Malformed, match=f"names key {of(NEW) if 'added' in twice else of(POLICE)} twice"):
        change_keys(table.delivery, change(table.now, **twice), table.now)

    assert before == len(table.delivery.ledger)


def test_a_validity_only_ever_gets_narrower() -> None:
    """A later end, or a second revocation, changes nothing; an earlier one counts."""
    table = Table()
    ends = ["2022-05-01T00:00:00Z", "2022-06-01T00:00:00Z", "2022-04-01T00:00:00+05:00"]
    directory, seen = table.directory, []
    for end in ends:
        record = KeyChange(service=POLICE, by=POLICE, made_at=ends[0], ended=(KeyEnd(key=of(POLICE), at=end),))
        directory = changed(directory, record)
        seen.append(directory.get(POLICE).keys[0].valid_until)

    assert [ends[0], ends[0], ends[2]] == seen


# The evidence packet


def revoked_in_the_middle() -> tuple[Table, bytes]:
    """The police say something, change to a new key, revoke the old one and say something more."""
    table = Table().consent()
    stop(table, POLICE)
    table.pass_time(hours=1)
    taken(table, rotation(table.now))
    stop(table, NEW)
    table.pass_time(hours=1)
    taken(table, revocation(table.now))
    stop(table, NEW)
    return table, sealed(table)


def test_a_packet_whose_new_key_was_dropped_or_comes_later_is_refused() -> None:
    """Whoever holds the installation's key can link and seal anew; the signatures then do not fit the ledger any more."""
    _, data = revoked_in_the_middle()
    first = place_of(taken_apart(data)[1], "keys_changed")

    def dropped(lines: list[Any]) -> list[Any]:
        return lines[:first] + lines[first + 1 :]

    def later(lines: list[Any]) -> list[Any]:
        return [*lines[:first], lines[first + 1], (lines[first + 1][0], lines[first][1]), *lines[first + 2 :]]

    assert verify(data).delivery
    for change_of in (dropped, later):
        with pytest.raises(NotVerified, match=f"key {of(NEW)} is not a valid key"):
            verify(rewritten(data, change_of))


def test_a_revocation_that_was_dropped_or_moved_is_found_by_a_receipt_from_after_it() -> None:
    """Where no signature and no rule needs it, the roots in everybody's hands still do."""
    table = Table(told=False).consent()
    taken(table, revocation(table.now))
    receipt = table.say("kz.knb", "information")
    data = sealed(table)
    dropped = rewritten(data, lambda lines: [line for line in lines if line[1].event != "keys_changed"])
    moved = rewritten(data, lambda lines: [*lines[:-2], lines[-1], lines[-2]])

    assert verify(data, receipts=held(receipt))
    for forged in (dropped, moved):
        assert verify(forged)
        with pytest.raises(NotVerified, match="another ledger"):
            verify(forged, receipts=held(receipt))


def test_a_key_does_not_speak_behind_its_revocation_in_a_packet() -> None:
    """A statement of the thief, put in after the entry, does not verify."""
    table = Table(told=False).consent()
    record = revocation(table.now)
    said = table.statement(POLICE, "information")
    receipt = submitted(table.delivery, sign_statement(said, private_key_of(POLICE)), table.now)
    taken(table, record)
    data = sealed(table)

    assert verify(data, receipts=held(receipt))
    with pytest.raises(NotVerified, match=f"key {of(POLICE)} is not a valid key"):
        verify(rewritten(data, lambda lines: [*lines[:-2], lines[-1], lines[-2]]))


def test_a_forged_change_in_a_packet_is_refused() -> None:
    """Not even the installation can put one in: the signature is checked again, and the rule."""
    _, data = revoked_in_the_middle()
    first = place_of(taken_apart(data)[1], "keys_changed")
    for forged, problem in (
        (change(Table().now, added=(fresh(),), key=VIGIL), "not a valid key"),
        (change(Table().now, VIGIL, added=(fresh(),)), "R24"),
    ):
        event = KeysChanged(change=forged)
        with pytest.raises(NotVerified, match=problem):
            verify(rewritten(data, lambda lines, event=event: [*lines[:first], (lines[first][0], event), *lines[first + 1 :]]))


def trusting(table: Table, *records: Envelope) -> Directory:
    """The directory the operator has made of these changes."""
    directory = table.directory
    for record in records:
        directory = changed(directory, read_change(record))
    return directory


def test_a_trusted_directory_agrees_with_the_ledger_about_keys() -> None:
    """With the same changes in it the packet verifies; without the new key it does not."""
    table, data = revoked_in_the_middle()
    records = [entry.event.change for entry in table.delivery.ledger if isinstance(entry.event, KeysChanged)]

    assert verify(data, trusting(table, *records))
    with pytest.raises(NotVerified, match=f"the key {of(NEW)} of {POLICE} is not in the directory you trust"):
        verify(data, trusting(table, records[1]))


@pytest.mark.parametrize(("late", "counts"), [(ON_ITS_WAY - timedelta(seconds=1), True), (ON_ITS_WAY, False)])
def test_what_comes_in_while_a_revocation_is_on_its_way_counts(late: timedelta, *, counts: bool) -> None:
    """Minutes between the directory and the ledger are nobody's fault; a longer delay is somebody's, and is named."""
    table = Table().consent()
    record = revocation(table.now)
    table.now += late
    stop(table, POLICE)
    taken(table, record)
    data, directory = sealed(table), trusting(table, record)

    if counts:
        assert verify(data, directory)
    else:
        with pytest.raises(NotVerified, match="was not valid then"):
            verify(data, directory)


def test_a_revoked_key_that_the_ledger_never_heard_of_is_found_with_a_trusted_directory() -> None:
    """A server that kept the revocation from the delivery gains nothing."""
    table = Table().consent()
    record = revocation(table.now)
    table.pass_time(seconds=1)
    stop(table, POLICE)

    assert verify(sealed(table))
    with pytest.raises(NotVerified, match="was not valid then"):
        verify(sealed(table), trusting(table, record))


def test_a_packet_is_sealed_with_the_installations_key_of_the_day() -> None:
    """The snapshot knows the first one; the packet says which keys the installation has now, and no other seals."""
    table = Table().consent()
    keys = table.directory.get(VIGIL).keys
    now = fresh("vigil, its new key", table.now.isoformat())
    packed = seal(table.delivery, "", private_key_of("vigil, its new key"), table.now, sealers=(*keys, now))

    assert of("vigil, its new key") == verify(packed).sealed_by
    with pytest.raises(NotVerified, match="the seal is not valid"):
        verify(seal(table.delivery, "", private_key_of("vigil, its new key"), table.now, sealers=keys))


def test_a_packet_that_is_sealed_with_two_keys_of_the_installation_is_refused() -> None:
    """Both count; a second seal would make another packet that says the same."""
    table = Table().consent()
    keys = (*table.directory.get(VIGIL).keys, fresh("vigil, its new key", table.now.isoformat()))
    packed = seal(table.delivery, "", private_key_of(VIGIL), table.now, sealers=keys)
    twice = sign(canonical(unseal(packed)[1]), MANIFEST_TYPE, private_key_of(VIGIL), private_key_of("vigil, its new key"))

    assert verify(packed)
    with pytest.raises(NotVerified, match="a seal has one signature"):
        verify(with_seal(packed, canonical(twice)))


def test_r24_what_came_early_moves_nothing_once_its_key_has_been_revoked() -> None:
    """A thief accepted custody in advance: after the revocation that counts no more; what a key said that has only ended does."""
    moved = []
    for revoked in (True, False):
        table = Table().dispatch()
        table.say("uz.customs", "handover_accepted", "tashkent-airport")
        end = KeyEnd(key=of("uz.customs"), at=table.now.isoformat(), revoked=revoked)
        record = KeyChange(service="uz.customs", by=ADMIN, made_at=table.now.isoformat(), ended=(end,))
        taken(table, sign(canonical(record), KEYS_TYPE, private_key_of(ADMIN)))
        table.say("kz.police", "handover_offered", "tashkent-airport")
        last = [entry.event.verdict for entry in table.delivery.ledger.entries if isinstance(entry.event, TakenUp)][-1]
        moved.append((last.finding and last.finding.code, table.delivery.state.leg))
        lines = {one.key: one.count for one in tally(table.delivery, whole(table.delivery)) if one.measure == "refused"}
        assert lines == ({("refused", "R24", "uz.customs", ""): 1} if revoked else {})
        assert glance(table.delivery).refused == len(lines)
    assert moved == [("key_revoked_since", 0), (None, 1)]


@pytest.mark.parametrize("ahead", [0, 30])
def test_r20_a_first_officers_word_under_a_key_that_has_been_revoked_since_is_none(ahead: int) -> None:
    """A thief has signed as the first of two: whoever signs after the revocation is the first, and not the second. The clock of
    who revoked it may be ahead.
    """
    table = Table(with_changes(consent_uz={"requires": asks("uz.prosecutor authorisation 2")}))
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", officer="officer-2")
    end = KeyEnd(key=of(second("uz.prosecutor")), at=(table.now + timedelta(seconds=ahead)).isoformat(), revoked=True)
    record = KeyChange(service="uz.prosecutor", by=ADMIN, made_at=table.now.isoformat(), ended=(end,))
    taken(table, sign(canonical(record), KEYS_TYPE, private_key_of(ADMIN)))
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    assert table.is_open("consent-uz")
    assert "uz.prosecutor" not in table.delivery.state.grants
