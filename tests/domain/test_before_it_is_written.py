"""What is authorised before it is written (R1): by the form that it was given in, and only where a card knows that form."""

from datetime import timedelta

import pytest

from domain.delivery.decided import Silence
from domain.papers.forms import FORMS
from domain.papers.making import Wanted, make
from domain.papers.paper import Value, Words
from domain.papers.record import Record
from domain.plan.plan import Plan
from domain.plan.request import AskedOrally
from domain.record.verify import verify
from domain.views.given import say_given
from domain.views.view import view
from process.language import speakers
from tests.course import became, code
from tests.domain.test_changes import change, changed, elsewhere_with_consent
from tests.support import Table, asks, card_of, example_cards, example_plan, with_changes

LAW = {"mark": "T", "text": example_cards()["KZ"].texts[0].id}
URGENT = [
    {"forms": ["oral"], "written_within": "24h", "law": LAW},
    {"forms": ["reproducible"], "written_within": "72h", "law": LAW},
]
GIVEN = {"given_at": "2022-03-01T06:00:00Z"}
WRITTEN = {"reference": "KZ-1", "written_by_role": "prosecutor", "legal_basis": "test", "written_at": "2022-03-01T06:00:00Z"}


@pytest.mark.parametrize(("form", "hours"), [("oral", 24), ("reproducible", 72)])
def test_r1_the_writing_follows_in_the_time_of_the_form_that_it_was_given_in(form: str, hours: int) -> None:
    """An e-mail has the time that the law gives an e-mail, and not the shorter one of what is said by word of mouth."""
    table = Table(other_cards=card_of("KZ", urgent=URGENT))
    said = table.say("kz.prosecutor", "authorisation_granted", "consent-kz", form=form, **GIVEN)
    assert became(said) == ("accepted", None)
    assert table.delivery.state.grants["kz.prosecutor"].form == form
    assert table.at("written.kz.prosecutor.1").due == table.now + timedelta(hours=hours)  # it was given just now

    before = WRITTEN | {"written_at": "2022-03-01T05:59:59Z"}
    assert code(table.say("kz.prosecutor", "authorisation_confirmed", state="KZ", **before)) == "written_before_given"
    assert became(table.say("kz.prosecutor", "authorisation_confirmed", state="KZ", **WRITTEN)) == ("accepted", None)
    assert table.delivery.state.grants["kz.prosecutor"].form == "written"


def test_r1_estonia_takes_no_permit_of_a_judge_before_it_is_written() -> None:
    """Its prosecutor's permit may come in a form that can be read again (CCP § 126-4); for post a judge's is needed."""
    card, plan = example_cards()["EE"], example_plan("back-to-sender")
    assert plan.consignment.kind == "mail"
    assert card.urgent_for("reproducible", plan.case) is None
    assert card.urgent_for("reproducible", example_plan("leaves-in-an-hour").case) is not None


def test_r1_where_there_is_no_card_an_act_is_in_writing() -> None:
    """A State of which a plan that nobody checked has no card: what it gives by word of mouth is refused, and nothing breaks."""
    plan = with_changes()
    asked = plan.checkpoints[0].requires[0].model_copy(update={"service": "kg.prosecutor"})
    alternative = plan.checkpoints[0].model_copy(update={"id": "consent-kg", "state": "KG", "requires": (asked,)})
    said = plan.request.model_copy(update={"to": plan.request.to | {"KG": plan.request.to["UZ"]}})
    plan = plan.model_copy(update={"checkpoints": (alternative, *plan.checkpoints), "request": said})
    table = Table(plan, without_card=("KG",))

    assert code(table.say("kg.prosecutor", "authorisation_granted", "consent-kg", form="oral", **GIVEN)) == "no_such_form"
    assert became(table.say("kg.prosecutor", "authorisation_granted", "consent-kg")) == ("accepted", None)
    longer = {"state": "KG", "valid_until": "2022-06-01T06:00:00Z"}
    assert became(table.say("kg.prosecutor", "authorisation_extended", "consent-kg", **longer)) == ("accepted", None)


