"""Attesting witnesses or a recording: one block in every paper of what was done before others."""

from collections.abc import Iterator, Sequence

from domain.papers.forms.parts import row, table, unsure
from domain.papers.paper import Blank, Block, Columns, Line, Paragraph, TickBox, Value, Words
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue, joined
from domain.plan.cards import Recorded
from domain.words.text import mark

WITNESSES = mark("With attesting witnesses")
RIGHTS = mark("Rights and duties were explained: {blank}")
RECORDING = mark("With a recording")
DEVICE = mark("device {blank}")
RECORDING_DIGEST = mark("SHA-256 of the recording: {blank}")
ANNOUNCED = mark("Its use was announced before it began.")
RULE = mark("By the rule card of {state}: {rule}")
RULE_NOT_KNOWN = mark("not known")
RULE_UNMET, NO_RECORDING = mark("The rule of the card is not met: {no} is named in the record."), mark("no recording")
RULES = {
    "witnesses": mark("attesting witnesses"),
    "recording": mark("a recording"),
    "either": mark("attesting witnesses or a recording"),
    "neither": mark("neither is needed"),
}
MOST_DIGESTS = 3
"""Of recordings that are named in one block: the table of files names all."""
FILES = mark("Files that belong to it:")
NUMBERED, SHOWS, SHA = mark("No."), mark("What it shows"), mark("SHA-256")


def witnesses(tongue: Tongue, record: Record, state: str, act: Recorded, *said: Heard) -> Columns:
    """Witnesses or a recording, whichever there were, and which of them the card of the State wants: a recording is one that a
    statement names, and where the card wants one and none is named, that is said. Witnesses are written in by hand.
    """
    recordings = recorded(said)
    card = record.cards.get(state)
    rule = card.records_of(act, record.plan.case) if card is not None else None
    wanted = Value(
        tongue.translate(RULES[rule.by] if rule is not None else RULE_NOT_KNOWN),
        ("card",),
        unsure=unsure(card, rule.law if rule is not None else None),
    )
    who = tongue.the_state(state, "plan")
    missed = rule is not None and rule.by == "recording" and not recordings
    unmet: Line = (Words(" "), *tongue.say(RULE_UNMET, no=Value(tongue.translate(NO_RECORDING), ("computed",)))) if missed else ()
    left = (
        Paragraph((TickBox(), *tongue.words(WITNESSES, strong=True)), "left"),
        Paragraph((Words("1. "), Blank(4)), "left"),
        Paragraph((Words("2. "), Blank(4)), "left"),
        Paragraph(tongue.say(RIGHTS, blank=Blank(3)), "small"),
    )
    right = (
        Paragraph((TickBox(bool(recordings)), *tongue.words(RECORDING, strong=True)), "left"),
        Paragraph(tongue.say(DEVICE, blank=Blank(4)), "left"),
        Paragraph(tongue.say(RECORDING_DIGEST, blank=joined(recordings[:MOST_DIGESTS]) or Blank(3)), "left"),
        Paragraph((*tongue.words(ANNOUNCED), Words(" "), *tongue.say(RULE, state=who, rule=wanted), *unmet), "small"),
    )
    return Columns(left, right, ruled=True)


def recorded(said: Sequence[Heard]) -> list[Value]:
    """The digests of photographs and recordings that these name."""
    return [Value(file.digest, one.entries) for one in said for file in one.statement.attachments if file.is_recording]


def files(tongue: Tongue, *said: Heard) -> Iterator[Block]:
    """The files that these name, whatever they are, each by its digest; nothing where there are none."""
    named = [(one, file) for one in said for file in one.statement.attachments]
    rows = [
        row((Value(str(number), ("computed",)),), (tongue.quoted(file.shows, *one.entries),), (Value(file.digest, one.entries),))
        for number, (one, file) in enumerate(named, 1)
    ]
    if rows:
        yield Paragraph(tongue.words(FILES), "left")
        yield table(tongue, ((NUMBERED, 1), (SHOWS, 4), (SHA, 8)), rows, [one.seq for one, _ in named], small=True)
