"""What stands in a packet in the place of a statement that is left out, against whoever holds the installation's key (R23)."""

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Entry, LeftOut, Receipt, shared
from domain.delivery.memory import Spent
from domain.delivery.reported import Deconflicted, Deferred, Started, Stated, Told
from domain.delivery.statement import Statement
from domain.delivery.verdicts import ACCEPTED, Verdict
from domain.papers.making import Wanted, make, record_of
from domain.plan.key_changes import KeyEnd
from domain.plan.plan import Plan, read_plan
from domain.record.door import change_keys, stated
from domain.record.histories import against
from domain.record.left_out import rest_on_left_out, told_otherwise
from domain.record.packet import OtherHistory, Packet, seal, unseal
from domain.record.provided import left_out_beside_though_permitted
from domain.record.receipts import Comparison
from domain.record.replay import follow
from domain.record.verify import verify
from domain.rules.book import NO_ANSWER
from domain.rules.books import BOOK
from domain.rules.budget import SAID_ENOUGH, share_of
from domain.rules.grounds import CONTRADICTION, HAS_CLOSED, NOT_RESPONSIBLE
from domain.signing.canonical import plain
from domain.words.errors import NotVerified
from domain.words.limits import LARGEST_PAYLOAD
from domain.words.moments import instant, utc_text
from rehearsal.services import VIGIL, private_key_of
from tests.babble import babbled
from tests.domain.test_arrests_with_what_is_seized import COURIERS
from tests.domain.test_divergence import found_in, put_back
from tests.domain.test_keys import change, of
from tests.domain.test_papers import SPEAKERS, text_of
from tests.forging import sealed
from tests.support import Table, held


@cache
def with_information() -> tuple[Table, tuple[Receipt, ...]]:
    """One service has given an information under H0 and one under H1, another has stopped; and the receipts of it."""
    table = Table(Table().plan.model_copy(update={"handling_code": "H0"}))
    receipts = (
        table.say("kz.police", "information", id="under-h0", text="the courier was forced"),
        table.say(
            "kz.police", "information", id="under-h1", text="the sender has a cousin", handling={"code": "H1", "caveat": ""}
        ),
        table.say("kz.knb", "stop_requested"),
    )
    return table, receipts


def told_in_its_place(receipt: Receipt, **says: Any) -> bytes:
    """A packet for a court in which the statement of a receipt is left out, with its leaf, and these words in its place."""
    table, receipts = with_information()
    packet, _, _ = unseal(seal(table.delivery, "", private_key_of(VIGIL), table.now, "court"))
    (out,) = (one for one in packet.ledger if isinstance(one, LeftOut))
    its = {"seq": receipt.seq, "leaf": receipt.entry.leaf(), "statement": receipt.statement}
    ledger = list(packet.ledger)
    ledger[receipt.seq] = LeftOut.model_validate(plain(out) | its | says)
    assert receipts[1].seq == out.seq
    return sealed(packet.model_copy(update={"ledger": tuple(ledger)}), purpose="court", exported_at=utc_text(table.now))


FALSE_WORDS: dict[str, tuple[int, dict[str, Any]]] = {
    "what its code does not keep back": (0, {}),
    "who said it": (1, {"provider": "uz.police"}),
    "its id": (1, {"statement": "another-id"}),
    "its size": (1, {"size": 9}),
    "what became of it": (1, {"verdict": plain(HAS_CLOSED(checkpoint="departure"))}),
}


@pytest.mark.parametrize(("number", "says"), FALSE_WORDS.values(), ids=FALSE_WORDS)
def test_what_is_said_in_place_of_a_statement_is_what_its_receipt_says(number: int, says: dict[str, Any]) -> None:
    """Its leaf and every root stay, so that receipts fit what they commit to; the words beside it are not so."""
    table, receipts = with_information()
    data = told_in_its_place(receipts[number], **says)
    assert verify(data, table.directory).left_out
    with pytest.raises(NotVerified, match="left out, is another by your receipt"):
        verify(data, table.directory, held(*receipts))


