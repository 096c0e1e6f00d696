"""That a request was received is signed by who received it, where it can; else the installation alone says so."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.delivery.reported import Asked
from domain.delivery.requests import Acknowledgement, Request, SignedAcknowledgement
from domain.record.door import report
from domain.record.verify import verify
from domain.signing.canonical import canonical, digest, plain
from domain.signing.envelope import ACKNOWLEDGEMENT_TYPE, NOTICE_TYPE, payload_of, sign
from domain.views.asked import request
from domain.words.errors import RuleBroken
from domain.words.limits import LARGEST_ACKNOWLEDGEMENT
from domain.words.moments import utc_text
from rehearsal.services import acknowledgement
from tests.course import forbidden
from tests.support import Table, private_key_of

AT, SERVICE = "consent-uz", "uz.prosecutor"


def asked(*given: SignedAcknowledgement) -> Asked:
    """The fact that it has received what it is asked."""
    return Asked(checkpoint=AT, received=(SERVICE,), acknowledgements=given)


def wanted(table: Table) -> Request:
    """What it is asked."""
    return request(table.delivery, AT, SERVICE)


def of(table: Table, by: str = SERVICE, kind: str = ACKNOWLEDGEMENT_TYPE, **changed: str) -> SignedAcknowledgement:
    """An acknowledgement that says something else, or is signed by somebody else."""
    said = Acknowledgement(
        request=wanted(table).id,
        delivery=table.plan.operation,
        checkpoint=AT,
        service=SERVICE,
        digest=digest(wanted(table)),
        received_at=utc_text(table.now),
    )
    return made(canonical(said.model_copy(update=changed)), by, kind)


def made(payload: bytes, by: str = SERVICE, kind: str = ACKNOWLEDGEMENT_TYPE) -> SignedAcknowledgement:
    """An envelope that may stand where an acknowledgement stands."""
    return SignedAcknowledgement.model_validate(plain(sign(payload, kind, private_key_of(by))))


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


WRONG: dict[str, Callable[[Table], SignedAcknowledgement]] = {
    "signed by another": lambda table: of(table, by="uz.customs"),
    "in another's name": lambda table: of(table, by="uz.customs", service="uz.customs"),
    "of another checkpoint": lambda table: of(table, checkpoint="consent-kz"),
    "of another delivery": lambda table: of(table, delivery="another-1"),
    "of another type": lambda table: of(table, kind=NOTICE_TYPE),
    "no acknowledgement": lambda _: made(b"{}"),
    "in another spelling": lambda table: made(payload_of(of(table).payload) + b" "),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_what_is_not_its_own_is_left_out_and_the_fact_stays(wrong: Callable[[Table], SignedAcknowledgement]) -> None:
    """Nobody keeps the ledger from saying who received a request; and nobody verifies a packet that has such a one in it."""
    table = Table()
    table.report(asked(wrong(table)))
    *_, entry = facts(table)

    assert ((SERVICE,), ()) == (entry.received, entry.acknowledgements)
    assert "an acknowledgement that is not of what was asked" in forbidden(table, asked(wrong(table)))


def test_what_became_of_asking_others_stays_where_one_of_them_is_not_asked_any_more() -> None:
    """A changed plan asks its successor while the report is on its way: the word of the others, signed, is recorded without it;
    and nobody verifies a packet that names it. A report of nobody who is asked is refused.
    """
    table = Table()
    said = Asked(
        checkpoint=AT,
        received=("kz.prosecutor", SERVICE),
        told=("kz.police",),
        acknowledgements=(acknowledgement(wanted(table), table.now),),
    )
    table.report(said)
    *_, entry = facts(table)

    assert Asked(checkpoint=AT, received=(SERVICE,), acknowledgements=said.acknowledgements) == entry
    assert "names who was not asked" in forbidden(table, said)
    with pytest.raises(RuleBroken, match="not asked at consent-uz"):
        table.report(Asked(checkpoint=AT, received=("kz.prosecutor",)))


def test_what_is_larger_than_an_acknowledgement_is_none() -> None:
    """It is not even taken along."""
    with pytest.raises(ValueError, match="at most"):
        made(b" " * (LARGEST_ACKNOWLEDGEMENT + 4))


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
    seen = request(table.delivery, "preparation", "kz.police").seen
    table.say("kz.police", "prepared", "preparation", seen=seen)
    table.say("uz.police", "stop_requested", seen=seen.model_copy(update={"root": "0" * 64}))
    found = verify(table.packet()).countersigned

    assert none is None
    assert found is not None
    assert ("kz.police", seen.size, seen.root) == (found.service, found.size, found.root)


def test_a_key_counts_when_the_acknowledgement_is_recorded() -> None:
    """It ended after the entry before, and before this one: it is left out, so that whoever has the newest directory verifies."""
    table = Table()
    given = acknowledgement(wanted(table), table.now)
    table.now += timedelta(minutes=10)
    ended = utc_text(table.now - timedelta(minutes=1))
    known = table.delivery.directory
    keys = tuple(one.model_copy(update={"valid_until": ended}) for one in known.get(SERVICE).keys)
    services = tuple(one.model_copy(update={"keys": keys}) if one.id == SERVICE else one for one in known.services)
    table.delivery.state.directory = known.model_copy(update={"services": services})
    report(table.delivery, asked(given), table.now)

    assert () == facts(table)[-1].acknowledgements
