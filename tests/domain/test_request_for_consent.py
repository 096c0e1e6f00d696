"""The request for consent: what a prosecutor decides on, who is shown it, and that consent is to that request and to no other."""

import base64
import json
import re
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from domain.delivery.ledger import Entry, Withheld
from domain.delivery.reported import Amended
from domain.delivery.requests import Facts
from domain.papers.forms import FORMS
from domain.papers.record import Record
from domain.plan.access import kept_from, reads_request, role_of
from domain.plan.check import faults_in
from domain.plan.documents import Document
from domain.plan.plan import Plan
from domain.plan.request import Addressed, PlannedRequest, ToldToAll
from domain.plan.request_for_consent import (
    RequestForConsent,
    addressees,
    changed,
    decided_on,
    digest_of_request,
    request_for_consent,
)
from domain.record.door import amend
from domain.record.packet import unsealed
from domain.signing.canonical import canonical, digest, plain
from domain.views.asked import inbox, request
from domain.views.given import say_changed
from domain.views.request_in_words import in_words
from domain.views.sight import page
from domain.views.view import Consent, view
from domain.words.errors import Malformed, RuleBroken
from domain.words.limits import CONTENTS_BYTES, LARGEST_NAMED, MOST_STATES, PLAN_BYTES, REQUEST_FOR_CONSENT_BYTES
from process.language import speaker
from tests.course import became, code
from tests.largest import WIDEST, Largest
from tests.support import (
    EXAMPLES,
    Table,
    asking_all,
    asks,
    card_of,
    example_cards,
    example_directory,
    example_plan,
    signed_plan,
    with_changes,
)

PLAN = example_plan()
STEPPE = example_plan("kyrgyzstan-kazakhstan-russia")


def found(plan: Plan) -> set[tuple[str, str]]:
    """Each fault's place, and its rule."""
    return {(one.place, one.problem.split(":")[0]) for one in faults_in(plan, example_directory(), example_cards())}


def saying(plan: Plan = PLAN, **more: Any) -> Plan:
    """The plan with these words in its request."""
    return Plan.model_validate(plan.model_dump() | {"request": plan.request.model_dump() | more})


def words_of(plan: Plan, state: str) -> RequestForConsent:
    """What this State is asked."""
    asked = request_for_consent(plan, state)
    assert asked is not None
    return asked


# What it says


def test_r1_a_request_says_all_that_a_prosecutor_decides_on() -> None:
    """Requester, offence and qualification, grounds, basis, aim, object, route, times, who is responsible, handling, and more."""
    asked = words_of(STEPPE, "RU")
    assert (("kz.knb",), "caricc", ("ru.customs",)) == (asked.requesters, asked.coordinator, asked.addressees)
    assert "Criminal Code art. 286 (K)" in asked.offence.articles["KZ"]
    said = [line for section in in_words(asked) for line in section.lines]
    assert "Qualification in KZ: Criminal Code art. 286 (K: believed, not read: check it); " in " ".join(said)
    assert ("CARICC Agreement", "Law 289-FZ, art. 390") == asked.basis
    assert STEPPE.consignment == asked.consignment
    assert ["kg.security", "kz.knb", "ru.fsb"] == [one.responsible for one in asked.route]
    assert [timedelta(hours=4), timedelta(hours=20), timedelta(hours=5)] == [one.takes for one in asked.route]
    assert [place.place for place in STEPPE.at("hand_over")] == [one.end for one in asked.route[:-1]]
    assert ("caricc", "ru", "intact") == (asked.channel, asked.language, asked.modality)
    for name in ToldToAll.model_fields:
        if name != "companions":
            assert getattr(STEPPE.request, name) == getattr(asked, name)


def test_r11_a_state_is_told_what_concerns_it_and_not_what_another_alone_is_told() -> None:
    """Where others arrest, who would travel along elsewhere, and on what others are asked, is no State's to know."""
    guests = with_changes(
        example_plan("pakistan-london"), consent_pk={"requires": asks("pk.prosecutor authorisation", "pk.court permission")}
    )
    assert ["gb.customs"] == [one.service for one in words_of(guests, "PK").companions]
    assert () == words_of(guests, "GB").companions
    for state, others in (("KG", ("KZ", "RU")), ("KZ", ("KG", "RU")), ("RU", ("KG", "KZ"))):
        text = words_of(STEPPE, state).model_dump_json()
        assert not [other for other in others if STEPPE.request.to[other].asks in text]
    assert [] == [one for one in words_of(STEPPE, "KG").arrests if "Rubtsovsk" in one.place]
    assert [at.place for at in STEPPE.at("arrest") if at.state == "RU"] == [one.place for one in words_of(STEPPE, "RU").arrests]


