"""Prove that the nets hold: plant one bug at a time in the rules, in a copy of the tree, and see who catches it.

Run it with `make bugs`. Each bug is a replacement in one file; the tests named after its rule are tried first, then the
simulator's campaign with its independent invariants, then every test of the domain. A bug that none catches is a hole, and the
exit code says so.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
COPIED = (
    "domain",
    "workflows",
    "process",
    "rehearsal",
    "examples",
    "tests",
    "pyproject.toml",
    "activities",
    "gateway",
    "archive",
    "client",
)
SEEDS = 300
LONGEST = 150


@dataclass(frozen=True)
class Bug:
    """One fault of the kind a tired engineer makes."""

    rule: str
    file: str
    right: str
    wrong: str


BUGS = (
    Bug("R1", "domain/rules/rules.py", "    absent = missing(delivery.plan, delivery.state.grants, at)\n", "    absent = ()\n"),
    Bug("R1", "domain/delivery/consents.py", "return bool(checkpoints) and all(", "return bool(checkpoints) and any("),
    Bug("R1", "domain/delivery/consents.py", "self.valid_from <= at < self.valid_until", "self.valid_from <= at"),
    Bug("R1", "domain/delivery/consents.py", "not self.provisional and not self.withdrawn and", "not self.provisional and"),
    Bug("R1", "domain/rules/rules.py", "leg=0, margin=plan.margin)", "leg=0, margin=timedelta())"),
    Bug("R2", "domain/delivery/delivery.py", 'if planned is not None and planned.step == "authorise":', "if False:"),
    Bug("R2", "domain/rules/rules.py", "if event not in elapsed(delivery, at):", "if False:"),
    Bug("R3", "domain/rules/rules.py", "    if content.modality != plan.modality:\n", "    if False:\n"),
    Bug("R3", "domain/delivery/consents.py", "not grant.withdrawn and plan.modality not in grant.modalities", "False"),
    Bug(
        "R4",
        "domain/rules/rules.py",
        "    if statement.voice != delivery.state.responsible:\n        reason",
        "    if False:\n        reason",
    ),
    Bug("R4", "domain/plan/check.py", "if responsible is not None and responsible.state != leg.state:", "if False:"),
    Bug(
        "R5",
        "domain/rules/rules.py",
        "if leg.state != delivery.state.here.state and not authorised(",
        "if False and not authorised(",
    ),
    Bug("R5", "domain/delivery/delivery.py", "if event.rung == len(self.plan.expiry_warnings):", "if False:"),
    Bug("R5", "domain/delivery/delivery.py", "self.grants[voice].withdrawn = True", "pass"),
    Bug("R6", "domain/rules/rules.py", "    if not offered:\n", "    if False:\n"),
    Bug("R6", "domain/rules/rules.py", "    if statement.voice != leg.responsible:\n", "    if False:\n"),
    Bug(
        "R7",
        "domain/delivery/custody.py",
        "if abs(gross - self.gross) > tolerance:",
        "if abs(gross - self.gross) > 10 * tolerance:",
    ),
    Bug("R7", "domain/delivery/custody.py", "        if not intact:\n", "        if False:\n"),
    Bug("R7", "domain/delivery/custody.py", "if expected != found:", "if False:"),
    Bug("R7", "domain/delivery/delivery.py", "elif progress.satisfied and self.discrepancy", "elif self.discrepancy"),
    Bug(
        "R7",
        "domain/rules/rules.py",
        "if delivery.state.discrepancy is not None and statement.kind in",
        "if False and statement.kind in",
    ),
    Bug("R8", "domain/rules/rules.py", "if delivery.state.halt is not None and statement.kind not in AFTER_A_HALT:", "if False:"),
    Bug(
        "R8",
        "domain/delivery/delivery.py",
        "            case StopRequested(reason=reason):\n",
        "            case StopRequested(reason='never'):\n",
    ),
    Bug("R8", "workflows/story.py", "if not self.delivery.state.under_way and not halted:", "if False:"),
    Bug(
        "R8",
        "domain/rules/rules.py",
        "if delivery.state.halt is not None and not (delivery.state.secured or delivery.state.lost or delivery.state.destroyed or delivery.state.parts):",
        "if False:",
    ),
    Bug("R9", "domain/delivery/delivery.py", 'elif event.checkpoint.startswith("search."):', "elif False:"),
    Bug("R9", "domain/rules/rules.py", 'if statement.kind == "loss_recorded" and', "if False and"),
    Bug("R12", "domain/rules/rules.py", "    if outcome != conclusion(delivery)[0]:\n", "    if False:\n"),
    Bug(
        "R12",
        "workflows/story.py",
        'self.stage.tell("outcome", None, self.plan.participants())',
        'self.stage.tell("outcome", None, ())',
    ),
    Bug("R13", "domain/plan/check.py", "    if asked == {plan.initiator}:\n", "    if False:\n"),
    Bug(
        "R14",
        "domain/delivery/delivery.py",
        "case Incident(risk_to_life=True, what=what):",
        "case Incident(risk_to_life=True, what='never' as what):",
    ),
    Bug("R15", "domain/rules/rules.py", "    if unsettled:\n", "    if False:\n"),
    Bug("R15", "domain/rules/rules.py", "    if not delivery.looked:\n", "    if False:\n"),
    Bug("R15", "domain/rules/rules.py", "    return _conflict(delivery)\n", "    return None\n"),
    Bug("R15", "domain/rules/rules.py", "other = _conflict(delivery) if leg == 0 else None", "other = None"),
    Bug("R15", "domain/rules/rules.py", "statement.checkpoint) or not agrees:", "statement.checkpoint):"),
    Bug("R15", "domain/rules/rules.py", "if contact is None or content.agreed_with != contact.service:", "if contact is None:"),
    Bug("R15", "domain/delivery/delivery.py", "            self.looked = False\n", "            pass\n"),
    Bug("R15", "domain/delivery/delivery.py", 'startswith("conflict.") and not self.dispatched:', 'startswith("never."):'),
    Bug("R15", "domain/plan/register.py", "other.delivery and not frozenset", "other.delivery and frozenset"),
    Bug("R17", "domain/rules/rules.py", "or need not in checkpoint.needs_of(voice):", "or False:"),
    Bug("R17", "domain/rules/rules.py", "if (voice, need) in progress.answers:", "if False:"),
    Bug(
        "R18",
        "domain/record/door.py",
        "    if known is not None:\n        return _receipt(delivery, known.seq, statement.id, known.verdict)\n",
        "",
    ),
    Bug(
        "R18",
        "domain/record/door.py",
        "judge(delivery, statement, at) if first is None else",
        "judge(delivery, statement, at) if True else",
    ),
    Bug("R1", "domain/delivery/consents.py", "not self.provisional and not self.withdrawn", "not self.withdrawn"),
    Bug(
        "R1",
        "domain/delivery/delivery.py",
        "AuthorisationGranted) and statement.content.provisional)",
        "AuthorisationGranted) and False)",
    ),
    Bug(
        "R1",
        "domain/rules/rules.py",
        "- instant(content.valid_from) > card.longest",
        "- instant(content.valid_from) > card.longest * 2",
    ),
    Bug("R1", "domain/plan/check.py", "card is not None and not card.lets_grant(backup.kind):", "False:"),
    Bug("R2", "domain/plan/check.py", "checkpoint.due < card.notice:", "False:"),
    Bug("R3", "domain/rules/rules.py", "    if not taken[content.modality]:", "    if False:"),
    Bug("R5", "domain/rules/timers.py", "not in ahead or grant.provisional or", "not in ahead or"),
    Bug("R9", "domain/rules/rules.py", "if item.lasts is not None and item.lasts < way:", "if False:"),
    Bug("R10", "domain/rules/rules.py", "    if unexplained:\n", "    if False:\n"),
    Bug("R10", "domain/rules/rules.py", "    if unequal:\n", "    if False:\n"),
    Bug("R10", "domain/delivery/balance.py", "(0 if cash else tolerance)", "tolerance"),
    Bug(
        "R10",
        "domain/delivery/balance.py",
        "handled = (prepared.kept, prepared.removed, prepared.samples)",
        "handled = (prepared.kept, prepared.removed)",
    ),
    Bug("R10", "domain/delivery/balance.py", "if item.label not in found]", "if False]"),
    Bug("R10", "domain/delivery/balance.py", "if abs(gross - expected) > tolerance:", "if False:"),
    Bug("R10", "domain/delivery/balance.py", "(delivery.state.lost and not delivery.state.secured)", "delivery.state.lost"),
    Bug("R10", "domain/rules/unforeseen.py", "        return not open_difference(delivery)\n", "        return False\n"),
    Bug("R12", "domain/rules/rules.py", "if delivery.plan.ends_with_a_seizure():", "if delivery.state.secured and halt is None:"),
    Bug("R12", "domain/rules/rules.py", 'if halt.cause == "no_show":', "if False:"),
    Bug("R12", "domain/rules/rules.py", "if delivery.plan.reverse:", "if False:"),
    Bug("R12", "domain/rules/rules.py", "    if persons > delivery.state.arrested - delivery.released:\n", "    if False:\n"),
    Bug("R12", "domain/rules/rules.py", "case Halted() if delivery.state.outcome is not None:", "case Halted() if False:"),
    Bug("R16", "domain/delivery/consents.py", "not permitted(permits, state, permission, at)", "False"),
    Bug(
        "R16",
        "domain/delivery/consents.py",
        "one.valid_from <= at < one.valid_until for one in permits",
        "one.valid_from <= at for one in permits",
    ),
    Bug("R16", "domain/rules/rules.py", '(devices, "technical_means", plan.states()),', '(devices, "technical_means", ()),'),
    Bug("R16", "domain/rules/rules.py", "if leg.state != delivery.state.here.state and wanting:", "if False:"),
    Bug(
        "R16",
        "domain/rules/rules.py",
        '        if absent:\n            return refusal("R16"',
        '        if False:\n            return refusal("R16"',
    ),
    Bug("R16", "domain/plan/check.py", "if absent := _not_asked(plan, card):", 'if absent := "":'),
    Bug("R16", "workflows/story.py", "        if self.delivery.state.cleared < 0:\n", "        if True:\n"),
    Bug("R17", "domain/rules/rules.py", "planned.after is not None and not delivery.state.closed(planned.after):", "False:"),
    Bug("R17", "domain/delivery/delivery.py", "            one.id == statement.checkpoint\n            and ", "            "),
    Bug("R17", "domain/delivery/progress.py", "self.escalated < len(ladder) and not self.silent", "self.escalated < len(ladder)"),
    Bug("R18", "domain/rules/rules.py", "earlier is None or earlier.service != statement.service:", "earlier is None:"),
    Bug("R18", "domain/rules/rules.py", "    if earlier.kind != correction.content.kind:\n", "    if False:\n"),
    Bug("R18", "domain/delivery/delivery.py", "                if not self.dispatched:\n", "                if True:\n"),
    Bug("R18", "domain/delivery/delivery.py", "self.seizures[correction.of] = seizure", "self.seizures['again'] = seizure"),
    Bug("R19", "domain/rules/rules.py", "if number not in statement.fulfils:", "if False:"),
    Bug("R19", "domain/rules/rules.py", "    if confirms(statement.kind):\n", "    if True:\n"),
    Bug("R19", "domain/rules/rules.py", "        if unknown:\n", "        if False:\n"),
    Bug(
        "R20", "domain/delivery/delivery.py", "first.service == statement.service and first.officer != statement.officer", "True"
    ),
    Bug("R20", "domain/rules/rules.py", "first.content != statement.content:", "False:"),
    Bug("R20", "domain/rules/rules.py", "    if delivery.ends_here(statement):\n", "    if False:\n"),
    Bug("R20", "domain/delivery/delivery.py", "if isinstance(statement.content, Correction):", "if False:"),
    Bug("R21", "domain/rules/rules.py", "if not may_speak(delivery, statement, at):", "if False:"),
    Bug(
        "R21",
        "domain/rules/rules.py",
        "if not instant(delegated.valid_from) <= at < instant(delegated.valid_until):",
        "if False:",
    ),
    Bug("R21", "domain/rules/rules.py", "if giver is None or giver.state != taker.state:", "if False:"),
    Bug("R21", "domain/rules/rules.py", "        if passed[-1] in passed[:-1]:\n", "        if len(passed) > 9:\n"),
    Bug("R21", "domain/rules/rules.py", "backup.state == asked.state", "True"),
    Bug("R21", "domain/rules/rules.py", "return asked and _is_backup(", "return _is_backup("),
    Bug("R21", "domain/rules/rules.py", "progress is None or not progress.open or not", "progress is None or not"),
    Bug("R21", "domain/delivery/progress.py", "self.checkpoint.escalate[: self.escalated]", "self.checkpoint.escalate"),
    Bug("R21", "domain/plan/check.py", "            if backup.state not in states:\n", "            if False:\n"),
    Bug("R11", "domain/views/sight.py", "if seen.whole or isinstance(event, Ended | KeysChanged):", "if True:"),
    Bug("R11", "domain/views/sight.py", "return reader.id in to", "return True"),
    Bug("R11", "domain/views/sight.py", "case content if seen.own(said.service, delivery):", "case content if True:"),
    Bug("R11", "domain/views/sight.py", "return here and content.kind in FROM_ANOTHER_STATE", "return here"),
    Bug("R11", "domain/views/sight.py", "case MovementDecision() | HandoverDeclined():", "case Correction() if not name:"),
    Bug("R11", "domain/views/sight.py", "return delivery.state.leg_at(seq) in seen.legs", "return True"),
    Bug("R11", "domain/views/sight.py", "if seen.whole or (halt.by is not None and seen.own(halt.by, delivery)):", "if True:"),
    Bug(
        "R11",
        "domain/views/sight.py",
        'return f"{delivery.state.outcome}{reason}"',
        'return f"{delivery.state.outcome}: {delivery.state.because}"',
    ),
    Bug("R11", "domain/views/view.py", "title=delivery.plan.title if seen.whole else None", "title=delivery.plan.title"),
    Bug("R11", "domain/views/view.py", "if seen.whole or seen.own(grant.service, delivery)", "if True"),
    Bug("R11", "domain/views/view.py", "position=_position(delivery) if here else None", "position=_position(delivery)"),
    Bug("R11", "domain/views/asked.py", "return facts if not goods else", "return"),
    Bug("R23", "domain/rules/handling.py", "return code in NOT_BEFORE_A_COURT", "return False"),
    Bug("R23", "domain/rules/handling.py", "return (addressed and inherited) or", "return addressed or"),
    Bug("R23", "domain/rules/rules.py", "found is None or found.service != statement.service]", "found is None]"),
    Bug("R22", "domain/rules/amending.py", "elif not progress.open and now != known:", "elif False:"),
    Bug("R22", "domain/rules/amending.py", "if now.due < known.due:", "if False:"),
    Bug("R22", "domain/rules/amending.py", "if old != new and old in answered:", "if False:"),
    Bug("R22", "domain/rules/amending.py", "(travelled and now != leg) or _beginning(now) != _beginning(leg)", "False"),
    Bug("R22", "domain/rules/amending.py", "if new is None or old is None or new.state != old.state:", "if False:"),
    Bug("R22", "domain/rules/amending.py", "_way(delivery.plan, state) == _way(plan, state):", "True:"),
    Bug("R22", "domain/record/door.py", "if plan.initiator != delivery.plan.initiator:", "if False:"),
    Bug("R22", "domain/delivery/delivery.py", "self.cleared = min(self.cleared, -1 if self.leg is None else self.leg)", "pass"),
    Bug("R22", "domain/plan/plan.py", "if service not in gone)\n\n    def leg_to", "if True)\n\n    def leg_to"),
    Bug("R5", "workflows/story.py", "if self.delivery.state.cleared < leg:", "if True:"),
    Bug(
        "R24",
        "domain/plan/key_changes.py",
        'if change.by != change.service and signer.kind not in ("administrator", "system"):',
        "if False:",
    ),
    Bug(
        "R24",
        "domain/plan/key_changes.py",
        'if change.by != change.service and signer.kind == "system" and change.added:',
        "if False:",
    ),
    Bug("R24", "domain/plan/key_changes.py", "        if end.key not in known:\n", "        if False:\n"),
    Bug("R24", "domain/plan/key_changes.py", "    if len(known) > MOST_KEYS:\n", "    if False:\n"),
    Bug("R24", "domain/plan/key_changes.py", "signer.keys_at(at))", "{key_id(key.public): key.public for key in signer.keys})"),
    Bug("R24", "domain/plan/key_changes.py", "    if change.by != change.service:\n", "    if True:\n"),
    Bug("R24", "domain/plan/key_changes.py", "        if key.public in others:\n", "        if False:\n"),
    Bug("R20", "domain/plan/directory.py", "if owner not in (None, officer):", "if False:"),
    Bug("R24", "domain/plan/key_changes.py", "return key.model_copy(update={name: end.at}) if sooner else key", "return key"),
    Bug("R24", "domain/plan/key_changes.py", "before is None or instant(end.at) < instant(before)", "True"),
    Bug("R24", "domain/record/door.py", "    authentic(envelope, delivery.directory, at)\n", ""),
    Bug("R24", "domain/plan/directory.py", "for end in (self.valid_until, self.revoked_at)", "for end in (self.valid_until,)"),
    Bug("R24", "domain/plan/directory.py", "instant(self.valid_from) <= moment and all(", "all("),
    Bug("R24", "domain/record/packet.py", "if key is None or not key.valid_at(", "if key is not None and not key.valid_at("),
    Bug(
        "R22",
        "workflows/story.py",
        "        if self.leaving():\n            self.clear",
        "        if False:\n            self.clear",
    ),
    Bug("R22", "workflows/story.py", "planned is not None and self.leaving() and not self.delivery.state.dispatched:", "False:"),
    Bug("R10", "domain/rules/rules.py", 'return refusal("R10", "; ".join(unequal)) if unequal else ACCEPTED', "return ACCEPTED"),
    Bug("R12", "domain/rules/rules.py", "if delivery.state.parts and not delivery.state.ended_parts:", "if False:"),
    Bug("R17", "domain/rules/rules.py", 'if delivery.state.secured and statement.kind == "interdicted":', "if False:"),
    Bug("R4", "domain/plan/check.py", "if before.responsible != after.responsible:", "if False:"),
    Bug(
        "duty",
        "domain/rules/unforeseen.py",
        "any(form.fullmatch(name) for form in (_DUTY, _BALANCE))",
        "any(form.fullmatch(name) for form in (_BALANCE,))",
    ),
    Bug(
        "duty", "domain/rules/unforeseen.py", "        if not grant.provisional\n        if grant.state", "        if grant.state"
    ),
)

TESTS = (sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests/domain")
NONE = Bug("R", "domain/rules/rules.py", "\n", "\n")
"""No bug at all: what fails all the same would seem to catch every bug."""
AT_ONCE = 2


def nets(bug: Bug) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What is tried, the quickest first: the rule's own tests, the simulator's campaign, every test of the domain."""
    return (
        ("its tests", (*TESTS, "-k", f"{bug.rule.lower()}_" if bug.rule.startswith("R") else bug.rule)),
        ("simulator", (sys.executable, "-m", "rehearsal", "--seed", "0", "--seeds", str(SEEDS))),
        ("other tests", TESTS),
    )