@pytest.mark.parametrize(("number", "says"), FALSE_WORDS.values(), ids=FALSE_WORDS)
def test_what_is_said_in_place_of_a_statement_is_what_another_packet_has(number: int, says: dict[str, Any]) -> None:
    """The operation's own packet has the entry. Whichever of the two is asked about, the other shows it; a true copy agrees."""
    table, receipts = with_information()
    data = told_in_its_place(receipts[number], **says)
    whole, court = (seal(table.delivery, "", private_key_of(VIGIL), table.now, to) for to in ("operation", "court"))
    for pair in ((data, whole), (whole, data)):
        with pytest.raises(NotVerified, match="left out, is another by the other packet"):
            against(*pair)
    assert against(court, whole).agree
    assert against(court, court).agree


def test_what_decides_something_is_not_left_out_though_all_that_is_said_of_it_is_so() -> None:
    """No packet for a court is made while its service has not permitted it; its receipt contradicts whoever leaves it out."""
    table = Table(Table().plan.model_copy(update={"handling_code": "H0"}))
    stop = table.say("kz.knb", "stop_requested", handling={"code": "H1", "caveat": ""})
    assert isinstance(stop.entry.event, Stated)
    its = {"seq": stop.seq, "leaf": stop.entry.leaf(), "provider": "kz.knb", "statement": stop.statement}
    out = invented(table, **its, size=len(stop.entry.event.envelope.body()), verdict=plain(stop.verdict))
    assert "kind" == told_otherwise(out, stop.entry) == told_otherwise(out, stop.entry, table.delivery)


def test_what_is_no_statement_and_is_told_as_one_that_is_left_out_is_shown_by_another_packet_alone() -> None:
    """That a key was revoked, and who was told, nobody has a receipt of; those of statements fit, for its leaf is there. The
    operation's own packet has the entries.
    """
    table = Table(Table().plan.model_copy(update={"handling_code": "H0"}))
    end = KeyEnd(key=of("uz.police"), at=table.now.isoformat(), revoked=True)
    revoked = change_keys(table.delivery, change(table.now, ended=(end,)), table.now)
    table.settle()
    stop = table.say("kz.knb", "stop_requested")
    whole, court = (seal(table.delivery, "", private_key_of(VIGIL), table.now, to) for to in ("operation", "court"))
    packet, _, _ = unseal(court)
    ledger = list(packet.ledger)
    assert revoked is not None
    for seq in (revoked.seq, revoked.seq + 1):
        leaf = table.delivery.ledger.leaf_at(seq)
        ledger[seq] = invented(table, seq=seq, leaf=leaf, statement=f"invented-{seq}")
    data = sealed(packet.model_copy(update={"ledger": tuple(ledger)}), purpose="court", exported_at=utc_text(table.now))
    proved = verify(data, table.directory, held(stop))
    assert ("keys_changed", 1, 2) == (revoked.event.event, proved.receipts, proved.left_out)
    with pytest.raises(NotVerified, match="event of statement invented-"):
        against(data, whole)


def test_two_copies_that_say_other_things_of_what_is_left_out_are_found() -> None:
    """Neither has the entry, and they contradict each other."""
    _, receipts = with_information()
    true, false = (told_in_its_place(receipts[1], **says) for says in ({}, {"provider": "uz.police"}))
    with pytest.raises(NotVerified, match="provider of statement under-h1"):
        against(true, false)


def test_a_packet_that_is_exported_is_compared_in_these_words_too() -> None:
    """Whoever exports a packet compares it with the receipts beside the keys."""
    table, receipts = with_information()
    comparison = Comparison(table.delivery.plan.operation, receipts)
    true, false = (
        unseal(told_in_its_place(receipts[1], **says))[0].ledger[receipts[1].seq] for says in ({}, {"provider": "uz.police"})
    )
    comparison.see(true)
    with pytest.raises(NotVerified, match="provider of statement under-h1"):
        comparison.see(false)


