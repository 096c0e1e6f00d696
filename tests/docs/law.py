"""docs/rules.md, made from the code: `make rules`."""

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from textwrap import wrap
from typing import Any

from domain.delivery.vocabulary import Outcome
from domain.rules.books import BOOK
from domain.rules.budget import HELD_TOO_MUCH, SPENT, TOO_EARLY, Budget
from domain.views import rulebook
from domain.views.rulebook import BINDINGS, READERS, SHAPES, SPEAKERS, binding_of, counted_while
from domain.views.sentences import english
from domain.words import figures, limits
from domain.words.codes import CODES, Code
from domain.words.quantities import say_span
from domain.words.text import shown

PATH = Path(__file__).parents[2] / "docs" / "rules.md"


def rules() -> str:
    """The page."""
    return "\n".join([*_head(), *_rules(), *_order(), *_figures(), *_codes(), *_kinds(), *_contingencies(), ""])


def _head() -> Iterator[str]:
    yield "# The rules"
    yield ""
    yield (
        "Made from the code by `make rules`; do not edit it by hand. This is version " + f"{BOOK.version} of the rules: the entry"
    )
    yield "`started` of a ledger says under which version its delivery is, to its end."
    yield ""


def _prose(text: str) -> list[str]:
    return wrap(text, 130)


def _rules() -> Iterator[str]:
    yield "## The rules and where they come from"
    yield ""
    yield from _prose(
        "Behind each law, treaty and judgment stands how sure we are of it, as on rule cards: its text was read [T], an excerpt "
        "of it was [E], or it is believed and was not read [K]: check that before you rely on it."
    )
    yield ""
    for number, words in rulebook.rules().items():
        yield f"- **{number}** {words}"
    yield ""


def _order() -> Iterator[str]:
    yield "## Order of precedence"
    yield ""
    yield from _prose(
        "Why a statement does not count, or not yet: this is looked at in this order, for every kind, and the first that is "
        "there is the verdict. What is not authentic, too large for its kind, or said after its service was told that it has "
        "said enough, has no entry and so no verdict."
    )
    yield ""
    steps: list[tuple[Callable[..., Any], Iterable[Code]]] = [
        (Budget.exceeded, SPENT),
        *((one.look, one.codes) for one in BOOK.grounds),
        (Budget.waits, (TOO_EARLY,)),
        (Budget.held, (HELD_TOO_MUCH,)),
    ]
    for number, (look, codes) in enumerate(steps, 1):
        found = ", ".join(f"`{one.name}`" for one in codes) or "every other code"
        yield f"{number}. {found}: {' '.join((look.__doc__ or '').split())}"
    yield ""
    yield from _prose(
        "Of what none of these is found, and so is accepted, all of this that is found is remarked: the verdict is `accepted`, "
        "with the first as `finding` and what else there is, in this order, as `also`. The statement counts as any other does."
    )
    yield ""
    for one in BOOK.remarks:
        found = ", ".join(f"`{code.name}`" for code in one.codes)
        yield f"- {found}: {' '.join((one.look.__doc__ or '').split())}"
    yield ""


def _figures() -> Iterator[str]:
    yield "## Figures"
    yield ""
    yield from _prose(
        "The numbers that decide under this version. Bytes are of canonical JSON. How large a statement may be is declared by "
        "its kind, below."
    )
    yield ""
    yield "| figure | value | what it bounds |"
    yield "|---|---|---|"
    words = _words_of(Path(limits.__file__)) | _words_of(Path(figures.__file__))
    for field in fields(BOOK.figures):
        value = getattr(BOOK.figures, field.name)
        said = words.get(field.name.upper()) or words[field.name]
        yield f"| `{field.name}` | {say_span(value) if isinstance(value, timedelta) else f'{value:,}'} | {said} |"
    yield ""


