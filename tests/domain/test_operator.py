"""What the installation's operator can change in a packet is what SECURITY.md says, and nothing else."""

from collections import Counter
from pathlib import Path

import pytest

from tests.operator import EXAMPLES, REASONS, Tried, main, reason_of, tried, unexplained

SECURITY = Path(__file__).parents[2] / "SECURITY.md"


def test_each_reason_stands_in_security() -> None:
    """In these words, so that whoever takes one out takes the reason away; and each has a name of its own."""
    text = " ".join(SECURITY.read_text(encoding="utf-8").split())

    assert [] == [one.name for one in REASONS if one.says not in text]
    assert len(REASONS) == len({one.name for one in REASONS})


def test_what_has_no_reason_fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """By its name, and also what receipts should have shown; what has one is printed with it."""
    passed = Counter({"asked at": 2, "halted reason": 1, "ended left out": 1})
    found = [
        Tried(9, passed, Counter({"ended left out": 1})),
        Tried(9, Counter({"asked at": 1}), Counter({"asked at": 1})),
        Tried(9, Counter({"told reached[]": 1}), Counter()),
    ]
    assert [["halted reason"], ["asked at"], []] == [unexplained(one) for one in found]
    monkeypatch.setattr("tests.operator.tried", lambda name: found[int(name)])
    ends = [main([str(number)]) for number in range(3)]
    text = capsys.readouterr().out

    assert [1, 1, 0] == ends
    for words in ("halted reason passes, and should not", "NO REASON", "unsigned: what no service signs"):
        assert words in text


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
    ],
)
def test_a_forgery_has_the_first_reason_that_explains_it(what: str, name: str | None) -> None:
    """What is decided, and whose keys they are, has none."""
    found = reason_of(what)

    assert name == (found.name if found is not None else None)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_operator_changes_nothing_but_what_security_names(name: str) -> None:
    """Every field of every entry, directory, cards and seal: beside the receipts, only the end and the seal can differ."""
    found = tried(name)

    assert found.forgeries > 4000
    assert [] == unexplained(found)
