"""Plans drafted import re
from a handful of answers: right by every rule, or a refusal in words that says what is missing.
"""

import re
from datetime import timedelta
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from client.plan_text import in_yaml
from domain.plan.answers import Answers, Stop, read_goods, read_number, read_route
from domain.plan.cards import Case
from domain.plan.casting import Casting
from domain.plan.check import rules
from domain.plan.documents import Document
from domain.plan.draft import TAKES, Draft, draft
from domain.plan.gaps import gaps_in, with_stand_ins
from domain.plan.plan import Plan, PlannedCheckpoint
from domain.plan.vocabulary import is_gap
from domain.signing.canonical import canonical
from domain.words.errors import Malformed
from domain.words.limits import MOST_LEGS, MOST_STOPS
from tests.support import example_cards, example_directory

NINE = ("AZ", "BY", "EE", "KG", "KZ", "LV", "RU", "TJ", "UZ")
GOODS = ("heroin 5.3 kg", "mephedrone", "EUR 12500", "rifle 10", "240220 cigarettes 2500 carton", "acetic anhydride 20 kg")
MODALITIES = ("intact", "removed", "removed_in_part", "replaced_in_part", "replaced_in_whole")


def answers(way: str = "KZ Almaty, UZ Tashkent", goods: str = "heroin 5.3 kg", **more: Any) -> Answers:
    """The least that must be said, and what else is."""
    least = {"operation": "amber-heron", "channel": "truck", "articles": {"EE": ("KarS § 184",)}}
    return Answers(**least | {"route": read_route(more.pop("route", way)), "goods": (read_goods(goods),)} | more)


def drafted(said: Answers) -> Draft:
    """The draft, from the examples' directory and cards."""
    return draft(said, example_directory(), example_cards())


def lacking(said: Answers) -> list[str]:
    """What is said to be lacking."""
    with pytest.raises(Malformed) as refused:
        drafted(said)
    return [str(one) for one in refused.value.faults]


def asked(plan: Plan, checkpoint: str) -> list[tuple[str, str]]:
    """Who is asked for what there."""
    return [(one.service, one.says) for one in at(plan, checkpoint).requires]


def at(plan: Plan, checkpoint: str) -> PlannedCheckpoint:
    """The checkpoint of this id."""
    found = plan.find(checkpoint)
    assert found is not None
    return found


def case_of(said: Answers) -> Case:
    """What kind of delivery the answers are about."""
    return Case(channel=said.channel, goods=tuple(one.goods for one in said.goods), stage=said.stage)


def check_pair(one: str, other: str, channel: str, modality: str, stage: str) -> bool:
    """Whether a plan between the two was drafted; else the law is what bars it, and says so."""
    goods = "EUR 12500" if channel == "cash" else "heroin 5.3 kg"
    said = answers(f"{one} A, {other} B", goods, channel=channel, modality=modality, stage=stage)
    barred = any(example_cards()[state].allows(said.modality, case_of(said)) is False for state in (one, other))
    if not barred:
        drafted(said)
    else:
        assert all(
            re.search(r"R3: by the rule card of (EE|LV) such a delivery does not go", problem) for problem in lacking(said)
        )
    return not barred


@pytest.mark.slow
@pytest.mark.parametrize("one", NINE)
def test_a_plan_between_any_two_of_the_nine_states_is_right_or_the_law_bars_it(one: str) -> None:
    """From each State to each other by post and by road, intact and with everything removed: only Estonia bars the last."""
    for other, channel, modality in product(NINE, ("mail", "truck"), ("intact", "removed")):
        went = check_pair(one, other, channel, modality, "operational")
        assert went == (modality == "intact" or "EE" not in (one, other))


WAYS = [*product(NINE, TAKES, MODALITIES, ("operational", "criminal_case"))]
"""To where, by what channel, how handled, and at which stage."""


@pytest.mark.whole
@pytest.mark.parametrize("one", NINE)
def test_a_plan_between_any_two_of_the_nine_states_is_right_however_it_travels(one: str) -> None:
    """Every channel, way of handling and stage."""
    for way in WAYS:
        check_pair(one, *way)


@pytest.mark.slow
@pytest.mark.parametrize("one", NINE)
def test_each_seventh_way_from_one_of_the_nine_states_to_another_has_a_plan_that_is_right(one: str) -> None:
    """Another seventh from each State: any two of them, every channel, way of handling and stage are among them."""
    for way in WAYS[NINE.index(one) % 7 :: 7]:
        check_pair(one, *way)


