"""What a notice is about, as facts that its reader may know (R11), and the same in words of any language."""

from collections.abc import Mapping

from domain.delivery.delivery import Delivery
from domain.delivery.requests import Notice, NoticeFacts, Stranded
from domain.delivery.vocabulary import NoticeKind
from domain.views.names import ALERTS, CAUGHT_UP, NOTICES, OUTCOMES, PATTERNS, SEE_ENTRY
from domain.views.sentences import Translate, english, say
from domain.views.sight import sees_all
from domain.words.text import shown

LONGEST = 1000
"""Characters of a notice in words."""


def facts_of(delivery: Delivery, kind: NoticeKind, checkpoint: str | None, service: str) -> NoticeFacts:
    """What a notice of this kind tells this service."""
    state = delivery.state
    whole = sees_all(delivery, delivery.directory.get(service))
    match kind:
        case "escalation" | "silence":
            progress = state.progress.get(checkpoint or "")
            return NoticeFacts(services=progress.waiting_for() if progress is not None else ())
        case "archive":
            return NoticeFacts(behind=state.behind is not None)
        case "outcome":
            return NoticeFacts(outcome=state.outcome, because=state.because if whole else None)
        case "alarm":
            return NoticeFacts(state=state.here.state, entry=state.gap.seq if whole and state.gap is not None else None)
        case "held":
            return NoticeFacts(call=state.hold.by) if state.hold is not None else NoticeFacts()
        case "conflict":
            contact = next((one for one in state.register.unsettled() if one.checkpoint == checkpoint), None)
            return NoticeFacts(call=contact.service, contact=contact.call) if contact is not None else NoticeFacts()
        case _:
            return NoticeFacts()


def say_notice(notice: Notice, translate: Translate = english) -> str:
    """A notice in words."""
    facts, template = notice.facts, NOTICES[notice.kind]
    if notice.kind == "archive" and facts.behind is False:
        template = CAUGHT_UP
    if notice.kind in ("conflict", "held") and facts.call is None:  # settled before it could be told
        template = ALERTS[notice.kind]
    words: dict[str, object] = {
        "checkpoint": notice.checkpoint,
        "services": ", ".join(facts.services),
        "outcome": translate(OUTCOMES[facts.outcome]) if facts.outcome is not None else "",
        "state": facts.state,
        "call": facts.call,
        "contact": facts.contact,
    }
    alarm = facts.alarm
    if isinstance(alarm, Stranded):
        words |= {"build": alarm.build, "count": alarm.count}
    elif alarm is not None:
        words |= {"service": alarm.service, "state": alarm.state, "signers": ", ".join(alarm.signers), "count": alarm.count}
        words["pattern"] = translate(PATTERNS[alarm.pattern])
    parts = [translate(template).format_map(words)]
    parts += [say(facts.because, translate)] if facts.because is not None else []
    parts += [translate(SEE_ENTRY).format(entry=facts.entry)] if facts.entry is not None else []
    return shown("; ".join(parts), LONGEST)


def in_words(notice: Notice, languages: Mapping[str, Translate]) -> Notice:
    """The same notice with its words in each of these languages."""
    return notice.model_copy(update={"texts": {name: say_notice(notice, speak) for name, speak in languages.items()}})
