"""What the installation's operator can change in a packet is what SECURITY.md says, and nothing else."""

from collections import Counter
from pathlib import Path

import pytest

from domain.delivery.events import EVENTS
from domain.delivery.reported import Amended
from domain.record.verify import verify
from domain.words.errors import NotVerified
from tests.forging import taken_apart
from tests.operator import NO_REASON, REASONS, Tried, anew, main, reason_of, tried, unexplained
from tests.packets import PACKETS, made

SECURITY = Path(__file__).parents[2] / "SECURITY.md"


def test_each_reason_stands_in_security() -> None:
    """In these words, so that whoever takes one out takes the reason away; and each has a name of its own."""
    text = " ".join(SECURITY.read_text(encoding="utf-8").split())

    assert [] == [one.name for one in REASONS if one.says not in text]
    assert len(REASONS) == len({one.name for one in REASONS})


def test_every_kind_of_entry_stands_in_a_packet_that_is_tried() -> None:
    """A new kind fails here until a packet has it. Of the packets made for this each has a kind that no other has."""
    kinds = {name: made(name).kinds() for name in PACKETS}

    assert set(EVENTS) == set().union(*kinds.values())
    for name in ("changed", "of-a-group"):
        assert kinds[name] - set().union(*(one for other, one in kinds.items() if other != name))


def test_what_has_no_reason_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """By its name, and also what receipts should have shown; what has one is printed with it."""
    passed = Counter({"asked at": 2, "halted reason": 1, "end left out": 1})
    found = [
        Tried(9, passed, Counter({"end left out": 1})),
        Tried(9, Counter({"asked at": 1}), Counter({"asked at": 1})),
        Tried(9, Counter({"told reached[]": 1}), Counter()),
    ]
    assert [["halted reason"], ["asked at"], []] == [unexplained(one) for one in found]
    monkeypatch.setattr("tests.operator.tried", lambda name: found[int(name)])
    ends = [main([str(number)]) for number in range(3)]
    text = " ".join(capsys.readouterr().out.split())

    assert [1, 1, 0] == ends
    for words in ("halted reason passes, and should not", f"1 0 halted reason {NO_REASON}", "1 0 unsigned what no service signs"):
        assert words in text


def test_what_passes_is_counted_by_its_reason_over_all_packets(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """How much of it, and how much of that with every receipt held beside: the most first."""
    found = [
        Tried(9, Counter({"end left out": 1, "told reached[]": 2}), Counter({"end left out": 1})),
        Tried(5, Counter({"asked told[]": 1, "end left out": 1}), Counter({"end left out": 1})),
    ]
    monkeypatch.setattr("tests.operator.tried", lambda name: found[int(name)])

    assert 0 == main(["0", "1"])
    *_, all_of_it, first, second = (" ".join(one.split()) for one in capsys.readouterr().out.splitlines())
    assert "all: 14 forgeries, 5 pass, 2 of them with every receipt held beside" == all_of_it
    assert first.startswith("3 0 unsigned ")
    assert second.startswith("2 2 end ")


@pytest.mark.parametrize(
    ("what", "name"),
    [
        ("asked after stated", "order"),
        ("stated at", "time"),
        ("asked received[]", "unsigned"),
        ("stated left out", "idle"),
        ("halted after stated", None),
        ("cleared at", None),
        ("directory services[].contact", "unused"),
        ("directory services[].kind", None),
        ("cards KZ.granted_by[]", None),
        ("archive_behind invented", "behind"),
        ("diverged invented", "put back"),
        ("sibling_heard says", "sibling"),
        ("sibling_heard after stated", "order"),
        ("keys_changed invented", "ended key"),
        ("keys_changed change.payload", None),
        ("keys_changed left out", "idle"),
        ("amended left out", None),
        ("amended services[].names.en", "unused"),
        ("amended services[].kind", None),
        ("amended cards[]", "unused"),
        ("amended cards[].terms[]", None),
        ("left_out verdict.verdict", "in its place"),
        ("left_out for stated", "in its place"),
        ("left_out for told", "never said"),
        ("left_out for halted", None),
    ],
)
def test_a_forgery_has_the_first_reason_that_explains_it(what: str, name: str | None) -> None:
    """What is decided, and whose keys they are, has none."""
    found = reason_of(what)

    assert name == (found.name if found is not None else None)


def test_a_card_that_comes_with_a_changed_plan_is_held_against_those_that_are_trusted() -> None:
    """Changed in what no rule looks at, or of a State of which none is trusted, it is found as those of the beginning are."""
    packet = made("changed")
    unsealed, lines = taken_apart(packet.packet)
    number, at, event = next(
        (number, at, one) for number, (at, one) in enumerate(lines) if isinstance(one, Amended) and one.cards
    )
    other = event.model_copy(update={"cards": (event.cards[0].model_copy(update={"version": "another"}), *event.cards[1:])})
    forged = anew(unsealed, [*lines[:number], (at, other), *lines[number + 1 :]])
    state = event.cards[0].state
    fewer = {name: card for name, card in packet.cards.items() if name != state}

    verify(packet.packet, packet.directory, (), packet.cards)
    with pytest.raises(NotVerified, match=f"the rule card of {state} is another than the one you trust: version"):
        verify(forged, packet.directory, (), packet.cards)
    with pytest.raises(NotVerified, match=f"the packet has a rule card of {state}, and you trust none of that State"):
        verify(packet.packet, packet.directory, (), fewer)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["changed", "of-a-group"])
def test_of_what_an_operator_changes_each_tenth_is_found_unless_security_names_it(name: str) -> None:
    """`make whole` tries all of them, and of all packets."""
    found = tried(name, each=10)

    assert found.forgeries > 200
    assert [] == unexplained(found)


@pytest.mark.whole
@pytest.mark.parametrize("name", PACKETS)
def test_an_operator_changes_nothing_but_what_security_names(name: str) -> None:
    """Every field of every entry, directory, cards and seal: beside the receipts, only the end and the seal can differ."""
    found = tried(name)

    assert found.forgeries > 2000
    assert [] == unexplained(found)