STATES = st.lists(st.sampled_from(NINE), min_size=1, max_size=4)
MEMBERS = {*example_directory().get("caricc").members}
"""Whose requests that body reads, and so may coordinate."""
PLACES = st.one_of(st.none(), st.sampled_from(["Post office", "Crossing: north, lane 2", "Таможенный пост", "#1 yard"]))
SPANS = st.sampled_from(["90m", "18h", "5d"])


@st.composite
def sensible(draw: st.DrawFn) -> Answers:
    """Answers that somebody might give; a route may come back to a State that it has left."""
    states = draw(STATES)
    route = tuple(Stop(state=state, place=draw(PLACES)) for state in states for _ in range(draw(st.integers(1, 3))))
    seized = draw(st.booleans())
    modality = draw(st.sampled_from(["intact", "replaced_in_part", "replaced_in_whole"]))
    goods = tuple(map(read_goods, draw(st.lists(st.sampled_from(GOODS), min_size=1, max_size=3, unique=True))))
    if "LV" in states and any(one.goods not in ("drugs", "psychotropics", "weapons") for one in goods):
        modality = "intact"  # its law lets nothing else be replaced
    return Answers(
        operation="amber-heron",
        title=draw(st.one_of(st.none(), st.just('Air mail: Almaty, "again"'))),
        route=route,
        recipients=() if seized else tuple(draw(st.lists(st.just("Another address"), max_size=2))),
        channel=draw(st.sampled_from(sorted(TAKES))),
        goods=goods,
        gross=draw(st.sampled_from([None, "60 kg", "suspected 80 kg"])),
        number=draw(st.sampled_from([None, read_number("plate A 123 BC")])),
        modality=modality,
        uses=tuple(draw(st.lists(st.sampled_from(["opening", "watching_thing", "device", "audio_video"]), unique=True))),
        stage=draw(st.sampled_from(["operational", "criminal_case"])),
        arrests=dict.fromkeys(draw(st.lists(st.sampled_from(sorted(set(states))), unique=True))),
        one_after_another=draw(st.booleans()),
        ends="seizure" if seized else "delivery",
        articles={"EE": ("KarS § 184",)},
        takes=tuple(draw(st.lists(SPANS, max_size=1 + sum(one != other for one, other in pairwise(states))))),
        check_in=draw(st.sampled_from([None, "6h"])),
        coordinator=draw(st.sampled_from([None, "caricc"] if MEMBERS & {*states} else [None])),
    )


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(said=sensible(), language=st.sampled_from(["en", "ru"]))
def test_any_sensible_answers_give_a_plan_that_the_check_accepts(said: Answers, language: str) -> None:
    """Written as YAML and read again it is the same plan, without a fault."""
    made = draft(said, example_directory(), example_cards(), language)
    text = in_yaml(made.tree, "head", {"legs": "a comment"})

    assert made.plan == Document(text, "plan.yaml").read(Plan, rules(example_directory(), example_cards()))


def test_what_only_the_officer_knows_is_a_gap() -> None:
    """Facts, grounds, aim, necessity, concealment, exhibits, contact, signature, articles, number, papers, and why and by whose
    leave it was not weighed; and nothing else.
    """
    gaps = {one.place for one in gaps_in(drafted(answers()).plan)}

    texts = ("facts", "grounds", "aim", "necessity", "concealment", "exhibits", "contact", "signed_by")
    rest = {"offence.articles.KZ.0", "consignment.identifiers.0.value", "consignment.declared_as"}
    rest |= {"consignment.gross.unmeasured", "consignment.gross.allowed_by"}
    assert {f"request.{one}" for one in texts} | rest == gaps


@pytest.mark.parametrize(("code", "open_for"), [("H0", None), ("H1", timedelta(days=180)), ("H3", timedelta(days=180))])
def test_r23_what_may_not_go_before_a_court_is_open_for_its_permission(code: str, open_for: timedelta | None) -> None:
    """A begun plan whose code keeps it from a court stays open after its outcome, while what was seized is held."""
    assert open_for == drafted(answers(handling_code=code)).plan.afterwards


@pytest.mark.parametrize(
    ("text", "gap"), [("<what>", True), (" <what> ", True), ("a < b > c", False), ("<>", False), ("<a> <b>", False)]
)
def test_a_gap_is_a_text_between_angle_brackets(text: str, *, gap: bool) -> None:
    """The whole text, and no text that merely has such signs in it."""
    assert gap == is_gap(text)


