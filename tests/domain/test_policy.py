"""Who may what is one table, and the table is whole."""

import pytest

from domain.plan.access import MAY, ROLES, permit, reach, role_of
from domain.plan.directory import Service
from domain.words.errors import NotAllowed
from tests.support import Table

PLAN, DIRECTORY = Table().plan, Table().directory


def of_kind(kind: str) -> Service:
    """A service of this kind."""
    return Service.model_validate({"id": f"kz.{kind.replace('_', '-')}", "kind": kind, "state": "KZ", "names": {"en": kind}})


def test_every_action_has_a_cell_for_every_role() -> None:
    """No row is short."""
    assert {len(ROLES)} == {len(cells) for cells in MAY.values()}


def test_who_starts_or_coordinates_is_its_operations_officer_and_only_there() -> None:
    """The role depends on the part in the delivery."""
    initiator = DIRECTORY.get(PLAN.initiator)
    assert ("operations", "service") == (role_of(initiator, PLAN), role_of(initiator))
    other = PLAN.model_copy(update={"initiator": "uz.customs", "coordinator": PLAN.initiator})
    assert "operations" == role_of(initiator, other)


@pytest.mark.parametrize(
    ("kind", "role"),
    [
        ("customs", "service"),
        ("coordinator", "service"),
        ("prosecutor", "prosecutor"),
        ("court", "prosecutor"),
        ("supervisor", "supervisor"),
        ("auditor", "auditor"),
        ("administrator", "administrator"),
        ("system", "system"),
    ],
)
def test_the_directory_says_what_a_service_is(kind: str, role: str) -> None:
    """Each kind has one role."""
    assert role == role_of(of_kind(kind))


@pytest.mark.parametrize(
    ("kind", "action"),
    [("supervisor", "start"), ("auditor", "view"), ("auditor", "packet"), ("administrator", "view"), ("system", "inbox")],
)
def test_what_no_part_in_a_delivery_could_allow_is_refused_at_once(kind: str, action: str) -> None:
    """Before anything is looked up."""
    with pytest.raises(NotAllowed, match=f"`{action}` is not for"):
        permit(of_kind(kind), action)


@pytest.mark.parametrize(("kind", "action"), [("customs", "start"), ("prosecutor", "packet"), ("supervisor", "view")])
def test_what_a_part_in_a_delivery_could_allow_is_looked_at_further(kind: str, action: str) -> None:
    """Any service may be an initiator; supervisors see all."""
    permit(of_kind(kind), action)


def test_a_participant_sees_a_part_and_nobody_but_supervisors_sees_all() -> None:
    """R11, as the table has it."""
    assert ("part", "part") == (reach("service", "view"), reach("prosecutor", "ledger"))
    assert {"supervisor"} == {role for role in ROLES if reach(role, "view") == "all"}
