"""Nobody whom the law does not let decide, agree or permit does so in another's place (R1, R13, R16)."""

from typing import Any

import pytest

from domain.delivery.ledger import Receipt
from domain.delivery.reported import Diverged
from domain.plan.cards import RuleCard
from domain.plan.check import faults_in
from domain.plan.plan import Plan
from domain.views.asked import urgently
from tests.course import code
from tests.support import MEASURES, Table, asks, card_of, example_cards, example_directory, example_plan, with_changes

AGREES = {"state": "KZ", "reference": "TEST-8", "given_by_role": "head of service"}


def test_a_delegate_authorises_only_where_the_card_lets_its_kind() -> None:
    """By the card a prosecutor decides; police does not, although the prosecutor has delegated its say."""
    table = Table(other_cards=card_of("UZ", granted_by=["prosecutor"]))
    table.say("uz.prosecutor", "delegated", to="uz.police")
    answer = table.say("uz.police", "authorisation_granted", "consent-uz", on_behalf_of="uz.prosecutor")
    assert code(answer) == "may_not_decide"
    assert table.is_open("consent-uz")


ACCEPTS = {"of": ["customs"], "decided_by": ["prosecutor"], "law": {"mark": "T", "text": "ord"}}


def test_who_decides_does_not_agree_in_the_place_of_who_must() -> None:
    """By the card the customs accepts what the prosecutor decides: else one service would say both, by a delegation or as a
    backup.
    """
    law = card_of("KZ", agreements=[ACCEPTS])
    table = Table(
        with_changes(consent_kz={"requires": asks("kz.prosecutor authorisation", "kz.customs agreement")}), other_cards=law
    )
    table.say("kz.customs", "delegated", to="kz.prosecutor")
    answer = table.say("kz.prosecutor", "agreement_given", "consent-kz", on_behalf_of="kz.customs", **AGREES)
    assert code(answer) == "may_not_agree"
    assert code(table.say("kz.customs", "agreement_given", "consent-kz", **AGREES)) is None

    plan = example_plan()
    ladder = [{"after": "1h", "to": "kz.prosecutor", "may_answer": True}]
    agrees = plan.checkpoints[0].model_dump() | {"id": "agreed", "requires": asks("kz.customs agreement"), "escalate": ladder}
    backed = Plan.model_validate(plan.model_dump() | {"checkpoints": [agrees, *plan.model_dump()["checkpoints"]]})
    (fault,) = faults_in(backed, example_directory(), example_cards() | law)
    assert fault.place == "checkpoints.0.escalate.0.to"
    assert fault.problem == "R1: by the rule card of KZ a prosecutor does not agree, nor in another's place"


@pytest.mark.parametrize(
    ("plan", "at", "service"),
    [
        ("aktobe-post-office", "consent", "kz.police"),
        ("sydney-perth", "consent", "au.border-force"),
        ("almaty-tashkent", "consent_kz", "kz.knb"),
    ],
)
def test_who_carries_it_out_is_no_backup_of_who_consents(plan: str, at: str, service: str) -> None:
    """Else the silence of the one authority would let who begins or carries it out decide alone."""
    ladder = {"escalate": [{"after": "1h", "to": service, "may_answer": True}]}
    faults = faults_in(with_changes(example_plan(plan), **{at: ladder}), example_directory(), example_cards())
    assert [one.place for one in faults] == ["checkpoints.0.escalate.0.to"]
    assert faults[0].problem.startswith("R13")


LAW = {"mark": "T", "text": "ord"}
DEPUTY = {"after": "30h", "to": "kz.border"}
"""The border service has a part, and nothing to decide by itself."""
STANDS_IN = DEPUTY | {"may_answer": True}
BOTH = [["court"], ["court", "border_guard"]]
"""Whom the card names: the court alone, or the border service too."""


def follows(*by: str, needs: str = "own_act", asked: str | None = None, **says: Any) -> dict[str, RuleCard]:
    """A card of Kazakhstan by which these let a person be followed, `asked` so long before the end to let it go on, and nothing
    else needs a permission.
    """
    followed = {"measures": ["following_person"], "needs": needs, "by": by, "ask_before": asked, "law": LAW}
    others = {"measures": [one for one in MEASURES if one != "following_person"], "needs": "nothing", "law": LAW}
    return card_of("KZ", measures=[followed, others], **says)


