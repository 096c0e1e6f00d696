"""What docs/replay.md has from the code, made anew: `make rules`. What is told of a thing is its docstring, where it stands.

The page is written by hand around its parts, each between `<!-- made: NAME -->` and `<!-- end -->`.
"""

import ast
import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any, get_args

from domain.delivery import balance, event, grants, holdings, persons, progress, state, transfers, verdicts, watching
from domain.delivery import custody as custodies
from domain.delivery.balance import Balance
from domain.delivery.consents import Consents, ended_behind
from domain.delivery.events import EVENTS, OUTSIDE
from domain.delivery.grants import Grant
from domain.delivery.memory import Owed, RegisterState
from domain.delivery.progress import Progress
from domain.delivery.state import State
from domain.plan import key_changes, register, voices
from domain.plan.cards import Case, Provision, RuleCard
from domain.plan.goods import Tolerances, keyed
from domain.plan.plan import Checkpoint, Plan
from domain.plan.powers import has_power
from domain.plan.quantity import bounds
from domain.plan.substances import CATALOGUE, called, identities, normal
from domain.record import provided
from domain.rules import (
    arrival,
    coming,
    conclusion,
    conflict,
    consent,
    contingency,
    course,
    custody,
    detection,
    disposing,
    duties,
    examining,
    exhibits,
    handing_on,
    handling,
    lapse,
    measuring,
    outside,
    preparation,
    receiving,
    renewal,
    requested,
    siblings,
    speaking,
    stop,
    taking_out,
    turns,
    watch,
)
from domain.rules import balance as accounts
from domain.rules.books import BOOK
from domain.rules.contingency import Contingency
from domain.rules.kind import Kind
from domain.views import sight
from domain.words.terms import latest_end, outlasts

PATH = Path(__file__).parents[2] / "docs" / "replay.md"
PART = re.compile(r"(<!-- made: ([a-z]+) -->)\n(.*?)(<!-- end -->)", re.DOTALL)

# Expressions of the code, in words: one that is not here must be told before it is published.
WHOM = {
    "state.plan.participants()": "everyone who takes part",
    "tuple(dict.fromkeys((*state.plan.participants(), *before)))": "everyone who takes part by the new plan or did by the old",
    "state.plan.everybody()": "everyone who takes part, and who is told at the end",
    "(state.plan.initiator,)": "the initiator",
    "state.plan.initiators()": "the initiators",
    "self.services": "its `services`",
    "(self.to,)": "whom it names by `to`",
    "progress.waiting_for()": "who had not answered",
}
WHERE = {"None": "", "self.checkpoint": "its `checkpoint`"}
WHEN = {
    "self.contingency == unforeseen.SEARCH": "`search`",
    "self.contingency == unforeseen.CONFLICT": "`conflict`",
    "self.says != 'ended'": "sibling that was held or stopped",
}
UNTIL = {
    "delivery.plan.contingencies.extension": "`contingencies.extension` of the plan",
    "delivery.plan.contingencies.decision": "`contingencies.decision` of the plan",
    "delivery.plan.afterwards or delivery.plan.contingencies.decision": "`afterwards` of the plan, else `contingencies.decision`",
    "delivery.plan.contingencies.acknowledge_stop": "`contingencies.acknowledge_stop` of the plan",
    "delivery.plan.contingencies.remind_every": "`contingencies.remind_every` of the plan",
    "watch.answer": "`answer` of the `watch`",
    "watch.search": "`search` of the `watch`",
    "due": "`within` of the duty (of months: as many days as so many have at the least), or the time of the plan; "
    "of one that is due `before` the end of an authorisation, that end less it",
    "left_until(ends, state.now)": "the end of what was permitted in urgency",
    "left_until(ends, now)": "the end of what is permitted",
    "left_until(due, delivery.state.now)": "`written_within` of the State's card for its form, less the time since it was given",
}
OWNERS = {"Custody": " of the custody", "Balance": " of the mass balance", "Owed": " of what is to be told"} | {
    "LaboratoryReport": " of a laboratory report",
    "Disposed": " of a disposal",
    "TakenOut": " of what was taken out on the way",
}
"""Of what a word is told, where it is told of two."""
READERS = {
    "whole": "nobody",
    "checkpoint": "who sees its checkpoint, unless everybody is asked there",
    "notice": "the same, of reminders, escalations and what is withdrawn",
    "own_state": "its `service`, and services of the same State",
    "leg": "whose leg it is",
    "speaker": "who reads the statement",
    "everybody": "everyone who takes part",
}


