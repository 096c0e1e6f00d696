"""To expunge a delivery takes two persons."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from domain.record.expunction import GOOD_FOR, Approval, Approvals, approved
from domain.signing.canonical import canonical
from domain.signing.envelope import EXPUNGE_TYPE, PLAN_TYPE, Envelope, sign
from domain.words.errors import Malformed, NotAllowed, NotAuthentic, VigilError
from domain.words.moments import utc_text
from rehearsal.services import cast, private_key_of
from tests.support import example_directory

NOW = datetime(2026, 3, 2, tzinfo=UTC)
DIRECTORY = cast(example_directory(), tuple(one.id for one in example_directory().services))
NAME = "saxaul-22"


def approval(service: str, officer: str, key_of: str = "", kind: str = EXPUNGE_TYPE, **said: Any) -> Envelope:
    """What one officer signs."""
    usual = {"delivery": NAME, "ordered_by": "Court of Almaty, 12", "law": "Article 240", "at": utc_text(NOW)}
    one = Approval.model_validate(usual | {"service": service, "officer": officer} | said)
    return sign(canonical(one), kind, private_key_of(key_of or service))


def both(first: Envelope, second: Envelope) -> Approvals:
    """As they are handed in."""
    return Approvals(approvals=(first, second))


ONE, TWO = approval("administration", "A-1"), approval("supervision", "S-1")


def test_two_officers_who_sign_the_same_order_expunge() -> None:
    """One of administration and one of supervision, each with a key of their own."""
    first, second = approved(both(ONE, TWO), NAME, DIRECTORY, NOW)

    assert ("A-1", "S-1") == (first.officer, second.officer)


@pytest.mark.parametrize(
    ("second", "error", "why"),
    [
        (ONE, NotAllowed, "two persons"),
        (approval("administration", "A-2"), NotAllowed, "two persons"),
        (approval("kz.knb", "K-1"), NotAllowed, "expunges nothing"),
        (approval("audit", "U-1"), NotAllowed, "expunges nothing"),
        (approval("nobody.known", "N-1", "supervision"), NotAuthentic, "unknown service"),
        (approval("supervision", "S-1", "kz.knb"), NotAuthentic, "not a valid key"),
        (approval("supervision", "S-1", kind=PLAN_TYPE), NotAuthentic, "the envelope holds"),
        (approval("supervision", "S-1", law="Another law"), Malformed, "different orders or laws"),
        (approval("supervision", "S-1", ordered_by="Somebody"), Malformed, "different orders or laws"),
        (approval("supervision", "S-1", delivery="amber-1"), Malformed, "not both about"),
        (approval("supervision", "S-1", at=utc_text(NOW - GOOD_FOR - timedelta(seconds=1))), NotAllowed, "seven days"),
        (approval("supervision", "S-1", at=utc_text(NOW + timedelta(hours=1))), NotAllowed, "seven days"),
        (sign(b"{}", EXPUNGE_TYPE, private_key_of("supervision")), Malformed, "no approval"),
    ],
)
def test_whoever_else_approves_expunges_nothing(second: Envelope, error: type[VigilError], why: str) -> None:
    """One person or key twice, somebody who may not, a forged one, another order or delivery, an old one, nonsense."""
    for given in (both(ONE, second), both(second, ONE)):
        with pytest.raises(error) as refused:
            approved(given, NAME, DIRECTORY, NOW)
        assert why in refused.value.message + refused.value.hint


def test_one_approval_is_not_enough() -> None:
    """Nor are three."""
    for some in ((ONE,), (ONE, TWO, TWO)):
        with pytest.raises(ValidationError):
            Approvals.model_validate({"approvals": some})
