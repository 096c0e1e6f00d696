"""One delivery in a list, as its reader may see it, and a page of such rows."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from domain.delivery.vocabulary import Differing, UtcText
from domain.plan.vocabulary import Line
from domain.signing.canonical import Frozen
from domain.views.standing import Word
from domain.words.identifiers import OperationCode
from domain.words.limits import LONGEST_CURSOR, LONGEST_LIST, MOST_ASKED_BY_NAME

HowDiverged = Literal[Differing, "behind", "gone"]
"""How archive and workflow diverge, see `archive.batches.Diverges`."""

_CODE = TypeAdapter(OperationCode).json_schema()["pattern"].strip("^$")
OperationCodes = Annotated[str, Field(pattern=f"^{_CODE}(,{_CODE}){{0,{MOST_ASKED_BY_NAME - 1}}}$")]
"""Several code names with commas between, as an address has them."""


class Row(Frozen):
    """One delivery. Of one that is the reader's in part only, the due times are those of its own requests, and there is no title
    and no size: the number of entries would tell whether another operation was found (R15).

    `alarm`: archive and workflow do not have the same ledger; or a service has `seen` another history than both. `size`: entries,
    as far as the row goes.
    """

    delivery: OperationCode
    whole: bool
    title: Line | None
    phase: Word
    outcome: Word | None
    group: OperationCode | None
    channel: Word | None
    next_due: UtcText | None
    overdue_since: UtcText | None
    ended: bool
    expunged: bool
    alarm: HowDiverged | Literal["seen"] | None
    started_at: UtcText
    closed_at: UtcText | None
    size: Annotated[int, Field(ge=0)] | None


class Rows(Frozen):
    """A page of a list. `next`: the cursor of the next page; none at the end. A delivery that changed between two pages may
    stand on both: the later one counts.
    """

    rows: Annotated[tuple[Row, ...], Field(max_length=LONGEST_LIST)]
    next: Annotated[str, Field(max_length=LONGEST_CURSOR)] | None = None
