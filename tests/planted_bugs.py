"""Prove that the nets hold: plant one bug at a time in the rules, in a copy of the tree, and see who catches it.

Run it with `make bugs`. Each bug is a replacement in one file; the simulator's campaign is tried first, with its independent
invariants, then the tests of the rules. A bug that neither catches is a hole, and the exit code says so.
"""

import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
COPIED = ("domain", "workflows", "process", "rehearsal", "examples", "tests", "pyproject.toml", "activities", "gateway", "client")
SEEDS = 300
LONGEST = 120


@dataclass(frozen=True)
class Bug:
    """One fault of the kind a tired engineer makes."""

    rule: str
    file: str
    right: str
    wrong: str


BUGS = (
    Bug("R1", "domain/rules.py", "    absent = missing(delivery.plan, delivery.grants, at)\n", "    absent = ()\n"),
    Bug("R1", "domain/consent.py", "return bool(checkpoints) and all(", "return bool(checkpoints) and any("),
    Bug("R1", "domain/consent.py", "self.valid_from <= at < self.valid_until", "self.valid_from <= at"),
    Bug("R1", "domain/consent.py", "return not self.withdrawn and not self.expired and", "return not self.expired and"),
    Bug("R1", "domain/rules.py", "leg=0, margin=plan.margin)", "leg=0, margin=timedelta())"),
    Bug("R2", "domain/delivery.py", 'if planned is not None and planned.step == "authorise":', "if False:"),
    Bug("R2", "domain/rules.py", "if event not in elapsed(delivery, at):", "if False:"),
    Bug("R3", "domain/rules.py", "if isinstance(content, Prepared) and content.modality != delivery.plan.modality:", "if False:"),
    Bug("R3", "domain/consent.py", "not grant.withdrawn and plan.modality not in grant.modalities", "False"),
    Bug(
        "R4",
        "domain/rules.py",
        "    if statement.service != delivery.responsible:\n        reason",
        "    if False:\n        reason",
    ),
    Bug("R4", "domain/planning.py", "if responsible is not None and responsible.state != leg.state:", "if False:"),
    Bug("R5", "domain/rules.py", "if leg.state != delivery.here.state and not authorised(", "if False and not authorised("),
    Bug("R5", "domain/delivery.py", "if event.rung == len(self.plan.expiry_warnings):", "if False:"),
    Bug("R5", "domain/delivery.py", "self.grants[statement.service].withdrawn = True", "pass"),
    Bug("R6", "domain/rules.py", "    if not offered:\n", "    if False:\n"),
    Bug("R6", "domain/rules.py", "    if statement.service != leg.responsible:\n", "    if False:\n"),
    Bug("R7", "domain/custody.py", "if abs(gross - self.gross) > tolerance:", "if abs(gross - self.gross) > 10 * tolerance:"),
    Bug("R7", "domain/custody.py", "        if not intact:\n", "        if False:\n"),
    Bug("R7", "domain/custody.py", "if expected != found:", "if False:"),
    Bug("R7", "domain/delivery.py", "elif progress.satisfied and self.discrepancy", "elif self.discrepancy"),
    Bug("R7", "domain/rules.py", "if delivery.discrepancy is not None and statement.kind in", "if False and statement.kind in"),
    Bug("R8", "domain/rules.py", "if delivery.halt is not None and statement.kind not in AFTER_A_HALT:", "if False:"),
    Bug(
        "R8",
        "domain/delivery.py",
        "            case StopRequested(reason=reason):\n",
        "            case StopRequested(reason='never'):\n",
    ),
    Bug("R8", "workflows/story.py", "if self.delivery.halt is not None and not halted:", "if False:"),
    Bug("R8", "domain/rules.py", "if delivery.halt is not None and not (delivery.secured or delivery.lost):", "if False:"),
    Bug("R9", "domain/delivery.py", 'elif event.checkpoint.startswith("search."):', "elif False:"),
    Bug("R9", "domain/rules.py", 'if statement.kind == "loss_recorded" and', "if False and"),
    Bug("R12", "domain/rules.py", "    if outcome != conclusion(delivery)[0]:\n", "    if False:\n"),
    Bug(
        "R12",
        "workflows/story.py",
        'self.stage.tell("outcome", None, self.plan.participants(),',
        'self.stage.tell("outcome", None, (),',
    ),
    Bug("R13", "domain/planning.py", "    if asked == {plan.initiator}:\n", "    if False:\n"),
    Bug(
        "R14",
        "domain/delivery.py",
        "case Incident(risk_to_life=True, what=what):",
        "case Incident(risk_to_life=True, what='never' as what):",
    ),
    Bug("R15", "domain/rules.py", "    if unsettled:\n", "    if False:\n"),
    Bug("R15", "domain/rules.py", "    if not delivery.looked:\n", "    if False:\n"),
    Bug("R15", "domain/rules.py", "    return _conflict(delivery)\n", "    return None\n"),
    Bug("R15", "domain/rules.py", "other = _conflict(delivery) if leg == 0 else None", "other = None"),
    Bug("R15", "domain/rules.py", "statement.checkpoint) or not agrees:", "statement.checkpoint):"),
    Bug("R15", "domain/rules.py", "if contact is None or content.agreed_with != contact.service:", "if contact is None:"),
    Bug("R15", "domain/delivery.py", "            self.looked = False\n", "            pass\n"),
    Bug("R15", "domain/delivery.py", 'startswith("conflict.") and not self.dispatched:', 'startswith("never."):'),
    Bug("R15", "domain/deconfliction.py", "other.delivery and not frozenset", "other.delivery and frozenset"),
    Bug("R17", "domain/rules.py", "or need not in checkpoint.needs_of(statement.service):", "or False:"),
    Bug("R17", "domain/rules.py", "if (statement.service, need) in progress.answers:", "if False:"),
    Bug(
        "R18",
        "domain/record.py",
        "if known is not None and known.fingerprint == envelope.fingerprint():",
        "if known is not None:",
    ),
    Bug(
        "R18",
        "domain/record.py",
        "judge(delivery, statement, at) if known is None else",
        "judge(delivery, statement, at) if True else",
    ),
)

