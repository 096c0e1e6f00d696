"""A whole plan from a handful of answers, with usual times, and with the services that fit best (`domain.plan.casting`).

What follows from answers, cards and directory is written; what only the officer can know is a gap that the check names
(`domain.plan.gaps`). The plan is then checked as any other, so a draft is never laxer than a plan by hand: where the law or
the directory lacks something, it is said, and nothing is drafted. Pure.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any, Final, get_args

from pydantic import ValidationError

from domain.plan.answers import Answers, size_of
from domain.plan.cards import Channel, GoodsClass, Measure, RuleCard
from domain.plan.check import rules
from domain.plan.demands import needed, not_known, topic
from domain.plan.directory import Directory
from domain.plan.draft_cast import Cast, Choice
from domain.plan.draft_left_out import left_out
from domain.plan.draft_request import request
from domain.plan.draft_way import DraftLeg, way
from domain.plan.plan import PlaceOfCall, Plan
from domain.plan.quantity import Why
from domain.words.errors import Malformed, faults_of
from domain.words.quantities import BY_HAND, MAX_SPAN, parse_mass, say_mass, say_span
from domain.words.text import fill, mark, together, word

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
    "mail": mark("ordinary post"),
    "express": mark("express post"),
    "air_cargo": mark("by air"),
    "container": mark("by ship or rail"),
    "truck": mark("by road"),
    "rail": mark("by rail"),
    "passenger": mark("with a traveller"),
    "cash": mark("with a traveller"),
    "goods": mark("by road"),
}
CALLS_AT: Final[Mapping[Channel, PlaceOfCall]] = {
    "mail": "airport",
    "express": "airport",
    "air_cargo": "airport",
    "container": "port",
    "truck": "road",
    "rail": "station",
    "passenger": "road",
    "cash": "road",
    "goods": "road",
}
"""Where a carrier usually calls."""
CONSENT: Final = timedelta(hours=48)
"""Usual time for consent; where a card wants more, as long as that."""
AFTERWARDS: Final = "180d"
"""For how long it stays open while what was seized is held: what its code keeps from a court is permitted until then (R23)."""
TOLERANCES: Final = (20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100)
"""Of gross weight, milligrams: the first that hides nothing."""


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
    return _Drafting(Cast(answers, directory, cards), language).done()


@dataclass(frozen=True)
class _Drafting:
    cast: Cast
    language: str

    @property
    def answers(self) -> Answers:
        return self.cast.answers

    def done(self) -> Draft:
        self.cast.lacks += left_out(self.cast)
        self._stop_if_lacking()
        choices = tuple(self.cast.choices())
        self._stop_if_lacking()
        _ = self.legs
        self._stop_if_lacking()
        plan = _read(self._tree({}))
        tree = self._tree({state: plan.permissions(self.cast.cards[state]) for state in plan.asked_states()})
        self._stop_if_lacking()
        plan = _read(tree)
        unknown = {state: not_known(plan, self.cast.cards[state]) for state in plan.asked_states()}
        answered = {state: together(map(topic, topics)) for state, topics in unknown.items() if topics}
        if answered:
            tree["answers_for_law"] = {state: self.cast.authority(state).id for state in answered}
        else:
            del tree["answers_for_law"]
        plan = _read(tree)
        if any(needed(plan, state) > MAX_SPAN for state in plan.asked_states()):
            most = say_span(MAX_SPAN)
            self.cast.lack("takes", fill("the whole way takes too long: all together lasts {most} at most", most=most))
            self._stop_if_lacking()
        self.cast.lacks += (fault for rule in rules(self.cast.directory, self.cast.cards) for fault in rule(plan))
        self._stop_if_lacking()
        return Draft(tree, plan, choices, answered)

    def _stop_if_lacking(self) -> None:
        if self.cast.lacks:
            hint = fill(
                "ask the authorities that are named; what a State's law allows stands in its rule card, and who there is in the "
                "directory: change the answers, or bring what is missing there"
            )
            raise Malformed(fill("no plan can be made of these answers"), tuple(dict.fromkeys(self.cast.lacks)), hint=hint)

    @cached_property
    def legs(self) -> tuple[DraftLeg, ...]:
        return way(self.cast)

    def _tree(self, measures: Mapping[str, tuple[Measure, ...]]) -> dict[str, Any]:
        """The plan, with who permits these measures in each State: which they are follows from the plan without them."""
        answers, kinds = self.answers, tuple(self.cast.case.goods)
        states = " - ".join(answers.states())
        tree: dict[str, Any] = {
            "vigil": "plan/1",
            "operation": answers.operation,
            "title": answers.title or fill("{states}, {means}", states=states, means=fill(MEANS[answers.channel])),
            **({"example": True} if answers.example else {}),
            "handling_code": answers.handling_code,
            "offence": self._offence(kinds),
            "initiator": self.cast.initiator.id,
            **({"coordinator": answers.coordinator} if answers.coordinator is not None else {}),
            **({"found_by": self.cast.finder.id} if self.cast.finder.id != self.legs[0].in_charge else {}),
            "modality": answers.modality,
            **({"uses": list(answers.uses)} if answers.uses else {}),
            "answers_for_law": {},
            "consignment": self._consignment(kinds),
            **self._tolerances(),
            **self._warnings(),
            **self._duty_times(),
            "checkpoints": [
                *(self._consent(state, measures.get(state, ())) for state in self.cast.asked),
                *self._way(),
                *self._end(),
            ],
            "legs": list(self._legs()),
            **({"afterwards": AFTERWARDS} if answers.handling_code != "H0" else {}),
            **({"surveillance": {"check_in": answers.check_in, "answer": "1h", "search": "12h"}} if answers.check_in else {}),
        }
        return tree | {"request": request(self.cast, answers.uses, self.language)}

    def _offence(self, kinds: tuple[GoodsClass, ...]) -> dict[str, Any]:
        own = self.cast.initiator.state or ""
        articles: dict[str, Any] = {state: list(named) for state, named in self.answers.articles.items()}
        for state in self.cast.asked:
            card = self.cast.cards[state]
            lists = [one.articles for one in card.about(card.offences, self.cast.case)]
            if lists and state not in articles:
                listed = ", ".join(article for named in lists for article in named)
                problem = fill(
                    "by the rule card of {state} it may be done for these offences alone; name one: {listed}",
                    state=state,
                    listed=listed,
                )
                self.cast.lack("articles", problem)
        if own not in articles:
            articles[own] = [fill("<articles of the law of {state}>", state=own)]
        return {
            "description": fill("Trafficking in {goods}", goods=together(map(word, kinds))),
            "extraditable": dict.fromkeys(self.cast.asked, True),
            "articles": articles,
            **({"stage": self.answers.stage} if self.answers.stage != "operational" else {}),
        }

    def _consignment(self, kinds: tuple[GoodsClass, ...]) -> dict[str, Any]:
        number, unknown = self.answers.number, not_measured_yet()
        return {
            "kind": self.answers.channel,
            "goods": list(kinds),
            "identifiers": [
                {"scheme": number.scheme, "value": number.value} if number else {"scheme": "other", "value": fill("<number>")}
            ],
            "declared_as": fill("<what its papers say>"),
            "contents": [with_quantity(one.amount) for one in self.answers.goods],
            "gross": self.answers.gross or unknown,
            **({"imported": True} if self.cast.case.imported else {}),
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
        terms = [term for state in self.cast.asked if (term := self.cast.cards[state].term_of(self.cast.case)) is not None]
        sooner = max((one.ask_before for one in terms if one.ask_before is not None), default=usual[0])
        return {"expiry_warnings": [_hours(one) for one in (sooner, *usual)]} if sooner > usual[0] else {}

    def _duty_times(self) -> dict[str, Any]:
        """What a law wants at once or gives no time for: within a day, until somebody says otherwise."""
        untimed = {
            state: {
                one.id: "24h" for one in self.cast.cards[state].duties_of(self.cast.case) if one.untimed and one.usual is None
            }
            for state in self.cast.asked
        }
        found = {state: times for state, times in untimed.items() if times}
        return {"duty_times": found} if found else {}

    def _consent(self, state: str, measures: tuple[Measure, ...]) -> dict[str, Any]:
        card, authority = self.cast.cards[state], self.cast.authority(state)
        notice = card.notice_of(self.cast.case)
        due = max(CONSENT, notice.time) if notice is not None else CONSENT
        charges = [one.in_charge for one in self.legs if one.state == state]
        two = authority.id in (*charges, self.cast.initiator.id) and self.cast.decides_alone(authority)
        asked = [{"service": authority.id, "says": "authorisation"} | ({"officers": 2} if two else {})]
        asked += [{"service": one, "says": "permission"} for one in self.cast.permits(card, authority, measures)]
        asked += [{"service": one, "says": "agreement"} for one in self.cast.agrees(card, asked)]
        ladder = self.cast.register(state, {str(one["service"]) for one in asked})
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

    def _way(self) -> Iterator[dict[str, Any]]:
        start = self.answers.route[0]
        first = self.legs[0].in_charge
        where = {"state": start.state, "place": start.place or fill("<where it is now>")}
        others = dict.fromkeys(leg.in_charge for leg in self.legs if leg.in_charge != first)
        ready = [{"service": one, "says": "ready"} for one in others]
        yield {
            "id": "preparation",
            "step": "prepare",
            **where,
            "due": "12h",
            "remind": ["8h"],
            "requires": [{"service": first, "says": "prepared"}],
        }
        dispatched = [{"service": first, "says": "dispatched"}, *ready]
        yield {"id": "departure", "step": "dispatch", **where, "due": "12h", "remind": ["8h"], "requires": dispatched}
        for leg, following in pairwise(self.legs):
            giver, taker = leg.in_charge, following.in_charge
            if leg.is_delivered:
                received = [{"service": giver, "says": "delivered"}, {"service": giver, "says": "arrest"}]
                yield {
                    "id": leg.end,
                    "step": "deliver",
                    "state": leg.state,
                    "place": leg.place,
                    "due": "24h",
                    "requires": received,
                }
                continue
            passed = [{"service": giver, "says": "handover_offer"}, {"service": taker, "says": "handover_acceptance"}]
            place = {"state": following.state, "place": leg.place}
            yield {"id": leg.end, "step": "hand_over", **place, "due": "12h", "overdue": "interdict", "requires": passed}
        last = self.legs[-1]
        said = [
            {
                "service": last.in_charge,
                "says": "interdiction" if self.answers.ends == "seizure" else "delivered",
            }
        ]
        yield {"id": last.end, "step": "deliver", "state": last.state, "place": last.place, "due": "24h", "requires": said}

    def _end(self) -> Iterator[dict[str, Any]]:
        last = self.legs[-1]
        before: str | None = None
        for state in self.answers.arrests or {last.state: None}:
            after = {"after": before} if before is not None and self.answers.one_after_another else {}
            said = [{"service": self.cast.arresting(state).id, "says": "arrest"}]
            place = {"state": state, "place": self._place_in(state)}
            before = f"arrest-{state.lower()}"
            yield {"id": before, "step": "arrest", **place, "due": "10d" if after else "24h", **after, "requires": said}
        counted = [{"service": last.in_charge, "says": "seizure"}]
        yield {
            "id": "accounting",
            "step": "account",
            "state": last.state,
            "place": last.place,
            "due": "48h",
            "remind": ["24h"],
            "requires": counted,
        }
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
            calls = [
                {
                    "kind": CALLS_AT[self.answers.channel],
                    "state": one.state,
                    "place": one.place or fill("<where in {state}>", state=one.state),
                }
                for one in leg.calls
            ]
            yield {
                "id": leg.id,
                "state": leg.state,
                "responsible": leg.in_charge,
                "start": start,
                "end": leg.end,
                "takes": takes,
                "means": fill(MEANS[self.answers.channel]),
                **({"calls": calls} if calls else {}),
            }
            start = leg.end


def _read(tree: dict[str, Any]) -> Plan:
    try:
        return Plan.model_validate_json(json.dumps(tree), strict=True, context=BY_HAND)
    except ValidationError as error:
        raise Malformed(fill("no plan can be made of these answers"), faults_of(error)) from error


def _hours(span: timedelta) -> str:
    """As officers write it: in hours, where they are whole."""
    whole, rest = divmod(span, timedelta(hours=1))
    return say_span(span) if rest else f"{whole}h"


def not_measured_yet() -> dict[str, str]:
    """In the place of a quantity that nobody has given: two gaps, for why it is not measured and who has allowed that. Nobody's
    leave is written down before it was given.
    """
    reasons = " / ".join(get_args(Why))
    return {
        "unmeasured": fill("<why it is not measured: {reasons}>", reasons=reasons),
        "allowed_by": fill("<the service that allowed that>"),
    }


def with_quantity(amount: dict[str, Any]) -> dict[str, Any]:
    """Of what nobody has measured yet it is said that it is not."""
    size = size_of(amount)
    return amount if size in amount else amount | {size: not_measured_yet()}


def _weight(text: str) -> int | None:
    """Milligrams of a written mass, or estimate of one; none where there is no number."""
    number = text.removeprefix("suspected ").removeprefix("approximate ").removeprefix("declared ")
    try:
        return parse_mass(number)
    except ValueError:
        return None
