"""A forecast as people read it in a terminal: tables with small bars."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from client.language import _, named
from client.spans import about
from domain.views.names import OUTCOMES
from domain.words.text import mark
from rehearsal.forecast import Bin, Distribution, ForecastReport

BAR = 24
EIGHTHS = " ▏▎▍▌▋▊▉"
LEVELS = " ▁▂▃▄▅▆▇█"
SPREAD = (mark("shortest"), mark("median"), mark("90 of 100"), mark("longest"))


def bar(part: float, width: int = BAR) -> str:
    """A bar that fills this part of its width, to an eighth of a column; whatever is above nothing is seen."""
    eighths = min(max(round(part * width * 8), 1 if part > 0 else 0), width * 8)
    full, rest = divmod(eighths, 8)
    return "█" * full + (EIGHTHS[rest] if rest else "")


def columns(found: Sequence[Bin]) -> str:
    """A histogram in one line."""
    most = max((one.delivered + one.halted for one in found), default=1) or 1
    heights = [(one.delivered + one.halted) / most for one in found]
    return "".join(LEVELS[max(round(height * 8), 1 if height else 0)] for height in heights)


def simulated(found: ForecastReport) -> str:
    """Of how many runs it is, and which."""
    last = found.seed + found.runs - 1
    return _("{count} simulated deliveries, seeds {first} to {last}", count=found.runs, first=found.seed, last=last)


def forecast(found: ForecastReport) -> RenderableType:
    """Everything that the forecast says."""
    parts: list[RenderableType] = [Text(f"{found.operation}: {simulated(found)}", "bold")]
    parts += [Text(), _durations(found), Text(), _outcomes(found), Text(), _waits(found), Text(), _bottlenecks(found)]
    parts += [Text(), _consents(found), Text(), _failures(found)]
    return Group(*parts)


def percent(share: float) -> str:
    """A share as people read it; a small one is not taken for none."""
    return "0 %" if share == 0 else "< 0.1 %" if share < 0.001 else f"{share * 100:.1f} %"


def _table(title: str, *headings: str) -> Table:
    table = Table(title=_(title), title_justify="left", title_style="bold", box=None, padding=(0, 2))
    for heading in headings:
        table.add_column(_(heading) if heading else "")
    return table


def _spread(spread: Distribution | None) -> tuple[str, ...]:
    if spread is None:
        return ("", "", "", "")
    return about(spread.min_s), about(spread.median_s), about(spread.p90_s), about(spread.max_s)


def _durations(found: ForecastReport) -> Table:
    table = _table(mark("until the outcome"), "", *SPREAD, mark("from shortest to longest"))
    if found.duration is None:
        table.add_row(_("no run ended"))
        return table
    table.add_row(_("all"), *_spread(found.duration), f"|{columns(found.histogram)}|")
    if found.delivered_duration is not None:
        table.add_row(_("delivered"), *_spread(found.delivered_duration))
    return table


def _outcomes(found: ForecastReport) -> Table:
    table = _table(mark("outcomes"), "", mark("runs"), mark("share"), "")
    for one in found.outcomes:
        table.add_row(
            named(OUTCOMES, one.outcome) if one.outcome else _("did not end"), str(one.runs), percent(one.share), bar(one.share)
        )
    return table


def _waits(found: ForecastReport) -> Table:
    table = _table(mark("waiting at each checkpoint"), "", mark("times"), *SPREAD, mark("median"))
    longest = max((one.wait.median_s for one in found.checkpoints), default=1) or 1
    for one in found.checkpoints:
        table.add_row(one.checkpoint, str(one.times), *_spread(one.wait), bar(one.wait.median_s / longest))
    return table


def _bottlenecks(found: ForecastReport) -> Table:
    table = _table(mark("who alone was waited for"), "", mark("each run"), mark("share of such waiting"), "")
    for one in found.bottlenecks:
        table.add_row(one.service, about(one.mean_s), percent(one.share), bar(one.share))
    if not found.bottlenecks:
        table.add_row(_("nobody"))
    return table


def _consents(found: ForecastReport) -> Table:
    table = _table(mark("consents"), "", mark("must be extended"), mark("expires"), mark("left over at least"), mark("median"))
    for one in found.consents:
        left = (about(one.spare.min_s), about(one.spare.median_s)) if one.spare is not None else ("", "")
        table.add_row(f"{one.state} {one.service}", percent(one.extended_share), percent(one.expired_share), *left)
    return table


def _failures(found: ForecastReport) -> Table:
    table = _table(mark("where it halts"), "", mark("rule"), mark("why"), mark("runs"), mark("share"), mark("seen with seed"), "")
    for one in found.failures:
        words = (one.checkpoint, one.rule, one.cause, str(one.runs), percent(one.share), str(one.seed), bar(one.share))
        table.add_row(*words)
    if not found.failures:
        table.add_row(_("in no run"))
    return table
