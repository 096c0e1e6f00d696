"""What a scenario may set of a statement, what is told of one that went otherwise, and why one cannot be compressed."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest

from client.dossier import Dossier, Staged
from client.rehearse import raise_if_endless
from client.scenario_tests import TrialResult, compared, line, rehearsed, simulated, trial
from domain.delivery.reported import Stated
from domain.record.door import read_statement
from domain.record.packet import unseal
from domain.words.errors import Malformed
from domain.words.text import Filled
from rehearsal.ordinary import ordinary
from rehearsal.over_http import factor_for, hindrances
from tests.support import EXAMPLES, example_cards, example_directory, example_plan, example_scenario

PLAN = EXAMPLES / "almaty-tashkent" / "plan.yaml"


def written(folder: Path, acts: str, trail: str) -> Path:
    """A scenario of the first example with these acts and this trail."""
    path = folder / "scenario.yaml"
    head = f"vigil: scenario/1\nplan: {PLAN}\npace: {{fastest: 10m, slowest: 1h}}\n"
    path.write_text(f"{head}acts: [{acts}]\nexpect:\n  outcome: delivered_with_arrests\n  trail: [{trail}]\n")
    return path


def tried(path: Path) -> tuple[TrialResult, bytes]:
    """How it went, and its packet."""
    one = trial(path, EXAMPLES / "directory.yaml", EXAMPLES / "cards")
    (packet,) = simulated(one, 1)
    (result,) = compared(one, 1, "simulator", lambda: (packet,))
    return result, packet


def statements(packet: bytes, kind: str) -> list[Any]:
    """What of this kind was said."""
    said = [read_statement(one.event.envelope) for one in unseal(packet)[0].ledger if isinstance(one.event, Stated)]
    return [one for one in said if one.kind == kind]


def test_an_act_sets_the_handling_code_and_whatever_else_a_statement_has(tmp_path: Path) -> None:
    """Code, officer and time of the statement in which it is said; it counts as any other."""
    sets = "statement: {handling: {code: H2}, officer: P-7}"
    act = f"{{service: uz.customs, at: delivery, says: delivered, {sets}}}"
    result, packet = tried(written(tmp_path, act, "{service: uz.customs, says: delivered, verdict: accepted}"))

    assert result.ok
    (said,) = statements(packet, "delivered")
    assert ("H2", "P-7") == (said.handling.code, said.officer)


@pytest.mark.parametrize(
    ("sets", "told"), [("service: other", "it may set id, checkpoint"), ("handling: {code: H9}", "H0, H1, H2, H3")]
)
def test_what_an_act_cannot_set_is_refused(tmp_path: Path, sets: str, told: str) -> None:
    """Who signs it and which delivery it is about are not the act's to choose; a code that there is not is none."""
    act = f"{{service: uz.customs, at: delivery, says: delivered, statement: {{{sets}}}}}"
    with pytest.raises(Malformed) as refused:
        tried(written(tmp_path, act, "{event: ended}"))

    assert told in " ".join([refused.value.message, *map(str, refused.value.faults)])


@pytest.mark.parametrize(
    ("says", "sets", "place", "told"),
    [
        ("delivered", "details: {gros: 5 kg}", "details.gros", "there is no such field"),
        ("delivered", "statement: {handling: {code: H7}}", "statement.handling.code", "expected one of H0, H1, H2, H3"),
        ("delivered", "statement: {handling: H2}", "statement.handling", "expected names with their values"),
        ("delivered", "statement: {handling: {code: H3}}", "statement.handling", "H3 comes with its caveat"),
        ("delivered", "statement: {happened_at: 2022-03-02T10:00:00}", "statement.happened_at", "has no offset"),
        ("authorisation_granted", "details: {valid_until: 2022-02-30T00:00:00Z}", "details.valid_until", "has day 30"),
    ],
)
def test_what_has_no_form_in_an_act_is_told_at_its_line(tmp_path: Path, says: str, sets: str, place: str, told: str) -> None:
    """A field, code or day that there is not, a caveat or offset that is missing; and what else is wrong with the scenario."""
    act, other = f"{{service: uz.customs, at: delivery, says: {says}, {sets}}}", "{service: uz.customs, at: nowhere}"
    with pytest.raises(Malformed) as refused:
        tried(written(tmp_path, f"{act},\n  {other}", "{event: ended}"))

    found, stranger, *_ = refused.value.faults
    assert f"{tmp_path}/scenario.yaml:4: acts.0.{place}" == found.place
    assert told in found.problem
    assert "pydantic" not in str(found)
    assert f"{tmp_path}/scenario.yaml:5: acts.1.at" == stranger.place


def test_a_slip_of_form_hides_nothing_that_the_plan_does_not_know(tmp_path: Path) -> None:
    """A rule that no event has, and a service, checkpoint and kind that nobody knows: all at once, and all to be translated."""
    act = "{service: uz.custom, at: deliver, says: delivery}"
    with pytest.raises(Malformed) as refused:
        tried(written(tmp_path, act, "{event: opened, rule: R1}"))

    found = {one.place.rpartition(" ")[2]: one.problem for one in refused.value.faults}
    assert ["acts.0.service", "acts.0.at", "acts.0.says", "expect.trail.0"] == list(found)
    assert all(isinstance(one, Filled) for one in found.values())
    assert found["acts.0.says"].endswith("did you mean delivered?")


