import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.delivery.reported import Stated
from domain.rules.books import newest
from domain.views.sentences import say_verdict
from domain.words.codes import CODES, Code
from process.builds import ROOT, build_id
from tests.goldens import GOLDEN, Golden, read, record, replayed, wrong_with
from tests.rules_lock import (
    CODES_LOCK,
    LOCK,
    WHAT_TO_DO,
    WHAT_TO_DO_ABOUT_CODES,
    codes_text,
    deciding,
    differences,
    digest_of,
    line_of,
    locked,
    text,
    write,
)

CODE_OF_A_REFUSAL = 'refused("R28", "statements_spent", "{service} has said {most}", service="name", most="count")'


def test_no_file_that_decides_has_changed_by_the_way() -> None:
    """What the rules rest on is what was locked; whoever changes it does so on purpose."""
    changed = differences((ROOT / LOCK).read_text(encoding="utf-8"))

    assert not changed, f"the rules have changed: {', '.join(changed)}.\n{WHAT_TO_DO}"


def test_everything_that_the_door_and_the_rules_rest_on_is_locked() -> None:
    """All that is there once a program has imported the door, and every file of the rules."""
    program = "import sys, domain.record.door; print(*(one for one in sys.modules if one.startswith('domain.')))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - it is ours
    imported = {Path(*one.split(".")).with_suffix(".py") for one in done.stdout.split()}
    rules = {path.relative_to(ROOT) for path in (ROOT / "domain" / "rules").glob("[a-z]*.py")}

    assert {path for path in imported if (ROOT / path).is_file()} | rules == {*deciding()}


def with_another(path: str, right: str, wrong: str, monkeypatch: pytest.MonkeyPatch, there: Path) -> tuple[str, ...]:
    """What differs from the lock, and whether the build is another, in a copy of the program with this one change."""
    for file in (*(ROOT / "domain").rglob("*.py"), *(ROOT / "workflows").rglob("*.py")):
        copy = there / file.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    written, build = text(), build_id()
    source = (there / path).read_text(encoding="utf-8")
    assert 1 == source.count(right), right
    (there / path).write_text(source.replace(right, wrong), encoding="utf-8")
    monkeypatch.setattr("process.builds.ROOT", there)
    return (*differences(written), *(["another build"] if build_id() != build else []))


@pytest.mark.parametrize(
    ("path", "right", "wrong"),
    [
        ("domain/words/limits.py", "SPEAKER_BYTES: Final = 24 * KIB * KIB", "SPEAKER_BYTES: Final = 20 * KIB * KIB"),
        ("domain/words/limits.py", "UNASKED_BYTES: Final = 256 * KIB", "UNASKED_BYTES: Final = 200 * KIB"),
        ("domain/words/limits.py", "BRAKES_MORE: Final = 24", "BRAKES_MORE: Final = 20"),
        ("domain/words/limits.py", "GRANTED_BYTES: Final = 14 * KIB", "GRANTED_BYTES: Final = 12 * KIB"),
        ("domain/words/figures.py", "most_at_once: int = 1_000", "most_at_once: int = 100"),
        ("domain/record/door.py", "if not behind and unkept > MOST_UNKEPT:", "if not behind and unkept >= MOST_UNKEPT:"),
        ("domain/delivery/known.py", "ID, CONTENT, SEQ, SPEAKER = 10, 10, 3, 1", "ID, CONTENT, SEQ, SPEAKER = 8, 10, 3, 1"),
        ("domain/plan/enquiries.py", "WINDOW = timedelta(days=1)", "WINDOW = timedelta(days=2)"),
    ],
)
def test_whatever_decides_is_locked_and_makes_another_build(
    path: str, right: str, wrong: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A budget, a bound, how a statement is known again: none is changed without a new lock, and no run is replayed with it."""
    assert (path, "another build") == with_another(path, right, wrong, monkeypatch, tmp_path)


def test_what_is_shown_is_not_locked_and_still_makes_another_build(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It decides nothing; what a run asks of services is made of it, and so stands in its history."""
    found = with_another("domain/views/asked.py", ", PROBLEM_CHARACTERS)", ", 1_000)", monkeypatch, tmp_path)

    assert ("another build",) == found


def test_a_file_that_comes_or_goes_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As soon as the door imports it, directly or not, and as long as it did."""
    monkeypatch.setattr("process.builds.ROOT", tmp_path)
    (tmp_path / "domain" / "record").mkdir(parents=True)
    (tmp_path / "domain" / "rules" / "frozen").mkdir(parents=True)
    door, stop = tmp_path / "domain" / "record" / "door.py", tmp_path / "domain" / "rules" / "stop.py"
    before, watch = tmp_path / "domain" / "rules" / "frozen" / "before_2.py", tmp_path / "domain" / "rules" / "watch.py"
    door.write_text("from domain.rules import stop\n")
    stop.write_text("BRAKES = 8\n")
    watch.write_text('"""Surveillance."""\nHOURS = 2\n')
    before.write_text("HOURS = 1\n")
    written = text()
    watch.write_text("HOURS = 3\n")
    assert () == differences(written)
    stop.write_text("from domain.rules.frozen.before_2 import HOURS\nBRAKES = 8\n")
    assert ("domain/rules/frozen/before_2.py", "domain/rules/stop.py") == differences(written)
    door.write_text("import domain.rules.watch\n")

    assert ("domain/record/door.py", "domain/rules/stop.py", "domain/rules/watch.py") == differences(written)


def test_a_version_that_is_released_is_neither_locked_nor_recorded_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both say so, before anything is written or taken away."""
    monkeypatch.setattr("domain.rules.books.RELEASED", newest().version)
    before = sorted((GOLDEN / str(newest().version)).iterdir()), (ROOT / LOCK).read_bytes()
    why = f"version {newest().version} of the rules is released, and stays as it is: give the change a number of its own"

    assert (why, why) == (record(), write())
    assert before == (sorted((GOLDEN / str(newest().version)).iterdir()), (ROOT / LOCK).read_bytes())


def test_a_lock_of_another_version_does_not_hold() -> None:
    """A number that was raised wants a new lock."""
    written = text()
    version, known = locked(written)

    assert (1, True) == (version, len(known) > 60)
    assert ("version 7, not 1",) == differences(written.replace("version 1", "version 7", 1))


@pytest.mark.parametrize(
    ("source", "reworded"),
    [
        (CODE_OF_A_REFUSAL, CODE_OF_A_REFUSAL.replace("has said", "may not say more than")),
        ('Declaration(title="In sight", rule="R9")', 'Declaration(title="Seen", rule="R9")'),
        ('Fault(place=f"legs.{one}", problem=f"R4: {one} is no leg")', 'Fault(place=f"legs.{one}", problem=f"R4: not {two}")'),
        ('problem = f"R28: {size} bytes"', 'problem = "R28: too large"'),
        ('RuleBroken("R12", "it has ended", hint="read it")', 'RuleBroken("R12", f"over: {it}", hint="look")'),
        ('"""What it is."""\nHOURS = 2', "HOURS = 2  # at most"),
    ],
)
def test_a_sentence_may_be_reworded(source: str, reworded: str) -> None:
    """Refusals, titles, faults and hints are said to people, and so are docstrings and comments: the rule is the same."""
    assert digest_of(source) == digest_of(reworded)


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        (CODE_OF_A_REFUSAL, CODE_OF_A_REFUSAL.replace("refused(", "late(")),
        (CODE_OF_A_REFUSAL, CODE_OF_A_REFUSAL.replace("R28", "R17")),
        (CODE_OF_A_REFUSAL, CODE_OF_A_REFUSAL.replace("statements_spent", "said_enough")),
        (CODE_OF_A_REFUSAL, CODE_OF_A_REFUSAL.replace('most="count"', 'most="mass"')),
        ('Declaration(title="In sight", rule="R9")', 'Declaration(title="In sight", rule="R8")'),
        ('Fault(place="legs", problem="R4")', 'Fault(place="leg", problem="R4")'),
        ('raise RuleBroken("R12", "it has ended")', 'raise RuleBroken("R8", "it has ended")'),
        ('Checkpoint(title="stop")', 'Checkpoint(title="halt")'),
        ('name = "stop"', 'name = "halt"'),
        ('problem = said("stop")', 'problem = said("halt")'),
    ],
)
def test_what_is_no_sentence_may_not(source: str, changed: str) -> None:
    """A code, its rule, verdict and parameters, a place, a name that stands elsewhere: another one is another rule."""
    assert digest_of(source) != digest_of(changed)


