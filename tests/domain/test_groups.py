"""An operation of several consignments (R31): one file, one digest, and a delivery for each that waits for the others."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from domain.delivery.carried import Carried, carried
from domain.delivery.reported import Amended, Stated
from domain.delivery.statement import Statement
from domain.plan.check import faults_in
from domain.plan.check_group_file import numbers
from domain.plan.documents import Document
from domain.plan.group import GroupFile, Member, expand, is_member, leaf_of, placed
from domain.plan.plan import Plan
from domain.plan.request_for_consent import digest_of_request
from domain.record.door import amend, go_on
from domain.record.siblings import expunged, heard, heeding
from domain.record.verify import verify
from domain.rules.agreement import AgreementGiven
from domain.signing.canonical import canonical, plain
from domain.signing.envelope import STATEMENT_TYPE, sign
from domain.views.asked import request
from domain.views.forms import PARTS, content_of
from domain.views.glance import glance
from domain.views.sight import sight
from domain.views.timeline import timeline
from domain.views.view import route
from domain.words.errors import NotFound, NotVerified, RuleBroken
from domain.words.limits import MOST_MEMBERS, PLAN_BYTES
from domain.words.moments import instant
from rehearsal.invariants import Checker
from rehearsal.services import VIGIL, private_key_of, second
from tests.domain.test_changes import change
from tests.groups import BOTH, CHEMICALS, KEPT, OIL, Parcels, group_file, group_plans, of_several
from tests.support import EXAMPLES, SECRET, Table, asks, example_cards, example_directory, signed_plan, why
from workflows.errands import Heed, wanted

NUMBERS = itertools.count(1)


def changed(**at: Any) -> GroupFile:
    """The example's file with other words: `shared__due=...` is no field; whole fields alone."""
    return GroupFile.model_validate(group_file().model_dump() | at)


def problems(file: GroupFile) -> str:
    """All faults of a file and of the plans that follow from it, each with its place."""
    found = expand(file)
    faults = [*found.faults, *numbers(file, found.plans)]
    for number, plan in enumerate(found.plans):
        faults += (placed(file, number, one) for one in faults_in(plan, example_directory(), example_cards()))
    return "\n".join(map(str, faults))


# One file, one digest


def test_r31_one_file_gives_the_same_plans_each_time_and_each_bears_the_digest_of_all() -> None:
    """What is shared stands once; each plan is whole, without fault, and a leaf under the one digest."""
    plans = group_plans()

    assert plans == expand(group_file()).plans
    assert [OIL, CHEMICALS, KEPT] == [one.operation for one in plans]
    assert 1 == len({one.group.digest for one in plans if one.group is not None})
    assert all(one.group is not None and is_member(one, one.group) for one in plans)
    assert not problems(group_file())


def test_r31_a_plan_that_is_not_under_the_digest_of_its_group_is_not_started() -> None:
    """One gram more in one consignment is another plan: neither planning nor whoever verifies takes it."""
    plan = group_plans()[0]
    heavier = plan.model_copy(update={"consignment": plan.consignment.model_copy(update={"gross": 9_400_001})})

    assert "R31" in str(faults_in(heavier, example_directory(), example_cards()))
    with pytest.raises(NotVerified, match="R31"):
        verify(Table(heavier).packet())


def test_a_fault_is_said_at_its_line_and_once() -> None:
    """What is wrong in what is shared stands there, and not once for each consignment; what differs, at the consignment."""
    path = EXAMPLES / "omsk-taraz-parcels" / "group.yaml"
    text = path.read_text().replace("says: delivered}", "says: no_such}").replace("gross: 6.1 kg", "gross: a lot")
    document = Document(text, "group.yaml")
    found = [str(one) for one in document.located(expand(document.read(GroupFile)).faults)]

    assert len(found) == 2
    lines = text.splitlines()
    for one, word in zip(found, ("no_such", "a lot"), strict=True):
        assert word in lines[int(one.split(":")[1]) - 1]


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ({"group": OIL}, "R31: motor-oil-1 is the code name of another"),
        ({"consignments": [{"operation": "one-way"}, {"operation": "one-way"}]}, "R31: one-way is the code name of another"),
        ({"consignments": [{"operation": name, "held_back": True} for name in BOTH]}, "R31: all are held back"),
        ({"shared": {"held_back": True}}, "shared.held_back: R31: held_back is said beside the fields of a plan"),
    ],
)
def test_r31_names_are_each_ones_own_and_somebody_travels(words: dict[str, Any], fault: str) -> None:
    """Two consignments of one name, a group with the name of one, and one in which nothing is delivered are faults; so is what
    is held back where that is no consignment's.
    """
    assert fault in problems(changed(**words))


def with_checkpoint(name: str, **words: Any) -> GroupFile:
    """The example with other words at one checkpoint of all."""
    shared_words = group_file().model_dump()["shared"]
    points = [one | words if one["id"] == name else one for one in shared_words["checkpoints"]]
    return changed(shared=shared_words | {"checkpoints": points})


@pytest.mark.parametrize(
    ("at", "words", "fault"),
    [
        (
            "arrest-taraz",
            {"wait_for": [{"delivery": "others", "checkpoint": "nowhere"}]},
            f"R31: {CHEMICALS} has no checkpoint nowhere",
        ),
        (
            "arrest-taraz",
            {"wait_for": [{"delivery": KEPT, "checkpoint": "teams-ready"}]},
            f"{KEPT} is held back, so nobody waits for it",
        ),
        ("arrest-taraz", {"waits": None}, "R2: nobody waits for ever"),
        (
            "petropavl",
            {"wait_for": [{"delivery": "others", "checkpoint": "departure"}], "waits": "1h"},
            "does not wait for a sibling",
        ),
        (
            "departure",
            {"wait_for": [{"delivery": "others", "checkpoint": "delivery"}], "waits": "1h"},
            "R31: a circle: departure",
        ),
        ("teams-ready", {"wait_for": [{"delivery": "others", "checkpoint": "teams-ready"}], "waits": "1h"}, "R31: a circle"),
    ],
)
def test_r31_who_waits_waits_for_something_that_comes_and_not_for_ever(at: str, words: dict[str, Any], fault: str) -> None:
    """For a checkpoint that a sibling has and passes, in no circle, at a step that may wait, and for a span."""
    assert fault in problems(with_checkpoint(at, **words))


def member_with(name: str, **words: Any) -> GroupFile:
    """The example with other words of one consignment; those of `differs` beside what differs already."""
    members = group_file().model_dump()["consignments"]
    one = next(each for each in members if each["operation"] == name)
    one |= words | {"differs": one["differs"] | words.get("differs", {})}
    return changed(consignments=members)