def remade(page: str) -> str:
    """The page with each part as the code makes it. Raises `KeyError` for a part that there is not."""
    return PART.sub(lambda found: "\n".join([found[1], "", *PARTS[found[2]](), "", found[4]]), page)


# How things are told


def told(thing: Any) -> str:
    """What the docstring of a thing says, in one line. Raises `LookupError` where it has none of its own."""
    found = thing if isinstance(thing, str) else getattr(thing, "__doc__", None)
    if not found:
        message = f"{getattr(thing, '__qualname__', thing)} is published and says nothing of itself"
        raise LookupError(message)
    text = " ".join(found.partition("Raises `")[0].split())
    return re.sub(r" \(`domain\.[^)]*\)", "", text).replace("|", "\\|")


def table(*rows: Iterable[str]) -> Iterator[str]:
    """Rows of cells, the first of which is the head."""
    head, *others = map(list, rows)
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    yield from (f"| {' | '.join(cells)} |" for cells in others)


def words(*things: Callable[..., Any] | property) -> Callable[[], Iterator[str]]:
    """What these are called, and what they are."""

    def of_each() -> Iterator[str]:
        for thing in things:
            found = thing.fget if isinstance(thing, property) else thing
            assert found is not None
            of = OWNERS.get(found.__qualname__.partition(".")[0], "")
            yield f"- **`{found.__name__.lstrip('_')}`**{of}: {told(found)}"

    return of_each


@cache
def said_of_fields(cls: type) -> Mapping[str, str]:
    """What the text below each field of a class says."""
    body = ast.parse(dedent(inspect.getsource(cls))).body[0]
    assert isinstance(body, ast.ClassDef)
    pairs = zip(body.body, [*body.body[1:], ast.Pass()], strict=True)
    return {
        one.target.id: told(after.value.value)
        for one, after in pairs
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
    }


def own(cls: type, method: str) -> str:
    """What a class says of a method that it has of its own; nothing where it has what all have."""
    return told(vars(cls)[method]) if method in vars(cls) else ""


# What is known


def known() -> Iterator[str]:
    """Each field of the state."""
    there = [one for one in fields(State) if one.name != "past"]
    rows = ((f"`{one.name}`", _beginning(one), said_of_fields(State)[one.name]) for one in there)
    yield from table(("what", "begins as", "meaning"), *rows)


def _beginning(one: Any) -> str:
    if one.default is not MISSING:
        return {"None": "none", "False": "no", "()": "nothing"}.get(str(one.default), str(one.default))
    if one.default_factory is not MISSING:
        return "as below" if one.name == "register" else "nothing"
    return "entry 0" if one.name in ("now", "began") else "the packet's"


def records() -> Iterator[str]:
    """What the state is made of."""
    there = [one for module in (progress, grants, custodies, verdicts, state) for one in vars(module).values()]
    mine = [one for one in there if isinstance(one, type) and one is not State and one.__name__ not in ("Lacking", "Sighting")]
    for cls in dict.fromkeys(one for one in mine if is_dataclass(one) and one.__module__.startswith("domain.delivery.")):
        title = re.sub(r"(?<!^)([A-Z])", r" \1", cls.__name__).lower()
        yield f"- **{title}**: {told(cls)} {_fields_in_words(cls)}".rstrip()


def catalogue() -> Iterator[str]:
    """Each substance that has a name of its own, by its numbers and whatever else it is called."""
    rows = ((one.english, ", ".join(one.cas), "; ".join((one.russian, *one.synonyms))) for one in CATALOGUE)
    yield from table(("substance", "numbers", "other names"), *rows)


def _fields_in_words(cls: type) -> str:
    said = said_of_fields(cls)
    names = [one.name for one in fields(cls)]
    plain = [f"`{name}`" for name in names if name not in said]
    return " ".join(
        [
            *([f"It has {', '.join(plain)}."] if plain else []),
            *(f"`{name}`: {text}" for name, text in said.items() if name in names),
        ]
    )


# Entries and statements


def effects() -> Iterator[str]:
    """What each entry changes."""
    yield from table(("entry", "what it changes"), *((f"`{name}`", told(vars(one)["apply"])) for name, one in EVENTS.items()))


def possible() -> Iterator[str]:
    """When each fact from outside can be so."""
    said = dict(re.findall(r"^    ([a-z_]+) {2,}(.*(?:\n {10,}.*)*)", outside._is_news.__doc__ or "", re.MULTILINE))
    assert {one.model_fields["event"].default for one in OUTSIDE} - said.keys() == {"amended", "keys_changed", "stated"}
    yield from table(("entry", "possible when"), *((f"`{name}`", told(text)) for name, text in said.items()))


