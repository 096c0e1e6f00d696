"""A group tried before it begins (R31): one scenario says of each consignment how the services behave, and how it is to end."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from client.dossier import PlanFiles, Staged
from client.scenario_tests import Trial, TrialResult, compared, line, simulated, trial
from client.staging import staged
from domain.delivery.decided import Closed, Opened
from domain.delivery.ledger import Entry
from domain.delivery.reported import Started
from domain.plan.documents import Document
from domain.record.packet import unseal
from domain.words.errors import Malformed, NotFound
from domain.words.limits import MOST_MEMBERS
from domain.words.moments import instant
from rehearsal.groups import as_far_as, simulate_group
from rehearsal.over_http import leeways
from rehearsal.scenario import GroupScenario
from rehearsal.simulator import NotEnded
from rehearsal.trials import Trials
from tests.groups import CHEMICALS, KEPT, OIL
from tests.support import EXAMPLES

FOLDER = EXAMPLES / "omsk-taraz-parcels"
GROUP, SCENARIO = FOLDER / "group.yaml", FOLDER / "scenario.yaml"
ENDS = {OIL: "delivered_with_arrests", CHEMICALS: "delivered_with_arrests", KEPT: "held_back"}
WARNED = {"reason": "the sender is warned"}
STOPS = {"service": "kz.customs", "at": "departure", "after": "1m", "says": "stop_requested", "details": WARNED}
"""Before anything can have left."""


def written(folder: Path, **of: dict[str, Any]) -> Path:
    """A scenario of the example's group in which these parcels, by their last number, go so."""
    consignments = [
        {"operation": name, "expect": {"outcome": outcome}} | of.get(f"parcel_{name[-1]}", {}) for name, outcome in ENDS.items()
    ]
    words = {"vigil": "group-scenario/1", "group": str(GROUP), "pace": {"fastest": "10m", "slowest": "1h"}}
    path = folder / "scenario.yaml"
    with path.open("w", encoding="utf-8") as file:
        YAML(typ="safe").dump(words | {"consignments": consignments}, file)
    return path


def ready(path: Path) -> Trial:
    """The scenario, ready to be tried."""
    return trial(path, EXAMPLES / "directory.yaml", EXAMPLES / "cards")


def tried(path: Path) -> tuple[TrialResult, ...]:
    """How each parcel went."""
    one = ready(path)
    return compared(one, 1, "simulator", lambda: simulated(one, 1))


def faults_of(path: Path) -> list[str]:
    """What is refused of it."""
    with pytest.raises(Malformed) as refused:
        ready(path)
    return [str(one) for one in refused.value.faults]


def entries(packet: bytes) -> list[Entry]:
    """The ledger in it."""
    return [one for one in unseal(packet)[0].ledger if isinstance(one, Entry)]


def test_arrests_of_the_example_wait_for_the_teams_of_both_parcels() -> None:
    """Read from the packets alone: no arrest opens in either before both musters have closed; the second began a day later."""
    one = ready(SCENARIO)
    found = {each.name: entries(packet) for each, packet in zip(one.staged, simulated(one, 1), strict=True)}
    closed = [
        instant(entry.at)
        for name in (OIL, CHEMICALS)
        for entry in found[name]
        if isinstance(entry.event, Closed) and entry.event.checkpoint == "teams-ready"
    ]
    arrests = [
        instant(entry.at)
        for ledger in found.values()
        for entry in ledger
        if isinstance(entry.event, Opened) and entry.event.checkpoint.startswith("arrest-")
    ]
    began = {name: instant(ledger[0].at) for name, ledger in found.items() if isinstance(ledger[0].event, Started)}

    assert (2, 3) == (len(closed), len(arrests))
    assert max(closed) <= min(arrests)
    assert 24 * 3600 == (began[CHEMICALS] - began[OIL]).total_seconds()
    assert began[KEPT] == began[OIL]


def test_one_that_is_stopped_has_those_in_charge_of_the_other_decide(tmp_path: Path) -> None:
    """The acts of one parcel are its own: the second is stopped before it leaves, the first goes on by decision; each ends as its
    part of the scenario says.
    """
    went_on = [
        {"event": "sibling_heard", "sibling": CHEMICALS},
        {"event": "opened", "checkpoint": "sibling.stop"},
        {"event": "concluded", "outcome": "delivered_with_arrests"},
    ]
    first = {"expect": {"outcome": "delivered_with_arrests", "trail": went_on}}
    second = {"acts": [STOPS], "begins": "6h", "expect": {"outcome": "stopped_before_departure"}}
    results = tried(written(tmp_path, parcel_1=first, parcel_2=second))

    assert all(one.ok for one in results), [line(one).plain for one in results]
    assert ["motor-oil"] * 3 == [one.group for one in results]
    assert list(ENDS) == [one.operation for one in results]