def test_services_are_chosen_by_power_state_and_card() -> None:
    """In Kazakhstan not the customs, which may not carry one out there; elsewhere the customs; prosecutors decide."""
    made = drafted(answers())

    assert ["kz.police", "uz.customs"] == [leg.responsible for leg in made.plan.legs]
    assert {"KZ": "kz.prosecutor", "UZ": "uz.prosecutor"} == made.plan.answers_for_law
    chosen = {(one.part, one.state): one for one in made.choices}
    assert "kz.knb" in chosen["in_charge", "KZ"].others
    assert "kz.customs" not in chosen["in_charge", "KZ"].others
    arresting = Casting(example_directory(), example_cards(), made.plan.case).fitting("arrest", "KZ")
    assert {"police", "security"} == {one.kind for one in arresting} & {"customs", "police", "security"}


def test_who_decides_alone_on_what_it_carries_out_does_so_by_two_officers() -> None:
    """Russia's customs decide; where they are in charge as well, two of them authorise, and a prosecutor may ask the register."""
    plan = drafted(answers("RU Omsk, RU Moscow")).plan
    consent = at(plan, "consent-ru")

    assert ("ru.customs", 2) == (plan.legs[0].responsible, consent.officers_for("ru.customs", "authorisation"))
    assert ["ru.prosecutor"] == [rung.to for rung in consent.escalate]


def test_what_a_card_wants_permitted_is_asked_of_who_may_permit_it() -> None:
    """Post in Russia of a court beside the customs; in Kazakhstan the prosecutor who authorises may permit it too."""
    plan = drafted(answers("RU Omsk, KZ Taraz", channel="mail")).plan

    assert ("ru.court", "permission") in asked(plan, "consent-ru")
    assert [("kz.prosecutor", "authorisation")] == asked(plan, "consent-kz")


def test_who_must_agree_is_asked() -> None:
    """What the police of Russia begin needs its customs; they decide already, so nobody is asked twice."""
    plan = drafted(answers("RU Omsk, KZ Taraz", initiator="ru.police")).plan

    assert [("ru.customs", "authorisation")] == asked(plan, "consent-ru")


def test_stops_become_handovers_and_calls() -> None:
    """The first stop in a State is where it is handed over; a second authority takes over at a stop; others are calls."""
    said = answers("KZ Uralsk, RU Ozinki, RU Saratov, RU Samara, RU Moscow", in_charge={"RU": ("ru.border", "ru.police")})
    plan = drafted(said).plan

    assert ["Ozinki", "Saratov"] == [one.place for one in plan.at("hand_over")]
    assert [("Samara",)] == [tuple(call.place for call in leg.calls) for leg in plan.legs if leg.calls]
    assert ["kz.police", "ru.border", "ru.police"] == [leg.responsible for leg in plan.legs]


def test_a_border_without_a_stop_is_named() -> None:
    """Where only the last State's address is said, it is handed over at the border."""
    assert ["Border KZ-UZ"] == [one.place for one in drafted(answers()).plan.at("hand_over")]


def test_arrests_wait_for_one_another_where_that_is_said() -> None:
    """Each after the one before it."""
    plan = drafted(answers(arrests={"UZ": None, "KZ": "kz.knb"}, one_after_another=True)).plan

    assert [None, "arrest-uz"] == [one.after for one in plan.at("arrest")]
    assert [("kz.knb", "arrest")] == asked(plan, "arrest-kz")


def test_what_nobody_has_weighed_is_not_invented() -> None:
    """Nor is the leave of whoever lets it go unweighed: both are gaps, and a rehearsal has the first authority allow it. What is
    signed has none: there it is no reason, and no service.
    """
    plan = drafted(answers(goods="heroin")).plan

    assert "<the service that allowed that>" == getattr(plan.consignment.gross, "allowed_by", None)
    stood_in = with_stand_ins(plan)
    assert ("time", "kz.prosecutor") == tuple(stood_in.consignment.gross.model_dump().values())  # type: ignore[union-attr]
    with pytest.raises(ValidationError, match="allowed_by"):
        Plan.model_validate_json(canonical(plan))
    assert "<the service that allowed that>" == getattr(plan.consignment.contents[0].quantity, "allowed_by", None)


def test_a_law_that_lists_its_offences_wants_one_named() -> None:
    """Estonia: nothing is guessed, and the list is told."""
    (problem,) = lacking(answers("EE Tallinn, EE Narva", articles={}))

    assert problem.startswith("articles: by the rule card of EE it may be done for these offences alone; name one: KarS § 183")


