"""Each of our own words has a name for people; what has none would be shown as it stands in the code."""

from collections.abc import Mapping
from typing import Any, get_args

import pytest

from domain.delivery import events, reported
from domain.delivery.decided import Halted
from domain.delivery.events import OUTSIDE, AnyEvent
from domain.delivery.progress import RequestStanding
from domain.delivery.verdicts import Verdict
from domain.delivery.vocabulary import AnyNotice, Outcome, Result
from domain.plan.enquiries import Pattern
from domain.rules.books import BOOK
from domain.views import names
from domain.views.view import Phase
from domain.words.codes import CODES
from domain.words.errors import BY_CODE, REASONS, RelayedError, RuleBroken, VigilError
from gateway.problems import HTTP, TITLES


def literals(annotation: Any) -> set[str]:
    """The words of a `Literal`, and of those inside it."""
    return {word for one in get_args(annotation) for word in (literals(one) or {one} if not isinstance(one, str) else {one})}


EVENTS = {one.model_fields["event"].default for one in get_args(get_args(AnyEvent)[0])}


@pytest.mark.parametrize(
    ("codes", "named"),
    [
        (set(BOOK.answers), names.NEEDS),
        (literals(Outcome), names.OUTCOMES),
        (literals(Verdict.model_fields["verdict"].annotation), names.VERDICTS),
        (literals(Result), names.RESULTS),
        (EVENTS, names.EVENTS),
        (literals(Halted.model_fields["cause"].annotation), names.IN_GENERAL),
        (literals(Pattern), names.PATTERNS),
        (literals(AnyNotice), names.NOTICES),
        (literals(AnyNotice) | {"request"}, names.ALERTS),
    ],
    ids=["needs", "outcomes", "verdicts", "results", "events", "causes", "patterns", "notices", "alerts"],
)
def test_each_code_has_its_name_and_nothing_else_has(codes: set[str], named: Mapping[str, str]) -> None:
    """A code that is added without a name is found here; a name without its translation, by the catalogue's test."""
    assert codes == named.keys()


def test_what_comes_from_outside_is_what_is_reported() -> None:
    """A new event in that room is no decision, and is not demanded of a ledger as if it followed from what stands there."""
    assert set(OUTSIDE) == {one for one in events.EVENTS.values() if one.__module__ == reported.__name__} - {reported.Started}


def test_phases_and_standings_have_names() -> None:
    """Lists and parts know some more of them than a delivery itself."""
    assert literals(Phase) <= names.PHASES.keys()
    assert literals(RequestStanding) <= names.STANDINGS.keys()


def test_each_code_of_a_refusal_has_its_title() -> None:
    """That of every error of ours, of HTTP's own, and of a bug."""
    assert TITLES.keys() == BY_CODE.keys() | {code for code, _ in HTTP.values()} | {"http", "bug"}


def test_no_reason_why_nothing_is_recorded_is_the_code_of_a_verdict() -> None:
    """One word says one thing: what stands in ledgers and what a door answers are told apart."""
    assert not set(REASONS) & CODES.keys()


def test_a_reason_that_is_not_known_here_is_none() -> None:
    """A newer gateway may have more of them: the rule and its sentence are told all the same."""
    told = [RuleBroken.told(RelayedError(message="R28: behind", reason=one)) for one in ("archive_behind", "another", "")]

    assert ["archive_behind", None, None] == [one.reason for one in told if isinstance(one, RuleBroken)]
    assert {"R28: behind"} == {one.message for one in told}


def test_an_error_of_which_not_all_is_said_fails_at_import() -> None:
    """What a new kind of error must say stands in one place, and what is forgotten, or said twice, makes no class."""
    with pytest.raises(TypeError, match="are said together"):
        type("Odd", (VigilError,), {}, code="odd", title="odd", exit_code=9, status=418)
    with pytest.raises(TypeError, match="each code once"):
        type("Twice", (VigilError,), {}, code="limited", title="odd", exit_code=9, status=418, hint="wait")
    assert "odd" not in BY_CODE
