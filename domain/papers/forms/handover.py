"""The act of handover: what giver and taker each found, beside each other, and from which minute on the taker is responsible."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from domain.papers.form import Form
from domain.papers.forms.parts import (
    NONE,
    consignment,
    day_of,
    day_there,
    local,
    of_the_group,
    seals,
    signing,
    some,
    spoken,
    table,
    weight,
)
from domain.papers.forms.story import authorisations, gaps
from domain.papers.forms.witnessed import files, witnesses
from domain.papers.paper import (
    Blank,
    Block,
    Dated,
    Line,
    Paragraph,
    Table,
    TableRow,
    TickBox,
    Title,
    Value,
    Words,
)
from domain.papers.record import Heard, Record
from domain.papers.tongue import Tongue, joined
from domain.plan.directory import Service
from domain.plan.goods import Scale
from domain.plan.quantity import Quantity
from domain.rules.custody import HandoverAccepted, HandoverOffered, InHand
from domain.rules.preparation import Prepared
from domain.words.text import mark

KIND = mark("Act")
ABOUT = mark("of handover of the consignment {operation} under control")
NUMBER = mark("No. {blank}")
GIVEN = mark("Given by: {giver}. Taken by: {taker}.")
GROUNDS = mark("Grounds: the plan of the operation {plan}; way of handling: {modality}.")
OBJECT = mark("Object: {object}.")
PUT_IN = mark("Put in: {items}.")
CONTENTS = mark("Kept in it: {kept}.")
ITEM, PREPARATION, GIVER, TAKER, DIFFERENCE = (
    mark("What"),
    mark("At preparation"),
    mark("Given"),
    mark("Taken"),
    mark("Difference"),
)
TIME, LOCAL, GROSS, TOLERANCE, SEALS, CONDITION, PACKAGES, SCALE = (
    mark("Time, UTC"),
    mark("Local time"),
    mark("Gross"),
    mark("Tolerance {tolerance}"),
    mark("Seals"),
    mark("Condition of the seals"),
    mark("Packages"),
    mark("Scale, verified until"),
)
WHOLE, BROKEN = mark("whole"), mark("not whole")
SAME, OTHER = mark("the same"), mark("not the same")
WITHIN, BEYOND = mark("within"), mark("beyond")
NOT_CHECKED = mark("Not checked: {what}.")
ALL_CHECKED = mark("What the plan has checked was checked: {checks}.")
DEVICE = mark("Device {label}: {how}, as said by {officer}.")
WORKS = {"working": mark("its signal is there"), "silent": mark("its signal is not there"), "not_checked": mark("not checked")}
SET_BY = mark("Condition {number} ({state}): {text}; met, as said by: {who}.")
UNMET = mark("Condition {number} ({state}): {text}; nobody has said that it is met: {blank}")
GAP = mark("Watch on the giver's leg: a gap from {begins} to {ends}.")
OPEN_GAP = mark("Watch on the giver's leg: a gap from {begins}, its end is not recorded.")
NO_GAP = mark("Watch on the giver's leg: {no} gap was reported.")
NO = mark("no")
PASSED = mark(
    "Responsibility passed at {moment} UTC, when the acceptance was recorded. Until that minute the giver was responsible."
)
PASSES_SIGNED = mark(
    "By the plan{plan}, responsibility passes when this act is signed. Acceptance recorded at {moment} UTC. Signed at: {blank}"
)
REMARKS = mark("Remarks: {none} none  {some} {blank}")
COPIES = mark("Made in {blank} copies.")
EQUAL = mark("Both texts are of equal force; where they differ, figures and entry numbers prevail.")
GIVER_SIGNS, TAKER_SIGNS = mark("Given: {officer}"), mark("Taken: {officer}")


@dataclass(frozen=True)
class _HandoverAct:
    """What one act is made of."""

    record: Record
    tongue: Tongue
    checkpoint: str
    offer: Heard
    offered: HandoverOffered
    acceptance: Heard
    accepted: HandoverAccepted
    preparation: tuple[Heard, Prepared] | None


class HandoverForm(Form):
    """Signed by giver and taker, and by nobody else: so it holds what both may know, and nothing of other legs."""

    name = "handover"
    version = 9
    title = mark("act of handover")
    two_columns = True

    def subjects(self, record: Record) -> tuple[str, ...]:
        """Each checkpoint at which one has offered and another accepted."""
        accepted = dict.fromkeys(one.checkpoint for one, _ in record.said(HandoverAccepted))
        return tuple(name for name in accepted if record.said(HandoverOffered, name))

    def of(self, record: Record, subject: str) -> str:
        """Its place."""
        planned = record.plan.find(subject)
        return f"{planned.place} ({planned.state})" if planned is not None else subject

    def may_have(self, record: Record, subject: str, reader: Service) -> bool:
        """Giver and taker."""
        both = (record.said(HandoverOffered, subject), record.said(HandoverAccepted, subject))
        return any(reader.id in (one.service, one.statement.service) for said in both for one, _ in said)

    def blocks(self, record: Record, subject: str, tongue: Tongue) -> tuple[Block, ...]:
        """As of the acceptance: what is recorded later changes nothing that was signed."""
        acceptance, accepted = record.said(HandoverAccepted, subject)[-1]
        then = record.until(acceptance.counted)
        offer, offered = then.said(HandoverOffered, subject)[-1]
        prepared = then.said(Prepared)
        act = _HandoverAct(then, tongue, subject, offer, offered, acceptance, accepted, prepared[-1] if prepared else None)
        return tuple(_blocks(act))


def _blocks(act: _HandoverAct) -> Iterator[Block]:
    record, tongue = act.record, act.tongue
    operation = tongue.quoted(record.plan.operation, "plan")
    yield Title(tongue.words(KIND), (tongue.say(ABOUT, operation=operation), *of_the_group(tongue, record.plan)))
    yield Dated(
        (day_there(tongue, record, act.checkpoint, act.acceptance),),
        (_place(record, act.checkpoint, tongue),),
        tongue.say(NUMBER, blank=Blank(2)),
    )
    giver, taker = (spoken(tongue, record, one) for one in (act.offer, act.acceptance))
    yield Paragraph(tongue.say(GIVEN, giver=giver, taker=taker), "left")
    plan = Value(record.delivery.state.plan_at(record.size - 1)[:16], (record.plan_entry,))
    yield Paragraph(tongue.say(GROUNDS, plan=plan, modality=tongue.word(record.plan.modality, "plan")), "left")
    yield Paragraph(tongue.say(OBJECT, object=consignment(tongue, record.plan.consignment)), "left")
    yield from _inside(act)
    yield _found(act)
    checks = joined(tongue.word(one, *act.acceptance.entries) for one in act.accepted.checks())
    yield Paragraph(tongue.say(ALL_CHECKED, checks=checks), "left")
    if act.accepted.not_checked:
        yield Paragraph(tongue.say(NOT_CHECKED, what=tongue.quoted(act.accepted.not_checked, *act.acceptance.entries)), "left")
    yield from (Paragraph(line, "left") for line in _devices(act))
    yield from (Paragraph(line, "left") for line in _conditions(act))
    yield from (Paragraph(line, "left") for line in some(_gaps(act), tongue))
    where = record.plan.find(act.checkpoint)
    yield witnesses(
        tongue, record, where.state if where is not None else record.plan.legs[0].state, "search", act.offer, act.acceptance
    )
    yield from files(tongue, act.offer, act.acceptance)
    yield Paragraph(_passed(act), "left")
    yield Paragraph(tongue.say(REMARKS, none=TickBox(), some=TickBox(), blank=Blank(5)), "left")
    copies = tongue.say(COPIES, blank=Blank(1))
    yield Paragraph((*copies, Words(" "), *tongue.words(EQUAL)) if tongue.neutral else copies, "left")
    officers = (tongue.officer(act.offer), tongue.officer(act.acceptance))
    roles = (tongue.say(text, officer=one) for text, one in zip((GIVER_SIGNS, TAKER_SIGNS), officers, strict=True))
    yield signing(tongue, roles, stamp=True, paired=True)


def _passed(act: _HandoverAct) -> Line:
    """When responsibility passed, as the plan has it."""
    moment = Value(act.tongue.moment(act.acceptance.at), act.acceptance.entries, strong=True)
    if act.record.plan.custody_passes == "entry":
        return act.tongue.say(PASSED, moment=moment, strong=True)
    return act.tongue.say(PASSES_SIGNED, plan=Value("", ("plan",)), moment=moment, blank=Blank(3))


def _devices(act: _HandoverAct) -> Iterator[Line]:
    for said, found in ((act.offer, act.offered), (act.acceptance, act.accepted)):
        for one in found.devices:
            how = Value(act.tongue.translate(WORKS[one.works]), said.entries)
            yield act.tongue.say(DEVICE, label=Value(one.label, said.entries), how=how, officer=act.tongue.officer(said))


def _inside(act: _HandoverAct) -> Iterator[Block]:
    if act.preparation is None:
        return
    said, prepared = act.preparation
    kept = joined(Value(act.tongue.amount(one), said.entries) for one in prepared.kept)
    if kept:
        yield Paragraph(act.tongue.say(CONTENTS, kept=kept), "left")
    items = [joined((act.tongue.exhibit(one.what, *said.entries), Value(one.label, said.entries)), " ") for one in prepared.items]
    if items:
        yield Paragraph(act.tongue.say(PUT_IN, items=joined(items)), "left")


def _found(act: _HandoverAct) -> Table:
    tongue = act.tongue
    prepared = act.preparation
    sides: tuple[tuple[Heard, InHand], ...] = ((act.offer, act.offered), (act.acceptance, act.accepted))
    first = prepared[0] if prepared is not None else None
    told = (first, act.offer, act.acceptance)
    moments = tuple((Value(tongue.moment(one.happened), one.entries),) if one is not None else NONE for one in told)
    took = Value(tongue.between(act.offer.happened, act.acceptance.happened), ("computed",))
    locals_ = tuple(local(tongue, act.record, act.checkpoint, one) for one in (act.offer, act.acceptance))
    found = [prepared[1].gross if prepared is not None else None, *(one.gross for _, one in sides)]
    known = zip((one.entries if one is not None else () for one in told), found, strict=True)
    grosses = tuple(weight(tongue, gross, *entries, strong=True) for entries, gross in known)
    used = [prepared[1].scale if prepared is not None else None, *(one.scale for _, one in sides)]
    scales = tuple(_verified(one, told_) for one, told_ in zip(used, told, strict=True))
    rows = [
        TableRow((tongue.words(TIME), *moments, (took,))),
        TableRow((tongue.words(LOCAL), NONE, *locals_, NONE)),
        TableRow((tongue.words(GROSS, strong=True), *grosses, _difference(tongue, found[1], found[2]))),
        _tolerance(act, found),
        TableRow((tongue.words(SCALE), *scales, NONE)),
        _seals(act),
        TableRow((tongue.words(CONDITION), NONE, *(_condition(tongue, *one) for one in sides), NONE)),
    ]
    packages = [prepared[1].packages if prepared is not None else None, *(one.packages for _, one in sides)]
    if any(one is not None for one in packages):
        rows.append(
            TableRow(
                (
                    tongue.words(PACKAGES),
                    *(
                        (Value(tongue.number(count), one.entries),) if one is not None and count is not None else NONE
                        for one, count in zip(told, packages, strict=True)
                    ),
                    NONE,
                )
            )
        )
    heads = ((ITEM, 6), (PREPARATION, 4, True), (GIVER, 4, True), (TAKER, 4, True), (DIFFERENCE, 4, True))
    return table(tongue, heads, rows)


def _difference(tongue: Tongue, before: Quantity | None, after: Quantity | None) -> Line:
    """Where both were measured: no estimate passes for a measurement."""
    if not isinstance(before, int) or not isinstance(after, int):
        return NONE
    sign = "+" if after > before else ""
    return (Value(f"{sign}{tongue.mass(after - before)}", ("computed",)),)


def _tolerance(act: _HandoverAct, found: Sequence[Quantity | None]) -> TableRow:
    tongue, tolerance = act.tongue, act.record.plan.tolerances.gross
    apart = [_difference(tongue, found[0], one) for one in found[1:]]
    masses = [one for one in found if isinstance(one, int)]
    within = max(masses) - min(masses) <= tolerance if masses else None
    said = NONE if within is None else (Value(tongue.translate(WITHIN if within else BEYOND), ("computed",)),)
    name = tongue.say(TOLERANCE, tolerance=Value(f"±{tongue.mass(tolerance)}", ("plan",)))
    return TableRow((name, NONE, *apart, said))


def _seals(act: _HandoverAct) -> TableRow:
    tongue, first = act.tongue, act.preparation
    three = [
        seals(first[1].seals, *first[0].entries) if first is not None else NONE,
        seals(act.offered.seals, *act.offer.entries),
        seals(act.accepted.seals, *act.acceptance.entries),
    ]
    same = [one.number for one in act.offered.seals] == [one.number for one in act.accepted.seals]
    said = (Value(tongue.translate(SAME if same else OTHER), ("computed",)),) if act.offered.seals else NONE
    return TableRow((tongue.words(SEALS), *three, said))


def _condition(tongue: Tongue, said: Heard, found: InHand) -> Line:
    if found.seals_intact is None:
        return (Blank(2),) if found.seals else NONE
    return (Value(tongue.translate(WHOLE if found.seals_intact else BROKEN), said.entries),)


def _verified(used: Scale | None, said: Heard | None) -> Line:
    """Number of the scale, and until when it was verified."""
    if said is None or used is None:
        return (Blank(2),)
    return (Value(f"{used.number}, {day_of(used.verified_until)}", said.entries),)


def _conditions(act: _HandoverAct) -> Iterator[Line]:
    """Those that bind here, which both were told of when they were asked."""
    tongue = act.tongue
    standing = [one for one in authorisations(act.record) if one.superseded is None]
    for said, granted in ((one.said, one.act) for one in standing):
        for number, condition in enumerate(granted.conditions, 1):
            if condition.at != act.checkpoint:
                continue
            met = [one for one in (act.offer, act.acceptance) if f"{said.service}/{number}" in one.statement.fulfils]
            who = joined(tongue.officer(one) for one in met)
            yield tongue.say(
                SET_BY if met else UNMET,
                number=Value(str(number), said.entries),
                state=Value(tongue.state(granted.state), said.entries),
                text=tongue.quoted(condition.text, *said.entries),
                who=who,
                blank=Blank(4),
            )


def _gaps(act: _HandoverAct) -> Iterator[Line]:
    """Those of the giver's leg: from the loss that was said until it was in sight again."""
    begun, none = _leg_began(act), True
    for gap in gaps(act.record):
        if not begun <= gap.lost.counted < act.acceptance.counted:
            continue
        none = False
        begins = _moment(act, gap.lost)
        if gap.found is not None:
            yield act.tongue.say(GAP, begins=begins, ends=_moment(act, gap.found))
        else:
            yield act.tongue.say(OPEN_GAP, begins=begins)
    if none:
        yield act.tongue.say(NO_GAP, no=Value(act.tongue.translate(NO), ("computed",)))


def _moment(act: _HandoverAct, said: Heard) -> Value:
    return Value(act.tongue.moment(said.happened), said.entries)


def _leg_began(act: _HandoverAct) -> int:
    """The entry with which the giver took it over; the first where nobody had handed it over before."""
    before = [one.counted for one, _ in act.record.said(HandoverAccepted) if one.counted < act.acceptance.counted]
    return max(before, default=0)


def _place(record: Record, checkpoint: str, tongue: Tongue) -> Value:
    planned = record.plan.find(checkpoint)
    return tongue.place(planned.place, planned.state, "plan") if planned is not None else Value(checkpoint, ("plan",))
