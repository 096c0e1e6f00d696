"""Statistics in sentences and tables in the reader's language, for the terminal and the desk; and as lines for programs."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from domain.plan.quantity import Translate
from domain.rules.books import BOOK
from domain.views.names import OUTCOMES, STEPS
from domain.views.results_in_words import OF_PACKETS, ResultsRow, ShownTable, in_period
from domain.views.sentences import two_units
from domain.views.spans import FEWEST, Spread
from domain.views.statistics import Statistics, Times
from domain.words.text import mark

COUNT: Final[Mapping[str, str]] = {
    "ended": mark("Deliveries that ended: {count}, in {period}."),
    "started": mark("Deliveries that started: {count}, in {period}."),
}
NOTHING: Final = mark("No delivery counts in this period.")
AS_LONG: Final = mark("Half of them took longer than {real}; simulated: {simulated}.")
TOOK: Final = mark("Half of them took longer than {real}.")
WAITED: Final = mark("Waited for longer than simulated: {kinds}.")
AS_SIMULATED: Final = mark("Nothing was waited for much longer than simulated.")
UNKNOWN: Final = mark("No simulation of any of them was kept, so there is nothing to compare with.")
SOME: Final = mark("A simulation was kept of {count} of {all}; only these are compared.")
ALL_OF_THEM: Final = mark("All deliveries of this installation, and the whole of each.")
PART: Final = mark("Your part of the deliveries that you take part in: what you were asked, answered and were refused (R11).")
FEW: Final = mark("No median is said of fewer than {count} answers. Medians are right to about a fifth of themselves.")
CUT: Final = mark("There are more lines than one answer is made of: choose a shorter period.")
NARROWED: Final = mark("Only {what}.")
TIMES: Final = mark("{times} times")
CONSENTS: Final[Mapping[str, str]] = {
    "origin": mark("consent, where it begins"),
    "transit": mark("consent, transit"),
    "destination": mark("consent, destination"),
}
_STEPS: Final[Mapping[Any, str]] = STEPS
KINDS_TITLE: Final = mark("How long each kind of checkpoint waited")
SERVICES_TITLE: Final = mark("How long each service was waited for")
BOTH_TITLE: Final = mark("Each service at each kind of checkpoint")
ENDINGS_TITLE: Final = mark("How they ended")
REFUSED_TITLE: Final = mark("Refused, by rule and service")
TENTHS_TITLE: Final = mark("Was the simulation right?")
TENTHS: Final = mark("In which tenth of its simulated durations each delivery fell; if the simulation is right, as many in each.")
SIMULATED: Final = mark("simulated")
ON_TIME: Final = mark("asked and answered in time")


def what_for(kind: str, speak: Translate) -> str:
    """What is asked at such a checkpoint; one of a newer gateway stands as it is."""
    step, _, whose = kind.partition("/")
    if whose in CONSENTS:
        return speak(CONSENTS[whose])
    if step in BOOK.contingencies:
        return speak(BOOK.contingencies[step].declares.title)
    return speak(_STEPS.get(step, step))


def name_of(one: Times, speak: Translate) -> str:
    """Of what a line is."""
    return ", ".join(part for part in (one.service, what_for(one.kind, speak) if one.kind else "") if part)


def said(seconds: int, speak: Translate) -> str:
    """A time in its two largest units."""
    return two_units(timedelta(seconds=seconds), speak)


def against(one: Times, speak: Translate) -> str:
    """How the median is to the simulated one, such as 1.6 times; empty: nothing is known of it."""
    return speak(TIMES).format(times=f"{one.percent // 100}.{one.percent % 100 // 10}") if one.percent is not None else ""


def sentences(found: Statistics, speak: Translate) -> tuple[str, ...]:
    """What a supervisor could read out on the telephone."""
    if not found.deliveries:
        return (speak(NOTHING),)
    parts = [speak(COUNT[found.counted_by]).format(count=found.deliveries, period=in_period(found.period))]
    took, simulated = found.lasted.took, found.lasted.simulated
    if took is not None:
        text = AS_LONG if simulated is not None else TOOK
        beside = said(simulated.p50_s, speak) if simulated is not None else ""
        parts.append(speak(text).format(real=said(took.p50_s, speak), simulated=beside))
    compared = [one for one in found.kinds if one.percent is not None]
    slow = sorted((one for one in compared if one.slower), key=lambda one: (-(one.percent or 0), one.kind))[:3]
    if slow:
        kinds = "; ".join(f"{what_for(one.kind, speak)} ({against(one, speak)})" for one in slow)
        parts.append(speak(WAITED).format(kinds=kinds))
    elif compared:
        parts.append(speak(AS_SIMULATED))
    return tuple(parts)


def remarks(found: Statistics, speak: Translate) -> tuple[str, ...]:
    """Whose statistics they are, what they are narrowed to, and what must be known of them."""
    parts = [speak(OF_PACKETS if found.reader is None else ALL_OF_THEM if found.whole else PART)]
    chosen = found.narrowed
    what = [what_for(chosen.kind, speak)] if chosen.kind is not None else []
    what += [one for one in (chosen.service, chosen.state, chosen.channel) if one is not None]
    if what:
        parts.append(speak(NARROWED).format(what=", ".join(what)))
    if found.deliveries and not found.simulated:
        parts.append(speak(UNKNOWN))
    elif found.simulated < found.deliveries:
        parts.append(speak(SOME).format(count=found.simulated, all=found.deliveries))
    parts.append(speak(FEW).format(count=FEWEST))
    return (*parts, speak(CUT)) if found.cut else tuple(parts)


def headline(found: Statistics, speak: Translate) -> tuple[tuple[str, str, str], ...]:
    """The numbers that stand above all others: each with what it is of, and what is to be compared with it."""
    judged, in_time = (sum(getattr(one, name) for one in found.kinds) for name in ("judged", "in_time"))
    silent = sum(one.late + one.silent for one in found.kinds)
    took, simulated = found.lasted.took, found.lasted.simulated
    beside = f"{speak(SIMULATED)}: {said(simulated.p50_s, speak)}" if simulated is not None else ""
    refused = sum(one.count for one in found.refused)
    rules, services = {one.rule for one in found.refused}, {one.service for one in found.refused}
    return (
        (said(took.p50_s, speak) if took is not None else "–", speak(mark("median, from start to outcome")), beside),
        (f"{100 * in_time // judged} %" if judged else "–", speak(ON_TIME), f"{in_time} / {judged}"),
        (str(silent), speak(mark("times no answer came in time")), ""),
        (
            str(refused),
            speak(mark("statements refused")),
            speak(mark("rules: {rules}, services: {services}")).format(rules=len(rules), services=len(services)),
        ),
    )


def in_tables(found: Statistics, speak: Translate) -> tuple[ShownTable, ...]:
    """Every table in which there is a line."""
    return tuple(one for one in _tables(found, speak) if one.rows)


def _tables(found: Statistics, speak: Translate) -> Iterator[ShownTable]:
    kind, service, count = speak(mark("Checkpoint")), speak(mark("Service")), speak(mark("Times"))
    numbers = (
        *(
            mark("Asked"),
            mark("In time"),
            mark("Late"),
            mark("Never"),
            mark("Median"),
            mark("90 of 100 within"),
            mark("The longest"),
        ),
        *(mark("Simulated"), mark("Against it")),
    )
    head = tuple(map(speak, numbers))
    for title, first, these in (
        (KINDS_TITLE, (kind,), found.kinds),
        (SERVICES_TITLE, (service,), found.services),
        (BOTH_TITLE, (service, kind), found.both),
    ):
        lines = (ResultsRow((*_named(one, speak), *_times(one, speak)), one.asked, str(one.asked)) for one in these)
        yield ShownTable(speak(title), (*first, *head), tuple(lines), words=len(first))
    expected = speak(mark("Simulated: expected"))
    yield ShownTable(
        speak(ENDINGS_TITLE),
        ("", count, speak(mark("Of those simulated")), expected, speak(mark("9 of 10 within"))),
        tuple(
            ResultsRow((speak(OUTCOMES.get(one.outcome, one.outcome)), str(one.count), *beside), one.count, str(one.count))
            for one in found.endings
            for beside in [
                (str(one.compared), str(one.expected), f"{one.least}–{one.most}") if one.expected is not None else ("",) * 3
            ]
        ),
    )
    rows = (ResultsRow((one.rule, one.service, str(one.count)), one.count, str(one.count)) for one in found.refused)
    yield ShownTable(speak(REFUSED_TITLE), (speak(mark("Rule")), service, count), tuple(rows), words=2)
    tenths = (
        ResultsRow((f"{10 * number}–{10 * number + 10}", str(one)), one, str(one)) for number, one in enumerate(found.tenths)
    )
    yield ShownTable(speak(TENTHS_TITLE), ("%", count), tuple(tenths))


def _named(one: Times, speak: Translate) -> tuple[str, ...]:
    return tuple(part for part in (one.service, what_for(one.kind, speak) if one.kind else "") if part)


def _times(one: Times, speak: Translate) -> tuple[str, ...]:
    def median(spread: Spread | None) -> str:
        return said(spread.p50_s, speak) if spread is not None else ""

    within = said(one.took.p90_s, speak) if one.took is not None else ""
    longest = said(one.longest_s, speak) if one.answers else ""
    counts = map(str, (one.asked, one.in_time, one.late, one.silent))
    return (*counts, median(one.took), within, longest, median(one.simulated), against(one, speak))


def rules_in(found: Statistics) -> tuple[tuple[str, int, str], ...]:
    """Each rule by which something was refused: how often, and of whom most."""
    counts: Counter[str] = Counter()
    most: dict[str, str] = {}
    for one in found.refused:
        counts[one.rule] += one.count
        most.setdefault(one.rule, one.service)
    return tuple((rule, count, most[rule]) for rule, count in counts.most_common())


_SPREAD: Final = ("p10_s", "p25_s", "p50_s", "p75_s", "p90_s")
COLUMNS: Final = (
    *("what", "of", "service", "count", "in_time", "late", "silent", "answers", *_SPREAD, "longest_s"),
    *(f"simulated_{name}" for name in _SPREAD),
    *("percent_of_simulated", "compared", "expected", "expected_least", "expected_most", "counted_by", "since", "until", "as_of"),
)
"""Of the table for programs; docs/statistics.md says what each is."""


def in_csv(found: Statistics) -> str:
    """Every line, each with the period and by which moment it is counted, so that a file stands alone (RFC 4180)."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    stands = {"counted_by": found.counted_by, "since": found.period.since, "until": found.period.until, "as_of": found.as_of}
    writer.writerows(line | stands for line in _lines(found))
    return text.getvalue()


def _lines(found: Statistics) -> Iterator[dict[str, object]]:
    yield {"what": "deliveries", "count": found.deliveries, "compared": found.simulated}
    for what, lines in (("lasted", (found.lasted,)), ("kind", found.kinds), ("service", found.services), ("both", found.both)):
        for one in lines:
            line: dict[str, object] = {"what": what, "of": one.kind, "service": one.service, "count": one.asked or one.answers}
            line |= {name: getattr(one, name) for name in ("in_time", "late", "silent", "answers", "longest_s")}
            line["percent_of_simulated"] = one.percent if one.percent is not None else ""
            for prefix, spread in (("", one.took), ("simulated_", one.simulated)):
                line |= {f"{prefix}{name}": getattr(spread, name) for name in _SPREAD} if spread is not None else {}
            yield line
    for end in found.endings:
        known = {"compared": end.compared, "expected": end.expected, "expected_least": end.least, "expected_most": end.most}
        yield {"what": "ended", "of": end.outcome, "count": end.count} | (known if end.expected is not None else {})
    yield from ({"what": "refused", "of": one.rule, "service": one.service, "count": one.count} for one in found.refused)
    yield from ({"what": "tenth", "of": number + 1, "count": count} for number, count in enumerate(found.tenths))
