"""What each State's rule card demands of a plan, for the officer who must ask for consent. Pure; it refuses nothing.

What a plan may not be is refused in `domain.plan.check_law`. Here stands, point by point, what the cards say about it, where that
is written and how sure it is; and what they do not know, with who answers for it.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Literal

from domain.plan.cards import Duty, DutyEvent, LawSource, LawText, Measure, Movement, Provision, Recorded, RecordRule, RuleCard
from domain.plan.plan import Plan
from domain.signing.canonical import Frozen
from domain.words.quantities import Span
from domain.words.terms import LegalTerm, at_least
from domain.words.text import fill, mark, word

Topic = Literal["decider", "handling", "term", "bars", "records", "reports", "afterwards", "contacts", Measure]
"""What a card may not know that matters to a plan: who decides, which ways of handling are allowed, how long an authorisation
lasts; whether what forbids it is so, whether acts are recorded and it is reported as it demands, what is due afterwards is done,
and others met are followed no longer than it lets, where no statement says that; and of each measure whether an act must permit
it."""

About = Literal[
    "decides",
    "agrees",
    "may not",
    "handling",
    "measures",
    "lasts",
    "urgent",
    "forbids",
    "offences",
    "duties",
    "reports",
    "afterwards",
    "recorded",
    "notice",
    "languages",
]

TOPICS: Mapping[Topic, str] = {
    "decider": mark("who decides"),
    "handling": mark("which ways of handling are allowed"),
    "term": mark("how long an authorisation lasts"),
    "bars": mark("whether something is so that forbids it"),
    "records": mark("whether acts are recorded as it demands"),
    "reports": mark("whether it is reported as often as it demands"),
    "afterwards": mark("whether what it demands afterwards is done"),
    "contacts": mark("whether others who are met are followed no longer than it lets"),
}
"""What a card does not know that matters to a plan. Of a measure: whether an act must permit it."""
MEASURE = mark("whether an act must permit: {measure}")
NEVER_HELD_BACK: tuple[DutyEvent, ...] = ("departure", "delivery", "arrest")
"""What never comes of what is held back (R31), so that no duty runs from it."""


Value = str | LegalTerm | tuple[str, ...]
"""What is filled into a sentence."""


class Point(Frozen):
    """One thing that a card says about a plan, or does not know."""

    about: About
    sentence: str
    """In English, with the names of `values` in braces."""
    values: dict[str, Value]
    """A text stands as it is; of several, each is a word of our own."""
    law: LawSource | None
    """Where it stands, and how sure that is; none: not known."""
    text: LawText | None
    fits: bool | None
    """Whether the plan is so; none where there is nothing to fit, or the card does not know."""
    answered: bool = False
    """Whether nothing that is recorded says that it is kept, so that somebody answers for it."""


class Demand(Frozen):
    """What one State's card says about one plan."""

    state: str
    version: str
    example: bool
    movement: Movement | None
    """How it goes through this State, for its law; none where it does not."""
    points: tuple[Point, ...]
    not_known: tuple[Topic, ...]
    answered_by: str | None
    """Who answers for what is not known."""
    asked: tuple[str, ...]
    """Whom the plan asks to authorise there."""
    permissions: tuple[Measure, ...]
    """What of it an act must permit there."""
    answer_within: Span
    """The least time this plan gives that State to answer."""
    needed: Span
    """For how long a consent must run, from being asked, if every step takes as long as it may."""
    notes: str