def kinds() -> Iterator[str]:
    """What only a kind of statement is looked at for, and what it changes."""
    rows = ((f"`{name}`", _when_not(kind), _when_accepted(kind)) for name, kind in BOOK.kinds.items())
    yield from table(("kind", "does not count", "when it is accepted"), *rows)


def _when_not(kind: type[Kind]) -> str:
    return " ".join(filter(None, (own(kind, "counts"), own(kind, "judge"))))


def _when_accepted(kind: type[Kind]) -> str:
    return " ".join(filter(None, (own(kind, "apply"), own(kind, "is_answer"), own(kind, "is_contact"))))


def shared() -> Iterator[str]:
    """What may be said of several consignments at once."""
    those = [f"`{name}`" for name, kind in BOOK.kinds.items() if kind.may_be_shared is not Kind.may_be_shared]
    yield f"{', '.join(those[:-1])} and {those[-1]}."


# Checkpoints that no plan holds


def contingencies() -> Iterator[str]:
    """Each with when it is called for, who is asked, until when, and what follows."""
    for name, one in BOOK.contingencies.items():
        yield f"### `{name}`"
        yield ""
        yield from (f"- *{label}*: {text}" for label, text in _of_contingency(type(one)))
        yield ""


def _of_contingency(cls: type[Contingency]) -> Iterator[tuple[str, str]]:
    says, asked = cls.declares, _asked_by(cls)
    yield "called for", told(cls.called_for)
    yield "asked", f"{told(cls.checkpoint)} Each for `{says.needs}`; `need` is `{asked.get('need', 'all')}`."
    span = UNTIL[asked["due"]] + (". It waits without end: `opened` has no due time" if says.without_end else "")
    yield "due", f"{span}. `overdue` is `{ast.literal_eval(asked.get('overdue', repr('hold')))}`."
    if says.everybody_named:
        yield "seen", "Everybody is asked there, so nobody sees that others are."
    for label, method in (
        ("silence closes it", "may_stay_unanswered"),
        ("ends with silence", "ends_with_silence"),
        ("after silence", "after_silence"),
        ("refused", "refusal_counts"),
        ("moot", "moot"),
        ("after it has closed", "after_close"),
    ):
        own = (vars(one)[method] for one in cls.__mro__ if one is not Contingency and method in vars(one))
        if (found := next(own, vars(Contingency)[method])) is not vars(Contingency)[method]:
            yield label, told(found)


def _asked_by(cls: type[Contingency]) -> dict[str, str]:
    """What the checkpoint of a contingency says, as it stands in the code."""
    tree = ast.parse(dedent(inspect.getsource(cls.checkpoint)))
    (made,) = [one for one in ast.walk(tree) if isinstance(one, ast.Call) and ast.unparse(one.func) == "Checkpoint"]
    return {str(one.arg): ast.unparse(one.value) for one in made.keywords}


# Decisions and notices


def steps() -> Iterator[str]:
    """The checklist."""
    for number, step in enumerate(BOOK.checklist, 1):
        yield f"{number}. **`{step.__name__}`**: {told(step)}"  # type: ignore[attr-defined]


def notices() -> Iterator[str]:
    """Who is to be told what, after which entry."""
    rows = (row for name, one in EVENTS.items() for row in _owed_after(name, one))
    yield from table(("after", "notice", "about", "to whom"), *rows)


def _owed_after(name: str, one: type[event.Event]) -> Iterator[tuple[str, str, str, str]]:
    tree = ast.parse(dedent(inspect.getsource(one.apply)))
    branches = [branch for branch in ast.walk(tree) if isinstance(branch, ast.If)]
    conditions = {id(call): ast.unparse(branch.test) for branch in branches for call in ast.walk(branch)}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "state.owe":
            _, kind, checkpoint, services = (ast.unparse(argument) for argument in call.args)
            condition = conditions.get(id(call))
            of = f" of a {WHEN[condition]}" if condition is not None else ""
            yield f"`{name}`{of}", f"`{ast.literal_eval(kind)}`", WHERE[checkpoint], WHOM[services]


# How much may be said


