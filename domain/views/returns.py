"""Returns to international bodies: what of their forms this record can fill in, and what it cannot.

The forms themselves were not read. Their fields are as believed (docs/results.md says how sure that is), under names of our own;
a field that is known to exist and of which the record holds nothing is `NOT_KNOWN`, and nothing is guessed. INCB Form D and the
UNODC Annual Report Questionnaire are of a period; PICS, individual drug seizures and the WCO's CEN are of single incidents, one
line for each amount that services of the State whose return it is say they have seized; PICS has precursors alone, individual
drug seizures substances alone, and the persons of a delivery stand on its first line. What another State has provided
under a code that keeps it from third States stands in none of them (R23).

What was removed at the preparation is off the market as what is recovered at the end is, so it is a seizure of its own. A sample
is none: what was taken for a laboratory stands apart.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, get_args

from domain.delivery.decided import TakenUp
from domain.delivery.delivery import Delivery
from domain.delivery.persons import each_person
from domain.delivery.reported import Stated
from domain.delivery.statement import Statement
from domain.plan.goods import AnyAmount, Cash, Counted, Instruments, SubstanceMass
from domain.plan.plan import Plan
from domain.plan.quantity import Estimate, Unmeasured, number_of
from domain.plan.substances import called, known_as
from domain.rules.detection import Detected
from domain.rules.handling import NOT_TO_A_THIRD_STATE, code_of
from domain.rules.preparation import Prepared
from domain.rules.stop import Interdicted
from domain.views.amounts import together
from domain.views.correcting import as_corrected
from domain.views.results import Results, Total
from domain.views.tally import Measure
from domain.words.quantities import say_minor
from domain.words.text import shown

Form = Literal["incb-form-d", "unodc-arq", "incb-pics", "unodc-ids", "wco-cen"]
FORMS: Final[Mapping[Form, str]] = {
    "incb-form-d": "INCB Form D: yearly seizures of substances of Tables I and II of the 1988 Convention",
    "unodc-arq": "UNODC Annual Report Questionnaire: seizures by substance, persons by role",
    "incb-pics": "INCB PICS: incidents with precursors",
    "unodc-ids": "UNODC individual drug seizures",
    "wco-cen": "WCO CEN: seizures without names",
}
NOT_KNOWN: Final = "not known"
"""Stands in each field that the form has and the record has not."""
WITHHELD: Final = "withheld (R23)"
"""Stands where a handling code keeps from third States what the record has."""
UNIT: Final = 10**6
"""Milligrams of the kilogram in which these forms are filled in."""


@dataclass(frozen=True)
class Return:
    """One form, filled in as far as that goes."""

    form: Form
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def csv(self) -> str:
        """As a table for programs (RFC 4180)."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(self.head)
        writer.writerows(map(harmless, self.rows))
        return text.getvalue()

    def document(self) -> Mapping[str, Any]:
        """As one document."""
        rows = [dict(zip(self.head, row, strict=True)) for row in self.rows]
        return {"form": self.form, "title": FORMS[self.form], "rows": rows}


def harmless(row: Iterable[str]) -> list[str]:
    """Words that others have written as they are seen, and no formula for whoever opens the file with a spreadsheet."""
    cells = map(shown, row)
    return [f"'{cell}" if cell[:1] in "=+-@＝＋－＠" and cell[1:2] else cell for cell in cells]


# Of a period


def _form_d(found: Results) -> Return:
    rows = []
    for name, sums in _seized(found).items():
        substance = called(name)
        if substance is not None and substance.table.startswith("1988"):
            rows.append((name, substance.table, *sums, NOT_KNOWN, NOT_KNOWN))
    rows.append(("other chemicals", "", *(NOT_KNOWN,) * (len(_SUMS) + 2)))
    return Return("incb-form-d", ("substance", "table", *_SUMS, "stopped_shipments", "thefts"), tuple(rows))