def following(*asked: str, ladder: dict[str, Any] = DEPUTY, court: bool = True) -> Plan:
    """Somebody is followed. These are asked for consent, and a court at a checkpoint of its own, unless that is left out."""
    consent = {"requires": asks(*(asked or ("kz.prosecutor authorisation",))), "escalate": [ladder]}
    plan = with_changes(plan_={"uses": ["following_person"]}, consent_kz=consent).model_dump()
    own = plan["checkpoints"][0] | {"id": "court-kz", "requires": asks("kz.court permission")}
    return Plan.model_validate(plan | {"checkpoints": [*plan["checkpoints"], own] if court else plan["checkpoints"]})


def permits(table: Table, service: str, at: str = "court-kz", **says: Any) -> Receipt:
    """It permits that a person is followed, for the court."""
    return table.say(service, "permission_granted", at, permissions=["following_person"], on_behalf_of="kz.court", **says)


@pytest.mark.parametrize("by", BOTH)
def test_r16_only_whom_the_card_names_permits_in_the_place_of_a_court(by: list[str]) -> None:
    """By a delegation or as a backup, a service of another kind permits nothing that only a court may; one that is named does."""
    for ladder in (DEPUTY, STANDS_IN):
        table = Table(following(ladder=ladder), other_cards=follows(*by))
        table.say("kz.court", "delegated", to="kz.border") if ladder is DEPUTY else table.pass_time(hours=30)
        assert code(permits(table, "kz.border")) == ("may_not_permit" if by == ["court"] else None)
        assert table.is_open("court-kz") is (by == ["court"])


@pytest.mark.parametrize("by", BOTH)
def test_r16_a_backup_may_permit_all_that_those_may_in_whose_place_it_answers(by: list[str]) -> None:
    """Where a permission is asked apart, or beside an authorisation, the plan says so before anybody waits; and what is right."""
    for plan in (
        following(ladder=STANDS_IN),
        following("kz.prosecutor authorisation", "kz.court permission", ladder=STANDS_IN, court=False),
    ):
        found = faults_in(plan, example_directory(), example_cards() | follows(*by))
        assert [one.place.endswith("escalate.0.to") for one in found] == [True] * (by == ["court"])
        right = "may not permit following person, nor in another's place, but court may; name one of these, or ask for that"
        assert all(right in one.problem for one in found)


def test_r16_what_an_authorisation_permits_is_not_permitted_by_just_anybody_in_its_place() -> None:
    """The border service may authorise, and by the card only a prosecutor permits that a person is followed."""
    law = follows("prosecutor", needs="permission", granted_by=["prosecutor", "border_guard"])
    (fault,) = faults_in(following(ladder=STANDS_IN, court=False), example_directory(), example_cards() | law)
    assert fault.problem.startswith("R16: by the rule card of KZ a border guard may not permit following person")
    table = Table(following(court=False), other_cards=law)
    table.say("kz.prosecutor", "delegated", to="kz.border")
    for given, found in ((["following_person"], "may_not_permit"), ([], None)):
        said = table.say("kz.border", "authorisation_granted", "consent-kz", on_behalf_of="kz.prosecutor", permits=given)
        assert code(said) == found
    for given, found in ((["following_person"], "may_not_permit"), ([], None)):
        table = Table(following(court=False), other_cards=law)
        table.say("kz.prosecutor", "authorisation_granted", "consent-kz", permits=given)
        table.say("kz.prosecutor", "delegated", to="kz.border")
        longer = {"valid_until": "2022-07-01T00:00:00Z", "on_behalf_of": "kz.prosecutor"}
        assert code(table.say("kz.border", "authorisation_extended", **longer)) == found, "nor for longer"


