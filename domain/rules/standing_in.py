"""What nobody says in the place of another, since by the rule card of its State a service of its kind does not (R1, R21).

A delegation or a ladder lets somebody speak. It gives nobody a power that the law gives another: who decides, agrees or permits
by the card is asked whole of whoever says it. A no, and whatever holds or ends, is free for all who may speak.
"""

from domain.delivery.delivery import Delivery
from domain.delivery.statement import Said
from domain.delivery.verdicts import Verdict, refused
from domain.plan.cards import RuleCard
from domain.plan.directory import ServiceKind
from domain.plan.powers import PUBLIC_AUTHORITIES
from domain.plan.voices import agreeing, asked_to_agree, not_agreed_to

MAY_NOT_DECIDE = refused(
    "R1",
    "may_not_decide",
    "by the rule card of {state} a {what} does not authorise such a delivery, nor in another's place; let one that does say it",
    state="name",
    what="word",
)
MAY_NOT_AGREE = refused(
    "R1",
    "may_not_agree",
    "by the rule card of {state} a {what} does not agree to such a delivery, nor in another's place; let one that does say it",
    state="name",
    what="word",
)
NOT_AGREED_TO = refused(
    "R1",
    "not_agreed_to",
    "by the rule card of {state} {kinds} must agree where a {what} decides, and nobody of these is asked to; let {voice} say it, "
    "or one whose decision needs no such agreement",
    state="name",
    kinds="words",
    what="word",
    voice="name",
)
MAY_NOT_LET_GO_ON = refused(
    "R1",
    "may_not_let_go_on",
    "by the rule card of {state} a {what} does not decide in the place of {voice} that it goes on; let {voice} say it, or one "
    "of a kind that may. To have it seized or ended, anyone may who speaks for {voice}",
    state="name",
    what="word",
    voice="name",
)


def kinds_of(delivery: Delivery, said: Said) -> tuple[ServiceKind, ServiceKind]:
    """Of which kind whose say it is is, and of which who says it, itself or in the place of that."""
    return delivery.directory.get(said.voice).kind, delivery.directory.get(said.service).kind


def may_not_decide(delivery: Delivery, said: Said, state: str) -> Verdict | None:
    """Whether whose say it is exercises no public authority, and the card of that State does not name it; or who says it in its
    place may not authorise, or not without an agreement that nobody is asked for (`not_agreed_to`).
    """
    card, case, (voice, speaker) = delivery.cards.get(state), delivery.plan.case, kinds_of(delivery, said)
    if card is not None and voice not in PUBLIC_AUTHORITIES and not card.lets_grant(voice, case):
        return MAY_NOT_DECIDE(state=state, what=voice)
    if card is None or said.service == said.voice:
        return None
    if not card.lets_grant(speaker, case):
        return MAY_NOT_DECIDE(state=state, what=speaker)
    return _not_agreed_to(delivery, said, card, asked_to_agree(delivery.plan, state))


def may_not_agree(delivery: Delivery, said: Said, state: str) -> Verdict | None:
    """Whether whose say it is does not agree by the card of that State, or not who says it in the place of that."""
    card, case, (voice, speaker) = delivery.cards.get(state), delivery.plan.case, kinds_of(delivery, said)
    if card is not None and not card.lets_agree(voice, case):
        return MAY_NOT_AGREE(state=state, what=voice)
    wrong = card is not None and said.service != said.voice and not card.lets_agree(speaker, case, (voice,))
    return MAY_NOT_AGREE(state=state, what=speaker) if wrong else None


def may_not_let_go_on(delivery: Delivery, said: Said) -> Verdict | None:
    """Whether it is said in the place of one that authorises for its State, or by the card of that must agree
    (`agreeing`), by a service that by the card may not authorise, or not agree in the place of that; or in the place of the
    first by one that may not decide without an agreement that nobody is asked for there. Whose say it is only as the responsible
    authority lets anyone say it to whom it has delegated that.
    """
    plan, (voice, speaker) = delivery.plan, kinds_of(delivery, said)
    card = delivery.cards.get(delivery.directory.get(said.voice).state or "")
    if card is None or said.service == said.voice:
        return None
    authorises, agree = said.voice in plan.authorities(card.state), agreeing(plan, delivery.directory, card)
    decides = authorises and not card.lets_grant(speaker, plan.case)
    agrees = said.voice in agree and not card.lets_agree(speaker, plan.case, (voice,))
    if decides or agrees:
        return MAY_NOT_LET_GO_ON(state=card.state, what=speaker, voice=said.voice)
    return _not_agreed_to(delivery, said, card, agree) if authorises else None


def _not_agreed_to(delivery: Delivery, said: Said, card: RuleCard, asked: tuple[str, ...]) -> Verdict | None:
    """Whether who decides in the place of another does so where by the card others must agree, and none of these does."""
    kinds, speaker = kinds_of(delivery, said), delivery.directory.get(said.service).kind
    of = not_agreed_to(delivery.plan, delivery.directory, card, kinds, asked)
    return NOT_AGREED_TO(state=card.state, kinds=of, what=speaker, voice=said.voice) if of else None
