"""The rules as people read them: what docs/rules.md is made from, and what `vigil explain` says of one name."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from domain.rules import books
from domain.rules.books import BOOK
from domain.rules.contingency import Contingency
from domain.rules.kind import Binding, Counts, Kind
from domain.views.forms import FIELDS
from domain.views.names import NEEDS, STEPS
from domain.views.sentences import Translate
from domain.words.codes import CODES, Shape
from domain.words.text import mark

SHAPES: Mapping[Shape, str] = {
    "entry": mark("number of an entry"),
    "count": mark("whole number"),
    "mass": mark("milligrams"),
    "money": mark("minor units"),
    "span": mark("milliseconds"),
    "term": mark("ISO 8601 duration"),
    "instant": mark("UTC"),
    "name": mark("identifier"),
    "names": mark("identifiers"),
    "kind": mark("kind of statement"),
    "word": mark("word"),
    "words": mark("words"),
}
SPEAKERS: Mapping[str, str] = {
    "asked": mark("who is asked (R17)"),
    "responsible": mark("the responsible authority (R4)"),
    "ever_responsible": mark("the responsible authority, now or before (R4)"),
    "grantor": mark("who holds the authorisation (R1)"),
    "anyone": mark("anyone who takes part"),
}
READERS: Mapping[str, str] = {
    "checkpoint": mark("its State's services at the checkpoint"),
    "both_sides": mark("whoever sees the checkpoint"),
    "asked_there": mark("who is asked there"),
    "own_state": mark("services of its State"),
    "leg": mark("whose leg it is on"),
    "addressed": mark("whom it names"),
    "both_states": mark("services of its State and of the one that it asks"),
    "prosecution": mark("prosecutors and courts"),
    "as_named": mark("who reads the statement that it names"),
}
COUNTS: Mapping[Counts, str] = {
    Counts.UNDER_WAY: mark("under way"),
    Counts.HALTED: mark("halted"),
    Counts.CONCLUDED: mark("concluded"),
}
BINDINGS: Mapping[Binding, str] = {
    "consent": mark("the plan in force, this history"),
    "decision": mark("a plan so far, this history"),
    "word": mark("a plan so far"),
    "brake": mark("nothing: it stops"),
}


def rules() -> dict[str, str]:
    """Each rule by its number, with where it comes from."""
    text = (books.__doc__ or "").partition("\n\n")[2]
    found = re.finditer(r"^(R\d+) +(.*?)(?=^R\d+ |\Z)", text, re.MULTILINE | re.DOTALL)
    return {one[1]: in_one_line(one[2]).replace(" (`domain.views.sight`)", "") for one in found}


def in_one_line(text: str | None) -> str:
    """As it stands in a table."""
    return " ".join((text or "").split())


def explanations() -> Iterator[str]:
    """What rules, kinds of statement and checkpoints that no plan holds say, to be translated."""
    yield from (_sourced(rule)[0] for rule in rules().values())
    yield from (in_one_line(kind.__doc__) for kind in BOOK.kinds.values())
    yield from (in_one_line(type(one).__doc__) for one in BOOK.contingencies.values())


def _sourced(rule: str) -> tuple[str, str]:
    """What it says, and in brackets where it comes from, which is cited as it is."""
    sentence, there_is, source = rule.partition(". (")
    return (f"{sentence}.", f" ({source}") if there_is else (rule, "")


def counted_while(kind: type[Kind], translate: Translate) -> str:
    """How a delivery may stand for a statement of this kind to count."""
    return ", ".join(translate(word) for flag, word in COUNTS.items() if flag & kind.declares.counts)


def binding_of(kind: type[Kind]) -> Binding:
    """Which plan and which history it is about: of `incident` as it is said for a risk to life."""
    said: dict[str, Any] = {"risk_to_life": True}
    return kind.model_construct(**said).bound_to()


@dataclass(frozen=True)
class Explained:
    """What one name is: rule, code, kind of statement, need of a checkpoint, step, or checkpoint that no plan holds."""

    name: str
    what: str
    says: str
    more: tuple[tuple[str, str], ...] = ()
    """What is to be known of it, by headings."""


def explained(name: str, translate: Translate) -> tuple[Explained, ...]:
    """All that has this name, in the reader's language; nothing where nothing has."""
    return tuple(_explained(name, translate))


