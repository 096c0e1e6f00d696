"""The results of a period as tables in the reader's language: the same for the terminal and the desk; and as lines for programs.

A name of goods stands in no result (`domain.views.tally`), so whatever is in a table is ours: words, rules, States, services.
"""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from domain.plan.quantity import Translate
from domain.plan.substances import called
from domain.views.names import CRIMINAL_ROLES, IN_GENERAL, OUTCOMES
from domain.views.request_in_words import TRAVELS
from domain.views.results import Period, Results, Total
from domain.views.sentences import two_units
from domain.views.states import state_called
from domain.views.tally import OTHER, Measure
from domain.words.quantities import say_mass, say_minor
from domain.words.text import mark, told

COUNTED_BY: Final[Mapping[str, str]] = {
    "started": mark("Deliveries that started in the period"),
    "ended": mark("Deliveries that ended in the period"),
}
OPERATIONS, CONSIGNMENTS, LEGS, PARCELS = mark("Operations"), mark("Consignments"), mark("Legs"), mark("Parcels")
NOTHING: Final = mark("No delivery counts in this period.")
PART: Final = mark(
    "Your part of the deliveries that you take part in: no other's consents, arrests, seizures or answers are in it (R11)."
)
ALL_OF_THEM: Final = mark("All deliveries of this installation, and the whole of each.")
OF_PACKETS: Final = mark("Counted from packets that were verified, the whole of each.")
CUT: Final = mark("There are more lines than one answer has: choose a shorter period.")
EXPUNGED: Final = mark("Consignments of which what was said is destroyed, counted by how they ended and nothing else: {count}")
EXPLAINED: Final = mark(
    "An operation is a group of consignments, or a delivery with the parts it split into. Legs are those that have begun. "
    "Parcels are the packages the plan counts; a consignment without a count is one."
)
_KNOWN: Final[Mapping[str, str]] = {
    "measured": mark("measured"),
    "approximate": mark("approximate"),
    "declared": mark("declared"),
    "suspected": mark("suspected"),
    "unmeasured": mark("unmeasured"),
    OTHER: mark("other"),
}
_REACHED: Final[Mapping[str, str]] = {
    "supplier": mark("a supplier, who is held"),
    "distributor": mark("a distributor, who is held"),
    "both": mark("both, as was the aim"),
}
_HELD: Final[Mapping[str, str]] = {
    "went_on": mark("held, and went on"),
    "ended": mark("held, and did not go on"),
    "open": mark("held, and not decided yet"),
}
_JUDGED: Final[Mapping[str, str]] = {
    "in_time": mark("asked and answered in time"),
    "late": mark("answered late, after silence was recorded"),
    "silent": mark("never answered"),
}
_BLIND: Final = mark("did not know")
_LONG: Final = re.compile(r"(?<![0-9.])[0-9]{4,}")
"""A whole number, or what stands before its point, of which the thousands are not apart."""
_KEPT: Final[Mapping[str, str]] = {"held": mark("still held"), "released": mark("released")}


@dataclass(frozen=True)
class ResultsRow:
    """One line of a table. `size`: what a bar beside it shows, said as `says`; none is drawn for nothing."""

    cells: tuple[str, ...]
    size: int = 0
    says: str = ""


@dataclass(frozen=True)
class ShownTable:
    """A table: its first `words` columns are words, the others numbers. `bars`: what bars beside it would be of."""

    title: str
    head: tuple[str, ...]
    rows: tuple[ResultsRow, ...]
    words: int = 1
    bars: str = ""


def in_tables(found: Results, speak: Translate, language: str) -> tuple[ShownTable, ...]:
    """Every table in which there is a line."""
    return tuple(one for one in _tables(found, speak, language) if one.rows)


def thousands_apart(text: object, language: str) -> str:
    """As a reader of this language has thousands apart: by commas, in Russian by a narrow space at which no line ends."""
    return _LONG.sub(lambda found: f"{int(found[0]):,}".replace(",", "\u202f" if language == "ru" else ","), str(text))


def headline(found: Results, speak: Translate, language: str) -> tuple[tuple[str, str], ...]:
    """The four numbers that different forms mean by a case, each with its name."""
    all_ = found.all
    numbers = _numbers(language, all_.operations, all_.consignments, all_.count, all_.amount)
    return tuple(zip(map(speak, (OPERATIONS, CONSIGNMENTS, LEGS, PARCELS)), numbers, strict=True))


def remarks(found: Results, speak: Translate) -> tuple[str, ...]:
    """Whose results they are, what is counted, and what must be known of them."""
    said = [speak(OF_PACKETS if found.reader is None else ALL_OF_THEM if found.whole else PART), speak(EXPLAINED)]
    if found.expunged:
        said.append(speak(EXPUNGED).format(count=found.expunged))
    return (*said, speak(CUT)) if found.cut else tuple(said)


