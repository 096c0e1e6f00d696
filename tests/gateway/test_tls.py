"""TLS in the gateway itself, with certificates of a small site's own authority, over real connections."""

import os
import ssl
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from domain.words.errors import Malformed, Unavailable
from process import tls
from process.settings import Settings
from process.tls import Served, certificate_of, seconds_left, trusting
from protocol.gateway import Gateway
from rehearsal.services import private_key_of
from tests.command import vigil
from tests.gateway.test_http import door_of

DAY = 24 * 3600


async def made(folder: Path) -> tuple[Path, Path, Path]:
    """An authority, and a certificate for this machine: authority, certificate, key."""
    for words in (("ca",), ("issue", "gateway", "--host", "127.0.0.1", "--host", "vigil.example")):
        ran = await vigil("admin", "certs", *words, "--folder", folder)
        assert ran.code == 0, ran.err
    return folder / "ca.pem", folder / "gateway.pem", folder / "gateway.key"


async def asks(url: str, tls: ssl.SSLContext) -> tuple[int, int]:
    """The status of an answer, and the number of the certificate that was shown."""
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls)) as http,
        http.get(f"{url}/v1/openapi.json") as answer,
    ):
        assert answer.connection is not None
        shown = answer.connection.transport.get_extra_info("peercert")
        return answer.status, int(shown["serialNumber"], 16)


async def test_a_gateway_with_a_certificate_is_reached_by_whoever_trusts_its_authority(tmp_path: Path) -> None:
    """By nobody else, nor by a TLS older than 1.2. A renewed certificate is taken up while it serves; half a pair is not."""
    ca, certificate, key = await made(tmp_path)
    served, trusts = Served(certificate, key), trusting(ca)
    old = trusting(ca)
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    async with door_of(tls=served.context) as door:
        status, number = await asks(door.url, trusts)
        async with aiohttp.ClientSession() as stranger:
            with pytest.raises(Unavailable, match="is not trusted here") as refused:
                await Gateway(stranger, door.url, "kz.knb", private_key_of("kz.knb")).directory()
        with pytest.raises(aiohttp.ClientConnectorError):
            await asks(door.url, old)
        renewed = await vigil("admin", "certs", "issue", "gateway", "--renew", "--days", 30, "--folder", tmp_path, "-o", "json")
        assert served.renew()
        _, newer = await asks(door.url, trusts)
        certificate.write_text("half a file")
        assert not served.renew()
        _, still = await asks(door.url, trusts)

    assert 200 == status
    assert "VIGIL_CA" in refused.value.hint
    assert ["127.0.0.1", "vigil.example"] == renewed.json[0]["names"]
    assert number != newer == still