def test_r16_who_permitted_in_urgency_does_not_sanction_it_for_the_court() -> None:
    """Not though the court has delegated its say to it; the court itself does."""
    urgent = {"measures": ["following_person"], "by": ["prosecutor"], "sanctioned_within": "72h", "law": LAW}
    table = Table(following(), other_cards=follows("court", urgent_measures=[urgent]))
    table.say("kz.court", "delegated", to="kz.prosecutor")
    assert urgently(table.delivery, "kz.prosecutor", "court-kz", "kz.court"), "and is asked for nothing else"
    assert code(permits(table, "kz.prosecutor", urgent_at=table.now.isoformat())) is None
    assert code(permits(table, "kz.prosecutor", "sanction.kz.court.1")) == "may_not_permit"
    assert code(permits(table, "kz.court", "sanction.kz.court.1")) is None


# That it goes on


ALONE: dict[str, Any] = {"granted_by": ["prosecutor"], "exclusions": [], "measures": []}
BESIDE = ALONE | {"granted_by": ["prosecutor", "border_guard"]}
"""By the card the prosecutor decides, alone or with the border service."""
MUST_AGREE = {"decided_by": ["prosecutor"], "law": LAW}
AGREED = ALONE | {"agreements": [MUST_AGREE | {"of": ["customs"]}]}
AGREED_BESIDE = ALONE | {"agreements": [MUST_AGREE | {"of": ["customs", "border_guard"]}]}


def on_its_way(law: dict[str, Any], voice: str) -> Table:
    """It has left, and this service has delegated its say to the border service."""
    asked = ["kz.prosecutor authorisation", *(["kz.customs agreement"] if "agreements" in law else [])]
    plan = with_changes(consent_kz={"requires": asks(*asked), "escalate": [DEPUTY]})
    table = Table(plan, other_cards=card_of("KZ", **law))
    if "agreements" in law:
        table.say("kz.customs", "agreement_given", "consent-kz", **AGREES)
    table.dispatch().say(voice, "delegated", to="kz.border")
    return table


@pytest.mark.parametrize(
    ("law", "voice", "found"),
    [
        (ALONE, "kz.prosecutor", "may_not_let_go_on"),
        (BESIDE, "kz.prosecutor", None),
        (ALONE, "kz.police", None),
        (AGREED, "kz.customs", "may_not_let_go_on"),
        (AGREED_BESIDE, "kz.customs", None),
    ],
    ids=["authorises", "as it may too", "only leads", "agrees", "as it does too"],
)
def test_r8_r7_only_whom_the_card_lets_decides_in_another_place_that_it_goes_on(
    law: dict[str, Any], voice: str, found: str | None
) -> None:
    """After a hold, a difference, or a record that was put back; in the place of who only leads anyone may."""
    says = {"on_behalf_of": voice}
    table = on_its_way(law, voice)
    table.say("kz.knb", "hold_requested")
    assert code(table.say("kz.border", "hold_decided", table.opened("hold"), decision="go_on", **says)) == found
    table = on_its_way(law, voice)
    table.say("kz.police", "handover_offered", "tashkent-airport", gross="10 kg")
    assert code(table.say("kz.border", "movement_decision", table.opened("decision"), **says)) == found


def test_r18_only_whom_the_card_lets_decides_for_a_prosecutor_after_a_record_was_put_back() -> None:
    """The same of what is asked of the initiator's prosecutor then."""
    for law, found in ((ALONE, "may_not_let_go_on"), (BESIDE, None)):
        table = on_its_way(law, "kz.prosecutor")
        table.report(Diverged(branch=0, seq=0, how="ahead", size=500, root="0" * 64))
        table.settle()
        at = next(name for name in table.delivery.state.progress if name.endswith(".prosecutor.1"))
        assert code(table.say("kz.border", "movement_decision", at, on_behalf_of="kz.prosecutor")) == found