@pytest.fixture
def reworded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every sentence of a code is another."""
    for code in CODES.values():
        monkeypatch.setattr(code, "sentence", " and ".join(("nothing of it counts", *(f"{{{one}}}" for one in code.shapes))))
    return


def said_of(golden: Golden) -> list[str]:
    """What is said of each statement."""
    return [say_verdict(entry.event.verdict) for entry in golden.entries if isinstance(entry.event, Stated)]


def test_no_hash_rests_on_a_sentence(request: pytest.FixtureRequest) -> None:
    """Every refusal reworded, golden ledgers come to the same entries, heads and receipts, and other words are said of them."""
    goldens = [read(path) for path in sorted(GOLDEN.glob("1/told-*.json.gz"))]
    before = [said_of(one) for one in goldens]
    heads = [replayed(one).ledger.root for one in goldens]
    request.getfixturevalue("reworded")

    assert [""] * len(goldens) == [wrong_with(one) for one in goldens]
    assert heads == [replayed(one).ledger.root for one in goldens]
    assert any(first != again for first, again in zip(before, map(said_of, goldens), strict=True))


def test_every_code_is_in_the_list_and_all_of_the_list_are_there() -> None:
    """Each with its rule, verdict and parameters, as it was when it was first used; whoever adds one locks it."""
    written = (ROOT / CODES_LOCK).read_text(encoding="utf-8")

    assert written == codes_text(written), "a code is new: make rules-lock"


@pytest.mark.parametrize("change", ["gone", "rule", "verdict", "parameters"])
def test_a_code_is_never_taken_away_nor_given_another_meaning(change: str) -> None:
    """It stands in ledgers: the list is only added to, and nothing is written where one of it is not there as it was."""
    written = (ROOT / CODES_LOCK).read_text(encoding="utf-8")
    line = line_of(CODES["statements_spent"])
    name, rule, verdict, *shapes = line.split()
    other = {
        "gone": "spent_statements " + line.split(" ", 1)[1],
        "rule": " ".join((name, "R1", verdict, *shapes)),
        "verdict": " ".join((name, rule, "late", *shapes)),
        "parameters": f"{name} {rule} {verdict} most=mass service=name",
    }[change]
    assert other != line

    with pytest.raises(ValueError, match="not there any more, or another") as why:
        codes_text(written.replace(line, other))
    assert WHAT_TO_DO_ABOUT_CODES in str(why.value)


def test_a_new_code_is_added_to_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing else of the list changes."""
    written = (ROOT / CODES_LOCK).read_text(encoding="utf-8")
    monkeypatch.setattr("domain.words.codes.CODES", {})
    new = Code("R99", "quite_new", "{what} is new", {"what": "name"})
    more = codes_text(written, {**CODES, "quite_new": new})

    assert {"quite_new R99 found what=name"} == {*more.splitlines()} - {*written.splitlines()}
    assert not {*written.splitlines()} - {*more.splitlines()}
