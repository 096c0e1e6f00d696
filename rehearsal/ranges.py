"""Which seeds have held, in a file, so that a campaign of hours may be stopped and goes on where it was."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

LOCK = Path(__file__).parent.parent / "domain" / "rules" / "rules.lock"


class OtherRulesError(ValueError):
    """What held under other rules says nothing about these."""


class Held:
    """The seeds that have held under these rules. The file has a line for the rules, and one for each range, from - to."""

    def __init__(self, file: Path, rules: str = "") -> None:
        """Raises `OtherRulesError` for a file of other rules, or one that is no such file."""
        self._file = file
        self._rules = f"rules {rules or hashlib.sha256(LOCK.read_bytes()).hexdigest()}"
        self._seeds: set[int] = set()
        first, *lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else [self._rules]
        if first != self._rules:
            message = (
                f"{file} says which seeds held under other rules ({first[:18]}..., now {self._rules[:18]}...): name another file"
            )
            raise OtherRulesError(message)
        for line in lines:
            begin, _, end = line.partition("-")
            self._seeds.update(range(int(begin), int(end or begin) + 1))

    def missing(self, seeds: Iterable[int]) -> list[int]:
        """Those of these that have not held yet."""
        return [one for one in seeds if one not in self._seeds]

    def add(self, seeds: Iterable[int]) -> None:
        """These have held. The file is whole at any moment: it is written beside and put in its place."""
        self._seeds.update(seeds)
        beside = self._file.with_name(f"{self._file.name}.new")
        beside.write_text("\n".join((self._rules, *self.ranges(), "")), encoding="utf-8")
        beside.replace(self._file)

    def ranges(self) -> Iterator[str]:
        """What has held, as ranges."""
        numbered = enumerate(sorted(self._seeds))
        for _, group in groupby(numbered, key=lambda pair: pair[1] - pair[0]):
            together = [seed for _, seed in group]
            yield f"{together[0]}-{together[-1]}" if together[1:] else str(together[0])
