"""Acts by number and day, and what papers need to be told: scales, fates of units, devices, cases, papers."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.plan.acts import Act, DatedAct, NamedAct
from domain.plan.check import faults_in
from domain.record.verify import verify
from domain.rules.books import BOOK
from domain.signing.canonical import canonical, plain
from domain.views.view import view
from tests.course import became, code
from tests.support import Table, asks, example_cards, example_directory, with_changes

HALF = {"substance": "mephedrone (4-MMC)", "net": "6.6 kg"}
SUBSTITUTE = {"label": "S-1", "what": "substitute", "gross": "6.6 kg", "made_of": "gypsum"}
TRACKER = {"label": "T-1", "what": "tracker", "gross": "50 g", "lasts": "30d", "number": "4417"}
SCALE = {"model": "VLT-15", "number": "20447", "verified_until": "2022-12-31", "division": "1 g"}
SUBMITTED: dict[str, Any] = {"reference": "6 of 2022-03-05", "addressee": "Investigation department"}


@pytest.mark.parametrize(
    ("words", "number", "dated"),
    [
        ("7/5", "7/5", None),
        ("7/5 of 2026-03-01", "7/5", "2026-03-01"),
        ("7/5 от 01.03.2026", "7/5", "2026-03-01"),
        ("order 5 of the head", "order 5 of the head", None),
        ("order 5 of the head of 2026-02-28", "order 5 of the head", "2026-02-28"),
    ],
)
def test_an_act_is_typed_with_its_date_as_an_officer_writes_it(words: str, number: str, dated: str | None) -> None:
    """In English and in Russian order of the day; a number that only sounds like a date stays one."""
    act = TypeAdapter(Act).validate_python(words)

    assert NamedAct(number=number, dated=dated) == act
    assert act == TypeAdapter(Act).validate_python(act.say())


@pytest.mark.parametrize("words", ["7/5 of 2026-02-29", "7/5 от 31.04.2026", "7/5 of 2026", "7/5 of 2026-3-1"])
def test_an_act_has_a_day_that_there_is(words: str) -> None:
    """Another is told with its place."""
    with pytest.raises(ValidationError) as told:
        TypeAdapter(Act).validate_python(words)
    assert ("dated",) == told.value.errors()[0]["loc"][-1:]


def test_what_counts_from_a_day_on_has_its_date() -> None:
    """A laboratory report without one is not taken; a consent by telephone has none yet."""
    with pytest.raises(ValidationError, match="say its date too"):
        TypeAdapter(DatedAct).validate_python("7/5")


def test_in_a_signed_statement_an_act_is_no_text() -> None:
    """One form is signed: what a person typed has become number and date."""
    table = Table().consent()
    said = plain(table.statement("kz.prosecutor", "authorisation_granted", "consent-kz", request="0" * 64, state="KZ"))
    assert {"number": "TEST-1", "dated": None} == said["content"]["reference"]
    said["content"]["reference"] = "TEST-1"
    with pytest.raises(ValidationError):
        BOOK.statement.model_validate_json(canonical(said), strict=True)


def prepared(**said: Any) -> tuple[str, str | None, Table]:
    """What became of a preparation with half of it replaced."""
    table = Table(with_changes(plan_={"modality": "replaced_in_part"}))
    for state in ("kz", "uz"):
        table.say(f"{state}.prosecutor", "authorisation_granted", f"consent-{state}", modalities=["replaced_in_part"])
    words = {"modality": "replaced_in_part", "kept": [HALF], "removed": [HALF], "items": [SUBSTITUTE]} | said
    answer = table.say("kz.police", "prepared", "preparation", **words)
    return answer.verdict.verdict, code(answer), table


def unit(label: str, net: str, fate: str | None = None, gross: str | None = None) -> dict[str, Any]:
    """A packet."""
    return {"label": label, "substance": "mephedrone (4-MMC)", "net": net, "fate": fate, "gross": gross}


def test_r10_units_that_were_kept_and_removed_are_what_was() -> None:
    """With the whole told apart, a packet that is said to have gone the other way is found."""
    right = [unit("A-1", "6.6 kg", "kept"), unit("A-2", "6.6 kg", "removed")]
    assert ("accepted", None) == prepared(units=right)[:2]
    uneven = [unit("A-1", "6.5 kg", "kept"), unit("A-2", "6.7 kg", "removed")]
    assert ("refused", "units_kept_otherwise") == prepared(units=uneven)[:2]
    lost = [unit("A-1", "6.6 kg", "kept"), unit("A-2", "6.5 kg", "removed"), unit("A-3", "100 g", "kept")]
    assert ("refused", "units_kept_otherwise") == prepared(units=lost)[:2]
    assert ("accepted", None) == prepared(units=[unit("A-1", "6.5 kg"), unit("A-2", "6.7 kg", "removed")])[:2]


def test_r10_samples_come_out_of_units_of_either_fate() -> None:
    """So a unit weighs more than what was kept, or removed, by no more than all samples."""
    sample, rest = HALF | {"net": "10 g"}, HALF | {"net": "6.59 kg"}
    units = [unit("A-1", "6.6 kg", "kept"), unit("A-2", "6.6 kg", "removed")]
    substitute = SUBSTITUTE | {"gross": "6.59 kg"}
    assert ("accepted", None) == prepared(units=units, removed=[rest], samples=[sample], items=[substitute])[:2]
    too_little = [unit("A-1", "6.63 kg", "kept"), unit("A-2", "6.56 kg", "removed")]
    assert ("refused", "units_removed_otherwise") == prepared(units=too_little, samples=[sample])[:2]


def test_r10_a_unit_holds_no_more_than_it_weighs() -> None:
    """With its packing."""
    heavy = [unit("A-1", "6.6 kg", gross="6.7 kg"), unit("A-2", "6.6 kg", gross="6.5 kg")]
    assert ("refused", "more_than_gross") == prepared(units=heavy)[:2]
    assert ("accepted", None) == prepared(units=[heavy[0], heavy[1] | {"gross": "6.6 kg"}])[:2]


def test_r10_the_work_began_before_it_is_reported() -> None:
    """Not after now."""
    assert ("refused", "began_in_future") == prepared(began_at="2022-03-01T15:00:00+05:00")[:2]
    assert ("accepted", None) == prepared(began_at="2022-03-01T10:00:00+05:00")[:2]


@pytest.mark.parametrize(
    ("until", "finding"),
    [("2022-12-31", None), ("2022-03-01", None), ("2022-02-28", "scale_unverified"), ("2021-12-31", "scale_unverified")],
)
def test_r7_a_scale_whose_verification_had_ended_is_remarked(until: str, finding: str | None) -> None:
    """The weight counts all the same, and a stranger who verifies the record sees it."""
    verdict, found, table = prepared(scale=SCALE | {"verified_until": until})

    assert ("accepted", finding) == (verdict, found)
    assert (1 if finding else 0) == len(verify(table.packet()).remarked)


def offered(**said: Any) -> tuple[str, str | None]:
    """What became of the offer of a consignment with a tracker in it."""
    table = Table().consent()
    table.say("kz.police", "prepared", "preparation", items=[TRACKER])
    table.say("kz.knb", "ready", "preparation")
    for service in ("uz.customs", "uz.police"):
        table.say(service, "ready", "departure")
    table.say("kz.police", "dispatched", "departure")
    answer = table.say("kz.police", "handover_offered", "tashkent-airport", **said)
    found = table.delivery.state.discrepancy
    return answer.verdict.verdict, code(answer) or (found.differs[0].code if found is not None else None)


def test_r6_devices_that_are_found_are_those_that_were_put_in() -> None:
    """Each side says how it found them; of what was never put in nobody says anything."""
    assert ("accepted", None) == offered(devices=[{"label": "T-1", "works": "silent"}])
    assert ("refused", "not_put_in") == offered(devices=[{"label": "T-2", "works": "working"}])


def test_r7_a_giver_who_finds_a_broken_seal_stops_the_movement() -> None:
    """As a taker does."""
    assert ("accepted", "seal_broken") == offered(seals_intact=False)
    assert ("accepted", None) == offered(seals_intact=True)


def test_r29_a_case_is_opened_and_persons_are_notified_by_who_has_the_power() -> None:
    """A coordinator or an operator of the post does not."""
    case = {"reference": "22/117 of 2022-03-05", "articles": ["273"], "charges": [{"role": "courier", "articles": ["273"]}]}
    notice = {"reference": "7/31", "persons": ["P-1"]}
    table = Table()

    assert ("accepted", None) == became(table.say("uz.police", "case_opened", **case))
    assert ("accepted", None) == became(table.say("uz.prosecutor", "persons_notified", **notice))
    for kind, words in (("case_opened", case), ("persons_notified", notice)):
        assert "opens_no_case" == code(table.say("caricc", kind, **words))


def test_who_is_notified_later_is_so_for_a_reason() -> None:
    """A decision to postpone says why."""
    table = Table()
    with pytest.raises(ValidationError, match="say in `reason` why"):
        table.say("uz.prosecutor", "persons_notified", reference="7/31", persons=["P-1"], postponed=True)


def test_r23_a_state_opens_what_its_own_services_have_said() -> None:
    """And nobody else's; what nobody has said is not opened either."""
    table = Table().dispatch()
    own, other = table.statement("kz.police", "information"), table.statement("uz.police", "information")
    table.say("kz.police", "information", id=own.id)
    table.say("uz.police", "information", id=other.id)
    act = {"reference": "5 of 2022-03-05"}

    assert ("accepted", None) == became(table.say("kz.knb", "declassified", statements=[own.id], **act))
    assert "not_of_their_state" == code(table.say("kz.knb", "declassified", statements=[own.id, other.id], **act))
    assert "not_of_their_state" == code(table.say("kz.knb", "declassified", statements=["nobody-said-it"], **act))
    assert ("accepted", None) == became(table.say("kz.knb", "declassified", **act))


