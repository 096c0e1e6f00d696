"""A forecast that is kept: before a delivery is started it is simulated, and what came of that is handed in beside it, so that
statistics can say whether it went as simulated.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from client.caller import CallerOptions
from client.console import talk
from client.dossier import PlanFiles
from client.language import _, speak
from client.staging import staged
from domain.views.statistics import Forecast
from domain.words.errors import VigilError
from domain.words.limits import MOST_SIMULATED
from rehearsal.foreseeing import foreseen
from rehearsal.trials import FEW, Trials


@dataclass(frozen=True)
class Foretelling:
    """How a delivery is simulated before it is started."""

    simulate: Annotated[
        int, typer.Option(min=0, max=MOST_SIMULATED, help="simulate it so often first, for statistics to compare; 0: not at all")
    ] = FEW
    trouble: Annotated[int, typer.Option(min=0, max=100, help="in how many of 100 simulations something goes wrong as well")] = 0
    scenario: Annotated[Path | None, typer.Option(help="how services behave in them; else scenario.yaml beside the plan")] = None

    def of(self, files: PlanFiles) -> dict[str, Forecast]:
        """The forecast of the plan, or of each consignment of the group that stands in its place, by the name of the delivery. A
        simulation that fails keeps nothing from starting: that is said, and there is no forecast.
        """
        if not self.simulate:
            return {}
        try:
            chosen = staged(files, self.scenario)
            if len(chosen) > 1:
                _say_what_takes_long(len(chosen), self.simulate)
            found = foreseen(Trials(tuple(one.world(1) for one in chosen), self.simulate, self.trouble))
        except VigilError as error:
            _not_kept(error)
            return {}
        return {one.name: forecast for one, forecast in zip(chosen, found, strict=True) if forecast is not None}


def kept(found: dict[str, Forecast], delivery: str, initiator: CallerOptions) -> bool:
    """Have the forecast of a delivery kept that has just been started; whether it was. What has started stays started."""
    if delivery not in found:
        return False
    try:
        initiator.call(lambda door: door.forecast(delivery, found[delivery]))
    except VigilError as error:
        _not_kept(error)
        return False
    return True


def _say_what_takes_long(consignments: int, times: int) -> None:
    """The largest group takes minutes."""
    text = _(
        "{count} consignments are simulated first, {times} times; --simulate 0 leaves that out", count=consignments, times=times
    )
    talk.print(text, style="dim", markup=False)


def _not_kept(error: VigilError) -> None:
    talk.print(_("no forecast is kept for statistics: {problem}", problem=error.told_in(speak)[0]), style="yellow")