def in_period(period: Period) -> str:
    """Its first and its last day with the zone by whose calendar they are; from when to before when, where it is not of days."""
    since, until = (datetime.fromisoformat(one) for one in (period.since, period.until))
    if since.timetz() == until.timetz() == time(tzinfo=since.tzinfo):
        return f"{since.date()} – {last_day(period)} ({since.tzname()})"
    return f"{period.since} – {period.until}"


def last_day(period: Period) -> date:
    """The last day of which something is in it, by the calendar of its zone."""
    return (datetime.fromisoformat(period.until) - datetime.resolution).date()


def _numbers(language: str, *counts: int) -> tuple[str, ...]:
    return tuple(thousands_apart(one, language) for one in counts)


def _tables(found: Results, speak: Translate, language: str) -> Iterator[ShownTable]:
    by: Mapping[str, tuple[str, Translate]] = {
        "end": (mark("How they ended"), lambda code: speak(OUTCOMES.get(code, mark("not ended")))),
        "state": (mark("By State"), lambda code: state_called(code, speak)),
        "channel": (mark("By channel"), lambda code: _called(TRAVELS, code, speak)),
        "goods": (mark("By goods"), lambda code: speak(code.replace("_", " "))),
    }
    units = tuple(map(speak, (OPERATIONS, CONSIGNMENTS, LEGS, PARCELS)))
    for of, (title, name) in by.items():
        counted = sorted(found.of("counted", of), key=lambda one: (-one.consignments, one.by))
        rows = (
            ResultsRow(
                (name(one.by), *_numbers(language, one.operations, one.consignments, one.count, one.amount)),
                *_bar(one.consignments, language),
            )
            for one in counted
        )
        yield ShownTable(speak(title), ("", *units), tuple(rows), bars=units[1])
    yield from _goods(found, speak, language)
    yield from _people(found, speak, language)
    yield from _conduct(found, speak, language)


def _bar(count: int, language: str) -> tuple[int, str]:
    return count, thousands_apart(count, language)


def _goods(found: Results, speak: Translate, language: str) -> Iterator[ShownTable]:
    titles: dict[Measure, str] = {
        "seized": mark("Seized at the end"),
        "removed": mark("Removed at the preparation"),
        "sampled": mark("Samples taken"),
        "found": mark("Found, as the plans have it"),
    }
    head = tuple(map(speak, (mark("What"), mark("How it is known"), mark("How much"), CONSIGNMENTS, OPERATIONS)))
    for measure, title in titles.items():
        totals = sorted(found.of(measure), key=lambda one: (one.of != "mass", one.of, -one.amount, one.by, one.how))
        rows = (
            ResultsRow(
                (
                    what(one, speak, language),
                    speak(_KNOWN[one.how]),
                    "" if one.how == "unmeasured" else how_much(one, speak, language),
                    *_numbers(language, one.consignments, one.operations),
                ),
                *((one.amount, how_much(one, speak, language)) if one.of == "mass" else (0, "")),
            )
            for one in totals
        )
        yield ShownTable(speak(title), head, tuple(rows), words=2)
    gross = {"weighed": mark("gross weight"), "not_weighed": mark("not weighed")}
    rows = (
        ResultsRow((speak(gross[one.of]), _mass(one, speak, language), *_numbers(language, one.consignments, one.operations)))
        for one in found.of("interdicted")
    )
    yield ShownTable(speak(mark("Interdicted: the consignment as it was")), (head[0], *head[2:]), tuple(rows))


def _mass(one: Total, speak: Translate, language: str) -> str:
    return thousands_apart(told(say_mass(one.amount), speak), language) if one.amount else ""


def what(one: Total, speak: Translate, language: str) -> str:
    """What goods are called: a substance by the catalogue, all else by our own words and its code."""
    if one.of == "mass":
        known = called(one.by)
        if known is None:
            return speak(mark("not in the catalogue"))
        return known.in_language(language)
    kinds = {
        "cash": mark("cash"),
        "instruments": mark("bearer instruments"),
        "weapons": mark("weapons"),
        "counted": mark("goods of HS"),
    }
    name = speak(one.by.replace("_", " ")) if one.of == "weapons" else one.by
    if one.of == "counted":
        code, _, unit = one.by.partition(" ")
        name = f"{code}, {speak(unit)}" if unit else code
    return f"{speak(kinds.get(one.of, OTHER))} {name}"


def how_much(one: Total, speak: Translate, language: str) -> str:
    """The sum, in the units of what it is; of what is counted the number, since `what` says in what it is counted."""
    if one.of == "mass":
        return _mass(one, speak, language) or told(say_mass(0), speak)
    if one.of == "cash" and len(one.by) == 3:
        return f"{thousands_apart(say_minor(one.by, one.amount), language)} {one.by}"
    return thousands_apart(one.amount, language)