def test_where_nobody_decides_after_the_stop_of_a_sibling_it_halts(tmp_path: Path) -> None:
    """An act may be done at what is opened by the stop of a sibling; silence there halts the delivery (R2)."""
    silent = [{"service": one, "at": "sibling.stop"} for one in ("ru.customs", "ru.court", "kz.police", "kz.prosecutor")]
    halts = [{"event": "silence", "checkpoint": "sibling.stop"}, {"event": "halted", "rule": "R2"}]
    first = {"acts": silent, "expect": {"outcome": "interdicted_early", "trail": halts}}
    second = {"acts": [STOPS], "expect": {"outcome": "stopped_before_departure"}}
    results = tried(written(tmp_path, parcel_1=first, parcel_2=second))

    assert all(one.ok for one in results), [line(one).plain for one in results]


def test_what_goes_otherwise_is_told_with_its_parcel(tmp_path: Path) -> None:
    """The other two go as they should; of the third, what was found beside what was expected, under its name."""
    results = tried(written(tmp_path, parcel_3={"expect": {"outcome": "refused"}}))

    assert [True, True, False] == [one.ok for one in results]
    assert f"{KEPT}: expected refused, found held_back" in line(results[-1]).plain


def test_one_that_never_ends_is_named(tmp_path: Path) -> None:
    """Nobody seizes what was stopped: the trial of all is given up, and it is said which parcel waits for whom."""
    refused = {"service": "kz.prosecutor", "at": "consent-kz", "says": "authorisation_refused"}
    endless = {"acts": [refused, {"service": "ru.customs", "at": "stop.interdiction"}]}
    one = ready(written(tmp_path, parcel_1=endless))
    results = compared(one, 1, "simulator", lambda: simulated(one, 1))

    assert not any(each.ok for each in results)
    assert f"{OIL}: " in results[0].problem
    assert "stop.interdiction waits for ru.customs" in results[0].problem


def test_each_parcel_of_a_trial_counts_even_where_one_does_not_end(tmp_path: Path) -> None:
    """A forecast has an estimate of each consignment; one that had not begun when another was given up has no outcome."""
    refused = {"service": "kz.prosecutor", "at": "consent-kz", "says": "authorisation_refused"}
    endless = {"acts": [refused, {"service": "ru.customs", "at": "stop.interdiction"}]}
    late = {"begins": "1000d"}
    chosen = ready(written(tmp_path, parcel_1=endless, parcel_2=late)).staged
    worlds = tuple(one.world(1) for one in chosen)
    (found,) = Trials(worlds, 1).run()

    with pytest.raises(NotEnded):
        simulate_group(worlds)
    assert as_far_as(worlds)[1] is None
    assert [None, None, "held_back"] == [one.outcome for one in found]


