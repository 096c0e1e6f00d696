"""A bug that is planted, and the tests that must catch it."""

from dataclasses import dataclass


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
