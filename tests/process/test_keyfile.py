"""The file of private keys: read as it was written, as other programs write it, and by a process that nobody sits before."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from domain.signing.keys import private_pem, public_text
from domain.words.errors import Malformed, NotAllowed, NotFound
from process import age, keyfile
from process.keyfile import Kept, key_in
from rehearsal.services import private_key_of
from tests.command import LITTLE_WORK

KEY = private_key_of("uz.police")
WORDS, OTHERS = "correct horse battery staple", "staple battery horse correct"
SINCE = "2026-01-01T00:00:00Z"


@pytest.fixture(scope="module", autouse=True)
def light() -> Iterator[None]:
    """Little work: how much there is `test_age.py` looks at."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(age, "WORK", LITTLE_WORK)
        yield


@pytest.fixture(scope="module")
def locked() -> str:
    """A file under a passphrase."""
    return keyfile.new(SINCE, "passphrase", lambda: WORDS)[0].text()


def locked_pem() -> bytes:
    """As `openssl genpkey -aes256` writes one."""
    protection = serialization.BestAvailableEncryption(WORDS.encode())
    return KEY.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)


@pytest.mark.parametrize("kept", ["plain", "passphrase"])
def test_what_is_written_is_read_again(tmp_path: Path, kept: Kept) -> None:
    """Both private halves, and what the first lines say of them without any passphrase."""
    made, secrets = keyfile.new(SINCE, kept, lambda: WORDS)
    (tmp_path / "a.pem").write_text(made.text())
    file = keyfile.read(tmp_path / "a.pem")
    again = file.secrets(lambda: WORDS, "a.pem")

    assert made == file
    assert secrets.text() == again.text()
    assert ("AGE-SECRET-KEY" in made.text()) is (kept == "plain")


def test_a_bare_pem_is_read_and_counts_from_ever(tmp_path: Path) -> None:
    """Keys that were made before, or by other programs, go on working; files cannot be encrypted for them."""
    (tmp_path / "a.pem").write_bytes(private_pem(KEY))
    file = keyfile.read(tmp_path / "a.pem")

    assert file.key is not None
    assert (public_text(KEY), None, keyfile.EPOCH) == (file.key.public, file.key.recipient, file.key.valid_from)
    assert public_text(KEY) == public_text(key_in(tmp_path / "a.pem", None))


def test_a_locked_pem_of_another_program_needs_its_passphrase_even_to_be_known(tmp_path: Path) -> None:
    """With it, it signs."""
    (tmp_path / "a.pem").write_bytes(locked_pem())
    (tmp_path / "pass").write_text(f"{WORDS}\n")

    assert keyfile.read(tmp_path / "a.pem").key is None
    assert public_text(KEY) == public_text(key_in(tmp_path / "a.pem", tmp_path / "pass"))


@pytest.mark.parametrize(
    ("words", "error", "said"),
    [
        (None, Malformed, "nobody to ask"),
        (OTHERS, NotAllowed, "the passphrase is not that of"),
        ("", Malformed, "holds no passphrase"),
        ("missing", NotFound, "there is no file"),
    ],
)
def test_a_process_without_the_right_passphrase_has_no_key(
    tmp_path: Path, locked: str, words: str | None, error: type[Exception], said: str
) -> None:
    """Each names the file; none says a word of the secret."""
    (tmp_path / "a.pem").write_text(locked)
    file = tmp_path / "pass"
    if words is not None and words != "missing":
        file.write_text(words)
    with pytest.raises(error, match=said) as refused:
        key_in(tmp_path / "a.pem", None if words is None else file)

    assert WORDS not in str(refused.value)
    assert str(tmp_path) in str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "kept: plain\n\n", "no key\n", "-----BEGIN PRIVATE KEY-----\nnothing\n-----END PRIVATE KEY-----\n"]
)
def test_what_is_no_key_file_is_malformed(tmp_path: Path, text: str) -> None:
    """Not a traceback, whatever stands there."""
    (tmp_path / "a.pem").write_text(text)
    with pytest.raises(Malformed):
        keyfile.read(tmp_path / "a.pem")