def staying() -> Iterator[str]:
    """What of each kind goes on being held, and how much that may be."""
    those = [(name, kind) for name, kind in BOOK.kinds.items() if "stays" in vars(kind)]
    yield from table(
        ("kind", "what stays", "bytes"), *((f"`{name}`", own(kind, "stays"), _most_of(kind)) for name, kind in those)
    )


def _most_of(kind: type[Kind]) -> str:
    source = inspect.getsource(kind.stays)
    figures = re.findall(r"\bfigures\.(\w+)", source)
    if not figures:
        return "as of what it says"
    return f"an equal share of `{figures[0]}`" if "share(" in source else f"`{figures[0]}`"


# Readers


def readers() -> Iterator[str]:
    """Who reads each entry that is no statement."""
    told_of = [name for name in EVENTS if name != "stated"]
    rows = {who: [name for name in told_of if EVENTS[name].readers == who] for who in get_args(event.Readers)}
    yield from table(
        ("entry", "who reads it"), *((", ".join(f"`{one}`" for one in those), READERS[who]) for who, those in rows.items())
    )


PARTS: Mapping[str, Callable[[], Iterator[str]]] = {
    "known": known,
    "records": records,
    "effects": effects,
    "possible": possible,
    "acknowledgements": words(outside._as_it_counts),
    "keys": words(key_changes.faults_in, key_changes._gives_its_own, key_changes.changed),
    "kinds": kinds,
    "shared": shared,
    "contingencies": contingencies,
    "steps": steps,
    "notices": notices,
    "staying": staying,
    "readers": readers,
    "plan": words(
        Plan.states,
        Plan.asked_states,
        Plan.participants,
        Plan.finder,
        Plan.initiators,
        Plan.everybody,
        Plan.authorities,
        Plan.deciding,
        Plan.stood_in_for,
        Plan.successor_of,
        Plan.stands_for,
        State.stand_in,
        Plan.carrying_out,
        Plan.may_allow,
        Plan.measures,
        Plan.permissions,
        Plan.asks_permission,
        Plan.accompanies,
        Provision.is_about,
        Case.movement_in,
        RuleCard.rule_of,
        RuleCard.wants_permitted,
        RuleCard.lets_grant,
        RuleCard.lets_agree,
        RuleCard.lets_permit,
        RuleCard.excludes,
        RuleCard.term_of,
        RuleCard.urgent_for,
        RuleCard.urgent_for_measure,
        RuleCard.duties_of,
        outlasts,
        latest_end,
        has_power,
        Plan.due_after,
        Plan.time_to_leave,
        Plan.ends_with_a_seizure,
        Checkpoint.quorum,
    ),
    "place": words(
        State.here,
        State.responsible,
        State.dispatched,
        State.under_way,
        State.advances,
        State.watched,
        State.watch,
        State.states_ahead,
        State.leg_at,
        State.move,
        State.recover,
        State.take_charge,
        State.stop_all,
        State.hold_all,
        State.go_on,
        State.let_time_run,
        Progress.run_on,
        State.waits_with,
        State.leads_on,
        State.stands,
        stop.ends_as_planned,
        accounts.stands_still,
        State.participants,
        State.arrested,
        State.held,
        State.holds,
        State.have_watched_until,
        persons.of_each_role,
        arrival.ArrestMade.as_arrest,
        State.have_in_sight,
        State.lose_sight,
        watch.check_in_due,
        watch.slower,
        watching.overlapping,
        watching.relieved_by_another,
        watching.after,
        watching.InCharge.covers,
        watching.leg_watched,
    ),
    "checkpoints": words(
        State.closed,
        State.passed,
        Progress.counted_from,
        Progress.unasked,
        Progress.begin_late,
        Progress.due_anew,
        Progress.answered,
        Progress.waiting_for,
        Progress.satisfied,
        Progress.may_answer,
        Progress.next_reminder,
        Progress.next_rung,
        turns.turn,
        turns.on_its_leg,
        turns.next_to_clear,
        turns.next_to_begin,
        turns.may_begin,
    ),
    "consent": words(
        Grant.final,
        Grant.live,
        Grant.binding,
        consent.AuthorisationGranted._asked_at,
        Consents.authorised,
        Consents.rests_on,
        Consents.needed,
        Consents.states_of,
        Consents.too_short,
        Consents.conflicting,
        Consents.permitted,
        Consents.still_to_begin,
        Consents.not_permitted,
        Consents.never_permitted,
        State.asked_here,
        ended_behind,
        consent._runs_short,
        renewal.running_out,
        renewal.asked_anew,
        renewal.asked_before,
        duties.duties,
        duties.permitted,
        duties.tells,
        duties.results_due,
        lapse.goes_by,
        contingency.in_charge,
        contingency.another_in_charge,
        voices.agreeing,
        voices.asked_to_agree,
        voices.not_agreed_to,
    ),
    "measures": words(
        custodies.Custody.differences,
        custodies.Custody.after,
        custodies.Custody.less,
        bounds,
        keyed,
        identities,
        measuring.as_checked,
        measuring.allowed,
        measuring.not_said_itself,
        measuring.possible,
        measuring.packed,
        Tolerances.of,
        Tolerances.of_gross,
        balance.compared,
        balance.never_measured,
        Balance.differences,
        Balance.missing_before_it_left,
        Balance.unexplained,
        preparation.Prepared.as_of,
        preparation.Prepared._as_they_went,
        taking_out.closed,
        taking_out.TakenOut.as_taken_out,
        taking_out.TakenOut.as_correction,
        taking_out.TakenOut.correct,
        transfers.as_known,
        transfers.sent_on,
        transfers.with_found,
        transfers.differing,
        transfers.seized_otherwise,
        handing_on.found_of_it,
        handing_on.looked_at,
        handing_on.look_at,
        handing_on.waits_for_a_decision,
        custody.InHand.as_found,
        turns.may_not_move,
        turns.not_over_yet,
        accounts.Seizure.as_seizure,
        stop.Interdicted.as_held,
        stop.Interdicted.elsewhere,
        preparation.Prepared._is_what_its_modality_means,
    ),
    "substances": words(normal, called),
    "catalogue": catalogue,
    "exhibits": words(
        detection.reported,
        detection.to_report,
        detection.in_hand,
        holdings.exhibits,
        holdings._whole,
        holdings._fate,
        holdings._parted,
        holdings._handled,
        holdings._recovered,
        holdings._recorders,
        holdings._put_in,
        holdings.seized_label,
        holdings.holder,
        holdings.whereabouts,
        holdings.carried,
        holdings.amounts,
        holdings.going_on,
        holdings.mass_of,
        holdings.lets_pass,
        holdings.parts_in,
        holdings.lots_of,
        holdings.not_its_parts,
        holdings.offered,
        holdings.inside,
        holdings.held_outside,
        holdings.taken,
        exhibits.to_hand_on,
        exhibits.prepares_it,
        examining.LaboratoryReport.as_correction,
        examining.LaboratoryReport.correct,
        disposing.Disposed.as_correction,
        disposing.Disposed.correct,
        examining.reported_in,
        disposing.disposed_in,
        receiving.first_taker,
        exhibits.may_act_on,
        exhibits.share_of_them,
        exhibits.share_while_held,
        holdings.told,
        exhibits._sources,
    ),
    "register": words(
        register.competent,
        RegisterState.covers,
        RegisterState.change,
        RegisterState.unsettled,
        RegisterState.forget_settled,
        RegisterState.gone_since,
        turns.free_of_conflict,
        turns.waits_for_the_register,
        conflict._lacks_a_signature,
        conflict.call_about,
    ),
    "siblings": words(
        State.awaited,
        State.remember_siblings,
        State.wait_anew,
        siblings._its_turn,
        siblings.lacking,
        siblings.standing_of,
        siblings.beginning_to_wait,
        siblings.ends_of_waits,
        siblings.hears,
        siblings.proves,
        requested.own_request,
        Plan.takes_place,
    ),
    "speaking": words(
        speaking.may_speak,
        speaking.would_say_both,
        speaking._is_delegate,
        speaking.is_backup,
        speaking.may_be_urgent,
        speaking.second_officer,
        speaking.is_second_officer,
    ),
    "saying": words(speaking.say, speaking._is_first_of_two, speaking._is_first_to_correct, speaking._answer),
    "time": words(coming.coming, coming.moments, coming.stays_open_until, course._openings, course._opening, course._opening_of),
    "outcome": words(conclusion.conclusion, conclusion._after_a_halt),
    "telling": words(State.owe, State.owe_at_most, Owed.size),
    "sight": words(sight.sight, sight._is_asked, sight._hears, handling.may_read, sight.length),
    "packets": words(
        handling.code_of,
        handling.third_state,
        handling.bound,
        handling.permitted,
        provided.items,
        provided.held_back,
        provided.held_back_beside,
    ),
}
"""Each part by its name."""


if __name__ == "__main__":
    PATH.write_text(remade(PATH.read_text(encoding="utf-8")), encoding="utf-8")