def test_who_decides_and_is_not_in_the_directory_is_told() -> None:
    """Kyrgyzstan, in a criminal case: a court, of which there is none here."""
    without = example_directory().model_copy(
        update={"services": tuple(one for one in example_directory().services if one.id != "kg.court")}
    )
    with pytest.raises(Malformed) as refused:
        draft(answers("KG Osh, KG Bishkek", stage="criminal_case"), without, example_cards())

    told = "authority: by the rule card of KG such a delivery is decided on by court, and the directory has none there"
    assert [told] == [str(one) for one in refused.value.faults]
    assert "ask the authorities" in refused.value.hint


def test_who_permits_and_is_not_in_the_directory_is_told() -> None:
    """Azerbaijan: a court permits that post is looked into."""
    without = example_directory().model_copy(
        update={"services": tuple(one for one in example_directory().services if one.id != "az.court")}
    )
    with pytest.raises(Malformed) as refused:
        draft(answers("AZ Baku, AZ Ganja", channel="mail"), without, example_cards())

    assert ["uses: R16: in AZ post is permitted by court, and the directory has none there"] == [*map(str, refused.value.faults)]


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"authorities": {"KZ": "kz.nobody"}}, "authority: service kz.nobody is not in the directory"),
        (
            {"route": "KZ Almaty, JP Tokyo"},
            "authority: there is no rule card for JP: ask its authorities, and write one",
        ),
        ({"in_charge": {"UZ": ("uz.customs", "uz.police")}}, "in_charge: name a stop in UZ where uz.police takes over"),
        ({"initiator": "caricc"}, "initiator: caricc is of no State, and a service of a State begins a plan, such as: kz.police"),
        ({"in_charge": {"RU": ("ru.customs",)}}, "in_charge: it does not go through RU, so nobody is in charge there"),
        ({"authorities": {"RU": "ru.prosecutor"}}, "authorities: RU is not asked"),
        ({"takes": ("1h",) * 3}, "takes: 3 times are named, and its way has legs: 2"),
        ({"takes": ("3660d",) * 2}, "takes: the whole way takes too long: all together lasts 3660 d at most"),
    ],
)
def test_what_is_missing_is_said_in_words(more: dict[str, Any], problem: str) -> None:
    """A service, a card, a stop, and what would be left out of the plan without a word: each by its name, and all at once."""
    assert any(one.startswith(problem) for one in lacking(answers(**more)))


@pytest.mark.parametrize(
    ("text", "amount", "goods"),
    [
        ("heroin 5.3 kg", {"substance": "heroin", "cas": "561-27-3", "net": "5.3 kg"}, "drugs"),
        ("героин suspected 5 kg", {"substance": "героин", "cas": "561-27-3", "net": "suspected 5 kg"}, "drugs"),
        ("гашиш 300 г", {"substance": "гашиш", "net": "300 г"}, "drugs"),
        ("mephedrone (4-MMC)", {"substance": "mephedrone (4-MMC)", "cas": "1189805-46-6"}, "psychotropics"),
        ("acetic anhydride 20 kg", {"substance": "acetic anhydride", "cas": "108-24-7", "net": "20 kg"}, "precursors"),
        ("2C-B 40 g", {"substance": "2C-B", "cas": "66142-81-2", "net": "40 g"}, "psychotropics"),
        ("EUR 12500", {"currency": "EUR", "minor": 1250000}, "cash"),
        ("rifle 10", {"weapon": "rifle", "count": 10}, "weapons"),
        ("240220 cigarettes 2500 carton", {"hs": "240220", "goods": "cigarettes", "count": 2500, "unit": "carton"}, "tobacco"),
    ],
)
def test_goods_are_read_as_people_write_them(text: str, amount: dict[str, Any], goods: str) -> None:
    """Substances by any of their names, cash, weapons and what is counted; the class follows."""
    found = read_goods(text)

    assert (amount, goods) == (found.amount, found.goods)


