"""A forecast that is kept is measured as real deliveries are (docs/statistics.md)."""

from client.dossier import PlanFiles
from client.staging import staged
from domain.views.sight import whole
from domain.views.tally import tally
from rehearsal.foreseeing import FEWEST, foreseen
from rehearsal.simulator import simulate
from rehearsal.trials import Trials
from tests.support import EXAMPLES


def trials(runs: int) -> Trials:
    """Of the first example."""
    (one,) = staged(PlanFiles(EXAMPLES / "almaty-tashkent" / "plan.yaml"), None)
    return Trials((one.world(1),), runs)


def test_a_forecast_adds_up_the_lines_of_its_runs() -> None:
    """Each line of each run is in it once, of services that the plan names; with ten runs there are tenths, with fewer none."""
    (found,) = foreseen(trials(2))
    (more,) = foreseen(trials(FEWEST))
    assert found is not None
    assert more is not None
    lines = [line for world in (trials(2).of(seed) for seed in (1, 2)) for line in _told(world[0])]

    assert sum(one.count for one in found.lines) == sum(line.count for line in lines)
    assert {(one.of, one.by) for one in found.lines if one.by} == {(one.of, one.by) for one in lines if one.by}
    assert (0, 9) == (len(found.tenths), len(more.tenths))
    assert list(more.tenths) == sorted(more.tenths)


def _told(world: object) -> list[object]:
    delivery = simulate(world).delivery  # type: ignore[arg-type]
    return [one for one in tally(delivery, whole(delivery)) if one.measure in ("asked", "answered", "lasted")]