def test_r1_who_was_replaced_decides_no_more() -> None:
    """A request names those who decide now."""
    replaced = with_changes(plan_={"replaced": [{"service": "uz.prosecutor", "by": "uz.customs", "reason": "moved"}]})
    assert (("uz.prosecutor",), ()) == (addressees(PLAN, "UZ"), addressees(replaced, "UZ"))


def test_a_request_stands_in_sentences_in_english_and_russian() -> None:
    """Every field that is filled in is said, in both languages, and nothing is left unsaid."""
    texts = [getattr(STEPPE.request, name) for name in ("facts", "grounds", "aim", "necessity", "costs", "exhibits", "contact")]
    spoken = {language: in_words(words_of(STEPPE, "RU"), speaker(language)) for language in ("en", "ru")}
    for language, sections in spoken.items():
        said = "\n".join(line for one in sections for line in one.lines)
        assert not [text for text in texts if text not in said]
        assert {"en": "heroin 5.3 kg", "ru": "heroin 5.3 кг"}[language] in said
    english, russian = ({one.heading for one in sections} for sections in spoken.values())
    assert not english & russian
    assert len(english) == len(russian)


@pytest.mark.parametrize("plan", sorted(one.parent.name for one in EXAMPLES.glob("*/plan.yaml")))
def test_each_example_says_what_each_of_its_states_decides_on(plan: str) -> None:
    """Whoever opens an example reads a whole request, within the bound, for each State that it asks."""
    known = example_plan(plan)
    for state in known.request.to:
        asked = words_of(known, state)
        assert len(canonical(asked)) < REQUEST_FOR_CONSENT_BYTES
        assert len(in_words(asked)) > 12


def test_a_request_says_when_it_crosses_past_which_post_and_who_trades() -> None:
    """By the clocks there; what is not known yet is said so; nobody private is named. The digest binds it all."""
    plan = example_plan("leaves-in-an-hour")
    asked = words_of(plan, "LV")
    said = "\n".join(line for one in in_words(asked) for line in one.lines)
    assert "leave at 2022-03-01 15:00+02:00 and to arrive at 2022-03-01 18:00+02:00" in said
    assert "leave at 2022-03-01 18:00+02:00 and to arrive at a time that is not known yet" in said
    assert "Border on the road to Riga, Ikla – Ainaži (example)" in said
    assert "consignee: the firm INVENTED SIA (example), LV" in said
    assert "carrier: not known" in said
    for changes in ({"border": {"planned_for": None}}, {"border": {"post": None}}):
        assert digest_of_request(plan, "LV") != digest_of_request(with_changes(plan, **changes), "LV")


@pytest.mark.parametrize(
    "party",
    [
        {"role": "consignee", "who": "private_person", "firm": "A NAME"},
        {"role": "consignee", "who": "firm"},
        {"role": "consignee", "who": "not_known", "number": "7"},
    ],
)
def test_only_a_firm_is_named(party: dict[str, str]) -> None:
    """The name of a private person stands in an annex, and never in a plan."""
    faults = faults_in(saying(parties=[party]), example_directory(), example_cards())
    assert [("request.parties.0", True)] == [
        (one.place, "of a private person stands in an annex" in one.problem) for one in faults
    ]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"arrest": {"planned_for": "2022-03-01T20:00:00+02:00"}}, "it does not leave, cross or arrive at arrest"),
        ({"border": {"planned_for": "2022-03-01T15:00:00+02:00"}}, "it comes to border after it was at departure"),
        (
            {"border": {"planned_for": "2022-03-01T20:00:01+02:00"}},
            "would come 5 h 1 s after departure, and is overdue after 5 h",
        ),
        ({"unloading": {"planned_for": "2022-03-02T08:00:00.001+02:00"}}, "after border, and is overdue after 14 h"),
        ({"border": {"zone": "+03:00"}}, "clocks at border are +03:00 ahead of UTC"),
    ],
)
def test_moments_are_planned_in_the_order_of_the_way(changes: dict[str, Any], problem: str) -> None:
    """Where it leaves, crosses or arrives, by the clocks there, and so that nothing is overdue that goes as planned."""
    faults = faults_in(with_changes(example_plan("leaves-in-an-hour"), **changes), example_directory(), example_cards())
    assert [True] == [problem in one.problem for one in faults]


