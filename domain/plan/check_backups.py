"""Who may answer in the place of others: of their State, and of a kind whose say it is too by the rule card (R1, R13, R16, R21).

The rules refuse what it may not say (`domain.rules.standing_in`); here it is said before anybody waits for it.
"""

from collections.abc import Iterator, Mapping, Sequence

from domain.plan.cards import Measure, RuleCard
from domain.plan.check_law import permitted_at, who_permits
from domain.plan.directory import Directory, Service
from domain.plan.plan import Plan, PlannedCheckpoint
from domain.plan.voices import asked_to_agree, kinds, not_agreed_to
from domain.words.errors import Fault
from domain.words.text import either, fill, word

Cards = Mapping[str, RuleCard]


def backups(plan: Plan, directory: Directory, cards: Cards) -> Iterator[Fault]:
    """Who may answer in place of others is of their State, and where consent is asked, may grant it there (R21, R1); it does not
    carry out what it would decide (R13), and may permit all that they may permit there (R16).
    """
    for index, checkpoint in enumerate(plan.checkpoints):
        card = cards.get(checkpoint.state)
        asked = [known for one in checkpoint.services() if (known := directory.find(one)) is not None]
        for number, rung in enumerate(checkpoint.escalate):
            backup = directory.find(rung.to)
            if backup is None or not rung.may_answer:
                continue
            problem = _abroad(backup, asked) or (_does_not_decide(plan, card, checkpoint, backup, directory) if card else None)
            problem = problem or _says_both(plan, checkpoint, backup)
            problem = problem or (
                _does_not_permit(plan, card, backup, permitted_at(plan, directory, card, checkpoint)) if card else None
            )
            if problem is not None:
                yield Fault(place=f"checkpoints.{index}.escalate.{number}.to", problem=problem)


def _abroad(backup: Service, asked: Sequence[Service]) -> str | None:
    if backup.state in [one.state for one in asked]:
        return None
    whose = backup.state or "no State"
    return fill(
        "R21: {service} is of {whose} and cannot answer here: a State's say stays within it", service=backup.id, whose=whose
    )


def _does_not_decide(
    plan: Plan, card: RuleCard, checkpoint: PlannedCheckpoint, backup: Service, directory: Directory
) -> str | None:
    """Whether by the card it does not grant where that is asked, or not without an agreement that nobody is asked for, or does
    not agree where nothing else is asked.
    """
    if checkpoint.authorities() and not card.lets_grant(backup.kind, plan.case):
        mixed = any(one.says != "authorisation" for one in checkpoint.requires)
        return fill(
            "R1: by the rule card of {state} a {kind} cannot grant, nor in another's place{apart}",
            state=card.state,
            kind=word(backup.kind),
            apart=fill("; ask for the authorisation at a checkpoint of its own") if mixed else "",
        )
    asked = asked_to_agree(plan, card.state)
    for kind in kinds(directory, *checkpoint.authorities()):
        if of := not_agreed_to(plan, directory, card, (kind, backup.kind), asked):
            return fill(
                "R1: by the rule card of {state} what a {kind} decides, in another's place too, needs the agreement of {kinds}; "
                "ask for that, or name a backup whose decision needs none",
                state=card.state,
                kind=word(backup.kind),
                kinds=either(of),
            )
    agreement = all(one.says == "agreement" for one in checkpoint.requires)
    if agreement and not card.lets_agree(backup.kind, plan.case, kinds(directory, *checkpoint.services())):
        return fill(
            "R1: by the rule card of {state} a {kind} does not agree, nor in another's place",
            state=card.state,
            kind=word(backup.kind),
        )
    return None


def _says_both(plan: Plan, checkpoint: PlannedCheckpoint, backup: Service) -> str | None:
    if checkpoint.step != "authorise" or backup.id not in plan.carrying_out():
        return None
    return fill(
        "R13: {service} begins it or is in charge of a leg, so it does not decide in another's place",
        service=backup.id,
    )


def _does_not_permit(plan: Plan, card: RuleCard, backup: Service, measures: Sequence[Measure]) -> str | None:
    """Which of these it may not permit by the card."""
    lacking = next((one for one in measures if not card.lets_permit(backup.kind, one, plan.case)), None)
    if lacking is None:
        return None
    return fill(
        "R16: by the rule card of {state} a {kind} may not permit {measure}, nor in another's place, but {kinds} may; name one "
        "of these, or ask for that at a checkpoint of its own",
        state=card.state,
        kind=word(backup.kind),
        measure=word(lacking),
        kinds=either(who_permits(card, lacking, plan.case)),
    )