def test_r1_the_time_for_the_writing_counts_from_when_it_was_given() -> None:
    """Given twenty hours ago, four are left, to the millisecond; a day ago none are, and only the written act counts; and nobody
    has given it yet who says that he will.
    """
    table = Table(other_cards=card_of("KZ", urgent=URGENT))

    def given(at: str) -> tuple[str | None, ...]:
        answer = table.say("kz.prosecutor", "authorisation_granted", "consent-kz", form="oral", given_at=at)
        return (*became(answer), code(answer))

    assert given("2022-03-01T06:00:01Z") == ("refused", "R1", "given_in_future")
    assert given("2022-02-28T06:00:00Z") == ("refused", "R1", "writing_overdue")
    assert given("2022-02-28T10:00:00.000250Z") == ("accepted", None, None)
    table.now += timedelta(hours=4, microseconds=-1)
    table.pass_time(microseconds=0)
    assert table.delivery.state.halt is None
    table.pass_time(microseconds=1)
    assert table.delivery.state.halt is not None
    assert table.delivery.state.halt.finding.code == "not_written"
    verify(table.packet())


AGREES = {"consent_kz": {"requires": asks("kz.prosecutor authorisation", "kz.police agreement")}}
OF_AGREEMENTS = [URGENT[0] | {"of": ["agreement"], "written_within": "6h"}]
CONFIRMS = {"reference": "KZ-2", "written_by_role": "head", "written_at": "2022-03-01T06:00:00Z", "state": "KZ"}


def agrees(table: Table, **says: str | None) -> tuple[str | None, ...]:
    """The police agree, as a rule by telephone; what becomes of it."""
    said = table.say("kz.police", "agreement_given", "consent-kz", **{"form": "oral", **GIVEN, "given_by_role": "head"} | says)
    return (*became(said), code(said))


def test_r1_another_service_agrees_by_word_of_mouth_where_a_card_knows_that() -> None:
    """What lets an authorisation be given so does not let an agreement; the writing is asked for to its time."""
    assert agrees(Table(with_changes(**AGREES), other_cards=card_of("KZ", urgent=URGENT))) == (
        "refused", "R1", "no_such_form_of_agreement",
    )  # fmt: skip
    table = Table(with_changes(**AGREES), other_cards=card_of("KZ", urgent=OF_AGREEMENTS))
    assert agrees(table, given_at="2022-03-01T06:00:01Z") == ("refused", "R1", "given_in_future")
    assert agrees(table, given_at="2022-03-01T00:00:00Z") == ("refused", "R1", "writing_overdue")
    assert agrees(table) == ("accepted", None, None)
    assert table.at("agreed.kz.police.1").due == table.now + timedelta(hours=6)

    wrong = {"kz.prosecutor": "not_agreed_before", "kz.police": "agrees_for"}
    for service, found in wrong.items():
        assert code(table.say(service, "agreement_confirmed", **CONFIRMS | {"state": "UZ"})) == found
    for at, found in (("2022-03-01T05:59:59Z", "written_before_given"), ("2022-03-01T06:00:01Z", "written_in_future")):
        assert code(table.say("kz.police", "agreement_confirmed", **CONFIRMS | {"written_at": at})) == found
    assert became(table.say("kz.police", "agreement_confirmed", **CONFIRMS)) == ("accepted", None)
    assert code(table.say("kz.police", "agreement_confirmed", **CONFIRMS)) == "agreed_in_writing"
    table.pass_time(hours=6)
    assert (table.is_closed("agreed.kz.police.1"), table.delivery.state.halt) == (True, None)
    verify(table.packet())


@pytest.mark.parametrize("over", [False, True], ids=["under way", "when it is over"])
def test_r1_an_agreement_that_nobody_writes_stops_it(over: bool) -> None:  # noqa: FBT001
    """At the time of the card it halts as expired; where nothing is left to halt, the record says so; a later one is refused."""
    table = Table(with_changes(**AGREES), other_cards=card_of("KZ", urgent=OF_AGREEMENTS))
    agrees(table)
    if over:
        table.say("kz.police", "stop_requested")
    table.pass_time(hours=6, microseconds=-1)
    assert table.is_open("agreed.kz.police.1")
    table.pass_time(microseconds=1)
    assert table.is_closed("agreed.kz.police.1")
    halt = table.delivery.state.halt
    assert halt is not None
    assert (halt.finding.code == "agreement_not_written") is not over
    said = [one.event.finding for one in table.delivery.ledger.entries if isinstance(one.event, Silence) and one.event.finding]
    assert ("agreement_not_written" in [one.code for one in said]) is over
    assert code(table.say("kz.police", "agreement_confirmed", **CONFIRMS)) == "writing_overdue"
    verify(table.packet())


