"""A whole plan from a handful of answers, with usual times, and with the services that fit best (`domain.plan.casting`).

What follows from the answers, the cards and the directory is written; what nobody but the officer can know is a gap that the check
names (`domain.plan.gaps`). The plan is then checked as any other, so a draft is never laxer than a plan by hand: where the law or
the directory lacks something, it is said, and nothing is drafted. Pure.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from itertools import groupby, pairwise
from typing import Any, Final

from domain.plan.answers import Answers, Stop
from domain.plan.cards import POSTAL, Case, Channel, GoodsClass, Measure, RuleCard
from domain.plan.casting import Casting, Part
from domain.plan.check import faults_in
from domain.plan.demands import not_known, topic
from domain.plan.directory import Directory, Service
from domain.plan.draft_request import request
from domain.plan.plan import Plan
from domain.words.errors import Fault, Malformed
from domain.words.quantities import BY_HAND, parse_mass, say_mass, say_span
from domain.words.text import either, fill, together, word

TAKES: Final[Mapping[Channel, str]] = {
    "mail": "24h",
    "express": "12h",
    "air_cargo": "12h",
    "container": "5d",
    "truck": "24h",
    "rail": "48h",
    "passenger": "12h",
    "cash": "12h",
    "goods": "24h",
}
"""How long a leg usually takes."""
MEANS: Final[Mapping[Channel, str]] = {
    "mail": "ordinary post",
    "express": "express post",
    "air_cargo": "by air",
    "container": "by ship or rail",
    "truck": "by road",
    "rail": "by rail",
    "passenger": "with a traveller",
    "cash": "with a traveller",
    "goods": "by road",
}
CONSENT: Final = timedelta(hours=48)
"""Usual time for consent; where a card wants more, as long as that."""
TOLERANCES: Final = (20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100)
"""Of gross weight, milligrams: the first that hides nothing."""


@dataclass(frozen=True)
class Choice:
    """Who was chosen for a part in a State, and who would fit too."""

    part: Part
    state: str
    chosen: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class Draft:
    """A plan as people write it, what is to be said beside it, and who else could have been chosen."""

    tree: dict[str, Any]
    plan: Plan
    choices: tuple[Choice, ...]
    answered: Mapping[str, str]
    """State to what its card does not know, in words, for which somebody answers in the plan."""


def draft(answers: Answers, directory: Directory, cards: Mapping[str, RuleCard], language: str = "en") -> Draft:
    """The plan. Raises `Malformed` with everything that the law or the directory lacks, in words."""
    return _Drafting(answers, directory, cards, language).done()


@dataclass(frozen=True)
class _Leg:
    """From the checkpoint before it to this one, in one State."""

    id: str
    state: str
    end: str
    place: str
    calls: tuple[Stop, ...] = ()


@dataclass
class _Drafting:
    answers: Answers
    directory: Directory
    cards: Mapping[str, RuleCard]
    language: str
    lacks: list[Fault] = field(default_factory=list)

    def done(self) -> Draft:
        choices = tuple(self._choices())
        self._stop_if_lacking()
        tree = self._tree()
        self._stop_if_lacking()
        plan = _read(tree)
        unknown = {state: not_known(plan, self.cards[state]) for state in plan.states()}
        answered = {state: together(map(topic, topics)) for state, topics in unknown.items() if topics}
        if answered:
            tree["answers_for_law"] = {state: self.authority(state).id for state in answered}
        else:
            del tree["answers_for_law"]
        plan = _read(tree)
        self.lacks += faults_in(plan, self.directory, self.cards)
        self._stop_if_lacking()
        return Draft(tree, plan, choices, answered)

    def _stop_if_lacking(self) -> None:
        if self.lacks:
            hint = fill(
                "ask the authorities that are named; what a State's law allows stands in its rule card, and who there is in the "
                "directory: change the answers, or bring what is missing there"
            )
            raise Malformed(fill("no plan can be made of these answers"), tuple(dict.fromkeys(self.lacks)), hint=hint)

    # --- who

    @cached_property
    def case(self) -> Case:
        goods: tuple[GoodsClass, ...] = tuple(dict.fromkeys(one.goods for one in self.answers.goods))
        return Case(channel=self.answers.channel, goods=goods, stage=self.answers.stage)

    @cached_property
    def casting(self) -> Casting:
        return Casting(self.directory, self.cards, self.case)

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The States that are asked: those on the way, and where else somebody is arrested."""
        return tuple(dict.fromkeys((*self.answers.states(), *self.answers.arrests)))

    @cached_property
    def initiator(self) -> Service:
        state = self.answers.route[0].state
        return self._chosen("initiator", state, self.answers.initiator, self.casting.fitting("initiator", state))

    def authority(self, state: str) -> Service:
        """Who authorises for it."""
        return self._chosen("authority", state, self.answers.authorities.get(state), self.casting.fitting("authority", state))

    def in_charge(self, state: str) -> Service:
        """Who is in charge there: the initiator where it is of this State; nobody who alone decides for it, unless its law lets it."""
        fitting = self.casting.fitting("in_charge", state)
        first = [one for one in fitting if one.id == self.initiator.id]
        rest = [one for one in fitting if one.id != self.initiator.id]
        own = self.authority(state)
        usual = [one for one in (*first, *rest) if one.id != own.id or self._decides_alone(own)]
        return self._chosen("in_charge", state, self.answers.in_charge.get(state), tuple(usual))

    def arresting(self, state: str) -> Service:
        """Who arrests there: who is in charge, where it goes through that State."""
        named = self.answers.arrests.get(state)
        if named is None and state in self.answers.states():
            return self.in_charge(state)
        return self._chosen("arrest", state, named, self.casting.fitting("arrest", state))

    def _decides_alone(self, service: Service) -> bool:
        return self.cards[service.state or ""].lets_decide_alone(service.kind, self.case)

    def _chosen(self, part: Part, state: str, named: str | None, fitting: tuple[Service, ...]) -> Service:
        """Who is named, or the first that fits; else what is missing is noted, and anybody stands in for it."""
        known = self.directory.find(named) if named is not None else None
        if known is None and named is not None:
            self._lack(part, fill("service {service} is not in the directory", service=named))
        elif known is None and not fitting:
            self._lack(part, self._nobody(part, state))
        return known or (fitting[0] if fitting else self.directory.services[0])

    def _nobody(self, part: Part, state: str) -> str:
        card = self.cards.get(state)
        if card is None:
            return fill("there is no rule card for {state}: ask its authorities, and write one", state=state)
        kinds = [kind for one in card.deciders_of(self.case) for kind in one.by] if part == "authority" else []
        if kinds:
            return fill(
                "by the rule card of {state} such a delivery is decided on by {kinds}, and the directory has none there",
                state=state,
                kinds=either(dict.fromkeys(kinds)),
            )
        return fill("the directory has no service of {state} that could be it: {part}", state=state, part=word(part))

    def _lack(self, place: str, problem: str) -> None:
        self.lacks.append(Fault(place=place, problem=problem))

    def _choices(self) -> Iterator[Choice]:
        first = self.answers.route[0].state
        yield self._choice("initiator", first, self.initiator)
        for state in self.asked:
            yield self._choice("authority", state, self.authority(state))
        for state in self.answers.states():
            yield self._choice("in_charge", state, self.in_charge(state))

    def _choice(self, part: Part, state: str, chosen: Service) -> Choice:
        others = tuple(one.id for one in self.casting.fitting(part, state) if one.id != chosen.id)
        return Choice(part, state, chosen.id, others)

    # --- the way

    @cached_property
    def legs(self) -> tuple[_Leg, ...]:
        """One in each run of stops in one State, and one more for each further recipient."""
        runs = [tuple(stops) for _, stops in groupby(self.answers.route, key=lambda one: one.state)]
        legs: list[_Leg] = []
        for number, stops in enumerate(runs):
            last, state = number == len(runs) - 1, stops[0].state
            entered = number == 0 or not last or len(stops) > 1
            calls = stops[1 if entered else 0 : -1 if last else None]
            if last:
                place = stops[-1].place if number or len(stops) > 1 else None
                end, place = "delivery", place or fill("Delivery address")
            else:
                end, place = self._handover(state, runs[number + 1], last=number + 2 == len(runs))
            legs.append(_Leg(_numbered(state.lower(), [one.id for one in legs]), state, _numbered(end, [one.end for one in legs]), place, calls))
        for place in self.answers.recipients:
            end = _numbered("delivery", [one.end for one in legs])
            legs.append(_Leg(_numbered("onward", [one.id for one in legs]), legs[-1].state, end, place))
        return tuple(legs)

    @staticmethod
    def _handover(state: str, into: tuple[Stop, ...], *, last: bool) -> tuple[str, str]:
        """At the first stop of the next State, or at the border where that names only where it is delivered."""
        named = into[0].place if not last or len(into) > 1 else None
        return f"handover-{into[0].state.lower()}", named or fill("Border {one}-{other}", one=state, other=into[0].state)

    # --- the plan

    def _tree(self) -> dict[str, Any]:
        answers, kinds = self.answers, tuple(self.case.goods)
        states = " - ".join(answers.states())
        uses = (*answers.uses, *(["opening"] if answers.modality != "intact" and "opening" not in answers.uses else []))
        tree: dict[str, Any] = {
            "vigil": "plan/1",
            "operation": answers.operation,
            "title": answers.title or fill("{states}, {channel}", states=states, channel=word(answers.channel)),
            **({"example": True} if answers.example else {}),
            "handling_code": answers.handling_code,
            "offence": self._offence(kinds),
            "initiator": self.initiator.id,
            **({"coordinator": answers.coordinator} if answers.coordinator is not None else {}),
            "modality": answers.modality,
            **({"uses": list(uses)} if uses else {}),
            "answers_for_law": {},
            "consignment": self._consignment(kinds),
            **self._tolerances(),
            **self._warnings(),
            "checkpoints": [*map(self._consent, self.asked), *self._way(), *self._end()],
            "legs": list(self._legs()),
            **({"surveillance": {"check_in": answers.check_in, "answer": "1h", "search": "12h"}} if answers.check_in else {}),
        }
        own = self.initiator.state or ""
        to = {state: (self.cards[state], self.authority(state)) for state in self.asked if state in self.cards}
        return tree | {"request": request(answers, uses, self.case, own, to, self.language)}

    def _offence(self, kinds: tuple[GoodsClass, ...]) -> dict[str, Any]:
        own = self.initiator.state or ""
        articles: dict[str, Any] = {state: list(named) for state, named in self.answers.articles.items()}
        for state in self.answers.states():
            lists = [one.articles for one in self.cards[state].offences if one.is_about(self.case)]
            if lists and state not in articles:
                listed = ", ".join(article for named in lists for article in named)
                problem = fill("by the rule card of {state} it may be done for these offences alone; name one: {listed}", state=state, listed=listed)
                self._lack("articles", problem)
        if own not in articles:
            articles[own] = [fill("<articles of the law of {state}>", state=own)]
        return {
            "description": fill("Trafficking in {goods}", goods=together(map(word, kinds))),
            "extraditable": dict.fromkeys(self.answers.states(), True),
            "articles": articles,
            **({"stage": self.answers.stage} if self.answers.stage != "operational" else {}),
        }

    def _consignment(self, kinds: tuple[GoodsClass, ...]) -> dict[str, Any]:
        number = self.answers.number
        unknown = f"unmeasured time {self.authority(self.answers.route[0].state).id}"
        return {
            "kind": self.answers.channel,
            "goods": list(kinds),
            "identifiers": [{"scheme": number.scheme, "value": number.value} if number else {"scheme": "other", "value": fill("<number>")}],
            "declared_as": fill("<what its papers say>"),
            "contents": [_with_quantity(one.amount, unknown) for one in self.answers.goods],
            "gross": self.answers.gross or unknown,
        }

    def _tolerances(self) -> dict[str, Any]:
        """Of gross weight what scales differ by, unless that would hide something; any weight of what stands in for something."""
        masses = [one.amount.get("net") for one in self.answers.goods if "substance" in one.amount]
        weights = [weight for text in (*masses, self.answers.gross) if text is not None and (weight := _weight(text))]
        most = min(weights, default=TOLERANCES[0] * 20) // 20
        gross = next((one for one in TOLERANCES if one <= most), None) if None not in masses else None
        found = ({"gross": say_mass(gross)} if gross is not None else {}) | (
            {"substitute": "any"} if self.answers.modality.startswith("replaced") else {}
        )
        return {"tolerances": found} if found else {}

    def _warnings(self) -> dict[str, Any]:
        """Where a card wants an extension asked for sooner than usual."""
        usual = Plan.model_fields["expiry_warnings"].default
        terms = [term for state in self.answers.states() if (term := self.cards[state].term_of(self.case)) is not None]
        sooner = max((one.ask_before for one in terms if one.ask_before is not None), default=usual[0])
        return {"expiry_warnings": [_hours(one) for one in (sooner, *usual)]} if sooner > usual[0] else {}

    def _consent(self, state: str) -> dict[str, Any]:
        card, authority = self.cards[state], self.authority(state)
        notice = card.notice_of(self.case)
        due = max(CONSENT, notice.time) if notice is not None else CONSENT
        charge = self.in_charge(state).id if state in self.answers.states() else None
        two = authority.id in (charge, self.initiator.id) and self._decides_alone(authority)
        asked = [{"service": authority.id, "says": "authorisation"} | ({"officers": 2} if two else {})]
        asked += [{"service": one, "says": "permission"} for one in self._permits(card, authority)]
        asked += [{"service": one, "says": "agreement"} for one in self._agrees(card, asked)]
        ladder = self._register(state, {str(one["service"]) for one in asked})
        place = authority.names.get(self.language) or next(iter(authority.names.values()))
        return {
            "id": f"consent-{state.lower()}",
            "step": "authorise",
            "state": state,
            "place": place,
            "due": _hours(due),
            "remind": [_hours(due / 2)],
            **({"escalate": [{"after": _hours(due * 3 / 4), "to": ladder}]} if ladder else {}),
            "requires": asked,
        }

    def _measures(self, state: str) -> tuple[Measure, ...]:
        """As `Plan.measures`, of a plan that is not written yet."""
        if state not in self.answers.states():
            return ()
        uses = [one for one in self.answers.uses if one != "opening"]
        opened = (self.answers.modality != "intact" or "opening" in self.answers.uses) and state == self.answers.route[0].state
        post: list[Measure] = ["post"] if self.answers.channel in POSTAL else []
        return (*post, *(["opening"] if opened else []), *uses)  # type: ignore[list-item]

    def _permits(self, card: RuleCard, authority: Service) -> tuple[str, ...]:
        """Who permits what the authorisation does not cover, each once."""
        found: list[str] = []
        for measure in self._measures(card.state):
            able = self.casting.who_permits(measure, card, authority)
            if able == ():
                rule = card.rule_of(measure, self.case)
                kinds = either(rule.by) if rule is not None else fill("nobody")
                problem = fill(
                    "R16: in {state} {measure} is permitted by {kinds}, and the directory has none there",
                    state=card.state,
                    measure=word(measure),
                    kinds=kinds,
                )
                self._lack("uses", problem)
            elif able is not None and not {one.id for one in able} & {*found}:
                found.append(able[0].id)
        return tuple(found)

    def _agrees(self, card: RuleCard, asked: list[dict[str, Any]]) -> Iterator[str]:
        """Who must agree to what the initiator begins, where it is of this State."""
        if card.state != self.initiator.state:
            return
        kinds = [self.directory.get(str(one["service"])).kind for one in asked if one["says"] == "authorisation"]
        for one in card.agreements:
            if not one.is_about(self.case) or self.initiator.kind not in one.begun_by or any(kind in one.of for kind in kinds):
                continue
            able = self.casting.of_kinds(one.of, card.state)
            if able:
                yield able[0].id
            else:
                problem = fill(
                    "R1: by the rule card of {state} {kinds} must agree, and the directory has none there", state=card.state, kinds=either(one.of)
                )
                self._lack("initiator", problem)

    def _register(self, state: str, asked: set[str]) -> str | None:
        """Whom the ladder comes to, so that somebody may sign that other operations are looked for (R15); none where one is asked."""
        able = [one.id for one in self.casting.for_the_register(state) if one.id != self.initiator.id]
        if state != self.initiator.state or not able or {*able} & {*asked, self.answers.coordinator}:
            return None
        return able[0]

    def _way(self) -> Iterator[dict[str, Any]]:
        start = self.answers.route[0]
        first = self.in_charge(start.state).id
        where = {"state": start.state, "place": start.place or fill("<where it is now>")}
        others = dict.fromkeys(one for leg in self.legs if (one := self.in_charge(leg.state).id) != first)
        ready = [{"service": one, "says": "ready"} for one in others]
        yield {"id": "preparation", "step": "prepare", **where, "due": "12h", "remind": ["8h"], "requires": [{"service": first, "says": "prepared"}]}
        dispatched = [{"service": first, "says": "dispatched"}, *ready]
        yield {"id": "departure", "step": "dispatch", **where, "due": "12h", "remind": ["8h"], "requires": dispatched}
        for leg, following in pairwise(self.legs):
            giver, taker = self.in_charge(leg.state).id, self.in_charge(following.state).id
            if leg.end.startswith("delivery"):
                received = [{"service": giver, "says": "delivered"}, {"service": giver, "says": "arrest"}]
                yield {"id": leg.end, "step": "deliver", "state": leg.state, "place": leg.place, "due": "24h", "requires": received}
                continue
            passed = [{"service": giver, "says": "handover_offer"}, {"service": taker, "says": "handover_acceptance"}]
            place = {"state": following.state, "place": leg.place}
            yield {"id": leg.end, "step": "hand_over", **place, "due": "12h", "overdue": "interdict", "requires": passed}
        last = self.legs[-1]
        said = [{"service": self.in_charge(last.state).id, "says": "interdiction" if self.answers.ends == "seizure" else "delivered"}]
        yield {"id": last.end, "step": "deliver", "state": last.state, "place": last.place, "due": "24h", "requires": said}

    def _end(self) -> Iterator[dict[str, Any]]:
        last = self.legs[-1]
        before = None
        for state in self.answers.arrests or {last.state: None}:
            after = {"after": before} if before is not None and self.answers.one_after_another else {}
            said = [{"service": self.arresting(state).id, "says": "arrest"}]
            place = {"state": state, "place": self._place_in(state)}
            before = f"arrest-{state.lower()}"
            yield {"id": before, "step": "arrest", **place, "due": "10d" if after else "24h", **after, "requires": said}
        counted = [{"service": self.in_charge(last.state).id, "says": "seizure"}]
        yield {"id": "accounting", "step": "account", "state": last.state, "place": last.place, "due": "48h", "remind": ["24h"], "requires": counted}
        if self.answers.coordinator is not None:
            met = [{"service": self.answers.coordinator, "says": "debrief"}]
            yield {"id": "debrief", "step": "close", "state": last.state, "place": fill("On line"), "due": "20d", "requires": met}

    def _place_in(self, state: str) -> str:
        """Where it is delivered; elsewhere only the officer knows where."""
        last = self.legs[-1]
        return last.place if state == last.state else fill("<where in {state}>", state=state)

    def _legs(self) -> Iterator[dict[str, Any]]:
        start = "departure"
        for number, leg in enumerate(self.legs):
            takes = self.answers.takes[number] if number < len(self.answers.takes) else TAKES[self.answers.channel]
            calls = [{"state": one.state, "place": one.place or fill("<where in {state}>", state=one.state)} for one in leg.calls]
            yield {
                "id": leg.id,
                "state": leg.state,
                "responsible": self.in_charge(leg.state).id,
                "start": start,
                "end": leg.end,
                "takes": takes,
                "means": fill(MEANS[self.answers.channel]),
                **({"calls": calls} if calls else {}),
            }
            start = leg.end


def _read(tree: dict[str, Any]) -> Plan:
    return Plan.model_validate_json(json.dumps(tree), strict=True, context=BY_HAND)


def _hours(span: timedelta) -> str:
    """As officers write it: in hours, where they are whole."""
    whole, rest = divmod(span, timedelta(hours=1))
    return say_span(span) if rest else f"{whole}h"


def _numbered(name: str, taken: list[str]) -> str:
    """The name, or with the first number that makes it one of its own."""
    return next(one for one in (name, *(f"{name}-{number}" for number in range(2, len(taken) + 3))) if one not in taken)


def _with_quantity(amount: dict[str, Any], unknown: str) -> dict[str, Any]:
    """Of what nobody has measured it is said that it is not, and who allows that."""
    size = "net" if "substance" in amount else "minor" if "currency" in amount else "count"
    return amount if size in amount else amount | {size: unknown}


def _weight(text: str) -> int | None:
    """Milligrams of a written mass, or estimate of one; none where there is no number."""
    number = text.removeprefix("suspected ").removeprefix("approximate ").removeprefix("declared ")
    try:
        return parse_mass(number)
    except ValueError:
        return None