def test_what_an_act_makes_of_a_whole_statement_is_told_at_its_line(tmp_path: Path) -> None:
    """A permission that ends before it begins: each field has its form, and the service sets the other by itself."""
    act = "{service: uz.prosecutor, at: consent-uz, says: authorisation_granted, details: {valid_until: 2020-03-03T00:00:00Z}}"
    with pytest.raises(Malformed) as refused:
        tried(written(tmp_path, act, "{event: ended}"))

    (fault,) = refused.value.faults
    assert f"{tmp_path}/scenario.yaml:4: acts.0.details" == fault.place
    assert "valid_until must be later than valid_from" == fault.problem
    assert isinstance(refused.value.words[0], Filled)


def test_what_is_missing_is_told_with_the_nearest_and_with_what_was_refused(tmp_path: Path) -> None:
    """The same statement with another verdict is nearest; an offer that nobody asked for is told with its rule and reason."""
    act = "{service: kz.police, at: preparation, says: handover_offered}"
    missing = "{service: uz.customs, says: delivered, checkpoint: delivery, verdict: late}"
    result, _ = tried(written(tmp_path, act, missing))
    told = line(result).plain

    assert not result.ok
    assert "{service: uz.customs, says: delivered, checkpoint: delivery, verdict: accepted}" == result.nearest
    assert 1 == len(result.refusals)
    assert "[R6] preparation does not ask kz.police for handover offer" in result.refusals[0]
    assert "nearest to it was {service: uz.customs, says: delivered" in told
    assert "refused: " in told


def test_an_event_that_is_missing_has_a_nearest_too(tmp_path: Path) -> None:
    """The same event at another place, before another event at the same; nothing, where nothing is like it."""
    result, _ = tried(written(tmp_path, "", "{event: silence, checkpoint: delivery}"))
    other, _ = tried(written(tmp_path, "", "{event: amended}"))

    assert "{event: opened, checkpoint: delivery}" == result.nearest
    assert not other.nearest


def test_what_stands_in_another_order_is_told_so(tmp_path: Path) -> None:
    """The item before which it stands in place of the same as the nearest; what stands once counts as one item alone."""
    said = "{service: uz.customs, says: delivered}"
    earlier, _ = tried(written(tmp_path, "", f"{{event: opened, checkpoint: delivery}}, {{event: concluded}}, {said}"))
    once, _ = tried(written(tmp_path, "", f"{said}, {{event: concluded}}, {said}"))

    assert (3, 2, None) == (earlier.missing and earlier.missing.number, earlier.earlier_than, earlier.counted_as)
    assert (3, None, 1) == (once.missing and once.missing.number, once.earlier_than, once.counted_as)
    assert "it stands earlier: before item 2" in line(earlier).plain
    assert "it stands there once only, as item 1" in line(once).plain
    assert "nearest" not in line(earlier).plain + line(once).plain


@pytest.mark.parametrize("name", ["back-to-sender", "almaty-tashkent", "kyrgyzstan-kazakhstan-russia", "almaty-flat"])
def test_the_ordinary_scenario_of_a_plan_goes_as_it_expects(tmp_path: Path, name: str) -> None:
    """Delivered, back with its sender, or seized as planned; arrests that wait for others among it."""
    path = tmp_path / "scenario.yaml"
    path.write_text(json.dumps(ordinary(example_plan(name), str(EXAMPLES / name / "plan.yaml"))))
    result, _ = tried(path)

    assert result.ok, result


def test_why_a_rehearsal_cannot_be_compressed_is_said_before_it_starts() -> None:
    """Each place whose time is no longer than twice what an answer takes, the narrowest first; with a quicker pace, nothing."""
    plan, scenario = example_scenario("almaty-tashkent")
    dossier = Dossier(plan, example_directory(), example_cards())
    slow = scenario.model_copy(update={"pace": scenario.pace.model_copy(update={"slowest": plan.contingencies.decision})})
    raise_if_endless(Staged(dossier, scenario))
    with pytest.raises(Malformed) as refused:
        raise_if_endless(Staged(dossier, slow))

    assert 1.0 == factor_for(plan, slow)
    assert "cannot be compressed: it would take" in refused.value.message
    assert any("contingencies.decision is 12 h" in one.problem for one in refused.value.faults)
    assert hindrances(plan, slow)


def test_a_rehearsal_that_is_refused_before_it_begins_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing was started: no folder stays behind, and none is said to."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    path = written(tmp_path, "", "{event: ended}")
    path.write_text(path.read_text().replace("slowest: 1h", "slowest: 12h"))
    one = trial(path, EXAMPLES / "directory.yaml", EXAMPLES / "cards")
    with pytest.raises(Malformed, match="cannot be compressed"):
        rehearsed(one, 1)

    assert not list(folder.iterdir())
    assert "everything it left" not in capsys.readouterr().err
