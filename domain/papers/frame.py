"""What stands around a paper: running lines, and the box that says how to check it. None of it is under the digest."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from domain.papers.paper import Paper, in_groups
from domain.papers.tongue import Tongue
from domain.plan.vocabulary import HandlingCode
from domain.words.text import mark

EXAMPLE = mark("EXAMPLE, of no legal effect")
FOOT = mark("{delivery} · {running} · code {code}")
SHEET = mark("sheet {page} of {pages}")
CODE = mark("Code of this paper")
SAME_ON_EACH = mark("The same on every sheet. Digits only, so that it can be read aloud.")
NOT_PART = mark("A sheet with no code or another code is not part of this paper.")
HOW = mark("How to check this paper")
DIGEST = mark("Digest (SHA-256) of the printed data:")
MADE_FROM = mark("Made from ledger entries {entries}; root of the ledger as of entry {newest}:")
COMMAND = mark("With the evidence packet {delivery}, without a network: {command}")
PACKET = mark("PACKET")
NOT_COVERED = mark("What is written by hand, signatures and stamps are not covered by the digest.")
BLANKS = mark("Blanks to be filled or struck out before it is signed: {count}.")
REPLACES = mark("It replaces the paper with code {code}.")
ENTRY_KEY = mark("signed statement of a service, or record of the system: number of the ledger entry")
PLAN_KEY = mark("from the plan of the operation")
DIRECTORY_KEY = mark("from the directory or a rule card")
COMPUTED_KEY = mark("computed")
UNSURE = mark("provision")
CHECK = mark("check")
UNSURE_KEY = mark("not confirmed against the text of the law")
BLANK_KEY = mark("not in the data: write in or strike out")
HANDLING = mark("Handling code {code}: {words}")
HANDLING_WORDS: Mapping[HandlingCode, str] = {
    "H0": mark("wherever it serves against crime"),
    "H1": mark("before no court without the permission of its provider"),
    "H2": mark("to no third State and before no court without the permission of its provider"),
    "H3": mark("as its caveat says, and to nobody else without the permission of its provider"),
}
COPY = mark("Copy No.")
PLAN_MARK = mark("P")
DIRECTORY_MARK = mark("D")


@dataclass(frozen=True)
class Frame:
    """Every text around a paper, in its language or both."""

    language: str
    title: str
    example: str
    marking: str
    """The secrecy mark, of the first page."""
    copies: str
    handling: str
    """The handling code in words; empty where it keeps nothing back."""
    top: str
    """Mark and handling code, on each page but the first."""
    foot: str
    sheet: str
    """With `{page}` and `{pages}` in it, which only the printed pages know."""
    code: str
    code_title: str
    code_notes: tuple[str, ...]
    check_title: str
    digest_title: str
    digest: str
    made_from: str
    root: str
    command: str
    notes: tuple[str, ...]
    marks: dict[str, str]
    """How the sources are marked, and what a doubtful provision bears."""
    key: dict[str, str]
    """What each mark means."""

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def frame(paper: Paper, tongues: tuple[Tongue, ...], replaces: str | None = None) -> Frame:
    """What stands around this paper."""

    def say(text: str, **filled: str) -> str:
        said = dict.fromkeys(
            tongue.translate(text).format_map(filled) if filled else tongue.translate(text) for tongue in tongues
        )
        return " / ".join(said)

    code = in_groups(paper.code)
    command = f"vigil verify {tongues[0].translate(PACKET)} --paper {paper.code}"
    entries = ranges(paper.entries) or str(paper.size - 1)
    notes = [say(NOT_COVERED), say(BLANKS, count=str(paper.blanks))]
    if replaces is not None:
        notes.append(say(REPLACES, code=in_groups(replaces)))
    top = " · ".join(filter(None, (paper.marking, paper.handling if paper.handling != "H0" else "")))
    return Frame(
        language=paper.language,
        title=paper.running,
        example=say(EXAMPLE) if paper.example else "",
        marking=paper.marking,
        copies=say(COPY),
        handling=_handling(paper, tongues),
        top=top,
        foot=say(FOOT, delivery=paper.delivery, running=paper.running, code=code)
        if len(tongues) == 1
        else f"{paper.delivery} · {paper.running} · {code}",
        sheet=say(SHEET, page="{page}", pages="{pages}"),
        code=code,
        code_title=say(CODE),
        code_notes=(say(SAME_ON_EACH), say(NOT_PART)),
        check_title=say(HOW),
        digest_title=say(DIGEST),
        digest=paper.digest,
        made_from=say(MADE_FROM, entries=entries, newest=str(paper.size - 1)),
        root=paper.root,
        command=say(COMMAND, delivery=paper.delivery, command=command),
        notes=tuple(notes),
        marks={
            "plan": say(PLAN_MARK),
            "directory": say(DIRECTORY_MARK),
            "card": say(DIRECTORY_MARK),
            "computed": "=",
            "check": say(CHECK),
        },
        key={
            "entry": say(ENTRY_KEY),
            "plan": say(PLAN_KEY),
            "directory": say(DIRECTORY_KEY),
            "computed": say(COMPUTED_KEY),
            "unsure": say(UNSURE_KEY),
            "unsure_word": say(UNSURE),
            "blank": say(BLANK_KEY),
        },
    )


def _handling(paper: Paper, tongues: tuple[Tongue, ...]) -> str:
    if paper.handling == "H0":
        return ""
    said = (
        one.translate(HANDLING).format(code=paper.handling, words=one.translate(HANDLING_WORDS[paper.handling]))
        for one in tongues
    )
    return " / ".join(said)


def ranges(numbers: tuple[int, ...]) -> str:
    """Numbers, those that follow on each other as a range."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][-1] + 1:
            found[-1].append(number)
        else:
            found.append([number])
    return ", ".join(str(one[0]) if len(one) == 1 else f"{one[0]}–{one[-1]}" for one in found)