DECIDES = mark("{kinds} decides: {role}; this plan asks {asked} (R1)")
DECIDES_UNKNOWN = mark("not known who decides; this plan asks {asked} (R1)")
ALONE = mark("it may decide on what it carries out itself; then two of its officers sign (R7, R13)")
AGREES = mark("where {begun} begins it, {kinds} must agree, in an act of its own (R1)")
ACCEPTS = mark("where {deciding} decides, {kinds} must accept it, in an act of its own (R1)")
MAY_NOT_DECIDE = mark("{kinds} may not decide on one (R1)")
MAY_NOT_RUN = mark("{kinds} may not carry one out (R4)")
ALLOWED = mark("allowed: {ways}; this plan goes {way} (R3)")
DEMANDED = mark("demanded: {ways}; this plan goes {way} (R3)")
BARRED = mark("barred: {ways}; this plan goes {way} (R3)")
HANDLING_UNKNOWN = mark("not known whether it may go {way} (R3)")
NEEDS_NOTHING = mark("{measures}: no act of its own is needed (R16)")
NEEDS_PERMISSION = mark("{measures}: permitted by {kinds}, in its authorisation or apart (R16)")
NEEDS_SOMEBODYS = mark("{measures}: permitted by an act, in the authorisation or apart (R16)")
NEEDS_OWN_ACT = mark("{measures}: permitted by an act of its own (R16)")
MEASURE_UNKNOWN = mark("{measures}: not known whether an act must permit it, so one must (R16)")
PERMITTED_FOR = mark("{measures}: for {longest} at most")
EXTENDED_BY = mark("{measures}: extended by {step} at a time (R16)")
CONTACTS = mark("{measures}: others who are met are followed for {contacts} at most")
LASTS = mark("an authorisation lasts {longest} at most; this plan needs up to {needed} from being asked (R5)")
EXTENDED = mark("it is extended by {step} at a time")
CEILING = mark("it ends after {ceiling}, however often it is extended")
ASKED_ANEW = mark("{measures}: a longer permission is asked for {lead} before the end at the latest (R16)")
ASK_BEFORE = mark("an extension is asked for {lead} before the end at the latest")
LASTS_UNKNOWN = mark("not known how long an authorisation lasts; this plan needs up to {needed} from being asked (R5)")
URGENT = mark("in {forms} form where it is urgent; the written act follows within {within}, or it ends (R1)")
URGENT_AGREEMENT = mark(
    "agreement of another service in {forms} form where it is urgent; the written one follows within {within}, or it ends (R1)"
)
URGENT_MEASURES = mark(
    "{measures}: where it is urgent, {kinds} may permit it; whose say it is sanctions that within {within}, or it ends (R16)"
)
NOT_URGENT = mark("not known whether it may be given before it is written, so it may not (R1)")
FORBIDS = mark("not allowed, or ended, where there is: {what}")
OFFENCES = mark("for these offences alone: {articles}; this plan names {named}")
DUTY = mark("{what}, within {within} of: {event}")
DUTY_UNTIMED = mark("{what}, after: {event}; the law gives no time, and this plan names {within} (R16)")
DUTY_USUAL = mark("{what}, after: {event}; the law gives no time, {within} is usual, and this plan names none (R16)")
DUTY_BEFORE = mark("{what}, {before} before the authorisation ends at the latest")
REPORTS = mark("{what}, every {every} at least")
AFTERWARDS = mark("when all is over: {what}")
RECORDED: Mapping[str, str] = {
    "witnesses": mark("{acts}: before attesting witnesses"),
    "recording": mark("{acts}: with a recording"),
    "either": mark("{acts}: before attesting witnesses, or with a recording"),
    "neither": mark("{acts}: attesting witnesses and a recording are not required"),
}
ACTS: Mapping[Recorded, str] = {
    "opening": mark("the opening"),
    "search": mark("the search"),
    "seizure": mark("the taking of things"),
}
PREPARED_SO = mark("the record of preparation shows it (R16)")
NOTICE = mark("at least {time} to answer; this plan gives {given}")
NOTICE_UNKNOWN = mark("not known how much time it must be given; this plan gives {given}")
LANGUAGES = mark("a request is written in: {codes}")
LANGUAGES_UNKNOWN = mark("not known in which language a request is written: ask before you write")


def demands(plan: Plan, cards: Mapping[str, RuleCard]) -> tuple[Demand, ...]:
    """For each State that is asked, those on the route first and in its order. The plan has been checked, so each has a card."""
    return tuple(_demand(plan, cards[state]) for state in plan.asked_states())


def not_known(plan: Plan, card: RuleCard) -> tuple[Topic, ...]:
    """What this card does not know that matters to this plan."""
    topics: list[Topic] = []
    if not all(map(card.deciders_of, plan.case.of_each)):
        topics.append("decider")
    if card.allows(plan.modality, plan.case) is None:
        topics.append("handling")
    if any(term is None or term.longest is None for term in map(card.term_of, plan.case.of_each)):
        topics.append("term")
    if card.about(card.bars, plan.case):
        topics.append("bars")
    if any(_unseen(one) for one in card.about(card.records, plan.case)):
        topics.append("records")
    if card.about(card.reports, plan.case):
        topics.append("reports")
    if card.about(card.afterwards, plan.case):
        topics.append("afterwards")
    rules = [(one, card.rule_of(one, plan.case)) for one in plan.measures(card.state)]
    if any(rule is not None and rule.contacts is not None for _, rule in rules):
        topics.append("contacts")
    return (*topics, *(one for one, _ in rules if any(card.rule_of(one, alone) is None for alone in plan.case.of_each)))


def _unseen(record: RecordRule) -> bool:
    """Whether nothing that is said shows that acts are recorded so: of an opening the preparation shows it."""
    return record.by != "neither" and record.acts != ("opening",)