def _arq(found: Results) -> Return:
    unknown = (NOT_KNOWN,) * 4
    nobody = ("",) * (len(_PERSONS) + 2)
    seizures = [("seizures", name, *sums, *unknown, *nobody) for name, sums in _seized(found).items()]
    roles = dict.fromkeys(one.of for one in found.of("arrested"))
    persons = [("persons", *("",) * (len(_SUMS) + 5), role, *_persons(found, role), NOT_KNOWN) for role in roles]
    head = ("part", "substance", *_SUMS, "origin", "transit", "destination", "means", "role", *_PERSONS, "sex")
    return Return("unodc-arq", head, (*seizures, *persons))


_PERSONS: Final = ("persons", "of_which_unwitting", "of_which_released")


def _persons(found: Results, role: str) -> tuple[str, ...]:
    """How many of this role were arrested; of these, who did not know what they carried, and who was released again."""
    lines = found.of("arrested", role)
    unwitting, released = ([one for one in lines if word in (one.by, one.how)] for word in ("unwitting", "released"))
    return tuple(str(sum(one.count for one in these)) for these in (lines, unwitting, released))


_SUMS: Final = ("seizures", "quantity_kg", "estimated_kg", "of_which_removed_kg", "sampled_kg")


def _seized(found: Results) -> Mapping[str, tuple[str, ...]]:
    """By substance, `other` for those that the catalogue does not have: in how many consignments it was removed or recovered,
    each a seizure; kilograms as measured, and those that are no measurement; how much of both was removed; and samples beside.
    """
    by: dict[str, tuple[str, ...]] = {}
    for name in dict.fromkeys(one.by for measure in _OF_GOODS for one in found.of(measure, "mass")):
        lines = {measure: [one for one in found.of(measure, "mass") if one.by == name] for measure in _OF_GOODS}
        taken = [*lines["seized"], *lines["removed"]]
        measured, estimated = (sum(one.amount for one in taken if (one.how == "measured") == so) for so in (True, False))
        removed, sampled = (sum(one.amount for one in lines[measure]) for measure in ("removed", "sampled"))
        by[name] = (_times(lines["seized"], lines["removed"]), *map(_kg, (measured, estimated, removed, sampled)))
    return by


_OF_GOODS: Final[tuple[Measure, ...]] = ("seized", "removed", "sampled")


def _times(*acts: Iterable[Total]) -> str:
    """In how many consignments: what was measured in some and estimated in some may be in the same ones; then it is a range."""
    counts = [[one.consignments for one in lines] for lines in acts]
    least, most = sum(max(one, default=0) for one in counts), sum(map(sum, counts))
    return f"{least}-{most}" if most > least else str(least)


of_period: Final[Mapping[Form, Callable[[Results], Return]]] = {"incb-form-d": _form_d, "unodc-arq": _arq}


# Of single incidents


@dataclass(frozen=True)
class ReturnLine:
    """One amount that one statement says was seized or removed, with what the record has around it."""

    date: str
    state: str
    place: str
    service: str
    substance: str
    table: str
    hs: str
    quantity: str
    unit: str
    known: str
    concealment: str
    detected_by: str
    origin: str
    via: str
    destination: str
    direction: str
    means: str
    persons: str
    act: str
    """`removed` at the preparation, `seized` at the end, or `interdicted`."""
    is_mass: bool
    """Whether it is of a substance; else of cash, instruments, weapons or counted goods."""