# The check of a plan


def test_r1_a_plan_without_a_request_is_refused_with_the_place() -> None:
    """A missing field is told by file and line."""
    path = EXAMPLES / "almaty-tashkent" / "plan.yaml"
    text = path.read_text()
    whole, aim = text.partition("# The request that")[0], text.index("  aim:")
    without = text[:aim] + text[text.index("\n", aim) + 1 :]
    for document, place in ((whole, "request"), (without, "request.aim")):
        with pytest.raises(Malformed) as refused:
            Document(document, "plan.yaml").read(Plan)
        ((where, problem),) = [(one.place, one.problem) for one in refused.value.faults]
        assert where.endswith(f": {place}")
        assert where.startswith("plan.yaml:")
        assert "is missing" == problem


@pytest.mark.parametrize(
    ("plan", "place", "rule"),
    [
        (saying(to={"KZ": PLAN.request.to["KZ"].model_dump()}), "request.to", "R1"),
        (saying(to=PLAN.request.model_dump()["to"] | {"RU": PLAN.request.to["UZ"].model_dump()}), "request.to.RU", "R1"),
        (saying(companions=[{"service": "kz.knb", "officers": 1}]), "request.companions.0.service", "R16"),
        (saying(marking="Секретно"), "request.marking", "Секретно marks a State secret, and none is kept here"),
        (with_changes(plan_={"offence": PLAN.offence.model_dump() | {"articles": {}}}), "offence.articles", "R1"),
        (PLAN.model_copy(update={"uses": ("audio_video",)}), "request.technical_means", "R1"),
    ],
)  # fmt: skip
def test_r1_what_cannot_be_decided_on_is_refused_before_anyone_is_asked(plan: Plan, place: str, rule: str) -> None:
    """No State without its part, none that is not asked; guests who stay at home; a State secret; no article; no device named."""
    assert (place, rule) in found(plan)


def test_r16_of_each_who_travels_along_it_is_said_how_many_they_are_and_once() -> None:
    """Neither nobody's officers, nor the same ones twice."""
    plan = example_plan("pakistan-london")
    one = plan.request.companions[0].model_dump()
    assert ("request.companions", "R16") in found(saying(plan, companions=[]))
    assert ("request.companions.1.service", "gb.customs stands twice; once is enough") in found(
        saying(plan, companions=[one, one])
    )


def test_r1_a_request_from_abroad_is_in_a_language_that_the_state_takes() -> None:
    """Where a card of Latvia knows Russian and English alone, its own service still writes as it does at home."""
    plan = example_plan("back-to-sender")
    assert "lv" == plan.request.to["LV"].language
    assert set() == found(plan)
    directory = example_directory()
    others = plan.model_copy(update={"initiator": "ee.customs"})
    for codes, wrong in ((["ru", "en"], True), (["lv", "ru", "en"], False)):
        cards = example_cards() | card_of("LV", languages=[{"codes": codes, "law": {"mark": "T", "text": "lv-ru"}}])
        assert wrong is ("request.to.LV.language" in [one.place for one in faults_in(others, directory, cards)])


def test_r28_a_request_has_so_many_bytes_and_no_more() -> None:
    """With a long way it is too much to be read; the plan is refused, with the State, its size and the bound."""
    legs = [leg | {"means": WIDEST * 200} for leg in PLAN.model_dump()["legs"]]
    calls = [{"kind": "sea", "place": WIDEST * 200, "not_touched": "high_seas"} for _ in range(10)]
    wide = PLAN.model_dump() | {"legs": [leg | {"calls": calls} for leg in (*legs, *legs)]}
    fits = len(canonical(words_of(Plan.model_validate(wide), "UZ")))
    more = [
        {"digest": "0" * 64, "size": LARGEST_NAMED, "media_type": "video/x-matroska", "shows": WIDEST * 120, "handling": "H3"}
        for _ in range(5)
    ]
    larger = Plan.model_validate(wide | {"request": PLAN.request.model_dump() | {"annexes": more, "facts": WIDEST * 2000}})
    long = dict.fromkeys(("aim", "necessity", "concealment", "on_loss", "costs", "exhibits"), WIDEST * 500)
    longer = saying(larger, **long, grounds=WIDEST * 1000, conditions=[WIDEST * 200] * 8)

    assert fits < REQUEST_FOR_CONSENT_BYTES < len(canonical(words_of(longer, "UZ")))
    assert "R28" not in {rule for _, rule in found(Plan.model_validate(wide))}
    assert ("request", "R28") in found(longer)


