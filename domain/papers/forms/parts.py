"""What several forms print alike: seals, what was found, who signs, witnesses or a recording."""

from collections.abc import Iterable

from domain.papers.paper import Blank, Box, Columns, Line, Paragraph, Signature, Signatures, Source, Value, Words
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue, joined
from domain.plan.cards import Recorded
from domain.plan.plan import Consignment
from domain.plan.quantity import Quantity
from domain.words.identifiers import Seal
from domain.words.text import mark

NONE: Line = (Words("–"),)
"""In a table, where there is nothing to say."""
SIGNATURE, NAME, STAMP = mark("signature"), mark("name"), mark("Stamp")
WITNESSES = mark("With attesting witnesses")
RIGHTS = mark("Rights and duties were explained: {blank}")
RECORDING = mark("With a recording")
DEVICE = mark("device {blank}")
RECORDING_DIGEST = mark("SHA-256 of the recording: {blank}")
ANNOUNCED = mark("Its use was announced before it began.")
RULE = mark("By the rule card of {state}: {rule}")
RULE_NOT_KNOWN = mark("not known")
RULES = {
    "witnesses": mark("attesting witnesses"),
    "recording": mark("a recording"),
    "either": mark("attesting witnesses or a recording"),
    "neither": mark("neither is needed"),
}
OBJECT_IS = mark("{contents}; gross weight {gross}; {identifiers}; declared as {declared}")


def seals(found: Iterable[Seal], *sources: Source) -> Line:
    """Seals by number and class; a dash where there are none."""
    said = [Value(f"{one.number}/{one.security}", sources) for one in found]
    return joined(said) or NONE


def weight(tongue: Tongue, mass: Quantity | None, *sources: Source, strong: bool = False) -> Line:
    """A mass as it was found; a dash where none was said."""
    return (Value(tongue.quantity(mass), sources, strong=strong),) if mass is not None else NONE


def consignment(tongue: Tongue, goods: Consignment) -> Line:
    """What travels, by the plan."""
    return tongue.say(
        OBJECT_IS,
        contents=joined(Value(tongue.amount(one), ("plan",)) for one in goods.contents),
        gross=weight(tongue, goods.gross, "plan"),
        identifiers=joined(Value(str(one), ("plan",)) for one in goods.identifiers),
        declared=tongue.quoted(goods.declared_as, "plan"),
    )


def signing(tongue: Tongue, roles: Iterable[Line], *, stamp: bool = False, paired: bool = False) -> Signatures:
    """Lines for those who sign by hand; their names are written by them."""
    signatures = tuple(Signature(role, stamp) for role in roles)
    return Signatures(signatures, tongue.translate(SIGNATURE), tongue.translate(NAME), tongue.translate(STAMP), paired)


def spoken(tongue: Tongue, record: Record, said: Heard) -> Line:
    """Service and officer of a statement, by name of the service and code of the officer."""
    return joined((tongue.service(record, said.service), tongue.officer(said)))


def witnesses(tongue: Tongue, record: Record, state: str, act: Recorded, *, recorded: bool = False) -> Columns:
    """Witnesses or a recording, whichever there were, and which of them the card of the State wants."""
    card = record.cards.get(state)
    rule = card.records_of(act, record.plan.case) if card is not None else None
    wanted = Value(
        tongue.translate(RULES[rule.by] if rule is not None else RULE_NOT_KNOWN),
        ("card",),
        unsure=rule is None or rule.law.mark != "T",
    )
    who = Value(tongue.state(state), ("plan",))
    left = (
        Paragraph((Box(), *tongue.words(WITNESSES, strong=True)), "left"),
        Paragraph((Words("1. "), Blank(4)), "left"),
        Paragraph((Words("2. "), Blank(4)), "left"),
        Paragraph(tongue.say(RIGHTS, blank=Blank(3)), "small"),
    )
    right = (
        Paragraph((Box(recorded), *tongue.words(RECORDING, strong=True)), "left"),
        Paragraph(tongue.say(DEVICE, blank=Blank(4)), "left"),
        Paragraph(tongue.say(RECORDING_DIGEST, blank=Blank(3)), "left"),
        Paragraph((*tongue.words(ANNOUNCED), Words(" "), *tongue.say(RULE, state=who, rule=wanted)), "small"),
    )
    return Columns(left, right, ruled=True)
