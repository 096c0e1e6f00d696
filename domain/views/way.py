"""The route as a line: checkpoints in order, what lies between them, and where the consignment is, as an SVG that a page draws
in its own colours, with the same in words for who does not see it. Of a part only the reader's stretch is drawn.
"""

from typing import Final

from domain.views.sentences import Translate
from domain.views.situation import SituationSource
from domain.words.legible import in_svg
from domain.words.text import mark

WIDTH, MARGIN, HEIGHT = 860.0, 12.0, 26.0
LEFT: Final = mark("The route: {places}. It has not left.")
ON: Final = mark("The route: {places}. Passed: {passed} of {all}. It is on the way in {state}.")
OUTSIDE: Final = mark("Your section of the route: {places}.")
OVER: Final = mark("The route: {places}. All of it is passed.")


def way(part: SituationSource) -> str:
    """The line; nothing where the reader sees no stop of it."""
    stops, at = part.shown.route, part.shown.position
    if len(stops) < 2:
        return ""
    step = (WIDTH - 2 * MARGIN) / len(stops)
    places = [MARGIN + step * number for number in range(len(stops))]
    passed = sum(stop.passed for stop in stops)
    moving = at is not None and at.leg is not None and 0 < passed < len(stops)
    here = _here(part, places, passed) if moving else None
    head = f'<svg class="way" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{in_svg(said(part))}">'
    parts = [f'<path class="todo" d="M{places[0]:.1f} 13H{places[-1]:.1f}"/>']
    end = here if here is not None else places[max(passed - 1, 0)]
    if end > places[0]:
        parts.append(f'<path class="done" d="M{places[0]:.1f} 13H{end:.1f}"/>')
    for number, (stop, x) in enumerate(zip(stops, places, strict=True), 1):
        kind = "cp" if stop.passed else "cp open"
        parts.append(f'<circle class="{kind}" cx="{x:.1f}" cy="13" r="9"/>')
        parts.append(f'<text class="{"nr" if stop.passed else "nr open"}" x="{x:.1f}" y="17">{number}</text>')
    if here is not None:
        parts.append(_mark(part, here))
    return "".join((head, *parts, "</svg>"))


def _here(part: SituationSource, places: list[float], passed: int) -> float:
    """Between two stops, by how much of the leg's time has passed."""
    row = next((one for one in part.line.rows if one.what == "leg" and one.goes_on), None)
    share = 0.5
    if row is not None and row.planned is not None and row.real is not None:
        whole = (row.planned.ends - row.planned.begins).total_seconds() or 1.0
        share = min(max((part.now - row.real.begins).total_seconds() / whole, 0.15), 0.85)
    begins, ends = places[passed - 1], places[passed]
    return begins + (ends - begins) * share


def _mark(part: SituationSource, x: float) -> str:
    """A diamond where it was stopped or is out of sight, a square where it is held; full where it was seen, else hollow."""
    shown = part.shown
    if shown.halted is not None or shown.out_of_sight is not None:
        return f'<path class="me act" d="M{x:.1f} 4L{x + 9:.1f} 13L{x:.1f} 22L{x - 9:.1f} 13Z"/>'
    if shown.held is not None:
        return f'<rect class="me act" x="{x - 7:.1f}" y="6" width="14" height="14"/>'
    seen = shown.position is not None and shown.position.last_seen is not None
    return f'<circle class="{"me" if seen else "me open"}" cx="{x:.1f}" cy="13" r="7"/>'


def said(part: SituationSource) -> str:
    """The same in words."""
    speak: Translate = part.speak
    stops, at = part.shown.route, part.shown.position
    passed = sum(stop.passed for stop in stops)
    places = " – ".join(f"{stop.place} ({stop.state})" for stop in stops)
    if at is None or not part.shown.whole:
        return speak(OUTSIDE).format(places=places)
    if passed == len(stops):
        return speak(OVER).format(places=places)
    if not passed:
        return speak(LEFT).format(places=places)
    return speak(ON).format(places=places, passed=passed, all=len(stops), state=at.state)