def test_r28_what_a_request_says_itself_fits_into_a_plan_and_into_what_is_told() -> None:
    """Every field at its bound, in the widest letters, to as many States as a plan may have: room is left for the rest."""
    large = Largest()
    whole = large.of(PlannedRequest)
    to = partial(large.of, Addressed)
    assert MOST_STATES == len(whole.to)
    assert len(canonical(whole)) < PLAN_BYTES * 3 // 4
    assert len(canonical(large.of(ToldToAll))) + len(canonical(to())) + CONTENTS_BYTES < REQUEST_FOR_CONSENT_BYTES


# Who is shown it


def test_r11_whoever_decides_is_asked_with_the_request_and_its_digest() -> None:
    """What is asked holds both, and they belong together; a digest of something else is no request at all."""
    table = Table()
    facts = request(table.delivery, "consent-uz", "uz.prosecutor").facts
    assert words_of(PLAN, "UZ") == facts.request
    assert digest(facts.request) == facts.request_digest == digest_of_request(PLAN, "UZ")
    other = facts.model_dump() | {"request_digest": digest_of_request(PLAN, "KZ")}
    with pytest.raises(ValueError, match="decide on neither"):
        Facts.model_validate(other)


def test_r11_a_second_service_that_agrees_or_permits_reads_the_same_request() -> None:
    """One State is asked one thing, whoever of it answers."""
    both = asks("uz.prosecutor authorisation", "uz.customs agreement", "uz.police permission")
    table = Table(with_changes(plan_={"uses": ["device"]}, consent_uz={"requires": both}))
    asked = [request(table.delivery, "consent-uz", one).facts for one in ("uz.prosecutor", "uz.customs", "uz.police")]
    assert 1 == len({one.request_digest for one in asked})
    assert ("uz.prosecutor", "uz.customs", "uz.police") == words_of(table.plan, "UZ").addressees


def test_r11_nobody_else_is_shown_it() -> None:
    """Neither who is asked for something else, nor another State, nor a supervisor, in inbox, ledger or summary."""
    table = Table().consent()
    table.say("kz.police", "prepared", "preparation")
    table.say("kz.knb", "ready", "preparation")
    secrets = [PLAN.request.facts, PLAN.request.grounds, PLAN.request.to["UZ"].asks, PLAN.request.to["KZ"].asks]
    delivery = table.delivery
    for service in [*table.plan.participants(), "supervision"]:
        reader = delivery.directory.get(service)
        shown = [view(delivery, reader, table.now).model_dump_json()]
        shown += [one.model_dump_json() for one in inbox(delivery, service, table.now)]
        ledger = [one.model_dump_json() for one in page(delivery, reader, 0)]
        if service not in ("kz.knb", "caricc", "supervision"):
            shown += [
                base64.b64decode(json.loads(one)["event"]["envelope"]["payload"]).decode() for one in ledger if "payload" in one
            ]
        assert [] == [(service, secret) for secret in secrets for text in shown if secret in text]


def test_r11_who_answers_for_another_reads_what_it_decides_on_when_its_turn_has_come() -> None:
    """The ladder comes to the customs, which may then answer for the prosecutor; before that it is shown nothing."""
    rung = {"after": "30h", "to": "uz.police", "may_answer": True}
    table = Table(with_changes(consent_uz={"escalate": [rung]}))
    assert () == inbox(table.delivery, "uz.police", table.now)
    table.pass_time(hours=31)
    (asked,) = inbox(table.delivery, "uz.police", table.now)
    assert ("uz.prosecutor", digest_of_request(table.plan, "UZ")) == (asked.service, asked.facts.request_digest)