@pytest.mark.parametrize(("kind", "no"), [("hold_decided", {"decision": "end"}), ("movement_decision", {"proceed": False})])
def test_r8_who_speaks_for_another_may_always_brake(kind: str, no: dict[str, Any]) -> None:
    """To have it ended is a brake: the card is not asked of whom the prosecutor has let speak."""
    table = on_its_way(ALONE, "kz.prosecutor")
    table.say("kz.knb", "hold_requested")
    table.say("kz.police", "handover_offered", "tashkent-airport", gross="10 kg")
    at = table.opened("hold" if kind == "hold_decided" else "decision")
    assert code(table.say("kz.border", kind, at, on_behalf_of="kz.prosecutor", **no)) is None
    assert table.delivery.state.halt is not None


WRITTEN = {"reference": "TEST-7", "written_by_role": "head", "written_at": "2022-03-01T06:00:00Z"}
SPOKEN = {"form": "oral", "given_at": "2022-03-01T05:30:00Z"}


@pytest.mark.parametrize(
    ("law", "found"), [(AGREED, ["may_not_decide", "may_not_agree"]), (AGREED_BESIDE | BESIDE, [None, None])]
)
def test_r1_only_whom_the_card_lets_confirms_in_writing_in_another_place(law: dict[str, Any], found: list[str | None]) -> None:
    """What was given by word of mouth ends unless one who may has it in writing."""
    oral = {"forms": ["oral"], "written_within": "24h", "of": ["authorisation", "agreement"], "law": LAW}
    asked = {"requires": asks("kz.prosecutor authorisation", "kz.customs agreement"), "escalate": [DEPUTY]}
    table = Table(with_changes(consent_kz=asked), other_cards=card_of("KZ", urgent=[oral], **law))
    table.say("kz.customs", "agreement_given", "consent-kz", **AGREES | SPOKEN | {"reference": None})
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", **SPOKEN)
    for voice in ("kz.prosecutor", "kz.customs"):
        table.say(voice, "delegated", to="kz.border")
    words = WRITTEN | {"state": "KZ"}
    says = [
        table.say("kz.border", "authorisation_confirmed", on_behalf_of="kz.prosecutor", legal_basis="test", **words),
        table.say("kz.border", "agreement_confirmed", on_behalf_of="kz.customs", **words),
    ]
    assert [code(one) for one in says] == found


# With whose agreement

IN_RUSSIA = BESIDE | {"agreements": [{"of": ["customs"], "decided_by": ["border_guard"], "law": LAW}]}
"""What the border service decides needs the agreement of customs; what the prosecutor decides does not."""
IN_LATVIA = BESIDE | {"agreements": [{"of": ["customs"], "decided_by": ["prosecutor", "border_guard"], "law": LAW}]}
BEGUN = BESIDE | {"agreements": [{"of": ["prosecutor"], "begun_by": ["security"], "law": LAW}]}
"""What the security service begins needs the agreement of the prosecutor, who authorises it."""
BEGUN_BESIDE = BESIDE | {"agreements": [{"of": ["prosecutor", "border_guard"], "begun_by": ["security"], "law": LAW}]}
ORAL = {"forms": ["oral"], "written_within": "24h", "of": ["authorisation", "agreement"], "law": LAW}


