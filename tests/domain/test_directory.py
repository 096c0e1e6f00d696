"""What a directory says of keys: whose each is, and how many there may be."""

import pytest
from pydantic import ValidationError

from domain.delivery.statement import sign_statement
from domain.plan.directory import Directory, Service, ServiceKey, faults_in
from domain.signing.canonical import canonical
from domain.signing.envelope import STATEMENT_TYPE, sign
from domain.signing.keys import key_id, public_text
from domain.words.errors import NotAuthentic
from domain.words.limits import MOST_KEYS, MOST_KEYS_EACH
from process import keyfile
from rehearsal.services import EPOCH, private_key_of
from tests.support import Table, example_directory

SINCE = "2026-01-01T00:00:00+00:00"


def key(name: str, officer: str | None = None) -> ServiceKey:
    """The public half of the key that a name stands for."""
    return ServiceKey(public=public_text(private_key_of(name)), officer=officer, valid_from="2000-01-01T00:00:00Z")


def of(name: str) -> str:
    """Its id."""
    return key_id(key(name).public)


def service(*keys: ServiceKey, id: str = "uz.police") -> Service:  # noqa: A002 - as the field is called
    """A service with these keys."""
    return Service(id=id, kind="police", state="UZ", names={"en": "Police"}, keys=keys)


POLICE = service(key("system"), key("first", "P-1"), key("second", "P-2"), key("first, in a browser", "P-1"))


def test_a_key_says_whose_it_is() -> None:
    """One officer may have several; a service's own system has none, and neither has a key that is not known."""
    assert ["P-1", "P-2", "P-1"] == [POLICE.officer_of(of(name)) for name in ("first", "second", "first, in a browser")]
    assert [None, None] == [POLICE.officer_of(of(name)) for name in ("system", "stranger")]


def test_a_statement_is_of_the_officer_whose_key_signs_it() -> None:
    """Under another's code it is refused, also where a right signature stands beside it; a system's key names who has none."""
    table = Table().consent()
    for officer, signer in (("P-1", "first"), ("P-1", "first, in a browser"), ("P-3", "system")):
        said = table.statement("uz.police", "stop_requested").model_copy(update={"officer": officer})
        envelope = sign_statement(said, private_key_of(signer))
        assert canonical(said) == POLICE.opened(envelope, STATEMENT_TYPE, officer, EPOCH)
    said = said.model_copy(update={"officer": "P-1"})
    with pytest.raises(NotAuthentic, match="is the service's, and P-1, whom what it signed names, has a key of their own"):
        POLICE.opened(sign_statement(said, private_key_of("system")), STATEMENT_TYPE, "P-1", EPOCH)
    for signers in (["second"], ["first", "second"]):
        envelope = sign(canonical(said), STATEMENT_TYPE, *map(private_key_of, signers))
        with pytest.raises(NotAuthentic, match="is P-2's, and what it signed names P-1"):
            POLICE.opened(envelope, STATEMENT_TYPE, said.officer, EPOCH)


@pytest.mark.parametrize("other", ["uz.police", "uz.customs"])
def test_the_same_public_key_twice_is_refused(other: str) -> None:
    """Under two officers of one service, or of two services: one hand would be two."""
    twice = key("first", "P-2")
    of_two = (service(key("first")), service(twice, id=other))
    services = (service(key("first", "P-1"), twice),) if other == "uz.police" else of_two
    with pytest.raises(ValidationError, match=f"key {of('first')} stands twice, at uz.police and {other}"):
        Directory(vigil="directory/1", services=services)


def full(count: int, keys: int) -> Directory:
    """A directory of so many services, each named in one language, with so many keys each, as `vigil keys new` makes them."""
    made, _ = keyfile.new(SINCE, "plain", str, "P-117")
    assert made.key is not None
    one = made.key.model_copy(update={"valid_until": SINCE})
    filled = tuple(
        each.for_deliveries().model_copy(update={"keys": (one,) * keys, "names": {"en": each.names["en"]}})
        for each in example_directory().services[:count]
    )
    return example_directory().model_copy(update={"services": filled})


def test_a_directory_of_sixty_four_services_stays_within_128_kib() -> None:
    """With as many keys as it may have; one more each is refused."""
    assert not list(faults_in(full(64, MOST_KEYS_EACH)))
    assert len(canonical(full(64, MOST_KEYS_EACH))) <= 128 * 1024 < len(canonical(full(64, MOST_KEYS_EACH + 2)))
    assert "448 at most, 7 each on average" in next(faults_in(full(64, MOST_KEYS_EACH + 1))).problem


def test_one_service_may_have_a_key_for_each_of_dozens_of_officers() -> None:
    """A small directory is not measured by its average."""
    assert not list(faults_in(full(1, MOST_KEYS)))
