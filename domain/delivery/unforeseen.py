"""What those contingencies are called of which other files speak than the one that declares them (`domain.rules.contingency`).

A file that writes such a name by itself would go on as before where it is called otherwise: nothing would say so.
"""

from typing import Final

DUTY: Final = "duty"
EXTENSION: Final = "extension"
SANCTION: Final = "sanction"
RENEWAL: Final = "renewal"
DECISION: Final = "decision"
SIGHTING: Final = "sighting"
SEARCH: Final = "search"
INTERDICTION: Final = "interdiction"
ACKNOWLEDGEMENT: Final = "acknowledgement"
HOLD: Final = "hold"
BALANCE: Final = "balance"
EXHIBITS: Final = "exhibits"
CONFLICT: Final = "conflict"
SIBLING: Final = "sibling"
SIBLING_STOP: Final = "sibling_stop"

NAMES: Final = (
    DUTY,
    EXTENSION,
    SANCTION,
    RENEWAL,
    DECISION,
    SIGHTING,
    SEARCH,
    INTERDICTION,
    ACKNOWLEDGEMENT,
    HOLD,
    BALANCE,
    EXHIBITS,
    CONFLICT,
    SIBLING,
    SIBLING_STOP,
)
"""All of them. One that no contingency of the rules declares fails at import (`domain.rules.books`)."""
