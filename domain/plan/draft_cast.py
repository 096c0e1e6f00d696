"""Who takes which part in a drafted plan: whom the answers name, or who fits best; and what law or directory lack for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from domain.plan.answers import Answers
from domain.plan.cards import Case, GoodsClass, Measure, RuleCard
from domain.plan.casting import PARTS, Casting, Part
from domain.plan.directory import Directory, Service
from domain.words.errors import Fault
from domain.words.text import either, fill, word


@dataclass(frozen=True)
class Choice:
    """Who was chosen for a part in a State, and who would fit too."""

    part: Part
    state: str
    chosen: str
    others: tuple[str, ...]


@dataclass
class Cast:
    """The services of a draft. What is missing is gathered in `lacks`, so that all of it is said at once."""

    answers: Answers
    directory: Directory
    cards: Mapping[str, RuleCard]
    lacks: list[Fault] = field(default_factory=list)

    @cached_property
    def case(self) -> Case:
        """What kind of delivery it is, for the law."""
        goods: tuple[GoodsClass, ...] = tuple(dict.fromkeys(one.goods for one in self.answers.goods))
        way = tuple(one.state for one in self.answers.route)
        imported = self.answers.came_from_abroad()
        return Case(channel=self.answers.channel, goods=goods, stage=self.answers.stage, way=way, imported=imported)

    @cached_property
    def casting(self) -> Casting:
        """Who fits which part."""
        return Casting(self.directory, self.cards, self.case)

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """The States that are asked: those on the way, and where else somebody is arrested."""
        return tuple(dict.fromkeys((*self.answers.states(), *self.answers.arrests)))

    @cached_property
    def initiator(self) -> Service:
        """Who begins it: whom the answers name; else a service of the State where it is now."""
        state = self.answers.route[0].state
        return self._chosen("initiator", state, self.answers.initiator, self.casting.fitting("initiator", state))

    @cached_property
    def finder(self) -> Service:
        """Who found it and holds it first: whom the answers name; else who is in charge first."""
        state, named = self.answers.route[0].state, self.answers.found_by
        return self.in_charge_of(state)[0] if named is None else self._chosen("found_by", state, named, ())

    def authority(self, state: str) -> Service:
        """Who authorises for it."""
        return self._chosen("authority", state, self.answers.authorities.get(state), self.casting.fitting("authority", state))

    def in_charge_of(self, state: str) -> tuple[Service, ...]:
        """Who is in charge there, one after another: whom the answers name; else the initiator where it is of this State, or the
        first that fits. Who alone decides for a State is it only where its law lets it.
        """
        named = self.answers.in_charge.get(state)
        if named:
            return tuple(self._chosen("in_charge", state, one, ()) for one in named)
        fitting = self.casting.fitting("in_charge", state)
        first = [one for one in fitting if one.id == self.initiator.id]
        rest = [one for one in fitting if one.id != self.initiator.id]
        own = self.authority(state)
        usual = [one for one in (*first, *rest) if one.id != own.id or self.decides_alone(own) or self.needs_agreement(own)]
        return (self._chosen("in_charge", state, None, tuple(usual)),)

    def arresting(self, state: str) -> Service:
        """Who arrests there: who is in charge, where it goes through that State."""
        named = self.answers.arrests.get(state)
        if named is None and state in self.answers.states():
            return self.in_charge_of(state)[-1]
        return self._chosen("arrest", state, named, self.casting.fitting("arrest", state))

    def decides_alone(self, service: Service) -> bool:
        """Whether its law lets it decide on what it carries out itself."""
        card = self.cards.get(service.state or "")
        return card is not None and card.lets_decide_alone(service.kind, self.case)

    def needs_agreement(self, service: Service) -> bool:
        """Whether another service must agree to what it decides, so that it is not its decision alone."""
        card = self.cards.get(service.state or "")
        wanted = card.about(card.agreements, self.case) if card is not None else ()
        return any(one.wanted((), (service.kind,)) for one in wanted)

    def _chosen(self, part: Part, state: str, named: str | None, fitting: tuple[Service, ...]) -> Service:
        """Who is named, or the first that fits; else what is missing is noted, and anybody stands in for it."""
        known = self.directory.find(named) if named is not None else None
        if known is None and named is not None:
            self.lack(part, self.directory.unknown(named))
        elif known is None and not fitting:
            self.lack(part, self._nobody(part, state))
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
        return fill("the directory has no service of {state} for this part: {part}", state=state, part=fill(PARTS[part]))

    def lack(self, place: str, problem: str) -> None:
        """Note what is missing."""
        self.lacks.append(Fault(place=place, problem=problem))

    def choices(self) -> Iterator[Choice]:
        """Who was chosen for each part in each State, and who would fit too."""
        for state in self.asked:
            if state not in self.cards:
                self.lack("authority", self._nobody("authority", state))
        yield self._choice("initiator", self.initiator.state or "", self.initiator)
        yield self._choice("found_by", self.answers.route[0].state, self.finder)
        for state in self.asked:
            yield self._choice("authority", state, self.authority(state))
        for state in self.answers.states():
            yield from (self._choice("in_charge", state, one) for one in self.in_charge_of(state))

    def _choice(self, part: Part, state: str, chosen: Service) -> Choice:
        others = tuple(one.id for one in self.casting.fitting(part, state) if one.id != chosen.id)
        return Choice(part, state, chosen.id, others)

    def permits(self, card: RuleCard, authority: Service, measures: tuple[Measure, ...]) -> tuple[str, ...]:
        """Who permits those of these measures that the authorisation does not cover, each once."""
        found: list[str] = []
        for measure in measures:
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
                self.lack("uses", problem)
            elif able is not None and not {one.id for one in able} & {*found}:
                found.append(able[0].id)
        return tuple(found)

    def agrees(self, card: RuleCard, asked: list[dict[str, Any]]) -> Iterator[str]:
        """Who must agree to what the initiator begins, where it is of this State, and to what is decided there."""
        begun = self.initiator.kind if card.state == self.initiator.state else None
        kinds = [self.directory.get(str(one["service"])).kind for one in asked if one["says"] == "authorisation"]
        for one in card.about(card.agreements, self.case):
            if not one.wanted((begun,) if begun is not None else (), kinds) or any(kind in one.of for kind in kinds):
                continue
            able = self.casting.of_kinds(one.of, card.state)
            if able:
                yield able[0].id
            else:
                problem = fill(
                    "R1: by the rule card of {state} {kinds} must agree, and the directory has none there",
                    state=card.state,
                    kinds=either(one.of),
                )
                self.lack("initiator", problem)

    def register(self, state: str, asked: set[str]) -> str | None:
        """Whom the ladder comes to, so that somebody may sign that others are looked for (R15); none where one is asked."""
        able = [one.id for one in self.casting.for_the_register(state) if one.id != self.initiator.id]
        if state != self.initiator.state or not able or {*able} & {*asked, self.answers.coordinator}:
            return None
        return able[0]
