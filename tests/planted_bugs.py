"""Prove that the nets hold: plant one bug at a time, in a copy of the tree, and see that the tests that must catch it do.

Run it with `make bugs`; `make bugs ONLY=R15` plants those of one rule. Each bug is a replacement in one file, and names the
quickest tests that must catch it. What slips through those is tried with the simulator's campaign and with every test of the
domain, so that a hole is known for what it is; the exit code is 0 only if every bug was caught where it must be.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).parent.parent
LEFT_OUT = (".*", "build", "__pycache__")
SEEDS = 60
LONGEST = 240


@dataclass(frozen=True)
class Bug:
    """One fault of the kind a tired engineer makes."""

    rule: str
    file: str
    right: str
    wrong: str
    by: str
    """The tests that must catch it, apart by blanks: `mass` is tests/domain/test_mass.py, `workflows/replay` is
    tests/workflows/test_replay.py, and `mass::test_x` one test of it.
    """

    def tests(self) -> tuple[str, ...]:
        """The same as pytest takes them."""
        return tuple(map(_test, self.by.split()))


def _test(short: str) -> str:
    room, _, name = short.rpartition("/")
    file, *one = name.split("::")
    return "::".join((f"tests/{room or 'domain'}/test_{file}.py", *one))


WRONG_CLOCK = "gateway/looking_up::test_a_gateway_whose_clock_is_wrong_leaves_nothing_that_moves_time_on"
THREE_WEBHOOKS = "activities/notices::test_three_webhooks_that_do_not_do_their_part_are_given_up"
EXAM = "client/conformance::test_each_fault_fails_the_check_that_is_its_own"
LEFT = "gateway/leaving::test_"
ONE_AT_A_TIME = f"{LEFT}of_one_callers_stops_one_at_a_time_is_left_and_those_of_others_wait_for_none"
SO_MANY_WORDS = f"{LEFT}a_caller_leaves_so_many_words_and_a_stop_all_the_same"
SHARE_OF_KEYS = f"{LEFT}a_change_of_keys_that_one_delivery_has_no_room_for_is_left_in_the_others"
REMEMBERED_AS_LEFT = f"{LEFT}no_more_is_remembered_as_left_than_its_bound_and_nothing_that_temporal_has_not"

BUGS = (
    Bug("R1", "domain/rules/custody.py", "if missing := consents.missing(said.at):", "if missing := ():", "rules_of_consent"),
    Bug(
        "R1",
        "domain/delivery/consents.py",
        "return bool(checkpoints) and all(map(enough, checkpoints))",
        "return bool(checkpoints) and any(map(enough, checkpoints))",
        "consent changes",
    ),
    Bug(
        "R1",
        "domain/delivery/consents.py",
        "if grant is None or not grant.live(at) or (until is not None and until > grant.valid_until):",
        "if grant is None or not grant.live(at):",
        "rules_of_consent",
    ),
    Bug(
        "R1",
        "domain/delivery/consents.py",
        "return grant.at in order[order.index(asked.id) :]",
        "return True",
        "rules_of_consent",
    ),
    Bug(
        "R1",
        "domain/delivery/grants.py",
        "not self.provisional and not self.withdrawn and not self.expired",
        "not self.provisional and not self.expired",
        "consent",
    ),
    Bug(
        "R1",
        "domain/delivery/grants.py",
        "return not self.provisional and not self.withdrawn",
        "return not self.withdrawn",
        "provisional",
    ),
    Bug("R1", "domain/delivery/consents.py", " + (plan.margin if leg == 0 else timedelta())", "", "rules_of_consent"),
    Bug("R1", "domain/rules/consent.py", "return not self.provisional", "return True", "provisional"),
    Bug("R1", "domain/rules/consent.py", "and lasts > term.longest:", "and lasts > term.longest * 2:", "provisional"),
    Bug(
        "R1",
        "domain/plan/check.py",
        "elif checkpoint.authorities() and card is not None and not card.lets_grant(backup.kind, plan.case):",
        "elif False:",
        "planning",
    ),
    Bug(
        "R1",
        "domain/rules/custody.py",
        "        if delivery.state.cleared < 0:\n            return NOT_CLEARED()\n",
        "",
        "changes",
    ),
    Bug("R2", "domain/rules/book.py", 'if planned is not None and planned.step == "authorise":', "if False:", "rules_of_consent"),
    Bug(
        "R2",
        "domain/record/replay.py",
        "if decided is None or (utc_text(decided[0]), decided[1]) != (entry.at, event):",
        "if False:",
        "rules_of_consent",
    ),
    Bug(
        "R2",
        "domain/record/replay.py",
        "if decided is None or (utc_text(decided[0]), decided[1]) != (entry.at, event):",
        "if decided is None or decided[1].event != event.event:",
        "rules_of_consent rules_of_stop",
    ),
    Bug(
        "R2",
        "domain/record/replay.py",
        "if decided is None or (utc_text(decided[0]), decided[1]) != (entry.at, event):",
        "if decided is None or decided[1] != event:",
        "timers",
    ),
    Bug(
        "R2",
        "domain/record/replay.py",
        '    if decided is not None:\n        raise NotVerified(f"{decided[1].event} was due',
        '    if False:\n        raise NotVerified(f"{decided[1].event} was due',
        "rules_of_consent packet",
    ),
    Bug("R2", "domain/rules/coming.py", "if not polled or progress.asked_again:", "if True:", "timers"),
    Bug(
        "R2",
        "domain/rules/coming.py",
        "            yield progress.due, partial(CameDue, checkpoint=name)\n",
        "            pass\n",
        "timers",
    ),
    Bug("R2", "domain/plan/check_law.py", "checkpoint.due < notice.time:", "False:", "planning"),
    Bug("R3", "domain/rules/preparation.py", "if self.modality != plan.modality:", "if False:", "preparation"),
    Bug("R3", "domain/rules/preparation.py", "if not self._is_what_its_modality_means():", "if False:", "preparation"),
    Bug(
        "R3",
        "domain/delivery/consents.py",
        "if not one.withdrawn and modality not in one.modalities",
        "if False",
        "rules_of_consent",
    ),
    Bug("R4", "domain/rules/grounds.py", " and said.voice != delivery.state.responsible\n", " and False\n", "rules_of_route"),
    Bug(
        "R4",
        "domain/plan/check_route.py",
        "if responsible is not None and responsible.state != leg.state:",
        "if False:",
        "rules_of_route",
    ),
    Bug("R4", "domain/plan/check_route.py", "if before.responsible != after.responsible:", "if False:", "chain"),
    Bug("R4", "domain/plan/check_route.py", "if there and checkpoint.state not in there:", "if False:", "powers"),
    Bug(
        "R5",
        "domain/delivery/consents.py",
        "plan.states() if leg == 0 else plan.legs[leg].states",
        "plan.states() if leg == 0 else (plan.legs[leg].state,)",
        "powers",
    ),
    Bug("R5", "domain/plan/plan.py", "if state in known.states)", "if state == known.state)", "powers"),
    Bug("R5", "domain/delivery/state.py", "for state in leg.states))", "for state in (leg.state,)))", "powers"),
    Bug("R5", "domain/delivery/decided.py", "if self.rung == len(state.plan.expiry_warnings):", "if False:", "rules_of_route"),
    Bug(
        "R5",
        "domain/delivery/decided.py",
        "if not state.delivered and grant.state in state.states_ahead():",
        "if False:",
        "rules_of_route",
    ),
    Bug("R5", "domain/rules/consent.py", "state.grants[said.voice].withdrawn = True", "pass", "consent rules_of_consent"),
    Bug(
        "R5",
        "domain/rules/coming.py",
        "if grant.state not in ahead or grant.provisional or",
        "if grant.state not in ahead or",
        "provisional",
    ),
    Bug("R5", "domain/rules/course.py", "if last or state.cleared > state.leg:", "if True:", "rules_of_route"),
    Bug("R5", "domain/rules/turns.py", "        and not consents.too_short(leg, at)\n", "", "rules_of_route rules_of_consent"),
    Bug(
        "R5",
        "domain/rules/consent.py",
        "grant.valid_until, grant.warnings = instant(self.valid_until), 0",
        "grant.valid_until = instant(self.valid_until)",
        "rules_of_route",
    ),
    Bug(
        "R6",
        "domain/rules/custody.py",
        'if not any(need == "handover_offer" for _, need in state.progress[said.checkpoint].answers):',
        "if False:",
        "rules_of_custody",
    ),
    Bug("R6", "domain/rules/custody.py", "if said.voice != leg.responsible:", "if False:", "rules_of_custody"),
    Bug(
        "R6",
        "domain/rules/custody.py",
        "return ACCEPTED if said.voice == state.responsible else NOT_THE_HOLDER(voice=said.voice)",
        "return ACCEPTED",
        "rules_of_custody",
    ),
    Bug(
        "R7",
        "domain/delivery/custody.py",
        "if abs(gross - self.gross) > tolerance:",
        "if abs(gross - self.gross) > 10 * tolerance:",
        "rules_of_custody",
    ),
    Bug("R7", "domain/delivery/custody.py", "        if not intact:\n", "        if False:\n", "rules_of_custody"),
    Bug("R7", "domain/delivery/custody.py", "if expected != seen:", "if False:", "rules_of_custody"),
    Bug(
        "R7",
        "domain/rules/custody.py",
        "if about_it and progress.satisfied and state.discrepancy is not None and",
        "if about_it and state.discrepancy is not None and",
        "rules_of_custody",
    ),
    Bug(
        "R7",
        "domain/rules/custody.py",
        (
            "        if state.discrepancy is not None:\n"
            "            return AWAITS_DECISION(entry=state.discrepancy.seq)\n"
            "        if state.divergence"
        ),
        "        if state.divergence",
        "rules_of_custody",
    ),
    Bug(
        "R7",
        "domain/rules/course.py",
        "if progress.satisfied and (discrepancy is None or discrepancy.checkpoint != name):",
        "if progress.satisfied:",
        "rules_of_custody",
    ),
    Bug(
        "R7",
        "domain/delivery/custody.py",
        "return replace(self, gross=found.gross, seals=found.seals)",
        "return self",
        "rules_of_custody",
    ),
    Bug(
        "R8",
        "domain/rules/grounds.py",
        "if delivery.state.halt is not None and not declares.counts & Counts.HALTED else",
        "if False else",
        "rules_of_stop",
    ),
    Bug(
        "R8",
        "domain/rules/stop.py",
        'state.stop_all("stop", ORDERED(service=said.service, entry=said.seq), said.seq, said.service)',
        "pass",
        "rules_of_stop",
    ),
    Bug("R8", "domain/rules/course.py", "if not state.under_way and not brake:", "if False:", "rules_of_stop"),
    Bug(
        "R8",
        "domain/rules/balance.py",
        'return gone and known and not open_about(state, "interdiction", "")',
        "return known",
        "rules_of_stop",
    ),
    Bug(
        "R8",
        "domain/rules/balance.py",
        'return gone and known and not open_about(state, "interdiction", "")',
        'return gone and not open_about(state, "interdiction", "")',
        "rules_of_stop",
    ),
    Bug(
        "R8",
        "domain/rules/stop.py",
        'names_checkpoint=False,\n        rule="R17",',
        'names_checkpoint=True,\n        rule="R17",',
        "rules_of_stop",
    ),
    Bug(
        "R8",
        "domain/delivery/state.py",
        "        if self.halt is None:\n            self.halt =",
        "        if True:\n            self.halt =",
        "rules_of_stop",
    ),
    Bug(
        "R8",
        "domain/rules/stop.py",
        "return tuple(service for service in delivery.plan.participants() if service != by)",
        "return delivery.plan.participants()",
        "rules_of_stop",
    ),
    Bug("R8", "domain/rules/amending.py", "if not state.under_way:", "if False:", "changes"),
    Bug("R9", "domain/rules/watch.py", 'state.stop_all("lost", NOT_FOUND(services=services), when.seq)', "pass", "surveillance"),
    Bug("R9", "domain/rules/watch.py", 'if halt is None or halt.cause != "lost":', "if False:", "surveillance"),
    Bug("R9", "domain/rules/watch.py", "state.lose_sight(when.at, when.seq)", "pass", "surveillance"),
    Bug(
        "R9",
        "domain/rules/watch.py",
        "if watch.degraded is not None and state.failed_devices else",
        "if False else",
        "surveillance",
    ),
    Bug(
        "R9",
        "domain/delivery/state.py",
        "self.gap = Gap(self.last_contact or at, seq)",
        "self.gap = Gap(at, seq)",
        "surveillance",
    ),
    Bug("R9", "domain/rules/preparation.py", "if item.lasts is not None and item.lasts < way:", "if False:", "preparation"),
    Bug("R9", "domain/rules/arrival.py", "return self.seen", "return True", "cases"),
    Bug(
        "R9",
        "domain/delivery/decided.py",
        'state.owe(when.seq, "alarm", self.checkpoint, state.plan.participants())',
        "pass",
        "surveillance",
    ),
    Bug(
        "R10",
        "domain/rules/course.py",
        'stands_still(delivery) and not open_about(state, "balance", "") and not delivery.balance.unexplained()',
        "stands_still(delivery)",
        "mass",
    ),
    Bug("R10", "domain/rules/balance.py", "and stands_still(delivery) and delivery.balance.unexplained():", "and False:", "mass"),
    Bug("R10", "domain/rules/balance.py", "return refused_for(differs[0]) if differs else ACCEPTED", "return ACCEPTED", "chain"),
    Bug(
        "R10",
        "domain/rules/preparation.py",
        "        if differs:\n            return refused_for",
        "        if False:\n            return refused_for",
        "preparation",
    ),
    Bug("R10", "domain/delivery/balance.py", "if cash and left != right:", "if cash and abs(left - right) > tolerance:", "mass"),
    Bug(
        "R10",
        "domain/delivery/balance.py",
        "handled = (goods.kept, goods.removed, goods.samples)",
        "handled = (goods.kept, goods.removed)",
        "mass",
    ),
    Bug("R10", "domain/delivery/balance.py", "if item.label not in seen)", "if False)", "mass"),
    Bug("R10", "domain/delivery/balance.py", "if abs(gross - expected) > tolerance:", "if False:", "mass"),
    Bug("R10", "domain/delivery/balance.py", "(state.lost and not state.secured)", "state.lost", "mass"),
    Bug("R10", "domain/delivery/balance.py", "elif abs(left - right) > tolerance:", "elif left < right - tolerance:", "mass"),
    Bug(
        "R10",
        "domain/rules/balance.py",
        "return not progress.satisfied and not delivery.balance.unexplained()",
        "return False",
        "mass",
    ),
    Bug(
        "R10",
        "domain/rules/watch.py",
        "return SEIZED_ALREADY() if delivery.state.secured else ACCEPTED",
        "return ACCEPTED",
        "surveillance",
    ),
    Bug(
        "R11",
        "domain/views/sight.py",
        "    if seen.whole:\n        return True\n    match event.readers:",
        "    if True:\n        return True\n    match event.readers:",
        "sight",
    ),
    Bug(
        "R11",
        "domain/views/sight.py",
        "if isinstance(entry, Entry) and sees(delivery, seen, entry)",
        "if isinstance(entry, Entry)",
        "sight",
    ),
    Bug(
        "R11",
        "domain/views/sight.py",
        "return isinstance(content, Information) and reader.id in content.to",
        "return True",
        "sight",
    ),
    Bug("R11", "domain/views/sight.py", "            return own\n", "            return True\n", "sight"),
    Bug("R11", "domain/views/sight.py", 'return seen.own(getattr(event, "service", ""), delivery)', "return True", "sight"),
    Bug("R11", "domain/views/sight.py", "return here and own", "return here", "sight"),
    Bug("R11", "domain/views/sight.py", "return here if own else asked", "return here", "sight"),
    Bug("R11", "domain/views/sight.py", "return delivery.state.leg_at(seq) in seen.legs", "return True", "sight"),
    Bug("R11", "domain/views/notices.py", "because=state.because if whole else None", "because=state.because", "sight"),
    Bug("record", "gateway/pages/pages.py", " | await _as_it_stands(request, delivery)", "", "gateway/pages"),
    Bug(
        "record",
        "client/conformance/answering.py",
        "    if forged in seen:\n",
        "    if False:\n",
        "client/conformance::test_each_fault_fails_the_check_that_is_its_own",
    ),
    Bug(
        "record",
        "rehearsal/over_http.py",
        "            self.alarms.append(error.message)\n            return False\n",
        "            self.alarms.append(error.message)\n",
        "rehearsal/over_http",
    ),
    Bug(
        "record",
        "process/language.py",
        "(language,) if language in LANGUAGES else LANGUAGES",
        "LANGUAGES",
        "activities/services activities/messenger",
    ),
    Bug(
        "R11",
        "domain/views/sight.py",
        "return isinstance(content, Correction) and _hears_entry(delivery, seen, content.of)",
        "return True",
        "sight",
    ),
    Bug(
        "R11",
        "domain/views/sight.py",
        "return name in seen.checkpoints and not everybody_named(delivery, name)",
        "return name in seen.checkpoints",
        "sight",
    ),
    Bug("R11", "domain/views/view.py", "title=delivery.plan.title if seen.whole else None", "title=delivery.plan.title", "sight"),
    Bug("R11", "domain/views/view.py", "if seen.whole or seen.own(grant.service, delivery)", "if True", "sight"),
    Bug("R11", "domain/views/view.py", "position=_position(delivery) if here else None", "position=_position(delivery)", "sight"),
    Bug("R11", "domain/views/asked.py", "return facts if not goods else facts.model_copy(", "return facts.model_copy(", "sight"),
    Bug(
        "R12",
        "domain/delivery/decided.py",
        'state.owe(when.seq, "outcome", None, state.plan.participants())',
        "pass",
        "rules_of_stop outcomes",
    ),
    Bug(
        "R12",
        "domain/rules/conclusion.py",
        "if delivery.plan.ends_with_a_seizure():",
        "if state.secured and halt is None:",
        "outcomes cases",
    ),
    Bug("R12", "domain/rules/conclusion.py", 'if halt.cause == "no_show":', "if False:", "outcomes"),
    Bug("R12", "domain/rules/conclusion.py", "if delivery.plan.reverse:", "if False:", "outcomes"),
    Bug("R12", "domain/rules/conclusion.py", 'if halt.cause == "risk_to_life":', "if False:", "outcomes"),
    Bug(
        "R12",
        "domain/rules/conclusion.py",
        'if halt.cause == "withdrawn" or not (state.dispatched or state.unasked):',
        'if halt.cause == "withdrawn":',
        "outcomes rules_of_stop",
    ),
    Bug(
        "R12",
        "domain/rules/arrival.py",
        "return ACCEPTED if self.persons <= held else FEWER_ARRESTED(held=held, persons=self.persons)",
        "return ACCEPTED",
        "outcomes",
    ),
    Bug(
        "R12",
        "domain/rules/grounds.py",
        "if outcome is not None and not declares.counts & Counts.CONCLUDED else",
        "if False else",
        "rules_of_stop",
    ),
    Bug("R12", "domain/rules/balance.py", 'return is_over(state, "parts") and known', "return known", "chain"),
    Bug(
        "R12",
        "domain/rules/course.py",
        "state.released and not state.owed and not state.open_checkpoints()",
        "state.released and not state.open_checkpoints()",
        "rules_of_stop",
    ),
    Bug("R12", "domain/record/replay.py", "    if delivery.state.ended and not", "    if False and not", "rules_of_stop"),
    Bug(
        "R13", "domain/plan/check_law.py", "    if asked == {plan.initiator} and not", "    if False and not", "rules_of_consent"
    ),
    Bug("R14", "domain/rules/stop.py", "if self.risk_to_life:", "if False:", "surveillance"),
    Bug("R15", "domain/rules/custody.py", "if unsettled := register.unsettled():", "if unsettled := ():", "deconfliction"),
    Bug("R15", "domain/rules/course.py", "(begun or free_of_conflict(delivery))", "True", "deconfliction"),
    Bug("R15", "domain/rules/turns.py", "        and (leg > 0 or free_of_conflict(delivery))\n", "", "deconfliction"),
    Bug(
        "R15",
        "domain/rules/turns.py",
        "return register.looked and not register.unsettled()",
        "return register.looked",
        "deconfliction",
    ),
    Bug(
        "R15",
        "domain/rules/turns.py",
        "return register.looked and not register.unsettled()",
        "return not register.unsettled()",
        "deconfliction",
    ),
    Bug("R15", "domain/rules/conflict.py", "said.checkpoint) or not agrees:", "said.checkpoint):", "deconfliction"),
    Bug(
        "R15",
        "domain/rules/conflict.py",
        "if contact is None or self.agreed_with != contact.service:",
        "if contact is None:",
        "deconfliction",
    ),
    Bug("R15", "domain/rules/conflict.py", "if self.agreement is None:", "if self.agreement is None and False:", "deconfliction"),
    Bug(
        "R15",
        "domain/plan/register.py",
        "return valid_keys(self.keys, moment)",
        'return valid_keys((key.model_copy(update={"revoked_at": None}) for key in self.keys), moment)',
        "deconfliction",
    ),
    Bug(
        "R15", "domain/delivery/decided.py", "            state.register.looked = False\n", "            pass\n", "deconfliction"
    ),
    Bug("R15", "domain/rules/conflict.py", "        if not state.dispatched:\n", "        if False:\n", "deconfliction"),
    Bug(
        "R15",
        "domain/rules/outside.py",
        "answer.number > known.number or (answer.number == known.number and not known.looked)",
        "True",
        "deconfliction",
    ),
    Bug("R15", "domain/plan/register.py", "other.delivery and not frozenset", "other.delivery and frozenset", "deconfliction"),
    Bug(
        "R15",
        "domain/rules/conflict.py",
        "return ACCEPTED if said.service in able else",
        "return ACCEPTED if able else",
        "fishing",
    ),
    Bug("R15", "domain/rules/turns.py", "return due and register.covers(delivery.plan) and", "return due and", "fishing"),
    Bug("R15", "domain/rules/outside.py", "if fact.order not in state.register.orders:", "if False:", "fishing"),
    Bug("R15", "domain/plan/register.py", "if service != plan.initiator]", "]", "fishing"),
    Bug("R15", "domain/views/sight.py", "if seen.whole or begun:", "if True:", "fishing"),
    Bug("R15", "domain/plan/enquiries.py", "and len(times) <= MOST_SELECTORS_OF_A_SERVICE", "and True", "enquiries"),
    Bug("R15", "domain/plan/enquiries.py", "<= MOST_SELECTORS_OF_A_STATE", "<= 10**9", "enquiries"),
    Bug("R15", "domain/plan/enquiries.py", "times[mark] <= MOST_LOOKS_FOR_A_SELECTOR", "times[mark] > 0", "enquiries"),
    Bug(
        "R15",
        "domain/plan/register.py",
        '("crowded", crowd) if crowd > MOST_CONTACTS',
        '("crowded", crowd) if False',
        "enquiries",
    ),
    Bug(
        "R16",
        "domain/delivery/consents.py",
        "if permission not in over and not self.permitted(state, permission, at)",
        "if False",
        "permissions",
    ),
    Bug(
        "R16",
        "domain/delivery/consents.py",
        "one.valid_from <= at < one.valid_until for one in permits",
        "one.valid_from <= at for one in permits",
        "permissions",
    ),
    Bug(
        "R16",
        "domain/rules/preparation.py",
        '(devices, "device", plan.states()),',
        '(devices, "device", ()),',
        "permissions",
    ),
    Bug(
        "R16",
        "domain/rules/custody.py",
        "for lacking in delivery.consents.not_permitted((entered,), said.at):",
        "for lacking in ():",
        "permissions",
    ),
    Bug(
        "R16",
        "domain/rules/custody.py",
        "for lacking in consents.not_permitted(delivery.plan.states(), said.at):",
        "for lacking in ():",
        "permissions",
    ),
    Bug(
        "R16", "domain/rules/turns.py", "        and not consents.not_permitted(consents.states_of(leg), at)\n", "", "permissions"
    ),
    Bug(
        "R16",
        "domain/rules/permission.py",
        "return NOT_ALL(missing=missing) if missing else ACCEPTED",
        "return ACCEPTED",
        "permissions",
    ),
    Bug(
        "R16",
        "domain/plan/check_law.py",
        "if not any(says in acts and",
        "if False and not any(says in acts and",
        "permissions planning",
    ),
    Bug("R16", "domain/plan/check_law.py", "(rule is None or rule.lets_permit(kind)) for says", "True for says", "law"),
    Bug(
        "R16", "domain/plan/cards.py", "return rule is None or rule.needs !=", "return rule is not None and rule.needs !=", "law"
    ),
    Bug(
        "R16",
        "domain/delivery/consents.py",
        "permission in one.permits and not apart",
        "permission in one.permits",
        "permissions",
    ),
    Bug("R16", "domain/rules/consent.py", 'rule is not None and rule.needs == "own_act"', "False", "law"),
    Bug("R16", "domain/rules/permission.py", "rule is not None and not rule.lets_permit(kind)", "False", "law"),
    Bug("R16", "domain/rules/permission.py", "and lasts > rule.longest:", "and False:", "law"),
    Bug("R1", "domain/plan/check_law.py", "if unknown and who is None:", "if False:", "law"),
    Bug("R1", "domain/plan/check_law.py", "elif unknown and who not in plan.authorities(card.state):", "elif False:", "law"),
    Bug("R1", "domain/plan/check_law.py", "if lists and not any(article in", "if False and not any(article in", "law"),
    Bug("R1", "domain/plan/check_law.py", "if not any(known.kind in one.of for known in asked):", "if False:", "law"),
    Bug("R1", "domain/plan/cards.py", 'return named and not self.excludes(kind, "decide", case)', "return named", "law"),
    Bug("R4", "domain/plan/check_law.py", 'card.excludes(service.kind, "run", plan.case)', "False", "law"),
    Bug("R4", "domain/plan/check_law.py", 'card.excludes(initiator.kind, "run", plan.case)', "False", "law"),
    Bug("R5", "domain/plan/check_law.py", "any(lead >= term.ask_before for lead in", "any(True for lead in", "law"),
    Bug(
        "R5",
        "domain/rules/consent.py",
        "- grant.valid_until > term.extension:",
        "- grant.valid_until > 2 * term.extension:",
        "law",
    ),
    Bug("R5", "domain/rules/consent.py", "instant(until) <= since + term.ceiling", "True", "law"),
    Bug(
        "R5",
        "domain/rules/consent.py",
        "before is None or before.since is None else before.since",
        "True else before.since",
        "law",
    ),
    Bug(
        "R7",
        "domain/plan/check_law.py",
        'officers_for(service, "authorisation") == 2',
        'officers_for(service, "authorisation") > 0',
        "law",
    ),
    Bug("R1", "domain/rules/agreement.py", 'state.stop_all("refused", finding', 'state.stop_all("stop", finding', "law"),
    Bug("R1", "domain/rules/urgency.py", "        state.grants[progress.key].expired = True\n", "", "law"),
    Bug("R1", "domain/rules/urgency.py", "if instant(self.written_at) > said.at", "if False", "law"),
    Bug("R1", "domain/rules/urgency.py", "state.grants[said.voice].unwritten = None", "pass", "law"),
    Bug("R1", "domain/rules/consent.py", 'self.form != "written" and card.urgent_for(self.form, case) is None', "False", "law"),
    Bug("R17", "domain/rules/permission.py", "if not come[duty.after]:", "if False:", "law"),
    Bug(
        "R16",
        "domain/rules/course.py",
        "if consents.still_to_begin(lacking.state, lacking.permission, now):",
        "if False:",
        "permissions",
    ),
    Bug("R17", "domain/rules/grounds.py", " or turn.need in turn.checkpoint.needs_of(said.voice):", " or True:", "rules_of_turn"),
    Bug(
        "R17",
        "domain/rules/grounds.py",
        " or (said.voice, turn.need) not in turn.progress.answers:",
        " or True:",
        "rules_of_turn",
    ),
    Bug(
        "R17",
        "domain/rules/grounds.py",
        "return None if turn.progress.open else HAS_CLOSED",
        "return None if True else HAS_CLOSED",
        "rules_of_turn",
    ),
    Bug(
        "R17",
        "domain/rules/course.py",
        "if planned.after is None or delivery.state.closed(planned.after):",
        "if True:",
        "arrests",
    ),
    Bug("R17", "domain/rules/course.py", 'if verdict.verdict != "early":', "if False:", "rules_of_turn"),
    Bug(
        "R17",
        "domain/rules/stop.py",
        'one.id == said.checkpoint and "interdiction" in',
        '"interdiction" in',
        "two_officers outcomes",
    ),
    Bug(
        "R17",
        "domain/rules/stop.py",
        "return ALREADY_SEIZED() if delivery.state.secured else ACCEPTED",
        "return ACCEPTED",
        "rules_of_turn",
    ),
    Bug(
        "R17",
        "domain/delivery/progress.py",
        "if self.escalated < len(ladder) and not self.silent else None",
        "if self.escalated < len(ladder) else None",
        "ladders",
    ),
    Bug(
        "R17",
        "domain/delivery/progress.py",
        ">= self.checkpoint.quorum()",
        ">= min(1, self.checkpoint.quorum())",
        "rules_of_turn rules_of_custody",
    ),
    Bug("R17", "domain/rules/turns.py", "and place <= delivery.once(_steps_passed)", "", "rules_of_turn"),
    Bug(
        "R18",
        "domain/record/door.py",
        "    if known is not None:\n        held =",
        "    if False:\n        held =",
        "rules_of_turn",
    ),
    Bug(
        "R18",
        "domain/rules/grounds.py",
        "if first is not None and first.seq != said.seq else",
        "if False else",
        "rules_of_turn",
    ),
    Bug(
        "R18",
        "domain/rules/speaking.py",
        "if earlier is None or earlier.service != said.service:",
        "if earlier is None:",
        "corrections",
    ),
    Bug("R18", "domain/rules/speaking.py", "if earlier.kind != self.content.kind:", "if False:", "corrections"),
    Bug(
        "R18",
        "domain/rules/speaking.py",
        "                if not state.dispatched:\n",
        "                if True:\n",
        "corrections",
    ),
    Bug(
        "R18",
        "domain/rules/speaking.py",
        "state.seizures[self.of] = seizure.recovery()",
        "state.seizures['again'] = seizure.recovery()",
        "corrections",
    ),
    Bug("R18", "domain/record/door.py", "and entry.event.envelope == envelope", "and True", "rules_of_turn"),
    Bug("R19", "domain/rules/grounds.py", "if number not in said.statement.fulfils:", "if False:", "conditions"),
    Bug(
        "R19",
        "domain/rules/grounds.py",
        "return bool(said.checkpoint) and kind_of(said.statement).declares.confirms",
        "return bool(said.checkpoint)",
        "conditions",
    ),
    Bug(
        "R19",
        "domain/rules/consent.py",
        "if condition.at is not None and delivery.plan.find(condition.at) is None:",
        "if False:",
        "conditions",
    ),
    Bug("R20", "domain/rules/speaking.py", "        and frozenset(first.keys).isdisjoint(said.keys)\n", "", "two_officers"),
    Bug("R20", "domain/rules/speaking.py", "        and first.officer != said.statement.officer\n", "", "two_officers"),
    Bug(
        "R20",
        "domain/rules/speaking.py",
        "return None if same else SAYS_OTHERWISE(service=said.service)",
        "return None",
        "two_officers",
    ),
    Bug(
        "R20",
        "domain/rules/grounds.py",
        'return said.content.kind == "interdicted" and',
        "return False and",
        "two_officers",
    ),
    Bug(
        "R20",
        "domain/rules/speaking.py",
        "    if isinstance(content, Correction):\n        return _is_first_to_correct",
        "    if False:\n        return _is_first_to_correct",
        "corrections",
    ),
    Bug(
        "R20",
        "domain/rules/speaking.py",
        "if progress.checkpoint.officers_for(*key) == 1 or is_second",
        "if True or is_second",
        "two_officers",
    ),
    Bug("R20", "domain/plan/directory.py", "if owner not in (None, officer):", "if False:", "directory"),
    Bug(
        "R21",
        "domain/rules/grounds.py",
        "return None if may_speak(delivery, said) else",
        "return None if True else",
        "delegation",
    ),
    Bug(
        "R21",
        "domain/rules/speaking.py",
        "if not delegation.valid_from <= at < delegation.valid_until:",
        "if False:",
        "delegation",
    ),
    Bug("R21", "domain/rules/speaking.py", "if giver is None or giver.state != taker.state:", "if False:", "delegation"),
    Bug(
        "R21",
        "domain/rules/speaking.py",
        "return CIRCLE(services=tuple(passed)) if passed[-1] in passed[:-1] else ACCEPTED",
        "return ACCEPTED",
        "delegation",
    ),
    Bug("R21", "domain/rules/speaking.py", "backup.state == asked.state", "True", "delegation"),
    Bug("R21", "domain/rules/speaking.py", "return asked and is_backup(", "return is_backup(", "delegation"),
    Bug(
        "R21",
        "domain/rules/speaking.py",
        "if progress is None or not progress.open or not",
        "if progress is None or not",
        "delegation",
    ),
    Bug(
        "R21",
        "domain/delivery/progress.py",
        "self.checkpoint.escalate[: self.escalated]",
        "self.checkpoint.escalate",
        "delegation",
    ),
    Bug(
        "R21",
        "domain/plan/check.py",
        "            if backup.state not in states:\n",
        "            if False:\n",
        "planning delegation",
    ),
    Bug("R22", "domain/rules/amending.py", "    if plan == old:\n", "    if False:\n", "changes"),
    Bug(
        "R22",
        "domain/rules/amending.py",
        "if delivery.plan.find(one.id) is None and not may_still_open(delivery, one.step):",
        "if False:",
        "changes",
    ),
    Bug("R22", "domain/rules/amending.py", "elif not progress.open and now != known:", "elif False:", "changes"),
    Bug("R22", "domain/rules/amending.py", "if not progress.open or progress.answers:", "if False:", "changes"),
    Bug(
        "R22",
        "domain/rules/amending.py",
        "if plan.due_after(now) < delivery.plan.due_after(known):",
        "if now.due < known.due:",
        "changes",
    ),
    Bug(
        "R22",
        "domain/rules/amending.py",
        "if known.escalate[: progress.escalated] != now.escalate[: progress.escalated]:",
        "if False:",
        "changes",
    ),
    Bug("R22", "domain/rules/amending.py", "if old != new and old in answered:", "if False:", "changes"),
    Bug(
        "R22",
        "domain/rules/amending.py",
        "if now is None or (travelled and now != leg) or _beginning(now) != _beginning(leg):",
        "if now is None:",
        "changes",
    ),
    Bug("R22", "domain/rules/amending.py", "if new is None or old is None or new.state != old.state:", "if False:", "changes"),
    Bug("R22", "domain/rules/amending.py", "_way(delivery.plan, state) == _way(plan, state):", "True:", "changes"),
    Bug("R22", "domain/record/door.py", "if plan.initiator != delivery.plan.initiator:", "if False:", "changes"),
    Bug(
        "R22",
        "domain/delivery/reported.py",
        "state.cleared = min(state.cleared, -1 if state.leg is None else state.leg)",
        "pass",
        "changes",
    ),
    Bug(
        "R22",
        "domain/delivery/reported.py",
        "                progress.checkpoint = planned\n",
        "                pass\n",
        "changes",
    ),
    Bug(
        "R22",
        "domain/plan/plan.py",
        "return tuple(service for service in dict.fromkeys(mentioned()) if service not in gone)",
        "return tuple(dict.fromkeys(mentioned()))",
        "changes",
    ),
    Bug("R23", "domain/rules/handling.py", "return code in NOT_BEFORE_A_COURT", "return False", "handling"),
    Bug("R23", "domain/rules/handling.py", "return (addressed and inherited) or", "return addressed or", "handling"),
    Bug(
        "R23",
        "domain/rules/handling.py",
        "(one is None and not elsewhere) or (one and one.service != said.service)",
        "(one is None and not elsewhere)",
        "handling",
    ),
    Bug(
        "R28", "domain/rules/budget.py", "        if spent.statements >= statements + brakes:\n", "        if False:\n", "budgets"
    ),
    Bug("R28", "domain/rules/budget.py", "        if spent.bytes + size > ", "        if size > ", "budgets"),
    Bug("R28", "domain/rules/budget.py", "if size > most else None", "if False else None", "budgets"),
    Bug("R28", "domain/rules/budget.py", "if service not in asked:", "if False:", "budgets"),
    Bug("R28", "domain/rules/budget.py", "everybodys + size > figures.early_bytes_of_all", "False", "golden"),
    Bug(
        "R28",
        "domain/words/limits.py",
        "SPEAKER_BYTES: Final = 24 *",
        "SPEAKER_BYTES: Final = 20 *",
        "rules_lock::test_no_file_that_decides_has_changed_by_the_way",
    ),
    Bug(
        "order",
        "domain/rules/grounds.py",
        "    after_the_outcome,\n    after_a_halt,\n",
        "    after_a_halt,\n    after_the_outcome,\n",
        "precedence",
    ),
    Bug("codes", "domain/rules/grounds.py", 'ANSWERED = refused(\n    "R17",', 'ANSWERED = refused(\n    "R6",', "rules_lock"),
    Bug("R28", "domain/rules/budget.py", "if is_brake(statement) else 0", "if False else 0", "budgets"),
    Bug("R28", "domain/rules/budget.py", "and not _is_first_stop(", "and not (lambda *_: False)(", "budgets"),
    Bug(
        "R28",
        "domain/rules/budget.py",
        "if not (told or waits) or _is_first_stop(",
        "if not (told or waits) or (lambda *_: 0)(",
        "budgets",
    ),
    Bug(
        "R28",
        "domain/rules/budget.py",
        "full = own + size > figures.early_bytes or",
        "full = size > figures.early_bytes or",
        "budgets",
    ),
    Bug(
        "R28",
        "domain/rules/course.py",
        "law.budget.held(delivery, said, law.judge(delivery, said))",
        "law.judge(delivery, said)",
        "bounds",
    ),
    Bug("R28", "domain/rules/kind.py", "    left = of - sum(map(size_of, held))", "    left = of", "bounds"),
    Bug("R28", "domain/rules/budget.py", "figures.most_brakes_known if brakes", "figures.most_statements if brakes", "bounds"),
    Bug("R28", "domain/delivery/state.py", "while sum(one.size for one in self.owed) > most:", "while False:", "bounds"),
    Bug(
        "R28",
        "domain/delivery/delivery.py",
        "        self.state.owe_at_most(self.law.figures.owed_bytes)\n",
        "",
        "bounds",
    ),
    Bug(
        "R28", "domain/delivery/reported.py", "for one in register.let_be if one in there", "for one in register.let_be", "bounds"
    ),
    Bug("R28", "domain/record/door.py", "if state.rekeyed.get(by, 0) >= (", "if False and (", "bounds"),
    Bug("R28", "domain/record/door.py", "state.behind.get(by, 0) >= figures.brakes:", "False:", "bounds"),
    Bug("R28", "domain/plan/check_size.py", "        if count > most:\n", "        if False:\n", "bounds"),
    Bug("R28", "domain/rules/amending.py", "    if len(asked) > (", "    if False and (", "bounds"),
    Bug("R28", "domain/rules/amending.py", "*known_cards(cards, book.figures), ", "", "bounds"),
    Bug(
        "R22",
        "domain/rules/amending.py",
        "is None and one.id in delivery.state.progress:\n            problem",
        "is None and False:\n            problem",
        "bounds",
    ),
    Bug("R28", "domain/rules/budget.py", "waits = behind is not None and", "waits = False and", "archive_behind"),
    Bug("R28", "domain/rules/budget.py", "behind.get(statement.service, 0) < brakes)", "True)", "archive_behind"),
    Bug(
        "R28",
        "domain/record/door.py",
        "    if delivery.state.behind is not None:\n        raise",
        "    if False:\n        raise",
        "archive_behind",
    ),
    Bug("R28", "domain/record/door.py", "if behind and unkept <= MOST_CARRIED_UNKEPT:", "if behind:", "archive_behind"),
    Bug(
        "hand-in",
        "workflows/controlled_delivery.py",
        "brake=self._is_brake(handed.content)",
        "brake=True",
        "workflows/messages",
    ),
    Bug("R28", "domain/record/replay.py", "if delivery.state.behind is not None:", "if False:", "archive_behind"),
    Bug("R28", "domain/record/replay.py", "    check_budget(delivery, statement, envelope, at)\n", "", "budgets archive_behind"),
    Bug("R18", "domain/rules/outside.py", "return fact.branch >= state.branch and not", "return not", "divergence"),
    Bug("R18", "domain/rules/outside.py", " and not _is_its_own(fact, delivery.ledger)", "", "divergence"),
    Bug("R18", "domain/record/histories.py", " or _begins(each, found):", ":", "divergence"),
    Bug("R3", "domain/record/verify.py", "    _may_have_begun(packet, delivery)\n", "", "packet"),
    Bug(
        "R24",
        "domain/rules/outside.py",
        "known.keys_at(at))",
        "known.keys_at(delivery.state.now))",
        "acknowledgements",
    ),
    Bug(
        "R18",
        "domain/delivery/state.py",
        "return self.under_way and self.divergence is None",
        "return self.under_way",
        "divergence",
    ),
    Bug(
        "R18",
        "domain/rules/course.py",
        "if state.outcome is None and settled and (state.advances or not state.under_way):",
        "if state.outcome is None and settled:",
        "divergence",
    ),
    Bug("R18", "domain/rules/divergence.py", "if not _undecided(state):", "if True:", "divergence"),
    Bug(
        "R18",
        "domain/rules/divergence.py",
        'if known is None or progress.result != "satisfied":',
        "if known is None:",
        "divergence",
    ),
    Bug("R18", "domain/delivery/reported.py", "        state.divergence = Diverging(when.seq)\n", "", "divergence"),
    Bug("R12", "domain/delivery/reported.py", "        state.ended = False\n", "", "divergence"),
    Bug(
        "packet",
        "domain/record/verify.py",
        "    all_histories_are_there(delivery, others)\n",
        "",
        "divergence",
    ),
    Bug(
        "packet",
        "domain/record/histories.py",
        "if strange := [branch for branch in others if branch not in named]:",
        "if False:",
        "divergence",
    ),
    Bug("R23", "domain/record/provided.py", "if item.seq >= since and not may_go(", "if False and not may_go(", "divergence"),
    Bug(
        "archive",
        "archive/branches.py",
        "if (frontier.size, tuple(frontier.peaks)) == (first, at.peaks):",
        "if True:",
        "archive/ledgers",
    ),
    Bug("archive", "archive/ledgers.py", "        if not batch.standing.diverged:\n", "        if True:\n", "archive/ledgers"),
    Bug(
        "R28",
        "domain/delivery/progress.py",
        "return then if self.rung < figures.most_reminders else None",
        "return then",
        "timers",
    ),
    Bug("R28", "domain/plan/check_size.py", "    if directory.example:\n", "    if plan.example:\n", "limits"),
    Bug("reading", "archive/cursors.py", "fetch(position, scan + 1)", "fetch(position, scan)", "archive/deliveries"),
    Bug(
        "archive",
        "activities/sweep.py",
        "            if self._clock() >= until:\n",
        "            if False:\n",
        "activities/sweep",
    ),
    Bug(
        "archive",
        "activities/sweep.py",
        "sorted(running.keys() - silent, key=urgency)",
        "sorted(running.keys(), key=urgency)",
        "activities/sweep",
    ),
    Bug(
        "archive",
        "archive/cached_deliveries.py",
        "        except Exception:\n",
        "        except BaseException:\n",
        "archive/cached_deliveries",
    ),
    Bug(
        "archive",
        "activities/sweep.py",
        "        found = await self._ledgers.compare(",
        "        found = None and await self._ledgers.compare(",
        "workflows/divergence",
    ),
    Bug(
        "archive",
        "activities/keeping.py",
        "saw_another = next(saw_another_history(delivery, errand.first), None)",
        "saw_another = None",
        "workflows/keeping",
    ),
    Bug(
        "reading",
        "gateway/reading.py",
        "since, branch = await self._after_a_fork(delivery, since, branch), delivery.state.branch",
        "branch = delivery.state.branch",
        "workflows/divergence",
    ),
    Bug("reading", "gateway/reading.py", "row.size >= size or row.branch > 0", "row.size >= size", "workflows/divergence"),
    Bug("record", "domain/delivery/ledger.py", "self._edge.append(bytes.fromhex(one))", "pass", "carried"),
    Bug("record", "domain/delivery/state.py", "            del self.progress[checkpoint]\n", "            pass\n", "carried"),
    Bug(
        "record",
        "domain/delivery/carried.py",
        "        speakers=state.statements.speakers,\n",
        "        speakers=(),\n",
        "carried",
    ),
    Bug("record", "domain/delivery/known.py", 'self._tag(b"content", fingerprint, CONTENT)', 'b""', "carried"),
    Bug("R15", "domain/rules/conflict.py", "if not let_be and not open_about(", "if not open_about(", "deconfliction"),
    Bug("R17", "domain/rules/contingency.py", "and 1 <= int(number) <= times", "", "carried"),
    Bug(
        "R24",
        "domain/plan/key_changes.py",
        'if change.by != change.service and signer.kind not in ("administrator", "system"):',
        "if False:",
        "keys",
    ),
    Bug(
        "R24",
        "domain/plan/key_changes.py",
        'if change.by != change.service and signer.kind == "system" and change.added:',
        "if False:",
        "keys",
    ),
    Bug("R24", "domain/plan/key_changes.py", "        if end.key not in known:\n", "        if False:\n", "keys"),
    Bug("R24", "domain/plan/key_changes.py", "    if len(known) > MOST_KEYS:\n", "    if False:\n", "keys"),
    Bug(
        "R24",
        "domain/plan/key_changes.py",
        "KEYS_TYPE, signer.keys_at(at))",
        "KEYS_TYPE, {key_id(key.public): key.public for key in signer.keys})",
        "keys",
    ),
    Bug("R24", "domain/plan/key_changes.py", "    if change.by != change.service:\n", "    if True:\n", "keys"),
    Bug("R24", "domain/plan/key_changes.py", "        if key.public in others:\n", "        if False:\n", "keys"),
    Bug(
        "R24",
        "domain/plan/key_changes.py",
        "return key.model_copy(update={name: end.at}) if sooner else key",
        "return key",
        "keys",
    ),
    Bug("R24", "domain/plan/key_changes.py", "before is None or instant(end.at) < instant(before)", "True", "keys"),
    Bug("R24", "domain/record/door.py", "    authentic(envelope, delivery.directory, delivery.state.now)\n", "", "keys"),
    Bug(
        "R24",
        "domain/plan/directory.py",
        "for end in (self.valid_until, self.revoked_at)",
        "for end in (self.valid_until,)",
        "keys",
    ),
    Bug("R24", "domain/plan/directory.py", "instant(self.valid_from) <= moment and all(", "all(", "rules_of_turn"),
    Bug(
        "R24",
        "domain/record/trust.py",
        "if key is None or not key.valid_at(at,",
        "if key is not None and not key.valid_at(at,",
        "keys",
    ),
    Bug("duty", "domain/rules/permission.py", "        after_halt=True,\n", "        after_halt=False,\n", "duties"),
    Bug(
        "duty",
        "domain/rules/permission.py",
        "        if not grant.provisional\n        if grant.state",
        "        if grant.state",
        "duties",
    ),
    Bug("record", "domain/delivery/delivery.py", "        at = max(at, self.state.now)\n", "", "timers"),
    Bug(
        "record",
        "domain/delivery/ledger.py",
        "if isinstance(entry, Entry) and entry.at < self._newest:",
        "if False:",
        "timers packet",
    ),
    Bug("record", "domain/delivery/ledger.py", "if entry.seq != len(self):", "if False:", "packet"),
    Bug(
        "record",
        "domain/delivery/ledger.py",
        'hmac.digest(secret, content, "sha256")',
        'hmac.digest(b"", content, "sha256")',
        "ledger",
    ),
    Bug(
        "record",
        "domain/delivery/ledger.py",
        'content = seq.to_bytes(8, "big") + hashlib.sha256(event).digest()',
        'content = seq.to_bytes(8, "big")',
        "ledger",
    ),
    Bug(
        "record",
        "domain/record/replay.py",
        "    if expected != event.verdict:\n",
        "    if False:\n",
        "packet::test_changed_verdict_is_found_at_its_entry",
    ),
    Bug("record", "domain/record/packet.py", "if digest_of_bytes(body) != manifest.packet:", "if False:", "packet"),
    Bug("record", "domain/signing/tree.py", "if at & 1 or at == last:", "if at & 1:", "tree"),
    Bug("record", "domain/signing/tree.py", 'hashlib.sha256(b"\\x01" + left + right)', "hashlib.sha256(left + right)", "tree"),
    Bug(
        "text",
        "domain/words/text.py",
        '_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Cn", "Co"})',
        '_HIDDEN: Final = frozenset({"Cc", "Cs", "Zl", "Zp", "Cn", "Co"})',
        "text",
    ),
    Bug(
        "text",
        "domain/words/text.py",
        "return text.isprintable() and (text.isascii() or _SHOWN_BY_NOTHING.search(text) is None)",
        "return text.isprintable()",
        "text",
    ),
    Bug("keys", "domain/signing/keys.py", "if y in _SMALL:", "if False:", "envelope"),
    Bug("keys", "domain/signing/keys.py", "if y >= _P:", "if False:", "envelope"),
    Bug("errands", "workflows/errands.py", "not state.released:", "not state.released and not state.owed:", "bounds"),
    Bug("R28", "domain/plan/check.py", "if len(plan.participants()) > MOST_SERVICES:", "if False:", "bounds"),
    Bug(
        "errands",
        "workflows/temporal_stage.py",
        "running = [(whom, task) for whom, task in self._asking.get((name, plan), []) if not task.done()]",
        "running = list(self._asking.get((name, plan), []))",
        "workflows/errands",
    ),
    Bug("faults", "domain/signing/canonical.py", '{"fail_fast": True}', "{}", "sizes"),
    Bug("faults", "domain/words/errors.py", "if (count := error.error_count()) > MOST_LOOKED_AT:", "if False:", "sizes"),
    Bug("faults", "activities/services.py", "(bounded(data))", "(data)", "activities/services"),
    Bug(
        "faults",
        "gateway/submissions.py",
        "        open_envelope(envelope, STATEMENT_TYPE, speaker.keys_at(now))\n        statement = read_statement(envelope)\n",
        "        statement = read_statement(envelope)\n        open_envelope(envelope, STATEMENT_TYPE, speaker.keys_at(now))\n",
        "gateway/hostile",
    ),
    Bug(
        "faults",
        "domain/words/errors.py",
        'if one["loc"] not in wholes]',
        'if not any(other["loc"][: len(one["loc"])] == one["loc"] != other["loc"] for other in found)]',
        "sizes",
    ),
    Bug("hand-in", "workflows/messages.py", "(ahead <= AHEAD_WITH_A_BRAKE if brake", "(True if brake", "workflows/messages"),
    Bug(
        "hand-in",
        "workflows/messages.py",
        "return -BEHIND <= at - now <= AHEAD",
        "return -BEHIND <= at - now",
        "workflows/messages",
    ),
    Bug(
        "hand-in",
        "workflows/messages.py",
        "return -BEHIND <= at - now <= AHEAD",
        "return at - now <= AHEAD",
        "workflows/messages",
    ),
    Bug(
        "hand-in",
        "workflows/messages.py",
        "if open_envelope(self.seal, HAND_IN_TYPE, system.keys_at(instant(self.at))) != canonical(expected):",
        "if False:",
        "workflows/messages",
    ),
    Bug(
        "hand-in",
        "workflows/messages.py",
        "if open_envelope(self.seal, HAND_IN_TYPE, system.keys_at(instant(self.at))) != canonical(expected):",
        "if self.seal.body() != canonical(expected):",
        "workflows/messages",
    ),
    Bug(
        "hand-in",
        "workflows/controlled_delivery.py",
        "            handed.check_time(workflow.now(), brake=brake)\n",
        "",
        "workflows/messages",
    ),
    Bug(
        "clock",
        "activities/clock.py",
        "return _CLOCK.get().now()",
        "return datetime.now(_CLOCK.get().said.tzinfo)",
        "activities/clock",
    ),
    Bug("clock", "process/clock.py", "if one.identity == mine:", "if one:", "process/clock"),
    Bug("clock", "process/clock.py", "timedelta(seconds=at - self.at)", "timedelta()", "process/clock"),
    Bug("clock", "gateway/health.py", "if abs(self._ahead) > AHEAD:", "if -self._ahead > AHEAD:", WRONG_CLOCK),
    Bug("clock", "gateway/health.py", "if abs(self._ahead) > AHEAD:", "if self._ahead > AHEAD:", WRONG_CLOCK),
    Bug(
        "clock",
        "gateway/submissions.py",
        "return hand_in(envelope, delivery, clock.moment(received), self._key)",
        "return hand_in(envelope, delivery, self._pulse._clock(), self._key)",
        WRONG_CLOCK,
    ),
    Bug(
        "clock",
        "gateway/submissions.py",
        "return HandIn(content=envelope, at=utc_text(datetime.now(UTC)))",
        "return hand_in(envelope, delivery, datetime.now(UTC), self._key)",
        "gateway/looking_up::test_where_temporals_clock_is_not_known_only_a_stop_is_taken",
    ),
    Bug(
        "clock",
        "gateway/submissions.py",
        "leave(caller, delivery, handed,",
        "leave(caller, delivery, hand_in(handed.content, delivery, datetime.now(UTC), self._key),",
        "workflows/outage",
    ),
    Bug("R8", "gateway/lanes.py", "BRAKES_AT_ONCE: Final = 1", "BRAKES_AT_ONCE: Final = 64", "gateway/lanes"),
    Bug(
        "R8",
        "gateway/submissions.py",
        "brake_by=caller.id",
        "brake_by=statement.delivery",
        "gateway/lanes",
    ),
    Bug(
        "R8",
        "activities/polled.py",
        "await (door.take_brake if is_brake(statement) else door.take)(envelope, at)",
        "await door.take(envelope, at)",
        "activities/stops::test_a_polled_stop_gets_in_though_its_delivery_does_not_know_the_installations_new_key",
    ),
    Bug(
        "R8",
        "activities/polled.py",
        "if self.number not in self.progress.left:",
        "if True:",
        "activities/stops::test_a_stop_that_its_delivery_takes_for_noise_is_left_once",
    ),
    Bug(
        "polled",
        "activities/checkpoint.py",
        "if service.id in memory.misses and not await self._relay.still_asked(self._wait.delivery, request.id):",
        "if False:",
        "activities/checkpoint::test_a_service_that_has_answered_by_another_way_is_not_asked_again",
    ),
    Bug(
        "stage",
        "workflows/temporal_stage.py",
        '            workflow.upsert_memo({"size": len(self._delivery.ledger)})\n',
        "            pass\n",
        "workflows/replay::test_the_code_still_replays_every_committed_history",
    ),
    Bug(
        "stage",
        "workflows/controlled_delivery.py",
        "    def report(self, handed: HandIn[Fact]) -> None:\n"
        '        """From activities and the gateway: who was asked or told, and what the register says, are facts '
        'of the ledger."""\n'
        "        try:\n",
        "    async def report(self, handed: HandIn[Fact]) -> None:\n"
        "        try:\n"
        '            await __import__("asyncio").sleep(0)\n',
        "workflows/replay::test_in_as_few_tasks_as_may_be_and_in_as_many_the_ledger_is_the_same",
    ),
    Bug(
        "stage",
        "workflows/keeping.py",
        "at = answer.moment(delivery.plan.operation, delivery.directory, delivery.state.now)",
        "at = workflow.now()",
        "workflows/replay::test_a_replay_brings_about_again_what_was_recorded_to_the_byte",
    ),
    Bug(
        "stage",
        "workflows/temporal_stage.py",
        "if not isinstance(errand, Question) and (known is None or known.done()):",
        "if not isinstance(errand, Question) and known is None:",
        "workflows/errands",
    ),
    Bug(
        "stage",
        "workflows/temporal_stage.py",
        "            await workflow.sleep(_PAUSE)\n            self.stir()\n",
        "            await workflow.sleep(_PAUSE)\n",
        "workflows/errands",
    ),
    Bug(
        "polled",
        "activities/polled.py",
        '            progress.waits.append(f"waits={number}:{verdict.code}")\n            continue\n',
        '            progress.waits.append(f"waits={number}:{verdict.code}")\n',
        "activities/checkpoint::test_an_answer_under_a_key_that_is_not_known_yet_is_asked_for_again",
    ),
    Bug(
        "polled",
        "activities/checkpoint.py",
        "settled = await polled.fetch(self._caller, service, request, progress, self._directory, self._relay)",
        "settled = False",
        "activities/checkpoint::test_a_polled_service_is_asked_once_more_before_its_silence_decides",
    ),
    Bug(
        "R11",
        "domain/views/sight.py",
        "if seen.whole or (halt.by is not None and seen.own(halt.by, delivery)):",
        "if True:",
        "sight",
    ),
    Bug(
        "R18",
        "domain/rules/grounds.py",
        "    if plan is None:\n        return NAMES_NO_PLAN()\n    if not delivery.state.has_had_plan(plan):",
        "    if plan is None:\n        return None\n    if not delivery.state.has_had_plan(plan):",
        "binding",
    ),
    Bug("R18", "domain/rules/grounds.py", "if not delivery.state.has_had_plan(plan):", "if False:", "binding"),
    Bug(
        "R18",
        "domain/rules/grounds.py",
        'if binding == "consent" and plan != delivery.state.plan_digest else',
        "if False else",
        "binding",
    ),
    Bug(
        "R18",
        "domain/rules/grounds.py",
        ' or binding in ("brake", "word") or seen.size <= said.seq:',
        " or True:",
        "binding",
    ),
    Bug("R18", "domain/rules/grounds.py", '    if binding == "brake":\n        return None\n', "", "binding"),
    Bug("record", "domain/delivery/state.py", "if first <= seq)", "if True)", "changes"),
    Bug(
        "R23",
        "domain/record/verify.py",
        "if isinstance(entry, LeftOut) and not bound(history, entry.code, entry.provider, purpose):",
        "if False:",
        "handling",
    ),
    Bug(
        "R23",
        "domain/record/verify.py",
        "    for item in held_back(delivery, purpose) if history",
        "    for item in () if history",
        "packet::test_what_may_not_go_before_a_court_is_found_in_a_packet_for_one",
    ),
    Bug(
        "record",
        "domain/record/receipts.py",
        "if receipt.size != receipt.seq + 1 or root is None or root.hex() != receipt.root:",
        "if receipt.size != receipt.seq + 1:",
        "receipts",
    ),
    Bug(
        "record",
        "domain/record/receipts.py",
        "if not isinstance(event, Stated) or event.envelope.fingerprint() != receipt.fingerprint:",
        "if False:",
        "receipts",
    ),
    Bug(
        "record",
        "domain/record/receipts.py",
        "seq >= len(ledger) or ledger.root_at(receipt.size) != receipt.root:",
        "seq >= len(ledger):",
        "receipts",
    ),
    Bug(
        "record",
        "domain/record/receipts.py",
        "if receipt.plan != delivery.state.plan_at(seq):",
        "if False:",
        "packet::test_receipts_fit_only_what_they_were_given_for packet::test_receipt_tells_which_plan_was_in_force",
    ),
    Bug(
        "record",
        "domain/record/receipts.py",
        "    open_envelope(envelope, RECEIPT_TYPE, system.keys_at(at or instant(receipt.entry.at)))\n",
        "",
        "receipts",
    ),
    Bug(
        "record",
        "domain/record/receipts.py",
        "            if one.entry.leaf() != shown.hex():",
        "            if False:",
        "receipts",
    ),
    Bug(
        "record",
        "domain/record/receipts.py",
        "if one.root != self._frontier.root().hex():",
        "if False:",
        "receipts",
    ),
    Bug("record", "domain/record/receipts.py", " and one.root == frontier.root().hex():", ":", "receipts"),
    Bug("R17", "domain/record/replay.py", "            if news != event:", "            if False:", "acknowledgements"),
    Bug(
        "record",
        "domain/record/receipts.py",
        "            if one.root != root:\n",
        "            if False:\n",
        "receipts client/receipts",
    ),
    Bug(
        "record",
        "domain/record/receipts.py",
        "        if self._frontier.size == size and self._frontier.root().hex() != root:",
        "        if False:",
        "receipts client/receipts",
    ),
    Bug("record", "domain/record/receipts.py", "            if held.size > size:\n", "            if False:\n", "receipts"),
    Bug(
        "record",
        "client/countersigning.py",
        "    if shown.size <= edge.size:  #",
        "    if False:  #",
        "client/receipts",
    ),
    Bug(
        "record",
        "client/countersigning.py",
        "    edge = comparison.edge\n",
        "    edge = edge_of(shelf.of(delivery)[-1].receipt)\n",
        "client/receipts",
    ),
    Bug(
        "record",
        "archive/ledgers.py",
        "[one for one in batch.owed if one[0] >= branch.size]",
        "[]",
        "archive/owed",
    ),
    Bug("record", "archive/owed.py", "mine = whose if reached.only else ~whose", "mine = whose", "archive/owed"),
    Bug(
        "record",
        "activities/receipts.py",
        "if one.tries + 1 < MOST_TRIES:",
        "if False:",
        "activities/checkpoint::test_a_polled_service_gets_its_receipt_after_its_checkpoint_has_closed",
    ),
    Bug(
        "record",
        "client/receipts.py",
        "                opened(one.envelope, installation)\n",
        "                pass\n",
        "client/cli::test_what_is_verified_says_which_receipts_it_has_checked",
    ),
    Bug(
        "record",
        "domain/record/verify.py",
        "    if manifest.exported_at < delivery.ledger.entries[-1].at:\n",
        "    if False:\n",
        "packet::test_seal_before_the_last_entry_is_found",
    ),
    Bug(
        "record",
        "domain/record/trust.py",
        "(told.kind, told.state) != (known.kind, known.state):",
        "False:",
        "packet::test_participant_of_another_kind_or_state_than_the_trusted_directory_says_is_found",
    ),
    Bug(
        "record",
        "domain/record/trust.py",
        "    for told in delivery.directory.services:\n",
        "    for told in (one for one in delivery.directory.services if one.id in delivery.plan.participants()):\n",
        "packet::test_supervisor_of_the_packet_that_is_none_in_the_trusted_directory_is_found"
        " changes::test_r22_who_has_been_replaced_is_held_against_the_trusted_directory",
    ),
    Bug(
        "record",
        "domain/record/trust.py",
        "            if key.officer != whose.get(key_id(key.public), key.officer):\n",
        "            if False:\n",
        "packet::test_key_that_is_another_officers_than_in_the_trusted_directory_is_found",
    ),
    Bug(
        "record",
        "domain/record/trust.py",
        "if known is None and told.id in have_a_part:",
        "if False:",
        "packet::test_participant_that_the_trusted_directory_does_not_know_is_found_though_it_never_signed",
    ),
    Bug(
        "record",
        "domain/record/packet.py",
        "        leaf=entry.leaf(),\n",
        "        leaf=entry.event.envelope.fingerprint(),\n",
        "guesser::test_nothing_that_is_left_out_of_a_packet_for_a_court_is_guessed",
    ),
    Bug(
        "R18",
        "domain/delivery/delivery.py",
        "            self.state.remember(entry.statement, entry.leaf, known, entry.size, over=over)\n",
        "            pass\n",
        "packet::test_id_of_a_statement_that_is_left_out_is_used_for_nothing_else",
    ),
    Bug(
        "record",
        "domain/record/packet.py",
        "        if canonical(packet) != body:\n",
        "        if False:\n",
        "packet::test_packet_in_another_spelling_is_found",
    ),
    Bug(
        "record",
        "domain/record/packet.py",
        "if len(envelope.signatures) != 1:",
        "if False:",
        "packet::test_seal_with_two_signatures_is_found",
    ),
    Bug(
        "keys",
        "domain/record/packet.py",
        "sealers = packet.sealers or (system.keys if system is not None else ())",
        "sealers = system.keys if system is not None else ()",
        "keys",
    ),
    Bug(
        "R1",
        "domain/delivery/grants.py",
        "not self.expired and self.valid_from <= at < self.valid_until",
        "self.valid_from <= at",
        "consent rules_of_consent",
    ),
    Bug(
        "R1",
        "domain/delivery/grants.py",
        "not self.expired and self.valid_from <= at < self.valid_until",
        "not self.expired and at < self.valid_until",
        "rules_of_consent",
    ),
    Bug("R5", "domain/rules/custody.py", "if asked or state.cleared < following:", "if False:", "changes"),
    Bug("text", "gateway/pages/pages.py", '"\\n".join(map(shown, text.split("\\n")))', "text", "gateway/words"),
    Bug(
        "text",
        "domain/views/view.py",
        "where, words = shown.position, in_markdown",
        "where, words = shown.position, str",
        "gateway/words",
    ),
    Bug("text", "gateway/plans.py", "static_summary=in_markdown(plan.title)", "static_summary=plan.title", "gateway/api"),
    Bug("text", "activities/messenger.py", "Vigil: {shown(alert.delivery)}", "Vigil: {alert.delivery}", "gateway/words"),
    Bug("errors", "domain/words/errors.py", "if not all(said) or code in BY_CODE:", "if code in BY_CODE:", "names"),
    Bug("errors", "domain/words/errors.py", "if not all(said) or code in BY_CODE:", "if not all(said):", "names"),
    Bug("errors", "domain/words/errors.py", "next((one for one in REASONS if one == told.reason), None)", "None", "names"),
    Bug(
        "errors",
        "workflows/controlled_delivery.py",
        '"reason": reason}',
        '"reason": ""}',
        "gateway/hostile::test_why_a_rule_forbids_something_goes_through_temporal",
    ),
    Bug(
        "errors",
        "gateway/problems.py",
        "reason=error.reason if isinstance(error, RuleBroken) else None",
        "reason=None",
        "gateway/api::test_a_plan_is_started_once",
    ),
    Bug(
        "errors",
        "gateway/temporal.py",
        'kind = BY_CODE.get(cause.type or "", Unavailable)',
        "kind = Unavailable",
        "gateway/hostile",
    ),
    Bug("R16", "domain/rules/course.py", "leg = next_to_begin(delivery)", "leg = next_to_clear(delivery)", "rehearsal/wedges"),
    Bug("R22", "domain/rules/amending.py", "    if not state.under_way:\n", "    if state.halt is not None:\n", "chain"),
    Bug(
        "record",
        "domain/record/packet.py",
        "exported_at=utc_text(max(at, delivery.state.now)),",
        "exported_at=utc_text(at),",
        "packet::test_packet_that_is_exported_by_a_slower_clock_verifies",
    ),
    Bug(
        "wedge",
        "domain/rules/coming.py",
        "yield progress.due, partial(Silence, checkpoint=name, services=waiting)",
        "pass",
        "rehearsal/wedges::test_at_rest_a_delivery_that_asks_somebody_is_no_wedge",
    ),
    Bug(
        "R28",
        "domain/delivery/vocabulary.py",
        "Field(max_length=MOST_SERVICES)]",
        "Field(max_length=60)]",
        "bounds::test_r28_sixty_four_services_stop_it_together_and_sixty_five_cannot_begin",
    ),
    Bug(
        "notices",
        "activities/messenger.py",
        "await asyncio.gather(*(through(mark, channel) for mark, channel in marks.items() if mark not in taken))",
        "[await through(mark, channel) for mark, channel in marks.items() if mark not in taken]",
        THREE_WEBHOOKS,
    ),
    Bug(
        "notices",
        "activities/messenger.py",
        "async with asyncio.timeout(ONE_ALERT):",
        "async with asyncio.timeout(None):",
        THREE_WEBHOOKS,
    ),
    Bug("notices", "activities/messenger.py", "timeout=UNTIMED, allow_redirects=False", "timeout=UNTIMED", THREE_WEBHOOKS),
    Bug(
        "notices",
        "activities/notices.py",
        "last = info.attempt >= min(allowed or ATTEMPTS, ATTEMPTS)",
        "last = False",
        "activities/notices::test_a_service_that_does_not_do_its_part_is_given_up",
    ),
    Bug(
        "notices",
        "activities/notices.py",
        'if tried.reached else {"unreachable": service}',
        "",
        "activities/notices::test_how_it_went_comes_by_signal_and_not_as_a_result",
    ),
    Bug(
        "notices",
        "activities/services.py",
        "timeout=timeout, allow_redirects=False",
        "timeout=timeout",
        "activities/services::test_only_200_and_202_acknowledge",
    ),
    Bug(
        "notices",
        "activities/services.py",
        "async with asyncio.timeout(SOON):",
        "async with asyncio.timeout(None):",
        "activities/services::test_an_acknowledgement_that_trickles_is_not_waited_for",
    ),
    Bug(
        "notices",
        "activities/checkpoint.py",
        "if self._due(one) <= _now():",
        "if not turns and self._due(one) <= _now():",
        "activities/checkpoint::test_a_service_that_does_not_do_its_part_delays_nobody_elses_question",
    ),
    Bug(
        "notices",
        "activities/receipts.py",
        "asyncio.create_task(self._serve(service, list(of_it)))",
        "asyncio.create_task(self._serve(service, list(of_it)))\n            await asyncio.wait({task})",
        "activities/checkpoint::test_a_service_that_takes_no_receipt_keeps_no_other_from_its_own",
    ),
    Bug(
        "clock",
        "workflows/messages.py",
        "(ahead <= AHEAD_WITH_A_BRAKE if brake else is_timely(instant(self.at), now))",
        "is_timely(instant(self.at), now)",
        "workflows/messages::test_a_brake_is_believed_from_a_clock_that_is_wrong_by_more",
    ),
    Bug(
        "clock",
        "workflows/temporal_stage.py",
        "self.reached = max(self.reached, moment)\n        return moment",
        "self.reached = max(self.reached, moment)\n        return workflow.now()",
        "workflows/replay::test_a_replay_brings_about_again_what_was_recorded_to_the_byte",
    ),
    Bug(
        "polled",
        "activities/polled.py",
        "progress.refuse(number, verdict.code)",
        "pass",
        "activities/checkpoint::test_what_no_key_makes_sense_of_is_passed_over_once_and_its_service_hears_of_it",
    ),
    Bug(
        "polled",
        "activities/polled.py",
        "progress.refuse(0, Malformed.code)",
        "pass",
        "activities/once_more::test_what_was_nonsense_when_the_time_was_over_is_told_before_silence_decides",
    ),
    Bug(
        "faults",
        "activities/polled.py",
        "    found = _speaker(envelope, directory.now, at)\n",
        "    with suppress(Malformed):\n        read_statement(envelope)\n    found = _speaker(envelope, directory.now, at)\n",
        "activities/polled::test_what_nobody_has_signed_is_not_parsed",
    ),
    Bug(
        "faults",
        "gateway/aside.py",
        "if size <= AT_A_GLANCE",
        "if True",
        "gateway/hostile::test_a_large_body_is_read_beside_the_event_loop",
    ),
    Bug(
        "faults",
        "gateway/bodies.py",
        "into(bounded(body, most=most))",
        "into(body)",
        "gateway/hostile::test_a_body_of_too_many_values_is_not_even_parsed",
    ),
    Bug(
        "faults",
        "gateway/aside.py",
        "asyncio.timeout(PATIENCE)",
        "asyncio.timeout(None)",
        "gateway/hostile::test_who_waits_for_a_reader_too_long_is_told_to_come_again",
    ),
    Bug(
        "faults",
        "gateway/middlewares.py",
        "request.content_length <= SMALL:",
        "request.content_length:",
        "gateway/hostile::test_what_is_larger_than_a_stop_is_not_looked_at_for_one",
    ),
    Bug(
        "text",
        "client/console.py",
        'Segment("\\n".join(map(shown, segment.text.split("\\n"))), segment.style)',
        "segment",
        "client/hostile",
    ),
    Bug("text", "client/console.py", "markup=False", "markup=True", "client/hostile"),
    Bug("text", "client/console.py", "sys.stdout.write(in_json(json_text)", "sys.stdout.write(json_text", "client/hostile"),
    Bug("text", "client/entries.py", "text.append(shown(words), style)", "text.append(words, style)", "client/hostile"),
    Bug(
        "text",
        "domain/words/errors.py",
        "self.message = shown(message)",
        "self.message = message",
        "text::test_errors_repeat_what_was_sent_as_text",
    ),
    Bug(
        "keys",
        "gateway/middlewares.py",
        "    await proofs.look()\n",
        "",
        "gateway/keys::test_a_revocation_made_at_one_gateway_binds_the_next_and_one_that_is_started_later",
    ),
    Bug(
        "keys",
        "gateway/middlewares.py",
        "await proofs.still(visitor)",
        "pass",
        "gateway/keys::test_a_key_that_is_revoked_while_its_request_comes_in_is_refused",
    ),
    Bug(
        "keys",
        "gateway/pages/entrance.py",
        "return who.key in service.keys_at(datetime.now(UTC)) and",
        "return",
        "gateway/keys::test_sessions_and_links_end_with_their_key_at_every_gateway",
    ),
    Bug(
        "keys",
        "process/in_force.py",
        "for entered in self._entered:",
        "for entered in ():",
        "process/in_force::test_what_the_archive_holds_stays_in_force_over_a_new_file",
    ),
    Bug(
        "keys",
        "process/in_force.py",
        "if self._clock() - self._known_at > BOUND:",
        "if False:",
        "process/in_force::test_while_the_archive_is_away_the_keys_last_known_count_for_a_while",
    ),
    Bug(
        "keys",
        "process/in_force.py",
        "if entered.seq != number:",
        "if False:",
        "process/in_force::test_an_archive_that_does_not_hold_what_was_entered_lets_nobody_in",
    ),
    Bug(
        "keys",
        "activities/polled.py",
        "    await directory.look()  # a key",
        "    # a key",
        "activities/checkpoint::test_a_polled_answer_under_a_key_that_was_revoked_elsewhere_is_turned_away",
    ),
    Bug("R20", "domain/plan/proof.py", "service.check_officer(kid, claims.sub)", "pass", "proof"),
    Bug("R20", "domain/plan/proof.py", "officer = claims.sub or service.officer_of(kid)", "officer = claims.sub", "proof"),
    Bug(
        "R20",
        "gateway/submissions.py",
        "speaker.check_signer(signature.keyid, statement.officer, now)",
        "pass",
        "gateway/keys::test_an_officers_key_speaks_and_calls_for_that_officer_alone",
    ),
    Bug(
        "R20",
        "gateway/reads.py",
        "key=caller.key,",
        "key=None,",
        "gateway/keys::test_an_officers_key_speaks_and_calls_for_that_officer_alone",
    ),
    Bug(
        "existence",
        "gateway/runs.py",
        "            await asyncio.sleep(answered - clock())\n",
        "",
        "gateway/api::test_who_has_no_part_cannot_tell_a_delivery_that_exists_from_one_that_does_not",
    ),
    Bug(
        "existence",
        "gateway/plans.py",
        "await self._runs.seen_by(caller, plan.operation)",
        "pass",
        "gateway/api::test_a_code_name_that_strangers_have_taken_is_a_fault_of_the_plan_like_any_other",
    ),
    Bug(
        "existence",
        "gateway/reception.py",
        'return taken if reach(role_of(caller), "list") != "-" else taken.unnamed()',
        "return taken",
        "gateway/keys::test_who_may_see_no_delivery_is_named_none_when_keys_change",
    ),
    Bug(
        "existence",
        "gateway/api.py",
        "shows(request, (*taken.taken, *taken.left, *(fault.place for fault in taken.refused if taken.named)))",
        "shows(request, ())",
        "gateway/keys::test_who_is_named_deliveries_when_keys_change_is_in_the_log_of_reads",
    ),
    Bug(
        "existence",
        "activities/messenger.py",
        "{digest_of_bytes(key.sign(b'alert ' + digest([alert.type, alert.number]).encode()))[:32]}",
        "{digest([alert.type, alert.number])[:32]}",
        "activities/messenger::test_no_checkpoint_is_told_since_it_may_be_named_after_a_place",
    ),
    Bug(
        "existence",
        "activities/messenger.py",
        '"service": alert.service,\n                "gateway"',
        '"service": alert.service,\n                "request": alert.number,\n                "gateway"',
        "activities/messenger::test_no_checkpoint_is_told_since_it_may_be_named_after_a_place",
    ),
    Bug(
        "existence",
        "domain/plan/addresses.py",
        '(scheme == "http" and _loopback(host))',
        'scheme == "http"',
        "addresses process/configuration",
    ),
    Bug(
        "existence",
        "activities/sweep.py",
        "except Exception as error:  # noqa: BLE001 - it has ended",
        "except TimeoutError as error:  # noqa: BLE001 - it has ended",
        "workflows/divergence::test_what_somebody_has_invented_in_temporal_keeps_the_sweep_from_nothing",
    ),
    Bug(
        "deploy",
        "deploy/compose/compose.yaml",
        "secrets: [vigil_key, payload_keys, archive_password]",
        "secrets: [vigil_key, archive_password]",
        "deploy/deploy",
    ),
    Bug(
        "deploy",
        "deploy/compose/compose.yaml",
        "postgres:16.14-bookworm@${POSTGRES_DIGEST:?look it up, see deploy/README.md}",
        "postgres:16.14-bookworm",
        "deploy/deploy",
    ),
    Bug(
        "outage",
        "archive/database.py",
        "if code & 0xFF in OUT_OF_PLACE:",
        "if False:",
        "archive/database::test_sqlite_is_written_again_as_soon_as_its_folder_can_be",
    ),
    Bug(
        "outage",
        "process/temporal.py",
        "                keep_alive_config=HALF_OPEN,\n",
        "",
        "process/temporal::test_a_connection_whose_other_end_has_gone_without_a_word_is_given_up",
    ),
    Bug(
        "outage",
        "gateway/submissions.py",
        "        except NotFound:\n            answer",
        "        except LookupError:\n            answer",
        "gateway/api::test_after_the_end_a_known_statement_still_gets_its_receipt_and_a_new_one_is_refused",
    ),
    Bug(
        "outage",
        "gateway/submissions.py",
        "return await self._as_recorded(delivery, handed.content, ONCE_MORE)",
        "pass",
        "gateway/api::test_a_statement_that_was_left_and_is_not_taken_is_not_acknowledged",
    ),
    Bug(
        "outage",
        "gateway/plans.py",
        "                    task_timeout=TASK_TIMEOUT,\n",
        "",
        "workflows/controlled_delivery::test_a_worker_has_half_a_minute_for_a_task",
    ),
    Bug(
        "outage",
        "gateway/health.py",
        'there: Literal["up", "away"] = "up" if await beats else "away"',
        'there: Literal["up", "away"] = "up"',
        "gateway/reads::test_while_the_archive_is_away_health_says_so",
    ),
    Bug(
        "protocol",
        "domain/words/quantities.py",
        'info.mode == "json" and info.context != BY_HAND',
        "False",
        "statements::test_a_mass_with_a_unit_is_not_signed",
    ),
    Bug(
        "errors",
        "domain/plan/proof.py",
        'if said["alg"] != ALGORITHM:',
        "if False:",
        "proof::test_what_is_wrong_with_a_header_is_told_and_who_is_known_is_not",
    ),
    Bug(
        "errors",
        "domain/plan/proof.py",
        'if said["typ"] != TYPE:',
        "if False:",
        "proof::test_what_is_wrong_with_a_header_is_told_and_who_is_known_is_not",
    ),
    Bug(
        "errors",
        "domain/words/errors.py",
        "elif part in branches.get(field, ()) or _LABEL.search(part):",
        "elif _LABEL.search(part):",
        "statements::test_a_fault_is_placed_where_the_json_has_it",
    ),
    Bug(
        "exam",
        "client/conformance/taking.py",
        "made, host=elsewhere)",
        "made)",
        EXAM,
    ),
    Bug("exam", "client/conformance/answering.py", "if not set(CONDITIONS) <= {str(one) for one in met}:", "if False:", EXAM),
    Bug("exam", "client/conformance/taking.py", "    if said:\n", "    if False:\n", EXAM),
    Bug(
        "exam",
        "client/conformance/gateway.py",
        'return _problem(429, "limited", {"Retry-After": "1"})',
        'return _problem(503, "unavailable")',
        EXAM,
    ),
    Bug("exam", "client/conformance/taking.py", "if found.status != 401:", "if False:", EXAM),
    Bug("exam", "client/conformance/taking.py", "    for name, form in forms.items():\n", "    for name, form in ():\n", EXAM),
    Bug("exam", "client/conformance/checks.py", 'with_claims(typ="JWT")', 'with_claims(alg="EdDSA")', EXAM),
    Bug("exam", "client/conformance/checks.py", "SOON = LIFETIME - taking.LEEWAY", "SOON = taking.LEEWAY", EXAM),
    Bug("exam", "client/conformance/exam.py", "if len(listed) > MOST_ANSWERS:", "if False:", EXAM),
    Bug("exam", "client/conformance/gateway.py", '    "/changes": ("GET",),\n', "", EXAM),
    Bug(
        "protocol",
        "docs/protocol.md",
        "With `?signed=yes` each request",
        "Where it is wanted each request",
        "docs/protocol::test_every_parameter_of_a_question_is_named",
    ),
    Bug(
        "protocol",
        "docs/protocol.md",
        "`interdicted_early`, `refused`,",
        "`interdicted_early`,",
        "docs/protocol::test_every_outcome_is_named",
    ),
    Bug(
        "existence",
        "gateway/reading.py",
        "            await asyncio.sleep(answered - clock())\n",
        "",
        "gateway/api::test_who_takes_no_part_sees_nothing",
    ),
    Bug(
        "errors",
        "domain/plan/proof.py",
        'TYPE = "vigil-proof+jwt"',
        'TYPE = "dpop+jwt"',
        "docs/vectors::test_committed_vectors_are_what_the_code_makes",
    ),
    Bug(
        "outage",
        "activities/deconfliction.py",
        "        task_timeout=TASK_TIMEOUT,\n",
        "",
        "workflows/controlled_delivery::test_a_worker_has_half_a_minute_for_a_task",
    ),
    Bug(
        "protocol",
        "domain/plan/goods.py",
        "    cas: CasNumber | None = None\n",
        "",
        "statements::test_what_a_request_says_of_a_substance_may_be_said_back",
    ),
    Bug(
        "R15",
        "workflows/register.py",
        "                await self._tell(alarm)\n",
        "                self._register = self._register.told(alarm.number)\n",
        "workflows/deconfliction::test_supervisors_are_told_of_a_pattern_without_asking",
    ),
    Bug(
        "outage",
        "worker.py",
        "        max_concurrent_workflow_tasks=AT_ONCE,\n",
        "",
        "workflows/controlled_delivery::test_a_worker_has_half_a_minute_for_a_task",
    ),
    Bug(
        "faults",
        "gateway/reception.py",
        "return await self._aside.do(partial(packet.sealed, self._key))",
        "return packet.sealed(self._key)",
        "gateway/api::test_large_work_is_done_beside_the_event_loop",
    ),
    Bug(
        "faults",
        "gateway/plans.py",
        "return await self._aside.if_large(partial(verified_plan, envelope, self._in_force.now, now), len(envelope.payload))",
        "return verified_plan(envelope, self._in_force.now, now)",
        "gateway/api::test_large_work_is_done_beside_the_event_loop",
    ),
    Bug(
        "left",
        "gateway/submissions.py",
        "if (why := too_large(statement, envelope)) is not None:",
        "if (why := None) is not None:",
        f"{LEFT}what_is_too_large_for_its_kind_is_left_nowhere",
    ),
    Bug("left", "gateway/submissions.py", "brake_by=caller.id", "brake_by=statement.id", ONE_AT_A_TIME),
    Bug("left", "gateway/submissions.py", "        self._leaving.answered(delivery)\n", "", SO_MANY_WORDS),
    Bug("left", "gateway/leaving.py", "        if key not in self._left:\n", "        if True:\n", ONE_AT_A_TIME),
    Bug(
        "left", "gateway/leaving.py", " + size > share.most_bytes", " > share.most_bytes", f"{LEFT}a_caller_leaves_so_many_bytes"
    ),
    Bug("left", "gateway/leaving.py", "len(own) >= share.most or ", "", SO_MANY_WORDS),
    Bug("left", "gateway/leaving.py", "sum(own) + size > share.most_bytes", "False", f"{LEFT}a_caller_leaves_so_many_bytes"),
    Bug(
        "left",
        "gateway/leaving.py",
        "    LEFT_BRAKES,\n    LEFT_BRAKES * LARGEST_BRAKE",
        "    9_999,\n    9_999 * LARGEST_BRAKE",
        f"{LEFT}brakes_have_a_share_too_which_begins_anew_with_an_answer",
    ),
    Bug("left", "gateway/leaving.py", " == (delivery, one.caller, one.share)", "[::2] == (delivery, one.share)", SO_MANY_WORDS),
    Bug(
        "left", "gateway/leaving.py", "    LEFT_KEY_CHANGES,\n", "    9_999,\n", f"{LEFT}a_caller_leaves_so_many_changes_of_keys"
    ),
    Bug(
        "left",
        "gateway/leaving.py",
        "    LEFT_KEY_CHANGES_BYTES,\n",
        "    9_999_999,\n",
        f"{LEFT}a_caller_leaves_so_many_bytes_of_changes_of_keys",
    ),
    Bug("left", "gateway/rekeying.py", " and not isinstance(error, ShareSpentError)", "", SHARE_OF_KEYS),
    Bug("left", "gateway/leaving.py", "while len(self._left) >= MOST_LEFT:", "while False:", REMEMBERED_AS_LEFT),
    Bug("left", "gateway/leaving.py", "            self._left.pop(key, None)\n", "", REMEMBERED_AS_LEFT),
    Bug(
        "left",
        "gateway/leaving.py",
        "            self._left[delivery, handed.at] = left\n",
        "            pass\n",
        f"{LEFT}what_was_taken_and_not_recorded_counts_once_more_each_time_that_it_is_left",
    ),
    Bug(
        "left",
        "gateway/submissions.py",
        "            self._leaving.taken(delivery, handed)\n",
        "",
        "gateway/api::test_a_statement_that_was_left_and_is_not_taken_is_not_acknowledged",
    ),
    Bug(
        "R1",
        "domain/plan/check_powers.py",
        "        if state in plan.states() or plan.authorities(state):\n",
        "        if False:\n",
        "powers",
    ),
    Bug(
        "R1",
        "domain/plan/check_powers.py",
        "or state in known or plan.authorities(state):\n            continue",
        "or True:\n            continue",
        "powers",
    ),
    Bug("R1", "domain/plan/check_route.py", "if call.state is None and call.not_touched is None:", "if False:", "powers"),
    Bug(
        "R1",
        "domain/plan/plan.py",
        "if one.state is not None and one.not_touched is None)",
        "if one.state is not None and False)",
        "powers",
    ),
    Bug(
        "R10",
        "domain/rules/course.py",
        'any(map(delivery.state.closed, delivery.plan.ids_at("arrest")))',
        'delivery.state.passed("arrest")',
        "powers",
    ),
    Bug("R10", "domain/rules/course.py", "(delivery.state.secured or any(map(", "(False or any(map(", "powers"),
    Bug(
        "R11",
        "domain/rules/handling.py",
        "if not delivery.state.participant(one)):",
        "if delivery.directory.find(one) is None):",
        "powers",
    ),
    Bug("R12", "domain/rules/conclusion.py", "if state.arrested and not state.held:", "if False:", "outcomes"),
    Bug("R12", "domain/delivery/state.py", "max(self.arrested - self.freed, 0)", "self.arrested", "outcomes"),
    Bug(
        "R16",
        "domain/plan/check_law.py",
        "if plan.asks_permission(card.state) and not plan.permissions(card):",
        "if False:",
        "planning",
    ),
    Bug(
        "R23",
        "domain/rules/handling.py",
        "return NOT_FOR_THEM(services=barred) if barred else ACCEPTED",
        "return ACCEPTED",
        "powers",
    ),
    Bug("R29", "domain/plan/powers.py", "return need not in POWERS or service.kind in POWERS[need]", "return True", "powers"),
    Bug("R29", "domain/plan/check_powers.py", "    if service.state == there or need in BETWEEN:", "    if True:", "powers"),
    Bug("R29", "domain/plan/check_powers.py", "    if need not in WITH_PERMISSION:\n", "    if False:\n", "powers"),
    Bug(
        "R29", "domain/plan/check_powers.py", 'return "" if plan.asks_permission(there) else', 'return "" if True else', "powers"
    ),
    Bug(
        "R29",
        "domain/rules/grounds.py",
        "    for one in (voice, delivery.directory.find(said.service)):\n",
        "    for one in (voice,):\n",
        "powers",
    ),
    Bug(
        "R29",
        "domain/rules/grounds.py",
        "if need not in WITH_PERMISSION or not delivery.plan.accompanies(voice.id, there):",
        "if False:",
        "powers",
    ),
    Bug(
        "R29", "domain/rules/grounds.py", "return None if permitted else NO_LEAVE", "return None if True else NO_LEAVE", "powers"
    ),
    Bug(
        "R29",
        "domain/rules/grounds.py",
        "return None if delivery.consents.authorised(there, at) else AFTER_CONSENT",
        "return None if True else AFTER_CONSENT",
        "powers",
    ),
    Bug(
        "R29",
        "domain/rules/grounds.py",
        "    at = min(instant(said.statement.happened_at), said.at)\n",
        "    at = said.at\n",
        "powers",
    ),
    Bug(
        "R29",
        "domain/plan/plan.py",
        "one in acting or card.wants_permitted(one, self.case)",
        "card.wants_permitted(one, self.case)",
        "powers",
    ),
    Bug(
        "R29",
        "domain/record/verify.py",
        "remarked=tuple(entry.seq for entry, _ in delivery.remarked()),",
        "remarked=(),",
        "powers",
    ),
)

