"""R11: a participant reads only what it needs."""

import pytest

from domain.delivery.decided import Halted
from domain.delivery.ledger import Entry, Withheld
from domain.delivery.reported import Stated
from domain.delivery.requests import Notice
from domain.delivery.vocabulary import NoticeKind
from domain.record.door import read_statement
from domain.record.packet import unseal
from domain.signing.canonical import plain
from domain.signing.tree import root
from domain.views.asked import request
from domain.views.names import IN_GENERAL
from domain.views.notices import facts_of, say_notice
from domain.views.sight import page, sight
from domain.views.view import DeliveryView, view
from tests.course import consenting
from tests.domain.test_changes import FRESH, change, changed, elsewhere, elsewhere_with_consent
from tests.support import Table, asks, example_plan, with_changes


def read_by(table: Table, service: str) -> list[str]:
    """What this service can read of the ledger: kinds of statements and of other entries."""
    found = []
    for entry in page(table.delivery, table.directory.get(service), 0):
        if isinstance(entry, Entry):
            event = entry.event
            found.append(read_statement(event.envelope).kind if isinstance(event, Stated) else event.event)
    return found


def shown_to(table: Table, service: str) -> DeliveryView:
    """The summary that this service gets."""
    return view(table.delivery, table.directory.get(service), table.now)


@pytest.mark.parametrize(
    ("service", "legs", "checkpoints"),
    [
        ("kz.police", (0,), ("preparation", "departure", "tashkent-airport", "detection.1")),
        ("uz.customs", (1,), ("departure", "tashkent-airport", "delivery", "accounting")),
        ("uz.police", (), ("departure", "arrest-tashkent")),
        (
            "kz.prosecutor",
            (0,),
            ("consent-kz", "preparation", "departure", "tashkent-airport", "arrest-almaty", "deconfliction.1"),
        ),
        ("uz.prosecutor", (1,), ("consent-uz", "tashkent-airport", "delivery", "arrest-tashkent", "accounting", "debrief")),
        ("tj.customs", (), ()),
    ],
)
def test_r11_a_participant_sees_its_legs_and_the_handovers_beside_them(
    service: str, legs: tuple[int, ...], checkpoints: tuple[str, ...]
) -> None:
    """A prosecutor, those in its State."""
    table = Table()
    seen = sight(table.delivery, table.directory.get(service))
    assert (False, legs, checkpoints) == (seen.whole, seen.legs, seen.checkpoints)


@pytest.mark.parametrize("service", ["kz.knb", "caricc", "supervision"])
def test_r11_who_runs_it_and_supervisors_see_the_whole(service: str) -> None:
    """Every entry, and every field of the summary."""
    table = Table().dispatch()
    found = page(table.delivery, table.directory.get(service), 0)
    assert list(table.delivery.ledger) == found
    assert shown_to(table, service).whole


def test_r11_another_states_consent_and_its_conditions_are_not_read() -> None:
    """Neither the statement nor that it was asked for; one's own State's is, by whoever it binds."""
    table = Table().consent()
    assert ["uz.prosecutor"] == [one.service for one in shown_to(table, "uz.customs").consents]
    assert ["authorisation_granted"] == [kind for kind in read_by(table, "uz.customs") if kind.startswith("auth")]
    found = [entry for entry in page(table.delivery, table.directory.get("uz.customs"), 0) if isinstance(entry, Entry)]
    (own,) = [entry for entry in found if isinstance(entry.event, Stated)]
    assert isinstance(own.event, Stated)
    assert "uz.prosecutor" == read_statement(own.event.envelope).service


def test_r11_a_refusal_and_its_words_stay_with_its_state_and_who_runs_it() -> None:
    """Others learn that a consent was refused: not whose, and not why."""
    table = Table()
    said = table.say("uz.prosecutor", "authorisation_refused", "consent-uz", reason="our source is in danger")

    words = f"R1: UZ does not consent (entry {said.seq})"
    assert words == shown_to(table, "kz.knb").halted == shown_to(table, "uz.police").halted
    assert f"R1: {IN_GENERAL['refused']}" == shown_to(table, "kz.police").halted
    assert f"R1: {IN_GENERAL['refused']}" == request(table.delivery, "stop.interdiction", "kz.police").facts.problem
    for service in ("kz.police", "kz.prosecutor"):
        assert "authorisation_refused" not in read_by(table, service)
    assert "authorisation_refused" in read_by(table, "uz.police")


def test_r11_the_ledger_of_a_part_can_still_be_followed() -> None:
    """What is withheld is its leaf and nothing else, so each witness computes the root over the whole ledger."""
    table = Table().dispatch()
    found = page(table.delivery, table.directory.get("uz.police"), 0)
    assert list(range(len(table.delivery.ledger))) == [entry.seq for entry in found]
    leaves = [entry.leaf if isinstance(entry, Withheld) else entry.leaf() for entry in found]
    assert table.delivery.ledger.root == root([bytes.fromhex(leaf) for leaf in leaves]).hex()
    assert {Entry, Withheld} == {type(entry) for entry in found}
    assert {"seq", "leaf"} == set(Withheld.model_fields)