@pytest.mark.parametrize("state", ["UZ", "LV"])
def test_r23_a_packet_for_a_state_waits_for_whoever_wrote_the_requests_to_others(state: str) -> None:
    """The plan holds the request to Kazakhstan, which is neither for Uzbekistan, which is asked too, nor for Latvia."""
    table = Table().consent()
    with pytest.raises(RuleBroken, match=r"kz\.knb has not permitted the plan"):
        unsealed(table.delivery, "", table.now, state)
    table.say("kz.knb", "disclosure_permitted", to=state)
    assert state == unsealed(table.delivery, "", table.now, state).purpose


def test_r23_whose_own_the_request_is_waits_for_nobody() -> None:
    """The initiator's State has the whole of it."""
    table = Table().consent()
    assert "KZ" == unsealed(table.delivery, "", table.now, "KZ").purpose


# Consent to it


@pytest.mark.parametrize(
    ("service", "kind"),
    [("uz.prosecutor", "authorisation_granted"), ("uz.customs", "agreement_given"), ("uz.police", "permission_granted")],
)
def test_r1_whoever_consents_agrees_or_permits_does_so_to_the_request_that_was_asked(service: str, kind: str) -> None:
    """By its digest; to another State's, or to none that there is, it is refused; a no needs to name nothing."""
    both = asks("uz.prosecutor authorisation", "uz.customs agreement", "uz.police permission")
    table = Table(with_changes(plan_={"uses": ["device"]}, consent_uz={"requires": both}))
    more = (
        {"state": "UZ", "reference": "1", "given_by_role": "head"}
        if kind == "agreement_given"
        else {"permissions": ["device"]}
        if kind == "permission_granted"
        else {}
    )
    for wrong in (digest_of_request(table.plan, "KZ"), "0" * 64):
        said = table.say(service, kind, "consent-uz", request=wrong, **more)
        assert (became(said), code(said)) == (("refused", "R1"), "other_request")
    assert became(table.say(service, kind, "consent-uz", **more)) == ("accepted", None)


def change(table: Table, plan: Plan) -> Table:
    """The initiator changes the plan to this one."""
    amend(table.delivery, Amended(plan=signed_plan(plan)), table.now)
    table.settle()
    return table


def test_r22_a_state_is_asked_afresh_when_what_it_decides_on_changes() -> None:
    """Another aim is another request to everybody, another basis to one State alone; the change says so where it asks nobody."""
    for more, states in (({"aim": "something else"}, {"KZ", "UZ"}), ({"to": _based("UZ")}, {"UZ"})):
        plan = saying(**more)
        differs = {state for state in plan.asked_states() if decided_on(PLAN, state) != decided_on(plan, state)}
        assert states == differs
        with pytest.raises(RuleBroken) as refused:
            change(Table().consent(), plan)
        assert states == set(re.findall(r"what (..) was asked to decide on changes", refused.value.sentence))


def _based(state: str) -> dict[str, Any]:
    to = PLAN.request.model_dump()["to"]
    return to | {state: to[state] | {"basis": ["another treaty"]}}


HOURS = {"check_in": 4, "answer": 1, "search": 12, "degraded": 2}


def watched(**hours: int) -> dict[str, Any]:
    """A surveillance with these spans, and else those of `HOURS`."""
    return {"surveillance": {name: timedelta(hours=span) for name, span in (HOURS | hours).items()}}


WATCHED = with_changes(plan_=watched())


def test_r1_tolerances_and_checks_are_told_and_bound_by_the_digest() -> None:
    """By how much what is measured may differ, and what each handover goes by: another of either is another request."""
    net = {"net": {"mephedrone": "400 g"}, "gross": "20 g", "substitute": "any"}
    legs = PLAN.model_dump()["legs"]
    plan = with_changes(plan_={"tolerances": net, "legs": [legs[0] | {"checked_by": ["sight"]}, *legs[1:]]})
    told = request_for_consent(plan, "UZ")
    assert told is not None
    lines = str(in_words(told))
    for said in ("gross weight by 20 g, mephedrone by 400 g, what is put in may weigh anything", "weight, seals", "at its end"):
        assert said in lines
    for changes in ({"tolerances": net | {"net": {"mephedrone": "399 g"}}}, {"legs": legs}):
        assert digest_of_request(plan, "UZ") != digest_of_request(with_changes(plan, plan_=changes), "UZ")