def _people(found: Results, speak: Translate, language: str) -> Iterator[ShownTable]:
    head = ("", speak(CONSIGNMENTS), speak(OPERATIONS))
    order = {name: number for number, name in enumerate(_REACHED)}
    rows = (
        ResultsRow(
            (speak(_REACHED[one.of]), *_numbers(language, one.consignments, one.operations)), *_bar(one.consignments, language)
        )
        for one in sorted(found.of("reached"), key=lambda one: order[one.of])
    )
    yield ShownTable(speak(mark("Supplier and distributor reached")), head, tuple(rows), bars=head[1])
    persons = found.of("arrested")
    yield ShownTable(
        speak(mark("Arrests by role")),
        tuple(map(speak, (mark("Role"), mark("Since then"), mark("Persons"), CONSIGNMENTS))),
        tuple(
            ResultsRow(
                (
                    _called(CRIMINAL_ROLES, one.of, speak) + (f" ({speak(_BLIND)})" if one.by == "unwitting" else ""),
                    speak(_KEPT.get(one.how, OTHER)),
                    *_numbers(language, one.count, one.consignments),
                ),
                *_bar(one.count, language),
            )
            for one in sorted(persons, key=lambda one: (-one.count, one.key))
        ),
        words=2,
        bars=speak(mark("Persons")),
    )


def _conduct(found: Results, speak: Translate, language: str) -> Iterator[ShownTable]:
    times = speak(mark("Times"))
    named: dict[str, str] = {f"held/{code}": text for code, text in _HELD.items()}
    named |= {f"stopped/{cause}": text for cause, text in IN_GENERAL.items()}
    halts = sorted((*found.of("held"), *found.of("stopped")), key=lambda one: (-one.count, one.key))
    stops = [(speak(named.get(f"{one.measure}/{one.of}", _KNOWN[OTHER])), one) for one in halts]
    yield ShownTable(
        speak(mark("Holds and stops")),
        ("", times, speak(CONSIGNMENTS)),
        tuple(
            ResultsRow((name, *_numbers(language, one.count, one.consignments)), *_bar(one.count, language))
            for name, one in stops
        ),
        bars=times,
    )
    yield from _answers(found, speak, language)


def _answers(found: Results, speak: Translate, language: str) -> Iterator[ShownTable]:
    """What was refused, whether answers came in time, and how long they took; of whom and by which rule say statistics."""
    times = speak(mark("Times"))
    names = {"refused": mark("statements refused"), "answered": mark("answers given")}
    shown = [(names["refused"], one) for one in found.of("refused")]
    shown += [(text, one) for how, text in _JUDGED.items() for one in found.of("asked") if one.how == how]
    shown += [(names["answered"], one) for one in found.of("answered")]
    counts = [(speak(name), *_numbers(language, one.count, one.consignments), *_took(one, speak)) for name, one in shown]
    rows = [ResultsRow(cells, *_bar(one.count, language)) for cells, (_, one) in zip(counts, shown, strict=True)]
    head = ("", times, speak(CONSIGNMENTS), speak(mark("On average")), speak(mark("Longest")))
    yield ShownTable(speak(mark("Refusals, silences and answers")), head, tuple(rows), bars=times)


def _took(one: Total, speak: Translate) -> tuple[str, str]:
    if one.measure != "answered":
        return "", ""
    average, longest = (two_units(timedelta(seconds=seconds), speak) for seconds in (one.amount // max(one.count, 1), one.most))
    return average, longest


def _called(names: Mapping[Any, str], code: str, speak: Translate) -> str:
    """What one of our words is called; one of a newer gateway stands as it is."""
    return speak(names.get(code, code))


def _amount_in(one: Total) -> str:
    if one.measure in ("found", "removed", "sampled", "seized"):
        return {"mass": "mg", "cash": "minor units", "counted": one.by.partition(" ")[2]}.get(one.of, "") or "pieces"
    return {"counted": "parcels", "interdicted": "mg", "answered": "seconds"}.get(one.measure, "")


_COLUMNS: Final[tuple[tuple[str, Callable[[Total], object]], ...]] = (
    ("measure", lambda one: one.measure),
    ("of", lambda one: one.of),
    ("by", lambda one: one.by),
    ("how", lambda one: one.how),
    ("operations", lambda one: one.operations),
    ("consignments", lambda one: one.consignments),
    ("count", lambda one: one.count),
    ("count_of", lambda one: {"counted": "legs", "arrested": "persons", "answered": "answers"}.get(one.measure, "times")),
    ("amount", lambda one: one.amount),
    ("amount_in", _amount_in),
)


def in_csv(found: Results) -> str:
    """Every line, each with the period and by which moment it is counted, so that a file stands alone (RFC 4180)."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*(name for name, _ in _COLUMNS), "counted_by", "since", "until", "as_of"])
    stands = (found.counted_by, found.period.since, found.period.until, found.as_of)
    writer.writerows([*(value(one) for _, value in _COLUMNS), *stands] for one in found.totals)
    return text.getvalue()