PYTEST = (sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-p", "no:cacheprovider")
NAMED = (*PYTEST, "-m", "not (browser or kill)")
"""A test that is named is run however long it takes."""
NOTHING_RAN = {4: "pytest was asked for what is not there", 5: "no test ran"}
"""Exit codes of pytest that prove nothing."""
OTHERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("only the simulator", (sys.executable, "-m", "rehearsal", "--seed", "0", "--seeds", str(SEEDS))),
    ("only other tests", (*PYTEST, "tests/domain")),
)
"""What is tried where its own tests let a bug through."""
AT_ONCE = 2


def passes(command: tuple[str, ...], tree: Path) -> bool:
    """Whether the net lets it through. One that never ends has noticed something, and its processes are ended with it.

    Raises `RuntimeError` for one that somebody else has ended: it has noticed nothing.
    """
    env = {"PYTHONPATH": str(tree), "PATH": os.environ["PATH"]}
    ran = subprocess.Popen(  # noqa: S603 - our own commands
        command, cwd=tree, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        code = ran.wait(LONGEST)
    except subprocess.TimeoutExpired:
        os.killpg(ran.pid, signal.SIGKILL)
        ran.wait()
        return False
    if code < 0:
        message = f"a run was ended by {signal.Signals(-code).name}, so that it proves nothing"
        raise RuntimeError(message)
    if code in NOTHING_RAN:
        raise RuntimeError(f"{NOTHING_RAN[code]}: {' '.join(command)}")
    return code == 0


def planted(bug: Bug, text: str) -> str:
    """The text of its file with the bug in it. Raises `ValueError` if the bug no longer fits the code."""
    if text.count(bug.right) != 1:
        message = f"{bug.file} holds {bug.right!r} {text.count(bug.right)} times, and a bug has one place"
        raise ValueError(message)
    return text.replace(bug.right, bug.wrong)


@contextmanager
def with_bug(bug: Bug, tree: Path) -> Iterator[None]:
    """The tree with the bug in it. Raises what `planted` raises."""
    file = tree / bug.file
    sound = file.read_text()
    file.write_text(planted(bug, sound))
    try:
        yield
    finally:
        file.write_text(sound)


def caught_by(bug: Bug, tree: Path) -> str:
    """`its tests`, or the first other net that catches it, or an empty text. Raises what `planted` raises."""
    with with_bug(bug, tree):
        if not passes((*NAMED, *bug.tests()), tree):
            return "its tests"
        return next((name for name, command in OTHERS if not passes(command, tree)), "")


def sound(bugs: tuple[Bug, ...], tree: Path) -> bool:
    """Whether the tests pass where there is no bug: what fails all the same would seem to catch every one."""
    return passes((*NAMED, *sorted({test for bug in bugs for test in bug.tests()})), tree)


def try_all(bugs: tuple[Bug, ...], folder: Path) -> Iterator[tuple[Bug, str]]:
    """Each bug with what has caught it, some at a time, each in a tree that has no other."""
    trees: SimpleQueue[Path] = SimpleQueue()
    for number in range(AT_ONCE):
        shutil.copytree(ROOT, folder / str(number), ignore=shutil.ignore_patterns(*LEFT_OUT))
        trees.put(folder / str(number))

    def attempt(bug: Bug) -> str:
        tree = trees.get()
        try:
            return caught_by(bug, tree)
        finally:
            trees.put(tree)

    if not sound(bugs, folder / "0"):
        message = "a test fails without any bug, so that it proves nothing"
        raise RuntimeError(message)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from zip(bugs, pool.map(attempt, bugs), strict=True)


def main() -> int:
    """Exit code 0 if every bug is caught by its own tests, and they pass where there is none."""
    parser = argparse.ArgumentParser(prog="python -m tests.planted_bugs", description=__doc__)
    parser.add_argument("only", nargs="*", help="rules, such as R15; none: all of them")
    only = parser.parse_args().only
    bugs = tuple(bug for bug in BUGS if not only or bug.rule in only)
    began, holes = time.monotonic(), 0
    with tempfile.TemporaryDirectory() as folder:
        for bug, net in try_all(bugs, Path(folder)):
            holes += net != "its tests"
            right = re.sub(r"\s+", " ", bug.right.strip())
            sys.stdout.write(f"{bug.rule:<8} {bug.file:<32} {right[:64]:<64}  {net or 'NOT CAUGHT'}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(bugs) - holes} of {len(bugs)} planted bugs caught in {time.monotonic() - began:.0f} s\n")
    return 1 if holes else 0


if __name__ == "__main__":
    sys.exit(main())
