"""Plans from a seed are plans: nothing wrong with them, and each of them comes to an end."""

from collections import Counter

from domain.plan.check import faults_in
from domain.plan.plan import Plan
from rehearsal.random_plans import KINDS, dossier
from rehearsal.stand_ins import StandInBook

SEEDS = range(300)


def test_every_random_plan_is_without_fault() -> None:
    """Whatever the seed, planning lets it start."""
    assert [(seed, faults_in(*dossier(seed))) for seed in SEEDS if faults_in(*dossier(seed))] == []


def test_one_seed_is_one_plan() -> None:
    """The same seed brings the same plan and cards, another brings others."""
    assert dossier(7) == dossier(7)
    assert dossier(7) != dossier(8)


def test_random_plans_are_of_every_sort() -> None:
    """Among a few hundred there are all ways of handling, one leg and five, ladders, permissions, two officers and the rest."""
    plans = [dossier(seed)[0] for seed in SEEDS]
    assert {plan.modality for plan in plans} == {"intact", "removed", "removed_in_part", "replaced_in_part", "replaced_in_whole"}
    assert {len(plan.legs) for plan in plans} == {1, 2, 3, 4, 5}
    assert {len(plan.states()) for plan in plans} == {1, 2, 3, 4}
    sorts: Counter[str] = Counter()
    for plan in plans:
        asked = [one for at in plan.checkpoints for one in at.requires]
        sorts["permission"] += any(one.says == "permission" for one in asked)
        sorts["two officers"] += any(one.officers == 2 for one in asked)
        sorts["seized"] += plan.ends_with_a_seizure()
        sorts["backup"] += any(rung.may_answer for at in plan.checkpoints for rung in at.escalate)
        sorts["in turn"] += any(at.after for at in plan.checkpoints)
        sorts["muster"] += bool(plan.at("muster"))
        sorts["reverse"] += plan.reverse
        sorts["watched"] += plan.surveillance is not None
        sorts["accompanied"] += any(leg.accompanied_by for leg in plan.legs)
        sorts["cash"] += any("currency" in one.model_dump() for one in plan.consignment.contents)
    assert len(sorts) == 10
    assert min(sorts.values()) >= 10


def test_r1_r16_a_backup_of_another_kind_is_a_fault_unless_the_card_lets_it() -> None:
    """Whoever stands on a ladder instead: a fault where by the card it does not grant, or not permit all, and only then."""
    found: Counter[bool] = Counter()
    for seed in range(150):
        plan, directory, cards = dossier(seed)
        book = StandInBook(plan, cards, directory)
        for number, at in enumerate(plan.checkpoints):
            needs = {one.says for one in at.requires}
            busy = {*at.services(), *plan.carrying_out()}
            idle = [kind for kind in KINDS if f"{at.state.lower()}.{kind}" not in busy]
            for kind in idle if any(rung.may_answer for rung in at.escalate) else ():
                words = plan.model_dump()
                words["checkpoints"][number]["escalate"][0]["to"] = f"{at.state.lower()}.{kind}"
                permits = plan.permissions(cards[at.state]) if "permission" in needs else ()
                wrong = not book.decides(kind, at.state) or not all(book.permits(kind, one, at.state) for one in permits)
                place = f"checkpoints.{number}.escalate.0.to"
                faults = [one.problem for one in faults_in(Plan.model_validate(words), directory, cards) if one.place == place]
                assert wrong is bool(faults), (seed, at.id, kind, faults)
                found[wrong] += 1
    assert min(found[True], found[False]) >= 10