def topic(code: Topic) -> str:
    """What a card does not know, in words."""
    return fill(TOPICS[code]) if code in TOPICS else fill(MEASURE, measure=word(code))


def needed(plan: Plan, state: str) -> timedelta:
    """How long this State's consent must run from being asked: what its request states (`domain.views.asked`). Off the route it
    is until what is planned there may be over, with the whole way before.
    """
    steps = plan.time_to_depart()
    if state in plan.states():
        return steps + plan.time_to_end(state) + plan.asked_beyond()
    way = sum((plan.due_after(end) for leg in plan.legs if (end := plan.find(leg.end)) is not None), timedelta())
    there = max(
        (one.due for one in plan.checkpoints if one.state == state and one.step in ("arrest", "account")), default=timedelta()
    )
    return steps + way + there + plan.margin


def _demand(plan: Plan, card: RuleCard) -> Demand:
    asking = [one for one in plan.at("authorise") if one.state == card.state]
    return Demand(
        state=card.state,
        version=card.version,
        example=card.example,
        movement=plan.case.movement_in(card.state),
        points=tuple(_points(plan, card)),
        not_known=not_known(plan, card),
        answered_by=plan.answers_for_law.get(card.state),
        asked=plan.authorities(card.state),
        permissions=plan.permissions(card),
        answer_within=min(one.due for one in asking),
        needed=needed(plan, card.state),
        notes=card.notes,
    )


def _points(plan: Plan, card: RuleCard) -> Iterator[Point]:
    yield from _who(plan, card)
    yield from _how(plan, card)
    yield from _how_long(plan, card)
    yield from _beside(plan, card)


def _who(plan: Plan, card: RuleCard) -> Iterator[Point]:
    asked = ", ".join(plan.authorities(card.state))
    deciders = card.deciders_of(plan.case)
    for one in deciders:
        yield _known(card, "decides", DECIDES, one, kinds=one.by, role=one.role, asked=asked)
        if one.alone:
            yield _known(card, "decides", ALONE, one)
    if not deciders:
        yield _unknown("decides", DECIDES_UNKNOWN, asked=asked)
    for agreed in card.about(card.agreements, plan.case):
        if agreed.begun_by:
            yield _known(card, "agrees", AGREES, agreed, begun=agreed.begun_by, kinds=agreed.of)
        if agreed.decided_by:
            yield _known(card, "agrees", ACCEPTS, agreed, deciding=agreed.decided_by, kinds=agreed.of)
    for out in card.about(card.exclusions, plan.case):
        for what in out.may_not:
            yield _known(card, "may not", MAY_NOT_DECIDE if what == "decide" else MAY_NOT_RUN, out, kinds=out.kinds)


def _how(plan: Plan, card: RuleCard) -> Iterator[Point]:
    sentences = {"allowed": ALLOWED, "demanded": DEMANDED, "barred": BARRED}
    for one in card.about(card.handling, plan.case):
        fits = (plan.modality in one.modalities) is not (one.are == "barred")
        known = _known(card, "handling", sentences[one.are], one, ways=one.modalities, way=(plan.modality,))
        elsewhere = not fits and one.are == "allowed" and card.allows(plan.modality, plan.case) is not False
        yield known.model_copy(update={"fits": None if elsewhere else fits})
    if card.allows(plan.modality, plan.case) is None:
        yield _unknown("handling", HANDLING_UNKNOWN, way=(plan.modality,))
    for measure in plan.measures(card.state):
        rule = card.rule_of(measure, plan.case)
        if rule is None:
            yield _unknown("measures", MEASURE_UNKNOWN, measures=(measure,))
            continue
        if rule.needs == "nothing":
            yield _known(card, "measures", NEEDS_NOTHING, rule, measures=(measure,))
        elif rule.needs == "own_act":
            yield _known(card, "measures", NEEDS_OWN_ACT, rule, measures=(measure,))
        elif rule.by:
            yield _known(card, "measures", NEEDS_PERMISSION, rule, measures=(measure,), kinds=rule.by)
        else:
            yield _known(card, "measures", NEEDS_SOMEBODYS, rule, measures=(measure,))
        if rule.longest is not None:
            yield _known(card, "measures", PERMITTED_FOR, rule, measures=(measure,), longest=rule.longest)
        if rule.extension is not None:
            yield _known(card, "measures", EXTENDED_BY, rule, measures=(measure,), step=rule.extension)
        if rule.ask_before is not None:
            yield _known(card, "measures", ASKED_ANEW, rule, measures=(measure,), lead=rule.ask_before)
        if rule.contacts is not None:
            yield _answered(_known(card, "measures", CONTACTS, rule, measures=(measure,), contacts=rule.contacts))


