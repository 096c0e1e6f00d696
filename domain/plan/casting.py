"""Which services of a directory fit which part of a plan: by their power, their State and what its rule card says (R1, R4, R13,
R16, R29). The first that fits is the usual one; whoever writes the plan may choose another.

Nothing here is law: a plan is checked whoever it names (`domain.plan.check`). This saves looking for who could be named.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from domain.plan.cards import Case, Measure, RuleCard
from domain.plan.directory import MAY_ASK_THE_REGISTER, MAY_SEIZE, Directory, Service, ServiceKind
from domain.plan.powers import MAY_ARREST, MAY_PROSECUTE
from domain.words.text import mark

Part = Literal["initiator", "found_by", "authority", "in_charge", "arrest"]
"""What a service may be chosen for: who begins it, who found it and holds it first, who authorises for its State, who is in
charge of a leg, who arrests."""
PARTS: Final[Mapping[Part, str]] = {
    "initiator": mark("begins it"),
    "found_by": mark("found it"),
    "authority": mark("authorises"),
    "in_charge": mark("in charge"),
    "arrest": mark("arrests"),
}
"""What each is called."""

MAY_DECIDE: tuple[ServiceKind, ...] = (*MAY_PROSECUTE, *MAY_SEIZE)
"""Kinds that decide, the usual one first. Where a card does not know who does, those that would carry it out are asked only where
there is neither prosecutor nor court."""

IN_CHARGE: tuple[ServiceKind, ...] = ("customs", "police", "security", "border_guard")
"""Kinds that may be in charge of a leg; customs, whose consignment it is, before all."""

USUAL: Mapping[Part, tuple[ServiceKind, ...]] = {
    "initiator": (*IN_CHARGE, "investigator"),
    "found_by": (*IN_CHARGE, "investigator"),
    "authority": MAY_DECIDE,
    "in_charge": IN_CHARGE,
    "arrest": MAY_ARREST,
}
"""Kinds that may have a part, the usual one first."""


@dataclass(frozen=True)
class Casting:
    """A directory and the cards, asked about one kind of delivery."""

    directory: Directory
    cards: Mapping[str, RuleCard]
    case: Case

    def fitting(self, part: Part, state: str) -> tuple[Service, ...]:
        """The services of a State that may have this part there, by kind and then as the directory lists them; none where there
        is none, or no card of the State.
        """
        card = self.cards.get(state)
        if card is None:
            return ()
        kinds = [kind for kind in self._kinds(part, card) if self._may(part, kind, card)]
        found = self.of_kinds(kinds, state)
        answerable = [one for one in found if one.kind in MAY_PROSECUTE]
        known = part != "authority" or card.deciders_of(self.case)
        return found if known or not answerable else tuple(answerable)

    def of_kinds(self, kinds: Iterable[ServiceKind], state: str) -> tuple[Service, ...]:
        """The services of a State that are of these kinds, in their order."""
        return tuple(one for kind in kinds for one in self.directory.services if (one.state, one.kind) == (state, kind))

    def _kinds(self, part: Part, card: RuleCard) -> tuple[ServiceKind, ...]:
        """What a card names that decides, prosecutors and courts first; else what is usual."""
        named = [kind for one in card.deciders_of(self.case) for kind in one.by] if part == "authority" else []
        rest = [kind for kind in dict.fromkeys(named) if kind not in MAY_DECIDE]
        return (*(kind for kind in MAY_DECIDE if kind in named), *rest) if named else USUAL[part]

    def _may(self, part: Part, kind: ServiceKind, card: RuleCard) -> bool:
        if part == "authority":
            return card.lets_grant(kind, self.case)
        return part == "found_by" or not card.excludes(kind, "run", self.case)

    def who_permits(self, measure: Measure, card: RuleCard, authority: Service) -> tuple[Service, ...] | None:
        """Who may permit a measure that an act must permit, where that is another act than the authorisation; nobody (empty)
        where the directory has none that may; none where the authorisation covers it.
        """
        rule = card.rule_of(measure, self.case)
        if rule is None:
            return None
        if card.lets_permit(authority.kind, measure, self.case):
            return None if rule.needs == "permission" else (authority,)
        return self.of_kinds(rule.by, card.state)

    def for_the_register(self, state: str) -> tuple[Service, ...]:
        """Who of a State may sign that other operations are looked for (R15)."""
        return self.of_kinds(MAY_ASK_THE_REGISTER, state)