@pytest.mark.parametrize(
    ("says", "wrong"),
    [
        ({"form": "oral", "reference": "tel. 14:20"}, "bears no number"),
        ({"form": "oral", "taken_down_by": None}, "spoken, taken_down_by"),
        ({"form": "oral", "spoken": None}, "spoken, taken_down_by"),
        ({"form": "oral", "given_at": None}, "given_at"),
        ({"reference": None, "given_at": None}, "names its act"),
        ({"form": "reproducible", "spoken": "telephone"}, "only one by word of mouth"),
        ({"taken_down_by": "duty officer"}, "only one by word of mouth"),
    ],
)
@pytest.mark.parametrize("kind", ["authorisation_granted", "agreement_given"])
def test_r1_it_has_what_its_form_has_and_nothing_else(kind: str, says: dict[str, str | None], wrong: str) -> None:
    """By telephone it bears no number: by what means it was said and who took it down stand in its place, and nowhere else."""
    usual = {"given_by_role": "head", "reference": "9/3"} if kind == "agreement_given" and "form" not in says else {}
    usual |= {"given_by_role": "head"} if kind == "agreement_given" else {}
    with pytest.raises(ValueError, match=wrong):
        Table().statement("kz.police", kind, "consent-kz", **usual | GIVEN | says)


def test_the_view_says_in_which_form_a_state_has_consented() -> None:
    """And by when the writing follows; once it has, that it was given before."""
    table = Table(other_cards=card_of("KZ", urgent=URGENT))
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    reader = table.directory.get("kz.knb")

    def told() -> list[str]:
        found = view(table.delivery, reader, table.now)
        return [say_given(one) for one in found.consents]

    assert told() == ["in writing"]
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", form="oral", **GIVEN)
    due = "it is to be written by 2022-03-02 06:00 UTC, or it ends"
    assert told() == ["in writing", f"by word of mouth, at 2022-03-01 06:00 UTC; {due}"]
    table.say("kz.prosecutor", "authorisation_confirmed", state="KZ", **WRITTEN)
    assert told()[1] == "in writing; given before that, at 2022-03-01 06:00 UTC"


def asked_by_radio(plan: Plan) -> Plan:
    """The same, where Uzbekistan was first asked by word of mouth."""
    first = AskedOrally(
        at="2022-03-01T05:10:00Z", spoken="radio", asked_by="duty officer of the KNB", taken_down_by="duty of Tashkent"
    )
    to = plan.request.to | {"UZ": plan.request.to["UZ"].model_copy(update={"asked_orally": first})}
    return plan.model_copy(update={"request": plan.request.model_copy(update={"to": to, "urgency": "urgent"})})


def test_r22_a_memorandum_of_a_request_is_of_the_plan_that_first_said_it() -> None:
    """What a State was asked by telephone is not said to have been what a changed plan asks it, nor to be written down there."""
    table = Table(asked_by_radio(example_plan())).dispatch()
    wanted, speakers_ = Wanted("memorandum.UZ", "en"), speakers(None)
    before = make(Record.of(table.delivery), wanted, speakers_).paper
    change(table, changed(elsewhere_with_consent, table.delivery.plan))

    assert before.digest == make(Record.of(table.delivery), wanted, speakers_).paper.digest


def test_what_was_said_by_word_of_mouth_has_a_memorandum() -> None:
    """Of a request and of each consent: who spoke, by what means, at which hour, who took it down, and the writing that is owed.
    Nobody of another State has it.
    """
    table = Table(asked_by_radio(with_changes(**AGREES)), other_cards=card_of("KZ", urgent=[*OF_AGREEMENTS, *URGENT]))
    agrees(table)
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", form="oral", **GIVEN)
    table.say("kz.prosecutor", "authorisation_confirmed", state="KZ", **WRITTEN)
    record, speakers_ = Record.of(table.delivery), speakers(None)

    assert FORMS["memorandum"].subjects(record) == ("UZ", "kz.police", "kz.prosecutor")
    printed = {}
    for subject in FORMS["memorandum"].subjects(record):
        paper = make(record, Wanted(f"memorandum.{subject}", "en"), speakers_).paper
        printed[subject] = "".join(one.text if isinstance(one, Words | Value) else "____" for one in paper.pieces)
    assert all(one in printed["UZ"] for one in ("by radio", "duty officer of the KNB", "duty of Tashkent"))
    assert all(one in printed["kz.police"] for one in ("by telephone", "duty officer", "the service agrees", "not confirmed"))
    assert all(one in printed["kz.prosecutor"] for one in ("authorises the controlled delivery", "No. KZ-1"))
    uz, kz = (table.directory.get(one) for one in ("uz.prosecutor", "kz.customs"))
    assert [FORMS["memorandum"].may_have(record, one, uz) for one in printed] == [True, False, False]
    assert [FORMS["memorandum"].may_have(record, one, kz) for one in printed] == [False, True, True]
