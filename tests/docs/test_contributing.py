"""CONTRIBUTING.md adds a kind of statement as an example: it does what the page says, and what is forgotten does not import."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
(EXAMPLE,) = re.findall(
    r"<!-- a kind -->\n```python\n(.*?)```", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.DOTALL
)
ADDED = re.findall(
    r"^\| `([a-z_.]+)` \| `(\w+)` \| `(\w+)` \|$",
    (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("<!-- its words -->")[1],
    re.MULTILINE,
)
HERE = "import sys\nimport domain.rules.watch as watch\n"
FORGOTTEN = """
there = dict(vars(watch))
exec(sys.argv[1], there)
for kind in sys.argv[2:]:
    try:
        exec(kind, there)
    except Exception as error:
        print(type(error).__name__)
"""
SAID = """
from tests.support import Table, example_directory
table = Table().dispatch()
place = {"place": "before Chernyaevka", "reason": "snow"}
first = table.say("kz.police", "border_closed", **place)
again = table.say("kz.police", "border_closed", **place)
other = table.say("uz.police", "border_closed", **place | {"place": "elsewhere"})
for one in (first, again, other):
    verdict = one.entry.event.verdict
    print(verdict.verdict, verdict.finding.code if verdict.finding else "-")
print(table.delivery.state.last_sighting.place)
"""


def performed(script: str, *given: str) -> list[str]:
    """What is printed by a process of its own, where the example stands in the file of its subject when the book is made."""
    command = [sys.executable, "-c", script, *given]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603 - our own
    assert 0 == done.returncode, done.stderr
    return done.stdout.splitlines()


def test_the_example_is_said_at_the_door_and_judged() -> None:
    """The responsible authority says it once; a second time it is refused by its code, and from anybody else by R4."""
    verdicts = ["accepted -", "refused closed_already", "refused not_responsible"]
    assert [*verdicts, "before Chernyaevka"] == performed(f"{HERE}exec(sys.argv[1], vars(watch))\n{SAID}", EXAMPLE)


def test_the_example_without_a_line_of_what_it_must_say_does_not_import() -> None:
    """Each line of its declaration, and its docstring."""
    code, kind = EXAMPLE.split("\n\n\n", 1)
    must = [line for line in kind.splitlines() if re.match(r'^        \w+=|^    """', line)]
    assert ["TypeError"] * len(must) == performed(
        f"{HERE}{FORGOTTEN}", code, *(kind.replace(f"{line}\n", "", 1) for line in must)
    )


TOLD = """
from tests.edited import edited, run_as, with_one_more
for module, table, word in zip(*[iter(sys.argv[2:])] * 3):
    for change in (lambda _: "", with_one_more(word)):
        try:
            run_as(module, edited(module, table, change)[0])
            print("imported")
        except TypeError as error:
            print(error)
"""


def test_the_example_is_missing_in_two_tables_until_its_word_stands_there() -> None:
    """What else has to say something of each kind does not import without, and the error names the kind and the table."""
    given = [one for row in ADDED for one in row]
    said = performed(f"{HERE}exec(sys.argv[1], vars(watch))\n{TOLD}", EXAMPLE, *given)
    assert ["_SAID or ROUTINE: missing: border_closed", "imported"] == said[:2]
    assert ["SENTENCES or IN_GENERAL: missing: border_closed", "imported"] == said[2:]