def incidents(delivery: Delivery, state: str) -> Iterator[ReturnLine]:
    """What services of this State removed, and each of their seizures in the order of their entries, as last corrected."""
    said = {one.id: (seq, one) for seq, one in _accepted(delivery)}
    goods, records = delivery.state.goods, [one for one in said.values() if isinstance(one[1].content, Prepared)]
    detected = next((one for _, one in reversed(said.values()) if isinstance(one.content, Detected)), None)
    if goods is not None and records and _of_state(delivery, records[-1][1].service, state):
        for amount in together(goods.removed):
            yield _incident(delivery, records[-1], detected, amount, state)
    for name, recovered in delivery.state.seizures.items():
        if name in said and _of_state(delivery, said[name][1].service, state):
            for amount in recovered.amounts:
                yield _incident(delivery, said[name], detected, amount, state)
    if delivery.state.interdicted is not None and not delivery.state.seizures:
        seized = (one for one in said.values() if isinstance(one[1].content, Interdicted))
        last = [one for one in seized if _of_state(delivery, one[1].service, state)]
        for seq, one in last[-1:]:
            right = one.model_copy(update={"content": as_corrected(delivery, seq, one)})
            for amount in delivery.plan.consignment.contents:
                yield _incident(delivery, (seq, right), detected, amount, state)


def _of_state(delivery: Delivery, service: str, state: str) -> bool:
    return delivery.directory.get(service).state == state


def _accepted(delivery: Delivery) -> Iterator[tuple[int, Statement]]:
    """What counts, in the order in which it began to: what came early, where it was taken up."""
    early: dict[str, tuple[int, Statement]] = {}
    for entry in delivery.ledger.entries:
        event = entry.event
        if isinstance(event, Stated) and event.verdict.verdict in ("accepted", "early"):
            said = delivery.law.read(event.envelope)
            if event.verdict.verdict == "accepted":
                yield entry.seq, said
            else:
                early[said.id] = entry.seq, said
        elif isinstance(event, TakenUp) and event.verdict.verdict == "accepted" and event.statement in early:
            yield early[event.statement]


def _incident(
    delivery: Delivery, said: tuple[int, Statement], detected: Statement | None, amount: AnyAmount, whose: str
) -> ReturnLine:
    """Where it was seized on the way it was not weighed substance by substance: then it is what the plan says, of no quantity."""
    seq, statement = said
    plan, content = delivery.plan, statement.content
    weighed = not isinstance(content, Interdicted)
    leg = plan.legs[delivery.state.leg_at(seq)]
    at = plan.find(statement.checkpoint or "")
    state = at.state if at is not None else leg.state
    place = content.place if isinstance(content, Interdicted) else at.place if at is not None else NOT_KNOWN
    report = detected.content if detected is not None and isinstance(detected.content, Detected) else None
    ends = [one for one in (plan.find(plan.legs[0].start), plan.find(plan.legs[-1].end)) if one is not None]
    hidden = plan.handling_code in NOT_TO_A_THIRD_STATE and not _of_state(delivery, plan.initiator, whose)
    theirs = (
        detected is not None
        and code_of(delivery, detected) in NOT_TO_A_THIRD_STATE
        and not _of_state(delivery, detected.service, whose)
    )
    substance = known_as(amount.substance, amount.cas) if isinstance(amount, SubstanceMass) else None
    arrests = [
        one
        for one in delivery.state.arrests.values()
        if not isinstance(content, Prepared) and _of_state(delivery, one.service, whose)
    ]

    def given(value: str, *, withheld: bool) -> str:
        return WITHHELD if withheld else value or NOT_KNOWN

    quantity, unit, known = _how_much(amount) if weighed else ("", "", NOT_KNOWN)
    return ReturnLine(
        date=datetime.fromisoformat(statement.happened_at).date().isoformat(),
        state=state,
        place=place,
        service=statement.service,
        substance=given(_name_of(amount), withheld=hidden and not weighed),
        table=substance.table if substance is not None and (weighed or not hidden) else "",
        hs=given(amount.hs if isinstance(amount, Counted) else "", withheld=hidden and not weighed),
        quantity=quantity or NOT_KNOWN,
        unit=unit,
        known=known,
        concealment=given(report.concealment if report is not None else "", withheld=theirs),
        detected_by=given(report.how.replace("_", " ") if report is not None else "", withheld=theirs),
        origin=given(f"{ends[0].place}, {ends[0].state}" if ends else "", withheld=hidden),
        via=given(" ".join(plan.states()[1:-1]) or "none", withheld=hidden),
        destination=given(f"{ends[-1].place}, {ends[-1].state}" if ends else "", withheld=hidden),
        direction=given(_direction(plan, state), withheld=hidden),
        means=given(leg.means, withheld=hidden),
        persons=str(len(each_person(arrests))),
        act=_ACTS.get(type(content), "seized"),
        is_mass=isinstance(amount, SubstanceMass),
    )


