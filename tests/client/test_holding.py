"""`vigil hold`, from the order to the decision, as officers type it."""

import pytest

from client.submitting import kept
from domain.rules.hold import HoldRequested
from tests.client.conftest import Desk
from tests.command import vigil

AT = "hold.1"
DECIDERS = ("kz.police", "kz.prosecutor")


async def test_anyone_holds_and_those_whose_say_it_is_let_it_go_on(desk: Desk) -> None:
    """The patrol holds, the view says so, nobody else may decide, and both that may are needed."""
    name = desk.plan.operation
    held = await desk.run("hold", name, "--reason", "a car follows it", service="uz.police")
    await desk.installation.opened(desk.plan, AT)
    shown = await desk.run("show", name, "-o", "json", service="kz.knb")
    other = await desk.run("confirm", name, AT, "--kind", "hold_decided", "decision=go_on", "reason=mine", service="uz.police")
    inbox = await desk.run("inbox", "-o", "json", service="kz.police")
    decided = [await desk.run("confirm", name, AT, "reason=it was ours", service=one) for one in DECIDERS]
    after = await desk.run("show", name, "-o", "json", service="kz.knb")

    assert [0, 4, 0, 0] == [one.code for one in (held, other, *decided)]
    assert "uz.police" == shown.json["held"]["by"]
    assert "R17" in other.err
    assert [AT] == [one["checkpoint"] for one in inbox.json["requests"] if one["delivery"] == name]
    assert (None, None) == (after.json["held"], after.json["halted"])


async def test_one_of_them_ends_it_and_the_history_says_whose_decision_it_was(desk: Desk) -> None:
    """`refuse` ends it, `decision=seize` has it seized: the view names who decided and who had ordered the hold."""
    name = desk.plan.operation
    await desk.run("hold", name, "--reason", "a car follows it", service="uz.police")
    await desk.installation.opened(desk.plan, AT)
    ended = await desk.run("refuse", name, AT, "--reason", "seen by the courier", "decision=seize", service="kz.prosecutor")
    shown = await desk.run("show", name, "-o", "json", service="kz.knb")
    again = await desk.run("hold", name, "--reason", "too late", service="uz.police")

    assert (0, 4) == (ended.code, again.code)
    assert "kz.prosecutor decided to seize it" in shown.json["halted"]
    assert "uz.police had ordered a hold" in shown.json["halted"]


async def test_a_hold_needs_a_reason_and_is_signed_into_a_file_as_well(desk: Desk) -> None:
    """Without one nothing is signed, exit 2; with --offline it is kept, and counts when it is handed in."""
    name, offline = desk.plan.operation, ("--offline", "--plan", "0" * 64, "-o", "json")
    without = await desk.run("hold", name, service="uz.police")
    empty = await desk.run("hold", name, "--reason", "", service="uz.police")
    signed = await desk.run("hold", name, "--reason", "no network", *offline, service="uz.police", cwd=desk.keys)
    handed = await desk.run("submit", desk.keys / signed.json["statement"], "-o", "json", service="uz.police")

    assert [2, 2, 0, 0] == [one.code for one in (without, empty, signed, handed)]
    assert "the reason is not usable" in empty.err
    assert "accepted" == handed.json["verdict"]["verdict"]
    assert HoldRequested(reason="no network") == kept(desk.keys / signed.json["statement"])[1].content


async def test_the_help_of_hold_is_russian_for_a_russian_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """As that of `stop`: an officer finds the brake in the language of the desk."""
    monkeypatch.setenv("VIGIL_LANG", "ru")
    ran = await vigil("hold", "--help")

    assert 0 == ran.code
    assert "Приостановить поставку" in ran.out