def _how_long(plan: Plan, card: RuleCard) -> Iterator[Point]:
    term, wanted = card.term_of(plan.case), needed(plan, card.state)
    if term is None or term.longest is None:
        yield _unknown("lasts", LASTS_UNKNOWN, needed=wanted)
    else:
        known = _known(card, "lasts", LASTS, term, longest=term.longest, needed=wanted)
        yield known.model_copy(update={"fits": wanted <= at_least(term.longest)})
    if term is not None:
        if term.extension is not None:
            yield _known(card, "lasts", EXTENDED, term, step=term.extension)
        if term.ceiling is not None:
            yield _known(card, "lasts", CEILING, term, ceiling=term.ceiling)
        if term.ask_before is not None:
            yield _known(card, "lasts", ASK_BEFORE, term, lead=term.ask_before)
    urgent = card.about(card.urgent, plan.case)
    for one in urgent:
        for what in one.of:
            sentence = URGENT if what == "authorisation" else URGENT_AGREEMENT
            yield _known(card, "urgent", sentence, one, forms=one.forms, within=one.written_within)
    if not any("authorisation" in one.of for one in urgent):
        yield _unknown("urgent", NOT_URGENT)
    permitted = plan.permissions(card)
    for measures in card.about(card.urgent_measures, plan.case):
        if about := tuple(one for one in measures.measures if one in permitted):
            within = measures.sanctioned_within
            yield _known(card, "urgent", URGENT_MEASURES, measures, measures=about, kinds=measures.by, within=within)


def _beside(plan: Plan, card: RuleCard) -> Iterator[Point]:
    for bar in card.about(card.bars, plan.case):
        yield _answered(_known(card, "forbids", FORBIDS, bar, what=bar.what))
    named = plan.offence.articles.get(card.state, ())
    for listed in card.about(card.offences, plan.case):
        words = {"articles": ", ".join(listed.articles), "named": ", ".join(named) or "-"}
        yield _known(card, "offences", OFFENCES, listed, **words)
    for duty in card.duties_of(plan.case):
        permitted = duty.after != "end_of_permission" or plan.permissions(card)
        if permitted and not (plan.held_back and duty.after in NEVER_HELD_BACK):
            yield _duty(plan, card, duty)
    for report in card.about(card.reports, plan.case):
        yield _answered(_known(card, "reports", REPORTS, report, what=report.what, every=report.every))
    for later in card.about(card.afterwards, plan.case):
        yield _answered(_known(card, "afterwards", AFTERWARDS, later, what=later.what))
    for record in card.about(card.records, plan.case):
        known = _known(card, "recorded", RECORDED[record.by], record, acts=tuple(ACTS[one] for one in record.acts))
        yield _answered(known) if _unseen(record) else known
        if "opening" in record.acts and record.by == "recording":
            yield _known(card, "recorded", PREPARED_SO, record)
    given = min(one.due for one in plan.at("authorise") if one.state == card.state)
    notice = card.notice_of(plan.case)
    if notice is None:
        yield _unknown("notice", NOTICE_UNKNOWN, given=given)
    else:
        yield _known(card, "notice", NOTICE, notice, time=notice.time, given=given)
    codes = card.about(card.languages, plan.case)
    for one in codes:
        yield _known(card, "languages", LANGUAGES, one, codes=", ".join(one.codes))
    if not codes:
        yield _unknown("languages", LANGUAGES_UNKNOWN)


def _duty(plan: Plan, card: RuleCard, duty: Duty) -> Point:
    if duty.before is not None:
        return _known(card, "duties", DUTY_BEFORE, duty, what=duty.what, before=duty.before)
    if duty.within is not None:
        return _known(card, "duties", DUTY, duty, what=duty.what, within=duty.within, event=(duty.after,))
    named = plan.duty_times.get(card.state, {}).get(duty.id)
    if named is None and duty.usual is not None:
        return _known(card, "duties", DUTY_USUAL, duty, what=duty.what, within=duty.usual, event=(duty.after,))
    point = _known(card, "duties", DUTY_UNTIMED, duty, what=duty.what, within=named or "-", event=(duty.after,))
    return point.model_copy(update={"fits": named is not None})


def _known(card: RuleCard, about: About, sentence: str, where: Provision, **values: Value) -> Point:
    text = next(one for one in card.texts if one.id == where.law.text)
    return Point(about=about, sentence=sentence, values=values, law=where.law, text=text, fits=None)


def _answered(point: Point) -> Point:
    return point.model_copy(update={"answered": True})


def _unknown(about: About, sentence: str, **values: Value) -> Point:
    return Point(about=about, sentence=sentence, values=values, law=None, text=None, fits=None)
