"""examples/cards: what the cards of nine States say of the law is what was read of it, and no surer than that."""

from datetime import timedelta

import pytest

from domain.plan.cards import Case, Mark, RuleCard
from domain.words.terms import Months
from tests.support import example_cards

CARDS = example_cards()
NINE = ("RU", "BY", "KZ", "KG", "TJ", "UZ", "AZ", "EE", "LV")
DRUGS = Case(channel="truck", goods=("drugs",), stage="operational")
POST = Case(channel="mail", goods=("drugs",), stage="operational")
CASH = Case(channel="cash", goods=("cash",), stage="operational")
IN_A_CASE = Case(channel="truck", goods=("drugs",), stage="criminal_case")


def going(case: Case, way: tuple[str, ...]) -> Case:
    """The same on this way."""
    return case.model_copy(update={"way": way})


def marks(card: RuleCard, text: str) -> set[Mark]:
    """How sure the card is of what rests on this text."""
    return {one.law.mark for _, one in card.provisions() if one.law.text == text}


@pytest.mark.parametrize("state", NINE)
def test_no_card_is_surer_of_a_customs_agreement_than_its_text_is(state: str) -> None:
    """It says `at once`, and no hours: a time that a card gives for that is believed, and an example."""
    assert marks(CARDS[state], "sco-2007") <= {"K"}


def test_what_was_believed_in_russia_is_not_read() -> None:
    """The law in force lets permit goods, and no others, be removed or replaced, by belief; over the border customs decides, by
    an excerpt, or another body in agreement with it, by belief; and inside Russia the body that carries it out, by belief, unless
    the goods were imported before.
    """
    card = CARDS["RU"]

    over_the_border, inside = going(DRUGS, ("KZ", "RU")), going(DRUGS, ("RU", "RU"))
    others = ("police", "security", "border_guard")
    for case in (over_the_border, inside.model_copy(update={"imported": True})):
        assert [(("customs",), "E", True), (others, "K", False)] == [
            (one.by, one.law.mark, one.alone) for one in card.deciders_of(case)
        ]
        assert [(("customs",), others)] == [(one.of, one.decided_by) for one in card.about(card.agreements, case)]
    assert () == card.about(card.agreements, inside)
    assert ["K"] == [one.law.mark for one in card.deciders_of(inside)]
    assert card.lets_grant("police", inside)
    assert not card.lets_grant("prosecutor", over_the_border)
    allowed = [card.allows("replaced_in_whole", case) for case in (over_the_border, inside, going(CASH, ("KZ", "RU")))]
    assert [True, None, None] == allowed
    assert {"K"} == {one.law.mark for one in (*card.handling, *card.bars, *card.records)}
    assert any("heightened danger" in one.what for one in card.bars)


def test_the_customs_of_kazakhstan_neither_decide_nor_carry_one_out() -> None:
    """Its law names the bodies, and who decides stands in no law that is public."""
    card = CARDS["KZ"]

    assert card.excludes("customs", "decide", DRUGS)
    assert card.excludes("customs", "run", DRUGS)
    assert not card.excludes("security", "run", DRUGS)
    assert () == card.deciders_of(DRUGS)
    assert [("prosecutor",)] == [one.by for one in card.about(card.measures, POST) if "post" in one.measures]
    said = [(one.id, one.after, one.law.mark, one.within.days if one.within else None) for one in card.duties_of(IN_A_CASE)]
    assert [("result-of-permitted", "end_of_permission", "T", 2), ("result", "outcome", "T", 2)] == said
    (told,) = card.duties_of(DRUGS)
    assert ("end_of_permission", "T", None, timedelta(days=3)) == (told.after, told.law.mark, told.within, told.usual)
    asked = [(one.measures, one.ask_before.days) for one in card.about(card.measures, IN_A_CASE) if one.ask_before is not None]
    assert [(("post", "audio_video"), 3)] == asked, "CPC art. 236 is about the measure, not about the delivery"
    assert [1] == [one.every.days for one in card.reports]
    assert [("5",), ("240", "")] == [
        tuple(one.law.article for one in card.about(card.afterwards, at)) for at in (DRUGS, IN_A_CASE)
    ]


def test_a_measure_that_a_text_does_not_name_must_be_permitted() -> None:
    """Entry into a vehicle in a criminal case in Kazakhstan, a vehicle watched in Azerbaijan: not known, so asked."""
    assert CARDS["KZ"].rule_of("vehicle_entry", IN_A_CASE) is None
    assert CARDS["AZ"].rule_of("watching_thing", DRUGS) is None
    assert CARDS["AZ"].wants_permitted("watching_thing", DRUGS)
    following = CARDS["AZ"].rule_of("following_person", DRUGS)
    assert following is not None
    assert (("court",), "E") == (following.by, following.law.mark)


def test_azerbaijan_is_not_surer_of_replacing_than_its_excerpt() -> None:
    """Of its decision the title was read: goods are withdrawn under control. That this is removal, and not seizure, and that they
    may be replaced, is believed; of cash it
    says nothing, so that drugs with cash beside them may go no way that is known.
    """
    card = CARDS["AZ"]
    sure = {way: one.law.mark for one in card.handling for way in one.modalities}

    assert ("E", "K", "K", "K") == tuple(sure[way] for way in ("intact", "removed", "replaced_in_part", "replaced_in_whole"))
    drugs = going(DRUGS, ("AZ", "KZ"))
    both = drugs.model_copy(update={"goods": ("drugs", "cash")})
    other = (going(CASH, ("AZ", "KZ")), both, going(DRUGS, ("AZ", "AZ")))
    assert [True, None, None, None] == [card.allows("intact", case) for case in (drugs, *other)]