@pytest.mark.parametrize("state", NINE)
def test_somebody_may_be_arrested_in_a_state_that_it_does_not_go_through(state: str) -> None:
    """It is asked like those on the way: extradition, who answers for its law, its duties and offences are written, too."""
    way = "KZ Almaty, UZ Tashkent" if state not in ("KZ", "UZ") else "RU Omsk, BY Minsk"
    plan = drafted(answers(way, arrests={state: None})).plan

    assert state in plan.offence.extraditable
    assert plan.authorities(state)
    with pytest.raises(Malformed, match="no plan can be made"):
        drafted(answers("KZ Almaty, UZ Tashkent", arrests={"EE": None}, articles={}))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("heroin 999999999999 t", "999999999999 t is more than can be written down: 1000000 t at most"),
        ("heroin suspected 999999999999 t", "suspected 999999999999 t is more than can be written down: 1000000 t at most"),
        ("rifle 99999999999999999999", "is more than can be written down: 1000000000000000 at most"),
        ("rifle " + "9" * 5000, "is more than can be written down: 1000000000000000 at most"),
        ("EUR 9999999999999999", "EUR 9999999999999999.00 is more than can be written down: EUR 10000000000000.00 at most"),
        ("x" * 81 + " 5 kg", "a name has 80 characters at most"),
        ("240220 " + "x" * 81 + " 3 carton", "a name has 80 characters at most"),
        ("EUR", "EUR is a currency: say how much, such as EUR 12500"),
    ],
)
def test_goods_that_no_plan_could_hold_are_refused_where_they_are_read(text: str, told: str) -> None:
    """Too much, too long a name, and a currency without a sum, which is no drug: each in words, with what would be right."""
    with pytest.raises(ValueError, match=re.escape(told)):
        read_goods(text)


@pytest.mark.parametrize("text", ["KZ Almaty,, KG Osh", "KZ Almaty, KG Osh,", ", KZ Almaty", "KZ Almaty -> -> KG Osh"])
def test_a_comma_beside_which_no_stop_stands_is_no_part_of_a_place(text: str) -> None:
    """It is refused, and told with the whole route."""
    with pytest.raises(ValueError, match="a stop is missing before or behind a comma"):
        read_route(text)


UNCOUNTED = ("240220 cigarettes 2500", "240220 cigarettes 125 000 carton")


@pytest.mark.parametrize(
    "text",
    ["", "heroin 5,3 kg", "героин 5,3 кг", "heroin 5.3", "heroin 5 lb", "heroin 5 stones", "EUR 12,5", "rifle ten", *UNCOUNTED],
)
def test_goods_that_cannot_be_read_are_refused_with_what_would_be_right(text: str) -> None:
    """A comma, a missing unit, a foreign one, a word for a number."""
    with pytest.raises(ValueError, match=r"as 5\.3 kg|such as|expected|whole number|how many"):
        read_goods(text)


def test_a_route_keeps_the_commas_of_its_places() -> None:
    """What does not begin with a State belongs to the place before it, and a semicolon or arrow is read as a comma is; a State in
    small letters is a slip.
    """
    for written in ("KZ Mail centre, Almaty, UZ", "KZ Mail centre, Almaty; UZ", "KZ Mail centre, Almaty -> UZ"):
        assert (Stop(state="KZ", place="Mail centre, Almaty"), Stop(state="UZ")) == read_route(written)
    with pytest.raises(ValueError, match="two capital letters"):
        read_route("KZ Almaty, uz Tashkent")


def test_a_place_that_is_too_long_is_said_to_be_too_long() -> None:
    """Its State is right, so that nobody is asked for one."""
    with pytest.raises(ValueError, match="expected at most 200 characters"):
        read_route("KZ " + "x" * 201)


def test_what_is_seized_at_its_end_is_passed_on_to_nobody() -> None:
    """A chain of recipients and a seizure are two different ends."""
    with pytest.raises(ValueError, match="passed on to nobody"):
        answers(ends="seizure", recipients=("Another address",))


def test_a_route_of_as_many_stops_as_there_may_be_is_drafted_and_no_longer_one() -> None:
    """Each stop in another State than the one before it, so that every border stands between them."""
    way = ", ".join(("KZ", "UZ")[number % 2] for number in range(MOST_STOPS))
    assert MOST_LEGS >= len(drafted(answers(way)).plan.legs)
    with pytest.raises(ValueError, match="at most 20 items"):
        answers(f"{way}, KZ")


def test_what_came_from_abroad_is_drafted_as_an_import() -> None:
    """It is said, or the number of another State's post says so: in Russia its customs decide then."""
    parcel = {"channel": "mail", "number": read_number("upu_s10 CP220322019KZ")}
    for said in (answers("RU A, RU B", imported=True), answers("RU A, RU B", **parcel)):
        plan = drafted(said).plan
        assert plan.consignment.imported
        assert plan.case.movement_in("RU") == "import"
        assert plan.authorities("RU") == ("ru.customs",)
    assert not drafted(answers("KZ A, KZ B", **parcel)).plan.consignment.imported
    assert any("its way begins there" in one for one in lacking(answers("KZ A, KZ B", imported=True, **parcel)))