WHOLE = {"step": "arrest", "state": "KZ", "place": "Taraz", "requires": [{"service": "kz.police", "says": "arrest"}]}


@pytest.mark.parametrize(
    ("words", "at", "fault"),
    [
        ({"left_out": ["arrest-omks", "accounting-omsk"]}, "left_out.0", "it cannot be left out; did you mean arrest-omsk?"),
        ({"left_out": ["wurst"]}, "left_out.0", "R31: wurst is no checkpoint and no leg of `shared`"),
        ({"left_out": ["arrest-omsk", "accounting-omsk", "arrest-omsk"]}, "left_out.2", "arrest-omsk stands twice"),
        (
            {"differs": {"checkpoints": [{"id": "delivery", "due": "3h"}, {"id": "delivery", "remind": ["1h"]}]}},
            "differs.checkpoints.1.id",
            "delivery stands here twice; say all of it in one place",
        ),
        (
            {"differs": {"checkpoints": [{"id": "arrest-omsk", "due": "3h"}]}},
            "differs.checkpoints.0.id",
            "R31: arrest-omsk stands in `left_out` too",
        ),
        ({"differs": {"checkpoints": [{"id": "new"} | WHOLE]}}, "differs.checkpoints.0.due", "is missing"),
        ({"differs": {"checkpoints": ["delivery"]}}, "differs.checkpoints.0", "names with their values"),
        ({"differs": {"legs": {"id": "steppe", "takes": "3h"}}}, "differs.legs", "expected a list"),
    ],
)
def test_r31_what_differs_and_what_is_left_out_is_said_once_of_what_there_is(words: dict[str, Any], at: str, fault: str) -> None:
    """A name that `shared` does not have, one that stands twice, one that is left out and differs, and what has no form are each
    told once, at their own place.
    """
    (found,) = problems(member_with(CHEMICALS, **words)).splitlines()

    assert found.startswith(f"consignments.1.{at}: ")
    assert fault in found


def test_r31_a_number_of_one_parcel_is_not_said_of_two() -> None:
    """One item of post is one consignment, so the second is told at its line whose number it is; one lorry carries several."""
    goods = group_file().consignments[0].differs["consignment"]
    assert isinstance(goods, dict)
    lorry = goods | {"identifiers": [{"scheme": "plate", "value": "EXAMPLE 31"}]}
    twice = problems(member_with(CHEMICALS, differs={"consignment": goods}))
    members = [one | {"differs": one["differs"] | {"consignment": lorry}} for one in group_file().model_dump()["consignments"]]

    assert twice.startswith("consignments.1.differs.consignment.identifiers.0.value: R31: upu_s10 CC220415002RU is the number of")
    assert "is the number of" not in problems(changed(consignments=members))


def test_r31_who_is_waited_for_in_vain_is_named() -> None:
    """A sibling without that checkpoint, none that travels, several that lack it, oneself, and a name that none has."""
    lacking = problems(member_with(CHEMICALS, left_out=["teams-ready", "arrest-omsk", "accounting-omsk"]))
    alone = problems(member_with(CHEMICALS, held_back=True))
    members = group_file().model_dump()["consignments"]
    more = with_checkpoint("arrest-taraz", wait_for=[{"delivery": "others", "checkpoint": "team-ready"}])
    several = problems(
        more.model_copy(update={"consignments": (*more.consignments, Member(**members[0] | {"operation": "oil-4"}))})
    )

    assert f"R31: {CHEMICALS} has no checkpoint teams-ready that may be waited for" in lacking
    assert f"R31: none but {OIL} travels, so there are no others to wait for" in alone
    assert f"R31: none of {OIL}, oil-4 has a checkpoint team-ready that may be waited for; did you mean teams-ready?" in several
    for name, fault in ((OIL, "does not wait for itself"), ("motor-oil-9", f"is no consignment of this group; it has {OIL}, ")):
        wait = {"delivery": name, "checkpoint": "teams-ready"}
        assert f"{name} {fault}" in problems(with_checkpoint("arrest-taraz", wait_for=[wait]))


def test_r31_what_is_held_back_says_where_it_is_accounted_for() -> None:
    """In the State of its first leg; one alone is not held back at all."""
    alone = group_plans()[2].model_copy(update={"group": None})
    lacking = changed(consignments=[*group_file().model_dump()["consignments"][:2], {"operation": KEPT, "held_back": True}])
    lacking = lacking.model_copy(
        update={
            "consignments": (
                *lacking.consignments[:2],
                lacking.consignments[2].model_copy(
                    update={"differs": group_file().consignments[2].differs, "left_out": ("accounting-omsk",)}
                ),
            )
        }
    )
    without = {name: value for name, value in lacking.consignments[2].differs.items() if name != "checkpoints"}
    bare = lacking.consignments[2].model_copy(update={"differs": without})
    lacking = lacking.model_copy(update={"consignments": (*lacking.consignments[:2], bare)})

    assert "R31: one is held back only where others" in str(faults_in(alone, example_directory(), example_cards()))
    assert "R31: it is kept in RU" in problems(lacking)


def test_r28_the_largest_group_has_its_bound_and_fits() -> None:
    """Thirty-two consignments, each of whose arrests waits for all others, are plans that can be carried; one more is refused."""
    first, *_ = group_file().model_dump()["consignments"]
    many = [first | {"operation": f"{'parcel':x<37}-{number:02d}"} for number in range(MOST_MEMBERS)]
    found = expand(changed(consignments=many))

    assert not found.faults
    assert not faults_in(found.plans[-1], example_directory(), example_cards())
    assert max(len(canonical(one)) for one in found.plans) < PLAN_BYTES // 4
    with pytest.raises(ValueError, match="at most 32"):
        changed(consignments=[*many, first])


# What is signed for several

AGREES = {"reference": "TEST-8", "given_by_role": "head of service"}


def consents_of(
    table: Table, service: str, at: str | None, *names: str, of: tuple[Plan, ...] | None = None, **content: Any
) -> Statement:
    """What a service says once for these parcels of the example, or of these plans."""
    together = of_several(*names, plans=of)
    plans = {one.operation: one for one in of or group_plans()}
    state = table.directory.get(service).state or ""
    request = {"request": [digest_of_request(plans[one], state) for one in names]} if content.pop("asks", True) else {}
    said = table.statement(service, content.pop("kind", "authorisation_granted"), at, **request | content)
    return said.model_copy(update=together | {"id": f"shared-{next(NUMBERS):04d}"})