@pytest.mark.parametrize(
    ("changes", "states"),
    [
        ({"plan_": {"reverse": True}}, {"KZ", "UZ"}),
        ({"plan_": {"surveillance": None}}, {"KZ", "UZ"}),
        *(({"plan_": watched(**{one: HOURS[one] + 1})}, {"KZ", "UZ"}) for one in HOURS),
        ({"plan_": watched(check_in=3, degraded=1)}, set()),
        ({"arrest_almaty": {"state": "UZ", "place": "Tashkent", "requires": asks("uz.police arrest")}}, set()),
        ({"tashkent_airport": {"post": "customs post 7"}}, {"KZ", "UZ"}),
        ({"tashkent_airport": {"planned_for": "2022-03-02T10:00:00+05:00"}}, set()),
    ],
)
def test_r22_which_changes_a_consent_does_not_cover(changes: dict[str, Any], states: set[str]) -> None:
    """A looser watch, a way back and another post ask afresh; a closer watch, an arrest less, and another moment do not; the
    first watch is a measure of its own.
    """
    plan = with_changes(WATCHED, **changes)
    assert states == {state for state in PLAN.states() if changed(WATCHED, plan, state)}
    assert changed(PLAN, WATCHED, "KZ") == ("the measures there",)


def test_r22_a_state_to_which_an_arrest_is_moved_consents_anew() -> None:
    """Also one that it has left: nobody is arrested in Kazakhstan whom it let go on; the fault says what has changed.
    Where it is asked afresh, the change is taken.
    """
    only_there = with_changes(arrest_almaty={"state": "UZ", "place": "Tashkent", "requires": asks("uz.police arrest")})
    table = Table(only_there).dispatch()
    table.say("kz.police", "handover_offered", "tashkent-airport")
    table.say("uz.customs", "handover_accepted", "tashkent-airport")
    assert table.delivery.state.here.state == "UZ"
    with pytest.raises(RuleBroken) as refused:
        change(table, PLAN)
    assert "what KZ was asked to decide on changes (that somebody is arrested there)" in refused.value.sentence
    fresh = PLAN.checkpoints[0].model_copy(update={"id": "consent-kz-2"})
    change(table, PLAN.model_copy(update={"checkpoints": (*PLAN.checkpoints, fresh)}))
    assert table.is_open("consent-kz-2")


def test_r22_a_consent_stands_where_only_what_others_decide_on_changes_and_its_view_says_so() -> None:
    """The way through Uzbekistan takes longer: the request to Kazakhstan tells it, and Kazakhstan is not asked again."""
    table = Table().consent()
    before = digest_of_request(table.plan, "KZ")
    legs = table.plan.model_dump()["legs"]
    plan = with_changes(plan_={"legs": [legs[0], legs[1] | {"takes": "20h"}]})
    change(table, plan)
    assert before != digest_of_request(table.delivery.plan, "KZ")
    seen = view(table.delivery, table.directory.get("kz.prosecutor"), table.now)
    assert [(one.state, one.request_has_changed, one.live) for one in seen.consents] == [("KZ", True, True)]


def test_r22_a_consent_is_not_said_to_stand_while_its_state_is_asked_afresh() -> None:
    """Another address is Uzbekistan's to decide: its earlier consent does not carry that, as the rules have it. The fresh one of
    the same authority does. Kazakhstan's stands: its request has changed in nothing that it decides on.
    """
    table, plan = Table().consent(), with_changes(delivery={"place": "Another address, Tashkent"})
    fresh = plan.checkpoints[1].model_copy(update={"id": "consent-uz-2"})
    change(table, plan.model_copy(update={"checkpoints": (*plan.checkpoints, fresh)}))
    assert not table.delivery.consents.authorised("UZ", table.now)
    assert [("KZ", True, None), ("UZ", False, "asked")] == afresh(table)
    told = "UZ is asked afresh: this consent does not carry what is planned now"
    assert ["the request has changed since, in nothing that KZ decides on", told] == list(map(say_changed, consents_of(table)))

    table.say("uz.prosecutor", "authorisation_granted", "consent-uz-2")
    assert table.delivery.consents.authorised("UZ", table.now)
    assert [("KZ", True, None), ("UZ", False, None)] == afresh(table)


