"""What is authorised before it is written (R1): by the form that it was given in, and only where a card knows that form."""

from datetime import timedelta

import pytest

from domain.record.verify import verify
from tests.course import became, code
from tests.support import Table, card_of, example_cards, example_plan, with_changes

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
