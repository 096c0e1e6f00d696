"""What is to be translated can be found by who gathers it, and is said again wherever it is filled in."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.plan.check import faults_in
from domain.record.receipts import signed
from domain.record.trust import receipt_fits
from domain.words.errors import Fault, NotAuthentic, NotVerified, RuleBroken
from domain.words.text import mark, nested, told
from rehearsal.services import VIGIL, private_key_of
from tests.support import Table, asks, example_cards, example_directory, with_changes

ROOT = Path(__file__).parents[2]
OURS = (
    "activities",
    "archive",
    "client",
    "doctor",
    "domain",
    "gateway",
    "papers",
    "process",
    "protocol",
    "rehearsal",
    "workflows",
)
ERRORS = ("Malformed", "NotAuthentic", "NotVerified", "TimedOut", "Unavailable")


def calls(*rooms: str) -> Iterator[tuple[str, ast.Call]]:
    """Each call of a name in these rooms, and where it stands."""
    listed = subprocess.run(["git", "ls-files", *(f"{one}/*.py" for one in rooms)], cwd=ROOT, capture_output=True, check=True)  # noqa: S603, S607 - our own
    for path in listed.stdout.decode().split():
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                yield f"{path}:{node.lineno}", node


def name_of(call: ast.Call) -> str:
    """What is called."""
    assert isinstance(call.func, ast.Name)
    return call.func.id


@pytest.mark.slow
def test_only_a_literal_is_marked() -> None:
    """Who gathers texts for translators reads the source: what stands in a variable it does not see."""
    marked = [(place, one) for place, one in calls(*OURS) if name_of(one) == "mark"]
    assert 1000 < len(marked)
    assert [] == [place for place, one in marked if not isinstance(one.args[0], ast.Constant)]


def test_what_verification_finds_is_marked() -> None:
    """No error of a packet, a paper or the archive has a bare English sentence, but for those of the archive's settings."""
    raised = [(place, one) for place, one in calls("domain/record", "archive", "papers") if name_of(one) in ERRORS]
    bare = [place for place, one in raised if isinstance(one.args[0], ast.Constant | ast.JoinedStr)]
    assert 80 < len(raised)
    assert [] == [place for place in bare if not place.startswith("archive/database.py:")]


def in_brackets(text: str) -> str:
    """Another language, of which each text of ours can be seen."""
    return f"<{text}>"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NotVerified(mark("a seal has one signature"), 7), "<entry 7: <a seal has one signature>>"),
        (RuleBroken("R12", mark("the delivery has ended")), "<R12: <the delivery has ended>>"),
        (NotVerified(NotAuthentic("who is {that}?").said, 7), "<entry 7: <who is {that}?>>"),
        (NotVerified(Fault(place="id", problem=mark("taken")).in_words()), "<id: <taken>>"),
        (NotVerified(""), ""),
    ],
)
def test_a_text_within_another_is_said_in_the_other_language_too(error: NotVerified | RuleBroken, said: str) -> None:
    """Whatever is filled in: the reason of an error, or another error as it is, with its braces."""
    assert said == error.told_in(in_brackets)[0]


def test_a_text_that_is_filled_already_stays_so() -> None:
    """It is not wrapped once more."""
    assert "<a>" == told(nested(nested("a")), in_brackets)


def test_a_receipt_of_no_installation_is_said_throughout() -> None:
    """The reason why it proves nothing is no English within a sentence of the reader's."""
    table = Table().dispatch()
    receipt = signed(table.say("kz.police", "sighted"), private_key_of(VIGIL))
    others = tuple(one for one in table.directory.services if one.kind != "system")
    nobody = table.directory.model_copy(update={"services": others})
    with pytest.raises(NotVerified) as caught:
        receipt_fits(receipt, nobody, (table.delivery,))
    inside = "<the directory has no installation that could have signed a receipt>"
    assert f"<a receipt of yours is none of this installation: {inside}>" == caught.value.told_in(in_brackets)[0]


def test_who_must_be_asked_at_a_handover_is_said_throughout() -> None:
    """The one who gives and the one who takes are words of the reader's."""
    plan = with_changes(tashkent_airport={"requires": asks("uz.prosecutor movement_decision")})
    said = [told(one.problem, in_brackets) for one in faults_in(plan, example_directory(), example_cards())]
    asked = [one for one in said if "must be asked for" in one]
    assert ["<R6: the <giver> kz.police must be asked for handover_offer>"] == [one for one in asked if "giver" in one]
    assert ["<R6: the <taker> uz.customs must be asked for handover_acceptance>"] == [one for one in asked if "taker" in one]