def test_r31_a_consent_is_signed_once_and_counts_in_each_delivery_that_it_names() -> None:
    """One envelope with one signature stands in both ledgers, is accepted in both, and both packets verify."""
    parcels = Parcels()
    said = consents_of(parcels[OIL], "kz.prosecutor", "consent-kz", *BOTH)
    answers = [parcels[name].hand_in(said) for name in BOTH]

    assert ["accepted", "accepted"] == [one.verdict.verdict for one in answers], list(map(why, answers))
    assert answers[0].fingerprint == answers[1].fingerprint
    for name in BOTH:
        assert "kz.prosecutor" in parcels[name].delivery.state.grants
        verify(parcels[name].packet())


def test_r31_a_consent_for_one_consignment_counts_for_no_other() -> None:
    """The delivery that it does not name turns it away, and a consent to one's own request does not do for the group's."""
    parcels = Parcels()
    of_one = consents_of(parcels[OIL], "kz.prosecutor", "consent-kz", OIL)
    own = parcels[OIL].statement("kz.prosecutor", "authorisation_granted", "consent-kz")
    other = consents_of(parcels[OIL], "kz.prosecutor", "consent-kz", *BOTH, request=["0" * 64, "1" * 64], asks=False)

    for said in (of_one, own):
        with pytest.raises(NotFound):
            parcels[CHEMICALS].hand_in(said)
    assert "R1" == parcels[CHEMICALS].hand_in(other).verdict.rule
    assert not parcels[CHEMICALS].delivery.state.grants


def test_r31_the_requests_of_several_are_typed_with_semicolons_between() -> None:
    """One is one digest, as where it is said of one consignment; several are a list."""
    one, other = "0" * 64, "1" * 64
    for typed, read in ((one, one), (f"{one}; {other}", (one, other))):
        said = content_of("agreement_given", {"request": typed, "state": "KZ", **AGREES}, {}, PARTS)
        assert isinstance(said, AgreementGiven)
        assert read == said.request


def test_r31_what_is_signed_under_another_digest_does_not_count() -> None:
    """A group in which one gram is different is another group."""
    parcels = Parcels()
    said = consents_of(parcels[OIL], "kz.prosecutor", "consent-kz", *BOTH)
    other = said.model_copy(update={"plan": "1" * 64})

    assert "other_group" == code(parcels[OIL].hand_in(other))


def code(answer: Any) -> str:
    """Of what a statement was refused for."""
    return str(answer.verdict.finding.code)


def test_r31_once_a_plan_is_changed_the_groups_consent_does_not_count_in_it() -> None:
    """The digest commits to the plan as it began: what is asked afresh is consented to alone; in the others it still counts."""
    parcels = Parcels()
    table = parcels[OIL]
    said = consents_of(table, "kz.prosecutor", "consent-kz", *BOTH)
    changed_plan = table.plan.model_copy(update={"title": "First parcel, with another title"})
    amend(table.delivery, Amended(plan=signed_plan(changed_plan)), table.now)

    assert "other_plan" == code(table.hand_in(said))
    assert "accepted" == parcels[CHEMICALS].hand_in(said).verdict.verdict


def test_r31_a_consent_is_withdrawn_from_one_or_from_all() -> None:
    """Withdrawn from one, the other goes on; withdrawn from both by one signature, both halt."""
    parcels = Parcels()
    for name in BOTH:
        parcels[name].hand_in(consents_of(parcels[OIL], "kz.prosecutor", "consent-kz", *BOTH))
    one = consents_of(parcels[OIL], "kz.prosecutor", None, CHEMICALS, kind="authorisation_withdrawn", asks=False)
    parcels[CHEMICALS].hand_in(one)

    assert "withdrawn" == parcels[CHEMICALS].delivery.state.halt.cause  # type: ignore[union-attr]
    assert parcels[OIL].delivery.state.halt is None
    both = consents_of(parcels[OIL], "kz.prosecutor", None, *BOTH, kind="authorisation_withdrawn", asks=False)
    parcels[OIL].hand_in(both)
    assert "withdrawn" == parcels[OIL].delivery.state.halt.cause  # type: ignore[union-attr]


def test_r31_what_happened_to_one_consignment_is_not_said_of_several() -> None:
    """A handover, a seizure or an arrest is one consignment's, whoever signs it for more."""
    parcels = Parcels()
    said = consents_of(parcels[OIL], "ru.customs", None, *BOTH, kind="interdicted", asks=False)

    assert "not_shared" == code(parcels[OIL].hand_in(said))
    assert not parcels[OIL].delivery.state.secured


def test_r31_two_officers_sign_the_same_for_several() -> None:
    """R20 holds of what is said once: the first alone counts in none, both count in each."""
    parcels = Parcels()
    first = consents_of(parcels[OIL], "ru.customs", "consent-ru", *BOTH)
    also = first.model_copy(update={"id": "shared-second", "officer": "officer-2"})
    for name in BOTH:
        parcels[name].hand_in(first)
        assert not parcels[name].delivery.state.grants
        parcels[name].hand_in(also, second("ru.customs"))
        assert "ru.customs" in parcels[name].delivery.state.grants


def test_r8_one_signature_stops_all_that_it_names() -> None:
    """Whoever takes part in several stops them at once."""
    parcels = Parcels()
    said = consents_of(parcels[OIL], "kz.police", None, *BOTH, kind="stop_requested", asks=False)
    for name in BOTH:
        parcels[name].hand_in(said)

    assert all(parcels[name].delivery.state.halt is not None for name in BOTH)


@pytest.mark.parametrize(
    ("kind", "service", "at", "words", "cause"),
    [
        ("agreement_given", "kz.customs", "consent-kz", AGREES, None),
        ("agreement_refused", "kz.customs", "consent-kz", {"state": "KZ"}, "refused"),
        ("authorisation_refused", "kz.prosecutor", "consent-kz", {}, "refused"),
        ("permission_granted", "ru.court", "consent-ru", {"permissions": ["post"]}, None),
        ("permission_refused", "ru.court", "consent-ru", {}, "refused"),
        ("incident", "kz.police", None, {"risk_to_life": False, "what": "a flat tyre"}, None),
        ("incident", "kz.police", None, {"risk_to_life": True, "what": "danger"}, "risk_to_life"),
    ],
)
def test_r31_what_is_decided_or_happened_of_several_is_signed_once(
    kind: str, service: str, at: str | None, words: dict[str, Any], cause: str | None
) -> None:
    """An agreement, a permission, a refusal and an incident count in each delivery that they name, and halt each or none."""
    both = asks("kz.prosecutor authorisation", "kz.customs agreement")
    plans = expand(with_checkpoint("consent-kz", requires=both)).plans
    parcels = Parcels(**{one.operation.replace("-", "_"): one for one in plans})
    decides = kind in ("agreement_given", "permission_granted")
    said = consents_of(parcels[OIL], service, at, *BOTH, of=plans, kind=kind, asks=decides, **words)

    assert ["accepted"] * 2 == [parcels[name].hand_in(said).verdict.verdict for name in BOTH]
    for name in BOTH:
        halt = parcels[name].delivery.state.halt
        assert cause == (halt.cause if halt is not None else None)
        verify(parcels[name].packet())