def test_r11_where_it_is_is_for_those_whose_leg_it_is_on() -> None:
    """Uzbekistan learns where it is at the handover, and Kazakhstan not beyond it."""
    table = Table().dispatch()
    table.say("kz.police", "sighted", place="bay 7")
    assert shown_to(table, "uz.customs").position is None
    assert "sighted" not in read_by(table, "uz.customs")
    position = shown_to(table, "kz.police").position
    assert position is not None
    assert position.last_seen is not None
    assert "bay 7" in position.last_seen

    table.hand_over()
    table.say("uz.customs", "sighted", place="on the way into the city")
    assert shown_to(table, "kz.police").position is None
    assert 1 == read_by(table, "kz.police").count("sighted")
    assert shown_to(table, "uz.customs").position is not None
    assert 1 == read_by(table, "uz.customs").count("sighted")


def test_r11_what_both_sides_say_at_their_handover_both_read() -> None:
    """The neighbour's own measurement is what it is all about."""
    table = Table().dispatch().hand_over()
    for service in ("kz.police", "uz.customs", "uz.prosecutor", "kz.prosecutor"):
        assert {"handover_offered", "handover_accepted"} <= set(read_by(table, service))
    assert not {"handover_offered", "handover_accepted"} & set(read_by(table, "uz.police"))


def test_r11_why_a_handover_was_declined_is_for_the_two_who_meet_there() -> None:
    """The other State's prosecutor watches over its leg, and does not learn the reasons of a foreign service."""
    table = Table().dispatch()
    table.say("uz.customs", "handover_declined", "tashkent-airport", reason="our man there was recognised")
    readers = [one for one in table.plan.participants() if "handover_declined" in read_by(table, one)]
    assert {"kz.police", "uz.customs", "uz.prosecutor", "kz.knb", "caricc"} == set(readers)


def test_r11_information_is_read_by_whom_it_is_for() -> None:
    """And by who runs the operation; not even by a service of the same State."""
    table = Table()
    table.say("kz.police", "information", text="the sender has a cousin", to=["uz.customs"])
    readers = [one for one in table.plan.participants() if "information" in read_by(table, one)]
    assert {"kz.knb", "kz.police", "uz.customs", "caricc"} == set(readers)


def test_r11_a_correction_is_read_by_who_could_read_what_it_corrects() -> None:
    """No more and no less."""
    table = Table().prepare()
    number = table.at("preparation").answers["kz.police", "prepared"]
    entry = table.delivery.ledger[number].event
    assert isinstance(entry, Stated)
    said = read_statement(entry.envelope)
    content = plain(said.content) | {"gross": "13.8 kg"}
    table.say("kz.police", "correction", of=said.id, content=content, reason="scale")
    assert "correction" in read_by(table, "kz.police")
    assert "correction" in read_by(table, "kz.prosecutor")
    assert "correction" not in read_by(table, "uz.customs")


def test_r11_a_ladder_lets_its_next_see_once_it_has_come_to_it() -> None:
    """Not before."""
    plan = with_changes(consent_uz={"escalate": [{"after": "1h", "to": "uz.police"}]})
    table = Table(plan)
    police = table.directory.get("uz.police")
    table.pass_time(minutes=59)
    assert "consent-uz" not in sight(table.delivery, police).checkpoints
    table.pass_time(minutes=1)
    assert "consent-uz" in sight(table.delivery, police).checkpoints


def test_r11_whoever_only_acknowledges_a_stop_learns_nothing_of_the_consignment() -> None:
    """No place, weight, seal, content, nor who else is asked."""
    table = Table().dispatch()
    said = table.say("uz.customs", "stop_requested", reason="they have a lookout at the airport")
    facts = request(table.delivery, "stop.acknowledged", "uz.police").facts
    assert ("", None, (), (), ()) == (facts.place, facts.gross, facts.seals, facts.contents, facts.items)
    assert "R8: a stop was ordered" == request(table.delivery, "stop.acknowledged", "kz.police").facts.problem
    ordered = f"R8: uz.customs ordered a stop (entry {said.seq})"
    assert ordered == request(table.delivery, "stop.acknowledged", "uz.police").facts.problem
    readers = [one for one in table.plan.participants() if "stop_requested" in read_by(table, one)]
    assert {"kz.knb", "caricc", "uz.customs", "uz.police", "uz.prosecutor"} == set(readers)
    (waiting,) = shown_to(table, "kz.prosecutor").waiting
    assert ["kz.prosecutor"] == [one.service for one in waiting.services]


def test_r11_what_is_recorded_of_others_checkpoints_is_withheld() -> None:
    """Whoever has its part at the departure alone reads what opened and closed there, and nothing of the rest."""
    table = Table().dispatch().hand_over()
    read = [entry.event for entry in page(table.delivery, table.directory.get("uz.police"), 0) if isinstance(entry, Entry)]
    recorded = [event for event in read if not isinstance(event, Stated)]

    assert {"opened", "closed"} <= {event.event for event in recorded}
    assert {"departure"} == {getattr(event, "checkpoint", None) for event in recorded}


