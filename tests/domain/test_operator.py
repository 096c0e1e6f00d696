"""What the installation's operator can change in a packet is what SECURITY.md says, and nothing else."""

import pytest

from tests.operator import tried

HEARSAY = {"asked", "asked_once_more", "told", "deconflicted", "released"}
"""Facts from outside that no service signs."""
BY_THE_CLOCK = {f"{event} at" for event in (*HEARSAY, "stated", "keys_changed", "amended")}
THE_END = {"ended left out"}
THE_SEAL = {"seal exported_at", "seal purpose"}


def named(what: str) -> bool:
    """Whether SECURITY.md says that this passes without receipts."""
    event, _, place = what.partition(" ")
    reordered = place.startswith("after ") and {event, place.removeprefix("after ")} <= {*HEARSAY, "stated"}
    return event in HEARSAY or reordered or what in BY_THE_CLOCK | THE_END | THE_SEAL


@pytest.mark.slow
@pytest.mark.parametrize("name", ["stopped-under-way", "consent-withdrawn"])
def test_an_operator_changes_nothing_but_what_security_names(name: str) -> None:
    """Every field of every entry, directory, cards and seal: beside the receipts, only the end and the seal can differ."""
    found = tried(name)

    assert found.forgeries > 2000
    assert [] == [what for what in found.passed if not named(what)]
    assert set(found.passed_receipts) <= THE_END | THE_SEAL