@pytest.mark.parametrize("state", NINE)
def test_what_is_said_of_urgent_measures_is_not_read_of_the_delivery(state: str) -> None:
    """Estonia makes it of measures, so its text is read; of all others it is believed, in Latvia by the stage of the case."""
    card = CARDS[state]

    assert {one.law.mark for one in card.urgent} <= ({"T"} if state == "EE" else {"K"})
    if state == "LV":
        hours = [
            one.written_within // timedelta(hours=1) for case in (DRUGS, IN_A_CASE) if (one := card.urgent_for("oral", case))
        ]
        assert [72, 24] == hours


def test_estonia_asks_its_prosecutor_and_a_judge_for_post_and_vehicles() -> None:
    """Two months at a time and a year in all; section 392 is not among the offences; what is urgent is written within a day."""
    card = CARDS["EE"]

    assert [("prosecutor",)] == [one.by for one in card.deciders_of(DRUGS)]
    two_months, year = Months(2), Months(12)
    assert [(two_months, two_months, year)] == [(one.longest, one.extension, one.ceiling) for one in card.terms]
    assert {"KarS § 391", "KarS § 392"} - {*card.offences[0].articles} == {"KarS § 392"}
    assert [("own_act", ("court",))] == list({(one.needs, one.by) for one in card.measures if "vehicle_entry" in one.measures})
    assert [24] == [int(one.written_within.total_seconds() // 3600) for one in card.urgent]


def test_latvia_has_no_term_that_its_texts_do_not_have() -> None:
    """Its prosecutor accepts and does not decide, and is the second voice. No longest delivery, and none of an item of post in a
    case; following a person three months, contacts two days.
    """
    card = CARDS["LV"]
    assert not card.lets_grant("prosecutor", DRUGS)
    assert not card.lets_decide_alone("customs", DRUGS)
    assert [(("prosecutor",), True)] == [(one.of, "customs" in one.decided_by) for one in card.agreements]
    in_a_case = [one for one in card.measures if one.stage == "criminal_case"]

    assert card.term_of(DRUGS) is None
    assert [("opening", None, None), ("post", None, None), ("following_person", Months(3), timedelta(days=2))] == [
        (one.measures[0], one.longest, one.contacts) for one in in_a_case if one.needs == "permission"
    ]
    assert 3 == len(card.about(card.bars, DRUGS))


@pytest.mark.parametrize(
    ("state", "case", "needs"),
    [
        ("RU", POST, ("permission", ("court",), "K")),
        ("KZ", POST, ("permission", ("prosecutor",), "T")),
        ("KZ", IN_A_CASE.model_copy(update={"channel": "mail"}), ("permission", ("court",), "T")),
        ("AZ", POST, ("permission", ("court",), "E")),
        ("EE", POST, ("permission", ("court",), "T")),
        ("LV", POST, ("own_act", ("court",), "T")),
        ("LV", IN_A_CASE.model_copy(update={"channel": "mail"}), ("permission", ("court",), "T")),
        ("RU", DRUGS, ("nothing", (), "K")),
        ("KZ", DRUGS, ("nothing", (), "K")),
        ("EE", DRUGS, ("permission", ("prosecutor",), "T")),
    ],
)
def test_an_item_of_post_is_opened_by_leave_of_who_may_examine_mail(
    state: str, case: Case, needs: tuple[str, tuple[str, ...], str]
) -> None:
    """Where a law asks for an act to examine mail, opening it is no less; what is no item of post is another matter."""
    rule = CARDS[state].rule_of("opening", case)
    assert rule is not None
    assert needs == (rule.needs, rule.by, rule.law.mark)


def test_latvia_lets_what_is_banned_be_replaced_and_nothing_else() -> None:
    """Cash travels as it is. A device in a consignment is neither entry nor long tracking by its text, nor by Estonia's."""
    ways = [CARDS["LV"].allows(way, case) for case in (DRUGS, CASH) for way in ("intact", "replaced_in_whole")]

    assert [True, True, True, False] == ways
    assert ["K", "K"] == [rule.law.mark for state in ("EE", "LV") if (rule := CARDS[state].rule_of("device", DRUGS))]


@pytest.mark.parametrize("state", ["BY", "TJ"])
def test_what_was_not_found_is_not_said(state: str) -> None:
    """Nobody decides, nothing is allowed and nothing lasts, by cards of States whose articles were not found."""
    card = CARDS[state]

    assert () == (*card.deciders, *card.handling, *card.terms, *card.duties, *card.bars)
    assert "T" not in {one.law.mark for _, one in card.provisions()}


@pytest.mark.parametrize("state", NINE)
def test_a_law_is_called_by_its_own_name_too(state: str) -> None:
    """Its officers know it by that."""
    title = CARDS[state].texts[0].title

    assert "kriminaalmenetluse seadustik" in title if state == "EE" else not title.isascii()
    assert title.endswith(")")


@pytest.mark.parametrize("state", NINE)
def test_every_text_of_a_card_is_one_that_something_rests_on_or_that_its_notes_name(state: str) -> None:
    """No text stands there that says nothing of the law."""
    assert not [one.title for one in CARDS[state].texts if "says nothing of the law" in one.title]