@pytest.mark.parametrize(
    ("law", "asked", "found", "goes_on"),
    [
        (IN_RUSSIA, False, "not_agreed_to", "not_agreed_to"),
        (IN_RUSSIA, True, None, "not_agreed_to"),
        (IN_LATVIA, True, None, None),
        (BEGUN, False, "not_agreed_to", "not_agreed_to"),
        (BEGUN_BESIDE, False, None, None),
    ],
    ids=["nobody agrees", "asked, not on a hold", "asked anyhow", "who began it", "agrees itself"],
)
def test_r1_nobody_decides_in_another_place_without_the_agreement_that_its_own_decision_needs(
    law: dict[str, Any],
    asked: bool,  # noqa: FBT001
    found: str | None,
    goes_on: str | None,
) -> None:
    """It does not authorise, extend, confirm in writing or let go on, and the plan says so; where they are asked, it does."""
    requires = asks("kz.prosecutor authorisation", *(["kz.customs agreement"] if asked else []))
    cards = card_of("KZ", urgent=[ORAL], **law)

    def table(ladder: dict[str, Any] = DEPUTY, **said: Any) -> Table:
        new = Table(with_changes(consent_kz={"requires": requires, "escalate": [ladder]}), other_cards=cards)
        new.say("kz.customs", "agreement_given", "consent-kz", **AGREES) if asked else None
        if said:
            new.say("kz.prosecutor", "authorisation_granted", "consent-kz", **said)
        new.say("kz.prosecutor", "delegated", to="kz.border") if ladder is DEPUTY else new.pass_time(hours=30)
        return new

    for_it: dict[str, Any] = {"on_behalf_of": "kz.prosecutor"}
    backed = table(STANDS_IN)
    wrong = [
        one.problem for one in faults_in(backed.plan, example_directory(), example_cards() | cards) if "escalate" in one.place
    ]
    assert [one.split(",")[0] for one in wrong] == ["R1: by the rule card of KZ what a border guard decides"] * bool(found)
    for one in (backed, table()):
        assert code(one.say("kz.border", "authorisation_granted", "consent-kz", **for_it)) == found
    given = table(form="written")
    assert code(given.say("kz.border", "authorisation_extended", valid_until="2022-07-01T00:00:00Z", **for_it)) == found
    confirmed = table(**SPOKEN).say("kz.border", "authorisation_confirmed", legal_basis="test", state="KZ", **WRITTEN, **for_it)
    assert code(confirmed) == found
    given.dispatch().say("kz.knb", "hold_requested")
    assert code(given.say("kz.border", "hold_decided", given.opened("hold"), decision="go_on", **for_it)) == goes_on


def test_r1_who_decides_beside_another_agrees_to_what_is_decided_in_the_place_of_that_alone() -> None:
    """The customs authorises too, so the border service may speak for the prosecutor; but not for the customs."""
    law = IN_LATVIA | {"granted_by": ["prosecutor", "border_guard", "customs"]}
    asked = {"requires": asks("kz.prosecutor authorisation", "kz.customs authorisation"), "escalate": [DEPUTY]}
    table = Table(with_changes(consent_kz=asked), other_cards=card_of("KZ", **law))
    for voice, found in (("kz.prosecutor", None), ("kz.customs", "not_agreed_to")):
        table.say(voice, "delegated", to="kz.border")
        assert code(table.say("kz.border", "authorisation_granted", "consent-kz", on_behalf_of=voice)) == found


@pytest.mark.parametrize("by", [["prosecutor"], ["prosecutor", "border_guard"]])
def test_r16_nobody_confirms_in_another_place_what_it_may_not_permit(by: list[str]) -> None:
    """The written act would be of one who may authorise, and not permit that a person is followed."""
    law = follows(*by, needs="permission", granted_by=["prosecutor", "border_guard"], urgent=[ORAL])
    for permits_it in (True, False):
        table = Table(following(court=False), other_cards=law)
        given = ["following_person"] if permits_it else []
        table.say("kz.prosecutor", "authorisation_granted", "consent-kz", permits=given, **SPOKEN)
        table.say("kz.prosecutor", "delegated", to="kz.border")
        words = WRITTEN | {"state": "KZ", "legal_basis": "test"}
        said = table.say("kz.border", "authorisation_confirmed", on_behalf_of="kz.prosecutor", **words)
        assert code(said) == ("may_not_permit" if permits_it and by == ["prosecutor"] else None)


def test_r1_who_may_not_grant_is_a_backup_where_only_the_rest_is_asked() -> None:
    """A deputy prosecutor would agree, and not authorise; the plan says that what it may stands at a checkpoint of its own."""
    law = card_of("KZ", **ALONE | {"agreements": [MUST_AGREE | {"of": ["customs", "border_guard"]}]})
    way = "; ask for the authorisation at a checkpoint of its own"
    for asked in (["kz.prosecutor authorisation", "kz.customs agreement"], ["kz.prosecutor authorisation"]):
        plan = with_changes(consent_kz={"requires": asks(*asked), "escalate": [STANDS_IN]})
        (fault, *_) = faults_in(plan, example_directory(), example_cards() | law)
        assert fault.problem == "R1: by the rule card of KZ a border guard cannot grant, nor in another's place" + way * (
            len(asked) - 1
        )
