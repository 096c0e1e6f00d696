"""docs/replay.md says all that the rules rest on, as the code has it."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from domain.delivery import balance, event, grants, progress, state
from domain.delivery.events import EVENTS
from domain.delivery.reported import SiblingSealed
from domain.delivery.state import State
from domain.delivery.statement import Statement
from domain.delivery.verdicts import Halt
from domain.plan.cards import RuleCard
from domain.plan.directory import Directory
from domain.plan.key_changes import KeyChange
from domain.plan.plan import Checkpoint, Plan
from domain.record.packet import Packet
from domain.rules import turns
from domain.rules.books import BOOK
from domain.rules.outside import LONGEST_DEFERRED
from domain.signing.canonical import canonical
from domain.signing.envelope import SIBLING_TYPE
from domain.words.codes import CODES
from domain.words.figures import Figures
from domain.words.limits import LARGEST_BRAKE, MOST_KEYS
from domain.words.quantities import say_span
from tests.docs import law, replay

TEXT = replay.PATH.read_text(encoding="utf-8")
ORDER = law.PATH.read_text(encoding="utf-8").partition("## Order of precedence")[2].partition("\n## ")[0]


def test_the_page_is_what_the_code_makes() -> None:
    """Each part of it that comes from the code stands there as it is now, byte for byte, and once."""
    assert replay.remade(TEXT) == TEXT, "out of date: `make rules`"
    assert sorted(replay.PARTS) == sorted(found[1] for found in replay.PART.findall(TEXT))


@pytest.mark.parametrize("code", CODES)
def test_each_code_has_its_condition(code: str) -> None:
    """A reader who has a finding learns when it is found: on this page, or in the order of precedence."""
    assert f"`{code}`" in TEXT + ORDER


def names_of(model: Any) -> Iterator[str]:
    """The fields of a model and of all that it holds, and the words that may stand there."""
    if isinstance(model, type) and issubclass(model, BaseModel):
        for name, field in model.model_fields.items():
            yield name
            yield from names_of(field.annotation)
    for inner in get_args(model):
        yield from (inner,) if isinstance(inner, str) else names_of(inner)


def test_no_unknown_name_stands_in_backquotes() -> None:
    """Each is a field or what may stand in it, a word of the page, or the name of something of the rules."""
    records = [one for module in (progress, grants, state) for one in vars(module).values() if is_dataclass(one)]
    models = (Plan, Checkpoint, Directory, RuleCard, KeyChange, Statement, Packet, Halt, *EVENTS.values(), *BOOK.kinds.values())
    known = {
        *(field.name for one in (State, *records, Figures) for field in fields(one)),
        *re.findall(r"^- \*\*`(\w+)`\*\*", TEXT, re.MULTILINE),
        *(name for one in models for name in names_of(one)),
        *(name for code in CODES.values() for name in (code.name, *code.shapes)),
        *(one.__name__ for one in BOOK.checklist),
        *EVENTS,
        *BOOK.kinds,
        *BOOK.contingencies,
        *balance.COMPARED,
    }

    assert {"made"} == {name for name in re.findall(r"`([a-z_]+)`", TEXT) if name not in known}


def test_the_numbers_of_the_page_are_those_of_the_code() -> None:
    """What is told in a sentence, and not by the name of a figure."""
    assert f"of a kind of {LARGEST_BRAKE:,}\nbytes at most" in TEXT
    assert f"by {LARGEST_BRAKE:,}\n   bytes for each of these" in TEXT
    assert f"more than {MOST_KEYS} keys" in TEXT
    assert "no more than 24 hours and 5 minutes after" in TEXT
    assert "1 d 5 m" == say_span(LONGEST_DEFERRED)


def test_what_is_signed_of_a_sibling_is_told_whole() -> None:
    """Who checks a `seal` makes its payload of what the page names: each field of it, null too, and its type."""
    told = TEXT.partition("- *The `seal`*")[2].partition("\n- *")[0]
    sealed = SiblingSealed(group="a" * 64, sibling="amber-heron", says="ended", size=1, root="b" * 64)

    assert {*json.loads(canonical(sealed)), "seal", "sibling_heard", "system"} == {"seal", *re.findall(r"`([a-z_]+)`", told)}
    assert f"`{sealed.vigil}`" in told
    assert f"`{SIBLING_TYPE}`" in told
    assert sealed.checkpoint is None


def test_the_steps_are_told_in_their_order() -> None:
    """A plan's steps have their turns in this order."""
    told = TEXT.partition("The steps of a plan are")[2].partition("\n\n")[0]

    assert list(turns.ORDER) == re.findall(r"`([a-z_]+)`", told)


def test_what_is_published_must_say_something() -> None:
    """A kind, a step or a word without a sentence of its own stops the page from being made."""

    def judge() -> None: ...

    with pytest.raises(LookupError, match="judge is published and says nothing"):
        replay.told(judge)


def test_a_notice_that_is_told_in_no_words_stops_the_page_from_being_made() -> None:
    """Who is to be told is read from the code: an expression for which there are no words is found."""

    class Unknown(event.Event):
        """Something new."""

        def apply(self, state: State, when: event.Moment, law: event.Law) -> None:  # noqa: ARG002
            """Whoever it may concern is told."""
            state.owe(when.seq, "alarm", None, tuple(state.grants))

    with pytest.raises(KeyError, match=r"tuple\(state.grants\)"):
        list(replay._owed_after("unknown", Unknown))