def test_r11_that_a_question_was_withdrawn_with_its_checkpoint_is_read_by_who_was_asked() -> None:
    """A changed plan takes it out: that it was asked, and that nobody waits for it any more, is not taken from it too."""
    table = Table().dispatch()
    change(table, changed(elsewhere_with_consent))
    again = FRESH | {"id": "consent-uz-3"}
    change(table, changed(lambda document: document.update(checkpoints=[*document["checkpoints"], again]), changed(elsewhere)))
    for service, reads in (("uz.prosecutor", ["opened", "closed", "told"]), ("uz.customs", [])):
        shown = page(table.delivery, table.directory.get(service), 0)
        events = [one.event for one in shown if isinstance(one, Entry)]
        assert reads == [one.event for one in events if getattr(one, "checkpoint", None) == "consent-uz-2"]


def test_r11_who_else_is_asked_to_acknowledge_a_stop_is_withheld() -> None:
    """Everybody is asked there, so that whoever read it would know everybody who takes part."""
    table = Table().dispatch()
    table.say("uz.customs", "stop_requested")
    for service in ("kz.police", "uz.police"):
        read = [entry.event for entry in page(table.delivery, table.directory.get(service), 0) if isinstance(entry, Entry)]
        assert "stop.acknowledged" in sight(table.delivery, table.directory.get(service)).checkpoints
        assert "stop.acknowledged" not in [getattr(event, "checkpoint", None) for event in read]


def test_r11_that_a_consent_runs_out_is_read_in_its_own_state() -> None:
    """The other State does not learn how long its neighbour has consented."""
    table = consenting(uz="2022-03-05T06:00:00Z")
    table.pass_time(days=2)

    assert {"expiring"} <= set(read_by(table, "uz.customs")) & set(read_by(table, "kz.knb"))
    assert "expiring" not in read_by(table, "kz.police")


def test_r11_what_a_service_says_at_a_checkpoint_is_not_for_those_of_another_state_who_are_asked_there_too() -> None:
    """A foreign team waits where the parcel is prepared, and does not read what was found in it."""
    plan = with_changes(preparation={"requires": asks("kz.police prepared", "kz.knb ready", "uz.police ready")})
    table = Table(plan).prepare()

    assert "preparation" in sight(table.delivery, table.directory.get("uz.police")).checkpoints
    assert "ready" in read_by(table, "uz.police")
    assert "prepared" not in read_by(table, "uz.police")


def told(table: Table, kind: NoticeKind, service: str) -> str:
    """A notice of this kind to this service, in words."""
    facts = facts_of(table.delivery, kind, None, service)
    return say_notice(Notice(id="x", delivery=table.plan.operation, service=service, kind=kind, facts=facts))


@pytest.mark.parametrize(
    ("kind", "to_who_runs_it", "to_others"),
    [
        ("alarm", "out of sight in KZ; see entry {} of the ledger", "out of sight in KZ"),
        ("amended", "the plan was changed for what is still ahead", "the plan was changed for what is still ahead"),
    ],
)
def test_r11_a_notice_is_in_the_words_its_reader_may_read(kind: NoticeKind, to_who_runs_it: str, to_others: str) -> None:
    """Where the reason stands is for who runs it."""
    table = Table().dispatch()
    said = table.say("kz.police", "surveillance_lost", reason="they changed cars")
    assert to_who_runs_it.format(said.seq) == told(table, kind, "kz.knb")
    assert to_others == told(table, kind, "uz.police")


def test_r11_why_it_ended_as_it_did_is_for_who_runs_it() -> None:
    """Everybody is told the outcome, and the reason only who sees the whole."""
    table = Table().prepare()
    said = table.say("uz.police", "stop_requested")
    table.say("kz.police", "interdicted")
    table.pass_time(hours=12)
    reason = f"it has its outcome: stopped before departure; R8: uz.police ordered a stop (entry {said.seq})"
    assert reason == told(table, "outcome", "kz.knb")
    assert "it has its outcome: stopped before departure" == told(table, "outcome", "kz.police")


def test_r11_every_cause_of_a_halt_has_general_words() -> None:
    """A cause without them would break the view of everybody else."""
    causes = Halted.model_fields["cause"].annotation.__args__  # type: ignore[union-attr]
    assert set(causes) == set(IN_GENERAL)


def test_r11_a_summary_of_a_part_has_no_title_and_only_its_stops() -> None:
    """A title may say what the operation is about."""
    table = Table().dispatch()
    part = shown_to(table, "uz.police")
    assert (False, None, ["departure"]) == (part.whole, part.title, [stop.checkpoint for stop in part.route])
    assert example_plan().title == shown_to(table, "kz.knb").title
    assert unseal(table.packet())[1].purpose == "operation"
