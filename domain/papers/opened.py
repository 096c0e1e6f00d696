"""Whether a paper is declassified: acts have opened every statement that it prints, and the plan; it bears them as its mark."""

from collections.abc import Iterable
from typing import NamedTuple

from domain.papers.paper import Value, Words
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue
from domain.rules.acts import Declassified
from domain.words.text import mark

DECLASSIFIED = mark("Declassified: act No. {number} of {day}, entry {entry}")


class _Printed(NamedTuple):
    """What a paper prints something of; no statement: the plan."""

    statement: str
    seq: int
    service: str


def opened(record: Record, used: Iterable[int], then: Record) -> tuple[tuple[Heard, Declassified], ...]:
    """The acts that open what stands in these entries and the plan of `then`, each once; none where something of it stays as it
    was.
    """
    acts, entries = record.said(Declassified), set(used)
    wanted = [_Printed(one.statement.id, one.seq, one.service) for one in record.heard if set(one.entries) & entries]
    wanted.append(_Printed("", then.plan_entry, then.plan.initiator))
    found: dict[int, tuple[Heard, Declassified]] = {}
    for printed in wanted:
        act = next((one for one in acts if _opens(record, *one, printed)), None)
        if act is None:
            return ()
        found[act[0].seq] = act
    return tuple(found[seq] for seq in sorted(found))


def _opens(record: Record, said: Heard, act: Declassified, printed: _Printed) -> bool:
    """By its id, or with all that services of the State had said until then."""
    own = record.state_of(said.service) == record.state_of(printed.service)
    return own and (printed.statement in act.statements if act.statements else printed.seq < said.seq)


def in_place_of_the_mark(acts: Iterable[tuple[Heard, Declassified]], tongues: Iterable[Tongue]) -> str:
    """What stands where the secrecy mark stood."""
    said = [
        tongue.say(
            DECLASSIFIED, number=Words(act.reference.number), day=Words(_day(act)), entry=Value(str(heard.seq), heard.entries)
        )
        for tongue in tongues
        for heard, act in acts
    ]
    return "; ".join(dict.fromkeys("".join(one.text for one in line if isinstance(one, Words | Value)) for line in said))


def _day(act: Declassified) -> str:
    return ".".join(reversed((act.reference.dated or "").split("-")))