def invented(table: Table, **says: Any) -> LeftOut:
    """In the place of something that was said, it is claimed, and is left out: nobody has signed it."""
    seq, accepted = len(table.delivery.ledger), {"verdict": "accepted", "finding": None}
    it = {"provider": "kz.police", "code": "H1", "statement": "invented", "size": 10, "verdict": accepted}
    return LeftOut.model_validate({"seq": seq, "leaf": f"{seq:064x}"} | it | says)


def as_for_a_court(table: Table) -> bytes:
    """The table's ledger, sealed for a court by whoever holds the installation's key."""
    snapshot, ledger = table.delivery.snapshot, tuple(table.delivery.ledger)
    packet = Packet(directory=snapshot.directory, cards=snapshot.cards, ledger=ledger)
    return sealed(packet, purpose="court", exported_at=utc_text(table.now))


SPENT = plain(SAID_ENOUGH(service="kz.knb", most=30))
REFUSED = plain(NOT_RESPONSIBLE(voice="uz.police"))
IMPOSSIBLE: dict[str, tuple[str, dict[str, Any]]] = {
    "who has no part": ("has no part", {"provider": "nobody.known"}),
    "larger than any statement": ("larger than any", {"size": LARGEST_PAYLOAD + 1}),
    "its id was said before": ("its id was used", {"statement": "said-before"}),
    "its id was not said before": ("its id was not used", {"verdict": plain(CONTRADICTION(entry=3))}),
    "a budget that is spent twice": ("a second time", {"provider": "kz.knb", "verdict": SPENT}),
    "more than it may say": ("beyond what uz.customs", {"provider": "uz.customs"}),
    "more bytes than it may say": ("beyond what kz.knb", {"provider": "kz.knb", "size": LARGEST_PAYLOAD}),
    "its id was said in another entry": (
        "its id was used",
        {"statement": "said-before", "verdict": plain(CONTRADICTION(entry=1))},
    ),
    "its id was said, and that is not why": ("its id was used", {"statement": "said-before", "verdict": REFUSED}),
    "refused for nothing": ("no rule says that", {"verdict": {"verdict": "refused", "finding": None}}),
    "accepted for why it is late": (
        "no rule says that",
        {"verdict": plain(HAS_CLOSED(checkpoint="departure")) | {"verdict": "accepted"}},
    ),
    "refused for what a delivery halts": (
        "no rule says that",
        {"verdict": {"verdict": "refused", "finding": plain(NO_ANSWER(services=("kz.knb",)))}},
    ),
    "early": ("early", {"verdict": {"verdict": "early", "finding": None}}),
}