def consents_of(table: Table) -> tuple[Consent, ...]:
    """As its initiator sees them."""
    return view(table.delivery, table.directory.get("kz.knb"), table.now).consents


def afresh(table: Table) -> list[tuple[str, bool, str | None]]:
    """Of each consent whether its request has changed, and whether its State is asked afresh."""
    return [(one.state, one.request_has_changed, one.afresh) for one in consents_of(table)]


def test_r1_after_a_change_of_plan_only_the_new_request_is_consented_to() -> None:
    """Who answers the request that was read before the change is refused, though it names the plan in force."""
    table = Table()
    old = digest_of_request(table.plan, "UZ")
    plan = asking_all(saying(with_changes(delivery={"place": "Another address, Tashkent"})))
    fresh = plan.find("consent-uz")
    assert fresh is not None
    again = fresh.model_copy(update={"id": "consent-uz-again"})
    change(table, plan.model_copy(update={"checkpoints": (*plan.checkpoints, again)}))
    late = table.say("uz.prosecutor", "authorisation_granted", "consent-uz-again", request=old)
    assert (became(late), code(late)) == (("refused", "R1"), "other_request")
    assert became(table.say("uz.prosecutor", "authorisation_granted", "consent-uz-again")) == ("accepted", None)


def test_the_digest_is_what_anybody_works_out_from_the_plan() -> None:
    """It is a function of the plan alone: read again from its bytes, it makes the same request."""
    again = Plan.model_validate_json(canonical(STEPPE))
    assert [digest_of_request(STEPPE, one) for one in STEPPE.states()] == [
        digest_of_request(again, one) for one in again.states()
    ]
    assert None is request_for_consent(STEPPE, "FR")
    assert plain(words_of(STEPPE, "RU"))["vigil"] == "request-for-consent/1"


def kept(plan: Plan, body: str = "caricc") -> list[str]:
    """Whose requests are kept from the coordinator."""
    return [*kept_from(example_directory().get(body), plan.model_copy(update={"coordinator": body}))]


def test_r11_a_body_of_several_states_reads_the_requests_that_concern_it() -> None:
    """Those to its members, and those that are asked through it; it sees the whole where that is all of them, and else a part, in
    which the plan with the others' requests does not stand. A State's own authority that coordinates sees the whole.
    """
    assert [] == kept(STEPPE)
    far, through = ({"EE": STEPPE.request.to["KG"].model_copy(update={"channel": one})} for one in ("siena", "caricc"))
    wider = STEPPE.request.model_copy(update={"to": STEPPE.request.to | far})
    plan = STEPPE.model_copy(update={"request": wider})
    assert ["EE"] == kept(plan)
    assert [] == kept(STEPPE.model_copy(update={"request": wider.model_copy(update={"to": STEPPE.request.to | through})}))
    assert [] == kept(plan, "kg.prosecutor")
    assert ["EE", "KG", "KZ", "RU"] == sorted(kept(plan, "selec"))
    body = example_directory().get("caricc")
    assert ("operations", "service") == (role_of(body, STEPPE), role_of(body, plan))

    table = Table(example_plan("kyrgyzstan-kazakhstan-russia"))
    assert page(table.delivery, body, 0)[0].seq == 0
    assert isinstance(page(table.delivery, body, 0)[0], Entry)
    narrower = body.model_copy(update={"members": ("KG",)})
    first, *_ = page(table.delivery, narrower, 0)
    assert isinstance(first, Withheld)
    record = Record.of(table.delivery)
    may = {one: FORMS["request"].may_have(record, one, narrower) for one in FORMS["request"].subjects(record)}
    assert {"kg.prosecutor": True, "kz.prosecutor": False, "ru.customs": True} == may  # Russia is asked through it
    assert not reads_request(narrower.model_copy(update={"id": "kgpp"}), record.plan, "KG")


def test_r11_a_body_coordinates_where_somebody_it_is_a_body_of_is_asked() -> None:
    """CARICC has no part in what goes from Türkiye to Bulgaria."""
    plan = example_plan("istanbul-stopped").model_copy(update={"coordinator": "caricc"})
    said = [one for one in faults_in(plan, example_directory(), example_cards()) if one.place == "coordinator"]
    assert [True] == ["caricc is a body of AZ, KG, KZ, RU, TJ, TM, UZ" in one.problem for one in said]
