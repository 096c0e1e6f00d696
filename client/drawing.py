"""A plan drawn: its route, its checkpoints and who must say what. As text for a terminal, and as a picture.

In the picture each State is a band from top to bottom, time runs downwards, checkpoints of one step stand side by side or
beneath each other in the band of their State, and each leg is an arrow through the band of the State it runs in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from client.language import _, speak
from domain.plan.goods import say_amount
from domain.plan.plan import Leg, Plan, PlannedCheckpoint, Step
from domain.plan.quantity import say_quantity
from domain.views.canvas import ACCENT, BAD, FAINT, INK, PAPER, QUIET, Canvas, broken, room
from domain.views.names import STEPS
from domain.views.states import state_called
from domain.words.quantities import say_span
from domain.words.text import told, word

TRAVELS = ("hand_over", "deliver")


def words_of(need: str) -> str:
    """One of our own words as people read it."""
    return speak(word(need))


def due_of(plan: Plan, checkpoint: PlannedCheckpoint) -> str:
    """When it is due and what overdue means, in words."""
    travelling = checkpoint.step in TRAVELS and plan.due_after(checkpoint) != checkpoint.due
    span = say_span(checkpoint.due)
    when = _("due {span} after arrival", span=span) if travelling else _("due {span} after opening", span=span)
    if checkpoint.step == "authorise":
        return _("{when}, then halted (R2)", when=when)
    if checkpoint.step in ("muster", "close"):
        return _("{when}, then closed unanswered", when=when)
    return _("{when}, then interdicted", when=when) if checkpoint.overdue == "interdict" else _("{when}, then held", when=when)


def who_of(checkpoint: PlannedCheckpoint) -> Iterator[str]:
    """Who must say what, one service a line, and how many of them are needed if not all."""
    if checkpoint.quorum() < len(checkpoint.services()):
        yield _("{quorum} of these {count}:", quorum=checkpoint.quorum(), count=len(checkpoint.services()))
    for service in checkpoint.services():
        yield f"{service}: {', '.join(map(words_of, checkpoint.needs_of(service)))}"


def facts_of(plan: Plan) -> str:
    """What travels, in a line."""
    goods = plan.consignment
    inside = ", ".join(told(say_amount(one), speak) for one in goods.contents)
    way = f"{words_of(goods.kind)}, {words_of(plan.modality)}"
    return _("{way}; {inside}; gross {gross}", way=way, inside=inside, gross=say_quantity(goods.gross))


def rows_of(plan: Plan) -> Iterator[tuple[Step, tuple[PlannedCheckpoint, ...], Leg | None]]:
    """The steps in order: what stands side by side, and the leg that begins there."""
    begins = {leg.start: leg for leg in plan.legs}
    for step in STEPS:
        if step == "hand_over":
            ends = [plan.find(leg.end) for leg in plan.legs[:-1]]
            for end in ends:
                if end is not None:
                    yield step, (end,), begins.get(end.id)
        elif plan.at(step):
            leg = begins.get(plan.at(step)[0].id) if step == "dispatch" else None
            yield step, plan.at(step), leg


# As text


def drawn(plan: Plan) -> str:
    """The plan as lines of text."""
    lines = [f"{plan.operation}: {plan.title}", f"{' ══▶ '.join(map(_state, plan.states()))}", facts_of(plan)]
    later = ", ".join(one.service for one in plan.told_at_end)
    who = [_("starts: {services}", services=", ".join(plan.initiators()))]
    who += [_("coordinates: {service}", service=plan.coordinator)] if plan.coordinator else []
    who += [_("told at the end: {services}", services=later)] if later else []
    lines.append("; ".join(who))
    lines += _not_asked(plan)
    for step, checkpoints, leg in rows_of(plan):
        lines += ["", _(STEPS[step]).upper()]
        for checkpoint in checkpoints:
            mark = "●" if step in ("dispatch", *TRAVELS) else "○"
            lines.append(f"  {mark} {checkpoint.id}  ({checkpoint.state}, {checkpoint.place})")
            bar = "│" if leg is not None else " "
            lines += [f"  {bar}     {line}" for line in who_of(checkpoint)]
            lines.append(f"  {bar}     {due_of(plan, checkpoint)}")
        if leg is not None:
            takes = _("{leg}: {span} through {state}", leg=leg.id, span=say_span(leg.takes), state=_state(leg.state))
            lines += ["  ║", f"  ║  {takes}, {leg.means}", *(f"  ║  {call}" for call in _calls(leg))]
            lines += ["  ║  " + _("responsible: {service}", service=leg.responsible), "  ▼"]
    return "\n".join(lines)


def _not_asked(plan: Plan) -> Iterator[str]:
    """States that have a part and are not asked, and why."""
    for one in plan.outside:
        why = words_of(one.why)
        yield _("not asked: {state}, {why}", state=_state(one.state), why=f"{why}: {one.note}" if one.note else why)


def _calls(leg: Leg) -> Iterator[str]:
    """Where it calls, and of what is not touched there, why."""
    for one in leg.calls:
        where = f"{one.place}, {_state(one.state)}" if one.state is not None else one.place
        if one.not_touched is None:
            yield _("calls at {place}", place=where)
        else:
            yield _("calls at {place}: not touched, {why}", place=where, why=words_of(one.not_touched))


def _state(state: str) -> str:
    return f"{state} {state_called(state, speak)}"


# As a picture

MARGIN, GUTTER, BAND, PAD = 30.0, 130.0, 340.0, 14.0
INNER = BAND - 2 * PAD
LINE, SMALL, GAP = 17.0, 12.0, 26.0
TINTS = ("#f0f5fb", "#f7f3ea", "#eef6f0", "#f6eff5", "#f2f2ee", "#ecf4f5")


@dataclass(frozen=True)
class Box:
    """A checkpoint's or leg's lines, already broken to the width of a band."""

    lines: tuple[tuple[str, float, str, bool], ...]
    """Text, size, colour, bold."""
    stroke: str
    fill: str = PAPER

    @property
    def height(self) -> float:
        """With its padding."""
        return len(self.lines) * LINE + 14

    def draw(self, canvas: Canvas, x: float, y: float) -> None:
        """Draw it with its left upper corner here."""
        canvas.box(x, y, INNER, self.height, fill=self.fill, stroke=self.stroke, round_=6)
        for number, (text, size, fill, bold) in enumerate(self.lines):
            canvas.text(x + 10, y + 19 + number * LINE, text, size=size, fill=fill, bold=bold)


def _lines(text: str, size: float = SMALL, fill: str = INK, *, bold: bool = False) -> Iterator[tuple[str, float, str, bool]]:
    for line in broken(text, INNER - 20, size, bold=bold):
        yield line, size, fill, bold


def _checkpoint(plan: Plan, checkpoint: PlannedCheckpoint) -> Box:
    lines = [*_lines(checkpoint.id, 13, bold=True), *_lines(checkpoint.place, fill=QUIET)]
    for who in who_of(checkpoint):
        lines += _lines(who)
    urgent = checkpoint.overdue == "interdict" or checkpoint.step == "authorise"
    lines += _lines(due_of(plan, checkpoint), 11, BAD if urgent else QUIET)
    return Box(tuple(lines), BAD if urgent else QUIET)


def _leg(leg: Leg) -> Box:
    words = (*_lines(f"{leg.id}: {say_span(leg.takes)}", 13, ACCENT, bold=True), *_lines(leg.means, fill=QUIET))
    calls = (line for call in _calls(leg) for line in _lines(call, fill=QUIET))
    responsible = _lines(_("responsible: {service}", service=leg.responsible), fill=ACCENT)
    return Box((*words, *calls, *responsible), ACCENT, "#e8f0fb")


def plan_svg(plan: Plan) -> str:
    """The picture of the plan, as an SVG document."""
    states = tuple(dict.fromkeys((*plan.states(), *(one.state for one in plan.checkpoints))))
    canvas = Canvas(2 * MARGIN + GUTTER + BAND * len(states))
    y = _heading(canvas, plan)
    left = {state: MARGIN + GUTTER + number * BAND for number, state in enumerate(states)}
    later = partial(_bands, canvas, states, left, y, len(canvas.parts))
    y += 56
    arrive: tuple[float, float] | None = None
    for step, checkpoints, leg in rows_of(plan):
        canvas.text(MARGIN, y + 19, _(STEPS[step]), bold=True, fill=QUIET)
        bottom, start = y, (0.0, 0.0)
        for state in states:
            top = y
            for checkpoint in (one for one in checkpoints if one.state == state):
                box = _checkpoint(plan, checkpoint)
                box.draw(canvas, left[state] + PAD, top)
                start = (left[state] + BAND / 2, top + box.height)
                if arrive is not None:
                    _arrow(canvas, arrive, (left[state] + BAND / 2, y))
                    arrive = None
                top += box.height + 10
            bottom = max(bottom, top - 10)
        y = bottom + GAP
        if leg is not None:
            box, middle = _leg(leg), left[leg.state] + BAND / 2
            _arrow(canvas, start, (middle, y + GAP), head=False)
            box.draw(canvas, left[leg.state] + PAD, y + GAP)
            y += GAP + box.height
            arrive, y = (middle, y), y + 2 * GAP
    canvas.height = y + 2 * MARGIN
    later(y)
    _key(canvas, y + MARGIN)
    return canvas.svg(f"{plan.operation}: {plan.title}")


def _heading(canvas: Canvas, plan: Plan) -> float:
    y, width = MARGIN + 14, canvas.width - 2 * MARGIN
    for line in broken(f"{plan.operation}: {plan.title}", width, 18, bold=True):
        canvas.text(MARGIN, y, line, size=18, bold=True)
        y += 24
    who = _("starts: {services}", services=", ".join(plan.initiators()))
    who += "; " + _("coordinates: {service}", service=plan.coordinator) if plan.coordinator else ""
    for text in (facts_of(plan), f"{who}; " + _("a consent must outlast the way by {span}", span=say_span(plan.margin))):
        for line in broken(text, width):
            canvas.text(MARGIN, y, line, fill=QUIET)
            y += 18
    return y + 6


def _bands(  # noqa: PLR0913, PLR0917 - the bands, and what they lie beneath
    canvas: Canvas, states: tuple[str, ...], left: dict[str, float], top: float, under: int, bottom: float
) -> None:
    """The States' bands, beneath everything that was drawn after `under` parts."""
    bands = Canvas(canvas.width)
    for number, state in enumerate(states):
        bands.box(left[state] + 3, top, BAND - 6, bottom - top, fill=TINTS[number % len(TINTS)], stroke=FAINT, round_=8)
        name = broken(state_called(state, speak), BAND - 2 * PAD - room(state, 16, bold=True) - 10, 14)[0]
        bands.text(left[state] + PAD, top + 28, state, size=16, bold=True)
        bands.text(left[state] + PAD + room(state, 16, bold=True) + 10, top + 28, name, size=14, fill=QUIET)
    canvas.parts[under:under] = bands.parts


def _arrow(canvas: Canvas, start: tuple[float, float], end: tuple[float, float], *, head: bool = True) -> None:
    """Straight down, or down, across between the rows, and down again."""
    middle = (start[1] + end[1]) / 2
    bend = () if start[0] == end[0] else ((start[0], middle), (end[0], middle))
    canvas.line(start, *bend, end, stroke=ACCENT, width=2, arrow=head)


def _key(canvas: Canvas, y: float) -> None:
    canvas.box(MARGIN, y - 10, 12, 12, stroke=BAD, round_=2)
    canvas.text(MARGIN + 20, y, _("overdue ends the delivery"), size=11, fill=QUIET)
    canvas.line((MARGIN + 230, y - 4), (MARGIN + 260, y - 4), stroke=ACCENT, width=2, arrow=True)
    canvas.text(MARGIN + 270, y, _("a leg, under its responsible authority"), size=11, fill=QUIET)