def passes(command: tuple[str, ...], tree: Path) -> bool:
    """Whether the net lets it through. One that never ends has noticed something, and its processes are ended with it."""
    env = {"PYTHONPATH": str(tree), "PATH": ""}
    ran = subprocess.Popen(  # noqa: S603 - our own commands
        command, cwd=tree, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        return ran.wait(LONGEST) == 0
    except subprocess.TimeoutExpired:
        os.killpg(ran.pid, signal.SIGKILL)
        ran.wait()
        return False


def planted(bug: Bug, text: str) -> str:
    """The text of its file with the bug in it. Raises `ValueError` if the bug no longer fits the code."""
    if bug.right not in text:
        message = f"{bug.file} no longer holds {bug.right!r}"
        raise ValueError(message)
    return text.replace(bug.right, bug.wrong, 1)


def caught_by(bug: Bug) -> str:
    """The first net that catches it, or an empty text. Raises what `planted` raises."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for name in COPIED:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, tree / name)
        shutil.copy(ROOT / "worker.py", tree)
        file = tree / bug.file
        file.write_text(planted(bug, file.read_text()))
        for name, command in nets(bug):
            if not passes(command, tree):
                return name
    return ""


def main() -> int:
    """Exit code 0 if every bug is caught, and nothing is where there is no bug."""
    began, holes = time.monotonic(), 0
    if net := caught_by(NONE):
        sys.stdout.write(f"{net}: fails without any bug, so it proves nothing\n")
        return 1
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for bug, net in zip(BUGS, pool.map(caught_by, BUGS), strict=True):
            holes += not net
            sys.stdout.write(f"{bug.rule:<4} {bug.file:<22} {bug.right.strip()[:70]:<70}  {net or 'NOT CAUGHT'}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(BUGS) - holes} of {len(BUGS)} planted bugs caught in {time.monotonic() - began:.0f} s\n")
    return 1 if holes else 0


if __name__ == "__main__":
    sys.exit(main())
