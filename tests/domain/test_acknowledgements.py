"""That a request was received is signed by who received it, where it can; else the installation alone says so."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.delivery.events import Asked
from domain.delivery.requests import Acknowledgement, Request
from domain.record.verify import verify
from domain.signing.canonical import canonical, digest
from domain.signing.envelope import ACKNOWLEDGEMENT_TYPE, NOTICE_TYPE, Envelope, sign
from domain.views.asked import request
from domain.words.moments import utc_text
from rehearsal.services import acknowledgement
from tests.course import forbidden
from tests.support import Table, private_key_of

AT, SERVICE = "consent-uz", "uz.prosecutor"


def asked(*given: Envelope) -> Asked:
    """The fact that it has received what it is asked."""
    return Asked(checkpoint=AT, received=(SERVICE,), acknowledgements=given)


def wanted(table: Table) -> Request:
    """What it is asked."""
    return request(table.delivery, AT, SERVICE)


def of(table: Table, by: str = SERVICE, kind: str = ACKNOWLEDGEMENT_TYPE, **changed: str) -> Envelope:
    """An acknowledgement that says something else, or is signed by somebody else."""
    said = Acknowledgement(
        request=wanted(table).id,
        delivery=table.plan.operation,
        checkpoint=AT,
        service=SERVICE,
        digest=digest(wanted(table)),
        received_at=utc_text(table.now),
    )
    return sign(canonical(said.model_copy(update=changed)), kind, private_key_of(by))


def facts(table: Table) -> list[Asked]:
    """What the ledger says of who was asked."""
    return [one.event for one in table.delivery.ledger.entries if isinstance(one.event, Asked)]


def test_what_a_service_has_signed_is_in_the_ledger_and_verifies() -> None:
    """Nothing of it is hearsay; what others have not signed is."""
    table = Table()
    before = verify(table.packet()).hearsay
    table.report(asked(acknowledgement(wanted(table), table.now)))
    signed = verify(table.packet(), table.directory).hearsay
    table.report(Asked(checkpoint="consent-kz", received=("kz.prosecutor",)))

    assert (before, before + 1) == (signed, verify(table.packet()).hearsay)
    entry = next(
        one.event for one in table.delivery.ledger.entries if isinstance(one.event, Asked) and one.event.acknowledgements
    )
    assert (SERVICE,) == entry.received


WRONG: dict[str, Callable[[Table], Envelope]] = {
    "signed by another": lambda table: of(table, by="uz.customs"),
    "in another's name": lambda table: of(table, by="uz.customs", service="uz.customs"),
    "of another checkpoint": lambda table: of(table, checkpoint="consent-kz"),
    "of another delivery": lambda table: of(table, delivery="another-1"),
    "of another type": lambda table: of(table, kind=NOTICE_TYPE),
    "no acknowledgement": lambda _: sign(b"{}", ACKNOWLEDGEMENT_TYPE, private_key_of(SERVICE)),
    "too large": lambda _: sign(b" " * 3000, ACKNOWLEDGEMENT_TYPE, private_key_of(SERVICE)),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_not_its_own_is_left_out_and_the_fact_stays(wrong: Callable[[Table], Envelope]) -> None:
    """Nobody keeps the ledger from saying who received a request; and nobody verifies a packet that has such a one in it."""
    table = Table()
    table.report(asked(wrong(table)))
    *_, entry = facts(table)

    assert ((SERVICE,), ()) == (entry.received, entry.acknowledgements)
    assert "an acknowledgement is not of what was asked" in forbidden(table, asked(wrong(table)))


def test_one_of_each_service_is_kept() -> None:
    """The first of two, so that none makes the ledger longer than it must be."""
    table = Table()
    first, second = (acknowledgement(wanted(table), table.now + timedelta(seconds=number)) for number in (0, 1))
    table.report(asked(first, second))
    entry = next(
        one.event for one in table.delivery.ledger.entries if isinstance(one.event, Asked) and one.event.acknowledgements
    )

    assert (first,) == entry.acknowledgements


def test_the_newest_root_that_a_service_has_signed_is_named() -> None:
    """By whom, in which entry, and how much of the ledger it covers; a root that is none of this ledger's does not count."""
    table = Table().consent()
    none = verify(table.packet()).countersigned
    seen = request(table.delivery, "preparation", "kz.customs").seen
    table.say("kz.customs", "prepared", "preparation", seen=seen)
    table.say("uz.police", "stop_requested", seen=seen.model_copy(update={"root": "0" * 64}))
    found = verify(table.packet()).countersigned

    assert none is None
    assert found is not None
    assert ("kz.customs", seen.size, seen.root) == (found.service, found.size, found.root)
