"""In which order the grounds are looked at on which a statement does not count: where there are several, which one is told."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from domain.delivery.statement import Said, Statement
from domain.delivery.verdicts import Verdict
from domain.rules.book import Ground
from domain.rules.books import BOOK
from domain.rules.grounds import GROUNDS
from tests.support import Table


def halted() -> Table:
    """It has been stopped on its way."""
    table = Table().dispatch()
    table.say("uz.police", "stop_requested")
    return table


def concluded() -> Table:
    """It has its outcome, and not everybody has been told."""
    table = halted()
    table.told = False
    table.say("kz.police", "interdicted", gross="13.9 kg", seals_intact=True, place="here")
    for service in table.at(table.opened("acknowledgement")).checkpoint.services():
        table.say(service, "stop_acknowledged", table.opened("acknowledgement"))
    assert table.delivery.state.outcome is not None
    return table


STRANGE = {"plan": "0" * 64}
OF_ANOTHER_STATE = {"on_behalf_of": "uz.police"}
EARLIER = {"id": "statement-0001"}

CASES: dict[str, tuple[Callable[[], Table], tuple[str, str, str | None, dict[str, Any]]]] = {
    "contradiction names_no_plan": (Table, ("kz.knb", "information", None, EARLIER | {"plan": None})),
    "unknown_plan has_ended": (concluded, ("kz.police", "handover_offered", "tashkent-airport", STRANGE)),
    "has_ended has_halted": (concluded, ("kz.police", "handover_offered", "tashkent-airport", {})),
    "has_halted may_not_speak": (halted, ("kz.police", "handover_offered", "tashkent-airport", OF_ANOTHER_STATE)),
    "may_not_speak no_stop": (Table, ("kz.knb", "stop_acknowledged", None, OF_ANOTHER_STATE)),
    "may_not_speak not_responsible": (Table, ("kz.knb", "surveillance_lost", None, OF_ANOTHER_STATE)),
    "no_stop names_no_checkpoint": (Table, ("kz.knb", "stop_acknowledged", None, {})),
    "not_asked_r17 not_open_yet": (Table, ("kz.knb", "delivered", "delivery", {})),
    "not_asked_r1 has_closed": (Table().consent, ("kz.knb", "authorisation_granted", "consent-kz", {})),
}
"""By what is told and what would be if that were not there: who says what, where, and when."""


def judged(table: Table, statement: Statement, grounds: tuple[Ground, ...] = GROUNDS) -> str:
    """The code of what is found of it."""
    verdict: Verdict = replace(BOOK, grounds=grounds).judge(table.delivery, Said(99, table.now, statement, ("a" * 32,)))
    return verdict.finding.code if verdict.finding is not None else ""


@pytest.mark.parametrize("codes", CASES)
def test_of_two_grounds_the_first_is_told(codes: str) -> None:
    """The statement fails on both; without the first ground, the second is told."""
    make, (service, kind, at, content) = CASES[codes]
    first, second = codes.split()
    table = make()
    statement = table.statement(service, kind, at, **content)
    left = tuple(one for one in GROUNDS if first not in [code.name for code in one.codes])

    assert first == judged(table, statement)
    assert second == judged(table, statement, left)


def test_a_ground_finds_nothing_but_its_codes() -> None:
    """What docs/rules.md lists is true: a ground that finds another code is a fault of ours, and is not passed over."""
    table = halted()
    statement = table.statement("kz.police", "handover_offered", "tashkent-airport")
    (found,) = (one for one in GROUNDS if one.look.__name__ == "after_a_halt")

    with pytest.raises(AssertionError):
        judged(table, statement, (Ground(found.look, GROUNDS[0].codes),))