def _explained(name: str, translate: Translate) -> Iterator[Explained]:
    if (rule := rules().get(name.upper())) is not None:
        codes = ", ".join(sorted(one.name for one in CODES.values() if one.rule == name.upper()))
        kinds = ", ".join(kind for kind, one in BOOK.kinds.items() if one.declares.rule == name.upper())
        more = ((translate(mark("codes")), codes), (translate(mark("kinds of statement")), kinds))
        sentence, source = _sourced(rule)
        said = translate(sentence) + source
        yield Explained(name.upper(), translate(mark("rule")), said, tuple(one for one in more if one[1]))
    if (kind := BOOK.kinds.get(name)) is not None:
        said = translate(in_one_line(kind.__doc__))
        yield Explained(name, translate(mark("kind of statement")), said, tuple(_of_kind(name, kind, translate)))
    if name in NEEDS:
        yield Explained(
            name, translate(mark("what a checkpoint asks for")), translate(NEEDS[name]), tuple(_of_need(name, translate))
        )
    if (step := next((title for one, title in STEPS.items() if one == name), None)) is not None:
        yield Explained(name, translate(mark("step of a plan")), translate(step))
    if (one := BOOK.contingencies.get(name) or _opened_as(name)) is not None:
        asks = (translate(mark("asks for")), f"{one.declares.needs}: {translate(one.declares.title)}")
        called = (translate(mark("its checkpoints")), one.title_of("KEY"))
        said = translate(in_one_line(type(one).__doc__))
        yield Explained(name, translate(mark("checkpoint that no plan holds")), said, (asks, called))
    for code in CODES.values():
        if code.name == name:
            parameters = "; ".join(f"{one}: {translate(SHAPES[shape])}" for one, shape in code.shapes.items())
            more = ((translate(mark("rule")), code.rule), (translate(mark("parameters")), parameters))
            yield Explained(name, translate(mark("code")), translate(code.sentence), tuple(one for one in more if one[1]))


def _opened_as(name: str) -> Contingency | None:
    """Of which contingency a checkpoint of this name is, such as `border.decision.1`."""
    whole = re.sub(r"\.\d+$", "", name)
    titles = {one.title_of("").strip("."): one for one in BOOK.contingencies.values()}
    return titles.get(whole) or titles.get(whole.rpartition(".")[2])


def _of_kind(name: str, kind: type[Kind], translate: Translate) -> Iterator[tuple[str, str]]:
    said = kind.declares
    yield translate(mark("title")), translate(said.title)
    if said.answers is not None:
        yes = translate(mark("yes") if said.confirms else mark("no"))
        yield translate(mark("answers")), f"{said.answers} ({yes})"
    yield translate(mark("said by")), translate(SPEAKERS[said.by])
    yield translate(mark("fields")), ", ".join(FIELDS[name])
    yield translate(mark("rule")), said.rule
    yield translate(mark("counts while")), counted_while(kind, translate)
    yield translate(mark("read by")), translate(READERS[said.readers])
    yield translate(mark("about")), translate(BINDINGS[binding_of(kind)])


def _of_need(name: str, translate: Translate) -> Iterator[tuple[str, str]]:
    answers = next((kinds for need, kinds in BOOK.answers.items() if need == name), ())
    yield translate(mark("answered by")), ", ".join(answers)


def known_names() -> tuple[str, ...]:
    """Every name that can be explained, each once."""
    codes = (one.name for one in CODES.values())
    return tuple(dict.fromkeys((*rules(), *BOOK.kinds, *NEEDS, *STEPS, *BOOK.contingencies, *codes)))