@pytest.mark.parametrize("service", ["uz.post", "caricc"])
def test_r29_secrets_are_opened_and_results_submitted_by_who_has_the_power(service: str) -> None:
    """A carrier and a centre open nothing, submit nothing and are offered neither; results go to none of them."""
    plan = with_changes(delivery={"requires": asks("uz.customs delivered", "uz.post ready")})
    table = Table(plan)

    assert "opens_nothing" == code(table.say(service, "declassified", reference="5 of 2022-03-05"))
    assert "submits_nothing" == code(table.say(service, "results_submitted", **SUBMITTED))
    assert "takes_no_results" == code(table.say("uz.police", "results_submitted", to=service, **SUBMITTED))
    assert not {"declassified", "results_submitted", "case_opened", "persons_notified"} & {*offers(table, service)}
    assert {"declassified", "results_submitted", "case_opened", "persons_notified"} <= {*offers(table, "uz.police")}


def offers(table: Table, service: str) -> list[str]:
    """What this service is offered to say."""
    return [*view(table.delivery, table.directory.get(service), table.now).may_say]


def test_r11_results_are_submitted_to_who_takes_part_or_by_name_alone() -> None:
    """A body outside has no inbox here."""
    table = Table()

    assert ("accepted", None) == became(table.say("uz.police", "results_submitted", **SUBMITTED))
    assert ("accepted", None) == became(table.say("uz.police", "results_submitted", to="uz.prosecutor", **SUBMITTED))
    assert "nobody_submitted_to" == code(table.say("uz.police", "results_submitted", to="fr.customs", **SUBMITTED))