def test_trouble_comes_to_one_parcel_of_a_run() -> None:
    """With a hundred of a hundred, in each run one of them has one act more, and not always the same."""
    worlds = tuple(one.world(1) for one in ready(SCENARIO).staged)
    planned = [len(one.scenario.acts) for one in worlds]
    troubled = [[len(one.scenario.acts) for one in Trials(worlds, 1, 100).of(seed)] for seed in range(30)]
    hit = [[more - acts for more, acts in zip(one, planned, strict=True)] for one in troubled]

    assert all(sorted(one)[:2] == [0, 0] and sum(one) > 0 for one in hit)
    assert 3 == len({one.index(max(one)) for one in hit})


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            {"parcel_1": {"operation": "motor-oil-9"}},
            "consignments.0.operation: motor-oil-9 is no consignment of this group; it has",
        ),
        ({"parcel_2": {"operation": OIL}}, "consignments.1.operation: motor-oil-1 stands here twice"),
        ({"parcel_1": {"acts": [STOPS | {"at": "nowhere"}]}}, "consignments.0.acts.0.at: no checkpoint nowhere can open"),
        ({"parcel_3": {"acts": [STOPS | {"service": "uz.post"}]}}, "consignments.2.acts.0.service: uz.post has no part in"),
        (
            {"parcel_2": {"expect": {"outcome": "expired", "trail": [{"event": "opened", "checkpoint": "arrest-omsk"}]}}},
            "consignments.1.expect.trail.0.checkpoint: no checkpoint arrest-omsk can open in motor-oil-2",
        ),
        (
            {"parcel_3": {"acts": [{"service": "ru.customs", "at": "sibling.arrest-omsk"}]}},
            "no checkpoint sibling.arrest-omsk can open in motor-oil-3",
        ),
        ({"parcel_1": {"changes": []}}, "consignments.0.changes"),
        (
            {"parcel_1": {"expect": {"outcome": "expired", "trail": [{"event": "sibling_heard", "sibling": "motor-oil-7"}]}}},
            "consignments.0.expect.trail.0.sibling: motor-oil-7 is no consignment of this group; it has motor-oil-1, motor-oil-2",
        ),
        (
            {"parcel_1": {"expect": {"outcome": "expired", "trail": [{"event": "sibling_heard", "sibling": OIL}]}}},
            "consignments.0.expect.trail.0.sibling: motor-oil-1 hears of the others of its group, not of itself",
        ),
        (
            {"parcel_2": {"acts": [STOPS | {"says": "seizure", "details": {"gross": -1}}]}},
            "consignments.1.acts.0.details.gross: expected 0 or more",
        ),
    ],
)
def test_what_can_never_come_true_is_refused_at_its_line(tmp_path: Path, said: dict[str, Any], told: str) -> None:
    """A stranger, a checkpoint that this parcel has not, a parcel that is not of the group or stands twice, an unknown field; a
    sibling that it cannot hear of.
    """
    found = faults_of(written(tmp_path, **said))

    assert any(told in one and one.startswith(f"{tmp_path}/scenario.yaml:") for one in found), found


def test_a_pace_of_who_has_no_part_in_any_of_them_is_refused(tmp_path: Path) -> None:
    """What is said for all must come true in one of them."""
    path = written(tmp_path)
    path.write_text(path.read_text() + "paces: [{says: authorisation, service: uz.post, fastest: 1h, slowest: 2h}]\n")

    assert "paces.0.service: uz.post has no part in any consignment of this group" in " ".join(faults_of(path))


def test_of_each_parcel_it_must_be_said_how_it_ends(tmp_path: Path) -> None:
    """One of which nothing is expected is named; so is one that the scenario leaves out."""
    path = written(tmp_path, parcel_2={"expect": None})
    words = YAML(typ="safe").load(path.read_text())
    YAML(typ="safe").dump(words | {"consignments": words["consignments"][:-1]}, path)

    assert [f"of {name} nothing is expected" for name in (CHEMICALS, KEPT)] == [one.partition(": ")[2] for one in faults_of(path)]


def test_a_scenario_names_no_more_consignments_than_a_group_has() -> None:
    """At the bound it is read; with one more it is not."""
    words = {"vigil": "group-scenario/1", "pace": {"fastest": "1h", "slowest": "2h"}}

    def of(count: int) -> Document:
        consignments = [{"operation": f"parcel-{number}"} for number in range(count)]
        return Document(str(words | {"consignments": consignments}), "scenario.yaml")

    assert MOST_MEMBERS == len(of(MOST_MEMBERS).read(GroupScenario).consignments)
    with pytest.raises(Malformed):
        of(MOST_MEMBERS + 1).read(GroupScenario)


def test_without_a_scenario_everybody_of_a_group_answers_in_good_time(tmp_path: Path) -> None:
    """A group file alone may be rehearsed, and all begin at once; it is no test, since nothing says how it is to end."""
    path = tmp_path / "group.yaml"
    path.write_text(GROUP.read_text())
    chosen = staged(PlanFiles(path, EXAMPLES / "directory.yaml", EXAMPLES / "cards"), None)

    assert list(ENDS) == [one.name for one in chosen]
    assert not any(one.begins or one.scenario.acts or one.scenario.expect for one in chosen)
    with pytest.raises(NotFound, match="there is no scenario of the group"):
        ready(path)


def test_what_waits_is_compressed_no_more_than_answers_allow() -> None:
    """The time for which an arrest waits for a sibling is one of the places that limit how quick a rehearsal may be."""
    one: Staged = ready(SCENARIO).staged[0]
    places = [each.place for each in leeways(one.dossier.plan, one.scenario)]

    assert {"arrest-taraz: waits", "arrest-omsk: waits"} <= set(places)