def test_r31_what_was_found_together_and_may_be_looked_up_is_said_once() -> None:
    """Who lets the register be looked into and who detected the parcels sign once; each ledger holds it, and its packet verifies.
    Whose plan has been changed is looked up by a signature of its own.
    """
    tables = {plan.operation: Table(plan, signed=False, reported=False) for plan in group_plans()}
    oil = tables[OIL]
    for kind, asked in (("deconfliction_requested", "deconfliction.1"), ("detected", "detection.1")):
        service = oil.delivery.state.progress[asked].waiting_for()[0]
        alike = [request(tables[name].delivery, asked, service).facts.group for name in BOTH]
        said = consents_of(oil, service, asked, *BOTH, kind=kind, asks=False)

        assert [1, 2] == [one.number for one in alike if one is not None]
        assert ["accepted"] * 2 == [tables[name].hand_in(said).verdict.verdict for name in BOTH]
        for name in BOTH:
            tables[name].settle()
            verify(tables[name].packet())
    kept = tables[KEPT]
    amend(kept.delivery, Amended(plan=signed_plan(kept.plan.model_copy(update={"title": "Third parcel"}))), kept.now)
    service = kept.delivery.state.progress["deconfliction.1"].waiting_for()[0]
    said = consents_of(kept, service, "deconfliction.1", KEPT, kind="deconfliction_requested", asks=False)
    assert request(kept.delivery, "deconfliction.1", service).facts.group is None
    assert "other_plan" == code(kept.hand_in(said))


def test_r31_that_nobody_is_to_look_is_said_once() -> None:
    """Who does not let the register be looked into signs once, and each that it names goes no further."""
    tables = {plan.operation: Table(plan, signed=False) for plan in group_plans()}
    service = tables[OIL].delivery.state.progress["deconfliction.1"].waiting_for()[0]
    said = consents_of(tables[OIL], service, "deconfliction.1", *BOTH, kind="deconfliction_refused", asks=False, reason="no")

    assert ["accepted"] * 2 == [tables[name].hand_in(said).verdict.verdict for name in BOTH]
    assert ["refused"] * 2 == [tables[name].delivery.state.halt.cause for name in BOTH]  # type: ignore[union-attr]


def test_r31_an_authorisation_of_several_is_made_longer_once() -> None:
    """One signature, and in each delivery that it names the authorisation runs until then."""
    parcels = Parcels()
    parcels.consent(*BOTH)
    until = {"valid_until": "2022-04-15T00:00:00Z"}
    said = consents_of(parcels[OIL], "kz.prosecutor", None, *BOTH, kind="authorisation_extended", asks=False, **until)

    assert ["accepted"] * 2 == [parcels[name].hand_in(said).verdict.verdict for name in BOTH]
    for name in BOTH:
        assert instant(until["valid_until"]) == parcels[name].delivery.state.grants["kz.prosecutor"].valid_until


def test_r8_one_signature_holds_all_that_it_names() -> None:
    """Whoever takes part in several holds them at once; the third goes on."""
    parcels = Parcels()
    said = consents_of(parcels[OIL], "kz.police", None, *BOTH, kind="hold_requested", asks=False)
    for name in BOTH:
        parcels[name].hand_in(said)

    assert [True, True, False] == [parcels[name].delivery.state.hold is not None for name in (*BOTH, KEPT)]


# Waiting for one another


def on_their_way() -> Parcels:
    """Two have come to their recipients, and the third is kept."""
    parcels = Parcels()
    parcels.consent(*BOTH, KEPT)
    for name in BOTH:
        parcels.deliver(name)
    return parcels


def test_r31_an_arrest_opens_only_when_the_siblings_teams_are_ready() -> None:
    """Its own teams do not suffice; the signed words of the others open it, and its packet proves that offline."""
    parcels = on_their_way()
    parcels.muster(OIL)
    parcels.hear(OIL)

    assert parcels[OIL].is_closed("teams-ready")
    assert not parcels[OIL].is_open("arrest-taraz")
    parcels.muster(CHEMICALS)
    assert [f"{CHEMICALS} reached teams-ready"] == parcels.hear(OIL)
    assert parcels[OIL].is_open("arrest-taraz", "arrest-omsk")
    verify(parcels[OIL].packet())
    Checker(parcels[OIL].plan).follow([*parcels[OIL].delivery.ledger.entries])  # type: ignore[list-item]


def test_r31_what_a_changed_plan_waits_for_is_listened_for_from_then_on() -> None:
    """What listens for what was waited for before would never hear of it."""
    oil = on_their_way()[OIL]
    plan = oil.delivery.plan
    (before,) = (one for one in wanted(oil.delivery) if isinstance(one, Heed))
    index, arrest = next((at, one) for at, one in enumerate(plan.checkpoints) if one.wait_for)
    more = arrest.wait_for[0].model_copy(update={"checkpoint": "another"})
    changed_arrest = arrest.model_copy(update={"wait_for": (*arrest.wait_for, more)})
    checkpoints = (*plan.checkpoints[:index], changed_arrest, *plan.checkpoints[index + 1 :])
    amend(oil.delivery, Amended(plan=signed_plan(plan.model_copy(update={"checkpoints": checkpoints}))), oil.now)

    assert any("another" in one.awaited for one in heeding(oil.delivery).siblings)
    assert before not in wanted(oil.delivery)
    assert [before.heard] == [one.heard for one in wanted(oil.delivery) if isinstance(one, Heed)]


def waits_otherwise(table: Table, checkpoint: str, **words: Any) -> None:
    """The plan of one is changed: at this checkpoint other words stand."""
    plan = table.delivery.plan
    points = tuple(one.model_copy(update=words) if one.id == checkpoint else one for one in plan.checkpoints)
    amend(table.delivery, Amended(plan=signed_plan(plan.model_copy(update={"checkpoints": points}))), table.now)
    table.settle()