def _words_of(path: Path) -> dict[str, str]:
    """By name of a number, what stands below it; several that stand together share that."""
    found, waiting = dict[str, str](), list[str]()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for one in getattr(node, "body", []) if isinstance(node, ast.Module | ast.ClassDef) else ():
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
                waiting.append(one.target.id)
            elif isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant):
                found |= dict.fromkeys(waiting, " ".join(str(one.value.value).split()))
                waiting.clear()
    return found


def _codes() -> Iterator[str]:
    yield "## Codes"
    yield ""
    yield from _prose(
        "What is found of a statement, and why a delivery halts or has its outcome: a rule, a code and its parameters, "
        "which are hashed; the sentence is made for people, and may be reworded. A code is never used for anything "
        "else, and never given other parameters. One without a verdict is a reason for a halt or an outcome; where it is "
        "found of a statement all the same, such as `mass_differs` of what has `split`, that is refused."
    )
    yield ""
    by_rule: dict[str, list[Code]] = defaultdict(list)
    for code in CODES.values():
        by_rule[code.rule].append(code)
    for rule in sorted(by_rule, key=lambda one: int(one[1:])):
        yield f"### {rule}"
        yield ""
        yield "| code | verdict | sentence | parameters |"
        yield "|---|---|---|---|"
        for code in sorted(by_rule[rule], key=lambda one: one.name):
            verdict = getattr(code, "verdict", "")
            parameters = "; ".join(f"`{name}`: {SHAPES[shape]}" for name, shape in code.shapes.items())
            yield f"| `{code.name}` | {verdict} | {shown(code.sentence)} | {parameters} |"
        yield ""


def _kinds() -> Iterator[str]:
    yield "## Kinds of statement"
    yield ""
    yield from _prose(
        "What each declares of itself; its fields are in [statements.md](statements.md). `answers`: the need of a "
        "checkpoint that it answers, and whether it says yes to it (then two officers and conditions are asked for, R19 "
        "and R20). `names`: whether it must name the checkpoint. `contact`: whether it proves that somebody has the "
        "consignment in hand or in sight (R9). `left out`: whether a copy for a court or a State may do without it "
        "(R23). `about`: which plan and which history it must be about (R18); of `incident` it is said for a risk to "
        "life. `bytes`: of its canonical form, at most."
    )
    yield ""
    yield "| kind | answers | by | rule | counts while | names | contact | readers beside its own | left out | about | bytes |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for name, kind in BOOK.kinds.items():
        said = kind.declares
        answers = f"`{said.answers}`, {'yes' if said.confirms else 'no'}" if said.answers is not None else ""
        counts = counted_while(kind, english)
        cells = (
            f"`{name}`",
            answers,
            SPEAKERS[said.by],
            said.rule,
            counts,
            "yes" if said.names_checkpoint else "",
            "yes" if said.contact else "",
            READERS[said.readers],
            "yes" if said.may_be_left_out else "",
            BINDINGS[binding_of(kind)],
            f"{said.largest:,}",
        )
        yield f"| {' | '.join(cells)} |"
    yield ""


def _contingencies() -> Iterator[str]:
    yield "## Checkpoints that no plan holds"
    yield ""
    yield from _prose(
        "Opened where something does not go as planned. `without end`: no deadline. `after a halt`: "
        "goes on being asked when nothing advances. `silence closes it`: it decides nothing. `once`: for each thing it "
        "is about."
    )
    yield ""
    yield "| contingency | its checkpoints | asks for | without end | after a halt | silence closes it | once | what it is |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, one in BOOK.contingencies.items():
        says = one.declares
        flags = (says.without_end, says.after_halt, says.closes_unanswered, says.once)
        cells = (
            f"`{name}`",
            f"`{one.title_of('KEY')}`" + ("" if says.once else " and a number"),
            f"`{says.needs}`: {says.title}",
            *("yes" if flag else "" for flag in flags),
            " ".join((type(one).__doc__ or "").split()),
        )
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield "## Outcomes"
    yield ""
    yield ", ".join(f"`{one}`" for one in Outcome.__args__) + "."  # type: ignore[attr-defined]


if __name__ == "__main__":
    PATH.write_text(rules(), encoding="utf-8")