@pytest.mark.parametrize(("why", "says"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_nothing_is_left_out_that_could_not_have_been_said(why: str, says: dict[str, Any]) -> None:
    """Whoever seals a packet invents what nobody can read; it must at least have been possible."""
    table = Table(Table().plan.model_copy(update={"handling_code": "H0"}))
    table.say("kz.police", "information", id="said-before", text="the sender has a cousin")
    follow(table.delivery, invented(table, provider="kz.knb", statement="a-first-one", verdict=SPENT))
    figures, spent = table.delivery.law.figures, table.delivery.state.spent
    (most, _), (_, most_bytes) = share_of(table.delivery, "uz.customs"), share_of(table.delivery, "kz.knb")
    spent["uz.customs"] = Spent(statements=most + figures.brakes + figures.brakes_more)
    spent["kz.knb"] = replace(spent["kz.knb"], bytes=most_bytes)
    with pytest.raises(NotVerified, match=why):
        follow(table.delivery, invented(table, **says))
    follow(table.delivery, invented(table))


def test_nothing_is_left_out_after_the_end() -> None:
    """A ledger that is closed takes nothing more, so nothing of it is left out there (R12)."""
    table = Table(Table().plan.model_copy(update={"handling_code": "H0"}))
    follow(table.delivery, invented(table))
    table.delivery.state.ended = True
    with pytest.raises(NotVerified, match="R12: the delivery has ended"):
        follow(table.delivery, invented(table, statement="another-one"))


@pytest.mark.parametrize("named", [True, False])
def test_nothing_is_left_out_that_its_service_has_permitted(*, named: bool) -> None:
    """Whoever seals a packet for a court withholds nothing that may be in it: by its id, or with all that was said before."""
    table = Table(Table().plan.model_copy(update={"handling_code": "H0"}))
    table.delivery.take(invented(table, statement="permitted"))
    table.say("kz.police", "disclosure_permitted", to="court", statements=["permitted"] if named else [])
    table.delivery.take(invented(table, statement="a-later-one"))
    with pytest.raises(NotVerified, match=r"kz\.police has permitted that it goes here") as found:
        verify(as_for_a_court(table), table.directory)
    assert 10 == found.value.entry


@pytest.mark.parametrize(
    ("here", "named", "found"), [(True, True, True), (True, False, True), (False, True, True), (None, True, False)]
)
def test_nothing_is_left_out_of_a_history_that_was_put_back_though_it_was_permitted(
    *, here: bool | None, named: bool, found: bool
) -> None:
    """There, or here: by its id, or with all that was said, once it was known that the record was put back."""
    old, new = put_back()
    out = invented(old, statement="permitted")
    old.delivery.take(out)
    if here is not None:
        (new if here else old).say("kz.police", "disclosure_permitted", to="court", statements=["permitted"] if named else [])
    since = shared(new.delivery.ledger, old.delivery.ledger)
    expected = [out] if found else []
    assert expected == list(left_out_beside_though_permitted(new.delivery, old.delivery, since, "court"))


def test_what_is_refused_because_of_what_is_left_out_is_named() -> None:
    """Whoever seals a packet invents what takes a stop's id, and the stop is refused by every rule: `verify` says on what that
    rests, and the receipt of the stop shows it. So with what is disclosed.
    """
    table = Table(Table().plan.model_copy(update={"handling_code": "H0"}))
    table.delivery.take(invented(table, statement="kz-knb-stops"))
    table.delivery.take(invented(table, statement="uz-said-this"))
    stop = table.say("kz.knb", "stop_requested", id="kz-knb-stops")
    disclosed = table.say("uz.customs", "disclosure_permitted", to="court", statements=["uz-said-this"])
    other = table.say("uz.customs", "disclosure_permitted", to="court", statements=["nobody-said-this"])
    assert ["refused"] * 3 == [one.verdict.verdict for one in (stop, disclosed, other)]
    proved = verify(as_for_a_court(table), table.directory)
    assert ((stop.seq, disclosed.seq), 2) == (proved.rests_on_left_out, proved.left_out)


def test_a_budget_that_is_spent_by_what_is_left_out_is_named() -> None:
    """Bytes that nobody can read count, and a consent is refused for them."""
    table = Table(Table().plan.model_copy(update={"handling_code": "H0"}))
    _, most = share_of(table.delivery, "kz.prosecutor")
    for number in range(most // LARGEST_PAYLOAD):
        table.delivery.take(invented(table, provider="kz.prosecutor", statement=f"invented-{number}", size=LARGEST_PAYLOAD))
    consent = table.say("kz.prosecutor", "authorisation_granted", "consent-kz")
    assert ("refused", "R28") == (consent.verdict.verdict, consent.verdict.rule)
    assert (consent.seq,) == verify(as_for_a_court(table), table.directory).rests_on_left_out


ACT = {"reference": "5 of 2022-03-05"}
BY_NAME: dict[str, tuple[str, tuple[str, str, dict[str, Any]], str]] = {
    "opened though it is another's": ("uz.police", ("kz.knb", "declassified", ACT), "refused"),
    "opened as its own": ("kz.police", ("kz.knb", "declassified", ACT), "accepted"),
    "permitted as its own": ("kz.knb", ("kz.knb", "disclosure_permitted", {"to": "UZ"}), "accepted"),
}


@pytest.mark.parametrize(("provider", "says", "becomes"), BY_NAME.values(), ids=BY_NAME)
def test_what_is_said_of_a_statement_that_is_left_out_rests_on_it(
    provider: str, says: tuple[str, str, dict[str, Any]], becomes: str
) -> None:
    """Whose it was decides whether an act opens it, and with it what else that act opens: who sealed the packet says whose."""
    table = Table(Table().plan.model_copy(update={"handling_code": "H0"}))
    table.delivery.take(invented(table, statement="the-tip-0001", provider=provider))
    own = table.say("kz.knb", "information", text="the sender has a cousin")
    service, kind, more = says
    other = table.say(service, kind, statements=[own.statement], **more)
    said = table.say(service, kind, statements=["the-tip-0001", own.statement], **more)
    proved = verify(as_for_a_court(table), table.directory)
    assert ("accepted", becomes) == (other.verdict.verdict, said.verdict.verdict)
    assert (said.seq,) == proved.rests_on_left_out


def test_a_correction_of_what_is_left_out_rests_on_it() -> None:
    """What it corrects is said to have been refused, so there is nothing to correct."""
    table = Table(Table().plan.model_copy(update={"handling_code": "H0"}))
    table.delivery.take(invented(table, statement="arrest-0001", provider="uz.police", verdict=REFUSED))
    arrest = {"kind": "arrest_reported", "persons": COURIERS, "place": "Tashkent"}
    said = table.say("uz.police", "correction", of="arrest-0001", reason="misread", content=arrest)
    assert ("refused", (said.seq,)) == (
        said.verdict.verdict,
        verify(as_for_a_court(table), table.directory).rests_on_left_out,
    )


def test_what_comes_after_does_not_rest_on_what_is_left_out_later() -> None:
    """An id that nobody had used is refused, whoever used it afterwards."""
    table = Table(Table().plan.model_copy(update={"handling_code": "H0"}))
    table.delivery.take(invented(table, statement="the-first-0001"))
    said = table.say("kz.knb", "declassified", statements=["the-tip-0001"], **ACT)
    table.delivery.take(invented(table, statement="the-tip-0001"))
    assert ("refused", ()) == (said.verdict.verdict, verify(as_for_a_court(table), table.directory).rests_on_left_out)


def test_what_is_left_out_of_a_history_that_was_put_back_is_told() -> None:
    """That it is, and what was refused there because of it: nobody looks into a history of which nothing is said."""
    old, new = (Table(Table().plan.model_copy(update={"handling_code": "H0"})) for _ in range(2))
    old.delivery.take(invented(old, statement="kz-knb-stops"))
    stop = old.say("kz.knb", "stop_requested", id="kz-knb-stops")
    new.pass_time(minutes=1)
    new.report(found_in(old))
    new.settle()
    snapshot, since = new.delivery.snapshot, shared(new.delivery.ledger, old.delivery.ledger)
    packet = Packet(
        directory=snapshot.directory,
        cards=snapshot.cards,
        ledger=tuple(new.delivery.ledger),
        others=(OtherHistory(branch=0, entries=old.delivery.ledger.since(since)),),
    )
    proved = verify(sealed(packet, purpose="court", exported_at=utc_text(new.now)), new.directory)
    assert (0, ()) == (proved.left_out, proved.rests_on_left_out)
    assert [(1, (stop.seq,))] == [(one.left_out, one.rests_on_left_out) for one in proved.put_back]


def report_of(data: bytes) -> str:
    """The report for the court, in English, without marks."""
    blocks = make(record_of(unseal(data)[0], "court"), Wanted("court", "en", "court"), SPEAKERS).paper.pieces
    return " ".join("".join(map(text_of, blocks)).split())


def test_the_report_for_the_court_says_what_rests_on_what_is_left_out() -> None:
    """A court reads the paper, and not what `verify` has said: no stop is refused for what nobody has signed, and it is told that
    nothing rests on that.
    """
    table = Table(Table().plan.model_copy(update={"handling_code": "H0"}))
    table.delivery.take(invented(table, statement="kz-knb-stops"))
    honest = report_of(as_for_a_court(table))
    stop = table.say("kz.knb", "stop_requested", id="kz-knb-stops")
    told = report_of(as_for_a_court(table))
    assert ("rests on what is left out" in honest, "NOT PROVED" in honest) == (True, False)
    assert "rests on what is left out" not in told
    assert f"NOT PROVED: entries {stop.seq} rest on what is left out." in told


def test_the_report_for_the_court_tells_that_what_is_left_out_was_not_accepted() -> None:
    """It does not say that nothing was refused, nor counts the refusals without it."""
    table = Table(Table().plan.model_copy(update={"handling_code": "H0"})).dispatch()
    said = table.say("uz.police", "sighted", place="the apron", handling={"code": "H1", "caveat": ""})
    report = report_of(seal(table.delivery, "", private_key_of(VIGIL), table.now, "court"))

    assert said.verdict.verdict == "refused"
    assert "Not accepted, and left out of this report: 1, see section 9." in report
    assert "No statement was refused" not in report
    assert "of these refused: 1; left out: 1." in report


def told_among_them(monkeypatch: pytest.MonkeyPatch, seed: int) -> Table:
    """People say what comes into their heads, and whoever seals it says of things that were never said that they are left out: by
    anybody, under any id that is used before or afterwards, and with whatever may have become of them.
    """
    dice, hand_in = random.Random(f"{seed}/left out"), Table.hand_in  # noqa: S311 - it must be repeatable

    def among_them(table: Table, statement: Statement, signer: str | None = None) -> Receipt:
        known = table.delivery.state.statements
        name = dice.choice((statement.id, "nobody-said-it", f"statement-{dice.randint(1, 9):04d}"))
        became = dice.choice((ACCEPTED, HAS_CLOSED(checkpoint="departure"), NOT_RESPONSIBLE(voice="uz.police")))
        first = known.first(name)
        its = {
            "statement": name,
            "provider": dice.choice((statement.service, *table.plan.participants())),
            "size": dice.choice((10, 10, 200_000)),
            "verdict": plain(CONTRADICTION(entry=first.seq) if first is not None else became),
        }
        if dice.random() < 0.5:
            with suppress(NotVerified):
                follow(table.delivery, invented(table, **its))
        return hand_in(table, statement, signer)

    with monkeypatch.context() as patched:
        patched.setattr(Table, "hand_in", among_them)
        return babbled(seed)


def without_what_is_left_out(table: Table) -> Iterator[tuple[Entry, Verdict]]:
    """Each statement, with what the rules would have said of it had nothing been left out before it."""
    first, *_ = ledger = table.delivery.ledger.since(0)
    assert isinstance(first, Entry)
    snapshot = table.delivery.snapshot
    alone = Delivery(verified_plan_in(first), snapshot.directory, snapshot.cards, BOOK, instant(first.at))
    number: dict[int, int] = {}
    for entry in ledger:
        if isinstance(entry, LeftOut):
            continue
        number[entry.seq] = len(number)
        event = entry.event
        match event:
            case Told():
                event = event.model_copy(update={"of": number[event.of]})
            case Deconflicted() | Deferred():
                event = event.model_copy(update={"order": number[event.order]})
            case Stated():
                yield entry, stated(alone, alone.law.read(event.envelope), event.envelope, instant(entry.at)).verdict
        alone.take(entry.model_copy(update={"seq": number[entry.seq], "event": event}))


def verified_plan_in(first: Entry) -> Plan:
    """The plan that a ledger begins with."""
    assert isinstance(first.event, Started)
    return read_plan(first.event.plan)


@pytest.mark.parametrize("seed", range(8))
def test_every_verdict_that_would_be_another_is_named(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is said, and whatever is said to be left out: what rests on it is told. A consent that names more entries than
    there are without it is asked about by its root.
    """
    table = told_among_them(monkeypatch, seed)
    resting = set(rest_on_left_out(table.delivery))
    otherwise = set()
    for entry, verdict in without_what_is_left_out(table):
        assert isinstance(entry.event, Stated)
        here, alone = ([one.code for one in its.findings] for its in (entry.event.verdict, verdict))
        if here != alone and "seen_more" not in alone:
            otherwise.add(entry.seq)
    assert any(isinstance(one, LeftOut) for one in table.delivery.ledger)
    assert otherwise <= resting