def test_r31_who_waits_as_a_changed_plan_says_waits_as_long_as_that_says() -> None:
    """Two hours before its time is over it is given ten days more: nobody is asked before these are over; who was asked by the
    plan before is asked no more.
    """
    parcels = on_their_way()
    parcels.muster(OIL)
    table = parcels[OIL]
    table.pass_time(days=2, hours=22)
    waits_otherwise(table, "arrest-taraz", waits=timedelta(days=10))
    table.pass_time(hours=3)

    assert not table.is_open("sibling.arrest-taraz.1")
    assert table.is_open("sibling.arrest-omsk.1")
    waits_otherwise(table, "arrest-omsk", waits=timedelta(days=10))
    assert table.is_closed("sibling.arrest-omsk.1")
    table.pass_time(days=9)
    assert not table.delivery.state.open_checkpoints()
    table.pass_time(days=1, minutes=1)
    assert table.is_open("sibling.arrest-taraz.1", "sibling.arrest-omsk.2")
    verify(table.packet())


def test_r31_that_one_goes_on_alone_was_decided_of_what_it_waited_for_then() -> None:
    """It was decided of both while it is held. A changed plan has the one wait for more, which was not decided upon, and the
    other for as much as before: once it goes on, that one opens alone, and the first waits.
    """
    parcels = on_their_way()
    parcels.muster(OIL)
    table = parcels[OIL]
    table.pass_time(days=3, minutes=1)
    table.say("kz.police", "hold_requested")
    for at in ("sibling.arrest-taraz.1", "sibling.arrest-omsk.1"):
        for service in ("kz.police", "kz.prosecutor"):
            table.say(service, "movement_decision", at)
    arrest = table.plan.find("arrest-taraz")
    assert arrest is not None
    more = arrest.wait_for[0].model_copy(update={"checkpoint": "another"})
    waits_otherwise(table, "arrest-taraz", wait_for=(*arrest.wait_for, more))
    for service in ("kz.police", "kz.prosecutor"):
        table.say(service, "hold_decided", table.opened("hold"))

    assert table.is_open("arrest-omsk")
    assert not table.delivery.state.seen("arrest-taraz")
    table.pass_time(days=3, minutes=1)
    assert table.is_open("sibling.arrest-taraz.2")
    verify(table.packet())


def test_r31_what_was_reached_by_other_words_than_a_changed_plan_wants_is_proved_anew() -> None:
    """One team of two was enough, and a changed plan wants both at one of two arrests: the word of the one team opens neither.
    What no plan changed stays.
    """
    file = with_checkpoint("teams-ready", need=1)
    plans = {one.operation.replace("-", "_"): one for one in expand(file).plans}
    parcels = Parcels(**plans)
    parcels.consent(*BOTH)
    for name in BOTH:
        parcels.deliver(name)
    table = parcels[OIL]
    parcels[CHEMICALS].say("kz.police", "ready", "teams-ready")
    assert [f"{CHEMICALS} reached teams-ready"] == parcels.hear(OIL)
    arrest = table.plan.find("arrest-taraz")
    assert arrest is not None
    (wait,) = arrest.wait_for
    waits_otherwise(table, "arrest-taraz", due=timedelta(hours=13))
    assert table.delivery.state.siblings.reached
    waits_otherwise(table, "arrest-omsk", wait_for=(wait.model_copy(update={"need": "all"}),))
    parcels.muster(OIL)

    assert not table.is_open("arrest-taraz", "arrest-omsk")
    with pytest.raises(RuleBroken, match="nobody has signed"):
        parcels.hear(OIL)
    verify(table.packet())


def test_r31_an_arrest_is_not_opened_by_the_servers_word() -> None:
    """Whoever holds the installation's key, and not those of the teams, cannot say that they are ready: with no word of theirs,
    with those of one alone, with those of another checkpoint, altered, or signed by itself.
    """
    parcels = on_their_way()
    parcels.muster(OIL)
    parcels.muster(CHEMICALS)
    table, key = parcels[OIL], private_key_of(VIGIL)
    known = heeding(table.delivery).siblings[0]
    group = heeding(table.delivery).group
    (good,) = heard(parcels[CHEMICALS].delivery, group, known, key)
    forged = good.statements[0].model_copy(update={"payload": good.statements[1].payload})
    (of_its_own,) = heard(parcels[OIL].delivery, group, known, key)
    by_the_server = sign(good.statements[0].body(), STATEMENT_TYPE, key)

    for statements in (
        (by_the_server, good.statements[1]),
        (),
        good.statements[:1],
        of_its_own.statements,
        (forged, good.statements[1]),
    ):
        with pytest.raises(RuleBroken, match="nobody has signed"):
            table.report(good.model_copy(update={"statements": statements}))
    assert not table.is_open("arrest-taraz")


def test_r31_words_that_prove_nothing_take_nothing_from_those_that_do() -> None:
    """Whatever else was said in the sibling stands beside them: at other checkpoints, and once for several."""
    parcels = on_their_way()
    flat_tyre = {"kind": "incident", "risk_to_life": False, "what": "a flat tyre"}
    parcels[CHEMICALS].hand_in(consents_of(parcels[OIL], "kz.police", None, *BOTH, asks=False, **flat_tyre))
    for name in BOTH:
        parcels.muster(name)
    table, sibling = parcels[OIL], parcels[CHEMICALS].delivery
    wanted_now = heeding(table.delivery)
    (good,) = heard(sibling, wanted_now.group, wanted_now.siblings[0], private_key_of(VIGIL))
    everything = tuple(one.event.envelope for one in sibling.ledger.entries if isinstance(one.event, Stated))
    assert len(everything) > len(good.statements)
    beside = tuple(one for one in everything if one not in good.statements)

    with pytest.raises(RuleBroken, match="nobody has signed"):
        table.report(good.model_copy(update={"statements": beside}))
    table.report(good.model_copy(update={"statements": everything}))
    table.settle()
    assert table.is_open("arrest-taraz", "arrest-omsk")
    verify(table.packet())


def test_r8_what_a_sibling_reaches_during_a_hold_opens_once_it_goes_on() -> None:
    """While nothing moves no arrest opens, and what was heard meanwhile is not lost."""
    parcels = on_their_way()
    parcels.muster(OIL)
    table = parcels[OIL]
    table.say("kz.police", "hold_requested")
    parcels.muster(CHEMICALS)
    assert f"{CHEMICALS} reached teams-ready" in parcels.hear(OIL)
    table.pass_time(minutes=1)

    assert not table.delivery.state.seen("arrest-taraz")
    for service in ("kz.police", "kz.prosecutor"):
        table.say(service, "hold_decided", table.opened("hold"))
    assert table.delivery.state.hold is None
    assert table.is_open("arrest-taraz", "arrest-omsk")


