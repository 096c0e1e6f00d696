"""The book of who says yes in the place of another, and whether by the card its kind may (R1, R16). Nothing here asks a rule."""

from collections.abc import Iterator, Mapping

from domain.delivery.statement import Statement
from domain.plan.cards import Measure, RuleCard
from domain.plan.directory import Directory, ServiceKind
from domain.plan.plan import Plan
from domain.rules.agreement import AgreementGiven
from domain.rules.consent import AuthorisationExtended, AuthorisationGranted
from domain.rules.custody import MovementDecision
from domain.rules.hold import HoldDecided
from domain.rules.permission import PermissionGranted
from domain.rules.urgency import AgreementConfirmed, AuthorisationConfirmed
from rehearsal.oracle import LawBook, voice_of, who_agrees

AUTHORITY = ("customs", "border_guard", "police", "security", "investigator", "prosecutor", "court")
"""Kinds of service that exercise public authority."""


class StandInBook(LawBook):
    """Whether who speaks for another says only what by the card of their State a service of its kind says."""

    def __init__(self, plan: Plan, cards: Mapping[str, RuleCard], directory: Directory | None) -> None:
        super().__init__(plan, cards)
        self._directory = directory
        self._granted: dict[str, tuple[Measure, ...]] = {}
        """What each authorisation permits."""

    def heard(self, statement: Statement) -> Iterator[str]:
        """What is wrong with one that was accepted."""
        voice, speaker = voice_of(statement), statement.service
        if isinstance(statement.content, AuthorisationGranted):
            self._granted[voice] = statement.content.permits
        known = self._directory.find(speaker) if self._directory is not None else None
        if voice == speaker or known is None or known.state not in self._cards:
            return
        kind, state, content = known.kind, known.state or "", statement.content
        says = f"{speaker}, of kind {kind}, said {statement.kind} for {voice}"
        decides = isinstance(content, AuthorisationGranted | AuthorisationExtended | AuthorisationConfirmed)
        given = self._granted.get(voice, ()) if decides else ()
        if isinstance(content, PermissionGranted) and content.urgent_at is None:
            given = content.permissions
        yield from (f"R16: {says}, of {one}" for one in given if not self.permits(kind, one, state))
        if decides:
            yield from () if self.decides(kind, state) and not self._is_alone(kind, voice, state) else (f"R1: {says}",)
        if isinstance(content, AgreementGiven | AgreementConfirmed):
            yield from () if self._agrees(kind, voice, state) else (f"R1: {says}",)
        if (isinstance(content, HoldDecided) and content.decision == "go_on") or (
            isinstance(content, MovementDecision) and content.proceed
        ):
            may = self.decides(kind, state) and not self._is_alone(kind, voice, state)
            decides = voice not in self._plan.authorities(state) or may
            agrees = voice not in who_agrees(self._plan, self._cards, self._directory, state) or self._agrees(kind, voice, state)
            yield from () if decides and agrees else (f"R8: {says}",)

    def decides(self, kind: ServiceKind, state: str) -> bool:
        """Whether such a service authorises in this State."""
        card = self._cards[state]
        named = [one for rule in card.deciders if self._is_about(rule, state) for one in rule.by]
        return kind in (named or AUTHORITY) and not self._is_out(kind, state)

    def permits(self, kind: ServiceKind, measure: Measure, state: str) -> bool:
        """Whether such a service permits this measure there."""
        rules = [one for one in self._cards[state].measures if measure in one.measures and self._is_about(one, state)]
        named = rules[0].by if rules else ()
        return kind in named if named else kind in AUTHORITY and not self._is_out(kind, state)

    def _agrees(self, kind: ServiceKind, voice: str, state: str) -> bool:
        """Whether such a service agrees in the place of this one."""
        known = self._directory.find(voice) if self._directory is not None else None
        must = {one for rule in self._cards[state].agreements if self._is_about(rule, state) for one in rule.of}
        return kind in must or (kind in AUTHORITY and (known is None or known.kind not in must))

    def _is_alone(self, kind: ServiceKind, voice: str, state: str) -> bool:
        """Whether by the law others must agree where such a service decides, as they need not where this one does, and the plan
        asks none of them.
        """
        known = {one.id: one.kind for one in self._directory.services} if self._directory is not None else {}
        asks = [one for at in self._plan.checkpoints if at.step == "authorise" and at.state == state for one in at.requires]
        agree = {known.get(one.service) for one in asks if one.says == "agreement"}
        rules = [one for one in self._cards[state].agreements if self._is_about(one, state) and kind in one.decided_by]
        return any(known.get(voice) not in one.decided_by and kind not in one.of and agree.isdisjoint(one.of) for one in rules)

    def _is_out(self, kind: ServiceKind, state: str) -> bool:
        rules = (one for one in self._cards[state].exclusions if "decide" in one.may_not and self._is_about(one, state))
        return any(kind in one.kinds for one in rules)