async def test_a_certificate_that_is_not_taken_up_hides_no_end_and_is_tried_again_once_it_may_be_read(tmp_path: Path) -> None:
    """The number that alarms is of the certificate that is shown: one beside it that cannot be read, or of another key, ends no
    alarm. Where somebody gives it to the gateway's user, which leaves its words and their moment as they were, it is taken up.
    """
    _, certificate, key = await made(tmp_path)
    served, good = Served(certificate, key), certificate.read_bytes()
    certificate.write_bytes(b"?" * len(good))
    taken = served.renew()
    left, before = seconds_left(served), certificate.stat()
    while certificate.stat().st_ctime_ns == before.st_ctime_ns:  # files have a coarse clock
        certificate.write_bytes(good)
        os.utime(certificate, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert not taken
    assert 89 * DAY < left < 91 * DAY
    assert served.renew()


async def test_a_certificate_that_is_renewed_while_a_gateway_starts_is_taken_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is put in its place once it has been read is another than was seen: else the old one is shown until it has ended."""
    _, certificate, key = await made(tmp_path)
    old, taken = certificate.read_bytes(), tls._take
    renewed = await vigil("admin", "certs", "issue", "gateway", "--renew", "--days", 30, "--folder", tmp_path)
    assert renewed.code == 0, renewed.err
    new = certificate.read_bytes()
    certificate.write_bytes(old)

    def overtaken(*given: Any) -> None:
        taken(*given)
        if certificate.read_bytes() == old:
            certificate.unlink()
            certificate.write_bytes(new)

    monkeypatch.setattr(tls, "_take", overtaken)
    served = Served(certificate, key)

    assert served.renew()


async def test_a_gateway_may_demand_a_certificate_of_who_calls(tmp_path: Path) -> None:
    """Of the authority that it names; who has none does not come to its door."""
    ca, certificate, key = await made(tmp_path)
    await vigil("admin", "certs", "issue", "uz.customs", "--host", "uz.example", "--folder", tmp_path)
    async with door_of(tls=Served(certificate, key, ca).context) as door:
        status, _ = await asks(door.url, trusting(ca, tmp_path / "uz.customs.pem", tmp_path / "uz.customs.key"))
        with pytest.raises(aiohttp.ClientError):
            await asks(door.url, trusting(ca))

    assert 200 == status


@pytest.mark.parametrize(
    ("name", "code"), [("", 2), (" ", 2), ("a" * 65, 2), ("й" * 33, 2), ("a\nb", 2), ("a" * 64, 0), ("й" * 32, 0)]
)
async def test_a_name_that_no_authority_can_have_is_refused_with_what_would_be_right(
    tmp_path: Path, name: str, code: int
) -> None:
    """Nothing is written then, and nobody reads a traceback. A certificate counts letters of Cyrillic as two."""
    ran = await vigil("admin", "certs", "ca", "--folder", tmp_path / "certs", "--name", name)

    assert code == ran.code
    assert (code == 2) == ("at most 64 Latin letters" in ran.err)
    assert (code == 0) == (tmp_path / "certs").exists()


async def test_certificates_are_made_for_their_owner_and_overwrite_nothing(tmp_path: Path) -> None:
    """Keys are private, a second one of a name is refused, and what is no host, too long or without an authority is said."""
    _, certificate, key = await made(tmp_path)
    before = key.read_bytes()
    refusals = {
        "is there already": ("issue", "gateway", "--host", "vigil.example"),
        "neither a host": ("issue", "other", "--host", "https://vigil.example"),
        "expected 1 to 397": ("issue", "other", "--host", "vigil.example", "--days", 398),
        "expected 1 to 20": ("issue", "other"),
        "to renew": ("issue", "other", "--renew"),
        "is no name of a file": ("issue", "../other", "--host", "vigil.example"),
    }
    said = {why: await vigil("admin", "certs", *words, "--folder", tmp_path) for why, words in refusals.items()}
    nobody = await vigil("admin", "certs", "issue", "gateway", "--host", "vigil.example", "--folder", tmp_path / "none")
    tried = [
        await vigil("admin", "certs", *words, "--folder", folder, "--dry-run")
        for words, folder in ((["issue", "other", "--host", "vigil.example"], tmp_path), (["ca"], tmp_path / "none"))
    ]

    assert not {why: ran.err for why, ran in said.items() if why not in ran.err or ran.code not in {2, 3, 5}}
    assert (3, True) == (nobody.code, "there is no authority" in nobody.err)
    assert [0, 0] == [one.code for one in tried]
    assert (before, 0o600) == (key.read_bytes(), key.stat().st_mode & 0o777)
    assert ["ca.key", "ca.pem", "gateway.key", "gateway.pem"] == sorted(os.listdir(tmp_path))  # noqa: PTH208 - the names alone
    assert 89 * DAY < seconds_left(Served(certificate, key)) < 91 * DAY


async def test_a_certificate_that_did_not_come_about_is_made_for_the_key_that_is_there(tmp_path: Path) -> None:
    """Whoever made it was killed once the key was written: each of the two ways said to take the other."""
    _, certificate, key = await made(tmp_path)
    before = key.read_bytes()
    certificate.unlink()
    words = ("admin", "certs", "issue", "gateway", "--folder", tmp_path)
    refused = [await vigil(*words, "--host", "vigil.example"), await vigil(*words, "--renew")]
    renewed = await vigil(*words, "--host", "vigil.example", "--renew")

    assert [5, 3] == [one.code for one in refused]
    assert 0 == renewed.code, renewed.err
    assert before == key.read_bytes()
    assert 89 * DAY < seconds_left(Served(certificate, key)) < 91 * DAY


async def test_tls_that_is_not_set_up_right_is_refused_at_the_start(tmp_path: Path) -> None:
    """Half a pair, an address that is not HTTPS, a key of another certificate."""
    _, certificate, key = await made(tmp_path)
    needed = {"directory": key, "cards": tmp_path, "key": key, "payload_keys": key}
    plain = Settings(**needed)  # type: ignore[arg-type]

    def chosen(**more: object) -> Settings:
        return plain.model_copy(update=more)

    assert certificate_of(plain) is None
    with pytest.raises(Malformed) as half:
        certificate_of(chosen(tls_cert=certificate, gateway_url="https://vigil.example"))
    with pytest.raises(Malformed) as plainly:
        certificate_of(chosen(tls_cert=certificate, tls_key=key))
    with pytest.raises(Malformed, match="no certificate with its key"):
        certificate_of(chosen(tls_cert=certificate, tls_key=tmp_path / "ca.key", gateway_url="https://vigil.example"))

    assert [["VIGIL_TLS_KEY"], ["VIGIL_GATEWAY_URL"]] == [[one.place for one in error.value.faults] for error in (half, plainly)]