def test_r31_what_is_said_of_a_sibling_is_signed_by_the_installation() -> None:
    """Another key, another sibling than was signed, or a stranger's delivery is none that is heard."""
    parcels = on_their_way()
    table = parcels[OIL]
    group = heeding(table.delivery).group
    wrong = expunged(CHEMICALS, group, private_key_of("kz.police"))
    right = expunged(CHEMICALS, group, private_key_of(VIGIL))

    for fact in (wrong, right.model_copy(update={"sibling": KEPT}), expunged(CHEMICALS, "1" * 64, private_key_of(VIGIL))):
        with pytest.raises(RuleBroken, match="not signed by the installation"):
            table.report(fact)
    with pytest.raises(RuleBroken, match="no sibling"):
        table.report(right.model_copy(update={"sibling": "saxaul-22"}))


def test_r2_who_waits_does_so_for_a_time_and_then_people_decide() -> None:
    """After three days those in charge are asked; once all say yes it goes on alone."""
    parcels = on_their_way()
    parcels.muster(OIL)
    table = parcels[OIL]
    table.pass_time(days=2)
    assert not table.delivery.state.open_checkpoints()
    table.pass_time(days=1, minutes=1)

    assert table.is_open("sibling.arrest-taraz.1", "sibling.arrest-omsk.1")
    for service in ("kz.police", "kz.prosecutor"):
        table.say(service, "movement_decision", "sibling.arrest-taraz.1")
    assert table.is_open("arrest-taraz")
    assert not table.is_open("arrest-omsk")
    verify(table.packet())


def test_r2_silence_about_a_sibling_halts() -> None:
    """Nobody decides in time: it goes on no more. Where no worker was up until that was over, nobody had been asked: the time for
    it begins when somebody is up to ask.
    """
    parcels = on_their_way()
    parcels.muster(OIL)
    table = parcels[OIL]
    table.pass_time(days=4)

    assert (None, True) == (table.delivery.state.halt, table.is_open("sibling.arrest-taraz.1"))
    table.pass_time(days=4)
    assert table.delivery.state.halt is not None
    assert ("silence", "R2") == (table.delivery.state.halt.cause, table.delivery.state.halt.rule)


def test_r31_a_sibling_that_has_ended_is_decided_upon_at_once() -> None:
    """Where the plan does not say that it goes on: nothing more can come of that sibling."""
    parcels = on_their_way()
    parcels.muster(OIL)
    table = parcels[OIL]
    table.report(expunged(CHEMICALS, heeding(table.delivery).group, private_key_of(VIGIL)))
    table.pass_time(seconds=1)

    assert table.is_open("sibling.arrest-taraz.1")


def test_r31_where_the_plan_says_so_it_goes_on_without_a_sibling_that_has_ended() -> None:
    """`ended: go_on`: nobody is asked."""
    file = with_checkpoint("arrest-taraz", wait_for=[{"delivery": "others", "checkpoint": "teams-ready", "ended": "go_on"}])
    plan = expand(file).plans[0]
    parcels = Parcels(motor_oil_1=plan)
    parcels.consent(OIL)
    parcels.deliver(OIL)
    parcels.muster(OIL)
    table = parcels[OIL]
    table.report(expunged(CHEMICALS, heeding(table.delivery).group, private_key_of(VIGIL)))

    assert table.is_open("arrest-taraz")
    assert not table.is_open("arrest-omsk")


def test_r23_words_with_a_handling_code_of_their_own_do_not_travel_to_a_sibling() -> None:
    """They would stand in a ledger whose readers their provider did not mean: then people decide."""
    parcels = on_their_way()
    for service in ("kz.police", "ru.police"):
        parcels[CHEMICALS].say(service, "ready", "teams-ready", handling={"code": "H2"})
    known, group = heeding(parcels[OIL].delivery).siblings[0], heeding(parcels[OIL].delivery).group

    assert parcels[CHEMICALS].is_closed("teams-ready")
    assert () == tuple(heard(parcels[CHEMICALS].delivery, group, known, private_key_of(VIGIL)))


def test_r31_what_one_says_for_another_proves_nothing_to_a_sibling() -> None:
    """No delegation is known there, so a service that colludes with the server would open an arrest: people decide instead."""
    parcels = on_their_way()
    parcels[CHEMICALS].say("kz.police", "delegated", to="kz.customs")
    parcels[CHEMICALS].say("kz.customs", "ready", "teams-ready", on_behalf_of="kz.police")
    parcels[CHEMICALS].say("ru.police", "ready", "teams-ready")
    known, group = heeding(parcels[OIL].delivery).siblings[0], heeding(parcels[OIL].delivery).group
    (told,) = heard(parcels[CHEMICALS].delivery, group, known, private_key_of(VIGIL))
    said = [one.event.envelope for one in parcels[CHEMICALS].delivery.ledger.entries if isinstance(one.event, Stated)][-2:]

    assert parcels[CHEMICALS].is_closed("teams-ready")
    assert said[1:] == [*told.statements]
    for fact in (told, told.model_copy(update={"statements": tuple(said)})):
        with pytest.raises(RuleBroken, match="nobody has signed"):
            parcels[OIL].report(fact)


# Held back, stops, and what others hear


def test_r31_what_is_held_back_never_leaves_and_has_an_outcome_of_its_own() -> None:
    """It is prepared, accounted for where it is kept, and ends as `held_back`; to let it go is not even early enough to count.
    No page draws a way that it does not go.
    """
    parcels = Parcels()
    parcels.consent(KEPT)
    table = parcels.prepare(KEPT)
    table.say("ru.customs", "dispatched", "departure")
    recovered = [one.model_dump(exclude_none=True) for one in table.plan.consignment.contents]
    table.say("ru.customs", "seizure", "accounting-omsk", recovered=recovered, gross=table.plan.consignment.gross)
    proved = verify(table.packet())

    assert ("held_back", True) == (proved.outcome, proved.ended)
    assert not table.delivery.state.dispatched
    assert "kz.prosecutor" not in table.delivery.state.grants
    assert ["Post office, Omsk"] == [one.place for one in route(table.delivery)]
    assert ["RU"] == [one.state for one in glance(table.delivery).way]
    whole = sight(table.delivery, table.directory.get("kz.police"))
    shown = timeline(table.delivery, whole, table.now).rows
    assert ["authorise", "prepare", "account"] == [one.what for one in shown]
    assert not {"kz.police", "kz.prosecutor"} & {name for one in shown for name in one.services}


def test_r10_a_gram_that_is_missing_from_what_was_held_back_is_explained() -> None:
    """The balance of what never left closes like any other."""
    parcels = Parcels()
    parcels.consent(KEPT)
    table = parcels.prepare(KEPT)
    table.say("ru.customs", "seizure", "accounting-omsk", recovered=[], gross=0)

    assert table.delivery.state.outcome is None
    assert table.opened("balance")


