"""Changes of a plan are made from its model: a field that is added tomorrow is changed tomorrow."""

from typing import Annotated, Literal

import pytest
from pydantic import Field

from domain.plan.plan import Leg, Plan, PlannedCheckpoint
from domain.signing.canonical import Frozen
from domain.words.identifiers import ServiceId
from domain.words.quantities import Span
from rehearsal.edits import _KINDS, edits, place
from tests.support import example_plan

FIXED = {"vigil"}
"""What has one value only."""


class Witness(Frozen):
    """Something new that a plan may hold."""

    service: ServiceId
    after: Span
    sees: Literal["all", "part"] = "all"


class CheckpointOfTomorrow(PlannedCheckpoint):
    """A checkpoint with a field that there is not today."""

    quiet: bool = False


class PlanOfTomorrow(Plan):
    """A plan with fields that there are not today."""

    checkpoints: Annotated[tuple[CheckpointOfTomorrow, ...], Field(min_length=1)]
    witnesses: Annotated[tuple[Witness, ...], Field(max_length=10)] = ()
    depth: Annotated[int, Field(ge=1, le=9)] | None = None


class OfNoKnownKind(Frozen):
    """A document of which nobody knows another value."""

    blob: bytes = b""


def test_every_field_of_a_plan_is_changed() -> None:
    """Those of each checkpoint and leg too, and what is not given is."""
    fields = {place(edit.path) for edit in edits(example_plan())}

    assert set(Plan.model_fields) - FIXED <= {one.partition(".")[0] for one in fields}
    assert {f"checkpoints.*.{name}" for name in PlannedCheckpoint.model_fields} <= fields
    assert {f"legs.*.{name}" for name in Leg.model_fields} <= fields


@pytest.mark.slow
def test_a_new_field_is_changed_without_anybody_remembering_it() -> None:
    """A list of something new is begun, its element's fields are changed, and so is a new field of each checkpoint."""
    plan = PlanOfTomorrow.model_validate(example_plan().model_dump() | {"witnesses": [{"service": "kz.knb", "after": "1h"}]})
    made = [(place(edit.path), edit.made(plan)) for edit in edits(plan)]
    found = {field for field, changed in made if changed is not None}

    assert {"witnesses", "witnesses.*.service", "witnesses.*.after", "witnesses.*.sees", "depth", "checkpoints.*.quiet"} <= found
    assert "witnesses" in {place(edit.path) for edit in edits(plan.model_copy(update={"witnesses": ()}))}


def test_each_edit_changes_its_place_and_no_other() -> None:
    """What is made is another plan, and puts its place back to be the same again."""
    plan = example_plan()
    for edit in edits(plan):
        changed = edit.made(plan)
        first = str(edit.path[0])
        if changed is not None and changed != plan:
            assert changed.model_copy(update={first: getattr(plan, first)}) == plan, edit.name


def test_what_cannot_be_changed_is_said() -> None:
    """A type of which no other value is known is no silent gap."""
    with pytest.raises(TypeError, match="no other value is known"):
        list(edits(OfNoKnownKind()))


def test_what_is_remembered_of_texts_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many plans are walked, of each kind so many values are remembered, and what is found stays the same."""
    once = [edit.name for edit in edits(example_plan())]
    monkeypatch.setattr("rehearsal.edits.MOST_KNOWN", 3)
    _KINDS.clear()

    assert [edit.name for edit in edits(example_plan(), tuple(f"kz.service-{number}" for number in range(9)))] != once
    assert [edit.name for edit in edits(example_plan())] == once
    assert max(len(known.found) for known in _KINDS.values()) == 3