def test_what_only_papers_need_is_not_carried_from_run_to_run() -> None:
    """Registered papers add nothing to what the state holds but how much has been said."""
    table = Table()
    words = {"paper": "order", "reference": "1 of 2022-03-05", "code": "0" * 12}
    table.say("uz.police", "paper_registered", **words)
    before = held(table)
    table.say("uz.police", "paper_registered", **words)

    assert 2 == table.delivery.state.spent["uz.police"].statements
    assert before == held(table)


def held(table: Table) -> dict[str, Any]:
    """What the state holds beside what was said, by whom and how much of it."""
    return {name: repr(value) for name, value in vars(table.delivery.state).items() if name not in ("statements", "spent")}


def test_clocks_at_one_place_show_one_time() -> None:
    """A plan that says otherwise is told where."""
    directory, cards = example_directory(), example_cards()
    (fault,) = faults_in(with_changes(preparation={"zone": "+05:00"}, departure={"zone": "+06:00"}), directory, cards)

    assert ("checkpoints.3.zone", True) == (fault.place, "+05:00 ahead of UTC" in str(fault.problem))
    assert not faults_in(with_changes(preparation={"zone": "+05:00"}, departure={"zone": "+05:00"}), directory, cards)


def test_a_zone_is_an_offset_and_no_name() -> None:
    """What a name means is another thing on another machine."""
    with pytest.raises(ValidationError):
        with_changes(preparation={"zone": "Asia/Almaty"})