def test_r30_what_was_recovered_of_what_is_held_back_is_handed_on_by_nobody() -> None:
    """Half of it is recovered, and another is put in charge: the whole is no exhibit any more, so nobody could offer it."""
    parcels = Parcels()
    parcels.consent(KEPT)
    table = parcels.prepare(KEPT)
    (inside,) = (one.model_dump(exclude_none=True) for one in table.plan.consignment.contents)
    half = inside | {"net": inside["net"] // 2}
    table.say("ru.customs", "seizure", "accounting-omsk", recovered=[half], gross=table.plan.consignment.gross)
    document = table.plan.model_dump()
    document["legs"][0]["responsible"] = "ru.border"
    for one in document["checkpoints"]:
        one["escalate"] = [
            rung for rung in one["escalate"] if rung["to"] != "ru.border" or table.delivery.state.closed(one["id"])
        ]
        if one["step"] in ("dispatch", "hand_over"):
            one["requires"] = [
                asked | {"service": "ru.border"} if asked["service"] == "ru.customs" else asked for asked in one["requires"]
            ]
    change(table, Plan.model_validate(document), by="kz.police")
    assert {"balance.2"} == {one.checkpoint.id for one in table.delivery.state.open_checkpoints()}


def test_r16_what_is_done_with_what_is_held_back_is_permitted_where_it_is() -> None:
    """It is to be opened, which a court alone may permit; asked afresh are the authorities and not the court."""
    parcels = Parcels()
    parcels.consent(KEPT)
    table = parcels[KEPT]
    document = table.plan.model_dump()
    document["uses"] = [*document["uses"], "opening"]
    for like in [one for one in document["checkpoints"] if one["step"] == "authorise"]:
        alone = [one for one in like["requires"] if one["says"] == "authorisation"]
        again = like | {"id": f"{like['id']}-2", "requires": alone, "escalate": [], "remind": []}
        document["checkpoints"] = [*document["checkpoints"], again]
    with pytest.raises(RuleBroken, match="R16: no act permits opening in RU"):
        change(table, Plan.model_validate(document), by="kz.police")


def test_r31_a_stop_is_told_to_the_siblings_and_decided_upon_there() -> None:
    """Those in charge of each are asked; everybody who takes part is told, and not which sibling it was."""
    parcels = on_their_way()
    parcels[CHEMICALS].say("kz.police", "stop_requested")
    table = parcels[OIL]
    table.told = False
    parcels.hear(OIL)

    assert table.is_open("sibling.stop.1")
    assert {"sibling"} == {one.kind for one in table.delivery.state.owed if one.kind == "sibling"}
    for service in ("kz.police", "kz.prosecutor"):
        table.say(service, "movement_decision", "sibling.stop.1")
    assert table.delivery.state.under_way
    assert table.delivery.state.siblings.stop is None


def test_r31_what_was_decided_before_another_sibling_was_stopped_decides_nothing_about_that() -> None:
    """One has said that it goes on when the second stop is heard, the other says so after it: all are asked once more."""
    parcels = on_their_way()
    table = parcels[OIL]
    parcels[CHEMICALS].say("kz.police", "stop_requested")
    parcels.hear(OIL)
    table.say("kz.police", "movement_decision", "sibling.stop.1")
    parcels[KEPT].say("ru.customs", "stop_requested")
    assert f"{KEPT} stopped" in parcels.hear(OIL)
    table.say("kz.prosecutor", "movement_decision", "sibling.stop.1")

    assert table.is_closed("sibling.stop.1")
    assert table.is_open("sibling.stop.2")
    for service in ("kz.police", "kz.prosecutor"):
        table.say(service, "movement_decision", "sibling.stop.2")
    assert table.delivery.state.siblings.stop is None
    assert not table.is_open("sibling.stop.3")
    verify(table.packet())


def test_r22_who_is_responsible_by_a_changed_plan_decides_what_follows_from_a_siblings_stop() -> None:
    """It is asked as well; who was responsible before does not decide that alone."""
    parcels = Parcels()
    parcels.consent(*BOTH, KEPT)
    table = parcels[OIL]
    parcels[CHEMICALS].say("ru.customs", "stop_requested")
    parcels.hear(OIL)
    document = table.plan.model_dump()
    document["legs"][0]["responsible"] = "ru.police"
    for one in document["checkpoints"]:
        if one["step"] in ("prepare", "dispatch", "hand_over"):
            one["requires"][0]["service"] = "ru.police"
    change(table, Plan.model_validate(document), by=table.plan.initiator)
    assert table.is_closed("sibling.stop.1")
    assert table.at("sibling.stop.2").checkpoint.services() == ("ru.police", "ru.customs")


def test_r20_what_a_first_officer_decided_before_another_sibling_was_stopped_does_not_count() -> None:
    """Where one service alone is in charge, two of its officers decide: both after the last stop that was heard."""
    parcels = Parcels()
    parcels.consent(*BOTH, KEPT)
    table = parcels[OIL]
    parcels[CHEMICALS].say("ru.customs", "stop_requested")
    parcels.hear(OIL)
    table.say("ru.customs", "movement_decision", "sibling.stop.1", officer="officer-1")
    parcels[KEPT].say("ru.customs", "stop_requested")
    parcels.hear(OIL)
    table.say("ru.customs", "movement_decision", "sibling.stop.1", officer="officer-2")

    assert table.is_closed("sibling.stop.1")
    assert table.is_open("sibling.stop.2")


def test_r2_nobody_decides_upon_a_siblings_stop_in_time_and_it_halts() -> None:
    """Silence does not let it go on."""
    parcels = on_their_way()
    parcels[CHEMICALS].say("kz.police", "stop_requested")
    parcels.hear(OIL)
    parcels[OIL].pass_time(days=1)

    assert "silence" == parcels[OIL].delivery.state.halt.cause  # type: ignore[union-attr]


def test_r31_where_the_group_says_so_one_stop_stops_all() -> None:
    """`on_stop: stop`; what is held back stays where it is and goes on with its papers."""
    plans = {one.operation.replace("-", "_"): one for one in expand(changed(on_stop="stop")).plans}
    parcels = Parcels(**plans)
    parcels.consent(*BOTH, KEPT)
    parcels[CHEMICALS].say("kz.police", "stop_requested")
    for name in (OIL, KEPT):
        parcels.hear(name)

    assert "sibling_stopped" == parcels[OIL].delivery.state.halt.finding.code  # type: ignore[union-attr]
    assert parcels[KEPT].delivery.state.halt is None


def test_r14_risk_to_life_in_one_stops_all() -> None:
    """Whatever the plan says of stops."""
    parcels = on_their_way()
    parcels[CHEMICALS].say("kz.police", "incident", risk_to_life=True, what="the courier is armed")
    parcels.hear(OIL)

    assert "risk_to_life" == parcels[OIL].delivery.state.halt.cause  # type: ignore[union-attr]
    assert "danger_to_a_sibling" == parcels[OIL].delivery.state.halt.finding.code  # type: ignore[union-attr]


def test_r14_risk_to_life_is_heard_of_one_that_had_been_stopped_before() -> None:
    """A stop was ordered, and minutes later the incident is reported: the first halt stands there, and nobody in the others goes
    on for it. Once heard it is no news.
    """
    parcels = on_their_way()
    table, sibling = parcels[OIL], parcels[CHEMICALS]
    sibling.say("kz.police", "stop_requested")
    assert [f"{CHEMICALS} stopped"] == parcels.hear(OIL)
    for service in ("kz.police", "kz.prosecutor"):
        table.say(service, "movement_decision", "sibling.stop.1")
    sibling.say("kz.prosecutor", "incident", risk_to_life=False, what="a flat tyre")
    assert table.delivery.state.under_way
    assert [] == parcels.hear(OIL)
    sibling.say("kz.police", "incident", risk_to_life=True, what="the courier is armed")
    assert [f"{CHEMICALS} danger"] == parcels.hear(OIL)

    halt = table.delivery.state.halt
    assert halt is not None
    assert ("risk_to_life", "danger_to_a_sibling") == (halt.cause, halt.finding.code)
    assert "stop" == sibling.delivery.state.halt.cause  # type: ignore[union-attr]
    verify(table.packet())
    assert f"{CHEMICALS} danger" in parcels.hear(KEPT)


def split(table: Table) -> None:
    """What is on its way is carried on in two halves."""
    (whole,) = (plain(one) for one in table.plan.consignment.contents)
    halves = [whole | {"net": whole["net"] // 2}]
    parts = [{"operation": f"{table.plan.operation}-{half}", "contents": halves} for half in ("a", "b")]
    said = table.say("kz.police", "split", parts=parts, reason="two couriers")
    assert said.verdict.verdict == "accepted", why(said)


def test_r14_those_whose_consignment_has_split_hear_of_danger_to_a_sibling() -> None:
    """Its parts are deliveries of their own, of no group: everybody who takes part in the whole acknowledges the stop, and knows
    of the parts. What a sibling has come to is no news there any more, since nothing waits for it.
    """
    parcels = Parcels()
    parcels.consent(*BOTH, KEPT)
    parcels.deliver(CHEMICALS)
    table = parcels.prepare(OIL)
    gross = table.plan.consignment.gross
    table.say("kz.customs", "ready", "departure")
    table.say("ru.customs", "dispatched", "departure")
    table.say("ru.customs", "handover_offered", "petropavl", gross=gross)
    table.say("kz.police", "handover_accepted", "petropavl", gross=gross)
    before = heeding(table.delivery)
    split(table)
    parcels.muster(CHEMICALS)
    (reached,) = heard(parcels[CHEMICALS].delivery, before.group, before.siblings[0], private_key_of(VIGIL))
    table.report(reached)
    assert not table.delivery.state.siblings.heard
    assert [] == parcels.hear(OIL)
    parcels[CHEMICALS].say("kz.police", "stop_requested")
    assert [f"{CHEMICALS} stopped"] == parcels.hear(OIL)
    assert not table.is_open("sibling.stop.1")
    parcels[CHEMICALS].say("kz.police", "incident", risk_to_life=True, what="the courier is armed")
    assert [one for one in wanted(table.delivery) if isinstance(one, Heed)]
    assert [f"{CHEMICALS} danger"] == parcels.hear(OIL)

    assert table.is_open("stop.acknowledged", "split.parts")
    assert not table.is_open("stop.interdiction")
    assert not [one for one in wanted(table.delivery) if isinstance(one, Heed)]
    verify(table.packet())


def test_r14_what_has_ended_and_was_put_back_is_heard_of_once_more() -> None:
    """Its end is known here; in the history that goes on in its place it has not ended, is stopped, and then life is at risk."""
    parcels = on_their_way()
    table, sibling = parcels[OIL], parcels[CHEMICALS]
    table.report(expunged(CHEMICALS, heeding(table.delivery).group, private_key_of(VIGIL)))
    assert [] == parcels.hear(OIL)
    sibling.say("kz.police", "stop_requested")
    assert [f"{CHEMICALS} stopped"] == parcels.hear(OIL)
    sibling.say("kz.police", "incident", risk_to_life=True, what="the courier is armed")

    assert [f"{CHEMICALS} danger"] == parcels.hear(OIL)
    assert "risk_to_life" == table.delivery.state.halt.cause  # type: ignore[union-attr]
    verify(table.packet())


def test_r31_a_hold_of_one_is_told_to_the_others_and_holds_none_of_them() -> None:
    """Once, and it decides nothing."""
    parcels = on_their_way()
    parcels[CHEMICALS].say("kz.police", "hold_requested")

    assert [f"{CHEMICALS} held", f"{KEPT} held"][:1] == parcels.hear(OIL)
    assert parcels[OIL].delivery.state.hold is None
    assert not parcels.hear(OIL)


def test_one_that_is_stopped_leaves_the_record_of_the_others_as_it_is() -> None:
    """A ledger hears of siblings while it is under way alone: what is over there wants to hear nothing more."""
    parcels = on_their_way()
    parcels[CHEMICALS].say("kz.police", "stop_requested")

    assert [] == parcels.hear(CHEMICALS)
    assert not [one for one in wanted(parcels[CHEMICALS].delivery) if isinstance(one, Heed)]
    assert [one for one in wanted(parcels[OIL].delivery) if isinstance(one, Heed)]


def test_what_a_run_carries_to_the_next_of_its_siblings_is_what_it_has_heard() -> None:
    """And the next goes on with it."""
    parcels = on_their_way()
    parcels.muster(CHEMICALS)
    parcels.hear(OIL)
    words = Carried.model_validate_json(carried(parcels[OIL].delivery).model_dump_json())
    again = go_on(words, SECRET)

    assert again.state.siblings == parcels[OIL].delivery.state.siblings
    assert again.state.siblings.reached


def test_the_leaf_of_a_plan_does_not_depend_on_what_follows_from_the_tree() -> None:
    """Else no digest could be found."""
    plan = group_plans()[1]
    assert plan.group is not None
    bare = plan.group.model_copy(update={"digest": "0" * 64, "proof": ()})

    assert leaf_of(plan, plan.group) == leaf_of(plan.model_copy(update={"group": bare}), bare)
