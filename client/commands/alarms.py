"""`vigil alarms`: a supervisor reads which patterns of enquiries the register of live operations has found."""

from rich.table import Table
from rich.text import Text

from client.caller import CallerOptions
from client.console import answer
from client.entries import moment
from client.options import Output, grouped
from domain.plan.enquiries import Alarm
from domain.signing.canonical import plain
from domain.views.names import PATTERNS
from domain.words.text import shown


@grouped
def alarms(caller: CallerOptions, output: Output = "text") -> None:
    """Who looks for more in the register of live operations than an operation needs: for supervisors."""
    found = caller.call(lambda door: door.alarms())
    answer(output, {"alarms": [plain(one) for one in found]}, _table(found) if found else "no pattern of enquiries was found")


def _table(found: tuple[Alarm, ...]) -> Table:
    table = Table(box=None, padding=(0, 2))
    for heading in ("no.", "when", "who", "State", "pattern", "count", "signed by", "of"):
        table.add_column(heading)
    for one in found:
        signed, of = ", ".join(one.signers), ", ".join(one.deliveries)
        cells = (moment(one.at), one.service, one.state, PATTERNS[one.pattern], f"{one.count}", signed, of)
        table.add_row(f"{one.number}", *(Text(shown(cell)) for cell in cells))
    return table