_ACTS: Final[Mapping[type, str]] = {Prepared: "removed", Interdicted: "interdicted"}


def _direction(plan: Plan, state: str) -> str:
    """Whether it was leaving, coming in or passing through the State that seized it, by the plan."""
    movement = plan.case.movement_in(state) or "transit"
    return "internal" if movement == "domestic" else movement


def _name_of(amount: AnyAmount) -> str:
    """As the statement has it; what is cash by its currency, bearer instruments with the nominal value of one."""
    if isinstance(amount, Instruments):
        return f"{amount.instrument} {amount.nominal.say()}"
    for field in ("substance", "goods", "weapon", "currency"):
        if (name := getattr(amount, field, None)) is not None:
            return str(name)
    return NOT_KNOWN


def _how_much(amount: AnyAmount) -> tuple[str, str, str]:
    """Number, unit, and how it is known. Cash is in its currency, with all its decimals."""
    quantity = amount.quantity
    if isinstance(quantity, Unmeasured):
        return "", "", "unmeasured"
    known = quantity.known if isinstance(quantity, Estimate) else "measured"
    number = number_of(quantity)
    if isinstance(amount, SubstanceMass):
        return _kg(number), "kg", known
    if isinstance(amount, Cash):
        return say_minor(amount.currency, number), amount.currency, known
    return str(number), getattr(amount, "unit", "pieces"), known


def _kg(milligrams: int) -> str:
    whole, rest = divmod(milligrams, UNIT)
    return f"{whole}.{rest:06d}".rstrip("0").rstrip(".")


_COLUMNS: Final[Mapping[Form, tuple[str, ...]]] = {
    "incb-pics": (
        *("date", "substance", "table", "quantity", "unit", "known", "state", "place", "origin", "destination", "concealment"),
        *("act", "documents", "action_asked"),
    ),
    "unodc-ids": (
        *("date", "state", "place", "substance", "quantity", "unit", "known", "concealment", "origin", "via", "destination"),
        *("means", "persons", "act", "nationality"),
    ),
    "wco-cen": (
        *("date", "state", "service", "place", "place_type", "direction", "substance", "hs", "quantity", "unit", "known"),
        *("means", "origin", "via", "destination", "concealment", "detected_by", "persons", "act"),
    ),
}


_BELONGS: Final[Mapping[Form, Callable[[ReturnLine], bool]]] = {
    "incb-pics": lambda one: one.table.startswith("1988"),
    "unodc-ids": lambda one: one.is_mass,
}
"""Which lines stand in a form: of precursors, of substances; in any other all."""


def _of_incidents(form: Form) -> Callable[[Iterable[Delivery], str], Return]:
    def filled(deliveries: Iterable[Delivery], state: str) -> Return:
        belongs = _BELONGS.get(form, lambda _: True)
        found = (one for each in deliveries for one in _persons_once(filter(belongs, incidents(each, state))))
        rows = (tuple(getattr(one, name, NOT_KNOWN) for name in _COLUMNS[form]) for one in found)
        return Return(form, _COLUMNS[form], tuple(rows))

    return filled


def _persons_once(lines: Iterable[ReturnLine]) -> Iterator[ReturnLine]:
    """The lines of one delivery. Persons are of the whole of it, and stand on the first line of each act alone, to add up."""
    acts: set[str] = set()
    for one in lines:
        yield replace(one, persons="") if one.act in acts else one
        acts.add(one.act)


of_incidents: Final[Mapping[Form, Callable[[Iterable[Delivery], str], Return]]] = {
    one: _of_incidents(one) for one in get_args(Form) if one in _COLUMNS
}
