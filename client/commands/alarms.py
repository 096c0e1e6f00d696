"""`vigil alarms`: a supervisor reads which deliveries no worker goes on with, and who looks for too much in the register."""

from rich.console import Group
from rich.table import Table
from rich.text import Text

from client.caller import CallerOptions
from client.console import answer
from client.entries import moment
from client.language import _, speak
from client.options import Output, grouped
from domain.delivery.requests import AnyAlarm, Stranded
from domain.plan.enquiries import Alarm
from domain.signing.canonical import plain
from domain.views.names import NOTICES, PATTERNS
from domain.words.text import shown


@grouped
def alarms(caller: CallerOptions, output: Output = "text") -> None:
    """Which deliveries wait for a worker, and who looks for more in the register than an operation needs: for supervisors."""
    found = caller.call(lambda door: door.alarms())
    answer(output, {"alarms": [plain(one) for one in found]}, _shown(found) if found else _("there is no alarm"))


def _shown(found: tuple[AnyAlarm, ...]) -> Group:
    waiting = [_stranded(one) for one in found if isinstance(one, Stranded)]
    patterns = [one for one in found if isinstance(one, Alarm)]
    return Group(*waiting, *([_table(patterns)] if patterns else []))


def _stranded(one: Stranded) -> Text:
    said = speak(NOTICES["stranded"]).format(count=one.count, build=one.build)
    more = ", ..." if one.count > len(one.deliveries) else ""
    return Text(shown(f"{said}: {', '.join(one.deliveries)}{more}"), "bold")


def _table(found: list[Alarm]) -> Table:
    table = Table(box=None, padding=(0, 2))
    for heading in (_("no."), _("when"), _("who"), _("State"), _("pattern"), _("count"), _("signed by"), _("of")):
        table.add_column(heading)
    for one in found:
        signed, of = ", ".join(one.signers), ", ".join(one.deliveries)
        cells = (moment(one.at), one.service, one.state, _(PATTERNS[one.pattern]), f"{one.count}", signed, of)
        table.add_row(f"{one.number}", *(Text(shown(cell)) for cell in cells))
    return table
