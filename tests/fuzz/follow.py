"""Each way in of `parsers` under atheris, which follows the code that an input reaches and looks for more: `make fuzz-parsers`.

atheris is large and has wheels for Linux on x86-64 only, so it is no part of the lock: the make target brings it, pinned by
digest, into `build/`.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

from tests.fuzz.parsers import DOORS

LONGEST_INPUT = 20_000
"""Bytes. An envelope of a plan has about 10,000."""
SLOW = 10
"""Seconds after which an input counts as a fault: whoever sends it can keep the gateway busy."""
FOLLOWED = ["domain", "gateway"]


def follow(name: str, arguments: list[str]) -> None:
    """Try one way in until the time is over. Never returns: the process ends with libFuzzer's exit code."""
    import atheris  # noqa: PLC0415 - there only under `make fuzz-parsers`

    for module in [one for one in sys.modules if one.split(".")[0] in {*FOLLOWED, "tests"}]:
        del sys.modules[module]  # imported anew, so that they can be followed
    with atheris.instrument_imports(include=FOLLOWED):
        from tests.fuzz.parsers import tried  # noqa: PLC0415

    def attempt(data: bytes) -> None:
        tried(name, data)

    atheris.Setup([sys.argv[0], *arguments], attempt)
    atheris.Fuzz()


def tries(name: str, seconds: int, corpus: Path) -> tuple[int, str]:
    """Inputs tried at one way in by a process of its own, and what its last one did where it was a fault."""
    corpus.mkdir(parents=True, exist_ok=True)
    for number, valid in enumerate(DOORS[name].valid()):
        (corpus / f"valid-{number}").write_bytes(valid)
    limits = (f"-max_total_time={seconds}", f"-timeout={SLOW}", f"-max_len={LONGEST_INPUT}", "-print_final_stats=1")
    command = (
        sys.executable,
        "-m",
        "tests.fuzz.follow",
        "--door",
        name,
        *limits,
        f"-artifact_prefix={corpus.parent}/",
        str(corpus),
    )
    ran = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)  # noqa: S603 - our own
    units = re.search(r"stat::number_of_executed_units: +(\d+)", ran.stderr)
    return int(units[1]) if units else 0, "" if ran.returncode == 0 else ran.stderr


def main() -> int:
    """Exit code 0 if nothing but a `VigilError` was ever raised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each way in")
    parser.add_argument("--door", choices=DOORS, help="only this one, in this process, with libFuzzer's own arguments")
    chosen, rest = parser.parse_known_args()
    if chosen.door is not None:
        follow(chosen.door, rest)
    total, faults = 0, 0
    for name in DOORS:
        tried, fault = tries(name, chosen.seconds, Path("build/fuzz") / name.replace(" ", "-") / "corpus")
        total, faults = total + tried, faults + bool(fault)
        sys.stdout.write(f"{tried:9,}  {name}{'  FAULT' if fault else ''}\n{fault}")
        sys.stdout.flush()
    sys.stdout.write(f"{total:,} inputs at {len(DOORS)} ways in: {faults} faults\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