NETS = (
    ("simulator", (sys.executable, "-m", "rehearsal", "--seed", "0", "--seeds", str(SEEDS))),
    ("tests", (sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "tests/domain")),
)


def caught_by(bug: Bug) -> str:
    """The first net that catches it, or an empty text. Raises `ValueError` if the bug no longer fits the code."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        for name in COPIED:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, tree / name)
        shutil.copy(ROOT / "worker.py", tree)
        file = tree / bug.file
        text = file.read_text()
        if bug.right not in text:
            message = f"{bug.file} no longer holds {bug.right!r}"
            raise ValueError(message)
        file.write_text(text.replace(bug.right, bug.wrong, 1))
        for name, command in NETS:
            try:
                ran = subprocess.run(  # noqa: S603 - our own commands
                    command,
                    cwd=tree,
                    env={"PYTHONPATH": str(tree), "PATH": ""},
                    capture_output=True,
                    timeout=LONGEST,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                return f"{name} (it never ended)"
            if ran.returncode:
                return name
    return ""


def main() -> int:
    """Exit code 0 if every bug is caught."""
    began, holes = time.monotonic(), 0
    for bug in BUGS:
        net = caught_by(bug)
        holes += not net
        sys.stdout.write(f"{bug.rule:<4} {bug.file:<22} {bug.right.strip()[:70]:<70}  {net or 'NOT CAUGHT'}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{len(BUGS) - holes} of {len(BUGS)} planted bugs caught in {time.monotonic() - began:.0f} s\n")
    return 1 if holes else 0


if __name__ == "__main__":
    sys.exit(main())
